//! What Newton's method promises: patch test under finite strain, quadratic convergence, units, restart.
//!
//! ```text
//! patch        boundary moved by x = F X, F without symmetry; inside every cell sees F
//! convergence  corrections c₊ ≈ C c², each over the displacement of its increment
//! ```

use super::mesh::{block, distort};
use super::problem::{Problem, near};
use super::quasistatic::{History, Quasistatic};
use super::{Check, Row, VerificationError};
use crate::nonlinear::laws::{FiniteStrainLaw, Hardening, Law, LogarithmicPlastic, MooneyRivlin, NeoHooke};
use crate::nonlinear::{Options, Outcome, State, Stepping};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use nalgebra::Matrix3;
use std::ops::ControlFlow;

pub(super) const CHECK: Check = Check {
    id: "NEWTON",
    title: "Newton's method: finite patch test, quadratic convergence, units, restart",
    source: "exact",
    run,
};

/// Law with stresses in units of so many MPa.
type LawOf = fn(f64) -> Law;

/// Largest difference of stress from that of F, over it, and of displacement.
fn patch(formulation: Formulation) -> Result<[f64; 2], VerificationError> {
    let f = Matrix3::new(1.3, 0.2, -0.1, 0.1, 0.8, 0.15, -0.2, 0.1, 1.1);
    let mesh = block(formulation.shape(), [3, 2, 2], false, distort);
    let mut problem = Problem::new(mesh, formulation, isotropic(100.0, 0.3))?;
    let on = problem.boundary_nodes();
    problem.hold_nodes(&on, |p| (f - Matrix3::identity()) * p);
    let law = NeoHooke::new(100.0, 0.3);
    let body = Quasistatic::new(problem, Law::finite(law.clone()));
    let history = body.run(&[body.stage(1.0, Stepping::even(2))])?;
    let tau = law.respond(&f, &[], &mut [], None).expect("sound deformation");
    let sigma = tau.map(|t| t / f.determinant());
    let scale = sigma.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let points = history.points.iter().flatten();
    let stress = points
        .map(|p| (0..6).map(|k| (p.stress[k] - sigma[k]).abs()).fold(0.0, f64::max))
        .fold(0.0, f64::max);
    let mesh = body.problem.body.mesh();
    let moved = mesh.points().iter().zip(&history.end(0).displacements);
    let place = moved.map(|(p, u)| (p + u - f * p).norm()).fold(0.0, f64::max);
    Ok([stress / scale, place])
}

/// A block that is bent and pressed together by prescribed motion and pulled at its side, lengths in `unit` mm.
fn pulled(unit: f64, law: LawOf, formulation: Formulation) -> Result<Quasistatic, VerificationError> {
    let plain = block(formulation.shape(), [4, 2, 2], false, |x| Vec3::new(2.0 * x.x, x.y, x.z));
    let points: Vec<Vec3> = plain.points().iter().map(|p| p / unit).collect();
    let cells = (0..plain.n_cells()).map(|c| (formulation.shape(), plain.cell(c)));
    let mesh = MixedMesh::new(points, cells).expect("a scaled mesh is as sound as the first");
    let stress = unit * unit;
    let mut problem = Problem::new(mesh, formulation, isotropic(100.0 * stress, 0.3))?;
    problem.hold(|p| [near(p.x * unit, 0.0).then_some(0.0); 3]);
    problem.pull(Vec3::new(1.0, 3.0, -2.0) * stress, |p| near(p.x * unit, 2.0));
    Ok(Quasistatic::new(problem, law(stress)))
}

fn rubber(stress: f64) -> Law {
    Law::finite(MooneyRivlin::new(15.0 * stress, 2.0 * stress, 1e-3 / stress).expect("sound constants"))
}

fn metal(stress: f64) -> Law {
    let curve = Hardening::new(vec![(0.0, 6.0 * stress), (0.1, 12.0 * stress), (1.0, 30.0 * stress)]);
    let law = LogarithmicPlastic::new(100.0 * stress, 0.3, Some(curve.expect("ascending")));
    Law::finite(law.expect("sound constants"))
}

/// Largest c₊/c² of the last two corrections c, c₊ of an increment, relative to its displacement.
fn contraction(history: &History) -> f64 {
    let last = |f: &super::quasistatic::Frame| {
        // Below 1e-12 round-off decides.
        let c: Vec<f64> = f.iterations.iter().map(|i| i.correction).filter(|c| 1e-12 < *c).collect();
        c.last_chunk().map_or(f64::NAN, |[a, b]| b / (a * a))
    };
    history.frames.iter().map(last).fold(0.0, |m: f64, x| if x.is_nan() { x } else { m.max(x) })
}

