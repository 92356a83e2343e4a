//! Which solver for which size.

use super::{Cholesky, LinearSolver, Multigrid};

/// Unknowns up to which a factorisation is always taken: it costs a fifth of a second at most and cannot fail to
/// converge.
const ALWAYS_DIRECT: usize = 20_000;

/// Loads on one matrix from which the factor pays in spite of its cost.
///
/// Measured on tet10 with stiffness contrast 1 : 400, two threads, seconds: 107 k unknowns factor 6.0 and 0.16 a load,
/// multigrid 1.3 a load; 306 k unknowns 49 and 0.6 against 5 a load.
const MANY_LOADS: usize = 10;

/// Unknowns up to which many loads go to the factor: it takes 0.7 GB at 107 k and 3.2 GB at 306 k unknowns.
const DIRECT_WITH_MANY_LOADS: usize = 320_000;

/// Wish of the user for a linear solver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// By size.
    #[default]
    Auto,
    /// Sparse Cholesky.
    Direct,
    /// Conjugate gradients with multigrid.
    Multigrid,
}

impl Choice {
    /// Solver for a matrix with `dofs` unknowns that is used for `loads` right-hand sides.
    ///
    /// The choice depends on these two numbers only, never on the machine: the same case gives the same bits.
    pub fn solver(self, dofs: usize, loads: usize) -> Box<dyn LinearSolver> {
        if self.is_direct(dofs, loads) { Box::new(Cholesky::new()) } else { Box::new(Multigrid::new()) }
    }

    /// Whether [`Choice::solver`] factorises.
    pub fn is_direct(self, dofs: usize, loads: usize) -> bool {
        let limit = if loads < MANY_LOADS { ALWAYS_DIRECT } else { DIRECT_WITH_MANY_LOADS };
        match self {
            Self::Auto => dofs <= limit,
            Self::Direct => true,
            Self::Multigrid => false,
        }
    }
}

/// Solver chosen by size: [`Choice::Auto`].
///
/// - `dofs`: unknowns (three per node); `loads`: right-hand sides for one matrix
pub fn choose(dofs: usize, loads: usize) -> Box<dyn LinearSolver> {
    Choice::Auto.solver(dofs, loads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_number_of_loads_decide_unless_the_user_does() {
        let name = |choice: Choice, dofs, loads| choice.solver(dofs, loads).name();
        assert_eq!(name(Choice::Auto, 3_000, 1), "cholesky");
        assert_eq!(name(Choice::Auto, 100_000, 1), "multigrid");
        assert_eq!(name(Choice::Auto, 100_000, 50), "cholesky");
        assert_eq!(name(Choice::Auto, 1_000_000, 50), "multigrid");
        assert_eq!(name(Choice::Direct, 1_000_000, 1), "cholesky");
        assert_eq!(name(Choice::Multigrid, 300, 1), "multigrid");
    }
}
