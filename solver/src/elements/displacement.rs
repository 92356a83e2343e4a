//! Plain displacement formulation of the ten-node tetrahedra of the mesher.

use super::isoparametric::{TET10_4, TET10_14};
use super::points::Table;
use super::{Element, Inverted, PointStrain, moments};
use crate::tensor::{Six, Stiffness, apply};
use dens_mesher::Vec3;
use dens_mesher::cells::{Rule, quadrature, tet10};
use dens_mesher::mixed::Shape;

/// Quadratic displacements without further assumption; for Poisson's ratios up to 0.45.
///
/// Curved cells are integrated with 14 points, so that they pass the patch test; strains are given at four. C3D10
/// of CalculiX takes four for everything, see [`super::TET10`]; straight cells are the same. Order 3 in
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
        let (table, initial) = integration(points, initial);
        table.forces(points, |q| apply(stiffness, &initial[q]), out)
    }
}

/// Points that integrate a cell (four if straight, 14 if curved) and the linear function through the values at
/// the four points at them.
pub(super) fn integration(points: &[Vec3], values: &[Six]) -> (&'static Table, [Six; 14]) {
    let mut out = [[0.0; 6]; 14];
    if <&[Vec3; 10]>::try_from(points).is_ok_and(tet10::is_straight) {
        out[..4].copy_from_slice(values);
        return (&TET10_4, out);
    }
    // Point i has λᵢ = b and the other λ = a; b − a = 1/√5.
    let a = quadrature::TET_4.points[0][0];
    let sum: Six = std::array::from_fn(|k| values.iter().map(|v| v[k]).sum());
    for (out, &xi) in out.iter_mut().zip(quadrature::TET_14.points) {
        let lambda = tet10::barycentric(xi);
        *out = std::array::from_fn(|k| {
            (0..4).map(|i| lambda[i] * 5.0_f64.sqrt() * (values[i][k] - a * sum[k])).sum()
        });
    }
    (&TET10_14, out)
}
