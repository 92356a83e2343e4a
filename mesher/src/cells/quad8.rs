//! Eight-node quadrilateral in space: quadratic serendipity shape functions.
//!
//! ```text
//! corner:                  N = ¼ (1 + ξ ξᵢ)(1 + η ηᵢ)(ξ ξᵢ + η ηᵢ − 1)
//! mid of an edge along ξ:  N = ½ (1 − ξ²)(1 + η ηᵢ)
//! edges 01 12 23 30 carry nodes 4..8
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the eight nodes; the third coordinate is zero.
pub static NODES: [[f64; 3]; 8] = [
    [-1.0, -1.0, 0.0],
    [1.0, -1.0, 0.0],
    [1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.0],
    [0.0, -1.0, 0.0],
    [1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0],
    [-1.0, 0.0, 0.0],
];

/// Corners of the four edges, in the order of nodes 4..8.
pub static EDGES: [[usize; 2]; 4] = [[0, 1], [1, 2], [2, 3], [3, 0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 8] {
    NODES.map(|n| {
        let [a, b] = [1.0 + xi[0] * n[0], 1.0 + xi[1] * n[1]];
        match (n[0] == 0.0, n[1] == 0.0) {
            (true, _) => 0.5 * (1.0 - xi[0] * xi[0]) * b,
            (_, true) => 0.5 * (1.0 - xi[1] * xi[1]) * a,
            _ => 0.25 * a * b * (a + b - 3.0),
        }
    })
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 8] {
    NODES.map(|n| {
        let [a, b] = [1.0 + xi[0] * n[0], 1.0 + xi[1] * n[1]];
        match (n[0] == 0.0, n[1] == 0.0) {
            (true, _) => [-xi[0] * b, 0.5 * (1.0 - xi[0] * xi[0]) * n[1], 0.0],
            (_, true) => [0.5 * (1.0 - xi[1] * xi[1]) * n[0], -xi[1] * a, 0.0],
            _ => [0.25 * n[0] * b * (2.0 * a + b - 3.0), 0.25 * n[1] * a * (a + 2.0 * b - 3.0), 0.0],
        }
    })
}

/// The eight-node quadrilateral as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Quad8;

impl Cell for Quad8 {
    fn name(&self) -> &'static str {
        "quad8"
    }

    fn reference(&self) -> Reference {
        Reference::Square
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
        static RULES: [&Rule; 2] = [&quadrature::QUAD_4, &quadrature::QUAD_9];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 1], &[1, 2], &[2, 3], &[3, 0]]
    }

    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        &[&[0, 1, 4, 4], &[1, 2, 5, 5], &[2, 3, 6, 6], &[3, 0, 7, 7]]
    }

    fn edges(&self) -> &'static [[usize; 2]] {
        &EDGES
    }
}
