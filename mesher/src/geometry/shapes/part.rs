//! The simple solids that bones are made of.

use super::{Axes, Sheet, Sloped, elliptic};
use crate::Vec3;
use crate::geometry::Aabb;

/// One end of a [`Shape::Chain`] link: a point with an elliptical section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Middle of the section, mm.
    pub at: Vec3,
    /// Semi-axes along the chain's wide direction and across it, mm.
    pub radii: [f64; 2],
}

/// Straight tapered link between two nodes, with rounded ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    from: Vec3,
    axes: Axes,
    length: f64,
    radii: [[f64; 2]; 2],
    middle: Vec3,
    reach: f64,
}

impl Link {
    fn between(a: Node, b: Node, wide: Vec3) -> Self {
        let along = b.at - a.at;
        let axes = Axes::around(along, wide);
        let widest = a.radii[0].max(a.radii[1]).max(b.radii[0]).max(b.radii[1]);
        Self {
            from: a.at,
            axes,
            length: along.norm(),
            radii: [a.radii, b.radii],
            middle: 0.5 * (a.at + b.at),
            reach: 0.5 * along.norm() + widest,
        }
    }

    fn sample(&self, p: Vec3) -> Sloped {
        let [u, v, w] = self.axes.of(p - self.from);
        let t = (w / self.length).clamp(0.0, 1.0);
        let a = self.radii[0][0] + t * (self.radii[1][0] - self.radii[0][0]);
        let b = self.radii[0][1] + t * (self.radii[1][1] - self.radii[0][1]);
        elliptic([u, v, w - t * self.length], [a, b, a.min(b)], &self.axes)
    }
}

/// Vertebral body: a column with a waist between two sheets.
///
/// The section mixes an ellipse and a cubic superellipse, m ‖(u/a, v/b)‖₃ + (1 − m) ‖(u/a, v/b)‖₂ = 1, with
/// its own b to the front (v < 0) and back and m = 0.2 in front (round), 1 behind (flat), between them for
/// the lower and upper halves of the sides; a and b run from the lower to the upper values and shrink by
/// `waist` half-way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drum {
    /// Middle of the lower and of the upper end, mm.
    pub ends: [Vec3; 2],
    /// Semi-axes at the lower and upper end: lateral, to the front, to the back, mm.
    pub radii: [[f64; 3]; 2],
    /// Part of the semi-axes lost half-way, dimensionless.
    pub waist: f64,
    /// Sheet below and sheet above.
    pub sheets: [Sheet; 2],
    /// Radius of the rounded rims, mm.
    pub rim: f64,
}

impl Drum {
    fn sample(&self, p: Vec3) -> Sloped {
        let along = self.ends[1] - self.ends[0];
        let height = along.norm();
        let axes = Axes::around(along, Vec3::x());
        let [u, v, w] = axes.of(p - self.ends[0]);
        let t = (w / height).clamp(-0.2, 1.2);
        let narrowing = 1.0 - self.waist * (1.0 - (2.0 * t - 1.0) * (2.0 * t - 1.0)).max(0.0);
        let at = |i: usize| (self.radii[0][i] + t * (self.radii[1][i] - self.radii[0][i])) * narrowing;
        let (a, b) = (at(0), if v < 0.0 { at(1) } else { at(2) });
        let (s, q) = (u.abs() / a, v.abs() / b);
        let (round, cubic) = (s.hypot(q), (s * s * s + q * q * q).cbrt());
        let column = if round < 1e-6 {
            Sloped { value: -a.min(b), slope: axes.u }
        } else {
            let m = if v < 0.0 { 0.25 } else { 0.9 };
            let part = |c: f64| m * (c / cubic) * (c / cubic) + (1.0 - m) * c / round;
            let level = m * cubic + (1.0 - m) * round;
            let g = axes.u * (part(s) / a * u.signum()) + axes.v * (part(q) / b * v.signum());
            let steep = g.norm();
            Sloped { value: (level - 1.0) / steep, slope: g / steep }
        };
        let below = self.sheets[0].above(p);
        let above = self.sheets[1].above(p);
        column.smooth_max(above, self.rim).smooth_max(below.flipped(), self.rim)
    }
}

/// Space on one side of a sheet, within an elliptical column: what is cleared to expose a joint surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clearing {
    /// Surface to expose.
    pub sheet: Sheet,
    /// +1 clears above the sheet, −1 below.
    pub side: f64,
    /// Semi-axes of the column along the sheet's u and v, mm.
    pub radii: [f64; 2],
    /// How far the clearing goes from the sheet, mm.
    pub height: f64,
}

impl Clearing {
    fn sample(&self, p: Vec3) -> Sloped {
        let [u, v, _] = self.sheet.axes.of(p - self.sheet.origin);
        let above = self.sheet.above(p);
        let away = if self.side < 0.0 { above.flipped() } else { above };
        let column = elliptic([u, v, 0.0], [self.radii[0], self.radii[1], 1e6], &self.sheet.axes);
        // 1 mm rounds the rim of the clearing; it is outside the joint's ellipse.
        column.smooth_max(away.flipped(), 0.6).smooth_max(away.plus(-self.height), 1.0)
    }
}

/// One simple solid.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Ellipsoid: middle, axes, semi-axes in mm.
    Ellipsoid(Vec3, Axes, [f64; 3]),
    /// Links end to end.
    Chain(Vec<Link>),
    /// Vertebral body.
    Drum(Box<Drum>),
    /// Cleared side of a joint.
    Clearing(Box<Clearing>),
}

impl Shape {
    /// Ellipsoid along the coordinate axes.
    pub fn ellipsoid(middle: Vec3, radii: [f64; 3]) -> Self {
        Shape::Ellipsoid(middle, Axes { u: Vec3::x(), v: Vec3::y(), w: Vec3::z() }, radii)
    }

