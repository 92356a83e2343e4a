//! Named points and screw paths, found on the finished surfaces.

use super::dimensions::Dimensions;
use super::layout::{Facet, Layout};
use super::{AnatomyError, axis, mirrored};
use crate::Vec3;
use crate::geometry::Field;
use crate::geometry::shapes::Solid;
use crate::geometry::spine::{Level, ScrewPath, Side};
use std::collections::BTreeMap;

/// First point where the ray from `from` along the unit vector `direction` crosses the surface, if it does
/// so within `range` mm.
pub(super) fn crossing(field: &dyn Field, from: Vec3, direction: Vec3, range: f64) -> Option<Vec3> {
    // Steps of 0.2 mm: no part of a bone is thinner than ten of them.
    let step = 0.2;
    let inside = |t: f64| field.value(from + direction * t) < 0.0;
    let start = inside(0.0);
    let n = (range / step).ceil() as usize;
    let first = (1..=n).find(|k| inside(*k as f64 * step) != start)?;
    let (mut a, mut b) = ((first - 1) as f64 * step, first as f64 * step);
    for _ in 0..40 {
        let middle = 0.5 * (a + b);
        if inside(middle) == start { a = middle } else { b = middle }
    }
    Some(from + direction * b)
}

struct Finder<'a> {
    level: Level,
    solid: &'a Solid,
    scale: f64,
    found: BTreeMap<String, Vec3>,
}

impl Finder<'_> {
    /// Surface point met from `from` (mm before scaling) along `direction`.
    fn ray(&mut self, name: &str, from: Vec3, direction: Vec3) -> Result<(), AnatomyError> {
        let point = crossing(self.solid, from * self.scale, direction.normalize(), 60.0)
            .ok_or_else(|| AnatomyError::Landmark { bone: self.level.name(), landmark: name.to_owned() })?;
        self.found.insert(name.to_owned(), point);
        Ok(())
    }

    /// The same on both sides, named `name left` and `name right`.
    fn pair(&mut self, name: &str, from: Vec3, direction: Vec3) -> Result<(), AnatomyError> {
        for side in Side::BOTH {
            let name = format!("{name} {}", side.name());
            self.ray(&name, mirrored(from, side), mirrored(direction, side))?;
        }
        Ok(())
    }

    /// Middle and the four ends of a facet, met from outside the bone, along the sheet's normal.
    ///
    /// - `outward`: +1 where the bone lies below the sheet, −1 where it lies above
    fn facet(&mut self, name: &str, facet: &Facet, outward: f64) -> Result<(), AnatomyError> {
        let axes = facet.sheet.axes;
        let ends = [
            ("center", [0.0, 0.0]),
            ("anterior", [-facet.radii[0], 0.0]),
            ("posterior", [facet.radii[0], 0.0]),
            // v = w × u is medial on the left: w points up and u backward.
            ("medial", [0.0, facet.radii[1]]),
            ("lateral", [0.0, -facet.radii[1]]),
        ];
        for (end, [u, v]) in ends {
            let above = facet.sheet.at(u, v) + axes.w * (outward * 3.0);
            self.pair(&format!("{name} {end}"), above, axes.w * -outward)?;
        }
        Ok(())
    }
}

/// Landmarks of one bone, mm.
pub(super) fn landmarks(
    level: Level,
    solid: &Solid,
    d: &Dimensions,
    l: &Layout,
    scale: f64,
) -> Result<BTreeMap<String, Vec3>, AnatomyError> {
    let (x, y, z) = (Vec3::x(), Vec3::y(), Vec3::z());
    let mut f = Finder { level, solid, scale, found: BTreeMap::new() };
    match level {
        Level::C1 => {
            f.ray("anterior tubercle", l.c1 + Vec3::new(0.0, -13.0, 7.6), -y)?;
            f.ray("posterior tubercle", l.c1 + Vec3::new(0.0, 23.0, 0.8), y)?;
            f.ray("anterior arch superior", l.c1 + Vec3::new(0.0, -13.0, 8.0), z)?;
            f.ray("anterior arch inferior", l.c1 + Vec3::new(0.0, -13.0, 8.0), -z)?;
            f.ray("anterior arch posterior", l.c1 + Vec3::new(0.0, -13.0, 8.0), y)?;
            let tip = l.c1 + Vec3::new(0.5 * d.c1_width - 2.3, 2.3, 4.5);
            f.pair("transverse process", tip, x)?;
            f.facet("superior facet", &l.condyle, 1.0)?;
            f.facet("inferior facet", &l.c1_c2, -1.0)?;
        }
        Level::C2 => {
            let dens = axis::dens_base(d, l);
            f.found.insert("dens base".to_owned(), dens * scale);
            f.ray("dens tip", dens, z)?;
            f.ray("dens anterior", dens + z * 8.0, -y)?;
            f.pair("dens", dens + z * 8.0, x)?;
            let middle = 0.5 * (l.c2 + dens);
            f.ray("body anterior", middle, -y)?;
            f.ray("body posterior", middle, y)?;
            f.ray("body base posterior", dens, y)?;
            f.ray("body base anterior", dens, -y)?;
            f.ray("spinous process", l.c2 + Vec3::new(0.0, 30.0, 0.0), y)?;
            f.facet("superior facet", &l.c1_c2, 1.0)?;
            f.facet("inferior facet", &l.c2_c3, -1.0)?;
            endplate(&mut f, "inferior endplate", &l.endplates[0], -1.0)?;
        }
        Level::C3 | Level::C4 => {
            let third = level == Level::C3;
            let (top, low) = if third { (1, 2) } else { (3, 4) };
            endplate(&mut f, "superior endplate", &l.endplates[top], 1.0)?;
            endplate(&mut f, "inferior endplate", &l.endplates[low], -1.0)?;
            let origin = if third { l.c3 } else { l.c4 };
            f.ray("spinous process", origin + Vec3::new(0.0, 24.5, -9.6), y)?;
            let (above, below) = if third { (&l.c2_c3, &l.c3_c4) } else { (&l.c3_c4, &l.c4_c5) };
            f.facet("superior facet", above, 1.0)?;
            f.facet("inferior facet", below, -1.0)?;
            let pillar = 0.5 * (above.sheet.origin + below.sheet.origin);
            f.pair("lateral mass lateral", pillar, x)?;
            f.pair("lateral mass medial", pillar, -x)?;
            f.pair("lateral mass posterior", pillar, y)?;
        }
    }
    Ok(f.found)
}

