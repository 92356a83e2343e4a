//! Stiffness of a lattice cell over its relative density, through values that were homogenised.
//!
//! ```text
//! C(ρ) = exp S(ln ρ)        S: cubic splines through the logarithms of the stiffness in Kelvin's basis
//! C′(ρ) = ( d exp S [S′] ) / ρ
//! ```
//! An exponential is positive definite, so every C is admissible; a power law C ∝ ρⁿ is met exactly, and what cells do
//! deviates little from one.
//!
//! # Source
//! Daletskii & Krein (derivative of a matrix function), as in Higham (2008), Functions of Matrices, theorem 3.11; de Boor
//! (1978), A Practical Guide to Splines, ch. IV.

use crate::tensor::Stiffness;
use nalgebra::{Matrix6, SymmetricEigen};
use thiserror::Error;

/// Independent entries of a symmetric 6 × 6 matrix.
const ENTRIES: usize = 21;

/// Stiffness as a function of the relative density.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// ln ρ, ascending.
    knots: Vec<f64>,
    values: Vec<[f64; ENTRIES]>,
    /// dS / d ln ρ at the knots.
    slopes: Vec<[f64; ENTRIES]>,
}

/// Why there is no response.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum ResponseError {
    /// Too few, or not in order.
    #[error("a response needs at least 2 relative densities above 0 in ascending order, {found} were given")]
    Knots {
        /// Number given.
        found: usize,
    },
    /// Not symmetric and positive definite.
    #[error("the stiffness at relative density {density} is not positive definite")]
    Stiffness {
        /// Where.
        density: f64,
    },
}

impl Response {
    /// Response through these relative densities and stiffnesses (MPa, order xx yy zz yz xz xy).
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn new(rows: &[(f64, Stiffness)]) -> Result<Self, ResponseError> {
        let ascending = rows.windows(2).all(|w| w[0].0 < w[1].0);
        if rows.len() < 2 || !ascending || rows[0].0.is_nan() || rows[0].0 <= 0.0 {
            return Err(ResponseError::Knots { found: rows.len() });
        }
        let knots: Vec<f64> = rows.iter().map(|r| r.0.ln()).collect();
        let logarithm = |(density, c): &(f64, Stiffness)| {
            let eigen = SymmetricEigen::new(kelvin(c));
            if eigen.eigenvalues.iter().any(|l| l.is_nan() || *l <= 0.0) {
                return Err(ResponseError::Stiffness { density: *density });
            }
            let v = eigen.eigenvectors;
            Ok(packed(&(v * Matrix6::from_diagonal(&eigen.eigenvalues.map(f64::ln)) * v.transpose())))
        };
        let values: Vec<[f64; ENTRIES]> = rows.iter().map(logarithm).collect::<Result<_, _>>()?;
        let slopes = slopes(&knots, &values);
        Ok(Self { knots, values, slopes })
    }

    /// Least and largest relative density; beyond them the ends hold.
    pub fn range(&self) -> [f64; 2] {
        [self.knots[0].exp(), self.knots[self.knots.len() - 1].exp()]
    }

    /// Stiffness, MPa, and its derivative by the relative density, MPa.
    pub fn at(&self, density: f64) -> (Stiffness, Stiffness) {
        let last = self.knots.len() - 1;
        let asked = density.ln();
        let x = asked.clamp(self.knots[0], self.knots[last]);
        let i = self.knots[1..last].iter().take_while(|k| **k < x).count();
        let h = self.knots[i + 1] - self.knots[i];
        let t = (x - self.knots[i]) / h;
        let (mut s, mut slope) = ([0.0; ENTRIES], [0.0; ENTRIES]);
        for k in 0..ENTRIES {
            let (a, b) = (self.values[i][k], self.values[i + 1][k]);
            let (da, db) = (h * self.slopes[i][k], h * self.slopes[i + 1][k]);
            // Cubic of Hermite: a + t (da + t (3 Δ − 2 da − db + t (da + db − 2 Δ))).
            let (square, cube) = (3.0 * (b - a) - 2.0 * da - db, da + db - 2.0 * (b - a));
            s[k] = a + t * (da + t * (square + t * cube));
            slope[k] = (da + t * (2.0 * square + 3.0 * t * cube)) / h;
        }
        let (value, change) = exponential(&unpacked(&s), &unpacked(&slope));
        let flat = asked < self.knots[0] || self.knots[last] < asked;
        (voigt(&value), voigt(&(change * if flat { 0.0 } else { 1.0 / density })))
    }

