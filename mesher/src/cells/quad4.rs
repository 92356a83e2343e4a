//! Four-node quadrilateral in space: bilinear shape functions.
//!
//! ```text
//! Nᵢ = ¼ (1 + ξ ξᵢ)(1 + η ηᵢ)        −1 ≤ ξ, η ≤ 1
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the four nodes; the third coordinate is zero.
pub static NODES: [[f64; 3]; 4] = [[-1.0, -1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [-1.0, 1.0, 0.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 4] {
    NODES.map(|n| 0.25 * (1.0 + xi[0] * n[0]) * (1.0 + xi[1] * n[1]))
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 4] {
    NODES.map(|n| [0.25 * n[0] * (1.0 + xi[1] * n[1]), 0.25 * n[1] * (1.0 + xi[0] * n[0]), 0.0])
}

/// The four-node quadrilateral as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Quad4;

impl Cell for Quad4 {
    fn name(&self) -> &'static str {
        "quad4"
    }

    fn reference(&self) -> Reference {
        Reference::Square
    }

    fn nodes(&self) -> &'static [[f64; 3]] {
        &NODES
    }

    fn order(&self) -> usize {
        1
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
}
