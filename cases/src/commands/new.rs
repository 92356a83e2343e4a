//! `dens new`: an editable copy of a case.

use crate::cli::{From, NewArgs, print};
use crate::failure::{Exit, Failure};
use crate::library;
use crate::output::write_whole;
use crate::patients;

/// Writes `case.toml` into the folder; an existing one is not touched.
///
/// # Errors
/// When the folder already has a case or cannot be written, or a patient cannot be run.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let text = match &args.from {
        From::Parametric => library::CATALOG[0].text.to_string(),
        From::Surfaces => library::SURFACES.to_string(),
        From::Patient(name) => patients::case_text(name)?.ok_or_else(|| {
            Failure::input(format!("there is no `{name}`\n  = hint: `dens cases --patients` lists them"))
        })?,
    };
    let path = args.folder.join("case.toml");
    if path.exists() {
        return Err(Failure::input(format!(
            "`{}` exists already\n  = hint: give another folder, or move the file away",
            path.display()
        )));
    }
    std::fs::create_dir_all(&args.folder)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", args.folder.display())))?;
    write_whole(&path, text.as_bytes())?;
    let mut message = format!("wrote {0}\nrun it with: dens run {0}\n", path.display());
    if args.from == From::Surfaces {
        message.push_str("put c1.obj, c2.obj, c3.obj and, if you have it, c4.obj beside it (STL, PLY or OBJ, in mm), or edit the file names\n");
    }
    print(&message);
    Ok(Exit::Met)
}
