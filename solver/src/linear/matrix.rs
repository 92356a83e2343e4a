//! Storage and products of the block matrix.

use nalgebra_sparse::CsrMatrix;
use nalgebra_sparse::pattern::SparsityPattern;
use rayon::prelude::*;

use super::BlockMatrix;

/// Block rows handled by one task of a product.
const ROWS: usize = 256;

impl BlockMatrix {
    /// Zero matrix with one 3 × 3 block for each entry of a square pattern.
    ///
    /// # Panics
    /// When the pattern is not square or has 2³² or more rows.
    pub fn from_pattern(pattern: SparsityPattern) -> Self {
        assert_eq!(pattern.major_dim(), pattern.minor_dim(), "square pattern");
        assert!(u32::try_from(pattern.major_dim()).is_ok(), "fewer than 2³² block rows");
        let (row_starts, columns) = pattern.disassemble();
        let columns: Vec<u32> = columns.into_iter().map(|column| column as u32).collect();
        let blocks = vec![[0.0; 9]; columns.len()];
        Self { row_starts, columns, blocks }
    }

    /// Zero matrix with the given block columns in each row.
    ///
    /// - `rows`: for each block row its columns, ascending, without repetition, each below `rows.len()`
    pub fn from_rows(rows: &[Vec<u32>]) -> Self {
        let mut row_starts = Vec::with_capacity(rows.len() + 1);
        row_starts.push(0);
        let mut columns = Vec::with_capacity(rows.iter().map(Vec::len).sum());
        for row in rows {
            debug_assert!(row.is_sorted_by(|a, b| a < b), "columns ascend without repetition");
            debug_assert!(row.iter().all(|&column| (column as usize) < rows.len()), "columns exist");
            columns.extend_from_slice(row);
            row_starts.push(columns.len());
        }
        let blocks = vec![[0.0; 9]; columns.len()];
        Self { row_starts, columns, blocks }
    }