    /// Largest relative error, Frobenius norm, of the response without every second density at those left out: an upper
    /// estimate of its own where the error falls with the spacing.
    ///
    /// `None` for fewer than five densities.
    pub fn error(rows: &[(f64, Stiffness)]) -> Result<Option<f64>, ResponseError> {
        if rows.len() < 5 {
            return Ok(None);
        }
        let half: Vec<(f64, Stiffness)> = rows.iter().step_by(2).copied().collect();
        let coarse = Self::new(&half)?;
        let [low, high] = coarse.range();
        let inside = rows.iter().skip(1).step_by(2).filter(|r| low <= r.0 && r.0 <= high);
        Ok(Some(inside.map(|(density, c)| deviation(&coarse.at(*density).0, c)).fold(0.0, f64::max)))
    }
}

/// ‖a − b‖ / ‖b‖ of two stiffnesses, Frobenius norm in Kelvin's basis.
pub fn deviation(a: &Stiffness, b: &Stiffness) -> f64 {
    (kelvin(a) - kelvin(b)).norm() / kelvin(b).norm()
}

/// Factor of row or column `i` in Kelvin's basis: √2 for shear.
fn factor(i: usize) -> f64 {
    if i < 3 { 1.0 } else { std::f64::consts::SQRT_2 }
}

fn kelvin(c: &Stiffness) -> Matrix6<f64> {
    Matrix6::from_fn(|i, j| 0.5 * (c[i][j] + c[j][i]) * factor(i) * factor(j))
}

fn voigt(m: &Matrix6<f64>) -> Stiffness {
    std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (m[(i, j)] + m[(j, i)]) / (factor(i) * factor(j))))
}

/// Places on and below the diagonal.
fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..6).flat_map(|i| (0..=i).map(move |j| (i, j)))
}

fn packed(m: &Matrix6<f64>) -> [f64; ENTRIES] {
    let mut out = [0.0; ENTRIES];
    places().zip(&mut out).for_each(|((i, j), v)| *v = 0.5 * (m[(i, j)] + m[(j, i)]));
    out
}

fn unpacked(v: &[f64; ENTRIES]) -> Matrix6<f64> {
    let mut m = Matrix6::zeros();
    for ((i, j), v) in places().zip(v) {
        m[(i, j)] = *v;
        m[(j, i)] = *v;
    }
    m
}

/// exp S and its derivative in the direction `d`.
fn exponential(s: &Matrix6<f64>, d: &Matrix6<f64>) -> (Matrix6<f64>, Matrix6<f64>) {
    let eigen = SymmetricEigen::new(*s);
    let (v, l) = (eigen.eigenvectors, eigen.eigenvalues);
    let inner = v.transpose() * d * v;
    let weighted = Matrix6::from_fn(|i, j| {
        // (eᵃ − eᵇ) / (a − b) without cancellation.
        let half = 0.5 * (l[i] - l[j]);
        let ratio = if half.abs() < 1e-4 { 1.0 + half * half / 6.0 } else { half.sinh() / half };
        inner[(i, j)] * (0.5 * (l[i] + l[j])).exp() * ratio
    });
    (v * Matrix6::from_diagonal(&l.map(f64::exp)) * v.transpose(), v * weighted * v.transpose())
}

/// Slopes of the cubic spline, those of the ends from the polynomial through up to four knots.
fn slopes(x: &[f64], y: &[[f64; ENTRIES]]) -> Vec<[f64; ENTRIES]> {
    let n = x.len();
    let near = n.min(4);
    let mut m = vec![[0.0; ENTRIES]; n];
    for k in 0..ENTRIES {
        let (first, end) = (0..near, n - near..n);
        m[0][k] = end_slope(first.map(|i| (x[i], y[i][k])).collect());
        m[n - 1][k] = end_slope(end.rev().map(|i| (x[i], y[i][k])).collect());
        // Continuous curvature at inner knots: a tridiagonal system, solved by elimination.
        let (mut diagonal, mut right) = (vec![1.0; n], vec![0.0; n]);
        right[0] = m[0][k];
        for i in 1..n.saturating_sub(1) {
            let (h, g) = (x[i] - x[i - 1], x[i + 1] - x[i]);
            let chords = 3.0 * (g / h * (y[i][k] - y[i - 1][k]) + h / g * (y[i + 1][k] - y[i][k]));
            let above = if i == 1 { 0.0 } else { x[i - 1] - x[i - 2] };
            let share = g / diagonal[i - 1];
            diagonal[i] = 2.0 * (h + g) - share * above;
            right[i] = chords - share * right[i - 1];
        }
        for i in (1..n.saturating_sub(1)).rev() {
            m[i][k] = (right[i] - (x[i] - x[i - 1]) * m[i + 1][k]) / diagonal[i];
        }
    }
    m
}

