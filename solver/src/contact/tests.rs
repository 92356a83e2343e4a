//! Facts about geometry, integration and the state of a pair.

use super::mortar::{Manner, Mortar, Sides};
use super::pairing;
use super::space::Space;
use super::*;
use crate::nonlinear::Interaction;
use crate::statics::Formulation;
use crate::tensor::isotropic;
use crate::verification::touching::Touching;
use crate::verification::{VerificationError, block};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;

/// Height of the joint; zero for a flat one.
fn bulge(p: Vec3, height: f64) -> f64 {
    height * ((p.x - 0.8).powi(2) - 0.5 * (p.y - 1.1).powi(2))
}

/// Two blocks, the upper of 3 × 3 and the lower of 4 × 4 bricks, that meet at z = 1, `lift` mm apart.
fn stack(formulations: [Formulation; 2], height: f64, lift: f64) -> Result<Touching, VerificationError> {
    let mesh = |k: usize, n: usize, z: f64| {
        block(formulations[k].shape(), [n, n, 1], true, |x| {
            // Bricks of unequal size, so that quadrilaterals are not parallelograms.
            let p = Vec3::new(2.0 * x.x + 0.2 * x.x * x.y, 2.0 * x.y + 0.1 * x.x, z + x.z);
            p + Vec3::new(
                0.0,
                0.0,
                bulge(p, height) * (1.0 - (p.z - 1.0).abs()) + if k == 1 { lift } else { 0.0 },
            )
        })
    };
    let law = isotropic(1000.0, 0.3);
    Touching::new(&[(mesh(0, 4, 0.0), formulations[0], law), (mesh(1, 3, 1.0), formulations[1], law)])
}

fn surfaces(t: &Touching, height: f64, lift: f64) -> (Surface, Surface) {
    let on = |p: Vec3, z: f64| (p.z - z - bulge(p, height)).abs() < 1e-6;
    let slave = t.facets(1, |p| on(p, 1.0 + lift));
    let master = t.facets(0, |p| on(p, 1.0));
    (
        Surface::new(&t.body, &slave).expect("facets of the upper block"),
        Surface::new(&t.body, &master).expect("facets of the lower block"),
    )
}

#[test]
fn clips_cover_flat_facets_exactly_for_every_shape() {
    for slave_shape in [Formulation::Tet4, Formulation::Tet10, Formulation::Hex8, Formulation::Hex20] {
        for master_shape in [Formulation::Tet10, Formulation::Hex8] {
            let t = stack([master_shape, slave_shape], 0.0, 0.0).expect("stack");
            let (slave, master) = surfaces(&t, 0.0, 0.0);
            let pairing = pairing::pair(&slave, &master, &slave.points, &master.points, 0.5);
            for (facet, points) in slave.facets.iter().zip(&pairing) {
                let buffer = facet.points(&slave.points);
                let shape = facet.cell();
                let rules = shape.rules();
                let at = |xi| mapping::area_vector(shape, &buffer[..facet.nodes.len()], xi).norm();
                let area: f64 = rules[rules.len() - 1].iter().map(|(xi, w)| w * at(xi)).sum();
                let sum: f64 = points.iter().map(|p| p.weight).sum();
                // Round-off of some hundred weights.
                assert!((sum / area - 1.0).abs() < 1e-11, "{slave_shape:?} {master_shape:?} {sum} {area}");
            }
        }
    }
}

#[test]
fn clips_cover_curved_facets_and_points_lie_opposite_each_other() {
    let (height, lift) = (0.2, 0.03);
    let t = stack([Formulation::Tet10; 2], height, lift).expect("stack");
    let (slave, master) = surfaces(&t, height, lift);
    let pairing = pairing::pair(&slave, &master, &slave.points, &master.points, 0.5);
    let (mut sum, mut area) = (0.0, 0.0);
    for (facet, points) in slave.facets.iter().zip(&pairing) {
        let (buffer, shape) = (facet.points(&slave.points), facet.cell());
        let nodes = &buffer[..facet.nodes.len()];
        let rules = shape.rules();
        area += rules[2].iter().map(|(xi, w)| w * mapping::area_vector(shape, nodes, xi).norm()).sum::<f64>();
        for p in points {
            sum += p.weight;
            let x = mapping::position(shape, nodes, [p.slave[0], p.slave[1], 0.0]);
            let other = &master.facets[p.master as usize];
            let buffer = other.points(&master.points);
            let opposite = [p.opposite[0], p.opposite[1], 0.0];
            let y = mapping::position(other.cell(), &buffer[..other.nodes.len()], opposite);
            // Newton's method ends at round-off of places of order one.
            assert!((x + p.gap * p.normal - y).norm() < 1e-13);
        }
    }
    // Two rules for the same smooth area element; along the rim, where the bulging surface leans over the other one,
    // strips of lift times slope have nothing opposite: at most 8 mm times 0.03 mm times 0.5.
    assert!(0.97 < sum / area && sum / area < 1.0 + 1e-5, "{}", sum / area);
}

