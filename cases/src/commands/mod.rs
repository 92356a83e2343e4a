//! The commands, one file each.

pub mod cases;
pub mod check;
pub mod convert;
pub mod dakota;
pub mod export;
pub mod image;
pub mod lattice;
pub mod material;
pub mod mesh;
pub mod new;
pub mod optimise;
pub mod patients;
pub mod run;
pub mod solve;
pub mod study;
pub mod sweep;
pub mod uncertainty;
pub mod validate;
pub mod verify;

use crate::bench::case::Bench;
use crate::case::Case;
use crate::cli::CaseArgs;
use crate::diagnostic::{Problem, render};
use crate::document::Document;
use crate::failure::Failure;
use crate::library;
use std::path::{Path, PathBuf};

/// Meaning of a case file.
#[derive(Debug, Clone)]
pub enum Study {
    /// Replacement of a vertebra in its column.
    Column(Box<Case>),
    /// Virtual bench test, `kind = "bench"`.
    Bench(Box<Bench>),
}

impl Study {
    /// Name of the case.
    pub fn name(&self) -> &str {
        match self {
            Self::Column(case) => &case.name,
            Self::Bench(bench) => &bench.name,
        }
    }

    /// Meaning of a document.
    ///
    /// # Errors
    /// Every problem of the case.
    pub fn from_document(document: &Document) -> Result<Self, Vec<Problem>> {
        if Bench::is(document) {
            return Bench::from_document(document).map(|b| Self::Bench(Box::new(b)));
        }
        Case::from_document(document).map(|c| Self::Column(Box::new(c)))
    }
}

/// Entries of a catalogue asked for by their id, or all of it.
///
/// - `what`: what an entry is called
///
/// # Errors
/// An id that no entry has; exit 2.
fn chosen<T>(
    catalogue: &'static [T],
    id: fn(&T) -> &'static str,
    what: &str,
    only: &[String],
) -> Result<Vec<&'static T>, Failure> {
    if only.is_empty() {
        return Ok(catalogue.iter().collect());
    }
    let find = |name: &String| {
        catalogue.iter().find(|entry| id(entry).eq_ignore_ascii_case(name)).ok_or_else(|| {
            let ids: Vec<&str> = catalogue.iter().map(id).collect();
            Failure::input(format!("there is no {what} `{name}`\n  = hint: one of {}", ids.join(", ")))
        })
    };
    only.iter().map(find).collect()
}

/// A case as loaded: its meaning, its text with overrides, and the folder its file names are relative to.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Checked case.
    pub study: Study,
    /// Text of the file.
    pub text: String,
    /// Overrides applied.
    pub set: Vec<String>,
    /// Folder of the file; the current one for an embedded case.
    pub folder: PathBuf,
}

/// Reads, overrides and checks the case that the arguments name.
///
/// # Errors
/// All problems of the case at once, or a file that cannot be read; exit 2.
pub fn load(args: &CaseArgs) -> Result<Loaded, Failure> {
    let (name, text, folder) = read(&args.case)?;
    let fail = |problems: Vec<Problem>| Failure::problems(render(&name, &text, &problems));
    let mut document = Document::parse(&text).map_err(fail)?;
    let mut problems: Vec<Problem> = args.set.iter().filter_map(|a| document.set(a).err()).collect();
    match Study::from_document(&document) {
        Ok(study) if problems.is_empty() => Ok(Loaded { study, text, set: args.set.clone(), folder }),
        Ok(_) => Err(fail(problems)),
        Err(more) => {
            problems.extend(more);
            Err(fail(problems))
        }
    }
}

/// Name for messages, text and folder of a case file or an embedded case.
fn read(case: &str) -> Result<(String, String, PathBuf), Failure> {
    if let Some(found) = library::find(case) {
        return Ok((format!("{case} (embedded)"), found.text.to_string(), PathBuf::from(".")));
    }
    if let Some(text) = crate::patients::case_text(case)? {
        return Ok((format!("{case} (embedded)"), text, PathBuf::from(".")));
    }
    let path = Path::new(case);
    if !path.exists() {
        let names: Vec<&str> = library::CATALOG.iter().map(|c| c.name).collect();
        let near = dens_mesher::catalog::nearest(case, names.iter().copied())
            .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
        return Err(Failure::input(format!(
            "there is no case file `{case}` and no embedded case of that name{near}\n  = hint: `dens cases` lists the embedded cases, `dens new DIR` writes one to edit"
        )));
    }
    let bytes = std::fs::read(path).map_err(|e| Failure::input(format!("cannot read `{case}`: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        Failure::input(format!(
            "`{case}` is not a text file: byte {} is not UTF-8",
            e.utf8_error().valid_up_to()
        ))
    })?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_path_buf();
    Ok((case.to_string(), text, folder))
}
