//! Struts along the edges of the cube.

use super::strut::{Segments, StrutCell, edges_of_length};

/// Exact density: ρ = 3πr² − 8√2 r³ for r ≤ 1/2.
pub(super) static CELL: StrutCell = StrutCell::new(
    "simple-cubic",
    "edges of the primitive cubic lattice; density: tri-cylinder (Steinmetz) solid",
    [0.005, 0.9],
    Segments::Listed(|| edges_of_length(&[[0.0; 3]], 1.0)),
);
