//! Unit cells of lattices as periodic signed functions.
//!
//! A lattice cell knows one period of a solid in units of its edge; a [`Lattice`] places it in space with a
//! cell size in mm. Adding a cell is one file and two lines here: its `mod` and its place in [`CATALOGUE`];
//! the tests at the end of this file then run over it.
//!
//! | kind | solid | size parameter |
//! | --- | --- | --- |
//! | strut | union of capsules around segments | strut radius / cell size |
//! | sheet | \|f\| < t | level t |
//! | network | f > t | level t |
//!
//! Guaranteed: the sign; periodicity; a distance near the surface (struts: everywhere outside).
//! Not guaranteed: uniform wall thickness of sheets, since a level of f is not an offset.

mod bcc;
mod diamond;
mod diamond_surface;
mod fcc;
mod gyroid;
mod iwp;
mod kelvin;
mod lattice_in_space;
mod measure;
mod octet;
mod primitive;
mod printed;
mod re_entrant;
mod rhombic_dodecahedron;
mod simple_cubic;
mod strut;
mod surface;
mod truncated_cuboctahedron;
mod voronoi;

use crate::Vec3;
use crate::catalog::{UnknownName, nearest};

pub use lattice_in_space::{Lattice, LatticeError};
pub use printed::{Effective, Printing};

/// How the solid of a lattice cell is made; decides what its size parameter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Round struts between nodes.
    Strut,
    /// Wall that follows a periodic surface on both sides.
    Sheet,
    /// One of the two spaces a periodic surface separates.
    Network,
}

/// One period of an architected solid, in units of the cell edge.
pub trait LatticeCell: Send + Sync {
    /// Name in case files.
    fn name(&self) -> &'static str;

    /// How the solid is made.
    fn kind(&self) -> Kind;

    /// Where nodes or formula come from.
    fn source(&self) -> &'static str;

    /// Signed value at `q` (units of the cell edge, any cell), negative in the solid.
    ///
    /// Close to the distance in cell edges near the surface; `parameter` as in the table of the module.
    fn value(&self, q: Vec3, parameter: f64) -> f64;

    /// Size parameters of the empty and of the full cell; density grows from the first to the second.
    fn span(&self) -> [f64; 2];

    /// Relative density at a size parameter, by sampling one cell.
    fn density(&self, parameter: f64) -> f64 {
        measure::relative_density(&|q| self.value(q, parameter))
    }

    /// Relative densities between which the solid is one piece and every pore is open.
    fn density_range(&self) -> [f64; 2];

    /// Whether the cell has the symmetry of the cube, so that its stiffness has three constants.
    fn is_cubic(&self) -> bool {
        true
    }

    /// Segments of one period in cell edges, each once; empty unless the kind is [`Kind::Strut`].
    fn struts(&self) -> &[[Vec3; 2]] {
        &[]
    }
}

/// All lattice cells.
pub static CATALOGUE: &[&dyn LatticeCell] = &[
    &simple_cubic::CELL,
    &bcc::CELL,
    &fcc::CELL,
    &octet::CELL,
    &diamond::CELL,
    &rhombic_dodecahedron::CELL,
    &kelvin::CELL,
    &truncated_cuboctahedron::CELL,
    &re_entrant::CELL,
    &voronoi::CELL,
    &gyroid::SHEET,
    &gyroid::NETWORK,
    &diamond_surface::SHEET,
    &diamond_surface::NETWORK,
    &primitive::SHEET,
    &primitive::NETWORK,
    &iwp::SHEET,
    &iwp::NETWORK,
];

/// The lattice cell called `name`; `voronoi-7` is the stochastic cell of seed 7.
///
/// # Errors
/// [`UnknownName`] with the nearest and all known names.
pub fn cell(name: &str) -> Result<&'static dyn LatticeCell, UnknownName> {
    let listed = CATALOGUE.iter().copied().find(|c| c.name() == name);
    let found = listed.or_else(|| voronoi::of_name(name).map(|c| -> &'static dyn LatticeCell { c }));
    found.ok_or_else(|| {
        let known: Vec<_> = CATALOGUE.iter().map(|c| c.name()).collect();
        UnknownName { name: name.to_owned(), nearest: nearest(name, known.iter().copied()), known }
    })
}

#[cfg(test)]
mod tests;
