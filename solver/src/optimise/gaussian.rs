//! Gaussian process: mean and uncertainty of a costly function from a few of its values.
//!
//! ```text
//! k(x, x′) = σ² ∏ (1 + √5 d + 5/3 d²) e^(−√5 d)      d = |xₖ − x′ₖ| / θₖ     Matérn 5/2, a length per variable
//! maximise  − n/2 ln σ² − ½ ln |R|                   σ² = (y − μ)ᵀ R⁻¹ (y − μ) / n,  μ = 1ᵀR⁻¹y / 1ᵀR⁻¹1,  R = k/σ² + g 1
//! ```
//! Lengths and nugget g are found by a pattern search from a fixed start, so the same values give the same bits. For up to
//! some hundred values and about ten variables.
//!
//! # Source
//! Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, ch. 4 and 5; Jones, Schonlau & Welch (1998), J.
//! Glob. Optim. 13, 455–492 (concentrated likelihood, constant mean).

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

/// Range of log₁₀ θ, variables being of 0 … 1.
const LENGTHS: [f64; 2] = [-1.3, 1.0];
/// Range of log₁₀ g.
const NUGGETS: [f64; 2] = [-8.0, -1.0];
/// Steps of the pattern search; each is tried until nothing improves.
const STEPS: [f64; 4] = [0.6, 0.3, 0.15, 0.07];

/// A fitted process.
#[derive(Debug, Clone)]
pub struct Gaussian {
    inputs: Vec<Vec<f64>>,
    lengths: Vec<f64>,
    mean: f64,
    variance: f64,
    factor: Cholesky<f64, Dyn>,
    /// R⁻¹ (y − μ).
    weights: DVector<f64>,
    nugget: f64,
}

impl Gaussian {
    /// Process through the values; `None` without two different ones.
    ///
    /// - `inputs`: one row per value, every variable within 0 … 1
    ///
    /// # Panics
    /// When inputs and values differ in number.
    pub fn fit(inputs: &[Vec<f64>], values: &[f64]) -> Option<Self> {
        assert_eq!(inputs.len(), values.len(), "one value per input");
        let n_variables = inputs.first()?.len();
        if values.iter().all(|v| *v == values[0]) || !values.iter().all(|v| v.is_finite()) {
            return None;
        }
        let mut at: Vec<f64> = vec![0.0; n_variables];
        at.push(-5.0);
        let mut best = likelihood(inputs, values, &at).map_or(f64::NEG_INFINITY, |(l, _)| l);
        for step in STEPS {
            loop {
                let before = best;
                for k in 0..at.len() {
                    let [low, high] = if k < n_variables { LENGTHS } else { NUGGETS };
                    for change in [-step, step] {
                        let old = at[k];
                        at[k] = (old + if k < n_variables { change } else { 2.0 * change }).clamp(low, high);
                        match likelihood(inputs, values, &at) {
                            Some((l, _)) if best < l => best = l,
                            _ => at[k] = old,
                        }
                    }
                }
                if best - before <= 1e-3 {
                    break;
                }
            }
        }
        likelihood(inputs, values, &at).map(|(_, fitted)| fitted)
    }

    /// Mean and standard deviation at a point.
    pub fn predict(&self, x: &[f64]) -> (f64, f64) {
        let n = self.inputs.len();
        let k = DVector::from_fn(n, |i, _| correlation(&self.inputs[i], x, &self.lengths));
        let mean = self.mean + k.dot(&self.weights);
        let spread = (1.0 - k.dot(&self.factor.solve(&k))).max(0.0);
        (mean, (self.variance * spread).sqrt())
    }

    /// Share of the variance that leave-one-out predictions explain, Q².
    ///
    /// Source: Dubrule (1983), Math. Geol. 15, 687–699 (leave-one-out in closed form).
    pub fn q_squared(&self) -> f64 {
        let inverse = self.factor.inverse();
        let n = self.inputs.len();
        let values = self.values();
        let mean = values.iter().sum::<f64>() / n as f64;
        let left: f64 = (0..n).map(|i| (self.weights[i] / inverse[(i, i)]).powi(2)).sum();
        let whole: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        1.0 - left / whole
    }

