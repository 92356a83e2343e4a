//! Struts along the edges of truncated cuboctahedra that share their octagons.

use super::strut::{Segments, StrutCell, edges_of_length};

/// 48 struts of length 1/(1 + 2√2), four at each node.
pub(super) static CELL: StrutCell = StrutCell::new(
    "truncated-cuboctahedron",
    "Archimedean solid with vertices (±1, ±(1+√2), ±(1+2√2)), octagons on the faces of the cube",
    [0.01, 0.33],
    Segments::Listed(|| {
        let unit = 0.5 / (1.0 + 8_f64.sqrt());
        let across = [unit, (1.0 + 2_f64.sqrt()) * unit];
        let mut nodes = Vec::with_capacity(24);
        for axis in 0..3 {
            for (u, v) in [(across[0], across[1]), (across[1], across[0])] {
                for signs in 0..4 {
                    let sign = |bit: u8| if signs >> bit & 1 == 0 { 1.0 } else { -1.0 };
                    let mut node = [0.0; 3];
                    node[axis] = 0.5;
                    node[(axis + 1) % 3] = sign(0) * u;
                    node[(axis + 2) % 3] = sign(1) * v;
                    nodes.push(node);
                }
            }
        }
        edges_of_length(&nodes, 2.0 * unit)
    }),
);
