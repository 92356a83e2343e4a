//! NAFEMS LE1: elliptic membrane under outward pressure.
//!
//! ```text
//!   y                 (x/3.25)² + (y/2.75)² = 1 outside, pulled by 10 MPa
//!   | \               (x/2)² + y² = 1 inside, free; symmetry on x = 0 and y = 0
//!   |   \             E = 210 GPa, ν = 0.3, plane stress: thickness 0.02, free
//!    `.   D__|  x     σ_yy at D = (2, 0)
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use std::f64::consts::FRAC_PI_2;

pub(super) const CHECK: Check = Check {
    id: "LE1",
    title: "Elliptic membrane: stress at the inner vertex",
    source: "NAFEMS LE1 (1990); converged 92.658 by an independent p-version code",
    run,
};

/// Quarter of the elliptic ring: x.x from the inner to the outer ellipse, x.y from the x axis to the y axis.
pub(super) fn ring(x: Vec3, thickness: f64) -> Vec3 {
    let (sin, cos) = (FRAC_PI_2 * x.y).sin_cos();
    // Finer toward the inner ellipse, where the stress varies.
    let s = x.x * (0.5 + 0.5 * x.x);
    let radii = [2.0 + 1.25 * s, 1.0 + 1.75 * s];
    Vec3::new(radii[0] * cos, radii[1] * sin, thickness * x.z)
}

/// Whether `p` lies on the outer ellipse.
pub(super) fn outside(p: Vec3) -> bool {
    near((p.x / 3.25).hypot(p.y / 2.75), 1.0)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for (formulation, n) in [(Formulation::Tet10, [10, 16, 1]), (Formulation::Hex20Reduced, [8, 12, 1])] {
        let mesh = block(formulation.shape(), n, true, |x| ring(x, 0.02));
        let mut problem = Problem::new(mesh, formulation, isotropic(210e3, 0.3))?;
        problem.fix(0, |p| near(p.x, 0.0));
        problem.fix(1, |p| near(p.y, 0.0));
        problem.fix(2, |p| near(p.z, 0.0));
        problem.press(-10.0, outside);
        let at = |p: Vec3| near(p.x, 2.0) && near(p.y, 0.0);
        let stress = problem.solve()?.mean_stress(at, |_, s| s[1])?;
        rows.push(Row::relative(&format!("{formulation:?}: σ_yy at D"), "MPa", 92.658, stress, 0.01));
    }
    Ok(rows)
}
