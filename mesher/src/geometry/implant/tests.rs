//! An anatomy of a few closed forms, with the sizes of an adult, and what the implant must be in it.

use super::super::By;
use super::super::spine::{Bone, Joint};
use super::*;
use std::collections::BTreeMap;

fn patch(center: Vec3, axis: Vec3, radii: [f64; 2]) -> Patch {
    let axis = axis.normalize();
    let first = (Vec3::y() - axis * axis.y).normalize();
    Patch { center, axis, first, radii, depth: 3.0 }
}

/// Slab of an elliptical column from the face at `face` on into the bone, the face curved with radius `hollow`.
fn slab(face: Patch, grow: f64, thickness: f64, hollow: f64) -> impl Fn(Vec3) -> f64 {
    let column = Patch { radii: face.radii.map(|r| r + grow), ..face };
    move |p| {
        let d = p - face.center;
        let along = d.dot(&face.axis);
        let away = (d - face.axis * along).norm_squared();
        let depth = along - away / (2.0 * hollow);
        column.column(p).max(-depth).max(depth - thickness)
    }
}

/// C1 and C3 as slabs behind their joint faces, an arch in front, articular masses beside, a free canal.
///
/// `height` mm from the middle of the endplate to the middle of the facets.
pub(crate) fn block_spine(height: f64) -> Spine {
    let tilt = 12.0_f64.to_radians();
    let up = Vec3::new(0.0, -tilt.sin(), tilt.cos());
    let endplate = patch(Vec3::zeros(), up, [7.3, 9.0]);
    let over = Vec3::new(0.0, 4.0, height);
    let facets = Side::BOTH.map(|s| {
        let axis = Vec3::new(0.45 * s.sign(), 0.0, 0.9);
        let center = over + Vec3::new(18.0 * s.sign(), 0.0, 0.0);
        patch(center, axis, [8.8, 7.5])
    });
    let masses = facets.map(|f| slab(f, 1.5, 11.0, -60.0));
    let arch_center = over + Vec3::new(0.0, 2.0, 5.0);
    let c1 = move |p: Vec3| {
        let d = p - arch_center;
        let ring = ((d.x.hypot(d.y) - 20.0).hypot(d.z)) - 4.0;
        masses.iter().map(|m| m(p)).fold(ring, f64::min)
    };
    let body = slab(Patch { axis: -up, ..endplate }, 0.8, 12.0, 90.0);
    let c3 = move |p: Vec3| {
        let beside = |s: f64| (p - Vec3::new(19.0 * s, 10.0, -3.0)).norm() - 6.0;
        body(p).min(beside(1.0)).min(beside(-1.0))
    };
    let wide = Aabb { min: Vec3::new(-40.0, -30.0, -30.0), max: Vec3::new(40.0, 50.0, 60.0) };
    let bone = |level, field: Arc<dyn Field>| Bone {
        level,
        field,
        landmarks: BTreeMap::new(),
        posterior_plane: (Vec3::new(0.0, 20.0, 0.0), Vec3::y()),
    };
    let joint =
        |kind, upper, lower, patch| Joint { kind, upper, lower, patch: Patch { depth: 4.0, ..patch } };
    Spine {
        bones: vec![bone(Level::C1, Arc::new(By(c1, wide))), bone(Level::C3, Arc::new(By(c3, wide)))],
        joints: vec![
            joint(JointKind::Facet(Side::Left), Level::C1, Level::C2, facets[0]),
            joint(JointKind::Facet(Side::Right), Level::C1, Level::C2, facets[1]),
            joint(JointKind::Disc, Level::C2, Level::C3, endplate),
        ],
        condyles: facets,
        held: Vec::new(),
        canal: vec![(over + Vec3::new(0.0, 18.0, 8.0), 10.0), (Vec3::new(0.0, 17.5, 0.0), 8.0)],
        screws: Vec::new(),
        source: "closed forms".into(),
        warnings: Vec::new(),
    }
}

fn designed() -> Implant {
    Implant::design(&block_spine(24.0), &ImplantParams::default()).expect("the closed forms leave room")
}

#[test]
fn contact_faces_are_the_bones_negative() {
    for pad in designed().fit().pads {
        // Roots are bisected to 1e-6 mm; the ellipse's edge lies in the rise of the clearance.
        assert!(pad.gap_mm[0] < 1e-3, "{pad:?}");
        assert!(pad.gap_mm[1] < 0.1, "{pad:?}");
    }
}