/// Displacements and iterations of a run in other units, and their difference from millimeters.
fn units(law: LawOf, formulation: Formulation) -> Result<[f64; 2], VerificationError> {
    let of = |unit: f64| -> Result<(Vec<Vec3>, usize), VerificationError> {
        let body = pulled(unit, law, formulation)?;
        let history = body.run(&[body.stage(1.0, Stepping::even(8))])?;
        let iterations = history.frames.iter().map(|f| f.iterations.len()).sum();
        Ok((history.end(0).displacements.iter().map(|u| u * unit).collect(), iterations))
    };
    let ((a, n), (b, m)) = (of(1.0)?, of(1000.0)?);
    let size = a.iter().map(|u| u.norm()).fold(0.0, f64::max);
    let gap = a.iter().zip(&b).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
    Ok([gap / size, n.abs_diff(m) as f64])
}

/// Numbers of the state whose bits differ between a run and one that was broken off after two increments.
fn restart(law: LawOf, formulation: Formulation) -> Result<f64, VerificationError> {
    let body = pulled(1.0, law, formulation)?;
    let stages = [
        body.stage(1.0, Stepping { initial: 0.3, max: 0.4, ..Stepping::default() }),
        body.stage(0.2, Stepping::even(2)),
    ];
    let whole = body.analysis()?.run(&stages, None, &mut |_| ControlFlow::Continue(()))?;
    let mut seen = 0;
    let mut bytes = Vec::new();
    body.analysis()?.run(&stages, None, &mut |accepted| {
        seen += 1;
        if seen < 3 {
            return ControlFlow::Continue(());
        }
        bytes = accepted.checkpoint().to_bytes();
        ControlFlow::Break(())
    })?;
    let state = State::from_bytes(&bytes)?;
    let broken = body.analysis()?.run(&stages, Some(state), &mut |_| ControlFlow::Continue(()))?;
    let (Outcome::Completed(a), Outcome::Completed(b)) = (whole, broken) else { return Ok(f64::NAN) };
    let (a, b) = (a.to_bytes(), b.to_bytes());
    Ok(a.iter().zip(&b).filter(|(a, b)| a != b).count() as f64 + a.len().abs_diff(b.len()) as f64)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for formulation in [Formulation::Tet10, Formulation::Tet10MeanDilatation, Formulation::Hex8] {
        let [stress, place] = patch(formulation)?;
        rows.push(Row::vanishing(&format!("{formulation:?}: patch test, stress"), "", stress, 1e-9));
        rows.push(Row::vanishing(&format!("{formulation:?}: patch test, place"), "mm", place, 1e-9));
    }
    // One face alone: the load stiffness is unsymmetric.
    let mut body = pulled(1.0, rubber, Formulation::Tet10MeanDilatation)?;
    body.problem.load = crate::statics::Load::default();
    body.press(2.0, |p| near(p.z, 1.0));
    body.options = Options { residual: 1e-11, correction: 1e-11, ..Options::default() };
    let history = body.run(&[body.stage(1.0, Stepping::even(2))])?;
    let title = "follower pressure on an open face: last correction over the square of the one before";
    rows.push(Row::at_most(title, "", 200.0, contraction(&history)));
    let laws: [(&str, LawOf, Formulation); 2] = [
        ("Mooney–Rivlin, mean dilatation", rubber, Formulation::Tet10MeanDilatation),
        ("finite plasticity", metal, Formulation::Tet10),
    ];
    for (name, law, formulation) in laws {
        let mut body = pulled(1.0, law, formulation)?;
        body.options = Options { residual: 1e-11, correction: 1e-11, ..Options::default() };
        let history = body.run(&[body.stage(1.0, Stepping::even(2))])?;
        // Linear convergence would give 1/c: 1e5 and more.
        let title = format!("{name}: last correction over the square of the one before");
        rows.push(Row::at_most(&title, "", 200.0, contraction(&history)));
        let [gap, iterations] = units(law, formulation)?;
        rows.push(Row::vanishing(&format!("{name}: m-N-Pa, difference"), "", gap, 1e-9));
        rows.push(Row::vanishing(&format!("{name}: m-N-Pa, iterations more"), "", iterations, 0.0));
        rows.push(Row::vanishing(
            &format!("{name}: restart, bytes that differ"),
            "",
            restart(law, formulation)?,
            0.0,
        ));
    }
    Ok(rows)
}
