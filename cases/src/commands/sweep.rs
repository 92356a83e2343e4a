//! `dens sweep`: one case with many values.

use super::read;
use crate::cli::{memory, print};
use crate::diagnostic::{Problem, render};
use crate::document::Document;
use crate::failure::{Exit, Failure};
use crate::output::{stop_cleanly, write_whole};
use crate::progress::Progress;
use crate::sweep::cluster::Job;
use crate::sweep::ensemble::ensemble;
use crate::sweep::forecast::Forecast;
use crate::sweep::manifest::{plan, quality_of};
use crate::sweep::merge::{count, described, merge, results};
use crate::sweep::store::{CASES, NONDETERMINISTIC, Status, moved_away, unreadable};
use crate::sweep::task::{
    self, Done, Forgotten, Manner, TIME_IS_NEAR, Tally, exit_after, forget, listen, run_all,
};
use crate::sweep::{CaseResult, Spec, Sweep, plot};
use clap::{Args, Subcommand};
use dens_mesher::units::{self, Dimension};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Arguments of `dens sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// Parts of `dens sweep`.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Plan the runs of a sweep file into a new folder.
    Plan(PlanArgs),
    /// Run some of the planned cases here; finished ones are skipped.
    Run(RunArgs),
    /// Run all that is left on this machine.
    Local(LocalArgs),
    /// Write Slurm scripts for the runs that have no result yet, and submit them with --submit.
    Slurm(SlurmArgs),
    /// Write a script for another scheduler; these texts are to be edited and were not run by us.
    Template(TemplateArgs),
    /// How many runs ended how, and what the rest will take.
    Status(FolderArgs),
    /// Make results.csv, results.jsonl, failures.csv and sweep.json from what there is.
    Merge(MergeArgs),
    /// Draw the runs that have ended: plots as SVG, PNG and CSV, digest.pdf, and page.html for a browser.
    Plot(PlotArgs),
    /// Forget the results of failed runs, so that they are run again.
    Retry(RetryArgs),
    /// Check every hash, and that some runs give the same bytes again.
    Verify(CheckArgs),
}

/// A planned sweep.
#[derive(Debug, Args)]
pub struct FolderArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `dens sweep plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// Sweep file.
    #[arg(value_name = "SPEC")]
    pub spec: PathBuf,
    /// New folder of the sweep.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Run so many cases now, spread over the plan, and forecast time, memory and storage of the rest.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub measure: usize,
}

