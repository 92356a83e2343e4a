//! Block on a plane with friction: sticking, the start of slip, slip, restart.
//!
//! ```text
//!  ↓ p = 1 MPa        two blocks of 2 × 2 × 1 mm, meshes 3 × 3 and 4 × 4 in plan, μ = 0.3, ν = 0
//!  ┌────┐ → τ         uniform shear τ on the top and the sides that belong to it: σ_xz = τ everywhere is exact,
//!  ├────┤             so every corner must slip at τ = μ p and none before
//!  └────┘ held        dragged: the top is displaced along x until all slips; T = μ N
//! ```

use super::mesh::block;
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::{ContactNode, Law, PairOptions, Status};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;
use std::fmt;

pub(super) const CHECK: Check = Check {
    id: "C9",
    title: "Block on a plane with friction: slip starts and goes on at T = μN",
    source: "Coulomb (1785)",
    run,
};

pub(super) const RESTART: Check = Check {
    id: "C13",
    title: "Friction: restart amid the load and number of threads do not change a bit",
    source: "exact",
    run: run_restart,
};

const FRICTION: f64 = 0.3;
const P: f64 = 1.0;

/// The blocks under pressure; the upper one is the slave.
fn blocks(friction: f64) -> Result<Touching, VerificationError> {
    let mesh =
        |n: [usize; 3], z: f64| block(Shape::Tet10, n, false, |x| Vec3::new(2.0 * x.x, 2.0 * x.y, z + x.z));
    let law = isotropic(1000.0, 0.0);
    let mut t = Touching::new(&[
        (mesh([4, 4, 1], 0.0), Formulation::Tet10, law),
        (mesh([3, 3, 1], 1.0), Formulation::Tet10, law),
    ])?;
    let foot = t.nodes(0, |p| near(p.z, 0.0));
    (0..3).for_each(|axis| t.hold(&foot, axis, |_| 0.0));
    let head = t.facets(1, |p| near(p.z, 2.0));
    t.pull(&head, Vec3::new(0.0, 0.0, -P));
    let (slave, master) = (t.facets(1, |p| near(p.z, 1.0)), t.facets(0, |p| near(p.z, 1.0)));
    let law = Law::Sliding { friction };
    t.touch(&slave, &master, PairOptions { law, tolerance: 1e-9, ..PairOptions::default() })?;
    Ok(t)
}

/// The upper block pressed down first, then sheared uniformly by `shear` MPa.
fn sheared(shear: f64) -> Result<Vec<ContactNode>, VerificationError> {
    let mut t = blocks(FRICTION)?;
    t.solve(1)?;
    for part in 0..2 {
        for (x, sign) in [(0.0, -1.0), (2.0, 1.0)] {
            let side = t.facets(part, |p| near(p.x, x));
            t.pull(&side, Vec3::new(0.0, 0.0, sign * shear));
        }
    }
    let head = t.facets(1, |p| near(p.z, 2.0));
    t.pull(&head, Vec3::new(shear, 0.0, 0.0));
    t.solve(1)?;
    Ok(t.pairs[0].nodes(&t.displacements))
}

/// Force along x and pressing force across the joint while the top is dragged by `path` mm.
fn dragged(path: f64) -> Result<(Touching, Vec3), VerificationError> {
    let mut t = blocks(FRICTION)?;
    let head = t.nodes(1, |p| near(p.z, 2.0));
    t.hold(&head, 0, |_| 0.0);
    t.hold(&head, 1, |_| 0.0);
    t.solve(1)?;
    t.hold(&head, 0, |_| path);
    for part in [0.25, 0.5, 0.75, 1.0] {
        drag(&mut t, &head, part * path)?;
    }
    let force = t.pairs[0].force(&t.displacements);
    Ok((t, force))
}

