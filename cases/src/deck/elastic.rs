//! Elastic constants of a deck as a stiffness matrix.

use super::model::Elastic;
use dens_solver::tensor::{self, Stiffness};

/// Place of the deck's axes 11 22 33 12 13 23 in the solver's order xx yy zz yz xz xy.
const AXES: [usize; 6] = [0, 1, 2, 5, 4, 3];

impl Elastic {
    /// Stiffness in material axes, order xx yy zz yz xz xy with engineering shear.
    ///
    /// # Errors
    /// In words: which constant is out of range, or that the material would set energy free.
    pub fn stiffness(&self) -> Result<Stiffness, String> {
        let stiffness = match self {
            &Self::Isotropic(modulus, ratio) => {
                if modulus <= 0.0 {
                    return Err(format!("Young's modulus {modulus} is not above 0"));
                }
                if !(-1.0 < ratio && ratio < 0.5) {
                    return Err(format!("Poisson's ratio {ratio} is not between -1 and 0.5"));
                }
                tensor::isotropic(modulus, ratio)
            }
            Self::Engineering(c) => engineering(c)?,
            Self::Orthotropic(c) => {
                let [d11, d12, d22, d13, d23, d33, d1212, d1313, d2323] = *c;
                let zero = 0.0;
                upper(&[
                    d11, d12, d22, d13, d23, d33, zero, zero, zero, d1212, zero, zero, zero, zero, d1313,
                    zero, zero, zero, zero, zero, d2323,
                ])
            }
            Self::Anisotropic(c) => upper(c),
        };
        if tensor::is_admissible(&stiffness) {
            Ok(stiffness)
        } else {
            Err("the elastic constants are not positive definite: some strain would set energy free"
                .to_string())
        }
    }
}

/// From the upper triangle, column by column, in the deck's order of axes.
fn upper(c: &[f64; 21]) -> Stiffness {
    let mut stiffness = Stiffness::default();
    let mut next = c.iter();
    for column in 0..6 {
        for row in 0..=column {
            let value = next.next().copied().unwrap_or(0.0);
            stiffness[AXES[row]][AXES[column]] = value;
            stiffness[AXES[column]][AXES[row]] = value;
        }
    }
    stiffness
}

/// Inverse of the compliance of E₁ E₂ E₃ ν₁₂ ν₁₃ ν₂₃ G₁₂ G₁₃ G₂₃.
fn engineering(c: &[f64; 9]) -> Result<Stiffness, String> {
    let [e1, e2, e3, nu12, nu13, nu23, g12, g13, g23] = *c;
    let names = ["E1", "E2", "E3", "", "", "", "G12", "G13", "G23"];
    for (name, value) in names.iter().zip(c).filter(|(name, _)| !name.is_empty()) {
        if *value <= 0.0 {
            return Err(format!("{name} = {value} is not above 0"));
        }
    }
    let mut compliance = Stiffness::default();
    for (i, value) in [1.0 / e1, 1.0 / e2, 1.0 / e3, 1.0 / g23, 1.0 / g13, 1.0 / g12].into_iter().enumerate()
    {
        compliance[i][i] = value;
    }
    for (i, j, value) in [(0, 1, -nu12 / e1), (0, 2, -nu13 / e1), (1, 2, -nu23 / e2)] {
        compliance[i][j] = value;
        compliance[j][i] = value;
    }
    tensor::inverse(&compliance).ok_or_else(|| {
        "the elastic constants are not positive definite: some strain would set energy free".to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isotropic_constants_agree_in_every_form() {
        let (e, nu) = (1000.0, 0.3);
        let g = e / (2.0 * (1.0 + nu));
        let lambda = e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu));
        let d = lambda + 2.0 * g;
        let iso = Elastic::Isotropic(e, nu).stiffness().expect("sound");
        let others = [
            Elastic::Engineering([e, e, e, nu, nu, nu, g, g, g]),
            Elastic::Orthotropic([d, lambda, d, lambda, lambda, d, g, g, g]),
        ];
        for other in others {
            let found = other.stiffness().expect("sound");
            for (a, b) in iso.iter().flatten().zip(found.iter().flatten()) {
                // Round-off of a 6 × 6 inverse.
                assert!((a - b).abs() < 1e-9, "{other:?}");
            }
        }
    }

    #[test]
    fn anisotropic_constants_stand_where_the_manual_puts_them() {
        let mut c = [0.0; 21];
        // D1111 D2222 D3333 D1212 D1313 D2323 on the diagonal, D1112 and D1223 off it.
        for (i, v) in [(0, 10.0), (2, 20.0), (5, 30.0), (9, 4.0), (14, 5.0), (20, 6.0), (6, 0.5), (18, 0.25)]
        {
            c[i] = v;
        }
        let s = Elastic::Anisotropic(c).stiffness().expect("sound");
        assert_eq!([s[0][0], s[1][1], s[2][2], s[5][5], s[4][4], s[3][3]], [10.0, 20.0, 30.0, 4.0, 5.0, 6.0]);
        assert_eq!((s[0][5], s[5][3]), (0.5, 0.25));
    }

    #[test]
    fn constants_that_set_energy_free_are_refused() {
        assert!(Elastic::Isotropic(1.0, 0.5).stiffness().is_err());
        assert!(Elastic::Isotropic(-1.0, 0.3).stiffness().is_err());
        assert!(Elastic::Engineering([1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 1.0, 1.0, 1.0]).stiffness().is_err());
    }
}
