//! Contact faces: how far a joint's ellipse really lies on bone, and the trim that makes the negative.

use super::super::spine::{Level, Patch, moved};
use super::super::{Aabb, Field};
use super::body::{Section, smoothstep};
use super::error::ImplantError;
use crate::Vec3;
use nalgebra::{Isometry3, Point3};
use std::sync::Arc;

/// Rays around the edge of a pad when it is fitted.
const RIM_RAYS: usize = 64;
/// Share of the edge rays that must meet bone.
const RIM_SHARE: f64 = 0.95;
/// Smallest accepted area of a pad relative to the joint's ellipse less the margin.
const LEAST_AREA: f64 = 0.36;
/// Farthest that a seed point may lie off its bone, mm.
pub const SEED_MM: f64 = 3.0;
/// Reach of a ray on both sides of the joint's plane, mm.
const REACH_MM: f64 = 6.0;

/// Bone moved as a whole.
pub(super) struct Moved {
    pub field: Arc<dyn Field>,
    pub motion: Isometry3<f64>,
}

impl Field for Moved {
    fn value(&self, p: Vec3) -> f64 {
        self.field.value(self.motion.inverse_transform_point(&Point3::from(p)).coords)
    }

    fn bounds(&self) -> Aabb {
        Aabb::around(&self.field.bounds().corners().map(|c| moved(&self.motion, c)))
    }

    fn gradient(&self, p: Vec3) -> Vec3 {
        let there = self.motion.inverse_transform_point(&Point3::from(p)).coords;
        self.motion.rotation * self.field.gradient(there)
    }
}

/// The joint's ellipse set down at a point that a person gave, facing the bone there.
///
/// Its axes keep their lengths; its plane follows the mean normal of the bone within them.
///
/// # Errors
/// [`ImplantError::SeedOff`] when the point lies off the bone by more than [`SEED_MM`], or the bone there does not face the
/// implant.
pub(super) fn seeded(
    name: &str,
    bone: Level,
    field: &dyn Field,
    joint: Patch,
    seed: Vec3,
) -> Result<Patch, ImplantError> {
    let off = |distance_mm: f64| ImplantError::SeedOff {
        pad: name.to_owned(),
        bone,
        distance_mm,
        most_mm: SEED_MM,
    };
    let mut center = seed;
    for _ in 0..4 {
        let slope = field.gradient(center);
        center -= slope * (field.value(center) / slope.norm_squared().max(0.1));
    }
    let distance = (center - seed).norm().max(field.value(seed).abs());
    if SEED_MM < distance {
        return Err(off(distance));
    }
    let normal = field.gradient(center).normalize();
    if -normal.dot(&joint.axis) < 0.3 {
        return Err(ImplantError::SeedAside { pad: name.to_owned(), bone });
    }
    let mut patch = Patch { center, ..joint };
    for _ in 0..3 {
        let hits = [0.25, 0.5, 0.75].into_iter().flat_map(|s| ring(&patch, s, 24)).filter_map(|q| {
            let depth = grip(field, q, patch.axis)?;
            field.gradient(q + patch.axis * depth).try_normalize(1e-9)
        });
        let mean = hits.sum::<Vec3>() + normal;
        let axis = (-mean).try_normalize(1e-9).unwrap_or(joint.axis);
        let first = (joint.first - axis * axis.dot(&joint.first)).normalize();
        patch = Patch { axis, first, ..patch };
    }
    Ok(patch)
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
    /// the joint's ellipse the pad was cut from, set down on the bone.
    pub joint: Patch,
    /// Linear size (root of the area) relative to the joint's ellipse less the margin, 1 when no edge had to
    /// be taken back.
    pub shrink: f64,
    /// Length of the body beyond the plane of the patch, inside bone, mm.
    pub cap: f64,
    /// Lowest and highest contact along the axis relative to the center, mm.
    pub relief: [f64; 2],
}

