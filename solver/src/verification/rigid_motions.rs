//! A body moved and turned as a whole costs no energy.

use super::mesh::{block, distort};
use super::problem::Problem;
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::isotropic;
use dens_mesher::Vec3;

pub(super) const CHECK: Check = Check {
    id: "RBM",
    title: "Six rigid motions prescribed on the boundary leave no strain",
    source: "exact",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut rows = Vec::new();
    for formulation in Formulation::ALL {
        let mut worst: f64 = 0.0;
        for motion in 0..6 {
            let mesh = block(formulation.shape(), [2, 2, 2], true, distort);
            let mut problem = Problem::new(mesh, formulation, isotropic(1000.0, 0.3))?;
            let outer = problem.boundary_nodes();
            let axis = Vec3::ith(motion % 3, 1e-3);
            problem.hold_nodes(&outer, |p| if motion < 3 { axis } else { axis.cross(&p) });
            let fields = problem.solve()?.stresses()?;
            worst = fields.strains.iter().flatten().map(|e| e.abs() / 1e-3).fold(worst, f64::max);
        }
        rows.push(Row::vanishing(&format!("{formulation:?}: strain per rotation"), "", worst, 1e-12));
    }
    Ok(rows)
}
