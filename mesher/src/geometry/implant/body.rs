//! The body between the contact faces: two arms that share a foot and part like a fork.

use super::super::shapes::{smooth_max, smooth_min};
use super::super::{Aabb, Field};
use super::contact::Pad;
use crate::Vec3;

/// Distance over which the two arms melt into each other above the foot, mm.
/// Tuned by eye on adult sizes: 2 mm leaves a notch, 6 mm fills the fork.
const CROTCH_MM: f64 = 4.0;
/// Rounding of the edge between the arms and the wall that faces the spinal canal, mm.
const CANAL_EDGE_MM: f64 = 1.5;
/// Narrowing of an arm halfway, as a fraction of its semi-axes.
const WAIST: f64 = 0.14;

/// Cross-section of an arm: an ellipse in a plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    pub center: Vec3,
    /// Unit normal, from the foot to the facet.
    pub normal: Vec3,
    /// Unit direction toward posterior, in the plane.
    pub first: Vec3,
    /// Semi-axes along `first` and across, mm.
    pub radii: [f64; 2],
}

/// Loft from the foot on the endplate to one facet.
///
/// ```text
/// t = d₀ / (d₀ + d₁)      d₀, d₁: height over the endplate plane, depth under the facet plane
/// ```
/// The section at t lies in the plane t = const (the pencil of planes through the line where the two end
/// planes meet), so no projection onto a center line is needed and the field is smooth between the ends.
/// Beyond the ends the loft runs on as a straight column until `caps`.
#[derive(Debug, Clone)]
pub(super) struct Arm {
    foot: Section,
    top: Section,
    /// Length of the loft beyond the foot plane and beyond the facet plane, mm; both lie inside bone.
    caps: [f64; 2],
    /// Length of the end tangents of the center line, mm.
    pull: f64,
}

impl Arm {
    /// Loft between two contact pads; `foot` looks down into the lower bone, `top` up into the upper one.
    pub(super) fn between(foot: &Pad, top: &Pad) -> Self {
        let mut low = foot.section();
        low.normal = -low.normal;
        let mut high = top.section();
        if low.first.y < 0.0 {
            low.first = -low.first;
        }
        if high.first.dot(&low.first) < 0.0 {
            high.first = -high.first;
        }
        let pull = (high.center - low.center).norm();
        Self { foot: low, top: high, caps: [foot.cap, top.cap], pull }
    }

    /// Length of the straight line from foot to facet, mm.
    pub(super) fn length(&self) -> f64 {
        self.pull
    }

    fn heights(&self, p: Vec3) -> [f64; 2] {
        [(p - self.foot.center).dot(&self.foot.normal), (self.top.center - p).dot(&self.top.normal)]
    }

    /// Place along the arm, 0 at and below the foot plane, 1 at and above the facet plane.
    pub(super) fn parameter(&self, p: Vec3) -> f64 {
        let [low, high] = self.heights(p);
        if low <= 0.0 {
            0.0
        } else if high <= 0.0 {
            1.0
        } else {
            low / (low + high)
        }
    }

    /// Cross-section at `t` in 0..1.
    pub(super) fn section(&self, t: f64) -> Section {
        let s = smoothstep(t);
        let (t2, t3) = (t * t, t * t * t);
        let (from, to) = (self.pull * self.foot.normal, self.pull * self.top.normal);
        let center =
            (1.0 - s) * self.foot.center + s * self.top.center + (t3 - 2.0 * t2 + t) * from + (t3 - t2) * to;
        let normal = (self.foot.normal.lerp(&self.top.normal, t)).normalize();
        let along = self.foot.first.lerp(&self.top.first, t);
        let first = (along - normal * along.dot(&normal)).normalize();
        // Flat at both ends: bone that bulges past an end plane still meets the full ellipse.
        let waist = 1.0 - WAIST * (4.0 * t * (1.0 - t)).powi(2);
        let radius = |i: usize| (self.foot.radii[i] * (1.0 - s) + self.top.radii[i] * s) * waist;
        Section { center, normal, first, radii: [radius(0), radius(1)] }
    }

    fn value(&self, p: Vec3, t: f64) -> f64 {
        let Section { center, normal, first, radii } = self.section(t);
        let d = p - center;
        let wall = ellipse(d.dot(&first), d.dot(&normal.cross(&first)), radii);
        let [low, high] = self.heights(p);
        wall.max(-low - self.caps[0]).max(-high - self.caps[1])
    }
}

