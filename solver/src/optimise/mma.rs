//! Method of moving asymptotes: minimisation with many variables, few constraints, and gradients.
//!
//! ```text
//! min f₀(x) + Σ (c yᵢ + ½ yᵢ²)    fᵢ(x) ≤ yᵢ,  0 ≤ yᵢ,  lower ≤ x ≤ upper        i = 1 … m
//! fᵢ(x) ≈ rᵢ + Σⱼ ( pᵢⱼ / (Uⱼ − xⱼ) + qᵢⱼ / (xⱼ − Lⱼ) )      L, U: asymptotes that follow the course of each variable
//! ```
//! Each step solves the convex separable approximation by a primal-dual interior-point method; its cost grows linearly
//! with the number of variables. The sequence is not guaranteed to descend: judge by the course.
//!
//! # Source
//! Svanberg (1987), Int. J. Numer. Methods Eng. 24, 359–373; constants and subproblem as in Svanberg (2007), MMA and
//! GCMMA, two methods for nonlinear optimization, KTH Stockholm.

use nalgebra::{DMatrix, DVector};

/// Weight c of a constraint that cannot be kept, in units of the objective: scale both to about 1.
const PENALTY: f64 = 1000.0;
/// First distance of the asymptotes, in ranges.
const START: f64 = 0.5;
/// Asymptotes come nearer where a variable swings and go off where it does not.
const NEARER: f64 = 0.7;
const FARTHER: f64 = 1.2;
/// Least share of the distance to an asymptote that is kept.
const KEPT: f64 = 0.1;
/// Accuracy of the subproblem.
const ACCURACY: f64 = 1e-7;

/// Values and gradients of one function of the problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Value; of a constraint: at most zero where it is kept.
    pub value: f64,
    /// Derivative by each variable.
    pub gradient: Vec<f64>,
}

/// State between two steps: the last two points and the asymptotes.
#[derive(Debug, Clone, PartialEq)]
pub struct Mma {
    lower: Vec<f64>,
    upper: Vec<f64>,
    move_limit: f64,
    /// The points before the current one, latest first; at most two.
    pub before: Vec<Vec<f64>>,
    /// Lower and upper asymptotes of the last step; empty before the first.
    pub asymptotes: [Vec<f64>; 2],
}

impl Mma {
    /// Start of a minimisation between `lower` and `upper`; a step moves no variable by more than `move_limit` of its
    /// range.
    ///
    /// # Panics
    /// When the bounds differ in length or are not in order.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>, move_limit: f64) -> Self {
        assert_eq!(lower.len(), upper.len(), "one upper bound per lower one");
        assert!(lower.iter().zip(&upper).all(|(l, u)| l < u), "bounds in order");
        Self { lower, upper, move_limit, before: Vec::new(), asymptotes: [Vec::new(), Vec::new()] }
    }

    /// The next point after `x`, where objective and constraints are these.
    ///
    /// # Panics
    /// When a length differs from the number of variables.
    pub fn step(&mut self, x: &[f64], objective: &Function, constraints: &[Function]) -> Vec<f64> {
        let n = self.lower.len();
        let sized = |f: &Function| f.gradient.len() == n;
        assert!(x.len() == n && sized(objective) && constraints.iter().all(sized), "one entry per variable");
        self.place_asymptotes(x);
        let [low, upp] = &self.asymptotes;
        let mut alpha = vec![0.0; n];
        let mut beta = vec![0.0; n];
        for j in 0..n {
            let most = self.move_limit * (self.upper[j] - self.lower[j]);
            alpha[j] = self.lower[j].max(low[j] + KEPT * (x[j] - low[j])).max(x[j] - most);
            beta[j] = self.upper[j].min(upp[j] - KEPT * (upp[j] - x[j])).min(x[j] + most);
        }
        let terms = |f: &Function| -> [Vec<f64>; 2] {
            let (mut p, mut q) = (vec![0.0; n], vec![0.0; n]);
            for j in 0..n {
                let (up, down) = (f.gradient[j].max(0.0), (-f.gradient[j]).max(0.0));
                let least = 0.001 * (up + down) + 1e-5 / (self.upper[j] - self.lower[j]).max(1e-5);
                p[j] = (up + least) * (upp[j] - x[j]).powi(2);
                q[j] = (down + least) * (x[j] - low[j]).powi(2);
            }
            [p, q]
        };
        let of_constraints: Vec<[Vec<f64>; 2]> = constraints.iter().map(terms).collect();
        let at = |[p, q]: &[Vec<f64>; 2]| -> f64 {
            (0..n).map(|j| p[j] / (upp[j] - x[j]) + q[j] / (x[j] - low[j])).sum()
        };
        let limits = constraints.iter().zip(&of_constraints).map(|(f, t)| at(t) - f.value).collect();
        let sub = Subproblem { low, upp, alpha, beta, objective: terms(objective), of_constraints, limits };
        let next = sub.solve();
        self.before.insert(0, x.to_vec());
        self.before.truncate(2);
        next
    }

    fn place_asymptotes(&mut self, x: &[f64]) {
        let range = |j: usize| self.upper[j] - self.lower[j];
        let n = x.len();
        let [mut low, mut upp] = std::mem::take(&mut self.asymptotes);
        match &self.before[..] {
            [last, earlier] if low.len() == n => {
                for j in 0..n {
                    let turn = (x[j] - last[j]) * (last[j] - earlier[j]);
                    let factor = if turn < 0.0 {
                        NEARER
                    } else if 0.0 < turn {
                        FARTHER
                    } else {
                        1.0
                    };
                    let r = range(j);
                    low[j] = (x[j] - factor * (last[j] - low[j])).clamp(x[j] - 10.0 * r, x[j] - 0.01 * r);
                    upp[j] = (x[j] + factor * (upp[j] - last[j])).clamp(x[j] + 0.01 * r, x[j] + 10.0 * r);
                }
            }
            _ => {
                low = (0..n).map(|j| x[j] - START * range(j)).collect();
                upp = (0..n).map(|j| x[j] + START * range(j)).collect();
            }
        }
        self.asymptotes = [low, upp];
    }
}

