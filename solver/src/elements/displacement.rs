//! Plain displacement formulation: quadratic displacements, strains as they come.

use super::moments::{self, positive};
use super::{Element, ElementStiffness, Inverted, PointStrain};
use crate::tensor::Stiffness;
use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tet10};

/// Quadratic displacements without further assumption; for Poisson's ratios up to 0.45.
///
/// Order 3 in displacement and 2 in stress. Locks when nearly incompressible: use
/// [`super::MeanDilatation`] there.
#[derive(Debug, Clone, Copy)]
pub struct Displacement;

impl Element for Displacement {
    fn name(&self) -> &'static str {
        "displacement"
    }

    fn source(&self) -> &'static str {
        "Zienkiewicz, Taylor & Zhu (2013), The Finite Element Method: Its Basis and Fundamentals, 7th ed., ch. 2 and 6"
    }

    fn stiffness(
        &self,
        points: &[Vec3; 10],
        stiffness: &Stiffness,
        out: &mut ElementStiffness,
    ) -> Result<(), Inverted> {
        moments::integrate(points, stiffness, out)
    }

    fn strains(&self, points: &[Vec3; 10], displacements: &[Vec3; 10]) -> Result<[PointStrain; 4], Inverted> {
        let mut out = [PointStrain::default(); 4];
        for (point, (xi, w)) in out.iter_mut().zip(quadrature::TET_4.iter()) {
            let (g, jacobian) = tet10::spatial_gradients(points, xi);
            positive(jacobian)?;
            point.weight = w * jacobian;
            let e = &mut point.strain;
            for (g, u) in g.iter().zip(displacements) {
                e[0] += u.x * g[0];
                e[1] += u.y * g[1];
                e[2] += u.z * g[2];
                e[3] += u.y * g[2] + u.z * g[1];
                e[4] += u.x * g[2] + u.z * g[0];
                e[5] += u.x * g[1] + u.y * g[0];
            }
        }
        Ok(out)
    }
}