/// One increment with the full pressure and the top displaced by `path` mm.
fn drag(t: &mut Touching, head: &[u32], path: f64) -> Result<(), VerificationError> {
    t.hold(head, 0, |_| path);
    t.increment(1.0)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let nodes = sheared(0.999 * FRICTION * P)?;
    let sticking = nodes.iter().filter(|n| n.status == Status::Stick).count() as f64 / nodes.len() as f64;
    rows.push(Row::relative("T = 0.999 μN: share of corners that stick", "", 1.0, sticking, 0.0));
    // Shear of the block itself over its height of 1 mm, G = 500 MPa.
    let elastic = FRICTION * P / 500.0;
    let slip = nodes.iter().map(|n| n.slip).fold(0.0, f64::max) / elastic;
    rows.push(Row::vanishing("T = 0.999 μN: slip over elastic shear", "", slip, 1e-8));
    let uneven = nodes.iter().map(|n| (n.shear.x.abs() / (0.999 * FRICTION * P) - 1.0).abs());
    rows.push(Row::vanishing("T = 0.999 μN: shear traction, error", "", uneven.fold(0.0, f64::max), 1e-7));
    let (t, force) = dragged(0.02)?;
    rows.push(Row::relative("dragged: T over μN", "", 1.0, (force.x / force.z).abs() / FRICTION, 1e-6));
    rows.push(Row::relative("dragged: N over the load", "", 1.0, force.z.abs() / (4.0 * P), 1e-8));
    let nodes = t.pairs[0].nodes(&t.displacements);
    let excess = nodes.iter().map(|n| n.shear.norm() - FRICTION * n.pressure).fold(f64::MIN, f64::max);
    rows.push(Row::vanishing("dragged: shear beyond μp", "MPa", excess.max(0.0), 1e-9));
    let sliding = nodes.iter().filter(|n| n.status == Status::Slip).count();
    rows.push(Row::relative(
        "dragged: share of corners that slip",
        "",
        1.0,
        sliding as f64 / nodes.len() as f64,
        0.0,
    ));
    Ok(rows)
}

/// Part of a path dragged at once or with a restart after the second of four increments.
fn path(restarted: bool) -> Result<Touching, VerificationError> {
    let mut t = blocks(FRICTION)?;
    let head = t.nodes(1, |p| near(p.z, 2.0));
    t.hold(&head, 0, |_| 0.0);
    t.hold(&head, 1, |_| 0.0);
    for part in [0.0, 1e-3, 2e-3, 3e-3] {
        if restarted && part == 2e-3 {
            t = t.restarted(blocks(FRICTION)?)?;
        }
        drag(&mut t, &head, part)?;
    }
    Ok(t)
}

/// Numbers that differ in any bit.
fn different(a: &Touching, b: &Touching) -> f64 {
    let bits = |t: &Touching| -> Vec<u64> {
        let numbers = t.displacements.iter().flat_map(|u| <[f64; 3]>::from(*u));
        let contact = t.pairs[0].nodes(&t.displacements);
        let contact = contact.into_iter().flat_map(|n| [n.pressure, n.shear.x, n.shear.y, n.shear.z, n.slip]);
        numbers.chain(contact).map(f64::to_bits).collect()
    };
    bits(a).iter().zip(bits(b)).filter(|(a, b)| **a != *b).count() as f64
}

fn on_threads(n: usize) -> Result<Touching, VerificationError> {
    let failed = |e: &dyn fmt::Display| VerificationError::Stuck(e.to_string());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().map_err(|e| failed(&e))?;
    pool.install(|| path(false))
}

fn run_restart() -> Result<Vec<Row>, VerificationError> {
    let whole = on_threads(1)?;
    let slipping = whole.pairs[0].nodes(&whole.displacements);
    let partly = slipping.iter().filter(|n| n.status == Status::Slip).count() as f64 / slipping.len() as f64;
    Ok(vec![
        Row::at_most("share of corners that slip: some stick", "", 0.999, partly),
        Row::vanishing("restart: numbers that differ", "", different(&whole, &path(true)?), 0.0),
        Row::vanishing("1 and 4 threads: numbers that differ", "", different(&whole, &on_threads(4)?), 0.0),
    ])
}
