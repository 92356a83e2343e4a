//! `dens convert`: a model from one file format to another.

use crate::cli::{ConvertArgs, print};
use crate::deck::{self, Deck};
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use std::io::Write as _;
use std::path::Path;

/// Formats by the ending of a file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Deck.
    Inp,
    /// VTK XML.
    Vtu,
    /// FEBio.
    Feb,
}

/// Reads one format and writes the other; what cannot be carried over is named on standard error.
///
/// # Errors
/// An unknown ending, a file that cannot be read or written.
pub fn run(args: &ConvertArgs) -> Result<Exit, Failure> {
    let (from, to) = (format(&args.from)?, format(&args.to)?);
    let (model, mut lost) = read(&args.from, from)?;
    let (bytes, more) = write(&model, to)?;
    lost.extend(more);
    write_whole(&args.to, &bytes)?;
    let mut err = std::io::stderr();
    for what in &lost {
        let _ = writeln!(err, "warning: {what}");
    }
    print(&format!(
        "wrote {}: {} nodes, {} elements{}\n",
        args.to.display(),
        model.nodes.labels.len(),
        model.elements.len(),
        if lost.is_empty() { String::new() } else { format!("; {} warnings", lost.len()) }
    ));
    Ok(Exit::Met)
}

/// Format that the ending of a name means.
pub(super) fn format(path: &Path) -> Result<Format, Failure> {
    match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
        Some("inp") => Ok(Format::Inp),
        Some("vtu") => Ok(Format::Vtu),
        Some("feb") => Ok(Format::Feb),
        _ => Err(Failure::input(format!(
            "`{}` does not end in .inp, .vtu or .feb\n  = hint: the ending says which format is meant",
            path.display()
        ))),
    }
}

fn read(path: &Path, format: Format) -> Result<(Deck, Vec<String>), Failure> {
    match format {
        Format::Inp => deck::read(path).map(|(model, findings)| (model, findings.warnings())),
        Format::Vtu => deck::vtu::read(path),
        Format::Feb => deck::feb::read(path),
    }
}

/// The model as bytes, and what the format could not hold.
pub(super) fn write(model: &Deck, format: Format) -> Result<(Vec<u8>, Vec<String>), Failure> {
    match format {
        Format::Inp => Ok((deck::inp::write(model).into_bytes(), Vec::new())),
        Format::Vtu => deck::vtu::write(model),
        Format::Feb => {
            let (text, lost) = deck::feb::write(model);
            Ok((text.into_bytes(), lost))
        }
    }
}
