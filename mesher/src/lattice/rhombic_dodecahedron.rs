//! Struts along the edges of space-filling rhombic dodecahedra.

use super::strut::{Segments, StrutCell, edges_of_length};

/// 32 struts of length √3/4 between the tetrahedral and octahedral holes of the face-centered lattice.
pub(super) static CELL: StrutCell = StrutCell::new(
    "rhombic-dodecahedron",
    "edges of the Voronoi cells of the face-centered cubic lattice",
    [0.01, 0.7],
    Segments::Listed(|| {
        let octahedral = super::fcc::NODES.map(|n| [n[0] + 0.5, n[1], n[2]]);
        let tetrahedral =
            (0..8_u8).map(|i| [i & 1, i >> 1 & 1, i >> 2].map(|bit| 0.25 + 0.5 * f64::from(bit)));
        let nodes: Vec<_> = octahedral.into_iter().chain(tetrahedral).collect();
        edges_of_length(&nodes, 3_f64.sqrt() / 4.0)
    }),
);
