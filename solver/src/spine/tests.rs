//! Bones and links: energy, tangent, balance.

use super::*;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::Patch;
use nalgebra::{DVector, Matrix3, Rotation3, SMatrix, SVector};
use std::f64::consts::PI;

fn patch() -> Patch {
    Patch { center: Vec3::zeros(), axis: Vec3::z(), first: Vec3::y(), radii: [6.0, 5.0], depth: 3.0 }
}

/// Spots of 1 mm² on a plane square of 8 mm, 2 mm above a plane facet.
fn spots() -> Vec<Spot> {
    let along = |i: usize| i as f64 - 3.5;
    let spot = |i, j| Spot { at: Vec3::new(along(i), along(j), 2.0), area: 1.0, touching: 2.0 };
    (0..8).flat_map(|i| (0..8).map(move |j| spot(i, j))).collect()
}

fn flat() -> Quadric {
    Quadric { patch: Patch { radii: [20.0; 2], ..patch() }, height: [0.0; 6], margin: 1.0 }
}

fn column(links: Vec<Box<dyn Link>>) -> Column {
    let bones = vec![
        ("upper".to_string(), Vec3::new(1.0, -2.0, 9.0), Freedom::Free),
        ("lower".to_string(), Vec3::new(-0.5, 1.0, -7.0), Freedom::Free),
    ];
    Column { bones, links }
}

/// One link of each kind, all under force near the poses of [`bent`].
fn every_link() -> Vec<Box<dyn Link>> {
    let curve = Curve::Toe { toe: 0.8, stiffness: 40.0 };
    let bowl = Quadric { patch: patch(), height: [0.1, 0.02, -0.03, 0.01, 0.004, -0.008], margin: 2.0 };
    let post =
        Post { origin: Vec3::new(0.5, 1.0, 3.0), axis: Vec3::new(0.1, 0.0, 1.0).normalize(), radius: 4.0 };
    let mut law = SMatrix::<f64, 6, 6>::from_diagonal_element(120.0);
    (law[(3, 3)], law[(4, 4)], law[(5, 5)], law[(0, 4)], law[(4, 0)]) = (900.0, 1500.0, 700.0, 80.0, 80.0);
    let axes = *Rotation3::new(Vec3::new(0.2, 0.1, -0.3)).matrix();
    let ends = [Vec3::new(8.0, 1.5, 3.5), Vec3::new(-8.0, 2.0, 3.0)];
    let shift = SMatrix::<f64, 6, 1>::from_element(30.0);
    vec![
        Box::new(Cable::new(
            "cable",
            [0, 1],
            [Vec3::new(3.0, 1.0, 4.0), Vec3::new(2.0, 0.0, -3.0)],
            -1.5,
            curve.clone(),
        )),
        Box::new(Cable::new(
            "follower",
            [0, 1],
            [Vec3::new(0.0, 1.0, 9.0), Vec3::new(0.5, 0.0, -5.0)],
            0.0,
            Curve::Constant(40.0),
        )),
        Box::new(Wrapped::new("wrapped", [0, 1], ends, post, Vec3::y(), -1.0, curve)),
        Box::new(Bed::new("bed", [0, 1], spots(), Surface::Facet(bowl), 12.0)),
        Box::new(Bed::new("post", [0, 1], spots(), Surface::Post(post), 2.0)),
        Box::new(
            PoseLaw::linear("law", [0, 1], Vec3::new(0.3, 0.2, 1.0), axes, law)
                .stiffening(shift, shift * 9.0),
        ),
    ]
}

fn bent(column: &Column) -> Vec<Pose> {
    let rest = column.at_rest();
    vec![
        rest[0].moved(Vec3::new(0.31, 0.22, -0.43), Vec3::new(0.12, -0.07, 0.21)),
        rest[1].moved(Vec3::new(-0.11, 0.13, 0.08), Vec3::new(-0.05, 0.09, 0.14)),
    ]
}

fn nudged(poses: &[Pose], i: usize, by: f64) -> Vec<Pose> {
    let mut out = poses.to_vec();
    let axis = Vec3::ith(i % 3, by);
    let (shift, turn) = if i % 6 < 3 { (axis, Vec3::zeros()) } else { (Vec3::zeros(), axis) };
    out[i / 6] = out[i / 6].moved(shift, turn);
    out
}

