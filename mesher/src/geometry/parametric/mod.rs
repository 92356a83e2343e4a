//! Parametric C1 to C4 from published dimensions.
//!
//! [`spine`] lays the bones out in one frame (`layout`), builds each as a smooth [`Solid`] from the entries
//! of the evidence file (`dimensions`) and measures landmarks on the finished surfaces (`landmarks`).
//!
//! Guaranteed: mid-sagittal symmetry; both sides of a facet joint are parallel to one sheet; canal and
//! transverse foramina are carved last and so stay open. Not guaranteed: a person. Proportions that no
//! evidence entry gives (thickness of arches, slant of processes) were tuned on views of the ArtiSynth
//! cervical surfaces, and C2 is stretched or squeezed between endplate and facets to the segment height.

mod atlas;
mod axis;
mod dimensions;
mod landmarks;
mod layout;
mod subaxial;

#[cfg(test)]
mod likeness;
#[cfg(test)]
mod tests;

use super::shapes::{Node, Shape, Solid};
use super::spine::{Bone, Joint, JointKind, Level, Patch, Side, Spine};
use crate::Vec3;
use dimensions::{ADULT, Dimensions, FEMALE, MALE};
use layout::{Facet, Layout};
use rayon::prelude::*;
use std::ops::RangeInclusive;
use std::sync::Arc;
use subaxial::{Subaxial, subaxial};

/// Sex whose mean dimensions are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sex {
    /// 0.96 of the mean of both sexes.
    #[default]
    Female,
    /// 1.04 of the mean of both sexes.
    Male,
}

/// What may be chosen about the anatomy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parametric {
    /// Sex.
    pub sex: Sex,
    /// Further factor on every length but the segment height, [`SCALES`].
    pub scale: f64,
    /// Height of the middle of C1's inferior facets over the middle of C3's upper endplate, mm,
    /// [`SEGMENT_HEIGHTS`], and between 21.2 and 35.6 times the factor on the mean of both sexes.
    pub segment_height: f64,
}

impl Default for Parametric {
    fn default() -> Self {
        Self { sex: Sex::Female, scale: 1.0, segment_height: 28.0 }
    }
}

/// Scales accepted: adults of ordinary size; the shapes hold together here.
pub const SCALES: RangeInclusive<f64> = 0.85..=1.15;
/// Segment heights accepted, mm: `implant_height_c1_inferior_facet_to_c3_endplate.range` of the evidence.
pub const SEGMENT_HEIGHTS: RangeInclusive<f64> = 22.0..=34.0;

/// Why an anatomy cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum AnatomyError {
    /// Scale outside [`SCALES`].
    #[error("anatomy scale {0} is outside 0.85 to 1.15")]
    Scale(f64),
    /// Segment height that this size of bones cannot have, mm.
    #[error("segment height {height} mm is outside {least:.1} to {most:.1} mm, what fits bones of this size")]
    SegmentHeight {
        /// Height asked for.
        height: f64,
        /// Least height accepted.
        least: f64,
        /// Greatest height accepted.
        most: f64,
    },
    /// A surface point could not be found where the anatomy should have one.
    #[error(
        "no surface of {bone} found at the landmark `{landmark}`: these dimensions do not make a vertebra"
    )]
    Landmark {
        /// Name of the bone.
        bone: &'static str,
        /// Name of the landmark.
        landmark: String,
    },
}

/// Upper neck with the given parameters.
///
/// Origin in the middle of C3's upper endplate, +x left, +y posterior, +z cranial, mm.
///
/// # Errors
/// [`AnatomyError`] when a parameter is out of range, or no vertebra results.
///
/// # Source
/// Entries of `anthropometry.toml` named in [`Spine::source`].
pub fn spine(params: &Parametric) -> Result<Spine, AnatomyError> {
    if !SCALES.contains(&params.scale) {
        return Err(AnatomyError::Scale(params.scale));
    }
    let scale = factor(params.sex) * params.scale;
    let (least, most) = segment_heights(scale);
    let height = params.segment_height;
    if !(least..=most).contains(&height) {
        return Err(AnatomyError::SegmentHeight { height, least, most });
    }
    let d = ADULT;
    let l = Layout::new(&d, params.segment_height / scale);
    let solids = [
        atlas::atlas(&d, &l, scale),
        axis::axis(&d, &l, scale),
        subaxial(&third(&d, &l), scale),
        subaxial(&fourth(&d, &l), scale),
    ];
    let measured: Vec<_> = Level::ALL
        .into_par_iter()
        .zip(&solids)
        .map(|(level, solid)| landmarks::landmarks(level, solid, &d, &l, scale))
        .collect();
    let mut bones = Vec::with_capacity(4);
    for ((level, solid), landmarks) in Level::ALL.into_iter().zip(&solids).zip(measured) {
        let landmarks = landmarks?;
        let behind = match level {
            Level::C1 => l.c1.y + 9.5,
            Level::C2 => l.c2.y + 9.5,
            Level::C3 => l.c3.y + 8.2,
            Level::C4 => l.c4.y + 8.2,
        };
        bones.push(Bone {
            level,
            field: Arc::new(solid.clone()),
            landmarks,
            posterior_plane: (Vec3::new(0.0, behind * scale, 0.0), Vec3::y()),
        });
    }
    let (canal, screws) =
        rayon::join(|| canal_path(&l, &solids, scale), || landmarks::screws(&solids, &l, scale));
    let screws = screws?;
    Ok(Spine {
        bones,
        joints: joints(&d, &l, scale),
        condyles: Side::BOTH.map(|s| patch(&l.condyle, s, 3.0, scale)),
        held: held(&d, &l, scale),
        canal,
        screws,
        source: source(params, scale),
        warnings: warnings(&l, scale),
    })
}

