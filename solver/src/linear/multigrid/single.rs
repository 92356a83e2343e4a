//! Matrices and interpolations as the cycle applies them: in single precision.

use rayon::prelude::*;

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

    /// `y ← factor · y + A x`.
    fn multiply(&self, x: &[f32], factor: f32, y: &mut [f32]) {
        y.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, y)| {
            for (k, y) in y.chunks_exact_mut(3).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    y[axis] = factor * y[axis] + product[axis];
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

    /// The transpose of a matrix with `n_columns` block columns.
    pub(super) fn transpose(&self, n_columns: usize) -> Self {
        let mut row_starts = vec![0; n_columns + 1];
        for &column in &self.columns {
            row_starts[column as usize + 1] += 1;
        }
        for i in 0..n_columns {
            row_starts[i + 1] += row_starts[i];
        }
        let mut next = row_starts.clone();
        let mut columns = vec![0; self.columns.len()];
        let mut blocks = vec![[0.0; 9]; self.columns.len()];
        for i in 0..self.n() {
            for k in self.row_starts[i]..self.row_starts[i + 1] {
                let slot = &mut next[self.columns[k] as usize];
                columns[*slot] = i as u32;
                let block = &self.blocks[k];
                blocks[*slot] = std::array::from_fn(|e| block[3 * (e % 3) + e / 3]);
                *slot += 1;
            }
        }
        Self { row_starts, columns, blocks }
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.row_starts.len() + 40 * self.columns.len()
    }
}

/// Interpolation given by a block matrix and its transpose.
#[derive(Debug)]
pub(super) struct Sparse {
    down: Single,
    up: Single,
}

impl Sparse {
    /// From the prolongation, which is taken so that it does not outlive its copy, and its number of block columns.
    pub(super) fn new(prolongation: BlockMatrix, n_columns: usize) -> Self {
        let up = Single::new(&prolongation);
        drop(prolongation);
        Self { down: up.transpose(n_columns), up }
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        self.down.memory_bytes() + self.up.memory_bytes()
    }
}

impl Transfer for Sparse {
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]) {
        self.down.multiply(fine, 0.0, coarse);
    }

    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]) {
        self.up.multiply(coarse, 1.0, fine);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transpose_moves_every_entry_across_the_diagonal() {
        let block = |k: usize| -> [f32; 9] { std::array::from_fn(|e| (9 * k + e) as f32) };
        let a = Single {
            row_starts: vec![0, 2, 3],
            columns: vec![0, 2, 1],
            blocks: vec![block(0), block(1), block(2)],
        };
        let t = a.transpose(3);
        assert_eq!((t.row_starts.as_slice(), t.columns.as_slice()), (&[0, 1, 2, 3][..], &[0, 1, 0][..]));
        for (e, k) in (0..9).flat_map(|e| [(e, 0), (e, 1), (e, 2)]) {
            let place = [0, 2, 1][k];
            assert_eq!(t.blocks[place][3 * (e % 3) + e / 3], block(k)[e]);
        }
    }
}
