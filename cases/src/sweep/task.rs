//! Runs cases of a sweep, each in a child process.
//!
//! The case is the smallest unit: one that is stopped leaves nothing and starts from its beginning when run again.

use super::manifest::{CASE, INPUTS, Line, Sweep};
use super::said::plain;
use super::store::{
    CASES, CaseResult, Cost, Ended, LOG, Status, Workplace, clear_dead, drop_result, host, set_aside,
    unreadable,
};
use crate::checkpoint::Checkpoint;
use crate::failure::{Exit, Failure};
use crate::output::ENDS_WITH_PARENT;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How cases are run.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Words of the program that runs a case, for instance of a container; empty: this program.
    pub program: Vec<String>,
    /// Threads of each case.
    pub threads: usize,
    /// Address space of each case, bytes.
    pub memory: Option<u64>,
    /// Set to the number of a signal when the work shall stop.
    pub stop: Arc<AtomicUsize>,
}

/// What became of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    /// It had a result already.
    Before(CaseResult),
    /// It was run now.
    Now(CaseResult),
    /// It was stopped by this signal and left nothing.
    Stopped(usize),
}

/// Turns signals that ask for an end into a number that running cases look at.
///
/// # Errors
/// When the system refuses.
pub fn listen() -> Result<Arc<AtomicUsize>, Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
    let stop = Arc::new(AtomicUsize::new(0));
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] {
        signal_hook::flag::register_usize(signal, Arc::clone(&stop), signal.unsigned_abs() as usize)
            .map_err(|e| Failure::bug(format!("no signal handler: {e}")))?;
    }
    Ok(stop)
}

/// The same signals as a flag, for work that only asks whether to stop.
///
/// # Errors
/// When the system refuses.
pub fn listen_flag() -> Result<Arc<AtomicBool>, Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|e| Failure::bug(format!("no signal handler: {e}")))?;
    }
    Ok(stop)
}

/// Signal by which a scheduler tells that the time of a job is near its end.
pub const TIME_IS_NEAR: usize = signal_hook::consts::SIGUSR1.unsigned_abs() as usize;

/// Exit code after this signal: 130 when a person pressed Ctrl-C, else "run me again".
pub fn exit_after(signal: usize) -> Exit {
    if signal == signal_hook::consts::SIGINT.unsigned_abs() as usize {
        Exit::Interrupted
    } else {
        Exit::Unfinished
    }
}

/// Runs one case, unless its result is there.
///
/// # Errors
/// Changed inputs, exit 2; a full disk, exit 4; a program that does not start, exit 2; results that differ, exit 70.
pub fn run(sweep: &Sweep, line: &Line, manner: &Manner) -> Result<Done, Failure> {
    if let Some(result) = CaseResult::read(sweep, &line.case_id) {
        return Ok(Done::Before(result));
    }
    let kept = sweep.checkpoint(&line.case_id);
    match attempt(sweep, line, manner, Some(&kept))? {
        Attempt::Ended(work, ended) => {
            let result = work.commit(sweep, line, ended)?;
            // After a crash or a limit the next attempt goes on from the finished parts.
            if result.status.is_settled() {
                Checkpoint::clear(&kept);
            }
            Ok(Done::Now(result))
        }
        Attempt::Stopped(signal) => Ok(Done::Stopped(signal)),
    }
}

/// Computes a finished run again and says whether its result is the same; `None` when it was stopped.
///
/// # Errors
/// As [`run`].
pub fn same_again(sweep: &Sweep, line: &Line, manner: &Manner) -> Result<Option<bool>, Failure> {
    match attempt(sweep, line, manner, None)? {
        Attempt::Ended(work, ended) => {
            let result = work.finish(line, ended)?;
            Ok(Some(CaseResult::read(sweep, &line.case_id).is_some_and(|before| before.agrees(&result))))
        }
        Attempt::Stopped(_) => Ok(None),
    }
}

/// End of a child process.
enum Attempt {
    Ended(Workplace, Ended),
    Stopped(usize),
}

