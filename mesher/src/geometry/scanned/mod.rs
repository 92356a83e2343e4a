//! The spine from surface files of a patient: bones as they are, joints found where bones face each other.
//!
//! Frame: +x left, +y posterior, +z cranial, mm. Joints are found from the distance between facing surfaces;
//! the places where nothing faces a bone (superior facets of C1, underside of the lowest bone) are found
//! from the shape and position of the joints next to them.

mod facing;
mod places;
pub mod template;
pub mod upright;

use super::Field;
use super::bvh::SurfaceSolid;
use super::spine::{Bone, Joint, JointKind, Level, Side, Spine};
use super::surface::TriSurface;
use crate::Vec3;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// Why surfaces do not make a spine.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ScanError {
    /// A joint was not found.
    #[error(
        "{joint}: no facing surfaces found within {reach} mm; check that the bones are in one frame (+x left, +y posterior, +z cranial), in mm and in the right order"
    )]
    NoJoint {
        /// Name of the joint.
        joint: String,
        /// Largest gap looked for, mm.
        reach: f64,
    },
    /// A place of a bone was not found.
    #[error(
        "{level}: its {place} was not found; check that the bone is complete and the frame is +x left, +y posterior, +z cranial"
    )]
    NoPlace {
        /// Bone.
        level: &'static str,
        /// What was looked for.
        place: &'static str,
    },
    /// A bone that is needed is missing.
    #[error("the surface of {level} is needed")]
    Missing {
        /// Bone.
        level: &'static str,
    },
    /// No template fits between C1 and C3.
    #[error(
        "no C2 fits between C1 and C3: its landmarks end {residual_mm:.1} mm off where the neighbors want them, at most {most_mm:.0} mm is accepted; check that both bones are whole and in one frame"
    )]
    Template {
        /// Root mean square distance, mm; not a number where a fit failed altogether.
        residual_mm: f64,
        /// Largest accepted.
        most_mm: f64,
    },
    /// Two bones overlap.
    #[error("{upper} and {lower} overlap by {depth:.2} mm near ({:.1}, {:.1}, {:.1}) mm", place.x, place.y, place.z)]
    Overlap {
        /// Cranial bone.
        upper: &'static str,
        /// Caudal bone.
        lower: &'static str,
        /// Largest depth, mm.
        depth: f64,
        /// Where.
        place: Vec3,
    },
}

/// Spine from checked surfaces of C1, C2, C3 and, if given, C4 (see [`super::check::check`]).
///
/// # Errors
/// [`ScanError`] when a bone is missing, two overlap, or a joint or place is not found.
pub fn spine(surfaces: Vec<(Level, TriSurface)>) -> Result<Spine, ScanError> {
    let solids: BTreeMap<Level, Arc<SurfaceSolid>> =
        surfaces.into_iter().map(|(level, s)| (level, Arc::new(SurfaceSolid::new(s)))).collect();
    for level in [Level::C1, Level::C2, Level::C3] {
        if !solids.contains_key(&level) {
            return Err(ScanError::Missing { level: level.name() });
        }
    }
    let levels: Vec<Level> = solids.keys().copied().collect();
    let mut joints = Vec::new();
    for pair in levels.windows(2) {
        let (upper, lower) = (&solids[&pair[0]], &solids[&pair[1]]);
        apart(pair[0], pair[1], upper, lower)?;
        for side in Side::BOTH {
            joints.push(facing::facet(pair[0], pair[1], side, upper, lower)?);
        }
        if pair[0] != Level::C1 {
            joints.push(facing::disc(pair[0], pair[1], upper, lower)?);
        }
    }
    let find =
        |upper: Level, kind: JointKind| joints.iter().find(|j: &&Joint| j.upper == upper && j.kind == kind);
    let condyles = places::condyles(&solids[&Level::C1], &joints)?;
    let lowest = *levels.last().unwrap_or(&Level::C3);
    let held = places::held(lowest, &solids[&lowest], &joints)?;
    let canal = places::canal(&solids, &joints)?;
    let screws = places::screws(&solids, &joints, &condyles, &held);
    let bones = levels
        .iter()
        .map(|level| {
            let solid = &solids[level];
            let mut landmarks = places::landmarks(*level, solid, &joints);
            if *level == lowest {
                landmarks.extend(held.first().map(|h| (String::from("inferior endplate"), h.center)));
            }
            Bone {
                level: *level,
                field: Arc::clone(solid) as Arc<dyn Field>,
                landmarks,
                posterior_plane: (places::posterior(*level, &joints, &condyles), Vec3::y()),
            }
        })
        .collect();
    let mut warnings = Vec::new();
    if lowest == Level::C3 {
        warnings.push(String::from(
            "No surface of C4 was given: C3 is held at its inferior endplate and facets, which starves its lateral masses of load in the control; shielding figures of C3 are not comparable with a C1-C4 model.",
        ));
    }
    if find(Level::C2, JointKind::Disc).is_none() {
        return Err(ScanError::NoJoint { joint: "C2-C3 disc".into(), reach: facing::DISC_REACH });
    }
    Ok(Spine {
        bones,
        joints,
        condyles,
        held,
        canal,
        screws,
        source: "surface files in patient coordinates, joints found from facing surfaces".into(),
        warnings,
    })
}

/// Checks that no vertex of either bone lies deeper than 0.05 mm in the other.
fn apart(upper: Level, lower: Level, a: &SurfaceSolid, b: &SurfaceSolid) -> Result<(), ScanError> {
    for (solid, other) in [(a, b), (b, a)] {
        let bounds = other.bounds();
        let mut worst = (0.0, Vec3::zeros());
        for p in solid.surface().points.iter().filter(|p| bounds.contains(**p)) {
            let v = other.value(*p);
            if v < worst.0 {
                worst = (v, *p);
            }
        }
        if worst.0 < -0.05 {
            let (depth, place) = (-worst.0, worst.1);
            return Err(ScanError::Overlap { upper: upper.name(), lower: lower.name(), depth, place });
        }
    }
    Ok(())
}
