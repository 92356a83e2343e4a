//! Orthotropy: three planes of symmetry.

use super::{Material, MaterialError, stable};
use crate::tensor::{self, Stiffness};
use dens_mesher::catalog::{Entry, Param, Range};

/// Solid with three orthogonal planes of symmetry, its axes 1, 2, 3.
///
/// ```text
/// ε₁₁ = σ₁₁/E₁ − ν₁₂ σ₂₂/E₁ − ν₁₃ σ₃₃/E₁        νᵢⱼ/Eᵢ = νⱼᵢ/Eⱼ        γ₂₃ = σ₂₃/G₂₃
/// ```
/// νᵢⱼ is the contraction along j per strain along i under stress along i.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orthotropic {
    /// E₁, E₂, E₃, MPa.
    pub youngs_moduli: [f64; 3],
    /// ν₁₂, ν₁₃, ν₂₃.
    pub poissons_ratios: [f64; 3],
    /// G₂₃, G₁₃, G₁₂, MPa.
    pub shear_moduli: [f64; 3],
}

impl Material for Orthotropic {
    fn stiffness(&self) -> Result<Stiffness, MaterialError> {
        let e = self.youngs_moduli;
        let [nu12, nu13, nu23] = self.poissons_ratios;
        let mut compliance = [[0.0; 6]; 6];
        for i in 0..3 {
            compliance[i][i] = 1.0 / e[i];
            compliance[i + 3][i + 3] = 1.0 / self.shear_moduli[i];
        }
        for (i, j, nu) in [(0, 1, nu12), (0, 2, nu13), (1, 2, nu23)] {
            compliance[i][j] = -nu / e[i];
            compliance[j][i] = compliance[i][j];
        }
        stable("orthotropic", tensor::inverse(&compliance))
    }
}

pub(super) static ENTRY: Entry<dyn Material> = Entry {
    name: "orthotropic",
    source: "Lekhnitskii (1963), Theory of Elasticity of an Anisotropic Elastic Body, §4",
    params: &[
        Param::stress("youngs_modulus_1", Range::Above(0.0), "Young's modulus along axis 1"),
        Param::stress("youngs_modulus_2", Range::Above(0.0), "Young's modulus along axis 2"),
        Param::stress("youngs_modulus_3", Range::Above(0.0), "Young's modulus along axis 3"),
        Param::number("poissons_ratio_12", Range::Any, "contraction along 2 per strain along 1"),
        Param::number("poissons_ratio_13", Range::Any, "contraction along 3 per strain along 1"),
        Param::number("poissons_ratio_23", Range::Any, "contraction along 3 per strain along 2"),
        Param::stress("shear_modulus_23", Range::Above(0.0), "shear modulus of the plane 2-3"),
        Param::stress("shear_modulus_13", Range::Above(0.0), "shear modulus of the plane 1-3"),
        Param::stress("shear_modulus_12", Range::Above(0.0), "shear modulus of the plane 1-2"),
    ],
    // Human femoral cortex, Ashman et al. (1984), J. Biomech. 17, 349-361: 12.0 13.4 20.0, 0.376 0.222 0.235,
    // 6.23 5.61 4.53 (GPa).
    example: &[12_000.0, 13_400.0, 20_000.0, 0.376, 0.222, 0.235, 6_230.0, 5_610.0, 4_530.0],
    build: |p| {
        Box::new(Orthotropic {
            youngs_moduli: [p[0], p[1], p[2]],
            poissons_ratios: [p[3], p[4], p[5]],
            shear_moduli: [p[6], p[7], p[8]],
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniaxial_stress_contracts_by_the_stated_ratios() {
        let p = ENTRY.example;
        let c = ENTRY.build_checked(p).expect("valid").stiffness().expect("stable");
        let s = tensor::inverse(&c).expect("regular");
        let strain = tensor::apply(&s, &[p[0] * 1e-3, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert!((strain[0] - 1e-3).abs() < 1e-15);
        assert!((strain[1] + p[3] * 1e-3).abs() < 1e-15 && (strain[2] + p[4] * 1e-3).abs() < 1e-15);
        let shear = tensor::apply(&s, &[0.0, 0.0, 0.0, p[6] * 1e-3, 0.0, 0.0]);
        assert!((shear[3] - 1e-3).abs() < 1e-15);
    }
}
