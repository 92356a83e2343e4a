//! `dens run`: the whole job.

use super::{Loaded, Study, load};
use crate::bench;
use crate::case::Quality;
use crate::checkpoint::Checkpoint;
use crate::cli::{RunArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::{ENDS_WITH_PARENT, Output, stop_cleanly};
use crate::pipeline::{self, Results};
use crate::progress::Progress;
use dens_mesher::geometry::implant::Form;
use dens_reports::manifest::{self, Manifest, Phase};
use dens_reports::record::{Outcome, Quantity, Record, Verdict};
use dens_reports::table::significant;
use rayon::ThreadPool;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Runs the case and puts its result in place.
///
/// # Errors
/// As the pipeline; nothing is left behind then.
pub fn run(args: &RunArgs) -> Result<Exit, Failure> {
    let loaded = load(&args.case)?;
    let pool = args.manner.pool()?;
    stop_cleanly()?;
    let target = args.output.clone().unwrap_or_else(|| PathBuf::from("out").join(loaded.study.name()));
    let Completed { design, record, seconds, .. } =
        complete(&loaded, args.quality, (&target, args.checkpoint.as_deref()), &pool, args.manner.quiet)?;
    if args.manner.json {
        print(&summary_json(&record, &target, seconds));
    } else if !args.manner.quiet {
        print(&summary(&record, &design, &target, seconds));
    }
    Ok(if record.verdict.outcome == Verdict::Fail { Exit::CriterionFailed } else { Exit::Met })
}

/// What a run leaves beside its folder.
pub(super) struct Completed {
    /// The chosen design in words.
    pub(super) design: String,
    /// Loss of height after many cycles, mm: taken, least, largest; `None` where the bone does not get there.
    pub(super) settling: Option<[f64; 3]>,
    /// The record.
    pub(super) record: Record,
    /// Time it took, s.
    pub(super) seconds: f64,
}

/// Runs a loaded case and puts its whole result at `target`.
///
/// - `kept`: folder for finished parts, removed when the result stands
///
/// # Errors
/// As the pipeline; nothing is left behind then.
pub(super) fn complete(
    loaded: &Loaded,
    quality: Quality,
    (target, kept): (&Path, Option<&Path>),
    pool: &ThreadPool,
    quiet: bool,
) -> Result<Completed, Failure> {
    let output = Output::begin(target)?.keeping(kept);
    let progress = Progress::new(quiet);
    let folder = &loaded.folder;
    let done = pool.install(|| match &loaded.study {
        Study::Column(case) => {
            pipeline::run(case, folder, quality, &output, &progress).map(|(results, record)| {
                let settled = results.crushing.settled.as_ref();
                let settling = settled.map(|s| [s.loss, s.bounds()[0], s.bounds()[1]]);
                (chosen_design(&results), settling, record)
            })
        }
        Study::Bench(bench) => {
            bench::run(bench, folder, quality, &output, &progress).map(|record| (String::new(), None, record))
        }
    });
    let phases = progress.finish();
    let (design, settling, record) = done?;
    output.write("case.toml", effective(loaded).as_bytes())?;
    output.write(
        "manifest.json",
        &manifest(loaded, pool.current_num_threads(), &output, phases, progress.elapsed())?,
    )?;
    output.commit()?;
    // A sweep removes them when its own result stands; a bench test keeps none.
    if std::env::var_os(ENDS_WITH_PARENT).is_none() && matches!(loaded.study, Study::Column(_)) {
        kept.into_iter().for_each(Checkpoint::clear);
    }
    Ok(Completed { design, settling, record, seconds: progress.elapsed() })
}

/// The case file as it was run, with the overrides named.
fn effective(loaded: &Loaded) -> String {
    let mut text = String::new();
    for set in &loaded.set {
        let _ = writeln!(text, "# run with --set {set}");
    }
    text.push_str(&loaded.text);
    text
}

fn manifest(
    loaded: &Loaded,
    threads: usize,
    output: &Output,
    phases: Vec<(String, f64)>,
    seconds: f64,
) -> Result<Vec<u8>, Failure> {
    let mut m = Manifest::new("dens", env!("CARGO_PKG_VERSION"), loaded.study.name());
    m.threads = threads;
    m.phases = phases.into_iter().map(|(name, seconds)| Phase { name, seconds }).collect();
    m.seconds = seconds;
    m.peak_memory_mib = peak_memory_mib();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    m.host = format!("{} {} with {cores} cores", std::env::consts::OS, std::env::consts::ARCH);
    m.instruction_set = dens_solver::linear::INSTRUCTION_SET.to_string();
    for name in output.files()? {
        let bytes = std::fs::read(output.path(&name)?)
            .map_err(|e| Failure::limit(format!("cannot read `{name}` back: {e}")))?;
        m.outputs.insert(name, manifest::Output::of(&bytes));
    }
    Ok(m.to_json())
}

/// Largest resident memory of this process, MiB; 0 where the system does not tell.
pub(super) fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    kib.map_or(0.0, |k| k / 1024.0)
}

