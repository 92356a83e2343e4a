//! Two titanium spheres pressed together: point contact of curved surfaces on both sides.
//!
//! ```text
//! R = 10 mm both, E = 110 GPa, ν = 0.3, P = 1000 N; a quarter of a column of 8 × 8 × 10 mm about the contact
//! a = (3 P R_eff / 4 E*)^⅓ = 0.39589 mm     p₀ = 3 P / 2πa² = 3046.5 MPa     R_eff = 5 mm, E* = E / 2(1 − ν²)
//! ```

use super::mesh::block;
use super::problem::near;
use super::roller::hertz_fit;
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
const WIDTH: f64 = 4.0;
const HEIGHT: f64 = 5.0;
const P: f64 = 1000.0;

/// Height of the sphere's surface over the plane of first contact, mm.
fn rise(x: f64, y: f64) -> f64 {
    R - (R * R - x * x - y * y).sqrt()
}

/// Part of a sphere above the plane, or below it, fine towards the contact.
fn cap(n: [usize; 3], above: bool) -> MixedMesh {
    let graded = |s: f64| (4.0 * s).sinh() / 4.0_f64.sinh();
    block(Shape::Tet10, n, true, |q| {
        let (x, y) = (WIDTH * graded(q.x), WIDTH * graded(q.y));
        let z = rise(x, y) + (HEIGHT - rise(x, y)) * graded(q.z);
        // Exchanged axes keep the cells of the mirrored cap right-handed.
        if above { Vec3::new(x, y, z) } else { Vec3::new(y, x, -z) }
    })
}

/// The spheres, pressed together by `load` N.
pub(super) fn spheres(n: usize, load: f64) -> Result<Touching, VerificationError> {
    let law = isotropic(110e3, 0.3);
    let depth = n - 3;
    let mut t = Touching::new(&[
        (cap([n - 1, n - 1, depth], false), Formulation::Tet10, law),
        (cap([n, n, depth], true), Formulation::Tet10, law),
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
    let mut t = spheres(8, P)?;
    t.solve(1)?;
    let points = t.body.mesh().points();
    let nodes = t.pairs[0].nodes(&t.displacements);
    let samples: Vec<(f64, f64, f64)> = nodes
        .iter()
        .map(|n| (points[n.node as usize].x.hypot(points[n.node as usize].y), n.pressure, n.area))
        .collect();
    let [p, a] = hertz_fit(&samples);
    Ok(vec![
        Row::relative("peak pressure", "MPa", 1.5 * P / (PI * radius * radius), p, 0.03),
        Row::relative("contact radius", "mm", radius, a, 0.03),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps() {
        let t = spheres(8, P).expect("spheres");
        println!("share {}", t.pairs[0].paired_share());
        let points = t.body.mesh().points();
        let zero = vec![Vec3::zeros(); points.len()];
        for n in t.pairs[0].nodes(&zero) {
            let p = points[n.node as usize];
            if p.x < 0.5 && p.y < 0.5 {
                println!("{:.3} {:.3} area {:.5} gap {:.6} point {:.6} size {:.4}", p.x, p.y, n.area, n.gap, (p.x*p.x+p.y*p.y)/10.0, n.size);
            }
        }
    }

    #[test]
    fn show() {
        for n in [8] {
            let start = std::time::Instant::now();
            let mut t = spheres(n, P).expect("spheres");
            t.solve(1).expect("solved");
            for h in &t.history {
                println!("{}", h.iter().map(|r| format!("{r:.1e}")).collect::<Vec<_>>().join(" "));
            }
            let points = t.body.mesh().points();
            let nodes = t.pairs[0].nodes(&t.displacements);
            let s: Vec<(f64, f64, f64)> = nodes
                .iter()
                .map(|n| (points[n.node as usize].x.hypot(points[n.node as usize].y), n.pressure, n.area))
                .collect();
            let mut q = s.clone();
            q.sort_by(|a, b| a.0.total_cmp(&b.0));
            q.iter().filter(|s| s.0 < 0.6).for_each(|s| {
                let exact = 3046.5 * (1.0 - (s.0 / 0.39589).powi(2)).max(0.0).sqrt();
                println!("{:.3} {:.0} {exact:.0} {:.4}", s.0, s.1, s.2);
            });
            println!("{n} {:?} {:?} dofs {}", hertz_fit(&s), start.elapsed(), 3 * t.body.mesh().n_nodes());
        }
        for row in run().expect("run") {
            println!("{}: {:.6e} target {:.6e} {}", row.quantity, row.found, row.target, row.passed());
        }
    }
}
