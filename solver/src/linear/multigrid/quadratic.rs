//! From quadratic to linear cells: the first coarsening of a mesh with mid-edge nodes.
//!
//! ```text
//! u_corner = U_corner        u_mid = (U_a + U_b) / 2        A_c = Pᵀ A P
//! ```
//! The pattern of `A_c` depends on the mesh alone and is kept; new values cost one pass over the fine matrix.

use rayon::prelude::*;

use super::level::Transfer;
use crate::linear::BlockMatrix;
use crate::linear::matrix::split_rows;

/// Block rows of one task.
const ROWS: usize = 64;

/// Interpolation between the corner nodes and all nodes, with the pattern of the coarse matrix.
#[derive(Debug)]
pub(super) struct Quadratic {
    /// Coarse numbers of the two parents of each fine node (the same twice for a corner).
    parents: Vec<[u32; 2]>,
    /// Fine nodes each coarse node reaches: start of each coarse node in `children`.
    child_starts: Vec<usize>,
    children: Vec<u32>,
    /// Fine number of each coarse node.
    pub(super) corners: Vec<u32>,
    row_starts: Vec<usize>,
    columns: Vec<u32>,
}

impl Quadratic {
    /// Interpolation for the given parents; `None` when there are no mid-edge nodes.
    ///
    /// # Panics
    /// When a mid-edge node lies between nodes that are not corners.
    pub(super) fn new(matrix: &BlockMatrix, parents: &[[u32; 2]]) -> Option<Self> {
        let n = parents.len();
        let is_corner = |i: u32| parents[i as usize] == [i, i];
        let corners: Vec<u32> = (0..n as u32).filter(|&i| is_corner(i)).collect();
        if corners.len() == n {
            return None;
        }
        let mut number = vec![u32::MAX; n];
        for (k, &corner) in corners.iter().enumerate() {
            number[corner as usize] = k as u32;
        }
        let parents: Vec<[u32; 2]> = parents.iter().map(|pair| pair.map(|i| number[i as usize])).collect();
        assert!(parents.iter().flatten().all(|&k| k != u32::MAX), "parents are corner nodes");
        let mut child_starts = vec![0; corners.len() + 1];
        for_each_parent(&parents, |_, k| child_starts[k as usize + 1] += 1);
        for k in 0..corners.len() {
            child_starts[k + 1] += child_starts[k];
        }
        let mut next = child_starts.clone();
        let mut children = vec![0; child_starts[corners.len()]];
        for_each_parent(&parents, |i, k| {
            children[next[k as usize]] = i;
            next[k as usize] += 1;
        });
        let mut transfer =
            Self { parents, child_starts, children, corners, row_starts: vec![0], columns: vec![] };
        transfer.find_pattern(matrix);
        Some(transfer)
    }

    fn children(&self, k: usize) -> &[u32] {
        &self.children[self.child_starts[k]..self.child_starts[k + 1]]
    }

    fn find_pattern(&mut self, matrix: &BlockMatrix) {
        let n = self.corners.len();
        let starts: Vec<usize> = (0..n).step_by(ROWS).collect();
        let chunks: Vec<Vec<Vec<u32>>> = starts
            .into_par_iter()
            .map_init(
                || vec![u32::MAX; n],
                |seen, start| {
                    let row = |k: usize| {
                        let mut row = Vec::new();
                        for &i in self.children(k) {
                            for l in matrix.row(i as usize).iter().flat_map(|&j| self.parents[j as usize]) {
                                if seen[l as usize] != k as u32 {
                                    seen[l as usize] = k as u32;
                                    row.push(l);
                                }
                            }
                        }
                        row.sort_unstable();
                        row
                    };
                    (start..(start + ROWS).min(n)).map(row).collect()
                },
            )
            .collect();
        for row in chunks.into_iter().flatten() {
            self.columns.extend(row);
            self.row_starts.push(self.columns.len());
        }
    }

