//! The order of the job: geometry, meshes, control, design loop, implanted stages, assessment, export, report.

pub mod anchors;
pub mod approach;
pub mod assess;
pub mod bodies;
pub mod construct;
pub mod crush;
pub mod design;
pub mod export;
pub mod fields;
mod fit;
pub mod geometry;
pub mod grading;
pub mod ingrowth;
pub mod lattice;
pub mod margins;
pub mod misfit;
pub mod models;
pub mod moments;
pub mod peaks;
pub mod pictures;
pub mod plots;
pub mod report;
pub mod rigid;
mod scan;
mod sections;
pub mod segmented;
pub mod separation;
pub mod sinking;
pub mod strengths;
pub mod tissue;
pub mod under;
mod verdicts;

use crate::case::{Case, Quality};
use crate::checkpoint::Checkpoint;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use approach::Access;
use assess::Assessment;
use bodies::Bodies;
use crush::Crushing;
use dens_mesher::geometry::implant::Form;
use dens_reports::record::Record;
use dens_solver::loads::contact::Gaps;
use dens_solver::model::Interpolation;
use dens_solver::newton::{Observer, Options, SolveError, Solver};
use dens_solver::solution::Solution;
use design::History;
use export::Exported;
use fields::Solved;
use geometry::Geometry;
use grading::{Fill, Table};
use ingrowth::Ingrowth;
use lattice::{Chosen, Drawn};
use margins::MetalStress;
use models::Stage;
use moments::Moments;
use separation::Separation;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Everything a run has computed.
pub struct Results {
    /// Bones and implant.
    pub geometry: Geometry,
    /// Meshes of the reported models.
    pub bodies: Bodies,
    /// Designs evaluated.
    pub history: History,
    /// The lattice that was chosen.
    pub chosen: Chosen,
    /// Intact, day 1, 12 months.
    pub stages: [Solved; 3],
    /// Partial ingrowth, between the last two.
    pub partial: Solved,
    /// Where bone has grown in: at partial ingrowth, at 12 months.
    pub ingrowth: [Ingrowth; 2],
    /// Day 1 with bone that yields, and settling.
    pub crushing: Crushing,
    /// Day 1 under moments, where the quality asks for them.
    pub moments: Option<Moments>,
    /// What they say.
    pub assessment: Assessment,
    /// Printable solids, one per height.
    pub exported: Vec<Exported>,
    /// Whether the implant can be put in, where the case says how.
    pub access: Option<Access>,
    /// What a reader should know about this run.
    pub warnings: Vec<String>,
}

impl Results {
    /// Stress in the metal of the implant of a solved stage; none of the intact one.
    pub fn metal(&self, solved: &Solved) -> Option<&MetalStress> {
        match solved.question.stage {
            Stage::Intact => None,
            Stage::DayOne => Some(&self.assessment.stages[0].metal),
            Stage::Partial => Some(&self.assessment.partial.metal),
            Stage::Ingrown => Some(&self.assessment.stages[1].metal),
        }
    }

    /// Scale separation of the lattice that was analysed.
    pub fn separation(&self) -> Option<&Separation> {
        self.exported.iter().find_map(|e| e.separation.as_ref())
    }

    /// All solved stages in order of time.
    pub fn in_time(&self) -> [&Solved; 4] {
        let [intact, day_one, ingrown] = &self.stages;
        [intact, day_one, &self.partial, ingrown]
    }
}

/// Shares of the phases in the time of a run, for the progress display only; measured on the default case.
const SHARES: [(&str, f64); 7] = [
    ("geometry", 0.02),
    ("meshing", 0.06),
    ("intact control", 0.12),
    ("design loop", 0.18),
    ("implanted stages, crushing and export", 0.55),
    ("assessment", 0.02),
    ("report", 0.05),
];

