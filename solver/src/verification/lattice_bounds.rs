//! Lattice cells: cubic symmetry and the Hashin–Shtrikman bound.

use super::{Check, Row, VerificationError};
use crate::homogenize::{Base, Options, homogenize};
use dens_mesher::lattice::{Lattice, cell};

pub(super) const CHECK: Check = Check {
    id: "LATTICE",
    title: "Lattice cells: cubic symmetry and the upper bound of the bulk modulus",
    source: "Hashin & Shtrikman (1963), J. Mech. Phys. Solids 11, 127-140",
    run,
};

fn run() -> Result<Vec<Row>, VerificationError> {
    let base = Base::new(1.0, 0.3)?;
    let options = Options { resolution: 32, ..Options::default() };
    let solve = |name: &str, density: f64| -> Result<_, VerificationError> {
        let cell = cell(name).expect("a cell of the catalogue");
        let lattice = Lattice::with_relative_density(cell, 1.0, density)?;
        Ok(homogenize(&|q| lattice.cell_value(q.into()), base, &options)?)
    };
    let mut rows = Vec::new();
    for density in [0.2, 0.3, 0.4] {
        let found = solve("gyroid-sheet", density)?;
        rows.push(Row::at_most(
            &format!("gyroid sheet at {density}: bulk modulus against the bound"),
            "",
            bulk_bound(density),
            found.cubic_part()[0] / 3.0 + 2.0 * found.cubic_part()[1] / 3.0,
        ));
        let [c11, c12, c44] = found.cubic_part();
        let c = &found.stiffness;
        let off = [c[0][0] - c11, c[1][1] - c11, c[0][1] - c12, c[3][3] - c44, c[0][3], c[1][4], c[3][5]];
        let gap = off.iter().map(|v| v.abs()).fold(0.0, f64::max) / c11;
        rows.push(Row::vanishing(&format!("gyroid sheet at {density}: departure from cubic"), "", gap, 1e-6));
    }
    Ok(rows)
}

/// Upper bound of the bulk modulus of a solid (E = 1, ν = 0.3) with a share of voids.
fn bulk_bound(density: f64) -> f64 {
    let (bulk, shear) = (1.0 / (3.0 * 0.4), 1.0 / 2.6);
    bulk + (1.0 - density) / (-1.0 / bulk + 3.0 * density / (3.0 * bulk + 4.0 * shear))
}
