//! Mooney–Rivlin and neo-Hookean solids whose shear and volume are separate.

use super::{BadLaw, Fault, FiniteStrainLaw, normal, symmetric_identity, volume_ratio};
use crate::tensor::{PAIRS, Six, Stiffness, stress_tensor, stress_vector};
use nalgebra::Matrix3;

/// Mooney–Rivlin solid of Abaqus and CalculiX; with C01 = 0 their neo-Hookean solid.
///
/// ```text
/// U = C10 (Ī₁ − 3) + C01 (Ī₂ − 3) + (J − 1)²/D1        b̄ = J^(−2/3) b
/// τ = dev τ̃ + J U′(J) I        τ̃ = 2 (C10 + C01 Ī₁) b̄ − 2 C01 b̄²
/// c = P:c̃:P + ⅔ tr τ̃ P − ⅔ (dev τ̃ ⊗ I + I ⊗ dev τ̃) + J (U′ + J U″) I⊗I − 2 J U′ 𝕀
/// c̃ = 4 C01 (b̄⊗b̄ − b̄⊙b̄)
/// ```
/// μ = 2 (C10 + C01), κ = 2/D1 at small strain. (J − 1)² does not resist J → 0.
#[derive(Debug, Clone, PartialEq)]
pub struct MooneyRivlin {
    c10: f64,
    c01: f64,
    d1: f64,
}

impl MooneyRivlin {
    /// Solid of these constants: C10 and C01 in MPa with a positive sum, D1 positive, 1/MPa.
    ///
    /// # Errors
    /// [`BadLaw`] when a constant is out of its range.
    pub fn new(c10: f64, c01: f64, d1: f64) -> Result<Self, BadLaw> {
        let bad = |what: String| BadLaw { law: "mooney-rivlin", what };
        if !(0.0 < c10 + c01 && (c10 + c01).is_finite()) {
            return Err(bad(format!("C10 + C01 = {} must be positive", c10 + c01)));
        }
        if !(0.0 < d1 && d1.is_finite()) {
            return Err(bad(format!(
                "D1 = {d1} must be positive: an incompressible body needs a finite bulk modulus, 2/D1 of 500 to 10 000 shear moduli"
            )));
        }
        Ok(Self { c10, c01, d1 })
    }

    /// Neo-Hookean solid U = C10 (Ī₁ − 3) + (J − 1)²/D1.
    ///
    /// # Errors
    /// As [`MooneyRivlin::new`].
    pub fn neo_hookean(c10: f64, d1: f64) -> Result<Self, BadLaw> {
        Self::new(c10, 0.0, d1)
    }

    /// Strain energy per reference volume, MPa.
    pub fn energy(&self, f: &Matrix3<f64>) -> f64 {
        let j = f.determinant();
        let b = j.powf(-2.0 / 3.0) * f * f.transpose();
        let (i1, i2) = (b.trace(), 0.5 * (b.trace().powi(2) - (b * b).trace()));
        self.c10 * (i1 - 3.0) + self.c01 * (i2 - 3.0) + (j - 1.0).powi(2) / self.d1
    }
}

impl FiniteStrainLaw for MooneyRivlin {
    fn name(&self) -> &'static str {
        "mooney-rivlin"
    }

    fn source(&self) -> &'static str {
        "Holzapfel (2000), Nonlinear Solid Mechanics, §6.4-6.6; Abaqus Theory Manual §4.6.1 for the constants"
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        _before: &[f64],
        _after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let j = volume_ratio(f)?;
        let b = j.powf(-2.0 / 3.0) * f * f.transpose();
        let fictitious = 2.0 * ((self.c10 + self.c01 * b.trace()) * b - self.c01 * b * b);
        let shear_scale = fictitious.trace() / 3.0;
        let deviator = fictitious - shear_scale * Matrix3::identity();
        // J U′ and J (U′ + J U″).
        let pressure = 2.0 * j * (j - 1.0) / self.d1;
        let bulk = 2.0 * j * (2.0 * j - 1.0) / self.d1;
        if let Some(tangent) = tangent {
            *tangent = spatial(&deviator, 4.0 * self.c01, &b, shear_scale, pressure, bulk);
        }
        Ok(stress_vector(&(deviator + pressure * Matrix3::identity())))
    }
}

fn spatial(
    deviator: &Matrix3<f64>,
    coupling: f64,
    b: &Matrix3<f64>,
    shear_scale: f64,
    pressure: f64,
    bulk: f64,
) -> Stiffness {
    // c̃, then projected on both sides.
    let mut c: Stiffness = std::array::from_fn(|r| {
        std::array::from_fn(|s| {
            let ([i, j], [k, l]) = (PAIRS[r], PAIRS[s]);
            let product = 0.5 * (b[(i, k)] * b[(j, l)] + b[(i, l)] * b[(j, k)]);
            coupling * (b[(i, j)] * b[(k, l)] - product)
        })
    });
    for row in &mut c {
        let mean = (row[0] + row[1] + row[2]) / 3.0;
        row[..3].iter_mut().for_each(|x| *x -= mean);
    }
    for s in 0..6 {
        let mean = (c[0][s] + c[1][s] + c[2][s]) / 3.0;
        c[..3].iter_mut().for_each(|row| row[s] -= mean);
    }
    let d = stress_vector(deviator);
    debug_assert!(stress_tensor(&d).trace().abs() <= 1e-9 * (1.0 + deviator.norm()));
    for (r, row) in c.iter_mut().enumerate() {
        for (s, x) in row.iter_mut().enumerate() {
            let volume = normal(r) * normal(s);
            let identity = symmetric_identity(r, s);
            *x += 2.0 * shear_scale * (identity - volume / 3.0)
                - 2.0 / 3.0 * (d[r] * normal(s) + normal(r) * d[s])
                + bulk * volume
                - 2.0 * pressure * identity;
        }
    }
    c
}
