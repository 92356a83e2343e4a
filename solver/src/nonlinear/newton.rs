//! Newton's method for one increment, with a line search and the multipliers of interactions.
//!
//! ```text
//! Tᵀ K T Δũ = −Tᵀ (r + K Δu₀)        Δu₀: what supports move, first iteration only
//! ũ ← ũ + s Δũ        g(s) = Δũ·r(ũ + s Δũ)
//! ```
//! Full steps are tried first: a slender body that bends passes through states of high residual, and a search would
//! hold it back. Where they fail the increment is tried again with a search for a share s that brings |g| to half,
//! which helps bodies that yield; only then it is cut back.
//! The first solve moves the body together with its supports, so that no layer of cells takes their whole motion.

use super::NonlinearError;
use super::equilibrium::{Equilibrium, Forces, largest};
use super::error::{Cause, Worst};
use super::stage::{Acting, Options};
use super::tangent::Tangents;
use crate::linear::BlockMatrix;
use crate::linear::vector::{add_scaled, dot};
use dens_mesher::Vec3;

/// One iteration as it went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iteration {
    /// Largest nodal residual after it over the reference force.
    pub residual: f64,
    /// Largest nodal correction over the largest nodal displacement of the increment.
    pub correction: f64,
    /// Share of the correction that the line search took.
    pub step: f64,
    /// Iterations of the linear solver.
    pub linear_iterations: usize,
    /// Multiple of the diagonal added to a tangent that was not positive definite; mostly 0.
    pub shift: f64,
}

/// Where an increment starts.
pub(super) struct Start<'s> {
    pub(super) unknowns: &'s [f64],
    pub(super) history: &'s [f64],
    pub(super) acting: &'s Acting,
    /// Largest reference force so far, N.
    pub(super) reference: f64,
}

/// Equilibrium at the end of an increment.
pub(super) struct Converged {
    pub(super) unknowns: Vec<f64>,
    pub(super) displacements: Vec<Vec3>,
    pub(super) forces: Forces,
    pub(super) reference: f64,
    pub(super) iterations: Vec<Iteration>,
    pub(super) augmentations: usize,
}

/// No equilibrium.
pub(super) struct Failed {
    pub(super) cause: Cause,
    pub(super) iterations: Vec<Iteration>,
    pub(super) worst: Option<Worst>,
    pub(super) interactions: Vec<String>,
}

/// Share of |g(0)| that |g| may have after the line search.
const SLOPE: f64 = 0.5;

/// Evaluations of the line search.
const SEARCHES: usize = 5;

/// Relative residual beyond which iterations are given up: 1e10 of all forces.
const LOST: f64 = 1e10;

/// Iterations in which the least residual must halve.
const PATIENCE: usize = 8;

/// Correction over the displacement of the increment that is round-off: nothing is left to gain, whatever the residual
/// (stresses of a nearly incompressible body err by the bulk modulus times 1e-16), provided it is [`NEAR`] zero.
const ROUND_OFF: f64 = 1e-10;

/// Relative residual that may be round-off.
const NEAR: f64 = 1e-3;

/// Relative residual that is nothing but round-off: equilibrium, however little the body has moved.
const BALANCED: f64 = 1e-12;

/// Times that interactions may take a new geometry within one increment.
const FOLLOWS: usize = 5;

/// Looser bound of the linear tolerance.
const LOOSE: f64 = 1e-3;

pub(super) struct Newton<'n, 'a> {
    pub(super) equilibrium: &'n mut Equilibrium<'a>,
    pub(super) tangents: &'n mut Tangents,
    pub(super) options: &'n Options,
    /// Whether overshoot is searched, see [`SLOPE`].
    pub(super) searching: bool,
}

/// Unknowns with what follows from them.
struct Point {
    unknowns: Vec<f64>,
    displacements: Vec<Vec3>,
    forces: Forces,
}

/// What is remembered of an attempt, converged or not.
#[derive(Default)]
struct Log {
    iterations: Vec<Iteration>,
    residual: Option<Vec<f64>>,
    interactions: Vec<String>,
}

