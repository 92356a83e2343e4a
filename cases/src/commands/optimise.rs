//! `dens optimise`: better lattices for a case.

use super::{Study, load};
use crate::case::Quality;
use crate::cli::{CaseArgs, Manner, print};
use crate::failure::{Exit, Failure};
use crate::optimise::job::{self, Asked, Ended};
use crate::optimise::spec::{Engine, Objective, Spec};
use crate::progress::Progress;
use crate::sweep::task::{exit_after, listen, listen_flag};
use clap::Args;
use dens_reports::table::significant;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// Arguments of `dens optimise`.
#[derive(Debug, Args)]
pub struct OptimiseArgs {
    /// The case; its table `[optimise]` says what is varied, minimised and kept.
    #[command(flatten)]
    pub case: CaseArgs,
    /// Folder of the result; default out/NAME-optimise. What was begun there is continued.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// How designs are found; default that of the case.
    #[arg(long, value_enum)]
    pub engine: Option<Engine>,
    /// Designs or iterations in all; default that of the case. A finished optimisation goes on when more are asked for.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub budget: Option<u32>,
    /// Seed; default that of the case.
    #[arg(long, value_name = "N")]
    pub seed: Option<u32>,
    /// Folder of response surfaces of cells, which several optimisations may share; default surfaces/ in DIR.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Density of the mesh that designs are compared on; the chosen one is verified on a finer one.
    #[arg(long, value_enum, default_value_t = Quality::Draft)]
    pub quality: Quality,
    /// Threads and what is shown.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs or continues the optimisation of a case.
///
/// # Errors
/// As the job; what was evaluated stays.
pub fn run(args: &OptimiseArgs) -> Result<Exit, Failure> {
    let loaded = load(&args.case)?;
    let Study::Column(case) = &loaded.study else {
        return Err(Failure::input(
            "a bench test has no lattice to optimise\n  = hint: give a case of a spine",
        ));
    };
    let case = case.at(args.quality);
    let mut spec = case.optimise.clone().unwrap_or_else(|| Spec::of_design(&case.design));
    if let Some(engine) = args.engine {
        spec.engine = engine;
        spec.cells.truncate(if engine == Engine::Gradient { 1 } else { usize::MAX });
    }
    spec.budget = args.budget.map_or(spec.budget, |n| n as usize);
    spec.seed = args.seed.map_or(spec.seed, u64::from);
    let default = || PathBuf::from("out").join(format!("{}-optimise", case.name));
    let target = args.output.clone().unwrap_or_else(default);
    let pool = args.manner.pool()?;
    let (stop, cancel) = (listen()?, listen_flag()?);
    let progress = Progress::new(args.manner.quiet);
    let asked = Asked {
        loaded: &loaded,
        case: &case,
        spec: &spec,
        quality: args.quality,
        target: &target,
        cache: args.cache.clone().unwrap_or_else(|| target.join("surfaces")),
        cancel: &cancel,
    };
    let ended = pool.install(|| job::run(&asked, &progress));
    progress.finish();
    match ended? {
        Ended::Stopped(n) => Err(Failure {
            exit: exit_after(stop.load(Ordering::Relaxed)),
            message: format!(
                "stopped: {n} of {} designs are kept in `{}`; the same command goes on from there",
                spec.budget,
                target.display()
            ),
        }),
        Ended::Done(record) => {
            if args.manner.json {
                print(&format!("{record}\n"));
            } else if !args.manner.quiet {
                print(&summary(&record, &target));
            }
            let sound = record["problems"].as_array().is_some_and(Vec::is_empty);
            Ok(if sound { Exit::Met } else { Exit::CriterionFailed })
        }
    }
}

/// What was found, for the terminal.
fn summary(record: &Value, target: &Path) -> String {
    let mut t = String::new();
    let number = |v: &Value| v.as_f64().map_or_else(|| "-".to_string(), |v| significant(v, 4));
    let word = |v: &Value| v.as_str().unwrap_or_default().to_string();
    let _ = writeln!(
        t,
        "{}: {} designs by `{}`, {} on the front\n",
        word(&record["case"]),
        record["evaluated"],
        word(&record["engine"]),
        record["front"].as_array().map_or(0, Vec::len)
    );
    let chosen = &record["chosen"];
    if chosen.is_object() {
        let _ = writeln!(t, "chosen: {}\n", word(&chosen["words"]));
        let edges = [0, 1].map(|i| number(&chosen["edges_mm"][i]));
        let _ = writeln!(
            t,
            "  {:<26}{:>14}{:>14}{:>14}",
            "",
            format!("{} mm mesh", edges[0]),
            format!("{} mm mesh", edges[1]),
            "difference"
        );
        let meshes = ["on_the_mesh_of_the_designs", "on_the_finer_mesh"];
        for o in Objective::ALL {
            let of = |m: &str| number(&chosen[m]["objectives"][o.name()]);
            let name = if o == Objective::Mass { "mass, g" } else { o.name() };
            let change = number(&chosen["difference"][o.name()]);
            let _ = writeln!(t, "  {name:<26}{:>14}{:>14}{change:>14}", of(meshes[0]), of(meshes[1]));
        }
        for (name, _) in chosen[meshes[1]]["excess"].as_object().into_iter().flatten() {
            let of = |m: &str| {
                let excess = chosen[m]["excess"][name].as_f64();
                excess.map_or_else(|| "-".into(), |e| format!("{:+.1} %", 100.0 * e))
            };
            let label = format!("{name} against its limit");
            let _ = writeln!(t, "  {label:<26}{:>14}{:>14}", of(meshes[0]), of(meshes[1]));
        }
        let error = &chosen["surface_error_by_direct_homogenisation"];
        let _ = writeln!(
            t,
            "\nresponse surface at the least and largest density, against direct homogenisation: {} and {} relative",
            number(&error[0]),
            number(&error[1])
        );
    }
    for s in record["surfaces"].as_array().into_iter().flatten() {
        let _ = writeln!(
            t,
            "response surface of {}: stated error {} relative",
            word(&s["cell"]),
            number(&s["stated_error"])
        );
    }
    for problem in record["problems"].as_array().into_iter().flatten() {
        let _ = writeln!(t, "NOT MET: {}", word(problem));
    }
    let _ =
        writeln!(t, "\nwrote {}; `dens run {}/chosen.toml` judges it", target.display(), target.display());
    t
}