/// Where the head of a cage begins and where its lumen ends, as a share of the implant's height. Unsourced choice: below,
/// the tube stands free; between them lies the solid floor of the head.
const HEAD: f64 = 0.45;
const LUMEN: f64 = 0.40;
/// Height of the ring without holes that the tube stands on, mm. Engineering choice: one row of bars, as a cage is cut to
/// length.
const RING_MM: f64 = 1.5;
/// How far the tube reaches into the head, mm, and the rounding between them.
const NECK_MM: f64 = 4.0;
const NECK_EDGE_MM: f64 = 1.0;

/// Round tube that stands on the endplate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tube {
    center: Vec3,
    /// Unit axis, from the endplate upward.
    up: Vec3,
    radius: f64,
    wall: f64,
    /// Length below the endplate's plane, inside bone, mm.
    cap: f64,
    /// Heights over the endplate's plane at which the lumen ends and the head begins, mm.
    ends: [f64; 2],
}

impl Tube {
    /// Tube of that outer diameter and wall on the middle of the pad.
    pub(super) fn under(foot: &Pad, height: f64, [diameter, wall]: [f64; 2]) -> Self {
        let low = foot.section();
        let ends = [LUMEN * height, HEAD * height];
        Self { center: low.center, up: -low.normal, radius: 0.5 * diameter, wall, cap: foot.cap, ends }
    }

    fn height(&self, p: Vec3) -> f64 {
        (p - self.center).dot(&self.up)
    }

    fn value(&self, p: Vec3) -> f64 {
        let (d, h) = (p - self.center, self.height(p));
        let wall = (d - self.up * h).norm() - self.radius;
        wall.max(-h - self.cap).max(h - self.ends[1] - NECK_MM)
    }
}

/// Outside of the lumen of a cage.
pub(super) struct Lumen(pub std::sync::Arc<Body>);

impl Field for Lumen {
    fn value(&self, p: Vec3) -> f64 {
        self.0.lumen(p, self.0.value(p))
    }

    fn bounds(&self) -> Aabb {
        self.0.bounds()
    }
}

/// Largest slope of the raw value that is divided out.
const STEEPEST: f64 = 2.0;

/// Outer side wall of the implant, without the bone and without bores.
#[derive(Debug, Clone)]
pub(super) struct Body {
    pub arms: [Arm; 2],
    /// Axis points and radii of the spinal canal, cranial first.
    canal: Vec<(Vec3, f64)>,
    canal_clearance: f64,
    /// What the upper part of the fork stands on, if not on its own foot.
    pub tube: Option<Tube>,
}

impl Body {
    /// Fork over `arms` that leaves `clearance` mm around the canal.
    pub(super) fn fork(arms: [Arm; 2], canal: &[(Vec3, f64)], clearance: f64) -> Self {
        Self { arms, canal: prolonged(canal), canal_clearance: clearance, tube: None }
    }

    /// The upper part of the fork on a tube.
    pub(super) fn on_tube(self, tube: Tube) -> Self {
        Self { tube: Some(tube), ..self }
    }

    /// Value of the inner wall of a cage, positive in the lumen, where the side face has the value `side`.
    pub(super) fn lumen(&self, p: Vec3, side: f64) -> f64 {
        self.tube.map_or(f64::NEG_INFINITY, |t| -(side + t.wall).max(t.height(p) - t.ends[0]))
    }

    /// Whether a place of the metal lies in the wall between the ring that a cage stands on and its head.
    pub(super) fn is_free_wall(&self, p: Vec3) -> bool {
        self.tube.is_some_and(|t| (RING_MM..t.ends[0]).contains(&t.height(p)))
    }

    /// Distance of `p` from the wall of the spinal canal, mm, negative in the canal; infinite without canal.
    pub(super) fn canal_distance(&self, p: Vec3) -> f64 {
        self.canal.windows(2).map(|w| round_cone(p, w[0], w[1])).fold(f64::INFINITY, f64::min)
    }

