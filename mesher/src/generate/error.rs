//! What can go wrong between fields and a mesh.

use crate::Vec3;
use std::fmt;

/// Point printed in an error, mm with two decimals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place(pub Vec3);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:.2}, {:.2}, {:.2}) mm", self.0.x, self.0.y, self.0.z)
    }
}

/// Why no mesh came out, with the numbers a person needs to act.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeshError {
    /// The request itself makes no sense.
    #[error("cannot mesh `{body}`: {problem}")]
    Request {
        /// Name of the body.
        body: String,
        /// What is wrong with it.
        problem: String,
    },

    /// No cell got a region.
    #[error(
        "nothing of `{body}` lies inside its bounds: {cells} lattice cells of {edge_mm} mm were looked at; \
         check the signs of its surfaces, or refine the edge length"
    )]
    Empty {
        /// Name of the body.
        body: String,
        /// Lattice cells looked at.
        cells: usize,
        /// Lattice spacing, mm.
        edge_mm: f64,
    },

    /// A region reaches the bounds, where no surface closes it.
    #[error(
        "region `{region}` of `{body}` is cut off by the bounds at {place}; enlarge the bounds or close it by a surface"
    )]
    Clipped {
        /// Name of the body.
        body: String,
        /// Name of the region.
        region: String,
        /// Where.
        place: Place,
    },

    /// Pieces that belong together according to the fields came apart.
    #[error(
        "`{body}` falls into {pieces} pieces: it is thinner than the edge length of {edge_mm} mm near {place}; refine the edge length"
    )]
    TooCoarse {
        /// Name of the body.
        body: String,
        /// Number of pieces.
        pieces: usize,
        /// Where two of them should touch.
        place: Place,
        /// Lattice spacing, mm.
        edge_mm: f64,
    },

    /// The mesh does not follow a surface.
    #[error(
        "the mesh misses a part of `{body}` by {distance_mm:.2} mm near {place}: it is thinner there than the edge length of {edge_mm} mm; refine the edge length"
    )]
    Missed {
        /// Name of the body.
        body: String,
        /// Distance, mm.
        distance_mm: f64,
        /// Where.
        place: Place,
        /// Edge length, mm.
        edge_mm: f64,
    },

    /// A cell is inverted or too flat to compute with.
    #[error(
        "cell {cell} of region `{region}` at {place} has scaled Jacobian {value:.2e}, below {limit}; \
         refine or shift the edge length, or remove the sharp feature there"
    )]
    BadCell {
        /// Cell number.
        cell: usize,
        /// Name of its region.
        region: String,
        /// Its centroid.
        place: Place,
        /// Smallest scaled Jacobian, 1 for a regular tetrahedron, not positive when inverted.
        value: f64,
        /// What was asked.
        limit: f64,
    },

    /// The boundary touches itself, or a facet bounds more than two cells.
    #[error("the boundary of the mesh is not a surface at {place}: {facets} facets meet on one edge")]
    NotManifold {
        /// Where.
        place: Place,
        /// Facets that meet on the edge; for a facet, the cells on it.
        facets: usize,
    },

    /// The outside mesher failed.
    #[error("the outside mesher failed: {0}")]
    Engine(String),
}
