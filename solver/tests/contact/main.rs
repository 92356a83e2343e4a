//! Interfaces, guides, screws and rods against closed forms, on small structured meshes.

mod blocks;
mod construct;
mod curved;
mod friction;
mod hertz;
mod misfit;
mod opening;
mod patch;
mod supports;
mod yielding;

use dens_solver::model::Model;
use dens_solver::newton::{Options, SolveError, solve};
use dens_solver::solution::Solution;
use std::sync::atomic::AtomicBool;

/// Solves with the default options.
fn answer(model: &Model) -> Result<Solution, SolveError> {
    solve(model, &Options::default(), &|_, _| (), &AtomicBool::new(false))
}

/// The same, where failure is a failure of the test.
fn solved(model: &Model) -> Solution {
    match answer(model) {
        Ok(s) => s,
        Err(e) => panic!("{e}"),
    }
}
