//! Steps that are not in proportion to their loads: large displacements, contact, materials that stretch or yield.

use super::{Seconds, SetUp, Solved, timed};
use crate::cli::SolveArgs;
use crate::deck::build::{Bound, Built, explain_nonlinear, laws, pairs};
use crate::deck::model::{Deck, Step};
use crate::deck::source::Findings;
use crate::deck::states::State;
use crate::diagnostic::Problem;
use crate::failure::Failure;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use dens_solver::contact::{ContactNode, Overlap, Pair, Status};
use dens_solver::linear::SolveStats;
use dens_solver::nonlinear::{
    Accepted, Analysis, Interaction, NonlinearError, Options, Outcome, Stage, Stepping,
};
use dens_solver::statics::{Answer, Dof, Formulation, Load, Stresses};
use dens_solver::tensor;
use nalgebra::Matrix3;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

/// How a nonlinear step went.
#[derive(Debug, Clone)]
pub(super) struct Course {
    /// Share of the loads of the step that is carried; 1 unless the model collapsed.
    pub(super) load_factor: f64,
    /// Increments accepted.
    increments: usize,
    /// Newton iterations.
    iterations: usize,
    /// Updates of the multipliers of contact.
    augmentations: usize,
    /// Stiffness along the load over that at the start of the step, of a model that collapsed.
    stiffness: Option<f64>,
    /// Of a model that collapsed, the least share of the loads for which there was no equilibrium.
    tried: Option<f64>,
    /// Whether all tangents of the step were positive definite; `None` where they are unsymmetric and do not tell.
    stable: Option<bool>,
    contact: Vec<Touching>,
}

/// Mean overlap over element size beyond which contact counts as coarse.
const OVERLAP: f64 = 1e-3;

/// Rotation, rad, that a distributing coupling may reach with large displacements: its mean rotation is linear in the
/// displacements, which shortens arms by half the square, 0.5 %.
const SMALL_ROTATION: f64 = 0.1;

/// A pair at the end of a step.
#[derive(Debug, Clone)]
struct Touching {
    name: String,
    force: Vec3,
    nodes: Vec<ContactNode>,
    overlap: Overlap,
}

/// First line of `contact.csv`.
pub(super) const CONTACT_HEAD: &str =
    "step,pair,node,status,pressure,shear_x,shear_y,shear_z,gap,slip,area\n";

/// Solves all steps one after the other. The steps end before those of the deck where the model collapses.
pub(super) fn solve(
    args: &SolveArgs,
    deck: &Deck,
    built: &Built,
    states: &[State],
    findings: &mut Findings,
    seconds: &mut Seconds,
    progress: &Progress,
) -> Result<Vec<Solved>, Failure> {
    check(deck, states, findings);
    warn_of_reduced(deck, built, findings);
    let stiffness: Vec<_> = built.body.materials().iter().map(|m| m.stiffness).collect();
    let laws = laws(deck, &stiffness, findings);
    let pairs = pairs(deck, built, &states[0], findings);
    let groups = groups(states);
    let mut bounds = Vec::with_capacity(groups.len());
    for group in &groups {
        bounds.push(built.bind(&states[group.start], deck, findings)?);
    }
    same_equations(deck, &groups, &bounds, findings);
    let mut loads: Vec<Load> = Vec::with_capacity(states.len());
    for (group, bound) in groups.iter().zip(&bounds) {
        loads.extend(states[group.clone()].iter().map(|s| built.load(s, bound, deck, findings)));
    }
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    let stages: Vec<Stage> = deck.steps.iter().zip(&loads).map(|(step, load)| stage(step, load)).collect();
    let solver = args.choice();
    let options = Options {
        solver,
        max_memory: args.max_memory,
        // Residuals of Newton's method are compared with the largest force, node by node: a hundred times is enough.
        residual: (100.0 * args.tol).min(0.01),
        ..Options::default()
    };
    progress.phase("solve", 0.65);
    let told = |e: &NonlinearError, bound: &Bound, findings: &mut Findings| {
        explain_nonlinear(e, deck, built, bound, findings)
    };
    let boxed = pairs.into_iter().map(|p| Box::new(p) as Box<dyn Interaction>).collect();
    let mut analysis = timed(&mut seconds.assemble, || {
        Analysis::new(&built.body, laws, &bounds[0].constraints, boxed, options)
    })
    .map_err(|e| told(&e, &bounds[0], findings))?;
    let points = built.body.mesh().points();
    let large = deck.steps.iter().any(|s| s.large);
    let symmetric =
        !large && deck.contact_pairs.iter().all(|p| deck.interactions[p.interaction].friction == 0.0);
    let mut course =
        Record { points, symmetric, n_steps: stages.len(), first: 0, progress, ends: Vec::new(), open: None };
    let outcome =
        timed(&mut seconds.solve, || through(&mut analysis, &groups, &bounds, &stages, &mut course))
            .map_err(|(e, group)| told(&e, &bounds[group], findings))?;
    if let Outcome::Collapsed { state, tried, stiffness, .. } = &outcome {
        course.collapse(state, *tried, *stiffness);
    }
    let set_up = SetUp {
        solver: analysis.solver_name(),
        reason: analysis.reason().to_string(),
        free_dofs: built.body.mesh().n_nodes() * 3 - bounds[0].constraints.supports.len(),
        matrix_bytes: 0,
        solver_bytes: 0,
    };
    refuse_turned(deck, built, &course.ends, findings);
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    let mut solved = Vec::with_capacity(course.ends.len());
    for (end, load) in course.ends.into_iter().zip(loads) {
        let stresses = stresses(built, &analysis, &end).map_err(|e| told(&e, &bounds[0], findings))?;
        solved.push(Solved {
            answer: end.answer,
            load,
            set_up: set_up.clone(),
            stresses: Some(stresses),
            course: Some(end.course),
        });
    }
    Ok(solved)
}

