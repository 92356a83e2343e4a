//! The plan of a sweep: one line per run, immutable from then on.

use super::sample::{points, seed_of};
use super::spec::{Keep, Spec};
use crate::case::{self, Quality};
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
        let entries = fs::read_dir(self.checkpoint(case_id)).into_iter().flatten().flatten();
        entries.filter(|e| e.path().extension().is_some_and(|x| x == "part")).count()
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
        self.check(line.inputs.iter())
    }

    /// Checks that the inputs of all runs are those that were planned, each file once.
    ///
    /// # Errors
    /// As [`Sweep::check_inputs`].
    pub fn check_all_inputs(&self) -> Result<(), Failure> {
        let all: BTreeSet<(&String, &String)> = self.lines.iter().flat_map(|l| &l.inputs).collect();
        self.check(all.into_iter())
    }

    fn check<'a>(&self, inputs: impl Iterator<Item = (&'a String, &'a String)>) -> Result<(), Failure> {
        for (name, hash) in inputs {
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
            if !names_a_file(path, value) {
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

/// Whether an entry is one that a case reads as the name of a file or folder.
fn names_a_file(path: &str, value: &Value) -> bool {
    case::names_a_file(path, value) || path == "implant.surface"
}

/// Copies what `file` names, a file or a folder of files, and gives the hashes by name; nothing when there is no such file.
fn copy(
    home: &Path,
    file: &str,
    copies: &mut BTreeMap<String, Vec<u8>>,
) -> Result<BTreeMap<String, String>, Failure> {
    let place = home.join(file);
    let mut hashes = BTreeMap::new();
    if file.is_empty() || !place.exists() {
        return Ok(hashes);
    }
    let parts = || Path::new(file).components();
    let inside = parts().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let own = parts().any(|c| matches!(c, Component::Normal(_)));
    if !inside || !own || file == CASE {
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
            if let Some(voxels) = voxels_beside(&place, &bytes) {
                let beside = place.with_file_name(&voxels);
                let folder = name.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                let name = format!("{folder}{voxels}");
                if beside.is_file() && !hashes.contains_key(&name) {
                    found.push((name, beside));
                }
            }
            hashes.insert(name.clone(), sha256_hex(&bytes));
            copies.insert(name, bytes);
        }
    }
    Ok(hashes)
}

/// The file in the same folder that the header of an image (`.nhdr`, `.mhd`) names for its voxels.
fn voxels_beside(path: &Path, bytes: &[u8]) -> Option<String> {
    let ending = path.extension()?.to_string_lossy().to_lowercase();
    let (sign, keys): (char, &[&str]) = match ending.as_str() {
        "nhdr" | "nrrd" => (':', &["data file", "datafile"]),
        "mhd" | "mha" => ('=', &["elementdatafile"]),
        _ => return None,
    };
    // Headers are short; what follows may be voxels.
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1 << 16)]);
    let lines = head.lines().take_while(|l| sign == '=' || !l.trim().is_empty());
    let value = lines
        .filter_map(|l| l.split_once(sign))
        .find(|(key, _)| keys.contains(&key.trim().to_lowercase().as_str()))
        .map(|(_, value)| value.trim().to_string())?;
    let name = value.strip_prefix("./").unwrap_or(&value);
    // The reader of images takes a file in another folder as little.
    let plain = Path::new(name).file_name().is_some_and(|f| f == name);
    (plain && !name.eq_ignore_ascii_case("local")).then(|| name.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_every_run_are_checked() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        fs::create_dir(dir.path().join(INPUTS)).expect("made");
        let line = |index: usize, name: &str| Line {
            case_id: index.to_string(),
            index,
            inputs: BTreeMap::from([(name.to_string(), sha256_hex(name.as_bytes()))]),
            keep: Keep::Record,
            params: BTreeMap::new(),
            program: program(),
            quality: "draft".into(),
            seed: 0,
        };
        let lines = vec![line(0, "a.stl"), line(1, "b.stl"), line(2, "a.stl")];
        let sweep = Sweep { folder: dir.path().to_path_buf(), hash: String::new(), lines };
        for name in ["a.stl", "b.stl"] {
            fs::write(sweep.inputs().join(name), name).expect("written");
        }
        assert_eq!(sweep.check_all_inputs(), Ok(()));
        fs::write(sweep.inputs().join("b.stl"), "another").expect("written");
        let found = sweep.check_all_inputs().expect_err("changed");
        assert!(found.message.contains("`b.stl` was changed"), "{}", found.message);
    }

    fn names(home: &Path, file: &str) -> Vec<String> {
        let hashes = copy(home, file, &mut BTreeMap::new()).expect("readable");
        hashes.into_keys().collect()
    }

    #[test]
    fn files_are_known_by_their_entry_and_not_by_their_spelling() {
        let text = |t: &str| Value::Text(t.into());
        for (path, file) in
            [("anatomy.c1", "C1 left.stl"), ("scan.image", "scan"), ("implant.surface", "cage.stl")]
        {
            assert!(names_a_file(path, &text(file)), "{path}");
        }
        for path in ["title", "load.0.id", "scan.source"] {
            assert!(!names_a_file(path, &text("a/b.stl")), "{path}");
        }
        let dir = tempfile::tempdir().expect("a scratch folder");
        let home = dir.path();
        fs::create_dir(home.join("scan")).expect("made");
        for name in ["C1 left.stl", "scan/1", "scan/2"] {
            fs::write(home.join(name), name).expect("written");
        }
        assert_eq!(names(home, "C1 left.stl"), ["C1 left.stl"]);
        assert_eq!(names(home, "scan"), ["scan/1", "scan/2"]);
        assert!(names(home, "").is_empty() && names(home, "template").is_empty());
        for file in [".", "./", "..", "scan/.."] {
            assert!(copy(home, file, &mut BTreeMap::new()).is_err(), "{file}");
        }
    }

    #[test]
    fn voxels_that_a_header_names_come_with_it() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let home = dir.path();
        fs::create_dir(home.join("ct")).expect("made");
        for (name, content) in [
            ("a.nhdr", "NRRD0004\ntype: short\ndata file: ./a b.raw.gz\n"),
            ("a b.raw.gz", "voxels"),
            ("ct/a.mhd", "NDims = 3\nElementDataFile = a.raw\n"),
            ("ct/a.raw", "voxels"),
            ("ct/whole.mha", "NDims = 3\nElementDataFile = LOCAL\n"),
            ("far.mhd", "ElementDataFile = ct/a.raw\n"),
        ] {
            fs::write(home.join(name), content).expect("written");
        }
        assert_eq!(names(home, "a.nhdr"), ["a b.raw.gz", "a.nhdr"]);
        assert_eq!(names(home, "ct/a.mhd"), ["ct/a.mhd", "ct/a.raw"]);
        assert_eq!(names(home, "ct/whole.mha"), ["ct/whole.mha"]);
        assert_eq!(names(home, "far.mhd"), ["far.mhd"], "the reader refuses it");
    }
}
