//! Supports, linear equations, rigid links and node frames.

use super::{RigidLink, RotationNode};
use nalgebra::Matrix3;

/// One component of the displacement of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dof {
    /// Number of the node.
    pub node: u32,
    /// Axis 0, 1 or 2, of the node's own frame where it has one.
    pub axis: u8,
}

/// Linear equation between displacements.
///
/// ```text
/// Σ coefficient · u(dof) = value
/// ```
/// The dof of the first term is eliminated, as in `*EQUATION`.
#[derive(Debug, Clone, PartialEq)]
pub struct Equation {
    /// Dofs with their coefficients; the first coefficient is not zero. A dof named twice counts with the sum.
    pub terms: Vec<(Dof, f64)>,
    /// Right-hand side, mm.
    pub value: f64,
}

/// How the nodes of a body are held.
///
/// A dof may be supported, be the first of one equation, or be linked to one rigid body, not two of these. An equation may use dofs that other
/// equations eliminate, as long as no dof depends on itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Constraints {
    /// Supported dofs; each load prescribes their displacements, zero unless it says otherwise.
    pub supports: Vec<Dof>,
    /// Equations.
    pub equations: Vec<Equation>,
    /// Nodes whose unknowns are rotations.
    pub rotations: Vec<RotationNode>,
    /// Dofs that move with a rigid body; each is eliminated like the first of an equation.
    pub links: Vec<RigidLink>,
    /// Local axes of nodes (`*TRANSFORM`): rotations whose columns are the axes in the global frame. Supports,
    /// equations and nodal forces at these nodes act along them.
    pub frames: Vec<(u32, Matrix3<f64>)>,
}
