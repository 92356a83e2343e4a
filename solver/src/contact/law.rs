//! Traction of one multiplier: tied, or unilateral with Coulomb friction.
//!
//! ```text
//! δ mean overlap, s mean slip since the start of the increment, λ multiplier
//! tied      z = λ + ε d̄
//! sliding   p = max(0, λₙ + ε δ)        τ = λ_t + ε s
//!           t = τ          while |τ| ≤ μ p      stick
//!           t = μ p τ/|τ|  else                 slip
//! ```
//! At the solution δ = 0 where p > 0 and s = 0 where it sticks: ε decides how fast λ is found, not the answer. The
//! derivatives are the consistent ones of semi-smooth Newton; slip is unsymmetric, since t follows p.
//!
//! # Source
//! Alart & Curnier (1991), A mixed formulation for frictional contact problems, Comput. Methods Appl. Mech.
//! Eng. 92, 353–375.

pub use crate::loads::contact::{Law, Status};
use nalgebra::{Matrix3, Vector2, Vector3};

/// Regularisation over the stiffness of one layer of elements, ε = FACTOR / (h/E + h/E).
///
/// Tuned on a roller and two spheres: from 10 to 300 the pressures differ by 2 % at the middle. Below, roughness of the
/// pressure that the mesh cannot resolve is damped more and the matrix is better conditioned; above, fewer
/// augmentations are needed (for 1e-6: eight at 10, seven at 30, five at 100, four at 300) and less overlap is left.
pub(super) const FACTOR: f64 = 30.0;

/// Stiffness, as a part of ε, of what resists nothing: sliding bodies stay invertible. It stands in the tangent
/// only; a Newton step misses by as little.
const REST: f64 = 1e-6 / FACTOR;

/// The same for the normal direction while nothing touches: a load then closes gaps in few steps, by a tenth of the
/// stiffness of a layer so that it does not overshoot. (Shrinking a set of corners that is too large takes one step
/// for each ring of elements, growing it takes few.)
const FLOATING: f64 = 0.1 / FACTOR;

/// Regularisation at one multiplier, N/mm³.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stiffness {
    /// Of the overlap; of all three directions of a tie.
    pub(super) normal: f64,
    /// Of the slip, see [`grip`].
    pub(super) along: f64,
}

/// Multiple of the regularisation against slip after a slip of `length` under the bound μp.
///
/// A slip turns the multiplier by the angle ε s/|λ_t| only: where parts of a surface barely slip, updates would take
/// hundreds of rounds to find its direction. The law itself is μp/|s| stiff across the slip; with a few times that
/// each round leaves a part of `1/(1 + GRIP)` of the angle.
pub(super) fn grip(epsilon: f64, bound: f64, length: f64) -> f64 {
    let turn = epsilon * length / bound;
    if turn.is_finite() { (GRIP / turn).clamp(1.0, FIRMEST) } else { 1.0 }
}

/// Angle of the multiplier's turn, see [`grip`]: a tenth is left.
const GRIP: f64 = 9.0;

/// Largest multiple: slips that need more are below the overlap allowed, by far, and their direction is of no account.
const FIRMEST: f64 = 1e4;

/// Traction at one multiplier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Response {
    /// Pressure and shear (along the axes of the corner), MPa.
    pub(super) traction: Vector3<f64>,
    pub(super) status: Status,
    /// Trial shear, MPa.
    trial: Vector2<f64>,
}

/// Traction for the mean relative displacement.
///
/// - `d`: overlap and slip, mm; all three directions of a tie
/// - `multiplier`: λ along the same axes, MPa
/// - `held`: status to continue. A state whose multipliers have just been updated has tractions too large by ε d,
///   which the next Newton step takes away; no corner should open or slip on that account.
pub(super) fn respond(
    law: Law,
    epsilon: Stiffness,
    d: Vector3<f64>,
    multiplier: Vector3<f64>,
    held: Option<Status>,
) -> Response {
    let trial = multiplier + Vector3::new(epsilon.normal, epsilon.along, epsilon.along).component_mul(&d);
    let across = Vector2::new(trial.y, trial.z);
    let Law::Sliding { friction } = law else {
        return Response { traction: trial, status: Status::Stick, trial: across };
    };
    if let Some(status @ (Status::Stick | Status::Slip)) = held {
        let length = across.norm();
        let shear = match status {
            Status::Slip if 0.0 < length => across * (friction * trial.x.max(0.0) / length),
            Status::Slip => Vector2::zeros(),
            _ => across,
        };
        return Response { traction: Vector3::new(trial.x, shear.x, shear.y), status, trial: across };
    }
    let pressure = trial.x.max(0.0);
    let (bound, length) = (friction * pressure, across.norm());
    let (shear, status) = match (0.0 < pressure, 0.0 < friction && length <= bound) {
        (false, _) => (Vector2::zeros(), Status::Open),
        (true, true) => (across, Status::Stick),
        (true, false) if 0.0 < bound => (across * (bound / length), Status::Slip),
        _ => (Vector2::zeros(), Status::Slip),
    };
    Response { traction: Vector3::new(pressure, shear.x, shear.y), status, trial: across }
}

