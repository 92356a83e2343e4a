//! Semi-smooth Newton iteration for parts in contact.
//!
//! ```text
//! r(u) = P (f − K u − ∫ q(u))            K: cells, bedding, beams, screws; q: interface tractions
//! (P (K + ∂q/∂u) P) Δu = r               symmetric: the friction bound μ p is held within a step
//! u ← u + α Δu                           α from an exact search on the convex potential of the step
//! λ ← λ + ε · facet mean of the overlap    when that exceeds its tolerance
//! ```
//! The first step takes every interface as closed and sticking, so bodies that are held by contact alone have
//! a regular first matrix. Converged means: the residual with the true law (hence with the true contact set),
//! the overlap, and the balance of forces are all within their tolerances.
//!
//! Guaranteed: same bits for any thread count. Not guaranteed: uniqueness of the answer with large friction
//! (beyond μ ≈ 1), where Coulomb's law itself has several.
//!
//! # Source
//! Alart & Curnier (1991), Comput. Methods Appl. Mech. Eng. 92, 353–375 (semi-smooth Newton); Nečas, Jarušek &
//! Haslinger (1980), Boll. Un. Mat. Ital. 5, 796–811 (friction as a sequence of problems of given bound).

mod adjoint;
mod anderson;
mod discrete;
mod interfaces;
mod report;
mod run;
mod search;
mod support;
mod unknowns;
pub mod yielding;

use crate::assembly::{Assembler, AssemblyError};
use crate::linear::vector::{add_scaled, norm};
use crate::linear::{BlockMatrix, Choice, LinearError, LinearSolver};
use crate::loads::contact::{Response, Status};
use crate::loads::rigidity::FreeMotion;
use crate::model::{Model, ModelError};
use crate::solution::Solution;
use dens_mesher::Vec3;
use discrete::Discrete;
use interfaces::{Interfaces, REST};
use run::Run;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// Tolerances and limits of a solve.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Residual relative to the applied nodal forces, Euclidean norm.
    pub residual_tolerance: f64,
    /// Largest mean overlap (sliding) or jump (bonded, sticking) of a slave facet, relative to its size.
    pub gap_tolerance: f64,
    /// Force balance asked of models with sliding interfaces; linear ones are asked a hundredth of it.
    pub balance_tolerance: f64,
    /// Penalty of sliding interfaces in units of E_eff / h. Sets the speed of convergence, not the answer.
    pub penalty_factor: f64,
    /// The same for bonded interfaces.
    pub bonded_factor: f64,
    /// Linear solver, by default chosen by the number of unknowns.
    pub linear: Choice,
    /// Newton iterations allowed.
    pub max_iterations: usize,
    /// Updates of the multipliers allowed.
    pub max_augmentations: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            residual_tolerance: 1e-8,
            gap_tolerance: 1e-3,
            balance_tolerance: 1e-6,
            penalty_factor: 20.0,
            bonded_factor: 50.0,
            linear: Choice::Auto,
            max_iterations: 80,
            max_augmentations: 12,
        }
    }
}

/// Why a model was not solved.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SolveError {
    /// The model contradicts itself.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    BadModel(Vec<ModelError>),
    /// Something can move without resistance.
    #[error("nothing holds the model: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Singular(Vec<FreeMotion>),
    /// The stiffness of a part cannot be assembled, for instance because a cell is inverted.
    #[error("part `{part}`: {error}")]
    Assembly {
        /// Part concerned.
        part: String,
        /// What is wrong; cells are numbered as in that part's mesh.
        error: AssemblyError,
    },
    /// The contact iteration did not settle.
    #[error("no equilibrium after {iterations} iterations: residual {residual:.2e} of the load, overlap {violation:.2e} of the facet size; most unsettled: {} at ({:.1} {:.1} {:.1}) mm", interface.as_deref().map_or("the parts".to_string(), |n| format!("interface `{n}`")), place[0], place[1], place[2])]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// Relative residual reached.
        residual: f64,
        /// Largest overlap or jump relative to the facet size.
        violation: f64,
        /// Interface whose traction changed most in the last iteration.
        interface: Option<String>,
        /// Where it did, mm.
        place: [f64; 3],
        /// Relative residual before each iteration.
        history: Vec<f64>,
    },
    /// The linear solver failed.
    #[error(transparent)]
    Linear(#[from] LinearError),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Cancelled,
}