    /// Fork without regard to the canal, and not yet scaled to a distance.
    fn fork_value(&self, p: Vec3) -> f64 {
        let [s, t] = [self.arms[0].parameter(p), self.arms[1].parameter(p)];
        let melt = CROTCH_MM * smoothstep((0.5 * (s + t) - 0.05) / 0.4);
        let fork = smooth_min(self.arms[0].value(p, s), self.arms[1].value(p, t), melt);
        let Some(tube) = &self.tube else { return fork };
        smooth_min(fork.max(tube.ends[1] - tube.height(p)), tube.value(p), NECK_EDGE_MM)
    }

    fn raw(&self, p: Vec3) -> f64 {
        let fork = self.fork_value(p);
        let canal = self.canal_clearance - self.canal_distance(p);
        if canal < fork - CANAL_EDGE_MM { fork } else { smooth_max(fork, canal, CANAL_EDGE_MM) }
    }

    /// Lower bound of the value where that is above `distance` (mm, positive), at a quarter of its price.
    pub(super) fn floor_beyond(&self, p: Vec3, distance: f64) -> Option<f64> {
        let floor = self.raw(p) / STEEPEST;
        (distance < floor).then_some(floor)
    }

    /// Whether the canal's clearance cuts into the fork at `p`.
    pub(super) fn canal_cuts(&self, p: Vec3) -> bool {
        self.canal_distance(p) < self.canal_clearance && self.fork_value(p) < 0.0
    }
}

impl Field for Body {
    /// Raw value over its gradient: a distance to first order, so that offsets of 1 mm keep their width.
    fn value(&self, p: Vec3) -> f64 {
        let f = self.raw(p);
        let h = 1e-4;
        let slope = (0..3)
            .map(|i| {
                let mut q = p;
                q[i] += h;
                ((self.raw(q) - f) / h).powi(2)
            })
            .sum::<f64>()
            .sqrt();
        // Bounded away from zero: on the inner ridge of the field the gradient may vanish.
        f / slope.clamp(0.5, STEEPEST)
    }

    fn bounds(&self) -> Aabb {
        let mut b = Aabb::empty();
        for arm in &self.arms {
            for i in 0..=16 {
                let s = arm.section(f64::from(i) / 16.0);
                let second = s.normal.cross(&s.first);
                for k in 0..24 {
                    let (sin, cos) = (f64::from(k) * std::f64::consts::TAU / 24.0).sin_cos();
                    let rim = s.center + s.first * (cos * s.radii[0]) + second * (sin * s.radii[1]);
                    b = b.including(rim + s.normal * arm.caps[1]).including(rim - s.normal * arm.caps[0]);
                }
            }
        }
        if let Some(t) = &self.tube {
            let reach = Vec3::repeat(t.radius);
            b = b.including(t.center + reach).including(t.center - reach);
        }
        b.grown(1.0)
    }
}

/// Signed value of an ellipse at in-plane coordinates `u`, `v`, about a distance at its edge, mm.
fn ellipse(u: f64, v: f64, [a, b]: [f64; 2]) -> f64 {
    let level = (u / a).hypot(v / b);
    let slope = (u / (a * a)).hypot(v / (b * b));
    if level < 1e-9 { -a.min(b) } else { (level - 1.0) * level / slope }
}

/// Cubic step from 0 at `x ≤ 0` to 1 at `x ≥ 1`.
pub(super) fn smoothstep(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Distance to a cone frustum with rounded ends, mm, to first order in the taper.
fn round_cone(p: Vec3, (a, ra): (Vec3, f64), (b, rb): (Vec3, f64)) -> f64 {
    let axis = b - a;
    let t = ((p - a).dot(&axis) / axis.norm_squared().max(1e-12)).clamp(0.0, 1.0);
    (p - a - axis * t).norm() - (ra + (rb - ra) * t)
}

/// The canal run on by 20 mm at both ends, so that the ends of the list are no ceiling.
fn prolonged(canal: &[(Vec3, f64)]) -> Vec<(Vec3, f64)> {
    let n = canal.len();
    if n < 2 {
        return canal.iter().flat_map(|&c| [c, c]).collect();
    }
    let beyond =
        |end: (Vec3, f64), before: (Vec3, f64)| (end.0 + (end.0 - before.0).normalize() * 20.0, end.1);
    let mut chain = vec![beyond(canal[0], canal[1])];
    chain.extend_from_slice(canal);
    chain.push(beyond(canal[n - 1], canal[n - 2]));
    chain
}
