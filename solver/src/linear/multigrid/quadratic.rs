//! From quadratic to linear cells: the first coarsening of a mesh with mid-edge nodes.
//!
//! ```text
//! u_corner = U_corner        u_mid = (U_a + U_b) / 2        A_c = Pᵀ A P
//! ```
//! The pattern of `A_c` depends on the mesh alone and is kept; new values cost one pass over the fine matrix.

use rayon::prelude::*;

use super::single::Transfer;
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

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * (self.parents.len() + self.child_starts.len() + self.row_starts.len())
            + 4 * (self.children.len() + self.corners.len() + self.columns.len())
    }
}

/// Interpolation in single precision, with the unknowns that take no part in it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::multigrid::spectrum::decoupled_unknowns;
    use crate::linear::suite;

    #[test]
    fn coarse_matrix_of_linear_fields_is_that_of_linear_cells() {
        // On straight cells of one material the linear part of tet10 is tet4, clamped foot included.
        let assembled = |degree| {
            let body = suite::block([3, 2, 4], degree, suite::uniform, [0.0; 3]);
            let mut matrix = BlockMatrix::from_rows(&body.rows());
            body.assemble(|i, j, block| matrix.add_block(i, j, block));
            matrix.fix(&body.fixed);
            (body, matrix)
        };
        let ((body, fine), (_, linear)) = (assembled(2), assembled(1));
        let quadratic = Quadratic::new(&fine, &body.parents).expect("mid-edge nodes");
        let coarse = quadratic.galerkin(&fine, &decoupled_unknowns(&fine));
        assert_eq!((&coarse.row_starts, &coarse.columns), (&linear.row_starts, &linear.columns));
        for i in 0..coarse.n() {
            for e in coarse.row_starts[i]..coarse.row_starts[i + 1] {
                for k in 0..9 {
                    // The diagonal of a support is its own on either mesh.
                    let support =
                        body.fixed[3 * quadratic.corners[i] as usize] && coarse.columns[e] as usize == i;
                    let difference = coarse.blocks[e][k] - linear.blocks[e][k];
                    // Entries of up to 2000 N/mm summed from about a hundred.
                    assert!(support || difference.abs() < 1e-9, "row {i}: {difference}");
                }
            }
        }
    }

    #[test]
    fn restriction_is_the_transpose_of_prolongation() {
        let body = suite::block([2, 2, 2], 2, suite::uniform, [0.0; 3]);
        let mut matrix = BlockMatrix::from_rows(&body.rows());
        body.assemble(|i, j, block| matrix.add_block(i, j, block));
        matrix.fix(&body.fixed);
        let decoupled = decoupled_unknowns(&matrix);
        let nodes = Quadratic::new(&matrix, &body.parents).expect("mid-edge nodes");
        let transfer = QuadraticTransfer { nodes: &nodes, decoupled: &decoupled };
        let n_coarse = 3 * nodes.corners.len();
        let fine: Vec<f32> = (0..3 * matrix.n()).map(|i| ((i * 37) % 101) as f32 - 50.0).collect();
        let coarse: Vec<f32> = (0..n_coarse).map(|i| ((i * 53) % 89) as f32 - 44.0).collect();
        let (mut down, mut up) = (vec![0.0; n_coarse], vec![0.0; fine.len()]);
        let inner = |a: &[f32], b: &[f32]| -> f64 { a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum() };
        // A supported corner has no coarse value: in a cycle its right-hand side and so its solution are zero.
        let supported = |i: usize| decoupled[nodes.corners[i / 3] as usize][i % 3];
        let masked: Vec<f32> =
            coarse.iter().enumerate().map(|(i, v)| if supported(i) { 0.0 } else { *v }).collect();
        transfer.restrict(&fine, &mut down);
        transfer.prolong_add(&masked, &mut up);
        // Whole numbers and halves: exact in single precision.
        assert_eq!(inner(&down, &masked), inner(&fine, &up));
    }
}
