//! `dens solve`: an input deck to its displacements, reactions and stresses.

mod nonlinear;

use crate::cli::{SolveArgs, Solver, print};
use crate::deck::build::{Bound, Built, build, explain};
use crate::deck::model::Deck;
use crate::deck::results::{self, ELEMENTS_HEAD, NODES_HEAD};
use crate::deck::source::Findings;
use crate::deck::states::{State, states};
use crate::failure::{Exit, Failure};
use crate::output::{Output, stop_cleanly};
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_reports::export::vtu::write_pvd;
use dens_reports::table::significant;
use dens_solver::estimate::{Estimate, by_material, estimate};
use dens_solver::linear::{Choice, INSTRUCTION_SET};
use dens_solver::statics::{Answer, Assembled, Load, Options, Statics, Stresses};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

/// Solves the deck and puts the result in place.
///
/// # Errors
/// A bad deck or a model that is not held (2), no convergence (3), a limit (4); nothing is left behind then.
pub fn run(args: &SolveArgs) -> Result<Exit, Failure> {
    let pool = args.manner.pool()?;
    stop_cleanly()?;
    let progress = Progress::new(args.manner.quiet || args.manner.json);
    let done = pool.install(|| whole(args, &progress));
    progress.finish();
    let Done { object, summary, exit } = done?;
    if args.manner.json {
        print(&format!("{object}\n"));
    } else if !args.manner.quiet {
        print(&summary);
    }
    Ok(exit)
}

/// What is shown at the end.
struct Done {
    object: String,
    summary: String,
    exit: Exit,
}

/// Seconds of each phase.
#[derive(Debug, Clone, Copy, Default)]
struct Seconds {
    read: f64,
    assemble: f64,
    setup: f64,
    solve: f64,
    output: f64,
}

/// Runs a phase and adds its time to `slot`.
fn timed<T>(slot: &mut f64, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    *slot += start.elapsed().as_secs_f64();
    done
}

/// What the set-up of a group of steps has cost.
#[derive(Debug, Clone)]
struct SetUp {
    solver: &'static str,
    reason: String,
    free_dofs: usize,
    matrix_bytes: usize,
    solver_bytes: usize,
}

impl SetUp {
    fn of(statics: &Statics<'_>) -> Self {
        Self {
            solver: statics.solver_name(),
            reason: statics.reason().to_string(),
            free_dofs: statics.free_dofs(),
            matrix_bytes: statics.matrix_bytes(),
            solver_bytes: statics.solver_bytes(),
        }
    }
}

/// One step, solved.
struct Solved {
    answer: Answer,
    load: Load,
    set_up: SetUp,
    /// Those of a nonlinear step.
    stresses: Option<Stresses>,
    /// How a nonlinear step went.
    course: Option<nonlinear::Course>,
}

impl Solved {
    fn collapsed(&self) -> bool {
        self.course.as_ref().is_some_and(nonlinear::Course::collapsed)
    }
}

fn whole(args: &SolveArgs, progress: &Progress) -> Result<Done, Failure> {
    let start = Instant::now();
    let mut seconds = Seconds::default();
    let output = Output::begin(&args.output)?;
    progress.phase("read", 0.1);
    let (deck, mut findings) = timed(&mut seconds.read, || {
        let febio = args.deck.extension().is_some_and(|e| e.eq_ignore_ascii_case("feb"));
        if febio { crate::deck::feb::read_to_solve(&args.deck) } else { crate::deck::read(&args.deck) }
    })?;
    progress.phase("build", 0.05);
    let (built, states) = timed(&mut seconds.assemble, || {
        build(&deck, args.c3d8, &mut findings).map(|built| (built, states(&deck)))
    })?;
    let solver = if deck.is_nonlinear() { nonlinear::solve } else { solve };
    let solved = solver(args, &deck, &built, &states, &mut findings, &mut seconds, progress)?;
    let exit = if solved.iter().any(Solved::collapsed) { Exit::CriterionFailed } else { Exit::Met };
    progress.phase("write", 0.2);
    let (notes, estimates) =
        timed(&mut seconds.output, || write(args, &deck, &built, &states, &solved, &output))?;
    let mut warnings = findings.warnings();
    warnings.extend(notes);
    warnings.extend(large(&built, &solved));
    for (i, s) in solved.iter().enumerate() {
        warnings.extend(s.course.iter().flat_map(|course| course.warnings(i + 1)));
    }
    let mut object = json(args, &deck, &built, &solved, &warnings, seconds, start.elapsed().as_secs_f64());
    for (step, estimate) in estimates.iter().enumerate() {
        object["steps"][step]["error_estimate"] = describe(&deck, estimate);
    }
    let text = serde_json::to_string_pretty(&object).map_err(Failure::bug)?;
    output.write("solve.json", format!("{text}\n").as_bytes())?;
    output.commit()?;
    let summary = summary(args, &deck, &built, &solved, &warnings, start.elapsed().as_secs_f64());
    Ok(Done { object: object.to_string(), summary, exit })
}

