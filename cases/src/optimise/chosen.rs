//! The case of the chosen design: the file as given, with the entries of its lattice replaced.

use super::design::Candidate;
use super::spec::Grading;
use crate::document::Document;
use crate::failure::Failure;
use dens_mesher::units::{self, Dimension};
use toml::de::DeValue;

/// An entry by its path, and its value as TOML.
pub type Edit = (String, String);

/// Replaces entries of a case file and adds those it lacks; comments and order stay.
///
/// # Errors
/// Only by a bug: a text that was read before.
pub fn edited(text: &str, edits: &[Edit]) -> Result<String, Failure> {
    let mut text = text.to_string();
    for (path, value) in edits {
        let document =
            Document::parse(&text).map_err(|_| Failure::bug("a case that was read before is no TOML"))?;
        let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
        if let Some(place) = document.entries.get(path).and_then(|e| e.place.clone()) {
            text.replace_range(place, value);
        } else if let Some(header) = document.tables.get(table) {
            let line = text[header.end..].find('\n').map_or(text.len(), |i| header.end + i + 1);
            text.insert_str(line, &format!("{name} = {value}\n"));
        } else if table.is_empty() {
            text.insert_str(0, &format!("{name} = {value}\n"));
        } else {
            text.push_str(&format!("\n[{table}]\n{name} = {value}\n"));
        }
    }
    Ok(text)
}

/// Entries given on the command line as `path=value`.
pub fn overrides(set: &[String]) -> Vec<Edit> {
    let edit = |assignment: &String| {
        let (path, value) = assignment.split_once('=')?;
        let value = value.trim();
        let plain = DeValue::parse(value).is_ok_and(|v| !v.get_ref().is_table());
        let written = if plain { value.to_string() } else { quoted(value.trim_matches('"')) };
        Some((path.trim().to_string(), written))
    };
    set.iter().filter_map(edit).collect()
}

/// A text as TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A length as TOML.
fn length(mm: f64) -> String {
    quoted(&units::format(mm, Dimension::Length))
}

/// What every chosen case has: its own name, and no design loop.
fn common(name: &str, cell: &str, cell_size: f64) -> Vec<Edit> {
    vec![
        ("name".into(), quoted(&format!("{name}-optimised"))),
        ("design.optimize".into(), "false".into()),
        ("lattice.cell".into(), quoted(cell)),
        ("lattice.cell_size".into(), length(cell_size)),
    ]
}

/// Entries of a design of few variables.
pub fn of_candidate(name: &str, cell: &str, c: &Candidate, grading: Grading) -> Vec<Edit> {
    let mut edits = common(name, cell, c.cell_size);
    let word = match grading {
        Grading::Uniform => "uniform",
        Grading::Linear => "linear",
        Grading::Zones { .. } => "zones",
    };
    edits.push(("lattice.grading".into(), quoted(word)));
    if let Grading::Zones { depth, blend } = grading {
        edits.push(("lattice.zone_depth".into(), length(depth)));
        edits.push(("lattice.zone_blend".into(), length(blend)));
    }
    for (which, density) in grading.densities().iter().zip(&c.densities) {
        edits.push((format!("lattice.{which}"), density.to_string()));
    }
    edits
}

/// Entries of densities on a grid.
///
/// - `corner`: mm, whole hundredths; `densities`: x fastest, thousandths
pub fn of_field(
    name: &str,
    (cell, cell_size): (&str, f64),
    (corner, spacing, counts): ([f64; 3], f64, [usize; 3]),
    densities: &[f64],
) -> Vec<Edit> {
    let mut edits = common(name, cell, cell_size);
    let list = |words: Vec<String>| format!("[{}]", words.join(", "));
    edits.push(("lattice.grading".into(), quoted("field")));
    edits.push(("lattice.field_corner".into(), list(corner.map(|v| format!("\"{v} mm\"")).to_vec())));
    edits.push(("lattice.field_spacing".into(), length(spacing)));
    edits.push(("lattice.field_counts".into(), list(counts.map(|n| n.to_string()).to_vec())));
    edits.push(("lattice.field_densities".into(), list(densities.iter().map(f64::to_string).collect())));
    edits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;
    use crate::library;

    #[test]
    fn the_case_of_a_design_is_read_with_its_lattice() {
        let text = library::find("tiny").expect("embedded").text;
        let c = Candidate { cell: 0, densities: vec![0.31, 0.25, 0.4], cell_size: 1.45 };
        let grading = Grading::Zones { depth: 2.0, blend: 6.0 };
        let mut edits = overrides(&["implant.height=29 mm".into(), "solver.max_iterations=90".into()]);
        edits.extend(of_candidate("tiny", "bcc", &c, grading));
        let text = edited(text, &edits).expect("edited");
        let case = Case::from_document(&Document::parse(&text).expect("TOML")).expect("sound");
        assert_eq!((case.name.as_str(), case.implant.height), ("tiny-optimised", Some(29.0)));
        assert_eq!((case.max_iterations, case.design.optimize), (90, false));
        assert_eq!((case.lattice.cell.as_str(), case.lattice.cell_size), ("bcc", 1.45));
        assert_eq!(case.lattice.grading.expect("graded").range(), [0.25, 0.4]);
        assert!(text.contains("# the start of the design loop"), "comments stay");
    }

    #[test]
    fn the_case_of_a_field_is_read_with_its_densities() {
        let text = library::find("tiny").expect("embedded").text;
        let densities: Vec<f64> =
            (0..12).map(|i| 0.2 + 0.01 * f64::from(i)).map(|d| (d * 1e3).round() / 1e3).collect();
        let edits = of_field("tiny", ("bcc", 1.5), ([-10.25, 3.0, 0.5], 2.5, [3, 2, 2]), &densities);
        let text = edited(text, &edits).expect("edited");
        let case = Case::from_document(&Document::parse(&text).expect("TOML")).expect("sound");
        assert_eq!(case.lattice.grading.expect("graded").range(), [0.2, 0.31]);
        let listed = case.echo.iter().find(|e| e.0 == "lattice.field_densities").expect("told");
        assert!(listed.1.starts_with("12 values"), "{}", listed.1);
    }
}
