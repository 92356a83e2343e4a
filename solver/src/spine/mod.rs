//! The neck as rigid bones that turn by any angle, held by cartilage, discs, ligaments and fixation.
//!
//! ```text
//! x = c + R (X − C)        y = C_q + R_qᵀ (x − c_q)        Ψ = Σ links ψ(y₁ … y_n)        r = ∂Ψ − loads = 0
//! ```
//! Reading order: [`Pose`] (a bone), [`Link`] (what acts between two bones), [`Cable`] and [`Wrapped`] (ligaments, preload),
//! [`Bed`] (cartilage), [`PoseLaw`] (disc or fixation with six degrees of freedom), [`Column`] (equilibrium).
//!
//! Every link is an energy of places of the points of one bone as the other one sees them. It therefore has no force
//! under a rotation of everything, its forces balance in force and moment, and its tangent is exact.
//!
//! Guaranteed: same bits every time; loads in equilibrium to the tolerance of [`Options`]. Not covered: bones that
//! deform, friction, rate. Compare with finite elements where the share of the load within a bone matters.

mod bed;
mod cable;
mod column;
mod curve;
mod link;
mod pose_law;
mod surface;
#[cfg(test)]
mod tests;

pub use bed::{Bed, Spot};
pub use cable::{Cable, Wrapped};
pub use column::{Column, Equilibrium, Freedom, Load, Options, SpineError};
pub use curve::Curve;
pub use link::{Anchors, Link, Pose, Response, Wrench};
pub use pose_law::PoseLaw;
pub use surface::{Post, Quadric, Surface};
