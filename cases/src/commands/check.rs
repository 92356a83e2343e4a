//! `dens check`: all problems of a case at once.

use super::{Study, load};
use crate::bench::device;
use crate::cli::{CheckArgs, print};
use crate::failure::{Exit, Failure};
use crate::pipeline::geometry;

/// Checks the case file and the files it names; meshes and solves nothing.
///
/// # Errors
/// All problems found; exit 2.
pub fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let loaded = load(&args.case)?;
    let name = loaded.study.name();
    match &loaded.study {
        Study::Column(case) => {
            geometry::check_files(&case.anatomy, &loaded.folder)?;
            print(&format!("{name}: no problems found ({} loads)\n", case.loads.len()));
        }
        Study::Bench(bench) => {
            if let Some(asked) = &bench.device {
                device::check_files(asked, &loaded.folder)?;
            }
            print(&format!("{name}: no problems found (bench test)\n"));
        }
    }
    Ok(Exit::Met)
}