/// Receives what is going on and how far it is, 0 to 1.
pub type Observer<'a> = &'a (dyn Fn(&str, f64) + Sync);

/// Solves a model.
///
/// # Errors
/// [`SolveError`]; the model is not changed.
pub fn solve(
    model: &Model,
    options: &Options,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Solution, SolveError> {
    Solver::new(model, options)?.solve(model, None, observer, cancel)
}

/// Everything that survives a change of stiffness, laws and loads: pairing, pattern, ordering.
pub struct Solver {
    options: Options,
    discrete: Discrete,
    interfaces: Interfaces,
    assembler: Assembler,
    linear: Box<dyn LinearSolver>,
    matrix: BlockMatrix,
    tangent: BlockMatrix,
    /// Statuses at the last set-up of the linear solver with this matrix; empty: none.
    prepared: Vec<Status>,
    /// Which wires hang slack: their stiffness is not in the matrix.
    slack: Vec<bool>,
    /// Whether the penalties stay as they are.
    held_penalties: bool,
}

/// The multipliers are updated as soon as the residual is below this: a more exact state would not give
/// better ones.
const AUGMENT_BELOW: f64 = 1e-3;

/// Applied nodal forces, N, and the norm of those that free nodes feel.
struct Load {
    applied: Vec<f64>,
    scale: f64,
}

/// What acts beside the loads of a model.
#[derive(Debug, Clone, Default)]
struct Extra {
    /// Nodal forces, N, three per unknown node; empty: none.
    forces: Vec<f64>,
    /// Whether the loads of the model stay away; they still are what the residual is relative to.
    unloaded: bool,
}

/// Point of the iteration.
#[derive(Default)]
struct Iterate {
    u: Vec<f64>,
    multipliers: Vec<Vec3>,
    /// Friction bound of each point that the next step holds, MPa.
    bounds: Vec<f64>,
    jumps: Vec<Vec3>,
    /// Tractions of the true law.
    responses: Vec<Response>,
    /// f_int − f of the true law, N; what the supports take is left in.
    unbalanced: Vec<f64>,
    /// Norm of that where nodes are free, relative to the load.
    residual: f64,
    /// Tractions and f_int − f with the bounds held: what the next step starts from.
    held_responses: Vec<Response>,
    held: Vec<f64>,
}

impl Solver {
    /// Pairs the interfaces, checks that everything is held, and lays out the matrix.
    ///
    /// # Errors
    /// [`SolveError::BadModel`] or [`SolveError::Singular`].
    pub fn new(model: &Model, options: &Options) -> Result<Self, SolveError> {
        check(model)?;
        let discrete = Discrete::new(model)?;
        let mut interfaces = Interfaces::new(model, &discrete)?;
        let free = support::free_motions(model, &discrete, &interfaces);
        if !free.is_empty() {
            return Err(SolveError::Singular(free));
        }
        let mut cliques = discrete.cliques(model);
        cliques.extend(interfaces.cliques());
        let assembler = discrete.assembler(model, &cliques)?;
        let matrix = assembler.zero_matrix();
        interfaces.locate(&matrix);
        let linear = options.linear.solver(3 * discrete.n_nodes(), 1);
        let tangent = matrix.clone();
        let (options, prepared) = (options.clone(), Vec::new());
        Ok(Self {
            options,
            discrete,
            interfaces,
            assembler,
            linear,
            matrix,
            tangent,
            prepared,
            slack: Vec::new(),
            held_penalties: false,
        })
    }

    /// Number of unknowns.
    pub fn n_unknowns(&self) -> usize {
        3 * self.discrete.n_nodes()
    }

    /// Solves the model this solver was made for, or one that differs in stiffness, laws, tractions, forces
    /// or foundation only, starting from `start` where given.
    ///
    /// # Errors
    /// [`SolveError`]; the solver can be used again.
    pub fn solve(
        &mut self,
        model: &Model,
        start: Option<&Solution>,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Solution, SolveError> {
        self.solve_beside(model, &Extra::default(), start, observer, cancel)
    }

    /// Solves the model without its loads: what its misfits alone do. The residual is relative to the loads left out.
    ///
    /// # Errors
    /// As [`Solver::solve`].
    pub fn at_rest(
        &mut self,
        model: &Model,
        start: Option<&Solution>,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Solution, SolveError> {
        let extra = Extra { unloaded: true, ..Extra::default() };
        self.solve_beside(model, &extra, start, observer, cancel)
    }

    /// Takes stiffness and laws of a model and solves it with what acts beside its loads.
    fn solve_beside(
        &mut self,
        model: &Model,
        extra: &Extra,
        start: Option<&Solution>,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Solution, SolveError> {
        self.load_stiffness(model, observer)?;
        let options = self.options.clone();
        self.solve_under(model, extra, &options, start, observer, cancel)
    }

    /// Takes stiffness and laws of a model.
    fn load_stiffness(&mut self, model: &Model, observer: Observer<'_>) -> Result<(), SolveError> {
        check(model)?;
        self.check_same(model)?;
        observer("assembling", 0.0);
        self.discrete.assemble(model, &self.assembler, &mut self.matrix)?;
        self.slack = vec![false; self.discrete.wires.len()];
        for wire in 0..self.slack.len() {
            self.discrete.add_wire(model, wire, 1.0, &mut self.matrix);
        }
        self.interfaces.refresh(model, &self.options, self.held_penalties);
        self.prepared.clear();
        Ok(())
    }

    /// Solves with the stiffness and laws taken last, under the loads of `model` and extra nodal forces.
    fn solve_under(
        &mut self,
        model: &Model,
        extra: &Extra,
        options: &Options,
        start: Option<&Solution>,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Solution, SolveError> {
        let mut applied = self.discrete.applied(model);
        let mut moving = applied.clone();
        self.discrete.project(&mut moving);
        let scale = norm(&moving);
        if scale == 0.0 {
            return Err(SolveError::BadModel(vec![ModelError::NoLoad]));
        }
        if extra.unloaded {
            applied.fill(0.0);
        }
        applied.iter_mut().zip(&extra.forces).for_each(|(f, extra)| *f += extra);
        let load = Load { scale, applied };
        let (u, multipliers) = self.first_guess(model, start);
        let warm = start.is_some();
        let mut now = self.evaluate(&load, u, multipliers, |own, _| own);
        let mut run = Run::new(options, self.interfaces.all_bonded(), std::mem::take(&mut self.prepared));
        loop {
            if cancel.load(Ordering::Relaxed) {
                return Err(SolveError::Cancelled);
            }
            run.progress.history.push(now.residual);
            if warm || 0 < run.progress.iterations {
                if self.settled(model, &load, &mut now, &mut run) {
                    if !self.turn_wires(model, &now.u) {
                        break;
                    }
                    run.forget();
                    now = self.evaluate(&load, now.u, now.multipliers, |own, _| own);
                }
                if run.hopeless(now.residual) {
                    return Err(self.not_converged(model, &now, run));
                }
            }
            observer("contact", run.fraction(now.residual));
            let closed = !warm && run.progress.iterations == 0;
            let step = self.step(&now, closed, &mut run)?;
            now = self.advance(&load, now, &step, closed, &mut run);
        }
        run.progress.linear_solver = self.linear.name().to_string();
        run.progress.linear_memory = self.linear.memory_bytes();
        run.progress.unknowns = self.n_unknowns();
        observer("solved", 1.0);
        let state = report::State {
            u: &now.u,
            jumps: &now.jumps,
            responses: &now.responses,
            multipliers: &now.multipliers,
            unbalanced: &now.unbalanced,
            applied: &load.applied,
        };
        self.prepared = std::mem::take(&mut run.statuses);
        Ok(report::collect(model, &self.discrete, &self.interfaces, &state, run.progress))
    }

    fn check_same(&self, model: &Model) -> Result<(), SolveError> {
        let offsets = &self.discrete.offsets;
        let mut changed = Vec::new();
        for (k, p) in model.parts.iter().enumerate() {
            let n = offsets.get(k + 1).map(|end| (end - offsets[k]) as usize);
            if n != Some(p.mesh.n_nodes()) {
                changed.push(ModelError::Changed { what: p.name.clone() });
            }
        }
        let counts = [
            ("number of parts", model.parts.len(), offsets.len() - 1),
            ("number of interfaces", model.interfaces.len(), self.interfaces.spans.len()),
            ("number of guides", model.guides.len(), self.discrete.guides.len()),
            ("number of rigid bodies", model.bodies.len(), self.discrete.bodies.len()),
            ("number of wires", model.fixation.wires.len(), self.discrete.wires.len()),
            (
                "fixation",
                2 * (model.fixation.nodes.len() - model.fixation.links.len()),
                self.discrete.n_nodes() - self.discrete.first_beam as usize,
            ),
        ];
        for (what, found, known) in counts {
            if found != known {
                changed.push(ModelError::Changed { what: what.to_string() });
            }
        }
        if changed.is_empty() { Ok(()) } else { Err(SolveError::BadModel(changed)) }
    }

    /// Displacements and multipliers to begin with: those of `start` where it fits, else zero.
    fn first_guess(&self, model: &Model, start: Option<&Solution>) -> (Vec<f64>, Vec<Vec3>) {
        let mut u = vec![0.0; self.n_unknowns()];
        let mut multipliers = vec![Vec3::zeros(); self.interfaces.points.len()];
        if let Some(s) = start {
            let mut put = |node: u32, v: Vec3| u[3 * node as usize..][..3].copy_from_slice(v.as_slice());
            for (part, offset) in s.displacements.iter().zip(&self.discrete.offsets) {
                for (i, v) in part.iter().enumerate() {
                    if let Some(node) = self.discrete.unknowns.own(offset + i as u32) {
                        put(node, *v);
                    }
                }
            }
            let own = |(i, _): &(usize, &[Vec3; 2])| self.discrete.is_own(model, *i as u32);
            for (i, motion) in s.beam_motions.iter().enumerate().filter(own) {
                put(self.discrete.beam_node(i as u32), motion[0]);
                put(self.discrete.beam_node(i as u32) + 1, motion[1]);
            }
            for (report, (node, _)) in s.guides.iter().zip(&self.discrete.guides) {
                if let discrete::Freedom::Along(a) = self.discrete.freedom[*node as usize] {
                    put(*node, report.travel * a);
                }
            }
            if s.multipliers.len() == multipliers.len() {
                multipliers.copy_from_slice(&s.multipliers);
            }
        }
        (u, multipliers)
    }

    /// Evaluates a state; `bounds` gives the friction bounds to hold next from those of the state.
    fn evaluate(
        &self,
        load: &Load,
        u: Vec<f64>,
        multipliers: Vec<Vec3>,
        bounds: impl FnOnce(Vec<f64>, f64) -> Vec<f64>,
    ) -> Iterate {
        let jumps = self.interfaces.overlaps(&u);
        let responses = self.interfaces.responses(&jumps, &multipliers, None);
        let mut linear = vec![0.0; u.len()];
        self.matrix.matvec(&u, &mut linear);
        add_scaled(&mut linear, -1.0, &load.applied);
        let mut unbalanced = linear.clone();
        self.interfaces.add_forces(&responses, &mut unbalanced);
        let mut free = unbalanced.clone();
        self.discrete.project(&mut free);
        let residual = norm(&free) / load.scale;
        let bounds = bounds(self.interfaces.bounds(&responses), residual);
        let held_responses = self.interfaces.responses(&jumps, &multipliers, Some(&bounds));
        self.interfaces.add_forces(&held_responses, &mut linear);
        Iterate {
            u,
            multipliers,
            bounds,
            jumps,
            responses,
            unbalanced,
            residual,
            held_responses,
            held: linear,
        }
    }

    /// Updates the multipliers. The next step keeps statuses and bounds.
    fn augment(&self, load: &Load, now: &mut Iterate) {
        self.interfaces.augment(&now.jumps, &now.responses, &mut now.multipliers);
        now.bounds = self.interfaces.bounds(&now.responses);
        now.held_responses = self.interfaces.followed(&now.jumps, &now.multipliers, &now.responses);
        now.held.fill(0.0);
        self.matrix.matvec(&now.u, &mut now.held);
        add_scaled(&mut now.held, -1.0, &load.applied);
        self.interfaces.add_forces(&now.held_responses, &mut now.held);
    }

    /// Whether `now` is the answer; updates the multipliers where only the overlap is too large.
    fn settled(&self, model: &Model, load: &Load, now: &mut Iterate, run: &mut Run) -> bool {
        let violation = self.interfaces.worst_violation(&now.jumps, &now.responses);
        run.violation = violation;
        run.exhausted = false;
        let wide = run.options.gap_tolerance < violation;
        if wide && now.residual < AUGMENT_BELOW && run.progress.augmentations < run.options.max_augmentations
        {
            self.augment(load, now);
            run.progress.augmentations += 1;
            run.augmented = true;
            return false;
        }
        if wide || run.options.residual_tolerance < now.residual {
            // The multipliers may not be updated any more, and nothing else closes the overlap.
            run.exhausted = now.residual <= run.options.residual_tolerance;
            return false;
        }
        let b = report::balance(model, &self.discrete, &now.u, &now.unbalanced, &load.applied);
        b.force_error.max(b.moment_error) <= run.balance_tolerance()
    }

    /// Lets wires go that are pressed and takes those up that are pulled; whether there were any.
    ///
    /// The energy is convex, so that the wires settle; should they swing, the limit of iterations ends it.
    fn turn_wires(&mut self, model: &Model, u: &[f64]) -> bool {
        let mut turned = false;
        for wire in 0..self.slack.len() {
            let pulled = 0.0 < self.discrete.elongation(model, wire, u);
            if self.slack[wire] == pulled {
                self.slack[wire] = !pulled;
                let sign = if pulled { 1.0 } else { -1.0 };
                self.discrete.add_wire(model, wire, sign, &mut self.matrix);
                turned = true;
            }
        }
        turned
    }

    /// Newton step Δu.
    fn step(&mut self, now: &Iterate, closed: bool, run: &mut Run) -> Result<Vec<f64>, SolveError> {
        self.tangent.blocks.copy_from_slice(&self.matrix.blocks);
        self.interfaces.add_tangent(&now.held_responses, closed, REST, &mut self.tangent);
        self.discrete.constrain(&mut self.tangent);
        let status = |r: &Response| if closed { Status::Stick } else { r.status };
        let statuses: Vec<Status> = now.held_responses.iter().map(status).collect();
        if run.must_prepare(&statuses) {
            self.linear.prepare(&self.tangent, &self.discrete.system)?;
            run.prepared(statuses.clone());
        }
        let mut b: Vec<f64> = now.held.iter().map(|v| -v).collect();
        self.discrete.project(&mut b);
        let tolerance = run.forcing(now.residual);
        let mut step = vec![0.0; b.len()];
        let stats = match self.linear.solve(&self.tangent, &b, &mut step, tolerance) {
            Err(LinearError::NotConverged { .. }) if !run.fresh => {
                self.linear.prepare(&self.tangent, &self.discrete.system)?;
                run.prepared(statuses);
                step.fill(0.0);
                self.linear.solve(&self.tangent, &b, &mut step, tolerance)?
            }
            other => other?,
        };
        run.solved(stats.iterations);
        Ok(step)
    }

    fn advance(&self, load: &Load, now: Iterate, step: &[f64], closed: bool, run: &mut Run) -> Iterate {
        let linear = self.interfaces.all_bonded();
        let length = if closed || linear || run.augmented {
            1.0
        } else {
            let potential = search::Potential::along(&self.matrix, &self.interfaces, &now, step);
            potential.minimize()
        };
        let Iterate { mut u, multipliers, bounds, responses: before, residual, .. } = now;
        add_scaled(&mut u, length, step);
        let next = self.evaluate(load, u, multipliers, |own, after| run.bounds(bounds, own, residual, after));
        let change = |i: usize| {
            self.interfaces.points[i].weight * (next.responses[i].traction - before[i].traction).norm()
        };
        run.unsettled = (0..before.len()).max_by(|a, b| change(*a).total_cmp(&change(*b)));
        run.progress.iterations += 1;
        run.augmented = false;
        next
    }

    fn not_converged(&self, model: &Model, now: &Iterate, run: Run) -> SolveError {
        let unsettled = run.unsettled;
        SolveError::NotConverged {
            iterations: run.progress.iterations,
            residual: now.residual,
            violation: run.violation,
            interface: unsettled.map(|i| model.interfaces[self.interfaces.span_of(i)].name.clone()),
            place: unsettled.map_or([0.0; 3], |i| self.interfaces.points[i].position.into()),
            history: run.progress.history,
        }
    }
}

fn check(model: &Model) -> Result<(), SolveError> {
    let errors = model.check();
    if errors.is_empty() { Ok(()) } else { Err(SolveError::BadModel(errors)) }
}
