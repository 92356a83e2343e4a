//! The density of every lattice cell of the mesh, against the deviation of the bone's strain energy.
//!
//! ```text
//! min D(ρ̃)     mean ρ̃ ≤ the limit,  least ≤ x ≤ largest density,  ρ̃ = cone filter of x
//! ```
//! The implant is bonded, joints slide without friction, penalties are held and multipliers not updated: then the adjoint
//! gradient is exact. Strength and the limits of printing are judged on the result.

use super::evaluate::{Bench, Numbers};
use super::spec::Spec;
use super::surfaces::Surface;
use crate::failure::Failure;
use crate::pipeline::bodies::Kind;
use crate::pipeline::fields::Solved;
use crate::pipeline::grading::Fill;
use crate::pipeline::models::{self, Stage};
use crate::pipeline::{design, solve_failure};
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::Level;
use dens_solver::loads::contact::Law;
use dens_solver::newton::{Options, Solver};
use dens_solver::optimise::deviation::{Deviation, Energies, deviation, gradient, load};
use dens_solver::optimise::filter::Filter;
use dens_solver::optimise::mma::{Function, Mma};
use dens_solver::solution::Solution;
use dens_solver::tensor::Stiffness;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Relative residual of state and adjoint.
const ACCURACY: f64 = 1e-9;
/// Largest change of a density in one step, in ranges.
const MOVE: f64 = 0.2;
/// The densities have settled when none changes by more, in ranges.
const SETTLED: f64 = 0.005;

/// One iteration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Deviation of the bone's strain energy.
    pub deviation: f64,
    /// Objectives and constraints of stress of this field.
    pub objectives: [f64; 4],
    /// Excess over the share of the yield stress that lasts.
    pub fatigue: f64,
    /// Mean relative density of the lattice.
    pub mean: f64,
    /// Least and largest relative density.
    pub range: [f64; 2],
    /// Largest change of a variable to the next iteration, in ranges.
    pub change: f64,
}

/// All that a run needs to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Iterations done.
    pub rows: Vec<Row>,
    /// Variables of the next one.
    pub x: Vec<f64>,
    before: Vec<Vec<f64>>,
    asymptotes: [Vec<f64>; 2],
    /// Iteration with the least deviation that keeps the limit of the mean, and its densities.
    pub best: Option<(usize, Vec<f64>)>,
}

/// The problem on one mesh.
pub struct Field<'b, 'a> {
    bench: &'b Bench<'a>,
    spec: &'b Spec,
    surface: &'b Surface,
    /// Cells of the implant that are lattice.
    cells: Vec<usize>,
    /// Their centers, mm.
    pub centers: Vec<Vec3>,
    /// Their volumes, mm³.
    pub volumes: Vec<f64>,
    filter: Filter,
    solver: Option<Solver>,
    base: Option<Solution>,
}

impl<'b, 'a> Field<'b, 'a> {
    /// The lattice cells of the bench's implant.
    ///
    /// # Errors
    /// An implant without lattice; exit 2.
    pub fn new(bench: &'b Bench<'a>, spec: &'b Spec, surface: &'b Surface) -> Result<Self, Failure> {
        let body = bench.bodies.find(Kind::Implant);
        let mesh = body.map(|b| &b.mesh).ok_or_else(|| Failure::bug("no implant was meshed"))?;
        let cells: Vec<usize> = (0..mesh.n_cells()).filter(|c| mesh.regions[*c] == 1).collect();
        if cells.is_empty() {
            return Err(Failure::input("the implant has no lattice to optimise"));
        }
        let centers: Vec<Vec3> = cells.iter().map(|c| mesh.centroid(*c)).collect();
        let volume = |c: &usize| {
            let [a, b, d, e] = [0, 1, 2, 3].map(|k| mesh.points[mesh.cells[*c][k] as usize]);
            (b - a).cross(&(d - a)).dot(&(e - a)).abs() / 6.0
        };
        let volumes: Vec<f64> = cells.iter().map(volume).collect();
        let filter = Filter::new(&centers, &volumes, spec.filter_radius);
        Ok(Self { bench, spec, surface, cells, centers, volumes, filter, solver: None, base: None })
    }

    /// Densities to begin with: even, at the limit of the mean.
    fn start(&self) -> Vec<f64> {
        let [low, high] = self.spec.relative_density;
        vec![self.spec.mean_density.clamp(low, high); self.cells.len()]
    }

    /// Stiffness of every cell of the implant and its derivative by the density.
    fn filled(&self, densities: &[f64]) -> (Vec<Option<Stiffness>>, Vec<Option<Stiffness>>) {
        let n = self.bench.bodies.find(Kind::Implant).map_or(0, |b| b.mesh.n_cells());
        let (mut stiffness, mut slopes) = (vec![None; n], vec![None; n]);
        for (cell, density) in self.cells.iter().zip(densities) {
            let (c, slope) = self.surface.response.at(*density);
            (stiffness[*cell], slopes[*cell]) = (Some(c), Some(slope));
        }
        (stiffness, slopes)
    }