#[test]
fn contact_faces_cover_the_joints() {
    let implant = designed();
    for (pad, fit) in implant.pads.iter().zip(implant.fit().pads) {
        // The margin of 0.5 mm leaves (1 − 0.5/a)(1 − 0.5/b) of an ellipse.
        let [a, b] = pad.joint.radii;
        let expected = (1.0 - 0.5 / a) * (1.0 - 0.5 / b) * pad.shrink.powi(2);
        assert!((fit.coverage - expected).abs() < 0.03, "{}: {} {expected}", fit.name, fit.coverage);
    }
}

#[test]
fn bones_and_canal_stay_free() {
    let fit = designed().fit();
    for (bone, depth) in &fit.depth_mm {
        assert!(*depth <= 1e-9, "{bone:?} {depth}");
    }
    // Sampled points only: the wall itself is at the clearance of 1.5 mm.
    assert!(1.5 <= fit.canal_mm, "{}", fit.canal_mm);
}

#[test]
fn height_moves_the_upper_bone_and_refits() {
    let implant = designed();
    assert!((implant.height_mm - 24.0).abs() < 1e-6, "{}", implant.height_mm);
    let taller = implant.at_height(implant.height_mm + 1.0).expect("a millimetre more is room");
    assert!((taller.upper.translation.vector.norm() - 1.0).abs() < 1e-9);
    assert!(implant.fit().volume_mm3 < taller.fit().volume_mm3);
    // The contact faces are moved, not scaled.
    for (a, b) in implant.pads.iter().zip(&taller.pads).skip(1) {
        assert_eq!(a.patch.radii, b.patch.radii);
        assert!((b.patch.center - a.patch.center - taller.upper.translation.vector).norm() < 1e-9);
        let hit = b.patch.center;
        assert!(taller.faces()[1].field.value(hit).abs() < 1e-6);
    }
}

#[test]
fn both_screw_plans_keep_their_walls() {
    let params = ImplantParams { screws: ScrewPlan::Both, ..ImplantParams::default() };
    let implant = Implant::design(&block_spine(24.0), &params).expect("four screws fit");
    assert_eq!(implant.tracks.len(), 4);
    for (name, wall) in implant.fit().walls_mm {
        assert!(1.0 <= wall, "{name} {wall}");
    }
    for track in &implant.tracks {
        assert!(track.direction.y > 0.0, "screws come from anterior");
        let middle = 0.5 * (track.entry + track.exit);
        assert!(0.0 < implant.value(middle), "the bore is open");
        assert!(implant.faces()[0].field.value(middle) < 0.0, "and inside the body");
    }
}

#[test]
fn rim_is_solid_and_contact_faces_are_open() {
    let implant = Implant::design(
        &block_spine(24.0),
        &ImplantParams { screws: ScrewPlan::None, windows: false, ..ImplantParams::default() },
    )
    .expect("the closed forms leave room");
    let solid = implant.solid();
    for (_, patch) in implant.contacts() {
        assert!(0.0 < solid.value(patch.center - patch.axis * 0.2), "no skin under the contact face");
    }
    // Just inside the side wall, halfway up the left arm, is rim of the stated thickness.
    let s = implant.body.arms[0].section(0.5);
    let out = -s.first;
    let (mut r, side) = (0.0, &implant.faces()[0].field);
    while side.value(s.center + out * r) < 0.0 {
        r += 1e-3;
    }
    let mut rim = 0.0;
    while solid.value(s.center + out * (r - rim - 1e-3)) < 0.0 {
        rim += 1e-3;
    }
    // The side's value is a distance to first order in curvature × rim.
    assert!((rim - 0.9).abs() < 0.09, "{rim}");
}

