//! An overlap that is pressed in before any load, and a bond that forms afterward, against closed forms.
//!
//! ```text
//!  ▓▓▓▓▓▓▓▓   held
//!  ┌──────┐   block 1 mm, E = 1000 MPa      overlap δ = 0.01 mm:  p = δ / (h₁/E₁ + h₂/E₂)
//!  ├──────┤
//!  └──────┘   block 1 mm, E = 4000 MPa      ν = 0: no lateral strain, the same strain everywhere
//!  ▓▓▓▓▓▓▓▓   held
//! ```

use crate::blocks::{Face, block, face, hold, part};
use dens_mesher::Vec3;
use dens_solver::loads::contact::{Gaps, Law, Misfit, Status};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Model};
use dens_solver::newton::yielding::{Course, Step, solve_yielding};
use dens_solver::newton::{Options, Solver};
use dens_solver::solution::Solution;
use std::sync::atomic::AtomicBool;

const OVERLAP: f64 = 0.01;
/// δ / (1/1000 + 1/4000), MPa.
const PRESSURE: f64 = 8.0;

/// Two blocks between two walls, too tall by `overlap`; a traction pulls on the side of the upper one.
fn pressed(overlap: f64) -> Model {
    let parts = vec![
        part("lower", block([0.0, 0.0, -1.0], [2.0, 1.0, 0.0], [3, 2, 2]), 4000.0, 0.0),
        part("upper", block([0.0; 3], [2.0, 1.0, 1.0], [4, 2, 2]), 1000.0, 0.0),
    ];
    // The master stands higher than where it would fit.
    let misfit = Misfit { shift: [0.0, 0.0, overlap], turn: [0.0; 3], about: [0.0; 3] };
    let interface = Interface {
        name: "seat".into(),
        slave: face(&parts, 1, Face::Bottom),
        master: face(&parts, 0, Face::Top),
        law: Law::Sliding { friction: 0.0 },
        gaps: Gaps::Misfit(misfit),
        reach_mm: 0.1,
    };
    let side = face(&parts, 1, Face::East).facets;
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom), hold(&parts, 1, Face::Top)],
        tractions: vec![Traction { name: "pull".into(), part: 1, facets: side, value: [2.0, 0.0, 0.0] }],
        interfaces: vec![interface],
        parts,
        ..Model::default()
    }
}

fn at_rest(model: &Model) -> Solution {
    let mut solver = Solver::new(model, &Options::default()).expect("a sound model");
    solver.at_rest(model, None, &|_, _| (), &AtomicBool::new(false)).expect("equilibrium")
}

#[test]
fn an_overlap_presses_before_any_load_and_a_gap_does_not() {
    let s = at_rest(&pressed(OVERLAP));
    for p in &s.contacts[0].points {
        // The overlap is held to 1e-3 of a facet of 0.5 mm in the mean: 5 % of 0.01 mm.
        assert!((p.pressure / PRESSURE - 1.0).abs() < 0.05, "{}", p.pressure);
    }
    assert!(s.is_pressed() && !s.proportional);
    let gaping = at_rest(&pressed(-OVERLAP));
    assert!(!gaping.is_pressed());
    assert!(gaping.contacts[0].points.iter().all(|p| p.status == Status::Open));
    assert!(gaping.contacts[0].points.iter().all(|p| (p.gap - OVERLAP).abs() < 1e-9));
}

#[test]
fn an_overlap_put_in_by_steps_is_the_one_put_in_at_once() {
    let model = pressed(OVERLAP);
    let steps: Vec<Step> = Step::fits(3).into_iter().chain(Step::loads(&[1.0])).collect();
    let options = Options::default();
    let course =
        solve_yielding(&model, &[], &steps, 1e-6, None, &options, &|_, _| (), &AtomicBool::new(false));
    let Ok(Course::Completed(reached)) = course else { panic!("no equilibrium: {course:?}") };
    let force = |s: &Solution| s.contacts[0].force.z;
    let once = force(&at_rest(&model));
    for (k, r) in reached[..3].iter().enumerate() {
        let share = (k + 1) as f64 / 3.0;
        assert_eq!((r.factor, r.fit), (0.0, share));
        // Linear as long as all is closed; the overlap left differs, see above.
        assert!((force(&r.solution) / once / share - 1.0).abs() < 0.05, "step {k}");
    }
    // The traction comes last, and only then does the block move along it.
    let along = |s: &Solution| s.displacements[1].iter().map(|u| u.x.abs()).fold(0.0, f64::max);
    assert!(along(&reached[2].solution) < 1e-6 && 1e-4 < along(&reached[3].solution));
}

#[test]
fn a_bond_that_forms_in_a_pressed_state_keeps_its_pressure() {
    let mut model = pressed(OVERLAP);
    let day_one = at_rest(&model);
    let Gaps::Misfit(misfit) = model.interfaces[0].gaps.clone() else { panic!("a misfit") };
    let points = &day_one.contacts[0].points;
    let held: Vec<Vec3> =
        points.iter().map(|p| p.slip + (misfit.gap(p.position, p.normal) - p.gap) * p.normal).collect();
    model.interfaces[0].law = Law::Bonded;
    model.interfaces[0].gaps = Gaps::Held(held.clone().into());
    let later = at_rest(&model);
    // Both hold their overlaps to 1e-3 of a facet.
    let ratio = later.contacts[0].force.z / day_one.contacts[0].force.z;
    assert!((ratio - 1.0).abs() < 0.05, "{ratio}");
    // A bond without memory has forgotten the overlap.
    model.interfaces[0].gaps = Gaps::Closed;
    assert!(at_rest(&model).contacts[0].force.norm() < 1e-6 * day_one.contacts[0].force.norm());
    model.interfaces[0].gaps = Gaps::Held(held[1..].to_vec().into());
    assert!(Solver::new(&model, &Options::default()).is_err(), "a jump is missing");
}