/// How cases are run.
#[derive(Debug, Args)]
pub struct CaseManner {
    /// Threads of each case, at most the cores shared by the cases at once; default: those of the job, or all cores, shared.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Memory each case may ask for (address space), for instance "6 GB"; default: 95 % of SLURM_MEM_PER_NODE, shared.
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub mem: Option<u64>,
    /// Time for all: no case is begun when less than 1.5 times the longest so far is left; "90 min".
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    pub within: Option<f64>,
    /// Program that runs a case, in words divided by spaces: "apptainer exec dens.sif dens". A file or folder of here is
    /// named with a `.` or a `/`. Default: this program.
    #[arg(long, value_name = "WORDS")]
    pub program: Option<String>,
    /// No progress and no summary.
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `dens sweep run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Number of the run; default: the number the scheduler gives (HQ_TASK_ID, JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID,
    /// PBS_ARRAY_INDEX, LSB_JOBINDEX; the first of them that is there).
    #[arg(long, value_name = "K", conflicts_with = "tasks")]
    pub task: Option<usize>,
    /// Runs A to B, both included, and lists of such: 3..8,12.
    #[arg(long, value_name = "A..B", value_parser = ranges)]
    pub tasks: Option<Ranges>,
    /// Added to the number of the scheduler.
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true)]
    pub offset: isize,
    /// Runs of one number of the scheduler: number k stands for runs k C to k C + C - 1.
    #[arg(long, value_name = "C", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk: u32,
    /// How.
    #[command(flatten)]
    pub manner: CaseManner,
}

/// Arguments of `dens sweep local`.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Cases at once.
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// How.
    #[command(flatten)]
    pub manner: CaseManner,
}

/// What a job of a scheduler asks for.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Runs of one array element; aim at 10 to 30 minutes.
    #[arg(long, value_name = "C", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub chunk: u32,
    /// Elements at once; 0: no limit.
    #[arg(long, value_name = "T", default_value_t = 0)]
    pub throttle: usize,
    /// Threads of a run.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Memory of an element.
    #[arg(long, value_name = "SIZE", default_value = "6 GB", value_parser = memory)]
    pub mem: u64,
    /// Time of an element.
    #[arg(long, value_name = "TIME", default_value = "60 min", value_parser = seconds)]
    pub time: f64,
    /// This program as the nodes call it, in words divided by spaces. Default: by its place here.
    #[arg(long, value_name = "WORDS")]
    pub dens: Option<String>,
    /// Program that runs a case, in words divided by spaces. Default: the same.
    #[arg(long, value_name = "WORDS")]
    pub program: Option<String>,
}

/// Arguments of `dens sweep slurm`.
#[derive(Debug, Args)]
pub struct SlurmArgs {
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
    /// Elements of one array; default: MaxArraySize of the cluster, 1001 when it does not tell.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_array: Option<u32>,
    /// Hand the scripts to the cluster.
    #[arg(long)]
    pub submit: bool,
}

/// Arguments of `dens sweep template`.
#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Scheduler.
    #[arg(value_enum)]
    pub scheduler: Scheduler,
    /// The job.
    #[command(flatten)]
    pub job: JobArgs,
}

/// Schedulers with a text to edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scheduler {
    /// PBS Professional, OpenPBS.
    Pbs,
    /// IBM Spectrum LSF.
    Lsf,
    /// HyperQueue.
    Hq,
    /// Kubernetes indexed job.
    K8s,
}

/// Arguments of `dens sweep merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The sweep.
    #[command(flatten)]
    pub sweep: FolderArgs,
    /// Exit with 1 unless every run has a computed result.
    #[arg(long)]
    pub strict: bool,
}

/// Arguments of `dens sweep plot`.
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Results to plot, by their names; those with a limit by default.
    #[arg(long = "of", value_name = "ID")]
    pub of: Vec<String>,
}

/// Arguments of `dens sweep retry`.
#[derive(Debug, Args)]
pub struct RetryArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Every run without a computed result; needed, so that nothing is forgotten by a slip.
    #[arg(long, required = true)]
    pub failed: bool,
}

/// Arguments of `dens sweep verify`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Folder of the sweep.
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Compute so many finished runs again, spread over the plan, and compare the bytes.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub recompute: usize,
    /// Threads of a run that is computed again.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
}

/// Numbers of runs, as ranges with both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Vec<(usize, usize)>);

fn ranges(text: &str) -> Result<Ranges, String> {
    let wrong = || "numbers or ranges such as 3..8,12 are expected".to_string();
    let number = |t: &str| t.trim().parse::<usize>().map_err(|_| wrong());
    let part = |t: &str| match t.split_once("..") {
        Some((a, b)) => Ok((number(a)?, number(b.trim_start_matches('='))?)),
        None => number(t).map(|k| (k, k)),
    };
    let found: Vec<(usize, usize)> = text.split(',').map(part).collect::<Result<_, String>>()?;
    if found.iter().any(|(a, b)| b < a) { Err(wrong()) } else { Ok(Ranges(found)) }
}

/// Seconds of a time such as `90 min`.
fn seconds(text: &str) -> Result<f64, String> {
    match units::parse(text, Dimension::Time) {
        Ok(s) if 0.0 < s && s < 1e9 => Ok(s),
        Ok(_) => Err("a time above zero such as \"90 min\" is expected".to_string()),
        Err(e) => Err(e.to_string()),
    }
}

