//! Law at one point of an interface: bonded, or unilateral contact with Coulomb friction.
//!
//! ```text
//! d = u_slave − u_master,  δ = d·n (penetration),  d_t = d − δ n
//! bonded    q = λ + ε d
//! sliding   p = ⟨λₙ + ε δ⟩                      unilateral
//!           t = λ_t + ε d_t        while |t| ≤ μ p    stick
//!           t = μ p τ, τ = trial direction            slip
//!           q = p n + t
//! ```
//! −q acts on the slave, +q on the master, at the same point. λ are the multipliers of the augmented
//! Lagrangian; with them the penalty ε sets the speed of convergence, not the answer.
//!
//! With the bound s = μ p held fixed, q is the gradient of a convex function of d, and its tangent is symmetric
//! and positive semi-definite. The Newton loop holds s fixed within a step and updates it between steps.
//!
//! # Source
//! Alart & Curnier (1991), A mixed formulation for frictional contact problems, Comput. Methods Appl. Mech.
//! Eng. 92, 353–375; Simo & Laursen (1992), An augmented Lagrangian treatment of contact problems involving
//! friction, Comput. Struct. 42, 97–116.

use dens_mesher::Vec3;
use nalgebra::Matrix3;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How two surfaces act on each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Law {
    /// No relative motion.
    Bonded,
    /// Pressure only, with Coulomb friction.
    Sliding {
        /// Coefficient of friction, 0 for none.
        friction: f64,
    },
}

/// Layer of bone under a contact face after many cycles of load: rigid up to a pressure, then sunk by
///
/// ```text
/// s = ℓ ⟨p/p₀ − 1⟩
/// ```
/// It hardens as it is compacted, so that load moves from where it has sunk to its surroundings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bed {
    /// Pressure p₀ below which nothing sinks, MPa, positive.
    pub strength: f64,
    /// Depth ℓ per multiple of the strength, mm, positive.
    pub length: f64,
}

impl Bed {
    /// Depth to which a pressure (MPa) sinks, mm.
    pub fn sunk(&self, pressure: f64) -> f64 {
        self.length * (pressure / self.strength - 1.0).max(0.0)
    }

    /// Solution p of p = trial − ε s(p), and its slope.
    fn pressure(&self, penalty: f64, trial: f64) -> (f64, f64) {
        if trial <= self.strength {
            return (trial, 1.0);
        }
        let slope = 1.0 / (1.0 + penalty * self.length / self.strength);
        (self.strength + slope * (trial - self.strength), slope)
    }
}

/// What the distance between the surfaces in the given geometry means.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Gaps {
    /// Surfaces that are meant to fit: they just touch wherever they are paired, whatever the meshes leave
    /// between them. The answer is then proportional to the load.
    #[default]
    Closed,
    /// Real gaps, which the load must close; overlaps are pressed apart.
    AsMeshed,
    /// Surfaces that were meant to fit, had the master not been made for another place than the one it is put in.
    Misfit(Misfit),
    /// Displacement of the slave less that of the master at which each integration point counts as closed and at rest, mm,
    /// in the order of [`Contact::points`](crate::solution::Contact::points). A bond that formed in a state that was
    /// already displaced keeps it, with the tractions that hold it there.
    Held(Arc<[Vec3]>),
}

/// How far the master stands from where it would fit, as a small rigid motion.
///
/// ```text
/// m(x) = shift + turn × (x − about)        g = m·n, n out of the slave
/// ```
/// A positive gap must be closed first, a negative one is an overlap that is pressed apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Misfit {
    /// Shift of the master at `about`, mm.
    pub shift: [f64; 3],
    /// Rotation vector of the master, rad, small.
    pub turn: [f64; 3],
    /// Where the shift counts, mm.
    pub about: [f64; 3],
}

impl Misfit {
    /// Gap at `place` on a slave surface with that outward normal, mm.
    pub fn gap(&self, place: Vec3, normal: Vec3) -> f64 {
        let [shift, turn, about] = [self.shift, self.turn, self.about].map(Vec3::from);
        (shift + turn.cross(&(place - about))).dot(&normal)
    }
}

