//! Action equals reaction on a curved interface whose meshes do not fit.
//!
//! ```text
//!   ↓ ↘ traction
//!  ╭─────╮      cylinder of radius 3 mm between two blocks, meshes 3 × 3 and 5 × 4 in plan:
//!  ╭╌╌╌╌╌╮      the surfaces are apart or overlap by some 0.01 mm
//!  ╰▓▓▓▓▓╯
//! ```
//! Verification case C10: the sums of forces and moments vanish to round-off.

use crate::blocks::{Face, block, face, hold, mapped, part};
use crate::solved;
use dens_mesher::Vec3;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Model};

fn arch(x: f64) -> f64 {
    (9.0 - (x - 1.0) * (x - 1.0)).sqrt() - 8.0f64.sqrt()
}

fn saddle(law: Law) -> Model {
    let lower = mapped([3, 3, 2], |p| {
        let (x, y) = (2.0 * p.x, 2.0 * p.y);
        Vec3::new(x, y, p.z * (1.0 + arch(x)))
    });
    let upper = mapped([5, 4, 2], |p| {
        let (x, y) = (2.0 * p.x, 2.0 * p.y);
        Vec3::new(x, y, 1.0 + arch(x) + p.z * (1.0 - arch(x)))
    });
    // Corner nodes lie on the arch, mid-edge nodes on the middle of their edges: the chords do not fit.
    let parts = vec![part("lower", straightened(lower), 800.0, 0.3), part("upper", upper, 3000.0, 0.3)];
    let slave = face(&parts, 1, Face::Bottom);
    let master = face(&parts, 0, Face::Top);
    let facets = face(&parts, 1, Face::Top).facets;
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        interfaces: vec![Interface {
            name: "arch".into(),
            slave,
            master,
            law,
            gaps: Gaps::Closed,
            reach_mm: 0.2,
        }],
        tractions: vec![Traction { name: "top".into(), part: 1, facets, value: [0.1, 0.05, -1.0] }],
        parts,
        ..Model::default()
    }
}

fn straightened(mut mesh: dens_mesher::mesh::Mesh) -> dens_mesher::mesh::Mesh {
    for (i, [a, b]) in mesh.parents().into_iter().enumerate() {
        mesh.points[i] = 0.5 * (mesh.points[a as usize] + mesh.points[b as usize]);
    }
    mesh
}

#[test]
fn forces_and_moments_balance_across_surfaces_that_do_not_fit() {
    for (law, tolerance) in [(Law::Bonded, 1e-10), (Law::Sliding { friction: 0.3 }, 1e-7)] {
        let s = solved(&saddle(law));
        let c = &s.contacts[0];
        assert!(5e-3 < c.largest_initial_gap && c.largest_initial_gap < 0.2);
        // Bonded: one direct solve, hence round-off. Sliding: the tolerance of the residual.
        assert!(s.balance.force_error < tolerance, "{:e}", s.balance.force_error);
        assert!(s.balance.moment_error < tolerance, "{:e}", s.balance.moment_error);
        assert!((c.paired_area / c.slave_area - 1.0).abs() < 1e-3);
        // The upper block is in equilibrium by itself: the interface carries the traction, with its moment.
        let load = Vec3::new(0.1, 0.05, -1.0) * 4.0;
        assert!((c.force + load).norm() < 10.0 * tolerance * load.norm());
        let moment = c.moment + Vec3::new(1.0, 1.0, 2.0).cross(&load);
        assert!(moment.norm() < 100.0 * tolerance * load.norm(), "{moment}");
    }
}

#[test]
fn two_bonded_blocks_deform_like_one() {
    let pull = |parts: Vec<dens_solver::model::Part>, interfaces| {
        let last = parts.len() - 1;
        let facets = face(&parts, last, Face::Top).facets;
        let model = Model {
            holds: vec![hold(&parts, 0, Face::Bottom)],
            tractions: vec![Traction { name: "top".into(), part: last, facets, value: [0.3, 0.0, 0.5] }],
            interfaces,
            parts,
            ..Model::default()
        };
        solved(&model)
    };
    let one = vec![part("one", block([0.0; 3], [2.0, 2.0, 4.0], [4, 4, 8]), 1000.0, 0.3)];
    let whole = pull(one, Vec::new());
    let two = vec![
        part("lower", block([0.0; 3], [2.0, 2.0, 2.0], [4, 4, 4]), 1000.0, 0.3),
        part("upper", block([0.0, 0.0, 2.0], [2.0, 2.0, 4.0], [3, 3, 3]), 1000.0, 0.3),
    ];
    let joint = Interface {
        name: "glue".into(),
        slave: face(&two, 1, Face::Bottom),
        master: face(&two, 0, Face::Top),
        law: Law::Bonded,
        gaps: Gaps::Closed,
        reach_mm: 0.1,
    };
    let halves = pull(two, vec![joint]);
    let ratio = halves.compliance / whole.compliance;
    // The bond is one hundredth of an element more compliant, the coarser upper half a little stiffer.
    assert!((ratio - 1.0).abs() < 5e-3, "{ratio}");
    assert!(halves.contacts[0].relative_violation < 1e-3);
}
