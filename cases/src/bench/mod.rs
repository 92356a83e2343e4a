//! Virtual bench tests: cases of `kind = "bench"`, from the case file to a whole result.
//!
//! Modules in reading order: [`case`] (the file and its meaning), [`device`] (the implant designed to its bones, or any
//! closed surface), [`f2077`] (between steel blocks), [`f2267`] (into foam), [`coupon`] (lattice after ISO 13314),
//! [`fields`], [`pictures`], [`report`] (what is written). Mechanics live in [`dens_solver::bench`].

pub mod case;
pub mod coupon;
pub mod device;
pub mod f2077;
pub mod f2267;
pub mod fields;
pub mod pictures;
pub mod report;

use crate::case::Quality;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use case::{Bench, Test};
use dens_reports::record::Record;
use dens_solver::bench::BenchError;
use dens_solver::linear::Choice;
use dens_solver::nonlinear::Options;
use dens_solver::statics::ErrorKind;
use std::path::Path;

/// Runs a bench case and writes its result into `output`.
///
/// # Errors
/// Bad input or model (exit 2), no convergence (3), disk (4), a bug (70).
pub fn run(
    bench: &Bench,
    folder: &Path,
    quality: Quality,
    output: &Output,
    progress: &Progress,
) -> Result<Record, Failure> {
    match &bench.test {
        Test::F2077(test) => {
            let results = f2077::run(bench, test, folder, quality, progress)?;
            progress.phase("report", 0.1);
            report::f2077::write(bench, test, quality, &results, output)
        }
        Test::F2267(test) => {
            let results = f2267::run(bench, test, folder, quality, progress)?;
            progress.phase("report", 0.1);
            report::f2267::write(bench, test, quality, &results, output)
        }
        Test::Coupon(test) => {
            let results = coupon::run(bench, test, quality, progress)?;
            progress.phase("report", 0.1);
            report::coupon::write(bench, test, quality, &results, output)
        }
    }
}

/// How bench tests are solved: by a factor, since foam under titanium is too uneven for an iteration.
pub(crate) fn options() -> Options {
    Options { solver: Choice::Direct, ..Options::default() }
}

/// Exit code and message of a bench test that failed.
pub(crate) fn failure(what: &str, error: &BenchError) -> Failure {
    let kind = match error {
        BenchError::Analysis(e) => e.kind(),
        BenchError::Statics(e) => e.kind(),
        BenchError::Mesh(_) | BenchError::Contact(_) | BenchError::Empty(_) | BenchError::Linear(_) => {
            ErrorKind::Input
        }
        BenchError::Collapsed => ErrorKind::NoConvergence,
        BenchError::Cancelled => return Failure { exit: Exit::Interrupted, message: "interrupted".into() },
    };
    match kind {
        ErrorKind::NoConvergence => Failure::not_converged(format!(
            "{what}: {error}\n  = hint: take smaller increments (bench.increments) or a finer mesh (mesh.edge_*)"
        )),
        ErrorKind::Limit => Failure::limit(format!("{what}: {error}")),
        _ => Failure::input(format!("{what}: {error}")),
    }
}
