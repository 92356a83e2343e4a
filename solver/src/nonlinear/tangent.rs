//! Linear solves of Newton's method: symmetric, unsymmetric, and past a tangent that is not positive definite.
//!
//! An unsymmetric tangent is solved as it is, with its symmetric part as preconditioner. That part need not be positive
//! definite where the tangent is sound: the pull on a slender bar that turns with its end makes it indefinite long
//! before anything happens. It is then shifted, in the preconditioner only.

use super::equilibrium::Tangent;
use crate::linear::vector::norm;
use crate::linear::{BlockMatrix, LinearError, LinearSolver, System, flexible_gmres};
use rayon::prelude::*;

/// Relative size of K − Kᵀ below which the tangent counts as symmetric.
const SYMMETRIC: f64 = 1e-10;

/// Multiples of the diagonal added, one after the other, until a tangent is positive definite.
const SHIFTS: [f64; 5] = [1e-6, 1e-4, 1e-2, 1e-1, 1.0];

/// A stale hierarchy is kept while it takes at most this multiple of the iterations it took when fresh.
const STALE: f64 = 1.5;

/// Linear solver with what it knows of earlier tangents.
pub(super) struct Tangents {
    solver: Box<dyn LinearSolver>,
    /// Iterations of the first solve after the last set-up; `None`: to be set up.
    fresh: Option<usize>,
    /// A factor is cheap beside its matrix: always set up.
    is_direct: bool,
}

/// Answer of one linear solve.
pub(super) struct Solved {
    pub(super) x: Vec<f64>,
    /// Iterations of the linear solver.
    pub(super) iterations: usize,
    /// Multiple of the diagonal that was added; 0 where the answer is that of the tangent itself.
    pub(super) shift: f64,
}

impl Tangents {
    pub(super) fn new(solver: Box<dyn LinearSolver>) -> Self {
        let is_direct = solver.name() == "cholesky";
        Self { solver, fresh: None, is_direct }
    }

    /// Name of the linear solver.
    pub(super) fn name(&self) -> &'static str {
        self.solver.name()
    }

    /// Forgets the last set-up: what follows then does not depend on what came before.
    pub(super) fn forget(&mut self) {
        self.fresh = None;
    }

    /// Solves K x = b.
    ///
    /// # Errors
    /// [`LinearError`] when no shift makes the symmetric part positive definite, or an iteration failed.
    pub(super) fn solve(
        &mut self,
        tangent: &Tangent,
        system: &System,
        b: &[f64],
        tolerance: f64,
    ) -> Result<Solved, LinearError> {
        let matrix = &tangent.matrix;
        if norm(b) == 0.0 {
            return Ok(Solved { x: vec![0.0; b.len()], iterations: 0, shift: 0.0 });
        }
        let near = tangent.near.as_ref().filter(|_| !is_symmetric(matrix));
        let split = near.map(symmetric_part);
        let symmetric = split.as_ref().unwrap_or(matrix);
        let whole = split.is_some().then_some(matrix);
        if let Some(fresh) = self.fresh.filter(|_| !self.is_direct) {
            // A failure with a stale set-up is none yet.
            if let Ok(solved) = self.iterate(whole, symmetric, b, tolerance, 0.0) {
                if STALE * (fresh as f64) + 5.0 < solved.iterations as f64 {
                    self.fresh = None;
                }
                return Ok(solved);
            }
        }
        let attempt = self.solver.prepare(symmetric, system);
        let mut failure = match attempt {
            Ok(()) => match self.iterate(whole, symmetric, b, tolerance, 0.0) {
                Ok(solved) => {
                    self.fresh = Some(solved.iterations);
                    return Ok(solved);
                }
                Err(e) => e,
            },
            Err(e) => e,
        };
        self.fresh = None;
        for shift in SHIFTS {
            let stalled = whole.is_some() && matches!(failure, LinearError::NotConverged { .. });
            if !stalled && !matches!(failure, LinearError::Singular { .. }) {
                break;
            }
            let shifted = shifted(symmetric, shift);
            let shift = if whole.is_some() { 0.0 } else { shift };
            match self.solver.prepare(&shifted, system) {
                Ok(()) => match self.iterate(whole, &shifted, b, tolerance, shift) {
                    Ok(solved) => return Ok(solved),
                    Err(e) => failure = e,
                },
                Err(e) => failure = e,
            }
        }
        Err(failure)
    }

    /// K⁻¹b; `None` where a symmetric tangent is not positive definite.
    pub(super) fn flexibility(
        &mut self,
        tangent: &Tangent,
        system: &System,
        b: &[f64],
    ) -> Result<Option<Vec<f64>>, LinearError> {
        self.fresh = None;
        let found = self.solve(tangent, system, b, 1e-6)?;
        self.fresh = None;
        Ok((found.shift == 0.0).then_some(found.x))
    }

    fn iterate(
        &self,
        whole: Option<&BlockMatrix>,
        symmetric: &BlockMatrix,
        b: &[f64],
        tolerance: f64,
        shift: f64,
    ) -> Result<Solved, LinearError> {
        let mut x = vec![0.0; b.len()];
        let stats = match whole {
            None => self.solver.solve(symmetric, b, &mut x, tolerance)?,
            Some(whole) => flexible_gmres(whole, symmetric, self.solver.as_ref(), b, &mut x, tolerance)?,
        };
        Ok(Solved { x, iterations: stats.iterations, shift })
    }
}

/// Whether K − Kᵀ is round-off.
fn is_symmetric(matrix: &BlockMatrix) -> bool {
    let largest = matrix.blocks.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
    let row_is = |i: usize| {
        (matrix.row_starts[i]..matrix.row_starts[i + 1]).all(|at| {
            let other = mirrored(matrix, i, matrix.columns[at] as usize);
            matrix.blocks[at].iter().zip(other).all(|(a, b)| (a - b).abs() <= SYMMETRIC * largest)
        })
    };
    (0..matrix.n()).into_par_iter().with_min_len(256).all(row_is)
}

/// Transposed block of the mirrored place. The pattern is symmetric: cells and cliques couple both ways.
fn mirrored(matrix: &BlockMatrix, row: usize, column: usize) -> [f64; 9] {
    let other = matrix.position(column, row).map_or([0.0; 9], |at| matrix.blocks[at]);
    std::array::from_fn(|e| other[3 * (e % 3) + e / 3])
}

/// ½ (K + Kᵀ).
fn symmetric_part(matrix: &BlockMatrix) -> BlockMatrix {
    let mut blocks = matrix.blocks.clone();
    crate::linear::split_rows(&matrix.row_starts, &mut blocks)
        .into_par_iter()
        .enumerate()
        .with_min_len(256)
        .for_each(|(i, row)| {
            for (block, &j) in row.iter_mut().zip(matrix.row(i)) {
                let other = mirrored(matrix, i, j as usize);
                block.iter_mut().zip(other).for_each(|(a, b)| *a = 0.5 * (*a + b));
            }
        });
    BlockMatrix { row_starts: matrix.row_starts.clone(), columns: matrix.columns.clone(), blocks }
}

/// K + shift · |diag K|.
fn shifted(matrix: &BlockMatrix, shift: f64) -> BlockMatrix {
    let mut out = matrix.clone();
    for i in 0..out.n() {
        if let Some(at) = out.position(i, i) {
            for k in [0, 4, 8] {
                let own = out.blocks[at][k];
                out.blocks[at][k] += shift * own.abs();
            }
        }
    }
    out
}
