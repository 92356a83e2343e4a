//! Stand-in for a model from few of its runs: a Gaussian process about a plane.
//!
//! ```text
//! y(x) = β₀ + Σ βⱼ xⱼ + z(x),   cov z(x) z(x′) = σ² Π k(|xⱼ − x′ⱼ| / ℓⱼ) + σ² g δ
//! k(r) = (1 + √5 r + 5/3 r²) exp(−√5 r)        Matérn 5/2
//! ```
//! Lengths ℓⱼ and the share g of noise maximise the restricted likelihood, found by steps along one coordinate at a time:
//! slow and without a derivative, and the same bits everywhere. Rasmussen & Williams (2006), Gaussian Processes for Machine
//! Learning, §2.7, §5.4. Good to a few hundred runs: the cost grows with their cube.

use nalgebra::{DMatrix, DVector, Dyn, linalg::Cholesky};

/// Least share of noise: keeps the matrix positive definite.
const LEAST_NOISE: f64 = 1e-9;

/// A fitted stand-in.
#[derive(Debug, Clone)]
pub struct Surrogate {
    points: Vec<Vec<f64>>,
    lengths: Vec<f64>,
    trend: DVector<f64>,
    weights: DVector<f64>,
}

struct Fit {
    loss: f64,
    trend: DVector<f64>,
    weights: DVector<f64>,
}

fn kernel(a: &[f64], b: &[f64], lengths: &[f64]) -> f64 {
    let mut product = 1.0;
    let mut sum = 0.0;
    for ((x, y), l) in a.iter().zip(b).zip(lengths) {
        let r = 5f64.sqrt() * (x - y).abs() / l;
        product *= 1.0 + r + r * r / 3.0;
        sum += r;
    }
    product * (-sum).exp()
}

fn row(x: &[f64]) -> impl Iterator<Item = f64> + '_ {
    std::iter::once(1.0).chain(x.iter().copied())
}

fn fit(points: &[Vec<f64>], y: &DVector<f64>, lengths: &[f64], noise: f64) -> Option<Fit> {
    let (n, p) = (points.len(), points[0].len() + 1);
    let covariance = DMatrix::from_fn(n, n, |i, j| {
        if i < j { 0.0 } else { kernel(&points[i], &points[j], lengths) + if i == j { noise } else { 0.0 } }
    });
    let whole = DMatrix::from_fn(n, n, |i, j| covariance[(i.max(j), i.min(j))]);
    let factor: Cholesky<f64, Dyn> = Cholesky::new(whole)?;
    let basis = DMatrix::from_row_iterator(n, p, points.iter().flat_map(|x| row(x)));
    let solved = factor.solve(&basis);
    let normal = Cholesky::new(basis.transpose() * &solved)?;
    let trend = normal.solve(&(solved.transpose() * y));
    let rest = y - &basis * &trend;
    let weights = factor.solve(&rest);
    let variance = rest.dot(&weights) / (n - p) as f64;
    let log_det = |m: &DMatrix<f64>| (0..m.nrows()).map(|i| 2.0 * m[(i, i)].ln()).sum::<f64>();
    let loss =
        (n - p) as f64 * variance.max(1e-300).ln() + log_det(factor.l_dirty()) + log_det(normal.l_dirty());
    loss.is_finite().then_some(Fit { loss, trend, weights })
}

