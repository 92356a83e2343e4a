//! Von Mises plasticity of finite strain, multiplicative, with logarithmic elastic strain.

use super::plastic::moduli;
use super::{BadLaw, Fault, FiniteStrainLaw, Hardening, YIELD_MARGIN, principal, volume_ratio};
use crate::tensor::{Six, Stiffness, VOIGT, stress_vector};
use nalgebra::{Matrix3, Vector3};

/// Hencky elasticity with von Mises yield on Kirchhoff stress and isotropic hardening.
///
/// ```text
/// F = Fₑ Fₚ        bₑ trial = F Cₚ⁻¹ Fᵀ = Σ λ² n⊗n        e = ln λ        τ = K tr e + 2 G dev e, principal
/// return on e as at small strain; Cₚ⁻¹ = F⁻¹ bₑ F⁻ᵀ; volume is conserved by plastic flow
/// ```
/// History: Cₚ⁻¹ − I (six, tensor components), κ. Elastic where κ does not grow, and then, at moderate strain, the elastic law of
/// Abaqus for `*ELASTIC` with `NLGEOM`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogarithmicPlastic {
    bulk: f64,
    shear: f64,
    hardening: Option<Hardening>,
}

impl LogarithmicPlastic {
    /// Solid of a Young's modulus (MPa), a Poisson's ratio and a hardening curve of Kirchhoff stress over logarithmic
    /// plastic strain; without a curve it is elastic.
    ///
    /// # Errors
    /// [`BadLaw`] when the moduli are not those of a stable solid.
    pub fn new(
        youngs_modulus: f64,
        poissons_ratio: f64,
        hardening: Option<Hardening>,
    ) -> Result<Self, BadLaw> {
        let (bulk, shear) = moduli(youngs_modulus, poissons_ratio)?;
        Ok(Self { bulk, shear, hardening })
    }
}

impl FiniteStrainLaw for LogarithmicPlastic {
    fn name(&self) -> &'static str {
        "logarithmic-plastic"
    }

    fn source(&self) -> &'static str {
        "Simo (1992), Comput. Methods Appl. Mech. Eng. 99, 61-112; de Souza Neto, Perić & Owen (2008), ch. 14"
    }

    fn n_history(&self) -> usize {
        7
    }

    fn respond(
        &self,
        f: &Matrix3<f64>,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        volume_ratio(f)?;
        let plastic = Matrix3::from_fn(|i, j| before[VOIGT[i][j]] + f64::from(u8::from(i == j)));
        let (squares, axes) = principal::stretches(&(f * plastic * f.transpose()))?;
        let logs = squares.map(|s| 0.5 * s.ln());
        let deviator = logs.add_scalar(-logs.mean());
        let q = 2.0 * self.shear * (1.5 * deviator.norm_squared()).sqrt();
        after.copy_from_slice(before);
        let (mut scale, mut flow) = (1.0, 0.0);
        if let Some(hardening) =
            self.hardening.as_ref().filter(|h| h.stress(before[6]) * (1.0 + YIELD_MARGIN) < q)
        {
            let slope = 3.0 * self.shear;
            let (step, slope_there) = hardening.meet(before[6], q, slope).ok_or(Fault::NoReturn)?;
            scale = 1.0 - slope * step / q;
            flow =
                6.0 * self.shear.powi(2) * (step / q - 1.0 / (slope + slope_there)) / deviator.norm_squared();
            let elastic = (2.0 * (scale * deviator).add_scalar(logs.mean())).map(f64::exp);
            let left = axes * Matrix3::from_diagonal(&elastic) * axes.transpose();
            let inverse = f.try_inverse().ok_or(Fault::Inverted { jacobian: 0.0 })?;
            let rest = inverse * left * inverse.transpose() - Matrix3::identity();
            after[..6].copy_from_slice(&stress_vector(&rest));
            after[6] += step;
        }
        let pressure = self.bulk * logs.sum();
        let values: Vector3<f64> = (2.0 * self.shear * scale * deviator).add_scalar(pressure);
        if let Some(tangent) = tangent {
            let slopes = Matrix3::from_fn(|a, b| {
                let identity = f64::from(u8::from(a == b)) - 1.0 / 3.0;
                self.bulk + 2.0 * self.shear * scale * identity + flow * deviator[a] * deviator[b]
            });
            *tangent = principal::tangent(&squares, &values, &slopes, &axes);
        }
        Ok(principal::stress(&values, &axes))
    }
}
