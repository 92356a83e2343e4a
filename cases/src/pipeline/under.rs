//! Bone under the contact faces of the implant, and what of it is pressed.
//!
//! ```text
//!      ▄▄▄▄▄▄▄▄▄▄▄ face        bone in the column of the face, at most so deep below its surface;
//!   ───┬────┬──────────        of that, under the pressed area: where the nearest point
//!      │▒▒▒▒│    │             of the interface is closed (▒), and not farther beside it
//!                              than two distances of such points
//! ```

use super::bodies::Kind;
use super::fields::points_of;
use super::geometry::Geometry;
use super::models::{Question, SEATS, meeting, seat_name};
use dens_mesher::Vec3;
use dens_solver::loads::contact::Status;
use dens_solver::solution::{Contact, Solution};
use rayon::prelude::*;

/// How far beside the nearest point of the interface bone still lies under it, in distances of these points.
const BESIDE: f64 = 2.0;

/// Point of a bone under a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Cell of the bone and number of the point in it.
    pub at: (usize, usize),
    /// Index of the nearest point of the interface; `None` where none faces it.
    nearest: Option<usize>,
}

/// Bone under one face.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Part of the bone in the model.
    pub part: usize,
    /// Name of the interface.
    pub face: String,
    /// Points.
    pub places: Vec<Place>,
}

impl Layer {
    /// Contact of the face.
    pub fn contact<'a>(&self, solution: &'a Solution) -> Option<&'a Contact> {
        solution.contacts.iter().find(|c| c.name == self.face)
    }

    /// Points under the pressed area.
    pub fn pressed<'a>(&'a self, contact: &'a Contact) -> impl Iterator<Item = (usize, usize)> + 'a {
        let closed = |p: &Place| p.nearest.is_some_and(|n| contact.points[n].status != Status::Open);
        self.places.iter().filter(move |p| closed(p)).map(|p| p.at)
    }
}

/// Depth below the surface of the bone of a place under a face of the implant, mm; `None` beside it or deeper than `most`.
///
/// - `face`: index in [`SEATS`]
pub fn depth(geometry: &Geometry, face: usize, most: f64) -> impl Fn(Vec3) -> Option<f64> + '_ {
    let pad = &geometry.implant.pads[face];
    let bone = geometry.implant.bones().iter().find(|(level, _)| *level == pad.bone).map(|(_, f)| f);
    move |place| {
        let patch = &pad.patch;
        if 0.0 <= patch.column(place) || patch.depth + most < (place - patch.center).dot(&patch.axis).abs() {
            return None;
        }
        let below = -bone?.value(place);
        (below <= most).then_some(below.max(0.0))
    }
}

/// Bone within `most` mm under each face.
///
/// - `solution`: any state of the question; only the places of its interfaces count
pub fn layers(geometry: &Geometry, question: &Question, solution: &Solution, most: f64) -> Vec<Layer> {
    let mut found = Vec::new();
    for (k, (set, level)) in meeting(geometry.caudal()).into_iter().enumerate() {
        let Some(part) = question.part(Kind::Bone(level)) else { continue };
        debug_assert_eq!(set, SEATS[k]);
        let under = depth(geometry, k, most);
        let face = seat_name(set, level);
        let contact = solution.contacts.iter().find(|c| c.name == face);
        let cells = points_of(&question.model.parts[part].mesh);
        let inside: Vec<((usize, usize), Vec3)> = cells
            .iter()
            .enumerate()
            .flat_map(|(c, points)| points.iter().enumerate().map(move |(q, x)| ((c, q), *x)))
            .filter(|(_, x)| under(*x).is_some())
            .collect();
        let place = |(at, x): &((usize, usize), Vec3)| Place { at: *at, nearest: nearest(contact, *x) };
        found.push(Layer { part, face, places: inside.par_iter().map(place).collect() });
    }
    found
}

fn nearest(contact: Option<&Contact>, x: Vec3) -> Option<usize> {
    let away = |p: &dens_solver::solution::ContactPoint| (p.position - x).norm_squared();
    let contact = contact?;
    let points = contact.points.iter().enumerate();
    let (i, p) = points.min_by(|a, b| away(a.1).total_cmp(&away(b.1)))?;
    let beside = x - p.position - (x - p.position).dot(&p.normal) * p.normal;
    let apart = (contact.paired_area / contact.points.len() as f64).sqrt();
    (beside.norm() <= BESIDE * apart).then_some(i)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use dens_solver::loads::contact::Law;
    use dens_solver::solution::ContactPoint;

    /// Point of an interface that carries nothing.
    pub(in crate::pipeline) fn point(position: Vec3, gap: f64, slip: f64, status: Status) -> ContactPoint {
        ContactPoint {
            position,
            normal: Vec3::z(),
            area: 1.0,
            cells: [0, 0],
            pressure: 0.0,
            shear: Vec3::zeros(),
            gap,
            slip: Vec3::new(slip, 0.0, 0.0),
            sunk: 0.0,
            status,
        }
    }

    /// Face of these points that carries nothing.
    pub(in crate::pipeline) fn face(points: Vec<ContactPoint>, areas: [f64; 2]) -> Contact {
        let [slave_area, paired_area] = areas;
        Contact {
            name: "face".into(),
            law: Law::Sliding { friction: 0.0 },
            points,
            facets: Vec::new(),
            slave_area,
            paired_area,
            largest_initial_gap: 0.0,
            largest_violation: 0.0,
            relative_violation: 0.0,
            force: Vec3::zeros(),
            moment: Vec3::zeros(),
        }
    }

    #[test]
    fn only_bone_under_closed_points_counts_as_pressed() {
        let at = |y: f64, status: Status| point(Vec3::new(0.0, y, 0.0), 0.0, 0.0, status);
        let contact = face(vec![at(0.0, Status::Stick), at(4.0, Status::Open)], [4.0, 4.0]);
        let bone = [[0.0, 0.5, -1.0], [1.0, 1.9, -2.0], [0.0, 2.1, -2.0], [0.0, 4.0, -0.1]].map(Vec3::from);
        let places =
            bone.iter().enumerate().map(|(q, x)| Place { at: (7, q), nearest: nearest(Some(&contact), *x) });
        let layer = Layer { part: 0, face: "face".into(), places: places.collect() };
        assert_eq!(layer.pressed(&contact).collect::<Vec<_>>(), [(7, 0), (7, 1)]);
        assert_eq!(nearest(None, Vec3::zeros()), None);
        // Points stand for √2 mm each way: beside the end of the interface nothing is under it.
        assert_eq!(nearest(Some(&contact), Vec3::new(0.0, -2.7, -1.0)), Some(0));
        assert_eq!(nearest(Some(&contact), Vec3::new(0.0, -3.0, -1.0)), None);
    }
}
