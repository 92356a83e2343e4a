//! The plan of a sweep: one line per run, immutable from then on.

use super::sample::{points, seed_of};
use super::spec::{Keep, Spec};
use crate::case::Quality;
use crate::commands::Study;
use crate::diagnostic::render;
use crate::document::{Document, Value};
use crate::failure::Failure;
use crate::output::Output;
use dens_reports::manifest::sha256_hex;
use dens_reports::record;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Name of the plan in the folder of a sweep.
pub const MANIFEST: &str = "manifest.jsonl";
/// Name of its hash, as `sha256sum -c` reads it.
pub const HASH: &str = "manifest.sha256";
/// Folder of the copies of all files that cases read.
pub const INPUTS: &str = "inputs";
/// Folder of the finished parts of cases that were stopped.
pub const STOPPED: &str = "stopped";
/// Name of the copy of the case.
pub const CASE: &str = "case.toml";
/// Name of the copy of the sweep file.
pub const SPEC: &str = "sweep.toml";

/// Program and version of results that a manifest is bound to.
pub fn program() -> String {
    format!("dens {} {}", env!("CARGO_PKG_VERSION"), record::SCHEMA)
}

/// One run. Fields in alphabetical order: their JSON is the canonical one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// SHA-256 of all that determines the result: inputs, parameters, program, quality.
    pub case_id: String,
    /// Number of the run, from 0; line of the manifest minus one.
    pub index: usize,
    /// SHA-256 of every file the run reads, by name in the folder of inputs.
    pub inputs: BTreeMap<String, String>,
    /// What is kept of the run.
    pub keep: Keep,
    /// Values by path.
    pub params: BTreeMap<String, Json>,
    /// Program and version of its results.
    pub program: String,
    /// Density of meshes and grids.
    pub quality: String,
    /// Number for draws within the run, from the seed of the sweep and the index.
    pub seed: u64,
}

/// What determines a result. Fields in alphabetical order.
#[derive(Serialize)]
struct Identity<'a> {
    inputs: &'a BTreeMap<String, String>,
    params: &'a BTreeMap<String, Json>,
    program: &'a str,
    quality: &'a str,
}

impl Line {
    fn identity(&self) -> String {
        let identity = Identity {
            inputs: &self.inputs,
            params: &self.params,
            program: &self.program,
            quality: &self.quality,
        };
        sha256_hex(&serde_json::to_vec(&identity).expect("maps of texts and finite numbers"))
    }

    /// The overrides of this run, as for `--set`.
    pub fn assignments(&self) -> Vec<String> {
        self.params.iter().map(|(path, value)| format!("{path}={}", toml_of(value))).collect()
    }

    fn to_json(&self) -> String {
        serde_json::to_string(self).expect("maps of texts and finite numbers")
    }
}

/// A planned sweep and the folder it lives in.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Its folder.
    pub folder: PathBuf,
    /// SHA-256 of the manifest.
    pub hash: String,
    /// Its runs, by index.
    pub lines: Vec<Line>,
}

