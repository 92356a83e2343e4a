//! Bone that yields, in a model in contact, under loads that grow step by step.
//!
//! ```text
//! K u + ∫ q(u) = s f + g        g = ∫ Bᵀ C ε₀ dV,  ε₀ = ε(u) − C⁻¹ σ(ε(u), h)
//! ```
//! Stiffness K and contact stay those of the elastic model, so its set-up serves every step; what yielding and damage
//! take from the stress acts as an initial strain ε₀. The fixed point g ↦ g(u(g)) is accelerated (Anderson); what is
//! left of it, |g(u) − g|, is the residual of the yielding model. The history h is taken on when a load is in
//! equilibrium.
//!
//! # Source
//! Zienkiewicz, Valliappan & King (1969), Elasto-plastic solutions of engineering problems: initial stress, finite
//! element approach, Int. J. Numer. Methods Eng. 1, 75–100; Walker & Ni (2011), SIAM J. Numer. Anal. 49, 1715–1735.

use super::anderson::Anderson;
use super::{Extra, Observer, Options, SolveError, Solver, check};
use crate::elements::PointStrain;
use crate::linear::vector::{dot, norm};
use crate::loads::contact::Bed;
use crate::model::Model;
use crate::nonlinear::laws::{Fault, QuadricBone, SmallStrainLaw};
use crate::solution::Solution;
use crate::tensor::{Six, Stiffness, apply, inverse};
use dens_mesher::Vec3;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// Solves of one load before its increment is halved.
const MAX_SOLVES: usize = 60;

/// Solves without a smaller residual after which an increment is halved.
const PATIENCE: usize = 12;

/// Differences kept for the acceleration.
const DEPTH: usize = 12;

/// Increments below this part of the largest load are not tried: a limit load is bracketed by twice of it.
const LEAST: f64 = 1.0 / 64.0;

/// Stiffness over that of the elastic model below which a model that finds no further equilibrium has collapsed: it
/// runs ten times as far as the load would move an elastic one. An attempt that does is given up.
const COLLAPSED: f64 = 0.1;

/// Cells computed at once before they are added in order.
const BATCH: usize = 4096;

/// Numbers in the history of a point: plastic strain and κ.
const HISTORY: usize = 7;

/// A part that yields.
#[derive(Debug, Clone)]
pub struct YieldingPart {
    /// Index into [`Model::parts`].
    pub part: usize,
    /// Law of each entry of its palette, with the stiffness of that entry; `None`: elastic.
    pub laws: Vec<Option<QuadricBone>>,
}

/// State of a point of a yielding part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BonePoint {
    /// Volume it stands for, mm³.
    pub weight: f64,
    /// Strain, order xx yy zz yz xz xy with engineering shear.
    pub strain: Six,
    /// Stress, MPa.
    pub stress: Six,
    /// Crushing κ: plastic work over strength, the axial plastic strain of uniaxial compression.
    pub crushing: f64,
}

/// Load to go to, on which beds.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Share of the loads of the model; 0 only before any load.
    pub factor: f64,
    /// Share of the misfits ([`Gaps::Misfit`](crate::loads::contact::Gaps::Misfit)) that acts, 0 to 1.
    pub fit: f64,
    /// Beds under sliding interfaces from here on, as [`Model::beds`].
    pub beds: Vec<(usize, Bed)>,
}

impl Step {
    /// Loads one after the other, without beds, with all of the misfits.
    pub fn loads(factors: &[f64]) -> Vec<Self> {
        factors.iter().map(|&factor| Self { factor, fit: 1.0, beds: Vec::new() }).collect()
    }

    /// Misfits that grow in so many equal steps while nothing is loaded: what is too large is pressed in, not put there.
    pub fn fits(n: u32) -> Vec<Self> {
        let share = |k: u32| f64::from(k) / f64::from(n);
        (1..=n).map(|k| Self { factor: 0.0, fit: share(k), beds: Vec::new() }).collect()
    }
}

/// Equilibrium at one load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reached {
    /// Share of the loads of the model.
    pub factor: f64,
    /// Share of the misfits.
    pub fit: f64,
    /// The answer.
    pub solution: Solution,
    /// Four points of each cell of each yielding part, in their order.
    pub points: Vec<Vec<[BonePoint; 4]>>,
    /// Largest force out of balance by yielding, Euclidean norm over nodes relative to the applied forces.
    pub residual: f64,
    /// Contact solves it took since the load before.
    pub solves: usize,
}

