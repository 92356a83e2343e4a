//! Strains of heat at the integration points.

use super::{Formulation, Material};
use crate::tensor::Six;
use dens_mesher::cells::mapping::MAX_NODES;
use dens_mesher::cells::{hex8, quadrature};

/// Thermal strain α ΔT at each point of the formulation into `out`.
///
/// - `material`: in global axes
/// - `rises`: temperature rise of the cell's nodes, K
/// - `out`: one entry per integration point
///
/// The temperature is interpolated like the displacements, but no richer than the strains can follow: linear
/// bricks take the mean of their nodes, fully integrated quadratic bricks the trilinear function through the
/// values at the 2 × 2 × 2 points. So do Abaqus and CalculiX.
pub(super) fn strains(formulation: Formulation, material: &Material, rises: &[f64], out: &mut [Six]) {
    let cell = formulation.shape().cell();
    let points = formulation.element().rule().points;
    let interpolated = |xi: [f64; 3]| -> f64 {
        let mut n = [0.0; MAX_NODES];
        cell.values(xi, &mut n[..rises.len()]);
        n.iter().zip(rises).map(|(n, t)| n * t).sum()
    };
    let mut put = |q: usize, rise: f64| out[q] = material.expansion.map(|a| a * rise);
    match formulation {
        Formulation::Hex8 | Formulation::Hex8Full | Formulation::Hex8Incompatible => {
            let mean = rises.iter().sum::<f64>() / rises.len() as f64;
            (0..points.len()).for_each(|q| put(q, mean));
        }
        Formulation::Hex20 => {
            // The points as corners of a brick, which has its corners at √3 of their coordinates.
            let at_points = quadrature::HEX_8.points.iter().map(|&xi| interpolated(xi));
            let mut corners = [0.0; 8];
            corners.iter_mut().zip(at_points).for_each(|(c, t)| *c = t);
            // Points run with ξ fastest, corners around the bottom and the top.
            let order = [0, 1, 3, 2, 4, 5, 7, 6];
            for (q, xi) in points.iter().enumerate() {
                let n = hex8::values(xi.map(|x| x * 3.0_f64.sqrt()));
                put(q, (0..8).map(|i| n[i] * corners[order[i]]).sum());
            }
        }
        _ => points.iter().enumerate().for_each(|(q, &xi)| put(q, interpolated(xi))),
    }
}