#[test]
fn rigid_motions_cost_nothing_across_a_gap() {
    let (height, lift) = (0.2, 0.05);
    let t = stack([Formulation::Tet10; 2], height, lift).expect("stack");
    let (slave, master) = surfaces(&t, height, lift);
    let pairing = pairing::pair(&slave, &master, &slave.points, &master.points, 0.5);
    let sides =
        Sides { slave: &slave, master: &master, slave_points: &slave.points, master_points: &master.points };
    let (shift, spin) = (Vec3::new(0.3, -0.2, 0.7), Vec3::new(0.5, 1.1, -0.8));
    for tied in [true, false] {
        let mortar = Mortar::new(sides, &pairing, Manner { tied, space: Space::Nodes, without: &[] });
        assert!(!mortar.rows.is_empty());
        for row in &mortar.rows {
            let mut sum = Vec3::zeros();
            for (&node, b) in row.nodes.iter().zip(&row.blocks) {
                let u = shift + spin.cross(&t.body.mesh().points()[node as usize]);
                sum += nalgebra::Matrix3::from_row_slice(b) * u;
            }
            // Round-off of some hundred products of order one.
            assert!(sum.norm() < 1e-12, "{sum}");
            let means: f64 = row.mean.iter().map(|m| m.1).sum();
            assert!((means - 1.0).abs() < 1e-12);
        }
    }
}

/// The stack as a pressed pair, not yet solved.
fn pressed(options: PairOptions) -> Touching {
    let mut t = stack([Formulation::Tet10; 2], 0.0, 0.0).expect("stack");
    let foot = t.nodes(0, |p| p.z < 1e-9);
    (0..3).for_each(|axis| t.hold(&foot, axis, |_| 0.0));
    let head = t.facets(1, |p| 1.999 < p.z);
    t.pull(&head, Vec3::new(0.05, 0.0, -1.0));
    let (slave, master) = surfaces(&t, 0.0, 0.0);
    t.pairs.push(Pair::new("joint", slave, master, options).expect("sound pair"));
    t
}

#[test]
fn a_failed_increment_leaves_no_trace() {
    let mut t = pressed(PairOptions { law: Law::Sliding { friction: 0.5 }, ..PairOptions::default() });
    t.solve(1).expect("pressed");
    let (before, u) = (t.pairs[0].checkpoint(), t.displacements.clone());
    let pushed: Vec<Vec3> = u.iter().map(|u| 1.5 * u).collect();
    t.pairs[0].begin(&u, 1.0);
    assert!(t.pairs[0].augment(&pushed).again);
    let held = t.pairs[0].nodes(&u);
    t.pairs[0].restore();
    assert_eq!(t.pairs[0].checkpoint(), before);
    let mut other = pressed(PairOptions { law: Law::Sliding { friction: 0.5 }, ..PairOptions::default() });
    other.pairs[0].resume(&before).expect("a state of the same pair");
    other.pairs[0].begin(&u, 1.0);
    assert_eq!(other.pairs[0].nodes(&u), t.pairs[0].nodes(&u));
    assert_ne!(held, t.pairs[0].nodes(&u));
    assert!(other.pairs[0].resume(&before[..40]).is_err());
}

#[test]
fn newton_converges_quadratically_with_friction() {
    let mut t = pressed(PairOptions { law: Law::Sliding { friction: 0.06 }, ..PairOptions::default() });
    t.solve(1).expect("pressed");
    // The first state of the multipliers sticks, the second is bounded by friction; each ends at round-off.
    let residuals: Vec<f64> = t.iterations.iter().map(|i| i.residual).collect();
    let states: Vec<&[f64]> = residuals.chunk_by(|a, _| 2e-11 < *a).collect();
    let second = states[1];
    let (last, before) = (second[second.len() - 1], second[second.len() - 2]);
    // Once the set is found: e → C e² with C of order ten, down to round-off.
    assert!(3 < second.len() && last < (100.0 * before * before).max(2e-11), "{second:?}");
    let slipping = t.pairs[0].nodes(&t.displacements).iter().any(|n| n.status == Status::Slip);
    assert!(slipping, "some corners must slip for the test to mean anything");
}

