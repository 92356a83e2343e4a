//! Another strain energy of volume for solids whose shear and volume are separate.

use super::{Fault, FiniteStrainLaw, normal, symmetric_identity, volume_ratio};
use crate::tensor::{Six, Stiffness};
use nalgebra::Matrix3;
use std::sync::Arc;

/// Solid with κ/2 ln²J in place of its own κ/2 (J − 1)², as in FEBio.
///
/// ```text
/// τ = τ₁ + J (U′ − U₁′) I        U₁ = κ/2 (J − 1)², U = κ/2 ln²J
/// c = c₁ + (J (U′ − U₁′) + J² (U″ − U₁″)) I⊗I − 2 J (U′ − U₁′) 𝕀
/// ```
/// Not convex in J beyond J = e: do not use for large dilatation.
#[derive(Debug, Clone)]
pub struct LogarithmicVolume {
    inner: Arc<dyn FiniteStrainLaw>,
    bulk: f64,
}

impl LogarithmicVolume {
    /// Solid of an `inner` law whose energy of volume is κ/2 (J − 1)² alone: [`super::MooneyRivlin`] with D1 = 2/κ, or
    /// [`super::Ogden`] with that D in its first term.
    ///
    /// - `bulk`: κ, MPa, that of the inner law
    pub fn in_place_of_square(inner: Arc<dyn FiniteStrainLaw>, bulk: f64) -> Self {
        Self { inner, bulk }
    }
}

impl FiniteStrainLaw for LogarithmicVolume {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn source(&self) -> &'static str {
        "FEBio Theory Manual, uncoupled hyperelastic materials"
    }

    fn n_history(&self) -> usize {
        self.inner.n_history()
    }

    fn is_symmetric(&self) -> bool {
        self.inner.is_symmetric()
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        before: &[f64],
        after: &mut [f64],
        mut tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let j = volume_ratio(f)?;
        let mut stress = self.inner.respond(f, before, after, tangent.as_deref_mut())?;
        // J U′ and J² U″ of both.
        let slope = self.bulk * (j.ln() - j * (j - 1.0));
        let bend = self.bulk * (1.0 - j.ln() - j * j);
        stress[..3].iter_mut().for_each(|s| *s += slope);
        if let Some(tangent) = tangent {
            for (i, row) in tangent.iter_mut().enumerate() {
                for (j, c) in row.iter_mut().enumerate() {
                    *c += (slope + bend) * normal(i) * normal(j) - 2.0 * slope * symmetric_identity(i, j);
                }
            }
        }
        Ok(stress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nonlinear::laws::MooneyRivlin;

    #[test]
    fn pure_dilatation_gives_the_pressure_of_its_energy() {
        let bulk = 7.0;
        let inner = MooneyRivlin::new(0.4, 0.1, 2.0 / bulk).expect("sound");
        let law = LogarithmicVolume::in_place_of_square(Arc::new(inner), bulk);
        for stretch in [0.8_f64, 1.0, 1.3] {
            let stress = law.respond(&(Matrix3::identity() * stretch), &[], &mut [], None).expect("sound");
            // τ = J U′ = κ ln J.
            let exact = bulk * stretch.powi(3).ln();
            assert!(stress[..3].iter().all(|s| (s - exact).abs() < 1e-13), "{stress:?}, not {exact}");
        }
    }

    #[test]
    fn the_tangent_is_the_rate_of_the_stress() {
        let inner = MooneyRivlin::new(0.4, 0.1, 0.2).expect("sound");
        let law = LogarithmicVolume::in_place_of_square(Arc::new(inner), 10.0);
        let f = Matrix3::new(1.2, 0.1, -0.2, 0.05, 0.9, 0.1, 0.0, -0.1, 1.1);
        let mut c = [[0.0; 6]; 6];
        let tau = law.respond(&f, &[], &mut [], Some(&mut c)).expect("sound");
        let tau = crate::tensor::stress_tensor(&tau);
        let l = Matrix3::new(0.3, -0.1, 0.2, 0.4, 0.1, -0.3, 0.2, 0.0, -0.2);
        let at = |h: f64| {
            let moved = (Matrix3::identity() + h * l) * f;
            crate::tensor::stress_tensor(&law.respond(&moved, &[], &mut [], None).expect("sound"))
        };
        let strain = crate::tensor::small_strain(&l);
        let exact =
            crate::tensor::stress_tensor(&crate::tensor::apply(&c, &strain)) + l * tau + tau * l.transpose();
        // Central differences at 1e-5 err by 1e-9.
        assert!(((at(1e-5) - at(-1e-5)) / 2e-5 - exact).amax() < 1e-8);
    }
}
