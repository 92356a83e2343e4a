//! Six-node prism: linear on the triangle, linear along the axis.
//!
//! ```text
//! λ₀ = 1 − ξ − η,  λ₁ = ξ,  λ₂ = η,  −1 ≤ ζ ≤ 1
//! Nᵢ = ½ λᵢ (1 − ζ),  Nᵢ₊₃ = ½ λᵢ (1 + ζ)
//! ```
//! Nodes 0 1 2 run counter-clockwise seen from nodes 3 4 5, as in Abaqus (C3D6) and in VTK's shape functions.

use super::{Cell, Reference, Rule, quadrature};

/// Reference coordinates of the six nodes.
pub static NODES: [[f64; 3]; 6] =
    [[0.0, 0.0, -1.0], [1.0, 0.0, -1.0], [0.0, 1.0, -1.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 1.0, 1.0]];

/// Shape functions at reference point `xi`.
pub fn values(xi: [f64; 3]) -> [f64; 6] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    std::array::from_fn(|i| 0.5 * l[i % 3] * (1.0 + NODES[i][2] * xi[2]))
}

/// Reference gradients ∂N/∂ξ at `xi`.
pub fn gradients(xi: [f64; 3]) -> [[f64; 3]; 6] {
    let l = [1.0 - xi[0] - xi[1], xi[0], xi[1]];
    let slopes = [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]];
    std::array::from_fn(|i| {
        let half = 0.5 * (1.0 + NODES[i][2] * xi[2]);
        [slopes[i % 3][0] * half, slopes[i % 3][1] * half, 0.5 * l[i % 3] * NODES[i][2]]
    })
}

/// The six-node prism as a member of the catalogue.
#[derive(Debug, Clone, Copy)]
pub struct Wedge6;

impl Cell for Wedge6 {
    fn name(&self) -> &'static str {
        "wedge6"
    }

    fn reference(&self) -> Reference {
        Reference::Prism
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
        static RULES: [&Rule; 3] = [&quadrature::WEDGE_2, &quadrature::WEDGE_6, &quadrature::WEDGE_21];
        &RULES
    }

    fn facets(&self) -> &'static [&'static [usize]] {
        &[&[0, 2, 1], &[3, 4, 5], &[0, 1, 4, 3], &[1, 2, 5, 4], &[2, 0, 3, 5]]
    }
}