#[test]
fn a_block_slides_across_elements_and_over_the_edge() {
    let mut t = stack([Formulation::Tet10; 2], 0.0, 0.0).expect("stack");
    let foot = t.nodes(0, |p| p.z < 1e-9);
    (0..3).for_each(|axis| t.hold(&foot, axis, |_| 0.0));
    let head = t.facets(1, |p| 1.999 < p.z);
    let area: f64 = 4.2;
    t.pull(&head, Vec3::new(0.0, 0.0, -1.0));
    let (slave, master) = surfaces(&t, 0.0, 0.0);
    let options = PairOptions { motion: Motion::Finite, ..PairOptions::default() };
    t.pairs.push(Pair::new("joint", slave, master, options).expect("sound pair"));
    let top = t.nodes(1, |p| 1.999 < p.z);
    t.hold(&top, 1, |_| 0.0);
    for k in 0..4 {
        t.hold(&top, 0, |_| 0.2 * f64::from(k));
        t.increment(1.0).expect("slides");
        let force = t.pairs[0].force(&t.displacements);
        // Forces balance to the residual of the engine; the area of the top is exact on flat facets.
        assert!((force.z.abs() / area - 1.0).abs() < 0.1, "{force}");
        assert!(force.x.abs() < 1e-2 * force.z.abs());
    }
    assert!(t.pairs[0].paired_share() < 0.9);
}

#[test]
fn what_cannot_be_a_pair_is_refused() {
    let t = stack([Formulation::Tet10; 2], 0.0, 0.0).expect("stack");
    let (slave, master) = surfaces(&t, 0.0, 0.0);
    let shared = Pair::new("joint", slave.clone(), slave.clone(), PairOptions::default());
    assert!(matches!(shared, Err(ContactError::Shared { .. })));
    let options = PairOptions { law: Law::Sliding { friction: -0.1 }, ..PairOptions::default() };
    let negative = Pair::new("joint", slave, master, options);
    assert!(matches!(negative, Err(ContactError::BadNumber { what: "the friction", .. })));
    assert!(matches!(Surface::new(&t.body, &[]), Err(ContactError::Empty)));
    let beyond = crate::statics::CellFacet { cell: u32::MAX, facet: 0 };
    assert!(matches!(Surface::new(&t.body, &[beyond]), Err(ContactError::NoSuchFacet { .. })));
}

#[test]
fn slip_under_strong_friction_is_cheap_for_the_linear_solver() {
    let mut t = pressed(PairOptions { law: Law::Sliding { friction: 0.6 }, ..PairOptions::default() });
    let head = t.facets(1, |p| 1.999 < p.z);
    t.pull(&head, Vec3::new(0.3, 0.0, 0.0));
    t.solve(2).expect("partial slip");
    let slipping = t.pairs[0].nodes(&t.displacements).iter().filter(|n| n.status == Status::Slip).count();
    assert!(0 < slipping, "nothing slips");
    // A preconditioner that mirrors half of the friction is indefinite, and takes shifts and hundreds of iterations.
    let most = t.iterations.iter().map(|i| i.linear_iterations).max().unwrap_or(0);
    assert!(most <= 30, "{most}");
}

/// Two blocks of 2 × 2 × 1 mm on rollers, `finer` times 2 × 2 and 3 × 3 bricks in plan, the upper one pressed, the lower
/// one pushed sideways: friction holds the faces together but for a little slip.
fn pushed(formulation: Formulation, finer: usize, side: f64) -> Result<Touching, VerificationError> {
    let mesh = |n: usize, z: f64| {
        block(formulation.shape(), [n, n, finer], true, |x| Vec3::new(2.0 * x.x, 2.0 * x.y, z + x.z))
    };
    let law = isotropic(1000.0, 0.3);
    let mut t =
        Touching::new(&[(mesh(2 * finer, 0.0), formulation, law), (mesh(3 * finer, 1.0), formulation, law)])?;
    let on = |a: f64, b: f64| (a - b).abs() < 1e-9;
    t.hold_symmetry();
    let foot = t.nodes(0, |p| on(p.z, 0.0));
    t.hold(&foot, 2, |_| 0.0);
    let head = t.facets(1, |p| on(p.z, 2.0));
    t.pull(&head, Vec3::new(0.0, 0.0, -1.0));
    let flank = t.facets(0, |p| on(p.x, 2.0));
    t.pull(&flank, Vec3::new(-side, 0.0, 0.0));
    let (slave, master) = (t.facets(1, |p| on(p.z, 1.0)), t.facets(0, |p| on(p.z, 1.0)));
    t.touch(&slave, &master, PairOptions { law: Law::Sliding { friction: 0.3 }, ..PairOptions::default() })?;
    Ok(t)
}

