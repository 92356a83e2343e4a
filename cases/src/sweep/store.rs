//! Results of a sweep by case, each a folder that appears by one rename.

use super::manifest::{Line, Sweep};
use super::spec::Keep;
use crate::failure::{Exit, Failure};
use dens_reports::manifest::sha256_hex;
use dens_reports::record::{Quantity, Record, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Version of the layout of a result.
const SCHEMA: &str = "dens-sweep-result/1";
/// What a run wrote to its standard error, while it is worked on.
pub const LOG: &str = "log.txt";
/// Start of the names of folders of unfinished work.
pub const TEMPORARY: &str = ".tmp-";
/// Folder of the results of a sweep.
pub const CASES: &str = "cases";
/// What a result says, the same bytes however it was run.
const RESULT: &str = "result.json";
/// What the run took, different each time.
const COST: &str = "cost.json";
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
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("{CASES}/{TEMPORARY}{case_id}-{}-{}-{count}", host(), std::process::id());
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
        let _ = fs::remove_file(self.join(LOG));
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

    /// Puts a finished folder in place.
    ///
    /// # Errors
    /// A full disk, exit 4; a result that differs from one already there, exit 70.
    pub fn commit(self, sweep: &Sweep, line: &Line, ended: Ended) -> Result<CaseResult, Failure> {
        let result = self.finish(line, ended)?;
        let target = sweep.folder.join(CASES).join(&line.case_id);
        match fs::rename(&self.path, &target) {
            Ok(()) => {
                let _ = File::open(sweep.folder.join(CASES)).and_then(|d| d.sync_all());
                Ok(result)
            }
            Err(e) => self.meet(sweep, &target, result, e),
        }
    }

    /// Another run of the same case was faster: its result must be ours.
    fn meet(
        &self,
        sweep: &Sweep,
        target: &Path,
        result: CaseResult,
        error: io::Error,
    ) -> Result<CaseResult, Failure> {
        let Some(other) = CaseResult::read_in(target, &result.case_id) else {
            return Err(Failure::limit(format!("cannot put the result in place: {error}")));
        };
        // How a crash ends may depend on the machine; only results are compared.
        if other == result || other.status == Status::Crashed || result.status == Status::Crashed {
            return Ok(other);
        }
        let beside =
            target.with_file_name(format!("{}.other-{}-{}", result.case_id, host(), std::process::id()));
        let kept = fs::rename(&self.path, &beside).is_ok();
        let marked = write(&sweep.folder.join(NONDETERMINISTIC), format!("{}\n", result.case_id).as_bytes());
        Err(Failure::bug(format!(
            "two runs of case {} gave different results{}{}",
            result.case_id,
            if kept { "; both are kept" } else { "" },
            if marked.is_ok() { "; the sweep is marked" } else { "" }
        )))
    }
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