/// How the loads ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Course {
    /// Every load was reached.
    Completed(Vec<Reached>),
    /// The model can carry no more: no equilibrium was found at `tried`, and it had lost its stiffness before.
    Collapsed {
        /// Loads reached, the last one being the largest in equilibrium.
        reached: Vec<Reached>,
        /// Share of the loads for which no equilibrium was found.
        tried: f64,
        /// Stiffness along the load that was left beyond, over that of the elastic model.
        stiffness: f64,
    },
}

impl Course {
    /// Loads in equilibrium.
    pub fn reached(&self) -> &[Reached] {
        match self {
            Self::Completed(reached) | Self::Collapsed { reached, .. } => reached,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum YieldError {
    /// The elastic model in contact was not solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A law that is not elastic as the model is.
    #[error("part `{part}`: the law of material {material} has another stiffness than the material")]
    Stiffness {
        /// Name of the part.
        part: String,
        /// Index into its palette.
        material: usize,
    },
    /// A law gave no stress.
    #[error("part `{part}`, cell {cell}: {fault}")]
    Point {
        /// Name of the part.
        part: String,
        /// Its cell.
        cell: usize,
        /// What went wrong.
        fault: Fault,
    },
    /// The iteration of yielding did not settle, and the model had not lost its stiffness.
    #[error(
        "no equilibrium at {tried:.4} of the load and {fit:.4} of the misfit ({reached:.4} of the load was reached): {residual:.2e} of it out of balance by yielding of `{part}` at ({:.1} {:.1} {:.1}) mm",
        place[0], place[1], place[2]
    )]
    NotConverged {
        /// Largest share of the load in equilibrium.
        reached: f64,
        /// Share tried.
        tried: f64,
        /// Share of the misfits in that attempt.
        fit: f64,
        /// Relative residual left.
        residual: f64,
        /// Part with the largest force out of balance.
        part: String,
        /// Where, mm.
        place: [f64; 3],
        /// Least stiffness along the load that the attempt showed, over that of the elastic model: a model that
        /// collapses runs away.
        stiffness: f64,
    },
}

impl YieldError {
    /// Whether a smaller increment may help.
    fn may_be_the_increment(&self) -> bool {
        use crate::linear::LinearError;
        match self {
            Self::Point { .. } | Self::NotConverged { .. } => true,
            Self::Solve(e) => {
                matches!(
                    e,
                    SolveError::NotConverged { .. } | SolveError::Linear(LinearError::NotConverged { .. })
                )
            }
            Self::Stiffness { .. } => false,
        }
    }
}

/// History of all points of one part, [`HISTORY`] numbers per point.
type History = Vec<[[f64; HISTORY]; 4]>;

/// Strains turned into stresses at one displacement.
struct Answered {
    histories: Vec<History>,
    points: Vec<Vec<[BonePoint; 4]>>,
    /// g(u), N.
    forces: Vec<f64>,
}

/// Takes a model through steps of load. Bone keeps what it has suffered; beds follow the pressure that acts.
///
/// - `steps`: factors that do not fall and, before the first load, shares of the misfits that do not either; the beds of the model itself are not used
/// - `tolerance`: of [`Reached::residual`]
/// - `start`: an answer to the same model under its whole load, elastic for instance; none: from rest
///
/// # Errors
/// [`YieldError`]; an increment that does not settle is halved before.
#[expect(clippy::too_many_arguments, reason = "a question with everything that shapes its answer")]
pub fn solve_yielding(
    model: &Model,
    yielding: &[YieldingPart],
    steps: &[Step],
    tolerance: f64,
    start: Option<&Solution>,
    options: &Options,
    observer: Observer<'_>,
    cancel: &AtomicBool,
) -> Result<Course, YieldError> {
    check(model)?;
    check_laws(model, yielding)?;
    let mut solver = Solver::new(model, options)?;
    solver.load_stiffness(model, observer)?;
    let histories = yielding.iter().map(|y| vec![[[0.0; HISTORY]; 4]; model.parts[y.part].mesh.n_cells()]);
    // Misfits are there from the start unless steps without a load put them in.
    let first_fit = steps.first().filter(|s| 0.0 < s.factor).map_or(0.0, |s| s.fit);
    let mut loading = Loading {
        model,
        yielding,
        compliances: compliances(model, yielding),
        histories: histories.collect(),
        solver,
        options,
        tolerance,
        start,
        held: Extra::default(),
        last: None,
        at: Stand { factor: 0.0, fit: first_fit },
        elastic: None,
        largest: steps.iter().map(|s| s.factor).fold(0.0, f64::max),
        loads: model.clone(),
    };
    let mut reached = Vec::new();
    for (k, step) in steps.iter().enumerate() {
        let within = |what: &str, part: f64| {
            observer(what, (k as f64 + part) / steps.len() as f64);
        };
        loading.loads.beds.clone_from(&step.beds);
        check(&loading.loads)?;
        loading.solver.interfaces.refresh(&loading.loads, options, false);
        match loading.reach(Stand { factor: step.factor, fit: step.fit }, &within, cancel)? {
            Ok(state) => reached.push(state),
            Err(Lost { tried, stiffness, last }) => {
                reached.extend(last);
                return Ok(Course::Collapsed { reached, tried, stiffness });
            }
        }
    }
    Ok(Course::Completed(reached))
}

/// Below yield a law must be the stiffness that the model is assembled with.
fn check_laws(model: &Model, yielding: &[YieldingPart]) -> Result<(), YieldError> {
    for y in yielding {
        let part = &model.parts[y.part];
        let named = |material| YieldError::Stiffness { part: part.name.clone(), material };
        for (material, section) in part.palette.iter().enumerate() {
            let Some(law) = y.laws.get(material).ok_or_else(|| named(material))? else { continue };
            // Far below any yield strain; not along an axis of symmetry.
            let strain = [1e-9, -0.5e-9, 0.2e-9, 0.7e-9, -0.3e-9, 0.4e-9];
            let fault = |fault| YieldError::Point { part: part.name.clone(), cell: 0, fault };
            let mut after = [0.0; HISTORY];
            let own = law.respond(&strain, 1.0, &[0.0; HISTORY], &mut after, None).map_err(fault)?;
            let elastic = apply(&section.stiffness, &strain);
            let size = elastic.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
            // Moduli go through a few conversions.
            if own.iter().zip(elastic).any(|(a, b)| 1e-9 * size < (a - b).abs()) {
                return Err(named(material));
            }
        }
    }
    Ok(())
}

/// Shares of loads and misfits.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Stand {
    factor: f64,
    fit: f64,
}

