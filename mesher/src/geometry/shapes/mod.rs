//! Simple solids and smooth combinations of fields.
//!
//! A [`Solid`] is a list of steps, each adding or carving one [`Shape`] with a blending radius, mirrored at
//! the plane x = 0. Shapes are not exact distances: an elliptical level set f is turned into (f − 1)/|∇f|,
//! which is the distance to first order. Values travel with their gradients ([`Sloped`]), so that the
//! finished solid can divide by the slope that blending takes away, up to 1/√2 in a right-angled fillet.
//! Every shape knows a sphere around itself; steps too far away to change the value are skipped without
//! changing a bit of it.

mod part;
mod plain;
mod sheet;
mod solid;

pub use part::{Clearing, Drum, Link, Node, Shape};
pub use plain::{capsule, half_space, rounded_box, rounded_cone, smooth_max, smooth_min};
pub use sheet::Sheet;
pub use solid::Solid;

use crate::Vec3;

/// Value of a field at a point, with its gradient there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sloped {
    /// Signed value, mm.
    pub value: f64,
    /// Gradient, dimensionless.
    pub slope: Vec3,
}

impl Sloped {
    /// The complement: inside and outside exchanged.
    pub fn flipped(self) -> Self {
        Self { value: -self.value, slope: -self.slope }
    }

    /// This value plus `offset` mm.
    pub fn plus(self, offset: f64) -> Self {
        Self { value: self.value + offset, ..self }
    }

    /// Smooth minimum: the union, with fillets.
    ///
    /// ```text
    /// min(a, b) − k h² / 4        h = max(1 − |a − b|/k, 0)
    /// ```
    /// - `k`: blending radius, mm; 0 is the plain minimum
    #[must_use]
    pub fn smooth_min(self, other: Self, k: f64) -> Self {
        let (low, high) = if self.value <= other.value { (self, other) } else { (other, self) };
        let gap = high.value - low.value;
        if gap >= k {
            return low;
        }
        let h = 1.0 - gap / k;
        Self { value: low.value - 0.25 * k * h * h, slope: low.slope + (high.slope - low.slope) * (0.5 * h) }
    }

    /// Smooth maximum: the intersection, with rounded edges; see [`Sloped::smooth_min`].
    #[must_use]
    pub fn smooth_max(self, other: Self, k: f64) -> Self {
        self.flipped().smooth_min(other.flipped(), k).flipped()
    }
}

/// Ellipse (third semi-axis infinite) or ellipsoid with semi-axes `r` at `q`, both in `axes`.
fn elliptic(q: [f64; 3], r: [f64; 3], axes: &Axes) -> Sloped {
    let t = [q[0] / r[0], q[1] / r[1], q[2] / r[2]];
    let level = t[0] * t[0] + t[1] * t[1] + t[2] * t[2];
    if level < 1e-8 {
        return Sloped { value: -r[0].min(r[1]).min(r[2]), slope: axes.u };
    }
    let level = level.sqrt();
    let g = axes.u * (t[0] / r[0]) + axes.v * (t[1] / r[1]) + axes.w * (t[2] / r[2]);
    let steep = g.norm();
    Sloped { value: (level - 1.0) * level / steep, slope: g / steep }
}

/// Right-handed orthonormal axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// First axis.
    pub u: Vec3,
    /// Second axis.
    pub v: Vec3,
    /// Third axis.
    pub w: Vec3,
}

impl Axes {
    /// Axes with `w` along `third` and `u` as near to `first` as it can be.
    ///
    /// `first` and `third` must not be parallel or zero.
    pub fn around(third: Vec3, first: Vec3) -> Self {
        let w = third.normalize();
        let u = (first - w * w.dot(&first)).normalize();
        Self { u, v: w.cross(&u), w }
    }

    /// Coordinates of `d` in these axes.
    pub fn of(&self, d: Vec3) -> [f64; 3] {
        [d.dot(&self.u), d.dot(&self.v), d.dot(&self.w)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smooth_minimum_is_the_minimum_beyond_the_blend_and_lower_by_a_quarter_inside() {
        let at = |value| Sloped { value, slope: Vec3::x() };
        assert_eq!(at(1.0).smooth_min(at(4.0), 2.0).value, 1.0);
        assert_eq!(at(1.0).smooth_min(at(1.0), 2.0).value, 0.5);
        assert_eq!(at(-1.0).smooth_max(at(-1.0), 2.0).value, -0.5);
        assert_eq!(at(3.0).smooth_min(at(2.0), 0.0).value, 2.0);
    }

    #[test]
    fn ellipsoid_values_are_distances_to_first_order() {
        let axes = Axes::around(Vec3::new(0.3, -0.2, 1.0), Vec3::x());
        let r = [7.0, 5.0, 3.0];
        for k in 0..40 {
            let (s, c) = (0.7 * f64::from(k)).sin_cos();
            let z = f64::from(k) / 20.0 - 0.975;
            let n = (1.0 - z * z).sqrt();
            let on = [r[0] * c * n, r[1] * s * n, r[2] * z];
            let at = elliptic(on, r, &axes);
            assert!(at.value.abs() < 1e-12);
            // 0.01 mm along the normal: the error is of second order over the least radius of 9/7 mm.
            let off = axes.of(axes.u * on[0] + axes.v * on[1] + axes.w * on[2] + at.slope * 0.01);
            assert!((elliptic(off, r, &axes).value - 0.01).abs() < 2e-4);
        }
    }
}