/// Solves all steps; those with the same supports share one set-up.
fn solve(
    args: &SolveArgs,
    deck: &Deck,
    built: &Built,
    states: &[State],
    findings: &mut Findings,
    seconds: &mut Seconds,
    progress: &Progress,
) -> Result<Vec<Solved>, Failure> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for i in 0..states.len() {
        let same = |g: &&mut Vec<usize>| states[g[0]].supports.keys().eq(states[i].supports.keys());
        match groups.iter_mut().find(same) {
            Some(group) => group.push(i),
            None => groups.push(vec![i]),
        }
    }
    let mut solved: Vec<Option<Solved>> = states.iter().map(|_| None).collect();
    let share = 0.65 / groups.len() as f64;
    for group in &groups {
        let bound = built.bind(&states[group[0]], deck, findings)?;
        let loads: Vec<Load> =
            group.iter().map(|&i| built.load(&states[i], &bound, deck, findings)).collect();
        if findings.n_errors() > 0 {
            return Err(Failure::problems(findings.errors()));
        }
        let (answers, set_up) = one_group(args, built, &bound, &loads, seconds, progress, share)
            .map_err(|e| explain(&e, deck, built, Some(&bound), findings))?;
        for ((&i, answer), load) in group.iter().zip(answers).zip(loads) {
            if !answer.displacements.iter().all(|u| u.iter().all(|x| x.is_finite())) {
                return Err(Failure::not_converged(format!(
                    "step {}: a displacement is not a number",
                    i + 1
                )));
            }
            let set_up = set_up.clone();
            solved[i] = Some(Solved { answer, load, set_up, stresses: None, course: None });
        }
    }
    Ok(solved.into_iter().flatten().collect())
}

fn one_group(
    args: &SolveArgs,
    built: &Built,
    bound: &Bound,
    loads: &[Load],
    seconds: &mut Seconds,
    progress: &Progress,
    share: f64,
) -> Result<(Vec<Answer>, SetUp), dens_solver::statics::StaticsError> {
    let options = Options {
        solver: args.choice(),
        tolerance: args.tol,
        max_memory: args.max_memory,
        loads: loads.len(),
    };
    progress.phase("assemble", 0.2 * share);
    let assembled = timed(&mut seconds.assemble, || Assembled::new(&built.body, &bound.constraints))?;
    progress.phase("set up", 0.4 * share);
    let statics = timed(&mut seconds.setup, || assembled.prepare(&options))?;
    progress.phase("solve", 0.4 * share);
    let answers = timed(&mut seconds.solve, || statics.solve(loads))?;
    Ok((answers, SetUp::of(&statics)))
}

impl SolveArgs {
    /// Linear solver asked for.
    fn choice(&self) -> Choice {
        match self.solver {
            Solver::Auto => Choice::Auto,
            Solver::Direct => Choice::Direct,
            Solver::Multigrid => Choice::Multigrid,
        }
    }
}

/// Estimated error of discretisation, of the whole and by material, relative to the norm of energy.
fn describe(deck: &Deck, estimate: &Estimate) -> serde_json::Value {
    let share = |error: f64, size: f64| if error == 0.0 { 0.0 } else { error / error.hypot(size) };
    let regions = estimate.regions.iter().zip(&estimate.norms).zip(&deck.materials);
    let materials: serde_json::Map<String, serde_json::Value> =
        regions.map(|((error, size), m)| (m.name.clone(), serde_json::json!(share(*error, *size)))).collect();
    serde_json::json!({ "method": "Zienkiewicz-Zhu", "relative": estimate.relative(), "materials": materials })
}