/// Does a part of a sweep.
///
/// # Errors
/// As its parts; see the exit codes of the program.
pub fn run(action: &Action) -> Result<Exit, Failure> {
    match action {
        Action::Plan(a) => plan_it(a),
        Action::Run(a) => run_some(a),
        Action::Local(a) => local(a),
        Action::Slurm(a) => slurm(a),
        Action::Template(a) => template(a),
        Action::Status(a) => status(a),
        Action::Merge(a) => merge_it(a),
        Action::Plot(a) => plot_it(a),
        Action::Retry(a) => retry(a),
        Action::Verify(a) => verify(a),
    }
}

fn plan_it(args: &PlanArgs) -> Result<Exit, Failure> {
    let shown = args.spec.display().to_string();
    let text = fs::read_to_string(&args.spec)
        .map_err(|e| Failure::input(format!("cannot read the sweep file `{shown}`: {e}")))?;
    let fail = |p: Vec<Problem>| Failure::problems(render(&shown, &text, &p));
    let spec = Document::parse(&text).and_then(|d| Spec::from_document(&d)).map_err(fail)?;
    // A case file is named relative to the sweep file.
    let beside = args.spec.parent().unwrap_or(Path::new("")).join(&spec.case);
    let named = if beside.is_file() { beside.display().to_string() } else { spec.case.clone() };
    let (_, template, home) = read(&named)?;
    stop_cleanly()?;
    let planned = plan(&spec, &text, (&template, &home), &args.output)?;
    let folder = args.output.display();
    let mut t = format!("planned {} runs of `{}` in {folder}", planned.runs, spec.case);
    if planned.different < planned.runs {
        let _ = write!(t, ", {} of them different", planned.different);
    }
    let _ = writeln!(t, "\nmanifest {}", planned.hash);
    if !planned.invalid.is_empty() {
        let _ =
            writeln!(t, "{} runs are not valid and will stand in the tables as such:", planned.invalid.len());
        for found in planned.invalid.iter().take(5) {
            let _ = writeln!(t, "  task {}: {}", found.index, found.problem);
        }
    }
    if 0 < args.measure {
        let sweep = Sweep::open(&args.output)?;
        let manner = CaseManner { threads: None, mem: None, within: None, program: None, quiet: true };
        let tasks = spread(sweep.lines.len(), args.measure);
        let tally = work(&sweep, &tasks, 1, &manner)?;
        if let Some(signal) = tally.signal {
            return Ok(exit_after(signal));
        }
        let forecast = Forecast::of(&sweep).map_or_else(|| "no run was finished".to_string(), |f| f.words());
        let _ = writeln!(t, "{forecast}");
    } else {
        let _ =
            writeln!(t, "next: `dens sweep local {folder} -j N`, or `dens sweep slurm {folder} --submit`");
    }
    print(&t);
    Ok(Exit::Met)
}

/// At most `n` numbers below `all`, evenly spread.
fn spread(all: usize, n: usize) -> Vec<usize> {
    let n = n.min(all);
    (0..n).map(|k| k * all / n.max(1)).collect()
}

/// Number the scheduler gave to this job; of one within another, the inner one's.
fn scheduled() -> Option<usize> {
    // LSF counts from one, all others as the script says.
    ["HQ_TASK_ID", "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX"]
        .iter()
        .find_map(|n| environment(n))
        .or_else(|| environment("LSB_JOBINDEX").and_then(|k| k.checked_sub(1)))
}

/// Number in the environment.
fn environment(name: &str) -> Option<usize> {
    std::env::var(name).ok().and_then(|v| v.trim().parse().ok())
}

