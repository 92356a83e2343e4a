//! Integrated screws: tracks from the anterior face through the body into the neighbouring bone.

use super::super::spine::{Level, Side};
use super::super::{Aabb, Field};
use super::body::Body;
use super::contact::Pad;
use crate::Vec3;

/// Steepness of a track against the contact face it crosses, degrees. Zero-profile cages use 40 to 50; a
/// steep track keeps the hole in the contact face small and the entry away from its edge. Unsourced choice.
const STEEPNESS_DEG: f64 = 48.0;
/// Depth of the conical seat of the screw head, mm.
const SEAT_MM: f64 = 2.2;
/// Screw length inside the bone, mm.
const BITE_MM: f64 = 14.0;

/// Which bones integrated screws go into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScrewPlan {
    /// No screw.
    None,
    /// Two screws down into the body of the caudal bone.
    #[default]
    Lower,
    /// One screw up into each lateral mass of C1.
    Upper,
    /// All four.
    Both,
}

/// Straight hole for one screw, with a conical seat for its head.
#[derive(Debug, Clone, PartialEq)]
pub struct ScrewTrack {
    /// Name, for instance `C3 left`.
    pub name: String,
    /// Bone the screw bites in.
    pub into: Level,
    /// Where the axis enters the implant, mm.
    pub entry: Vec3,
    /// Where the axis leaves the contact face, mm.
    pub exit: Vec3,
    /// Unit direction from entry to exit.
    pub direction: Vec3,
    /// Radius of the bore, mm.
    pub radius: f64,
    /// Radius of the seat at the entry, mm.
    pub seat_radius: f64,
    /// Screw length beyond the contact face, mm.
    pub bite: f64,
}

impl ScrewTrack {
    /// Length inside the implant, mm.
    pub fn length(&self) -> f64 {
        (self.exit - self.entry).norm()
    }

    /// Radius of the hole at `s` mm behind the entry.
    fn radius_at(&self, s: f64) -> f64 {
        self.radius + (self.seat_radius - self.radius) * (1.0 - s / SEAT_MM).clamp(0.0, 1.0)
    }

    /// Signed value of the hole grown by `grow` mm, negative inside the hole.
    pub fn value(&self, p: Vec3, grow: f64) -> f64 {
        let d = p - self.entry;
        let s = d.dot(&self.direction);
        (d - self.direction * s).norm() - self.radius_at(s) - grow
    }

    /// Thinnest metal around the track inside the implant, mm; negative when the track breaks out.
    ///
    /// The stretches where the hole crosses the outer face and the contact face are left out: there it must
    /// be open.
    pub(super) fn wall(&self, body: &dyn Field, needed: f64) -> f64 {
        let (first, second) = self.frame();
        // Where the axis is deep enough that a full ring of wall can lie under an oblique face.
        let skip = (self.seat_radius + needed) / STEEPNESS_DEG.to_radians().tan() + 0.5;
        let end = self.length() - (self.radius + needed) / STEEPNESS_DEG.to_radians().tan();
        let steps = 24;
        let mut least = f64::INFINITY;
        for i in 0..=steps {
            let s = skip + (end - skip).max(0.0) * f64::from(i) / f64::from(steps);
            for k in 0..32 {
                let (sin, cos) = (f64::from(k) * std::f64::consts::TAU / 32.0).sin_cos();
                let edge = self.entry + self.direction * s + (first * cos + second * sin) * self.radius_at(s);
                least = least.min(-body.value(edge));
            }
        }
        least
    }

    fn frame(&self) -> (Vec3, Vec3) {
        let aid = if self.direction.x.abs() < 0.8 { Vec3::x() } else { Vec3::y() };
        let first = self.direction.cross(&aid).normalize();
        (first, self.direction.cross(&first))
    }
}

/// The hole of a track as the outside of the implant: positive in the hole.
pub(super) struct Bore(pub ScrewTrack);

impl Field for Bore {
    fn value(&self, p: Vec3) -> f64 {
        -self.0.value(p, 0.0)
    }

    fn bounds(&self) -> Aabb {
        Aabb::around(&[self.0.entry, self.0.exit + self.0.direction * self.0.bite])
            .grown(self.0.seat_radius + 4.0)
    }
}

/// Radii of the holes, mm.
pub(super) struct Holes {
    pub bore: f64,
    pub seat: f64,
}

/// Places of the paired tracks beside the middle of the lower face, as shares of its semi-axis: the first that
/// leaves the wall is taken. A high body narrows sooner above its foot, and its tracks must stand closer.
const BESIDE: [f64; 5] = [0.43, 0.40, 0.37, 0.34, 0.31];

/// Tracks of `plan` in `body` with `wall` mm of metal around them where there is room; `pads` are lower, upper left,
/// upper right.
pub(super) fn tracks(
    plan: ScrewPlan,
    body: &Body,
    pads: [&Pad; 3],
    holes: &Holes,
    wall: f64,
) -> Vec<ScrewTrack> {
    let mut list = Vec::new();
    let [lower, left, right] = pads;
    if matches!(plan, ScrewPlan::Lower | ScrewPlan::Both) {
        let pair = |beside: &f64| Side::BOTH.map(|side| track(body, lower, side, *beside, holes));
        let roomy = |p: &[ScrewTrack; 2]| p.iter().all(|t| wall <= t.wall(body, wall));
        list.extend(BESIDE.iter().map(pair).find(roomy).unwrap_or_else(|| pair(&BESIDE[0])));
    }
    if matches!(plan, ScrewPlan::Upper | ScrewPlan::Both) {
        for (side, pad) in [(Side::Left, left), (Side::Right, right)] {
            list.push(track(body, pad, side, 0.0, holes));
        }
    }
    list
}

/// Track through `pad`, `offset` semi-axes beside its middle toward `side`, coming from anterior.
fn track(body: &Body, pad: &Pad, side: Side, offset: f64, holes: &Holes) -> ScrewTrack {
    let patch = &pad.patch;
    let back = if patch.first.y < 0.0 { -patch.first } else { patch.first };
    let across = patch.axis.cross(&patch.first);
    let across = if across.x < 0.0 { -across } else { across };
    let (sin, cos) = STEEPNESS_DEG.to_radians().sin_cos();
    // Paired screws converge a little, so that their tips stay in the vertebral body.
    let inward = if offset == 0.0 { 0.0 } else { -0.08 * side.sign() };
    let direction = (patch.axis * sin + back * cos + across * inward).normalize();
    let exit =
        patch.center + across * (side.sign() * offset * patch.radii[1]) - back * (0.12 * patch.radii[0]);
    // Backwards along the axis until the body ends.
    let mut depth = 1.0;
    while body.value(exit - direction * depth) < 0.0 && depth < 40.0 {
        depth += 0.25;
    }
    let (mut inside, mut outside) = (depth - 0.25, depth);
    for _ in 0..40 {
        let mid = 0.5 * (inside + outside);
        if body.value(exit - direction * mid) < 0.0 {
            inside = mid;
        } else {
            outside = mid;
        }
    }
    ScrewTrack {
        name: format!("{} {}", pad.bone.name(), side.name()),
        into: pad.bone,
        entry: exit - direction * inside,
        exit,
        direction,
        radius: holes.bore,
        seat_radius: holes.seat,
        bite: BITE_MM,
    }
}
