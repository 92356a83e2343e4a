//! Tables of a sweep from its files: the same bytes whoever ran it, in whatever order.

use super::manifest::{Line, Sweep};
use super::store::{CaseResult, Status};
use crate::failure::Failure;
use crate::output::write_whole;
use dens_reports::manifest::sha256_hex;
use dens_reports::record::Quantity;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// One row per run.
pub const TABLE: &str = "results.csv";
/// One JSON object per run.
pub const OBJECTS: &str = "results.jsonl";
/// One row per run without a computed result.
pub const FAILURES: &str = "failures.csv";
/// Counts and hashes.
pub const SUMMARY: &str = "sweep.json";
/// Status of a run that has no result yet.
pub const PENDING: &str = "pending";

/// How many runs ended how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Runs of the plan.
    pub runs: usize,
    /// By status; every status is present.
    pub by_status: BTreeMap<&'static str, usize>,
}

impl Counts {
    /// Runs without a result yet.
    pub fn pending(&self) -> usize {
        self.by_status.get(PENDING).copied().unwrap_or(0)
    }

    /// Runs that ended without a computed result.
    pub fn failed(&self) -> usize {
        let ok = self.by_status.get(Status::Ok.name()).copied().unwrap_or(0);
        self.runs - ok - self.pending()
    }

    /// The counts in a line: `41 ok, 5 invalid`.
    pub fn words(&self) -> String {
        let parts: Vec<String> =
            self.by_status.iter().filter(|(_, n)| 0 < **n).map(|(s, n)| format!("{n} {s}")).collect();
        parts.join(", ")
    }
}

/// Results of all runs, by index; `None` for a run without one.
pub fn results(sweep: &Sweep) -> Vec<Option<CaseResult>> {
    sweep.lines.par_iter().map(|l| CaseResult::read(sweep, &l.case_id)).collect()
}

/// Counts the results.
pub fn count(results: &[Option<CaseResult>]) -> Counts {
    let all = [Status::Ok, Status::Invalid, Status::Nonconverged, Status::Limit, Status::Crashed];
    let mut by_status: BTreeMap<&'static str, usize> = all.iter().map(|s| (s.name(), 0)).collect();
    by_status.insert(PENDING, 0);
    for result in results {
        *by_status.entry(status(result.as_ref())).or_default() += 1;
    }
    Counts { runs: results.len(), by_status }
}

fn status(result: Option<&CaseResult>) -> &'static str {
    result.map_or(PENDING, |r| r.status.name())
}

/// Writes the tables into the folder of the sweep and gives the counts.
///
/// # Errors
/// When a file cannot be written; exit 4.
pub fn merge(sweep: &Sweep) -> Result<Counts, Failure> {
    let found = results(sweep);
    let counts = count(&found);
    let broken = |e: csv::Error| Failure::bug(format!("a table of the sweep: {e}"));
    let table = table(sweep, &found).map_err(broken)?;
    let failures = failures(sweep, &found).map_err(broken)?;
    let mut objects = Vec::new();
    for (line, result) in sweep.lines.iter().zip(&found) {
        let row = Row { index: line.index, params: &line.params, seed: line.seed, result: result.as_ref() };
        serde_json::to_writer(&mut objects, &row)
            .map_err(|e| Failure::bug(format!("an object of the sweep: {e}")))?;
        objects.push(b'\n');
    }
    let files = [(TABLE, table), (OBJECTS, objects), (FAILURES, failures)];
    let hashes: BTreeMap<&str, String> =
        files.iter().map(|(name, bytes)| (*name, sha256_hex(bytes))).collect();
    let summary = serde_json::json!({
        "schema": "dens-sweep-summary/1",
        "program": super::manifest::program(),
        "manifest": sweep.hash,
        "counts": counts,
        "files": hashes,
    });
    for (name, bytes) in &files {
        write_whole(&sweep.folder.join(name), bytes)?;
    }
    write_whole(&sweep.folder.join(SUMMARY), format!("{summary:#}\n").as_bytes())?;
    Ok(counts)
}

#[derive(Serialize)]
struct Row<'a> {
    index: usize,
    params: &'a BTreeMap<String, Json>,
    seed: u64,
    result: Option<&'a CaseResult>,
}

/// Text of a value of a parameter.
pub fn shown(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// A quantity's number with 17 significant digits, which give back the same bits.
fn digits(value: f64) -> String {
    format!("{value:.16e}")
}

fn headed(q: &Quantity) -> String {
    if q.unit == "1" { q.id.clone() } else { format!("{} [{}]", q.id, q.unit) }
}

fn table(sweep: &Sweep, found: &[Option<CaseResult>]) -> Result<Vec<u8>, csv::Error> {
    let params: BTreeSet<&String> = sweep.lines.iter().flat_map(|l| l.params.keys()).collect();
    let quantities: BTreeSet<String> =
        found.iter().flatten().flat_map(|r| r.quantities.iter().map(headed)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let fixed = ["index", "case_id", "status", "exit", "verdict"].map(str::to_string);
    writer.write_record(
        fixed.into_iter().chain(params.iter().map(|p| (*p).clone())).chain(quantities.clone()),
    )?;
    for (line, result) in sweep.lines.iter().zip(found) {
        let values: BTreeMap<String, f64> =
            result.iter().flat_map(|r| r.quantities.iter().map(|q| (headed(q), q.value))).collect();
        let mut row = vec![line.index.to_string(), line.case_id.clone(), status(result.as_ref()).to_string()];
        row.push(result.as_ref().map_or_else(String::new, |r| r.exit.to_string()));
        let verdict = result.as_ref().and_then(|r| r.verdict).map_or("", |v| v.words());
        row.push(verdict.to_string());
        row.extend(params.iter().map(|p| line.params.get(*p).map_or_else(String::new, shown)));
        row.extend(quantities.iter().map(|q| values.get(q).map_or_else(String::new, |v| digits(*v))));
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

fn failures(sweep: &Sweep, found: &[Option<CaseResult>]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["index", "case_id", "status", "exit", "params", "error"])?;
    for (line, result) in sweep.lines.iter().zip(found) {
        let Some(result) = result.as_ref().filter(|r| r.status != Status::Ok) else { continue };
        let row = [
            line.index.to_string(),
            line.case_id.clone(),
            result.status.name().to_string(),
            result.exit.to_string(),
            described(line),
            result.error.clone().unwrap_or_default(),
        ];
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// The parameters of a run in a line.
pub fn described(line: &Line) -> String {
    let parts: Vec<String> = line.params.iter().map(|(p, v)| format!("{p} = {}", shown(v))).collect();
    parts.join(", ")
}