/// State of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// No traction.
    Open,
    /// Closed without relative motion; every point of a bonded interface.
    Stick,
    /// Closed and sliding; every closed point without friction.
    Slip,
}

/// Traction at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Response {
    /// q, MPa.
    pub(crate) traction: Vec3,
    /// p = q·n, MPa, positive in compression.
    pub(crate) pressure: f64,
    pub(crate) status: Status,
    /// Whether the normal direction resists.
    closed: bool,
    /// Length of the tangential trial traction, MPa.
    trial: f64,
    /// Share of the penalty that resists along the normal: below 1 on a bed that sinks.
    slope: f64,
}

/// What a point follows: its law, the bed under it, its penalty (N/mm³) and normal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) law: Law,
    pub(crate) bed: Option<Bed>,
    pub(crate) penalty: f64,
    pub(crate) normal: Vec3,
}

impl Rule {
    /// Pressure and slope for a trial pressure.
    fn pressure(&self, trial: f64) -> (f64, f64) {
        self.bed.map_or((trial, 1.0), |bed| bed.pressure(self.penalty, trial))
    }
}

/// Traction for the relative displacement `d`; `bound` replaces μ p where it is given.
pub(crate) fn respond(rule: &Rule, d: Vec3, multiplier: Vec3, bound: Option<f64>) -> Response {
    let normal = rule.normal;
    let trial = multiplier + rule.penalty * d;
    let along = trial.dot(&normal);
    let Law::Sliding { friction } = rule.law else {
        return Response {
            traction: trial,
            pressure: along,
            status: Status::Stick,
            closed: true,
            trial: 0.0,
            slope: 1.0,
        };
    };
    let (pressure, slope) = rule.pressure(along.max(0.0));
    let bound = bound.unwrap_or(friction * pressure);
    let across = trial - along * normal;
    let length = across.norm();
    let (tangential, status) = if pressure == 0.0 && bound == 0.0 {
        (Vec3::zeros(), Status::Open)
    } else if length <= bound && 0.0 < friction {
        (across, Status::Stick)
    } else if 0.0 < bound {
        (across * (bound / length), Status::Slip)
    } else {
        (Vec3::zeros(), Status::Slip)
    };
    let closed = 0.0 < pressure;
    Response { traction: pressure * normal + tangential, pressure, status, closed, trial: length, slope }
}

/// Traction with status and friction bound held: linear in `d` for a given slip direction.
///
/// A state that has just had its multipliers updated is followed in this way for one step: its tractions are
/// too large by ε d, which the step takes away again, and no status should change on that account.
pub(crate) fn follow(rule: &Rule, d: Vec3, multiplier: Vec3, last: &Response) -> Response {
    let normal = rule.normal;
    let trial = multiplier + rule.penalty * d;
    let along = trial.dot(&normal);
    let across = trial - along * normal;
    let (pressed, slope) = if rule.law == Law::Bonded { (along, 1.0) } else { rule.pressure(along) };
    let (traction, pressure) = match last.status {
        Status::Open => (Vec3::zeros(), 0.0),
        Status::Stick => (pressed * normal + across, pressed),
        Status::Slip => {
            let bound = (last.traction - last.pressure * normal).norm();
            let tau = across.try_normalize(1e-300).unwrap_or_else(Vec3::zeros);
            (pressed * normal + bound * tau, pressed)
        }
    };
    let closed = last.status != Status::Open;
    Response { traction, pressure, status: last.status, closed, trial: across.norm(), slope }
}

