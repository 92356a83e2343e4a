//! Products of block matrices, square or not; rows in parallel, each summed in a fixed order.

use std::ops::Range;

use rayon::prelude::*;

use super::by_column::ByColumn;
use crate::linear::BlockMatrix;
use crate::linear::matrix::split_rows;

/// Block rows of one task.
const ROWS: usize = 64;

/// Blocks of A whose rows of A P lie in memory at a time: about 25 MB.
const SLAB: usize = 1 << 18;

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

/// Adds row i of `A B`.
fn add_row(accumulator: &mut Accumulator, a: &BlockMatrix, b: &BlockMatrix, i: usize) {
    for k in a.row_starts[i]..a.row_starts[i + 1] {
        let middle = a.columns[k] as usize;
        for l in b.row_starts[middle]..b.row_starts[middle + 1] {
            accumulator.add(b.columns[l], &block_product(&a.blocks[k], &b.blocks[l]));
        }
    }
}

/// Rows of `A B` in block form, where B has `n_columns` block columns.
fn multiply_rows(a: &BlockMatrix, b: &BlockMatrix, rows: Range<usize>, n_columns: usize) -> BlockMatrix {
    let starts: Vec<usize> = rows.clone().step_by(ROWS).collect();
    let chunks: Vec<BlockMatrix> = starts
        .into_par_iter()
        .map_init(
            || Accumulator::new(n_columns),
            |accumulator, start| {
                let mut chunk = BlockMatrix { row_starts: vec![0], columns: Vec::new(), blocks: Vec::new() };
                for i in start..(start + ROWS).min(rows.end) {
                    add_row(accumulator, a, b, i);
                    accumulator.flush(&mut chunk.columns, &mut chunk.blocks);
                    chunk.row_starts.push(chunk.columns.len());
                }
                chunk
            },
        )
        .collect();
    stack(chunks)
}

/// Pᵀ A P for a prolongation with `n_columns` block columns.
///
/// A slab of fine rows at a time, so that A P never lies in memory as a whole: it is the largest of all products.
pub(super) fn galerkin(a: &BlockMatrix, p: &BlockMatrix, n_columns: usize) -> BlockMatrix {
    galerkin_by_slabs(a, p, n_columns, SLAB)
}

fn galerkin_by_slabs(a: &BlockMatrix, p: &BlockMatrix, n_columns: usize, slab: usize) -> BlockMatrix {
    let mut coarse = coarse_pattern(a, p, n_columns);
    let BlockMatrix { row_starts, columns, blocks } = &mut coarse;
    let mut end = 0;
    while end < a.n() {
        let first = end;
        end = (first + 1).max(a.row_starts.partition_point(|&start| start <= a.row_starts[first] + slab) - 1);
        let rows = first..end;
        let product = multiply_rows(a, p, rows.clone(), n_columns);
        let by_column = ByColumn::new(&p.row_starts, &p.columns, rows, n_columns);
        split_rows(row_starts, blocks).into_par_iter().enumerate().with_min_len(ROWS).for_each_init(
            || vec![EMPTY; n_columns],
            |slots, (i, sums)| {
                let entries = by_column.of(i);
                if entries.is_empty() {
                    return;
                }
                for (slot, &column) in columns[row_starts[i]..row_starts[i + 1]].iter().enumerate() {
                    slots[column as usize] = slot as u32;
                }
                for &(row, place) in entries {
                    let left = transposed(&p.blocks[place as usize]);
                    let row = row as usize - first;
                    for k in product.row_starts[row]..product.row_starts[row + 1] {
                        let sum = &mut sums[slots[product.columns[k] as usize] as usize];
                        for (sum, value) in sum.iter_mut().zip(block_product(&left, &product.blocks[k])) {
                            *sum += value;
                        }
                    }
                }
            },
        );
    }
    coarse
}

/// Zero matrix with the pattern of Pᵀ A P.
fn coarse_pattern(a: &BlockMatrix, p: &BlockMatrix, n_columns: usize) -> BlockMatrix {
    let by_column = ByColumn::new(&p.row_starts, &p.columns, 0..a.n(), n_columns);
    let rows: Vec<Vec<u32>> = (0..n_columns)
        .into_par_iter()
        .with_min_len(ROWS)
        .map_init(
            || vec![EMPTY; n_columns],
            |seen, i| {
                let mut row = Vec::new();
                let middles = by_column.of(i).iter().flat_map(|&(fine, _)| a.row(fine as usize));
                for &column in middles.flat_map(|&middle| p.row(middle as usize)) {
                    if std::mem::replace(&mut seen[column as usize], i as u32) != i as u32 {
                        row.push(column);
                    }
                }
                row.sort_unstable();
                row
            },
        )
        .collect();
    BlockMatrix::from_rows(&rows)
}

