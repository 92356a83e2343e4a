//! Exact line search on the potential of one step.

use super::Iterate;
use super::interfaces::Interfaces;
use crate::linear::BlockMatrix;
use crate::linear::vector::dot;
use dens_mesher::Vec3;
use rayon::prelude::*;

/// Points summed by one task; fixes the shape of the sum.
const CHUNK: usize = 1024;

/// The slope at the full step may be this part of the slope at the start.
const GOOD: f64 = 0.1;

/// Steps longer than this are not tried.
const LONGEST: f64 = 4.0;

/// Potential Π(u + α Δu) with the friction bounds held: convex in α.
///
/// ```text
/// dΠ/dα = a + b α + ∫ q(d + α Δd)·Δd dA
/// ```
pub(super) struct Potential<'a> {
    interfaces: &'a Interfaces,
    now: &'a Iterate,
    changes: Vec<Vec3>,
    constant: f64,
    linear: f64,
}

impl<'a> Potential<'a> {
    pub(super) fn along(
        matrix: &BlockMatrix,
        interfaces: &'a Interfaces,
        now: &'a Iterate,
        step: &[f64],
    ) -> Self {
        let mut product = vec![0.0; step.len()];
        matrix.matvec(step, &mut product);
        let changes = interfaces.jumps(step);
        let mut potential = Self { interfaces, now, changes, constant: 0.0, linear: dot(step, &product) };
        // At α = 0 the slope is the residual along the step, which holds the interface forces already.
        potential.constant = dot(&now.held, step) - potential.interface_slope(0.0);
        potential
    }

    /// Step length at which the slope vanishes, or 1 where the slope there is small enough.
    pub(super) fn minimize(&self) -> f64 {
        let start = self.slope(0.0);
        let full = self.slope(1.0);
        if full.abs() <= GOOD * start.abs() || 0.0 <= start {
            return 1.0;
        }
        let (mut low, mut high) = if 0.0 < full {
            ((0.0, start), (1.0, full))
        } else {
            let far = self.slope(LONGEST);
            if far <= 0.0 {
                return LONGEST;
            }
            ((1.0, full), (LONGEST, far))
        };
        let mut kept = 0;
        for _ in 0..30 {
            // Illinois variant of regula falsi: an end kept twice counts half.
            let alpha = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
            let slope = self.slope(alpha);
            if slope.abs() <= 0.01 * start.abs() || high.0 - low.0 < 1e-6 {
                return alpha;
            }
            if slope < 0.0 {
                low = (alpha, slope);
                if kept == 1 {
                    high.1 *= 0.5;
                }
                kept = 1;
            } else {
                high = (alpha, slope);
                if kept == -1 {
                    low.1 *= 0.5;
                }
                kept = -1;
            }
        }
        0.5 * (low.0 + high.0)
    }

    fn slope(&self, alpha: f64) -> f64 {
        self.constant + alpha * self.linear + self.interface_slope(alpha)
    }

    fn interface_slope(&self, alpha: f64) -> f64 {
        let chunk = |(c, changes): (usize, &[Vec3])| -> f64 {
            let first = c * CHUNK;
            let at = |(k, change): (usize, &Vec3)| {
                let i = first + k;
                let d = self.now.jumps[i] + alpha * change;
                let q = self.interfaces.traction(i, d, self.now.multipliers[i], self.now.bounds[i]);
                self.interfaces.points[i].weight * q.dot(change)
            };
            changes.iter().enumerate().map(at).sum()
        };
        let sums: Vec<f64> = self.changes.par_chunks(CHUNK).enumerate().map(chunk).collect();
        sums.iter().sum()
    }
}
