//! Linear statics of a mesh of several cell shapes with linear constraints: what an input deck describes.
//!
//! ```text
//! u = T ũ + u₀        Tᵀ K T ũ = Tᵀ (f + f₀ − K u₀)        r = K u − f₀ − f
//! ```
//! - f: applied forces, f₀: forces of heat, r: reactions
//! - T, u₀: elimination of supports and equations, along the frames of the nodes
//!
//! Reading order: [`Body`] (mesh, materials, [`Formulation`], [`Spring`]s), [`Constraints`] (supports, equations, node
//! frames; [`tie`] makes equations), [`Load`], [`Statics`] (set-up, then any number of loads), [`Answer`],
//! [`Stresses`] (strain and stress at the integration points).
//!
//! Conventions of Abaqus and CalculiX: node, facet and integration point order, signs. Numbers start at 0.
//! Six-component order here: xx yy zz yz xz xy with engineering shear; a deck prints xx yy zz xy xz yz.

mod body;
mod constraints;
pub(crate) mod elimination;
mod error;
pub(crate) mod forces;
mod formulation;
pub(crate) mod freedom;
mod load;
pub(crate) mod reduce;
pub(crate) mod rigid;
pub(crate) mod solve;
mod springs;
mod stresses;
mod thermal;
mod tie;

pub use body::{Body, CellProperties, Material};
pub use constraints::{Constraints, Dof, Equation};
pub use error::{ConstraintName, ErrorKind, StaticsError};
pub use formulation::Formulation;
pub use freedom::FreeMotion;
pub use load::{CellFacet, Centrifugal, Gravity, Load};
pub use rigid::{RigidLink, RotationNode};
pub use solve::{Answer, Statics, imbalance};
pub(crate) use springs::couplings as spring_couplings;
pub use springs::{Spring, SpringLaw};
pub use stresses::Stresses;
pub(crate) use stresses::{Carrier, continuation};
pub use tie::{Tie, tie};

use crate::assembly::{Assembler, AssemblyError};
use crate::elements::Section;
use crate::linear::{BlockMatrix, Choice, System};
use elimination::{Elimination, Role};
use std::collections::BTreeMap;

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

/// Body with its constraints, assembled: the constraints do not contradict each other and every part is held.
#[derive(Debug)]
pub struct Assembled<'a> {
    body: &'a Body,
    elimination: Elimination,
    /// Tᵀ K T.
    matrix: BlockMatrix,
    system: System,
}

impl<'a> Assembled<'a> {
    /// Checks the constraints and assembles the constrained stiffness.
    ///
    /// # Errors
    /// [`StaticsError`] of the kind [`ErrorKind::Input`]: constraints that contradict each other, inverted
    /// cells, parts that are not held.
    pub fn new(body: &'a Body, constraints: &Constraints) -> Result<Self, StaticsError> {
        let mesh = body.mesh();
        let elimination = Elimination::new(constraints, &body.active(&constraints.frames))?;
        let motions = freedom::free_motions(body, constraints, &elimination);
        if !motions.is_empty() {
            return Err(StaticsError::UnderConstrained { motions });
        }
        let (sections, section_of) = sections(body);
        let mut matrix = Assembler::new(mesh.n_nodes(), mesh, &springs::couplings(body.springs()))
            .and_then(|a| a.assemble(mesh.points(), &sections, &section_of))
            .map_err(as_statics)?;
        springs::add_stiffness(body.springs(), &mut matrix);
        let matrix = reduce::reduce(matrix, &elimination);
        let system = system(body, &elimination);
        Ok(Self { body, elimination, matrix, system })
    }

    /// Unknowns that are neither supported nor eliminated.
    pub fn free_dofs(&self) -> usize {
        self.elimination.roles.iter().filter(|r| **r == Role::Free).count()
    }

    /// Bytes of the matrix.
    pub fn matrix_bytes(&self) -> usize {
        let m = &self.matrix;
        size_of_val(m.row_starts.as_slice())
            + size_of_val(m.columns.as_slice())
            + size_of_val(m.blocks.as_slice())
    }
}

/// One section for each material, frame and formulation that occur together.
fn sections(body: &Body) -> (Vec<Section>, Vec<u32>) {
    let mut numbers: BTreeMap<(u32, Option<u32>, Formulation), u32> = BTreeMap::new();
    let mut sections = Vec::new();
    let mut section_of = Vec::with_capacity(body.cells().len());
    for (cell, p) in body.cells().iter().enumerate() {
        let number = numbers.entry((p.material, p.frame, p.formulation)).or_insert_with(|| {
            let (stiffness, element) = (body.material(cell).stiffness, p.formulation.element());
            sections.push(Section { stiffness, element });
            sections.len() as u32 - 1
        });
        section_of.push(*number);
    }
    (sections, section_of)
}

pub(crate) fn as_statics(error: AssemblyError) -> StaticsError {
    match error {
        AssemblyError::Inverted { cell, jacobian } => StaticsError::Inverted { cell, jacobian },
        AssemblyError::TooManyNeighbors { node, neighbors } => {
            StaticsError::TooManyNeighbors { node, neighbors }
        }
        AssemblyError::NoSuchNode { node, .. } => StaticsError::NoSuchNode { what: "a cell", node },
        AssemblyError::NoSuchSection { .. }
        | AssemblyError::WrongShape { .. }
        | AssemblyError::Length { .. }
        | AssemblyError::NotCoupled { .. } => unreachable!("a checked body fits its own sections: {error}"),
    }
}

/// What the linear solver may know of the unknowns.
///
/// A mid-edge node counts as a corner where it or a corner of its edge has its own frame or is eliminated: the
/// mean of unknowns along different axes, or of one that stands alone, means nothing.
pub(crate) fn system(body: &Body, elimination: &Elimination) -> System {
    let mesh = body.mesh();
    let coordinates: Vec<[f64; 3]> = mesh.points().iter().map(|p| (*p).into()).collect();
    let special = elimination.special();
    let mut parents = mesh.parents();
    for node in 0..parents.len() {
        let [a, b] = parents[node];
        if special[node] || special[a as usize] || special[b as usize] {
            parents[node] = [node as u32; 2];
        }
    }
    let plain = !elimination.has_frames() && elimination.rotations.is_empty();
    let modes = if plain { Vec::new() } else { modes(mesh.points(), elimination) };
    System { coordinates, parents, modes }
}

/// Rigid motions along the axes of the unknowns.
fn modes(points: &[dens_mesher::Vec3], elimination: &Elimination) -> Vec<[[f64; 6]; 3]> {
    let row = |(node, p): (usize, &dens_mesher::Vec3)| {
        let turn = elimination.frame(node).transpose();
        // ω × x = −[x]ₓ ω
        let spin = turn * -p.cross_matrix();
        std::array::from_fn(|r| std::array::from_fn(|c| if c < 3 { turn[(r, c)] } else { spin[(r, c - 3)] }))
    };
    let mut modes: Vec<[[f64; 6]; 3]> = points.iter().enumerate().map(row).collect();
    for rotation in &elimination.rotations {
        // A rigid motion turns the node by ω wherever it lies.
        let turn = rotation.length * elimination.frame(rotation.node as usize).transpose();
        modes[rotation.node as usize] =
            std::array::from_fn(|r| std::array::from_fn(|c| if c < 3 { 0.0 } else { turn[(r, c - 3)] }));
    }
    modes
}