impl Sweep {
    /// Opens a planned sweep and checks its manifest.
    ///
    /// # Errors
    /// No sweep there, or a manifest that is not the planned one; exit 2.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let read = |name: &str| {
            fs::read_to_string(folder.join(name)).map_err(|e| {
                Failure::input(format!(
                    "`{}` is no sweep: cannot read `{name}`: {e}\n  = hint: `dens sweep plan SPEC -o DIR` makes one",
                    folder.display()
                ))
            })
        };
        let (text, hash) = (read(MANIFEST)?, read(HASH)?);
        let expected = hash.split_whitespace().next().unwrap_or_default();
        let found = sha256_hex(text.as_bytes());
        let lines = parse(&text);
        if found != expected {
            let place = match &lines {
                Err((k, why)) => format!("line {}: {why}", k + 1),
                Ok(_) => "a seed, what is kept, or the hash beside it".to_string(),
            };
            return Err(Failure::input(format!(
                "`{MANIFEST}` is not the one that was planned: {place}\n  = hint: a manifest must not be edited; plan again into another folder"
            )));
        }
        let lines =
            lines.map_err(|(k, why)| Failure::input(format!("`{MANIFEST}`, line {}: {why}", k + 1)))?;
        if let Some(line) = lines.iter().find(|l| l.program != program()) {
            return Err(Failure::input(format!(
                "this sweep was planned for `{}`, this is `{}`\n  = hint: use that version, or plan again",
                line.program,
                program()
            )));
        }
        Ok(Self { folder: folder.to_path_buf(), hash: found, lines })
    }

    /// The run of this number.
    ///
    /// # Errors
    /// A number beyond the last; exit 2.
    pub fn line(&self, index: usize) -> Result<&Line, Failure> {
        self.lines.get(index).ok_or_else(|| {
            Failure::input(format!(
                "there is no task {index}: the sweep has {} from 0 to {}",
                self.lines.len(),
                self.lines.len().saturating_sub(1)
            ))
        })
    }

    /// Folder of the finished parts of a case that was stopped, absolute where the system tells the current folder.
    pub fn checkpoint(&self, case_id: &str) -> PathBuf {
        let folder = self.folder.join(STOPPED).join(case_id);
        std::path::absolute(&folder).unwrap_or(folder)
    }

    /// Finished parts of a case that was stopped.
    pub fn parts(&self, case_id: &str) -> usize {
        fs::read_dir(self.checkpoint(case_id)).into_iter().flatten().flatten().count()
    }

    /// Folder of the copies of inputs.
    pub fn inputs(&self) -> PathBuf {
        self.folder.join(INPUTS)
    }

    /// Checks that the inputs of a run are those that were planned.
    ///
    /// # Errors
    /// A file that is missing or was changed, by name; exit 2.
    pub fn check_inputs(&self, line: &Line) -> Result<(), Failure> {
        for (name, hash) in &line.inputs {
            let bytes = fs::read(self.inputs().join(name))
                .map_err(|e| Failure::input(format!("cannot read the input `{name}` of the sweep: {e}")))?;
            if sha256_hex(&bytes) != *hash {
                return Err(Failure::input(format!(
                    "the input `{name}` was changed after planning\n  = hint: plan again into another folder"
                )));
            }
        }
        Ok(())
    }
}

/// Lines of a manifest, or the first that is wrong and why.
fn parse(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let parsed: Result<Vec<Line>, (usize, String)> = lines
        .par_iter()
        .enumerate()
        .map(|(k, text)| {
            let line: Line = serde_json::from_str(text).map_err(|e| (k, e.to_string()))?;
            if line.index != k {
                return Err((k, format!("its index is {}", line.index)));
            }
            if line.identity() != line.case_id {
                return Err((k, "its content does not have the hash it states".to_string()));
            }
            Ok(line)
        })
        .collect();
    parsed
}

/// A run that cannot be done as planned, found before it is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Number of the run.
    pub index: usize,
    /// First problem of its case.
    pub problem: String,
}

/// What planning found.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Number of runs.
    pub runs: usize,
    /// Number of different runs; equal ones are computed once.
    pub different: usize,
    /// Runs whose case is not valid; they stay in the plan and in the tables.
    pub invalid: Vec<Invalid>,
    /// SHA-256 of the manifest.
    pub hash: String,
}

/// Plans a sweep into a new folder.
///
/// - `text`: content of the sweep file
/// - `case`: content of the case it names, and the folder its file names are relative to
///
/// # Errors
/// A case with problems of its own, a path it does not have, a file that cannot be read, a folder that is in use; exit 2.
pub fn plan(spec: &Spec, text: &str, case: (&str, &Path), folder: &Path) -> Result<Planned, Failure> {
    if fs::read_dir(folder).is_ok_and(|mut d| d.next().is_some()) {
        return Err(Failure::input(format!(
            "`{}` is in use; a sweep is planned into a new folder\n  = hint: give another with `-o`",
            folder.display()
        )));
    }
    let (template, home) = case;
    let document =
        Document::parse(template).map_err(|p| Failure::problems(render(&spec.case, template, &p)))?;
    let mut copies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    copies.insert(CASE.to_string(), template.as_bytes().to_vec());
    let points = points(spec);
    // Each spelling of a file is read once.
    let mut named: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let case_hash = sha256_hex(template.as_bytes());
    let mut lines = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let params: BTreeMap<String, Json> =
            spec.parameters.iter().zip(point).map(|(p, v)| (p.path.clone(), json_of(v))).collect();
        let mut inputs = BTreeMap::from([(CASE.to_string(), case_hash.clone())]);
        for (path, entry) in &document.entries {
            let value =
                spec.parameters.iter().position(|p| p.path == *path).map_or(&entry.value, |k| &point[k]);
            let Value::Text(file) = value else { continue };
            if !may_name_a_file(path, file) {
                continue;
            }
            if !named.contains_key(file) {
                named.insert(file.clone(), copy(home, file, &mut copies)?);
            }
            inputs.extend(named[file].clone());
        }
        let quality = spec.quality.name().to_string();
        let seed = seed_of(spec.seed, index);
        let program = program();
        let mut line =
            Line { case_id: String::new(), index, inputs, keep: spec.keep, params, program, quality, seed };
        line.case_id = line.identity();
        lines.push(line);
    }
    let problems: Vec<Option<String>> = lines.par_iter().map(|l| problem_of(&document, l)).collect();
    let invalid: Vec<Invalid> = problems
        .into_iter()
        .enumerate()
        .filter_map(|(index, p)| p.map(|problem| Invalid { index, problem }))
        .collect();
    if invalid.len() == lines.len() {
        return Err(Failure::input(format!(
            "no run of this sweep is valid; the first: {}\n  = hint: `dens check` tells more about the case",
            invalid.first().map_or("there is none", |i| i.problem.as_str())
        )));
    }
    let mut manifest = String::with_capacity(lines.len() * 400);
    for line in &lines {
        manifest.push_str(&line.to_json());
        manifest.push('\n');
    }
    let hash = sha256_hex(manifest.as_bytes());
    let output = Output::begin(folder)?;
    for (name, bytes) in &copies {
        output.write(&format!("{INPUTS}/{name}"), bytes)?;
    }
    output.write(SPEC, text.as_bytes())?;
    output.write(MANIFEST, manifest.as_bytes())?;
    output.write(HASH, format!("{hash}  {MANIFEST}\n").as_bytes())?;
    output.commit()?;
    let different = lines.iter().map(|l| &l.case_id).collect::<BTreeSet<_>>().len();
    Ok(Planned { runs: lines.len(), different, invalid, hash })
}