/// Derivative of the traction by the mean relative displacement, N/mm³.
///
/// - `floating`: nothing of the pair touches yet
/// - `touching`: this multiplier's surfaces just touch; while floating they resist as if closed and sticking
pub(super) fn tangent(
    law: Law,
    epsilon: Stiffness,
    response: &Response,
    floating: bool,
    touching: bool,
) -> Matrix3<f64> {
    let Law::Sliding { friction } = law else { return epsilon.normal * Matrix3::identity() };
    let firm = epsilon.along / epsilon.normal;
    let epsilon = epsilon.normal;
    let along = if 0.0 < friction { 1.0 } else { REST };
    match response.status {
        Status::Open if floating && touching => {
            epsilon * Matrix3::from_diagonal(&Vector3::new(1.0, along, along))
        }
        Status::Open if floating => {
            epsilon * FLOATING * Matrix3::from_diagonal(&Vector3::new(1.0, REST, REST))
        }
        Status::Open => Matrix3::zeros(),
        Status::Stick => epsilon * Matrix3::from_diagonal(&Vector3::new(1.0, firm, firm)),
        Status::Slip => {
            let mut t = Matrix3::from_diagonal(&Vector3::new(1.0, REST, REST));
            let length = response.trial.norm();
            if 0.0 < friction && 0.0 < length {
                let direction = response.trial / length;
                let bound = friction * response.traction.x.max(0.0);
                for i in 0..2 {
                    t[(1 + i, 0)] += friction * direction[i];
                    for j in 0..2 {
                        let eye = if i == j { 1.0 } else { 0.0 };
                        t[(1 + i, 1 + j)] += firm * bound / length * (eye - direction[i] * direction[j]);
                    }
                }
            }
            epsilon * t
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tangent_is_the_derivative_in_every_state() {
        let lambda = Vector3::new(3.0, 0.4, -0.2);
        let states = [
            (Law::Bonded, Vector3::new(0.1, 0.2, -0.3)),
            (Law::Sliding { friction: 0.0 }, Vector3::new(0.01, 0.02, 0.0)),
            (Law::Sliding { friction: 0.3 }, Vector3::new(0.02, 0.001, 0.002)),
            (Law::Sliding { friction: 0.3 }, Vector3::new(0.02, 0.1, -0.05)),
            (Law::Sliding { friction: 0.3 }, Vector3::new(-0.5, 0.1, 0.0)),
        ];
        for ((law, d), along) in states.into_iter().zip([100.0, 100.0, 100.0, 700.0, 100.0]) {
            let epsilon = Stiffness { normal: 100.0, along };
            let exact = tangent(law, epsilon, &respond(law, epsilon, d, lambda, None), false, false);
            for axis in 0..3 {
                let step = Vector3::ith(axis, 1e-6);
                let difference = (respond(law, epsilon, d + step, lambda, None).traction
                    - respond(law, epsilon, d - step, lambda, None).traction)
                    / 2e-6;
                // Central differences of step 1e-6 (truncation 1e-8) beside the rest stiffness.
                assert!((difference - exact.column(axis)).norm() < 2e-5, "{law:?} {d} axis {axis}");
            }
        }
    }

    #[test]
    fn shear_stays_within_friction_and_opposes_nothing_open() {
        let law = Law::Sliding { friction: 0.5 };
        let epsilon = Stiffness { normal: 10.0, along: 30.0 };
        for slip in [0.0, 0.01, 0.3, 10.0] {
            let r = respond(law, epsilon, Vector3::new(0.1, slip, -2.0 * slip), Vector3::zeros(), None);
            let shear = r.traction.fixed_rows::<2>(1).norm();
            // Round-off of one product.
            assert!(shear <= 0.5 * r.traction.x * (1.0 + 1e-15));
        }
        let open = respond(law, epsilon, Vector3::new(-0.1, 1.0, 0.0), Vector3::zeros(), None);
        assert_eq!((open.status, open.traction), (Status::Open, Vector3::zeros()));
    }
}
