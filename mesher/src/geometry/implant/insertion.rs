//! Can it be put in? Path of insertion between the bones, and corridors of the screwdriver.
//!
//! The implant comes in from anterior along a straight line, turned by no angle, while C1 is distracted along z. At each
//! place on the way it is raised over the caudal bone just so far that it clears it; C1 must then stand so far above its
//! final place that the implant clears it too. The largest of these is the distraction needed:
//!
//! ```text
//! needed = max over the way s of  rise(s) + room(s)
//! rise(s)   least lift of the implant, moved back by s, that clears the caudal bone
//! room(s)   least lift of C1 that clears the implant moved back by s, not lifted
//! ```
//! The sum is an upper bound of what a straight path needs: lift is taken along z only, and the same lift holds for both
//! sides. A path with a turn, as surgeons use, can need less; soft tissue needs more.

use super::Implant;
use crate::Vec3;
use crate::geometry::Field;
use crate::geometry::spine::Level;
use rayon::prelude::*;

/// Spacing of the points on the implant's outline, mm.
const SPACING_MM: f64 = 1.0;
/// Step along the way, mm.
const STEP_MM: f64 = 1.0;
/// Overlap that does not count: points of the outline lie on contact faces, mm.
const TOUCH_MM: f64 = 0.05;
/// Lift beyond which a place is not passable at all, mm.
const MOST_LIFT_MM: f64 = 40.0;
/// Distance from the entry at which the driver is already free of the seat, mm.
const SEATED_MM: f64 = 3.0;
/// Room beside a driver beyond which nobody asks, mm.
const WIDEST_MM: f64 = 10.0;
/// Directions around a driver in which bone is looked for, and the step outward, mm.
const AROUND: usize = 16;
const OUTWARD_MM: f64 = 0.5;

/// Straight way of the implant from anterior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Approach {
    /// Angle by which the way rises toward cranial while the implant goes in, rad.
    pub rise: f64,
    /// Distraction that the surgeon can give, mm.
    pub distraction: f64,
}

impl Approach {
    /// Unit direction of motion while it goes in.
    pub fn direction(&self) -> Vec3 {
        let (sin, cos) = self.rise.sin_cos();
        Vec3::new(0.0, cos, sin)
    }
}

/// One place on the way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    /// Distance still to go, mm.
    pub before: f64,
    /// Lift of the implant over the caudal bone, mm.
    pub rise: f64,
    /// Lift of C1 over its final place that the implant needs without that rise, mm.
    pub room: f64,
}

/// What the way needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Insertion {
    /// Places from the final one outward.
    pub stations: Vec<Station>,
    /// Distraction needed, mm.
    pub needed: f64,
    /// Distance still to go where it is needed, mm.
    pub narrowest: f64,
    /// Point of the implant in its final place that is first in the way there, and the bone it meets.
    pub obstacle: Option<(Vec3, Level)>,
}

/// Straight room that a screwdriver needs to reach one screw.
#[derive(Debug, Clone, PartialEq)]
pub struct Corridor {
    /// Name of the track.
    pub screw: String,
    /// Where the axis meets the outside of the implant, mm.
    pub entry: Vec3,
    /// Unit direction from the entry toward the surgeon.
    pub outward: Vec3,
    /// Least distance between driver and bone, mm, at most 10; negative where bone reaches into the driver, down
    /// to its radius where bone reaches the axis.
    pub bone: f64,
    /// Least height of the mandible's lower border over the driver in the sagittal plane, mm; negative where the driver
    /// would pass through the jaw. `None` where no border was given or the corridor passes none of it.
    pub mandible: Option<f64>,
}

impl Implant {
    /// Follows the implant from its place outward until it is clear of all bone.
    pub fn insertion(&self, approach: &Approach) -> Insertion {
        let points = self.outline();
        let direction = approach.direction();
        let caudal = self.pads[0].bone;
        let field = |level: Level| self.bones.iter().find(|b| b.0 == level).map(|b| b.1.clone());
        let (Some(upper), Some(lower)) = (field(Level::C1), field(caudal)) else {
            return Insertion { stations: Vec::new(), needed: 0.0, narrowest: 0.0, obstacle: None };
        };
        let far = upper.bounds().union(lower.bounds());
        let least = far.min.y;
        let back = points.iter().map(|p| p.y).fold(f64::NEG_INFINITY, f64::max);
        let count = (((back - least) / direction.y / STEP_MM).ceil().max(0.0) as usize).min(200);
        let at: Vec<(Station, [(f64, usize); 2])> = (0..=count)
            .into_par_iter()
            .map(|k| {
                let before = STEP_MM * k as f64;
                let shift = -before * direction;
                let most = |bone: &dyn Field, up: f64| lift(bone, &points, shift, up * Vec3::z());
                // C1 lifted by h is the implant lowered by h.
                let (rise, room) = (most(&*lower, 1.0), most(&*upper, -1.0));
                (Station { before, rise: rise.0, room: room.0 }, [room, rise])
            })
            .collect();
        let mut narrow = 0;
        for (i, (s, _)) in at.iter().enumerate() {
            if at[narrow].0.rise + at[narrow].0.room < s.rise + s.room {
                narrow = i;
            }
        }
        let (station, [room, rise]) = at[narrow];
        let needed = station.rise + station.room;
        let obstacle = (needed > 0.0)
            .then(|| if room.0 < rise.0 { (points[rise.1], caudal) } else { (points[room.1], Level::C1) });
        Insertion {
            stations: at.into_iter().map(|(s, _)| s).collect(),
            needed,
            narrowest: station.before,
            obstacle,
        }
    }

