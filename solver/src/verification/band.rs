//! Softening of bone in a band: the same on two meshes.
//!
//! ```text
//! |▒▒▒▒▒▒▒)(▒▒▒▒▒▒▒|  ← u      bar of 8 × 2 × 2 mm, waist 3 % thinner; quadric bone, 30 % damage over a band of 1.5 mm
//! ```
//! Pressed by its ends. One row of cells at the waist goes on to yield while the rest unloads; without a measure of its
//! width the force would depend on the size of the cells.

use super::mesh::block;
use super::problem::{Problem, near};
use super::quasistatic::Quasistatic;
use super::{Check, Row, VerificationError};
use crate::nonlinear::Stepping;
use crate::nonlinear::laws::{Damage, Law, PostYield, QuadricBone, QuadricSurface};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "BAND",
    title: "Softening of crushed bone in a band, two meshes",
    source: "Bažant & Oh (1983), Mater. Struct. 16, 155-177 (energy of a band)",
    run,
};

/// Largest force, force at the end and work to the end with cells of `n` along the width.
fn pressed(n: usize, band: f64) -> Result<[f64; 3], VerificationError> {
    let (length, width) = (8.0, 2.0);
    // An odd number of rows puts one at the waist.
    let rows = 4 * n + 1;
    let waist = |x: f64| 1.0 - 0.03 * (-((x - 0.5) * 8.0).powi(2)).exp();
    let mesh = block(Formulation::Tet10.shape(), [rows, n, n], false, |x| {
        Vec3::new(length * x.x, width * waist(x.x) * (x.y - 0.5), width * waist(x.x) * (x.z - 0.5))
    });
    let (e, nu) = (300.0, 0.0);
    let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(e, nu))?;
    problem.fix(0, |p| near(p.x, 0.0));
    problem.fix(1, |p| near(p.y, 0.0));
    problem.fix(2, |p| near(p.z, 0.0));
    problem.hold(|p| {
        let end = near(p.x, length);
        [end.then_some(-1.0), near(p.y, 0.0).then_some(0.0), near(p.z, 0.0).then_some(0.0)]
    });
    problem.fix(0, |p| near(p.x, 0.0));
    let surface = QuadricSurface { tension: 1.4, compression: 2.0, interaction: 0.3 };
    let damage = Some(Damage { most: 0.3, rate: 12.0, band });
    let post = PostYield { hardening: 0.0, densification: None, damage };
    let law = QuadricBone::new(e, nu, surface, post).expect("sound constants");
    let bar = Quasistatic::new(problem, Law::small(law));
    let most = 0.25;
    let stage = bar.stage(most, Stepping { initial: 0.05, min: 1e-4, max: 0.05, most: 200 });
    let history = bar.run(&[stage])?;
    let curve: Vec<[f64; 2]> = history
        .frames
        .iter()
        .map(|f| {
            let u = bar.mean(f, |p| near(p.x, length), |_, u| -u.x);
            [u, -bar.reaction(f, |p| near(p.x, length)).x]
        })
        .collect();
    let peak = curve.iter().map(|c| c[1]).fold(0.0, f64::max);
    let work: f64 = curve.windows(2).map(|w| 0.5 * (w[1][0] - w[0][0]) * (w[0][1] + w[1][1])).sum();
    let last = curve.last().map_or(f64::NAN, |c| c[1]);
    Ok([peak, last, work + 0.5 * curve[0][0] * curve[0][1]])
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let (coarse, fine) = (pressed(2, 1.5)?, pressed(3, 1.5)?);
    let area = (2.0_f64 * 0.97).powi(2);
    Ok(vec![
        Row::relative("largest force, fine mesh, waist alone", "N", 2.0 * area, fine[0], 0.03),
        Row::relative("force at the end, coarse and fine", "N", fine[1], coarse[1], 0.05),
        Row::relative("work to the end, coarse and fine", "mJ", fine[2], coarse[2], 0.03),
    ])
}
