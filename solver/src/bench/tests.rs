//! Devices of simple shape, whose answers are known in closed form.

use super::curve;
use super::*;
use crate::nonlinear::Options;
use crate::nonlinear::laws::{
    CrushableLattice, CubicStrengths, Law, LinearElastic, PostYield, QuadricBone, QuadricSurface,
};
use crate::statics::{CellFacet, Formulation};
use crate::tensor::isotropic;
use crate::verification::block;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use std::f64::consts::PI;
use std::ops::ControlFlow;

const E: f64 = 3000.0;

/// Elastic part of ten-node tetrahedra.
fn part(mesh: MixedMesh, law: Law) -> Part {
    let stiffness = isotropic(E, 0.3);
    let of_cell = vec![0; mesh.n_cells()];
    Part {
        name: "device".into(),
        mesh,
        formulation: Formulation::Tet10,
        palette: vec![(stiffness, law)],
        of_cell,
    }
}

fn elastic() -> Law {
    Law::small(LinearElastic { stiffness: isotropic(E, 0.3) })
}

fn facets(mesh: &MixedMesh, place: impl Fn(Vec3) -> bool) -> Vec<CellFacet> {
    let on = |f: &CellFacet| {
        mesh.facet(f.cell as usize, usize::from(f.facet)).iter().all(|n| place(mesh.points()[*n as usize]))
    };
    boundary(mesh).into_iter().filter(on).collect()
}

/// Device between two blocks, upright along `up` from the origin.
fn between(mesh: MixedMesh, law: Law, up: Vec3, height: f64, hold: Hold) -> Rig {
    let seat = |name: &str, at: f64, against: Against| Seat {
        name: name.into(),
        part: 0,
        facets: facets(&mesh, |p| (p.dot(&up) - at).abs() < 1e-9),
        against,
        hold,
    };
    let seats = [seat("upper", height, Against::Upper), seat("lower", 0.0, Against::Lower)];
    let joint = height * up;
    Rig::new(&[part(mesh, law)], &seats, &[], joint, -up).expect("sound rig")
}

fn run(rig: &Rig, machine: Machine) -> Course {
    rig.run(&machine, Options::default(), &mut |_| ControlFlow::Continue(())).expect("runs")
}

fn press(axis: Vec3, travel: f64, increments: usize) -> Machine {
    Machine { axis, drive: Drive::Travel(travel), across: false, tilt: true, increments }
}

/// Box of 8 × 6 × 12 mm with its bottom centered at the origin.
fn bar(n: [usize; 3]) -> MixedMesh {
    block(Shape::Tet10, n, false, |x| Vec3::new(8.0 * x.x - 4.0, 6.0 * x.y - 3.0, 12.0 * x.z))
}

#[test]
fn a_box_between_frictionless_blocks_has_the_stiffness_ea_over_h() {
    let rig = between(bar([3, 2, 3]), elastic(), Vec3::z(), 12.0, Hold::Sliding { friction: 0.0 });
    let course = run(&rig, press(-Vec3::z(), 0.06, 2));
    let found = curve::stiffness(&course.points).expect("rises");
    let expected = E * 48.0 / 12.0;
    // Uniform stress lies in the elements; the multipliers end at 1e-4.
    assert!((found / expected - 1.0).abs() < 1e-4, "{found} {expected}");
    assert!(course.stopped.is_none() && course.reaction_error < 1e-4);
}

#[test]
fn friction_of_the_blocks_stiffens_between_free_and_gripped_faces() {
    let stiffness = |hold: Hold| {
        let rig = between(bar([3, 2, 3]), elastic(), Vec3::z(), 12.0, hold);
        curve::stiffness(&run(&rig, press(-Vec3::z(), 0.06, 1)).points).expect("rises")
    };
    let free = stiffness(Hold::Sliding { friction: 0.0 });
    let rough = stiffness(Hold::Sliding { friction: 0.1 });
    let gripped = stiffness(Hold::Gripped);
    assert!(1.002 * free < rough && 1.002 * rough < gripped, "{free} {rough} {gripped}");
    // Full lateral constraint is the bound from above: (1 − ν)/((1 + ν)(1 − 2ν)) = 1.346.
    assert!(gripped < 1.346 * free);
}