    /// Room of the screwdriver at each track.
    ///
    /// - `radius`, `reach`: of the driver, mm
    /// - `mandible`: lower border of the jaw in the sagittal plane as points (y, z), mm, in any order; empty: not checked
    pub fn corridors(&self, radius: f64, reach: f64, mandible: &[[f64; 2]]) -> Vec<Corridor> {
        let mut border = mandible.to_vec();
        border.sort_by(|a, b| a[0].total_cmp(&b[0]));
        self.tracks
            .iter()
            .map(|track| {
                let outward = -track.direction;
                let axis = |s: f64| track.entry + outward * s;
                let steps = (2.0 * (reach - SEATED_MM).max(0.0)).ceil() as usize;
                let along = (0..=steps).map(|k| SEATED_MM + 0.5 * k as f64).filter(|s| *s <= reach);
                let across = ring(outward);
                let (mut bone, mut jaw) = (WIDEST_MM, None::<f64>);
                for s in along {
                    let p = axis(s);
                    for (_, field) in &self.bones {
                        bone = bone.min(clear_radius(&**field, p, &across, radius + bone) - radius);
                    }
                    if let Some(z) = height(&border, p.y) {
                        // Half the width of a slanted cylinder, measured along z.
                        let flat = outward.y.hypot(outward.x).max(1e-9);
                        let clear = z - p.z - radius / flat;
                        jaw = Some(jaw.map_or(clear, |j| j.min(clear)));
                    }
                }
                Corridor { screw: track.name.clone(), entry: track.entry, outward, bone, mandible: jaw }
            })
            .collect()
    }

    /// Points on the outline, bores filled.
    fn outline(&self) -> Vec<Vec3> {
        let b = self.body.bounds();
        let n = (b.size() / SPACING_MM).map(|x| x.ceil() as usize + 1);
        let outline = |p: Vec3| {
            let open = |f: &&super::Face| f.kind != super::FaceKind::Bore;
            self.faces.iter().filter(open).map(|f| f.field.value(p)).fold(f64::NEG_INFINITY, f64::max)
        };
        (0..n.z)
            .into_par_iter()
            .map(|k| {
                let mut found = Vec::new();
                for j in 0..n.y {
                    for i in 0..n.x {
                        let p = b.min + SPACING_MM * Vec3::new(i as f64, j as f64, k as f64);
                        if self.body.floor_beyond(p, SPACING_MM).is_some() {
                            continue;
                        }
                        let value = outline(p);
                        if -SPACING_MM < value && value <= 0.0 {
                            found.push(on_surface(&outline, p, value));
                        }
                    }
                }
                found
            })
            .collect::<Vec<_>>()
            .concat()
    }
}

/// Point of the outline near an inner point, along the steepest way out.
fn on_surface(outline: &dyn Fn(Vec3) -> f64, p: Vec3, value: f64) -> Vec3 {
    let h = 1e-3;
    let mut slope = Vec3::zeros();
    for i in 0..3 {
        let mut d = Vec3::zeros();
        d[i] = h;
        slope[i] = (outline(p + d) - outline(p - d)) / (2.0 * h);
    }
    let length = slope.norm_squared();
    if length < 0.25 {
        return p;
    }
    let q = p - slope * (value / length);
    // At an edge the way out overshoots; the inner point is then near enough.
    if outline(q) <= TOUCH_MM { q } else { p }
}

