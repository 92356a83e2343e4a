//! Sparse Cholesky factor: every call into faer's sparse kernels.
//!
//! The factorisation runs on one thread ([`Par::Seq`]): whether the bits of faer's parallel dense kernels depend on
//! how work is split between threads is not documented, and same bits for any thread count is a rule here.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::LltError;
use faer::sparse::linalg::SupernodalThreshold;
use faer::sparse::linalg::cholesky::{
    CholeskySymbolicParams, LltRef, SymbolicCholesky, SymbolicCholeskyRaw, SymmetricOrdering,
    factorize_symbolic_cholesky,
};
use faer::sparse::{SparseColMatRef, SymbolicSparseColMatRef};
use faer::{Conj, MatMut, Par, Side, Spec};

use super::{BlockMatrix, LinearError};

/// A pivot below this part of its diagonal entry counts as zero: round-off of a factorisation leaves about 1e-15
/// times the size of a front, a stiff implant held by soft tissue alone about 1e-9.
const LEAST_PIVOT: f64 = 1e-13;

/// Pattern of the factor for one order of the nodes; good for any values on the same pattern.
#[derive(Debug)]
pub(super) struct Symbolic {
    /// Node eliminated as number k.
    order: Vec<u32>,
    column_starts: Vec<usize>,
    rows: Vec<usize>,
    /// Where the entries of `rows` lie in the block matrix: block and entry inside it.
    sources: Vec<(u32, u8)>,
    symbolic: SymbolicCholesky<usize>,
}

/// Numeric factor `P A Pᵀ = L Lᵀ`.
#[derive(Debug)]
pub(super) struct Factor {
    values: Vec<f64>,
}

impl Symbolic {
    /// Analyses the pattern for the given elimination order of the nodes.
    pub(super) fn analyze(matrix: &BlockMatrix, order: Vec<u32>) -> Self {
        let n = matrix.n();
        let mut rank = vec![0; n];
        for (k, &node) in order.iter().enumerate() {
            rank[node as usize] = k;
        }
        // Lower triangle by columns. Column j of the symmetric matrix is its row j.
        let mut column_starts = vec![0];
        let (mut rows, mut sources) = (Vec::new(), Vec::new());
        let mut neighbors = Vec::new();
        for (k, &node) in order.iter().enumerate() {
            let start = matrix.row_starts[node as usize];
            neighbors.clear();
            let row = matrix.row(node as usize).iter().enumerate();
            neighbors.extend(row.map(|(e, &j)| (rank[j as usize], start + e)).filter(|&(l, _)| k <= l));
            neighbors.sort_unstable();
            for c in 0..3 {
                for &(l, block) in &neighbors {
                    for r in if l == k { c } else { 0 }..3 {
                        rows.push(3 * l + r);
                        sources.push((block as u32, (3 * c + r) as u8));
                    }
                }
                column_starts.push(rows.len());
            }
        }
        // The analysis wants the upper triangle; the numbers later the lower one.
        let (upper_starts, upper_rows) = transpose(&column_starts, &rows);
        let upper = SymbolicSparseColMatRef::new_checked(3 * n, 3 * n, &upper_starts, None, &upper_rows);
        let parameters = CholeskySymbolicParams {
            supernodal_flop_ratio_threshold: SupernodalThreshold::FORCE_SUPERNODAL,
            ..Default::default()
        };
        let symbolic =
            factorize_symbolic_cholesky(upper, Side::Upper, SymmetricOrdering::Identity, parameters)
                .expect("memory for the pattern of the factor");
        Self { order, column_starts, rows, sources, symbolic }
    }

    /// Entries of the factor.
    pub(super) fn n_entries(&self) -> usize {
        self.symbolic.len_val()
    }

