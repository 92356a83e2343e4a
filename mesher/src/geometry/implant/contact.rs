//! Contact faces: how far a joint's ellipse really lies on bone, and the trim that makes the negative.

use super::super::spine::{Level, Patch};
use super::super::{Aabb, Field};
use super::body::{Section, smoothstep};
use super::error::ImplantError;
use crate::Vec3;
use std::sync::Arc;

/// Rays around the edge of a pad when it is fitted.
const RIM_RAYS: usize = 64;
/// Share of the edge rays that must meet bone.
const RIM_SHARE: f64 = 0.95;
/// Smallest accepted size of a pad relative to the joint's ellipse.
const LEAST_SHRINK: f64 = 0.6;
/// Reach of a ray on both sides of the joint's plane, mm.
const REACH_MM: f64 = 6.0;

/// Bone moved as a whole.
pub(super) struct Moved {
    pub field: Arc<dyn Field>,
    pub shift: Vec3,
}

impl Field for Moved {
    fn value(&self, p: Vec3) -> f64 {
        self.field.value(p - self.shift)
    }

    fn bounds(&self) -> Aabb {
        let b = self.field.bounds();
        Aabb { min: b.min + self.shift, max: b.max + self.shift }
    }
}

/// Contact face of the implant on one bone.
#[derive(Debug, Clone)]
pub struct Pad {
    /// Name, for instance `upper left`.
    pub name: String,
    /// Bone it lies on.
    pub bone: Level,
    /// Ellipse on the bone: `center` on the bone surface, `axis` out of the implant into the bone.
    pub patch: Patch,
    /// The joint's ellipse the pad was cut from, same center and axis.
    pub joint: Patch,
    /// Linear size relative to the joint's ellipse less the margin, 1 when no edge had to be taken back.
    pub shrink: f64,
    /// Length of the body beyond the plane of the patch, inside bone, mm.
    pub cap: f64,
    /// Lowest and highest contact along the axis relative to the center, mm.
    pub relief: [f64; 2],
}

impl Pad {
    /// Fits the largest ellipse about the joint whose edge lies on the bone.
    ///
    /// `joint.axis` points into the bone; `margin` mm is taken off the joint's semi-axes first; the body is to
    /// run `overlap` mm into the bone beyond the farthest contact.
    ///
    /// # Errors
    /// [`ImplantError::NoContact`] when even 60 % of the ellipse does not lie on bone.
    pub(super) fn fit(
        name: &str,
        bone: Level,
        field: &dyn Field,
        joint: Patch,
        [margin, overlap]: [f64; 2],
    ) -> Result<Self, ImplantError> {
        let lost = |share: f64| ImplantError::NoContact { pad: name.to_owned(), bone, share };
        let depth = meet(field, joint.center, joint.axis).ok_or_else(|| lost(0.0))?;
        let joint = Patch { center: joint.center + joint.axis * depth, ..joint };
        let mut best: f64 = 0.0;
        let mut shrink = 1.0;
        while shrink >= LEAST_SHRINK {
            let radii = joint.radii.map(|r| (r - margin).max(0.5) * shrink);
            let patch = Patch { radii, ..joint };
            let rim: Vec<f64> =
                ring(&patch, 1.0, RIM_RAYS).filter_map(|q| grip(field, q, joint.axis)).collect();
            let share = rim.len() as f64 / RIM_RAYS as f64;
            best = best.max(share);
            if RIM_SHARE <= share {
                let inner = [0.8, 0.6, 0.4, 0.2]
                    .into_iter()
                    .flat_map(|s| ring(&patch, s, 32))
                    .filter_map(|q| meet(field, q, joint.axis));
                let relief = rim
                    .iter()
                    .copied()
                    .chain(inner)
                    .fold([0.0_f64, 0.0_f64], |[lo, hi], x| [lo.min(x), hi.max(x)]);
                let depth = relief[1].max(-relief[0]) + 1.0;
                return Ok(Self {
                    name: name.to_owned(),
                    bone,
                    patch: Patch { depth, ..patch },
                    joint,
                    shrink,
                    cap: relief[1] + overlap,
                    relief,
                });
            }
            shrink -= 0.05;
        }
        Err(lost(best))
    }

    pub(super) fn section(&self) -> Section {
        let Patch { center, axis, first, radii, .. } = self.patch;
        Section { center, normal: axis, first, radii }
    }
}

/// Point along `direction` where a ray through `q` enters the bone, as signed length from `q`, mm.
pub(super) fn meet(field: &dyn Field, q: Vec3, direction: Vec3) -> Option<f64> {
    let step = 0.25;
    let mut s = -REACH_MM;
    let mut before = field.value(q + direction * s);
    while s < REACH_MM {
        let next = s + step;
        let after = field.value(q + direction * next);
        if 0.0 < before && after <= 0.0 {
            let (mut lo, mut hi) = (s, next);
            for _ in 0..40 {
                let mid = 0.5 * (lo + hi);
                if field.value(q + direction * mid) <= 0.0 {
                    hi = mid;
                } else {
                    lo = mid;
                }
            }
            return Some(hi);
        }
        (s, before) = (next, after);
    }
    None
}

/// As [`meet`], but only where the bone faces the ray within about 65°.
fn grip(field: &dyn Field, q: Vec3, direction: Vec3) -> Option<f64> {
    let s = meet(field, q, direction)?;
    let normal = field.gradient(q + direction * s);
    (0.4 * normal.norm() < -normal.dot(&direction)).then_some(s)
}

/// Points of the ellipse `scale` times the patch.
pub(super) fn ring(patch: &Patch, scale: f64, n: usize) -> impl Iterator<Item = Vec3> + use<> {
    let Patch { center, axis, first, radii, .. } = *patch;
    let second = axis.cross(&first);
    (0..n).map(move |k| {
        let (sin, cos) = (k as f64 * std::f64::consts::TAU / n as f64).sin_cos();
        center + (first * (cos * radii[0]) + second * (sin * radii[1])) * scale
    })
}

/// Half space outside a bone: its surface within the pads, a clearance away from it elsewhere.
///
/// ```text
/// f = c(p) − bone(p)      c = 0 inside a pad's column, rising smoothly to `clearance` over `blend` mm
/// ```
pub(super) struct Trim {
    pub bone: Arc<dyn Field>,
    pub columns: Vec<Patch>,
    pub clearance: f64,
    pub blend: f64,
}

impl Trim {
    /// Clearance asked at `p`, mm; zero inside the pads' columns.
    pub(super) fn asked(&self, p: Vec3) -> f64 {
        let off = self.columns.iter().map(|c| c.column(p)).fold(f64::INFINITY, f64::min);
        self.clearance * smoothstep(off / self.blend)
    }
}

impl Field for Trim {
    fn value(&self, p: Vec3) -> f64 {
        self.asked(p) - self.bone.value(p)
    }

    fn bounds(&self) -> Aabb {
        self.bone.bounds().grown(self.clearance)
    }
}
