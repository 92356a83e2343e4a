//! Fifteen-node prism: quadratic serendipity shape functions.
//!
//! ```text
//! λ₀ = 1 − ξ − η,  λ₁ = ξ,  λ₂ = η,  s = 1 ± ζ
//! corner:                    N = ½ λᵢ s (2 λᵢ − 3 + s)
//! mid of a triangle's edge:  N = 2 λᵢ λⱼ s
//! mid of an axial edge:      N = λᵢ (1 − ζ²)
//! edges 01 12 20 34 45 53 03 14 25 carry nodes 6..15
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the fifteen nodes.
pub static NODES: [[f64; 3]; 15] = [
    [0.0, 0.0, -1.0],
    [1.0, 0.0, -1.0],
    [0.0, 1.0, -1.0],
    [0.0, 0.0, 1.0],
    [1.0, 0.0, 1.0],
    [0.0, 1.0, 1.0],
    [0.5, 0.0, -1.0],
    [0.5, 0.5, -1.0],
    [0.0, 0.5, -1.0],
    [0.5, 0.0, 1.0],
    [0.5, 0.5, 1.0],
    [0.0, 0.5, 1.0],
    [0.0, 0.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
];

/// Corners of the nine edges, in the order of nodes 6..15 (VTK, Abaqus C3D15).
pub static EDGES: [[usize; 2]; 9] = [[0, 1], [1, 2], [2, 0], [3, 4], [4, 5], [5, 3], [0, 3], [1, 4], [2, 5]];

const SLOPES: [[f64; 2]; 3] = [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 15] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    std::array::from_fn(|i| {
        let s = 1.0 + NODES[i][2] * xi[2];
        match i {
            0..6 => 0.5 * l[i % 3] * s * (2.0 * l[i % 3] - 3.0 + s),
            6..12 => 2.0 * l[i % 3] * l[(i + 1) % 3] * s,
            _ => l[i % 3] * (1.0 - xi[2] * xi[2]),
        }
    })
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 15] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    std::array::from_fn(|i| {
        let sign = NODES[i][2];
        let s = 1.0 + sign * xi[2];
        let (a, b) = (i % 3, (i + 1) % 3);
        let (ga, gb) = (SLOPES[a], SLOPES[b]);
        let in_plane = |k: usize| match i {
            0..6 => 0.5 * ga[k] * s * (4.0 * l[a] - 3.0 + s),
            6..12 => 2.0 * s * (ga[k] * l[b] + l[a] * gb[k]),
            _ => ga[k] * (1.0 - xi[2] * xi[2]),
        };
        let axial = match i {
            0..6 => 0.5 * l[a] * sign * (2.0 * l[a] - 3.0 + 2.0 * s),
            6..12 => 2.0 * l[a] * l[b] * sign,
            _ => -2.0 * l[a] * xi[2],
        };
        [in_plane(0), in_plane(1), axial]
    })
}

/// The fifteen-node prism as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Wedge15;

impl Cell for Wedge15 {
    fn name(&self) -> &'static str {
        "wedge15"
    }

    fn reference(&self) -> Reference {
        Reference::Prism
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
        static RULES: [&Rule; 3] = [&quadrature::WEDGE_6, &quadrature::WEDGE_9, &quadrature::WEDGE_21];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 2, 1], &[3, 4, 5], &[0, 1, 4, 3], &[1, 2, 5, 4], &[2, 0, 3, 5]]
    }

    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        &[
            &[0, 2, 1, 8, 7, 6],
            &[3, 4, 5, 9, 10, 11],
            &[0, 1, 4, 3, 6, 13, 9, 12],
            &[1, 2, 5, 4, 7, 14, 10, 13],
            &[2, 0, 3, 5, 8, 12, 11, 14],
        ]
    }

    fn edges(&self) -> &'static [[usize; 2]] {
        &EDGES
    }
}