#[test]
fn forces_are_the_slope_of_the_energy_and_the_tangent_is_theirs() {
    for link in every_link() {
        let name = link.anchors().name.clone();
        let column = column(vec![link]);
        let poses = bent(&column);
        let (force, tangent) = column.balance(&poses, &Load::default());
        assert!(1.0 < force.amax(), "{name} does something");
        let h = 1e-6;
        for i in 0..12 {
            let [low, high] = [-h, h].map(|by| nudged(&poses, i, by));
            let slope = (column.energy(&high) - column.energy(&low)) / (2.0 * h);
            // Central differences: h² and 1e-16/h of the energy.
            assert!((slope - force[i]).abs() < 1e-6 * force.amax(), "{name} force {i}: {slope} {}", force[i]);
            let forces = [low, high].map(|p| column.balance(&p, &Load::default()).0);
            let row: DVector<f64> = (&forces[1] - &forces[0]) / (2.0 * h);
            let error = (row - tangent.column(i)).amax();
            assert!(error < 1e-6 * tangent.amax(), "{name} tangent {i}: {error:e}");
        }
    }
}

#[test]
fn turning_everything_costs_nothing_and_turns_the_forces() {
    let column = column(every_link());
    let poses = bent(&column);
    let turn = *Rotation3::new(Vec3::new(1.1, -0.7, 2.0)).matrix();
    let shift = Vec3::new(30.0, -12.0, 5.0);
    let turned: Vec<Pose> =
        poses.iter().map(|p| Pose { center: turn * p.center + shift, turn: turn * p.turn, ..*p }).collect();
    let [a, b] = [&poses, &turned].map(|p| column.energy(p));
    assert!((a - b).abs() < 1e-10 * a);
    let [a, b] = [&poses, &turned].map(|p| column.balance(p, &Load::default()).0);
    for i in 0..4 {
        let [own, other] = [a.fixed_rows::<3>(3 * i), b.fixed_rows::<3>(3 * i)];
        assert!((turn * own - other).norm() < 1e-9 * a.amax());
    }
    // A turn of the undeformed neck as a whole gives no force beyond those at rest.
    let rest = column.at_rest();
    let still: Vec<Pose> = rest.iter().map(|p| Pose { center: turn * p.center, turn, ..*p }).collect();
    assert!((column.energy(&rest) - column.energy(&still)).abs() < 1e-10 * column.energy(&rest));
}

#[test]
fn what_a_link_does_to_its_bones_balances_in_force_and_moment() {
    let column = column(every_link());
    let poses = bent(&column);
    for i in 0..column.links.len() {
        let [p, q] = column.wrenches(i, &poses);
        let moment = p.moment + q.moment + poses[0].center.cross(&p.force) + poses[1].center.cross(&q.force);
        let size = p.force.norm();
        assert!((p.force + q.force).norm() < 1e-12 * size, "{}", column.links[i].anchors().name);
        assert!(moment.norm() < 1e-11 * 10.0 * size, "{}", column.links[i].anchors().name);
    }
}

#[test]
fn two_flat_facets_give_under_load_as_a_layer_does() {
    let bed = Bed::new("bed", [0, 1], spots(), Surface::Facet(flat()), 12.5);
    let mut column = column(vec![Box::new(bed)]);
    column.bones[0].2 = Freedom::Guided;
    column.bones[1].2 = Freedom::Held;
    // Guided sideways by nothing: the load is straight down, so nothing moves there.
    let load = Load { forces: vec![(0, Vec3::new(0.0, 0.0, -64.0))], ..Load::default() };
    let pressed: Vec<Pose> = column
        .at_rest()
        .iter()
        .zip([-1e-3, 0.0])
        .map(|(p, z)| p.moved(Vec3::z() * z, Vec3::zeros()))
        .collect();
    let force = column.balance(&pressed, &Load::default()).0;
    assert!((force[2] + 12.5 * 64.0 * 1e-3).abs() < 1e-9, "k A d");
    let found = column.solve(&pressed, &load, &load, &Options::default()).expect("equilibrium");
    // 64 N on 64 mm²: 1 MPa over 12.5 N/mm³.
    let sunk = column.bones[0].1.z - found.poses[0].center.z;
    assert!((sunk - 1.0 / 12.5).abs() < 1e-8, "{sunk}");
    let lifted = column.at_rest()[0].moved(Vec3::z() * 0.1, Vec3::zeros());
    assert_eq!(column.energy(&[lifted, found.poses[1]]), 0.0, "no pull");
}

