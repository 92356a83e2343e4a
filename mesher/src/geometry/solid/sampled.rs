//! Costly smooth fields sampled once on a coarse grid and interpolated.

use super::super::Aabb;
use crate::Vec3;
use rayon::prelude::*;

/// Several fields on one grid of nodes, read back by tricubic (Catmull–Rom) interpolation.
///
/// The interpolant is C¹ and exact for quadratics; at 0.4 mm a surface of 4 mm radius is met within about
/// 5 µm. Edges of the fields are rounded over a node spacing.
pub(super) struct Sampled<const N: usize> {
    origin: Vec3,
    step: f64,
    dims: [usize; 3],
    /// Node values, x fastest.
    values: Vec<[f32; N]>,
    /// Smallest over the eight corners of each cell of the largest of the N fields; same indexing.
    lowest: Vec<f32>,
}

impl<const N: usize> Sampled<N> {
    /// Samples `fields` over `bounds` at nodes `step` mm apart; deterministic for any thread count.
    pub(super) fn new(bounds: Aabb, step: f64, fields: impl Fn(Vec3) -> [f64; N] + Sync) -> Self {
        // Two nodes of margin: the stencil reaches one cell beyond the cell it reads.
        let origin = bounds.min - Vec3::repeat(2.0 * step);
        let dims: [usize; 3] = std::array::from_fn(|i| (bounds.size()[i] / step).ceil() as usize + 5);
        let [nx, ny, nz] = dims;
        let mut values = vec![[0.0_f32; N]; nx * ny * nz];
        values.par_chunks_mut(nx).enumerate().for_each(|(row, line)| {
            let (j, k) = (row % ny, row / ny);
            for (i, v) in line.iter_mut().enumerate() {
                let p = origin + step * Vec3::new(i as f64, j as f64, k as f64);
                *v = fields(p).map(|x| x as f32);
            }
        });
        let worst = |n: usize| values[n].iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut lowest = vec![f32::INFINITY; values.len()];
        lowest.par_chunks_mut(nx).enumerate().for_each(|(row, line)| {
            if row % ny + 1 == ny || row / ny + 1 == nz {
                return;
            }
            for (i, low) in line.iter_mut().enumerate().take(nx - 1) {
                let n = row * nx + i;
                for corner in 0..8 {
                    let at = n + (corner & 1) + (corner >> 1 & 1) * nx + (corner >> 2) * nx * ny;
                    *low = low.min(worst(at));
                }
            }
        });
        Self { origin, step, dims, values, lowest }
    }

    fn locate(&self, p: Vec3) -> ([usize; 3], Vec3) {
        let q = (p - self.origin) / self.step;
        let cell = std::array::from_fn(|i| (q[i].max(1.0) as usize).min(self.dims[i] - 3));
        (cell, q - Vec3::new(cell[0] as f64, cell[1] as f64, cell[2] as f64))
    }

    /// Lower bound, mm, of the largest of the fields in the cell around `p`, as far as the corners tell.
    pub(super) fn floor(&self, p: Vec3) -> f64 {
        let ([i, j, k], _) = self.locate(p);
        f64::from(self.lowest[i + self.dims[0] * (j + self.dims[1] * k)])
    }

    /// Interpolated values at `p`.
    pub(super) fn at(&self, p: Vec3) -> [f64; N] {
        let ([i, j, k], f) = self.locate(p);
        let (wx, wy, wz) = (weights(f.x), weights(f.y), weights(f.z));
        let [nx, ny, _] = self.dims;
        let mut sum = [0.0; N];
        for (c, wz) in wz.iter().enumerate() {
            for (b, wy) in wy.iter().enumerate() {
                let start = (i - 1) + nx * ((j + b - 1) + ny * (k + c - 1));
                let line = &self.values[start..start + 4];
                let w = wy * wz;
                for (value, wx) in line.iter().zip(&wx) {
                    for (s, v) in sum.iter_mut().zip(value) {
                        *s += w * wx * f64::from(*v);
                    }
                }
            }
        }
        sum
    }
}

/// Catmull–Rom weights of the four nodes around a place `t` in 0..1 between the middle two.
fn weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        0.5 * (-t3 + 2.0 * t2 - t),
        0.5 * (3.0 * t3 - 5.0 * t2 + 2.0),
        0.5 * (-3.0 * t3 + 4.0 * t2 + t),
        0.5 * (t3 - t2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_is_exact_for_quadratics() {
        let f = |p: Vec3| 1.0 + p.x - 2.0 * p.y * p.z + 0.5 * p.x * p.x - p.z * p.z;
        let bounds = Aabb { min: Vec3::repeat(-1.0), max: Vec3::repeat(1.0) };
        let s = Sampled::new(bounds, 0.3, |p| [f(p)]);
        for i in 0..50 {
            let a = f64::from(i);
            let p = Vec3::new((a * 0.7).sin(), (a * 1.3).cos(), (a * 2.1).sin());
            // Node values are stored in f32: 1e-7 of values up to 6.
            assert!((s.at(p)[0] - f(p)).abs() < 3e-6);
        }
    }

    #[test]
    fn a_sphere_is_met_within_ten_micrometres_at_four_tenths() {
        let bounds = Aabb { min: Vec3::repeat(-5.0), max: Vec3::repeat(5.0) };
        let s = Sampled::new(bounds, 0.4, |p| [p.norm() - 4.0]);
        for i in 0..200 {
            let a = f64::from(i);
            let n = Vec3::new((a * 0.37).sin(), (a * 0.91).cos(), (a * 1.7).sin()).normalize();
            assert!(s.at(n * 4.0)[0].abs() < 0.01);
        }
    }
}
