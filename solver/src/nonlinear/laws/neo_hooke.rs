//! Compressible neo-Hookean solid.

use super::{Fault, FiniteStrainLaw, normal, symmetric_identity, volume_ratio};
use crate::tensor::{Six, Stiffness, stress_vector};
use nalgebra::Matrix3;

/// Neo-Hookean solid whose shear and volume are coupled (that of FEBio).
///
/// ```text
/// ψ = μ/2 (I₁ − 3) − μ ln J + λ/2 ln²J        τ = μ (b − I) + λ ln J I
/// c = λ I⊗I + 2 (μ − λ ln J) 𝕀
/// ```
/// Not convex in J beyond J = e: do not use for large dilatation.
#[derive(Debug, Clone, PartialEq)]
pub struct NeoHooke {
    mu: f64,
    lambda: f64,
}

impl NeoHooke {
    /// Solid with the Young's modulus (MPa, positive) and Poisson's ratio (−1 to 0.5, exclusive) of small strain.
    pub fn new(youngs_modulus: f64, poissons_ratio: f64) -> Self {
        let (e, nu) = (youngs_modulus, poissons_ratio);
        Self { mu: e / (2.0 * (1.0 + nu)), lambda: e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)) }
    }

    /// Strain energy per reference volume, MPa.
    pub fn energy(&self, f: &Matrix3<f64>) -> f64 {
        let log = f.determinant().ln();
        self.mu * (0.5 * (f.norm_squared() - 3.0) - log) + 0.5 * self.lambda * log * log
    }
}

impl FiniteStrainLaw for NeoHooke {
    fn name(&self) -> &'static str {
        "neo-hookean"
    }

    fn source(&self) -> &'static str {
        "Bonet & Wood (2008), Nonlinear Continuum Mechanics for Finite Element Analysis, 2nd ed., §6.4.3"
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        _before: &[f64],
        _after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let pressure = self.lambda * volume_ratio(f)?.ln();
        if let Some(tangent) = tangent {
            let shear = 2.0 * (self.mu - pressure);
            *tangent = std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    self.lambda * normal(i) * normal(j) + shear * symmetric_identity(i, j)
                })
            });
        }
        // b − I = H + Hᵀ + H Hᵀ keeps its digits where strains are small.
        let h = f - Matrix3::identity();
        let mut stress = stress_vector(&(self.mu * (h + h.transpose() + h * h.transpose())));
        stress[..3].iter_mut().for_each(|s| *s += pressure);
        Ok(stress)
    }
}
