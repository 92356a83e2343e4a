//! Struts from the middle of the cube to its corners.

use super::strut::{Segments, StrutCell, edges_of_length};

/// Eight struts of length √3/2.
pub(super) static CELL: StrutCell = StrutCell::new(
    "bcc",
    "nearest neighbors of the body-centered cubic lattice",
    [0.005, 0.85],
    Segments::Listed(|| edges_of_length(&[[0.0; 3], [0.5; 3]], 0.75_f64.sqrt())),
);
