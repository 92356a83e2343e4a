//! Homogenised stiffness and the engineering constants in it.

use nalgebra::Matrix6;

use super::HomogenizeError;

/// Stiffness of a periodic solid seen from afar.
#[derive(Debug, Clone, PartialEq)]
pub struct Homogenized {
    /// 6 × 6, MPa, order xx yy zz yz xz xy with engineering shear, axes of the cell.
    pub stiffness: [[f64; 6]; 6],
    /// Solid volume / cell volume on the grid.
    pub relative_density: f64,
    /// Cubes along the cell edge.
    pub resolution: usize,
    /// Iterations of the solve.
    pub iterations: usize,
    /// ‖residual‖ / ‖load‖ of the worst of the six strains.
    pub residual: f64,
    /// Largest difference between mean energy and mean stress, relative to the largest stiffness (Hill–Mandel).
    pub hill_mandel_gap: f64,
    compliance: [[f64; 6]; 6],
}

impl Homogenized {
    /// Constants of a symmetric stiffness of a solid with shear modulus `reference`, MPa.
    ///
    /// The record of the solve is left zero.
    pub(super) fn new(
        stiffness: [[f64; 6]; 6],
        reference: f64,
        relative_density: f64,
        resolution: usize,
    ) -> Result<Self, HomogenizeError> {
        let compliance = inverse(&stiffness, reference)?;
        let (iterations, residual, hill_mandel_gap) = (0, 0.0, 0.0);
        Ok(Self {
            stiffness,
            relative_density,
            resolution,
            iterations,
            residual,
            hill_mandel_gap,
            compliance,
        })
    }

    /// The same record with another stiffness.
    pub(super) fn with_stiffness(&self, stiffness: [[f64; 6]; 6]) -> Result<Self, HomogenizeError> {
        Ok(Self { stiffness, compliance: inverse(&stiffness, self.stiffness[3][3])?, ..self.clone() })
    }

    /// Inverse of the stiffness, 6 × 6, 1/MPa, same order.
    pub fn compliance(&self) -> [[f64; 6]; 6] {
        self.compliance
    }

    /// Young's modulus along `direction` (any length but zero), MPa: 1/E = n n : S : n n.
    pub fn young(&self, direction: [f64; 3]) -> f64 {
        1.0 / self.compliance_between(unit(direction), unit(direction))
    }

    /// Poisson's ratio: contraction across, along `across`, under tension along `along`.
    pub fn poisson(&self, along: [f64; 3], across: [f64; 3]) -> f64 {
        let (along, across) = (unit(along), unit(across));
        -self.compliance_between(across, along) / self.compliance_between(along, along)
    }

    /// Smallest and largest Young's modulus over all directions, MPa; to 0.1 % (directions 2° apart).
    pub fn young_range(&self) -> [f64; 2] {
        self.young_extremes().map(|(young, _)| young)
    }

    /// Smallest and largest Young's modulus, MPa, each with a unit vector along which it is found.
    pub fn young_extremes(&self) -> [(f64, [f64; 3]); 2] {
        let axes = (0..27).map(|i| [i % 3, i / 3 % 3, i / 9].map(|a| f64::from(a) - 1.0));
        let axes = axes.filter(|d| d.iter().any(|x| *x != 0.0));
        // Fibonacci points on the half sphere: E(−n) = E(n).
        const COUNT: usize = 5000;
        let golden = std::f64::consts::PI * (3.0 - 5_f64.sqrt());
        let spread = (0..COUNT).map(|i| {
            let z = (i as f64 + 0.5) / COUNT as f64;
            let (r, phi) = ((1.0 - z * z).sqrt(), golden * i as f64);
            [r * phi.cos(), r * phi.sin(), z]
        });
        let mut extremes = [(f64::INFINITY, [0.0; 3]), (0.0, [0.0; 3])];
        for direction in axes.chain(spread).map(unit) {
            let young = self.young(direction);
            if young < extremes[0].0 {
                extremes[0] = (young, direction);
            }
            if extremes[1].0 < young {
                extremes[1] = (young, direction);
            }
        }
        extremes
    }

    /// Zener ratio 2 C₄₄ / (C₁₁ − C₁₂) of the cubic part (means over the axes); 1 is isotropic.
    pub fn zener(&self) -> f64 {
        let [c11, c12, c44] = self.cubic_part();
        2.0 * c44 / (c11 - c12)
    }

