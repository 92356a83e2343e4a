//! Octet truss: every pair of nearest neighbors of the face-centered cubic lattice.

use super::fcc::NODES;
use super::strut::{Segments, StrutCell, edges_of_length};

/// 24 struts of length √2/2, twelve at each node; stretching carries the load.
pub(super) static CELL: StrutCell = StrutCell::new(
    "octet",
    "Deshpande, Fleck & Ashby (2001), J. Mech. Phys. Solids 49:1747",
    [0.01, 0.8],
    Segments::Listed(|| edges_of_length(&NODES, 0.5_f64.sqrt())),
);