impl Newton<'_, '_> {
    /// Finds equilibrium under `acting`, multipliers included.
    pub(super) fn run(
        &mut self,
        start: &Start,
        acting: &Acting,
    ) -> Result<Result<Converged, Failed>, NonlinearError> {
        let from = self.equilibrium.displacements(start.unknowns, start.acting);
        let mut log = Log::default();
        let (mut point, mut augmentations, mut updates, mut follows) = (None, 0, 0, 0);
        let cause = loop {
            self.tangents.forget();
            let found = match self.iterate(start, acting, &from, point, &mut log)? {
                Ok(found) => found,
                Err(cause) => break cause,
            };
            if self.augment(&found.displacements, &mut log)? {
                if updates == self.options.max_augmentations {
                    break Cause::Augmentation;
                }
                (augmentations, updates) = (augmentations + 1, updates + 1);
            } else if self.follow(&found.displacements, &mut log)? {
                if follows == FOLLOWS {
                    break Cause::Geometry;
                }
                (follows, updates) = (follows + 1, 0);
            } else {
                let Point { unknowns, displacements, forces } = found;
                let reference = start.reference.max(forces.reference);
                let iterations = log.iterations;
                return Ok(Ok(Converged {
                    unknowns,
                    displacements,
                    forces,
                    reference,
                    iterations,
                    augmentations,
                }));
            }
            point = Some(found);
        };
        let worst = log.residual.as_ref().map(|r| self.equilibrium.worst(r));
        Ok(Err(Failed { cause, iterations: log.iterations, worst, interactions: log.interactions }))
    }

    /// Asks the interactions for new multipliers; whether any wants another solve.
    fn augment(&mut self, displacements: &[Vec3], log: &mut Log) -> Result<bool, NonlinearError> {
        let mut again = false;
        log.interactions.clear();
        for interaction in &mut self.equilibrium.interactions {
            let found = interaction.augment(displacements);
            again |= found.again;
            if !found.worst.is_empty() {
                log.interactions.push(format!("{}: {}", interaction.name(), found.worst));
            }
        }
        if again {
            self.equilibrium.update_couplings()?;
        }
        Ok(again)
    }

    /// Lets the interactions take the geometry as it is now; whether it changed.
    fn follow(&mut self, displacements: &[Vec3], log: &mut Log) -> Result<bool, NonlinearError> {
        let mut moved = false;
        for interaction in &mut self.equilibrium.interactions {
            if let Some(what) = interaction.follow(displacements) {
                moved = true;
                log.interactions.push(format!("{}: {what}", interaction.name()));
            }
        }
        if moved {
            self.equilibrium.update_couplings()?;
        }
        Ok(moved)
    }

    /// Newton iterations with the multipliers held, from `point` or, with the motion of supports ahead, from the start.
    fn iterate(
        &mut self,
        start: &Start,
        acting: &Acting,
        from: &[Vec3],
        mut point: Option<Point>,
        log: &mut Log,
    ) -> Result<Result<Point, Cause>, NonlinearError> {
        let (mut sizes, mut last): (Vec<f64>, Option<f64>) = (Vec::new(), None);
        let tolerated = |forces: &Forces| self.options.residual * start.reference.max(forces.reference);
        loop {
            let u = point.as_ref().map_or(from, |p| &p.displacements);
            let (mut forces, tangent) = match self.equilibrium.tangent(u, acting, start.history)? {
                Ok(found) => found,
                Err(cause) => return Ok(Err(cause)),
            };
            let size = largest(&forces.residual);
            if let Some(point) = point.take_if(|_| sizes.is_empty() && size <= tolerated(&forces)) {
                return Ok(Ok(Point { forces, ..point }));
            }
            // Before the motion of supports, whose forces are no forces yet.
            let curvature = self.equilibrium.curvature(&forces);
            let mut searchable = true;
            if point.is_none() {
                let ahead = self.equilibrium.displacements(start.unknowns, acting);
                searchable = !self.add_motion(&tangent.matrix, &ahead, from, &mut forces);
            }
            let at = point.as_ref().map_or(from, |p| &p.displacements);
            let reduced = self.equilibrium.reduced(tangent, at, &curvature);
            let size = largest(&forces.residual);
            let least = 0.1 * tolerated(&forces) / size;
            let tolerance =
                last.map_or(least, |last: f64| least.max(0.1 * (size / last).powi(2))).clamp(1e-10, LOOSE);
            let right: Vec<f64> = forces.residual.iter().map(|r| -r).collect();
            let system = &self.equilibrium.system;
            let solved = match self.tangents.solve(&reduced, system, &right, tolerance) {
                Ok(solved) => solved,
                Err(e) => return Ok(Err(Cause::Linear(e))),
            };
            drop(reduced);
            let unknowns = point.as_ref().map_or(start.unknowns, |p| &p.unknowns);
            let slope = searchable.then(|| dot(&solved.x, &forces.residual));
            let (next, step) = match self.search(unknowns, &solved.x, acting, start.history, slope) {
                Ok(found) => found,
                Err(cause) => return Ok(Err(cause)),
            };
            let residual = largest(&next.forces.residual);
            let correction = step * largest(&solved.x);
            let travelled =
                next.displacements.iter().zip(from).map(|(a, b)| (a - b).norm()).fold(0.0, f64::max);
            let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
            log.iterations.push(Iteration {
                residual: ratio(residual, start.reference.max(next.forces.reference)),
                correction: ratio(correction, travelled),
                step,
                linear_iterations: solved.iterations,
                shift: solved.shift,
            });
            log.residual = Some(next.forces.residual.clone());
            // The correction still to come shrinks as the residual does.
            let to_come = correction * ratio(residual, size).min(1.0);
            let settled = solved.shift == 0.0 && step == 1.0 && correction <= ROUND_OFF * travelled;
            let close = residual <= NEAR * start.reference.max(next.forces.reference);
            let within =
                residual <= tolerated(&next.forces) && to_come <= self.options.correction * travelled;
            let balanced = residual <= BALANCED * start.reference.max(next.forces.reference);
            if within || balanced || (settled && close) {
                return Ok(Ok(next));
            }
            sizes.push(residual);
            let least = |sizes: &[f64]| sizes.iter().copied().fold(f64::INFINITY, f64::min);
            let recent = sizes.len().saturating_sub(PATIENCE);
            let hopeless = 0 < recent && 0.5 * least(&sizes[..recent]) < least(&sizes[recent..]);
            let lost = residual.is_nan() || LOST * start.reference.max(next.forces.reference) < residual;
            if sizes.len() == self.options.max_iterations || hopeless || lost {
                return Ok(Err(Cause::Stalled));
            }
            (last, point) = (Some(size), Some(next));
        }
    }

