//! Ground substance with crossed families of fibers that pull only: the annulus of a disc.

use super::{BadLaw, Fault, FiniteStrainLaw, MooneyRivlin};
use crate::tensor::{Six, Stiffness, stress_vector};
use nalgebra::{Matrix3, Vector3};

/// Mooney–Rivlin ground substance with two families of fibers at ±θ from the first material axis toward the third.
///
/// ```text
/// U = U_ground + Σ± c ⟨I₄ − 1⟩²        I₄ = a·a,  a = F a₀,  a₀ = (cos θ, 0, ± sin θ)        c = v E/16
/// τ = τ_ground + Σ± 4 c ⟨I₄ − 1⟩ a⊗a        c_tangent = c_ground + Σ± 8 c a⊗a⊗a⊗a where I₄ > 1
/// ```
/// Fibers go slack in compression. At small strain the law is that of [`crate::materials::fibers::crossed`] in tension.
///
/// # Source
/// Holzapfel, Gasser & Ogden (2000), J. Elasticity 61, 1-48 (families that pull only), with a quadratic fiber energy.
#[derive(Debug, Clone, PartialEq)]
pub struct FiberReinforced {
    ground: MooneyRivlin,
    modulus: f64,
    angle: f64,
}

impl FiberReinforced {
    /// Ground substance with fibers.
    ///
    /// - `modulus`: Young's modulus of the fibers times their volume fraction, both families together, MPa, above 0
    /// - `angle`: θ, radians
    ///
    /// # Errors
    /// [`BadLaw`] when the modulus is not positive or the angle not finite.
    pub fn new(ground: MooneyRivlin, modulus: f64, angle: f64) -> Result<Self, BadLaw> {
        if !(0.0 < modulus && modulus.is_finite() && angle.is_finite()) {
            let what =
                format!("fiber modulus {modulus} MPa at {angle} rad: positive and finite numbers needed");
            return Err(BadLaw { law: "fiber-reinforced", what });
        }
        Ok(Self { ground, modulus, angle })
    }

    fn fibers(&self, f: &Matrix3<f64>) -> impl Iterator<Item = (Vector3<f64>, f64)> {
        let (x, z) = (self.angle.cos(), self.angle.sin());
        let f = *f;
        [z, -z].into_iter().filter_map(move |z| {
            let a = f * Vector3::new(x, 0.0, z);
            let stretch = a.norm_squared() - 1.0;
            (0.0 < stretch).then_some((a, stretch))
        })
    }

    /// Strain energy per reference volume, MPa.
    pub fn energy(&self, f: &Matrix3<f64>) -> f64 {
        let fibers: f64 = self.fibers(f).map(|(_, s)| s * s).sum();
        self.ground.energy(f) + self.modulus / 16.0 * fibers
    }
}

impl FiniteStrainLaw for FiberReinforced {
    fn name(&self) -> &'static str {
        "fiber-reinforced"
    }

    fn source(&self) -> &'static str {
        "Holzapfel, Gasser & Ogden (2000), J. Elasticity 61, 1-48"
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        before: &[f64],
        after: &mut [f64],
        mut tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let mut stress = self.ground.respond(f, before, after, tangent.as_deref_mut())?;
        for (a, stretch) in self.fibers(f) {
            let dyad = stress_vector(&(a * a.transpose()));
            for i in 0..6 {
                stress[i] += 0.25 * self.modulus * stretch * dyad[i];
                if let Some(c) = tangent.as_deref_mut() {
                    for j in 0..6 {
                        c[i][j] += 0.5 * self.modulus * dyad[i] * dyad[j];
                    }
                }
            }
        }
        Ok(stress)
    }
}
