//! Places that no neighbouring bone shows: condylar facets, held surfaces, canal, screws, landmarks.

use super::ScanError;
use crate::Vec3;
use crate::geometry::Field;
use crate::geometry::bvh::SurfaceSolid;
use crate::geometry::spine::{Joint, JointKind, Level, Patch, ScrewPath, Side};
use std::collections::BTreeMap;
use std::sync::Arc;

fn joint(joints: &[Joint], upper: Level, kind: JointKind) -> Option<&Joint> {
    joints.iter().find(|j| j.upper == upper && j.kind == kind)
}

fn below(level: Level) -> Option<Level> {
    Level::ALL.get(level as usize + 1).copied()
}

fn above(level: Level) -> Option<Level> {
    (level as usize).checked_sub(1).map(|i| Level::ALL[i])
}

/// First surface point of the solid on the ray from `from` along `along`, within `reach` mm.
fn exit(solid: &SurfaceSolid, from: Vec3, along: Vec3, reach: f64) -> Option<Vec3> {
    let start = solid.value(from) < 0.0;
    let step = 0.25;
    let n = (reach / step) as usize;
    let at = (1..=n).find(|i| (solid.value(from + along * (*i as f64 * step)) < 0.0) != start)?;
    let (mut a, mut b) = ((at - 1) as f64 * step, at as f64 * step);
    for _ in 0..30 {
        let m = 0.5 * (a + b);
        if (solid.value(from + along * m) < 0.0) == start { a = m } else { b = m }
    }
    Some(from + along * (0.5 * (a + b)))
}

/// Superior facets of C1: the upward faces over the C1-C2 facets, of the size of the evidence
/// (21.5 × 11.2 mm, Kaur) scaled by the C1-C2 facet found here over its published size (17.5 mm).
pub(super) fn condyles(c1: &SurfaceSolid, joints: &[Joint]) -> Result<[Patch; 2], ScanError> {
    let find = |side: Side| {
        let missing = ScanError::NoPlace { level: "C1", place: "superior articular facet" };
        let facet = &joint(joints, Level::C1, JointKind::Facet(side)).ok_or(missing.clone())?.patch;
        let size = (facet.radii[0] * facet.radii[1]).sqrt() / 8.1;
        let size = size.clamp(0.75, 1.25);
        let (u, v) = (10.75 * size, 5.6 * size);
        // Upward triangles over the facet, above the middle of the bone there, in the footprint of the facet.
        let surface = c1.surface();
        let mut sum = (0.0, Vec3::zeros(), Vec3::zeros());
        for t in 0..surface.triangles.len() {
            let [a, b, c] = surface.corners(t);
            let n = (b - a).cross(&(c - a));
            let (center, area) = ((a + b + c) / 3.0, 0.5 * n.norm());
            let d = center - facet.center;
            if 0.0 < area
                && 0.5 * n.norm() < n.z
                && 4.0 < d.z
                && (d.x / 9.0).powi(2) + (d.y / 11.0).powi(2) < 1.0
            {
                sum = (sum.0 + area, sum.1 + center * area, sum.2 + n * 0.5);
            }
        }
        if sum.0 < 20.0 {
            return Err(missing);
        }
        let axis = sum.2.normalize();
        // Long axis antero-medial: tilted 30° from the sagittal plane, the front toward the midline.
        let lean = Vec3::new(side.sign() * 0.5, 0.866, 0.0);
        let first = (lean - axis * axis.dot(&lean)).normalize();
        Ok(Patch { center: sum.1 / sum.0, axis, first, radii: [u, v], depth: 6.0 })
    };
    Ok([find(Side::Left)?, find(Side::Right)?])
}

