//! Functions of the multipliers on one facet: positive, continuous, adding to one.
//!
//! ```text
//!     2           corners: linear (bilinear) functions of the corners, for ties and for straight-edged facets
//!    ╱ ╲
//!   5───4         nodes: linear on the four triangles between all six nodes; on eight-node quadrilaterals bilinear on
//!  ╱ ╲ ╱ ╲        the four squares about a middle whose value is the mean of the four beside it
//! 0───3───1
//! ```
//! A multiplier at every node of a quadratic facet holds the overlap point by point: a displacement that vanishes in
//! every mean vanishes. Corners alone leave what a mid-side node does between two of them to the elements behind it.
//! Quadratic functions of the same number would do the same, but means with functions that are negative somewhere say
//! nothing of gap or pressure.
//!
//! The pairing of the six (eight) functions with the quadratic displacements of their facet is stable: on any triangle
//! the smallest of its singular values between the two spaces, each with the norm of the square integral, is 0.92
//! (0.89 on a square), and on triangles its symmetric part is positive definite, so that any patch of them is as stable.

use super::flat::SQUARE;
use super::pairing::values;
use dens_mesher::cells::{self, Cell, mapping::MAX_NODES};

/// Which nodes of a facet carry multipliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The corners.
    Corners,
    /// All.
    Nodes,
}

impl Space {
    /// Nodes of a facet that carry multipliers: the first ones.
    pub(super) fn count(self, cell: &dyn Cell) -> usize {
        match self {
            Self::Corners => cell.n_corners(),
            Self::Nodes => cell.nodes().len(),
        }
    }

    /// The functions at a point, in the first [`Space::count`] entries.
    pub(super) fn values(self, cell: &dyn Cell, xi: [f64; 2]) -> [f64; MAX_NODES] {
        match (self, cell.nodes().len()) {
            (Self::Nodes, 6) => triangles(xi),
            (Self::Nodes, 8) => squares(xi),
            _ => {
                let corners = cells::surface_cell(cell.n_corners()).expect("triangles and quadrilaterals");
                values(corners, cell.n_corners(), xi)
            }
        }
    }
}

/// Linear on the four triangles between the nodes of a six-node triangle.
fn triangles([x, y]: [f64; 2]) -> [f64; MAX_NODES] {
    let l = [1.0 - x - y, x, y];
    let mut out = [0.0; MAX_NODES];
    match (0..3).find(|&c| 0.5 <= l[c]) {
        Some(c) => {
            let (next, last) = ((c + 1) % 3, (c + 2) % 3);
            out[c] = 2.0 * l[c] - 1.0;
            // Node 3 + k lies between corners k and k + 1.
            out[3 + c] = 2.0 * l[next];
            out[3 + last] = 2.0 * l[last];
        }
        None => (0..3).for_each(|k| out[3 + k] = 1.0 - 2.0 * l[(k + 2) % 3]),
    }
    out
}

/// Bilinear on the four squares of an eight-node quadrilateral.
fn squares([x, y]: [f64; 2]) -> [f64; MAX_NODES] {
    let hat = |t: f64, at: f64| (1.0 - (t - at).abs()).max(0.0);
    let middle = hat(x, 0.0) * hat(y, 0.0);
    let mut out = [0.0; MAX_NODES];
    for (k, &[a, b]) in SQUARE[..8].iter().enumerate() {
        out[k] = hat(x, a) * hat(y, b) + if k < 4 { 0.0 } else { 0.25 * middle };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::cells::Reference;

    #[test]
    fn functions_are_those_of_their_nodes_positive_and_add_to_one() {
        for n in [3, 4, 6, 8] {
            let cell = cells::surface_cell(n).expect("a surface cell");
            for space in [Space::Corners, Space::Nodes] {
                let count = space.count(cell);
                for (k, node) in cell.nodes()[..count].iter().enumerate() {
                    let phi = space.values(cell, [node[0], node[1]]);
                    assert!((0..count).all(|j| (phi[j] - f64::from(u8::from(j == k))).abs() < 1e-14));
                }
                for i in 0..20 {
                    for j in 0..20 {
                        let (s, t) = (f64::from(i) / 19.0, f64::from(j) / 19.0);
                        let xi = match cell.reference() {
                            Reference::Triangle => [s * (1.0 - t), t],
                            _ => [2.0 * s - 1.0, 2.0 * t - 1.0],
                        };
                        let phi = space.values(cell, xi);
                        assert!(phi[..count].iter().all(|p| -1e-15 < *p), "{n} {space:?} {xi:?}");
                        assert!((phi[..count].iter().sum::<f64>() - 1.0).abs() < 1e-14);
                    }
                }
            }
        }
    }

    #[test]
    fn pairing_with_quadratic_triangles_is_positive() {
        let cell = cells::surface_cell(6).expect("a surface cell");
        let mut pairing = nalgebra::DMatrix::<f64>::zeros(6, 6);
        // Points of a fine even grid: both spaces are integrated to a part in a thousand.
        let n = 120;
        for i in 0..n {
            for j in 0..n - i {
                let at = |s: f64| [(f64::from(i) + s) / f64::from(n), (f64::from(j) + s) / f64::from(n)];
                for s in if i + j < n - 1 { vec![1.0 / 3.0, 2.0 / 3.0] } else { vec![1.0 / 3.0] } {
                    let phi = Space::Nodes.values(cell, at(s));
                    let shape = values(cell, 6, at(s));
                    for a in 0..6 {
                        for b in 0..6 {
                            pairing[(a, b)] += shape[a] * phi[b] / f64::from(n * n);
                        }
                    }
                }
            }
        }
        let symmetric = 0.5 * (&pairing + pairing.transpose());
        let least = symmetric.symmetric_eigenvalues().min();
        // Twice the area of the triangle is one; masses of the functions are a twelfth to a third of it.
        assert!(0.018 < least, "{least}");
    }
}
