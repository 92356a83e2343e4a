//! What is asked for: stages of loading, their increments, tolerances.

use super::NonlinearError;
use crate::linear::Choice;
use crate::statics::{CellFacet, Load};

/// One stage of loading.
///
/// All loads and prescribed displacements go from their values at the end of the stage before (zero at first) to
/// those given here, in proportion to the load factor t from 0 to 1. What is not named any more is taken off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stage {
    /// Loads on the undeformed body and prescribed displacements at t = 1.
    pub load: Load,
    /// Pressures that stay normal to the deformed facets and act per deformed area, MPa, at t = 1.
    pub follower: Vec<(CellFacet, f64)>,
    /// Increments.
    pub stepping: Stepping,
}

/// Increments of the load factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stepping {
    /// First increment.
    pub initial: f64,
    /// Least increment; below it the stage ends in collapse or an error.
    pub min: f64,
    /// Largest increment.
    pub max: f64,
    /// Most increments of the stage, those cut back included.
    pub most: usize,
}

impl Default for Stepping {
    /// 0.1, 1e-5, 1, 1000.
    fn default() -> Self {
        Self { initial: 0.1, min: 1e-5, max: 1.0, most: 1000 }
    }
}

impl Stepping {
    /// Increments of one size.
    pub fn even(n: usize) -> Self {
        let size = 1.0 / n as f64;
        Self { initial: size, max: size, ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<(), NonlinearError> {
        let bad = |what, range, value| Err(NonlinearError::Option { what, range, value });
        if !(0.0 < self.min && self.min <= 1.0) {
            return bad("the least increment", "above 0 and at most 1", self.min);
        }
        if !(self.min <= self.max && self.max <= 1.0) {
            return bad("the largest increment", "between the least one and 1", self.max);
        }
        if !(self.min <= self.initial && self.initial <= self.max) {
            return bad("the first increment", "between the least and the largest one", self.initial);
        }
        Ok(())
    }
}

/// How to solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Linear solver.
    pub solver: Choice,
    /// Bytes the matrix and its solver may take.
    pub max_memory: u64,
    /// Largest nodal residual over the largest nodal force (applied, reaction, or of an interaction) met so far.
    pub residual: f64,
    /// Largest nodal correction still to be expected over the largest nodal displacement of the increment.
    ///
    /// Expected is the last correction times the last ratio of residuals, so a linear problem needs one solve.
    pub correction: f64,
    /// Iterations of one Newton solve before the increment is cut back.
    pub max_iterations: usize,
    /// Newton solves of one increment with new multipliers.
    pub max_augmentations: usize,
}

impl Default for Options {
    /// Residual 1e-6, correction 1e-5, 20 iterations, 30 augmentations, 8 GiB.
    fn default() -> Self {
        Self {
            solver: Choice::Auto,
            max_memory: 8 << 30,
            residual: 1e-6,
            correction: 1e-5,
            max_iterations: 20,
            max_augmentations: 30,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<(), NonlinearError> {
        for (what, value) in [
            ("the tolerance of the residual", self.residual),
            ("the tolerance of the correction", self.correction),
        ] {
            if !(0.0 < value && value < 1.0) {
                return Err(NonlinearError::Option { what, range: "between 0 and 1", value });
            }
        }
        Ok(())
    }
}

/// Loads at one load factor.
#[derive(Debug, Clone, Default)]
pub(super) struct Acting {
    /// Follower pressures, MPa.
    pub(super) follower: Vec<(CellFacet, f64)>,
    /// Displacement of each support, mm.
    pub(super) prescribed: Vec<f64>,
    /// Share of the right-hand sides of equations that is imposed.
    pub(super) ramp: f64,
    /// Dead forces, N.
    pub(super) forces: Vec<dens_mesher::Vec3>,
}
