//! Loads and connections: what acts on the parts of a model and what joins them.
//!
//! Modules in reading order: [`traction`] (load on facets), [`guide`] (condyle that translates along its
//! load), [`pairing`] (two surfaces that face each other, cut into segments), [`contact`] (the law at a point
//! of such a pair), [`beam`] (one beam element), [`fixation`] (screws and rods, tied into bone), [`rigid`] (occiput that screws are clamped in), [`rigidity`]
//! (motions that nothing resists).
//!
//! Every connection is an action at one point of space and an equal reaction at the same point, so forces and
//! moments balance exactly, whatever the gap between the meshes.

pub mod beam;
pub mod contact;
pub mod fixation;
pub(crate) mod grid;
pub mod guide;
pub mod pairing;
pub mod rigid;
pub mod rigidity;
pub(crate) mod segments;
pub mod traction;

use dens_mesher::Vec3;
use dens_mesher::mesh::{Facet, Mesh};

/// Positions of the six nodes of a boundary facet, mm.
pub(crate) fn facet_points(mesh: &Mesh, facet: &Facet) -> [Vec3; 6] {
    facet.nodes.map(|i| mesh.points[i as usize])
}

/// Positions of the ten nodes of a cell, mm.
pub(crate) fn cell_points(mesh: &Mesh, cell: u32) -> [Vec3; 10] {
    mesh.cells[cell as usize].map(|i| mesh.points[i as usize])
}

/// Shape functions of the cell at the point `x` of space, extrapolated if it lies outside.
///
/// ```text
/// Σ Nₐ = 1    Σ Nₐ Xₐ = x        so that a force at x and its nodal forces have one resultant and one moment
/// ```
/// Where a curved cell has no inverse at `x`, the linear functions of its corners are returned: both
/// relations hold for them as well. `None` when the corners are coplanar.
pub(crate) fn extrapolated_values(points: &[Vec3; 10], x: Vec3) -> Option<[f64; 10]> {
    use dens_mesher::cells::tet10;
    if let Some(xi) = tet10::inverse_map(points, x) {
        // Beyond about two cell sizes the quadratic functions grow large and make the connection needlessly stiff.
        if xi.iter().all(|c| c.abs() < 3.0) {
            return Some(tet10::values(xi));
        }
    }
    let edges = nalgebra::Matrix3::from_columns(&[
        points[1] - points[0],
        points[2] - points[0],
        points[3] - points[0],
    ]);
    let l = edges.try_inverse()? * (x - points[0]);
    let mut values = [0.0; 10];
    values[..4].copy_from_slice(&[1.0 - l.sum(), l[0], l[1], l[2]]);
    values.iter().all(|v| v.is_finite()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::mesh::EDGE_CORNERS;

    #[test]
    fn extrapolated_values_reproduce_the_point_outside_a_curved_cell() {
        let corners = [Vec3::zeros(), Vec3::x(), Vec3::y(), Vec3::z()];
        let mut points = [Vec3::zeros(); 10];
        points[..4].copy_from_slice(&corners);
        for (k, [a, b]) in EDGE_CORNERS.iter().enumerate() {
            points[4 + k] =
                0.5 * (corners[*a] + corners[*b]) + Vec3::new(0.02, -0.03, 0.025) * (k as f64 - 2.0);
        }
        for x in [Vec3::new(0.3, 0.2, -0.1), Vec3::new(0.4, 0.5, 0.4), Vec3::new(9.0, -7.0, 5.0)] {
            let n = extrapolated_values(&points, x).expect("the cell is not flat");
            let reproduced: Vec3 = n.iter().zip(&points).map(|(n, p)| *n * p).sum();
            // Round-off of ten products of order ten.
            assert!((reproduced - x).norm() < 1e-11 * (1.0 + x.norm()), "{reproduced} for {x}");
            assert!((n.iter().sum::<f64>() - 1.0).abs() < 1e-11);
        }
    }
}
