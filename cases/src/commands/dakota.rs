//! `dens dakota-driver` and `dens dakota-deck`.

use super::{Study as Meaning, load};
use crate::case::{Case, Quality};
use crate::cli::{CaseArgs, print};
use crate::dakota::deck::{Deck, POINTS, Study};
use crate::dakota::{Manner, Template, answer, assignments, evaluate, params, refuse_derivatives};
use crate::document::Document;
use crate::failure::{Exit, Failure};
use crate::output::{stop_cleanly, write_whole};
use crate::sweep::cluster::quoted;
use crate::uncertainty::input::{self, Input};
use crate::uncertainty::plan::{Design, Method, template};
use clap::Args;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Arguments of `dens dakota-driver`.
#[derive(Debug, Args)]
pub struct DriverArgs {
    /// The case whose entries Dakota varies: a file or the name of an embedded case.
    #[arg(long, default_value = "c2-spondylectomy", value_name = "CASE")]
    pub template: String,
    /// Parameter file of Dakota: standard, APREPRO or JSON.
    pub params: PathBuf,
    /// Results file; appears whole, with `fail` for a run without result.
    pub results: PathBuf,
    /// The parameter file holds several evaluations; their results stand one after the other behind lines of `#`.
    #[arg(long)]
    pub batch: bool,
    /// Override one entry of the case in all evaluations; may be repeated.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Draft)]
    pub quality: Quality,
    /// Threads of a run.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Folder of results that are kept, so that an evaluation asked for twice is run once.
    #[arg(long, value_name = "DIR", default_value = "dens-evaluations")]
    pub keep: PathBuf,
    /// Program that runs a case, in words divided by spaces. Default: this program.
    #[arg(long, value_name = "WORDS")]
    pub program: Option<String>,
}

/// Arguments of `dens dakota-deck`.
#[derive(Debug, Args)]
pub struct DeckArgs {
    /// The case; its `[uncertainty.*]` say how inputs spread, default ones are taken where it has none.
    #[command(flatten)]
    pub case: CaseArgs,
    /// Method.
    #[arg(long, value_enum, default_value_t = Study::Lhs)]
    pub study: Study,
    /// Size: samples, trajectories of moat, values of each input of grid.
    #[arg(short = 'n', long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Start of all draws.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Only this input, by its name; may be repeated.
    #[arg(long = "input", value_name = "NAME")]
    pub inputs: Vec<String>,
    /// Result to ask for, by its name in record.json; may be repeated.
    #[arg(long = "response", value_name = "ID", required = true)]
    pub responses: Vec<String>,
    /// New folder of the deck and its case.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Density of meshes and grids.
    #[arg(long, value_enum, default_value_t = Quality::Draft)]
    pub quality: Quality,
    /// Evaluations at once.
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: u16,
    /// This program as Dakota calls it. Default: by its place here.
    #[arg(long, value_name = "WORDS")]
    pub dens: Option<String>,
}

fn column(args: &CaseArgs) -> Result<(super::Loaded, Case), Failure> {
    let loaded = load(args)?;
    match &loaded.study {
        Meaning::Column(case) => {
            let case = (**case).clone();
            Ok((loaded, case))
        }
        Meaning::Bench(_) => Err(Failure::input("Dakota varies cases of a column, this is a bench test")),
    }
}

