//! Ogden solid.

use super::{BadLaw, Fault, FiniteStrainLaw, principal, volume_ratio};
use crate::tensor::{Six, Stiffness};
use nalgebra::{Matrix3, Vector3};

/// One term of an Ogden solid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OgdenTerm {
    /// Share of the shear modulus, MPa; may be negative.
    pub mu: f64,
    /// Exponent, not zero.
    pub alpha: f64,
    /// Compressibility, 1/MPa; zero or infinite: the term has no part in the volume.
    pub d: f64,
}

/// Ogden solid of Abaqus and CalculiX with any number of terms.
///
/// ```text
/// U = Σ 2 μᵢ/αᵢ² (λ̄₁^αᵢ + λ̄₂^αᵢ + λ̄₃^αᵢ − 3) + Σ (J − 1)^(2i)/Dᵢ        λ̄ = J^(−1/3) λ
/// τ_A = Σ 2 μᵢ/αᵢ (λ̄_A^αᵢ − mean λ̄^αᵢ) + J U′(J)
/// ```
/// μ = Σ μᵢ, κ = 2/D₁ at small strain. The first term must have a D.
#[derive(Debug, Clone, PartialEq)]
pub struct Ogden {
    terms: Vec<OgdenTerm>,
}

impl Ogden {
    /// Solid of these terms.
    ///
    /// # Errors
    /// [`BadLaw`] when there is no term, an exponent is zero, the shear modulus Σ μᵢ is not positive or the
    /// first term has no compressibility.
    pub fn new(terms: Vec<OgdenTerm>) -> Result<Self, BadLaw> {
        let bad = |what: String| Err(BadLaw { law: "ogden", what });
        let Some(first) = terms.first() else { return bad("needs a term".to_string()) };
        if !(0.0 < first.d && first.d.is_finite()) {
            return bad(format!("D1 = {} must be positive", first.d));
        }
        for (number, term) in terms.iter().enumerate() {
            let finite = term.mu.is_finite() && term.alpha.is_finite() && 0.0 <= term.d;
            if !finite || term.alpha == 0.0 {
                return bad(format!(
                    "term {} needs finite constants and an exponent other than 0",
                    number + 1
                ));
            }
        }
        let mu: f64 = terms.iter().map(|t| t.mu).sum();
        if mu <= 0.0 {
            return bad(format!("shear modulus Σ μ = {mu} must be positive"));
        }
        Ok(Self { terms })
    }

    /// (i, Dᵢ) of the terms that have a part in the volume.
    fn volumetric(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        (1..).zip(&self.terms).map(|(i, t)| (i, t.d)).filter(|(_, d)| 0.0 < *d && d.is_finite())
    }

    /// Strain energy per reference volume, MPa.
    pub fn energy(&self, f: &Matrix3<f64>) -> f64 {
        let j = f.determinant();
        let squares = (f * f.transpose()).symmetric_eigenvalues();
        let shear: f64 = self
            .terms
            .iter()
            .map(|t| {
                let sum: f64 = squares.iter().map(|s| (s * j.powf(-2.0 / 3.0)).powf(0.5 * t.alpha)).sum();
                2.0 * t.mu / (t.alpha * t.alpha) * (sum - 3.0)
            })
            .sum();
        shear + self.volumetric().map(|(i, d)| (j - 1.0).powi(2 * i) / d).sum::<f64>()
    }
}

impl FiniteStrainLaw for Ogden {
    fn name(&self) -> &'static str {
        "ogden"
    }

    fn source(&self) -> &'static str {
        "Ogden (1972), Proc. R. Soc. Lond. A 326, 565-584; Abaqus Theory Manual §4.6.1 for the constants"
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        _before: &[f64],
        _after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let j = volume_ratio(f)?;
        let (squares, axes) = principal::stretches(&(f * f.transpose()))?;
        // J U′ and J (J U′)′.
        let (mut pressure, mut bulk) = (0.0, 0.0);
        for (i, d) in self.volumetric() {
            let (n, gap) = (f64::from(2 * i), j - 1.0);
            pressure += n / d * j * gap.powi(2 * i - 1);
            bulk += n / d * j * (gap.powi(2 * i - 1) + j * (n - 1.0) * gap.powi(2 * i - 2));
        }
        let mut values = Vector3::repeat(pressure);
        let mut slopes = Matrix3::repeat(bulk);
        for t in &self.terms {
            let powers = squares.map(|s| (s * j.powf(-2.0 / 3.0)).powf(0.5 * t.alpha));
            let mean = powers.mean();
            values += 2.0 * t.mu / t.alpha * powers.add_scalar(-mean);
            // ∂/∂ ln λ_B of (λ̄_A^α − mean) = α (δ_AB λ̄_A^α − ⅓ λ̄_A^α − ⅓ λ̄_B^α + ⅓ mean).
            for a in 0..3 {
                for b in 0..3 {
                    let own = if a == b { powers[a] } else { 0.0 };
                    slopes[(a, b)] += 2.0 * t.mu * (own - (powers[a] + powers[b] - mean) / 3.0);
                }
            }
        }
        if let Some(tangent) = tangent {
            *tangent = principal::tangent(&squares, &values, &slopes, &axes);
        }
        Ok(principal::stress(&values, &axes))
    }
}
