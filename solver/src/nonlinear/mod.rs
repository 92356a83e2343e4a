//! Quasi-static equilibrium of bodies that yield, stretch, or touch.
//!
//! ```text
//! Tᵀ (f_int(u, h) + Σ f_interaction(u) − f_applied(t, u)) = 0        u = T ũ + u₀(t)        t: load factor
//! ```
//! Reading order: [`laws`] (stress at a point), `cell` (kinematics), `cells` (the body), [`Interaction`] (contact
//! and other forces between nodes), `pressure` (follower loads), `equilibrium` (residual and tangent), `tangent`
//! (linear solves), `newton` (one increment), [`Analysis`] (stages, increments, collapse), [`State`] (checkpoints).
//!
//! Mesh, constraints, loads and formulations are those of [`crate::statics`]. Kinematics follow from the law of each
//! material: small strain on the undeformed body, or finite strain; both may stand side by side.
//!
//! Guaranteed: the same bits for any thread count, and from a checkpoint the same bits as without the break. An
//! analysis ends in [`Outcome::Completed`], in [`Outcome::Collapsed`] (a limit load, with evidence), or in an error
//! that names increment, place and history. Not covered: inertia, rate, heat, descending branches beyond a limit load.

mod cell;
mod cells;
mod collapse;
mod equilibrium;
mod error;
mod interaction;
pub mod laws;
mod newton;
mod outcome;
mod pressure;
mod run;
mod springs;
mod stage;
mod state;
mod tangent;

pub use cell::PointState;
pub use error::{Cause, NonlinearError, NotConverged, Worst};
pub use interaction::{Augmentation, Interaction, TangentSink};
pub use newton::Iteration;
pub use outcome::{Accepted, Outcome};
pub use run::Analysis;
pub use stage::{Options, Stage, Stepping};
pub use state::State;

#[cfg(test)]
mod tests;
