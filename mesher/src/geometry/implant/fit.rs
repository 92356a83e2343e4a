//! Measured checks: does the implant keep what it promises?

use super::super::spine::Level;
use super::super::{Aabb, Field};
use super::contact::{Trim, meet, ring};
use super::{CANAL_SHARE, Implant, ImplantError, ImplantParams};
use crate::Vec3;
use rayon::prelude::*;

/// Edge of the sampling grid for volumes and intersections, mm. Volumes from it are good to about 1 %.
const SAMPLE_MM: f64 = 0.7;
/// Largest accepted departure of a contact face from the bone, mm.
const CONFORMITY_MM: f64 = 0.1;
/// Accepted depth of a sampled point inside bone, mm: round-off of a root.
const TOUCH_MM: f64 = 0.01;

/// How well one contact face lies on its bone.
#[derive(Debug, Clone, PartialEq)]
pub struct PadFit {
    /// Contact face.
    pub name: String,
    /// Area of the face on the joint's plane outside the bores, mm².
    pub area_mm2: f64,
    /// Share of the joint's ellipse that the implant covers, bores counted as covered.
    pub coverage: f64,
    /// 98th percentile and largest gap between implant and bone over the face outside the bores, mm.
    pub gap_mm: [f64; 2],
    /// Share of the face taken by the clearance of the spinal canal.
    pub canal_share: f64,
    /// Gap over the whole ellipse of the joint.
    pub map: GapMap,
}

/// Gap between implant and bone over the ellipse of a joint, on the surface of the bone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GapMap {
    /// Where rays through the ellipse meet the bone, mm.
    pub points: Vec<Vec3>,
    /// Triangles between them; where a ray meets no bone there is none.
    pub triangles: Vec<[u32; 3]>,
    /// Gap at each point, mm; NaN where the implant does not cover the bone or a bore ends.
    pub gaps: Vec<f64>,
}

impl GapMap {
    /// Joins neighboring rays of `rings` of `spokes` each, innermost first.
    fn from_rays(rays: &[Option<(Vec3, f64)>], spokes: usize) -> Self {
        let mut map = Self::default();
        let mut number = vec![None; rays.len()];
        for (n, (point, gap)) in number.iter_mut().zip(rays).filter_map(|(n, r)| r.map(|r| (n, r))) {
            *n = Some(map.points.len() as u32);
            map.points.push(point);
            map.gaps.push(gap);
        }
        let mut push = |t: [usize; 3]| {
            if let [Some(a), Some(b), Some(c)] = t.map(|i| number[i]) {
                map.triangles.push([a, b, c]);
            }
        };
        (1..spokes - 1).for_each(|k| push([0, k, k + 1]));
        for inner in (0..rays.len() - spokes).step_by(spokes) {
            for k in 0..spokes {
                let next = (k + 1) % spokes;
                let (a, b) = (inner + k, inner + next);
                push([a, a + spokes, b + spokes]);
                push([a, b + spokes, b]);
            }
        }
        map
    }
}

/// Measured properties of an implant in place.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Contact faces: lower, upper left, upper right.
    pub pads: Vec<PadFit>,
    /// Depth of the deepest sampled implant point in each bone, mm; zero or negative is free.
    pub depth_mm: Vec<(Level, f64)>,
    /// Smallest distance of a sampled implant point from the free canal, mm.
    pub canal_mm: f64,
    /// Thinnest metal around each screw track inside the implant, mm.
    pub walls_mm: Vec<(String, f64)>,
    /// Width of the thinnest section of the left and of the right pillar, mm.
    pub pillars_mm: [f64; 2],
    /// Volume of the implant's outline, mm³.
    pub volume_mm3: f64,
    /// Part of it that is rim and screw wall, mm³.
    pub solid_mm3: f64,
    /// Box around the sampled implant.
    pub bounds: Aabb,
}

impl Fit {
    /// Fit of an implant not yet measured.
    pub(super) fn unknown() -> Self {
        Self {
            pads: Vec::new(),
            depth_mm: Vec::new(),
            canal_mm: f64::INFINITY,
            walls_mm: Vec::new(),
            pillars_mm: [0.0; 2],
            volume_mm3: 0.0,
            solid_mm3: 0.0,
            bounds: Aabb::empty(),
        }
    }