fn run_some(args: &RunArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let tasks: Vec<usize> = match (&args.tasks, args.task) {
        (Some(Ranges(parts)), _) => parts.iter().flat_map(|(a, b)| *a..=*b).collect(),
        (None, Some(k)) => vec![k],
        (None, None) => {
            let number = scheduled().and_then(|k| k.checked_add_signed(args.offset)).ok_or_else(|| {
                Failure::input(
                    "which run? no --task, no --tasks and no number of a scheduler\n  = hint: `--tasks 0..9` runs the first ten",
                )
            })?;
            let chunk = args.chunk as usize;
            sweep.line(number.saturating_mul(chunk))?;
            (number * chunk..(number + 1) * chunk).take_while(|k| *k < sweep.lines.len()).collect()
        }
    };
    let tally = work(&sweep, &tasks, 1, &args.manner)?;
    if let [only] = tasks[..]
        && tally.left == 0
        && let Some(result) = CaseResult::read(&sweep, &sweep.line(only)?.case_id)
    {
        return Ok(result.status.exit());
    }
    Ok(ended(&tally))
}

fn local(args: &LocalArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let tasks: Vec<usize> = (0..sweep.lines.len()).collect();
    work(&sweep, &tasks, usize::from(args.jobs), &args.manner).map(|tally| ended(&tally))
}

/// Exit code of several tasks: a failed run is a result and stands in the tables.
fn ended(tally: &Tally) -> Exit {
    match tally.signal {
        Some(signal) => exit_after(signal),
        None if 0 < tally.left => Exit::Unfinished,
        None => Exit::Met,
    }
}

/// Threads of each of `jobs` cases at once: those asked for, or a share of those of the job of the scheduler, or a share of
/// all; at most as many as share out `cores`.
fn threads(asked: Option<usize>, of_job: Option<usize>, cores: usize, jobs: usize) -> usize {
    let share = |n: usize| (n / jobs.max(1)).max(1);
    asked.or(of_job.map(share)).unwrap_or(usize::MAX).clamp(1, share(cores))
}

/// Bytes of each of `jobs` cases at once in a job with so many MiB; `None` where Slurm gives all the node has, 0.
fn memory_of(mib: usize, jobs: usize) -> Option<u64> {
    (0 < mib).then(|| ((mib as u64) << 20) / 100 * 95 / jobs.max(1) as u64)
}

/// Runs tasks here, with progress.
///
/// # Errors
/// As [`run_all`]; a time too short for a single case, exit 4.
pub(super) fn work(
    sweep: &Sweep,
    tasks: &[usize],
    side_by_side: usize,
    args: &CaseManner,
) -> Result<Tally, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads =
        threads(args.threads.map(usize::from), environment("SLURM_CPUS_PER_TASK"), cores, side_by_side);
    let memory = args.mem.or_else(|| memory_of(environment("SLURM_MEM_PER_NODE")?, side_by_side));
    let program = args.program.as_deref().map_or(Ok(Vec::new()), task::program)?;
    let manner = Manner { program, threads, memory, stop: listen()? };
    let progress = Progress::new(args.quiet);
    progress.phase(&format!("{} runs", tasks.len()), 1.0);
    let told = |done: usize, end: &Done| {
        let words = match end {
            Done::Now(r) if r.status != Status::Ok => format!("last: {}", r.status.name()),
            _ => String::new(),
        };
        progress.within(&format!("{done} of {} {words}", tasks.len()), done as f64 / tasks.len() as f64);
    };
    let kept = || {
        tasks.iter().filter_map(|k| sweep.line(*k).ok()).map(|line| sweep.parts(&line.case_id)).sum::<usize>()
    };
    let before = kept();
    let tally = run_all(sweep, tasks, side_by_side, args.within.map(Duration::from_secs_f64), &manner, &told);
    progress.finish();
    let tally = tally?;
    if tally.signal == Some(TIME_IS_NEAR) && tally.run == 0 && kept() <= before {
        return Err(Failure::limit(
            "the time of this job ended within the first part of its first case, and no further part was finished: run again, it would end there again\n  = hint: ask for more time; `dens sweep status` tells what a case takes",
        ));
    }
    if !args.quiet {
        let mut t = format!(
            "{} run, {} had a result, {} without a computed one",
            tally.run, tally.before, tally.failed
        );
        if 0 < tally.left {
            let _ = write!(t, ", {} left", tally.left);
        }
        print(&format!("{t}\n"));
    }
    Ok(tally)
}

