use super::broken::{ball, block, both};
use super::*;

const PARAMS: RepairParams = RepairParams { grid_mm: 0.6, most_mm: 1.0 };

#[test]
fn sound_surface_goes_through_bit_by_bit() {
    let surface = ball(8.0, 12, Vec3::zeros());
    let repaired = repair(&surface, &PARAMS).expect("sound");
    assert!(repaired.untouched() && repaired.faults.is_empty());
    assert_eq!(repaired.surface, surface);
}

#[test]
fn flipped_and_doubled_facets_are_mended_without_a_move() {
    let sound = ball(8.0, 12, Vec3::zeros());
    let mut surface = both(sound.clone(), &sound);
    surface.triangles[..sound.triangles.len()].iter_mut().step_by(7).for_each(|t| t.swap(0, 1));
    // A doubled pair of opposite sense would cancel and leave a hole: flip both of a pair alike.
    let n = sound.triangles.len();
    surface.triangles[n..].iter_mut().step_by(7).for_each(|t| t.swap(0, 1));
    let repaired = repair(&surface, &PARAMS).expect("orientation only");
    assert!(repaired.rebuilt.is_none());
    assert!(
        matches!(repaired.steps[..], [Step::Joined(_), Step::Removed(_), Step::Turned(_)]),
        "{:?}",
        repaired.steps
    );
    assert!((repaired.surface.volume() - sound.volume()).abs() < 1e-9, "round-off of one sum");
}

#[test]
fn closed_hole_is_measured_and_the_rest_stays_where_it_was() {
    let mut surface = ball(8.0, 24, Vec3::zeros());
    let whole = surface.volume();
    surface.triangles.retain(|t| !t.contains(&0));
    let repaired = repair(&surface, &PARAMS).expect("a hole of 1 mm radius");
    let rebuilt = repaired.rebuilt.expect("a hole is no orientation");
    assert!(unsound(&repaired.surface).is_empty());
    // The hole is 1.04 mm in radius; its lid is farthest from the rim in the middle.
    assert!((0.3..1.0).contains(&rebuilt.added.max_mm), "{rebuilt:?}");
    assert!((rebuilt.added.place - Vec3::new(0.0, 0.0, 8.0)).norm() < 0.7, "{rebuilt:?}");
    assert!(rebuilt.lost.max_mm < 0.1 && rebuilt.added.rms_mm < 0.1, "{rebuilt:?}");
    assert!((repaired.surface.volume() / whole - 1.0).abs() < 0.01);
}

#[test]
fn hole_wider_than_the_limit_is_refused_with_its_place() {
    let mut surface = block(Vec3::zeros(), Vec3::repeat(10.0));
    surface.triangles.drain(2..4);
    match repair(&surface, &PARAMS) {
        Err(RepairError::TooFar { place, moved_mm, most_mm, .. }) => {
            assert!(PARAMS.most_mm < moved_mm && most_mm == PARAMS.most_mm);
            assert!((place - Vec3::new(5.0, 5.0, 10.0)).norm() < 4.0, "{place}");
        }
        other => panic!("an open box of 10 mm: {other:?}"),
    }
}

#[test]
fn crossing_shells_become_one_and_what_they_swallowed_is_named() {
    let surface = both(ball(8.0, 16, Vec3::zeros()), &ball(6.0, 12, Vec3::new(9.0, 0.0, 0.0)));
    let repaired = repair(&surface, &PARAMS).expect("two balls");
    let rebuilt = repaired.rebuilt.expect("they cross");
    assert!(unsound(&repaired.surface).is_empty());
    assert!(rebuilt.added.max_mm < 0.4, "{rebuilt:?}");
    assert!(50.0 < rebuilt.swallowed_mm2, "the caps of the lens: {rebuilt:?}");
}
