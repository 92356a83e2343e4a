//! Sphere on a plane, same material.
//!
//! ```text
//!     ↓ P on a rigid guide
//!   ┌─────┐       R = 5 mm, E = 110 GPa, ν = 0.3, both bodies 2.4 mm wide
//!   └ ╲_╱ ┘       a³ = 3 P R / (4 E*)     p₀ = 3 P / (2 π a²)     E* = E / (2 (1 − ν²))
//!   ┌─────┐
//!   └▓▓▓▓▓┘
//! ```
//! Johnson (1985), Contact Mechanics, §4.2; verification case C4 (two spheres of 10 mm are one of 5 mm on a
//! plane). Real gaps: the answer is not proportional to the load.

use crate::blocks::{Face, face, hold, mapped, part};
use crate::solved;
use dens_mesher::Vec3;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::guide::{Bedding, Guide};
use dens_solver::model::{Interface, Model};

const R: f64 = 5.0;
const A: f64 = 0.3;
const E: f64 = 110e3;

/// Face coordinate of s in 0..1: bricks of one size to ±0.36 mm, two larger ones beyond on either side.
fn graded(s: f64, bricks: usize) -> f64 {
    let inner = bricks as f64 - 4.0;
    let k = (2.0 * s - 1.0).abs() * bricks as f64 / 2.0 - inner / 2.0;
    let x = if k <= 0.0 { 0.36 * (1.0 + 2.0 * k / inner) } else { 0.36 + 0.27 * k + 0.075 * k * k };
    x * (2.0 * s - 1.0).signum()
}

#[test]
fn pressure_under_a_sphere_is_that_of_hertz() {
    let modulus = E / (2.0 * (1.0 - 0.09));
    let load = 4.0 * modulus * A.powi(3) / (3.0 * R);
    let peak = 1.5 * load / (std::f64::consts::PI * A * A);
    let height = |s: f64| 1.2 * s.powf(1.6);
    let sphere = mapped([10, 10, 5], |p| {
        let (x, y, z) = (graded(p.x, 10), graded(p.y, 10), height(p.z));
        Vec3::new(x, y, z + (x * x + y * y) / (2.0 * R) * (1.0 - z / 1.2))
    });
    let plane = mapped([9, 9, 5], |p| Vec3::new(graded(p.x, 9), graded(p.y, 9), -height(1.0 - p.z)));
    let parts = vec![part("plane", plane, E, 0.3), part("sphere", sphere, E, 0.3)];
    let top = face(&parts, 1, Face::Top);
    let model = Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        interfaces: vec![Interface {
            name: "touch".into(),
            slave: face(&parts, 1, Face::Bottom),
            master: face(&parts, 0, Face::Top),
            law: Law::Sliding { friction: 0.0 },
            gaps: Gaps::AsMeshed,
            reach_mm: 0.5,
        }],
        guides: vec![Guide {
            name: "press".into(),
            beds: vec![(top.part, top.facets)],
            foundation: Bedding::uniform(1e6),
            force: [0.0, 0.0, -load],
        }],
        parts,
        ..Model::default()
    };
    let s = solved(&model);
    let c = &s.contacts[0];
    let radius = (c.closed_area() / std::f64::consts::PI).sqrt();
    // Mean over the middle half of the radius: Hertz gives ⅔ (1 − (1 − ρ²)^1.5) / ρ² of the peak there.
    let within = |rho: f64| {
        let middle = c.points.iter().filter(|p| p.position.xy().norm() < rho * A);
        let (sum, area) = middle.fold((0.0, 0.0), |(s, a), p| (s + p.area * p.pressure, a + p.area));
        sum / area * 1.5 * rho * rho / (1.0 - (1.0 - rho * rho).powf(1.5))
    };
    let found = within(0.5);
    // Two and a half elements per contact radius, bodies four radii deep: 6 % in pressure, 5 % in radius.
    assert!((found / peak - 1.0).abs() < 0.06, "pressure {found} for {peak}");
    assert!((radius / A - 1.0).abs() < 0.05, "radius {radius} for {A}");
    assert!((c.force.z / load - 1.0).abs() < 1e-6);
    assert!(s.scaled(2.0).is_none(), "real gaps are not proportional");
}
