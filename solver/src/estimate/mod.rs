//! Error of discretisation, estimated from how the stress jumps between cells.
//!
//! ```text
//! η² = ∫ (σ* − σ) : C⁻¹ : (σ* − σ) dV        σ* = Σ over corners v of λ_v(x) P_v(x)
//! ```
//! P_v is the polynomial that fits the stresses at the integration points of the cells around corner v best, of
//! the degree of the displacements; λ_v are the linear shape functions, which blend the polynomials.
//! Recovery stays inside one region: a stress that jumps between materials is no error.
//!
//! Good where the solution is smooth. At a singular edge η is finite on every mesh and too small.
//!
//! # Source
//! Zienkiewicz & Zhu (1992), The superconvergent patch recovery and a posteriori error estimates, Int. J. Numer.
//! Methods Eng. 33, 1331-1382. Blending: Blacker & Belytschko (1994), Int. J. Numer. Methods Eng. 37, 517-536.

mod patch;

use crate::statics::{Body, Carrier, Formulation, StaticsError, Stresses, continuation};
use crate::tensor::{self, Six, Stiffness};
use dens_mesher::cells::{hex8, mapping, tet4, wedge6};
use nalgebra::DMatrix;
use patch::Patches;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Estimated error of a solution in the norm of energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Error of each cell, √mJ.
    pub cells: Vec<f64>,
    /// Error of each region, √mJ: root of the sum of squares of its cells.
    pub regions: Vec<f64>,
    /// Norm of the stress of each region, ‖σ‖ = √(2 · strain energy), √mJ.
    pub norms: Vec<f64>,
}

impl Estimate {
    /// Error of the body, √mJ.
    pub fn total(&self) -> f64 {
        norm(&self.regions)
    }

    /// Error relative to the norm of the recovered solution, √(η² / (‖σ‖² + η²)).
    pub fn relative(&self) -> f64 {
        let (error, size) = (self.total(), norm(&self.norms));
        if error == 0.0 { 0.0 } else { error / error.hypot(size) }
    }
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// Region of each cell: its material.
pub fn by_material(body: &Body) -> Vec<u32> {
    body.cells().iter().map(|c| c.material).collect()
}

/// Estimated error of `stresses`.
///
/// - `region_of`: region of each cell, numbered from 0; recovery never crosses their borders
///
/// # Errors
/// [`StaticsError::Count`] when the lists do not fit the body.
pub fn estimate(body: &Body, stresses: &Stresses, region_of: &[u32]) -> Result<Estimate, StaticsError> {
    let n = body.mesh().n_cells();
    for (what, expected, found) in
        [("region of each cell", n, region_of.len()), ("integration points", n + 1, stresses.starts.len())]
    {
        if expected != found {
            return Err(StaticsError::Count { what, expected, found });
        }
    }
    let patches = Patches::new(body, stresses, region_of);
    let mut tables: BTreeMap<Formulation, DMatrix<f64>> = BTreeMap::new();
    for c in body.cells() {
        tables.entry(c.formulation).or_insert_with(|| {
            let rules = c.formulation.shape().cell().rules();
            continuation(c.formulation, Carrier::Full, rules[rules.len() - 1].points)
        });
    }
    let compliances: Vec<Option<Stiffness>> =
        body.materials().iter().map(|m| tensor::inverse(&m.stiffness)).collect();
    let squares: Vec<[f64; 2]> = (0..n)
        .into_par_iter()
        .with_min_len(64)
        .map(|cell| {
            let properties = body.cells()[cell];
            let compliance =
                compliances[properties.material as usize].expect("a checked material is definite");
            let compliance = match properties.frame {
                None => compliance,
                Some(_) => {
                    tensor::inverse(&body.material(cell).stiffness).expect("a checked material is definite")
                }
            };
            square(
                body,
                stresses,
                &patches,
                &tables[&properties.formulation],
                &compliance,
                cell,
                region_of[cell],
            )
        })
        .collect();
    let n_regions = region_of.iter().max().map_or(0, |r| *r as usize + 1);
    let (mut errors, mut norms) = (vec![0.0; n_regions], vec![0.0; n_regions]);
    for (&[error, size], &region) in squares.iter().zip(region_of) {
        errors[region as usize] += error;
        norms[region as usize] += size;
    }
    let roots = |v: Vec<f64>| v.into_iter().map(f64::sqrt).collect();
    Ok(Estimate {
        cells: squares.iter().map(|s| s[0].sqrt()).collect(),
        regions: roots(errors),
        norms: roots(norms),
    })
}

/// ∫ (σ* − σ) : C⁻¹ : (σ* − σ) dV and ∫ σ : C⁻¹ : σ dV of one cell.
fn square(
    body: &Body,
    stresses: &Stresses,
    patches: &Patches,
    table: &DMatrix<f64>,
    compliance: &Stiffness,
    cell: usize,
    region: u32,
) -> [f64; 2] {
    let mesh = body.mesh();
    let shape = mesh.shapes()[cell].cell();
    let nodes = mesh.cell(cell);
    let points = mesh.cell_points(cell);
    let points = &points[..nodes.len()];
    let own = &stresses.stresses[stresses.of_cell(cell)];
    let n_corners = shape.n_corners();
    let around: Vec<_> = nodes[..n_corners].iter().map(|&corner| patches.of(corner, region)).collect();
    let rules = shape.rules();
    let mut sums = [0.0; 2];
    for (at, (xi, w)) in rules[rules.len() - 1].iter().enumerate() {
        let x = mapping::position(shape, points, xi);
        let found: Six =
            std::array::from_fn(|k| own.iter().enumerate().map(|(q, s)| table[(at, q)] * s[k]).sum());
        let mut difference = found.map(|s| -s);
        let mut lambda = [0.0; 8];
        match n_corners {
            4 => lambda[..4].copy_from_slice(&tet4::values(xi)),
            6 => lambda[..6].copy_from_slice(&wedge6::values(xi)),
            _ => lambda.copy_from_slice(&hex8::values(xi)),
        }
        for (lambda, polynomial) in lambda.iter().zip(&around) {
            for (d, s) in difference.iter_mut().zip(polynomial.stress(x)) {
                *d += lambda * s;
            }
        }
        let weight = w * mapping::volume_ratio(shape, points, xi);
        let energy = |s: &Six| 2.0 * tensor::energy_density(&tensor::apply(compliance, s), s);
        sums[0] += weight * energy(&difference);
        sums[1] += weight * energy(&found);
    }
    sums
}