    /// Galerkin product `Pᵀ A P` without the decoupled unknowns.
    ///
    /// - `decoupled`: fine unknowns that stand alone (supports); they take no part in the interpolation. A corner
    ///   that stands alone on the fine level stands alone on the coarse level, with its own diagonal.
    pub(super) fn galerkin(&self, matrix: &BlockMatrix, decoupled: &[[bool; 3]]) -> BlockMatrix {
        let mut blocks = vec![[0.0; 9]; self.columns.len()];
        split_rows(&self.row_starts, &mut blocks)
            .into_par_iter()
            .enumerate()
            .with_min_len(ROWS)
            .for_each_init(
                || vec![0_u32; self.corners.len()],
                |slots, (k, row)| {
                    let columns = &self.columns[self.row_starts[k]..self.row_starts[k + 1]];
                    for (slot, &column) in columns.iter().enumerate() {
                        slots[column as usize] = slot as u32;
                    }
                    for &i in self.children(k) {
                        let i = i as usize;
                        let row_weight = self.weight(i);
                        for e in matrix.row_starts[i]..matrix.row_starts[i + 1] {
                            let j = matrix.columns[e] as usize;
                            let weight = row_weight * self.weight(j);
                            let mut block = matrix.blocks[e].map(|value| weight * value);
                            if i == j {
                                drop_decoupled(&mut block, &decoupled[i]);
                            }
                            let [a, b] = self.parents[j];
                            add(&mut row[slots[a as usize] as usize], &block);
                            if a != b {
                                add(&mut row[slots[b as usize] as usize], &block);
                            }
                        }
                    }
                    self.decouple(k, columns, row, matrix, decoupled);
                },
            );
        BlockMatrix { row_starts: self.row_starts.clone(), columns: self.columns.clone(), blocks }
    }

    /// Clears rows and columns of supported corners and gives them their fine diagonal.
    fn decouple(
        &self,
        k: usize,
        columns: &[u32],
        row: &mut [[f64; 9]],
        matrix: &BlockMatrix,
        decoupled: &[[bool; 3]],
    ) {
        let corner = self.corners[k] as usize;
        let own = &decoupled[corner];
        for (block, &l) in row.iter_mut().zip(columns) {
            let other = &decoupled[self.corners[l as usize] as usize];
            for e in 0..9 {
                if own[e / 3] || other[e % 3] {
                    block[e] = 0.0;
                }
            }
            if l as usize == k && own.contains(&true) {
                let position = matrix.position(corner, corner).expect("a support has a diagonal block");
                for c in (0..3).filter(|&c| own[c]) {
                    block[4 * c] = matrix.blocks[position][4 * c];
                }
            }
        }
    }

    fn weight(&self, i: usize) -> f64 {
        if self.parents[i][0] == self.parents[i][1] { 1.0 } else { 0.5 }
    }

    /// Interpolation in single precision with the decoupled unknowns masked out.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * (self.parents.len() + self.child_starts.len() + self.row_starts.len())
            + 4 * (self.children.len() + self.corners.len() + self.columns.len())
    }
}

/// Interpolation with the unknowns that take part in it.
#[derive(Debug)]
pub(super) struct QuadraticTransfer<'a> {
    pub(super) nodes: &'a Quadratic,
    pub(super) decoupled: &'a [[bool; 3]],
}

impl Transfer for QuadraticTransfer<'_> {
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]) {
        coarse.par_chunks_mut(3).enumerate().with_min_len(ROWS).for_each(|(k, sum)| {
            sum.fill(0.0);
            let own = &self.decoupled[self.nodes.corners[k] as usize];
            for &i in self.nodes.children(k) {
                let i = i as usize;
                let weight = self.nodes.weight(i) as f32;
                for c in 0..3 {
                    if !own[c] && !self.decoupled[i][c] {
                        sum[c] += weight * fine[3 * i + c];
                    }
                }
            }
        });
    }

    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]) {
        fine.par_chunks_mut(3).enumerate().with_min_len(ROWS).for_each(|(i, u)| {
            let [a, b] = self.nodes.parents[i].map(|k| 3 * k as usize);
            for c in 0..3 {
                if !self.decoupled[i][c] {
                    u[c] += 0.5 * (coarse[a + c] + coarse[b + c]);
                }
            }
        });
    }
}

fn for_each_parent(parents: &[[u32; 2]], mut visit: impl FnMut(u32, u32)) {
    for (i, &[a, b]) in parents.iter().enumerate() {
        visit(i as u32, a);
        if a != b {
            visit(i as u32, b);
        }
    }
}

fn add(sum: &mut [f64; 9], block: &[f64; 9]) {
    for (sum, value) in sum.iter_mut().zip(block) {
        *sum += value;
    }
}

/// Zeros the diagonal entries of unknowns that stand alone.
fn drop_decoupled(block: &mut [f64; 9], decoupled: &[bool; 3]) {
    for c in 0..3 {
        if decoupled[c] {
            block[4 * c] = 0.0;
        }
    }
}