fn mark(q: &Quantity) -> &'static str {
    match q.verdict {
        Outcome::Met => "met",
        Outcome::NotMet => "NOT MET",
        Outcome::Informative => "",
    }
}

/// The lattice that the design loop chose, a line for the terminal.
fn chosen_design(results: &Results) -> String {
    if results.geometry.implant.params.form != Form::Lattice {
        return String::new();
    }
    let designs = &results.history.designs;
    let Some(d) = results.history.best.map(|i| &designs[i]) else {
        return format!("no feasible design among {}\n\n", designs.len());
    };
    format!(
        "chosen design {} of {}: {} lattice, relative density {:.3}, cell {:.2} mm, strut {:.2} mm, pore {:.2} mm\n\n",
        d.number,
        designs.len(),
        d.cell,
        d.relative_density,
        d.cell_size,
        d.strut,
        d.pore
    )
}

/// Table for the terminal.
fn summary(record: &Record, design: &str, target: &Path, seconds: f64) -> String {
    let mut t = String::new();
    let _ = writeln!(t, "{} — {}\n", record.case, record.title);
    t.push_str(design);
    let unit = |u: &str| if u == "1" { String::new() } else { format!(" {u}") };
    let width = record.criteria.iter().map(|q| q.label.chars().count()).max().unwrap_or(0);
    for q in &record.criteria {
        let value = format!("{}{}", significant(q.value, 3), unit(&q.unit));
        let limit = q.limit.map_or(String::new(), |l| {
            let sign = match q.relation {
                Some(dens_reports::record::Relation::AtLeast) => "≥",
                _ => "≤",
            };
            format!("{sign} {}{}", significant(l, 3), unit(&q.unit))
        });
        let pad = width - q.label.chars().count();
        let _ = writeln!(t, "  {}{}  {value:>14}  {limit:<14} {}", q.label, " ".repeat(pad), mark(q));
    }
    let _ = writeln!(t, "\n{}: {}", record.verdict.outcome.words(), record.verdict.sentence);
    for gap in &record.verdict.gaps {
        let _ = writeln!(t, "  gap: {gap}");
    }
    for warning in &record.warnings {
        let _ = writeln!(t, "  warning: {warning}");
    }
    let _ = writeln!(t, "\nwrote {} in {seconds:.0} s; start with report.pdf", target.display());
    t
}

/// One JSON object for programs.
fn summary_json(record: &Record, target: &Path, seconds: f64) -> String {
    let quantities: serde_json::Map<String, serde_json::Value> = record
        .criteria
        .iter()
        .map(|q| {
            let value = serde_json::json!({
                "value": q.value, "unit": q.unit, "limit": q.limit, "margin": q.margin, "verdict": q.verdict,
            });
            (q.id.clone(), value)
        })
        .collect();
    let object = serde_json::json!({
        "case": record.case,
        "version": record.version,
        "verdict": record.verdict.outcome,
        "sentence": record.verdict.sentence,
        "quantities": quantities,
        "designs": record.history.rows.len(),
        "warnings": record.warnings,
        "output": target,
        "seconds": seconds,
    });
    format!("{object}\n")
}
