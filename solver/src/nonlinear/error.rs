//! Why a nonlinear problem could not be solved.

use super::laws::Fault;
use super::newton::Iteration;
use crate::statics::{ErrorKind, Formulation, StaticsError};
use std::fmt;
use thiserror::Error;

/// Why a nonlinear problem could not be solved. Cells, nodes and so on are numbered as given, from 0.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum NonlinearError {
    /// The body, its constraints or loads are wrong, or a limit of memory was hit.
    #[error(transparent)]
    Statics(#[from] StaticsError),
    /// A formulation without nonlinear kinematics.
    #[error("cell {cell}: {element} has internal modes and cannot be used in a nonlinear step; take C3D8 or C3D20", element = formulation.abaqus_type())]
    Formulation {
        /// Number of the cell.
        cell: usize,
        /// Its formulation.
        formulation: Formulation,
    },
    /// A number of laws other than the number of materials.
    #[error("the body has {expected} materials, found {found} laws")]
    Laws {
        /// Materials.
        expected: usize,
        /// Laws given.
        found: usize,
    },
    /// Heat in a nonlinear step.
    #[error("a rise of temperature cannot act in a nonlinear step")]
    Heat,
    /// A stepping or a tolerance out of range.
    #[error("{what} must be {range}, found {value}")]
    Option {
        /// Name of the number.
        what: &'static str,
        /// Its range in words.
        range: &'static str,
        /// Number found.
        value: f64,
    },
    /// An interaction wrote a tangent block outside of its couplings.
    #[error("{interaction} couples nodes {row} and {column} without having said so")]
    NotCoupled {
        /// Name of the interaction.
        interaction: String,
        /// Row node.
        row: u32,
        /// Column node.
        column: u32,
    },
    /// A checkpoint that does not fit the model.
    #[error("checkpoint: {0}")]
    Checkpoint(String),
    /// No equilibrium at the least increment, or no increments left.
    #[error(transparent)]
    NotConverged(Box<NotConverged>),
}

impl NonlinearError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Statics(e) => e.kind(),
            Self::NotConverged(_) => ErrorKind::NoConvergence,
            _ => ErrorKind::Input,
        }
    }
}

/// Where and how equilibrium could not be found.
#[derive(Debug, Clone, PartialEq, Error)]
pub struct NotConverged {
    /// Index of the stage.
    pub stage: usize,
    /// Number of the increment that failed, from 1, counted through all stages.
    pub increment: u64,
    /// Load factor of the stage last in equilibrium.
    pub reached: f64,
    /// Load factor that was tried.
    pub tried: f64,
    /// What went wrong in the last attempt.
    pub cause: Cause,
    /// Iterations of the last attempt.
    pub history: Vec<Iteration>,
    /// The place of the worst residual of the last attempt; `None` where no residual could be computed.
    pub worst: Option<Worst>,
    /// What the interactions said of their worst places.
    pub interactions: Vec<String>,
}

/// A node with a residual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Worst {
    /// Number of the node.
    pub node: usize,
    /// Its place on the undeformed body, mm.
    pub place: [f64; 3],
    /// Force out of balance, N.
    pub force: [f64; 3],
}

impl fmt::Display for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([x, y, z], [a, b, c]) = (self.place, self.force);
        let size = (a * a + b * b + c * c).sqrt();
        write!(f, "node {} at ({x:.3}, {y:.3}, {z:.3}), {size:.3e} N out of balance", self.node)
    }
}

/// Why an attempt at an increment failed.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// A law had no stress.
    Point {
        /// Number of the cell.
        cell: usize,
        /// Its integration point.
        point: usize,
        /// What went wrong there.
        fault: Fault,
    },
    /// Iterations did not bring the residual down.
    Stalled,
    /// Multipliers of an interaction did not settle.
    Augmentation,
    /// The geometry of an interaction changed again with every equilibrium found on it.
    Geometry,
    /// The linear solver failed.
    Linear(crate::linear::LinearError),
    /// The stage needs more increments than allowed.
    Increments,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Point { cell, point, fault } => write!(f, "cell {cell}, point {point}: {fault}"),
            Self::Stalled => write!(f, "the residual does not fall"),
            Self::Augmentation => write!(f, "the multipliers do not settle"),
            Self::Geometry => write!(f, "surfaces slide or turn too far for one increment"),
            Self::Linear(e) => write!(f, "{e}"),
            Self::Increments => write!(f, "no increments left"),
        }
    }
}

impl fmt::Display for NotConverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stage, increment) = (self.stage + 1, self.increment);
        write!(
            f,
            "no equilibrium in step {stage}, increment {increment}: load factor {:.6} was reached, {:.6} not: {}",
            self.reached, self.tried, self.cause
        )?;
        if let Some(worst) = &self.worst {
            write!(f, "; worst: {worst}")?;
        }
        self.interactions.iter().filter(|w| !w.is_empty()).try_for_each(|w| write!(f, "; {w}"))?;
        if !self.history.is_empty() {
            let residuals: Vec<String> = self.history.iter().map(|i| format!("{:.1e}", i.residual)).collect();
            write!(f, "; relative residuals {}", residuals.join(" "))?;
        }
        Ok(())
    }
}
