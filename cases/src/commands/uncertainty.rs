//! `dens uncertainty`: the spread of the inputs of a case, run as a sweep, and what it does to the results.

use super::sweep::{CaseManner, work};
use super::{Study, load};
use crate::case::{Case, Quality};
use crate::cli::{CaseArgs, print};
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use crate::sweep::ensemble::ensemble;
use crate::sweep::manifest::{MANIFEST, SPEC, plan};
use crate::sweep::merge::{merge, results};
use crate::sweep::task::exit_after;
use crate::sweep::{Sweep, plot};
use crate::uncertainty::analysis::{Finding, findings};
use crate::uncertainty::plan::{Design, Method, template, written};
use crate::uncertainty::{input, report};
use clap::Args;
use dens_reports::ensemble::Ensemble;
use std::fs;
use std::path::{Path, PathBuf};

/// What the analysis is called in its folder.
const JSON: &str = "uncertainty.json";

/// Arguments of `dens uncertainty`.
#[derive(Debug, Args)]
pub struct UncertaintyArgs {
    /// The case; its `[uncertainty.*]` say how inputs spread, default ones with sources are taken where it has none.
    #[command(flatten)]
    pub case: CaseArgs,
    /// Folder of the runs, a sweep, and of the analysis. Called again with the same arguments, it goes on.
    #[arg(short, long, value_name = "DIR", required_unless_present = "inputs")]
    pub output: Option<PathBuf>,
    /// What is asked of the spread.
    #[arg(long, value_enum, default_value_t = Method::Morris)]
    pub method: Method,
    /// Size: trajectories for morris, runs for the others.
    #[arg(short = 'n', long, value_name = "N")]
    pub runs: Option<usize>,
    /// Start of all draws.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Draft)]
    pub quality: Quality,
    /// Results to plot, by their names; those with a limit by default.
    #[arg(long = "of", value_name = "ID")]
    pub of: Vec<String>,
    /// Cases at once.
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// Plan the sweep and stop: run it with `dens sweep`, on a cluster too, then call this again.
    #[arg(long)]
    pub plan_only: bool,
    /// Print the default inputs as they stand in a case file, and stop.
    #[arg(long)]
    pub inputs: bool,
    /// How cases are run.
    #[command(flatten)]
    pub manner: CaseManner,
}

/// Plans, runs and analyses.
///
/// # Errors
/// As a sweep; a folder that holds other runs, exit 2.
pub fn run(args: &UncertaintyArgs) -> Result<Exit, Failure> {
    if args.inputs {
        print(input::DEFAULTS);
        return Ok(Exit::Met);
    }
    let folder = args.output.as_deref().unwrap_or(Path::new("out/uncertainty"));
    let loaded = load(&args.case)?;
    let Study::Column(case) = &loaded.study else {
        return Err(Failure::input(
            "a bench test has no uncertain inputs\n  = hint: give a case of a column",
        ));
    };
    let design = Design::new(args.method, input::of(&case.uncertainty)?, args.runs, args.seed)?;
    let sets = settings(&loaded.set)?;
    let sets: Vec<(&str, toml::Value)> = sets.iter().map(|(p, v)| (p.as_str(), v.clone())).collect();
    let text = template(&loaded.text, &sets, case, &design.inputs)?;
    let planned = planned(&design, case, args.quality, (&text, &loaded.folder), folder)?;
    if args.plan_only {
        print(&format!(
            "planned {} runs in {}\nnext: `dens sweep local {0} -j N` or `dens sweep slurm {0} --submit`, then this command again\n",
            planned.lines.len(),
            folder.display()
        ).replace("{0}", &folder.display().to_string()));
        return Ok(Exit::Met);
    }
    let tasks: Vec<usize> = (0..planned.lines.len()).collect();
    let tally = work(&planned, &tasks, usize::from(args.jobs), &args.manner)?;
    if let Some(signal) = tally.signal {
        return Ok(exit_after(signal));
    }
    if 0 < tally.left {
        return Ok(Exit::Unfinished);
    }
    let (e, found) = analysed(&design, &planned)?;
    let digest = report::digest(&design, &e, &found, &args.of)?;
    let title = format!("Uncertainty of {}: {}", case.name, args.method.name());
    plot::write(folder, &title, &e, digest, Some(report::inputs(&design)))?;
    write_whole(&folder.join(JSON), &report::to_json(&design, &case.name, &e, &found))?;
    if !args.manner.quiet {
        print(&format!(
            "{}\nwrote {}: start with {}\n",
            report::summary(&design, &e, &found),
            folder.display(),
            plot::DIGEST
        ));
    }
    Ok(Exit::Met)
}

/// Merges a sweep and says what its runs say.
///
/// # Errors
/// As [`merge`].
pub(super) fn analysed(design: &Design, sweep: &Sweep) -> Result<(Ensemble, Vec<Finding>), Failure> {
    merge(sweep)?;
    let name = sweep.folder.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let e = ensemble(&name, sweep, &results(sweep), Some(report::variables(design)));
    let found = findings(design, &e);
    Ok((e, found))
}

/// The sweep of a design in its folder: planned now, or before by the same design.
///
/// # Errors
/// A folder that holds other runs; exit 2.
pub(super) fn planned(
    design: &Design,
    case: &Case,
    quality: Quality,
    (template, home): (&str, &Path),
    folder: &Path,
) -> Result<Sweep, Failure> {
    let spec = design.spec(case, quality)?;
    let names: Vec<&str> = design.inputs.iter().map(|i| i.name.as_str()).collect();
    let heading = format!(
        "Written by `dens uncertainty`: method {}, {} runs, seed {}; inputs {}.",
        design.method.name(),
        design.quantiles.len(),
        design.seed,
        names.join(", ")
    );
    let text = written(&spec, &heading);
    if folder.join(MANIFEST).exists() {
        let sweep = Sweep::open(folder)?;
        let same =
            |name: &str, wanted: &str| fs::read_to_string(folder.join(name)).is_ok_and(|t| t == wanted);
        if !same(SPEC, &text) || !same("inputs/case.toml", template) {
            return Err(Failure::input(format!(
                "`{}` holds runs of another case, method, number or seed\n  = hint: give another folder with `-o`, or the same arguments",
                folder.display()
            )));
        }
        return Ok(sweep);
    }
    plan(&spec, &text, (template, home), folder)?;
    Sweep::open(folder)
}

/// Overrides of the command line as values of TOML.
///
/// # Errors
/// One without `=`; exit 2.
pub(super) fn settings(set: &[String]) -> Result<Vec<(String, toml::Value)>, Failure> {
    set.iter()
        .map(|assignment| {
            let (path, value) = assignment
                .split_once('=')
                .ok_or_else(|| Failure::input(format!("`--set {assignment}` has no `=`")))?;
            let parsed =
                format!("v = {}", value.trim()).parse::<toml::Table>().ok().and_then(|mut t| t.remove("v"));
            let text = || toml::Value::String(value.trim().trim_matches('"').to_string());
            Ok((path.trim().to_string(), parsed.unwrap_or_else(text)))
        })
        .collect()
}