/// Underside of the lowest bone: endplate and facets, found below the joints above it at the distance of
/// the joints above those.
pub(super) fn held(lowest: Level, solid: &SurfaceSolid, joints: &[Joint]) -> Result<Vec<Patch>, ScanError> {
    let missing = |place| ScanError::NoPlace { level: lowest.name(), place };
    let upper = above(lowest).ok_or(missing("upper neighbour"))?;
    let mut held = Vec::new();
    let disc = &joint(joints, upper, JointKind::Disc).ok_or(missing("superior endplate"))?.patch;
    let start = disc.center - disc.axis * (0.5 * disc.depth).min(4.0);
    let inside =
        exit(solid, start + disc.axis * 6.0, -disc.axis, 12.0).ok_or(missing("superior endplate"))?;
    let bottom =
        exit(solid, inside - disc.axis * 2.0, -disc.axis, 25.0).ok_or(missing("inferior endplate"))?;
    held.push(Patch { center: bottom, axis: -disc.axis, first: -disc.first, depth: 4.0, ..*disc });
    for side in Side::BOTH {
        let facet = &joint(joints, upper, JointKind::Facet(side)).ok_or(missing("superior facet"))?.patch;
        // The articular pillar carries its two facets about parallel, one below the other.
        let pillar = bottom - inside;
        let guess = facet.center + pillar;
        let down = -facet.axis;
        let from = guess - down * 3.0;
        let center =
            if solid.value(from) < 0.0 { exit(solid, from, down, 10.0) } else { Some(solid.nearest(guess)) };
        let center = center.ok_or(missing("inferior facet"))?;
        held.push(Patch { center, axis: down, first: -facet.first, depth: 5.0, ..*facet });
    }
    Ok(held)
}

/// Middle and free radius of the canal at each bone: the roomiest place behind the body in its plane.
pub(super) fn canal(
    solids: &BTreeMap<Level, Arc<SurfaceSolid>>,
    joints: &[Joint],
) -> Result<Vec<(Vec3, f64)>, ScanError> {
    let mut path = Vec::new();
    for (level, solid) in solids {
        let b = solid.bounds();
        let (z, from) = match level {
            Level::C1 => (b.center().z, b.min.y + 14.0),
            _ => {
                let upper = above(*level).unwrap_or(Level::C1);
                let kind = if *level == Level::C2 { JointKind::Facet(Side::Left) } else { JointKind::Disc };
                let near = joint(joints, upper, kind).map_or(b.center(), |j| j.patch.center);
                (near.z - 7.0, near.y)
            }
        };
        let mut best = (0.0, Vec3::zeros());
        for i in 0..60 {
            for x in [-1.0, 0.0, 1.0] {
                let p = Vec3::new(x, from + 0.5 * f64::from(i), z);
                let r = solid.value(p);
                // Between pedicles or lateral masses, so the place is not outside of the ring.
                let ringed = p.y < b.max.y - 6.0
                    && exit(solid, p, Vec3::x(), 25.0).is_some()
                    && exit(solid, p, -Vec3::x(), 25.0).is_some();
                if best.0 < r && ringed {
                    best = (r, p);
                }
            }
        }
        if best.0 < 3.0 {
            return Err(ScanError::NoPlace { level: level.name(), place: "spinal canal" });
        }
        path.push((best.1, best.0));
    }
    Ok(path)
}

/// Lateral mass screws of C1 and of the bones below C2, about in the directions of Harms and Magerl.
pub(super) fn screws(
    solids: &BTreeMap<Level, Arc<SurfaceSolid>>,
    joints: &[Joint],
    condyles: &[Patch; 2],
    held: &[Patch],
) -> Vec<(Level, Side, ScrewPath)> {
    let mut screws = Vec::new();
    for (level, solid) in solids.iter().filter(|(l, _)| **l != Level::C2) {
        for (i, side) in Side::BOTH.into_iter().enumerate() {
            let kind = JointKind::Facet(side);
            let top = match above(*level) {
                Some(upper) => joint(joints, upper, kind).map(|j| j.patch.center),
                None => Some(condyles[i].center),
            };
            let bottom = match below(*level).filter(|l| solids.contains_key(l)) {
                Some(_) => joint(joints, *level, kind).map(|j| j.patch.center),
                None => held.get(1 + i).map(|p| p.center),
            };
            let (Some(top), Some(bottom)) = (top, bottom) else { continue };
            let middle = 0.5 * (top + bottom);
            // Medial 10° in C1, lateral 20° below: away from canal and artery.
            let lean: f64 = if *level == Level::C1 { -0.17 } else { 0.35 };
            let direction = Vec3::new(side.sign() * lean.sin(), -lean.cos(), 0.0);
            if solid.value(middle) >= 0.0 {
                continue;
            }
            let (Some(back), Some(front)) =
                (exit(solid, middle, -direction, 20.0), exit(solid, middle, direction, 20.0))
            else {
                continue;
            };
            // Clinical lengths: up to 30 mm in C1, 16 mm in lateral masses below.
            let longest = if *level == Level::C1 { 30.0 } else { 16.0 };
            let length = ((front - back).norm() - 1.5).min(longest);
            if 5.0 < length {
                screws.push((*level, side, ScrewPath { entry: back, direction, length }));
            }
        }
    }
    screws
}

