//! Four-node tetrahedron: linear shape functions.
//!
//! ```text
//! N₀ = 1 − ξ − η − ζ,  N₁ = ξ,  N₂ = η,  N₃ = ζ
//! ```

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the four nodes.
pub static NODES: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 4] {
    super::tet10::barycentric(xi)
}

/// Reference gradients ∂N/∂ξ, the same everywhere.
pub fn gradients(_xi: [f64; 3]) -> [[f64; 3]; 4] {
    [[-1.0, -1.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
}

/// The four-node tetrahedron as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Tet4;

impl Cell for Tet4 {
    fn name(&self) -> &'static str {
        "tet4"
    }

    fn reference(&self) -> Reference {
        Reference::Tetrahedron
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
        static RULES: [&Rule; 3] = [&quadrature::TET_1, &quadrature::TET_4, &quadrature::TET_14];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 2, 1], &[0, 1, 3], &[1, 2, 3], &[0, 3, 2]]
    }
}