impl Pad {
    /// Distance of a place in the implant from the column of the face and its plane, mm.
    pub(crate) fn distance(&self, p: Vec3) -> f64 {
        let depth = -(p - self.patch.center).dot(&self.patch.axis);
        depth.max(0.0).hypot(self.patch.column(p).max(0.0))
    }

    /// Fits an ellipse within the joint's whose edge lies on the bone.
    ///
    /// As long as less than 95 % of the edge meets bone, one semi-axis gives 4 %, on one end or on both,
    /// whichever brings most of the edge onto bone: an overhang on one side costs only that side.
    /// `joint.axis` points into the bone; `margin` mm is taken off the joint's semi-axes first; the body is to
    /// run `overlap` mm into the bone beyond the farthest contact.
    ///
    /// # Errors
    /// [`ImplantError::NoContact`] when even an ellipse of 36 % of the area does not lie on bone.
    pub(super) fn fit(
        name: &str,
        bone: Level,
        field: &dyn Field,
        joint: Patch,
        [margin, overlap]: [f64; 2],
    ) -> Result<Self, ImplantError> {
        let lost = |share: f64| ImplantError::NoContact { pad: name.to_owned(), bone, share };
        let grounded = |p: Patch| {
            meet(field, p.center, p.axis).map(|depth| Patch { center: p.center + p.axis * depth, ..p })
        };
        let share = |p: &Patch| {
            let met = ring(p, 1.0, RIM_RAYS).filter(|q| grip(field, *q, p.axis).is_some()).count();
            met as f64 / RIM_RAYS as f64
        };
        let joint = grounded(joint).ok_or_else(|| lost(0.0))?;
        let whole = Patch { radii: joint.radii.map(|r| (r - margin).max(0.5)), ..joint };
        let (mut patch, mut found) = (whole, share(&whole));
        while found < RIM_SHARE {
            if patch.area() < LEAST_AREA * whole.area() {
                return Err(lost(found));
            }
            let mut best: Option<(f64, Patch)> = None;
            for (i, push) in [(0, 0.0), (1, 0.0), (0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0)] {
                let give = 0.04 * whole.radii[i];
                let along = if i == 0 { patch.first } else { patch.axis.cross(&patch.first) };
                let mut radii = patch.radii;
                radii[i] -= give;
                let moved = Patch { center: patch.center + along * (push * give), radii, ..patch };
                let Some(moved) = grounded(moved) else { continue };
                let s = share(&moved);
                if best.as_ref().is_none_or(|b| b.0 < s) {
                    best = Some((s, moved));
                }
            }
            (found, patch) = best.ok_or_else(|| lost(found))?;
        }
        let relief = [1.0, 0.8, 0.6, 0.4, 0.2]
            .into_iter()
            .flat_map(|s| ring(&patch, s, 48))
            .filter_map(|q| meet(field, q, patch.axis))
            .fold([0.0_f64, 0.0_f64], |[lo, hi], x| [lo.min(x), hi.max(x)]);
        Ok(Self {
            name: name.to_owned(),
            bone,
            patch: Patch { depth: relief[1].max(-relief[0]) + 1.0, ..patch },
            joint,
            shrink: (patch.area() / whole.area()).sqrt(),
            cap: relief[1] + overlap,
            relief,
        })
    }

    pub(super) fn section(&self) -> Section {
        let Patch { center, axis, first, radii, .. } = self.patch;
        Section { center, normal: axis, first, radii }
    }
}

/// Point along `direction` where a ray through `q` enters the bone, as signed length from `q`, mm.
pub(super) fn meet(field: &dyn Field, q: Vec3, direction: Vec3) -> Option<f64> {
    let mut s = -REACH_MM;
    let mut before = field.value(q + direction * s);
    while s < REACH_MM {
        // Far from its surface a field is only of the distance's order.
        let next = s + (0.5 * before).clamp(0.1, 1.0);
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