    /// Bytes of the pattern.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * (self.column_starts.len() + self.rows.len() + self.sources.len())
    }

    /// Factorises values on the analyzed pattern.
    ///
    /// # Errors
    /// [`LinearError::Singular`] when a pivot is not positive or vanishes against its diagonal entry.
    pub(super) fn factorize(&self, matrix: &BlockMatrix) -> Result<Factor, LinearError> {
        let n = 3 * matrix.n();
        let entries: Vec<f64> = self
            .sources
            .iter()
            .map(|&(block, entry)| matrix.blocks[block as usize][entry as usize])
            .collect();
        let pattern = SymbolicSparseColMatRef::new_checked(n, n, &self.column_starts, None, &self.rows);
        let lower = SparseColMatRef::new(pattern, &entries);
        let mut values = vec![0.0; self.symbolic.len_val()];
        let scratch = self.symbolic.factorize_numeric_llt_scratch::<f64>(Par::Seq, Spec::default());
        let mut buffer = MemBuffer::new(scratch);
        let outcome = self.symbolic.factorize_numeric_llt(
            &mut values,
            lower,
            Side::Lower,
            Default::default(),
            Par::Seq,
            MemStack::new(&mut buffer),
            Spec::default(),
        );
        if let Err(LltError::NonPositivePivot { index }) = outcome {
            return Err(self.singular(index));
        }
        let factor = Factor { values };
        for (column, pivot) in self.pivots(&factor).into_iter().enumerate() {
            // The first entry of a column of the lower triangle is its diagonal.
            let diagonal = entries[self.column_starts[column]];
            let sound = LEAST_PIVOT * diagonal < pivot * pivot;
            if !sound {
                return Err(self.singular(column));
            }
        }
        Ok(factor)
    }

    /// `x ← A⁻¹ x`.
    pub(super) fn solve(&self, factor: &Factor, x: &mut [f64]) {
        let mut permuted: Vec<f64> = self
            .order
            .iter()
            .flat_map(|&node| (0..3).map(move |c| 3 * node as usize + c))
            .map(|i| x[i])
            .collect();
        let n = permuted.len();
        let llt = LltRef::new(&self.symbolic, &factor.values);
        let mut buffer = MemBuffer::new(self.symbolic.solve_in_place_scratch::<f64>(1, Par::Seq));
        let column = MatMut::from_column_major_slice_mut(&mut permuted, n, 1);
        llt.solve_in_place_with_conj(Conj::No, column, Par::Seq, MemStack::new(&mut buffer));
        for (k, &node) in self.order.iter().enumerate() {
            x[3 * node as usize..][..3].copy_from_slice(&permuted[3 * k..3 * k + 3]);
        }
    }

    fn singular(&self, column: usize) -> LinearError {
        let node = self.order[column / 3] as usize;
        LinearError::Singular { unknown: 3 * node + column % 3, node }
    }

    /// Diagonal of L.
    fn pivots(&self, factor: &Factor) -> Vec<f64> {
        let SymbolicCholeskyRaw::Supernodal(supernodes) = self.symbolic.raw() else {
            unreachable!("the supernodal form is asked for")
        };
        let mut pivots = Vec::with_capacity(supernodes.ncols());
        for s in 0..supernodes.n_supernodes() {
            let n_columns = supernodes.supernode_end()[s] - supernodes.supernode_begin()[s];
            let values = &factor.values[supernodes.col_ptr_for_val()[s]..supernodes.col_ptr_for_val()[s + 1]];
            let n_rows = values.len() / n_columns.max(1);
            pivots.extend((0..n_columns).map(|k| values[k * (n_rows + 1)]));
        }
        pivots
    }
}

impl Factor {
    /// Bytes of the numbers.
    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.values.len()
    }
}

/// Transposed pattern in compressed columns.
fn transpose(starts: &[usize], rows: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let n = starts.len() - 1;
    let mut transposed_starts = vec![0; n + 1];
    for &row in rows {
        transposed_starts[row + 1] += 1;
    }
    for i in 0..n {
        transposed_starts[i + 1] += transposed_starts[i];
    }
    let mut next = transposed_starts.clone();
    let mut transposed = vec![0; rows.len()];
    for column in 0..n {
        for &row in &rows[starts[column]..starts[column + 1]] {
            transposed[next[row]] = column;
            next[row] += 1;
        }
    }
    (transposed_starts, transposed)
}
