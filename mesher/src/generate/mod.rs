//! From fields to tetrahedra.
//!
//! ```text
//! MeshSpec ──> lattice (octree) ──> cut by surface 0, 1, … ──> body ──> polish ──> quadratic ──> Mesh
//!              sampled               snapped, conforming      regions   angles      curved boundary
//! ```
//! Input is an ordered list of smooth surfaces and a function from the inside bits to a region. Give a solid
//! with sharp edges as *several* smooth surfaces: where they cross, the mesh has a true edge. A minimum or
//! maximum in one field rounds that edge by about a tenth of the lattice spacing.
//!
//! [`mesh_graded`] asks a size field how large cells should be; [`surfaces`] meshes closed triangle surfaces.
//!
//! Guaranteed: regions share their interface nodes, the boundary is a closed surface, every Jacobian is
//! positive everywhere in its cell, same bits for any thread count.
//! Not guaranteed: vertices lie on their surfaces to round-off except where the edge length cannot follow a
//! crease or two surfaces graze each other; [`Meshed::surface_error_mm`] says how far off the worst is.
//! Dihedral angles are above 8° except where surfaces meet at such an angle, or where a layer is much thinner
//! than the edge length. A feature that is thinner than the edge length *in one
//! field* can be missed; [`MeshError::TooCoarse`] speaks up when a body breaks.

mod body;
mod cut;
mod error;
mod lattice;
mod octree;
mod pieces;
mod pinch;
mod polish;
mod project;
mod quadratic;
mod shape;
mod sizes;
mod surface_check;
pub mod surfaces;
mod tetgen;
mod topology;
mod weld;

pub(crate) use topology::{NONE, neighbors};

pub use error::{MeshError, Place};
pub use surface_check::Fit;

use crate::Vec3;
use crate::geometry::{Aabb, Field};
use crate::mesh::Mesh;
use std::path::PathBuf;
use std::time::Duration;

/// Region of a cell from its inside bits and centroid; `None` leaves the cell out.
///
/// Bit i is set inside surface i. Where a body ends must follow from the bits, not from the centroid; the
/// centroid may tell regions of a body apart.
pub type RegionOf<'a> = dyn Fn(u32, Vec3) -> Option<u16> + Sync + 'a;

/// Edge length wanted at a point, mm; it should change by at most half a millimeter per millimeter.
pub type SizeField<'a> = dyn Fn(Vec3) -> f64 + Sync + 'a;

/// What to mesh.
pub struct MeshSpec<'a> {
    /// Name of the body, for messages.
    pub name: String,
    /// Smooth surfaces, at most 32, cut in this order: the first keeps the best cells.
    pub surfaces: Vec<&'a dyn Field>,
    /// Which side of which surface is which region.
    pub region: &'a RegionOf<'a>,
    /// Names of the regions that `region` returns.
    pub region_names: Vec<String>,
    /// Lattice spacing, mm; edges of the mesh are 0.87 to 1 of it.
    pub edge_mm: f64,
    /// Box that contains the body.
    pub bounds: Aabb,
    /// Who fills the surfaces.
    pub engine: Engine,
}

/// Tetrahedral mesher.
#[derive(Debug, Clone, Default)]
pub enum Engine {
    /// Body-centred cubic lattice, cut and polished; part of this crate.
    #[default]
    LevelSet,
    /// TetGen, run as a child process on the surfaces of the level-set mesh.
    TetGen {
        /// The `dens-tetgen` executable.
        executable: PathBuf,
        /// How long it may run before it is ended.
        timeout: Duration,
    },
}

/// Mesh with what happened on the way.
#[derive(Debug, Clone)]
pub struct Meshed {
    /// The mesh.
    pub mesh: Mesh,
    /// Disconnected pieces below a hundredth of the body, removed.
    pub crumbs: Vec<Piece>,
    /// Mid-edge nodes on curved boundary, off the straight edge.
    pub n_curved: usize,
    /// Mid-edge nodes left or put back on the straight edge, because a cell beside it would not be valid.
    pub n_straightened: usize,
    /// Largest |field value| of a vertex on a surface it lies on, mm.
    pub surface_error_mm: f64,
}

