//! `dens check`: all problems of a case at once.

use super::load;
use crate::cli::{CheckArgs, print};
use crate::failure::{Exit, Failure};
use crate::pipeline::geometry;

/// Checks the case file and the files it names; meshes and solves nothing.
///
/// # Errors
/// All problems found; exit 2.
pub fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let loaded = load(&args.case)?;
    geometry::check_files(&loaded.case, &loaded.folder)?;
    print(&format!("{}: no problems found ({} loads)\n", loaded.case.name, loaded.case.loads.len()));
    Ok(Exit::Met)
}