impl Surrogate {
    /// Fits the stand-in to runs.
    ///
    /// - `points`: inputs of each run, from 0 to 1
    /// - `values`: one per run
    /// - returns: `None` for fewer runs than inputs and three, or values that are all the same
    pub fn new(points: &[Vec<f64>], values: &[f64]) -> Option<Self> {
        let n = points.len();
        let k = points.first()?.len();
        let (least, most) =
            values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        if n < k + 4 || most - least <= 1e-12 * most.abs().max(least.abs()) {
            return None;
        }
        let y = DVector::from_row_slice(values);
        // Logarithms: lengths and noise are scales.
        let mut at: Vec<f64> = std::iter::repeat_n(1.0f64.ln(), k).chain([1e-4f64.ln()]).collect();
        let tried = |at: &[f64]| {
            let lengths: Vec<f64> = at[..k].iter().map(|l| l.exp()).collect();
            fit(points, &y, &lengths, at[k].exp())
        };
        let mut best = tried(&at)?;
        let mut step = 1.4;
        while 0.15 < step {
            let mut better = false;
            for j in 0..=k {
                let [least, most] =
                    if j < k { [0.05f64.ln(), 50f64.ln()] } else { [LEAST_NOISE.ln(), 1f64.ln()] };
                let stride = if j < k { step } else { 3.0 * step };
                for sign in [1.0, -1.0] {
                    let before = at[j];
                    at[j] = (before + sign * stride).clamp(least, most);
                    match tried(&at) {
                        Some(found) if at[j] != before && found.loss < best.loss - 1e-3 => {
                            best = found;
                            better = true;
                            break;
                        }
                        _ => at[j] = before,
                    }
                }
            }
            if !better {
                step *= 0.5;
            }
        }
        let lengths = at[..k].iter().map(|l| l.exp()).collect();
        Some(Self { points: points.to_vec(), lengths, trend: best.trend, weights: best.weights })
    }

    /// Value at a point, inputs from 0 to 1.
    pub fn value(&self, x: &[f64]) -> f64 {
        let plane: f64 = row(x).zip(self.trend.iter()).map(|(x, b)| x * b).sum();
        let rest: f64 =
            self.points.iter().zip(self.weights.iter()).map(|(p, w)| w * kernel(x, p, &self.lengths)).sum();
        plane + rest
    }
}

/// Share of the variance of held-out runs that the stand-in predicts: 1 − Σ (y − ŷ)² / Σ (y − ȳ)².
///
/// - `predicted`, `values`: of runs that the stand-in was not fitted to
pub fn q2(predicted: &[f64], values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let rest: f64 = predicted.iter().zip(values).map(|(p, y)| (y - p).powi(2)).sum();
    let all: f64 = values.iter().map(|y| (y - mean).powi(2)).sum();
    if 0.0 < all { 1.0 - rest / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::quasi;

    fn held_out(f: &dyn Fn(&[f64]) -> f64, k: usize, n: usize) -> f64 {
        let points = quasi::points(n, k, 1);
        let values: Vec<f64> = points.iter().map(|x| f(x)).collect();
        let s = Surrogate::new(&points, &values).expect("enough runs");
        let others = quasi::points(50, k, 2);
        let truth: Vec<f64> = others.iter().map(|x| f(x)).collect();
        let predicted: Vec<f64> = others.iter().map(|x| s.value(x)).collect();
        q2(&predicted, &truth)
    }

    #[test]
    fn a_plane_is_met_exactly() {
        let q = held_out(&|x| 2.0 - 3.0 * x[0] + x[2], 3, 12);
        // Round-off of the nearly singular covariance.
        assert!(1.0 - 1e-6 < q, "{q}");
    }

    #[test]
    fn a_smooth_curved_response_is_predicted_from_eighty_runs() {
        let f = |x: &[f64]| (2.0 * x[0]).exp() * (1.0 + x[1]) / (0.5 + x[2]) + 0.3 * x[3] * x[4];
        let q = held_out(&f, 6, 80);
        assert!(0.99 < q, "{q}");
    }

    #[test]
    fn noise_is_not_predicted() {
        let mut draws = crate::sweep::sample::Draws::new(1, "noise");
        let points = quasi::points(40, 4, 1);
        let values: Vec<f64> = points.iter().map(|_| draws.unit()).collect();
        let s = Surrogate::new(&points, &values).expect("enough runs");
        let truth: Vec<f64> = (0..40).map(|_| draws.unit()).collect();
        let predicted: Vec<f64> = quasi::points(40, 4, 2).iter().map(|x| s.value(x)).collect();
        assert!(q2(&predicted, &truth) < 0.3);
    }

    #[test]
    fn too_few_runs_or_a_constant_have_no_stand_in() {
        let points = quasi::points(6, 4, 1);
        assert!(Surrogate::new(&points, &[1.0; 6]).is_none());
        assert!(Surrogate::new(&quasi::points(20, 4, 1), &[1.0; 20]).is_none());
    }
}