/// Height of the middle of C3's upper endplate over the middle of C4's, mm: what a segment that ends on C4 has more.
pub fn third_over_fourth(sex: Sex, scale: f64) -> f64 {
    let l = Layout::new(&ADULT, *SEGMENT_HEIGHTS.start());
    (l.c3.z - l.c4.z) * factor(sex) * scale
}

pub(super) fn factor(sex: Sex) -> f64 {
    match sex {
        Sex::Female => FEMALE,
        Sex::Male => MALE,
    }
}

/// Least and greatest segment height of bones of this scale, mm.
pub(super) fn segment_heights(scale: f64) -> (f64, f64) {
    // C2 is stretched by -1 to 13 mm before scaling; beyond that it no longer looks like one.
    ((21.2 * scale).max(*SEGMENT_HEIGHTS.start()), (35.6 * scale).min(*SEGMENT_HEIGHTS.end()))
}

fn third(d: &Dimensions, l: &Layout) -> Subaxial {
    Subaxial {
        origin: l.c3,
        endplates: [l.endplates[1], l.endplates[2]],
        body: [[d.c3_width[0], d.c3_depth[0]], [d.c3_width[1] + 0.6, d.c3_depth[1]]],
        facets: [l.c2_c3, l.c3_c4],
        spinous: [4.2, 33.6, -16.0],
        transverse: [Vec3::new(22.6, 2.6, -5.4), Vec3::new(18.4, -3.6, -2.4)],
        foramen: Vec3::new(14.4, 0.7, -3.5),
    }
}

fn fourth(d: &Dimensions, l: &Layout) -> Subaxial {
    let [upper, lower] = d.c4_endplates;
    // Uncinate processes stand 1.5 mm outside the bearing width on either side, as in C3.
    Subaxial {
        origin: l.c4,
        endplates: [l.endplates[3], l.endplates[4]],
        body: [[upper[0] + 3.4, upper[1]], [lower[0] + 1.6, lower[1]]],
        facets: [l.c3_c4, l.c4_c5],
        spinous: [5.4, 34.0, -15.4],
        transverse: [Vec3::new(22.4, 3.2, -5.8), Vec3::new(17.8, -3.2, -3.6)],
        foramen: Vec3::new(14.8, 0.9, -3.5),
    }
}

fn node(at: Vec3, wide: f64, thick: f64) -> Node {
    Node { at, radii: [wide, thick] }
}

/// Radius of the vessel channels, mm before scaling: foramina of 5.5 to 6 mm after it.
const CHANNEL: f64 = 2.95;

/// Round channel along a path.
fn channel(path: &[Vec3]) -> Shape {
    let nodes: Vec<Node> = path.iter().map(|p| node(*p, CHANNEL, CHANNEL)).collect();
    let pieces = if path.len() > 2 { 3 } else { 1 };
    Shape::chain(&nodes, Vec3::y(), pieces)
}

/// Straight canal between two points, with semi-axes across and from front to back.
fn canal(path: [Vec3; 2], across: f64, depth: f64) -> Shape {
    Shape::chain(&path.map(|p| node(p, across, depth)), Vec3::x(), 1)
}

fn mirrored(p: Vec3, side: Side) -> Vec3 {
    Vec3::new(p.x * side.sign(), p.y, p.z)
}

fn patch(facet: &Facet, side: Side, depth: f64, scale: f64) -> Patch {
    Patch {
        center: mirrored(facet.sheet.origin, side) * scale,
        axis: mirrored(facet.sheet.axes.w, side),
        first: mirrored(facet.sheet.axes.u, side),
        radii: facet.radii.map(|r| r * scale),
        depth,
    }
}