/// Consecutive steps with the same supports.
fn groups(states: &[State]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (i, state) in states.iter().enumerate() {
        match groups.last_mut() {
            Some(group) if states[group.start].supports.keys().eq(state.supports.keys()) => group.end = i + 1,
            _ => groups.push(i..i + 1),
        }
    }
    groups
}

/// Refuses steps whose supports make other degrees of freedom follow from equations, ties and couplings.
fn same_equations(deck: &Deck, groups: &[Range<usize>], bounds: &[Bound], findings: &mut Findings) {
    let eliminated = |bound: &Bound| -> BTreeSet<Dof> {
        let constraints = &bound.constraints;
        let of_equations = constraints.equations.iter().filter_map(|e| e.terms.first().map(|t| t.0));
        of_equations.chain(constraints.links.iter().map(|l| l.dof)).collect()
    };
    let first = eliminated(&bounds[0]);
    for (group, bound) in groups.iter().zip(bounds).skip(1) {
        if eliminated(bound) != first {
            findings.wrong(
                deck.steps[group.start].place,
                "the supports of this step change which degrees of freedom ties and couplings leave free; steps of a nonlinear deck must agree in that",
            );
        }
    }
}

/// Solves all steps, with other supports where they change; an error comes with its group.
fn through(
    analysis: &mut Analysis<'_>,
    groups: &[Range<usize>],
    bounds: &[Bound],
    stages: &[Stage],
    course: &mut Record<'_>,
) -> Result<Outcome, (NonlinearError, usize)> {
    let mut from: Option<dens_solver::nonlinear::State> = None;
    let mut number = 0;
    loop {
        let group = &groups[number];
        let at = |e: NonlinearError| match e {
            NonlinearError::NotConverged(mut what) => {
                what.stage += group.start;
                (NonlinearError::NotConverged(what), number)
            }
            other => (other, number),
        };
        if let Some(state) = from.take() {
            let before = &stages[groups[number - 1].clone()];
            from = Some(analysis.support(&bounds[number].constraints, state, before).map_err(at)?);
        }
        course.first = group.start;
        let outcome = analysis
            .run(&stages[group.clone()], from.take(), &mut |accepted| {
                course.note(accepted);
                ControlFlow::Continue(())
            })
            .map_err(at)?;
        match outcome {
            Outcome::Completed(state) if number + 1 < groups.len() => from = Some(state),
            end => return Ok(end),
        }
        number += 1;
    }
}

