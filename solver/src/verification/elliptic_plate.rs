//! NAFEMS LE10: thick elliptic plate under pressure.
//!
//! ```text
//! the ring of LE1, 0.6 thick, pressed by 1 MPa from above; symmetry on x = 0 and y = 0; on the outer wall
//! u_x = u_y = 0, and u_z = 0 on its middle line; σ_yy at D = (2, 0) on the upper face
//! ```

use super::elliptic_membrane::{outside, ring};
use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "LE10",
    title: "Thick elliptic plate: stress at the inner vertex",
    source: "NAFEMS LE10 (1990), -5.38 MPa; p-version -5.37 to -5.41",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for (formulation, n) in [(Formulation::Tet10, [8, 12, 4]), (Formulation::Hex20Reduced, [12, 18, 6])] {
        let mesh = block(formulation.shape(), n, true, |x| ring(x, 0.6));
        let mut problem = Problem::new(mesh, formulation, isotropic(210e3, 0.3))?;
        problem.fix(0, |p| near(p.x, 0.0) || outside(p));
        problem.fix(1, |p| near(p.y, 0.0) || outside(p));
        problem.fix(2, |p| outside(p) && near(p.z, 0.3));
        problem.press(1.0, |p| near(p.z, 0.6));
        let at = |p: Vec3| near(p.x, 2.0) && near(p.y, 0.0) && near(p.z, 0.6);
        let stress = problem.solve()?.mean_stress(at, |_, s| s[1])?;
        rows.push(Row::relative(&format!("{formulation:?}: σ_yy at D"), "MPa", -5.38, stress, 0.02));
    }
    Ok(rows)
}
