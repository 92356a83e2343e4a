//! General anisotropy: a stiffness given entry by entry, for instance of a homogenised lattice.

use super::{Material, MaterialError, stable};
use crate::tensor::Stiffness;
use dens_mesher::catalog::{Entry, Param, Range};

/// Solid with a given stiffness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anisotropic {
    /// Stiffness, MPa, order xx yy zz yz xz xy, engineering shear.
    pub entries: Stiffness,
}

impl Material for Anisotropic {
    fn stiffness(&self) -> Result<Stiffness, MaterialError> {
        stable("anisotropic", Some(self.entries))
    }
}

const fn diagonal(name: &'static str) -> Param {
    Param::stress(name, Range::Above(0.0), "diagonal entry of the stiffness")
}

const fn coupling(name: &'static str) -> Param {
    Param::stress(name, Range::Any, "entry of the stiffness above the diagonal").or(0.0)
}

pub(super) static ENTRY: Entry<dyn Material> = Entry {
    name: "anisotropic",
    source: "Nye (1985), Physical Properties of Crystals, ch. VIII; order xx yy zz yz xz xy, engineering shear",
    params: &[
        diagonal("c11"),
        coupling("c12"),
        coupling("c13"),
        coupling("c14"),
        coupling("c15"),
        coupling("c16"),
        diagonal("c22"),
        coupling("c23"),
        coupling("c24"),
        coupling("c25"),
        coupling("c26"),
        diagonal("c33"),
        coupling("c34"),
        coupling("c35"),
        coupling("c36"),
        diagonal("c44"),
        coupling("c45"),
        coupling("c46"),
        diagonal("c55"),
        coupling("c56"),
        diagonal("c66"),
    ],
    // A cubic solid with a soft shear, as of a simple cubic lattice: C11 100, C12 20, C44 15 MPa.
    example: &[
        100.0, 20.0, 20.0, 0.0, 0.0, 0.0, 100.0, 20.0, 0.0, 0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 15.0, 0.0, 0.0,
        15.0, 0.0, 15.0,
    ],
    build: |p| {
        // Row i of the upper triangle starts after 6 + 5 + … entries.
        let upper = |i: usize, j: usize| p[6 * i + j - i * (i + 1) / 2];
        let entries = std::array::from_fn(|i| std::array::from_fn(|j| upper(i.min(j), i.max(j))));
        Box::new(Anisotropic { entries })
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_land_where_their_names_say() {
        let values: Vec<f64> =
            (0..21).map(|i| if [0, 6, 11, 15, 18, 20].contains(&i) { 500.0 } else { f64::from(i) }).collect();
        let c = ENTRY.build_checked(&values).expect("valid").stiffness().expect("stable");
        for (param, value) in ENTRY.params.iter().zip(&values) {
            let digits: Vec<usize> = param.name.bytes().skip(1).map(|b| usize::from(b - b'1')).collect();
            assert_eq!(
                (c[digits[0]][digits[1]], c[digits[1]][digits[0]]),
                (*value, *value),
                "{}",
                param.name
            );
        }
    }

    #[test]
    fn an_indefinite_stiffness_is_refused() {
        let mut values = ENTRY.example.to_vec();
        values[1] = 150.0;
        let law = ENTRY.build_checked(&values).expect("each in its range");
        assert_eq!(law.stiffness(), Err(MaterialError::NotStable { law: "anisotropic" }));
    }
}
