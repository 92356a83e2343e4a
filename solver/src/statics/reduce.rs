//! Tᵀ K T with 3 × 3 blocks.

use super::elimination::{BlockRow, Elimination};
use crate::linear::{BlockMatrix, split_rows};
use rayon::prelude::*;

/// Block rows of one task.
const ROWS: usize = 256;

/// No block row of its own: the identity.
const PLAIN: u32 = u32::MAX;

/// Constrained stiffness Tᵀ K T; unknowns that stand alone keep a diagonal.
pub(crate) fn reduce(matrix: BlockMatrix, elimination: &Elimination) -> BlockMatrix {
    let special = elimination.special();
    let mut reduced =
        if special.contains(&true) { Product::new(&matrix, elimination, &special).compute() } else { matrix };
    reduced.fix(&elimination.fixed());
    reduced
}

struct Product<'a> {
    matrix: &'a BlockMatrix,
    /// Per node its place in `rows`, or [`PLAIN`].
    row_of: Vec<u32>,
    rows: Vec<BlockRow>,
    /// Start of each master node in `children`, then its length.
    child_starts: Vec<usize>,
    /// Nodes whose row of T names the master.
    children: Vec<u32>,
}

impl<'a> Product<'a> {
    fn new(matrix: &'a BlockMatrix, elimination: &Elimination, special: &[bool]) -> Self {
        let n = special.len();
        let nodes: Vec<usize> = (0..n).filter(|&i| special[i]).collect();
        let rows: Vec<BlockRow> = nodes.par_iter().map(|&i| elimination.block_row(i)).collect();
        let mut row_of = vec![PLAIN; n];
        for (at, &node) in nodes.iter().enumerate() {
            row_of[node] = at as u32;
        }
        let mut product = Self { matrix, row_of, rows, child_starts: vec![0; n + 1], children: Vec::new() };
        let mut counts = vec![0; n + 1];
        (0..n).for_each(|i| product.for_each_master(i, |a, _| counts[a as usize + 1] += 1));
        for i in 0..n {
            counts[i + 1] += counts[i];
        }
        let mut next = counts.clone();
        let mut children = vec![0; counts[n]];
        for i in 0..n {
            product.for_each_master(i, |a, _| {
                children[next[a as usize]] = i as u32;
                next[a as usize] += 1;
            });
        }
        (product.child_starts, product.children) = (counts, children);
        product
    }

    /// Masters of a node with their blocks; `None` for the identity.
    fn for_each_master<'s>(&'s self, node: usize, mut visit: impl FnMut(u32, Option<&'s [f64; 9]>)) {
        match self.row_of[node] {
            PLAIN => visit(node as u32, None),
            at => self.rows[at as usize].iter().for_each(|(a, block)| visit(*a, Some(block))),
        }
    }

    fn children(&self, master: usize) -> &[u32] {
        &self.children[self.child_starts[master]..self.child_starts[master + 1]]
    }

    fn compute(&self) -> BlockMatrix {
        let n = self.row_of.len();
        let firsts: Vec<usize> = (0..n).step_by(ROWS).collect();
        let chunks: Vec<Vec<Vec<u32>>> = firsts
            .into_par_iter()
            .map_init(
                || vec![u32::MAX; n],
                |seen, first| (first..n.min(first + ROWS)).map(|a| self.columns(a, seen)).collect(),
            )
            .collect();
        let mut row_starts = vec![0];
        let mut columns = Vec::with_capacity(self.matrix.columns.len());
        for row in chunks.into_iter().flatten() {
            columns.extend(row);
            row_starts.push(columns.len());
        }
        let mut blocks = vec![[0.0; 9]; columns.len()];
        split_rows(&row_starts, &mut blocks).into_par_iter().enumerate().with_min_len(ROWS).for_each_init(
            || vec![0_u32; n],
            |slots, (a, row)| {
                for (slot, &column) in columns[row_starts[a]..row_starts[a + 1]].iter().enumerate() {
                    slots[column as usize] = slot as u32;
                }
                self.fill(a, slots, row);
            },
        );
        BlockMatrix { row_starts, columns, blocks }
    }

    /// Columns of row `a`, ascending, its own included.
    fn columns(&self, a: usize, seen: &mut [u32]) -> Vec<u32> {
        let mut row = vec![a as u32];
        seen[a] = a as u32;
        for &i in self.children(a) {
            for &j in self.matrix.row(i as usize) {
                self.for_each_master(j as usize, |b, _| {
                    if seen[b as usize] != a as u32 {
                        seen[b as usize] = a as u32;
                        row.push(b);
                    }
                });
            }
        }
        row.sort_unstable();
        row
    }

    fn fill(&self, a: usize, slots: &[u32], row: &mut [[f64; 9]]) {
        for &i in self.children(a) {
            let i = i as usize;
            let mut left = None;
            self.for_each_master(i, |master, block| {
                if master as usize == a {
                    left = block;
                }
            });
            for e in self.matrix.row_starts[i]..self.matrix.row_starts[i + 1] {
                let block = &self.matrix.blocks[e];
                let half = left.map_or(*block, |left| transposed_product(left, block));
                self.for_each_master(self.matrix.columns[e] as usize, |b, right| {
                    let whole = right.map_or(half, |right| product(&half, right));
                    for (x, y) in row[slots[b as usize] as usize].iter_mut().zip(whole) {
                        *x += y;
                    }
                });
            }
        }
    }
}

/// A B, row-major.
fn product(a: &[f64; 9], b: &[f64; 9]) -> [f64; 9] {
    std::array::from_fn(|e| (0..3).map(|k| a[3 * (e / 3) + k] * b[3 * k + e % 3]).sum())
}

/// Aᵀ B, row-major.
fn transposed_product(a: &[f64; 9], b: &[f64; 9]) -> [f64; 9] {
    std::array::from_fn(|e| (0..3).map(|k| a[3 * k + e / 3] * b[3 * k + e % 3]).sum())
}
