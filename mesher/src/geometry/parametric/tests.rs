//! Facts about the parametric anatomy: sizes, gaps, openings, wholeness.

use super::dimensions::{ADULT, FEMALE};
use super::landmarks::crossing;
use super::layout::Layout;
use super::*;
use crate::geometry::{Aabb, Field};
use rayon::prelude::*;
use std::fmt::Write;

fn woman() -> Spine {
    spine(&Parametric::default()).expect("the default parameters are in range")
}

fn layout() -> Layout {
    Layout::new(&ADULT, 28.0 / FEMALE)
}

/// How far a distance may be from its expected value, mm.
enum Allowed {
    /// Two standard deviations of this size.
    Sd(f64),
    /// A tenth of the expected value, where the evidence has no deviation.
    Tenth,
    /// A range given by the evidence.
    Range(f64, f64),
}

/// Key of `anthropometry.toml`, bone, two landmarks, expected distance, tolerance.
type Row = (&'static str, Level, &'static str, &'static str, f64, Allowed);

/// Values of the file as printed where they have a deviation (both sexes pooled); without one, the value for
/// a woman: 0.92 of a male value, 0.958 of a pooled one.
fn evidence() -> Vec<Row> {
    use Allowed::*;
    use Level::*;
    let (left, right) = ("left", "right");
    let mut rows: Vec<Row> = vec![
        ("c1_overall.width", C1, "transverse process left", "transverse process right", 72.0, Tenth),
        ("c1_overall.ap", C1, "anterior tubercle", "posterior tubercle", 45.0 * FEMALE, Tenth),
        (
            "c1_overall.anterior_arch_height",
            C1,
            "anterior arch superior",
            "anterior arch inferior",
            10.5 * FEMALE,
            Tenth,
        ),
        ("c2_body_and_dens.body_ap", C2, "body anterior", "body posterior", 14.77, Sd(1.73)),
        ("c2_body_and_dens.dens_height", C2, "dens base", "dens tip", 14.86, Sd(1.54)),
        ("c2_body_and_dens.dens_transverse", C2, "dens left", "dens right", 9.28 * FEMALE, Tenth),
        (
            "c2_heights_male_ct.body_anterior_height",
            C2,
            "inferior rim anterior",
            "body base anterior",
            26.2 * 0.92,
            Tenth,
        ),
        (
            "c2_heights_male_ct.body_posterior_height",
            C2,
            "inferior rim posterior",
            "body base posterior",
            21.4 * 0.92,
            Tenth,
        ),
        ("c2_heights_male_ct.dens_height", C2, "dens base", "dens tip", 17.8 * 0.92, Tenth),
        (
            "c3_body.superior_ap",
            C3,
            "superior endplate anterior",
            "superior endplate posterior",
            14.67,
            Sd(1.42),
        ),
        (
            "c3_body.inferior_ap",
            C3,
            "inferior endplate anterior",
            "inferior endplate posterior",
            15.71 * FEMALE,
            Tenth,
        ),
        (
            "c3_body.superior_transverse",
            C3,
            "superior endplate lateral left",
            "superior endplate lateral right",
            20.24 * FEMALE,
            Tenth,
        ),
        (
            "c3_body.superior_transverse_alt",
            C3,
            "superior endplate lateral left",
            "superior endplate lateral right",
            22.1,
            Sd(1.5),
        ),
        (
            "c3_body.inferior_transverse",
            C3,
            "inferior endplate lateral left",
            "inferior endplate lateral right",
            19.35 * FEMALE,
            Tenth,
        ),
        ("c3_body.height", C3, "superior endplate", "inferior endplate", 12.04 * FEMALE, Tenth),
        (
            "c2_c3_c4_endplates_panjabi.C3.VBHp",
            C3,
            "superior rim posterior",
            "inferior rim posterior",
            11.6 * FEMALE,
            Tenth,
        ),
        (
            "c2_c3_c4_endplates_panjabi.C4.VBHp",
            C4,
            "superior rim posterior",
            "inferior rim posterior",
            11.4 * FEMALE,
            Tenth,
        ),
        (
            "c2_c3_c4_endplates_panjabi.C4.EPDu",
            C4,
            "superior endplate anterior",
            "superior endplate posterior",
            15.3 * FEMALE,
            Tenth,
        ),
        (
            "c2_c3_c4_endplates_panjabi.C4.EPDl",
            C4,
            "inferior endplate anterior",
            "inferior endplate posterior",
            15.9 * FEMALE,
            Tenth,
        ),
        (
            "c2_c3_c4_endplates_panjabi.C2.EPDl",
            C2,
            "inferior endplate anterior",
            "inferior endplate posterior",
            15.6 * FEMALE,
            Tenth,
        ),
        (
            "subaxial_lateral_mass.ml",
            C3,
            "lateral mass lateral left",
            "lateral mass medial left",
            12.2 * FEMALE,
            Tenth,
        ),
    ];
    for side in [left, right] {
        let l = side == left;
        let pick = |a: f64, b: f64| if l { a } else { b };
        let facets = [
            ("c1_superior_facet", C1, "superior", pick(21.51, 21.52), 2.36, pick(11.32, 11.21), 1.47),
            ("c1_inferior_facet", C1, "inferior", pick(17.70, 17.54), 1.50, pick(14.94, 14.99), 1.65),
            ("c2_superior_facet", C2, "superior", pick(17.64, 17.42), 1.73, pick(15.17, 15.31), 1.44),
            ("c2_inferior_facet", C2, "inferior", pick(12.14, 11.54), 1.66, pick(9.41, 9.23), 1.70),
            ("c3_superior_facet", C3, "superior", 9.73, 1.93, 10.65, 1.44),
        ];
        for (key, level, which, ap, ap_sd, across, across_sd) in facets {
            let name = |end: &str| -> &'static str { format!("{which} facet {end} {side}").leak() };
            rows.push((key, level, name("anterior"), name("posterior"), ap, Sd(ap_sd)));
            rows.push((key, level, name("medial"), name("lateral"), across, Sd(across_sd)));
        }
        // Between Patel and Panjabi, the two series of the entry.
        let name = |end: &str| -> &'static str { format!("inferior facet {end} {side}").leak() };
        rows.push(("c3_inferior_facet", C3, name("anterior"), name("posterior"), 8.62, Range(8.62, 12.9)));
        rows.push(("c3_inferior_facet", C3, name("medial"), name("lateral"), 9.9, Range(8.9, 11.7)));
    }
    rows
}

#[test]
fn landmark_distances_lie_within_the_evidence() {
    let spine = woman();
    let mut table = String::new();
    let mut outside = 0;
    for (key, level, from, to, expected, allowed) in evidence() {
        let bone = spine.bone(level).expect("all four bones are present");
        let at = |name: &str| bone.landmarks.get(name).unwrap_or_else(|| panic!("{level:?} has no `{name}`"));
        let found = (at(from) - at(to)).norm();
        let (low, high) = match allowed {
            Allowed::Sd(sd) => (expected - 2.0 * sd, expected + 2.0 * sd),
            Allowed::Tenth => (0.9 * expected, 1.1 * expected),
            Allowed::Range(low, high) => (low, high),
        };
        let fits = (low..=high).contains(&found);
        outside += usize::from(!fits);
        let mark = if fits { "" } else { "  <- outside" };
        writeln!(
            table,
            "{key:42} {} {from} - {to}: {found:.2} in {low:.2}..{high:.2} ({expected:.2}){mark}",
            level.name()
        )
        .expect("writing to a string does not fail");
    }
    assert!(outside == 0, "{outside} distances outside the evidence\n{table}");
    eprintln!("{table}");
}

#[test]
fn segment_height_is_the_one_asked_for() {
    for height in [25.0, 28.0, 32.0] {
        let params = Parametric { segment_height: height, ..Parametric::default() };
        let spine = spine(&params).expect("heights in range");
        let facet = spine.bone(Level::C1).expect("C1 is present").landmarks["inferior facet center left"];
        let endplate = spine.bone(Level::C3).expect("C3 is present").landmarks["superior endplate"];
        // The ray meets the curved surface within a few hundredths of the sheet's middle.
        assert!((facet.z - endplate.z - height).abs() < 0.1, "{} for {height}", facet.z - endplate.z);
    }
}

/// Points of a patch, spread over its ellipse.
fn over(patch: &Patch) -> Vec<Vec3> {
    let second = patch.axis.cross(&patch.first);
    let mut points = Vec::new();
    for i in -8..=8 {
        for j in -8..=8 {
            let (a, b) = (f64::from(i) / 8.0, f64::from(j) / 8.0);
            if a * a + b * b <= 1.0 {
                points
                    .push(patch.center + patch.first * (a * patch.radii[0]) + second * (b * patch.radii[1]));
            }
        }
    }
    points
}

#[test]
fn joint_gaps_are_filled_from_bone_to_bone_and_even() {
    let spine = woman();
    for joint in &spine.joints {
        let field = |level| &spine.bone(level).expect("joints name bones that are present").field;
        let (upper, lower) = (field(joint.upper), field(joint.lower));
        let depth = joint.patch.depth;
        let mut gaps = Vec::new();
        for p in over(&joint.patch) {
            let at = |k: i32| p + joint.patch.axis * (depth * f64::from(k) / 200.0);
            let below = (-200..=200).rev().find(|k| lower.value(at(*k)) < 0.0);
            let above = (-200..=200).find(|k| upper.value(at(*k)) < 0.0);
            let (below, above) =
                below.zip(above).unwrap_or_else(|| panic!("{} is open at {p}", joint.name()));
            gaps.push(f64::from(above - below) * depth / 200.0);
        }
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let spread = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        let range = match joint.kind {
            JointKind::Facet(_) => 1.2..=2.5,
            JointKind::Disc => 3.5..=6.0,
        };
        assert!(range.contains(&mean), "{}: mean gap {mean:.2} mm", joint.name());
        assert!(spread < 0.5, "{}: gap spreads by {spread:.2} mm", joint.name());
        assert!((joint.patch.axis.norm() - 1.0).abs() < 1e-9);
        assert!(joint.patch.axis.dot(&joint.patch.first).abs() < 1e-9);
    }
    assert_eq!(spine.joints.len(), 8);
}

#[test]
fn held_and_condylar_patches_lie_on_bone() {
    let spine = woman();
    let on = |patch: &Patch, level: Level| {
        let field = &spine.bone(level).expect("all four bones are present").field;
        for p in over(patch) {
            let from = p + patch.axis * patch.depth;
            let hit = crossing(field.as_ref(), from, -patch.axis, 2.0 * patch.depth);
            assert!(field.value(from) > 0.0 && hit.is_some(), "{level:?} is missing under {p}");
        }
    };
    for patch in &spine.condyles {
        on(patch, Level::C1);
        assert!(patch.axis.z > 0.5);
    }
    for patch in &spine.held {
        on(patch, Level::C4);
        assert!(patch.axis.z < -0.5);
    }
}

/// Whether a ball of that radius passes along the path clear of all fields.
fn passes(fields: &[&dyn Field], path: &[(Vec3, f64)]) -> bool {
    path.windows(2).all(|ends| {
        (0..=40).all(|k| {
            let t = f64::from(k) / 40.0;
            let middle = ends[0].0 + (ends[1].0 - ends[0].0) * t;
            // The narrower end counts between two points of the path.
            let radius = ends[0].1.min(ends[1].1);
            sphere(200).all(|n| {
                fields.iter().all(|f| [0.5, 1.0].iter().all(|s| f.value(middle + n * (radius * s)) > 0.0))
            })
        })
    })
}

#[test]
fn spinal_canal_lets_a_ball_through() {
    let spine = woman();
    let fields: Vec<&dyn Field> = spine.bones.iter().map(|b| b.field.as_ref()).collect();
    // 5.5 mm clears a cervical cord of about 8 mm by 13 mm in depth; the path itself claims its own radii.
    let least = spine.canal.iter().map(|c| c.1).fold(f64::INFINITY, f64::min);
    assert!(least > 5.5, "free radius only {least:.1} mm");
    let path: Vec<_> = spine.canal.iter().map(|c| (c.0, least - 0.3)).collect();
    assert!(passes(&fields, &path));
}

#[test]
fn transverse_foramina_are_open() {
    let (spine, l) = (woman(), layout());
    let through = |p: Vec3| vec![p - Vec3::z() * 10.0, p + Vec3::z() * 10.0];
    let paths = [
        atlas::foramen(&l).to_vec(),
        axis::foramen(&l).to_vec(),
        through(l.c3 + third(&ADULT, &l).foramen),
        through(l.c4 + fourth(&ADULT, &l).foramen),
    ];
    for (bone, path) in spine.bones.iter().zip(paths) {
        for side in Side::BOTH {
            // C2's path is a curve through these points: straight between them it may shave the wall.
            let radius = if bone.level == Level::C2 { 2.0 } else { 2.6 };
            let path: Vec<_> = path.iter().map(|p| (mirrored(*p, side) * FEMALE, radius)).collect();
            assert!(passes(&[bone.field.as_ref()], &path), "{:?} {}", bone.level, side.name());
        }
    }
}

#[test]
fn screws_stay_in_bone() {
    let spine = woman();
    for (level, side, screw) in &spine.screws {
        let field = &spine.bone(*level).expect("screws name bones that are present").field;
        assert!(field.value(screw.entry).abs() < 1e-3);
        assert!(screw.length > 9.0, "{level:?} {}: only {:.1} mm", side.name(), screw.length);
        // The first fifth of a screw crosses a surface that slopes.
        for k in 4..=20 {
            let p = screw.entry + screw.direction * (screw.length * f64::from(k) / 20.0);
            assert!(field.value(p) < -0.8, "{level:?} {} leaves the bone at {p}", side.name());
        }
    }
}

/// Grid points of a box.
fn grid(bounds: Aabb, step: f64) -> (Vec<Vec3>, [usize; 3]) {
    let n = [0, 1, 2].map(|i| (bounds.size()[i] / step).ceil().max(0.0) as usize + 1);
    let points = (0..n[0] * n[1] * n[2])
        .map(|c| {
            let (i, j, k) = (c / (n[1] * n[2]), c / n[2] % n[1], c % n[2]);
            bounds.min + Vec3::new(i as f64, j as f64, k as f64) * step
        })
        .collect();
    (points, n)
}

/// Least gap between neighbouring bones, mm: twice the least of max(value, value) anywhere between them.
fn least_gap(spine: &Spine, step: f64) -> f64 {
    spine
        .bones
        .windows(2)
        .map(|pair| {
            let [a, b] = [&pair[0].field, &pair[1].field];
            let (points, _) = grid(a.bounds().intersection(b.bounds()), step);
            2.0 * points
                .par_iter()
                .map(|p| {
                    let value = a.value(*p);
                    if value > 3.0 { value } else { value.max(b.value(*p)) }
                })
                .reduce(|| f64::INFINITY, f64::min)
        })
        .fold(f64::INFINITY, f64::min)
}

/// Number of connected pieces of {value < level} on a grid, specks of less than 8 points left out.
fn pieces(field: &dyn Field, level: f64, step: f64) -> usize {
    let (points, n) = grid(field.bounds(), step);
    let inside: Vec<bool> = points.par_iter().map(|p| field.value(*p) < level).collect();
    let mut seen = vec![false; inside.len()];
    let mut count = 0;
    for start in 0..inside.len() {
        if !inside[start] || seen[start] {
            continue;
        }
        let mut size = 0;
        seen[start] = true;
        let mut open = vec![start];
        while let Some(c) = open.pop() {
            size += 1;
            let at = [c / (n[1] * n[2]), c / n[2] % n[1], c % n[2]];
            for (axis, stride) in [n[1] * n[2], n[2], 1].into_iter().enumerate() {
                let back = (at[axis] > 0).then(|| c - stride);
                let forth = (at[axis] + 1 < n[axis]).then(|| c + stride);
                for next in [back, forth].into_iter().flatten() {
                    if inside[next] && !seen[next] {
                        seen[next] = true;
                        open.push(next);
                    }
                }
            }
        }
        count += usize::from(size >= 8);
    }
    count
}

#[test]
fn neighbouring_bones_keep_a_gap() {
    let gap = least_gap(&woman(), 0.45);
    assert!(gap > 0.8, "bones come as near as {gap:.2} mm");
}

#[test]
fn dens_is_clear_of_the_anterior_arch() {
    let spine = woman();
    let at = |level, name: &str| spine.bone(level).expect("all four bones are present").landmarks[name];
    let gap = at(Level::C2, "dens anterior").y - at(Level::C1, "anterior arch posterior").y;
    // The atlanto-dental interval of adults stays below 3 mm.
    assert!((1.0..=3.0).contains(&gap), "{gap:.2} mm");
}

#[test]
fn every_bone_is_one_solid_and_nowhere_thin() {
    for bone in &woman().bones {
        assert_eq!(pieces(bone.field.as_ref(), 0.0, 0.8), 1, "{:?}", bone.level);
        // What is left after taking 1.1 mm off every surface still hangs together: necks are over 2.2 mm.
        assert_eq!(pieces(bone.field.as_ref(), -1.1, 0.5), 1, "{:?} has a thin neck", bone.level);
    }
}

#[test]
fn values_are_distances_near_the_surface() {
    for bone in &woman().bones {
        let (points, _) = grid(bone.field.bounds(), 1.3);
        let slopes: Vec<f64> = points
            .par_iter()
            .filter(|p| bone.field.value(**p).abs() < 0.8)
            .map(|p| bone.field.gradient(*p).norm())
            .collect();
        let off = slopes.iter().filter(|s| !(0.7..=1.3).contains(*s)).count();
        let least = slopes.iter().fold(f64::INFINITY, |a, s| a.min(*s));
        // Crests, where surfaces that face each other are blended, are no distance whatever is done.
        let share = off as f64 / slopes.len() as f64;
        assert!(share < 0.03 && least > 0.2, "{:?}: {share} {least}", bone.level);
    }
}

#[test]
fn bones_are_symmetric_and_inside_their_bounds() {
    for bone in &woman().bones {
        let bounds = bone.field.bounds();
        let (points, _) = grid(bounds.grown(3.0), 2.3);
        for p in points {
            let value = bone.field.value(p);
            assert_eq!(value.to_bits(), bone.field.value(Vec3::new(-p.x, p.y, p.z)).to_bits());
            assert!(value > 0.0 || bounds.contains(p), "{:?} leaves its bounds at {p}", bone.level);
        }
    }
}

#[test]
fn all_accepted_sizes_make_separate_whole_bones() {
    let corners = [
        (Sex::Female, FEMALE, *SCALES.start(), 0.0),
        (Sex::Female, FEMALE, 1.0, 0.0),
        (Sex::Female, FEMALE, 1.0, 1.0),
        (Sex::Male, MALE, *SCALES.end(), 0.0),
        (Sex::Male, MALE, *SCALES.end(), 1.0),
    ];
    for (sex, factor, scale, share) in corners {
        let (least, most) = segment_heights(factor * scale);
        let segment_height = least + share * (most - least);
        let spine = spine(&Parametric { sex, scale, segment_height }).expect("all are in range");
        assert!(least_gap(&spine, 1.2) > 0.5, "{sex:?} {scale} {segment_height}");
        for bone in &spine.bones {
            let n = pieces(bone.field.as_ref(), 0.0, 1.5);
            assert_eq!(n, 1, "{:?} of {sex:?} {scale} {segment_height}", bone.level);
        }
    }
}

#[test]
fn sizes_out_of_range_are_refused() {
    for scale in [0.5, 2.0, f64::NAN] {
        let params = Parametric { scale, ..Parametric::default() };
        assert!(matches!(spine(&params), Err(AnatomyError::Scale(_))));
    }
    for segment_height in [10.0, 60.0, f64::NAN] {
        let params = Parametric { segment_height, ..Parametric::default() };
        assert!(matches!(spine(&params), Err(AnatomyError::SegmentHeight { .. })));
    }
}