#[test]
fn an_implant_that_cannot_fit_says_why() {
    let spine = block_spine(24.0);
    let design = |p: ImplantParams| Implant::design(&spine, &p).err();
    let low = design(ImplantParams { height_mm: Some(12.0), ..ImplantParams::default() });
    let Some(ImplantError::TooLow { least_mm, .. }) = low else { panic!("{low:?}") };
    let tight = Implant::design(
        &spine,
        &ImplantParams {
            height_mm: Some(least_mm + 0.01),
            screws: ScrewPlan::None,
            pillar_mm: 3.0,
            ..ImplantParams::default()
        },
    );
    assert!(!matches!(tight, Err(ImplantError::TooLow { .. })), "the stated least height is enough");

    let thick = design(ImplantParams { pillar_mm: 19.0, ..ImplantParams::default() });
    assert!(matches!(thick, Some(ImplantError::PillarThin { .. })), "{thick:?}");
    let wide =
        design(ImplantParams { wall_mm: 3.0, screw_mm: 6.0, seat_mm: 8.0, ..ImplantParams::default() });
    assert!(matches!(wide, Some(ImplantError::TrackWall { .. })), "{wide:?}");
    let bad = design(ImplantParams { rim_mm: f64::NAN, ..ImplantParams::default() });
    assert!(matches!(bad, Some(ImplantError::Param { name: "rim", .. })), "{bad:?}");

    let mut blocked = block_spine(24.0);
    for c in &mut blocked.canal {
        c.1 += 8.0;
    }
    let blocked = Implant::design(&blocked, &ImplantParams::default()).err();
    assert!(
        matches!(blocked, Some(ImplantError::CanalBlocked { .. } | ImplantError::PillarThin { .. })),
        "{blocked:?}"
    );

    let mut away = block_spine(24.0);
    away.joints.retain(|j| j.kind != JointKind::Disc);
    let away = Implant::design(&away, &ImplantParams::default()).err();
    assert_eq!(away, Some(ImplantError::Missing { what: "disc over C3".into() }));
}

#[test]
fn an_implant_in_place_of_c2_and_c3_lies_on_c4() {
    use crate::geometry::parametric::{Parametric, Sex, spine, third_over_fourth};
    // The two published patients who lost both, as `dens cases --patients` sizes them.
    for (sex, scale, to_c3) in [(Sex::Male, 0.85, 25.87), (Sex::Female, 1.052, 29.46)] {
        let anatomy = spine(&Parametric { sex, scale, segment_height: to_c3 }).expect("in range");
        let height_mm = Some(to_c3 + third_over_fourth(sex, scale));
        let params = ImplantParams {
            caudal: Level::C4,
            height_mm,
            canal_clearance_mm: 1.0,
            ..ImplantParams::default()
        };
        let implant = Implant::design(&anatomy, &params).expect("there is room");
        // The pads sit on the bones, the anatomy's height is one of sheets: they agree to a millimetre.
        assert!(implant.upper.translation.vector.norm() < 1.0, "{}", implant.upper);
        assert_eq!(implant.pads[0].bone, Level::C4);
        assert_eq!(implant.bones().iter().map(|b| b.0).collect::<Vec<_>>(), [Level::C1, Level::C4]);
        assert!(implant.tracks.iter().all(|t| t.into == Level::C4));
    }
}

#[test]
fn lordosis_is_the_angle_between_the_seats_and_turns_c1() {
    // The endplate of the blocks falls toward the front by 12°, the facets are level from the side.
    let native = designed();
    assert!((native.lordosis.to_degrees() - 12.0).abs() < 1e-6, "{}", native.lordosis.to_degrees());
    for degrees in [7.0_f64, 16.0] {
        let asked = ImplantParams { lordosis: Some(degrees.to_radians()), ..ImplantParams::default() };
        let turned = Implant::design(&block_spine(24.0), &asked).expect("a few degrees are room");
        assert!((turned.lordosis.to_degrees() - degrees).abs() < 1e-6);
        assert!((turned.native_lordosis - native.lordosis).abs() < 1e-12);
        assert!((turned.height_mm - native.height_mm).abs() < 1e-9, "height and angle are independent");
        // More lordosis lifts the front of C1: what lies before its facets rises by its distance times the sine.
        let front = Vec3::new(0.0, -16.0, 24.0);
        let lift = super::super::spine::moved(&turned.upper, front).z - front.z;
        let expected = 20.0 * (degrees - 12.0).to_radians().sin();
        // The middle of the pads lies within a millimeter of that of the facets.
        assert!((lift - expected).abs() < 0.15, "{lift} {expected}");
        for pad in &turned.fit().pads {
            assert!(pad.gap_mm[0] < 1e-3, "the faces follow the turned bone: {}", pad.name);
        }
    }
    let far = ImplantParams { lordosis: Some(0.6), ..ImplantParams::default() };
    let refused = Implant::design(&block_spine(24.0), &far).err();
    assert!(matches!(refused, Some(ImplantError::Lordosis { .. })), "{refused:?}");
}

