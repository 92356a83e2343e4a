//! Rounded punch on a cylinder: contact whose pressure peaks in the rounding, with and without friction.
//!
//! ```text
//!   ↓ 100 MPa ↓     punch Ø 100 × 100 mm of 210 GPa, its edge rounded with 10 mm, on a cylinder Ø 200 × 200 mm of 70 GPa
//!   │         │     ν = 0.3, μ = 0 and 0.1; a quarter of both. The rounding is modelled to 60°, well beyond the contact;
//!   ╰─────────╯     above it the flank of the punch leans by a millimetre
//!  ───────────────  the soft surface is drawn inwards under the punch, which holds it back: slip and shear are radial
//! ```
//! The source gives curves only. What must hold exactly or by symmetry is checked here.

use super::mesh::joined;
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, Tolerance, VerificationError};
use crate::contact::{ContactNode, Law, PairOptions, Status};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use std::f64::consts::{FRAC_PI_3, FRAC_PI_4, PI};

pub(super) const CHECK: Check = Check {
    id: "C11",
    title: "Rounded punch on a cylinder, with and without friction",
    source: "NAFEMS R0094 (2006), Advanced Finite Element Contact Benchmarks, no. 2",
    run,
};

/// Radius of the punch, of its rounding, of the cylinder; heights, mm; pressure, MPa.
const PUNCH: f64 = 50.0;
const ROUNDING: f64 = 10.0;
const CYLINDER: f64 = 100.0;
const HEIGHTS: [f64; 2] = [100.0, 200.0];
const P: f64 = 100.0;

/// Radius up to which bricks are large, mm.
const CALM: f64 = 36.0;

/// Quarter of a disk: a square core and two sectors around it.
///
/// - `sizes`: bricks along an edge of the core, out of it, along z
/// - `sector(inner, direction, w, z)`: place at the share w of the way out of the core, from `inner` on its edge
/// - `core(flat, z)`: place above a point of the core
fn quarter_disk(
    sizes: [usize; 3],
    sector: impl Fn(Vec3, Vec3, f64, f64) -> Vec3,
    core: impl Fn(Vec3, f64) -> Vec3,
) -> MixedMesh {
    let [n, out, up] = sizes;
    // Corners of the core: on the axes and on the diagonal.
    let (axis, diagonal) = (20.0, 15.5);
    let corners = [Vec3::new(axis, 0.0, 0.0), Vec3::new(diagonal, diagonal, 0.0), Vec3::new(0.0, axis, 0.0)];
    joined(
        |_| Shape::Tet10,
        &[[n, n, up], [out, n, up], [out, n, up]],
        true,
        |cube, q| {
            if cube == 0 {
                let flat =
                    q.x * (1.0 - q.y) * corners[0] + q.x * q.y * corners[1] + (1.0 - q.x) * q.y * corners[2];
                return core(flat, q.z);
            }
            let angle = FRAC_PI_4 * (q.y + cube as f64 - 1.0);
            let inner = corners[cube - 1] * (1.0 - q.y) + corners[cube] * q.y;
            sector(inner, Vec3::new(angle.cos(), angle.sin(), 0.0), q.x, q.z)
        },
    )
}

/// From the core out to [`CALM`] over a first share of the way, then along `beyond(0..1)`.
fn outward(inner: Vec3, direction: Vec3, w: f64, first: f64, beyond: impl Fn(f64) -> f64) -> Vec3 {
    if w <= first {
        inner + (CALM * direction - inner) * (w / first)
    } else {
        beyond((w - first) / (1.0 - first)) * direction
    }
}

fn punch() -> MixedMesh {
    let (flat, first) = (PUNCH - ROUNDING, 0.25);
    let raised = |low: Vec3, high: Vec3, z: f64| low + (high - low) * z.powf(1.5);
    let up = Vec3::new(0.0, 0.0, HEIGHTS[0]);
    let sector = |inner: Vec3, direction: Vec3, w: f64, z: f64| {
        // Length along the profile: the rest of the flat, then the arc.
        let length = (flat - CALM) + ROUNDING * FRAC_PI_3;
        let angle = |s: f64| ((s * length - (flat - CALM)) / ROUNDING).max(0.0);
        let profile = |s: f64| (CALM + s * length).min(flat) + ROUNDING * angle(s).sin();
        let low = outward(inner, direction, w, first, profile);
        let s = ((w - first) / (1.0 - first)).max(0.0);
        let rise = ROUNDING * (1.0 - angle(s).cos());
        let high = outward(inner, direction, w, first, |s| CALM + s * (PUNCH - CALM));
        raised(low + Vec3::new(0.0, 0.0, rise), high + up, z)
    };
    quarter_disk([3, 8, 3], sector, |flat, z| raised(flat, flat + up, z))
}