    /// Checks the figures against what was asked.
    ///
    /// # Errors
    /// The first [`ImplantError`] that applies.
    pub fn check(&self, params: &ImplantParams) -> Result<(), ImplantError> {
        for &(bone, depth_mm) in &self.depth_mm {
            if TOUCH_MM < depth_mm {
                return Err(ImplantError::EntersBone { bone, depth_mm });
            }
        }
        for pad in &self.pads {
            if CANAL_SHARE < pad.canal_share {
                return Err(ImplantError::CanalBlocked {
                    pad: pad.name.clone(),
                    clearance_mm: params.canal_clearance_mm,
                    taken: pad.canal_share,
                    most: CANAL_SHARE,
                });
            }
            if CONFORMITY_MM < pad.gap_mm[0] {
                return Err(ImplantError::Conformity {
                    pad: pad.name.clone(),
                    gap_mm: pad.gap_mm[0],
                    most_mm: CONFORMITY_MM,
                });
            }
        }
        for (screw, wall_mm) in &self.walls_mm {
            if *wall_mm < params.wall_mm {
                return Err(ImplantError::TrackWall {
                    screw: screw.clone(),
                    wall_mm: *wall_mm,
                    needed_mm: params.wall_mm,
                });
            }
        }
        Ok(())
    }
}

/// Sums of one layer of sample points.
struct Layer {
    volume: f64,
    solid: f64,
    bounds: Aabb,
    depth: Vec<f64>,
    canal: f64,
}

impl Implant {
    /// Measures the implant in place, on a grid of 0.7 mm and on rays through the contact faces.
    pub(super) fn measure(&self) -> Fit {
        let b = self.body.bounds();
        let n = (b.size() / SAMPLE_MM).map(|x| x.ceil() as usize + 1);
        let layers: Vec<Layer> = (0..n.z).into_par_iter().map(|k| self.layer(b.min, [n.x, n.y], k)).collect();
        let mut depth = vec![f64::NEG_INFINITY; self.bones.len()];
        let (mut volume_mm3, mut solid_mm3, mut canal_mm) = (0.0, 0.0, f64::INFINITY);
        let mut bounds = Aabb::empty();
        for layer in &layers {
            volume_mm3 += layer.volume;
            solid_mm3 += layer.solid;
            canal_mm = layer.canal.min(canal_mm);
            bounds = bounds.union(layer.bounds);
            for (d, l) in depth.iter_mut().zip(&layer.depth) {
                *d = d.max(*l);
            }
        }
        Fit {
            pads: (0..3).into_par_iter().with_max_len(1).map(|i| self.pad_fit(i)).collect(),
            depth_mm: self.bones.iter().map(|b| b.0).zip(depth).collect(),
            canal_mm,
            walls_mm: self.tracks.iter().map(|t| (t.name.clone(), self.wall(t))).collect(),
            pillars_mm: [0, 1].map(|i| self.pillar(i).0),
            volume_mm3,
            solid_mm3,
            bounds,
        }
    }

    fn layer(&self, origin: Vec3, [nx, ny]: [usize; 2], k: usize) -> Layer {
        let h = SAMPLE_MM;
        let mut out = Layer {
            volume: 0.0,
            solid: 0.0,
            bounds: Aabb::empty(),
            depth: vec![f64::NEG_INFINITY; self.bones.len()],
            canal: f64::INFINITY,
        };
        // Share of the sample cell on the negative side of a value.
        let share = |f: f64| (0.5 - f / h).clamp(0.0, 1.0);
        for j in 0..ny {
            for i in 0..nx {
                let p = origin + h * Vec3::new(i as f64, j as f64, k as f64);
                if self.body.floor_beyond(p, h).is_some() {
                    continue;
                }
                let side = self.body.value(p);
                if h < side {
                    continue;
                }
                let value = self.faces[1..].iter().map(|f| f.field.value(p)).fold(side, f64::max);
                let part = share(value) * h * h * h;
                out.volume += part;
                out.solid += part * share(self.solid.given_side(p, side));
                if value <= 0.0 {
                    out.bounds = out.bounds.including(p);
                    out.canal = out.canal.min(self.body.canal_distance(p));
                    for (d, (_, bone)) in out.depth.iter_mut().zip(&self.bones) {
                        *d = d.max(-bone.value(p));
                    }
                }
            }
        }
        out
    }

