//! Screening by elementary effects: which inputs matter at all, from few runs.
//!
//! ```text
//! level      0      1/3     2/3     1          a trajectory changes each input once, by Δ = 2/3 of the levels
//! quantile   0.05   0.35    0.65    0.95       effect  d = (y₁ − y₀) / Δu,   Δu = 0.6 of the quantiles
//! ```
//! μ* = mean |d| ranks, σ of d shows interaction or curvature. Morris (1991), Technometrics 33:161; μ* of Campolongo,
//! Cariboni & Saltelli (2007), Environ. Model. Softw. 22:1509.

use crate::sweep::sample::Draws;

/// Levels of an input.
const LEVELS: usize = 4;
/// Quantile of the first level; the last is as far from one. Unbounded inputs have no quantile at 0.
const FIRST: f64 = 0.05;
/// Step of a trajectory, in quantiles.
pub const STEP: f64 = (1.0 - 2.0 * FIRST) * 2.0 / 3.0;

/// Change of one input along a trajectory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// Row before.
    pub from: usize,
    /// Row after.
    pub to: usize,
    /// Input that changed.
    pub input: usize,
    /// By so much, in quantiles.
    pub by: f64,
}

/// Points of several trajectories and the moves between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectories {
    /// Quantile of each input, row by row.
    pub points: Vec<Vec<f64>>,
    /// Moves.
    pub moves: Vec<Move>,
}

/// `n` trajectories over `k` inputs: n (k + 1) points.
pub fn trajectories(n: usize, k: usize, seed: u64) -> Trajectories {
    let mut draws = Draws::new(seed, "morris");
    let mut all = Trajectories { points: Vec::new(), moves: Vec::new() };
    let quantile = |level: usize| FIRST + (1.0 - 2.0 * FIRST) * level as f64 / (LEVELS - 1) as f64;
    for _ in 0..n {
        // From a level of the lower half up by two, or from the upper half down.
        let half = LEVELS / 2;
        let mut levels: Vec<usize> = (0..k).map(|_| draws.below(LEVELS)).collect();
        let mut order: Vec<usize> = (0..k).collect();
        for i in (1..k).rev() {
            order.swap(i, draws.below(i + 1));
        }
        all.points.push(levels.iter().map(|l| quantile(*l)).collect());
        for input in order {
            let before = levels[input];
            levels[input] = if before < half { before + half } else { before - half };
            let from = all.points.len() - 1;
            all.points.push(levels.iter().map(|l| quantile(*l)).collect());
            let by = quantile(levels[input]) - quantile(before);
            all.moves.push(Move { from, to: from + 1, input, by });
        }
    }
    all
}

/// Effects of one input on one quantity, in its unit per whole range of the input.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Effects {
    /// Mean of their sizes.
    pub mu_star: f64,
    /// Mean.
    pub mu: f64,
    /// Standard deviation.
    pub sigma: f64,
    /// Standard error of `mu_star`.
    pub error: f64,
    /// Number of effects: fewer than trajectories where runs failed.
    pub n: usize,
}

/// Effects of each input.
///
/// - `values`: one per point; `None` where the run failed
pub fn effects(trajectories: &Trajectories, k: usize, values: &[Option<f64>]) -> Vec<Effects> {
    (0..k)
        .map(|input| {
            let own = trajectories.moves.iter().filter(|m| m.input == input);
            let d: Vec<f64> = own.filter_map(|m| Some((values[m.to]? - values[m.from]?) / m.by)).collect();
            let n = d.len();
            let mean = |f: &dyn Fn(f64) -> f64| d.iter().map(|x| f(*x)).sum::<f64>() / n.max(1) as f64;
            let (mu, mu_star) = (mean(&|x| x), mean(&f64::abs));
            let spread = |about: f64, f: &dyn Fn(f64) -> f64| {
                (d.iter().map(|x| (f(*x) - about).powi(2)).sum::<f64>() / n.saturating_sub(1).max(1) as f64)
                    .sqrt()
            };
            let error = spread(mu_star, &f64::abs) / (n.max(1) as f64).sqrt();
            Effects { mu_star, mu, sigma: spread(mu, &|x| x), error, n }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trajectory_changes_each_input_once() {
        let t = trajectories(7, 5, 1);
        assert_eq!((t.points.len(), t.moves.len()), (7 * 6, 7 * 5));
        for m in &t.moves {
            let changed: Vec<usize> = (0..5).filter(|j| t.points[m.from][*j] != t.points[m.to][*j]).collect();
            assert_eq!(changed, vec![m.input]);
            // Round-off of the levels.
            assert!((m.by.abs() - STEP).abs() < 1e-12);
        }
    }

    #[test]
    fn effects_of_a_plane_are_its_slopes_and_a_product_shows_spread() {
        let t = trajectories(20, 4, 2);
        let f = |x: &Vec<f64>| 3.0 * x[0] - 2.0 * x[1] + 4.0 * x[2] * x[0];
        let values: Vec<Option<f64>> = t.points.iter().map(|x| Some(f(x))).collect();
        let e = effects(&t, 4, &values);
        // Round-off.
        assert!((e[1].mu + 2.0).abs() < 1e-12 && (e[1].mu_star - 2.0).abs() < 1e-12 && e[1].sigma < 1e-12);
        assert_eq!(e[3].mu_star, 0.0);
        // d = 3 + 4 x₂ with x₂ on four levels from 0.05 to 0.95: mean 5, deviation 4 · 0.335; of 20 trajectories to a fifth.
        assert!((e[0].mu - 5.0).abs() < 1.0 && (e[0].sigma - 1.34).abs() < 0.4, "{:?}", e[0]);
    }

    #[test]
    fn the_g_function_is_ranked_by_its_coefficients() {
        // Saltelli & Sobol' (1995): the smaller aᵢ, the more xᵢ matters.
        let a = [0.0, 1.0, 4.5, 9.0, 99.0];
        let t = trajectories(40, 5, 3);
        let g = |x: &Vec<f64>| -> f64 {
            x.iter().zip(a).map(|(x, a)| ((4.0 * x - 2.0).abs() + a) / (1.0 + a)).product()
        };
        let values: Vec<Option<f64>> = t.points.iter().map(|x| Some(g(x))).collect();
        let e = effects(&t, 5, &values);
        assert!(e.windows(2).all(|w| w[1].mu_star < w[0].mu_star), "{e:?}");
    }

    #[test]
    fn a_failed_run_costs_the_two_effects_beside_it() {
        let t = trajectories(4, 3, 4);
        let mut values: Vec<Option<f64>> = t.points.iter().map(|x| Some(x[0])).collect();
        values[1] = None;
        let n: usize = effects(&t, 3, &values).iter().map(|e| e.n).sum();
        assert_eq!(n, 12 - 2);
    }
}
