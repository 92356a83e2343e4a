//! Struts along the bonds of the diamond crystal.

use super::strut::{Segments, StrutCell, edges_of_length};

/// Sixteen struts of length √3/4, four at each node; largest pore 0.816 a − d.
pub(super) static CELL: StrutCell = StrutCell::new(
    "diamond",
    "nearest neighbors of the diamond cubic structure",
    [0.005, 0.85],
    Segments::Listed(|| {
        let mut nodes = super::fcc::NODES.to_vec();
        nodes.extend(super::fcc::NODES.map(|n| n.map(|x| x + 0.25)));
        edges_of_length(&nodes, 3_f64.sqrt() / 4.0)
    }),
);