/// Says so where elements of reduced integration turn with a rigid body or a coupling.
fn warn_of_reduced(deck: &Deck, built: &Built, findings: &mut Findings) {
    let reduced = built.body.cells().iter().any(|c| c.formulation == Formulation::Hex20Reduced);
    if let Some(coupling) = deck.couplings.first().filter(|_| reduced && deck.steps.iter().any(|s| s.large)) {
        findings.warn(
            coupling.place,
            "C3D20R beside a rigid body or coupling that turns far: a thin strip lost its stiffness at 0.8 rad where C3D20 did not; compare with C3D20",
        );
    }
}

/// What linear steps can and these cannot.
fn check(deck: &Deck, states: &[State], findings: &mut Findings) {
    for (step, state) in deck.steps.iter().zip(states) {
        if step.perturbation {
            findings.wrong(step.place, "a perturbation about a nonlinear state is not supported");
        }
        let bonded = |p: &crate::deck::model::ContactPair| deck.interactions[p.interaction].bonded;
        if !state.supports.keys().eq(states[0].supports.keys()) && deck.contact_pairs.iter().any(bonded) {
            findings.wrong(
                step.place,
                "steps of a deck with tied contact pairs must support the same degrees of freedom; prescribe displacements to move them",
            );
        }
    }
    let bends = |m: &crate::deck::model::Material| {
        m.hyperelastic.is_some() || (!m.plastic.is_empty() && deck.steps.iter().any(|s| s.large))
    };
    if let (Some(stress), Some(m)) = (deck.initial_stresses.first(), deck.materials.iter().find(|m| bends(m)))
    {
        findings.wrong(
            stress.place,
            format!(
                "initial stresses beside material `{}`: neither hyperelastic materials nor plastic ones in `NLGEOM` steps take any",
                m.name
            ),
        );
    }
    if !deck.amplitudes.is_empty() {
        findings.warn(
            deck.steps[0].place,
            "of time curves only the values at the ends of steps are used; between them loads are in proportion to time",
        );
    }
}

/// Refuses results of couplings whose reference nodes turned further than their equations hold.
fn refuse_turned(deck: &Deck, built: &Built, ends: &[End], findings: &mut Findings) {
    for (step, end) in deck.steps.iter().zip(ends).filter(|_| deck.is_large()) {
        for joint in &built.joints {
            let Some(card) = joint.small() else { continue };
            let angle = end.answer.displacements[joint.rotation as usize].norm() / built.length;
            if SMALL_ROTATION < angle {
                findings.error(
                    joint.place,
                    Problem::at(
                        None,
                        format!(
                            "`{card}` turns by {angle:.3} rad in the step of {}: it holds up to {SMALL_ROTATION} rad",
                            findings.describe(step.place)
                        ),
                    )
                    .hint("`*KINEMATIC` and `*RIGID BODY` take rotations of any size"),
                );
            }
        }
    }
}

/// Loads at the end of a step; pressures follow large displacements.
fn stage(step: &Step, load: &Load) -> Stage {
    let mut load = load.clone();
    let follower = if step.large { std::mem::take(&mut load.pressures) } else { Vec::new() };
    let [first, least, largest] = step.increments;
    let initial = first.unwrap_or(1.0);
    let max = if step.even { initial } else { largest.unwrap_or(1.0).max(initial) };
    let min = if step.even { initial } else { least.unwrap_or(1e-5).min(initial) };
    let most = step.most_increments.map_or(Stepping::default().most, |n| n as usize);
    // The default of 100 increments of other programs is a limit of theirs, not a wish.
    let most = if step.even { most.max((1.0 / initial).ceil() as usize) } else { most.max(100) };
    Stage { load, follower, stepping: Stepping { initial, min, max, most } }
}

/// End of a step.
#[derive(Clone)]
struct End {
    state: dens_solver::nonlinear::State,
    answer: Answer,
    course: Course,
}

/// What has been accepted so far.
struct Record<'p> {
    points: &'p [Vec3],
    /// Whether tangents are symmetric.
    symmetric: bool,
    n_steps: usize,
    /// Step in which the present run began.
    first: usize,
    progress: &'p Progress,
    ends: Vec<End>,
    /// Step that goes on, with its last increment.
    open: Option<End>,
}

