//! Spherical cavity in a wide solid under tension.
//!
//! ```text
//! octant of the shell 1 ≤ r ≤ 10, traction S e_z (e_z·n) outside; the disturbance falls as r⁻³
//! σ_zz at the equator of the cavity = (27 − 15 ν) / (2 (7 − 5 ν)) S
//! ```

use super::problem::{Problem, near};
use super::sphere::octant;
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "GOODIER",
    title: "Stress concentration at a spherical cavity",
    source: "Goodier (1933), J. Appl. Mech. 1, 39-44; Timoshenko & Goodier (1970), 3rd ed., §137",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let (nu, e, outer) = (0.3, 1000.0, 10.0);
    let mesh = octant(Formulation::Tet10, [1.0, outer], 9, 20, 1.3);
    let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(e, nu))?;
    (0..3).for_each(|axis| problem.fix(axis, |p| near(p[axis], 0.0)));
    // Far away the strain is uniform: its displacement is prescribed there.
    problem.hold(|p| {
        let far = near(p.norm(), outer);
        [-nu * p.x / e, -nu * p.y / e, p.z / e].map(|u| far.then_some(u))
    });
    let at = |p: Vec3| near(p.z, 0.0) && near(p.norm(), 1.0);
    let stress = problem.solve()?.mean_stress(at, |_, s| s[2])?;
    let target = (27.0 - 15.0 * nu) / (2.0 * (7.0 - 5.0 * nu));
    Ok(vec![Row::relative("σ_zz at the equator over the tension", "", target, stress, 0.01)])
}
