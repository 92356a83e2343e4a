//! Thick incompressible neo-Hookean sphere, blown up.
//!
//! ```text
//! octant of the shell 1 ≤ R ≤ 2 mm, μ = 1 MPa, κ = 5000 MPa, tet10 with mean dilatation
//! p/μ = g(λ_b) − g(λ_a)        g(λ) = 2/λ + 1/(2 λ⁴)        λ_b³ = 1 + (λ_a³ − 1) A³/B³
//! ```
//! Once by the motion of the inner surface, its pressure taken from the work of the reactions; once by a pressure that
//! follows the surface, up to the greatest that the sphere can bear (a limit point of an elastic body).

use super::problem::{Problem, near};
use super::quasistatic::Quasistatic;
use super::sphere::octant;
use super::{Check, Row, VerificationError};
use crate::nonlinear::laws::{Law, MooneyRivlin};
use crate::nonlinear::{Outcome, Stepping};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use std::f64::consts::FRAC_PI_2;

pub(super) const CHECK: Check = Check {
    id: "N2",
    title: "Incompressible neo-Hookean sphere under internal pressure, up to its limit",
    source: "Green & Zerna (1968), Theoretical Elasticity, 2nd ed., §3.10; Adkins & Rivlin (1952), Philos. Trans. R. Soc. A 244, 505-531",
    run,
};

const OUTER: f64 = 2.0;

fn pressure(stretch: f64) -> f64 {
    let outer = (1.0 + (stretch.powi(3) - 1.0) / OUTER.powi(3)).cbrt();
    let g = |l: f64| 2.0 / l + 0.5 / l.powi(4);
    g(outer) - g(stretch)
}

fn sphere() -> Result<Problem, VerificationError> {
    let formulation = Formulation::Tet10MeanDilatation;
    let mut problem =
        Problem::new(octant(formulation, [1.0, OUTER], 3, 3, 1.0), formulation, isotropic(3.0, 0.499))?;
    (0..3).for_each(|axis| problem.fix(axis, |p| near(p[axis], 0.0)));
    Ok(problem)
}

fn law() -> Law {
    Law::finite(MooneyRivlin::neo_hookean(0.5, 2.0 / 5000.0).expect("sound constants"))
}

fn inside(p: Vec3) -> bool {
    near(p.norm(), 1.0)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let stretches = [1.1, 1.25, 1.5, 2.0];
    let mut problem = sphere()?;
    problem.hold(|p| [0, 1, 2].map(|axis| inside(p).then_some(p[axis])));
    let sphere_moved = Quasistatic::new(problem, law());
    let stages: Vec<_> = stretches.iter().map(|l| sphere_moved.stage(l - 1.0, Stepping::even(2))).collect();
    let history = sphere_moved.run(&stages)?;
    for (stage, stretch) in stretches.into_iter().enumerate() {
        let end = history.end(stage);
        let points = sphere_moved.problem.body.mesh().points().iter();
        // Planes of symmetry do no work on a radial motion.
        let work: f64 = points.zip(&end.reactions).filter(|(p, _)| inside(**p)).map(|(p, r)| r.dot(p)).sum();
        let found = work / (FRAC_PI_2 * stretch * stretch);
        rows.push(Row::relative(&format!("moved to λ = {stretch}: p/μ"), "", pressure(stretch), found, 0.01));
    }
    let mut pressed = Quasistatic::new(sphere()?, law());
    pressed.press(1.0, inside);
    let stages = [1.1, 1.25, 1.5].map(|l| pressed.stage(pressure(l), Stepping::even(2)));
    let last = pressed.stage(1.0, Stepping { initial: 0.1, min: 5e-3, max: 0.1, most: 100 });
    let history = pressed.run(&[&stages[..], &[last]].concat())?;
    for (stage, stretch) in [1.1, 1.25].into_iter().enumerate() {
        let found = pressed.mean(history.end(stage), inside, |p, u| (p + u).norm());
        let title = format!("pressed with p(λ = {stretch}): λ");
        rows.push(Row::relative(&title, "", stretch, found, 0.01));
    }
    let reached = match history.outcome {
        Outcome::Collapsed { load_factor, .. } => pressure(1.5) + load_factor * (1.0 - pressure(1.5)),
        _ => f64::NAN,
    };
    let limit = (0..=1000).map(|i| pressure(1.5 + 1e-3 * f64::from(i))).fold(0.0, f64::max);
    rows.push(Row::relative("limit pressure, p/μ", "", limit, reached, 0.01));
    Ok(rows)
}