fn job(args: &JobArgs, max_array: usize) -> Result<(Sweep, Job), Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let folder = fs::canonicalize(&args.folder)
        .map_err(|e| Failure::input(format!("cannot find `{}`: {e}", args.folder.display())))?;
    let dens = match &args.dens {
        Some(words) => words.split_whitespace().map(str::to_string).collect(),
        None => {
            let own = std::env::current_exe()
                .map_err(|e| Failure::bug(format!("this program does not know its own place: {e}")))?;
            vec![own.to_string_lossy().into_owned()]
        }
    };
    // The job may start in another folder.
    let program = match &args.program {
        None => None,
        Some(words) => {
            let words = task::program(words)?;
            if let Some(word) = words.iter().find(|w| w.contains(' ')) {
                return Err(Failure::input(format!(
                    "`{word}` has a space, and words of --program are divided by spaces\n  = hint: link it at a place without"
                )));
            }
            Some(words.join(" "))
        }
    };
    let found = results(&sweep);
    let left = (0..found.len()).filter(|k| found[*k].is_none()).collect();
    let job = Job {
        dens,
        program,
        folder: folder.to_string_lossy().into_owned(),
        runs: sweep.lines.len(),
        chunk: args.chunk as usize,
        throttle: args.throttle,
        threads: usize::from(args.threads),
        memory_mib: args.mem.div_ceil(1 << 20),
        minutes: ((args.time / 60.0).ceil() as u64).max(1),
        max_array,
        left,
    };
    Ok((sweep, job))
}

/// Largest array the cluster takes.
fn max_array() -> usize {
    let config = Command::new("scontrol").args(["show", "config"]).output();
    let text = config.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().find(|l| l.trim_start().starts_with("MaxArraySize"));
    line.and_then(|l| l.split('=').nth(1))
        .and_then(|v| v.trim().parse().ok())
        .filter(|n| 0 < *n)
        .unwrap_or(1001)
}

fn slurm(args: &SlurmArgs) -> Result<Exit, Failure> {
    let most = args.max_array.map_or_else(max_array, |n| n as usize);
    let (sweep, job) = job(&args.job, most)?;
    let arrays = job.arrays();
    if arrays.is_empty() {
        print(
            "nothing to submit: every run has a result\nnext: `dens sweep merge`; `dens sweep retry --failed` forgets those without a computed one\n",
        );
        return Ok(Exit::Met);
    }
    let folder = sweep.folder.join("slurm");
    fs::create_dir_all(&folder).map_err(|e| Failure::limit(format!("cannot make `slurm`: {e}")))?;
    // Scripts of an earlier call would look as if they were part of this one.
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("array-") {
            let _ = fs::remove_file(entry.path());
        }
    }
    let mut names = Vec::new();
    for (first, numbers) in &arrays {
        let name = format!("array-{:04}.sh", names.len());
        write_whole(&folder.join(&name), job.slurm(*first, numbers).as_bytes())?;
        names.push(name);
    }
    write_whole(&folder.join("merge.sh"), job.slurm_merge().as_bytes())?;
    write_whole(&folder.join("submit.sh"), job.slurm_submit(&names).as_bytes())?;
    let mut t = format!(
        "{} of {} have no result: {} of up to {}, in {}\nwrote the scripts in {}\n",
        job.left.len(),
        counted(job.runs, "run"),
        counted(job.unfinished().len(), "array element"),
        counted(job.chunk, "run"),
        counted(names.len(), "array"),
        folder.display()
    );
    if args.submit {
        let sent = Command::new("bash").arg("submit.sh").current_dir(&folder).output();
        let sent = sent.map_err(|e| Failure::input(format!("cannot start `bash`: {e}")))?;
        if !sent.status.success() {
            return Err(Failure::input(format!(
                "the cluster refused: {}\n  = hint: the scripts are in {}",
                String::from_utf8_lossy(&sent.stderr).trim(),
                folder.display()
            )));
        }
        let merge = String::from_utf8_lossy(&sent.stdout).trim().to_string();
        let _ = writeln!(t, "submitted; job {merge} merges at the end, whatever became of the runs");
    } else {
        let _ = writeln!(t, "next: bash {}/submit.sh", folder.display());
    }
    print(&t);
    Ok(Exit::Met)
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn template(args: &TemplateArgs) -> Result<Exit, Failure> {
    let (_, job) = job(&args.job, usize::MAX)?;
    print(&match args.scheduler {
        Scheduler::Pbs => job.pbs(),
        Scheduler::Lsf => job.lsf(),
        Scheduler::Hq => job.hyperqueue(),
        Scheduler::K8s => job.kubernetes(),
    });
    Ok(Exit::Met)
}