    /// The values it was fitted to.
    fn values(&self) -> Vec<f64> {
        let n = self.inputs.len();
        let row = |i: usize| {
            let smooth: f64 = (0..n)
                .map(|j| correlation(&self.inputs[i], &self.inputs[j], &self.lengths) * self.weights[j])
                .sum();
            self.mean + smooth + self.nugget * self.weights[i]
        };
        (0..n).map(row).collect()
    }
}

fn correlation(a: &[f64], b: &[f64], lengths: &[f64]) -> f64 {
    a.iter().zip(b).zip(lengths).fold(1.0, |product, ((a, b), length)| {
        let d = 5.0_f64.sqrt() * (a - b).abs() / length;
        product * (1.0 + d + d * d / 3.0) * (-d).exp()
    })
}

/// Concentrated log-likelihood for log₁₀ of lengths and nugget, and the process they give.
fn likelihood(inputs: &[Vec<f64>], values: &[f64], at: &[f64]) -> Option<(f64, Gaussian)> {
    let (nugget, lengths) = at.split_last()?;
    let nugget = 10.0_f64.powf(*nugget);
    let lengths: Vec<f64> = lengths.iter().map(|l| 10.0_f64.powf(*l)).collect();
    let n = inputs.len();
    let matrix = DMatrix::from_fn(n, n, |i, j| {
        correlation(&inputs[i], &inputs[j], &lengths) + if i == j { nugget } else { 0.0 }
    });
    let factor = Cholesky::new(matrix)?;
    let (ones, y) = (DVector::from_element(n, 1.0), DVector::from_column_slice(values));
    let on_ones = factor.solve(&ones);
    let mean = on_ones.dot(&y) / on_ones.dot(&ones);
    let rest = y.add_scalar(-mean);
    let weights = factor.solve(&rest);
    let variance = rest.dot(&weights) / n as f64;
    let determinant: f64 = factor.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
    let likelihood = -0.5 * n as f64 * variance.ln() - determinant;
    let fitted = Gaussian { inputs: inputs.to_vec(), lengths, mean, variance, factor, weights, nugget };
    likelihood.is_finite().then_some((likelihood, fitted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(n: u32) -> Vec<Vec<f64>> {
        // Additive recurrence of the plastic number: even in the square.
        (1..=n)
            .map(|i| vec![(f64::from(i) * 0.754_877_666).fract(), (f64::from(i) * 0.569_840_291).fract()])
            .collect()
    }

    fn bump(x: &[f64]) -> f64 {
        (3.0 * x[0]).sin() + 0.5 * (x[1] - 0.4).powi(2)
    }

    #[test]
    fn a_smooth_function_is_met_between_its_values_within_the_uncertainty_told() {
        let inputs = places(25);
        let values: Vec<f64> = inputs.iter().map(|x| bump(x)).collect();
        let fitted = Gaussian::fit(&inputs, &values).expect("different values");
        let mut outside = 0;
        for x in places(80).split_off(30) {
            let (mean, deviation) = fitted.predict(&x);
            // A hundredth of the range of the function; a fit of 25 values to a smooth function of two variables.
            assert!((mean - bump(&x)).abs() < 0.02, "{mean} {}", bump(&x));
            outside += u32::from(3.0 * deviation + 1e-6 < (mean - bump(&x)).abs());
        }
        assert!(outside < 8, "{outside} of 50 beyond three deviations");
        assert!(0.99 < fitted.q_squared() && fitted.q_squared() < 1.0);
    }

    #[test]
    fn a_variable_without_effect_gets_a_long_length_and_noise_a_nugget() {
        let inputs = places(30);
        let noise = |i: usize| 0.05 * ((i * 7919 % 31) as f64 / 15.0 - 1.0);
        let values: Vec<f64> =
            inputs.iter().enumerate().map(|(i, x)| (2.0 * x[0]).exp() + noise(i)).collect();
        let fitted = Gaussian::fit(&inputs, &values).expect("different values");
        assert!(2.0 * fitted.lengths[0] < fitted.lengths[1], "{:?}", fitted.lengths);
        assert!(1e-7 < fitted.nugget);
        let (mean, _) = fitted.predict(&[0.5, 0.5]);
        // The noise is 0.05.
        assert!((mean - 1.0_f64.exp()).abs() < 0.1, "{mean}");
    }

    #[test]
    fn equal_values_have_no_process() {
        assert!(Gaussian::fit(&places(3), &[1.0; 3]).is_none());
    }
}