#[test]
fn partial_slip_settles_whatever_part_slips() {
    for formulation in [Formulation::Hex8, Formulation::Tet10] {
        let mut mixed = 0;
        for side in [0.02, 0.1, 0.3, 0.7, 1.0, 1.3, 2.0] {
            let mut t = pushed(formulation, 1, side).expect("sound");
            t.solve(1).unwrap_or_else(|e| panic!("{formulation:?}, {side}: {e}"));
            let nodes = t.pairs[0].nodes(&t.displacements);
            let count = |s| nodes.iter().filter(|n| n.status == s).count();
            mixed += usize::from(0 < count(Status::Stick) && 0 < count(Status::Slip));
            for n in &nodes {
                assert!(n.shear.norm() <= 0.3 * n.pressure * (1.0 + 1e-9));
            }
        }
        assert!(3 <= mixed, "{formulation:?}: {mixed}");
    }
}

/// A shallow dome on a flat block, pressed by `depth` mm and dragged along x in so many increments.
fn dome(increments: usize) -> Result<Touching, VerificationError> {
    let lower = block(Formulation::Tet10.shape(), [6, 3, 2], false, |x| Vec3::new(4.0 * x.x, 2.0 * x.y, x.z));
    let upper = block(Formulation::Tet10.shape(), [5, 3, 2], true, |x| {
        let p = Vec3::new(0.5 + 1.5 * x.x, 0.2 + 1.6 * x.y, 1.0 + x.z);
        p + Vec3::new(0.0, 0.0, 0.1 * (1.0 - x.z) * ((p.x - 1.25).powi(2) + 0.3 * (p.y - 1.0).powi(2)))
    });
    let law = isotropic(1000.0, 0.3);
    let mut t = Touching::new(&[(lower, Formulation::Tet10, law), (upper, Formulation::Tet10, law)])?;
    let foot = t.nodes(0, |p| p.z < 1e-9);
    (0..3).for_each(|axis| t.hold(&foot, axis, |_| 0.0));
    let head = t.nodes(1, |p| 1.999 < p.z);
    let slave = t.facets(1, |p| p.z < 1.0 + 0.1 * ((p.x - 1.25).powi(2) + 0.3 * (p.y - 1.0).powi(2)) + 1e-9);
    let master = t.facets(0, |p| 0.999 < p.z);
    t.touch(&slave, &master, PairOptions { motion: Motion::Finite, ..PairOptions::default() })?;
    let part = |k: usize| k as f64 / increments as f64;
    for k in 1..=increments {
        t.hold(&head, 0, |_| 0.8 * part(k));
        t.hold(&head, 1, |_| 0.0);
        t.hold(&head, 2, |_| -0.02 * part(k));
        t.increment(1.0)?;
    }
    Ok(t)
}

#[test]
fn a_long_slide_ends_the_same_in_one_increment_as_in_four() {
    let [one, four] = [1, 4].map(|n| dome(n).expect("slides"));
    let largest = four.displacements.iter().map(|u| u.z.abs()).fold(0.0, f64::max);
    let apart = one.displacements.iter().zip(&four.displacements).map(|(a, b)| (a - b).norm());
    let apart = apart.fold(0.0, f64::max);
    let forces = [&one, &four].map(|t| t.pairs[0].force(&t.displacements));
    // Pairing is final at 1e-3 of the element size, 0.25 mm, and of the forces.
    assert!(apart < 3e-4, "{apart} of {largest}");
    assert!((forces[0] - forces[1]).norm() < 3e-3 * forces[1].norm(), "{forces:?}");
}

#[test]
fn an_overlap_is_pressed_apart_in_proportion_to_the_first_stage() {
    let mut t = pressed(PairOptions { gap: InitialGap::Value(-0.01), ..PairOptions::default() });
    let still = vec![Vec3::zeros(); t.displacements.len()];
    for part in [0.25, 1.0] {
        t.pairs[0].begin(&still, part);
        for n in t.pairs[0].nodes(&still) {
            // Round-off of a mean over some hundred points.
            assert!((n.gap + 0.01 * part).abs() < 1e-12, "{part}: {}", n.gap);
        }
        let overlap = t.pairs[0].overlap(&still);
        assert!((overlap.deepest - 0.01 * part).abs() < 1e-12, "{overlap:?}");
    }
}
