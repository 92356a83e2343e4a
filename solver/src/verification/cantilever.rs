//! Cantilever with a force at its tip.
//!
//! ```text
//! ▒|============== ↓ 1 N     10 × 1 × 1 mm, E = 1000 MPa, ν = 0.3
//! w = P L³ / (3 E I) + P L / (5/6 G A) = 4.031 mm
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "BEAM",
    title: "Cantilever of a thick beam",
    source: "Timoshenko (1921), Philos. Mag. 41, 744-746",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let cases = [
        (Formulation::Tet10, [24, 4, 4]),
        (Formulation::Hex20Reduced, [12, 2, 2]),
        (Formulation::Wedge15, [16, 2, 2]),
        (Formulation::Hex8Incompatible, [24, 4, 4]),
    ];
    for (formulation, n) in cases {
        let mesh = block(formulation.shape(), n, false, |x| Vec3::new(10.0 * x.x, x.y, x.z));
        let mut problem = Problem::new(mesh, formulation, isotropic(1000.0, 0.3))?;
        // As in beam theory the root keeps its plane and may contract: across, only its middle lines are held.
        problem.hold(|p| {
            let root = near(p.x, 0.0);
            [root, root && near(p.y, 0.5), root && near(p.z, 0.5)].map(|held| held.then_some(0.0))
        });
        problem.pull(Vec3::new(0.0, 0.0, -1.0), |p| near(p.x, 10.0));
        let solved = problem.solve()?;
        let found = solved.mean(|p| near(p.x, 10.0), |_, u| -u.z);
        rows.push(Row::relative(&format!("{formulation:?}: tip"), "mm", 4.031, found, 0.01));
    }
    Ok(rows)
}
