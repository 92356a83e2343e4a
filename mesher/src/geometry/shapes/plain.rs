//! Values of single shapes without their gradients, for fields that are not bones.

use crate::Vec3;

/// Smooth minimum of two values, mm: the union, with fillets of blending radius `k` mm.
///
/// ```text
/// min(a, b) − k h² / 4        h = max(1 − |a − b|/k, 0)
/// ```
pub fn smooth_min(a: f64, b: f64, k: f64) -> f64 {
    let gap = (a - b).abs();
    if gap >= k {
        return a.min(b);
    }
    let h = 1.0 - gap / k;
    a.min(b) - 0.25 * k * h * h
}

/// Smooth maximum of two values, mm: the intersection, with rounded edges; see [`smooth_min`].
pub fn smooth_max(a: f64, b: f64, k: f64) -> f64 {
    -smooth_min(-a, -b, k)
}

/// Distance from the half space behind the plane through `point` with unit `normal`, mm.
pub fn half_space(p: Vec3, point: Vec3, normal: Vec3) -> f64 {
    (p - point).dot(&normal)
}

/// Distance from the capsule of radius `radius` about the segment from `a` to `b`, mm.
pub fn capsule(p: Vec3, a: Vec3, b: Vec3, radius: f64) -> f64 {
    rounded_cone(p, a, b, [radius; 2])
}

/// Value of the solid swept by a ball whose radius goes from `radii[0]` at `a` to `radii[1]` at `b`, mm.
///
/// A distance for equal radii; else its gradient is √(1 + ((r₁ − r₀)/|b − a|)²) long.
pub fn rounded_cone(p: Vec3, a: Vec3, b: Vec3, radii: [f64; 2]) -> f64 {
    let along = b - a;
    let t = ((p - a).dot(&along) / along.norm_squared().max(1e-12)).clamp(0.0, 1.0);
    (p - a - along * t).norm() - (radii[0] + t * (radii[1] - radii[0]))
}

/// Distance from the box with half edges `half` about the origin, its edges rounded by `radius`, mm.
///
/// The rounding lies inside the box; `radius` must not exceed the least half edge.
pub fn rounded_box(p: Vec3, half: Vec3, radius: f64) -> f64 {
    let q = p.abs() - half + Vec3::repeat(radius);
    q.sup(&Vec3::zeros()).norm() + q.max().min(0.0) - radius
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_plain_shapes_are_those_of_their_closed_forms() {
        let (o, x) = (Vec3::zeros(), Vec3::x());
        assert_eq!(half_space(Vec3::new(3.0, 1.0, 0.0), x, x), 2.0);
        assert_eq!(capsule(Vec3::new(2.0, 3.0, 0.0), o, x * 4.0, 1.0), 2.0);
        assert_eq!(capsule(Vec3::new(7.0, 4.0, 0.0), o, x * 4.0, 1.0), 4.0);
        assert_eq!(rounded_cone(Vec3::new(2.0, 3.0, 0.0), o, x * 4.0, [1.0, 2.0]), 1.5);
        let half = Vec3::new(3.0, 2.0, 1.0);
        assert_eq!(rounded_box(Vec3::new(5.0, 0.0, 0.0), half, 0.5), 2.0);
        assert_eq!(rounded_box(o, half, 0.5), -1.0);
        // Corner of the rounded box: on the diagonal of the ball about its middle.
        let corner = half - Vec3::repeat(0.5) + Vec3::repeat(0.5 / 3.0_f64.sqrt());
        assert!(rounded_box(corner, half, 0.5).abs() < 1e-12);
        assert!((smooth_max(-1.0, -1.0, 2.0) + 0.5).abs() < 1e-12);
        assert_eq!(smooth_min(1.0, 4.0, 2.0), 1.0);
    }
}
