//! Struts along the face diagonals of the cube.

use crate::Vec3;

use super::strut::{Segments, StrutCell, edges_of_length};

/// Twelve struts of length √2/2: those of the octet that lie in a cube face.
pub(super) static CELL: StrutCell = StrutCell::new(
    "fcc",
    "face diagonals of the cube; the octet without its inner octahedron",
    [0.005, 0.8],
    Segments::Listed(|| {
        let corner_to_face = |s: &[Vec3; 2]| s.iter().any(|p| p.iter().all(|x| (x - x.round()).abs() < 1e-9));
        let mut edges = edges_of_length(&NODES, 0.5_f64.sqrt());
        edges.retain(corner_to_face);
        edges
    }),
);

/// Nodes of the face-centered cubic lattice.
pub(super) const NODES: [[f64; 3]; 4] = [[0.0; 3], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
