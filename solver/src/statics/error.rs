//! Why a body could not be solved.

use super::{Dof, Formulation, FreeMotion};
use crate::linear::LinearError;
use dens_mesher::mixed::Shape;
use thiserror::Error;

/// What the caller can do about a [`StaticsError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The model is wrong or incomplete.
    Input,
    /// The linear solver did not converge or met a value that is not a number.
    NoConvergence,
    /// A stated limit does not suffice.
    Limit,
}

/// Why a body could not be solved. Cells, nodes and so on are numbered as given, from 0.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StaticsError {
    /// No cells.
    #[error("the mesh has no cells")]
    Empty,
    /// A list of the wrong length.
    #[error("{what}: expected {expected} entries, found {found}")]
    Count {
        /// What the list holds.
        what: &'static str,
        /// Entries needed.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// A material whose stiffness is not symmetric and positive definite or whose density is negative.
    #[error(
        "material {material}: the stiffness must be symmetric and positive definite, the density not negative"
    )]
    BadMaterial {
        /// Index of the material.
        material: usize,
    },
    /// A frame whose columns are not right-handed orthonormal axes.
    #[error("{what} {number} is not a rotation")]
    NotARotation {
        /// Kind of frame.
        what: &'static str,
        /// Index of the material frame or number of the node.
        number: usize,
    },
    /// A formulation on a cell of another shape.
    #[error("cell {cell} is a {shape} and cannot be a {element}", shape = shape.name(), element = formulation.abaqus_type())]
    WrongShape {
        /// Number of the cell.
        cell: usize,
        /// Its shape.
        shape: Shape,
        /// Formulation asked for.
        formulation: Formulation,
    },
    /// A material that does not exist.
    #[error("cell {cell} has material {material}, which does not exist")]
    NoSuchMaterial {
        /// Number of the cell.
        cell: usize,
        /// Index named.
        material: u32,
    },
    /// A material frame that does not exist.
    #[error("cell {cell} has frame {frame}, which does not exist")]
    NoSuchFrame {
        /// Number of the cell.
        cell: usize,
        /// Index named.
        frame: u32,
    },
    /// A node that does not exist.
    #[error("{what} names node {node}, which does not exist")]
    NoSuchNode {
        /// What names it.
        what: &'static str,
        /// Number named.
        node: u32,
    },
    /// An axis other than 0, 1 or 2.
    #[error("{what} names axis {axis} of node {node}: there are 0, 1 and 2", axis = dof.axis, node = dof.node)]
    NoSuchAxis {
        /// What names it.
        what: &'static str,
        /// Dof named.
        dof: Dof,
    },
    /// A cell or facet that does not exist.
    #[error("{what} names facet {facet} of cell {cell}, which does not exist")]
    NoSuchFacet {
        /// What names it.
        what: &'static str,
        /// Cell named.
        cell: u32,
        /// Facet named; 0 for a load on the whole cell.
        facet: u8,
    },
    /// A force on a node that nothing holds and nothing hangs on.
    #[error("a force acts on axis {axis} of node {node}, which belongs to no cell and no equation", axis = dof.axis, node = dof.node)]
    LooseForce {
        /// Dof it acts on.
        dof: Dof,
    },
    /// A node with two frames.
    #[error("node {node} has two frames")]
    TwoFrames {
        /// Number of the node.
        node: u32,
    },
    /// A number that is not finite, or an axis of rotation without direction.
    #[error("{what} is not a finite number, or a direction without length")]
    BadNumber {
        /// What the number is.
        what: &'static str,
    },
    /// An equation whose first term is missing or has the coefficient zero.
    #[error("equation {equation} has no first term to eliminate")]
    NoFirstTerm {
        /// Index of the equation.
        equation: usize,
    },
    /// A dof in two supports, in a support and eliminated, or eliminated twice.
    #[error("axis {axis} of node {node} is over-constrained: {first} and {second}", axis = dof.axis, node = dof.node)]
    OverConstrained {
        /// The dof.
        dof: Dof,
        /// First constraint.
        first: ConstraintName,
        /// Second constraint.
        second: ConstraintName,
    },
    /// Equations in a circle.
    #[error("equation {equation} makes axis {axis} of node {node} depend on itself", axis = dof.axis, node = dof.node)]
    Cycle {
        /// Index of an equation in the circle.
        equation: usize,
        /// Dof it eliminates.
        dof: Dof,
    },
    /// A cell turned inside out or without volume.
    #[error("cell {cell} is inverted: volume ratio {jacobian:.3e} mm³")]
    Inverted {
        /// Number of the cell.
        cell: usize,
        /// Volume ratio det ∂x/∂ξ, mm³.
        jacobian: f64,
    },
    /// Parts that can move without resistance.
    #[error("the model is not held: {}", motions.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    UnderConstrained {
        /// Free motions, one per missing support.
        motions: Vec<FreeMotion>,
    },
    /// The chosen solver needs more memory than allowed.
    #[error("the {solver} solver needs about {needed} bytes, allowed are {limit}")]
    Memory {
        /// Name of the solver.
        solver: &'static str,
        /// Forecast, bytes.
        needed: u64,
        /// Limit, bytes.
        limit: u64,
    },
    /// A node is coupled to too many others.
    #[error("node {node} is coupled to {neighbors} nodes: at most 65536")]
    TooManyNeighbors {
        /// Number of the node.
        node: usize,
        /// Nodes coupled to it.
        neighbors: usize,
    },
    /// The linear solver failed.
    #[error(transparent)]
    Linear(#[from] LinearError),
}

/// Names a constraint in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintName {
    /// Index into [`super::Constraints::supports`].
    Support(usize),
    /// Index into [`super::Constraints::equations`].
    Equation(usize),
}

impl std::fmt::Display for ConstraintName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Support(i) => write!(f, "support {i}"),
            Self::Equation(i) => write!(f, "equation {i}"),
        }
    }
}

impl StaticsError {
    /// What the caller can do about it. A singular matrix is a model that is not held.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Memory { .. } => ErrorKind::Limit,
            Self::Linear(LinearError::NotConverged { .. } | LinearError::NotFinite { .. }) => {
                ErrorKind::NoConvergence
            }
            _ => ErrorKind::Input,
        }
    }
}
