//! Contact patch test: a uniform pressure crosses an interface of non-matching meshes unchanged.
//!
//! ```text
//!   ↓ p ↓ p ↓            two blocks, meshes 3 × 3 and 4 × 4 in plan (no common node but the corners),
//!  ┌─┬─┬─┐ slave         ν = 0, lower block held at its bottom
//!  ├┬┴┬┴┬┤ master        exact: σ_zz = −p everywhere, contact pressure p
//!  └┴─┴─┴┘
//! ```
//! Taylor & Papadopoulos (1991), On a patch test for contact problems in two dimensions, in: Nonlinear
//! Computational Mechanics.

use crate::blocks::{Face, block, face, hold, part};
use crate::solved;
use dens_solver::loads::contact::{Gaps, Law, Status};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Interpolation, Model};

const P: f64 = 1.0;

fn stack(law: Law, stiff: f64) -> Model {
    let parts = vec![
        part("lower", block([0.0; 3], [2.0, 2.0, 1.0], [4, 4, 2]), 1000.0, 0.0),
        part("upper", block([0.0, 0.0, 1.0], [2.0, 2.0, 2.0], [3, 3, 1]), stiff, 0.0),
    ];
    let slave = face(&parts, 1, Face::Bottom);
    let master = face(&parts, 0, Face::Top);
    let top = face(&parts, 1, Face::Top);
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        interfaces: vec![Interface {
            name: "joint".into(),
            slave,
            master,
            law,
            gaps: Gaps::Closed,
            reach_mm: 0.1,
        }],
        tractions: vec![Traction { name: "top".into(), part: 1, facets: top.facets, value: [0.0, 0.0, -P] }],
        parts,
        ..Model::default()
    }
}

#[test]
fn uniform_pressure_crosses_non_matching_meshes_exactly() {
    for law in [Law::Sliding { friction: 0.3 }, Law::Bonded] {
        for stiff in [1000.0, 50_000.0] {
            let s = solved(&stack(law, stiff));
            let c = &s.contacts[0];
            let worst = c.points.iter().map(|p| (p.pressure / P - 1.0).abs()).fold(0.0, f64::max);
            let shear = c.points.iter().map(|p| p.shear.norm()).fold(0.0, f64::max);
            // The segments integrate both sides exactly: what remains is the tolerance of the iteration.
            assert!(worst < 1e-6 && shear < 1e-6, "{law:?} {stiff}: {worst:e} {shear:e}");
            assert!(c.points.iter().all(|p| p.status == Status::Stick));
            assert!((c.paired_area / 4.0 - 1.0).abs() < 1e-12);
            assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8);
        }
    }
}

#[test]
fn linear_interpolation_passes_the_patch_test_with_a_seventh_of_the_unknowns() {
    for law in [Law::Sliding { friction: 0.3 }, Law::Bonded] {
        let quadratic = stack(law, 1000.0);
        let linear = Model { interpolation: Interpolation::Linear, ..quadratic.clone() };
        let (fine, coarse) = (solved(&quadratic), solved(&linear));
        assert!(5 * coarse.progress.unknowns < fine.progress.unknowns);
        for p in &coarse.contacts[0].points {
            // As above: constants are in the space of linear displacements too.
            assert!((p.pressure / P - 1.0).abs() < 1e-6 && p.shear.norm() < 1e-6);
        }
        for (a, b) in fine.displacements.iter().flatten().zip(coarse.displacements.iter().flatten()) {
            // Exact displacements are linear: u_z = −p z / E, at most 0.003.
            assert!((a - b).norm() < 1e-9, "{a:?} {b:?}");
        }
        assert!(coarse.balance.force_error < 1e-8 && coarse.balance.moment_error < 1e-8);
    }
}