/// Writes tables and pictures; gives remarks on what was chosen and, where asked, the estimated errors.
fn write(
    args: &SolveArgs,
    deck: &Deck,
    built: &Built,
    states: &[State],
    solved: &[Solved],
    output: &Output,
) -> Result<(Vec<String>, Vec<Estimate>), Failure> {
    let mut estimates = Vec::new();
    let mut nodes = Table::create(output, "nodes.csv", NODES_HEAD)?;
    let mut elements = Table::create(output, "elements.csv", ELEMENTS_HEAD)?;
    let mut contact = match deck.contact_pairs.is_empty() {
        true => None,
        false => Some(Table::create(output, "contact.csv", nonlinear::CONTACT_HEAD)?),
    };
    let mut notes = Vec::new();
    let mut series = Vec::new();
    let mut time = 0.0;
    for (i, step) in solved.iter().enumerate() {
        let linear = || Stresses::new(&built.body, &step.answer.displacements, &step.load.temperature_rise);
        let stresses = match &step.stresses {
            Some(stresses) => stresses.clone(),
            None => linear().map_err(Failure::bug)?,
        };
        if let (Some(table), Some(course)) = (&mut contact, &step.course) {
            table.rows(&course.rows(deck, built, i + 1))?;
        }
        if args.estimate {
            let region_of = by_material(&built.body);
            estimates.push(estimate(&built.body, &stresses, &region_of).map_err(Failure::bug)?);
        }
        let of_nodes = results::rows(deck, i, false, args.all);
        let of_elements = results::rows(deck, i, true, args.all);
        let prescribed = |node: u32| {
            Vec3::from_fn(|axis, _| states[i].supports.get(&(node, axis as u8)).map_or(0.0, |s| s.0))
        };
        nodes.rows(&results::node_table(deck, built, &of_nodes, i, &step.answer, prescribed))?;
        elements.rows(&results::element_table(deck, built, &of_elements, i, &stresses))?;
        if i == 0 && !args.all {
            remark(&mut notes, of_nodes.chosen, "*NODE PRINT", "nodes");
            remark(&mut notes, of_elements.chosen, "*EL PRINT", "elements");
        }
        let picture = results::picture(deck, built, &step.answer, &stresses, &step.load.temperature_rise)
            .map_err(Failure::bug)?;
        let last = i + 1 == solved.len();
        let name = if last { "result.vtu".to_string() } else { format!("result_step_{}.vtu", i + 1) };
        output.write(&name, &picture)?;
        time += deck.steps[i].period;
        series.push((time, name));
    }
    if 1 < series.len() {
        let files: Vec<(f64, &str)> = series.iter().map(|(t, name)| (*t, name.as_str())).collect();
        output.write("result.pvd", write_pvd(&files).as_bytes())?;
    }
    nodes.finish()?;
    elements.finish()?;
    contact.map_or(Ok(()), Table::finish)?;
    let local = (0..solved.len()).any(|i| {
        results::rows(deck, i, false, args.all).local || results::rows(deck, i, true, args.all).local
    });
    if !local && (!deck.transforms.is_empty() || deck.sections.iter().any(|s| s.orientation.is_some())) {
        notes.push(
            "tables are in global axes; `GLOBAL=NO` in a print request asks for local ones".to_string(),
        );
    }
    Ok((notes, estimates))
}

/// Remark on displacements beyond what small-displacement theory can mean.
fn large(built: &Built, solved: &[Solved]) -> Option<String> {
    let solved: Vec<&Solved> = solved.iter().filter(|s| s.course.is_none()).collect();
    let points = built.body.mesh().points();
    let [low, high] = [f64::min, f64::max]
        .map(|f| points.iter().copied().reduce(|a, b| a.zip_map(&b, f)).unwrap_or_default());
    let size = (high - low).norm();
    let step = solved
        .iter()
        .position(|s| built.without_rotations(&s.answer.displacements).iter().any(|u| size < u.norm()))?;
    Some(format!(
        "step {}: displacements exceed the size of the model: look for a part that is hardly held, or loads and moduli in different units",
        step + 1
    ))
}

fn remark(notes: &mut Vec<String>, chosen: bool, keyword: &str, what: &str) {
    if !chosen {
        notes.push(format!("the deck has no `{keyword}`: all {what} are written"));
    }
}

/// Table being written.
struct Table {
    name: &'static str,
    file: BufWriter<File>,
}

impl Table {
    fn create(output: &Output, name: &'static str, head: &str) -> Result<Self, Failure> {
        let path = output.path(name)?;
        let file = File::create(&path).map_err(|e| failed(name, &e))?;
        let mut table = Self { name, file: BufWriter::with_capacity(1 << 20, file) };
        table.file.write_all(head.as_bytes()).map_err(|e| failed(name, &e))?;
        Ok(table)
    }

