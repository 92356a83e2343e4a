//! Simple solids and smooth combinations of fields.
//!
//! A [`Solid`] is a list of steps, each adding or carving one [`Shape`] with a blending radius, mirrored at
//! the plane x = 0. Shapes are not exact distances: an elliptical level set f is turned into (f − 1)/|∇f|,
//! which is the distance to first order. Every shape knows a sphere around itself, so that steps too far
//! away to change the value are skipped without changing a bit of it.

use super::{Aabb, Field};
use crate::Vec3;

/// Smooth minimum of two fields, mm: the union, with fillets.
///
/// ```text
/// min(a, b) − k h² / 4        h = max(1 − |a − b|/k, 0)
/// ```
/// - `k`: blending radius, mm; 0 is the plain minimum
pub fn smooth_min(a: f64, b: f64, k: f64) -> f64 {
    let gap = (a - b).abs();
    if gap >= k {
        return a.min(b);
    }
    let h = 1.0 - gap / k;
    a.min(b) - 0.25 * k * h * h
}

/// Smooth maximum of two fields, mm: the intersection, with rounded edges; see [`smooth_min`].
pub fn smooth_max(a: f64, b: f64, k: f64) -> f64 {
    -smooth_min(-a, -b, k)
}

/// Signed value of an ellipse or ellipsoid with semi-axes `r` at `q` (in its own axes), mm.
fn elliptic<const N: usize>(q: [f64; N], r: [f64; N]) -> f64 {
    let (mut level, mut slope, mut least) = (0.0, 0.0, f64::INFINITY);
    for i in 0..N {
        let t = q[i] / r[i];
        level += t * t;
        slope += (t / r[i]) * (t / r[i]);
        least = r[i].min(least);
    }
    if level < 1e-8 {
        return -least;
    }
    let level = level.sqrt();
    (level - 1.0) * level / slope.sqrt()
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

    /// Height above the sheet at `p`, mm, about a distance, positive on the side of +w.
    pub fn above(&self, p: Vec3) -> f64 {
        let [u, v, w] = self.axes.of(p - self.origin);
        let (height, du, dv) = self.height(u, v);
        (w - height) / (1.0 + du * du + dv * dv).sqrt()
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

    fn value(&self, p: Vec3) -> f64 {
        let [u, v, w] = self.axes.of(p - self.from);
        let t = (w / self.length).clamp(0.0, 1.0);
        let a = self.radii[0][0] + t * (self.radii[1][0] - self.radii[0][0]);
        let b = self.radii[0][1] + t * (self.radii[1][1] - self.radii[0][1]);
        elliptic([u, v, w - t * self.length], [a, b, a.min(b)])
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
    fn value(&self, p: Vec3) -> f64 {
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
            -a.min(b)
        } else {
            let m = if v < 0.0 { 0.25 } else { 0.9 };
            let slope = |c: f64| m * (c / cubic) * (c / cubic) + (1.0 - m) * c / round;
            let level = m * cubic + (1.0 - m) * round;
            (level - 1.0) / (slope(s) / a).hypot(slope(q) / b)
        };
        let below = self.sheets[0].above(p);
        let above = self.sheets[1].above(p);
        smooth_max(smooth_max(column, above, self.rim), -below, self.rim)
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
    fn value(&self, p: Vec3) -> f64 {
        let [u, v, _] = self.sheet.axes.of(p - self.sheet.origin);
        let away = self.side * self.sheet.above(p);
        let column = elliptic([u, v], self.radii);
        // 1 mm rounds the rim of the clearing; it is outside the joint's ellipse.
        smooth_max(smooth_max(column, -away, 0.6), away - self.height, 1.0)
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

    /// Signed value at `p`, mm.
    fn value(&self, p: Vec3) -> f64 {
        match self {
            Shape::Ellipsoid(middle, axes, radii) => elliptic(axes.of(p - middle), *radii),
            Shape::Chain(links) => {
                let mut least = f64::INFINITY;
                for link in links {
                    let clear = (p - link.middle).norm() - link.reach;
                    if clear < least {
                        least = link.value(p).max(clear).min(least);
                    }
                }
                least
            }
            Shape::Drum(drum) => drum.value(p),
            Shape::Clearing(clearing) => clearing.value(p),
        }
    }

    /// Box around the shape; for a drum, around its column between heights a radius beyond the ends.
    fn extent(&self) -> Aabb {
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
    fn sphere(&self) -> (Vec3, f64) {
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

/// What a step does with its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Add,
    Carve,
}

#[derive(Debug, Clone)]
struct Step {
    action: Action,
    shape: Shape,
    blend: f64,
    middle: Vec3,
    reach: f64,
}

/// Solid made of shapes added and carved in turn, mirrored at x = 0 and scaled about the origin.
#[derive(Debug, Clone)]
pub struct Solid {
    steps: Vec<Step>,
    scale: f64,
    bounds: Aabb,
}

/// Distance from the box where the value passes over to the distance from the box, mm.
const NEAR: f64 = 6.0;

impl Solid {
    /// Solid without any step: empty space.
    ///
    /// - `scale`: factor from the coordinates of the shapes to mm, positive
    pub fn empty(scale: f64) -> Self {
        Self { steps: Vec::new(), scale, bounds: Aabb::empty() }
    }

    /// This solid and its mirrored `shape`, with a fillet of radius about `blend`.
    #[must_use]
    pub fn with(self, shape: Shape, blend: f64) -> Self {
        self.then(Action::Add, shape, blend)
    }

    /// This solid without `shape` and its mirror image, edges rounded by about `blend`.
    #[must_use]
    pub fn without(self, shape: Shape, blend: f64) -> Self {
        self.then(Action::Carve, shape, blend)
    }

    fn then(mut self, action: Action, shape: Shape, blend: f64) -> Self {
        let (middle, reach) = shape.sphere();
        if action == Action::Add {
            // A blend adds at most a quarter of its radius per step to what the shapes reach.
            let half = shape.extent().grown(0.5 * blend);
            let mirrored = Aabb {
                min: Vec3::new(-half.max.x, half.min.y, half.min.z),
                max: Vec3::new(-half.min.x, half.max.y, half.max.z),
            };
            let both = half.union(mirrored);
            self.bounds = self.bounds.union(Aabb { min: both.min * self.scale, max: both.max * self.scale });
        }
        self.steps.push(Step { action, shape, blend, middle, reach });
        self
    }

    fn within(&self, p: Vec3) -> f64 {
        let p = Vec3::new(p.x.abs(), p.y, p.z) / self.scale;
        let mut value = 1e3;
        for step in &self.steps {
            let clear = (p - step.middle).norm() - step.reach;
            match step.action {
                Action::Add if clear < value + step.blend => {
                    value = smooth_min(value, step.shape.value(p).max(clear), step.blend);
                }
                Action::Carve if clear < step.blend - value => {
                    value = smooth_max(value, -step.shape.value(p).max(clear), step.blend);
                }
                _ => {}
            }
        }
        value * self.scale
    }
}

impl Field for Solid {
    fn value(&self, p: Vec3) -> f64 {
        let outside = (self.bounds.min - p).sup(&(p - self.bounds.max)).sup(&Vec3::zeros()).norm();
        if outside >= NEAR {
            return outside;
        }
        let value = self.within(p);
        if outside <= 0.0 {
            return value;
        }
        let t = outside / NEAR;
        value + t * (outside - value)
    }

    fn bounds(&self) -> Aabb {
        self.bounds
    }
}
