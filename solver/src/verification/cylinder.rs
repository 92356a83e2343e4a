//! Thick cylinder under internal pressure in plane strain.
//!
//! ```text
//! quarter of the tube 10 ≤ r ≤ 20 mm, p = 100 MPa inside, E = 210 GPa, u_z = 0
//! σ_θ(r) = p a² / (b² − a²) · (1 + b² / r²)      u(r) = (1 + ν) p a² r / (E (b² − a²)) · (1 − 2 ν + b² / r²)
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::{isotropic, stress_tensor};
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use std::f64::consts::FRAC_PI_2;

pub(super) const CHECK: Check = Check {
    id: "CYLINDER",
    title: "Thick cylinder in plane strain, compressible and nearly incompressible",
    source: "Lamé (1852); Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §28",
    run,
};

/// Quarter of the tube between two radii, graded like r, of that height.
pub(super) fn quarter(formulation: Formulation, radii: [f64; 2], n: [usize; 3], height: f64) -> MixedMesh {
    block(formulation.shape(), n, true, |x| {
        let (sin, cos) = (FRAC_PI_2 * x.y).sin_cos();
        let r = radii[0] * (radii[1] / radii[0]).powf(x.x);
        Vec3::new(r * cos, r * sin, height * x.z)
    })
}

/// Distance from the axis, mm.
pub(super) fn radius(p: Vec3) -> f64 {
    p.x.hypot(p.y)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let (a, b, p, e): (f64, f64, f64, f64) = (10.0, 20.0, 100.0, 210e3);
    let factor = p * a * a / (b * b - a * a);
    let mut rows = Vec::new();
    for nu in [0.3, 0.4999] {
        let mesh = quarter(Formulation::Tet10, [a, b], [8, 10, 1], 1.5);
        let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(e, nu))?;
        problem.fix(0, |q| near(q.x, 0.0));
        problem.fix(1, |q| near(q.y, 0.0));
        problem.fix(2, |q| near(q.z, 0.0) || near(q.z, 1.5));
        problem.press(p, |q| near(radius(q), a));
        let solved = problem.solve()?;
        for (name, r) in [("inside", a), ("outside", b)] {
            let at = |q: Vec3| near(radius(q), r);
            let exact = (1.0 + nu) * factor * r / e * (1.0 - 2.0 * nu + (b / r).powi(2));
            let found = solved.mean(at, |q, u| (q.x * u.x + q.y * u.y) / radius(q));
            rows.push(Row::relative(&format!("ν = {nu}: u {name}"), "mm", exact, found, 0.005));
            if nu == 0.3 {
                let hoop = |q: Vec3, s: &[f64; 6]| {
                    let t = Vec3::new(-q.y, q.x, 0.0) / radius(q);
                    t.dot(&(stress_tensor(s) * t))
                };
                let exact = factor * (1.0 + (b / r).powi(2));
                let found = solved.mean_stress(at, hoop)?;
                rows.push(Row::relative(&format!("ν = {nu}: σ_θ {name}"), "MPa", exact, found, 0.005));
            }
        }
    }
    Ok(rows)
}
