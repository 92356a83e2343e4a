//! Strip footing on a half-space of a perfectly plastic solid, plane strain.
//!
//! ```text
//!  p↓↓↓↓                  half of the strip, 1 mm wide, on a block of 5 × 4 mm; E = 1000, Y = 1 MPa, ν = 0.49
//! |‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾|     p_L = (2 + π)/√3 Y
//! ```
//! A flexible strip: uniform pressure, small strain, load control up to collapse. The tet4 is carried along:
//! it locks and bears more than a tenth too much.

use super::mesh::joined;
use super::problem::{Problem, near};
use super::quasistatic::Quasistatic;
use super::{Check, Row, VerificationError};
use crate::nonlinear::laws::{Hardening, Law, Plastic};
use crate::nonlinear::{Outcome, Stepping};
use crate::statics::Formulation;
use dens_mesher::Vec3;
use std::f64::consts::PI;

pub(super) const CHECK: Check = Check {
    id: "N8",
    title: "Prandtl's strip footing, von Mises in plane strain",
    source: "Prandtl (1920), Nachr. Ges. Wiss. Göttingen, 74-85; Hill (1950), The Mathematical Theory of Plasticity, ch. IX",
    run,
};

/// Pressure at collapse over Y, or the top of the load where there is none.
fn collapse(formulation: Formulation, top: f64) -> Result<f64, VerificationError> {
    let (width, depth, height) = (5.0, 4.0, 0.25);
    // Cells shrink toward the edge of the strip and the surface.
    let grade = |t: f64, power: f64| t.powf(power);
    let mesh = joined(
        |_| formulation.shape(),
        &[[6, 10, 1], [9, 10, 1]],
        false,
        |side, x| {
            let across = match side {
                0 => 1.0 - grade(1.0 - x.x, 1.6),
                _ => 1.0 + (width - 1.0) * grade(x.x, 2.0),
            };
            Vec3::new(across, -depth * grade(1.0 - x.y, 1.8), height * x.z)
        },
    );
    let (e, nu) = (1000.0, 0.49);
    let cells = crate::tensor::isotropic(e, 0.3);
    let mut problem = Problem::new(mesh, formulation, cells)?;
    problem.fix(0, |q| near(q.x, 0.0) || near(q.x, width));
    problem.fix(1, |q| near(q.y, -depth));
    problem.fix(2, |q| near(q.z, 0.0) || near(q.z, height));
    problem.press(top, |q| near(q.y, 0.0) && q.x < 1.0 + 1e-6);
    let law = Plastic::new(e, nu, Hardening::perfect(1.0).expect("positive")).expect("sound constants");
    let block = Quasistatic::new(problem, Law::small(law));
    let stage = block.stage(1.0, Stepping { initial: 0.2, min: 2e-3, max: 0.2, most: 200 });
    Ok(match block.run(&[stage])?.outcome {
        Outcome::Collapsed { load_factor, .. } => top * load_factor,
        _ => top,
    })
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let exact = (2.0 + PI) / 3.0_f64.sqrt();
    Ok(vec![
        Row::relative(
            "mean dilatation: p/Y at collapse",
            "",
            exact,
            collapse(Formulation::Tet10MeanDilatation, 1.1 * exact)?,
            0.03,
        ),
        Row {
            tolerance: super::Tolerance::AtLeast,
            ..Row::at_most(
                "tet4 locks: p/Y it bears",
                "",
                1.1 * exact,
                collapse(Formulation::Tet4, 1.1 * exact)?,
            )
        },
    ])
}