/// - `kept`: folder for finished parts of the case
fn attempt(sweep: &Sweep, line: &Line, manner: &Manner, kept: Option<&Path>) -> Result<Attempt, Failure> {
    sweep.check_inputs(line)?;
    let work = Workplace::new(sweep, &line.case_id)?;
    let log =
        File::create(work.join(LOG)).map_err(|e| Failure::limit(format!("cannot write `{LOG}`: {e}")))?;
    let start = Instant::now();
    let mut child = command(line, manner, &format!("../{}/run", work.name))?
        .args(kept.into_iter().flat_map(|k| [OsStr::new("--checkpoint"), k.as_os_str()]))
        .current_dir(sweep.folder.join(INPUTS))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::from(log))
        .spawn()
        .map_err(|e| Failure::input(format!("cannot start the program of a case: {e}")))?;
    // Short cases are looked at often, long ones seldom.
    let mut pause = Duration::from_millis(1);
    let ended = loop {
        match child.try_wait() {
            Ok(Some(ended)) => break ended,
            Ok(None) => {}
            Err(e) => return Err(Failure::bug(format!("cannot wait for a case: {e}"))),
        }
        let signal = manner.stop.load(Ordering::Relaxed);
        if signal != 0 {
            // All else it wrote lies in the work folder, which is dropped.
            let _ = child.kill();
            let _ = child.wait();
            return Ok(Attempt::Stopped(signal));
        }
        sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(50));
    };
    let log = fs::read(work.join(LOG)).unwrap_or_default();
    let Some((status, error)) = meaning(ended, &String::from_utf8_lossy(&log), sweep) else {
        return Ok(Attempt::Stopped(signal_hook::consts::SIGTERM.unsigned_abs() as usize));
    };
    let peak = fs::read(work.join("run/manifest.json"))
        .ok()
        .and_then(|b| serde_json::from_slice::<dens_reports::manifest::Manifest>(&b).ok())
        .map_or(0.0, |m| m.peak_memory_mib);
    let cost = Cost {
        seconds: start.elapsed().as_secs_f64(),
        threads: manner.threads,
        peak_memory_mib: peak,
        bytes: 0,
        host: host(),
    };
    let ended = Ended { status, exit: ended.code().unwrap_or(-1), error, cost };
    Ok(Attempt::Ended(work, ended))
}

/// Words of `--program` as they hold in every folder: a case runs in that of the inputs.
///
/// The first is looked for on the path unless it has a `/`; others are made absolute where they name what is here and have
/// a `/` or a `.`, so that `apptainer exec dens.sif dens` finds the image and leaves the program within it alone.
///
/// # Errors
/// A program that is not there; exit 2.
pub fn program(words: &str) -> Result<Vec<String>, Failure> {
    let absolute = |word: &str| -> Result<String, Failure> {
        let place = std::path::absolute(word)
            .map_err(|e| Failure::input(format!("cannot tell where `{word}` is: {e}")))?;
        Ok(place.to_string_lossy().into_owned())
    };
    let named = |(k, word): (usize, &str)| {
        let exists = Path::new(word).exists();
        match k {
            0 if !word.contains('/') => Ok(word.to_string()),
            0 if !exists => Err(Failure::input(format!("there is no program `{word}`"))),
            0 => absolute(word),
            _ if exists && word.contains(['/', '.']) => absolute(word),
            _ => Ok(word.to_string()),
        }
    };
    words.split_whitespace().enumerate().map(named).collect()
}

fn command(line: &Line, manner: &Manner, output: &str) -> Result<Command, Failure> {
    let mut words = manner.program.clone();
    if words.is_empty() {
        let own = std::env::current_exe()
            .map_err(|e| Failure::bug(format!("this program does not know its own place: {e}")))?;
        words.push(own.to_string_lossy().into_owned());
    }
    let mut command = match manner.memory {
        None => Command::new(&words[0]),
        Some(bytes) => {
            // The shell's own limit: children that ask for more get an error instead of the machine's memory.
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -v {} && exec \"$@\"", bytes / 1024), "sh", &words[0]]);
            shell
        }
    };
    command.env(ENDS_WITH_PARENT, "1").args(&words[1..]);
    command.args(["run", CASE, "--quiet", "--output", output, "--quality", &line.quality]);
    command.args(["--threads", &manner.threads.to_string()]);
    for assignment in line.assignments() {
        command.args(["--set", &assignment]);
    }
    Ok(command)
}

/// Status and words of a run that ended; `None` when it was stopped from outside.
fn meaning(ended: ExitStatus, log: &str, sweep: &Sweep) -> Option<(Status, Option<String>)> {
    if log.contains("memory allocation of") {
        return Some((
            Status::Limit,
            Some("out of memory: the limit of `--mem`, or of the machine".to_string()),
        ));
    }
    match ended.code() {
        Some(_) => {
            let status = Status::of(ended.code())?;
            let error = if status == Status::Ok { None } else { plain(log, sweep) };
            Some((status, error))
        }
        None => {
            let end = "the process was killed; a common reason is that the machine ran out of memory";
            Some((Status::Crashed, Some(end.to_string())))
        }
    }
}

/// What several tasks came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Run now.
    pub run: usize,
    /// Had a result before.
    pub before: usize,
    /// Of both, those without a computed result.
    pub failed: usize,
    /// Not started, since the work was stopped or the time did not suffice.
    pub left: usize,
    /// Signal that stopped the work.
    pub signal: Option<usize>,
}

