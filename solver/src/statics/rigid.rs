//! Dofs that move with a rigid body: a reference node and a rotation.
//!
//! ```text
//! u = u_ref + (R(θ) − I) d        d = X − X_ref,  R(θ) = exp [θ]ₓ
//! ∂(R d)/∂θ = −[R d]ₓ S(θ)        S = I + (1 − cos θ)/θ² [θ]ₓ + (θ − sin θ)/θ³ [θ]ₓ²
//! ```
//! Small rotations take R(θ) ≈ I + [θ]ₓ. The rotation vector θ times a length is the unknown of a node of its own, so
//! that all unknowns are lengths and all residuals forces; a force on that node is a moment over the length, conjugate
//! to θ. Rotations below one full turn.
//!
//! # Source
//! Géradin & Cardona (2001), Flexible Multibody Dynamics, §4.3 (rotation vector and its tangent).

use super::{Dof, Equation, StaticsError};
use dens_mesher::Vec3;
use nalgebra::Matrix3;

/// Node whose three unknowns are the components of a rotation vector times a length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RotationNode {
    /// Number of the node; it belongs to no cell.
    pub node: u32,
    /// Length, mm: a measure of the arms, which makes rotations comparable with displacements.
    pub length: f64,
}

/// A dof that moves with a rigid body.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RigidLink {
    /// Dof that is eliminated.
    pub dof: Dof,
    /// Reference node.
    pub reference: u32,
    /// Rotation node, one of [`super::Constraints::rotations`].
    pub rotation: u32,
    /// Arm from the reference node to the node at rest, mm, global axes.
    pub arm: Vec3,
    /// Whether rotations are finite; small ones otherwise. Linear analyses see the small ones.
    pub finite: bool,
}

impl RotationNode {
    pub(super) fn check(&self, n_nodes: usize) -> Result<(), StaticsError> {
        if n_nodes <= self.node as usize {
            return Err(StaticsError::NoSuchNode { what: "a rotation", node: self.node });
        }
        let sound = 0.0 < self.length && self.length.is_finite();
        if sound { Ok(()) } else { Err(StaticsError::BadNumber { what: "the length of a rotation" }) }
    }
}

impl RigidLink {
    pub(super) fn check(&self, n_nodes: usize) -> Result<(), StaticsError> {
        if n_nodes <= self.reference as usize {
            return Err(StaticsError::NoSuchNode { what: "a rigid link", node: self.reference });
        }
        let sound = self.arm.iter().all(|x| x.is_finite());
        if sound { Ok(()) } else { Err(StaticsError::BadNumber { what: "the arm of a rigid link" }) }
    }

    /// Unit vector of the dof in global axes.
    pub(super) fn direction(&self, frame: impl Fn(u32) -> Matrix3<f64>) -> Vec3 {
        frame(self.dof.node).column(usize::from(self.dof.axis)).into_owned()
    }

    /// The link about a rotation, exact there: linear in the unknowns of its nodes.
    ///
    /// - `rotation`: θ, global axes; ignored where rotations are small
    /// - `length`: of the rotation node, mm
    /// - `frame`: axes of a node as columns
    pub(super) fn equation(
        &self,
        rotation: Vec3,
        length: f64,
        frame: impl Fn(u32) -> Matrix3<f64>,
    ) -> Equation {
        let at = if self.finite { rotation } else { Vec3::zeros() };
        let e = self.direction(&frame);
        let turned = turn(at) * self.arm;
        let slope = -turned.cross_matrix() * spin(at);
        let along = frame(self.reference).tr_mul(&e);
        let about = frame(self.rotation).tr_mul(&slope.tr_mul(&e)) / length;
        let mut terms = vec![(self.dof, 1.0)];
        for axis in 0..3_u8 {
            terms.push((Dof { node: self.reference, axis }, -along[usize::from(axis)]));
            terms.push((Dof { node: self.rotation, axis }, -about[usize::from(axis)]));
        }
        Equation { terms, value: e.dot(&(turned - self.arm - slope * at)) }
    }
}

/// R(θ).
fn turn(rotation: Vec3) -> Matrix3<f64> {
    nalgebra::Rotation3::new(rotation).into_inner()
}

