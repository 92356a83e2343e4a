//! Eight-node brick: trilinear shape functions.
//!
//! ```text
//! Nᵢ = ⅛ (1 + ξ ξᵢ)(1 + η ηᵢ)(1 + ζ ζᵢ)        −1 ≤ ξ, η, ζ ≤ 1
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the eight nodes: bottom (ζ = −1) counter-clockwise from above, then top.
pub static NODES: [[f64; 3]; 8] = [
    [-1.0, -1.0, -1.0],
    [1.0, -1.0, -1.0],
    [1.0, 1.0, -1.0],
    [-1.0, 1.0, -1.0],
    [-1.0, -1.0, 1.0],
    [1.0, -1.0, 1.0],
    [1.0, 1.0, 1.0],
    [-1.0, 1.0, 1.0],
];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 8] {
    NODES.map(|n| 0.125 * (1.0 + xi[0] * n[0]) * (1.0 + xi[1] * n[1]) * (1.0 + xi[2] * n[2]))
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 8] {
    NODES.map(|n| {
        let [a, b, c] = std::array::from_fn(|k| 1.0 + xi[k] * n[k]);
        [0.125 * n[0] * b * c, 0.125 * n[1] * a * c, 0.125 * n[2] * a * b]
    })
}

/// The eight-node brick as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Hex8;

impl Cell for Hex8 {
    fn name(&self) -> &'static str {
        "hex8"
    }

    fn reference(&self) -> Reference {
        Reference::Cube
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
        static RULES: [&Rule; 2] = [&quadrature::HEX_8, &quadrature::HEX_27];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 3, 2, 1], &[4, 5, 6, 7], &[0, 1, 5, 4], &[1, 2, 6, 5], &[2, 3, 7, 6], &[3, 0, 4, 7]]
    }
}
