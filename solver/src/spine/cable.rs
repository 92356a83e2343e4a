//! Cables that pull, straight or around a post: ligaments, and pieces of a follower load.

use super::{Anchors, Curve, Link, Post, Response};
use dens_mesher::Vec3;
use nalgebra::{Matrix3, SMatrix, SVector};

/// Straight cable between two bones, tension only.
#[derive(Debug, Clone)]
pub struct Cable {
    anchors: Anchors,
    end: Vec3,
    slack_length: f64,
    curve: Curve,
}

impl Cable {
    /// Cable between points of two bones.
    ///
    /// - `ends`: where it is fixed, in the undeformed neck, mm
    /// - `slack`: how much longer than the distance of its ends it is, mm; negative: it is taut from the start
    pub fn new(name: &str, bones: [usize; 2], [first, end]: [Vec3; 2], slack: f64, curve: Curve) -> Self {
        let slack_length = (first - end).norm() + slack;
        Self { anchors: Anchors::new(name, bones, vec![first]), end, slack_length, curve }
    }
}

impl Link for Cable {
    fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    fn respond(&self, seen: &[Vec3]) -> Response {
        let along = seen[0] - self.end;
        let length = along.norm();
        let [energy, force, stiffness] = self.curve.at(length - self.slack_length);
        // Ends that meet have no direction; there is no tension left then either.
        let n = along.try_normalize(1e-12).unwrap_or_else(Vec3::z);
        let across = if 1e-12 < length { force / length } else { 0.0 };
        let h = (stiffness - across) * n * n.transpose() + across * Matrix3::identity();
        Response { energy, gradients: vec![force * n], blocks: vec![(0, 0, h)] }
    }
}

/// Cable between two points of one bone that passes behind a post of the other: the transverse ligament.
///
/// ```text
/// L² = (t_a + t_b + r ψ)² + Δz²        t: tangents, ψ: angle of the arc, z: along the post
/// ```
/// the shortest line on the unrolled cylinder. Where it does not touch the post it does nothing.
#[derive(Debug, Clone)]
pub struct Wrapped {
    anchors: Anchors,
    post: Post,
    behind: Vec3,
    slack_length: f64,
    curve: Curve,
}

impl Wrapped {
    /// Cable of the first bone around a post of the second.
    ///
    /// - `ends`: in the undeformed neck, mm; farther from the axis of the post than its radius
    /// - `behind`: side on which it passes the post
    /// - `slack`: how much longer it is than its path in the undeformed neck, mm
    pub fn new(
        name: &str,
        bones: [usize; 2],
        ends: [Vec3; 2],
        post: Post,
        behind: Vec3,
        slack: f64,
        curve: Curve,
    ) -> Self {
        let behind = (behind - post.axis * behind.dot(&post.axis)).normalize();
        let anchors = Anchors::new(name, bones, ends.to_vec());
        let mut cable = Self { anchors, post, behind, slack_length: 0.0, curve };
        cable.slack_length = slack + cable.path(&ends).length;
        cable
    }

    /// Length of the shortest line between two points that passes a post on the side `behind`, mm.
    pub fn around(ends: [Vec3; 2], post: Post, behind: Vec3) -> f64 {
        Self::new("", [0, 1], ends, post, behind, 0.0, Curve::Constant(0.0)).slack_length
    }

    fn path(&self, seen: &[Vec3; 2]) -> Path {
        let side = self.post.axis.cross(&self.behind);
        let radius = self.post.radius;
        let polar = |p: Vec3| {
            let d = p - self.post.origin;
            let flat = d - self.post.axis * d.dot(&self.post.axis);
            (flat, flat.norm(), d.dot(&side).atan2(d.dot(&self.behind)))
        };
        let [a, b] = seen.map(polar);
        // From b over the back to a, whichever lies on the side of `side`.
        let sign = if (a.2 - b.2) < 0.0 { -1.0 } else { 1.0 };
        let arc = sign * (a.2 - b.2) - (radius / a.1).min(1.0).acos() - (radius / b.1).min(1.0).acos();
        let rise = (seen[0] - seen[1]).dot(&self.post.axis);
        if arc <= 0.0 || a.1 <= radius || b.1 <= radius {
            return Path { length: (seen[0] - seen[1]).norm(), wrapped: None };
        }
        let tangents = [a.1, b.1].map(|d| (d * d - radius * radius).sqrt());
        let flat = tangents[0] + tangents[1] + radius * arc;
        let length = flat.hypot(rise);
        let mut first = SVector::<f64, 6>::zeros();
        let mut second = SMatrix::<f64, 6, 6>::zeros();
        let mut up = SVector::<f64, 6>::zeros();
        for (i, ((across, d, _), turn)) in [a, b].into_iter().zip([sign, -sign]).enumerate() {
            let outward = across / d;
            let around = self.post.axis.cross(&outward) * turn;
            let along = outward * (tangents[i] / d) + around * (radius / d);
            let n = self.post.axis.cross(&along);
            first.fixed_rows_mut::<3>(3 * i).copy_from(&along);
            second.fixed_view_mut::<3, 3>(3 * i, 3 * i).copy_from(&(n * n.transpose() / tangents[i]));
            up.fixed_rows_mut::<3>(3 * i).copy_from(&(if i == 0 { self.post.axis } else { -self.post.axis }));
        }
        let gradient = (first * flat + up * rise) / length;
        let hessian = (first * first.transpose() + second * flat + up * up.transpose()
            - gradient * gradient.transpose())
            / length;
        Path { length, wrapped: Some((gradient, hessian)) }
    }
}

/// Length of a wrapped cable with its derivatives in its two ends; `None`: it does not touch the post.
struct Path {
    length: f64,
    wrapped: Option<(SVector<f64, 6>, SMatrix<f64, 6, 6>)>,
}

impl Link for Wrapped {
    fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    fn respond(&self, seen: &[Vec3]) -> Response {
        let path = self.path(&[seen[0], seen[1]]);
        let [energy, force, stiffness] = self.curve.at(path.length - self.slack_length);
        let Some((gradient, hessian)) = path.wrapped else {
            return Response { energy, gradients: vec![Vec3::zeros(); 2], blocks: Vec::new() };
        };
        let h = stiffness * gradient * gradient.transpose() + force * hessian;
        let part = |i: usize, j: usize| (i, j, h.fixed_view::<3, 3>(3 * i, 3 * j).into_owned());
        Response {
            energy,
            gradients: (0..2).map(|i| force * gradient.fixed_rows::<3>(3 * i)).collect(),
            blocks: vec![part(0, 0), part(0, 1), part(1, 0), part(1, 1)],
        }
    }
}