/// Round bar about the axis `up`, four quarters of a mapped square.
fn round(up: Vec3, radius: f64, height: f64) -> MixedMesh {
    let across = up.cross(&Vec3::new(0.3, 1.0, 0.2)).normalize();
    let other = up.cross(&across);
    block(Shape::Tet10, [6, 6, 3], true, |x| {
        // Square to disc, area by area along both axes (elliptical mapping); smooth but at the corners.
        let (a, b) = (2.0 * x.x - 1.0, 2.0 * x.y - 1.0);
        let (u, v) = (a * (1.0 - 0.5 * b * b).sqrt(), b * (1.0 - 0.5 * a * a).sqrt());
        radius * (u * across + v * other) + height * x.z * up
    })
}

#[test]
fn a_round_bar_twisted_by_gripping_blocks_has_the_stiffness_gj_over_h_about_any_axis() {
    for up in [Vec3::z(), Vec3::new(0.2, -0.3, 1.0).normalize()] {
        let (radius, height) = (4.0, 10.0);
        let rig = between(round(up, radius, height), elastic(), up, height, Hold::Gripped);
        let drive = Drive::Twist { angle: 0.01, preload: 100.0 };
        let machine = Machine { axis: -up, drive, across: false, tilt: true, increments: 2 };
        let course = run(&rig, machine);
        let found = curve::stiffness(&course.points).expect("rises");
        let expected = E / 2.6 * 0.5 * PI * radius.powi(4) / height;
        // Facets between the nodes of the mapped square are a little inside of the circle (fourth power of the radius).
        assert!((found / expected - 1.0).abs() < 0.01, "{found} {expected}");
    }
}

#[test]
fn a_load_inclined_to_the_device_shears_it_as_it_presses_it() {
    let up = Vec3::z();
    let rig = between(bar([2, 2, 3]), elastic(), up, 12.0, Hold::Gripped);
    let axis = Vec3::new(0.0, -1.0, -1.0).normalize();
    let machine = Machine { axis, drive: Drive::Travel(0.01), across: true, tilt: false, increments: 1 };
    let course = run(&rig, machine);
    let top = course.last.displacements[rig.joint[0] as usize];
    // Nothing holds the joint across: force along the axis alone, so the softer direction gives way more.
    assert!(1.5 * top.z.abs() < top.y.abs(), "{top}");
    assert!((top.dot(&axis) - 0.01).abs() < 1e-12);
}

#[test]
fn a_lattice_box_yields_at_its_strength_times_its_area() {
    let strengths = CubicStrengths { axial: 30.0, hydrostatic: 45.0, shear: 15.0 };
    let law = Law::small(CrushableLattice::new(&isotropic(E, 0.3), strengths).expect("sound"));
    let rig = between(bar([2, 2, 2]), law, Vec3::z(), 12.0, Hold::Sliding { friction: 0.0 });
    // First yield at a strain of 0.01: 0.12 mm; then 2 % of the height more.
    let course = run(&rig, press(-Vec3::z(), 0.48, 8));
    let [x, load] = curve::offset_yield(&course.points, 0.02 * 12.0).expect("it yields");
    // The multipliers end at 1e-4.
    assert!((load / (30.0 * 48.0) - 1.0).abs() < 1e-3, "{load}");
    assert!((x - 0.36).abs() < 1e-3, "{x}");
    let most = course.last.plastic.iter().flatten().copied().fold(0.0, f64::max);
    assert!((most - 0.03).abs() < 1e-4, "{most}");
}