    /// Smooth curve through `nodes` (Catmull–Rom, `pieces` links per span) with elliptical sections.
    ///
    /// - `wide`: direction of the first semi-axis of every section; not parallel to any span
    pub fn chain(nodes: &[Node], wide: Vec3, pieces: usize) -> Self {
        let mut curve = Vec::with_capacity(nodes.len() * pieces);
        for i in 0..nodes.len() - 1 {
            let before = if i == 0 { reflected(nodes[1], nodes[0]) } else { nodes[i - 1] };
            let after = if i + 2 < nodes.len() { nodes[i + 2] } else { reflected(nodes[i], nodes[i + 1]) };
            for k in 0..pieces {
                let t = k as f64 / pieces as f64;
                curve.push(on_curve([before, nodes[i], nodes[i + 1], after], t));
            }
        }
        curve.push(nodes[nodes.len() - 1]);
        Shape::Chain(curve.windows(2).map(|w| Link::between(w[0], w[1], wide)).collect())
    }

    /// Value and gradient at `p`.
    pub(super) fn sample(&self, p: Vec3) -> Sloped {
        match self {
            Shape::Ellipsoid(middle, axes, radii) => elliptic(axes.of(p - middle), *radii, axes),
            Shape::Chain(links) => {
                let mut least = Sloped { value: f64::INFINITY, slope: Vec3::zeros() };
                for link in links {
                    let clear = (p - link.middle).norm() - link.reach;
                    if clear < least.value {
                        let at = link.sample(p);
                        if at.value.max(clear) < least.value {
                            least = Sloped { value: at.value.max(clear), ..at };
                        }
                    }
                }
                least
            }
            Shape::Drum(drum) => drum.sample(p),
            Shape::Clearing(clearing) => clearing.sample(p),
        }
    }

    /// Box around the shape; for a drum, around its column between heights a radius beyond the ends.
    pub(super) fn extent(&self) -> Aabb {
        match self {
            Shape::Ellipsoid(middle, axes, radii) => {
                let half =
                    |i: usize| (axes.u[i] * radii[0]).hypot(axes.v[i] * radii[1]).hypot(axes.w[i] * radii[2]);
                let half = Vec3::new(half(0), half(1), half(2));
                Aabb { min: middle - half, max: middle + half }
            }
            Shape::Chain(links) => links.iter().fold(Aabb::empty(), |b, l| {
                let ends = [l.from, l.from + l.axes.w * l.length];
                (0..2).fold(b, |b, i| {
                    let radius = l.radii[i][0].max(l.radii[i][1]);
                    b.union(Aabb { min: ends[i], max: ends[i] }.grown(radius))
                })
            }),
            Shape::Drum(d) => (0..2).fold(Aabb::empty(), |b, i| {
                let [lateral, front, back] = d.radii[i];
                let half = Vec3::new(lateral, front.max(back), 0.6 * lateral.max(front));
                b.union(Aabb { min: d.ends[i] - half, max: d.ends[i] + half })
            }),
            Shape::Clearing(_) => {
                let (middle, reach) = self.sphere();
                Aabb { min: middle, max: middle }.grown(reach)
            }
        }
    }

    /// Middle and radius of a sphere around the shape.
    pub(super) fn sphere(&self) -> (Vec3, f64) {
        match self {
            Shape::Ellipsoid(middle, _, radii) => (*middle, radii[0].max(radii[1]).max(radii[2])),
            Shape::Chain(links) => {
                let ends = links.iter().flat_map(|l| [l.middle]);
                let bounds = ends.fold(Aabb::empty(), |b, p| b.including(p));
                let middle = bounds.center();
                (middle, links.iter().map(|l| (l.middle - middle).norm() + l.reach).fold(0.0, f64::max))
            }
            Shape::Drum(drum) => {
                let middle = 0.5 * (drum.ends[0] + drum.ends[1]);
                let widest = drum.radii.iter().flatten().fold(0.0, |a: f64, r| a.max(*r));
                // Sheets may stand above the ends by their step and tilt, at most about the radius again.
                (middle, 0.5 * (drum.ends[1] - drum.ends[0]).norm() + 1.8 * widest)
            }
            Shape::Clearing(c) => (c.sheet.origin, c.radii[0].max(c.radii[1]).hypot(c.height) + 3.0),
        }
    }
}

/// Node beyond `end`, as far from it as `inner`, for the tangent of a curve at its end.
fn reflected(inner: Node, end: Node) -> Node {
    // A curve that ends in the mid-sagittal plane meets its mirror image there without a corner.
    if end.at.x.abs() < 1e-9 && inner.at.x.abs() > 1e-9 {
        return Node { at: Vec3::new(-inner.at.x, inner.at.y, inner.at.z), radii: inner.radii };
    }
    Node { at: 2.0 * end.at - inner.at, radii: end.radii }
}

fn on_curve(nodes: [Node; 4], t: f64) -> Node {
    let weights = [
        0.5 * (-t + 2.0 * t * t - t * t * t),
        0.5 * (2.0 - 5.0 * t * t + 3.0 * t * t * t),
        0.5 * (t + 4.0 * t * t - 3.0 * t * t * t),
        0.5 * (-t * t + t * t * t),
    ];
    let at = (0..4).fold(Vec3::zeros(), |a, i| a + nodes[i].at * weights[i]);
    // Radii linearly: a spline could undershoot where the bone is thin.
    let radii = [0, 1].map(|k| nodes[1].radii[k] + t * (nodes[2].radii[k] - nodes[1].radii[k]));
    Node { at, radii }
}
