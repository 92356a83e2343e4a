//! `dens new`: an editable copy of a case.

use crate::cli::{NewArgs, print};
use crate::failure::{Exit, Failure};
use crate::library;
use crate::output::write_whole;
use crate::patients;

/// Writes `case.toml` into the folder; an existing one is not touched.
///
/// # Errors
/// When the folder already has a case or cannot be written, or a patient cannot be run.
pub fn run(args: &NewArgs) -> Result<Exit, Failure> {
    let path = args.folder.join("case.toml");
    if path.exists() {
        return Err(Failure::input(format!(
            "`{}` exists already\n  = hint: give another folder, or move the file away",
            path.display()
        )));
    }
    let text = origin(&args.from)?;
    std::fs::create_dir_all(&args.folder)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", args.folder.display())))?;
    write_whole(&path, text.as_bytes())?;
    let mut message = format!("wrote {0}\nrun it with: dens run {0}\n", path.display());
    if args.from == "surfaces" {
        message.push_str("put c1.obj, c2.obj, c3.obj and, if you have it, c4.obj beside it (STL, PLY or OBJ, in mm), or edit the file names\n");
    }
    if args.from == "scan" {
        message.push_str("put the scan and its label map beside it, or edit the file names, or give seed points in place of labels\n");
    }
    print(&message);
    Ok(Exit::Met)
}

/// Text of the case to start from: a source of bones, an embedded case or a patient.
fn origin(from: &str) -> Result<String, Failure> {
    if let Some(case) = library::find(from) {
        return Ok(case.text.to_string());
    }
    if let Some(text) = patients::case_text(from)? {
        return Ok(text);
    }
    match from {
        "parametric" => Ok(library::CATALOG[0].text.to_string()),
        "surfaces" => Ok(library::SURFACES.to_string()),
        "scan" => Ok(library::scan_case()),
        _ => {
            let names =
                ["parametric", "surfaces", "scan"].into_iter().chain(library::CATALOG.iter().map(|c| c.name));
            let near = dens_mesher::catalog::nearest(from, names.clone())
                .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            let names: Vec<&str> = names.collect();
            Err(Failure::input(format!(
                "`--from {from}` is not known{near}\n  = hint: one of: {}, patient-1 to patient-9",
                names.join(", ")
            )))
        }
    }
}
