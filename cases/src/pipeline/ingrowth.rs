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
use dens_mesher::Vec3;
use dens_reports::record::Section;
use dens_reports::table::{NO_UNIT, Table, significant};
use dens_solver::criteria::interface::{BRIDGEABLE_GAP, THRESHOLDS};
use dens_solver::loads::contact::{Gaps, Law, Status};
use dens_solver::solution::{Contact, ContactPoint, Solution};
use std::collections::{BTreeMap, BTreeSet};

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
    /// How far the bone's side of each facet's points stands from the implant's without a load on day 1, against where the
    /// model has both, mm: what a bond that forms then holds. Empty where everything fits.
    pub held: [BTreeMap<u32, Vec<Vec3>>; 3],
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

    /// What a bond of these facets of a face starts from.
    pub fn gaps(&self, face: usize, facets: &[u32]) -> Gaps {
        let held = &self.held[face];
        if held.is_empty() {
            return Gaps::Closed;
        }
        Gaps::Held(facets.iter().filter_map(|f| held.get(f)).flatten().copied().collect())
    }
}

/// Motion below which bone grows in surely, and above which fibrous tissue forms, mm.
pub fn limits() -> [f64; 2] {
    [1e-3 * THRESHOLDS[0], 1e-3 * THRESHOLDS[2]]
}

/// Points of a face, each with its state without a load where the face has one of its own.
pub fn points<'a>(
    face: &'a Contact,
    rest: Option<&'a Contact>,
) -> impl Iterator<Item = (&'a ContactPoint, Option<&'a ContactPoint>)> {
    face.points.iter().enumerate().map(move |(i, p)| (p, rest.and_then(|r| r.points.get(i))))
}

/// Motion of a point of a face between load and no load, mm: slip and opening.
pub fn motion(p: &ContactPoint, rest: Option<&ContactPoint>) -> f64 {
    let gap = |p: &ContactPoint| p.gap.max(0.0);
    let slip = rest.map_or(p.slip, |r| p.slip - r.slip);
    slip.norm().hypot(gap(p) - rest.map_or(0.0, gap))
}

/// Gap of a point that is not closed, mm: the larger of that under `factor` times the load and that without a load.
fn opening(p: &ContactPoint, rest: Option<&ContactPoint>, factor: f64) -> f64 {
    let gap = |p: &ContactPoint| if p.status == Status::Open { p.gap.max(0.0) } else { 0.0 };
    let before = rest.map_or(0.0, gap);
    before.max(before + factor * (gap(p) - before))
}

/// Whether a point moves less than `limit` mm under `factor` times the load, and is closed but for a gap that bone bridges.
pub fn is_quiet(p: &ContactPoint, rest: Option<&ContactPoint>, factor: f64, limit: f64) -> bool {
    factor * motion(p, rest) < limit && opening(p, rest, factor) < BRIDGEABLE_GAP
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
        let of_name = |s: &'_ Solution| s.contacts.iter().position(|c| c.name == name);
        let Some(face) = of_name(&day_one.solution).map(|i| &day_one.solution.contacts[i]) else { continue };
        let rest = day_one.rest.as_ref().and_then(|r| of_name(r).map(|i| &r.contacts[i]));
        let misfit = day_one.question.model.interfaces.iter().find(|i| i.name == name).map(|i| &i.gaps);
        let points: Vec<_> = points(face, rest).collect();
        let mut bonded = 0.0;
        for f in &face.facets {
            let mean = |value: &dyn Fn(usize) -> f64| {
                f.points.clone().map(|i| face.points[i].area * value(i)).sum::<f64>() / f.area
            };
            if 0.0 < f.area {
                found.paired[k].insert(f.facet);
            }
            let motion = factor * mean(&|i| motion(points[i].0, points[i].1));
            let gap = mean(&|i| opening(points[i].0, points[i].1, factor));
            if let Some(rest) = rest {
                let jump = |p: &ContactPoint| {
                    let gap = match misfit {
                        Some(Gaps::Misfit(m)) => m.gap(p.position, p.normal),
                        _ => 0.0,
                    };
                    p.slip + (gap - p.gap) * p.normal
                };
                found.held[k].insert(f.facet, rest.points[f.points.clone()].iter().map(jump).collect());
            }
            if motion < limit && gap < BRIDGEABLE_GAP {
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
        assert!(is_quiet(&point(0.0, 0.04, Status::Slip), None, 1.0, limit));
        assert!(!is_quiet(&point(0.0, 0.06, Status::Slip), None, 1.0, limit));
        assert!(is_quiet(&point(0.03, 0.01, Status::Open), None, 1.0, limit), "bone bridges 30 µm");
        // 100 µm open: below the 150 µm of fibrous tissue, above the 80 µm that bone bridges.
        assert!(!is_quiet(&point(0.1, 0.01, Status::Open), None, 1.0, late));
        assert!(is_quiet(&point(0.1, 0.01, Status::Open), None, 0.5, late), "at half the load it is 50 µm");
        // A gap of 1 mm of the given geometry that closes by 20 µm: little motion, but nothing to grow on.
        let (before, under) = (point(1.0, 0.0, Status::Open), point(0.98, 0.0, Status::Open));
        assert!((motion(&under, Some(&before)) - 0.02).abs() < 1e-12);
        assert!(!is_quiet(&under, Some(&before), 1.0, limit));
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
