//! Products of block matrices, square or not; rows in parallel, each summed in a fixed order.

use rayon::prelude::*;

use crate::linear::BlockMatrix;
use crate::linear::matrix::split_rows;

/// Block rows of one task.
const ROWS: usize = 64;

/// One row of a product while it is summed: a slot per column that has turned up.
struct Accumulator {
    slot_of_column: Vec<u32>,
    columns: Vec<u32>,
    blocks: Vec<[f64; 9]>,
}

const EMPTY: u32 = u32::MAX;

impl Accumulator {
    fn new(n_columns: usize) -> Self {
        Self { slot_of_column: vec![EMPTY; n_columns], columns: Vec::new(), blocks: Vec::new() }
    }

    fn add(&mut self, column: u32, block: &[f64; 9]) {
        let slot = &mut self.slot_of_column[column as usize];
        if *slot == EMPTY {
            *slot = self.columns.len() as u32;
            self.columns.push(column);
            self.blocks.push(*block);
        } else {
            for (sum, value) in self.blocks[*slot as usize].iter_mut().zip(block) {
                *sum += value;
            }
        }
    }

    /// Appends the row in ascending columns and empties itself.
    fn flush(&mut self, columns: &mut Vec<u32>, blocks: &mut Vec<[f64; 9]>) {
        self.columns.sort_unstable();
        for &column in &self.columns {
            let slot = std::mem::replace(&mut self.slot_of_column[column as usize], EMPTY);
            columns.push(column);
            blocks.push(self.blocks[slot as usize]);
        }
        self.columns.clear();
        self.blocks.clear();
    }
}

/// `A B` in block form, where B has `n_columns` block columns.
pub(super) fn multiply(a: &BlockMatrix, b: &BlockMatrix, n_columns: usize) -> BlockMatrix {
    let starts: Vec<usize> = (0..a.n()).step_by(ROWS).collect();
    let chunks: Vec<BlockMatrix> = starts
        .into_par_iter()
        .map_init(
            || Accumulator::new(n_columns),
            |accumulator, start| {
                let mut rows = BlockMatrix { row_starts: vec![0], columns: Vec::new(), blocks: Vec::new() };
                for i in start..(start + ROWS).min(a.n()) {
                    for k in a.row_starts[i]..a.row_starts[i + 1] {
                        let middle = a.columns[k] as usize;
                        for l in b.row_starts[middle]..b.row_starts[middle + 1] {
                            accumulator.add(b.columns[l], &block_product(&a.blocks[k], &b.blocks[l]));
                        }
                    }
                    accumulator.flush(&mut rows.columns, &mut rows.blocks);
                    rows.row_starts.push(rows.columns.len());
                }
                rows
            },
        )
        .collect();
    stack(chunks)
}

/// `Aᵀ` in block form, where A has `n_columns` block columns.
pub(super) fn transpose(a: &BlockMatrix, n_columns: usize) -> BlockMatrix {
    let mut row_starts = vec![0; n_columns + 1];
    for &column in &a.columns {
        row_starts[column as usize + 1] += 1;
    }
    for i in 0..n_columns {
        row_starts[i + 1] += row_starts[i];
    }
    let mut next = row_starts.clone();
    let mut columns = vec![0; a.columns.len()];
    let mut blocks = vec![[0.0; 9]; a.columns.len()];
    for i in 0..a.n() {
        for k in a.row_starts[i]..a.row_starts[i + 1] {
            let slot = &mut next[a.columns[k] as usize];
            columns[*slot] = i as u32;
            let block = &a.blocks[k];
            blocks[*slot] = std::array::from_fn(|e| block[3 * (e % 3) + e / 3]);
            *slot += 1;
        }
    }
    BlockMatrix { row_starts, columns, blocks }
}

/// Turns `A P₀` into the smoothed prolongation `P₀ − ω D⁻¹ A P₀`.
///
/// - `product`: `A P₀`, whose pattern contains that of P₀
/// - `inverse_diagonal`: D⁻¹, one block per row
pub(super) fn smooth(
    product: &mut BlockMatrix,
    tentative: &BlockMatrix,
    inverse_diagonal: &[[f64; 9]],
    omega: f64,
) {
    let BlockMatrix { row_starts, columns, blocks } = product;
    split_rows(row_starts, blocks).into_par_iter().enumerate().for_each(|(i, row)| {
        let own = &columns[row_starts[i]..row_starts[i + 1]];
        for block in row.iter_mut() {
            *block = block_product(&inverse_diagonal[i], block).map(|value| -omega * value);
        }
        for k in tentative.row_starts[i]..tentative.row_starts[i + 1] {
            if let Ok(slot) = own.binary_search(&tentative.columns[k]) {
                for (sum, value) in row[slot].iter_mut().zip(&tentative.blocks[k]) {
                    *sum += value;
                }
            }
        }
    });
}

/// Row-major product of two 3 × 3 blocks.
pub(super) fn block_product(a: &[f64; 9], b: &[f64; 9]) -> [f64; 9] {
    let mut c = [0.0; 9];
    for i in 0..3 {
        for j in 0..3 {
            c[3 * i + j] = a[3 * i] * b[j] + a[3 * i + 1] * b[3 + j] + a[3 * i + 2] * b[6 + j];
        }
    }
    c
}

fn stack(chunks: Vec<BlockMatrix>) -> BlockMatrix {
    let n_rows: usize = chunks.iter().map(BlockMatrix::n).sum();
    let n_blocks = chunks.iter().map(|chunk| chunk.columns.len()).sum();
    let mut row_starts = Vec::with_capacity(n_rows + 1);
    row_starts.push(0);
    let mut columns = Vec::with_capacity(n_blocks);
    let mut blocks = Vec::with_capacity(n_blocks);
    for chunk in chunks {
        let shift = columns.len();
        row_starts.extend(chunk.row_starts[1..].iter().map(|start| start + shift));
        columns.extend(chunk.columns);
        blocks.extend(chunk.blocks);
    }
    BlockMatrix { row_starts, columns, blocks }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sparse(n: usize, n_columns: usize, seed: u64) -> BlockMatrix {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        let mut matrix = BlockMatrix { row_starts: vec![0], columns: Vec::new(), blocks: Vec::new() };
        for _ in 0..n {
            for j in 0..n_columns {
                if random() < 0.3 {
                    matrix.columns.push(j as u32);
                    matrix.blocks.push(std::array::from_fn(|_| random() - 0.5));
                }
            }
            matrix.row_starts.push(matrix.columns.len());
        }
        matrix
    }

    fn dense(a: &BlockMatrix, n_columns: usize) -> nalgebra::DMatrix<f64> {
        let mut full = nalgebra::DMatrix::zeros(3 * a.n(), 3 * n_columns);
        for i in 0..a.n() {
            for k in a.row_starts[i]..a.row_starts[i + 1] {
                for e in 0..9 {
                    full[(3 * i + e / 3, 3 * a.columns[k] as usize + e % 3)] = a.blocks[k][e];
                }
            }
        }
        full
    }

    #[test]
    fn product_and_transpose_equal_the_dense_ones() {
        let (a, b) = (sparse(130, 20, 1), sparse(20, 9, 2));
        let product = dense(&multiply(&a, &b, 9), 9);
        // Twenty terms of size one.
        assert!((product - dense(&a, 20) * dense(&b, 9)).amax() < 1e-13);
        assert_eq!(dense(&transpose(&a, 20), 130), dense(&a, 20).transpose());
    }
}