#[test]
fn a_seed_moves_a_contact_face_and_one_off_the_bone_is_refused() {
    let spine = block_spine(24.0);
    let at = |seed: Vec3| {
        let params = ImplantParams { seeds: [None, Some(seed), None], ..ImplantParams::default() };
        Implant::design(&spine, &params)
    };
    let own = designed();
    let center = own.pads[1].patch.center;
    // A millimeter backward on the slab of the left mass, and two millimeters off its surface.
    let wanted = center + Vec3::y();
    let seeded = at(wanted - 2.0 * own.pads[1].patch.axis).expect("near the bone");
    // The pad may shrink on one side where its edge leaves the bone, by a few hundredths of 7.5 mm at a time.
    assert!((seeded.pads[1].joint.center - wanted).norm() < 0.3, "{}", seeded.pads[1].joint.center);
    assert!(seeded.pads[1].patch.axis.angle(&own.pads[1].patch.axis) < 0.02, "the slab is nearly flat");
    assert!((seeded.pads[2].patch.center - own.pads[2].patch.center).norm() < 1e-9, "the other side stays");
    match at(center - 5.0 * own.pads[1].patch.axis).err() {
        Some(ImplantError::SeedOff { distance_mm, most_mm, .. }) => {
            // Distance fields of the blocks are exact beside their faces.
            assert!((distance_mm - 5.0).abs() < 0.5 && most_mm == 3.0, "{distance_mm} {most_mm}");
        }
        other => panic!("{other:?}"),
    }
    let other_side = Vec3::new(-center.x, center.y, center.z);
    assert!(matches!(at(other_side).err(), Some(ImplantError::SeedAside { .. })));
}

#[test]
fn the_gap_map_holds_the_figures_of_the_fit() {
    let implant = designed();
    for (fit, pad) in implant.fit().pads.iter().zip(&implant.pads) {
        let map = &fit.map;
        let worst = map.gaps.iter().copied().filter(|g| g.is_finite()).fold(0.0, f64::max);
        assert_eq!(worst, fit.gap_mm[1], "{}", fit.name);
        let area = |keep: &dyn Fn(&[u32; 3]) -> bool| {
            let corner = |i: u32| map.points[i as usize];
            let of = |t: &[u32; 3]| {
                let [a, b, c] = t.map(corner);
                0.5 * (b - a).cross(&(c - a)).dot(&pad.joint.axis).abs()
            };
            map.triangles.iter().filter(|t| keep(t)).map(of).sum::<f64>()
        };
        let covered = area(&|t| t.iter().all(|i| map.gaps[*i as usize].is_finite()));
        // Triangles across an edge of the face count as bare: half a ring and a spoke of 24 and 48.
        assert!((covered / fit.area_mm2 - 1.0).abs() < 0.12, "{}: {covered} {}", fit.name, fit.area_mm2);
        // Rings end half a ring short of the ellipse: (1 − 1 / 48)².
        let whole = std::f64::consts::PI * pad.joint.radii[0] * pad.joint.radii[1];
        assert!((area(&|_| true) / whole - 0.96).abs() < 0.01, "{}", fit.name);
    }
}

#[test]
fn a_cage_is_as_wide_as_the_endplate_lets_it_and_its_end_ring_has_no_holes() {
    // 2 (7.3 − 0.25) = 14.1, and no wider than the cages in use.
    assert_eq!([cage_diameter([9.0, 7.3]), cage_diameter([12.0, 11.0])], [14.0, 16.0]);
    let form = Form::MeshCage { diameter_mm: None, wall_mm: 1.5 };
    let implant = Implant::design(&block_spine(24.0), &ImplantParams { form, ..ImplantParams::default() })
        .expect("a cage fits");
    let patch = implant.pads[0].joint;
    let widest = cage_diameter(patch.radii);
    let [mean, half] = implant.params.form.rim_mm().expect("a cage with its diameter");
    assert!((2.0 * (mean + half) - widest).abs() < 1e-12 && half == 0.75);
    assert!(mean + half < patch.radii[0].min(patch.radii[1]), "it overhangs");
    let up = -implant.pads[0].patch.axis;
    let at = |height: f64| implant.is_free_wall(implant.pads[0].patch.center + up * height);
    assert!(!at(0.5) && at(5.0) && !at(0.5 * implant.height_mm));
    let fork = designed();
    assert!(!fork.is_free_wall(patch.center + up * 5.0));
}
