//! Flat triangles that stand for curved facets in search and clipping.
//!
//! ```text
//!      2            the reference cell is cut, so the pieces cover each facet once, whatever its curvature
//!     ╱ ╲
//!    5───4          straight triangle: 1 piece    curved triangle: 4
//!   ╱ ╲ ╱ ╲         straight quadrilateral: 2     curved quadrilateral: 8 about the middle
//!  0───3───1
//! ```

use super::surface::{Facet, Surface};
use dens_mesher::Vec3;
use dens_mesher::cells::{Reference, mapping};

/// Part of a size by which a node may lie off a straight facet that is treated as such: round-off of the map from
/// a plane, since a kink in the wrong place costs as much.
const STRAIGHT: f64 = 1e-10;

/// Flat triangle of a facet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flat {
    /// Number of the facet.
    pub(super) facet: u32,
    /// Reference coordinates of its corners.
    pub(super) xi: [[f64; 2]; 3],
    /// Their positions, mm.
    pub(super) x: [Vec3; 3],
    /// Whether the facet is flat with straight edges.
    pub(super) straight: bool,
}

impl Flat {
    /// Unit normal; `None` where the corners are in line.
    pub(super) fn normal(&self) -> Option<Vec3> {
        let [a, b, c] = self.x;
        (b - a).cross(&(c - a)).try_normalize(0.0)
    }

    /// Reference coordinates of barycentric ones.
    pub(super) fn reference(&self, b: [f64; 3]) -> [f64; 2] {
        std::array::from_fn(|k| b[0] * self.xi[0][k] + b[1] * self.xi[1][k] + b[2] * self.xi[2][k])
    }

    /// Area of the piece in the reference cell.
    pub(super) fn reference_area(&self) -> f64 {
        let [a, b, c] = self.xi;
        0.5 * ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
    }
}

/// Pieces of all facets, facet after facet.
///
/// - `finely`: straight facets with nodes between their corners are cut as well
pub(super) fn flats(surface: &Surface, points: &[Vec3], finely: bool) -> Vec<Flat> {
    let mut out = Vec::new();
    for (number, facet) in (0..).zip(&surface.facets) {
        cut(number, facet, points, finely, &mut out);
    }
    out
}

const TRIANGLE: [[f64; 2]; 6] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.0], [0.5, 0.5], [0.0, 0.5]];
const QUARTERS: [[usize; 3]; 4] = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]];
/// Nodes of the eight-node quadrilateral, then its middle.
pub(super) const SQUARE: [[f64; 2]; 9] = [
    [-1.0, -1.0],
    [1.0, -1.0],
    [1.0, 1.0],
    [-1.0, 1.0],
    [0.0, -1.0],
    [1.0, 0.0],
    [0.0, 1.0],
    [-1.0, 0.0],
    [0.0, 0.0],
];
const EIGHTHS: [[usize; 3]; 8] =
    [[8, 0, 4], [8, 4, 1], [8, 1, 5], [8, 5, 2], [8, 2, 6], [8, 6, 3], [8, 3, 7], [8, 7, 0]];

fn cut(number: u32, facet: &Facet, points: &[Vec3], finely: bool, out: &mut Vec<Flat>) {
    let shape = facet.cell();
    let buffer = facet.points(points);
    let nodes = &buffer[..facet.nodes.len()];
    let (straight, n_corners) = (is_straight(facet, nodes), shape.n_corners());
    let (places, pieces): (&[[f64; 2]], &[[usize; 3]]) =
        match (shape.reference(), straight && !(finely && n_corners < nodes.len())) {
            (Reference::Triangle, true) => (&TRIANGLE, &[[0, 1, 2]]),
            (Reference::Triangle, false) => (&TRIANGLE, &QUARTERS),
            (_, true) => (&SQUARE, &[[0, 1, 2], [0, 2, 3]]),
            (_, false) => (&SQUARE, &EIGHTHS),
        };
    for piece in pieces {
        let xi = piece.map(|k| places[k]);
        let x = xi.map(|[s, t]| mapping::position(shape, nodes, [s, t, 0.0]));
        out.push(Flat { facet: number, xi, x, straight });
    }
}

fn is_straight(facet: &Facet, nodes: &[Vec3]) -> bool {
    let shape = facet.cell();
    let n = shape.n_corners();
    let slack = STRAIGHT * facet.size;
    let mids = nodes[n..].iter().zip(shape.edges());
    let edges = mids.clone().all(|(mid, [a, b])| (mid - 0.5 * (nodes[*a] + nodes[*b])).norm() <= slack);
    if n == 3 || !edges {
        return edges;
    }
    let normal = (nodes[2] - nodes[0]).cross(&(nodes[3] - nodes[1]));
    let height = normal.dot(&(nodes[1] - nodes[0])) / normal.norm();
    height.abs() <= slack
}