/// Slope at the first of these points of the polynomial through all of them.
fn end_slope(points: Vec<(f64, f64)>) -> f64 {
    let (x0, _) = points[0];
    let mut slope = 0.0;
    for (i, (xi, yi)) in points.iter().enumerate() {
        let others = || points.iter().enumerate().filter(move |(j, _)| *j != i).map(|(_, p)| p.0);
        let below: f64 = others().map(|xj| xi - xj).product();
        let above: f64 = if i == 0 {
            others().map(|out| others().filter(|xj| *xj != out).map(|xj| x0 - xj).product::<f64>()).sum()
        } else {
            others().filter(|xj| *xj != x0).map(|xj| x0 - xj).product()
        };
        slope += yi * above / below;
    }
    slope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::homogenize::{Base, Options, homogenize_lattice};
    use crate::tensor::is_admissible;
    use dens_mesher::lattice::{Lattice, cell};

    /// A cubic material between bounds, no power law.
    fn exact(density: f64) -> Stiffness {
        let [a, b, c] = [
            40_000.0 * density.powf(1.6) / (1.2 - density),
            9_000.0 * density.powi(2),
            12_000.0 * density.powf(1.4) * (1.0 + 0.5 * density),
        ];
        std::array::from_fn(|i| {
            std::array::from_fn(|j| match (i < 3, j < 3, i == j) {
                (true, true, true) => a,
                (true, true, false) => b,
                (false, false, true) => c,
                _ => 0.0,
            })
        })
    }

    fn rows(n: u32) -> Vec<(f64, Stiffness)> {
        (0..n).map(|i| 0.1 + 0.4 * f64::from(i) / f64::from(n - 1)).map(|d| (d, exact(d))).collect()
    }

    fn worst(response: &Response) -> f64 {
        (0..=80)
            .map(|i| 0.1 + 0.005 * f64::from(i))
            .map(|d| deviation(&response.at(d).0, &exact(d)))
            .fold(0.0, f64::max)
    }

    #[test]
    fn a_power_law_is_met_everywhere() {
        let law = |d: f64| exact(0.3).map(|row| row.map(|c| c * (d / 0.3).powf(1.7)));
        let response = Response::new(&[0.1, 0.25, 0.5].map(|d| (d, law(d)))).expect("admissible");
        for d in [0.1, 0.13, 0.3, 0.47] {
            let (c, slope) = response.at(d);
            // Round-off of a logarithm and an exponential of a matrix.
            assert!(deviation(&c, &law(d)) < 1e-12, "{d}");
            assert!((slope[0][1] / (1.7 / d * law(d)[0][1]) - 1.0).abs() < 1e-10, "{d}");
        }
    }

    #[test]
    fn error_falls_with_the_fourth_power_of_the_spacing_and_is_stated_from_above() {
        let [coarse, fine] = [5, 9].map(|n| worst(&Response::new(&rows(n)).expect("admissible")));
        let order = (coarse / fine).log2();
        assert!((3.0..5.5).contains(&order), "{coarse} {fine} {order}");
        let stated = Response::error(&rows(9)).expect("admissible").expect("enough");
        assert!(fine < stated && stated < 1.01 * coarse.max(stated), "{fine} {stated}");
    }

    #[test]
    fn the_slope_is_the_derivative_of_the_stiffness() {
        let response = Response::new(&rows(6)).expect("admissible");
        for d in [0.12, 0.2, 0.33, 0.46] {
            let h = 1e-5;
            let (up, down, slope) = (response.at(d + h).0, response.at(d - h).0, response.at(d).1);
            for i in 0..6 {
                for j in 0..6 {
                    let difference = (up[i][j] - down[i][j]) / (2.0 * h);
                    // h² and the round-off of a difference of 1e4 over 1e-5.
                    assert!((difference - slope[i][j]).abs() < 1e-6 * slope[0][0], "{d} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn a_homogenised_cell_is_met_between_its_densities() {
        let base = Base::new(110_000.0, 0.3).expect("titanium");
        let homogenised = |density: f64| {
            let lattice = Lattice::with_relative_density(cell("octet").expect("listed"), 1.5, density);
            let options = Options { resolution: 16, ..Options::default() };
            homogenize_lattice(&lattice.expect("in range"), base, &options).expect("solid").stiffness
        };
        let rows: Vec<(f64, Stiffness)> = [0.15, 0.2, 0.25, 0.3, 0.35].map(|d| (d, homogenised(d))).to_vec();
        let response = Response::new(&rows).expect("admissible");
        let stated = Response::error(&rows).expect("admissible").expect("enough");
        let found = deviation(&response.at(0.225).0, &homogenised(0.225));
        // Cubes of 16³ make the stiffness a little rough in the density.
        assert!(found < 0.02 && found < 2.0 * stated + 0.005, "{found} {stated}");
        assert!(is_admissible(&response.at(0.17).0));
    }

    #[test]
    fn what_is_no_stiffness_is_refused() {
        assert!(matches!(Response::new(&[(0.1, exact(0.1))]), Err(ResponseError::Knots { found: 1 })));
        let broken = [(0.1, exact(0.1)), (0.2, [[0.0; 6]; 6])];
        assert!(matches!(Response::new(&broken), Err(ResponseError::Stiffness { .. })));
    }
}