/// Least lift along `step` (unit), mm, at which no point, moved by `shift`, lies in the bone, and the last point to come free.
///
/// A point that is free at first can enter bone on the way up: at each lift found, all points are looked at again.
fn lift(bone: &dyn Field, points: &[Vec3], shift: Vec3, step: Vec3) -> (f64, usize) {
    let mut found = (0.0, 0);
    while found.0 < MOST_LIFT_MM {
        let more = points
            .iter()
            .enumerate()
            .map(|(i, p)| (clearing(bone, p + shift + found.0 * step, step), i))
            .fold((0.0, 0), |a, b| if a.0 < b.0 { b } else { a });
        if more.0 == 0.0 {
            break;
        }
        found = (found.0 + more.0, more.1);
    }
    found
}

/// Unit directions around an axis.
fn ring(axis: Vec3) -> [Vec3; AROUND] {
    let helper = if axis.z.abs() < 0.9 { Vec3::z() } else { Vec3::x() };
    let first = axis.cross(&helper).normalize();
    let second = axis.cross(&first);
    std::array::from_fn(|k| {
        let (sin, cos) = (std::f64::consts::TAU * k as f64 / AROUND as f64).sin_cos();
        cos * first + sin * second
    })
}

/// Least distance from a place in one of the directions at which bone lies, mm; `most` where none does nearer.
///
/// By the sign of the field alone: far from the surface its value is no distance.
fn clear_radius(bone: &dyn Field, place: Vec3, across: &[Vec3], most: f64) -> f64 {
    let within = |p: Vec3| bone.bounds().contains(p) && bone.value(p) < 0.0;
    if within(place) {
        return 0.0;
    }
    let steps = (most / OUTWARD_MM).ceil() as usize;
    let mut nearest = most;
    for direction in across {
        let hit = (1..=steps)
            .map(|k| OUTWARD_MM * k as f64)
            .take_while(|r| r - OUTWARD_MM < nearest)
            .find(|r| within(place + *r * direction));
        let Some(hit) = hit else { continue };
        let (mut free, mut inside) = (hit - OUTWARD_MM, hit);
        for _ in 0..10 {
            let middle = 0.5 * (free + inside);
            if within(place + middle * direction) { inside = middle } else { free = middle }
        }
        nearest = nearest.min(inside);
    }
    nearest
}

/// Least distance along `step` (unit) after which the point is outside and stays outside up to there, mm.
fn clearing(bone: &dyn Field, p: Vec3, step: Vec3) -> f64 {
    if !bone.bounds().contains(p) {
        return 0.0;
    }
    let mut h = 0.0;
    while h < MOST_LIFT_MM {
        let value = bone.value(p + step * h);
        if -TOUCH_MM <= value {
            break;
        }
        h += (0.7 * -value).max(0.02);
    }
    h
}

