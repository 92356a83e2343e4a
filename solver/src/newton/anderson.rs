//! Anderson acceleration of a fixed point s = G(s): friction bounds μ p(u(s)), forces of yielded bone.
//!
//! ```text
//! f = G(s) − s,   γ = argmin ‖f_k − ΔF γ‖,   s⁺ = s_k + β f_k − (ΔS + β ΔF) γ
//! ```
//!
//! # Source
//! Walker & Ni (2011), Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49, 1715–1735.

use crate::linear::vector::dot;
use nalgebra::{DMatrix, DVector};

/// Differences of a fixed-point iteration.
pub(super) struct Anderson {
    /// Differences kept.
    depth: usize,
    last: Option<(Vec<f64>, Vec<f64>)>,
    points: Vec<Vec<f64>>,
    residuals: Vec<Vec<f64>>,
}

impl Anderson {
    /// - `depth`: differences kept
    pub(super) fn new(depth: usize) -> Self {
        Self { depth, last: None, points: Vec::new(), residuals: Vec::new() }
    }

    /// Forgets the past, for instance because the map has changed.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.depth);
    }

    /// Next iterate from the present one, its image and the mixing β.
    pub(super) fn next(&mut self, s: &[f64], image: &[f64], mixing: f64) -> Vec<f64> {
        let f: Vec<f64> = image.iter().zip(s).map(|(g, s)| g - s).collect();
        if let Some((last_s, last_f)) = self.last.take() {
            self.points.push(difference(s, &last_s));
            self.residuals.push(difference(&f, &last_f));
            if self.depth < self.points.len() {
                self.points.remove(0);
                self.residuals.remove(0);
            }
        }
        let mut next: Vec<f64> = s.iter().zip(&f).map(|(s, f)| s + mixing * f).collect();
        for ((gamma, ds), df) in self.coefficients(&f).iter().zip(&self.points).zip(&self.residuals) {
            for ((n, ds), df) in next.iter_mut().zip(ds).zip(df) {
                *n -= gamma * (ds + mixing * df);
            }
        }
        self.last = Some((s.to_vec(), f));
        next
    }

    fn coefficients(&self, f: &[f64]) -> Vec<f64> {
        let m = self.residuals.len();
        let mut normal = DMatrix::from_fn(m, m, |i, j| dot(&self.residuals[i], &self.residuals[j]));
        let right = DVector::from_fn(m, |i, _| dot(&self.residuals[i], f));
        // Nearly parallel differences: a small ridge keeps the coefficients of the order of one.
        let ridge = 1e-10 * normal.trace();
        for i in 0..m {
            normal[(i, i)] += ridge;
        }
        normal.cholesky().map_or_else(Vec::new, |c| c.solve(&right).as_slice().to_vec())
    }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_map_that_repels_is_solved_in_as_many_steps_as_it_has_eigenvalues() {
        // Eigenvalues −3, 0.2 and −0.1: plain iteration diverges.
        let factors = [-3.0, 0.2, -0.1];
        let fixed = [1.0, 2.0, 0.5];
        let map =
            |s: &[f64]| -> Vec<f64> { (0..3).map(|i| fixed[i] + factors[i] * (s[i] - fixed[i])).collect() };
        let mut s = vec![1.1, 2.1, 0.6];
        let mut anderson = Anderson::new(4);
        for _ in 0..6 {
            s = anderson.next(&s, &map(&s), 1.0);
        }
        let error = (0..3).map(|i| (s[i] - fixed[i]).abs()).fold(0.0, f64::max);
        // The ridge of 1e-10 limits what a few steps reach.
        assert!(error < 1e-6, "{error:e}");
    }
}
