//! Layers of two solids: the homogenised stiffness has a closed form.
//!
//! ```text
//! 110 GPa / 0.342 and 10 GPa / 0.3 in equal shares, normal along z; Voigt in the plane, Reuss across it
//! ```

use super::{Check, Row, VerificationError};
use crate::homogenize::{Base, Options, homogenize_materials};

pub(super) const CHECK: Check = Check {
    id: "LAMINATE",
    title: "Homogenised laminate against its exact stiffness",
    source: "Backus (1962), J. Geophys. Res. 67, 4427-4440",
    run,
};

/// Exact stiffness of equal shares of two isotropic solids: c11, c12, c13, c33, c44, c66.
fn exact(solids: [(f64, f64); 2]) -> [f64; 6] {
    let lame = solids.map(|(e, nu)| (e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), e / (2.0 * (1.0 + nu))));
    let mean = |f: &dyn Fn(f64, f64) -> f64| 0.5 * (f(lame[0].0, lame[0].1) + f(lame[1].0, lame[1].1));
    let c33 = 1.0 / mean(&|l, m| 1.0 / (l + 2.0 * m));
    let share = mean(&|l, m| l / (l + 2.0 * m));
    let c66 = mean(&|_, m| m);
    let c11 = mean(&|l, m| 4.0 * m * (l + m) / (l + 2.0 * m)) + share * share * c33;
    [c11, c11 - 2.0 * c66, share * c33, c33, 1.0 / mean(&|_, m| 1.0 / m), c66]
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let solids = [(110e3, 0.342), (10e3, 0.3)];
    let bases = [Base::new(110e3, 0.342)?, Base::new(10e3, 0.3)?];
    let options = Options { resolution: 16, ..Options::default() };
    let c = homogenize_materials(&|[_, _, z]| Some(bases[usize::from(4 <= z % 8)]), &options)?.stiffness;
    let found = [c[0][0], c[0][1], c[0][2], c[2][2], c[3][3], c[5][5]];
    let names = ["C11", "C12", "C13", "C33", "C44", "C66"];
    let rows = names.iter().zip(exact(solids)).zip(found);
    Ok(rows.map(|((name, exact), found)| Row::relative(name, "MPa", exact, found, 1e-6)).collect())
}
