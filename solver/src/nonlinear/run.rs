//! Stages of loading in increments that grow and are cut back, to their end or to collapse.

use super::cell::PointState;
use super::cells::Cells;
use super::equilibrium::Equilibrium;
use super::error::Cause;
use super::laws::Law;
use super::newton::{Converged, Failed, Newton, Start};
use super::springs::Springs;
use super::stage::{Acting, Options, Stage};
use super::tangent::Tangents;
use super::{Accepted, Interaction, NonlinearError, Outcome, State};
use crate::statics::elimination::{Elimination, Role};
use crate::statics::{self, Body, Constraints, StaticsError, forces, freedom};
use dens_mesher::Vec3;
use std::fmt;
use std::ops::ControlFlow;

/// Increments grow by this factor after an easy one.
const GROW: f64 = 1.5;

/// Newton iterations of an easy increment.
const EASY: usize = 8;

/// Accepted increments after a cut before they may grow again.
const CALM: u64 = 2;

/// Quasi-static analysis of a body.
pub struct Analysis<'a> {
    pub(super) equilibrium: Equilibrium<'a>,
    pub(super) tangents: Tangents,
    options: Options,
    reason: String,
    /// What acts where the first stage begins, after a change of supports; `None`: nothing does.
    base: Option<Level>,
}

impl fmt::Debug for Analysis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analysis").field("solver", &self.tangents.name()).finish_non_exhaustive()
    }
}

/// Loads at the end of a stage.
#[derive(Debug, Clone)]
pub(super) struct Level {
    forces: Vec<Vec3>,
    prescribed: Vec<f64>,
    follower: Vec<(statics::CellFacet, f64)>,
}

impl<'a> Analysis<'a> {
    /// Analysis of a body with one law per material.
    ///
    /// The linear materials of the body lend their density, and their stiffness to the guard of C3D20R; all else
    /// comes from the laws. A body that only interactions hold is not refused here.
    ///
    /// # Errors
    /// [`NonlinearError`]: formulations, laws or constraints that do not fit, parts that are not held, memory.
    pub fn new(
        body: &'a Body,
        laws: Vec<Law>,
        constraints: &Constraints,
        mut interactions: Vec<Box<dyn Interaction>>,
        options: Options,
    ) -> Result<Self, NonlinearError> {
        options.check()?;
        let cells = Cells::new(body, laws)?;
        let elimination = Elimination::new(constraints, &body.active(&constraints.frames))?;
        if interactions.is_empty() && !body.springs().iter().any(|s| s.turns) {
            let motions = freedom::free_motions(body, constraints, &elimination);
            if !motions.is_empty() {
                return Err(StaticsError::UnderConstrained { motions }.into());
            }
        }
        if !body.springs().is_empty() {
            interactions.push(Box::new(Springs::new(body)));
        }
        let dofs = elimination.roles.iter().filter(|r| **r == Role::Free).count();
        let equilibrium = Equilibrium::new(cells, elimination, interactions)?;
        let quadratic = equilibrium.system.parents.iter().any(|[a, b]| a != b);
        let linear = statics::Options {
            solver: options.solver,
            max_memory: options.max_memory,
            ..statics::Options::default()
        };
        // Two matrices live at a time.
        let (solver, reason) =
            statics::solve::chosen(dofs, 2 * equilibrium.matrix_bytes(), quadratic, &linear, |_| {
                statics::solve::factor_bytes(dofs)
            })?;
        Ok(Self { equilibrium, tangents: Tangents::new(solver), options, reason, base: None })
    }