#[test]
fn a_wrapped_cable_is_as_long_as_tangents_and_arc() {
    let post = Post { origin: Vec3::zeros(), axis: Vec3::z(), radius: 5.0 };
    let ends = [Vec3::new(5.0, -7.0, 0.0), Vec3::new(-5.0, -7.0, 0.0)];
    let curve = Curve::Toe { toe: 1e-9, stiffness: 10.0 };
    // Half way around: two tangents of 7 mm and an arc of 5 π; 2 mm of stretch pull with 20 N.
    let cable = Wrapped::new("half", [0, 1], ends, post, Vec3::y(), -2.0, curve);
    let response = cable.respond(&ends);
    let sum: Vec3 = response.gradients.iter().sum();
    assert!((sum - Vec3::new(0.0, -40.0, 0.0)).norm() < 1e-7, "both tangents pull the post forward");
    assert!((response.energy - 0.5 * 10.0 * 4.0).abs() < 1e-6);
    let length = 14.0 + 5.0 * PI;
    let raised = [ends[0] + Vec3::z() * 3.0, ends[1]];
    let longer = length.hypot(3.0) - length + 2.0;
    assert!((cable.respond(&raised).energy - 5.0 * longer * longer).abs() < 1e-6, "unrolled");
}

#[test]
fn a_law_turned_about_one_axis_gives_its_moment() {
    let mut law = SMatrix::<f64, 6, 6>::identity();
    law[(4, 4)] = 800.0;
    let link = PoseLaw::linear("law", [0, 1], Vec3::new(1.0, -2.0, 9.0), Matrix3::identity(), law);
    let column = column(vec![Box::new(link)]);
    let mut poses = column.at_rest();
    poses[0] = poses[0].moved(Vec3::zeros(), Vec3::y() * 0.2);
    let moment = column.wrenches(0, &poses)[0].moment;
    // Ψ = ½ k sin² φ.
    assert!((moment - Vec3::y() * (-800.0 * 0.2_f64.sin() * 0.2_f64.cos())).norm() < 1e-9);
}

#[test]
fn a_post_beyond_its_buckling_load_leans_until_its_foot_holds_it() {
    // A post of 20 mm on a foot that resists turning about x with K s + b s³, s the sine of the lean; Euler: F h < K.
    let (height, stiff, cube) = (20.0, 100.0, 1000.0);
    let diagonal = SVector::<f64, 6>::from([1e5, 1e5, 1e5, stiff, 1e4, 1e4]);
    let law = PoseLaw::linear(
        "foot",
        [0, 1],
        Vec3::zeros(),
        Matrix3::identity(),
        SMatrix::from_diagonal(&diagonal),
    )
    .stiffening(SVector::zeros(), SVector::from([0.0, 0.0, 0.0, cube, 0.0, 0.0]));
    let bones = vec![
        ("post".to_string(), Vec3::z() * height, Freedom::Free),
        ("foot".to_string(), Vec3::zeros(), Freedom::Held),
    ];
    let column = Column { bones, links: vec![Box::new(law)] };
    let leaned = |force: f64| {
        let load = Load { forces: vec![(0, Vec3::new(0.0, 0.0, -force))], ..Load::default() };
        let found = column
            .solve(&column.at_rest(), &Load::default(), &load, &Options::default())
            .expect("a stable place");
        assert!(-1e-3 <= found.softest, "{}", found.softest);
        found.poses[0].turn[(2, 1)].abs()
    };
    assert!(leaned(0.8 * stiff / height) < 1e-9, "below the load it stands");
    let force = 1.5 * stiff / height;
    let s = leaned(force);
    let holds = (stiff + cube * s * s) * (1.0 - s * s).sqrt();
    // The foot gives way by F / 1e5 mm of 20 mm.
    assert!((holds / (force * height) - 1.0).abs() < 1e-4, "{s}");
}