/// Foam under a punch of its own section: E = 123 MPa, ν = 0, strength 4.9 MPa that rises by half per unit of plastic strain.
fn punched() -> (Rig, f64) {
    let side = |n: usize, l: f64| (0..=n).map(|i| l * (i as f64 / n as f64 - 0.5)).collect::<Vec<f64>>();
    let depth: Vec<f64> = (0..=4).map(|i| -20.0 + 5.0 * f64::from(i)).collect();
    let foam = bricks([&side(3, 8.0), &side(2, 6.0), &depth], |p| p).expect("finite");
    let surface = QuadricSurface { tension: 4.9, compression: 4.9, interaction: 0.0 };
    let post = PostYield { hardening: 0.5, densification: None, damage: None };
    let law = Law::small(QuadricBone::new(123.0, 0.0, surface, post).expect("sound"));
    let top = facets(&foam, |p| p.z.abs() < 1e-9);
    let feet = (0..).zip(foam.points()).filter(|(_, p)| (p.z + 20.0).abs() < 1e-9).map(|(n, _)| n).collect();
    let n = foam.n_cells();
    let foam = Part {
        name: "foam".into(),
        mesh: foam,
        formulation: Formulation::Hex20Reduced,
        palette: vec![(isotropic(123.0, 0.0), law)],
        of_cell: vec![0; n],
    };
    // A punch a thousand times as stiff as the foam.
    let stiffness = isotropic(1e6, 0.0);
    let punch = bar([2, 2, 1]);
    let seats = [
        Seat {
            name: "upper".into(),
            part: 0,
            facets: facets(&punch, |p| (p.z - 12.0).abs() < 1e-9),
            against: Against::Upper,
            hold: Hold::Gripped,
        },
        Seat {
            name: "foam".into(),
            part: 0,
            facets: facets(&punch, |p| p.z.abs() < 1e-9),
            against: Against::Part(1, top),
            hold: Hold::Sliding { friction: 0.0 },
        },
    ];
    let punch = Part {
        palette: vec![(stiffness, Law::small(LinearElastic { stiffness }))],
        ..part(punch, elastic())
    };
    let rig = Rig::new(&[punch, foam], &seats, &[(1, feet)], 12.0 * Vec3::z(), -Vec3::z()).expect("sound");
    (rig, 48.0)
}

#[test]
fn a_punch_as_wide_as_the_foam_measures_its_modulus_and_its_strength() {
    let (rig, area) = punched();
    let machine = Machine { tilt: false, ..press(-Vec3::z(), 1.6, 8) };
    let course = run(&rig, machine);
    assert!(course.stopped.is_none(), "{:?}", course.stopped);
    let found = curve::stiffness(&course.points).expect("rises");
    // Without Poisson's ratio the stress is uniform. In series: the punch, 1e6 MPa over 12 mm.
    let expected = area / (20.0 / 123.0 + 12.0 / 1e6);
    assert!((found / expected - 1.0).abs() < 1e-4, "{expected} {found}");
    let [_, load] = curve::offset_yield(&course.points, 0.4).expect("it yields");
    // An offset of 0.4 mm in 20 mm is a plastic strain of 0.02.
    let expected = 4.9 * area * (1.0 + 0.5 * 0.02);
    assert!((load / expected - 1.0).abs() < 1e-3, "{load} {expected}");
}

#[test]
fn foam_tied_to_a_narrower_punch_is_stiffer_than_the_foam_below_it_alone() {
    // Wider than the punch by half of it on every side.
    let side = |n: usize, l: f64| (0..=n).map(|i| l * (i as f64 / n as f64 - 0.5)).collect::<Vec<f64>>();
    let depth: Vec<f64> = (0..=4).map(|i| -20.0 + 5.0 * f64::from(i)).collect();
    let foam = bricks([&side(8, 16.0), &side(8, 12.0), &depth], |p| p).expect("finite");
    let punch = bar([4, 4, 1]);
    let top = facets(&foam, |p| p.z.abs() < 1e-9);
    let feet = (0..).zip(foam.points()).filter(|(_, p)| (p.z + 20.0).abs() < 1e-9).map(|(n, _)| n).collect();
    let seat = |name: &str, at: f64, against: Against| Seat {
        name: name.into(),
        part: 0,
        facets: facets(&punch, |p| (p.z - at).abs() < 1e-9),
        against,
        hold: Hold::Gripped,
    };
    let seats = [seat("upper", 12.0, Against::Upper), seat("foam", 0.0, Against::Part(1, top))];
    let (stiff, soft) = (isotropic(1e6, 0.0), isotropic(123.0, 0.0));
    let cells = foam.n_cells();
    let punch = Part {
        palette: vec![(stiff, Law::small(LinearElastic { stiffness: stiff }))],
        ..part(punch, elastic())
    };
    let foam = Part {
        name: "foam".into(),
        mesh: foam,
        formulation: Formulation::Hex20,
        palette: vec![(soft, Law::small(LinearElastic { stiffness: soft }))],
        of_cell: vec![0; cells],
    };
    let rig = Rig::new(&[punch, foam], &seats, &[(1, feet)], 12.0 * Vec3::z(), -Vec3::z()).expect("sound");
    let found = curve::stiffness(&run(&rig, press(-Vec3::z(), 0.1, 1)).points).expect("rises");
    // From below the column under the punch, from above the whole block.
    let (least, most) = (123.0 * 48.0 / 20.0, 123.0 * 192.0 / 20.0);
    assert!(1.3 * least < found && found < 0.9 * most, "{least} {found} {most}");
}
