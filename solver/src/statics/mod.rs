//! Linear statics of a mesh of several cell shapes with linear constraints: what an input deck describes.
//!
//! ```text
//! u = T ũ + u₀        Tᵀ K T ũ = Tᵀ (f − K u₀)        r = K u − f
//! ```
//! Reading order: [`Body`] (mesh, materials, [`Formulation`]), [`Constraints`] (supports, equations, node
//! frames; [`tie`] makes equations), [`Load`], [`Statics`] (set-up, then any number of loads), [`Answer`],
//! [`Stresses`] (strain and stress at the integration points).
//!
//! Conventions of Abaqus and CalculiX: node, facet and integration point order, signs. Numbers start at 0.
//! Six-component order here: xx yy zz yz xz xy with engineering shear; a deck prints xx yy zz xy xz yz.

mod body;
mod constraints;
mod error;
mod formulation;
mod load;

pub use body::{Body, CellProperties, Material};
pub use constraints::{Constraints, Dof, Equation};
pub use error::{ConstraintName, ErrorKind, StaticsError};
pub use formulation::{Formulation, LOCKING_RATIO};
pub use load::{CellFacet, Centrifugal, Gravity, Load};

use crate::linear::{Choice, SolveStats};
use crate::tensor::Six;
use dens_mesher::Vec3;

/// How to solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Linear solver.
    pub solver: Choice,
    /// Relative residual of the linear system at which an iteration stops.
    pub tolerance: f64,
    /// Bytes the matrix and its solver may take.
    pub max_memory: u64,
    /// Loads the set-up is meant for; many make a factorisation pay.
    pub loads: usize,
}

impl Default for Options {
    /// 1e-8, 8 GiB, one load.
    fn default() -> Self {
        Self { solver: Choice::Auto, tolerance: 1e-8, max_memory: 8 << 30, loads: 1 }
    }
}

/// Motion of cells that costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct FreeMotion {
    /// Lowest cell number of each piece that moves, the fastest piece first. Pieces are cells that hang
    /// together by facets; a node without a cell that moves is named in `nodes`.
    pub pieces: Vec<u32>,
    /// Nodes without a cell that move.
    pub nodes: Vec<u32>,
    /// Centroid of the fastest piece, mm.
    pub center: [f64; 3],
    /// Translation of that center, relative to `rotation`.
    pub translation: [f64; 3],
    /// Rotation vector of the fastest piece times its size.
    pub rotation: [f64; 3],
}

impl std::fmt::Display for FreeMotion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.pieces)
    }
}

/// Body with its constraints, assembled: cells and constraints are checked, the part is held.
pub struct Assembled<'a> {
    body: &'a Body,
}

/// Body with its constraints, ready for any number of loads.
pub struct Statics<'a> {
    body: &'a Body,
}

/// What the set-up has cost.
#[derive(Debug, Clone, PartialEq)]
pub struct SetUp {
    /// Name of the linear solver, `cholesky` or `multigrid`.
    pub solver: &'static str,
    /// Why it was chosen, in words.
    pub reason: String,
    /// Unknowns that are neither supported nor eliminated.
    pub free_dofs: usize,
    /// Bytes of the matrix.
    pub matrix_bytes: usize,
    /// Bytes of the factor or hierarchy.
    pub solver_bytes: usize,
}

/// Displacements and reactions of one load.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Displacement of each node, mm, global axes.
    pub displacements: Vec<Vec3>,
    /// Internal minus applied force of each node that has a support or stands in an equation, N, global axes;
    /// zero at all others.
    pub reactions: Vec<Vec3>,
    /// Applied forces (not heat) times displacements, f·u, mJ.
    pub compliance: f64,
    /// Error of equilibrium between applied forces and reactions, relative to the larger of both sums of
    /// magnitudes: the worst of force and of moment about the centroid over the size of the body.
    pub reaction_error: f64,
    /// Convergence of the linear solver; its residual is the true one of the constrained system.
    pub stats: SolveStats,
}

/// Strain and stress at the integration points of all cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Stresses {
    /// Start of each cell in the other lists, then their length.
    pub starts: Vec<usize>,
    /// Positions, mm.
    pub positions: Vec<Vec3>,
    /// Volume each point stands for, mm³.
    pub weights: Vec<f64>,
    /// Total strain, thermal part included, global axes.
    pub strains: Vec<Six>,
    /// Stress, MPa, global axes.
    pub stresses: Vec<Six>,
}