impl Stand {
    /// Part of the way to another.
    fn toward(self, to: Self, part: f64) -> Self {
        let between = |a: f64, b: f64| a + part * (b - a);
        Self { factor: between(self.factor, to.factor), fit: between(self.fit, to.fit) }
    }
}

/// No equilibrium beyond the last one.
struct Lost {
    tried: f64,
    stiffness: f64,
    /// Last equilibrium, where it is not one that was asked for.
    last: Option<Reached>,
}

struct Loading<'a> {
    model: &'a Model,
    yielding: &'a [YieldingPart],
    /// C⁻¹ of each entry of the palettes.
    compliances: Vec<Vec<Stiffness>>,
    histories: Vec<History>,
    solver: Solver,
    options: &'a Options,
    tolerance: f64,
    /// Answer under the whole load to begin with.
    start: Option<&'a Solution>,
    /// Forces of yielding in the last equilibrium.
    held: Extra,
    last: Option<Solution>,
    /// Shares in the last equilibrium.
    at: Stand,
    /// Work of the whole load over the motion that its unit makes in the elastic model, mJ.
    elastic: Option<f64>,
    largest: f64,
    /// The model with the beds of the step.
    loads: Model,
}

impl Loading<'_> {
    /// Goes to a load and a misfit, in as many increments as it takes.
    fn reach(
        &mut self,
        target: Stand,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Result<Reached, Lost>, YieldError> {
        let from = self.at;
        // The whole way over the least increment.
        let way = ((target.factor - from.factor) / self.largest).max(target.fit - from.fit) / LEAST;
        let (mut done, mut step) = (0.0, 1.0);
        let (mut solves, mut last, mut least) = (0, None, f64::INFINITY);
        loop {
            let part = if 1.0 - done <= step * (1.0 + 1e-9) { 1.0 } else { done + step };
            let next = if part == 1.0 { target } else { from.toward(target, part) };
            let error = match self.increment(next, observer, cancel) {
                Ok(state) => {
                    solves += state.solves;
                    if part == 1.0 {
                        return Ok(Ok(Reached { solves, ..state }));
                    }
                    (last, least) = (Some(Reached { solves, ..state }), f64::INFINITY);
                    done = part;
                    continue;
                }
                Err(e) if !e.may_be_the_increment() => return Err(e),
                Err(e) => e,
            };
            if let YieldError::NotConverged { stiffness, .. } = &error {
                least = least.min(*stiffness);
            }
            step = 0.5 * (part - done);
            if step * way < 1.0 {
                let lost = Lost { tried: next.factor, stiffness: least, last };
                return if least < COLLAPSED { Ok(Err(lost)) } else { Err(error) };
            }
        }
    }

    fn increment(
        &mut self,
        next: Stand,
        observer: Observer<'_>,
        cancel: &AtomicBool,
    ) -> Result<Reached, YieldError> {
        let factor = next.factor;
        let unloaded = factor == 0.0;
        let model = if unloaded { self.loads.clone() } else { self.loads.under(factor) };
        self.solver.interfaces.fit(&self.loads, next.fit);
        // Where nothing yields anew the answer grows with the load, or before any load with the misfit.
        let mut start = match (&self.last, self.at) {
            (Some(last), Stand { factor: before, .. }) if 0.0 < before => {
                Some(last.stretched(factor / before))
            }
            (Some(last), at) if unloaded && 0.0 < at.fit => Some(last.stretched(next.fit / at.fit)),
            (Some(last), _) if last.is_pressed() => Some(last.clone()),
            _ => self.start.filter(|_| !unloaded).map(|s| s.stretched(factor)),
        };
        let mut held = Extra { unloaded, ..self.held.clone() };
        held.forces.resize(self.solver.n_unknowns(), 0.0);
        let mut anderson = Anderson::new(DEPTH);
        let (mut best, mut since, mut residual) = (f64::INFINITY, 0, 1e-2_f64);
        let scale = self.scale(&model);
        let load = self.solver.discrete.applied(self.model);
        let from = self.last.as_ref().map_or(0.0, |s| self.work(&load, s));
        let mut farthest = 0.0_f64;
        let mut solves = 0;
        loop {
            solves += 1;
            let inner = (0.1 * residual).clamp(0.1 * self.tolerance, 1e-3);
            let options = Options {
                residual_tolerance: inner.max(self.options.residual_tolerance),
                balance_tolerance: inner.max(self.options.balance_tolerance),
                ..self.options.clone()
            };
            let found = self.solver.solve_under(&model, &held, &options, start.as_ref(), observer, cancel)?;
            let gone = self.work(&load, &found) - from;
            farthest = farthest.max(gone);
            // Under a load that stays, only a bed gives way: there is no stiffness along the load to tell.
            let rise = factor - self.at.factor;
            let elastic = if 0.0 < rise { *self.elastic.get_or_insert(gone / rise) } else { f64::INFINITY };
            let answered = self.answer(&found)?;
            let mut out: Vec<f64> = answered.forces.iter().zip(&held.forces).map(|(a, b)| a - b).collect();
            self.solver.discrete.project(&mut out);
            residual = norm(&out) / scale;
            // Contact is to be ten times as exact as yielding.
            if residual <= self.tolerance && inner <= 0.1001 * self.tolerance {
                self.accept(next, &found, &answered, held);
                let points = answered.points;
                return Ok(Reached { factor, fit: next.fit, solution: found, points, residual, solves });
            }
            since += 1;
            if residual < 0.9 * best {
                (best, since) = (residual, 0);
            }
            let away = 0.0 < rise && elastic * rise < COLLAPSED * farthest;
            if !residual.is_finite() || away || since == PATIENCE || solves == MAX_SOLVES {
                let (part, place) = self.place(&out);
                return Err(YieldError::NotConverged {
                    reached: self.at.factor,
                    tried: factor,
                    fit: next.fit,
                    residual,
                    part,
                    place,
                    stiffness: if 0.0 < rise { elastic * rise / farthest } else { 1.0 },
                });
            }
            held.forces = anderson.next(&held.forces, &answered.forces, 1.0);
            start = Some(found);
        }
    }

    fn accept(&mut self, at: Stand, found: &Solution, answered: &Answered, held: Extra) {
        self.histories.clone_from(&answered.histories);
        (self.held, self.last, self.at) = (held, Some(found.clone()), at);
    }

    /// Work of nodal loads over the motion of a solution, mJ.
    fn work(&self, load: &[f64], of: &Solution) -> f64 {
        dot(load, &self.solver.first_guess(self.model, Some(of)).0)
    }

    /// Norm of the loads on nodes that move, N.
    fn scale(&self, model: &Model) -> f64 {
        let mut applied = self.solver.discrete.applied(model);
        self.solver.discrete.project(&mut applied);
        norm(&applied)
    }

    /// Part and place of the largest force out of balance.
    fn place(&self, out: &[f64]) -> (String, [f64; 3]) {
        let size = |f: &[f64; 3]| f.iter().map(|x| x * x).sum::<f64>();
        let nodes = out.as_chunks::<3>().0;
        let worst =
            (0..nodes.len()).max_by(|a, b| size(&nodes[*a]).total_cmp(&size(&nodes[*b]))).unwrap_or(0);
        let discrete = &self.solver.discrete;
        let mesh_node = discrete.unknowns.mesh_nodes.get(worst).copied().unwrap_or(0);
        let part = discrete.offsets.partition_point(|o| *o <= mesh_node).saturating_sub(1);
        let name = self.model.parts.get(part).map_or_else(String::new, |p| p.name.clone());
        (name, discrete.system.coordinates[worst])
    }

    /// Stresses by the laws at the displacements of a solution, and the forces of what Hooke's law has too much.
    fn answer(&self, found: &Solution) -> Result<Answered, YieldError> {
        let n = self.solver.n_unknowns();
        let mut all = Answered { histories: Vec::new(), points: Vec::new(), forces: vec![0.0; n] };
        for (k, y) in self.yielding.iter().enumerate() {
            let part = &self.model.parts[y.part];
            let (mesh, u) = (&part.mesh, &found.displacements[y.part]);
            let (compliances, histories) = (&self.compliances[k], &self.histories[k]);
            let of_cell = |cell: usize| -> Result<CellAnswer, Fault> {
                let (nodes, own) = (mesh.cells[cell], part.of_cell[cell] as usize);
                let section = &part.palette[own];
                let points = nodes.map(|n| mesh.points[n as usize]);
                let moved = nodes.map(|n| u[n as usize]);
                let law = y.laws[own].as_ref();
                cell_answer(section, &compliances[own], law, &points, &moved, &histories[cell])
            };
            let (mut history, mut states) = (Vec::new(), Vec::new());
            for first in (0..mesh.n_cells()).step_by(BATCH) {
                let cells = first..mesh.n_cells().min(first + BATCH);
                let found: Vec<_> = cells.into_par_iter().with_min_len(64).map(of_cell).collect();
                for (i, found) in found.into_iter().enumerate() {
                    let fault = |fault| YieldError::Point { part: part.name.clone(), cell: first + i, fault };
                    let found = found.map_err(fault)?;
                    for (node, f) in mesh.cells[first + i].iter().zip(&found.forces) {
                        self.add(node + self.solver.discrete.offsets[y.part], *f, &mut all.forces);
                    }
                    history.push(found.history);
                    states.push(found.points);
                }
            }
            all.histories.push(history);
            all.points.push(states);
        }
        Ok(all)
    }

    fn add(&self, mesh_node: u32, f: Vec3, forces: &mut [f64]) {
        for end in self.solver.discrete.unknowns.ends(mesh_node) {
            for axis in 0..3 {
                forces[3 * end as usize + axis] += 0.5 * f[axis];
            }
        }
    }
}

