//! Contact patch test: a uniform pressure crosses a closed interface of non-matching meshes.

use super::tied_patch::{solved, stack, worst};
use super::{Check, Row, VerificationError};
use crate::loads::contact::Law;

pub(super) const CHECK: Check = Check {
    id: "C1",
    title: "Contact patch: non-matching tet10 meshes, with and without friction",
    source: "Taylor & Papadopoulos (1991), in: Nonlinear Computational Mechanics",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    // Without friction nothing else would hold the upper block: a hundredth of the usual friction, unused.
    for friction in [0.005, 0.3] {
        let [pressure, shear] = worst(&solved(&stack(Law::Sliding { friction }, 1000.0, |_| 0.0))?);
        rows.push(Row::vanishing(&format!("friction {friction}: pressure"), "", pressure, 1e-8));
        rows.push(Row::vanishing(&format!("friction {friction}: shear"), "", shear, 1e-8));
    }
    Ok(rows)
}
