//! Six-node triangle in space: quadratic shape functions, position and area vector.
//!
//! ```text
//! λ₀ = 1 − ξ − η,  λ₁ = ξ,  λ₂ = η
//! corner i:   N = λᵢ (2 λᵢ − 1)
//! edge (i,j): N = 4 λᵢ λⱼ        edges 01 12 20 carry nodes 3..6
//! ```
//! A uniform traction on a flat facet puts no force on the corners and a third of it on each mid-edge node.

use super::{Cell, Reference, Rule, quadrature};
use crate::Vec3;

/// Reference coordinates of the six nodes; the third coordinate is zero.
pub static NODES: [[f64; 3]; 6] =
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.0, 0.0], [0.5, 0.5, 0.0], [0.0, 0.5, 0.0]];

/// Corners of the three edges, in the order of nodes 3..6.
pub static EDGES: [[usize; 2]; 3] = [[0, 1], [1, 2], [2, 0]];

const LAMBDA_GRADIENTS: [[f64; 2]; 3] = [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 2]) -> [f64; 6] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    std::array::from_fn(|i| match i {
        0..3 => l[i] * (2.0 * l[i] - 1.0),
        _ => 4.0 * l[EDGES[i - 3][0]] * l[EDGES[i - 3][1]],
    })
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 2]) -> [[f64; 2]; 6] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    let g = &LAMBDA_GRADIENTS;
    std::array::from_fn(|i| match i {
        0..3 => g[i].map(|x| (4.0 * l[i] - 1.0) * x),
        _ => {
            let [a, b] = EDGES[i - 3];
            std::array::from_fn(|k| 4.0 * (l[a] * g[b][k] + l[b] * g[a][k]))
        }
    })
}

/// Position of reference point `xi` on the facet with nodes `points`, mm.
pub fn position(points: &[Vec3; 6], xi: [f64; 2]) -> Vec3 {
    values(xi).iter().zip(points).map(|(n, p)| *n * p).sum()
}

/// Tangents ∂x/∂ξ and ∂x/∂η, mm.
pub fn tangents(points: &[Vec3; 6], xi: [f64; 2]) -> [Vec3; 2] {
    let g = gradients(xi);
    std::array::from_fn(|k| g.iter().zip(points).map(|(g, p)| g[k] * p).sum())
}

/// Area vector ∂x/∂ξ × ∂x/∂η, mm²: along the normal by the right-hand rule, its length the area per
/// reference area (twice the facet's area where the facet is flat).
pub fn area_vector(points: &[Vec3; 6], xi: [f64; 2]) -> Vec3 {
    let [s, t] = tangents(points, xi);
    s.cross(&t)
}

/// Area, mm², by seven points: exact on a flat facet, approximate on a curved one (a square root is integrated).
pub fn area(points: &[Vec3; 6]) -> f64 {
    quadrature::TRI_7.iter().map(|([s, t, _], w)| w * area_vector(points, [s, t]).norm()).sum()
}

/// The six-node triangle as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Tri6;

impl Cell for Tri6 {
    fn name(&self) -> &'static str {
        "tri6"
    }

    fn reference(&self) -> Reference {
        Reference::Triangle
    }

    fn nodes(&self) -> &'static [[f64; 3]] {
        &NODES
    }

    fn order(&self) -> usize {
        2
    }

    fn values(&self, xi: [f64; 3], out: &mut [f64]) {
        out.copy_from_slice(&values([xi[0], xi[1]]));
    }

    fn gradients(&self, xi: [f64; 3], out: &mut [[f64; 3]]) {
        for (o, g) in out.iter_mut().zip(gradients([xi[0], xi[1]])) {
            *o = [g[0], g[1], 0.0];
        }
    }

    fn rules(&self) -> &'static [&'static Rule] {
        static RULES: [&Rule; 3] = [&quadrature::TRI_3, &quadrature::TRI_6, &quadrature::TRI_7];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 1], &[1, 2], &[2, 0]]
    }

    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        &[&[0, 1, 3], &[1, 2, 4], &[2, 0, 5]]
    }

    fn edges(&self) -> &'static [[usize; 2]] {
        &EDGES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat() -> [Vec3; 6] {
        let c = [[0.0, 0.0, 1.0], [2.0, 0.0, 1.0], [0.0, 3.0, 1.0]].map(Vec3::from);
        [c[0], c[1], c[2], 0.5 * (c[0] + c[1]), 0.5 * (c[1] + c[2]), 0.5 * (c[2] + c[0])]
    }

    #[test]
    fn area_of_a_flat_facet_is_half_the_cross_product() {
        assert!((area(&flat()) - 3.0).abs() < 1e-14);
    }

    #[test]
    fn uniform_pressure_puts_no_force_on_corners() {
        let p = flat();
        for i in 0..6 {
            let share: f64 = quadrature::TRI_6
                .iter()
                .map(|([s, t, _], w)| w * values([s, t])[i] * area_vector(&p, [s, t]).norm())
                .sum();
            let expected = if i < 3 { 0.0 } else { 1.0 };
            assert!((share - expected).abs() < 1e-14, "node {i}: {share}");
        }
    }
}