struct CellAnswer {
    forces: [Vec3; 10],
    history: [[f64; HISTORY]; 4],
    points: [BonePoint; 4],
}

fn cell_answer(
    section: &crate::elements::Section,
    compliance: &Stiffness,
    law: Option<&QuadricBone>,
    points: &[Vec3; 10],
    moved: &[Vec3; 10],
    before: &[[f64; HISTORY]; 4],
) -> Result<CellAnswer, Fault> {
    let mut strains = [PointStrain::default(); 4];
    // The meshes were assembled: no cell is inverted.
    let inverted = |_| Fault::NotFinite;
    section.element.strains(points, &section.stiffness, moved, &[], &mut strains).map_err(inverted)?;
    let length = strains.iter().map(|s| s.weight).sum::<f64>().cbrt();
    let mut out = CellAnswer {
        forces: [Vec3::zeros(); 10],
        history: *before,
        points: strains.map(|s| BonePoint {
            weight: s.weight,
            strain: s.strain,
            stress: apply(&section.stiffness, &s.strain),
            crushing: 0.0,
        }),
    };
    let Some(law) = law else { return Ok(out) };
    let mut initial = [[0.0; 6]; 4];
    let mut yields = false;
    for q in 0..4 {
        let strain = strains[q].strain;
        let stress = law.respond(&strain, length, &before[q], &mut out.history[q], None)?;
        let kappa = out.history[q][6];
        (out.points[q].stress, out.points[q].crushing) = (stress, kappa);
        if 0.0 < kappa {
            let elastic = apply(compliance, &stress);
            initial[q] = std::array::from_fn(|i| strain[i] - elastic[i]);
            yields = true;
        }
    }
    if yields {
        let to = &mut out.forces;
        section.element.initial_forces(points, &section.stiffness, &initial, to).map_err(inverted)?;
    }
    Ok(out)
}

fn compliances(model: &Model, yielding: &[YieldingPart]) -> Vec<Vec<Stiffness>> {
    let of = |c: &Stiffness| inverse(c).unwrap_or([[0.0; 6]; 6]);
    yielding.iter().map(|y| model.parts[y.part].palette.iter().map(|s| of(&s.stiffness)).collect()).collect()
}
