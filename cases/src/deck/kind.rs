//! Element types of a deck: their nodes, facets, and what other formats call them.
//!
//! Abaqus, CalculiX, VTK and FEBio number the nodes of all these shapes alike: corners, then the middles of the
//! edges of the bottom, of the top, and between them. VTK's text draws its linear wedge mirrored; its shape
//! functions and the converters in use do not, so neither do we.

/// Element type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Four-node tetrahedron.
    C3d4,
    /// Ten-node tetrahedron.
    C3d10,
    /// Eight-node brick, selectively reduced (B-bar).
    C3d8,
    /// Eight-node brick with incompatible modes.
    C3d8i,
    /// Six-node wedge.
    C3d6,
    /// Fifteen-node wedge.
    C3d15,
    /// Twenty-node brick, 27 integration points.
    C3d20,
    /// Twenty-node brick, 8 integration points.
    C3d20r,
}

/// All element types, in the order of the documentation.
pub const KINDS: [Kind; 8] =
    [Kind::C3d4, Kind::C3d10, Kind::C3d8, Kind::C3d8i, Kind::C3d6, Kind::C3d15, Kind::C3d20, Kind::C3d20r];

/// Corners of the facets S1… of a tetrahedron, counter-clockwise from outside.
const TET: [&[u8]; 4] = [&[0, 2, 1], &[0, 1, 3], &[1, 2, 3], &[2, 0, 3]];
/// Corners of the facets of a wedge.
const WEDGE: [&[u8]; 5] = [&[0, 2, 1], &[3, 4, 5], &[0, 1, 4, 3], &[1, 2, 5, 4], &[2, 0, 3, 5]];
/// Corners of the facets of a brick.
const HEX: [&[u8]; 6] =
    [&[0, 3, 2, 1], &[4, 5, 6, 7], &[0, 1, 5, 4], &[1, 2, 6, 5], &[2, 3, 7, 6], &[3, 0, 4, 7]];

impl Kind {
    /// The type of this name, upper case.
    pub fn from_name(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|k| k.name() == name)
    }

    /// Name in a deck.
    pub fn name(self) -> &'static str {
        match self {
            Self::C3d4 => "C3D4",
            Self::C3d10 => "C3D10",
            Self::C3d8 => "C3D8",
            Self::C3d8i => "C3D8I",
            Self::C3d6 => "C3D6",
            Self::C3d15 => "C3D15",
            Self::C3d20 => "C3D20",
            Self::C3d20r => "C3D20R",
        }
    }

    /// Number of nodes.
    pub fn n_nodes(self) -> usize {
        match self {
            Self::C3d4 => 4,
            Self::C3d10 => 10,
            Self::C3d8 | Self::C3d8i => 8,
            Self::C3d6 => 6,
            Self::C3d15 => 15,
            Self::C3d20 | Self::C3d20r => 20,
        }
    }

    /// Corner nodes of the facets S1, S2, … as local numbers, counter-clockwise from outside.
    pub fn facets(self) -> &'static [&'static [u8]] {
        match self {
            Self::C3d4 | Self::C3d10 => &TET,
            Self::C3d6 | Self::C3d15 => &WEDGE,
            Self::C3d8 | Self::C3d8i | Self::C3d20 | Self::C3d20r => &HEX,
        }
    }

    /// Number of the cell in VTK.
    pub fn vtk(self) -> u8 {
        match self {
            Self::C3d4 => 10,
            Self::C3d10 => 24,
            Self::C3d8 | Self::C3d8i => 12,
            Self::C3d6 => 13,
            Self::C3d15 => 26,
            Self::C3d20 | Self::C3d20r => 25,
        }
    }

    /// The type for a VTK cell; bricks become C3D8 and C3D20.
    pub fn from_vtk(number: u8) -> Option<Self> {
        KINDS.into_iter().find(|k| k.vtk() == number)
    }

    /// Name of the shape in FEBio; integration and incompatible modes have none.
    pub fn feb(self) -> &'static str {
        match self {
            Self::C3d4 => "tet4",
            Self::C3d10 => "tet10",
            Self::C3d8 | Self::C3d8i => "hex8",
            Self::C3d6 => "penta6",
            Self::C3d15 => "penta15",
            Self::C3d20 | Self::C3d20r => "hex20",
        }
    }

    /// The type for a FEBio shape.
    pub fn from_feb(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|k| k.feb() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_types() {
        for kind in KINDS {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(Kind::from_vtk(kind.vtk()).map(Kind::vtk), Some(kind.vtk()));
            assert_eq!(Kind::from_feb(kind.feb()).map(Kind::n_nodes), Some(kind.n_nodes()));
        }
    }

    #[test]
    fn every_edge_of_a_cell_bounds_two_facets_in_opposite_directions() {
        for kind in KINDS {
            let edges: Vec<(u8, u8)> = kind
                .facets()
                .iter()
                .flat_map(|f| (0..f.len()).map(|i| (f[i], f[(i + 1) % f.len()])))
                .collect();
            for &(a, b) in &edges {
                assert_eq!(edges.iter().filter(|e| **e == (b, a)).count(), 1, "{kind:?} {a} {b}");
            }
        }
    }
}
