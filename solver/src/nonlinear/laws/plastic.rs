//! Von Mises plasticity of small strain.

use super::{BadLaw, Fault, Hardening, SmallStrainLaw, YIELD_MARGIN, normal, symmetric_identity};
use crate::tensor::{Six, Stiffness, mean, von_mises};

/// Isotropic elasticity with von Mises yield, associated flow and isotropic hardening.
///
/// ```text
/// q = √(3/2 s:s) ≤ σ_y(κ)        Δε_p = 3/2 Δκ s/q
/// return: q_trial − 3 G Δκ = σ_y(κ + Δκ)
/// C = K I⊗I + 2 G (1 − 3 G Δκ/q_trial) 𝕀_dev + 6 G² (Δκ/q_trial − 1/(3 G + H)) n⊗n,   n = s/|s|
/// ```
/// History: plastic strain (six, engineering shear), κ.
#[derive(Debug, Clone, PartialEq)]
pub struct Plastic {
    bulk: f64,
    shear: f64,
    hardening: Hardening,
}

impl Plastic {
    /// Solid of a Young's modulus (MPa), a Poisson's ratio and a hardening curve.
    ///
    /// # Errors
    /// [`BadLaw`] when the moduli are not those of a stable solid.
    pub fn new(youngs_modulus: f64, poissons_ratio: f64, hardening: Hardening) -> Result<Self, BadLaw> {
        let (bulk, shear) = moduli(youngs_modulus, poissons_ratio)?;
        Ok(Self { bulk, shear, hardening })
    }
}

/// Bulk and shear modulus, MPa.
pub(super) fn moduli(e: f64, nu: f64) -> Result<(f64, f64), BadLaw> {
    if 0.0 < e && e.is_finite() && -1.0 < nu && nu < 0.5 {
        return Ok((e / (3.0 * (1.0 - 2.0 * nu)), e / (2.0 * (1.0 + nu))));
    }
    Err(BadLaw {
        law: "plastic",
        what: format!("Young's modulus {e} MPa and Poisson's ratio {nu} are no solid"),
    })
}

impl SmallStrainLaw for Plastic {
    fn name(&self) -> &'static str {
        "plastic"
    }

    fn source(&self) -> &'static str {
        "Simo & Hughes (1998), Computational Inelasticity, §3.3; de Souza Neto, Perić & Owen (2008), box 7.4"
    }

    fn n_history(&self) -> usize {
        7
    }

    fn respond(
        &self,
        strain: &Six,
        _length: f64,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let elastic: Six = std::array::from_fn(|i| strain[i] - before[i]);
        let third = mean(&elastic);
        // Trial deviator: 2 G e, with engineering shear halved.
        let mut deviator: Six = std::array::from_fn(|i| {
            2.0 * self.shear * (elastic[i] - normal(i) * third) * symmetric_factor(i)
        });
        let q = von_mises(&deviator);
        if !q.is_finite() {
            return Err(Fault::NotFinite);
        }
        after.copy_from_slice(before);
        let limit = self.hardening.stress(before[6]);
        let (mut scale, mut flow) = (1.0, 0.0);
        if limit * (1.0 + YIELD_MARGIN) < q {
            let slope = 3.0 * self.shear;
            let (step, hardening) = self.hardening.meet(before[6], q, slope).ok_or(Fault::NoReturn)?;
            scale = 1.0 - slope * step / q;
            // n⊗n with n = s/|s| and |s|² = ⅔ q² of the trial deviator.
            flow = 6.0 * self.shear.powi(2) * (step / q - 1.0 / (slope + hardening)) * 1.5 / (q * q);
            for i in 0..6 {
                after[i] += 1.5 * step / q * deviator[i] / symmetric_factor(i);
            }
            after[6] += step;
        }
        if let Some(tangent) = tangent {
            *tangent = std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let volume = normal(i) * normal(j);
                    let identity = symmetric_identity(i, j) - volume / 3.0;
                    self.bulk * volume
                        + 2.0 * self.shear * scale * identity
                        + flow * deviator[i] * deviator[j]
                })
            });
        }
        deviator.iter_mut().for_each(|s| *s *= scale);
        Ok(std::array::from_fn(|i| deviator[i] + normal(i) * 3.0 * self.bulk * third))
    }
}

/// Tensor component over strain component.
fn symmetric_factor(i: usize) -> f64 {
    if i < 3 { 1.0 } else { 0.5 }
}
