//! Direct solution by a sparse Cholesky factor.

use super::conjugate::{Stop, check_finite, flexible_cg};
use super::factor::{Factor, Symbolic};
use super::ordering::nested_dissection;
use super::vector::{add_scaled, norm};
use super::{BlockMatrix, LinearError, LinearSolver, SolveStats, System};

/// Iterations with a stale factor before the solve counts as failed.
const MAX_ITERATIONS: usize = 200;

/// A refinement step must reduce the residual by this factor, or the factor is stale and conjugate gradients go on.
const REFINEMENT_GAIN: f64 = 0.03;

/// Multifrontal Cholesky factorisation in an order of nested dissection.
///
/// The factor solves its own matrix with a step of refinement or two; for a matrix with other values it
/// preconditions conjugate gradients. The analysis of the pattern is kept while the pattern stays the same.
#[derive(Debug, Default)]
pub struct Cholesky {
    prepared: Option<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    row_starts: Vec<usize>,
    columns: Vec<u32>,
    coordinates: Vec<[f64; 3]>,
    symbolic: Symbolic,
    factor: Option<Factor>,
}

impl Cholesky {
    /// Solver without a factor yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Analyses the pattern and returns the bytes that a factorisation needs at its largest, about. The analysis is
    /// kept for the next [`LinearSolver::prepare`].
    pub fn memory_forecast(&mut self, matrix: &BlockMatrix, system: &System) -> usize {
        self.analyze(matrix, system).symbolic.peak_bytes()
    }

    fn analyze(&mut self, matrix: &BlockMatrix, system: &System) -> &mut Prepared {
        let kept = self.prepared.take().filter(|prepared| {
            prepared.row_starts == matrix.row_starts
                && prepared.columns == matrix.columns
                && prepared.coordinates == system.coordinates
        });
        self.prepared.insert(kept.unwrap_or_else(|| {
            let order = nested_dissection(matrix, &system.coordinates);
            Prepared {
                row_starts: matrix.row_starts.clone(),
                columns: matrix.columns.clone(),
                coordinates: system.coordinates.clone(),
                symbolic: Symbolic::analyze(matrix, order),
                factor: None,
            }
        }))
    }

    /// Multiplications with additions of a factorisation; 0 before the first `prepare`.
    pub fn operations(&self) -> f64 {
        self.prepared.as_ref().map_or(0.0, |prepared| prepared.symbolic.operations())
    }

    /// Entries of the factor, zeros of relaxed supernodes included; 0 before the first `prepare`.
    pub fn n_entries(&self) -> usize {
        self.prepared.as_ref().map_or(0, |prepared| prepared.symbolic.n_entries())
    }
}

impl LinearSolver for Cholesky {
    fn name(&self) -> &'static str {
        "cholesky"
    }

    fn prepare(&mut self, matrix: &BlockMatrix, system: &System) -> Result<(), LinearError> {
        if let Some(unknown) = matrix.first_not_finite() {
            return Err(LinearError::NotFinite { unknown });
        }
        let prepared = self.analyze(matrix, system);
        // The earlier factor goes before the next one is allocated.
        prepared.factor = None;
        prepared.factor = Some(prepared.symbolic.factorize(matrix)?);
        Ok(())
    }

    /// # Panics
    /// Before a successful `prepare`.
    fn solve(
        &self,
        matrix: &BlockMatrix,
        b: &[f64],
        x: &mut [f64],
        tolerance: f64,
    ) -> Result<SolveStats, LinearError> {
        let prepared = self.prepared.as_ref().expect("prepare comes before solve");
        let factor = prepared.factor.as_ref().expect("prepare has succeeded before solve");
        let b_norm = norm(b);
        check_finite(b_norm, b, b)?;
        if b_norm == 0.0 {
            x.fill(0.0);
            return Ok(SolveStats::default());
        }
        let mut r = vec![0.0; b.len()];
        matrix.residual(b, x, &mut r);
        let mut residual = norm(&r) / b_norm;
        check_finite(residual, x, &r)?;
        let mut history = Vec::new();
        while tolerance < residual {
            let earlier = residual;
            let mut correction = r.clone();
            prepared.symbolic.solve(factor, &mut correction);
            add_scaled(x, 1.0, &correction);
            matrix.residual(b, x, &mut r);
            residual = norm(&r) / b_norm;
            check_finite(residual, x, &r)?;
            if earlier < residual {
                // A factor this stale leads away; conjugate gradients start where this step did.
                add_scaled(x, -1.0, &correction);
                break;
            }
            history.push(residual);
            if tolerance < residual && REFINEMENT_GAIN * earlier < residual {
                break;
            }
        }
        // The first solve is no iteration, each refinement is one.
        let refinements = history.len().saturating_sub(1);
        if residual <= tolerance {
            return Ok(SolveStats { iterations: refinements, relative_residual: residual, history });
        }
        let mut precondition = |r: &[f64], z: &mut [f64]| {
            z.copy_from_slice(r);
            prepared.symbolic.solve(factor, z);
        };
        let stop = Stop { tolerance, max_iterations: MAX_ITERATIONS };
        let mut stats = flexible_cg(matrix, &mut precondition, b, x, stop, history)?;
        stats.iterations += refinements;
        Ok(stats)
    }

    /// All right-hand sides share the passes over the factor; one that needs more than one correction goes on alone.
    ///
    /// # Panics
    /// Before a successful `prepare`.
    fn solve_many(
        &self,
        matrix: &BlockMatrix,
        bs: &[Vec<f64>],
        xs: &mut [Vec<f64>],
        tolerance: f64,
    ) -> Result<Vec<SolveStats>, LinearError> {
        assert_eq!(bs.len(), xs.len(), "one solution per right-hand side");
        let prepared = self.prepared.as_ref().expect("prepare comes before solve");
        let factor = prepared.factor.as_ref().expect("prepare has succeeded before solve");
        let mut corrections = Vec::with_capacity(bs.len());
        for (b, x) in bs.iter().zip(&*xs) {
            let mut r = vec![0.0; b.len()];
            matrix.residual(b, x, &mut r);
            check_finite(norm(&r), b, &r)?;
            corrections.push(r);
        }
        let mut rows: Vec<&mut [f64]> = corrections.iter_mut().map(Vec::as_mut_slice).collect();
        prepared.symbolic.solve_many(factor, &mut rows);
        let mut all = Vec::with_capacity(bs.len());
        for ((b, x), correction) in bs.iter().zip(xs).zip(&corrections) {
            add_scaled(x, 1.0, correction);
            let mut stats = self.solve(matrix, b, x, tolerance)?;
            if stats.history.is_empty() && norm(b) > 0.0 {
                stats.history.push(stats.relative_residual);
            } else {
                // The shared correction was the first solve; what came after it are refinements.
                stats.iterations = stats.history.len();
            }
            all.push(stats);
        }
        Ok(all)
    }

    fn memory_bytes(&self) -> usize {
        self.prepared.as_ref().map_or(0, |prepared| {
            prepared.symbolic.memory_bytes()
                + prepared.factor.as_ref().map_or(0, Factor::memory_bytes)
                + 8 * prepared.row_starts.len()
                + 4 * prepared.columns.len()
        })
    }
}
