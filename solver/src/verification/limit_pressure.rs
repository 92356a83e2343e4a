//! Limit pressure of a thick cylinder of a perfectly plastic solid, plane strain.
//!
//! ```text
//! quarter of the tube 10 ≤ r ≤ 20 mm, E = 210 GPa, ν = 0.3, Y = 250 MPa, tet10 with mean dilatation
//! p_L = 2/√3 Y ln(b/a)
//! ```
//! Small strain and load control: the analysis must find that the tube collapses, and where.

use super::cylinder::{quarter, radius};
use super::problem::{Problem, near};
use super::quasistatic::Quasistatic;
use super::{Check, Row, VerificationError};
use crate::nonlinear::laws::{Hardening, Law, Plastic};
use crate::nonlinear::{Outcome, Stepping};
use crate::statics::Formulation;
use crate::tensor::isotropic;

pub(super) const CHECK: Check = Check {
    id: "N7",
    title: "Limit pressure of a thick von Mises cylinder in plane strain",
    source: "Hill (1950), The Mathematical Theory of Plasticity, ch. V §2",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let (a, b, yields, e, nu): (f64, f64, f64, f64, f64) = (10.0, 20.0, 250.0, 210e3, 0.3);
    let formulation = Formulation::Tet10MeanDilatation;
    let mesh = quarter(formulation, [a, b], [6, 8, 1], 1.5);
    let mut problem = Problem::new(mesh, formulation, isotropic(e, nu))?;
    problem.fix(0, |q| near(q.x, 0.0));
    problem.fix(1, |q| near(q.y, 0.0));
    problem.fix(2, |q| near(q.z, 0.0) || near(q.z, 1.5));
    problem.press(yields, |q| near(radius(q), a));
    let law = Plastic::new(e, nu, Hardening::perfect(yields).expect("positive")).expect("sound constants");
    let tube = Quasistatic::new(problem, Law::small(law));
    let limit = 2.0 / 3.0_f64.sqrt() * (b / a).ln();
    // 5 % beyond the limit.
    let top = 1.05 * limit;
    let stage = tube.stage(top, Stepping { initial: 0.2, min: 1e-3, max: 0.2, most: 200 });
    let history = tube.run(&[stage])?;
    let (reached, stiffness) = match history.outcome {
        Outcome::Collapsed { load_factor, stiffness, .. } => (top * load_factor, stiffness.unwrap_or(0.0)),
        _ => (f64::NAN, f64::NAN),
    };
    Ok(vec![
        Row::relative("collapse, p/Y", "", limit, reached, 0.01),
        Row::at_most("stiffness left at collapse, share", "", 0.05, stiffness),
    ])
}