/// Runs a case and writes its result into `output`.
///
/// # Errors
/// Bad input or model (exit 2), no convergence (3), disk (4), a bug (70).
pub fn run(
    case: &Case,
    folder: &Path,
    quality: Quality,
    output: &Output,
    progress: &Progress,
) -> Result<(Results, Record), Failure> {
    let case = &case.at(quality);
    let cancel = AtomicBool::new(false);
    let phase = |i: usize| progress.phase(SHARES[i].0, SHARES[i].1);
    let grade = quality as usize;
    phase(0);
    let geometry = geometry::build(case, folder)?;
    phase(1);
    let edge = case.fineness.edge[grade];
    let bodies = bodies::mesh(case, &geometry, edge, progress)?;
    let no_lattice = [[0.0; 6]; 6];
    phase(2);
    let within = |what: &str, fraction: f64| progress.within(what, fraction);
    let exact = reported(case, quality);
    let kept =
        &output.checkpoint(&[&format!("{case:?}"), quality.name(), &format!("{:?}", geometry.hashes)])?;
    let intact = models::build(case, &geometry, &bodies, Stage::Intact, Fill::Even(&no_lattice))?;
    let intact = solved(intact, &exact, kept, &within, &cancel)?;
    phase(3);
    let coarse = case.fineness.edge[Quality::Draft as usize];
    let voxels = case.fineness.voxels[grade];
    let loop_voxels = voxels.min(case.fineness.voxels[Quality::Draft as usize]);
    let history = kept.once("designs", || {
        if edge < coarse {
            let coarse_bodies = bodies::mesh(case, &geometry, coarse, &Progress::new(true))?;
            let control = design::control(case, &geometry, &coarse_bodies, &cancel)?;
            design::run(case, &geometry, &coarse_bodies, &control, loop_voxels, progress, &cancel)
        } else {
            design::run(case, &geometry, &bodies, &intact, loop_voxels, progress, &cancel)
        }
    })?;
    let mut warnings = crate::comparator::described(case, &geometry.implant.params.form);
    let drawn = chosen_lattice(case, &history, &mut warnings)?;
    if case.lattice.grading.is_some() {
        drawn.filling(case)?.check(&geometry.implant)?;
        warnings.push(String::from(
            "The lattice is graded (lattice.grading): stiffness and strut stress follow the relative density at every place; stiffness in tables, strut and pore are those of its least relative density.",
        ));
    }
    let chosen = lattice::choose(case, drawn, voxels)?;
    let table = Table::new(case, &chosen.drawn, voxels)?;
    let lattice = table.as_ref().map_or(Fill::Even(&chosen.homogenized.stiffness), Fill::Graded);
    phase(4);
    // Neither stage nor export needs another: side by side they keep the cores busy where one alone does not.
    let quiet = Progress::new(true);
    let (stages, exported) = rayon::join(
        || {
            let halfway = |what: &str, f: f64| progress.within(what, 0.3 * f);
            let day_one = models::build(case, &geometry, &bodies, Stage::DayOne, lattice)?;
            let day_one = solved(day_one, &exact, kept, &halfway, &cancel)?;
            let factor = case.judged_load().axial / case.largest_load();
            let ingrowth =
                ingrowth::limits().map(|l| ingrowth::of(&day_one, geometry.pad_areas(), factor, l));
            let later = |stage: Stage, grown: &Ingrowth| {
                let question = models::build_grown(case, &geometry, &bodies, stage, lattice, Some(grown))?;
                solved(question, &exact, kept, &|_, _| {}, &cancel)
            };
            let (forces, (partial, ingrown)) = rayon::join(
                || {
                    let within = |what: &str, f: f64| progress.within(what, 0.3 + 0.3 * f);
                    let moments = turn(case, &day_one, kept, &within, &cancel)?;
                    let rest = |what: &str, f: f64| progress.within(what, 0.6 + 0.4 * f);
                    let crushing =
                        crush::run(case, &geometry, &bodies, &day_one, (&exact, kept), &rest, &cancel)?;
                    Ok::<_, Failure>((moments, crushing))
                },
                || {
                    rayon::join(
                        || later(Stage::Partial, &ingrowth[0]),
                        || later(Stage::Ingrown, &ingrowth[1]),
                    )
                },
            );
            Ok::<_, Failure>((day_one, forces?, partial?, ingrown?, ingrowth))
        },
        || export::write(case, &geometry, &chosen, quality, output, &quiet, &cancel),
    );
    let (day_one, (moments, crushing), partial, ingrown, ingrowth) = stages?;
    let stages = [intact, day_one, ingrown];
    let exported = exported?;
    phase(5);
    let assessment = assess::assess(case, &geometry, &bodies, (&chosen, table.as_ref()), &stages, &partial)?;
    if case.interpolation == Interpolation::Linear {
        warnings.push(String::from(
            "Displacements are linear within each tetrahedron (solver.interpolation): far too stiff in bending and in soft tissue; these numbers only show that the chain runs.",
        ));
    }
    warnings.extend(geometry.spine.warnings.iter().cloned());
    warnings.extend(bodies.all.iter().flat_map(|b| b.notes.iter().cloned()));
    warnings.extend(exported.iter().flat_map(|e| e.warnings.iter().cloned()));
    warnings.extend(stages.iter().chain([&partial]).filter_map(wide_overlap));
    if let Some(pressed) = misfit::warning(case, &stages[1], &crushing) {
        warnings.insert(crate::comparator::described(case, &geometry.implant.params.form).len(), pressed);
    }
    warnings.extend(moments.iter().flat_map(Moments::warnings));
    if case.moments.is_some() && moments.is_none() {
        warnings.push(String::from(
            "No moments were applied: without rods or screws through the implant nothing in the model but friction under the preload resists them.",
        ));
    }
    let access = case.approach.as_ref().map(|a| approach::access(a, &geometry));
    phase(6);
    let results = Results {
        geometry,
        bodies,
        history,
        chosen,
        stages,
        partial,
        ingrowth,
        crushing,
        moments,
        access,
        assessment,
        exported,
        warnings,
    };
    let record = report::write(case, quality, &results, output)?;
    Ok((results, record))
}

