//! `dens cases`: what can be run without files.

use crate::cli::{CasesArgs, print};
use crate::failure::{Exit, Failure};
use crate::library;

/// Lists the embedded cases, or the lattice cells.
///
/// # Errors
/// None at present; the signature is that of every command.
pub fn run(args: &CasesArgs) -> Result<Exit, Failure> {
    let mut text = String::new();
    if args.lattices {
        for cell in dens_mesher::lattice::CATALOGUE {
            text.push_str(&format!("{:<24} {:?}\n", cell.name(), cell.kind()));
        }
    } else {
        for case in library::CATALOG {
            text.push_str(&format!("{:<20} {}\n", case.name, case.summary));
        }
    }
    print(&text);
    Ok(Exit::Met)
}
