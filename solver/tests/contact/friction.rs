//! Block on a plane with Coulomb friction.
//!
//! ```text
//!   ↓ N → T                thin upper block, μ = 0.4
//!  ┌───────┐░░░░▌          it sticks while T < μ N, has no equilibrium beyond,
//!  ├───────┴─┐  ▌          and with a soft bar ░ beside it the friction carries μ N and the bar the rest
//!  └─────────┘
//! ```
//! Verification case C9: slip at T = μ N exactly.

use crate::blocks::{Face, block, face, hold, part};
use crate::{answer, solved};
use dens_solver::loads::contact::{Gaps, Law, Status};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Model};
use dens_solver::newton::SolveError;

const MU: f64 = 0.4;
const AREA: f64 = 4.0;

/// `shear`: T as a part of μ N, with N = 4 N.
fn pushed(shear: f64, bar: bool) -> Model {
    let mut parts = vec![
        part("plane", block([-1.0, -1.0, -1.0], [3.0, 3.0, 0.0], [4, 4, 1]), 2000.0, 0.3),
        part("block", block([0.0; 3], [2.0, 2.0, 0.2], [3, 3, 1]), 1000.0, 0.3),
    ];
    let slave = face(&parts, 1, Face::Bottom);
    let master = face(&parts, 0, Face::Top);
    let law = Law::Sliding { friction: MU };
    let mut interfaces =
        vec![Interface { name: "rub".into(), slave, master, law, gaps: Gaps::Closed, reach_mm: 0.1 }];
    let mut holds = vec![hold(&parts, 0, Face::Bottom)];
    if bar {
        parts.push(part("bar", block([2.0, 0.0, 0.0], [6.0, 2.0, 0.2], [2, 2, 1]), 20.0, 0.0));
        let slave = face(&parts, 2, Face::West);
        let master = face(&parts, 1, Face::East);
        interfaces.push(Interface {
            name: "bond".into(),
            slave,
            master,
            law: Law::Bonded,
            gaps: Gaps::Closed,
            reach_mm: 0.1,
        });
        holds.push(hold(&parts, 2, Face::East));
    }
    let facets = face(&parts, 1, Face::Top).facets;
    let tractions = vec![Traction { name: "top".into(), part: 1, facets, value: [shear * MU, 0.0, -1.0] }];
    Model { parts, interfaces, holds, tractions, ..Model::default() }
}

#[test]
fn a_block_holds_up_to_friction_times_weight_and_not_beyond() {
    let s = solved(&pushed(0.98, false));
    let c = &s.contacts[0];
    assert!((c.force.x / (-0.98 * MU * AREA) - 1.0).abs() < 1e-6);
    assert!((c.force.z / AREA - 1.0).abs() < 1e-6);
    for p in &c.points {
        assert!(p.shear.norm() <= MU * p.pressure * (1.0 + 1e-9));
    }
    assert!(s.balance.force_error < 1e-6 && s.balance.moment_error < 1e-6);

    match answer(&pushed(1.02, false)) {
        Err(SolveError::NotConverged { interface, place, history, .. }) => {
            assert_eq!(interface.as_deref(), Some("rub"));
            assert!(place[2].abs() < 1e-9 && !history.is_empty());
        }
        other => panic!("a block pushed beyond friction must not find rest: {other:?}"),
    }
}

#[test]
fn friction_carries_its_bound_and_the_bar_the_rest() {
    let s = solved(&pushed(2.0, true));
    let c = &s.contacts[0];
    assert!(c.points.iter().all(|p| p.status != Status::Stick));
    // The shear of each point has the length μ p; all point against the motion, which is along x to within the
    // lateral strain of the block.
    let normal = c.force.z;
    let bound: f64 = c.points.iter().map(|p| p.area * p.shear.norm()).sum();
    assert!((bound / (MU * normal) - 1.0).abs() < 1e-9);
    assert!((c.force.x / (-MU * normal) - 1.0).abs() < 2e-2, "{}", c.force.x / (MU * normal));
    assert!(0.0 < s.contacts[1].force.x.abs());
    // T = 2 μ N less the friction goes into the bar.
    let rest = 2.0 * MU * AREA + c.force.x - s.contacts[1].force.x.abs();
    assert!(rest.abs() < 1e-5, "{rest}");
    assert!(s.balance.force_error < 1e-6 && s.balance.moment_error < 1e-6);
}
