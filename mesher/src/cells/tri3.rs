//! Three-node triangle in space: linear shape functions.
//!
//! ```text
//! N₀ = 1 − ξ − η,  N₁ = ξ,  N₂ = η
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the three nodes; the third coordinate is zero.
pub static NODES: [[f64; 3]; 3] = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 3] {
    [1.0 - xi[0] - xi[1], xi[0], xi[1]]
}

/// Reference gradients ∂N/∂ξ, the same everywhere.
pub fn gradients(_xi: [f64; 3]) -> [[f64; 3]; 3] {
    [[-1.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
}

/// The three-node triangle as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Tri3;

impl Cell for Tri3 {
    fn name(&self) -> &'static str {
        "tri3"
    }

    fn reference(&self) -> Reference {
        Reference::Triangle
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
        static RULES: [&Rule; 4] =
            [&quadrature::TRI_1, &quadrature::TRI_3, &quadrature::TRI_6, &quadrature::TRI_7];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 1], &[1, 2], &[2, 0]]
    }
}
