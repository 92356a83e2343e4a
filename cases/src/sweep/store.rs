//! Results of a sweep by case, each a folder that appears by one rename.

use super::manifest::{Line, Sweep};
use super::spec::Keep;
use crate::failure::{Exit, Failure};
use dens_reports::manifest::sha256_hex;
use dens_reports::record::{Quantity, Record, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Version of the layout of a result.
const SCHEMA: &str = "dens-sweep-result/1";
/// What a run wrote to its standard error, as it wrote it.
pub const LOG: &str = "log.txt";
/// Start of the names of folders of unfinished work.
pub const TEMPORARY: &str = ".tmp-";
/// Folder of the results of a sweep.
pub const CASES: &str = "cases";
/// What a result says, the same bytes however it was run.
const RESULT: &str = "result.json";
/// What the run took, different each time.
const COST: &str = "cost.json";
/// Part of the names of folders that were found unreadable and moved away.
pub const BROKEN: &str = ".broken-";
/// File that marks a case with two results that differ.
pub const NONDETERMINISTIC: &str = "NONDETERMINISTIC";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Computed, criteria met or not.
    Ok,
    /// Bad input or model.
    Invalid,
    /// No convergence.
    Nonconverged,
    /// A limit of memory, time or disk was hit.
    Limit,
    /// It fell over, a bug, or was killed.
    Crashed,
}

impl Status {
    /// Name in tables.
    pub fn name(self) -> &'static str {
        ["ok", "invalid", "nonconverged", "limit", "crashed"][self as usize]
    }

    /// Whether the case alone decides that it ends so; a limit or a crash may be that of the machine.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Ok | Self::Invalid | Self::Nonconverged)
    }

    /// Meaning of an exit code; `None` when the run was stopped and has no result.
    ///
    /// - `code`: `None` after a signal
    pub fn of(code: Option<i32>) -> Option<Self> {
        match code {
            Some(c) if c == Exit::Met.code() || c == Exit::CriterionFailed.code() => Some(Self::Ok),
            Some(c) if c == Exit::BadInput.code() => Some(Self::Invalid),
            Some(c) if c == Exit::NotConverged.code() => Some(Self::Nonconverged),
            Some(c) if c == Exit::Limit.code() => Some(Self::Limit),
            Some(c) if c == Exit::Interrupted.code() || c == Exit::Unfinished.code() => None,
            _ => Some(Self::Crashed),
        }
    }

    /// Exit code of a task that ended so.
    pub fn exit(self) -> Exit {
        match self {
            Self::Ok => Exit::Met,
            Self::Invalid => Exit::BadInput,
            Self::Nonconverged => Exit::NotConverged,
            Self::Limit => Exit::Limit,
            Self::Crashed => Exit::Bug,
        }
    }
}

/// Result of one case: all that its inputs determine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseResult {
    /// Layout.
    pub schema: String,
    /// Hash of what determines it.
    pub case_id: String,
    /// How it ended.
    pub status: Status,
    /// Exit code of the run; -1 after a signal.
    pub exit: i32,
    /// Verdict of the assessment.
    pub verdict: Option<Verdict>,
    /// Figures of the assessment.
    pub quantities: Vec<Quantity>,
    /// What the run said when it had no result.
    pub error: Option<String>,
    /// SHA-256 of the files kept, by name.
    pub files: BTreeMap<String, String>,
}

/// What a run took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Threads it had.
    pub threads: usize,
    /// Largest resident memory, MiB; 0 when unknown.
    pub peak_memory_mib: f64,
    /// Size of what was kept, bytes.
    pub bytes: u64,
    /// Machine.
    pub host: String,
}

/// End of a run before it is put in place.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// Exit code; -1 after a signal.
    pub exit: i32,
    /// What it said.
    pub error: Option<String>,
    /// What it took; bytes are counted here.
    pub cost: Cost,
}

impl CaseResult {
    /// The result of a case, if it is there and whole.
    pub fn read(sweep: &Sweep, case_id: &str) -> Option<Self> {
        Self::read_in(&sweep.folder.join(CASES).join(case_id), case_id)
    }

    fn read_in(folder: &Path, case_id: &str) -> Option<Self> {
        let result: Self = serde_json::from_slice(&fs::read(folder.join(RESULT)).ok()?).ok()?;
        (result.schema == SCHEMA && result.case_id == case_id).then_some(result)
    }