/// Smoothed prolongation `P = P₀ − ω D⁻¹ A P₀`.
///
/// - `inverse_diagonal`: D⁻¹, one block per row
/// - `n_columns`: block columns of P₀
///
/// Counted first and then written in place, so that it lies in memory once.
pub(super) fn smoothed(
    a: &BlockMatrix,
    tentative: &BlockMatrix,
    inverse_diagonal: &[[f64; 9]],
    omega: f64,
    n_columns: usize,
) -> BlockMatrix {
    let lengths: Vec<usize> = (0..a.n())
        .into_par_iter()
        .with_min_len(ROWS)
        .map_init(
            || vec![EMPTY; n_columns],
            |seen, i| {
                let middle = a.row(i).iter().flat_map(|&j| tentative.row(j as usize));
                middle.filter(|&&c| std::mem::replace(&mut seen[c as usize], i as u32) != i as u32).count()
            },
        )
        .collect();
    let mut row_starts = vec![0; a.n() + 1];
    for (i, length) in lengths.into_iter().enumerate() {
        row_starts[i + 1] = row_starts[i] + length;
    }
    let mut columns = vec![0; row_starts[a.n()]];
    let mut blocks = vec![[0.0; 9]; row_starts[a.n()]];
    let rows =
        split_rows(&row_starts, &mut columns).into_par_iter().zip(split_rows(&row_starts, &mut blocks));
    rows.enumerate().with_min_len(ROWS).for_each_init(
        || (Accumulator::new(n_columns), Vec::new(), Vec::new()),
        |(accumulator, own, sums), (i, (columns, blocks))| {
            add_row(accumulator, a, tentative, i);
            own.clear();
            sums.clear();
            accumulator.flush(own, sums);
            columns.copy_from_slice(own);
            for (block, sum) in blocks.iter_mut().zip(sums.iter()) {
                *block = block_product(&inverse_diagonal[i], sum).map(|value| -omega * value);
            }
            for k in tentative.row_starts[i]..tentative.row_starts[i + 1] {
                let slot = own.binary_search(&tentative.columns[k]).expect("A has a diagonal");
                let change = block_product(&inverse_diagonal[i], &sums[slot]);
                let start = &tentative.blocks[k];
                blocks[slot] = std::array::from_fn(|e| start[e] - omega * change[e]);
            }
        },
    );
    BlockMatrix { row_starts, columns, blocks }
}

fn transposed(block: &[f64; 9]) -> [f64; 9] {
    std::array::from_fn(|e| block[3 * (e % 3) + e / 3])
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
    fn coarse_matrix_equals_the_dense_product_for_any_slab() {
        let (a, p) = (sparse(130, 130, 1), sparse(130, 9, 2));
        let (full, p_full) = (dense(&a, 130), dense(&p, 9));
        let expected = p_full.transpose() * full * &p_full;
        for slab in [100_000, 500, 1] {
            // Sums of 390² terms of size 0.1.
            assert!((dense(&galerkin_by_slabs(&a, &p, 9, slab), 9) - &expected).amax() < 1e-11);
        }
    }

    #[test]
    fn smoothed_prolongation_equals_the_dense_formula() {
        let mut a = sparse(60, 60, 3);
        let pattern: Vec<Vec<u32>> = (0..60)
            .map(|i| a.row(i).iter().copied().chain([i as u32]).collect::<std::collections::BTreeSet<_>>())
            .map(|row| row.into_iter().collect())
            .collect();
        let mut with_diagonal = BlockMatrix::from_rows(&pattern);
        for i in 0..60 {
            for k in a.row_starts[i]..a.row_starts[i + 1] {
                with_diagonal.add_block(i, a.columns[k] as usize, &a.blocks[k]);
            }
        }
        a = with_diagonal;
        let tentative = sparse(60, 7, 4);
        let inverse: Vec<[f64; 9]> = sparse(60, 60, 5).blocks[..60].to_vec();
        let p = smoothed(&a, &tentative, &inverse, 0.7, 7);
        let mut d = nalgebra::DMatrix::zeros(180, 180);
        for (i, block) in inverse.iter().enumerate() {
            (0..9).for_each(|e| d[(3 * i + e / 3, 3 * i + e % 3)] = block[e]);
        }
        let start = dense(&tentative, 7);
        let expected = &start - 0.7 * d * dense(&a, 60) * &start;
        // Sums of 60 terms of size one.
        assert!((dense(&p, 7) - expected).amax() < 1e-12);
    }
}
