//! Dakota (Sandia National Laboratories) as the driver of runs: its parameter and results files, and decks for it.
//!
//! ```text
//! dakota -i study.in   --params.json-->   dens dakota-driver   --results.out-->   dakota
//! ```
//! Written after the format descriptions of its reference manual and tried with version 6.24.

pub mod deck;
pub mod params;

use crate::case::{Case, Quality};
use crate::document::{Document, Value};
use crate::failure::{Exit, Failure};
use crate::output::ENDS_WITH_PARENT;
use crate::sweep::manifest::program;
use crate::uncertainty::distribution::{Measured, with_unit};
use crate::uncertainty::{input, plan};
use dens_reports::manifest::sha256_hex;
use dens_reports::record::Record;
use params::{Evaluation, Given};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A case whose entries Dakota varies.
pub struct Template {
    /// Its text.
    pub text: String,
    /// Its name for the program that runs it.
    pub name: String,
    /// Its entries.
    pub document: Document,
    /// Its meaning.
    pub case: Case,
    /// Overrides beyond those of Dakota.
    pub set: Vec<String>,
}

/// How evaluations are run.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Words of the program that runs a case; empty: this program.
    pub program: Vec<String>,
    /// Density of meshes and grids.
    pub quality: Quality,
    /// Threads of a run.
    pub threads: usize,
}

/// What a run gave: its record, or why there is none.
pub type Outcome = Result<Record, String>;

/// The same letters whether written with dots, dashes or underscores: expressions of Dakota know only the last.
fn plain(name: &str) -> String {
    name.replace("__", ".").replace('-', "_").to_lowercase()
}

/// Overrides for the variables of an evaluation.
///
/// A variable is called like an entry of the case (`contact.friction` or `contact__friction`) or like a known uncertain
/// input (`density`, `strut_bias`); a number takes the unit that the case gives the entry.
///
/// # Errors
/// A name that the case does not have, or two for one entry; exit 2.
pub fn assignments(template: &Template, variables: &[(String, Given)]) -> Result<Vec<String>, Failure> {
    let mut set: Vec<(String, String)> = Vec::new();
    for (name, given) in variables {
        let (path, value) = assignment(template, name, given)?;
        if let Some((_, other)) = set.iter().find(|(p, _)| *p == path) {
            return Err(Failure::input(format!(
                "`{name}` and another variable both set `{path}` (to {other})"
            )));
        }
        set.push((path, value));
    }
    Ok(set.into_iter().map(|(path, value)| format!("{path}={value}")).collect())
}

fn assignment(template: &Template, name: &str, given: &Given) -> Result<(String, String), Failure> {
    let entries = &template.document.entries;
    let path = match entries.keys().find(|p| **p == *name || plain(p) == plain(name)) {
        Some(path) => path.clone(),
        None => match input::target_of(&plain(name)) {
            Some(input::Target::StrutBias) => {
                let Given::Number(mm) = given else {
                    return Err(Failure::input(format!("`{name}` takes a number of millimeters")));
                };
                let density = plan::density_with_bias(&template.case, *mm)?;
                return Ok(("lattice.relative_density".into(), density.to_string()));
            }
            Some(input::Target::Entry(path)) if entries.contains_key(&path) => path,
            Some(input::Target::JudgedLoad) => {
                let judged = &template.case.judged_load().id;
                let own = |k: &usize| matches!(entries.get(&format!("load.{k}.id")).map(|e| &e.value), Some(Value::Text(t)) if t == judged);
                let k = template.document.numbered("load").into_iter().find(own).unwrap_or(0);
                format!("load.{k}.axial")
            }
            _ => {
                let near = dens_mesher::catalog::nearest(name, entries.keys().map(String::as_str))
                    .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                return Err(Failure::input(format!(
                    "the case has no entry for the variable `{name}`{near}\n  = hint: name variables like entries, `contact.friction`; `dens check` lists none, `dens new` writes a case that shows all"
                )));
            }
        },
    };
    let value = match given {
        Given::Word(w) => toml::Value::from(w.as_str()).to_string(),
        Given::Number(n) => match entries.get(&path).map(|e| &e.value) {
            Some(v @ Value::Text(_)) => match Measured::read(v) {
                Some(m) => match with_unit(*n, &m.unit) {
                    Value::Text(t) => toml::Value::from(t).to_string(),
                    _ => n.to_string(),
                },
                None => return Err(Failure::input(format!("`{path}` takes words, Dakota sent {n}"))),
            },
            _ => n.to_string(),
        },
    };
    Ok((path, value))
}