    /// Rays through the whole ellipse of the joint.
    fn pad_fit(&self, i: usize) -> PadFit {
        let pad = &self.pads[i];
        let bone =
            self.bones.iter().find(|b| b.0 == pad.bone).expect("every pad lies on a bone of the implant");
        let (rings, spokes) = (24_u32, 48);
        let area = std::f64::consts::PI * pad.joint.radii[0] * pad.joint.radii[1];
        let (mut covered, mut open, mut net, mut canal, mut rays) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let mut gaps = Vec::new();
        let mut seen: Vec<Option<(Vec3, f64)>> = Vec::with_capacity(rings as usize * spokes);
        for r in 0..rings {
            let scale = (f64::from(r) + 0.5) / f64::from(rings);
            for q in ring(&pad.joint, scale, spokes) {
                rays += scale;
                let Some(s) = meet(&*bone.1, q, pad.joint.axis) else {
                    seen.push(None);
                    continue;
                };
                let hit = q + pad.joint.axis * s;
                seen.push(Some((hit, f64::NAN)));
                if pad.patch.column(hit) < 0.0 && self.body.canal_cuts(hit) {
                    canal += scale;
                }
                open += if pad.patch.column(hit) < 0.0 { scale } else { 0.0 };
                let side = self.body.value(hit);
                // Over its lumen a cage bears nothing.
                if 0.0 < side || 0.0 < self.body.lumen(hit, side) {
                    continue;
                }
                covered += scale;
                if self.tracks.iter().any(|t| t.value(hit, 0.0) < 0.2) {
                    continue;
                }
                net += scale;
                let gap = self.gap(hit, pad.joint.axis);
                gaps.push(gap);
                seen.pop();
                seen.push(Some((hit, gap)));
            }
        }
        gaps.sort_by(f64::total_cmp);
        let at = |share: f64| {
            gaps.get(((gaps.len() as f64 - 1.0) * share) as usize).copied().unwrap_or(f64::INFINITY)
        };
        PadFit {
            name: pad.name.clone(),
            area_mm2: area * net / rays,
            coverage: covered / rays,
            gap_mm: [at(0.98), at(1.0)],
            canal_share: if open == 0.0 { 1.0 } else { canal / open },
            map: GapMap::from_rays(&seen, spokes),
        }
    }

    /// Distance along `axis` from the bone at `hit` back to the implant's face, mm.
    fn gap(&self, hit: Vec3, axis: Vec3) -> f64 {
        let inside = |s: f64| self.value(hit - axis * s) <= 0.0;
        let (mut lo, mut hi) = (-1e-6, 2e-6);
        while !inside(hi) {
            (lo, hi) = (hi, 2.0 * hi);
            if 4.0 < hi {
                return hi;
            }
        }
        for _ in 0..40 {
            let mid = 0.5 * (lo + hi);
            if inside(mid) {
                hi = mid;
            } else {
                lo = mid;
            }
        }
        hi.max(0.0)
    }

    fn wall(&self, track: &super::ScrewTrack) -> f64 {
        let between = self
            .tracks
            .iter()
            .filter(|o| o.name != track.name)
            .map(|o| axis_distance(track, o) - track.radius - o.radius)
            .fold(f64::INFINITY, f64::min);
        track.wall(&*self.body, self.params.wall_mm).min(between)
    }

    /// Diameter of the largest circle in the thinnest section of an arm, and the section's height, mm.
    fn pillar(&self, arm: usize) -> (f64, f64) {
        let arm = &self.body.arms[arm];
        let mut thinnest = (f64::INFINITY, 0.0);
        for i in 2..=18 {
            let s = arm.section(f64::from(i) / 20.0);
            let across = s.normal.cross(&s.first);
            let mut deepest: f64 = 0.0;
            for u in -10..=10 {
                for v in -10..=10 {
                    let (u, v) = (f64::from(u) / 10.0, f64::from(v) / 10.0);
                    let p = s.center + s.first * (u * s.radii[0]) + across * (v * s.radii[1]);
                    // Under its own contact face a pillar ends; only clearance to bone elsewhere thins it.
                    let cut =
                        |trim: &Trim| if trim.asked(p) == 0.0 { f64::NEG_INFINITY } else { trim.value(p) };
                    let value = self.trims.iter().map(|t| cut(t)).fold(self.body.value(p), f64::max);
                    deepest = deepest.max(-value);
                }
            }
            if 2.0 * deepest < thinnest.0 {
                let over = (s.center - self.pads[0].patch.center).dot(&-self.pads[0].patch.axis);
                thinnest = (2.0 * deepest, over);
            }
        }
        thinnest
    }

    /// Checks the pillars.
    pub(super) fn check_shape(&self) -> Result<(), ImplantError> {
        if self.body.tube.is_some() {
            // The tube's wall is given, and its head has no pillars.
            return Ok(());
        }
        for (i, side) in [(0, "left"), (1, "right")] {
            let (width_mm, at_mm) = self.pillar(i);
            if width_mm < self.params.pillar_mm {
                return Err(ImplantError::PillarThin {
                    side,
                    width_mm,
                    at_mm,
                    needed_mm: self.params.pillar_mm,
                });
            }
        }
        Ok(())
    }
}

/// Smallest distance between the axes of two tracks within the implant, mm.
fn axis_distance(a: &super::ScrewTrack, b: &super::ScrewTrack) -> f64 {
    let mut least = f64::INFINITY;
    for i in 0..=40 {
        let p = a.entry + a.direction * (a.length() * f64::from(i) / 40.0);
        let s = (p - b.entry).dot(&b.direction).clamp(0.0, b.length());
        least = least.min((p - b.entry - b.direction * s).norm());
    }
    least
}
