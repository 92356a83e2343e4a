//! Kelvin foam: struts along the edges of space-filling truncated octahedra.

use super::strut::{Segments, StrutCell, edges_of_length};

/// 24 struts of length √2/4, four at each node.
pub(super) static CELL: StrutCell = StrutCell::new(
    "kelvin",
    "Thomson (1887), Phil. Mag. 24:503; edges of the Voronoi cells of the body-centered cubic lattice",
    [0.005, 0.8],
    Segments::Listed(|| {
        let mut nodes = Vec::with_capacity(12);
        for axis in 0..3 {
            for quarter in [0.25, 0.75] {
                for [next, last] in [[0.0, 0.5], [0.5, 0.0]] {
                    let mut node = [0.0; 3];
                    node[axis] = quarter;
                    node[(axis + 1) % 3] = next;
                    node[(axis + 2) % 3] = last;
                    nodes.push(node);
                }
            }
        }
        edges_of_length(&nodes, 2_f64.sqrt() / 4.0)
    }),
);