/// Day 1 under moments; `None` where the case has none, or neither rods nor screws through the implant that could carry
/// them.
fn turn(
    case: &Case,
    day_one: &Solved,
    kept: &Checkpoint,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Option<Moments>, Failure> {
    match &case.moments {
        Some(load) if case.fixation.resists_moments() => {
            // Under a couple most of a face opens, and the last digits take as many iterations as all before.
            let options = [Quality::Standard, Quality::Draft].map(|firmness| Options {
                residual_tolerance: 100.0 * case.tolerance,
                max_iterations: case.max_iterations.max(250),
                ..reported(case, firmness)
            });
            moments::run(load, &day_one.question, &options, kept, observer, cancel).map(Some)
        }
        _ => Ok(None),
    }
}

fn chosen_lattice(case: &Case, history: &History, warnings: &mut Vec<String>) -> Result<Drawn, Failure> {
    if let Some(best) = history.best.map(|i| &history.designs[i]) {
        return Ok(Drawn::new(&best.cell, best.relative_density, 1.0)?.resized(best.cell_size));
    }
    if case.implant.form != Form::Lattice {
        let l = &case.lattice;
        return Drawn::new(&l.cell, l.relative_density, l.cell_size);
    }
    warnings.push(String::from(
        "No evaluated design keeps every limit; the lattice that the case starts from is reported and exported, and must not be printed as it is.",
    ));
    let l = &case.lattice;
    Drawn::new(&l.cell, l.relative_density, l.cell_size)
}

/// Solves a stage, or takes its answer from what was kept.
fn solved(
    question: models::Question,
    options: &Options,
    kept: &Checkpoint,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Solved, Failure> {
    let (solution, rest) =
        kept.once(question.stage.key(), || answer(&question, options, observer, cancel))?;
    let solved = Solved::new(question, solution)?;
    Ok(Solved { rest, ..solved })
}

/// The answer under the load, and without one where that is not nothing.
fn answer(
    question: &models::Question,
    options: &Options,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<(Solution, Option<Solution>), Failure> {
    let failed = |e| solve_failure(question.stage.name(), &e);
    let model = &question.model;
    let mut solver = Solver::new(model, options).map_err(failed)?;
    let mut rest = None;
    if model.interfaces.iter().any(|i| !matches!(i.gaps, Gaps::Closed)) {
        rest = Some(solver.at_rest(model, None, observer, cancel).map_err(failed)?);
    }
    // From a state in which nothing touches, contact is found worse than from none.
    let start = rest.as_ref().filter(|r| r.is_pressed());
    let mut solution = solver.solve(model, start, observer, cancel).map_err(failed)?;
    ingrowth::merge(&mut solution);
    rest.iter_mut().for_each(ingrowth::merge);
    Ok((solution, rest))
}

/// Says so when an interface overlaps or jumps by more than 2 % of its facet size.
fn wide_overlap(solved: &Solved) -> Option<String> {
    let worst = solved
        .solution
        .contacts
        .iter()
        .max_by(|a, b| a.relative_violation.total_cmp(&b.relative_violation))
        .filter(|c| 0.02 < c.relative_violation)?;
    Some(format!(
        "{}: the contact method leaves {:.3} mm of overlap or jump at {}, {:.0} % of the facet size",
        solved.question.stage.name(),
        worst.largest_violation,
        worst.name,
        100.0 * worst.relative_violation
    ))
}

/// Options of the solves that compare lattices: contact soft enough to converge fast, and the same for all of them.
pub fn options(case: &Case) -> Options {
    Options {
        residual_tolerance: case.tolerance,
        max_iterations: case.max_iterations,
        gap_tolerance: 0.15,
        ..Options::default()
    }
}

/// Options of the solves whose numbers are reported.
///
/// The firmer the contact, the more iterations: on the draft mesh of the default case 26, 45 and 66. It leaves overlaps of
/// 1.8e-3, 1.0e-3 and 0.8e-3 of the facet size under the implant and jumps of 24e-3, 5e-3 and 3e-3 at joints; the column
/// is 2 % stiffer with the second than with the first, and 0.4 % with the third than with the second.
pub fn reported(case: &Case, quality: Quality) -> Options {
    let own = options(case);
    match quality {
        Quality::Draft => own,
        Quality::Standard => {
            Options { penalty_factor: 100.0, bonded_factor: 500.0, gap_tolerance: 0.01, ..own }
        }
        Quality::Fine => Options { penalty_factor: 300.0, bonded_factor: 2000.0, gap_tolerance: 0.01, ..own },
    }
}

/// Exit code and message of a failed solve.
pub fn solve_failure(what: &str, error: &SolveError) -> Failure {
    let message = format!("error: {what}: {error}");
    match error {
        SolveError::NotConverged { .. } => Failure {
            exit: Exit::NotConverged,
            message: format!(
                "{message}\n  = hint: the contact iteration did not converge; raise solver.max_iterations, refine mesh.edge_*, or check friction and fixation"
            ),
        },
        SolveError::Linear(dens_solver::linear::LinearError::NotConverged { .. }) => Failure {
            exit: Exit::NotConverged,
            message: format!(
                "{message}\n  = hint: the linear solver did not converge; check the stiffness values of the case"
            ),
        },
        SolveError::Cancelled => Failure { exit: Exit::Interrupted, message: "interrupted".into() },
        _ => Failure { exit: Exit::BadInput, message },
    }
}
