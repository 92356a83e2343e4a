//! Element matrices of batches of cells, added by owners of disjoint row ranges.

use super::{Assembler, Connectivity};
use crate::elements::{block_of, n_blocks};
use crate::linear::{BlockMatrix, split_rows};
use rayon::prelude::*;

/// Adds a row of an element matrix to a row of the body: (element, local row, places of the columns, row).
type AddRow = fn(&[[f64; 9]], usize, &[u16], &mut [[f64; 9]]);

/// How the blocks of an element matrix with n nodes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Blocks on and above the diagonal, see [`block_of`].
    Symmetric,
    /// All blocks, number n i + j.
    Full,
}

impl Layout {
    fn n_blocks(self, n: usize) -> usize {
        match self {
            Self::Symmetric => n_blocks(n),
            Self::Full => n * n,
        }
    }
}

/// Where the element matrices of one batch go.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// (row node, cell within the batch, local node), ascending.
    rows: Vec<(u32, u16, u16)>,
    /// Bounds in `rows` of the groups one task adds; no row is in two groups.
    groups: Vec<usize>,
}

/// Cells per batch: 512 element matrices are 2 MB and stay in the cache between the two passes. Measured on
/// 196 608 cells, processor time for one assembly: 0.7 to 0.9 s for 256 to 512, 0.8 to 1.2 s for 2048; 0.28 s
/// of it are the element matrices.
pub(super) const BATCH: usize = 512;

/// Row groups per batch: enough that 16 threads have two each.
const GROUPS: usize = 32;

impl Assembler {
    /// Adds element matrices to a matrix of this assembler.
    ///
    /// - `element(cell, blocks)`: fills the blocks, whose former values are arbitrary
    /// - `each(cell, result)`: called once per cell, in order, with what `element` returned
    ///
    /// # Errors
    /// The first cell that failed, with its error; the matrix is then incomplete.
    pub(crate) fn add_elements<T: Send, E: Send>(
        &self,
        matrix: &mut BlockMatrix,
        layout: Layout,
        element: impl Fn(usize, &mut [[f64; 9]]) -> Result<T, E> + Sync,
        mut each: impl FnMut(usize, T),
    ) -> Result<(), (usize, E)> {
        let mut buffer = Vec::new();
        for (number, batch) in self.batches.iter().enumerate() {
            let first = number * BATCH;
            let members = first..self.cells.len().min(first + BATCH);
            let mut starts = vec![0];
            for (at, cell) in members.enumerate() {
                starts.push(starts[at] + layout.n_blocks(self.cells.cell(cell).len()));
            }
            buffer.resize(buffer.len().max(starts[starts.len() - 1]), [0.0; 9]);
            let results: Vec<Result<T, E>> = split_rows(&starts, &mut buffer)
                .into_par_iter()
                .enumerate()
                .with_min_len(32)
                .map(|(at, out)| element(first + at, out))
                .collect();
            for (at, result) in results.into_iter().enumerate() {
                each(first + at, result.map_err(|e| (first + at, e))?);
            }
            let add = if layout == Layout::Symmetric { add_symmetric_row } else { add_full_row };
            self.scatter(batch, first, (&starts, &buffer), add, &mut matrix.blocks);
        }
        Ok(())
    }

    /// Adds the element matrices of one batch, each group of rows by one task.
    fn scatter(
        &self,
        batch: &Batch,
        first: usize,
        (of, elements): (&[usize], &[[f64; 9]]),
        add_row: AddRow,
        blocks: &mut [[f64; 9]],
    ) {
        let starts = &self.pattern.row_starts;
        let mut rest = blocks;
        let mut offset = 0;
        let mut tasks = Vec::with_capacity(GROUPS);
        for bounds in batch.groups.windows(2) {
            let rows = &batch.rows[bounds[0]..bounds[1]];
            let (begin, end) = (starts[rows[0].0 as usize], starts[rows[rows.len() - 1].0 as usize + 1]);
            let (head, tail) = rest.split_at_mut(end - offset);
            tasks.push((rows, begin, &mut head[begin - offset..]));
            (rest, offset) = (tail, end);
        }
        tasks.into_par_iter().for_each(|(rows, begin, mine)| {
            for &(row, cell, local) in rows {
                let (cell, local) = (cell as usize, local as usize);
                let n = self.cells.cell(first + cell).len();
                let element = &elements[of[cell]..of[cell + 1]];
                let slots = &self.pattern.slots(first + cell)[n * local..n * (local + 1)];
                add_row(element, local, slots, &mut mine[starts[row as usize] - begin..]);
            }
        });
    }
}

/// Adds row `local` of an element matrix to a row of the body; `slots` are the places of the columns.
fn add_symmetric_row(element: &[[f64; 9]], local: usize, slots: &[u16], row: &mut [[f64; 9]]) {
    let n = slots.len();
    for (j, &slot) in slots[..local].iter().enumerate() {
        let k = &element[block_of(n, j, local)];
        for (x, at) in row[slot as usize].iter_mut().zip([0, 3, 6, 1, 4, 7, 2, 5, 8]) {
            *x += k[at];
        }
    }
    for (&slot, k) in slots[local..].iter().zip(&element[block_of(n, local, local)..]) {
        for (x, y) in row[slot as usize].iter_mut().zip(k) {
            *x += y;
        }
    }
}

/// As [`add_symmetric_row`] for all blocks.
fn add_full_row(element: &[[f64; 9]], local: usize, slots: &[u16], row: &mut [[f64; 9]]) {
    for (&slot, k) in slots.iter().zip(&element[slots.len() * local..]) {
        for (x, y) in row[slot as usize].iter_mut().zip(k) {
            *x += y;
        }
    }
}

impl Batch {
    /// Batch of the cells from `first` on.
    pub(super) fn new(cells: &Connectivity, first: usize) -> Self {
        let members = first..cells.len().min(first + BATCH);
        let mut rows: Vec<(u32, u16, u16)> = Vec::new();
        for (at, cell) in members.map(|c| cells.cell(c)).enumerate() {
            rows.extend(cell.iter().enumerate().map(|(local, &node)| (node, at as u16, local as u16)));
        }
        rows.sort_unstable();
        let share = rows.len().div_ceil(GROUPS);
        let mut groups = vec![0];
        for at in 1..rows.len() {
            let size = at - groups[groups.len() - 1];
            if share <= size && rows[at].0 != rows[at - 1].0 {
                groups.push(at);
            }
        }
        groups.push(rows.len());
        Self { rows, groups }
    }
}
