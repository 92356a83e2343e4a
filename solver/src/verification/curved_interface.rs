//! Curved interface: what one side feels is what the other gives.

use super::tied_patch::{P, solved, stack};
use super::{Check, Row, VerificationError};
use crate::loads::contact::Law;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "C10",
    title: "Curved interface of non-matching meshes: forces and moments in equilibrium",
    source: "exact",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let saddle = |p: Vec3| 0.08 * ((p.x - 1.0).powi(2) - (p.y - 1.0).powi(2)) + 0.05 * (p.x - 1.0);
    let mut rows = Vec::new();
    for (name, law) in [("bonded", Law::Bonded), ("friction 0.5", Law::Sliding { friction: 0.5 })] {
        let solution = solved(&stack(law, 3000.0, saddle))?;
        // The load of 4 mm² · P acts down; the interface carries all of it.
        let carried = (solution.contacts[0].force - Vec3::new(0.0, 0.0, 4.0 * P)).norm() / (4.0 * P);
        rows.push(Row::vanishing(&format!("{name}: force across the interface, error"), "", carried, 1e-8));
        let balance = solution.balance;
        rows.push(Row::vanishing(&format!("{name}: forces left over"), "", balance.force_error, 1e-10));
        rows.push(Row::vanishing(&format!("{name}: moments left over"), "", balance.moment_error, 1e-8));
    }
    Ok(rows)
}
