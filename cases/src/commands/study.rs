//! `dens study`: questions of an engineer, from the runs to one PDF.

use super::sweep::{CaseManner, work};
use super::uncertainty::{analysed, planned};
use super::{Study as Meaning, load};
use crate::case::{Case, Quality};
use crate::cli::{CaseArgs, Manner, print};
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use crate::progress::Progress;
use crate::study::lattice::{self, Lattice};
use crate::sweep::plot::{self, Digest};
use crate::sweep::task::exit_after;
use crate::uncertainty::plan::{Design, Method, template};
use crate::uncertainty::{input, order, report};
use clap::{Args, Subcommand};
use dens_reports::manifest::sha256_hex;
use dens_reports::record::Section;
use dens_reports::table::significant;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `dens study`.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// What is asked.
    #[command(subcommand)]
    pub question: Question,
}

/// Studies.
#[derive(Debug, Subcommand)]
pub enum Question {
    /// Which lattice: shielding, subsidence, stiffness and strength over cell and density, front, choice and its spread.
    Lattice(LatticeStudyArgs),
}

/// Arguments of `dens study lattice`.
#[derive(Debug, Args)]
pub struct LatticeStudyArgs {
    /// The case.
    #[command(flatten)]
    pub case: CaseArgs,
    /// Folder of the study. Called again with the same arguments, it goes on.
    #[arg(short, long, value_name = "DIR", default_value = "out/study-lattice")]
    pub output: PathBuf,
    /// Lattice cells, divided by commas; `dens cases --lattices` lists them.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    pub cells: Vec<String>,
    /// Relative densities, divided by commas.
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    pub densities: Vec<f64>,
    /// Runs of the uncertainty of the chosen lattice; 0: none.
    #[arg(short = 'n', long, default_value_t = order_of_wilks())]
    pub runs: usize,
    /// Start of all draws.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Draft)]
    pub quality: Quality,
    /// Cases of the uncertainty at once.
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// How cases are run.
    #[command(flatten)]
    pub manner: CaseManner,
}

fn order_of_wilks() -> usize {
    order::runs(1, order::SHARE, order::SHARE)
}

/// Grid that was evaluated, and of what.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    schema: String,
    identity: String,
    lattices: Vec<Lattice>,
}

/// Where the grid is kept.
const GRID: &str = "grid.json";
/// Sweep of the chosen lattice.
const RUNS: &str = "uncertainty";
/// Summary for programs.
const JSON: &str = "study.json";

/// Answers a question.
///
/// # Errors
/// As its parts.
pub fn run(args: &StudyArgs) -> Result<Exit, Failure> {
    match &args.question {
        Question::Lattice(a) => which_lattice(a),
    }
}

fn which_lattice(args: &LatticeStudyArgs) -> Result<Exit, Failure> {
    let loaded = load(&args.case)?;
    let Meaning::Column(case) = &loaded.study else {
        return Err(Failure::input("a bench test has no bone to shield\n  = hint: give a case of a column"));
    };
    let names: Vec<String> = dens_mesher::lattice::CATALOGUE.iter().map(|c| c.name().to_string()).collect();
    let cells: Vec<String> =
        if args.cells.is_empty() { lattice::CELLS.map(String::from).to_vec() } else { args.cells.clone() };
    if let Some(unknown) = cells.iter().find(|c| !names.contains(c)) {
        return Err(Failure::input(format!(
            "there is no lattice cell `{unknown}`\n  = hint: one of {}",
            names.join(", ")
        )));
    }
    let densities =
        if args.densities.is_empty() { lattice::DENSITIES.to_vec() } else { args.densities.clone() };
    if densities.iter().any(|d| !(0.05..=0.9).contains(d)) {
        return Err(Failure::input("relative densities lie from 0.05 to 0.9"));
    }
    let points: Vec<(String, f64)> =
        cells.iter().flat_map(|c| densities.iter().map(move |d| (c.clone(), *d))).collect();
    fs::create_dir_all(&args.output)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", args.output.display())))?;
    let sets = super::uncertainty::settings(&args.case.set)?;
    let identity = sha256_hex(format!("{}{sets:?}{points:?}{}", loaded.text, args.quality.name()).as_bytes());
    let grid = evaluated(args, case, &loaded.folder, &points, &identity)?;
    let (choice, feasible) = lattice::chosen(&grid)?;
    let e = lattice::ensemble(case, &grid);
    let mut digest = Digest::default();
    lattice::digest(&e, &grid, choice, &mut digest)?;
    let words = described(&grid[choice], feasible);
    if !feasible {
        digest.warnings.push(words.clone());
    }
    let missing: Vec<String> = grid
        .iter()
        .filter(|l| l.found.is_none())
        .map(|l| format!("{} at {}", l.cell, l.relative_density))
        .collect();
    if !missing.is_empty() {
        digest
            .warnings
            .push(format!("Not evaluated, for the cell has no such density: {}.", missing.join(", ")));
    }
    let mut shown = String::new();
    if 0 < args.runs {
        match spread(args, case, &loaded, &grid[choice], &mut digest, &words)? {
            Ended::Analysed(text) => shown = text,
            Ended::Stopped(exit) => return Ok(exit),
        }
    }
    plot::write(&args.output, "Which lattice", &e, digest, None)?;
    let object = serde_json::json!({
        "schema": "dens-study/1", "study": "lattice", "case": case.name, "quality": args.quality.name(),
        "chosen": grid[choice], "feasible": feasible, "lattices": grid.len(), "uncertainty_runs": args.runs,
    });
    write_whole(&args.output.join(JSON), format!("{object:#}\n").as_bytes())?;
    if !args.manner.quiet {
        print(&format!("{words}\n{shown}\nwrote {}: start with {}\n", args.output.display(), plot::DIGEST));
    }
    Ok(Exit::Met)
}