    /// Universal anisotropy 5 G_V/G_R + K_V/K_R − 6; 0 is isotropic.
    ///
    /// # Source
    /// Ranganathan & Ostoja-Starzewski (2008), Phys. Rev. Lett. 101:055504.
    pub fn universal_anisotropy(&self) -> f64 {
        let (c, s) = (&self.stiffness, &self.compliance);
        let sums = |m: &[[f64; 6]; 6]| {
            let axial = m[0][0] + m[1][1] + m[2][2];
            let between = m[0][1] + m[1][2] + m[2][0];
            [axial, between, m[3][3] + m[4][4] + m[5][5]]
        };
        let ([a, b, d], [sa, sb, sd]) = (sums(c), sums(s));
        let voigt = [(a + 2.0 * b) / 9.0, (a - b + 3.0 * d) / 15.0];
        let reuss = [1.0 / (sa + 2.0 * sb), 15.0 / (4.0 * sa - 4.0 * sb + 3.0 * sd)];
        5.0 * voigt[1] / reuss[1] + voigt[0] / reuss[0] - 6.0
    }

    /// Bulk modulus of uniform strain (Voigt), MPa; exact for cubic symmetry.
    pub fn bulk(&self) -> f64 {
        let [c11, c12, _] = self.cubic_part();
        (c11 + 2.0 * c12) / 3.0
    }

    /// C₁₁, C₁₂, C₄₄ averaged over the three axes, MPa.
    pub fn cubic_part(&self) -> [f64; 3] {
        let c = &self.stiffness;
        [
            (c[0][0] + c[1][1] + c[2][2]) / 3.0,
            (c[0][1] + c[1][2] + c[2][0]) / 3.0,
            (c[3][3] + c[4][4] + c[5][5]) / 3.0,
        ]
    }

    /// m m : S : n n for unit vectors, 1/MPa.
    fn compliance_between(&self, m: [f64; 3], n: [f64; 3]) -> f64 {
        let (m, n) = (stress_like(m), stress_like(n));
        (0..6).map(|i| m[i] * (0..6).map(|j| self.compliance[i][j] * n[j]).sum::<f64>()).sum()
    }
}

/// Inverse of a stiffness whose smallest eigenvalue is more than what round-off leaves of `reference`.
fn inverse(stiffness: &[[f64; 6]; 6], reference: f64) -> Result<[[f64; 6]; 6], HomogenizeError> {
    let matrix = Matrix6::from_fn(|i, j| stiffness[i][j]);
    // What is left of a stiffness that vanishes is the square of the residual and round-off.
    if matrix.symmetric_eigenvalues().min() < 1e-9 * reference {
        return Err(HomogenizeError::Disconnected);
    }
    let inverse = matrix.cholesky().ok_or(HomogenizeError::Disconnected)?.inverse();
    Ok(std::array::from_fn(|i| std::array::from_fn(|j| inverse[(i, j)])))
}

/// n n as a stress in the order xx yy zz yz xz xy.
pub(super) fn stress_like(n: [f64; 3]) -> [f64; 6] {
    [n[0] * n[0], n[1] * n[1], n[2] * n[2], n[1] * n[2], n[0] * n[2], n[0] * n[1]]
}

pub(super) fn unit(v: [f64; 3]) -> [f64; 3] {
    let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.map(|x| x / length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cubic stiffness of nickel: C₁₁ 246.5, C₁₂ 147.3, C₄₄ 124.7 GPa (textbook values).
    fn nickel() -> Homogenized {
        let mut c = [[0.0; 6]; 6];
        for i in 0..3 {
            c[i][..3].fill(147.3);
            c[i][i] = 246.5;
            c[i + 3][i + 3] = 124.7;
        }
        Homogenized::new(c, 76.0, 1.0, 8).expect("positive definite")
    }

    #[test]
    fn cubic_constants_follow_their_closed_forms() {
        let found = nickel();
        let (c11, c12, c44) = (246.5, 147.3, 124.7);
        let s11 = (c11 + c12) / ((c11 - c12) * (c11 + 2.0 * c12));
        let s12 = -c12 / ((c11 - c12) * (c11 + 2.0 * c12));
        let along_diagonal = s11 - 2.0 * (s11 - s12 - 0.5 / c44) / 3.0;
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        close(found.young([1.0, 0.0, 0.0]), 1.0 / s11);
        close(found.young([2.0, 2.0, -2.0]), 1.0 / along_diagonal);
        close(found.poisson([0.0, 0.0, 3.0], [1.0, 0.0, 0.0]), -s12 / s11);
        close(found.zener(), 2.0 * c44 / (c11 - c12));
        close(found.bulk(), (c11 + 2.0 * c12) / 3.0);
        // Cubic: A_U = 6/5 (√A − 1/√A)².
        let a = found.zener();
        close(found.universal_anisotropy(), 1.2 * (a.sqrt() - 1.0 / a.sqrt()).powi(2));
        let [least, most] = found.young_range();
        close(least, 1.0 / s11);
        close(most, 1.0 / along_diagonal);
    }

    #[test]
    fn stiffness_without_shear_is_refused() {
        let mut c = nickel().stiffness;
        c[3][3] = 0.0;
        assert_eq!(Homogenized::new(c, 76.0, 1.0, 8), Err(HomogenizeError::Disconnected));
    }
}
