//! Linear elasticity, of small strains and of Green–Lagrange strains.

use super::{Fault, FiniteStrainLaw, SmallStrainLaw, volume_ratio};
use crate::tensor::{Six, Stiffness, apply, small_strain, stress_tensor, stress_vector};
use nalgebra::Matrix3;

/// σ = C ε.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearElastic {
    /// Stiffness in material axes, MPa.
    pub stiffness: Stiffness,
}

impl SmallStrainLaw for LinearElastic {
    fn name(&self) -> &'static str {
        "linear-elastic"
    }

    fn source(&self) -> &'static str {
        "Hooke (1678); Ting (1996), Anisotropic Elasticity, ch. 2"
    }

    fn respond(
        &self,
        strain: &Six,
        _length: f64,
        _before: &[f64],
        _after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        if let Some(tangent) = tangent {
            *tangent = self.stiffness;
        }
        Ok(apply(&self.stiffness, strain))
    }
}

/// Saint-Venant–Kirchhoff: second Piola–Kirchhoff stress linear in the Green–Lagrange strain.
///
/// ```text
/// S = C E        E = ½ (Fᵀ F − I)        τ = F S Fᵀ
/// ```
/// For large rotations with small strains; what CalculiX does for `*ELASTIC` with `NLGEOM`. It softens and collapses
/// under large compression (stretch below 0.58 in uniaxial strain): take a hyperelastic law there.
#[derive(Debug, Clone, PartialEq)]
pub struct SaintVenantKirchhoff {
    /// Stiffness in material axes, MPa.
    pub stiffness: Stiffness,
}

impl FiniteStrainLaw for SaintVenantKirchhoff {
    fn name(&self) -> &'static str {
        "saint-venant-kirchhoff"
    }

    fn source(&self) -> &'static str {
        "Holzapfel (2000), Nonlinear Solid Mechanics, §6.5"
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        _before: &[f64],
        _after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        volume_ratio(f)?;
        // Through H = F − I where strains are small: E = sym H + ½ Hᵀ H keeps its digits.
        let h = f - Matrix3::identity();
        let strain = small_strain(&(h + 0.5 * h.transpose() * h));
        let second = apply(&self.stiffness, &strain);
        if let Some(tangent) = tangent {
            *tangent = push_forward(&self.stiffness, f);
        }
        Ok(stress_vector(&(f * stress_tensor(&second) * f.transpose())))
    }
}

/// cᵢⱼₖₗ = Fᵢₚ Fⱼ_q Fₖᵣ Fₗₛ C_pqrs: rotation of a stiffness, with any F.
fn push_forward(stiffness: &Stiffness, f: &Matrix3<f64>) -> Stiffness {
    crate::tensor::rotate(stiffness, f)
}
