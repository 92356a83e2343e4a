//! Virtual bench: a device in a testing machine, from first touch to yield.
//!
//! ```text
//!          push rod: one joint, moved along its axis or turned about it
//!        ┌────▼────┐
//!        │  block  │   rigid, fits the upper face (ASTM F2077: steel blocks with mating faces)
//!        ╞═════════╡   sliding with friction, or gripped
//!        │ device  │   metal and lattice, elastic or yielding
//!        ╞═════════╡
//!        │  block  │   rigid and fixed; or foam that yields (ASTM F2267), fixed at its bottom
//!        └─────────┘
//! ```
//! [`Rig`] is the setup, [`Machine`] the push rod, [`Course`] what was measured; [`curve`] reads stiffness and yield off it.
//! Small displacements: neither the tilt of the blocks nor the flattening of a device of some percent of its height changes
//! the geometry that equilibrium sees.

mod blocks;
pub mod coupon;
pub mod curve;
mod rig;
mod run;
pub mod submodel;
#[cfg(test)]
mod tests;

pub use blocks::{boundary, bricks};
pub use rig::{Against, BenchError, Hold, Part, Rig, Seat};
pub use run::{Course, Drive, Machine, Snapshot};
