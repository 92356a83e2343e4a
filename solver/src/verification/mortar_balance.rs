//! Curved mortar interfaces: what one side feels is what the other gives, across gaps and overlaps as well.
//!
//! ```text
//! stack of two blocks that meet in a saddle, 3 × 3 on 4 × 4 bricks, the upper one pressed and sheared; the quadratic
//! facets of the two meshes overlap and gape by up to 1e-3 of their size. With a gap: the upper one lifted by 0.05 mm
//! ```

use super::mesh::block;
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, VerificationError};
use crate::contact::{InitialGap, Law, PairOptions};
use crate::nonlinear::Interaction;
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;

pub(super) const CHECK: Check = Check {
    id: "C10M",
    title: "Curved mortar interface: forces and moments in equilibrium, across a gap too",
    source: "exact",
    run,
};

fn saddle(p: Vec3) -> f64 {
    0.08 * ((p.x - 1.0).powi(2) - (p.y - 1.0).powi(2)) + 0.05 * (p.x - 1.0)
}

/// Sums of the forces and of their moments over the sum of their magnitudes (and the size of the stack).
fn balance(law: Law, lift: f64) -> Result<[f64; 2], VerificationError> {
    let mesh = |n: [usize; 3], z: f64, lift: f64| {
        block(Shape::Tet10, n, true, |x| {
            let p = Vec3::new(2.0 * x.x, 2.0 * x.y, z + x.z);
            p + Vec3::new(0.0, 0.0, lift + saddle(p) * (1.0 - (p.z - 1.0).abs()))
        })
    };
    let elastic = isotropic(1000.0, 0.3);
    let mut t = Touching::new(&[
        (mesh([4, 4, 2], 0.0, 0.0), Formulation::Tet10, elastic),
        (mesh([3, 3, 2], 1.0, lift), Formulation::Tet10, elastic),
    ])?;
    let foot = t.nodes(0, |p| near(p.z, 0.0));
    (0..3).for_each(|axis| t.hold(&foot, axis, |_| 0.0));
    let head = t.facets(1, |p| near(p.z, 2.0 + lift));
    t.pull(&head, Vec3::new(0.1, 0.05, -1.0));
    let slave = t.facets(1, |p| near(p.z, 1.0 + lift + saddle(p)));
    let master = t.facets(0, |p| near(p.z, 1.0 + saddle(p)));
    let gap = InitialGap::Value(0.0);
    t.touch(&slave, &master, PairOptions { law, gap, tolerance: 1e-9, ..PairOptions::default() })?;
    t.solve(1)?;
    let mut forces = vec![Vec3::zeros(); t.displacements.len()];
    t.pairs[0].linearize(&t.displacements, &mut forces, None);
    let (mut force, mut moment, mut scale) = (Vec3::zeros(), Vec3::zeros(), 0.0);
    for (x, f) in t.body.mesh().points().iter().zip(&forces) {
        force += f;
        moment += (x - Vec3::repeat(1.0)).cross(f);
        scale += f.norm();
    }
    Ok([force.norm() / scale, moment.norm() / (2.0 * scale)])
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for (name, law, lift) in [
        ("tied", Law::Bonded, 0.0),
        ("friction 0.5", Law::Sliding { friction: 0.5 }, 0.0),
        ("tied across 0.05 mm", Law::Bonded, 0.05),
        ("friction 0.5 across 0.05 mm", Law::Sliding { friction: 0.5 }, 0.05),
    ] {
        let [force, moment] = balance(law, lift)?;
        rows.push(Row::vanishing(&format!("{name}: forces left over"), "", force, 1e-10));
        rows.push(Row::vanishing(&format!("{name}: moments left over"), "", moment, 1e-8));
    }
    Ok(rows)
}
