//! Thick sphere under internal pressure.
//!
//! ```text
//! octant of the shell 10 ≤ r ≤ 20 mm, p = 100 MPa inside, E = 210 GPa; symmetry on the three planes
//! σ_θ(r) = p a³ / (b³ − a³) · (1 + b³ / (2 r³))
//! u(r)   = p a³ r / (E (b³ − a³)) · (1 − 2 ν + (1 + ν) b³ / (2 r³))
//! ```

use super::mesh::joined;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::{isotropic, stress_tensor};
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use std::f64::consts::FRAC_PI_4;

pub(super) const CHECK: Check = Check {
    id: "SPHERE",
    title: "Thick sphere under internal pressure, compressible and nearly incompressible",
    source: "Lamé (1852); Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §136",
    run,
};

const A: f64 = 10.0;
const B: f64 = 20.0;
const P: f64 = 100.0;
const E: f64 = 210e3;

/// Octant x, y, z ≥ 0 of the shell between two radii: three patches of n × n, `layers` across, graded like r and,
/// with `toward` above 1, finer toward the inside.
pub(super) fn octant(
    formulation: Formulation,
    radii: [f64; 2],
    n: usize,
    layers: usize,
    toward: f64,
) -> MixedMesh {
    joined(
        |_| formulation.shape(),
        &[[n, n, layers]; 3],
        true,
        |patch, x| {
            let t = |v: f64| (FRAC_PI_4 * v).tan();
            let mut direction = Vec3::repeat(1.0);
            direction[(patch + 1) % 3] = t(x.x);
            direction[(patch + 2) % 3] = t(x.y);
            radii[0] * (radii[1] / radii[0]).powf(x.z.powf(toward)) * direction.normalize()
        },
    )
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let factor = P * A.powi(3) / (B.powi(3) - A.powi(3));
    let mut rows = Vec::new();
    for nu in [0.3, 0.4999] {
        let mut problem = Problem::new(
            octant(Formulation::Tet10, [A, B], 5, 5, 1.0),
            Formulation::Tet10,
            isotropic(E, nu),
        )?;
        (0..3).for_each(|axis| problem.fix(axis, |p| near(p[axis], 0.0)));
        problem.press(P, |p| near(p.norm(), A));
        let solved = problem.solve()?;
        for (name, r) in [("inside", A), ("outside", B)] {
            let exact = factor * r / E * (1.0 - 2.0 * nu + 0.5 * (1.0 + nu) * (B / r).powi(3));
            let found = solved.mean(|p| near(p.norm(), r), |p, u| u.dot(&p.normalize()));
            rows.push(Row::relative(&format!("ν = {nu}: u {name}"), "mm", exact, found, 0.005));
            if nu == 0.3 {
                let exact = factor * (1.0 + 0.5 * (B / r).powi(3));
                let hoop = |p: Vec3, s: &[f64; 6]| {
                    let (s, n) = (stress_tensor(s), p.normalize());
                    0.5 * (s.trace() - n.dot(&(s * n)))
                };
                let found = solved.mean_stress(|p| near(p.norm(), r), hoop)?;
                rows.push(Row::relative(&format!("ν = {nu}: σ_θ {name}"), "MPa", exact, found, 0.005));
            }
        }
    }
    Ok(rows)
}
