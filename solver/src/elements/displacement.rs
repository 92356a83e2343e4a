//! Plain displacement formulation of the ten-node tetrahedra of the mesher.

use super::isoparametric::{TET10_4, TET10_14};
use super::{Element, Inverted, PointStrain, moments};
use crate::tensor::{Six, Stiffness, apply};
use dens_mesher::Vec3;
use dens_mesher::cells::{Rule, quadrature};
use dens_mesher::mixed::Shape;

/// Quadratic displacements without further assumption; for Poisson's ratios up to 0.45.
///
/// Curved cells are integrated with 14 points (C3D10 of a deck: with four, see [`super::TET10`]). Order 3 in
/// displacement and 2 in stress. Locks when nearly incompressible: use [`super::MeanDilatation`] there.
#[derive(Debug, Clone, Copy)]
pub struct Displacement;

impl Element for Displacement {
    fn name(&self) -> &'static str {
        "displacement"
    }

    fn source(&self) -> &'static str {
        "Zienkiewicz, Taylor & Zhu (2013), The Finite Element Method: Its Basis and Fundamentals, 7th ed., ch. 2 and 6"
    }

    fn shape(&self) -> Shape {
        Shape::Tet10
    }

    fn rule(&self) -> &'static Rule {
        &quadrature::TET_4
    }

    fn stiffness(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        out: &mut [[f64; 9]],
    ) -> Result<(), Inverted> {
        moments::integrate(&TET10_14, points, stiffness, out)
    }

    fn strains(
        &self,
        points: &[Vec3],
        _stiffness: &Stiffness,
        displacements: &[Vec3],
        _initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted> {
        TET10_4.strains(points, displacements, out)
    }

    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted> {
        TET10_4.forces(points, |q| apply(stiffness, &initial[q]), out)
    }
}