    /// Whether the other is what a run of the same case must give; the words of an error are not compared.
    pub fn agrees(&self, other: &Self) -> bool {
        Self { error: None, ..self.clone() } == Self { error: None, ..other.clone() }
    }

    /// What the run took, if it told.
    pub fn cost(sweep: &Sweep, case_id: &str) -> Option<Cost> {
        serde_json::from_slice(&fs::read(sweep.folder.join(CASES).join(case_id).join(COST)).ok()?).ok()
    }

    /// Names of kept files that are missing or not those of the result.
    pub fn damaged(&self, sweep: &Sweep) -> Vec<String> {
        let folder = sweep.folder.join(CASES).join(&self.case_id);
        let good = |(name, hash): (&String, &String)| {
            fs::read(folder.join(name)).is_ok_and(|bytes| sha256_hex(&bytes) == *hash)
        };
        self.files.iter().filter(|f| !good(*f)).map(|(name, _)| name.clone()).collect()
    }
}

/// Folder for the work on one case; removed with all in it unless it is put in place.
#[derive(Debug)]
pub struct Workplace {
    /// The folder, relative to that of the sweep.
    pub name: String,
    path: PathBuf,
}

impl Workplace {
    /// New folder beside the results.
    ///
    /// # Errors
    /// When it cannot be made; exit 4.
    pub fn new(sweep: &Sweep, case_id: &str) -> Result<Self, Failure> {
        let name = format!("{CASES}/{TEMPORARY}{case_id}-{}-{}-{}", host(), std::process::id(), next());
        let path = sweep.folder.join(&name);
        fs::create_dir_all(&path)
            .map_err(|e| Failure::limit(format!("cannot make a folder in `{CASES}`: {e}")))?;
        Ok(Self { name, path })
    }

    /// Place of a file or folder in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Keeps what is asked of the run in `run` and writes the result beside it.
    ///
    /// # Errors
    /// A full disk; exit 4.
    pub fn finish(&self, line: &Line, ended: Ended) -> Result<CaseResult, Failure> {
        let failed =
            |e: io::Error| Failure::limit(format!("cannot keep the result of task {}: {e}", line.index));
        let run = self.join("run");
        let record = fs::read(run.join("record.json")).ok().and_then(|b| Record::from_json(&b).ok());
        let (mut status, mut error) = (ended.status, ended.error);
        if status == Status::Ok && record.is_none() {
            (status, error) =
                (Status::Crashed, Some("the run ended well but left no readable record".into()));
        }
        let mut files = BTreeMap::new();
        let mut bytes = 0;
        if status == Status::Ok {
            for name in kept(line.keep, &run).map_err(failed)? {
                let content = fs::read(run.join(&name)).map_err(failed)?;
                bytes += content.len() as u64;
                // What varies from run to run is kept and not compared.
                if name != "manifest.json" {
                    files.insert(name.clone(), sha256_hex(&content));
                }
                write(&self.join(&name), &content).map_err(failed)?;
            }
        }
        if run.exists() {
            fs::remove_dir_all(&run).map_err(failed)?;
        }
        let log = self.join(LOG);
        if fs::metadata(&log).is_ok_and(|l| l.len() == 0) {
            let _ = fs::remove_file(log);
        }
        let record = record.filter(|_| status == Status::Ok);
        let result = CaseResult {
            schema: SCHEMA.to_string(),
            case_id: line.case_id.clone(),
            status,
            exit: ended.exit,
            verdict: record.as_ref().map(|r| r.verdict.outcome),
            quantities: record.map_or_else(Vec::new, |r| r.criteria),
            error,
            files,
        };
        let cost = Cost { bytes, ..ended.cost };
        write(&self.join(COST), &pretty(&cost)).map_err(failed)?;
        write(&self.join(RESULT), &pretty(&result)).map_err(failed)?;
        File::open(&self.path).and_then(|d| d.sync_all()).map_err(failed)?;
        Ok(result)
    }

