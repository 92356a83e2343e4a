//! What a deck says beside solids: rigid bodies and couplings with their reference nodes, springs, stresses at rest.

use super::model::{Deck, Target};
use super::source::Place;

/// Nodes that follow a reference node, or that it follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Coupling {
    /// What binds them.
    pub kind: CouplingKind,
    /// The nodes.
    pub on: Nodes,
    /// Reference node.
    pub reference: u32,
    /// Node whose displacements are the rotations of the reference node.
    pub rotation: u32,
    /// Where.
    pub place: Place,
}

/// How nodes and their reference node are bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CouplingKind {
    /// `*RIGID BODY`: all displacements follow the reference node.
    Rigid,
    /// `*KINEMATIC`: displacements along these axes follow it.
    Kinematic([bool; 3]),
    /// `*DISTRIBUTING`: these displacements and rotations of the reference node are the means of the nodes.
    Distributing([bool; 6]),
}

impl CouplingKind {
    /// Keyword that gives it.
    pub fn card(self) -> &'static str {
        match self {
            Self::Rigid => "*RIGID BODY",
            Self::Kinematic(_) => "*KINEMATIC",
            Self::Distributing(_) => "*DISTRIBUTING",
        }
    }
}

/// Nodes of a coupling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes {
    /// Key of a node set.
    Set(String),
    /// Key of an element set: the nodes of its elements.
    Elements(String),
    /// Key of a surface.
    Surface(String),
}

/// Reference node with the node of its rotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turning {
    /// Reference node.
    pub reference: u32,
    /// Rotation node.
    pub rotation: u32,
}

/// Spring element.
#[derive(Debug, Clone, PartialEq)]
pub struct Spring {
    /// Label of the element.
    pub label: u32,
    /// Nodes: one of a spring to the ground, else two.
    pub nodes: Vec<u32>,
    /// Axes from 0, one for each node; `None` of a spring along the line between its nodes.
    pub axes: Option<[u8; 2]>,
    /// Elongation and force, elongations ascending; one point is the stiffness at elongation 1.
    pub curve: Vec<(f64, f64)>,
    /// Where its `*SPRING` stands.
    pub place: Place,
}

impl Spring {
    /// Whether its force is not in proportion to its elongation.
    pub fn is_nonlinear(&self) -> bool {
        1 < self.curve.len()
    }
}

/// Stress at rest.
#[derive(Debug, Clone, PartialEq)]
pub struct InitialStress {
    /// Elements.
    pub target: Target,
    /// Integration point from 0; all of them for `None`.
    pub point: Option<u32>,
    /// xx yy zz xy xz yz, global axes.
    pub stress: [f64; 6],
    /// Where.
    pub place: Place,
}

impl Deck {
    /// Rotation node of a reference node.
    pub fn rotation_of(&self, node: u32) -> Option<u32> {
        self.turning.iter().find(|t| t.reference == node).map(|t| t.rotation)
    }

    /// Number of nodes that the deck itself gives; those after them were made for rotations.
    pub fn n_own_nodes(&self) -> usize {
        self.nodes.labels.len() - self.made_nodes
    }

    /// Node of a label, made at a place beyond all others: a reference or rotation node that the deck leaves out.
    pub(super) fn make_node(&mut self, at: dens_mesher::Vec3) -> Option<u32> {
        let label = self.nodes.labels.last().map_or(Some(1), |l| l.checked_add(1))?;
        self.nodes.labels.push(label);
        self.nodes.points.push(at);
        self.made_nodes += 1;
        Some(self.nodes.labels.len() as u32 - 1)
    }
}