/// Answers one call of Dakota.
///
/// # Errors
/// A parameter file that cannot be read, unknown names, derivatives: exit 2 and no results file, so that Dakota stops.
pub fn driver(args: &DriverArgs) -> Result<Exit, Failure> {
    let evaluations = params::read(&args.params)?;
    if 1 < evaluations.len() && !args.batch {
        return Err(Failure::input(format!(
            "`{}` holds {} evaluations\n  = hint: call the driver with --batch",
            args.params.display(),
            evaluations.len()
        )));
    }
    let (loaded, case) = column(&CaseArgs { case: args.template.clone(), set: args.set.clone() })?;
    let mut document = Document::parse(&loaded.text)
        .map_err(|p| Failure::problems(crate::diagnostic::render(&args.template, &loaded.text, &p)))?;
    for set in &args.set {
        document.set(set).map_err(|p| Failure::input(p.message))?;
    }
    let template =
        Template { text: loaded.text, name: args.template.clone(), document, case, set: args.set.clone() };
    let mut runs = Vec::new();
    // What Dakota got wrong is told before anything is computed.
    for e in &evaluations {
        refuse_derivatives(e)?;
        runs.push(assignments(&template, &e.variables)?);
    }
    stop_cleanly()?;
    let manner = Manner {
        program: args.program.iter().flat_map(|p| p.split_whitespace()).map(str::to_string).collect(),
        quality: args.quality,
        threads: usize::from(args.threads),
    };
    let mut text = String::new();
    for (e, set) in evaluations.iter().zip(&runs) {
        let outcome = evaluate(&template, set, &args.keep, &manner)?;
        if args.batch {
            let _ = writeln!(text, "#");
        }
        text.push_str(&answer(e, &outcome)?);
    }
    write_whole(&args.results, text.as_bytes())?;
    Ok(Exit::Met)
}

/// Writes a deck with its case.
///
/// # Errors
/// Unknown inputs, a folder in use; exit 2.
pub fn deck(args: &DeckArgs) -> Result<Exit, Failure> {
    let (loaded, case) = column(&args.case)?;
    let all = input::of(&case.uncertainty)?;
    if let Some(unknown) = args.inputs.iter().find(|n| all.iter().all(|i| i.name != **n)) {
        let names: Vec<&str> = all.iter().map(|i| i.name.as_str()).collect();
        return Err(Failure::input(format!(
            "there is no input `{unknown}`\n  = hint: one of {}",
            names.join(", ")
        )));
    }
    let inputs: Vec<Input> =
        all.into_iter().filter(|i| args.inputs.is_empty() || args.inputs.contains(&i.name)).collect();
    let n = args.runs as usize;
    let design = Design::new(Method::Lhs, inputs, Some(n.max(2)), args.seed)?;
    let own = std::env::current_exe()
        .map_err(|e| Failure::bug(format!("this program does not know its own place: {e}")))?;
    let dens = args.dens.clone().unwrap_or_else(|| quoted(&own.to_string_lossy()).replace('\'', ""));
    let driver = format!("{dens} dakota-driver --template case.toml --quality {}", args.quality.name());
    let entry = format!("mesh.edge_{}", args.quality.name());
    let deck = Deck {
        study: args.study,
        n,
        seed: args.seed,
        inputs: &design.inputs,
        list: &design.quantiles,
        responses: &args.responses,
        driver: &driver,
        jobs: usize::from(args.jobs),
        edge: (&entry, case.fineness.edge[args.quality as usize]),
    };
    let text = deck.text()?;
    let sets = super::uncertainty::settings(&args.case.set)?;
    let sets: Vec<(&str, toml::Value)> = sets.iter().map(|(p, v)| (p.as_str(), v.clone())).collect();
    let written = template(&loaded.text, &sets, &case, &design.inputs)?;
    if args.output.exists() {
        return Err(Failure::input(format!(
            "`{}` exists\n  = hint: a deck is written into a new folder; give another with `-o`",
            args.output.display()
        )));
    }
    std::fs::create_dir_all(&args.output)
        .map_err(|e| Failure::limit(format!("cannot make `{}`: {e}", args.output.display())))?;
    write_whole(&args.output.join("study.in"), text.as_bytes())?;
    write_whole(&args.output.join("case.toml"), written.as_bytes())?;
    if args.study == Study::List {
        write_whole(&args.output.join(POINTS), deck.points().as_bytes())?;
    }
    print(&format!(
        "wrote study.in and case.toml in {0}\nnext: cd {0} && dakota -i study.in -o study.out\n",
        args.output.display()
    ));
    Ok(Exit::Met)
}