/// Height of a polyline over `y`, if it passes there.
fn height(border: &[[f64; 2]], y: f64) -> Option<f64> {
    border.windows(2).find(|w| w[0][0] <= y && y <= w[1][0]).map(|w| {
        let t = (y - w[0][0]) / (w[1][0] - w[0][0]).max(1e-12);
        w[0][1] + t * (w[1][1] - w[0][1])
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::block_spine;
    use super::super::{ImplantParams, ScrewPlan};
    use super::*;
    use crate::geometry::Aabb;

    fn level() -> Approach {
        Approach { rise: 0.0, distraction: 10.0 }
    }

    #[test]
    fn lift_out_of_a_ball_is_its_remaining_half_chord() {
        struct Ball;
        impl Field for Ball {
            fn value(&self, p: Vec3) -> f64 {
                p.norm() - 5.0
            }
            fn bounds(&self) -> Aabb {
                Aabb { min: Vec3::repeat(-5.0), max: Vec3::repeat(5.0) }
            }
        }
        let p = Vec3::new(3.0, 0.0, -1.0);
        // The chord over x = 3 ends at z = 4; the walk stops within its last step and the touch of 0.05 mm.
        assert!((clearing(&Ball, p, Vec3::z()) - 5.0).abs() < 0.1);
        assert_eq!(clearing(&Ball, Vec3::new(6.0, 0.0, 0.0), Vec3::z()), 0.0);
    }

    #[test]
    fn a_point_that_enters_bone_on_the_way_up_is_lifted_on() {
        // A floor at z = 4 under y < 0, and a shelf from z = 3 to 6 over y > 0.
        struct Shelf;
        impl Field for Shelf {
            fn value(&self, p: Vec3) -> f64 {
                let floor = (p.z - 4.0).max(p.y);
                let shelf = ((p.z - 4.5).abs() - 1.5).max(-p.y);
                floor.min(shelf)
            }
            fn bounds(&self) -> Aabb {
                Aabb { min: Vec3::repeat(-10.0), max: Vec3::repeat(10.0) }
            }
        }
        let points = [Vec3::new(0.0, -2.0, 0.0), Vec3::new(0.0, 2.0, 0.0)];
        let (found, last) = lift(&Shelf, &points, Vec3::zeros(), Vec3::z());
        // The first point is free at 4 mm, where the second stands in the shelf; both at 6 mm, less the touch.
        assert!((found - 6.0).abs() < 0.1 && last == 1, "{found} {last}");
    }

    #[test]
    fn room_beside_a_driver_is_a_distance_whatever_the_field_counts_in() {
        // A wall 7.3 mm to the left of the axis, in a field that grows four times as fast as the distance.
        struct Wall(f64);
        impl Field for Wall {
            fn value(&self, p: Vec3) -> f64 {
                4.0 * (self.0 - p.x)
            }
            fn bounds(&self) -> Aabb {
                Aabb { min: Vec3::new(self.0, -50.0, -50.0), max: Vec3::repeat(50.0) }
            }
        }
        let across = ring(Vec3::y());
        let found = |wall: f64| clear_radius(&Wall(wall), Vec3::zeros(), &across, 13.0);
        // Directions are 22.5 degrees apart, one of them along x; bisection of 0.5 mm by 2¹⁰.
        assert!((found(7.3) - 7.3).abs() < 1e-3, "{}", found(7.3));
        assert_eq!(found(20.0), 13.0);
        assert_eq!(found(-1.0), 0.0, "the axis lies in bone");
    }

    #[test]
    fn in_its_place_the_implant_needs_no_room_and_far_out_neither() {
        let implant = Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("room");
        let way = implant.insertion(&level());
        let first = way.stations[0];
        // Points of contact lie on the bone; the fit promises 0.01 mm, a touch of 0.05 mm does not count.
        assert!(first.rise < 0.1 && first.room < 0.1, "{first:?}");
        let last = way.stations.last().expect("stations");
        assert_eq!((last.rise, last.room), (0.0, 0.0));
        assert!(way.needed < MOST_LIFT_MM);
    }

    #[test]
    fn a_lip_in_front_of_the_implant_costs_its_height() {
        // A bar before the endplate that stands 4 mm over the lowest point of the implant: the implant must rise over it.
        let spine = block_spine(24.0);
        let implant = Implant::design(&spine, &ImplantParams::default()).expect("room");
        let points = implant.outline();
        let front = points.iter().map(|p| p.y).fold(f64::INFINITY, f64::min);
        let foot = points.iter().filter(|p| p.x.abs() < 5.0).map(|p| p.z).fold(f64::INFINITY, f64::min);
        struct Bar(f64, f64);
        impl Field for Bar {
            fn value(&self, p: Vec3) -> f64 {
                (p.z - self.1).max((p.y - self.0).abs() - 1.0)
            }
            fn bounds(&self) -> Aabb {
                let wide = Vec3::new(60.0, 1.0, 60.0);
                let middle = Vec3::new(0.0, self.0, self.1 - 60.0);
                Aabb { min: middle - wide, max: middle + wide }
            }
        }
        let mut barred = implant.clone();
        let lower = barred.pads[0].bone;
        barred.bones = vec![
            (Level::C1, barred.bones[0].1.clone()),
            (lower, std::sync::Arc::new(Bar(front - 3.0, foot + 4.0))),
        ];
        let way = barred.insertion(&level());
        let rise = way.stations.iter().map(|s| s.rise).fold(0.0, f64::max);
        // Points are a millimetre apart.
        assert!((rise - 4.0).abs() < 0.3, "{rise}");
        assert!(way.needed >= rise);
    }

    #[test]
    fn a_driver_under_the_jaw_is_free_and_one_through_it_is_not() {
        let params = ImplantParams { screws: ScrewPlan::Lower, ..ImplantParams::default() };
        let implant = Implant::design(&block_spine(24.0), &params).expect("room");
        let high = implant.corridors(2.0, 120.0, &[[-100.0, 500.0], [0.0, 500.0]]);
        let low = implant.corridors(2.0, 120.0, &[[-100.0, -500.0], [0.0, -500.0]]);
        assert_eq!(high.len(), 2);
        for (a, b) in high.iter().zip(&low) {
            // Raising the jaw by 1000 mm raises the clearance by as much.
            let (a, b) = (a.mandible.expect("passes"), b.mandible.expect("passes"));
            assert!(0.0 < a && b < 0.0 && (a - b - 1000.0).abs() < 1e-9, "{a} {b}");
        }
        assert!(implant.corridors(2.0, 120.0, &[]).iter().all(|c| c.mandible.is_none()));
        // Screws that go down are driven from above: the corridor rises toward anterior.
        assert!(high.iter().all(|c| c.outward.y < 0.0 && c.outward.z > 0.0));
    }
}
