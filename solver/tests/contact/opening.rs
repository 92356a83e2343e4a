//! A sliding interface that is pulled at one end opens there and closes at the other.
//!
//! ```text
//!  ↑ pull      ↓ push        upper block 4 × 1 × 1, traction up on its left half, down on its right half
//!  ┌────┬─────┐
//!  └────┴─────┘              no point may pull; all forces balance
//!  ▓▓▓▓▓▓▓▓▓▓▓▓
//! ```

use crate::blocks::{Face, block, face, hold, part};
use crate::solved;
use dens_mesher::Vec3;
use dens_solver::loads::contact::{Gaps, Law, Status};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Model};

pub(crate) fn lever(pull: f64, push: f64) -> Model {
    let parts = vec![
        part("base", block([0.0, 0.0, -1.0], [4.0, 1.0, 0.0], [5, 2, 1]), 1000.0, 0.3),
        part("lever", block([0.0; 3], [4.0, 1.0, 1.0], [6, 2, 2]), 1000.0, 0.3),
    ];
    let slave = face(&parts, 1, Face::Bottom);
    let master = face(&parts, 0, Face::Top);
    let top = face(&parts, 1, Face::Top).facets;
    let mesh = &parts[1].mesh;
    let left = |f: &u32| mesh.facet_geometry(&mesh.boundary[*f as usize]).0.x < 2.0;
    let (west, east): (Vec<u32>, Vec<u32>) = top.into_iter().partition(left);
    let traction =
        |name: &str, facets, z| Traction { name: name.into(), part: 1, facets, value: [0.0, 0.0, z] };
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        interfaces: vec![Interface {
            name: "seat".into(),
            slave,
            master,
            law: Law::Sliding { friction: 0.6 },
            gaps: Gaps::Closed,
            reach_mm: 0.1,
        }],
        tractions: vec![traction("pull", west, pull), traction("push", east, -push)],
        parts,
        ..Model::default()
    }
}

#[test]
fn tension_opens_the_contact_and_the_resultant_stays_in_place() {
    let s = solved(&lever(0.2, 1.0));
    let c = &s.contacts[0];
    let open: Vec<_> = c.points.iter().filter(|p| p.status == Status::Open).collect();
    assert!(!open.is_empty() && open.iter().all(|p| p.pressure == 0.0 && p.shear == Vec3::zeros()));
    assert!(open.iter().all(|p| -1e-9 <= p.gap), "open points are apart");
    assert!(c.points.iter().all(|p| 0.0 <= p.pressure));
    // Statics: 2 mm² × (1 − 0.2) MPa down, moment about y of the two halves at x = 1 and x = 3.
    let (force, moment) = (2.0 * (1.0 - 0.2), 2.0 * (3.0 * 1.0 - 1.0 * 0.2));
    assert!((c.force.z / force - 1.0).abs() < 1e-6, "{}", c.force.z);
    assert!((-c.moment.y / moment - 1.0).abs() < 1e-6, "{}", c.moment.y);
    assert!(c.closed_area() < 0.9 * c.slave_area);
    assert!(s.balance.force_error < 1e-6 && s.balance.moment_error < 1e-6);
    assert!(c.relative_violation < 1e-3);
}

#[test]
fn doubling_the_load_doubles_the_answer() {
    let (one, two) = (solved(&lever(0.02, 0.1)), solved(&lever(0.04, 0.2)));
    assert_eq!(one.progress.augmentations, two.progress.augmentations);
    let scaled = one.scaled(2.0).expect("all gaps are closed");
    let largest = two.largest_displacement();
    for (a, b) in scaled.displacements.iter().flatten().zip(two.displacements.iter().flatten()) {
        // Both are exact to the tolerance of the residual, 1e-8, times the condition of the blocks.
        assert!((a - b).norm() < 1e-6 * largest);
    }
    assert!((scaled.compliance / two.compliance - 1.0).abs() < 1e-6);
    let statuses = |s: &dens_solver::solution::Solution| -> Vec<Status> {
        s.contacts[0].points.iter().map(|p| p.status).collect()
    };
    assert_eq!(statuses(&one), statuses(&two));
    for (a, b) in scaled.contacts[0].points.iter().zip(&two.contacts[0].points) {
        assert!((a.pressure - b.pressure).abs() < 1e-5 * two.contacts[0].peak_pressure());
    }
}

#[test]
fn one_and_two_threads_give_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| solved(&lever(0.2, 1.0)))
    };
    assert_eq!(run(1), run(2));
}