/// Runs tasks side by side and goes on after a failed one.
///
/// - `tasks`: numbers of runs, begun in this order
/// - `within`: time for all; no further case is begun when less than 1.5 times the longest so far is left
/// - `told`: called after each with the number of those done
///
/// # Errors
/// As [`run`]; the other tasks are then left.
pub fn run_all(
    sweep: &Sweep,
    tasks: &[usize],
    side_by_side: usize,
    within: Option<Duration>,
    manner: &Manner,
    told: &(dyn Fn(usize, &Done) + Sync),
) -> Result<Tally, Failure> {
    for k in tasks {
        sweep.line(*k)?;
    }
    clear_dead(sweep);
    // Equal cases are computed once; the others read the result.
    let mut seen = BTreeSet::new();
    let (firsts, repeats): (Vec<usize>, Vec<usize>) =
        tasks.iter().partition(|k| seen.insert(sweep.lines[**k].case_id.as_str()));
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let longest_ms = AtomicUsize::new(0);
    let broken = AtomicUsize::new(0);
    let worker = || -> Result<Tally, Failure> {
        let mut tally = Tally::default();
        loop {
            let longest = Duration::from_millis(longest_ms.load(Ordering::Relaxed) as u64);
            let short = within.is_some_and(|all| all.saturating_sub(start.elapsed()) < longest * 3 / 2);
            let stopped = manner.stop.load(Ordering::Relaxed);
            if stopped != 0 {
                tally.signal = Some(stopped);
            }
            if short || stopped != 0 || broken.load(Ordering::Relaxed) != 0 {
                return Ok(tally);
            }
            let Some(task) = firsts.get(next.fetch_add(1, Ordering::Relaxed)) else { return Ok(tally) };
            let begun = Instant::now();
            let end = run(sweep, &sweep.lines[*task], manner).inspect_err(|_| {
                broken.store(1, Ordering::Relaxed);
            })?;
            let count = match &end {
                Done::Before(r) | Done::Now(r) => {
                    tally.failed += usize::from(r.status != Status::Ok);
                    done.fetch_add(1, Ordering::Relaxed) + 1
                }
                Done::Stopped(signal) => {
                    tally.signal = Some(*signal);
                    return Ok(tally);
                }
            };
            if matches!(end, Done::Now(_)) {
                tally.run += 1;
                longest_ms.fetch_max(begun.elapsed().as_millis() as usize, Ordering::Relaxed);
            } else {
                tally.before += 1;
            }
            told(count, &end);
        }
    };
    let ends: Vec<Result<Tally, Failure>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..side_by_side.max(1)).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    clear_dead(sweep);
    let mut all = Tally::default();
    for tally in ends {
        let tally = tally?;
        all.run += tally.run;
        all.before += tally.before;
        all.failed += tally.failed;
        all.signal = all.signal.or(tally.signal);
    }
    for k in repeats {
        if let Some(result) = CaseResult::read(sweep, &sweep.lines[k].case_id) {
            all.before += 1;
            all.failed += usize::from(result.status != Status::Ok);
            told(done.fetch_add(1, Ordering::Relaxed) + 1, &Done::Before(result));
        }
    }
    all.left = tasks.len() - all.run - all.before;
    Ok(all)
}

/// What is run again, and what was moved away for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Numbers of the tasks.
    pub tasks: Vec<usize>,
    /// New names of folders that held no readable result.
    pub broken: Vec<String>,
}

/// Removes results of tasks so that they are run again, and moves folders without a readable result away.
///
/// # Errors
/// When a folder cannot be moved; exit 4.
pub fn forget(sweep: &Sweep, unwanted: &dyn Fn(&CaseResult) -> bool) -> Result<Forgotten, Failure> {
    let mut forgotten = Forgotten::default();
    let mut gone: BTreeSet<String> = BTreeSet::new();
    for case_id in unreadable(sweep) {
        let name = set_aside(sweep, &case_id)
            .map_err(|e| Failure::limit(format!("cannot move the folder of case {case_id}: {e}")))?;
        forgotten.broken.push(format!("{CASES}/{name}"));
        gone.insert(case_id);
    }
    for line in &sweep.lines {
        if CaseResult::read(sweep, &line.case_id).is_some_and(|r| unwanted(&r)) {
            drop_result(sweep, &line.case_id).map_err(|e| {
                Failure::limit(format!("cannot remove the result of task {}: {e}", line.index))
            })?;
            gone.insert(line.case_id.clone());
        }
        if gone.contains(&line.case_id) {
            forgotten.tasks.push(line.index);
        }
    }
    Ok(forgotten)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_program_hold_in_another_folder() {
        // Tests run in the folder of the crate.
        let here = std::env::current_dir().expect("there is one");
        let absolute = |name: &str| here.join(name).to_string_lossy().into_owned();
        let found = program("apptainer exec Cargo.toml src -v ./src none.sif").expect("words");
        assert_eq!(found[..4], ["apptainer", "exec", &absolute("Cargo.toml"), "src"]);
        assert_eq!(found[4..], ["-v", &absolute("src"), "none.sif"]);
        assert_eq!(program("src/main.rs").expect("there"), [absolute("src/main.rs")]);
        assert!(program("./none").is_err());
    }
}