    /// Name of the linear solver.
    pub fn solver_name(&self) -> &'static str {
        self.tangents.name()
    }

    /// Why this linear solver was taken, in words.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Interactions, in the order given, then the springs of the body where it has any.
    pub fn interactions(&self) -> &[Box<dyn Interaction>] {
        &self.equilibrium.interactions
    }

    /// Goes through the stages, from the undeformed body or from a state of an earlier run of the same stages.
    ///
    /// `observe` sees every accepted increment and may stop the analysis.
    ///
    /// # Errors
    /// [`NonlinearError`]: loads that do not fit, a state of another model, no equilibrium.
    pub fn run(
        &mut self,
        stages: &[Stage],
        from: Option<State>,
        observe: &mut dyn FnMut(&Accepted) -> ControlFlow<()>,
    ) -> Result<Outcome, NonlinearError> {
        let levels: Vec<Level> = stages.iter().map(|s| self.level(s)).collect::<Result<_, _>>()?;
        let mut state = match from {
            Some(state) => self.resumed(state, stages.len())?,
            None => self.rest(stages.first().map_or(0.1, |s| s.stepping.initial)),
        };
        if let (true, Some(first)) = (self.base.is_some() && state.tried == 0, stages.first()) {
            state.next = first.stepping.initial;
        }
        while let Some(stage) = stages.get(state.stage as usize) {
            let end = self.stage(stage, &levels, &mut state, observe)?;
            match end {
                End::Reached => {}
                End::Stopped => return Ok(Outcome::Stopped(self.with_interactions(state))),
                End::Collapsed { stiffness, tried } => {
                    let (load_factor, state) = (state.load_factor, self.with_interactions(state));
                    return Ok(Outcome::Collapsed { state, load_factor, tried, stiffness });
                }
            }
            if state.stage as usize + 1 == stages.len() {
                break;
            }
            state = State {
                stage: state.stage + 1,
                load_factor: 0.0,
                tried: 0,
                calm: CALM,
                searching: false,
                secant: [0.0; 2],
                next: stages[state.stage as usize + 1].stepping.initial,
                initial_flexibility: 0.0,
                ..state
            };
        }
        Ok(Outcome::Completed(self.with_interactions(state)))
    }

    /// Changes what is supported at the end of stages; the state from which a run of further stages begins.
    ///
    /// Dofs that are supported anew are held where they are. Supports that are gone leave their reactions as forces,
    /// which the next stage takes off.
    ///
    /// - `constraints`: as before but for the supports; the same dofs are eliminated
    /// - `state`, `stages`: the end of the last run
    ///
    /// # Errors
    /// As [`Analysis::new`] and [`Analysis::run`].
    pub fn support(
        &mut self,
        constraints: &Constraints,
        state: State,
        stages: &[Stage],
    ) -> Result<State, NonlinearError> {
        let levels: Vec<Level> = stages.iter().map(|s| self.level(s)).collect::<Result<_, _>>()?;
        let (last, t) = (state.stage as usize, state.load_factor);
        let Some(level) = levels.get(last) else {
            return Err(NonlinearError::Checkpoint(format!(
                "it stands in stage {}, of {}",
                last + 1,
                levels.len()
            )));
        };
        let acting = self.acting(&levels, last, t);
        let u = self.equilibrium.displacements(&state.unknowns, &acting);
        let forces = self.equilibrium.forces(&u, &acting, &state.earlier);
        let forces = forces.map_err(|e| NonlinearError::Checkpoint(e.to_string()))?;
        let body = self.equilibrium.cells.body();
        let next = Elimination::new(constraints, &body.active(&constraints.frames))?;
        let before = std::mem::replace(&mut self.equilibrium.elimination, next);
        let next = &self.equilibrium.elimination;
        let mut base = Level {
            forces: acting.forces,
            prescribed: vec![0.0; next.n_supports],
            follower: level.follower.clone(),
        };
        if t != 1.0 {
            base.follower = acting.follower;
        }
        let mut unknowns = vec![0.0; state.unknowns.len()];
        let held = before.supported(&self.equilibrium.with_links(&before, &u, &forces));
        for (node, u) in u.iter().enumerate() {
            let local = next.frame(node).tr_mul(u);
            for axis in 0..3 {
                let dof = 3 * node + axis;
                match next.roles[dof] {
                    Role::Free => unknowns[dof] = local[axis],
                    Role::Supported(i) => base.prescribed[i as usize] = local[axis],
                    Role::Idle | Role::Eliminated(_) => {}
                }
                if !matches!(next.roles[dof], Role::Supported(_)) {
                    base.forces[node] += held[dof] * next.frame(node).column(axis);
                }
            }
        }
        self.equilibrium.renew();
        self.base = Some(base);
        Ok(State {
            stage: 0,
            load_factor: 0.0,
            tried: 0,
            calm: CALM,
            searching: false,
            secant: [0.0; 2],
            next: state.next.min(1.0),
            initial_flexibility: 0.0,
            unknowns,
            ..state
        })
    }

    /// Displacement of each node, mm, in a state of these stages.
    ///
    /// # Errors
    /// As [`Analysis::run`].
    pub fn displacements(&self, stages: &[Stage], state: &State) -> Result<Vec<Vec3>, NonlinearError> {
        let levels: Vec<Level> = stages.iter().map(|s| self.level(s)).collect::<Result<_, _>>()?;
        let acting = self.acting(&levels, state.stage as usize, state.load_factor);
        Ok(self.equilibrium.displacements(&state.unknowns, &acting))
    }

    /// Strain and stress at the integration points of every cell.
    ///
    /// # Errors
    /// [`NonlinearError::Checkpoint`] when the displacements are not those of the state.
    pub fn points(
        &self,
        displacements: &[Vec3],
        state: &State,
    ) -> Result<Vec<Vec<PointState>>, NonlinearError> {
        let bad = |e: Cause| NonlinearError::Checkpoint(e.to_string());
        self.equilibrium.cells.states(displacements, &state.history).map_err(bad)
    }

    /// Reference coordinates of the integration points of a cell, in the order of [`Analysis::points`].
    pub fn places(&self, cell: usize) -> &'static [[f64; 3]] {
        self.equilibrium.cells.plan(cell).places()
    }

    /// History of the points of a cell, one after the other.
    pub fn history<'h>(&self, cell: usize, state: &'h State) -> &'h [f64] {
        self.equilibrium.cells.history(cell, &state.history)
    }

    fn rest(&self, next: f64) -> State {
        let n_history = self.equilibrium.cells.n_history();
        State {
            stage: 0,
            load_factor: 0.0,
            increments: 0,
            tried: 0,
            calm: CALM,
            searching: false,
            secant: [0.0; 2],
            next,
            reference_force: self.equilibrium.cells.largest_at_rest(),
            initial_flexibility: 0.0,
            unknowns: vec![0.0; 3 * self.equilibrium.elimination.n_nodes()],
            history: vec![0.0; n_history],
            earlier: vec![0.0; n_history],
            interactions: Vec::new(),
        }
    }

    fn resumed(&mut self, state: State, n_stages: usize) -> Result<State, NonlinearError> {
        let bad = |what: String| Err(NonlinearError::Checkpoint(what));
        let rest = self.rest(0.1);
        for (what, expected, found) in [
            ("unknowns", rest.unknowns.len(), state.unknowns.len()),
            ("history", rest.history.len(), state.history.len()),
            ("history before", rest.history.len(), state.earlier.len()),
            ("interactions", self.equilibrium.interactions.len(), state.interactions.len()),
        ] {
            if expected != found {
                return bad(format!("{what}: the model has {expected}, the state {found}"));
            }
        }
        let numbers = [&state.unknowns, &state.history, &state.earlier];
        if !numbers.iter().all(|list| list.iter().all(|x| x.is_finite())) {
            return bad("a number of the state is not finite".to_string());
        }
        let (t, next) = (state.load_factor, state.next);
        if !((0.0..=1.0).contains(&t) && 0.0 < next && next <= 1.0) {
            return bad(format!("load factor {t} with a next increment of {next}"));
        }
        if n_stages <= state.stage as usize {
            return bad(format!("it stands in stage {}, of {n_stages}", state.stage + 1));
        }
        for (interaction, bytes) in self.equilibrium.interactions.iter_mut().zip(&state.interactions) {
            if let Err(what) = interaction.resume(bytes) {
                return bad(format!("{}: {what}", interaction.name()));
            }
        }
        Ok(state)
    }

    fn with_interactions(&self, state: State) -> State {
        State {
            interactions: self.equilibrium.interactions.iter().map(|i| i.checkpoint()).collect(),
            ..state
        }
    }

    fn level(&self, stage: &Stage) -> Result<Level, NonlinearError> {
        stage.stepping.check()?;
        let (load, mesh) = (&stage.load, self.equilibrium.cells.body().mesh());
        if load.temperature_rise.iter().any(|t| *t != 0.0) {
            return Err(NonlinearError::Heat);
        }
        let n_supports = self.equilibrium.elimination.n_supports;
        if !load.prescribed.is_empty() && load.prescribed.len() != n_supports {
            let (what, found) = ("prescribed displacements", load.prescribed.len());
            return Err(StaticsError::Count { what, expected: n_supports, found }.into());
        }
        let what = "a follower pressure";
        for (at, p) in &stage.follower {
            let shape = mesh.shapes().get(at.cell as usize);
            if shape.is_none_or(|s| s.n_facets() <= usize::from(at.facet)) {
                return Err(StaticsError::NoSuchFacet { what, cell: at.cell, facet: at.facet }.into());
            }
            if !p.is_finite() {
                return Err(StaticsError::BadNumber { what }.into());
            }
        }
        if load.prescribed.iter().any(|x| !x.is_finite()) {
            return Err(StaticsError::BadNumber { what: "prescribed displacements" }.into());
        }
        let forces = forces::applied(self.equilibrium.cells.body(), &self.equilibrium.elimination, load)?;
        let mut prescribed = load.prescribed.clone();
        prescribed.resize(n_supports, 0.0);
        Ok(Level { forces, prescribed, follower: stage.follower.clone() })
    }

    /// Loads at a load factor of a stage.
    pub(super) fn acting(&self, levels: &[Level], stage: usize, t: f64) -> Acting {
        let to = &levels[stage];
        let from = stage.checked_sub(1).map_or(self.base.as_ref(), |s| Some(&levels[s]));
        let between = |a: f64, b: f64| if t == 1.0 { b } else { a + t * (b - a) };
        let forces = (0..to.forces.len())
            .map(|i| match from {
                _ if t == 1.0 => to.forces[i],
                Some(from) => from.forces[i] + t * (to.forces[i] - from.forces[i]),
                None => t * to.forces[i],
            })
            .collect();
        let prescribed = (0..to.prescribed.len())
            .map(|i| between(from.map_or(0.0, |f| f.prescribed[i]), to.prescribed[i]))
            .collect();
        let mut follower: Vec<_> = to.follower.iter().map(|(at, p)| (*at, t * p)).collect();
        if let Some(from) = from.filter(|_| t != 1.0) {
            follower.extend(from.follower.iter().map(|(at, p)| (*at, (1.0 - t) * p)));
        }
        let ramp = if stage == 0 && self.base.is_none() { t } else { 1.0 };
        Acting { follower, prescribed, ramp, forces }
    }

    fn stage(
        &mut self,
        stage: &Stage,
        levels: &[Level],
        state: &mut State,
        observe: &mut dyn FnMut(&Accepted) -> ControlFlow<()>,
    ) -> Result<End, NonlinearError> {
        let number = state.stage as usize;
        let stepping = &stage.stepping;
        while state.load_factor < 1.0 {
            if stepping.most as u64 <= state.tried {
                let (worst, interactions) = (None, Vec::new());
                let failed = Failed { cause: Cause::Increments, iterations: Vec::new(), worst, interactions };
                let before = self.acting(levels, number, state.load_factor);
                let from = self.equilibrium.displacements(&state.unknowns, &before);
                return self.end(levels, state, &before, &from, failed, 1.0, true);
            }
            let before = self.acting(levels, number, state.load_factor);
            let from = self.equilibrium.displacements(&state.unknowns, &before);
            let rest = 1.0 - state.load_factor;
            // A last increment that would leave a sliver takes it along.
            let size = if rest <= state.next * (1.0 + 1e-6) { rest } else { state.next };
            let target = if size == rest { 1.0 } else { state.load_factor + size };
            let acting = self.acting(levels, number, target);
            self.equilibrium.interactions.iter_mut().for_each(|i| i.begin(&from, acting.ramp));
            self.equilibrium.update_couplings()?;
            if state.initial_flexibility == 0.0 {
                let found = self.flexibility(levels, state, &before, &from)?;
                // Negative: unknown, and not asked again.
                state.initial_flexibility = found.flatten().unwrap_or(-1.0);
            }
            state.tried += 1;
            let start = Start {
                unknowns: &state.unknowns,
                history: &state.history,
                acting: &before,
                reference: state.reference_force,
            };
            let mut newton = Newton {
                equilibrium: &mut self.equilibrium,
                tangents: &mut self.tangents,
                options: &self.options,
                searching: state.searching,
            };
            match newton.run(&start, &acting)? {
                Ok(converged) => {
                    self.accept(state, (target, size), stepping.max, (levels, &from), &converged);
                    let shown = Accepted {
                        state,
                        displacements: &converged.displacements,
                        reactions: &self.equilibrium.reactions(&converged.forces),
                        reaction_error: self.reaction_error(&converged),
                        applied: &converged.forces.applied,
                        iterations: &converged.iterations,
                        augmentations: converged.augmentations,
                        interactions: &self.equilibrium.interactions,
                    };
                    if observe(&shown).is_break() {
                        return Ok(End::Stopped);
                    }
                }
                Err(failed) => {
                    self.equilibrium.interactions.iter_mut().for_each(|i| i.restore());
                    self.equilibrium.update_couplings()?;
                    if !state.searching {
                        // Once more, with the line search, at the same size.
                        (state.searching, state.next) = (true, size);
                        continue;
                    }
                    let cut = if matches!(failed.cause, Cause::Point { .. }) { 0.25 } else { 0.5 };
                    (state.next, state.calm) = (cut * size, 0);
                    if state.next < stepping.min {
                        return self.end(levels, state, &before, &from, failed, target, false);
                    }
                }
            }
        }
        Ok(End::Reached)
    }

    /// Error of equilibrium on the deformed body where any law sees it, on the undeformed one otherwise.
    fn reaction_error(&self, converged: &Converged) -> f64 {
        let (cells, elimination) = (&self.equilibrium.cells, &self.equilibrium.elimination);
        let points = cells.body().mesh().points();
        let moved = |(p, u): (&Vec3, &Vec3)| if cells.is_finite() { p + u } else { *p };
        let positions: Vec<Vec3> = points.iter().zip(&converged.displacements).map(moved).collect();
        let held = self.equilibrium.held(&converged.forces);
        statics::imbalance(&positions, &converged.forces.applied, &held, &elimination.rotations)
    }

    fn accept(
        &mut self,
        state: &mut State,
        (target, size): (f64, f64),
        max: f64,
        (levels, from): (&[Level], &[Vec3]),
        converged: &Converged,
    ) {
        let u = &converged.displacements;
        self.equilibrium.interactions.iter_mut().for_each(|i| i.accept(u));
        state.secant = [target - 0.5 * size, self.work(levels, state, from, u) / size];
        state.load_factor = target;
        state.increments += 1;
        state.calm += 1;
        let easy = converged.iterations.len() <= EASY + converged.augmentations
            && converged.iterations.iter().all(|i| i.shift == 0.0);
        state.searching &= !easy;
        if easy && CALM < state.calm {
            state.next = (GROW * size.max(state.next)).min(max);
        }
        state.reference_force = converged.reference;
        state.unknowns.clone_from(&converged.unknowns);
        state.earlier = std::mem::replace(&mut state.history, converged.forces.history.clone());
    }
}

/// How a stage ended.
pub(super) enum End {
    Reached,
    Stopped,
    Collapsed { stiffness: Option<f64>, tried: f64 },
}
