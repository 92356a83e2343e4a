//! Quasi-static equilibrium of bodies that yield, stretch, or touch: laws, kinematics, load stepping, Newton.

mod cell;
mod interaction;
pub mod laws;

pub use interaction::{Augmentation, Interaction, TangentSink};
