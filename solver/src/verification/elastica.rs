//! Cantilever under a dead force at its tip, bent far.
//!
//! ```text
//! ▒|================== ↓ P      100 × 1 × 1 mm, E = 12 MPa (EI = 1 N·mm²), ν = 0
//! PL²/EI = 1, 2, 5, 10: deflection w and shortening u of the tip by elliptic integrals
//! ```
//! Thickness and extension change the answer by (h/L)² = 1e-4.

use super::mesh::block;
use super::problem::{Problem, near};
use super::quasistatic::Quasistatic;
use super::{Check, Row, VerificationError};
use crate::nonlinear::Stepping;
use crate::nonlinear::laws::{Law, SaintVenantKirchhoff};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "N1",
    title: "Elastica: cantilever with a dead force at its tip",
    source: "Bisshopp & Drucker (1945), Quart. Appl. Math. 3, 272-275; Mattiasson (1981), Int. J. Numer. Methods Eng. 17, 145-153",
    run,
};

/// PL²/EI, w/L, u/L.
const TARGETS: [[f64; 3]; 4] = [
    [1.0, 0.301_72, 0.056_43],
    [2.0, 0.493_46, 0.160_64],
    [5.0, 0.713_79, 0.387_63],
    [10.0, 0.810_61, 0.555_00],
];

fn run() -> Result<Vec<Row>, VerificationError> {
    let length = 100.0;
    let stiffness = isotropic(12.0, 0.0);
    let mesh = block(Formulation::Tet10.shape(), [40, 1, 1], false, |x| Vec3::new(length * x.x, x.y, x.z));
    let mut problem = Problem::new(mesh, Formulation::Tet10, stiffness)?;
    problem.hold(|p| [near(p.x, 0.0).then_some(0.0); 3]);
    // PL²/EI = 1.
    problem.pull(Vec3::new(0.0, 0.0, -1.0 / (length * length)), |p| near(p.x, length));
    let beam = Quasistatic::new(problem, Law::finite(SaintVenantKirchhoff { stiffness }));
    let stages: Vec<_> = TARGETS.iter().map(|t| beam.stage(t[0], Stepping::even(2))).collect();
    let history = beam.run(&stages)?;
    let mut rows = Vec::new();
    for (stage, [load, w, u]) in TARGETS.into_iter().enumerate() {
        let end = history.end(stage);
        let tip =
            |measure: fn(Vec3) -> f64| beam.mean(end, |p| near(p.x, length), |_, u| measure(u)) / length;
        rows.push(Row::relative(&format!("PL²/EI = {load}: w/L"), "", w, tip(|u| -u.z), 0.005));
        rows.push(Row::relative(&format!("PL²/EI = {load}: u/L"), "", u, tip(|u| -u.x), 0.005));
    }
    Ok(rows)
}