fn described(l: &Lattice, feasible: bool) -> String {
    let Some(f) = &l.found else { return String::new() };
    let limits = if feasible {
        "it keeps every limit of the grid".to_string()
    } else {
        format!("no lattice keeps every limit; it breaks {}", f.broken.join(", "))
    };
    format!(
        "Chosen: {} at relative density {}, cell {} mm, strut {} mm, pore {} mm; {limits}.",
        l.cell,
        significant(l.relative_density, 3),
        significant(f.cell_size, 3),
        significant(f.strut, 3),
        significant(f.pore, 3)
    )
}

/// The grid, from its file where that is of the same case and points.
fn evaluated(
    args: &LatticeStudyArgs,
    case: &Case,
    folder: &Path,
    points: &[(String, f64)],
    identity: &str,
) -> Result<Vec<Lattice>, Failure> {
    let path = args.output.join(GRID);
    let kept: Option<Kept> = fs::read(&path).ok().and_then(|b| serde_json::from_slice(&b).ok());
    if let Some(kept) = kept.filter(|k| k.identity == identity) {
        return Ok(kept.lattices);
    }
    let manner = Manner { threads: args.manner.threads, quiet: args.manner.quiet, json: false };
    let pool = manner.pool()?;
    let progress = Progress::new(args.manner.quiet);
    progress.phase(&format!("{} lattices", points.len()), 1.0);
    let lattices = pool.install(|| lattice::grid(case, folder, args.quality, points, &progress));
    progress.finish();
    let kept = Kept { schema: "dens-grid/1".into(), identity: identity.into(), lattices: lattices? };
    let text = serde_json::to_string_pretty(&kept).map_err(Failure::bug)?;
    write_whole(&path, format!("{text}\n").as_bytes())?;
    Ok(kept.lattices)
}

enum Ended {
    Analysed(String),
    Stopped(Exit),
}

/// Whole runs of the chosen lattice with its inputs spreading.
fn spread(
    args: &LatticeStudyArgs,
    case: &Case,
    loaded: &super::Loaded,
    chosen: &Lattice,
    digest: &mut Digest,
    words: &str,
) -> Result<Ended, Failure> {
    let Some(found) = &chosen.found else { return Ok(Ended::Analysed(String::new())) };
    let mut case = case.clone();
    case.lattice.cell.clone_from(&chosen.cell);
    case.lattice.relative_density = chosen.relative_density;
    case.lattice.cell_size = found.cell_size;
    let design = Design::new(Method::Bound, input::of(&case.uncertainty)?, Some(args.runs), args.seed)?;
    let own = super::uncertainty::settings(&args.case.set)?;
    let mut sets: Vec<(&str, toml::Value)> = own.iter().map(|(p, v)| (p.as_str(), v.clone())).collect();
    sets.extend([
        ("lattice.cell", toml::Value::String(chosen.cell.clone())),
        ("lattice.relative_density", toml::Value::Float(chosen.relative_density)),
        ("lattice.cell_size", toml::Value::String(format!("{} mm", found.cell_size))),
        ("lattice.grading", toml::Value::String("uniform".into())),
    ]);
    let text = template(&loaded.text, &sets, &case, &design.inputs)?;
    let folder = args.output.join(RUNS);
    let sweep = planned(&design, &case, args.quality, (&text, &loaded.folder), &folder)?;
    let tasks: Vec<usize> = (0..sweep.lines.len()).collect();
    let tally = work(&sweep, &tasks, usize::from(args.jobs), &args.manner)?;
    if let Some(signal) = tally.signal {
        return Ok(Ended::Stopped(exit_after(signal)));
    }
    if 0 < tally.left {
        return Ok(Ended::Stopped(Exit::Unfinished));
    }
    let (e, findings) = analysed(&design, &sweep)?;
    write_whole(&args.output.join("uncertainty.json"), &report::to_json(&design, &case.name, &e, &findings))?;
    digest.sections.push(
        Section::new("chosen", "The chosen lattice and its spread")
            .paragraph(words)
            .paragraph(format!(
                "{} whole runs with the inputs of the table drawn independently.",
                e.runs.len()
            ))
            .table(report::inputs(&design)),
    );
    let more = report::digest(&design, &e, &findings, &[])?;
    digest.sections.extend(more.sections.into_iter().map(|s| Section { level: 2, ..s }));
    digest.figures.figures.extend(more.figures.figures);
    digest.warnings.extend(more.warnings);
    Ok(Ended::Analysed(report::summary(&design, &e, &findings)))
}
