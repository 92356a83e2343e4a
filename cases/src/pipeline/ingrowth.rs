//! Where bone grows into the faces of the implant: where they hardly move on day 1.
//!
//! A facet of the bone is bonded where the mean motion of its points on day 1 under the judged load is below a limit, and
//! their mean gap is one that bone bridges; elsewhere friction goes on. Partial ingrowth takes the least published limit of ingrowth (28 µm), 12 months the motion
//! above which fibrous tissue forms (150 µm). No time of its own belongs to the partial stage.
//!
//! Not modelled: stiffness of young bone (a bond is rigid), and that a bonded facet quiets its neighbors.

use super::Results;
use super::fields::Solved;
use crate::case::Case;
use dens_reports::record::Section;
use dens_reports::table::{NO_UNIT, Table, significant};
use dens_solver::criteria::interface::{BRIDGEABLE_GAP, THRESHOLDS};
use dens_solver::loads::contact::{Law, Status};
use dens_solver::solution::{Contact, ContactPoint, Solution};
use std::collections::BTreeSet;

/// What is added to the name of a face for its bonded part.
const INGROWN: &str = ", ingrown";

/// Facets that bone has grown into.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ingrowth {
    /// Limit of motion, mm.
    pub limit: f64,
    /// Facets of the bone's side of each face, in the order of [`super::models::SEATS`].
    pub facets: [BTreeSet<u32>; 3],
    /// Facets of each face that faced the implant on day 1, bonded or not.
    pub paired: [BTreeSet<u32>; 3],
    /// Share of the bonded ones in the area of each face, see [`face_area`].
    pub shares: [f64; 3],
}

impl Ingrowth {
    /// Parts the facets of a face into bonded and free; what never faced the implant goes with the bonded ones where no
    /// free facet faces it.
    pub fn part(&self, face: usize, facets: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let (bonded, free): (Vec<u32>, Vec<u32>) = facets.iter().partition(|f| self.facets[face].contains(f));
        if free.iter().any(|f| self.paired[face].contains(f)) {
            return (bonded, free);
        }
        if bonded.is_empty() { (bonded, free) } else { (facets.to_vec(), Vec::new()) }
    }
}

/// Motion below which bone grows in surely, and above which fibrous tissue forms, mm.
pub fn limits() -> [f64; 2] {
    [1e-3 * THRESHOLDS[0], 1e-3 * THRESHOLDS[2]]
}

/// Motion of a point of a face between load and no load, mm: slip and opening.
pub fn motion(p: &ContactPoint) -> f64 {
    p.slip.norm().hypot(p.gap.max(0.0))
}

/// Gap of a point that is not closed, mm.
fn opening(p: &ContactPoint) -> f64 {
    if p.status == Status::Open { p.gap.max(0.0) } else { 0.0 }
}

/// Whether a point moves less than `limit` mm under `factor` times the load, and is closed but for a gap that bone bridges.
pub fn is_quiet(p: &ContactPoint, factor: f64, limit: f64) -> bool {
    factor * motion(p) < limit && factor * opening(p) < BRIDGEABLE_GAP
}

/// Area of a face that bone can grow into, mm²: what pairs with the other side, and what of the implant's own face should.
///
/// The facets of the bone are chosen by their middles and reach beyond the implant and over its bores; what lies there has no
/// implant to grow into.
///
/// - `pad`: area of the implant's face as designed, mm²
pub fn face_area(face: &Contact, pad: f64) -> f64 {
    face.paired_area.max(pad.min(face.slave_area))
}

/// Facets that move less than `limit` mm on day 1 under `factor` times its load, with gaps that bone bridges.
///
/// - `pads`: areas of the implant's faces as designed, mm²
pub fn of(day_one: &Solved, pads: [f64; 3], factor: f64, limit: f64) -> Ingrowth {
    let mut found = Ingrowth { limit, ..Ingrowth::default() };
    for (k, name) in day_one.question.seat_names().into_iter().enumerate() {
        let Some(face) = day_one.solution.contacts.iter().find(|c| c.name == name) else { continue };
        let mut bonded = 0.0;
        for f in &face.facets {
            let points = &face.points[f.points.clone()];
            let mean = |of: fn(&ContactPoint) -> f64| {
                factor * points.iter().map(|p| p.area * of(p)).sum::<f64>() / f.area
            };
            if 0.0 < f.area {
                found.paired[k].insert(f.facet);
            }
            if mean(motion) < limit && mean(opening) < BRIDGEABLE_GAP {
                found.facets[k].insert(f.facet);
                bonded += f.area;
            }
        }
        found.shares[k] = bonded / face_area(face, pads[k]);
    }
    found
}

/// Name of the interface of the bonded part of a face.
pub fn bonded_name(face: &str) -> String {
    format!("{face}{INGROWN}")
}

/// Puts the two parts of each face together again, so that a face is one contact in every stage.
pub fn merge(solution: &mut Solution) {
    let mut kept: Vec<Contact> = Vec::new();
    for contact in std::mem::take(&mut solution.contacts) {
        let face = contact.name.strip_suffix(INGROWN).map(str::to_string);
        match face.and_then(|name| kept.iter_mut().find(|c| c.name == name)) {
            Some(face) => append(face, contact),
            None => kept.push(contact),
        }
    }
    solution.contacts = kept;
}

