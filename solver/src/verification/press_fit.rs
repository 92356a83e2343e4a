//! Press fit of two rings: a given overlap of curved surfaces whose meshes do not match.
//!
//! ```text
//! quarter of the rings 10 ≤ r ≤ 20 and 20 ≤ r ≤ 30 mm, overlap δ = 0.0025 mm, E = 210 GPa
//! p = δ E / b / [(b² + a²)/(b² − a²) + (c² + b²)/(c² − b²)]          plane stress
//! ```

use super::cylinder::{quarter, radius};
use super::problem::near;
use super::touching::Touching;
use super::{Check, Row, Tolerance, VerificationError};
use crate::contact::{InitialGap, PairOptions};
use crate::statics::Formulation;
use crate::tensor::isotropic;

pub(super) const CHECK: Check = Check {
    id: "C7",
    title: "Press fit of two rings; order of the contact pressure on three meshes",
    source: "Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §28; calculix/ccx issue 98",
    run,
};

/// Radii and overlap, mm; modulus, MPa.
const A: f64 = 10.0;
const B: f64 = 20.0;
const C: f64 = 30.0;
const OVERLAP: f64 = 0.0025;
const E: f64 = 210e3;

/// Two rings, `n` and about 3/4 n bricks around the quarter; both faces held in plane strain, one in plane stress.
fn rings(n: usize, nu: f64, plane_strain: bool) -> Result<Touching, VerificationError> {
    let coarse = 3 * n / 4;
    let height = 8.0 / n as f64;
    let part = |radii, n: usize| quarter(Formulation::Tet10, radii, [n / 2, n, 1], height);
    let law = isotropic(E, nu);
    let mut t = Touching::new(&[
        (part([A, B], n), Formulation::Tet10, law),
        (part([B, C], coarse), Formulation::Tet10, law),
    ])?;
    t.hold_symmetry();
    for ring in 0..2 {
        let faces = t.nodes(ring, |p| near(p.z, 0.0) || plane_strain && near(p.z, height));
        t.hold(&faces, 2, |_| 0.0);
    }
    let slave = t.facets(0, |p| near(radius(p), B));
    let master = t.facets(1, |p| near(radius(p), B));
    let gap = InitialGap::Value(-OVERLAP);
    t.touch(&slave, &master, PairOptions { gap, tolerance: 1e-9, ..PairOptions::default() })?;
    t.solve(1)?;
    Ok(t)
}

/// Mean pressure, and its root mean square error over the exact one.
fn pressure(t: &Touching, exact: f64) -> [f64; 2] {
    let (mut area, mut force, mut square) = (0.0, 0.0, 0.0);
    for n in t.pairs[0].nodes(&t.displacements) {
        area += n.area;
        force += n.area * n.pressure;
        square += n.area * (n.pressure - exact).powi(2);
    }
    [force / area, (square / area).sqrt() / exact]
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let shape = (B * B + A * A) / (B * B - A * A) + (C * C + B * B) / (C * C - B * B);
    let exact = OVERLAP * E / B / shape;
    let mut rows = Vec::new();
    let [mean, _] = pressure(&rings(8, 0.3, false)?, exact);
    rows.push(Row::relative("plane stress: mean pressure", "MPa", exact, mean, 0.01));
    // In plane strain the solution does not depend on z, and the same sum holds with E/(1 − ν²) instead of E:
    // the terms in ν of both rings cancel.
    let nu = 0.3;
    let strained = OVERLAP * E / (1.0 - nu * nu) / B / shape;
    let mut errors = Vec::new();
    for n in [4, 8, 16] {
        errors.push(pressure(&rings(n, nu, true)?, strained)[1]);
    }
    for (k, pair) in errors.windows(2).enumerate() {
        let order = (pair[0] / pair[1]).log2();
        let mut row =
            Row::order(&format!("plane strain: pressure, meshes {} and {}", k + 1, k + 2), 2.0, order);
        // Superconvergence is no fault.
        row.tolerance = Tolerance::AtLeast;
        rows.push(row);
    }
    rows.push(Row::vanishing("plane strain: pressure error of the third mesh", "", errors[2], 1e-3));
    Ok(rows)
}