/// S(θ): the spin of a change of the rotation vector.
fn spin(rotation: Vec3) -> Matrix3<f64> {
    let angle = rotation.norm();
    let cross = rotation.cross_matrix();
    // Below this the series to θ² is exact to round-off.
    let (a, b) = if angle < 1e-4 {
        (0.5 - angle * angle / 24.0, 1.0 / 6.0 - angle * angle / 120.0)
    } else {
        // 1 − cos θ without cancellation.
        let half = (0.5 * angle).sin() / angle;
        (2.0 * half * half, (angle - angle.sin()) / angle.powi(3))
    };
    Matrix3::identity() + a * cross + b * cross * cross
}

/// Second derivative of Σ f·R(θ) d by θ, N mm.
///
/// - `pulls`: arms d, mm, and forces f, N
///
/// The part of S is differenced centrally: it steers Newton's method and enters no residual.
pub(super) fn curvature(rotation: Vec3, pulls: &[(Vec3, Vec3)]) -> Matrix3<f64> {
    let r = turn(rotation);
    let s = spin(rotation);
    let (mut moment, mut lever) = (Vec3::zeros(), Matrix3::zeros());
    for (d, f) in pulls {
        let arm = r * d;
        moment += arm.cross(f);
        lever += arm * f.transpose() - Matrix3::identity() * arm.dot(f);
    }
    let mut out = s.tr_mul(&(lever * s));
    const STEP: f64 = 1e-5;
    for axis in 0..3 {
        let aside = STEP * Vec3::ith(axis, 1.0);
        let change = (spin(rotation + aside) - spin(rotation - aside)).tr_mul(&moment) / (2.0 * STEP);
        out.set_column(axis, &(out.column(axis) + change));
    }
    0.5 * (out + out.transpose())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> RigidLink {
        RigidLink {
            dof: Dof { node: 0, axis: 1 },
            reference: 1,
            rotation: 2,
            arm: Vec3::new(3.0, -1.0, 2.0),
            finite: true,
        }
    }

    #[test]
    fn a_link_is_exact_where_it_is_taken_and_its_slopes_are_its_derivatives() {
        let plain = |_: u32| Matrix3::identity();
        for rotation in [Vec3::zeros(), Vec3::new(1e-5, 2e-5, 0.0), Vec3::new(0.7, -1.1, 0.4)] {
            let exact = |theta: Vec3| (turn(theta) * link().arm - link().arm).y;
            let equation = link().equation(rotation, 2.0, plain);
            let of_rotation = |axis: u8| {
                let own = equation.terms.iter().find(|(dof, _)| *dof == Dof { node: 2, axis });
                // The unknown is 2 θ.
                -2.0 * own.map_or(0.0, |t| t.1)
            };
            let slope = Vec3::from_fn(|axis, _| of_rotation(axis as u8));
            assert!((equation.value + slope.dot(&rotation) - exact(rotation)).abs() < 1e-14);
            for axis in 0..3 {
                let aside = 1e-5 * Vec3::ith(axis, 1.0);
                let difference = (exact(rotation + aside) - exact(rotation - aside)) / 2e-5;
                // Central differences at 1e-5 err by 1e-10.
                assert!((difference - slope[axis]).abs() < 1e-9, "{difference} {}", slope[axis]);
            }
        }
    }

    #[test]
    fn the_curvature_is_the_second_derivative_of_the_work() {
        let pulls = [
            (Vec3::new(3.0, -1.0, 2.0), Vec3::new(1.0, 4.0, -2.0)),
            (Vec3::new(0.5, 2.0, -1.0), Vec3::new(-3.0, 1.0, 0.5)),
        ];
        let work = |theta: Vec3| pulls.iter().map(|(d, f)| f.dot(&(turn(theta) * d))).sum::<f64>();
        for rotation in [Vec3::new(1e-6, 0.0, 0.0), Vec3::new(0.7, -1.1, 0.4)] {
            let found = curvature(rotation, &pulls);
            for i in 0..3 {
                for j in 0..3 {
                    let at = |a: f64, b: f64| {
                        work(rotation + 1e-3 * (a * Vec3::ith(i, 1.0) + b * Vec3::ith(j, 1.0)))
                    };
                    let difference = (at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0)) / 4e-6;
                    // Second differences at 1e-3 err by 1e-6 of the work.
                    assert!((difference - found[(i, j)]).abs() < 3e-5, "{difference} {}", found[(i, j)]);
                }
            }
        }
    }
}