/// Removed piece of a body.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Its volume.
    pub volume_mm3: f64,
    /// Its centroid.
    pub place: Vec3,
    /// Number of cells it had.
    pub cells: usize,
}

impl MeshSpec<'_> {
    fn request(&self, problem: impl Into<String>) -> MeshError {
        MeshError::Request { body: self.name.clone(), problem: problem.into() }
    }
}

/// Ten-node tetrahedra of a body given by signed fields.
///
/// # Errors
/// See [`MeshError`]; a returned mesh has passed [`crate::quality::check`].
///
/// # Example
/// ```
/// use dens_mesher::{Vec3, generate::*, geometry::{Aabb, Field}};
///
/// struct Ball;
/// impl Field for Ball {
///     fn value(&self, p: Vec3) -> f64 { p.norm() - 10.0 }
///     fn bounds(&self) -> Aabb { Aabb { min: Vec3::repeat(-10.0), max: Vec3::repeat(10.0) } }
/// }
/// let mesh = tetrahedralize(&MeshSpec {
///     name: "ball".into(),
///     surfaces: vec![&Ball],
///     region: &|inside, _| (inside & 1 != 0).then_some(0),
///     region_names: vec!["bone".into()],
///     edge_mm: 2.0,
///     bounds: Ball.bounds(),
///     engine: Engine::LevelSet,
/// })?;
/// assert!(mesh.n_cells() > 1000);
/// # Ok::<(), MeshError>(())
/// ```
pub fn tetrahedralize(spec: &MeshSpec<'_>) -> Result<Mesh, MeshError> {
    mesh_with_notes(spec).map(|m| m.mesh)
}

/// Like [`tetrahedralize`], with what a report should mention.
///
/// # Errors
/// See [`MeshError`].
pub fn mesh_with_notes(spec: &MeshSpec<'_>) -> Result<Meshed, MeshError> {
    number_of_surfaces(spec)?;
    fill(lattice::sample(spec)?, spec)
}

/// Like [`mesh_with_notes`], with cells as large as `size` asks for.
///
/// Lattice spacings are `spec.edge_mm` times powers of two from `range[0]` to `range[1]` mm; neighbors differ by a
/// factor of two at most, so that sizes grow by about half a millimeter per millimeter.
///
/// # Errors
/// See [`MeshError`].
pub fn mesh_graded(spec: &MeshSpec<'_>, size: &SizeField<'_>, range: [f64; 2]) -> Result<Meshed, MeshError> {
    number_of_surfaces(spec)?;
    fill(octree::sample(spec, size, range)?, spec)
}

fn number_of_surfaces(spec: &MeshSpec<'_>) -> Result<(), MeshError> {
    if spec.surfaces.is_empty() || 32 < spec.surfaces.len() {
        return Err(spec.request(format!("1 to 32 surfaces can be cut, found {}", spec.surfaces.len())));
    }
    Ok(())
}

/// Cuts the sampled lattice and finishes the body in it.
fn fill(mut complex: cut::Complex, spec: &MeshSpec<'_>) -> Result<Meshed, MeshError> {
    for s in 0..spec.surfaces.len() {
        complex.cut(s, &spec.surfaces, spec.edge_mm);
    }
    let mut body = body::Body::assemble(complex, spec)?;
    let next = body.open_pinches()?;
    let crumbs = body.drop_crumbs(spec, &next)?;
    polish::polish(&mut body, &spec.surfaces, spec.edge_mm);
    if let Engine::TetGen { executable, timeout } = &spec.engine {
        body = tetgen::refill(&body, spec, executable, *timeout)?;
    }
    let meshed = quadratic::finish(body, spec, crumbs)?;
    crate::quality::check(&meshed.mesh)?;
    Ok(meshed)
}

#[cfg(test)]
mod tests;