fn append(face: &mut Contact, mut part: Contact) {
    let first = face.points.len();
    face.points.append(&mut part.points);
    face.facets.extend(part.facets.into_iter().map(|mut f| {
        f.points = f.points.start + first..f.points.end + first;
        f
    }));
    face.slave_area += part.slave_area;
    face.paired_area += part.paired_area;
    face.largest_initial_gap = face.largest_initial_gap.max(part.largest_initial_gap);
    face.largest_violation = face.largest_violation.max(part.largest_violation);
    face.relative_violation = face.relative_violation.max(part.relative_violation);
    face.force += part.force;
    face.moment += part.moment;
}

/// Section of the report.
pub(super) fn section(case: &Case, results: &Results) -> Section {
    let mut t = Table::new(
        "ingrowth",
        "Share of each face that bone has grown into",
        &[
            ("face", ""),
            ("partial ingrowth", NO_UNIT),
            ("12 months", NO_UNIT),
            ("force, day 1", "N"),
            ("partial", "N"),
            ("12 months", "N"),
        ],
    );
    let a = &results.assessment;
    let [day_one, ingrown] = &a.stages;
    let stages = [day_one, &a.partial, ingrown];
    let faces = results.stages[2].question.seat_names();
    for (k, name) in faces.iter().enumerate() {
        let force = stages.map(|s| s.seats.iter().find(|s| s.name == *name).map_or(0.0, |s| s.force));
        let [partial, late] = &results.ingrowth;
        t.push([
            name.as_str().into(),
            partial.shares[k].into(),
            late.shares[k].into(),
            force[0].into(),
            force[1].into(),
            force[2].into(),
        ]);
    }
    let sliding =
        |s: &Solved| s.solution.contacts.iter().any(|c| faces.contains(&c.name) && c.law != Law::Bonded);
    let late =
        if sliding(&results.stages[2]) { "the rest still slides" } else { "every face is bonded as a whole" };
    Section::new("ingrowth", "Ingrowth of bone")
        .paragraph(format!(
            "Bone is taken to grow into a facet whose points moved less than a limit on day 1 under {}: {} µm for partial ingrowth (bone grows in surely below it), {} µm at 12 months (above it fibrous tissue forms; Pilliar 1986, Jasty 1997), and stood off the implant by less than {} µm, the gap that bone bridges (measured in rabbits). Shares are of the face as designed, what of it meets no bone included. There the face is bonded, rigidly; elsewhere friction goes on; at 12 months {late}. The partial stage stands between both and has no date: no law of time is known for this implant. Forces are those on the face at the judged load.",
            case.judged_load().id,
            significant(1e3 * results.ingrowth[0].limit, 2),
            significant(1e3 * results.ingrowth[1].limit, 3),
            significant(1e3 * BRIDGEABLE_GAP, 2)
        ))
        .table(t)
}

#[cfg(test)]
mod tests {
    use super::super::under::tests::{face, point};
    use super::*;
    use dens_mesher::Vec3;

    #[test]
    fn a_wide_gap_is_not_quiet_however_little_it_moves() {
        let point = |gap, slip, status| point(Vec3::zeros(), gap, slip, status);
        let (limit, late) = (0.05, 0.15);
        assert!(is_quiet(&point(0.0, 0.04, Status::Slip), 1.0, limit));
        assert!(!is_quiet(&point(0.0, 0.06, Status::Slip), 1.0, limit));
        assert!(is_quiet(&point(0.03, 0.01, Status::Open), 1.0, limit), "bone bridges 30 µm");
        // 100 µm open: below the 150 µm of fibrous tissue, above the 80 µm that bone bridges.
        assert!(!is_quiet(&point(0.1, 0.01, Status::Open), 1.0, late));
        assert!(is_quiet(&point(0.1, 0.01, Status::Open), 0.5, late), "at half the load it is 50 µm");
    }

    #[test]
    fn the_area_of_a_face_is_that_of_the_implant_and_not_of_bone_beside_it() {
        let of = |slave: f64, paired: f64, pad: f64| face_area(&face(Vec::new(), [slave, paired]), pad);
        // Facets of the bone overhang the implant's face of 97 mm², which they cover.
        assert_eq!(of(146.0, 104.0, 97.0), 104.0);
        // Half of the face found no bone: it counts.
        assert_eq!(of(146.0, 50.0, 97.0), 97.0);
        // A cage's rim is its own slave.
        assert_eq!(of(50.0, 48.0, 97.0), 50.0);
    }

    #[test]
    fn a_part_that_nothing_faces_does_not_stand_alone() {
        let own = |bonded: &[u32]| Ingrowth {
            facets: [bonded.iter().copied().collect(), BTreeSet::new(), BTreeSet::new()],
            paired: [BTreeSet::from([1, 2, 3]), BTreeSet::new(), BTreeSet::new()],
            ..Ingrowth::default()
        };
        // Facet 4 never faced the implant.
        let all = [1, 2, 3, 4];
        assert_eq!(own(&[1, 2]).part(0, &all), (vec![1, 2], vec![3, 4]));
        assert_eq!(own(&[1, 2, 3]).part(0, &all), (vec![1, 2, 3, 4], vec![]));
        assert_eq!(own(&[]).part(0, &all), (vec![], vec![1, 2, 3, 4]));
    }
}
