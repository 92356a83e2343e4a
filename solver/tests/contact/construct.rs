//! Rigid bodies that screws are clamped in, and wires: closed forms on blocks.
//!
//! ```text
//!   ┌────F────┬─────┐      body on the column, rod or wire clamped in it beside the column
//!   ▒▒▒▒▒     │     │
//!   │column   │rod  ┊ wire
//!   │       [post]  ┊
//! ```

use crate::blocks::{Face, block, face, hold, part};
use crate::solved;
use dens_mesher::Vec3;
use dens_solver::loads::beam::BeamSection;
use dens_solver::loads::fixation::{Fixation, Link, Wire};
use dens_solver::loads::guide::Bedding;
use dens_solver::loads::rigid::RigidBody;
use dens_solver::model::Model;

const ROD: BeamSection = BeamSection { diameter: 1.0, youngs_modulus: 110e3, poissons_ratio: 0.3 };
const WIRE: BeamSection = BeamSection { diameter: 0.5, youngs_modulus: 110e3, poissons_ratio: 0.3 };
/// Middle of the top of the column.
const TOP: Vec3 = Vec3::new(1.0, 1.0, 5.0);

/// Body on a column of 2 × 2 × 5 mm, E = 500 MPa, ν = 0, and a post beside it.
fn body(force: [f64; 3], couple: [f64; 3], guided: bool) -> Model {
    let parts = vec![
        part("column", block([0.0; 3], [2.0, 2.0, 5.0], [2, 2, 5]), 500.0, 0.0),
        part("post", block([4.0, 0.0, 0.0], [6.0, 2.0, 3.0], [2, 2, 3]), 500.0, 0.0),
    ];
    let beds = vec![(0, face(&parts, 0, Face::Top).facets)];
    let fixation = Fixation { nodes: vec![TOP], ..Fixation::default() };
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom), hold(&parts, 1, Face::Bottom)],
        bodies: vec![RigidBody {
            name: "occiput".into(),
            node: 0,
            beds,
            foundation: Bedding::uniform(40.0),
            force,
            couple,
            guided,
        }],
        fixation,
        parts,
        ..Model::default()
    }
}

fn with_rod(mut model: Model) -> Model {
    let (head, tip) = (Vec3::new(5.03, 1.02, 6.0), Vec3::new(5.03, 1.02, 0.5));
    let rod = model.fixation.add("rod", ROD, &[head, tip], 0.5);
    let node = model.fixation.members[rod].nodes[0];
    model.fixation.links.push(Link { node, with: 0 });
    model.fixation.tie(rod, 1);
    model
}

fn with_wire(mut model: Model) -> Model {
    model.fixation.wires.push(Wire {
        name: "wire".into(),
        section: WIRE,
        node: 0,
        part: 1,
        anchor: Vec3::new(5.03, 1.02, 2.5),
    });
    model
}

/// k A of the bedding in series with E A / L of the column, N/mm.
const COLUMN: f64 = 1.0 / (1.0 / (40.0 * 4.0) + 5.0 / (500.0 * 4.0));

#[test]
fn a_guided_body_travels_by_its_bedding_and_the_column_below() {
    let s = solved(&body([0.0, 0.0, -10.0], [0.0; 3], true));
    assert!((s.guides[0].travel * COLUMN / 10.0 - 1.0).abs() < 1e-9, "{}", s.guides[0].travel);
    assert!((s.guides[0].peak_pressure / 2.5 - 1.0).abs() < 1e-9);
    assert!((s.holds[0].force.z / 10.0 - 1.0).abs() < 1e-9);
}

#[test]
fn a_free_body_turns_under_a_couple_by_its_bedding_and_the_column_below() {
    let s = solved(&body([0.0; 3], [0.0, 12.0, 0.0], false));
    let inertia = 16.0 / 12.0;
    // θ = M / (k I) + M L / (E I), exact for ν = 0.
    let exact = 12.0 / (40.0 * inertia) + 12.0 * 5.0 / (500.0 * inertia);
    let turn = s.beam_motions[0][1];
    assert!((turn.y / exact - 1.0).abs() < 1e-9, "{turn} {exact}");
    assert!((s.holds[0].moment + Vec3::new(0.0, 12.0, 0.0)).norm() < 1e-7, "{}", s.holds[0].moment);
    assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8, "{:?}", s.balance);
}

#[test]
fn a_rod_clamped_in_the_body_takes_load_from_the_column_and_all_balances() {
    for (force, couple, guided) in
        [([0.0, 0.0, -10.0], [0.0; 3], true), ([0.3, 0.2, -10.0], [3.0, -5.0, 2.0], false)]
    {
        let s = solved(&with_rod(body(force, couple, guided)));
        let rod = s.members[0].forces[0][0];
        assert!((rod.normal + s.holds[1].force.z).abs() < 1e-8, "{} {}", rod.normal, s.holds[1].force.z);
        // The bed is soft: the column takes a small part.
        assert!(0.1 < s.holds[1].force.z && 0.1 < s.holds[0].force.z, "both carry");
        let rail = if guided { s.guides[0].transverse } else { Vec3::zeros() };
        let left = s.holds[0].force + s.holds[1].force + Vec3::from(force) + rail;
        assert!(left.norm() < 1e-8, "{left}");
        let turning = s.holds[0].moment
            + s.holds[1].moment
            + TOP.cross(&(Vec3::from(force) + rail))
            + if guided { s.guides[0].moment } else { Vec3::from(couple) };
        assert!(turning.norm() < 1e-7, "{turning}");
        assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8, "{:?}", s.balance);
        // The clamped end moves as the body does.
        let node = 1;
        let [u, turn] = s.beam_motions[0];
        let arm = Vec3::new(5.03, 1.02, 6.0) - TOP;
        assert!((s.beam_motions[node][0] - u - turn.cross(&arm)).norm() < 1e-14);
    }
}

#[test]
fn a_wire_carries_no_compression() {
    let alone = solved(&body([0.0, 0.0, -10.0], [0.0; 3], true));
    let pressed = solved(&with_wire(body([0.0, 0.0, -10.0], [0.0; 3], true)));
    assert_eq!(pressed.wires[0].tension, 0.0);
    assert!(0.0 < pressed.wires[0].slack);
    assert!((pressed.guides[0].travel / alone.guides[0].travel - 1.0).abs() < 1e-9);
    assert!(pressed.holds[1].force.norm() < 1e-9);

    let pulled = solved(&with_wire(body([0.0, 0.0, 10.0], [0.0; 3], true)));
    let wire = &pulled.wires[0];
    assert!(0.1 < wire.tension && wire.slack == 0.0, "{wire:?}");
    assert!((wire.force + pulled.holds[1].force).norm() < 1e-8, "{:?}", pulled.holds);
    let shares = pulled.holds[0].force.z + pulled.holds[1].force.z;
    assert!((shares / -10.0 - 1.0).abs() < 1e-9, "{shares}");
    assert!(pulled.balance.force_error < 1e-8 && pulled.balance.moment_error < 1e-8);
}
