//! Exact Euclidean distances on a box of voxels, one axis after another.
//!
//! # Source
//! Felzenszwalb & Huttenlocher (2012), Distance transforms of sampled functions, Theory of Computing 8:415–428.

use rayon::prelude::*;

/// Squared distance, mm², of every voxel to the nearest one where `target` holds; infinite where there is none.
pub(crate) fn squared(
    dims: [usize; 3],
    spacing: [f64; 3],
    target: impl Fn(usize) -> bool + Sync,
) -> Vec<f32> {
    let [nx, ny, nz] = dims;
    let plane = nx * ny;
    let mut field: Vec<f32> =
        (0..plane * nz).into_par_iter().map(|n| if target(n) { 0.0 } else { f32::INFINITY }).collect();
    field.par_chunks_mut(plane).for_each(|slab| {
        let mut line = Line::default();
        for row in slab.chunks_mut(nx) {
            line.transform(row, spacing[0] as f32);
        }
        let mut column = vec![0.0; ny];
        for x in 0..nx {
            for (y, v) in column.iter_mut().enumerate() {
                *v = slab[x + nx * y];
            }
            line.transform(&mut column, spacing[1] as f32);
            for (y, v) in column.iter().enumerate() {
                slab[x + nx * y] = *v;
            }
        }
    });
    if nz == 1 {
        return field;
    }
    // Rows of constant y are gathered, transformed along z and put back.
    let turned: Vec<Vec<f32>> = (0..ny)
        .into_par_iter()
        .map(|y| {
            let mut line = Line::default();
            let mut sheet = vec![0.0; nx * nz];
            let mut column = vec![0.0; nz];
            for x in 0..nx {
                for (z, v) in column.iter_mut().enumerate() {
                    *v = field[x + nx * y + plane * z];
                }
                line.transform(&mut column, spacing[2] as f32);
                for (z, v) in column.iter().enumerate() {
                    sheet[x + nx * z] = *v;
                }
            }
            sheet
        })
        .collect();
    field.par_chunks_mut(plane).enumerate().for_each(|(z, slab)| {
        for (y, sheet) in turned.iter().enumerate() {
            slab[nx * y..nx * (y + 1)].copy_from_slice(&sheet[nx * z..nx * (z + 1)]);
        }
    });
    field
}

/// Working space of one line: parabolas of the lower envelope and where each begins.
#[derive(Default)]
struct Line {
    apex: Vec<usize>,
    height: Vec<f32>,
    begin: Vec<f32>,
}

impl Line {
    fn transform(&mut self, values: &mut [f32], spacing: f32) {
        self.apex.clear();
        self.height.clear();
        self.begin.clear();
        let square = spacing * spacing;
        for (q, f) in values.iter().copied().enumerate().filter(|(_, f)| f.is_finite()) {
            loop {
                let Some((&v, &h)) = self.apex.last().zip(self.height.last()) else {
                    self.begin.push(f32::NEG_INFINITY);
                    break;
                };
                let (a, b) = (q as f32, v as f32);
                let s = ((f - h) / square + (a * a - b * b)) / (2.0 * (a - b));
                if self.begin.last().is_some_and(|z| *z < s) {
                    self.begin.push(s);
                    break;
                }
                self.apex.pop();
                self.height.pop();
                self.begin.pop();
            }
            self.apex.push(q);
            self.height.push(f);
        }
        if self.apex.is_empty() {
            return;
        }
        let mut k = 0;
        for (q, out) in values.iter_mut().enumerate() {
            while k + 1 < self.apex.len() && self.begin[k + 1] < q as f32 {
                k += 1;
            }
            let d = q as f32 - self.apex[k] as f32;
            *out = d * d * square + self.height[k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_those_of_a_search_over_all_voxels() {
        let (dims, spacing) = ([9, 7, 6], [0.5, 0.8, 1.25]);
        let targets = [[1, 2, 0], [7, 6, 5], [4, 0, 3], [4, 1, 3]];
        let number = |[i, j, k]: [usize; 3]| i + dims[0] * (j + dims[1] * k);
        let found = squared(dims, spacing, |n| targets.iter().any(|t| number(*t) == n));
        for (n, d) in found.iter().enumerate() {
            let at = [n % dims[0], n / dims[0] % dims[1], n / dims[0] / dims[1]];
            let to =
                |t: &[usize; 3]| (0..3).map(|a| (spacing[a] * (at[a] as f64 - t[a] as f64)).powi(2)).sum();
            let least = targets.iter().map(to).fold(f64::INFINITY, f64::min);
            assert!((f64::from(*d) - least).abs() < 1e-4, "f32 of squares up to 50");
        }
    }
}
