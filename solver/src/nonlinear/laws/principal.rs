//! Isotropic laws given by principal logarithmic stretches.
//!
//! ```text
//! τ = Σ τ_A n_A⊗n_A        H_AB = ∂τ_A/∂ ln λ_B
//! c = Σ (H_AB − 2 τ_A δ_AB) n_A n_A n_B n_B + Σ_{A≠B} X_AB (n_A n_B n_A n_B + n_A n_B n_B n_A)
//! X_AB = (τ_A λ_B² − τ_B λ_A²) / (λ_A² − λ_B²)   →   ½ (H_BB − H_AB) − τ_A   as λ_A → λ_B
//! ```
//! Source: Bonet & Wood (2008), Nonlinear Continuum Mechanics, 2nd ed., §6.6.3.

use super::Fault;
use crate::tensor::{Six, Stiffness, VOIGT, rotate, stress_vector};
use nalgebra::{Matrix3, Vector3};

/// Squares of the stretches and their directions as columns, from a left Cauchy–Green tensor.
pub(super) fn stretches(b: &Matrix3<f64>) -> Result<(Vector3<f64>, Matrix3<f64>), Fault> {
    if !b.iter().all(|x| x.is_finite()) {
        return Err(Fault::NotFinite);
    }
    let eigen = b.symmetric_eigen();
    let mut axes = eigen.eigenvectors;
    if axes.determinant() < 0.0 {
        axes.column_mut(2).neg_mut();
    }
    let least = eigen.eigenvalues.min();
    if 0.0 < least { Ok((eigen.eigenvalues, axes)) } else { Err(Fault::Inverted { jacobian: least }) }
}

/// Stress of principal values along axes.
pub(super) fn stress(principal: &Vector3<f64>, axes: &Matrix3<f64>) -> Six {
    stress_vector(&(axes * Matrix3::from_diagonal(principal) * axes.transpose()))
}

/// Spatial tangent c.
///
/// - `squares`: λ², of the (trial) elastic stretches
/// - `slopes`: H
pub(super) fn tangent(
    squares: &Vector3<f64>,
    principal: &Vector3<f64>,
    slopes: &Matrix3<f64>,
    axes: &Matrix3<f64>,
) -> Stiffness {
    let mut c = [[0.0; 6]; 6];
    for a in 0..3 {
        for b in 0..3 {
            c[a][b] = slopes[(a, b)];
        }
        c[a][a] -= 2.0 * principal[a];
    }
    for (a, b) in [(1, 2), (0, 2), (0, 1)] {
        let gap = squares[a] - squares[b];
        let k = VOIGT[a][b];
        // The quotient loses as many digits as the gap has zeros; the limit errs by the gap. 1e-5 gives 1e-10.
        c[k][k] = if gap.abs() < 1e-5 * (squares[a] + squares[b]) {
            let limit = |a: usize, b: usize| 0.5 * (slopes[(b, b)] - slopes[(a, b)]) - principal[a];
            0.5 * (limit(a, b) + limit(b, a))
        } else {
            (principal[a] * squares[b] - principal[b] * squares[a]) / gap
        };
    }
    rotate(&c, axes)
}
