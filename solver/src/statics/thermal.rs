//! Strains of heat at the integration points.

use super::{Formulation, Material};
use crate::tensor::Six;
use dens_mesher::cells::mapping::MAX_NODES;

/// Thermal strain α ΔT at each point of the formulation into `out`.
///
/// - `rises`: temperature rise of the cell's nodes, K
/// - `out`: one entry per integration point
///
/// Linear bricks take the mean of their nodes and quadratic cells the linear function of their corners, so
/// that the thermal strain is no richer than the strain; as in Abaqus and CalculiX.
pub(super) fn strains(formulation: Formulation, material: &Material, rises: &[f64], out: &mut [Six]) {
    let cell = formulation.shape().cell();
    let n = cell.n_corners();
    let linear = linear_cell(n);
    for (out, &xi) in out.iter_mut().zip(formulation.element().rule().points) {
        let mut values = [0.0; MAX_NODES];
        let values = &mut values[..n];
        if matches!(formulation, Formulation::Hex8 | Formulation::Hex8Incompatible) {
            values.fill(1.0 / n as f64);
        } else {
            linear.values(xi, values);
        }
        let rise: f64 = values.iter().zip(rises).map(|(n, t)| n * t).sum();
        *out = material.expansion.map(|a| a * rise);
    }
}

/// Linear shape with `n` corners.
fn linear_cell(n: usize) -> &'static dyn dens_mesher::cells::Cell {
    match n {
        4 => &dens_mesher::cells::tet4::Tet4,
        6 => &dens_mesher::cells::wedge6::Wedge6,
        _ => &dens_mesher::cells::hex8::Hex8,
    }
}