/// A post of 20 mm on a foot that resists leaning about x and about y, N·mm, and hardly gives otherwise.
fn post(about_x: f64, about_y: f64, cube: f64, more: Vec<Box<dyn Link>>) -> Column {
    let stiffness = SMatrix::from_diagonal(&SVector::<f64, 6>::from([1e5, 1e5, 1e5, about_x, about_y, 1e6]));
    let law = PoseLaw::linear("foot", [0, 1], Vec3::zeros(), Matrix3::identity(), stiffness)
        .stiffening(SVector::zeros(), SVector::from([0.0, 0.0, 0.0, cube, cube, 0.0]));
    let bones = vec![
        ("post".to_string(), Vec3::z() * 20.0, Freedom::Free),
        ("foot".to_string(), Vec3::zeros(), Freedom::Held),
    ];
    let mut links: Vec<Box<dyn Link>> = vec![Box::new(law)];
    links.extend(more);
    Column { bones, links }
}

#[test]
fn a_post_under_a_load_that_follows_buckles_at_its_own_load() {
    // A cable from the tip (h over the hinge) to a guide c below it: Ψ = ½ K s² + ¼ b s⁴ + T L, L² = h² + c² + 2 h c cos θ;
    // it stands up to T = K (h + c)/(h c), beyond Euler's K/h, and leans as (K + b s²) L cos θ = T h c from there on.
    let (h, c, stiff, cube) = (20.0, 10.0, 100.0, 3000.0);
    let critical = stiff * (h + c) / (h * c);
    let lean = |tension: f64| {
        let ends = [Vec3::z() * h, -Vec3::z() * c];
        let cable = Cable::new("follower", [0, 1], ends, 0.0, Curve::Constant(tension));
        let column = post(stiff, 3.0 * stiff, cube, vec![Box::new(cable)]);
        let none = Load::default();
        let found = column.solve(&column.at_rest(), &none, &none, &Options::default()).expect("stable");
        let turn = found.poses[0].turn;
        turn[(2, 1)].hypot(turn[(2, 0)])
    };
    assert!(lean(0.99 * critical) < 1e-9, "below its load it stands");
    let tension = 1.2 * critical;
    let s = lean(tension);
    let cosine = (1.0 - s * s).sqrt();
    let length = (h * h + c * c + 2.0 * h * c * cosine).sqrt();
    let holds = (stiff + cube * s * s) * length * cosine;
    // The foot gives way by T / 1e5 mm of 20 mm.
    assert!((holds / (tension * h * c) - 1.0).abs() < 1e-4, "{s}");
}

#[test]
fn a_moment_without_an_energy_is_judged_by_the_whole_tangent() {
    // Dead force F on the tip and a moment M about z of constant direction. Leaning: K = [k₁ - F h, m; -m, k₂ - F h], m = M/2, so that
    // λ = a ± √(d² - m²), a and d half the sum and the difference: the moment holds up a post that the symmetric part
    // alone would let fall. Units of the tangent: the tip moves by h, the turn counts 15 mm.
    let (k1, k2, force) = (100.0, 300.0, 150.0 / 20.0);
    let column = post(k1, k2, 0.0, Vec::new());
    let stands = |moment: f64| {
        let load = Load { forces: vec![(0, Vec3::z() * -force)], moments: vec![(0, Vec3::z() * moment)] };
        column.solve(&column.at_rest(), &load, &load, &Options::default())
    };
    let (a, d) = (50.0, 100.0);
    let found = stands(190.0).expect("stable");
    let least = (a - f64::sqrt(d * d - 95.0 * 95.0)) / (20.0 * 20.0 + 15.0 * 15.0);
    // The foot is stiff, not rigid: 1e-5 of the rest.
    assert!((found.softest / least - 1.0).abs() < 1e-3, "{} {least}", found.softest);
    assert!(found.poses[0].turn[(2, 2)] > 1.0 - 1e-12, "upright");
    let falls = |moment: f64| stands(moment).map_or(true, |e| e.poses[0].turn[(2, 2)] < 1.0 - 1e-6);
    // √(d² - m²) = a at M = 173.2.
    assert!(falls(0.0) && falls(100.0) && falls(171.0) && !falls(175.0));
    assert!(found.softest.is_finite());
}