    /// Adds K Δu₀ of the supports to the residual; whether they move.
    fn add_motion(&self, matrix: &BlockMatrix, ahead: &[Vec3], from: &[Vec3], forces: &mut Forces) -> bool {
        if ahead == from {
            return false;
        }
        let motion: Vec<f64> = ahead.iter().zip(from).flat_map(|(a, b)| <[f64; 3]>::from(a - b)).collect();
        let mut push = vec![0.0; motion.len()];
        matrix.matvec(&motion, &mut push);
        for (f, push) in forces.unbalanced.iter_mut().zip(push.chunks_exact(3)) {
            *f += Vec3::from_column_slice(push);
        }
        forces.residual = self.equilibrium.restrict(&forces.unbalanced, from);
        true
    }

    fn at(
        &self,
        unknowns: &[f64],
        step: f64,
        direction: &[f64],
        acting: &Acting,
        history: &[f64],
    ) -> Result<Point, Cause> {
        let mut unknowns = unknowns.to_vec();
        add_scaled(&mut unknowns, step, direction);
        let displacements = self.equilibrium.displacements(&unknowns, acting);
        let forces = self.equilibrium.forces(&displacements, acting, history)?;
        Ok(Point { unknowns, displacements, forces })
    }

    /// Point along a direction and the share of it taken.
    ///
    /// - `slope`: g(0); `None` where the supports move and the whole direction must be taken
    fn search(
        &self,
        unknowns: &[f64],
        direction: &[f64],
        acting: &Acting,
        history: &[f64],
        slope: Option<f64>,
    ) -> Result<(Point, f64), Cause> {
        let at = |step: f64| self.at(unknowns, step, direction, acting, history);
        let Some(slope) = slope else { return Ok((at(1.0)?, 1.0)) };
        let mut step = 1.0;
        let mut point = at(step);
        for _ in 0..SEARCHES {
            if point.is_ok() {
                break;
            }
            step *= 0.5;
            point = at(step);
        }
        let mut point = point?;
        let mut g = dot(direction, &point.forces.residual);
        // Overshoot alone is searched; g(0) < 0 where the tangent is positive definite.
        let (mut low, mut g_low, mut high, mut g_high) = (0.0, slope, step, g);
        for _ in 0..SEARCHES {
            if !(self.searching && slope < 0.0 && SLOPE * slope.abs() < g) {
                break;
            }
            let secant = low - g_low * (high - low) / (g_high - g_low);
            let width = high - low;
            let tried = secant.clamp(low + 0.1 * width, high - 0.1 * width);
            let Ok(next) = at(tried) else { break };
            g = dot(direction, &next.forces.residual);
            (point, step) = (next, tried);
            if 0.0 < g {
                (high, g_high) = (tried, g);
                // Illinois: the end that stays is halved, so that the secant does not stick to it.
                g_low *= 0.5;
            } else {
                (low, g_low) = (tried, g);
                g_high *= 0.5;
            }
        }
        Ok((point, step))
    }
}
