//! Isotropic linear elasticity.

use super::{Material, MaterialError, stable};
use crate::tensor::{self, Stiffness};
use dens_mesher::catalog::{Entry, Param, Range};

/// Isotropic solid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearElastic {
    /// Young's modulus, MPa, positive.
    pub youngs_modulus: f64,
    /// Poisson's ratio, between −1 and 0.5.
    pub poissons_ratio: f64,
}

impl Material for LinearElastic {
    fn stiffness(&self) -> Result<Stiffness, MaterialError> {
        stable("linear-elastic", Some(tensor::isotropic(self.youngs_modulus, self.poissons_ratio)))
    }
}

pub(super) static ENTRY: Entry<dyn Material> = Entry {
    name: "linear-elastic",
    source: "Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §6",
    params: &[
        Param::stress("youngs_modulus", Range::Above(0.0), "Young's modulus"),
        Param::number("poissons_ratio", Range::Between(-1.0, 0.5), "Poisson's ratio"),
    ],
    example: &[110_000.0, 0.3],
    build: |p| Box::new(LinearElastic { youngs_modulus: p[0], poissons_ratio: p[1] }),
};
