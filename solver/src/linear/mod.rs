//! Sparse linear systems with 3 × 3 blocks: storage, direct and multigrid solution.
//!
//! A linear solver sees a matrix and a [`System`] description of its unknowns, never a dof, mesh or material.
//!
//! Reading order: [`vector`] and the storage in `matrix`; `conjugate` (the outer iteration); `ordering`, `factor`
//! and [`Cholesky`]; [`Multigrid`]; [`choose`]. The conformance tests run every solver over one suite of matrices.
//!
//! Guaranteed: the same bits for any number of rayon threads, on one kind of processor. Not guaranteed: the same
//! bits on processors with other vector widths (the dense kernels of the factorisation choose by width).

mod cholesky;
mod choose;
#[cfg(test)]
mod conformance;
mod conjugate;
mod factor;
mod gmres;
mod matrix;
mod multigrid;
mod ordering;
#[cfg(test)]
mod suite;
pub mod vector;

pub use cholesky::Cholesky;
pub use choose::{Choice, choose};
pub use gmres::flexible_gmres;
pub(crate) use matrix::split_rows;
pub use multigrid::{Multigrid, MultigridOptions};

use thiserror::Error;

/// Square matrix of 3 × 3 blocks in block-CSR form, both triangles stored, columns ascending in each row.
#[derive(Debug, Clone)]
pub struct BlockMatrix {
    /// Start of each block row in `columns`, length n + 1.
    pub row_starts: Vec<usize>,
    /// Block column numbers.
    pub columns: Vec<u32>,
    /// Blocks, row-major 3 × 3.
    pub blocks: Vec<[f64; 9]>,
}

/// What a solver may know of the unknowns: one block row is one node with three of them.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Position of each node, mm.
    pub coordinates: Vec<[f64; 3]>,
    /// The two corner nodes a mid-edge node lies between; twice itself for every other node.
    pub parents: Vec<[u32; 2]>,
    /// Near-null space per node, 3 rows × 6 columns (three translations, three rotations); empty: taken from
    /// the coordinates. Nodes whose unknowns are rotations supply their own rows here.
    pub modes: Vec<[[f64; 6]; 3]>,
}

/// Convergence and cost of one solve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SolveStats {
    /// Iterations; 0 for a direct solve without refinement.
    pub iterations: usize,
    /// ‖b − A x‖ / ‖b‖ in the Euclidean norm, recomputed from x.
    pub relative_residual: f64,
    /// Residual after each iteration, relative.
    pub history: Vec<f64>,
}

/// Why a linear solve failed.
#[derive(Debug, Clone, Error, PartialEq)]
pub enum LinearError {
    /// A pivot was not positive.
    #[error("matrix is singular or indefinite at unknown {unknown} (node {node})")]
    Singular {
        /// Row of the scalar matrix.
        unknown: usize,
        /// Its node.
        node: usize,
    },
    /// The iteration limit was reached.
    #[error(
        "no convergence after {iterations} iterations: relative residual {residual:.3e}, wanted {tolerance:.3e}"
    )]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// Residual reached.
        residual: f64,
        /// Residual wanted.
        tolerance: f64,
        /// Residual after each iteration.
        history: Vec<f64>,
    },
    /// NaN or infinity appeared.
    #[error("not a number at unknown {unknown}")]
    NotFinite {
        /// Row of the scalar matrix.
        unknown: usize,
    },
}

/// Solver of symmetric positive definite block systems.
///
/// `prepare` may be called again with new values on the same pattern and then reuses what it can.
pub trait LinearSolver: Send {
    /// Name as printed, for instance `multigrid`.
    fn name(&self) -> &'static str;

    /// Sets up the solver for this matrix.
    ///
    /// # Errors
    /// [`LinearError::Singular`] when a factorisation meets a pivot that is not positive.
    fn prepare(&mut self, matrix: &BlockMatrix, system: &System) -> Result<(), LinearError>;

    /// Solves `matrix · x = b` to `‖b − A x‖ ≤ tolerance · ‖b‖`, starting from `x`.
    ///
    /// `matrix` may differ in values from the prepared one (a stale preconditioner): iterative solvers then
    /// iterate on the given one, direct solvers refine with it inside conjugate gradients.
    ///
    /// # Errors
    /// [`LinearError::NotConverged`] or [`LinearError::NotFinite`].
    fn solve(
        &self,
        matrix: &BlockMatrix,
        b: &[f64],
        x: &mut [f64],
        tolerance: f64,
    ) -> Result<SolveStats, LinearError>;

    /// Solves for several right-hand sides, each as [`LinearSolver::solve`] does; one call may cost much less than
    /// many.
    ///
    /// - `bs`, `xs`: right-hand sides and the solutions to start from, one vector each
    ///
    /// # Errors
    /// The first error of [`LinearSolver::solve`].
    fn solve_many(
        &self,
        matrix: &BlockMatrix,
        bs: &[Vec<f64>],
        xs: &mut [Vec<f64>],
        tolerance: f64,
    ) -> Result<Vec<SolveStats>, LinearError> {
        assert_eq!(bs.len(), xs.len(), "one solution per right-hand side");
        bs.iter().zip(xs).map(|(b, x)| self.solve(matrix, b, x, tolerance)).collect()
    }

    /// Bytes held by the factor or hierarchy.
    fn memory_bytes(&self) -> usize;
}