fn cylinder() -> MixedMesh {
    let deep = |flat: Vec3, z: f64| flat - Vec3::new(0.0, 0.0, HEIGHTS[1] * (1.0 - z).powi(2));
    let sector = |inner: Vec3, direction: Vec3, w: f64, z: f64| {
        // Even bricks below the edge of the punch, growing ones outside.
        let beyond = |s: f64| {
            let (edge, part) = (PUNCH + 1.0, 0.6);
            if s <= part {
                CALM + (edge - CALM) * s / part
            } else {
                edge + (CYLINDER - edge) * ((s - part) / (1.0 - part)).powf(1.5)
            }
        };
        deep(outward(inner, direction, w, 0.2, beyond), z)
    };
    quarter_disk([3, 10, 4], sector, deep)
}

fn pressed(friction: f64) -> Result<Touching, VerificationError> {
    let mut t = Touching::new(&[
        (cylinder(), Formulation::Tet10, isotropic(70e3, 0.3)),
        (punch(), Formulation::Tet10, isotropic(210e3, 0.3)),
    ])?;
    t.hold_symmetry();
    let foot = t.nodes(0, |p| near(p.z, -HEIGHTS[1]));
    t.hold(&foot, 2, |_| 0.0);
    let head = t.facets(1, |p| near(p.z, HEIGHTS[0]));
    t.pull(&head, Vec3::new(0.0, 0.0, -P));
    let flat = PUNCH - ROUNDING;
    let rounded = |p: Vec3| {
        let r = p.x.hypot(p.y);
        let height = if r <= flat { 0.0 } else { ROUNDING - (ROUNDING.powi(2) - (r - flat).powi(2)).sqrt() };
        near(p.z, height)
    };
    let (slave, master) = (t.facets(1, rounded), t.facets(0, |p| near(p.z, 0.0)));
    t.touch(&slave, &master, PairOptions { law: Law::Sliding { friction }, ..PairOptions::default() })?;
    t.solve(1)?;
    Ok(t)
}

/// Nodes with their places on the undeformed punch.
fn placed(t: &Touching) -> Vec<(Vec3, ContactNode)> {
    let points = t.body.mesh().points();
    t.pairs[0].nodes(&t.displacements).into_iter().map(|n| (points[n.node as usize], n)).collect()
}

fn mean(nodes: &[(Vec3, ContactNode)], counts: impl Fn(Vec3) -> bool) -> f64 {
    let within = nodes.iter().filter(|(p, _)| counts(*p));
    let (force, area) = within.fold((0.0, 0.0), |(f, a), (_, n)| (f + n.area * n.pressure, a + n.area));
    force / area
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let load = 0.25 * PI * PUNCH.powi(2) * P;
    for friction in [0.0, 0.1] {
        let t = pressed(friction)?;
        let nodes = placed(&t);
        let carried = t.pairs[0].force(&t.displacements).z.abs();
        // The head is a quarter disk of curved facets, 1e-5 of its area off.
        rows.push(Row::relative(
            &format!("μ = {friction}: force over the load"),
            "",
            1.0,
            carried / load,
            1e-4,
        ));
        // Tetrahedra are not mirrored at the diagonal.
        let calm = |p: Vec3| p.x.hypot(p.y) < CALM;
        let sides = [mean(&nodes, |p| calm(p) && p.y < p.x), mean(&nodes, |p| calm(p) && p.x < p.y)];
        rows.push(Row::relative(
            &format!("μ = {friction}: mean pressure on both sides of the diagonal, ratio"),
            "",
            1.0,
            sides[0] / sides[1],
            0.02,
        ));
        let peak = nodes
            .iter()
            .max_by(|a, b| a.1.pressure.total_cmp(&b.1.pressure))
            .map_or(0.0, |n| n.0.x.hypot(n.0.y));
        rows.push(Row {
            tolerance: Tolerance::AtLeast,
            ..Row::at_most(&format!("μ = {friction}: radius of the largest pressure"), "mm", CALM, peak)
        });
        if friction == 0.0 {
            continue;
        }
        let excess = nodes.iter().map(|(_, n)| n.shear.norm() - friction * n.pressure).fold(0.0, f64::max);
        rows.push(Row::vanishing("μ = 0.1: shear beyond μp", "MPa", excess, 1e-9));
        let (mut along, mut all) = (0.0, 0.0);
        for (p, n) in &nodes {
            let outward = Vec3::new(p.x, p.y, 0.0).try_normalize(0.0).unwrap_or_else(Vec3::zeros);
            along += n.area * n.shear.dot(&outward);
            all += n.area * n.shear.norm();
        }
        let outwards =
            Row::at_most("μ = 0.1: shear on the cylinder that points outwards, share", "", 0.95, along / all);
        rows.push(Row { tolerance: Tolerance::AtLeast, ..outwards });
        let count = |s: Status| nodes.iter().filter(|n| n.1.status == s).count() as f64;
        let partly = Row::at_most(
            "μ = 0.1: nodes that slip beside nodes that stick",
            "",
            1.0,
            count(Status::Slip).min(count(Status::Stick)),
        );
        rows.push(Row { tolerance: Tolerance::AtLeast, ..partly });
    }
    Ok(rows)
}