/// Middle of an endplate and the ends of the body beside it, 2 mm inside the bone.
///
/// - `outward`: +1 for an upper endplate, −1 for a lower one
fn endplate(
    f: &mut Finder,
    name: &str,
    sheet: &crate::geometry::shapes::Sheet,
    outward: f64,
) -> Result<(), AnatomyError> {
    let axes = sheet.axes;
    let inside = sheet.origin - axes.w * (outward * 3.0);
    f.ray(name, inside, axes.w * outward)?;
    let level = sheet.origin - axes.w * (outward * 1.6);
    f.ray(&format!("{name} anterior"), level, -axes.v)?;
    f.ray(&format!("{name} posterior"), level, axes.v)?;
    // Deeper at the sides: a lower endplate rises there by up to 2 mm.
    f.pair(&format!("{name} lateral"), inside, axes.u)?;
    // Rims: what of the endplate lies 5.5 mm before and behind its middle.
    let which = name.split(' ').next().unwrap_or(name);
    f.ray(&format!("{which} rim anterior"), inside - axes.v * 5.5, axes.w * outward)?;
    f.ray(&format!("{which} rim posterior"), inside + axes.v * 5.5, axes.w * outward)
}

/// Lateral mass screws of C1, C3 and C4, left then right.
///
/// C1 straight through the lateral mass, 10° to the middle line; C3 and C4 16° outward and 24° upward
/// (after Magerl). They end 2 mm inside the far cortex and are no longer than 24 mm (C1) and 16 mm.
///
/// # Errors
/// [`AnatomyError::Landmark`] when the surface is not met.
pub(super) fn screws(
    solids: &[Solid; 4],
    l: &Layout,
    scale: f64,
) -> Result<Vec<(Level, Side, ScrewPath)>, AnatomyError> {
    let steep = |outward: f64, upward: f64| {
        let (o, u) = (outward.to_radians(), upward.to_radians());
        Vec3::new(o.sin() * u.cos(), -o.cos() * u.cos(), u.sin())
    };
    let middle = |a: &Facet, b: &Facet| 0.5 * (a.sheet.origin + b.sheet.origin);
    let plans = [
        (Level::C1, 0, l.c1 + Vec3::new(17.8, 2.0, 5.0), steep(-8.0, 5.0), 24.0),
        (Level::C3, 2, middle(&l.c2_c3, &l.c3_c4), steep(16.0, 24.0), 16.0),
        (Level::C4, 3, middle(&l.c3_c4, &l.c4_c5), steep(16.0, 24.0), 16.0),
    ];
    let mut screws = Vec::with_capacity(6);
    for (level, i, through, direction, longest) in plans {
        for side in Side::BOTH {
            let (through, direction) = (mirrored(through, side) * scale, mirrored(direction, side));
            let lost = || AnatomyError::Landmark { bone: level.name(), landmark: "screw".to_owned() };
            let entry = crossing(&solids[i], through, -direction, 30.0).ok_or_else(lost)?;
            let exit = crossing(&solids[i], through, direction, 30.0).ok_or_else(lost)?;
            let length = ((exit - entry).norm() - 2.0).min(longest);
            screws.push((level, side, ScrewPath { entry, direction, length }));
        }
    }
    Ok(screws)
}
