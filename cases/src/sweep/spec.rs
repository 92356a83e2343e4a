//! The file that says which parameters of which case take which values.

use crate::case::Quality;
use crate::diagnostic::Problem;
use crate::document::{Document, Value};
use crate::reader::Reader;
use crate::uncertainty::Distribution;
use serde::{Deserialize, Serialize};

/// Version of the layout of a sweep file.
pub const SCHEMA: &str = "dens-sweep/1";

/// Largest number of runs of one sweep, that of Slurm.
pub const MOST: usize = 4_000_000;

/// How the values of several parameters are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// Every value with every other; the last parameter varies fastest.
    Grid,
    /// The first values of all, the second values of all, and so on.
    List,
    /// Each range cut into as many equal shares as there are samples; one value from each.
    LatinHypercube,
}

/// What is kept of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// `record.json` with every number of the report.
    Record,
    /// The whole folder of the run: report, figures, print files.
    Everything,
}

/// One entry of the case that varies.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Path of the entry, as for `--set`.
    pub path: String,
    /// Values in order; empty when drawn.
    pub values: Vec<Value>,
    /// Where values are drawn from; `None` when listed.
    pub distribution: Option<Distribution>,
}

/// Checked content of a sweep file.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Name of the sweep.
    pub name: String,
    /// Case file, relative to the sweep file, or the name of an embedded case.
    pub case: String,
    /// Density of meshes and grids of all runs.
    pub quality: Quality,
    /// Start of all random draws.
    pub seed: u64,
    /// How values are combined.
    pub sampling: Sampling,
    /// Number of drawn runs; 0 where values are listed.
    pub samples: usize,
    /// What is kept of a run.
    pub keep: Keep,
    /// What varies, in the order of the file.
    pub parameters: Vec<Parameter>,
}

impl Spec {
    /// Reads and checks a sweep file.
    ///
    /// # Errors
    /// Every problem of the file at once.
    pub fn from_document(document: &Document) -> Result<Self, Vec<Problem>> {
        let r = Reader::new(document);
        if r.text("schema") != SCHEMA {
            r.problem(
                "schema",
                "`schema` is not that of a sweep".into(),
                &format!("write schema = \"{SCHEMA}\""),
            );
        }
        let sampling = match r.choice("sampling", &["grid", "list", "latin-hypercube"]).as_str() {
            "list" => Sampling::List,
            "latin-hypercube" => Sampling::LatinHypercube,
            _ => Sampling::Grid,
        };
        let drawn = sampling == Sampling::LatinHypercube;
        let quality = match optional(&r, "quality", &["draft", "standard", "fine"]).as_deref() {
            Some("draft") => Quality::Draft,
            Some("fine") => Quality::Fine,
            _ => Quality::Standard,
        };
        let keep = match optional(&r, "keep", &["record", "everything"]).as_deref() {
            Some("everything") => Keep::Everything,
            _ => Keep::Record,
        };
        let parameters: Vec<Parameter> =
            r.tables("parameter").into_iter().map(|i| parameter(&r, i, drawn)).collect();
        let spec = Self {
            name: r.text("name"),
            case: r.text("case"),
            quality,
            seed: if drawn || r.has("seed") { r.count("seed", 0) as u64 } else { 0 },
            sampling,
            samples: if drawn { r.count("samples", 2) } else { 0 },
            keep,
            parameters,
        };
        if spec.parameters.is_empty() {
            r.problem(
                "parameter",
                "nothing varies".into(),
                "add at least one [[parameter]] with path and values",
            );
        }
        for (i, p) in spec.parameters.iter().enumerate() {
            if spec.parameters[..i].iter().any(|q| q.path == p.path) {
                r.problem(
                    &format!("parameter.{i}.path"),
                    format!("`{}` varies twice", p.path),
                    "merge the two",
                );
            }
        }
        let counts: Vec<usize> = spec.parameters.iter().map(|p| p.values.len()).collect();
        if sampling == Sampling::List && counts.iter().any(|n| *n != counts[0]) {
            r.problem(
                "sampling",
                format!("a list needs as many values of each parameter; there are {counts:?}"),
                "use `grid` for every combination",
            );
        }
        if spec.n_runs().is_none_or(|n| MOST < n) {
            r.problem("sampling", format!("more than {MOST} runs"), "take fewer values or draw samples");
        }
        let problems = r.finish();
        if problems.is_empty() { Ok(spec) } else { Err(problems) }
    }

    /// Number of runs; `None` when it cannot be counted.
    pub fn n_runs(&self) -> Option<usize> {
        match self.sampling {
            Sampling::Grid => self.parameters.iter().try_fold(1usize, |n, p| n.checked_mul(p.values.len())),
            Sampling::List => Some(self.parameters.first().map_or(0, |p| p.values.len())),
            Sampling::LatinHypercube => Some(self.samples),
        }
    }
}

fn optional(r: &Reader<'_>, path: &str, allowed: &[&str]) -> Option<String> {
    r.has(path).then(|| r.choice(path, allowed))
}

fn parameter(r: &Reader<'_>, i: usize, drawn: bool) -> Parameter {
    let at = |name: &str| format!("parameter.{i}.{name}");
    let path = r.text(&at("path"));
    if !drawn {
        return Parameter { path, values: r.values(&at("values")), distribution: None };
    }
    Parameter { path, values: Vec::new(), distribution: Distribution::read(r, &format!("parameter.{i}")) }
}
