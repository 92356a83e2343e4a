//! Matrices and interpolations as the cycle applies them: in single precision.

use rayon::prelude::*;

use super::by_column::ByColumn;
use crate::linear::BlockMatrix;

/// Block rows of one task.
pub(super) const ROWS: usize = 256;

/// Interpolation between a level and the next coarser one, in single precision.
pub(super) trait Transfer {
    /// `coarse = Pᵀ fine`.
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]);
    /// `fine ← fine + P coarse`.
    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]);
}

/// Block matrix in single precision, square or not.
#[derive(Debug, Default)]
pub(super) struct Single {
    pub(super) row_starts: Vec<usize>,
    pub(super) columns: Vec<u32>,
    pub(super) blocks: Vec<[f32; 9]>,
}

impl Single {
    pub(super) fn new(matrix: &BlockMatrix) -> Self {
        let mut single = Self {
            row_starts: matrix.row_starts.clone(),
            columns: matrix.columns.clone(),
            blocks: vec![[0.0; 9]; matrix.blocks.len()],
        };
        single.refresh(matrix);
        single
    }

    /// Takes over new values on the same pattern.
    pub(super) fn refresh(&mut self, matrix: &BlockMatrix) {
        self.blocks.par_iter_mut().zip(&matrix.blocks).for_each(|(single, block)| {
            *single = block.map(|value| value as f32);
        });
    }

    pub(super) fn n(&self) -> usize {
        self.row_starts.len() - 1
    }

    #[inline]
    fn row_product(&self, i: usize, x: &[f32]) -> [f32; 3] {
        let entries = self.row_starts[i]..self.row_starts[i + 1];
        let mut sum = [0.0; 3];
        for (a, &column) in self.blocks[entries.clone()].iter().zip(&self.columns[entries]) {
            let start = 3 * column as usize;
            let v = &x[start..start + 3];
            sum[0] += a[0] * v[0] + a[1] * v[1] + a[2] * v[2];
            sum[1] += a[3] * v[0] + a[4] * v[1] + a[5] * v[2];
            sum[2] += a[6] * v[0] + a[7] * v[1] + a[8] * v[2];
        }
        sum
    }

    /// `r = b − A x`.
    pub(super) fn residual(&self, b: &[f32], x: &[f32], r: &mut [f32]) {
        r.par_chunks_mut(3 * ROWS).zip(b.par_chunks(3 * ROWS)).enumerate().for_each(|(chunk, (r, b))| {
            for (k, (r, b)) in r.chunks_exact_mut(3).zip(b.chunks_exact(3)).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    r[axis] = b[axis] - product[axis];
                }
            }
        });
    }

    /// `y ← y + A x`.
    fn multiply_add(&self, x: &[f32], y: &mut [f32]) {
        y.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, y)| {
            for (k, y) in y.chunks_exact_mut(3).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    y[axis] += product[axis];
                }
            }
        });
    }

    /// `r ← r − A d`.
    pub(super) fn subtract_product(&self, d: &[f32], r: &mut [f32]) {
        r.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, r)| {
            for (k, r) in r.chunks_exact_mut(3).enumerate() {
                let product = self.row_product(chunk * ROWS + k, d);
                for axis in 0..3 {
                    r[axis] -= product[axis];
                }
            }
        });
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.row_starts.len() + 40 * self.columns.len()
    }
}

/// Interpolation given by a block matrix.
#[derive(Debug)]
pub(super) struct Sparse {
    prolongation: Single,
    /// For the products with the transpose.
    by_column: ByColumn,
}

impl Sparse {
    /// From the prolongation and its number of block columns.
    pub(super) fn new(prolongation: &BlockMatrix, n_columns: usize) -> Self {
        let BlockMatrix { row_starts, columns, .. } = prolongation;
        let by_column = ByColumn::new(row_starts, columns, 0..prolongation.n(), n_columns);
        Self { prolongation: Single::new(prolongation), by_column }
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        self.prolongation.memory_bytes() + self.by_column.memory_bytes()
    }
}

impl Transfer for Sparse {
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]) {
        coarse.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, coarse)| {
            for (k, coarse) in coarse.chunks_exact_mut(3).enumerate() {
                let mut sum = [0.0; 3];
                for &(row, place) in self.by_column.of(chunk * ROWS + k) {
                    let a = &self.prolongation.blocks[place as usize];
                    let start = 3 * row as usize;
                    let v = &fine[start..start + 3];
                    sum[0] += a[0] * v[0] + a[3] * v[1] + a[6] * v[2];
                    sum[1] += a[1] * v[0] + a[4] * v[1] + a[7] * v[2];
                    sum[2] += a[2] * v[0] + a[5] * v[1] + a[8] * v[2];
                }
                coarse.copy_from_slice(&sum);
            }
        });
    }

    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]) {
        self.prolongation.multiply_add(coarse, fine);
    }
}