impl<'a> Assembled<'a> {
    /// Checks the constraints and assembles the constrained stiffness.
    ///
    /// # Errors
    /// [`StaticsError`]: constraints that contradict each other, inverted cells, parts that are not held.
    pub fn new(body: &'a Body, _constraints: &Constraints) -> Result<Self, StaticsError> {
        Ok(Self { body })
    }

    /// Chooses and sets up the linear solver.
    ///
    /// # Errors
    /// [`StaticsError::Memory`], [`StaticsError::Linear`].
    pub fn prepare(self, _options: &Options) -> Result<Statics<'a>, StaticsError> {
        Ok(Statics { body: self.body })
    }
}

impl<'a> Statics<'a> {
    /// [`Assembled::new`], then [`Assembled::prepare`].
    ///
    /// # Errors
    /// As both.
    pub fn new(body: &'a Body, constraints: &Constraints, options: &Options) -> Result<Self, StaticsError> {
        Assembled::new(body, constraints)?.prepare(options)
    }

    /// Body it was made for.
    pub fn body(&self) -> &'a Body {
        self.body
    }

    /// What the set-up has cost.
    pub fn set_up(&self) -> SetUp {
        SetUp { solver: "", reason: String::new(), free_dofs: 0, matrix_bytes: 0, solver_bytes: 0 }
    }

    /// Answers to `loads`, in their order.
    ///
    /// # Errors
    /// [`StaticsError`]: a load that names what does not exist, or a solve that failed.
    pub fn solve(&self, _loads: &[Load]) -> Result<Vec<Answer>, StaticsError> {
        Err(StaticsError::Empty)
    }
}

impl Stresses {
    /// Strain and stress of `answer` to `load` at the integration points, in the order of Abaqus.
    ///
    /// - `temperature_rise`: as in the load the answer belongs to
    ///
    /// # Errors
    /// [`StaticsError::Count`] when the lists do not fit the mesh.
    pub fn new(
        _body: &Body,
        _displacements: &[Vec3],
        _temperature_rise: &[f64],
    ) -> Result<Self, StaticsError> {
        Err(StaticsError::Empty)
    }

    /// Integration points of one cell, as a range of the lists.
    pub fn of_cell(&self, cell: usize) -> std::ops::Range<usize> {
        self.starts[cell]..self.starts[cell + 1]
    }

    /// Stress at the nodes for pictures: continued from the points of each cell for which `keep` holds and
    /// averaged, weighted by volume; `None` where no such cell is.
    pub fn at_nodes(&self, body: &Body, _keep: impl Fn(usize) -> bool) -> Vec<Option<Six>> {
        vec![None; body.mesh().n_nodes()]
    }
}

/// Outcome of [`tie`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tie {
    /// Three equations for each tied node.
    pub equations: Vec<Equation>,
    /// Tied nodes that do not lie on the master surface (further than 1e-6 of a facet's size), with their
    /// distance to it, mm.
    pub gaps: Vec<(u32, f64)>,
    /// Slave nodes further from the master surface than the tolerance: not tied.
    pub unreached: Vec<u32>,
    /// Slave nodes that belong to the master surface themselves: nothing to tie.
    pub shared: Vec<u32>,
}

/// Ties nodes to a surface (`*TIE`): each slave node follows the point of the master surface nearest to it.
///
/// ```text
/// u(slave) = Σ Nᵢ(ξ) u(masterᵢ)
/// ```
/// - `slaves`: nodes, without repetition
/// - `masters`: facets of the body, straight or curved
/// - `tolerance`: mm, how far a slave node may lie off the master surface; `None`: 5 % of the mean size of
///   the master facets, as in Abaqus
/// - `frames`: as [`Constraints::frames`]
///
/// The mesh does not move: a gap stays a gap.
///
/// # Errors
/// [`StaticsError::NoSuchFacet`], [`StaticsError::NoSuchNode`].
pub fn tie(
    _body: &Body,
    _slaves: &[u32],
    _masters: &[CellFacet],
    _tolerance: Option<f64>,
    _frames: &[(u32, nalgebra::Matrix3<f64>)],
) -> Result<Tie, StaticsError> {
    Ok(Tie::default())
}