/// Named points of a bone.
pub(super) fn landmarks(level: Level, solid: &SurfaceSolid, joints: &[Joint]) -> BTreeMap<String, Vec3> {
    let mut named = BTreeMap::new();
    let extreme = |key: &dyn Fn(&Vec3) -> f64| {
        solid.surface().points.iter().copied().max_by(|a, b| key(a).total_cmp(&key(b)))
    };
    if level == Level::C1 {
        let tubercle = extreme(&|p| if p.x.abs() < 4.0 { -p.y } else { f64::NEG_INFINITY });
        named.extend(tubercle.map(|p| (String::from("anterior tubercle"), p)));
    }
    named.extend(extreme(&|p| p.x).map(|p| (String::from("left end"), p)));
    named.extend(extreme(&|p| -p.x).map(|p| (String::from("right end"), p)));
    if let Some(j) = above(level).and_then(|u| joint(joints, u, JointKind::Disc)) {
        named.insert("superior endplate".into(), solid.nearest(j.patch.center));
    }
    if let Some(j) = joint(joints, level, JointKind::Disc) {
        named.insert("inferior endplate".into(), solid.nearest(j.patch.center));
    }
    named
}

/// Point of the plane that parts body or lateral masses from the posterior elements.
pub(super) fn posterior(level: Level, joints: &[Joint], condyles: &[Patch; 2]) -> Vec3 {
    let disc = above(level)
        .and_then(|u| joint(joints, u, JointKind::Disc))
        .or_else(|| joint(joints, level, JointKind::Disc));
    match disc {
        Some(j) => j.patch.center + Vec3::y() * (j.patch.radii[0] + 1.0),
        None => condyles[0].center + Vec3::y() * (condyles[0].radii[0] + 0.5),
    }
}

#[cfg(test)]
mod tests {
    use crate::geometry::spine::{JointKind, Level};

    #[test]
    fn joints_of_real_bones_are_found_on_both_sides() {
        let Some(folder) = crate::geometry::anatomy_folder() else { return };
        let surfaces = Level::ALL
            .map(|l| {
                let file = folder.join("artisynth_cervical").join(format!("{}.obj", l.name().to_lowercase()));
                let surface = crate::io::read_surface(&file).expect("a readable surface");
                assert_eq!(crate::geometry::check::check(&surface), vec![], "{}", l.name());
                (l, surface)
            })
            .to_vec();
        let spine = super::super::spine(surfaces).expect("a whole spine");
        assert_eq!(spine.joints.len(), 8, "three pairs of facets and two discs");
        for j in &spine.joints {
            let area = j.patch.area();
            // Published facet areas are 67 to 206 mm² and endplates about 200 mm²; found patches may be
            // smaller where the gap opens at the rim.
            assert!((35.0..330.0).contains(&area), "{}: {area:.0} mm²", j.name());
            if j.kind == JointKind::Disc {
                assert!(j.patch.center.x.abs() < 1.0, "a disc lies on the midline of a symmetric model");
            }
        }
        let [left, right] = [&spine.joints[0].patch, &spine.joints[1].patch];
        assert!((left.center.x + right.center.x).abs() < 0.5, "a symmetric model has symmetric facets");
        assert_eq!(spine.screws.len(), 6);
        assert_eq!(spine.held.len(), 3);
        // Published for the segment down to C3: 43.1 to 54.5 mm in seven patients (Wei 2020); a tenth is allowed beyond.
        let height = spine
            .segment_height(Level::C3, &nalgebra::Isometry3::identity())
            .expect("all landmarks are there");
        assert!((38.8..60.0).contains(&height), "{height}");
        assert!(
            spine.segment_height(Level::C4, &nalgebra::Isometry3::identity()).expect("the lowest bone too")
                > height + 8.0
        );
        for (p, r) in &spine.canal {
            assert!((5.0..16.0).contains(r), "free radius {r:.1} at {p:?}");
        }
    }
}
