//! Which solver for which size.

use super::{Cholesky, LinearSolver, Multigrid};

/// Unknowns up to which a factorisation is always taken: it costs less than a tenth of a second and cannot fail to converge.
///
/// Measured on tet10 with stiffness contrast 1 : 11 000, seconds of one core, first load included: 15 k unknowns
/// factor 0.25, multigrid 0.1; 47 k 1.4 and 0.4; 108 k 7 and 0.8. One more load costs the factor 0.02, 0.06 and 0.2,
/// multigrid 0.07, 0.3 and 0.6.
const ALWAYS_DIRECT: usize = 6_000;

/// Loads on one matrix from which the factor pays in spite of its cost, from the figures above.
const MANY_LOADS: usize = 20;

/// Unknowns up to which many loads go to the factor: memory grows as n^(4/3), 1 GB at 108 k.
const DIRECT_WITH_MANY_LOADS: usize = 150_000;

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
        let limit = if loads < MANY_LOADS { ALWAYS_DIRECT } else { DIRECT_WITH_MANY_LOADS };
        let direct = match self {
            Self::Auto => dofs <= limit,
            Self::Direct => true,
            Self::Multigrid => false,
        };
        if direct { Box::new(Cholesky::new()) } else { Box::new(Multigrid::new()) }
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