/// Runs one evaluation, or finds it in the folder of results kept.
///
/// - `kept`: folder with one result per different run
///
/// # Errors
/// A program that does not start, exit 2; an interrupted run, exit 130.
pub fn evaluate(
    template: &Template,
    set: &[String],
    kept: &Path,
    manner: &Manner,
) -> Result<Outcome, Failure> {
    let all: Vec<&String> = template.set.iter().chain(set).collect();
    let identity = format!("{}\n{}\n{}\n{all:?}", program(), manner.quality.name(), template.text);
    let folder = kept.join(sha256_hex(identity.as_bytes()));
    let read = || fs::read(folder.join("record.json")).ok().and_then(|b| Record::from_json(&b).ok());
    if let Some(record) = read() {
        return Ok(Ok(record));
    }
    fs::create_dir_all(kept).map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", kept.display())))?;
    let own = std::env::current_exe()
        .map_err(|e| Failure::bug(format!("this program does not know its own place: {e}")))?;
    let mut command = match manner.program.split_first() {
        Some((first, rest)) => {
            let mut c = Command::new(first);
            c.args(rest);
            c
        }
        None => Command::new(own),
    };
    command.env(ENDS_WITH_PARENT, "1").args(["run", &template.name, "--quiet", "--output"]).arg(&folder);
    command.args(["--quality", manner.quality.name(), "--threads", &manner.threads.to_string()]);
    for assignment in all {
        command.args(["--set", assignment]);
    }
    let ended = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .map_err(|e| Failure::input(format!("cannot start the program of a case: {e}")))?;
    let said = String::from_utf8_lossy(&ended.stderr).trim().to_string();
    match ended.status.code() {
        Some(c) if c == Exit::Interrupted.code() => {
            Err(Failure { exit: Exit::Interrupted, message: "interrupted".into() })
        }
        Some(c) if c == Exit::Met.code() || c == Exit::CriterionFailed.code() => {
            Ok(read().ok_or_else(|| "the run ended well but left no readable record".to_string()))
        }
        Some(c) => Ok(Err(format!("exit {c}: {said}"))),
        None => Ok(Err("the run was killed".to_string())),
    }
}

/// Lines of a results file: what was asked, in its order, with 17 significant digits; `fail` for a run without result.
///
/// # Errors
/// A derivative that was asked for, or a response that no run has; exit 2.
pub fn answer(evaluation: &Evaluation, outcome: &Outcome) -> Result<String, Failure> {
    refuse_derivatives(evaluation)?;
    let record = match outcome {
        Ok(record) => record,
        Err(why) => {
            let first = why.lines().next().unwrap_or_default();
            return Ok(format!("fail {first}\n"));
        }
    };
    let mut text = String::new();
    for (name, asked) in &evaluation.responses {
        let found = record.criteria.iter().find(|q| q.id == *name || plain(&q.id) == plain(name));
        let quantity = found.ok_or_else(|| {
            let ids: Vec<&str> = record.criteria.iter().map(|q| q.id.as_str()).collect();
            let near = dens_mesher::catalog::nearest(name, ids.iter().copied())
                .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            Failure::input(format!(
                "a run has no result `{name}`{near}\n  = hint: name responses like results, one of {}",
                ids.join(", ")
            ))
        })?;
        if asked & 1 == 1 {
            let _ = writeln!(text, "{:.16e} {name}", quantity.value);
        }
    }
    Ok(text)
}

/// Refuses an evaluation that asks for derivatives, before anything is run.
///
/// # Errors
/// Any; exit 2.
pub fn refuse_derivatives(evaluation: &Evaluation) -> Result<(), Failure> {
    match evaluation.responses.iter().find(|(_, asked)| asked & !1 != 0) {
        None => Ok(()),
        Some((name, asked)) => Err(Failure::input(format!(
            "Dakota asks for derivatives of `{name}` (active set {asked}), and a run has none\n  = hint: write `no_gradients no_hessians`, or `numerical_gradients` with `method_source dakota`"
        ))),
    }
}