fn status(args: &FolderArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let found = results(&sweep);
    let counts = count(&found);
    let forecast = Forecast::of(&sweep);
    if args.json {
        let object = serde_json::json!({
            "runs": counts.runs,
            "by_status": counts.by_status,
            "nondeterministic": sweep.folder.join(NONDETERMINISTIC).exists(),
            "forecast": forecast.map(|f| serde_json::json!({
                "measured": f.measured, "left": f.left, "core_hours": f.core_seconds * f.left as f64 / 3600.0,
                "memory_mib": f.memory_mib, "storage_bytes": f.bytes * f.left as f64,
            })),
        });
        print(&format!("{object}\n"));
        return Ok(Exit::Met);
    }
    let mut t = format!("{} of {} runs: {}\n", counts.runs - counts.pending(), counts.runs, counts.words());
    for (line, result) in sweep.lines.iter().zip(&found) {
        if let Some(r) = result.as_ref().filter(|r| r.status != Status::Ok) {
            let why = r.error.as_deref().and_then(|e| e.lines().next()).unwrap_or("");
            let _ = writeln!(t, "  task {} ({}): {}: {why}", line.index, described(line), r.status.name());
        }
    }
    if let Some(forecast) = forecast.filter(|f| 0 < f.left) {
        let _ = writeln!(t, "{}", forecast.words());
    }
    if sweep.folder.join(NONDETERMINISTIC).exists() {
        let _ = writeln!(t, "NONDETERMINISTIC: two runs of one case gave different results");
    }
    print(&t);
    Ok(Exit::Met)
}

fn merge_it(args: &MergeArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.sweep.folder)?;
    stop_cleanly()?;
    let counts = merge(&sweep)?;
    if args.sweep.json {
        print(&format!("{}\n", serde_json::json!(counts)));
    } else {
        print(&format!(
            "merged {} runs: {}\nwrote results.csv, results.jsonl, failures.csv and sweep.json in {}\n",
            counts.runs,
            counts.words(),
            sweep.folder.display()
        ));
    }
    let whole = counts.failed() + counts.pending() == 0;
    Ok(if args.strict && !whole { Exit::CriterionFailed } else { Exit::Met })
}

fn plot_it(args: &PlotArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    stop_cleanly()?;
    let name = fs::canonicalize(&args.folder).ok();
    let name = name
        .as_deref()
        .and_then(Path::file_name)
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let e = ensemble(&name, &sweep, &results(&sweep), None);
    let digest = plot::digest(&e, &plot::chosen(&e, &args.of)?)?;
    let n = digest.figures.figures.len();
    plot::write(&args.folder, &format!("Sweep {name}"), &e, digest, None)?;
    print(&format!(
        "drew {} runs: {n} plots in {}, {} and {}\n",
        e.runs.len(),
        args.folder.join(plot::PLOTS).display(),
        plot::DIGEST,
        plot::PAGE
    ));
    Ok(Exit::Met)
}