/// The convex approximation.
struct Subproblem<'a> {
    low: &'a [f64],
    upp: &'a [f64],
    alpha: Vec<f64>,
    beta: Vec<f64>,
    objective: [Vec<f64>; 2],
    of_constraints: Vec<[Vec<f64>; 2]>,
    /// −rᵢ.
    limits: Vec<f64>,
}

/// Unknowns of the interior-point method and, in the same layout, a step of them.
#[derive(Clone)]
struct Point {
    x: Vec<f64>,
    /// Multipliers of the bounds of x.
    xi: Vec<f64>,
    eta: Vec<f64>,
    y: Vec<f64>,
    lambda: Vec<f64>,
    mu: Vec<f64>,
    s: Vec<f64>,
}

impl Point {
    fn moved(&self, step: &Self, length: f64) -> Self {
        let add = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + length * b).collect();
        Self {
            x: add(&self.x, &step.x),
            xi: add(&self.xi, &step.xi),
            eta: add(&self.eta, &step.eta),
            y: add(&self.y, &step.y),
            lambda: add(&self.lambda, &step.lambda),
            mu: add(&self.mu, &step.mu),
            s: add(&self.s, &step.s),
        }
    }

    /// What must stay positive.
    fn positive(&self) -> impl Iterator<Item = f64> + '_ {
        [&self.xi, &self.eta, &self.y, &self.lambda, &self.mu, &self.s].into_iter().flatten().copied()
    }
}

