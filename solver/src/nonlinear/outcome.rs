//! What an analysis shows while it runs, and how it ends.

use super::newton::Iteration;
use super::{Interaction, State};
use dens_mesher::Vec3;

/// An increment that was accepted, as shown to the observer.
pub struct Accepted<'s> {
    /// State without the interactions, see [`Accepted::checkpoint`].
    pub state: &'s State,
    /// Displacement of each node, mm.
    pub displacements: &'s [Vec3],
    /// Reaction of each constrained node, N; as in [`crate::statics::Answer::reactions`].
    pub reactions: &'s [Vec3],
    /// Error of equilibrium between applied forces and reactions, as in [`crate::statics::Answer::reaction_error`].
    pub reaction_error: f64,
    /// Applied force of each node, followers included, N.
    pub applied: &'s [Vec3],
    /// Iterations of all Newton solves of the increment.
    pub iterations: &'s [Iteration],
    /// Updates of multipliers that needed another Newton solve.
    pub augmentations: usize,
    pub(super) interactions: &'s [Box<dyn Interaction>],
}

impl Accepted<'_> {
    /// Interactions, in the order given, as they are in this equilibrium.
    pub fn interactions(&self) -> &[Box<dyn Interaction>] {
        self.interactions
    }

    /// State from which [`Analysis::run`](super::Analysis::run) goes on with the same bits.
    pub fn checkpoint(&self) -> State {
        let interactions = self.interactions.iter().map(|i| i.checkpoint()).collect();
        State { interactions, ..self.state.clone() }
    }
}

/// How an analysis ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// All loads were reached.
    Completed(State),
    /// The body can carry no more: no equilibrium beyond this state, and its tangent shows why.
    Collapsed {
        /// Last equilibrium.
        state: State,
        /// Load factor of the stage up to which there is equilibrium.
        load_factor: f64,
        /// Least load factor for which none was found: the limit lies between the two.
        tried: f64,
        /// Stiffness along the load over that at the start of the stage; `None` where the tangent is not positive
        /// definite.
        stiffness: Option<f64>,
    },
    /// The observer asked to stop.
    Stopped(State),
}

impl Outcome {
    /// Last equilibrium.
    pub fn state(&self) -> &State {
        match self {
            Self::Completed(state) | Self::Stopped(state) | Self::Collapsed { state, .. } => state,
        }
    }
}
