//! Transverse isotropy about the third axis.

use super::{Material, MaterialError, orthotropic::Orthotropic};
use crate::tensor::Stiffness;
use dens_mesher::catalog::{Entry, Param, Range};

/// Solid with the same properties in every direction normal to its third axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransverselyIsotropic {
    /// Young's modulus along the axis, MPa.
    pub axial_modulus: f64,
    /// Young's modulus across the axis, MPa.
    pub transverse_modulus: f64,
    /// Contraction across the axis per strain along it.
    pub axial_poissons_ratio: f64,
    /// Contraction across the axis per strain across it.
    pub transverse_poissons_ratio: f64,
    /// Shear modulus of planes that contain the axis, MPa.
    pub axial_shear_modulus: f64,
}

impl Material for TransverselyIsotropic {
    fn stiffness(&self) -> Result<Stiffness, MaterialError> {
        // ν₃₁ = axial; ν₁₃ = ν₃₁ E₁ / E₃ by symmetry.
        let ratio = self.axial_poissons_ratio * self.transverse_modulus / self.axial_modulus;
        let in_plane = self.transverse_modulus / (2.0 * (1.0 + self.transverse_poissons_ratio));
        Orthotropic {
            youngs_moduli: [self.transverse_modulus, self.transverse_modulus, self.axial_modulus],
            poissons_ratios: [self.transverse_poissons_ratio, ratio, ratio],
            shear_moduli: [self.axial_shear_modulus, self.axial_shear_modulus, in_plane],
        }
        .stiffness()
        .map_err(|_| MaterialError::NotStable { law: "transversely-isotropic" })
    }
}

pub(super) static ENTRY: Entry<dyn Material> = Entry {
    name: "transversely-isotropic",
    source: "Lekhnitskii (1963), Theory of Elasticity of an Anisotropic Elastic Body, §5",
    params: &[
        Param::stress("axial_modulus", Range::Above(0.0), "Young's modulus along the third axis"),
        Param::stress("transverse_modulus", Range::Above(0.0), "Young's modulus across the third axis"),
        Param::number(
            "axial_poissons_ratio",
            Range::Any,
            "contraction across per strain along the third axis",
        ),
        Param::number("transverse_poissons_ratio", Range::Between(-1.0, 1.0), "Poisson's ratio in the plane"),
        Param::stress("axial_shear_modulus", Range::Above(0.0), "shear modulus along the third axis"),
    ],
    // Cortical bone, Reilly & Burstein (1975), J. Biomech. 8, 393-405: 17.0, 11.5, 0.46, 0.58, 3.3 (GPa).
    example: &[17_000.0, 11_500.0, 0.46, 0.58, 3_300.0],
    build: |p| {
        Box::new(TransverselyIsotropic {
            axial_modulus: p[0],
            transverse_modulus: p[1],
            axial_poissons_ratio: p[2],
            transverse_poissons_ratio: p[3],
            axial_shear_modulus: p[4],
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{directional_modulus, rotate};
    use nalgebra::Rotation3;

    #[test]
    fn stiffness_does_not_change_when_turned_about_its_axis() {
        let c = ENTRY.build_checked(ENTRY.example).expect("valid").stiffness().expect("stable");
        let turned = rotate(&c, Rotation3::from_euler_angles(0.0, 0.0, 0.71).matrix());
        for i in 0..6 {
            for j in 0..6 {
                assert!((c[i][j] - turned[i][j]).abs() < 1e-12 * c[2][2]);
            }
        }
    }

    #[test]
    fn moduli_are_found_along_and_across_the_axis() {
        let c = ENTRY.build_checked(ENTRY.example).expect("valid").stiffness().expect("stable");
        let along = directional_modulus(&c, [0.0, 0.0, 1.0]).expect("regular");
        let across = directional_modulus(&c, [0.6, 0.8, 0.0]).expect("regular");
        assert!((along / 17_000.0 - 1.0).abs() < 1e-12 && (across / 11_500.0 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_poissons_ratio_beyond_the_energy_bound_is_refused() {
        let law = ENTRY.build_checked(&[1000.0, 1000.0, 0.9, 0.3, 400.0]).expect("each in its range");
        assert_eq!(law.stiffness(), Err(MaterialError::NotStable { law: "transversely-isotropic" }));
    }
}