impl Subproblem<'_> {
    fn solve(&self) -> Vec<f64> {
        let (n, m) = (self.alpha.len(), self.limits.len());
        let x: Vec<f64> = (0..n).map(|j| 0.5 * (self.alpha[j] + self.beta[j])).collect();
        let mut now = Point {
            xi: (0..n).map(|j| (1.0 / (x[j] - self.alpha[j])).max(1.0)).collect(),
            eta: (0..n).map(|j| (1.0 / (self.beta[j] - x[j])).max(1.0)).collect(),
            x,
            y: vec![1.0; m],
            lambda: vec![1.0; m],
            mu: vec![0.5 * PENALTY; m],
            s: vec![1.0; m],
        };
        let mut epsilon = 1.0;
        while ACCURACY < epsilon {
            for _ in 0..200 {
                let (norm, largest) = self.residual(&now, epsilon);
                if largest <= 0.9 * epsilon {
                    break;
                }
                let step = self.newton(&now, epsilon);
                let Some(next) = self.search(&now, &step, epsilon, norm) else { break };
                now = next;
            }
            epsilon *= 0.1;
        }
        now.x
    }

    /// p and q weighted by the multipliers, ∂ψ/∂x, and the constraint functions.
    fn dual(&self, now: &Point) -> ([Vec<f64>; 2], Vec<f64>, Vec<f64>) {
        let [mut p, mut q] = self.objective.clone();
        let mut values = Vec::with_capacity(self.limits.len());
        for ([pi, qi], lambda) in self.of_constraints.iter().zip(&now.lambda) {
            let mut value = 0.0;
            for j in 0..p.len() {
                p[j] += lambda * pi[j];
                q[j] += lambda * qi[j];
                value += pi[j] / (self.upp[j] - now.x[j]) + qi[j] / (now.x[j] - self.low[j]);
            }
            values.push(value);
        }
        let slope = (0..p.len())
            .map(|j| p[j] / (self.upp[j] - now.x[j]).powi(2) - q[j] / (now.x[j] - self.low[j]).powi(2))
            .collect();
        ([p, q], slope, values)
    }

    /// Euclidean and largest norm of the perturbed optimality conditions.
    fn residual(&self, now: &Point, epsilon: f64) -> (f64, f64) {
        let (_, slope, values) = self.dual(now);
        let (mut sum, mut largest) = (0.0, 0.0_f64);
        let mut add = |r: f64| {
            sum += r * r;
            largest = largest.max(r.abs());
        };
        for (j, slope) in slope.iter().enumerate() {
            add(slope - now.xi[j] + now.eta[j]);
            add(now.xi[j] * (now.x[j] - self.alpha[j]) - epsilon);
            add(now.eta[j] * (self.beta[j] - now.x[j]) - epsilon);
        }
        for (i, value) in values.iter().enumerate() {
            add(PENALTY + now.y[i] - now.mu[i] - now.lambda[i]);
            add(value - now.y[i] + now.s[i] - self.limits[i]);
            add(now.mu[i] * now.y[i] - epsilon);
            add(now.lambda[i] * now.s[i] - epsilon);
        }
        (sum.sqrt(), largest)
    }

    fn newton(&self, now: &Point, epsilon: f64) -> Point {
        let (n, m) = (self.alpha.len(), self.limits.len());
        let ([p, q], slope, values) = self.dual(now);
        let mut across = DMatrix::zeros(m, n);
        let (mut on_x, mut of_x) = (vec![0.0; n], vec![0.0; n]);
        for j in 0..n {
            let (up, down) = (self.upp[j] - now.x[j], now.x[j] - self.low[j]);
            let (a, b) = (now.x[j] - self.alpha[j], self.beta[j] - now.x[j]);
            on_x[j] = slope[j] - epsilon / a + epsilon / b;
            of_x[j] = 2.0 * (p[j] / up.powi(3) + q[j] / down.powi(3)) + now.xi[j] / a + now.eta[j] / b;
            for (i, [pi, qi]) in self.of_constraints.iter().enumerate() {
                across[(i, j)] = pi[j] / up.powi(2) - qi[j] / down.powi(2);
            }
        }
        let of_y: Vec<f64> = (0..m).map(|i| 1.0 + now.mu[i] / now.y[i]).collect();
        let on_y: Vec<f64> =
            (0..m).map(|i| PENALTY + now.y[i] - now.lambda[i] - epsilon / now.y[i]).collect();
        let mut matrix = DMatrix::zeros(m, m);
        let mut right = DVector::zeros(m);
        for i in 0..m {
            let on_lambda = values[i] - now.y[i] - self.limits[i] + epsilon / now.lambda[i];
            right[i] = on_lambda + on_y[i] / of_y[i]
                - (0..n).map(|j| across[(i, j)] * on_x[j] / of_x[j]).sum::<f64>();
            for k in 0..m {
                matrix[(i, k)] = (0..n).map(|j| across[(i, j)] * across[(k, j)] / of_x[j]).sum();
            }
            matrix[(i, i)] += now.s[i] / now.lambda[i] + 1.0 / of_y[i];
        }
        // Positive definite: a Gram matrix and a positive diagonal.
        let lambda = matrix.cholesky().map_or_else(|| DVector::zeros(m), |c| c.solve(&right));
        let x: Vec<f64> = (0..n)
            .map(|j| -(on_x[j] + (0..m).map(|i| across[(i, j)] * lambda[i]).sum::<f64>()) / of_x[j])
            .collect();
        let y: Vec<f64> = (0..m).map(|i| (lambda[i] - on_y[i]) / of_y[i]).collect();
        let xi = |j: usize| -now.xi[j] + (epsilon - now.xi[j] * x[j]) / (now.x[j] - self.alpha[j]);
        let eta = |j: usize| -now.eta[j] + (epsilon + now.eta[j] * x[j]) / (self.beta[j] - now.x[j]);
        Point {
            xi: (0..n).map(xi).collect(),
            eta: (0..n).map(eta).collect(),
            mu: (0..m).map(|i| -now.mu[i] + (epsilon - now.mu[i] * y[i]) / now.y[i]).collect(),
            s: (0..m).map(|i| -now.s[i] + (epsilon - now.s[i] * lambda[i]) / now.lambda[i]).collect(),
            lambda: lambda.iter().copied().collect(),
            x,
            y,
        }
    }

    /// Longest step that keeps everything positive and makes the residual smaller.
    fn search(&self, now: &Point, step: &Point, epsilon: f64, norm: f64) -> Option<Point> {
        let mut worst = 1.0_f64;
        for (value, change) in now.positive().zip(step.positive()) {
            worst = worst.max(-1.01 * change / value);
        }
        for j in 0..now.x.len() {
            worst = worst.max(-1.01 * step.x[j] / (now.x[j] - self.alpha[j]));
            worst = worst.max(1.01 * step.x[j] / (self.beta[j] - now.x[j]));
        }
        let mut length = 1.0 / worst;
        for _ in 0..50 {
            let next = now.moved(step, length);
            if self.residual(&next, epsilon).0 < norm {
                return Some(next);
            }
            length *= 0.5;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weight of a cantilever of five hollow square beams with the deflection of its tip limited (Svanberg 1987, §5.1):
    /// min 0.0624 Σ xⱼ, Σ cⱼ / xⱼ³ ≤ 1, c = 61, 37, 19, 7, 1. Published optimum 1.340 at 6.016, 5.309, 4.494, 3.502, 2.153.
    #[test]
    fn cantilever_of_svanberg_reaches_its_published_optimum() {
        const C: [f64; 5] = [61.0, 37.0, 19.0, 7.0, 1.0];
        let mut x = vec![5.0; 5];
        let mut mma = Mma::new(vec![1.0; 5], vec![10.0; 5], 0.5);
        for _ in 0..20 {
            let weight = Function { value: 0.0624 * x.iter().sum::<f64>(), gradient: vec![0.0624; 5] };
            let deflection = Function {
                value: x.iter().zip(C).map(|(x, c)| c / x.powi(3)).sum::<f64>() - 1.0,
                gradient: x.iter().zip(C).map(|(x, c)| -3.0 * c / x.powi(4)).collect(),
            };
            x = mma.step(&x, &weight, &[deflection]);
        }
        // Digits printed in the source.
        assert!((0.0624 * x.iter().sum::<f64>() - 1.340).abs() < 5e-4, "{x:?}");
        for (found, published) in x.iter().zip([6.016, 5.309, 4.494, 3.502, 2.153]) {
            assert!((found - published).abs() < 2e-3, "{x:?}");
        }
    }

    /// Two bars (Svanberg 1987, §5.2): cross section x₁ and half distance x₂; published optimum 1.51 at (1.41, 0.38).
    #[test]
    fn two_bars_of_svanberg_reach_their_published_optimum() {
        let mut x = vec![1.5, 0.5];
        let mut mma = Mma::new(vec![0.2, 0.1], vec![4.0, 1.6], 0.5);
        let long = |x: &[f64]| (1.0 + x[1] * x[1]).sqrt();
        for _ in 0..25 {
            let l = long(&x);
            let weight = Function { value: x[0] * l, gradient: vec![l, x[0] * x[1] / l] };
            let stress = |sign: f64| {
                let inner = 8.0 / x[0] + sign / (x[0] * x[1]);
                let by_first = -8.0 / x[0].powi(2) - sign / (x[0].powi(2) * x[1]);
                let by_second = -sign / (x[0] * x[1].powi(2));
                Function {
                    value: 0.124 * l * inner - 1.0,
                    gradient: vec![0.124 * l * by_first, 0.124 * (x[1] / l * inner + l * by_second)],
                }
            };
            x = mma.step(&x, &weight, &[stress(1.0), stress(-1.0)]);
        }
        // Digits printed in the source.
        assert!((x[0] * long(&x) - 1.51).abs() < 5e-3, "{x:?}");
        assert!((x[0] - 1.41).abs() < 5e-3 && (x[1] - 0.38).abs() < 5e-3, "{x:?}");
    }

    #[test]
    fn a_step_stays_within_bounds_and_move_limit() {
        let mut mma = Mma::new(vec![0.0; 3], vec![1.0; 3], 0.1);
        let steep = Function { value: 1.0, gradient: vec![1e6, -1e6, 0.0] };
        let next = mma.step(&[0.5, 0.5, 0.5], &steep, &[]);
        // The interior-point method stays inside by what its accuracy leaves.
        assert!((next[0] - 0.4).abs() < 1e-3 && (next[1] - 0.6).abs() < 1e-3, "{next:?}");
        assert!((next[2] - 0.5).abs() < 1e-3);
    }
}