fn joints(d: &Dimensions, l: &Layout, scale: f64) -> Vec<Joint> {
    let mut joints = Vec::with_capacity(8);
    let facets = [
        (Level::C1, Level::C2, &l.c1_c2),
        (Level::C2, Level::C3, &l.c2_c3),
        (Level::C3, Level::C4, &l.c3_c4),
    ];
    let discs = [
        (0, [d.c3_depth[0] - 1.4, 0.5 * (d.c2_endplate[0] + d.c3_endplates[0][0])]),
        (2, [d.c4_endplates[0][1] - 1.4, d.c4_endplates[0][0]]),
    ];
    for (upper, lower, facet) in facets {
        for side in Side::BOTH {
            let patch = patch(facet, side, 3.2, scale);
            joints.push(Joint { kind: JointKind::Facet(side), upper, lower, patch });
        }
        if upper == Level::C1 {
            continue;
        }
        let (i, size) = discs[if upper == Level::C2 { 0 } else { 1 }];
        let (above, below) = (&l.endplates[i], &l.endplates[i + 1]);
        let axis = (above.axes.w + below.axes.w).normalize();
        let patch = Patch {
            center: 0.5 * (above.origin + below.origin) * scale,
            axis,
            first: axis.cross(&Vec3::x()),
            radii: size.map(|s| 0.5 * s * scale),
            depth: 0.5 * d.disc_height * scale + 2.0,
        };
        joints.push(Joint { kind: JointKind::Disc, upper, lower, patch });
    }
    joints
}

fn held(d: &Dimensions, l: &Layout, scale: f64) -> Vec<Patch> {
    let sheet = &l.endplates[4];
    let [_, lower] = d.c4_endplates;
    let endplate = Patch {
        center: sheet.origin * scale,
        axis: -sheet.axes.w,
        first: sheet.axes.v,
        radii: [0.5 * (lower[1] - 1.6) * scale, 0.5 * lower[0] * scale],
        depth: 3.0,
    };
    let facets = Side::BOTH.map(|side| {
        let patch = patch(&l.c4_c5, side, 3.2, scale);
        Patch { axis: -patch.axis, ..patch }
    });
    std::iter::once(endplate).chain(facets).collect()
}

fn canal_path(l: &Layout, solids: &[Solid; 4], scale: f64) -> Vec<(Vec3, f64)> {
    use super::Field;
    let path = [
        l.c1 + Vec3::new(0.0, 12.2, 12.0),
        l.c1 + Vec3::new(0.0, 12.2, 2.0),
        0.5 * (l.c1 + l.c2) + Vec3::new(0.0, 15.2, 0.0),
        l.c2 + Vec3::new(0.0, 18.6, 2.0),
        l.c3 + Vec3::new(0.0, 14.0, 4.0),
        l.c3 + Vec3::new(0.0, 15.4, -5.0),
        l.c3 + Vec3::new(0.0, 16.2, -10.0),
        l.c4 + Vec3::new(0.0, 15.4, -5.0),
        l.c4 + Vec3::new(0.0, 16.8, -14.0),
    ];
    // Far from the surface a value is no distance, so the ball is probed; no cord needs more than 8 mm.
    let free = |middle: Vec3| {
        let clear = |r: f64| sphere(400).all(|n| solids.iter().all(|s| s.value(middle + n * r) > 0.0));
        let steps = (1..=80).take_while(|k| clear(0.1 * f64::from(*k))).count();
        0.1 * steps as f64
    };
    path.par_iter().with_max_len(1).map(|p| (p * scale, free(p * scale))).collect()
}

/// `n` unit vectors spread evenly (Fibonacci spiral).
fn sphere(n: u32) -> impl Iterator<Item = Vec3> {
    let golden = std::f64::consts::PI * (3.0 - 5.0_f64.sqrt());
    (0..n).map(move |i| {
        let z = 1.0 - (2.0 * f64::from(i) + 1.0) / f64::from(n);
        let (s, c) = (golden * f64::from(i)).sin_cos();
        let r = (1.0 - z * z).sqrt();
        Vec3::new(r * c, r * s, z)
    })
}

fn source(params: &Parametric, scale: f64) -> String {
    let sex = match params.sex {
        Sex::Female => "female",
        Sex::Male => "male",
    };
    format!(
        "parametric {sex} C1-C4, factor {scale:.3} on the mean of both sexes, segment height {:.1} mm; \
         anthropometry.toml: c1_superior_facet, c1_inferior_facet, c2_superior_facet, c2_inferior_facet \
         (kaur_facets, ari2014axis), c2_body_and_dens (gosavi2012), c2_heights_male_ct (axis3d), c3_body \
         (rohtak_c3c6, galloway_c3c6), c2_c3_c4_endplates_panjabi (panjabi1991), c3_superior_facet, \
         c3_inferior_facet (patel2007facets), subaxial_lateral_mass (jian2023), endplate_shape \
         (lu2021aatmc, lu2017), c2_c3_disc_height, c1_overall, c1_c2_facet_coronal_slope_deg, sex_scale, \
         implant_height_c1_inferior_facet_to_c3_endplate (recalled or derived)",
        params.segment_height
    )
}

fn warnings(l: &Layout, scale: f64) -> Vec<String> {
    vec![
        "parametric anatomy: mean dimensions, mirror-symmetric, not a person".to_owned(),
        format!(
            "the C2 facets stand {:+.1} mm higher over its lower endplate than in the surfaces its \
             proportions were taken from, to reach the segment height",
            l.stretch * scale
        ),
    ]
}
