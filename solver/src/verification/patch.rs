//! Patch test: a linear displacement on the boundary of a distorted body gives constant strain inside.
//!
//! ```text
//! u = G x on the boundary, six strain states and a general gradient;  ε = sym G, σ = C ε at every point
//! ```
//! Cells are curved where the quadrature rule of the element integrates curved cells exactly.

use super::mesh::{block, distort};
use super::problem::Problem;
use super::{Check, Row, VerificationError};
use crate::statics::Formulation;
use crate::tensor::{apply, isotropic, small_strain};
use nalgebra::Matrix3;

pub(super) const CHECK: Check = Check {
    id: "P1",
    title: "Patch test on distorted cells, seven states, every element",
    source: "Irons (1966); MacNeal & Harder (1985), Finite Elem. Anal. Des. 1, 3-20",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let mut states: Vec<Matrix3<f64>> = Vec::new();
    for (i, j) in [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)] {
        let mut g = Matrix3::zeros();
        g[(i, j)] = 1e-3;
        states.push(g);
    }
    states.push(Matrix3::new(1e-3, 2e-4, -4e-4, 3e-4, -5e-4, 6e-4, 1e-4, -2e-4, 8e-4));
    let stiffness = isotropic(1000.0, 0.3);
    let mut rows = Vec::new();
    for formulation in Formulation::ALL {
        // With the points of Abaqus these integrate straight cells exactly, curved ones not.
        let reduced = matches!(
            formulation,
            Formulation::Tet10FourPoints | Formulation::Hex20Reduced | Formulation::Wedge15
        );
        let (mut of_strain, mut of_stress): (f64, f64) = (0.0, 0.0);
        for g in &states {
            let mesh = block(formulation.shape(), [3, 2, 2], !reduced, distort);
            let mut problem = Problem::new(mesh, formulation, stiffness)?;
            let on = problem.boundary_nodes();
            problem.hold_nodes(&on, |p| g * p);
            let fields = problem.solve()?.stresses()?;
            let strain = small_strain(g);
            let stress = apply(&stiffness, &strain);
            let worst = |all: &[[f64; 6]], exact: &[f64; 6]| {
                all.iter().flat_map(|s| s.iter().zip(exact).map(|(a, b)| (a - b).abs())).fold(0.0, f64::max)
            };
            of_strain = of_strain.max(worst(&fields.strains, &strain) / 1e-3);
            of_stress = of_stress.max(worst(&fields.stresses, &stress));
        }
        let name = format!("{formulation:?}");
        rows.push(Row::vanishing(&format!("{name}: largest strain error over strain"), "", of_strain, 1e-10));
        rows.push(Row::vanishing(&format!("{name}: largest stress error"), "MPa", of_stress, 1e-10));
    }
    Ok(rows)
}
