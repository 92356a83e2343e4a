//! Cube squeezed between bonded plates, up to nearly incompressible.
//!
//! ```text
//! ======   u = 0 below, u = (0, 0, −δ) above, sides free;  E_a = F / (A ε),  4 × 4 × 4 bricks of six tet10
//! |    |
//! ======
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;

pub(super) const CHECK: Check = Check {
    id: "INC",
    title: "Bonded cube: apparent modulus up to a Poisson's ratio of 0.4999",
    source: "independent p-version code, about 0.05 %",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let targets = [(0.3, 1.0639), (0.45, 1.1729), (0.49, 1.2201), (0.499, 1.2324), (0.4999, 1.2337)];
    let mut rows = Vec::new();
    for (nu, target) in targets {
        // Beyond 0.45 `Problem` takes mean dilatation, as a deck does.
        let mesh = block(Formulation::Tet10.shape(), [4; 3], false, |x| x);
        let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(1.0, nu))?;
        problem.hold(|p| match (near(p.z, 0.0), near(p.z, 1.0)) {
            (true, _) => [Some(0.0); 3],
            (_, true) => [Some(0.0), Some(0.0), Some(-0.01)],
            _ => [None; 3],
        });
        let found = -problem.solve()?.reaction(|p| near(p.z, 1.0)).z / 0.01;
        rows.push(Row::relative(&format!("ν = {nu}: E_a / E"), "", target, found, 0.015));
    }
    Ok(rows)
}