    /// Number of block rows; the scalar matrix has three times as many.
    pub fn n(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// Block columns of one block row, ascending.
    pub fn row(&self, i: usize) -> &[u32] {
        &self.columns[self.row_starts[i]..self.row_starts[i + 1]]
    }

    /// Index into `blocks` of block (i, j), if the pattern holds it.
    pub fn position(&self, i: usize, j: usize) -> Option<usize> {
        let column = u32::try_from(j).ok()?;
        self.row(i).binary_search(&column).ok().map(|k| self.row_starts[i] + k)
    }

    /// Sets every block to zero and keeps the pattern.
    pub fn zero(&mut self) {
        self.blocks.par_iter_mut().for_each(|block| *block = [0.0; 9]);
    }

    /// Adds a row-major 3 × 3 block at (i, j).
    ///
    /// # Panics
    /// When (i, j) is not in the pattern.
    pub fn add_block(&mut self, i: usize, j: usize, block: &[f64; 9]) {
        let position = self.position(i, j).expect("the pattern holds every pair of nodes that is coupled");
        for (sum, value) in self.blocks[position].iter_mut().zip(block) {
            *sum += value;
        }
    }

    /// `y = A x`, in parallel over rows, the same bits for any thread count.
    ///
    /// - `x`, `y`: length 3 n
    pub fn matvec(&self, x: &[f64], y: &mut [f64]) {
        assert_eq!(x.len(), 3 * self.n(), "one entry per unknown");
        assert_eq!(y.len(), x.len(), "one entry per unknown");
        y.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, y)| {
            for (k, y) in y.chunks_exact_mut(3).enumerate() {
                y.copy_from_slice(&self.row_product(chunk * ROWS + k, x));
            }
        });
    }

    /// `r = b − A x`.
    pub(super) fn residual(&self, b: &[f64], x: &[f64], r: &mut [f64]) {
        r.par_chunks_mut(3 * ROWS).zip(b.par_chunks(3 * ROWS)).enumerate().for_each(|(chunk, (r, b))| {
            for (k, (r, b)) in r.chunks_exact_mut(3).zip(b.chunks_exact(3)).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    r[axis] = b[axis] - product[axis];
                }
            }
        });
    }

    fn row_product(&self, i: usize, x: &[f64]) -> [f64; 3] {
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

    /// Main diagonal, length 3 n; zero where the pattern has no diagonal block.
    pub fn diagonal(&self) -> Vec<f64> {
        let mut diagonal = vec![0.0; 3 * self.n()];
        diagonal.par_chunks_mut(3).enumerate().for_each(|(i, entry)| {
            if let Some(position) = self.position(i, i) {
                let block = &self.blocks[position];
                entry.copy_from_slice(&[block[0], block[4], block[8]]);
            }
        });
        diagonal
    }

    /// Decouples the fixed unknowns: their rows and columns become zero, their diagonal stays.
    ///
    /// The diagonal keeps its own stiffness (the mean of all positive diagonals where it has none), so that the
    /// scaling of the matrix does not change. The pattern stays. A prescribed value that is not zero must have been
    /// moved to the right-hand side before: `b ← b − A x̄`, then `b_i = A_ii x̄_i` with the diagonal after this call.
    ///
    /// - `fixed`: one flag per unknown, length 3 n
    ///
    /// # Panics
    /// When a fixed node has no diagonal block.
    pub fn fix(&mut self, fixed: &[bool]) {
        assert_eq!(fixed.len(), 3 * self.n(), "one flag per unknown");
        let diagonal = self.diagonal();
        let (mut sum, mut count) = (0.0, 0.0);
        for &value in diagonal.iter().filter(|&&value| value > 0.0) {
            sum += value;
            count += 1.0;
        }
        let mean = if count > 0.0 { sum / count } else { 1.0 };
        let columns = &self.columns;
        split_rows(&self.row_starts, &mut self.blocks).into_par_iter().enumerate().for_each(|(i, blocks)| {
            let rows = &fixed[3 * i..3 * i + 3];
            let start = self.row_starts[i];
            let mut found_diagonal = false;
            for (block, &column) in blocks.iter_mut().zip(&columns[start..]) {
                let j = column as usize;
                let cells = &fixed[3 * j..3 * j + 3];
                for (r, &row_fixed) in rows.iter().enumerate() {
                    for (c, &column_fixed) in cells.iter().enumerate() {
                        if row_fixed || column_fixed {
                            block[3 * r + c] = 0.0;
                        }
                    }
                    if i == j && row_fixed {
                        let own = diagonal[3 * i + r];
                        block[4 * r] = if own > 0.0 { own } else { mean };
                    }
                }
                found_diagonal |= i == j;
            }
            assert!(found_diagonal || !rows.contains(&true), "a fixed node has a diagonal block");
        });
    }

    /// The same matrix with scalar entries, zeros inside blocks included.
    pub fn to_csr(&self) -> CsrMatrix<f64> {
        let mut offsets = Vec::with_capacity(3 * self.n() + 1);
        let mut indices = Vec::with_capacity(9 * self.columns.len());
        let mut values = Vec::with_capacity(9 * self.columns.len());
        offsets.push(0);
        for i in 0..self.n() {
            let entries = self.row_starts[i]..self.row_starts[i + 1];
            for r in 0..3 {
                for (block, &column) in
                    self.blocks[entries.clone()].iter().zip(&self.columns[entries.clone()])
                {
                    for c in 0..3 {
                        indices.push(3 * column as usize + c);
                        values.push(block[3 * r + c]);
                    }
                }
                offsets.push(indices.len());
            }
        }
        let n = 3 * self.n();
        CsrMatrix::try_from_csr_data(n, n, offsets, indices, values)
            .expect("block rows are sorted and in range")
    }

    /// First unknown with an entry in its row that is NaN or infinite.
    pub(super) fn first_not_finite(&self) -> Option<usize> {
        let block = self.blocks.par_iter().position_first(|block| !block.iter().all(|v| v.is_finite()))?;
        let row = self.row_starts.partition_point(|&start| start <= block) - 1;
        let entry = self.blocks[block].iter().position(|v| !v.is_finite()).unwrap_or(0);
        Some(3 * row + entry / 3)
    }
}

