//! What acts on a body.

use super::Dof;
use dens_mesher::Vec3;

/// Facet of a cell: facet 0 is S1 of Abaqus, see [`dens_mesher::mixed::Shape::facet_nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellFacet {
    /// Number of the cell.
    pub cell: u32,
    /// Local number of the facet.
    pub facet: u8,
}

/// Acceleration that pulls on the mass of cells (`GRAV`).
#[derive(Debug, Clone, PartialEq)]
pub struct Gravity {
    /// Cells it acts on.
    pub cells: Vec<u32>,
    /// Acceleration, mm/s²; forces act along it.
    pub acceleration: Vec3,
}

/// Rotation about an axis that drives the mass of cells outward (`CENTRIF`).
#[derive(Debug, Clone, PartialEq)]
pub struct Centrifugal {
    /// Cells it acts on.
    pub cells: Vec<u32>,
    /// Square of the angular velocity, rad²/s².
    pub omega_squared: f64,
    /// A point of the axis, mm.
    pub point: Vec3,
    /// Direction of the axis, of any length above zero.
    pub direction: Vec3,
}

/// One load case; loads of one kind on the same place add up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Forces on dofs, N, along the node's own frame where it has one (`*CLOAD`).
    pub forces: Vec<(Dof, f64)>,
    /// Pressures on facets, MPa, positive into the body (`P1` to `P6`).
    pub pressures: Vec<(CellFacet, f64)>,
    /// Tractions on facets, MPa, in global axes, per area as given.
    pub tractions: Vec<(CellFacet, Vec3)>,
    /// Weights.
    pub gravity: Vec<Gravity>,
    /// Centrifugal forces.
    pub centrifugal: Vec<Centrifugal>,
    /// Rise above the stress-free temperature per node, K; empty: none.
    pub temperature_rise: Vec<f64>,
    /// Displacement of each support, mm, in the order of [`super::Constraints::supports`]; empty: all zero.
    pub prescribed: Vec<f64>,
}
