//! Beam twisted by 90° over its length.
//!
//! ```text
//! length 12, width 1.1, thickness 0.32, E = 29e6, ν = 0.22; unit force at the tip along the width and across it
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;
use std::f64::consts::FRAC_PI_2;

pub(super) const CHECK: Check = Check {
    id: "TWIST",
    title: "Twisted beam under a force at the tip",
    source: "MacNeal & Harder (1985), Finite Elem. Anal. Des. 1, 3-20",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let (length, width, thickness) = (12.0, 1.1, 0.32);
    let mut rows = Vec::new();
    // At the tip the width points along z.
    for (name, direction, target) in
        [("in plane", Vec3::z(), 5.424e-3), ("out of plane", Vec3::y(), 1.754e-3)]
    {
        for (formulation, n) in [(Formulation::Tet10, [24, 3, 1]), (Formulation::Hex20Reduced, [12, 2, 1])] {
            let mesh = block(formulation.shape(), n, true, |x| {
                let (sin, cos) = (FRAC_PI_2 * x.x).sin_cos();
                let (y, z) = (width * (x.y - 0.5), thickness * (x.z - 0.5));
                Vec3::new(length * x.x, cos * y - sin * z, sin * y + cos * z)
            });
            let mut problem = Problem::new(mesh, formulation, isotropic(29e6, 0.22))?;
            problem.hold(|p| [near(p.x, 0.0).then_some(0.0); 3]);
            problem.pull(direction / (width * thickness), |p| near(p.x, length));
            let found = problem.solve()?.mean(|p| near(p.x, length), |_, u| u.dot(&direction));
            rows.push(Row::relative(&format!("{formulation:?}: tip, {name}"), "in", target, found, 0.01));
        }
    }
    Ok(rows)
}
