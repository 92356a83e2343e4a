//! Round hole in a wide plate under tension.
//!
//! ```text
//! quarter of the annulus 1 ≤ r ≤ 6 in plane strain; on r = 6 the displacement of the infinite plate,
//! κ = 3 − 4 ν:
//! u_x = S a / 8μ [r/a (κ + 1) cos θ + 2 a/r ((1 + κ) cos θ + cos 3θ) − 2 a³/r³ cos 3θ]
//! u_y = S a / 8μ [r/a (κ − 3) sin θ + 2 a/r ((1 − κ) sin θ + sin 3θ) − 2 a³/r³ sin 3θ]
//! σ_θ at the hole across the tension = 3 S
//! ```

use super::cylinder::{quarter, radius};
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;

pub(super) const CHECK: Check = Check {
    id: "KIRSCH",
    title: "Stress concentration at a round hole",
    source: "Kirsch (1898); Timoshenko & Goodier (1970), 3rd ed., §35",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let (nu, e, tension, outer): (f64, f64, f64, f64) = (0.3, 1000.0, 1.0, 6.0);
    let (kappa, factor) = (3.0 - 4.0 * nu, tension * (1.0 + nu) / (4.0 * e));
    let mesh = quarter(Formulation::Tet10, [1.0, outer], [12, 14, 1], 0.15);
    let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(e, nu))?;
    problem.fix(0, |p| near(p.x, 0.0));
    problem.fix(1, |p| near(p.y, 0.0));
    problem.hold(|p| {
        let flat = Some(0.0);
        if !near(radius(p), outer) {
            return [None, None, flat];
        }
        let (t, r) = (p.y.atan2(p.x), radius(p));
        let (near_hole, far) = (2.0 / r, 2.0 / r.powi(3));
        let x = r * (kappa + 1.0) * t.cos() + near_hole * ((1.0 + kappa) * t.cos() + (3.0 * t).cos())
            - far * (3.0 * t).cos();
        let y = r * (kappa - 3.0) * t.sin() + near_hole * ((1.0 - kappa) * t.sin() + (3.0 * t).sin())
            - far * (3.0 * t).sin();
        [Some(factor * x), Some(factor * y), flat]
    });
    let stress = problem.solve()?.mean_stress(|p| near(p.x, 0.0) && near(p.y, 1.0), |_, s| s[0])?;
    Ok(vec![Row::relative("σ_θ at the hole over the tension", "", 3.0, stress / tension, 0.01)])
}