    /// Puts a finished folder in place and gives the result that stands there then: ours, or an equal one of another run
    /// that was faster. A folder without a readable result is moved away; a limit or a crash gives way to what the case
    /// itself decides and is compared with nothing.
    ///
    /// # Errors
    /// A full disk, exit 4; a result that differs from one already there, exit 70.
    pub fn commit(self, sweep: &Sweep, line: &Line, ended: Ended) -> Result<CaseResult, Failure> {
        let result = self.finish(line, ended)?;
        let target = sweep.folder.join(CASES).join(&line.case_id);
        // Others may be at the same case: what stands there can change between two looks.
        for _ in 0..100 {
            let error = match fs::rename(&self.path, &target) {
                Ok(()) => {
                    let _ = File::open(sweep.folder.join(CASES)).and_then(|d| d.sync_all());
                    return Ok(result);
                }
                Err(e) => e,
            };
            use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
            if !matches!(error.kind(), AlreadyExists | DirectoryNotEmpty | NotADirectory) {
                return Err(Failure::limit(format!("cannot put the result in place: {error}")));
            }
            let moved = match CaseResult::read_in(&target, &line.case_id) {
                None => set_aside(sweep, &line.case_id).map(drop),
                // The case itself has the last word, not the machine that ran it before.
                Some(other) if result.status.is_settled() && !other.status.is_settled() => {
                    drop_result(sweep, &line.case_id)
                }
                Some(other) if !result.status.is_settled() || other.agrees(&result) => return Ok(other),
                Some(_) => return Err(self.differs(sweep, &target, &result)),
            };
            match moved {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    return Err(Failure::limit(format!(
                        "cannot replace the result of task {}: {e}",
                        line.index
                    )));
                }
                _ => {}
            }
        }
        Err(Failure::limit(format!("the result of task {} is replaced all the time by others", line.index)))
    }

    /// Keeps a result beside the one that it should equal, and marks the sweep.
    fn differs(&self, sweep: &Sweep, target: &Path, result: &CaseResult) -> Failure {
        let beside =
            target.with_file_name(format!("{}.other-{}-{}", result.case_id, host(), std::process::id()));
        let kept = fs::rename(&self.path, &beside).is_ok();
        let marked = write(&sweep.folder.join(NONDETERMINISTIC), format!("{}\n", result.case_id).as_bytes());
        Failure::bug(format!(
            "two runs of case {} gave different results{}{}",
            result.case_id,
            if kept { "; both are kept" } else { "" },
            if marked.is_ok() { "; the sweep is marked" } else { "" }
        ))
    }
}

/// Cases whose folder holds no readable result, in the order of the plan.
pub fn unreadable(sweep: &Sweep) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let ids = sweep.lines.iter().map(|l| &l.case_id).filter(|id| seen.insert(*id));
    let broken =
        |id: &&String| sweep.folder.join(CASES).join(id).exists() && CaseResult::read(sweep, id).is_none();
    ids.filter(broken).cloned().collect()
}

/// Names of the folders that were found unreadable and moved away, sorted.
pub fn moved_away(sweep: &Sweep) -> Vec<String> {
    let entries = fs::read_dir(sweep.folder.join(CASES)).into_iter().flatten().flatten();
    let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|n| n.contains(BROKEN)).collect();
    names.sort();
    names
}

/// Moves an unreadable folder of a case away, content and all, and gives its name.
///
/// # Errors
/// As the system; not found when another was faster.
pub fn set_aside(sweep: &Sweep, case_id: &str) -> io::Result<String> {
    let cases = sweep.folder.join(CASES);
    let name = format!("{case_id}{BROKEN}{}-{}-{}", host(), std::process::id(), next());
    fs::rename(cases.join(case_id), cases.join(&name))?;
    if CaseResult::read_in(&cases.join(&name), case_id).is_some() {
        // Another run put its result there in between: back with it, unless there is one again.
        fs::rename(cases.join(&name), cases.join(case_id))
            .or_else(|_| fs::remove_dir_all(cases.join(&name)))?;
    }
    Ok(name)
}

/// Removes a result. Moved first, so that a half-removed folder is never taken for one.
///
/// # Errors
/// As the system; not found when another was faster.
pub fn drop_result(sweep: &Sweep, case_id: &str) -> io::Result<()> {
    let cases = sweep.folder.join(CASES);
    let away = cases.join(format!("{TEMPORARY}{case_id}-{}-{}-{}-away", host(), std::process::id(), next()));
    fs::rename(cases.join(case_id), &away)?;
    fs::remove_dir_all(&away)
}

