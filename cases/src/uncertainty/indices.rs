//! Shares of the variance that inputs bring: indices of Sobol'.
//!
//! ```text
//! Sᵢ = V(E(y | xᵢ)) / V ≈ mean f(B) (f(Aᵢ) − f(A)) / V          first: xᵢ on its own
//! Tᵢ = E(V(y | x₋ᵢ)) / V ≈ mean (f(A) − f(Aᵢ))² / 2V            total: with all it takes part in
//! ```
//! A and B are two halves of the columns of one even sequence, Aᵢ is A with column i of B. Saltelli et al. (2010), Comput.
//! Phys. Commun. 181:259 (first), Jansen (1999) (total). Intervals: bootstrap of the rows, Archer et al. (1997).

use super::quasi;
use crate::sweep::sample::Draws;
use rayon::prelude::*;
use serde::Serialize;

/// Resamples of the bootstrap.
const RESAMPLES: usize = 400;

/// Value with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Indices of one input.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Indices {
    /// First order.
    pub first: Estimate,
    /// Total.
    pub total: Estimate,
}

/// Largest number of inputs.
pub const MOST: usize = quasi::MOST / 2;

/// Indices of the `k` inputs of `f`, each from 0 to 1 with equal chance, from n (k + 2) values.
///
/// - `k`: at most [`MOST`]
/// - returns: one per input; all zero for a constant function
pub fn indices(f: &(dyn Fn(&[f64]) -> f64 + Sync), k: usize, n: usize, seed: u64) -> Vec<Indices> {
    let points = quasi::points(n, 2 * k, seed);
    // f(A), f(B), f(A with column i of B).
    let mut rows: Vec<Vec<f64>> = points
        .par_iter()
        .map(|p| {
            let (a, b) = p.split_at(k);
            let mut row = vec![f(a), f(b)];
            let mut mixed = a.to_vec();
            for i in 0..k {
                mixed[i] = b[i];
                row.push(f(&mixed));
                mixed[i] = a[i];
            }
            row
        })
        .collect();
    // The estimator of the first order is sharper about zero mean.
    let mean = rows.iter().map(|r| 0.5 * (r[0] + r[1])).sum::<f64>() / n as f64;
    rows.iter_mut().flatten().for_each(|v| *v -= mean);
    let all: Vec<usize> = (0..n).collect();
    let values = estimate(&rows, k, &all);
    let resampled: Vec<Vec<[f64; 2]>> = (0..RESAMPLES)
        .into_par_iter()
        .map(|r| {
            let mut draws = Draws::quick(seed ^ (r as u64 + 1));
            let picked: Vec<usize> = (0..n).map(|_| draws.below(n)).collect();
            estimate(&rows, k, &picked)
        })
        .collect();
    let of = |i: usize, which: usize| {
        let mut found: Vec<f64> = resampled.iter().map(|r| r[i][which]).collect();
        found.sort_by(f64::total_cmp);
        let at = |share: f64| found[((RESAMPLES as f64 * share) as usize).min(RESAMPLES - 1)];
        Estimate { value: values[i][which], low: at(0.025), high: at(0.975) }
    };
    (0..k).map(|i| Indices { first: of(i, 0), total: of(i, 1) }).collect()
}

fn estimate(rows: &[Vec<f64>], k: usize, picked: &[usize]) -> Vec<[f64; 2]> {
    let n = picked.len() as f64;
    let mut mean = 0.0;
    let mut square = 0.0;
    let mut sums = vec![[0.0; 2]; k];
    for r in picked {
        let row = &rows[*r];
        let (a, b) = (row[0], row[1]);
        mean += a + b;
        square += a * a + b * b;
        for (sum, mixed) in sums.iter_mut().zip(&row[2..]) {
            sum[0] += b * (mixed - a);
            sum[1] += 0.5 * (a - mixed).powi(2);
        }
    }
    let variance = square / (2.0 * n) - (mean / (2.0 * n)).powi(2);
    let share = |s: f64| if 0.0 < variance { s / n / variance } else { 0.0 };
    sums.into_iter().map(|s| s.map(share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::PI;

    /// Tolerance of issue and notes at 4096: 0.02.
    fn compare(found: &[Indices], first: &[f64], total: &[f64]) {
        for (i, f) in found.iter().enumerate() {
            assert!((f.first.value - first[i]).abs() < 0.02, "first {i}: {:?}, {}", f.first, first[i]);
            assert!((f.total.value - total[i]).abs() < 0.02, "total {i}: {:?}, {}", f.total, total[i]);
            // The interval of an even sequence is wider than its error.
            assert!(f.total.low - 0.01 <= total[i] && total[i] <= f.total.high + 0.01, "{:?}", f.total);
        }
    }

    #[test]
    fn indices_of_ishigami_are_the_exact_ones() {
        // Ishigami & Homma (1990), a = 7, b = 0.1; closed form of the variances.
        let (a, b) = (7.0, 0.1);
        let f = move |u: &[f64]| {
            let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
            x[0].sin() + a * x[1].sin().powi(2) + b * x[2].powi(4) * x[0].sin()
        };
        let (v1, v2, v13) =
            (0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2), a * a / 8.0, 8.0 * b * b * PI.powi(8) / 225.0);
        let v = v1 + v2 + v13;
        for seed in [1, 2] {
            let found = indices(&f, 3, 4096, seed);
            compare(&found, &[v1 / v, v2 / v, 0.0], &[(v1 + v13) / v, v2 / v, v13 / v]);
        }
    }

    #[test]
    fn indices_of_the_g_function_are_the_exact_ones() {
        // Saltelli & Sobol' (1995) with eight inputs.
        let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0];
        let g = move |x: &[f64]| -> f64 {
            x.iter().zip(a).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product()
        };
        let partial = a.map(|a| 1.0 / (3.0 * (1.0 + a).powi(2)));
        let whole: f64 = partial.iter().map(|v| 1.0 + v).product();
        let v = whole - 1.0;
        let found = indices(&g, 8, 4096, 1);
        compare(&found, &partial.map(|p| p / v), &partial.map(|p| p * (whole / (1.0 + p)) / v));
    }

    #[test]
    fn a_constant_has_no_shares() {
        let found = indices(&|_| 3.0, 2, 64, 1);
        assert!(found.iter().all(|f| f.first.value == 0.0 && f.total.value == 0.0));
    }
}