    fn solve(&mut self, stiffness: &[Option<Stiffness>], cancel: &AtomicBool) -> Result<Solved, Failure> {
        let b = self.bench;
        let mut question =
            models::build(b.case, b.geometry, &b.bodies, Stage::Ingrown, Fill::Cells(stiffness))?;
        for i in question.model.interfaces.iter_mut().filter(|i| i.law != Law::Bonded) {
            i.law = Law::Sliding { friction: 0.0 };
        }
        let failed = |e| solve_failure("gradient engine", &e);
        if self.solver.is_none() {
            let options = Options {
                residual_tolerance: ACCURACY,
                gap_tolerance: f64::MAX,
                max_augmentations: 0,
                ..design::options(b.case)
            };
            self.solver = Some(Solver::new(&question.model, &options).map_err(failed)?);
        }
        let solver = self.solver.as_mut().ok_or_else(|| Failure::bug("a solver was just set up"))?;
        let solution =
            solver.solve(&question.model, self.base.as_ref(), &|_, _| {}, cancel).map_err(failed)?;
        solver.hold_penalties();
        if self.base.is_none() {
            self.base = Some(solution.clone());
        }
        Solved::new(question, solution)
    }

    /// Deviation of the bone with its slopes, and the parts they belong to.
    fn deviation(&self, solved: &Solved) -> (Deviation, Vec<usize>) {
        let levels = [Level::C1, self.bench.case.implant.caudal];
        let parts: Vec<usize> =
            levels.into_iter().filter_map(|l| solved.question.part(Kind::Bone(l))).collect();
        let mut rest = self.bench.reference.as_slice();
        let mut intact: Vec<Vec<[f64; 4]>> = Vec::new();
        for p in &parts {
            let (own, others) = rest.split_at(4 * solved.fields[*p].weights.len());
            rest = others;
            intact.push(own.chunks_exact(4).map(|c| [c[0], c[1], c[2], c[3]]).collect());
        }
        let energies: Vec<Energies<'_>> = parts
            .iter()
            .zip(&intact)
            .map(|(p, intact)| Energies {
                weights: &solved.fields[*p].weights,
                implanted: &solved.fields[*p].energy_densities,
                intact,
            })
            .collect();
        (deviation(&energies), parts)
    }

    /// Deviation and its gradient by the densities.
    ///
    /// # Errors
    /// A model that cannot be solved.
    pub fn evaluate(
        &mut self,
        densities: &[f64],
        cancel: &AtomicBool,
    ) -> Result<(f64, Vec<f64>, Numbers), Failure> {
        let (stiffness, slopes) = self.filled(densities);
        let solved = self.solve(&stiffness, cancel)?;
        let (found, parts) = self.deviation(&solved);
        let model = &solved.question.model;
        let mut g: Vec<Vec<Vec3>> =
            model.parts.iter().map(|p| vec![Vec3::zeros(); p.mesh.n_nodes()]).collect();
        for (p, slopes) in parts.iter().zip(&found.slopes) {
            g[*p] =
                load(&model.parts[*p], &solved.solution.displacements[*p], slopes).map_err(Failure::bug)?;
        }
        let solver = self.solver.as_mut().ok_or_else(|| Failure::bug("the model was just solved"))?;
        let lambda = solver
            .adjoint(model, &solved.solution, &g, ACCURACY)
            .map_err(|e| solve_failure("adjoint of the gradient engine", &e))?;
        let p = solved.question.part(Kind::Implant).ok_or_else(|| Failure::bug("no implant in the model"))?;
        let by_cell = gradient(&model.parts[p], &solved.solution.displacements[p], &lambda[p], &slopes)
            .map_err(Failure::bug)?;
        let of = |cell: usize| self.cells.binary_search(&cell).map_or(1.0, |k| densities[k]);
        let densest = densities.iter().copied().fold(0.0, f64::max);
        let numbers = self.bench.judged(&solved, |cell, _| of(cell), &self.surface.response.at(densest).0)?;
        Ok((found.value, self.cells.iter().map(|c| by_cell[*c]).collect(), numbers))
    }

