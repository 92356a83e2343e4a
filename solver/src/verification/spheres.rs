//! Two titanium spheres pressed together: point contact of curved surfaces on both sides.
//!
//! ```text
//! R = 10 mm both, E = 110 GPa, ν = 0.3, P = 1000 N; a quarter of a column of 5 × 5 × 6 mm about the contact
//! a = (3 P R_eff / 4 E*)^⅓ = 0.39589 mm     p₀ = 3 P / 2πa² = 3046.5 MPa     R_eff = 5 mm, E* = E / 2(1 − ν²)
//! ```

use super::mesh::block;
use super::problem::near;
use super::roller::{hertz_peak, second_moment};
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::PairOptions;
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use std::f64::consts::PI;

pub(super) const CHECK: Check = Check {
    id: "C4",
    title: "Two spheres: point contact of curved tet10 surfaces",
    source: "Hertz (1881); Johnson (1985), Contact Mechanics, §4.2",
    run,
};

/// Radius, width and height of the column of each sphere (mm), force (N).
const R: f64 = 10.0;
const WIDTH: f64 = 2.5;
const HEIGHT: f64 = 3.0;
const P: f64 = 1000.0;

/// Reach of the uniform part of the mesh, mm; growth of the bricks beyond, exponent.
const FINE: f64 = 0.48;
const GROWTH: f64 = 2.2;

/// Height of the sphere's surface over the plane of first contact, mm.
fn rise(x: f64, y: f64) -> f64 {
    R - (R * R - x * x - y * y).sqrt()
}

/// Part of a sphere above the plane, or below it: `fine` of `n` bricks along each edge within FINE mm of the contact.
fn cap(n: usize, fine: usize, above: bool) -> MixedMesh {
    let graded = |s: f64, length: f64| {
        let part = fine as f64 / n as f64;
        let beyond = (s - part) / (1.0 - part);
        if s <= part {
            FINE * s / part
        } else {
            FINE + (length - FINE) * (GROWTH * beyond).exp_m1() / GROWTH.exp_m1()
        }
    };
    block(Shape::Tet10, [n, n, n - 2], true, |q| {
        let (x, y) = (graded(q.x, WIDTH), graded(q.y, WIDTH));
        let (surface, depth) = (rise(x, y), q.z.powi(2));
        let z = surface + (HEIGHT - surface) * depth;
        // Exchanged axes keep the cells of the mirrored cap right-handed.
        if above { Vec3::new(x, y, z) } else { Vec3::new(y, x, -z) }
    })
}

/// The spheres, pressed together by `load` N.
pub(super) fn spheres(n: usize, load: f64) -> Result<Touching, VerificationError> {
    let law = isotropic(110e3, 0.3);
    let mut t = Touching::new(&[
        (cap(n - 1, n - 4, false), Formulation::Tet10, law),
        (cap(n, n - 3, true), Formulation::Tet10, law),
    ])?;
    for part in 0..2 {
        for axis in 0..2_u8 {
            let plane = t.nodes(part, |p| near(p[usize::from(axis)], 0.0));
            t.hold(&plane, axis, |_| 0.0);
        }
    }
    let foot = t.nodes(0, |p| near(p.z, -HEIGHT));
    t.hold(&foot, 2, |_| 0.0);
    let head = t.facets(1, |p| near(p.z, HEIGHT));
    t.pull(&head, Vec3::new(0.0, 0.0, -0.25 * load / (WIDTH * WIDTH)));
    let on_sphere = |p: Vec3| near(p.z.abs(), rise(p.x, p.y));
    let (slave, master) = (t.facets(1, on_sphere), t.facets(0, on_sphere));
    t.touch(&slave, &master, PairOptions::default())?;
    Ok(t)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let modulus = 110e3 / (2.0 * (1.0 - 0.09));
    let radius = (3.0 * P * 0.5 * R / (4.0 * modulus)).cbrt();
    let mut t = spheres(9, P)?;
    t.solve(1)?;
    let points = t.body.mesh().points();
    let nodes = t.pairs[0].nodes(&t.displacements);
    let samples: Vec<(f64, f64, f64)> = nodes
        .iter()
        .map(|n| (points[n.node as usize].x.hypot(points[n.node as usize].y), n.pressure, n.area))
        .collect();
    Ok(vec![
        Row::relative("peak pressure", "MPa", 1.5 * P / (PI * radius * radius), hertz_peak(&samples), 0.03),
        Row::relative("contact radius", "mm", radius, (2.5 * second_moment(&samples)).sqrt(), 0.03),
    ])
}