    fn rows(&mut self, pieces: &[String]) -> Result<(), Failure> {
        for piece in pieces {
            self.file.write_all(piece.as_bytes()).map_err(|e| failed(self.name, &e))?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Failure> {
        let file = self.file.into_inner().map_err(|e| failed(self.name, e.error()))?;
        file.sync_all().map_err(|e| failed(self.name, &e))
    }
}

fn failed(name: &str, e: &std::io::Error) -> Failure {
    Failure::limit(format!("cannot write `{name}`: {e}; nothing was kept"))
}

/// Largest of a number over the steps.
fn worst(solved: &[Solved], of: impl Fn(&Answer) -> f64) -> f64 {
    solved.iter().map(|s| of(&s.answer)).fold(0.0, f64::max)
}

/// The content of `solve.json`.
fn json(
    args: &SolveArgs,
    deck: &Deck,
    built: &Built,
    solved: &[Solved],
    warnings: &[String],
    seconds: Seconds,
    total: f64,
) -> serde_json::Value {
    let largest = solved.iter().max_by_key(|s| s.set_up.solver_bytes).map(|s| &s.set_up);
    let steps: Vec<serde_json::Value> = solved
        .iter()
        .zip(&deck.steps)
        .enumerate()
        .map(|(i, (s, step))| {
            let total: Vec3 = built.without_rotations(&s.answer.reactions).iter().sum();
            let mut object = serde_json::json!({
                "step": i + 1,
                "name": step.name,
                "iterations": s.answer.stats.iterations,
                "relative_residual": s.answer.stats.relative_residual,
                "compliance": s.answer.compliance,
                "reaction_error": s.answer.reaction_error,
                "total_reaction": [total.x, total.y, total.z],
                "solver": s.set_up.solver,
            });
            if !built.turning.is_empty() {
                object["reference_nodes"] = results::references(deck, built, &s.answer).into();
            }
            if let Some(course) = &s.course {
                object["nonlinear"] = course.json();
            }
            object
        })
        .collect();
    serde_json::json!({
        "schema": "dens-solve/1",
        "deck": args.deck.file_name().map(|n| n.to_string_lossy()),
        "units": "units of the deck",
        "dofs": 3 * built.body.mesh().n_nodes(),
        "free_dofs": largest.map(|s| s.free_dofs),
        "nodes": built.body.mesh().n_nodes(),
        "elements": built.body.mesh().n_cells(),
        "solver": largest.map(|s| s.solver),
        "solver_reason": largest.map(|s| s.reason.clone()),
        "iterations": solved.iter().map(|s| s.answer.stats.iterations).max(),
        "relative_residual": worst(solved, |a| a.stats.relative_residual),
        "tolerance": args.tol,
        "compliance": solved.last().map(|s| s.answer.compliance),
        "reaction_error": worst(solved, |a| a.reaction_error),
        "steps": steps,
        "seconds": {
            "read": seconds.read,
            "assemble": seconds.assemble,
            "setup": seconds.setup,
            "solve": seconds.solve,
            "output": seconds.output,
            "total": total,
        },
        "peak_memory_bytes": peak_memory_bytes(),
        "matrix_bytes": largest.map(|s| s.matrix_bytes).filter(|b| 0 < *b),
        "solver_bytes": largest.map(|s| s.solver_bytes).filter(|b| 0 < *b),
        "threads": rayon::current_num_threads(),
        "instruction_set": INSTRUCTION_SET,
        "warnings": warnings,
    })
}

/// Largest resident memory of this process; 0 where the system does not tell.
fn peak_memory_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    kib.map_or(0, |k| 1024 * k)
}

/// Summary for the terminal.
fn summary(
    args: &SolveArgs,
    deck: &Deck,
    built: &Built,
    solved: &[Solved],
    warnings: &[String],
    seconds: f64,
) -> String {
    let mut t = String::new();
    let name = args.deck.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let _ = writeln!(
        t,
        "{name}: {} nodes, {} elements, {} steps; all numbers in the units of the deck\n",
        deck.n_own_nodes(),
        deck.elements.len(),
        deck.steps.len()
    );
    let _ =
        writeln!(t, "  step  largest displacement  total reaction (x y z)            iterations  residual");
    for (i, s) in solved.iter().enumerate() {
        let [displacements, reactions] =
            [&s.answer.displacements, &s.answer.reactions].map(|v| built.without_rotations(v));
        let largest = displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        let total: Vec3 = reactions.iter().sum();
        let scale = reactions.iter().map(|r| r.norm()).sum::<f64>();
        let shown = [total.x, total.y, total.z]
            .map(|r| if r.abs() <= 1e-9 * scale { "0".to_string() } else { significant(r, 4) });
        let _ = writeln!(
            t,
            "  {:>4}  {:>20}  {:<32}  {:>10}  {:.1e}",
            i + 1,
            significant(largest, 4),
            shown.join("  "),
            s.answer.stats.iterations,
            s.answer.stats.relative_residual
        );
    }
    t.push('\n');
    for (i, s) in solved.iter().enumerate() {
        if let Some(course) = &s.course {
            t.push_str(&course.remarks(i + 1));
        }
    }
    if let Some(s) = solved.last() {
        let _ = writeln!(t, "solver: {} ({})", s.set_up.solver, s.set_up.reason);
    }
    for warning in warnings {
        let _ = writeln!(t, "warning: {warning}");
    }
    let _ = writeln!(t, "wrote {} in {seconds:.1} s", shown(&args.output));
    t
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