    /// Goes on from `state`, or begins; `keep` is called after each iteration.
    ///
    /// # Errors
    /// A model that cannot be solved, or what `keep` returns; interrupted when `cancel` is set.
    pub fn minimize(
        &mut self,
        state: Option<State>,
        cancel: &AtomicBool,
        keep: &mut dyn FnMut(&State) -> Result<(), Failure>,
    ) -> Result<State, Failure> {
        let start = self.start();
        let mut state = state.unwrap_or_else(|| State {
            rows: Vec::new(),
            x: start.clone(),
            before: Vec::new(),
            asymptotes: [Vec::new(), Vec::new()],
            best: None,
        });
        let [low, high] = self.spec.relative_density;
        let mut mma = Mma::new(vec![low; start.len()], vec![high; start.len()], MOVE);
        mma.before.clone_from(&state.before);
        mma.asymptotes.clone_from(&state.asymptotes);
        if !state.rows.is_empty() && self.wants_more(&state) {
            // All iterations start from the answer of the first.
            let (stiffness, _) = self.filled(&self.filter.apply(&start));
            self.solve(&stiffness, cancel)?;
        }
        let volume: f64 = self.volumes.iter().sum();
        while self.wants_more(&state) {
            if cancel.load(Ordering::Relaxed) {
                return Err(Failure {
                    exit: crate::failure::Exit::Interrupted,
                    message: "interrupted".into(),
                });
            }
            let densities = self.filter.apply(&state.x);
            let (value, slopes, numbers) = self.evaluate(&densities, cancel)?;
            let scale = state.rows.first().map_or(value, |r| r.deviation);
            let mean = densities.iter().zip(&self.volumes).map(|(d, v)| d * v).sum::<f64>() / volume;
            let limit = self.spec.mean_density;
            let objective = Function {
                value: value / scale,
                gradient: self.filter.transposed(&slopes).iter().map(|s| s / scale).collect(),
            };
            let shares: Vec<f64> = self.volumes.iter().map(|v| v / volume / limit).collect();
            let constraint =
                Function { value: mean / limit - 1.0, gradient: self.filter.transposed(&shares) };
            let next = mma.step(&state.x, &objective, &[constraint]);
            let change =
                next.iter().zip(&state.x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / (high - low);
            let fold = |f: fn(f64, f64) -> f64, start| densities.iter().copied().fold(start, f);
            state.rows.push(Row {
                deviation: value,
                objectives: numbers.objectives,
                fatigue: numbers.constraints[super::spec::Constraint::Fatigue as usize],
                mean,
                range: [fold(f64::min, f64::INFINITY), fold(f64::max, 0.0)],
                change,
            });
            let before = state.best.as_ref().map_or(f64::INFINITY, |(i, _)| state.rows[*i].deviation);
            if mean <= 1.001 * limit && value < before {
                state.best = Some((state.rows.len() - 1, densities));
            }
            state.x = next;
            state.before.clone_from(&mma.before);
            state.asymptotes.clone_from(&mma.asymptotes);
            keep(&state)?;
        }
        Ok(state)
    }

    fn wants_more(&self, state: &State) -> bool {
        state.rows.len() < self.spec.budget && state.rows.last().is_none_or(|r| SETTLED < r.change)
    }

    /// The densities on a grid around the lattice: lowest corner, counts, values with x fastest.
    pub fn sampled(&self, densities: &[f64], spacing: f64) -> ([f64; 3], [usize; 3], Vec<f64>) {
        let fold = |a: usize, f: fn(f64, f64) -> f64, start| self.centers.iter().map(|c| c[a]).fold(start, f);
        let corner: [f64; 3] = [0, 1, 2].map(|a| {
            let low = fold(a, f64::min, f64::INFINITY);
            (low / spacing).floor() * spacing
        });
        let corner = corner.map(|v| (v * 100.0).round() / 100.0);
        let counts: [usize; 3] = std::array::from_fn(|a| {
            ((fold(a, f64::max, f64::NEG_INFINITY) - corner[a]) / spacing).ceil().max(1.0) as usize + 1
        });
        let mut values = Vec::with_capacity(counts.iter().product());
        for k in 0..counts[2] {
            for j in 0..counts[1] {
                for i in 0..counts[0] {
                    let p = Vec3::from(corner) + spacing * Vec3::new(i as f64, j as f64, k as f64);
                    values.push(((self.near(densities, p, spacing) * 1e3).round()) / 1e3);
                }
            }
        }
        (corner, counts, values)
    }

    /// Mean density of the cells around a place, or that of the nearest where none is within `reach`.
    fn near(&self, densities: &[f64], p: Vec3, reach: f64) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        let mut nearest = (f64::INFINITY, 0.0);
        for ((c, v), d) in self.centers.iter().zip(&self.volumes).zip(densities) {
            let away = (c - p).norm();
            let weight = (reach - away).max(0.0) * v;
            sum += weight * d;
            weights += weight;
            if away < nearest.0 {
                nearest = (away, *d);
            }
        }
        if 0.0 < weights { sum / weights } else { nearest.1 }
    }
}

/// Iterations as CSV.
pub fn to_csv(rows: &[Row]) -> String {
    let mut text = String::from(
        "iteration,deviation,shielding,subsidence,stiffness,mass_g,excess_fatigue,mean_density,least_density,largest_density,change\n",
    );
    for (i, r) in rows.iter().enumerate() {
        let [shielding, subsidence, stiffness, mass] = r.objectives;
        text.push_str(&format!(
            "{},{},{shielding},{subsidence},{stiffness},{mass},{},{},{},{},{}\n",
            i + 1,
            r.deviation,
            r.fatigue,
            r.mean,
            r.range[0],
            r.range[1],
            r.change
        ));
    }
    text
}
