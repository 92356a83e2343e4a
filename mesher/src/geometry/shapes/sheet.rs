//! Curved sheets: what the two sides of a joint have in common.

use super::{Axes, Sloped};
use crate::Vec3;

/// Curved sheet w = h(u, v) about a point: what the two sides of a joint have in common.
///
/// ```text
/// h = (κᵤ u² + κᵥ v²)/2 + c t² (3 − 2t)        t = (|u| − u₀)/d, clamped to 0..1
/// ```
/// The second term raises both sides by c over a step of width d: the uncinate processes of an endplate.
/// The height is frozen beyond `reach`, so that the sheet stays tame far from the joint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    /// Middle of the sheet, mm.
    pub origin: Vec3,
    /// Axes; `w` is the normal at the middle.
    pub axes: Axes,
    /// Curvatures κᵤ, κᵥ, 1/mm, positive when the sheet bends toward +w.
    pub curvature: [f64; 2],
    /// Lateral step: rise c, where it starts, u₀, and its width d > 0, mm.
    pub step: [f64; 3],
    /// Half extents in u and v beyond which the height is constant, mm.
    pub reach: [f64; 2],
}

impl Sheet {
    /// Point of the sheet over (u, v), mm.
    pub fn at(&self, u: f64, v: f64) -> Vec3 {
        let flat = self.origin + self.axes.u * u + self.axes.v * v;
        flat + self.axes.w * self.height(u, v).0
    }

    /// Height above the sheet at `p`, about a distance, positive on the side of +w.
    pub fn above(&self, p: Vec3) -> Sloped {
        let [u, v, w] = self.axes.of(p - self.origin);
        let (height, du, dv) = self.height(u, v);
        let steep = (1.0 + du * du + dv * dv).sqrt();
        let slope = (self.axes.w - self.axes.u * du - self.axes.v * dv) / steep;
        Sloped { value: (w - height) / steep, slope }
    }

    /// h and its derivatives in u and v.
    fn height(&self, u: f64, v: f64) -> (f64, f64, f64) {
        let u = u.clamp(-self.reach[0], self.reach[0]);
        let v = v.clamp(-self.reach[1], self.reach[1]);
        let [rise, from, width] = self.step;
        let t = ((u.abs() - from) / width).clamp(0.0, 1.0);
        let bowl = 0.5 * (self.curvature[0] * u * u + self.curvature[1] * v * v);
        let height = bowl + rise * t * t * (3.0 - 2.0 * t);
        let du = self.curvature[0] * u + 6.0 * rise / width * t * (1.0 - t) * u.signum();
        (height, du, self.curvature[1] * v)
    }

    /// The same sheet displaced by `distance` mm along its normal.
    pub fn raised(&self, distance: f64) -> Self {
        Self { origin: self.origin + self.axes.w * distance, ..*self }
    }
}