impl Record<'_> {
    fn note(&mut self, accepted: &Accepted<'_>) {
        let (stage, t) = (self.first + accepted.state.stage as usize, accepted.state.load_factor);
        let what = format!("step {} of {}, {:.1} % of its loads", stage + 1, self.n_steps, 100.0 * t);
        self.progress.within(&what, (stage as f64 + t) / self.n_steps as f64);
        let earlier = self.open.take();
        let so_far = earlier
            .as_ref()
            .map_or((0, 0, 0), |e| (e.course.increments, e.course.iterations, e.course.augmentations));
        let indefinite = accepted.iterations.iter().any(|i| i.shift != 0.0)
            || earlier.is_some_and(|e| e.course.stable == Some(false));
        let pairs = accepted.interactions().iter().filter_map(|i| i.as_any().downcast_ref::<Pair>());
        let contact = pairs.map(|pair| Touching::of(pair, accepted.displacements)).collect();
        let residual = accepted.iterations.last().map_or(0.0, |i| i.residual);
        let iterations = so_far.1 + accepted.iterations.len();
        let course = Course {
            load_factor: t,
            increments: so_far.0 + 1,
            iterations,
            augmentations: so_far.2 + accepted.augmentations,
            stiffness: None,
            tried: None,
            stable: if indefinite { Some(false) } else { self.symmetric.then_some(true) },
            contact,
        };
        let u = accepted.displacements.to_vec();
        let compliance = accepted.applied.iter().zip(&u).map(|(f, u)| f.dot(u)).sum();
        let answer = Answer {
            reactions: accepted.reactions.to_vec(),
            compliance,
            reaction_error: accepted.reaction_error,
            stats: SolveStats {
                iterations,
                relative_residual: residual,
                history: accepted.iterations.iter().map(|i| i.residual).collect(),
            },
            displacements: u,
        };
        let end = End { state: accepted.checkpoint(), answer, course };
        if t == 1.0 { self.ends.push(end) } else { self.open = Some(end) }
    }

    /// Closes the step in which the model gave way; it may not have begun.
    fn collapse(&mut self, state: &dens_solver::nonlinear::State, tried: f64, stiffness: Option<f64>) {
        let mut end = match (self.open.take(), self.ends.last()) {
            (Some(end), _) => end,
            (None, Some(last)) => {
                let stable = last.course.stable;
                End { course: Course { stable, ..Course::none() }, ..last.clone() }
            }
            (None, None) => End {
                state: state.clone(),
                answer: Answer {
                    displacements: vec![Vec3::zeros(); self.points.len()],
                    reactions: vec![Vec3::zeros(); self.points.len()],
                    compliance: 0.0,
                    reaction_error: 0.0,
                    stats: SolveStats::default(),
                },
                course: Course::none(),
            },
        };
        (end.course.tried, end.course.stiffness) = (Some(tried), stiffness);
        self.ends.push(end);
    }
}

fn stresses(built: &Built, analysis: &Analysis<'_>, end: &End) -> Result<Stresses, NonlinearError> {
    let mesh = built.body.mesh();
    let cells = analysis.points(&end.answer.displacements, &end.state)?;
    let mut out = Stresses {
        starts: vec![0],
        positions: Vec::new(),
        weights: Vec::new(),
        strains: Vec::new(),
        stresses: Vec::new(),
    };
    for (cell, points) in cells.into_iter().enumerate() {
        let nodes = &mesh.cell_points(cell)[..mesh.cell(cell).len()];
        for (xi, point) in analysis.places(cell).iter().zip(points) {
            // Strain of the symmetric part of ∂u/∂X.
            let h = point.deformation - Matrix3::identity();
            out.positions.push(mapping::position(mesh.shapes()[cell].cell(), nodes, *xi));
            out.weights.push(point.weight);
            let normal = tensor::stress_vector(&(0.5 * (h + h.transpose())));
            out.strains.push(std::array::from_fn(|k| if k < 3 { normal[k] } else { 2.0 * normal[k] }));
            out.stresses.push(point.stress);
        }
        out.starts.push(out.stresses.len());
    }
    Ok(out)
}

impl Course {
    /// Of a step that has not begun.
    fn none() -> Self {
        Self {
            load_factor: 0.0,
            increments: 0,
            iterations: 0,
            augmentations: 0,
            stiffness: None,
            tried: None,
            stable: None,
            contact: Vec::new(),
        }
    }

