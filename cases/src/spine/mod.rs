//! The upper neck as a mechanism: rigid bones from the anatomy, with cartilage, discs, ligaments and fixation between
//! them, and its range of motion.
//!
//! ```text
//! Spine + neck.toml -> Neck (anatomy, ligaments, disc) -> Column -> Motion (range of motion, shares of load)
//! ```
//! C0 has no surface of its own: its condyles are C1's superior facets, raised by the cartilage. C4 is held.

mod anatomy;
mod disc;
mod ligaments;
mod motion;
pub mod ring;
mod rods;
#[cfg(test)]
mod tests;
mod tissue;

pub use anatomy::{Condition, Neck};
pub use disc::{DiscLaw, axial_stiffness, measure};
pub use ligaments::Book;
pub use motion::{Direction, LEVELS, Motion, Shares, attempts, range_of_motion, shares};
pub use tissue::Disc;