/// Symmetric tangent ∂q/∂d at fixed friction bound, N/mm³, with `rest`·ε in every direction that resists
/// nothing, so that a body that is only touched stays invertible.
pub(crate) fn tangent(rule: &Rule, response: &Response, rest: f64) -> Matrix3<f64> {
    let (eye, penalty, normal) = (Matrix3::identity(), rule.penalty, rule.normal);
    if rule.law == Law::Bonded {
        return penalty * eye;
    }
    let nn = normal * normal.transpose();
    let closed = if response.closed { response.slope } else { rest };
    let across = match response.status {
        Status::Stick => eye - nn,
        Status::Open => rest * (eye - nn),
        Status::Slip => {
            let tangential = response.traction - response.pressure * normal;
            let bound = tangential.norm();
            let rests = rest * (eye - nn);
            match tangential.try_normalize(1e-300) {
                Some(tau) if 0.0 < bound => {
                    rests + (bound / response.trial) * (eye - nn - tau * tau.transpose())
                }
                _ => rests,
            }
        }
    };
    penalty * (closed * nn + across)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: Law = Law::Sliding { friction: 0.4 };

    fn rule(law: Law, penalty: f64) -> Rule {
        Rule { law, bed: None, penalty, normal: normal() }
    }

    fn normal() -> Vec3 {
        Vec3::new(1.0, 2.0, -2.0) / 3.0
    }

    #[test]
    fn shear_never_exceeds_friction_times_pressure_and_points_along_the_slip() {
        let n = normal();
        let tau = n.cross(&Vec3::x()).normalize();
        for slip in [0.0, 1e-3, 1e-2, 1.0] {
            let r = respond(&rule(LAW, 100.0), 0.02 * n + slip * tau, Vec3::zeros(), None);
            let shear = r.traction - r.pressure * n;
            // Round-off of normal components.
            assert!(shear.norm() <= 0.4 * r.pressure * (1.0 + 1e-14));
            assert!((shear - shear.dot(&tau) * tau).norm() < 1e-14);
            assert!((r.pressure - 2.0).abs() < 1e-14);
        }
    }

    #[test]
    fn tangent_is_the_derivative_at_fixed_bound() {
        let n = normal();
        let lambda = Vec3::new(0.3, 0.1, 0.2);
        let cases = [
            (LAW, 0.02 * n + Vec3::new(0.001, 0.0, 0.002)),
            (LAW, 0.02 * n + Vec3::new(0.1, -0.05, 0.02)),
            (LAW, -0.5 * n),
            (Law::Bonded, Vec3::new(0.1, 0.2, -0.3)),
        ];
        let bed = Some(Bed { strength: 0.5, length: 0.02 });
        let rules = cases.iter().flat_map(|(law, d)| [(*law, *d, None), (*law, *d, bed)]);
        for (law, d, bed) in rules {
            let rule = Rule { bed, ..rule(law, 100.0) };
            let at = respond(&rule, d, lambda, None);
            let bound = Some(0.4 * at.pressure);
            let exact = tangent(&rule, &at, 0.0);
            assert!((exact - exact.transpose()).norm() < 1e-12);
            for axis in 0..3 {
                let mut h = Vec3::zeros();
                h[axis] = 1e-6;
                let plus = respond(&rule, d + h, lambda, bound).traction;
                let minus = respond(&rule, d - h, lambda, bound).traction;
                let difference = (plus - minus) / 2e-6;
                // Central differences of step 1e-6: truncation 1e-12 of third derivatives of order 1e5.
                assert!((difference - exact.column(axis)).norm() < 1e-4, "{law:?} axis {axis}");
            }
        }
    }

    #[test]
    fn bonded_points_pull_and_sliding_points_do_not() {
        let n = normal();
        let apart = -0.1 * n;
        assert!(respond(&rule(Law::Bonded, 10.0), apart, Vec3::zeros(), None).pressure < -0.9);
        let open = respond(&rule(LAW, 10.0), apart, Vec3::zeros(), None);
        assert_eq!((open.traction, open.status), (Vec3::zeros(), Status::Open));
    }

    #[test]
    fn a_bed_sinks_beyond_its_strength_and_hardens() {
        let (n, bed) = (normal(), Bed { strength: 2.0, length: 0.5 });
        let rule = Rule { bed: Some(bed), ..rule(LAW, 100.0) };
        // With the multiplier that ends the iteration, p = λ: the overlap is the depth of that pressure.
        for pressure in [1.0, 2.0, 3.0, 10.0] {
            let r = respond(&rule, bed.sunk(pressure) * n, pressure * n, None);
            assert!((r.pressure - pressure).abs() < 1e-12, "{}", r.pressure);
        }
        assert_eq!(bed.sunk(3.0), 0.25);
    }
}
