//! Which nodes are coupled, and where in its row each block of an element lies.

use super::{AssemblyError, Connectivity};
use crate::linear::split_rows;
use rayon::prelude::*;

/// Sparsity pattern of the block matrix with the scatter map of the cells.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// Start of each block row, length n + 1.
    pub(super) row_starts: Vec<usize>,
    /// Block columns, ascending in each row.
    pub(super) columns: Vec<u32>,
    /// Per cell of n nodes: entry n i + j is the place of local node j within the row of local node i.
    slots: Vec<u16>,
    /// Start of each cell in `slots`, then its length.
    slot_starts: Vec<usize>,
}

/// Rows one task works off.
const ROWS: usize = 4096;

impl Pattern {
    pub(super) fn new(
        n_nodes: usize,
        cells: &Connectivity,
        cliques: &[Vec<u32>],
    ) -> Result<Self, AssemblyError> {
        let outside = |&&node: &&u32| n_nodes <= node as usize;
        if let Some(&node) = cells.iter().flatten().chain(cliques.iter().flatten()).find(outside) {
            return Err(AssemblyError::NoSuchNode { node, n_nodes });
        }
        let of_cells = Incidence::new(n_nodes, cells.iter());
        let of_cliques = Incidence::new(n_nodes, cliques.iter().map(Vec::as_slice));
        let chunks: Vec<(Vec<usize>, Vec<u32>)> = (0..n_nodes)
            .step_by(ROWS)
            .collect::<Vec<_>>()
            .into_par_iter()
            .map(|first| {
                let (mut lengths, mut columns, mut row) = (Vec::new(), Vec::new(), Vec::new());
                for node in first..n_nodes.min(first + ROWS) {
                    row.clear();
                    row.push(node as u32);
                    of_cells.of(node).iter().for_each(|&c| row.extend_from_slice(cells.cell(c as usize)));
                    of_cliques.of(node).iter().for_each(|&c| row.extend_from_slice(&cliques[c as usize]));
                    row.sort_unstable();
                    row.dedup();
                    lengths.push(row.len());
                    columns.extend_from_slice(&row);
                }
                (lengths, columns)
            })
            .collect();
        let mut row_starts = Vec::with_capacity(n_nodes + 1);
        row_starts.push(0);
        let mut columns = Vec::with_capacity(chunks.iter().map(|c| c.1.len()).sum());
        for (lengths, part) in chunks {
            for length in lengths {
                row_starts.push(row_starts[row_starts.len() - 1] + length);
            }
            columns.extend_from_slice(&part);
        }
        if let Some(node) = (0..n_nodes).find(|&i| 1 << 16 < row_starts[i + 1] - row_starts[i]) {
            let neighbors = row_starts[node + 1] - row_starts[node];
            return Err(AssemblyError::TooManyNeighbors { node, neighbors });
        }
        let mut slot_starts = vec![0];
        for cell in cells.iter() {
            slot_starts.push(slot_starts[slot_starts.len() - 1] + cell.len() * cell.len());
        }
        let mut pattern = Self { row_starts, columns, slots: Vec::new(), slot_starts };
        let mut slots = vec![0; pattern.slot_starts[cells.len()]];
        split_rows(&pattern.slot_starts, &mut slots).into_par_iter().enumerate().with_min_len(256).for_each(
            |(number, slots)| {
                let cell = cells.cell(number);
                for (slots, &row) in slots.chunks_exact_mut(cell.len()).zip(cell) {
                    let columns = pattern.row(row);
                    for (slot, node) in slots.iter_mut().zip(cell) {
                        *slot = columns.binary_search(node).expect("a cell couples all its nodes") as u16;
                    }
                }
            },
        );
        pattern.slots = slots;
        Ok(pattern)
    }

    /// Number of the block (row, column).
    pub(super) fn find(&self, row: u32, column: u32) -> Option<usize> {
        if self.row_starts.len() <= row as usize + 1 {
            return None;
        }
        self.row(row).binary_search(&column).ok().map(|at| self.row_starts[row as usize] + at)
    }

    /// Places of the nodes of a cell in the rows of its nodes: entry n i + j.
    pub(super) fn slots(&self, cell: usize) -> &[u16] {
        &self.slots[self.slot_starts[cell]..self.slot_starts[cell + 1]]
    }

    fn row(&self, row: u32) -> &[u32] {
        &self.columns[self.row_starts[row as usize]..self.row_starts[row as usize + 1]]
    }
}

/// For each node the groups (cells or cliques) it belongs to.
struct Incidence {
    starts: Vec<usize>,
    groups: Vec<u32>,
}

impl Incidence {
    fn new<'a>(n_nodes: usize, groups: impl Iterator<Item = &'a [u32]> + Clone) -> Self {
        let mut starts = vec![0; n_nodes + 1];
        for &node in groups.clone().flatten() {
            starts[node as usize + 1] += 1;
        }
        for i in 0..n_nodes {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut of = vec![0; starts[n_nodes]];
        for (group, nodes) in groups.enumerate() {
            for &node in nodes {
                of[next[node as usize]] = group as u32;
                next[node as usize] += 1;
            }
        }
        Self { starts, groups: of }
    }

    fn of(&self, node: usize) -> &[u32] {
        &self.groups[self.starts[node]..self.starts[node + 1]]
    }
}