/// First problem of the case of a run, in one line.
fn problem_of(document: &Document, line: &Line) -> Option<String> {
    let mut changed = document.clone();
    for assignment in line.assignments() {
        if let Err(p) = changed.set(&assignment) {
            return Some(match p.hint {
                Some(hint) => format!("{}; {hint}", p.message),
                None => p.message,
            });
        }
    }
    let problems = Study::from_document(&changed).err()?;
    problems.into_iter().next().map(|p| p.message)
}

/// Whether an entry may name a file: not a text for people, and with an ending or a folder in it.
fn may_name_a_file(path: &str, text: &str) -> bool {
    let key = path.rsplit('.').next().unwrap_or(path);
    !matches!(key, "source" | "title" | "name" | "schema")
        && !text.contains(' ')
        && text.contains(['.', '/', '\\'])
}

/// Copies what `file` names, a file or a folder of files, and gives the hashes by name; nothing when there is no such file.
fn copy(
    home: &Path,
    file: &str,
    copies: &mut BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, String>, Failure> {
    let place = home.join(file);
    let mut hashes = BTreeMap::new();
    if !place.exists() {
        return Ok(hashes);
    }
    let inside = Path::new(file).components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !inside || file == CASE {
        return Err(Failure::input(format!(
            "the case names `{file}`; the files of a sweep lie in or below the folder of the case and none is called `{CASE}`\n  = hint: copy it there and name it relative to the case"
        )));
    }
    let unreadable = |e: std::io::Error| Failure::input(format!("cannot read `{file}`: {e}"));
    let mut found = vec![(file.to_string(), place)];
    while let Some((name, place)) = found.pop() {
        if place.is_dir() {
            for entry in fs::read_dir(&place).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                found.push((format!("{name}/{}", entry.file_name().to_string_lossy()), entry.path()));
            }
        } else {
            let bytes = fs::read(&place).map_err(unreadable)?;
            hashes.insert(name.clone(), sha256_hex(&bytes));
            copies.insert(name, bytes);
        }
    }
    Ok(hashes)
}

fn json_of(value: &Value) -> Json {
    match value {
        Value::Text(t) => Json::from(t.as_str()),
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Json::from(*n as i64),
        Value::Number(n) => Json::from(*n),
        Value::Bool(b) => Json::from(*b),
        Value::List(items) => Json::Array(items.iter().map(json_of).collect()),
    }
}

/// A value as TOML writes it.
fn toml_of(value: &Json) -> String {
    match value {
        Json::String(t) => toml::Value::from(t.as_str()).to_string(),
        Json::Array(items) => format!("[{}]", items.iter().map(toml_of).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// Quality of this name.
pub fn quality_of(name: &str) -> Option<Quality> {
    [Quality::Draft, Quality::Standard, Quality::Fine].into_iter().find(|q| q.name() == name)
}
