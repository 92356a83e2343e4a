//! Twenty-node brick: quadratic serendipity shape functions.
//!
//! ```text
//! corner:      N = ⅛ (1 + ξ ξᵢ)(1 + η ηᵢ)(1 + ζ ζᵢ)(ξ ξᵢ + η ηᵢ + ζ ζᵢ − 2)
//! mid of an edge along ξ:  N = ¼ (1 − ξ²)(1 + η ηᵢ)(1 + ζ ζᵢ)        and so on
//! edges 01 12 23 30 45 56 67 74 04 15 26 37 carry nodes 8..20
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the twenty nodes.
pub static NODES: [[f64; 3]; 20] = [
    [-1.0, -1.0, -1.0],
    [1.0, -1.0, -1.0],
    [1.0, 1.0, -1.0],
    [-1.0, 1.0, -1.0],
    [-1.0, -1.0, 1.0],
    [1.0, -1.0, 1.0],
    [1.0, 1.0, 1.0],
    [-1.0, 1.0, 1.0],
    [0.0, -1.0, -1.0],
    [1.0, 0.0, -1.0],
    [0.0, 1.0, -1.0],
    [-1.0, 0.0, -1.0],
    [0.0, -1.0, 1.0],
    [1.0, 0.0, 1.0],
    [0.0, 1.0, 1.0],
    [-1.0, 0.0, 1.0],
    [-1.0, -1.0, 0.0],
    [1.0, -1.0, 0.0],
    [1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.0],
];

/// Corners of the twelve edges, in the order of nodes 8..20 (VTK, Abaqus C3D20).
pub static EDGES: [[usize; 2]; 12] =
    [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 20] {
    NODES.map(|n| {
        let s: [f64; 3] = std::array::from_fn(|k| 1.0 + xi[k] * n[k]);
        match (0..3).find(|&k| n[k] == 0.0) {
            None => 0.125 * s[0] * s[1] * s[2] * (s[0] + s[1] + s[2] - 5.0),
            Some(k) => 0.25 * (1.0 - xi[k] * xi[k]) * s[(k + 1) % 3] * s[(k + 2) % 3],
        }
    })
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 20] {
    NODES.map(|n| {
        let s: [f64; 3] = std::array::from_fn(|k| 1.0 + xi[k] * n[k]);
        let middle = (0..3).find(|&k| n[k] == 0.0);
        std::array::from_fn(|d| {
            let (e, f) = ((d + 1) % 3, (d + 2) % 3);
            match middle {
                None => 0.125 * n[d] * s[e] * s[f] * (2.0 * s[d] + s[e] + s[f] - 5.0),
                Some(k) if k == d => -0.5 * xi[d] * s[e] * s[f],
                Some(k) => {
                    let other = 3 - d - k;
                    0.25 * (1.0 - xi[k] * xi[k]) * n[d] * s[other]
                }
            }
        })
    })
}

/// The twenty-node brick as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Hex20;

impl Cell for Hex20 {
    fn name(&self) -> &'static str {
        "hex20"
    }

    fn reference(&self) -> Reference {
        Reference::Cube
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
        static RULES: [&Rule; 2] = [&quadrature::HEX_8, &quadrature::HEX_27];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 3, 2, 1], &[4, 5, 6, 7], &[0, 1, 5, 4], &[1, 2, 6, 5], &[2, 3, 7, 6], &[3, 0, 4, 7]]
    }

    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        &[
            &[0, 3, 2, 1, 11, 10, 9, 8],
            &[4, 5, 6, 7, 12, 13, 14, 15],
            &[0, 1, 5, 4, 8, 17, 12, 16],
            &[1, 2, 6, 5, 9, 18, 13, 17],
            &[2, 3, 7, 6, 10, 19, 14, 18],
            &[3, 0, 4, 7, 11, 16, 15, 19],
        ]
    }

    fn edges(&self) -> &'static [[usize; 2]] {
        &EDGES
    }
}
