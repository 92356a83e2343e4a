//! Ten-node tetrahedron: quadratic shape functions, mapping and its inverse.
//!
//! ```text
//! λ₀ = 1 − ξ − η − ζ,  λ₁ = ξ,  λ₂ = η,  λ₃ = ζ
//! corner i:   N = λᵢ (2 λᵢ − 1)
//! edge (i,j): N = 4 λᵢ λⱼ        edges 01 12 20 03 13 23 carry nodes 4..10
//! ```

use super::{Cell, Reference, Rule, quadrature};
use crate::Vec3;
use crate::mesh::EDGE_CORNERS;
use nalgebra::Matrix3;

/// Reference coordinates of the ten nodes.
pub static NODES: [[f64; 3]; 10] = [
    [0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
    [0.5, 0.0, 0.0],
    [0.5, 0.5, 0.0],
    [0.0, 0.5, 0.0],
    [0.0, 0.0, 0.5],
    [0.5, 0.0, 0.5],
    [0.0, 0.5, 0.5],
];

/// Local nodes of each facet in the order of [`crate::mesh::Facet::nodes`]: corners as
/// [`crate::mesh::FACET_CORNERS`], then the nodes on the facet's edges 01, 12, 20.
pub static FACET_NODES: [[usize; 6]; 4] =
    [[0, 2, 1, 6, 5, 4], [0, 1, 3, 4, 8, 7], [1, 2, 3, 5, 9, 8], [0, 3, 2, 7, 9, 6]];

/// Gradients of the barycentric coordinates λ with respect to ξ.
const LAMBDA_GRADIENTS: [[f64; 3]; 4] =
    [[-1.0, -1.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 10] {
    let l = barycentric(xi);
    std::array::from_fn(|i| match i {
        0..4 => l[i] * (2.0 * l[i] - 1.0),
        _ => {
            let [a, b] = EDGE_CORNERS[i - 4];
            4.0 * l[a] * l[b]
        }
    })
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 10] {
    let l = barycentric(xi);
    let g = &LAMBDA_GRADIENTS;
    std::array::from_fn(|i| match i {
        0..4 => g[i].map(|x| (4.0 * l[i] - 1.0) * x),
        _ => {
            let [a, b] = EDGE_CORNERS[i - 4];
            std::array::from_fn(|k| 4.0 * (l[a] * g[b][k] + l[b] * g[a][k]))
        }
    })
}

/// Position of reference point `xi` in the cell with nodes `points`, mm.
pub fn position(points: &[Vec3; 10], xi: [f64; 3]) -> Vec3 {
    values(xi).iter().zip(points).map(|(n, p)| *n * p).sum()
}

/// Jacobian matrix ∂x/∂ξ: row = spatial axis, column = reference axis, mm.
pub fn jacobian(points: &[Vec3; 10], xi: [f64; 3]) -> Matrix3<f64> {
    let mut m = Matrix3::zeros();
    for (g, p) in gradients(xi).iter().zip(points) {
        for (k, g) in g.iter().enumerate() {
            m.column_mut(k).axpy(*g, p, 1.0);
        }
    }
    m
}

/// Spatial gradients ∂N/∂x (1/mm) and the volume ratio det ∂x/∂ξ (mm³) at `xi`.
///
/// The gradients are not finite where the volume ratio is zero.
pub fn spatial_gradients(points: &[Vec3; 10], xi: [f64; 3]) -> ([[f64; 3]; 10], f64) {
    let reference = gradients(xi);
    let mut j = [[0.0; 3]; 3];
    for (g, p) in reference.iter().zip(points) {
        for a in 0..3 {
            for k in 0..3 {
                j[a][k] += p[a] * g[k];
            }
        }
    }
    let (inverse, det) = inverse_3(&j);
    let spatial = reference
        .map(|g| std::array::from_fn(|a| g[0] * inverse[0][a] + g[1] * inverse[1][a] + g[2] * inverse[2][a]));
    (spatial, det)
}

/// Whether every mid-edge node lies on the middle of its edge, to 1e-9 of the edge length.
///
/// The mapping is then affine and its volume ratio constant.
pub fn is_straight(points: &[Vec3; 10]) -> bool {
    EDGE_CORNERS.iter().enumerate().all(|(k, &[a, b])| {
        let edge = points[b] - points[a];
        (points[4 + k] - points[a] - 0.5 * edge).norm_squared() <= 1e-18 * edge.norm_squared()
    })
}

/// Volume, mm³; exact for curved cells as well (the volume ratio is cubic).
pub fn volume(points: &[Vec3; 10]) -> f64 {
    quadrature::TET_14.iter().map(|(xi, w)| w * jacobian(points, xi).determinant()).sum()
}

/// Reference point that maps onto `x`, by Newton's method from the affine map of the corners.
///
/// The point may lie outside the reference cell: the mapping is extrapolated, so test the coordinates for
/// containment. Steps are limited to half a cell.
///
/// `None` when the corners are coplanar or no reference point is found within 40 iterations; far outside a
/// curved cell there may be none.
pub fn inverse_map(points: &[Vec3; 10], x: Vec3) -> Option<[f64; 3]> {
    let origin = points[0];
    let edges = Matrix3::from_columns(&[points[1] - origin, points[2] - origin, points[3] - origin]);
    let size = edges.norm();
    let mut xi = edges.try_inverse()? * (x - origin);
    if is_straight(points) {
        return xi.iter().all(|c| c.is_finite()).then_some(xi.into());
    }
    for _ in 0..40 {
        let residual = x - position(points, xi.into());
        let mut step = jacobian(points, xi.into()).try_inverse()? * residual;
        let length = step.norm();
        if !length.is_finite() {
            return None;
        }
        step *= (0.5 / length).min(1.0);
        xi += step;
        // Quadratic convergence: a step of 1e-10 leaves an error far below it.
        if length < 1e-10 {
            let miss = (x - position(points, xi.into())).norm();
            // Far outside, shape functions are large and round-off grows with them.
            return (miss <= 1e-11 * size * (1.0 + xi.norm_squared())).then_some(xi.into());
        }
    }
    None
}

/// Barycentric coordinates of a reference point.
pub fn barycentric(xi: [f64; 3]) -> [f64; 4] {
    [1.0 - xi[0] - xi[1] - xi[2], xi[0], xi[1], xi[2]]
}

/// Inverse and determinant by cofactors.
pub(super) fn inverse_3(m: &[[f64; 3]; 3]) -> ([[f64; 3]; 3], f64) {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let det = m[0][0] * cofactor(0, 0) + m[0][1] * cofactor(0, 1) + m[0][2] * cofactor(0, 2);
    let scale = 1.0 / det;
    (std::array::from_fn(|r| std::array::from_fn(|c| scale * cofactor(c, r))), det)
}

/// The ten-node tetrahedron as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Tet10;

impl Cell for Tet10 {
    fn name(&self) -> &'static str {
        "tet10"
    }

    fn reference(&self) -> Reference {
        Reference::Tetrahedron
    }

    fn nodes(&self) -> &'static [[f64; 3]] {
        &NODES
    }

    fn order(&self) -> usize {
        2
    }

    fn values(&self, xi: [f64; 3], out: &mut [f64]) {
        out.copy_from_slice(&values(xi));
    }

    fn gradients(&self, xi: [f64; 3], out: &mut [[f64; 3]]) {
        out.copy_from_slice(&gradients(xi));
    }

    fn rules(&self) -> &'static [&'static Rule] {
        static RULES: [&Rule; 3] = [&quadrature::TET_1, &quadrature::TET_4, &quadrature::TET_14];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 2, 1], &[0, 1, 3], &[1, 2, 3], &[0, 3, 2]]
    }

    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        &[&[0, 2, 1, 6, 5, 4], &[0, 1, 3, 4, 8, 7], &[1, 2, 3, 5, 9, 8], &[0, 3, 2, 7, 9, 6]]
    }

    fn edges(&self) -> &'static [[usize; 2]] {
        &EDGE_CORNERS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::FACET_CORNERS;

    fn straight() -> [Vec3; 10] {
        let c = [[0.1, -0.2, 0.3], [2.1, 0.1, 0.2], [0.4, 1.7, 0.0], [0.2, 0.3, 2.5]].map(Vec3::from);
        std::array::from_fn(|i| match i {
            0..4 => c[i],
            _ => 0.5 * (c[EDGE_CORNERS[i - 4][0]] + c[EDGE_CORNERS[i - 4][1]]),
        })
    }

    fn curved() -> [Vec3; 10] {
        let mut p = straight();
        p[4] += Vec3::new(0.02, -0.15, 0.03);
        p[8] += Vec3::new(0.10, 0.05, 0.12);
        p
    }

    #[test]
    fn volume_of_a_straight_cell_is_a_sixth_of_the_triple_product() {
        let p = straight();
        let exact = (p[1] - p[0]).cross(&(p[2] - p[0])).dot(&(p[3] - p[0])) / 6.0;
        assert!((volume(&p) - exact).abs() < 1e-14);
    }

    #[test]
    fn volume_of_a_curved_cell_follows_from_the_flux_through_its_facets() {
        let p = curved();
        // Divergence theorem: 3 V = Σ ∫ x · n dA; x · n dA has degree 4 on a facet, rule of degree 5.
        let flux: f64 = FACET_NODES
            .iter()
            .map(|nodes| {
                let q: [Vec3; 6] = nodes.map(|n| p[n]);
                quadrature::TRI_7
                    .iter()
                    .map(|([s, t, _], w)| {
                        w * super::super::tri6::position(&q, [s, t])
                            .dot(&super::super::tri6::area_vector(&q, [s, t]))
                    })
                    .sum::<f64>()
            })
            .sum();
        assert!((volume(&p) - flux / 3.0).abs() < 1e-13, "{} {}", volume(&p), flux / 3.0);
    }

    #[test]
    fn facet_nodes_agree_with_facet_corners_and_edges() {
        for (nodes, corners) in FACET_NODES.iter().zip(FACET_CORNERS) {
            assert_eq!(nodes[..3], corners);
            for k in 0..3 {
                let [a, b] = EDGE_CORNERS[nodes[3 + k] - 4];
                let (c, d) = (corners[k], corners[(k + 1) % 3]);
                assert!((a, b) == (c, d) || (a, b) == (d, c));
            }
        }
    }

    #[test]
    fn inverse_map_returns_the_reference_point_inside_and_outside() {
        for p in [straight(), curved()] {
            for xi in [[0.2, 0.3, 0.1], [0.0, 0.0, 0.0], [-0.1, 0.4, 0.3], [0.5, 0.6, -0.2]] {
                let found = inverse_map(&p, position(&p, xi)).expect("point near the cell");
                for k in 0..3 {
                    assert!((found[k] - xi[k]).abs() < 1e-11, "{found:?} {xi:?}");
                }
            }
        }
    }

    #[test]
    fn inverse_map_refuses_coplanar_corners() {
        let flat = straight().map(|p| Vec3::new(p.x, p.y, 0.0));
        assert_eq!(inverse_map(&flat, Vec3::new(0.1, 0.1, 0.5)), None);
    }

    #[test]
    fn spatial_gradients_reproduce_a_linear_field() {
        let p = curved();
        let a = [0.3, -1.2, 0.7];
        let (g, det) = spatial_gradients(&p, [0.2, 0.3, 0.1]);
        assert!((det - jacobian(&p, [0.2, 0.3, 0.1]).determinant()).abs() < 1e-13);
        for k in 0..3 {
            let slope: f64 = g.iter().zip(&p).map(|(g, p)| g[k] * p.dot(&Vec3::from(a))).sum();
            assert!((slope - a[k]).abs() < 1e-13);
        }
    }

    #[test]
    fn a_moved_mid_edge_node_makes_the_cell_curved() {
        assert!(is_straight(&straight()));
        assert!(!is_straight(&curved()));
    }
}
