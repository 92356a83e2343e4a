//! Cook's membrane: a tapered panel, clamped on the left, sheared on the right.
//!
//! ```text
//!        ,-| (48, 60)     A: E = 1, ν = 1/3, plane stress, force 1
//!   ,--'   | (48, 44)     B: E = 70, ν = 1/3, plane strain, shear 6.25
//!   |    ,'
//!   |_,-'  (0, 0)
//! ```

use super::mesh::block;
use super::problem::{Problem, near};
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "COOK",
    title: "Cook's membrane in plane stress and plane strain",
    source: "Cook (1974), J. Struct. Div. 100, 1851-1863; values by an independent p-version code",
    run,
};

fn panel(x: Vec3) -> Vec3 {
    // A little finer toward the clamped corners.
    let s = x.x * (0.85 + 0.15 * x.x);
    Vec3::new(48.0 * s, 44.0 * s + x.y * (44.0 - 28.0 * s), x.z)
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    let cases = [
        ("plane stress", 1.0, 1.0 / 16.0, [(52.0, 23.968), (60.0, 25.189)]),
        ("plane strain", 70.0, 6.25, [(52.0, 30.749), (60.0, 32.301)]),
    ];
    for (name, modulus, shear, targets) in cases {
        let mesh = block(Formulation::Tet10.shape(), [26, 26, 1], true, panel);
        let mut problem = Problem::new(mesh, Formulation::Tet10, isotropic(modulus, 1.0 / 3.0))?;
        problem.hold(|p| {
            let clamped = near(p.x, 0.0).then_some(0.0);
            let flat = (near(p.z, 0.0) || name == "plane strain").then_some(0.0);
            [clamped, clamped, flat]
        });
        problem.pull(Vec3::new(0.0, shear, 0.0), |p| near(p.x, 48.0));
        let solved = problem.solve()?;
        for (height, target) in targets {
            let found = solved.mean(|p| near(p.x, 48.0) && near(p.y, height), |_, u| u.y);
            rows.push(Row::relative(&format!("{name}: u_y at (48, {height})"), "mm", target, found, 0.005));
        }
    }
    Ok(rows)
}