    /// Object of a step in `solve.json`.
    pub(super) fn json(&self) -> serde_json::Value {
        let pairs: Vec<serde_json::Value> = self.contact.iter().map(Touching::json).collect();
        serde_json::json!({
            "outcome": if self.collapsed() { "collapsed" } else { "completed" },
            "load_factor": self.load_factor,
            "load_factor_without_equilibrium": self.tried,
            "stiffness_left": self.stiffness,
            "stable": self.stable,
            "increments": self.increments,
            "newton_iterations": self.iterations,
            "contact_updates": self.augmentations,
            "contact": pairs,
        })
    }

    /// Lines of the summary beyond the table of steps.
    pub(super) fn remarks(&self, step: usize) -> String {
        let mut text = String::new();
        if let Some(tried) = self.tried {
            let _ = writeln!(
                text,
                "step {step}: LIMIT LOAD: the model carries {:.4} of the loads of this step, and {tried:.4} no more",
                self.load_factor
            );
        }
        for t in &self.contact {
            let closed = t.nodes.iter().filter(|n| n.status != Status::Open).count();
            let _ = writeln!(
                text,
                "step {step}: {}: {closed} of {} nodes touch, force {:.4}, overlap at most {:.1e} in the mean around a node ({:.1e} of the element), {:.1e} at a point ({:.1e})",
                t.name,
                t.nodes.len(),
                t.force.norm(),
                t.overlap.mean,
                t.overlap.relative_mean,
                t.overlap.deepest,
                t.overlap.relative_deepest,
            );
        }
        text
    }

    /// What a reader must know before using the numbers.
    pub(super) fn warnings(&self, step: usize) -> Vec<String> {
        let mut out = Vec::new();
        if self.stable == Some(false) {
            out.push(format!(
                "step {step}: a tangent was not positive definite: the model may have passed a point where it would buckle, and the equilibrium found need not be stable"
            ));
        }
        for t in self.contact.iter().filter(|t| OVERLAP < t.overlap.relative_mean) {
            out.push(format!(
                "step {step}: {}: the deformed surfaces overlap by {:.1e} of the element size: smaller increments pair them anew more often",
                t.name,
                t.overlap.relative_mean
            ));
        }
        out
    }

    /// Whether the model cannot carry its loads.
    pub(super) fn collapsed(&self) -> bool {
        self.tried.is_some()
    }

    /// Rows of `contact.csv`.
    pub(super) fn rows(&self, deck: &Deck, built: &Built, step: usize) -> Vec<String> {
        let one = |t: &Touching| {
            let mut text = String::new();
            for n in &t.nodes {
                let label = deck.nodes.labels[built.deck_node[n.node as usize] as usize];
                let status = match n.status {
                    Status::Open => "open",
                    Status::Stick => "stick",
                    Status::Slip => "slip",
                };
                let _ = writeln!(
                    text,
                    "{step},\"{}\",{label},{status},{:?},{:?},{:?},{:?},{:?},{:?},{:?}",
                    t.name, n.pressure, n.shear.x, n.shear.y, n.shear.z, n.gap, n.slip, n.area
                );
            }
            text
        };
        self.contact.iter().map(one).collect()
    }
}

impl Touching {
    fn of(pair: &Pair, displacements: &[Vec3]) -> Self {
        let name = pair.name().to_string();
        Self {
            name,
            force: pair.force(displacements),
            nodes: pair.nodes(displacements),
            overlap: pair.overlap(displacements),
        }
    }

    fn json(&self) -> serde_json::Value {
        let closed = self.nodes.iter().filter(|n| n.status != Status::Open);
        serde_json::json!({
            "pair": self.name,
            "force": [self.force.x, self.force.y, self.force.z],
            "nodes": self.nodes.len(),
            "touching": closed.clone().count(),
            "slipping": closed.clone().filter(|n| n.status == Status::Slip).count(),
            "area": closed.map(|n| n.area).sum::<f64>(),
            "largest_pressure": self.nodes.iter().map(|n| n.pressure).fold(0.0, f64::max),
            "mean_overlap": self.overlap.mean,
            "mean_overlap_over_element_size": self.overlap.relative_mean,
            "largest_overlap": self.overlap.deepest,
            "largest_overlap_over_element_size": self.overlap.relative_deepest,
            "largest_overlap_at": [self.overlap.place.x, self.overlap.place.y, self.overlap.place.z],
        })
    }
}