/// A number that this process has not used for a folder.
fn next() -> usize {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// Removes the work of runs that died on this machine.
pub fn clear_dead(sweep: &Sweep) {
    let alive = |pid: &str| !Path::new("/proc/self").exists() || Path::new("/proc").join(pid).exists();
    for entry in fs::read_dir(sweep.folder.join(CASES)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let parts: Vec<&str> = name.strip_prefix(TEMPORARY).map_or(Vec::new(), |n| n.split('-').collect());
        // Case, host, process, count.
        if let [_, machine, pid, ..] = parts[..]
            && machine == host()
            && !alive(pid)
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Names of the files of a finished run that are kept.
fn kept(keep: Keep, run: &Path) -> io::Result<Vec<String>> {
    if keep == Keep::Record {
        return Ok(vec!["manifest.json".to_string(), "record.json".to_string()]);
    }
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(run.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if entry.file_type()?.is_dir() { folders.push(name) } else { names.push(name) }
        }
    }
    names.sort();
    Ok(names)
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain fields with finite numbers");
    bytes.push(b'\n');
    bytes
}

/// Writes a file and brings it to the disk.
fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Name of this machine, for folders of work.
pub fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "host".to_string());
    name.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "ab12";

    fn sweep(folder: &Path) -> Sweep {
        let line = Line {
            case_id: ID.into(),
            index: 0,
            inputs: BTreeMap::new(),
            keep: Keep::Record,
            params: BTreeMap::new(),
            program: String::new(),
            quality: "draft".into(),
            seed: 0,
        };
        Sweep { folder: folder.to_path_buf(), hash: String::new(), lines: vec![line] }
    }

    /// Ends a run of the case so, with these words or this figure.
    fn end(sweep: &Sweep, status: Status, word: &str) -> Result<CaseResult, Failure> {
        let work = Workplace::new(sweep, ID)?;
        if status == Status::Ok {
            let mut record = Record::new("dens", "test", "stub", "a stand-in");
            record.criteria.push(Quantity::new("x", "x", word.parse().expect("a number"), "MPa"));
            let bytes = record.to_json().expect("valid");
            write(&work.join("run/record.json"), &bytes).expect("written");
            write(&work.join("run/manifest.json"), b"{}").expect("written");
        }
        let error = (status != Status::Ok).then(|| word.to_string());
        let ended = Ended { status, exit: status.exit().code(), error, cost: Cost::default() };
        work.commit(sweep, &sweep.lines[0], ended)
    }

    fn names(sweep: &Sweep) -> Vec<String> {
        let entries = fs::read_dir(sweep.folder.join(CASES)).expect("there").flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_the_case_decides_replaces_what_the_machine_did_and_not_the_other_way() {
        for machine in [Status::Limit, Status::Crashed] {
            let dir = tempfile::tempdir().expect("a scratch folder");
            let sweep = sweep(dir.path());
            for (status, word, stands) in [
                (machine, "no memory", machine),
                (Status::Crashed, "killed", machine),
                (Status::Ok, "1.0", Status::Ok),
                (machine, "no memory", Status::Ok),
                (Status::Ok, "1.0", Status::Ok),
            ] {
                assert_eq!(end(&sweep, status, word).expect("no two results").status, stands);
                assert_eq!(CaseResult::read(&sweep, ID).expect("there").status, stands);
            }
            assert_eq!(names(&sweep), [ID], "nothing is left of the others");
            assert!(!dir.path().join(NONDETERMINISTIC).exists());
        }
    }

    #[test]
    fn only_results_are_compared_and_not_their_words() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let sweep = sweep(dir.path());
        end(&sweep, Status::Nonconverged, "after 3 s").expect("the first");
        end(&sweep, Status::Nonconverged, "after 4 s").expect("the same end");
        assert!(!dir.path().join(NONDETERMINISTIC).exists());
        let found = end(&sweep, Status::Ok, "1.0").expect_err("another end");
        assert!(found.message.contains("different results; both are kept"), "{}", found.message);
        assert!(dir.path().join(NONDETERMINISTIC).exists());
    }

    #[test]
    fn an_unreadable_folder_is_moved_away() {
        let dir = tempfile::tempdir().expect("a scratch folder");
        let sweep = sweep(dir.path());
        for content in ["{", "{\"schema\":\"dens-sweep-result/0\"}"] {
            let _ = drop_result(&sweep, ID);
            write(&dir.path().join(CASES).join(ID).join(RESULT), content.as_bytes()).expect("written");
            assert_eq!(unreadable(&sweep), [ID]);
            assert_eq!(end(&sweep, Status::Ok, "1.0").expect("goes on").status, Status::Ok);
            assert!(unreadable(&sweep).is_empty());
        }
        assert_eq!(moved_away(&sweep).len(), 2);
    }
}
