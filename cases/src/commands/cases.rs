//! `dens cases`: what can be run without files.

use super::patients;
use crate::cli::{CasesArgs, print};
use crate::failure::{Exit, Failure};
use crate::library;

/// Lists the embedded cases, the lattice cells or the patients, and runs the patients where asked.
///
/// # Errors
/// Those of the patients; the lists have none.
pub fn run(args: &CasesArgs) -> Result<Exit, Failure> {
    if args.patients {
        return patients::run(args);
    }
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