/// The slice of every block row, mutable at the same time.
pub(crate) fn split_rows<'a, T>(row_starts: &[usize], mut entries: &'a mut [T]) -> Vec<&'a mut [T]> {
    let mut rows = Vec::with_capacity(row_starts.len() - 1);
    for window in row_starts.windows(2) {
        let (row, rest) = entries.split_at_mut(window[1] - window[0]);
        rows.push(row);
        entries = rest;
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> BlockMatrix {
        let mut matrix = BlockMatrix::from_rows(&[vec![0, 1], vec![0, 1, 2], vec![1, 2]]);
        let mut value = 0.0;
        for i in 0..3_usize {
            for j in i..3 {
                if matrix.position(i, j).is_none() {
                    continue;
                }
                let mut block = [0.0; 9];
                for r in 0..3 {
                    for c in 0..3 {
                        value += 1.0;
                        block[3 * r + c] = value;
                        if i == j && c < r {
                            block[3 * r + c] = block[3 * c + r];
                        }
                    }
                }
                matrix.add_block(i, j, &block);
                if i != j {
                    let transposed = std::array::from_fn(|k| block[3 * (k % 3) + k / 3]);
                    matrix.add_block(j, i, &transposed);
                }
            }
        }
        matrix
    }

    #[test]
    fn product_equals_that_of_the_scalar_matrix() {
        let matrix = chain();
        let csr = matrix.to_csr();
        let x: Vec<f64> = (0..9).map(|i| f64::from(i) - 3.5).collect();
        let mut y = vec![0.0; 9];
        matrix.matvec(&x, &mut y);
        for (i, row) in csr.row_iter().enumerate() {
            let sum: f64 = row.col_indices().iter().zip(row.values()).map(|(&j, v)| v * x[j]).sum();
            // Ten terms of size 100.
            assert!((sum - y[i]).abs() < 1e-11, "row {i}");
        }
        let mut r = vec![0.0; 9];
        matrix.residual(&y, &x, &mut r);
        assert!(r.iter().all(|&value| value == 0.0));
    }

    #[test]
    fn position_knows_what_the_pattern_holds() {
        let matrix = chain();
        assert_eq!(matrix.n(), 3);
        assert_eq!(matrix.position(1, 2), Some(4));
        assert_eq!(matrix.position(0, 2), None);
    }

    #[test]
    fn a_pattern_and_its_rows_give_the_same_matrix() {
        let rows = [vec![0, 1], vec![0, 1, 2], vec![1, 2]];
        let pattern =
            SparsityPattern::try_from_offsets_and_indices(3, 3, vec![0, 2, 5, 7], vec![0, 1, 0, 1, 2, 1, 2])
                .expect("sorted pattern");
        let (a, b) = (BlockMatrix::from_pattern(pattern), BlockMatrix::from_rows(&rows));
        assert_eq!((a.row_starts, a.columns, a.blocks), (b.row_starts, b.columns, b.blocks));
    }

    #[test]
    fn fixing_keeps_symmetry_and_the_own_diagonal() {
        let mut matrix = chain();
        let before = matrix.diagonal();
        let mut fixed = vec![false; 9];
        fixed[4] = true;
        matrix.fix(&fixed);
        let csr = matrix.to_csr();
        for (i, j, &value) in csr.triplet_iter() {
            if i != j && (i == 4 || j == 4) {
                assert_eq!(value, 0.0);
            }
            let transposed = csr.get_entry(j, i).map(|entry| entry.into_value());
            assert_eq!(transposed, Some(value));
        }
        assert_eq!(matrix.diagonal(), before);
    }

    #[test]
    fn a_bad_entry_is_named_by_its_unknown() {
        let mut matrix = chain();
        assert_eq!(matrix.first_not_finite(), None);
        let position = matrix.position(1, 2).expect("in the pattern");
        matrix.blocks[position][5] = f64::NAN;
        assert_eq!(matrix.first_not_finite(), Some(4));
    }
}
