//! Polynomials fitted to the stresses around each corner.

use crate::statics::{Body, Stresses};
use crate::tensor::Six;
use dens_mesher::Vec3;
use nalgebra::{DMatrix, SMatrix, SVector};
use rayon::prelude::*;

/// Terms of a quadratic polynomial of three variables.
const TERMS: usize = 10;

/// Points per term below which a patch takes in the cells around it.
const POINTS_PER_TERM: f64 = 1.6;

/// Layers of cells by which a patch grows at most.
const LAYERS: usize = 3;

/// Least part of a monomial that the points tell apart from those before it. One-sided patches have 0.005 in
/// their squares; points on two lines or a plane that distortion bends by 3 % have 0.001 and less.
const OWN: f64 = 2e-3;

/// Polynomial stress around one corner in one region.
#[derive(Debug, Clone)]
pub(super) struct Polynomial {
    center: Vec3,
    /// Coordinates are divided by this, mm.
    size: f64,
    /// Number of coefficients in use.
    terms: usize,
    /// Coefficients of 1, x, y, z, x², y², z², xy, yz, xz.
    coefficients: [Six; TERMS],
}

/// Polynomials of all corners.
#[derive(Debug)]
pub(super) struct Patches {
    /// (corner, region), ascending, each with its polynomial.
    keys: Vec<(u32, u32)>,
    polynomials: Vec<Polynomial>,
}

impl Patches {
    pub(super) fn new(body: &Body, stresses: &Stresses, region_of: &[u32]) -> Self {
        let mesh = body.mesh();
        let corners = |cell: usize| &mesh.cell(cell)[..mesh.shapes()[cell].cell().n_corners()];
        let mut incidence: Vec<((u32, u32), u32)> = (0..mesh.n_cells())
            .flat_map(|c| corners(c).iter().map(move |&node| ((node, region_of[c]), c as u32)))
            .collect();
        incidence.par_sort_unstable();
        let groups: Vec<&[((u32, u32), u32)]> = incidence.chunk_by(|a, b| a.0 == b.0).collect();
        let keys: Vec<(u32, u32)> = groups.iter().map(|g| g[0].0).collect();
        let around = |key: (u32, u32)| {
            let at = keys.binary_search(&key).expect("every corner has a group");
            groups[at].iter().map(|entry| entry.1)
        };
        let polynomials = keys
            .par_iter()
            .with_min_len(64)
            .map(|&(corner, region)| {
                let mut cells: Vec<u32> = around((corner, region)).collect();
                let terms =
                    if cells.iter().any(|&c| 1 < mesh.shapes()[c as usize].cell().order()) { 10 } else { 4 };
                let center = mesh.points()[corner as usize];
                let enough = |cells: &[u32]| {
                    let points: usize = cells.iter().map(|&c| stresses.of_cell(c as usize).len()).sum();
                    POINTS_PER_TERM * terms as f64 <= points as f64
                };
                for _ in 0..LAYERS {
                    if enough(&cells)
                        && let Some(polynomial) = fit(center, stresses, &cells, terms)
                    {
                        return polynomial;
                    }
                    let mut wider: Vec<u32> = cells
                        .iter()
                        .flat_map(|&c| corners(c as usize))
                        .flat_map(|&node| around((node, region)))
                        .collect();
                    wider.sort_unstable();
                    wider.dedup();
                    cells = wider;
                }
                // A region so small or thin carries fewer terms.
                let fewer = [terms, 4, 1].into_iter().find_map(|n| fit(center, stresses, &cells, n));
                fewer.expect("a constant fits any points")
            })
            .collect();
        Self { keys, polynomials }
    }

    /// Polynomial around a corner in a region.
    pub(super) fn of(&self, corner: u32, region: u32) -> &Polynomial {
        let at = self.keys.binary_search(&(corner, region)).expect("every corner of a cell has a polynomial");
        &self.polynomials[at]
    }
}

impl Polynomial {
    /// Stress at `x`.
    pub(super) fn stress(&self, x: Vec3) -> Six {
        let basis = monomials((x - self.center) / self.size);
        let mut out = [0.0; 6];
        for (b, c) in basis.iter().zip(&self.coefficients[..self.terms]) {
            for (out, c) in out.iter_mut().zip(c) {
                *out += b * c;
            }
        }
        out
    }
}

fn monomials(x: Vec3) -> [f64; TERMS] {
    [1.0, x.x, x.y, x.z, x.x * x.x, x.y * x.y, x.z * x.z, x.x * x.y, x.y * x.z, x.x * x.z]
}

/// Least squares with the first `terms` monomials; `None` where the points do not carry them.
fn fit(center: Vec3, stresses: &Stresses, cells: &[u32], terms: usize) -> Option<Polynomial> {
    let points: Vec<usize> = cells.iter().flat_map(|&c| stresses.of_cell(c as usize)).collect();
    let size =
        points.iter().map(|&q| (stresses.positions[q] - center).norm()).fold(f64::MIN_POSITIVE, f64::max);
    let mut normal = SMatrix::<f64, TERMS, TERMS>::zeros();
    let mut right = SMatrix::<f64, TERMS, 6>::zeros();
    for &q in &points {
        let basis = SVector::<f64, TERMS>::from(monomials((stresses.positions[q] - center) / size));
        normal.ger(1.0, &basis, &basis, 1.0);
        right.ger(1.0, &basis, &SVector::<f64, 6>::from(stresses.stresses[q]), 1.0);
    }
    let block = DMatrix::from_fn(terms, terms, |i, j| normal[(i, j)]);
    let factor = block.clone().cholesky()?;
    let part_of_its_own = |i: usize| factor.l_dirty()[(i, i)].powi(2) / block[(i, i)];
    if (0..terms).any(|i| part_of_its_own(i) < OWN) {
        return None;
    }
    let solution = factor.solve(&DMatrix::from_fn(terms, 6, |i, k| right[(i, k)]));
    let mut coefficients = [[0.0; 6]; TERMS];
    for (i, row) in coefficients[..terms].iter_mut().enumerate() {
        *row = std::array::from_fn(|k| solution[(i, k)]);
    }
    Some(Polynomial { center, size, terms, coefficients })
}
