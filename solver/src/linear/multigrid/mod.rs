//! Multigrid: quadratic cells → linear cells → smoothed aggregation, as preconditioner of conjugate gradients.
//!
//! ```text
//! level 0   all nodes            tet10, Chebyshev on 3 × 3 blocks
//! level 1   corner nodes         Pᵀ A P with mid-edge = mean of its corners
//! level 2…  6 unknowns per aggregate of about 25 nodes, stored as two block rows
//! last      sparse Cholesky
//! ```
//! The hierarchy is built in double precision and applied in single precision inside a flexible iteration in double
//! precision. Limits: near-incompressible cells (Poisson's ratio above 0.45) and cells flatter than 1 : 10 cost
//! iterations, as everywhere.

mod aggregate;
mod by_column;
mod hierarchy;
mod product;
mod quadratic;
mod single;
mod smoother;
mod spectrum;
mod tentative;

use self::hierarchy::Hierarchy;
use super::conjugate::{Stop, flexible_cg};
use super::vector::first_not_finite;
use super::{BlockMatrix, LinearError, LinearSolver, SolveStats, System};

/// Numbers that steer the hierarchy.
#[derive(Debug, Clone, PartialEq)]
pub struct MultigridOptions {
    /// Degree of the smoother before and after the coarse correction, 1 to 4.
    pub degree: usize,
    /// Least coupling √(‖A_ij‖² / ‖A_ii‖ ‖A_jj‖) that puts two nodes into one aggregate.
    pub strength: f64,
    /// Unknowns below which a level is factorised instead of coarsened.
    pub direct_below: usize,
    /// Iterations after which a solve has failed.
    pub max_iterations: usize,
}

impl Default for MultigridOptions {
    fn default() -> Self {
        Self { degree: 3, strength: 0.05, direct_below: 3000, max_iterations: 400 }
    }
}

/// Conjugate gradients preconditioned by a multigrid cycle.
#[derive(Debug, Default)]
pub struct Multigrid {
    options: MultigridOptions,
    hierarchy: Option<Hierarchy>,
}

impl Multigrid {
    /// Solver with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Solver with other options.
    pub fn with_options(options: MultigridOptions) -> Self {
        Self { options, hierarchy: None }
    }

    /// Unknowns of each level, finest first; empty before the first `prepare`.
    pub fn level_sizes(&self) -> Vec<usize> {
        self.hierarchy.as_ref().map_or_else(Vec::new, Hierarchy::sizes)
    }
}

impl LinearSolver for Multigrid {
    fn name(&self) -> &'static str {
        "multigrid"
    }

    fn prepare(&mut self, matrix: &BlockMatrix, system: &System) -> Result<(), LinearError> {
        if let Some(unknown) = matrix.first_not_finite() {
            return Err(LinearError::NotFinite { unknown });
        }
        let earlier = self.hierarchy.take();
        self.hierarchy = Some(Hierarchy::build(matrix, system, &self.options, earlier)?);
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
        let hierarchy = self.hierarchy.as_ref().expect("prepare comes before solve");
        if let Some(unknown) = first_not_finite(b) {
            return Err(LinearError::NotFinite { unknown });
        }
        let mut spaces = hierarchy.workspaces();
        let mut precondition = |r: &[f64], z: &mut [f64]| hierarchy.apply(r, z, &mut spaces);
        let stop = Stop { tolerance, max_iterations: self.options.max_iterations };
        flexible_cg(matrix, &mut precondition, b, x, stop, Vec::new())
    }

    fn memory_bytes(&self) -> usize {
        self.hierarchy.as_ref().map_or(0, Hierarchy::memory_bytes)
    }
}
