//! What a finished run directory says about its implant, checked and built again.

use crate::case::{Case, Quality};
use crate::commands::Study;
use crate::document::Document;
use crate::failure::Failure;
use crate::pipeline::geometry::{self, Geometry};
use crate::pipeline::lattice::Drawn;
use dens_reports::manifest::{Manifest, sha256_hex};
use dens_reports::record::Record;
use dens_reports::table::Cell;
use std::path::Path;

/// Difference of a strut from the one of the run, relative, above which another program drew it.
const SAME: f64 = 1e-6;

/// Implant of a finished run.
pub struct Source {
    /// Its case with the overrides of the run.
    pub case: Case,
    /// Quality of the run.
    pub quality: Quality,
    /// Bones and implant.
    pub geometry: Geometry,
    /// The lattice that was chosen.
    pub drawn: Drawn,
    /// SHA-256 of the case file as it was run.
    pub case_hash: String,
    /// Number of the design within the run; 0 where none was feasible.
    pub design: u32,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

impl Source {
    /// What is embossed: code of the patient, where there is one, and design iteration.
    pub fn inscription(&self, patient: &str) -> String {
        format!("{patient} {}", self.case.design_iteration).trim().to_string()
    }
}

fn text(run: &Path, name: &str) -> Result<String, Failure> {
    std::fs::read_to_string(run.join(name)).map_err(|e| {
        Failure::input(format!(
            "`{}` is no finished run: cannot read its {name}: {e}\n  = hint: give the folder that `dens run -o DIR` wrote",
            run.display()
        ))
    })
}

/// Reads and checks a run directory and builds its implant again.
///
/// - `inputs`: folder that the surfaces of the bones are named relative to
///
/// # Errors
/// A folder that is no run, that was changed since, whose inputs differ, or of which another program was the
/// author; exit 2.
pub fn read(run: &Path, inputs: &Path) -> Result<Source, Failure> {
    let [record, case, manifest] = ["record.json", "case.toml", "manifest.json"].map(|name| text(run, name));
    let (record, case_text, manifest) = (record?, case?, manifest?);
    let broken = |name: &str, e: &dyn std::fmt::Display| {
        Failure::input(format!("`{}`: its {name} cannot be understood: {e}", run.display()))
    };
    let manifest: Manifest = serde_json::from_str(&manifest).map_err(|e| broken("manifest.json", &e))?;
    for (name, content) in [("record.json", &record), ("case.toml", &case_text)] {
        let written = manifest.outputs.get(name).map(|o| o.sha256.as_str());
        if written != Some(sha256_hex(content.as_bytes()).as_str()) {
            return Err(Failure::input(format!(
                "`{}`: {name} is not the one that the run wrote\n  = hint: run the changed case again, then export",
                run.display()
            )));
        }
    }
    let record = Record::from_json(record.as_bytes()).map_err(|e| broken("record.json", &e))?;
    let case = case_of(run, &case_text)?;
    let quality = record.settings.get("quality").map_or("", String::as_str);
    let quality =
        [Quality::Draft, Quality::Standard, Quality::Fine].into_iter().find(|q| q.name() == quality);
    let quality = quality.ok_or_else(|| broken("record.json", &"it states no quality"))?;
    let mut warnings = Vec::new();
    if record.version != env!("CARGO_PKG_VERSION") {
        warnings.push(format!(
            "the run was made by version {}, the export by {}",
            record.version,
            env!("CARGO_PKG_VERSION")
        ));
    }
    // What a scan says enters no geometry.
    let geometry = geometry::build(&Case { scan: None, ..case.clone() }, inputs)?;
    for (name, sum) in &geometry.hashes {
        if record.input_hashes.get(name) != Some(sum) {
            return Err(Failure::input(format!(
                "the surface `{name}` is not the one of the run\n  = hint: give the folder of the run's inputs with --inputs"
            )));
        }
    }
    let drawn = chosen(&case, &record, &mut warnings)?;
    let case_hash = sha256_hex(case_text.as_bytes());
    Ok(Source { case, quality, geometry, drawn, case_hash, design: record.design_iteration, warnings })
}

/// The case as it was run: its file with the overrides that its first lines name.
fn case_of(run: &Path, text: &str) -> Result<Case, Failure> {
    let shown = run.join("case.toml").display().to_string();
    let fail = |problems: Vec<_>| Failure::problems(crate::diagnostic::render(&shown, text, &problems));
    let mut document = Document::parse(text).map_err(fail)?;
    let sets = text.lines().map_while(|l| l.strip_prefix("# run with --set "));
    for set in sets {
        document.set(set).map_err(|p| fail(vec![p]))?;
    }
    match Study::from_document(&document).map_err(fail)? {
        Study::Column(case) => Ok(*case),
        Study::Bench(bench) => Err(Failure::input(format!(
            "`{}` is the bench test `{}`: it has no implant to print",
            run.display(),
            bench.name
        ))),
    }
}

/// The lattice of the chosen design, drawn again, or that of the case where none was feasible.
fn chosen(case: &Case, record: &Record, warnings: &mut Vec<String>) -> Result<Drawn, Failure> {
    let table = &record.history;
    let column = |name: &str| table.columns.iter().position(|c| c.name == name);
    let word = |row: &[Cell], name: &str| match column(name).and_then(|i| row.get(i)) {
        Some(Cell::Text(t)) => t.clone(),
        _ => String::new(),
    };
    let number = |row: &[Cell], name: &str| match column(name).and_then(|i| row.get(i)) {
        Some(Cell::Number(v)) => *v,
        _ => f64::NAN,
    };
    let Some(row) = table.rows.iter().find(|r| word(r, "status") == "chosen") else {
        warnings.push(
            "no design of the run keeps every limit: what is exported is the lattice its case starts from, and must not be printed as it is".into(),
        );
        let l = &case.lattice;
        return Drawn::new(&l.cell, l.relative_density, l.cell_size);
    };
    let [density, size, strut] = ["density", "size", "strut"].map(|n| number(row, n));
    let drawn = Drawn::new(&word(row, "cell"), density, 1.0)?.resized(size);
    let off = (drawn.strut / strut - 1.0).abs();
    if off.is_nan() || SAME <= off {
        return Err(Failure::input(format!(
            "the run chose struts of {strut} mm, this program draws them {} mm thick\n  = hint: run the case again with this version",
            drawn.strut
        )));
    }
    Ok(drawn)
}
