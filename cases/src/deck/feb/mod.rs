//! FEBio files, version 4.0: geometry, sets, linear elastic materials, held nodes, nodal forces, pressures. To be solved
//! they may also have hyperelastic materials, rigid bodies and contact; what is not understood is then an error.
//!
//! Parts carry the name of the set of their section. A part that FEBio's shape names do not tell apart from another
//! element type ends in `_C3D8I` or `_C3D20R`, so that the way back is exact. A support or force on a single node uses
//! a set named `node_LABEL`.

mod contact;
mod read;
mod rigid;
mod solid;
mod time;
mod write;

pub use read::{read, read_to_solve};
pub use write::write;

use super::kind::Kind;

/// Name of the part of elements without a section.
const UNASSIGNED: &str = "unassigned";

/// Start of the name of a set of one node.
const SINGLE: &str = "node_";

/// Element types whose FEBio shape is that of another type.
const MARKED: [Kind; 2] = [Kind::C3d8i, Kind::C3d20r];

/// Poisson's ratio ν₃₁ whose way back to ν₁₃ = ν₃₁ E₁ / E₃ is exact, or the nearest there is.
fn reciprocal(nu13: f64, e1: f64, e3: f64) -> f64 {
    let plain = nu13 * e3 / e1;
    let around =
        [plain, plain.next_up(), plain.next_down(), plain.next_up().next_up(), plain.next_down().next_down()];
    around.into_iter().find(|nu31| back(*nu31, e1, e3) == nu13).unwrap_or(plain)
}

/// ν₁₃ of ν₃₁.
fn back(nu31: f64, e1: f64, e3: f64) -> f64 {
    nu31 * e1 / e3
}
