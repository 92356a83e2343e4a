//! Bookkeeping of one solve: tolerances of the steps, when to set up the linear solver anew, when to give up.

use super::Options;
use super::anderson::Anderson;
use crate::loads::contact::Status;
use crate::solution::Progress;

/// Share of points that may change their status before the linear solver is set up anew.
const STALE: f64 = 0.01;

/// Linear iterations beyond those of a fresh set-up that are cheaper than a new one (tuned on block models:
/// a factorisation costs some tens of solves).
const PATIENCE: usize = 15;

/// Iterations without a smaller residual after which the iteration is given up.
const STAGNATION: usize = 25;

/// Iterations in which a growing residual only means that the contact set is being found.
const SEARCHING: usize = 6;

/// Decrease of the residual in one step that needs no acceleration.
const FAST: f64 = 0.3;

/// Slowest pace of the friction bounds.
const SLOWEST: f64 = 0.1;

/// Differences kept for friction bounds. Tuned on blocks sliding as a whole, where 3 to 6 do alike.
const DEPTH: usize = 4;

/// Bookkeeping of one solve.
pub(super) struct Run {
    pub(super) options: Options,
    linear: bool,
    /// Whether the matrix has changed since the last set-up.
    stale: bool,
    pub(super) progress: Progress,
    /// Statuses at the last set-up of the linear solver.
    pub(super) statuses: Vec<Status>,
    pub(super) fresh: bool,
    fresh_iterations: Option<usize>,
    last_iterations: usize,
    pub(super) augmented: bool,
    anderson: Anderson,
    /// Part of the way that the friction bounds go toward μ p in one step.
    pace: f64,
    pub(super) violation: f64,
    pub(super) exhausted: bool,
    pub(super) unsettled: Option<usize>,
    best: f64,
    since_best: usize,
}

impl Run {
    /// - `statuses`: those at the last set-up of the linear solver for this matrix; empty: none
    pub(super) fn new(options: &Options, linear: bool, statuses: Vec<Status>) -> Self {
        Self {
            options: options.clone(),
            linear,
            stale: false,
            progress: Progress::default(),
            statuses,
            fresh: false,
            fresh_iterations: None,
            last_iterations: 0,
            augmented: false,
            anderson: Anderson::new(DEPTH),
            pace: 1.0,
            violation: 0.0,
            exhausted: false,
            unsettled: None,
            best: f64::INFINITY,
            since_best: 0,
        }
    }

    pub(super) fn balance_tolerance(&self) -> f64 {
        // Half of what is asked, so that a later sum in another order still passes.
        0.5 * self.options.balance_tolerance * if self.linear { 0.01 } else { 1.0 }
    }

    pub(super) fn must_prepare(&self, statuses: &[Status]) -> bool {
        if self.statuses.len() != statuses.len()
            || statuses.is_empty() && (self.stale || self.progress.preparations == 0)
        {
            return true;
        }
        let changed = statuses.iter().zip(&self.statuses).filter(|(a, b)| a != b).count();
        let slow = self.fresh_iterations.is_some_and(|n| n + PATIENCE < self.last_iterations);
        STALE * (statuses.len() as f64) < changed as f64 || slow
    }

    pub(super) fn prepared(&mut self, statuses: Vec<Status>) {
        self.statuses = statuses;
        self.stale = false;
        self.progress.preparations += 1;
        self.fresh = true;
        self.fresh_iterations = None;
    }

    /// The matrix has changed: nothing known of the last set-up or of the course of the iteration holds.
    pub(super) fn forget(&mut self) {
        self.statuses.clear();
        self.stale = true;
        self.anderson.reset();
        (self.best, self.since_best) = (f64::INFINITY, 0);
    }

    pub(super) fn solved(&mut self, iterations: usize) {
        self.fresh = false;
        self.fresh_iterations.get_or_insert(iterations);
        self.last_iterations = iterations;
        self.progress.linear_iterations += iterations;
    }

    /// Friction bounds to hold in the next step: those of the state while the contact set is being found,
    /// then accelerated, and slowed down where the state swings to and fro.
    pub(super) fn bounds(&mut self, held: Vec<f64>, own: Vec<f64>, before: f64, after: f64) -> Vec<f64> {
        if self.augmented || self.progress.iterations < SEARCHING {
            self.anderson.reset();
            return own;
        }
        if before < after {
            self.pace = (0.5 * self.pace).max(SLOWEST);
            if 4.0 * before < after {
                self.anderson.reset();
            }
        } else if after < (1.0 - 0.7 * self.pace) * before {
            self.pace = (2.0 * self.pace).min(1.0);
        }
        let mut accelerated = self.anderson.next(&held, &own, self.pace);
        accelerated.iter_mut().for_each(|bound| *bound = bound.max(0.0));
        // Where the plain iteration is fast already, extrapolation only adds noise.
        if after < FAST * before { own } else { accelerated }
    }

    /// Relative tolerance of the next linear solve: loose while the contact set is being found, and what
    /// finishes the job when one more step can.
    pub(super) fn forcing(&self, residual: f64) -> f64 {
        let finish = (0.1 * self.options.residual_tolerance / residual).max(1e-12);
        if self.linear || residual < 1e-5 { finish.min(0.1) } else { 1e-3 }
    }

    pub(super) fn hopeless(&mut self, residual: f64) -> bool {
        if residual < 0.9 * self.best || self.augmented {
            self.best = residual;
            self.since_best = 0;
        } else {
            self.since_best += 1;
        }
        !residual.is_finite()
            || self.exhausted
            || self.options.max_iterations <= self.progress.iterations
            || STAGNATION < self.since_best
    }

    /// Share of the way from a residual of one to the tolerance, on a logarithmic scale.
    pub(super) fn fraction(&self, residual: f64) -> f64 {
        let whole = self.options.residual_tolerance.ln();
        (residual.min(1.0).max(self.options.residual_tolerance).ln() / whole).clamp(0.02, 0.98)
    }
}