fn retry(args: &RetryArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    let Forgotten { tasks, broken } = forget(&sweep, &|r| r.status != Status::Ok)?;
    let mut t = String::new();
    for folder in &broken {
        let _ = writeln!(t, "no readable result; moved to {folder}");
    }
    if tasks.is_empty() {
        t.push_str("nothing to try again: no run ended without a computed result\n");
    } else {
        let numbers: Vec<String> = tasks.iter().map(usize::to_string).collect();
        let _ =
            writeln!(t, "{} will be run again: --tasks {}", counted(tasks.len(), "run"), numbers.join(","));
    }
    print(&t);
    Ok(Exit::Met)
}

fn verify(args: &CheckArgs) -> Result<Exit, Failure> {
    let sweep = Sweep::open(&args.folder)?;
    for line in &sweep.lines {
        if quality_of(&line.quality).is_none() {
            return Err(Failure::input(format!(
                "task {} has the unknown quality `{}`",
                line.index, line.quality
            )));
        }
    }
    sweep.check_all_inputs()?;
    let found = results(&sweep);
    let mut faults: Vec<String> = unreadable(&sweep)
        .into_iter()
        .map(|id| format!("{CASES}/{id}: no readable result; `dens sweep retry --failed` moves it away"))
        .collect();
    for (line, result) in sweep.lines.iter().zip(&found) {
        if let Some(result) = result {
            let damaged = result.damaged(&sweep);
            if !damaged.is_empty() {
                faults.push(format!("task {}: {} not as recorded", line.index, damaged.join(", ")));
            }
        }
    }
    let finished: Vec<usize> =
        (0..found.len()).filter(|k| found[*k].as_ref().is_some_and(|r| r.status == Status::Ok)).collect();
    let again: Vec<usize> = spread(finished.len(), args.recompute).into_iter().map(|k| finished[k]).collect();
    let manner =
        Manner { program: Vec::new(), threads: usize::from(args.threads), memory: None, stop: listen()? };
    for k in &again {
        match task::same_again(&sweep, &sweep.lines[*k], &manner)? {
            None => return Ok(Exit::Interrupted),
            Some(true) => {}
            Some(false) => faults.push(format!("task {k}: another result when computed again")),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::bug(format!("the sweep does not hold:\n  {}", faults.join("\n  "))));
    }
    let checked = found.iter().flatten().count();
    let mut t = format!(
        "the plan, its inputs and {checked} results are as recorded; {} computed again with the same bytes\n",
        again.len()
    );
    for name in moved_away(&sweep) {
        let _ = writeln!(t, "{CASES}/{name} had no readable result and was moved away; it may be removed");
    }
    print(&t);
    Ok(Exit::Met)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_both_ends_and_lists_of_them() {
        assert_eq!(ranges("3..8,12"), Ok(Ranges(vec![(3, 8), (12, 12)])));
        assert!(ranges("8..3").is_err() && ranges("a").is_err() && ranges("").is_err());
    }

    #[test]
    fn cases_at_once_share_threads_and_memory() {
        assert_eq!(threads(None, None, 8, 2), 4);
        assert_eq!(threads(None, Some(4), 8, 2), 2, "the job has 4");
        assert_eq!(threads(Some(8), Some(8), 8, 2), 4, "no more than there are");
        assert_eq!(threads(Some(2), None, 8, 2), 2);
        assert_eq!(threads(None, Some(2), 2, 8), 1);
        assert_eq!(memory_of(1000, 2), Some(498_073_600), "95 % of 1000 MiB by two");
        assert_eq!(memory_of(0, 1), None);
    }

    #[test]
    fn measured_runs_are_spread_over_the_plan() {
        assert_eq!(spread(10, 3), vec![0, 3, 6]);
        assert_eq!(spread(2, 5), vec![0, 1]);
        assert!(spread(0, 3).is_empty());
    }
}
