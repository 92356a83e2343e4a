//! Made-up bones with a known border, and a real spine beside its published labels.

use super::*;
use nalgebra::Matrix3;

const BONE: f32 = 600.0;
const FLESH: f32 = 40.0;

fn image(dims: [usize; 3], spacing: f64, value: impl Fn(Vec3) -> f32) -> Volume<f32> {
    let grid = Grid { dims, origin: Vec3::zeros(), step: Matrix3::identity() * spacing };
    let at = |n: usize| value(grid.position(grid.indices(n).map(|i| i as f64)));
    Volume { values: (0..grid.n_voxels()).map(at).collect(), grid }
}

fn seed(name: &str, x: f64, y: f64, z: f64) -> Seed {
    Seed { name: name.to_string(), point: Vec3::new(x, y, z) }
}

#[test]
fn balls_that_touch_are_separated_at_their_neck() {
    // Two shells of radius 10 mm whose middles are 18 mm apart, marrow inside; the neck lies at z = 24.
    let [a, b] = [15.0, 33.0].map(|z| Vec3::new(15.0, 15.0, z));
    let scan = image([31, 31, 49], 1.0, |p| {
        let r = (p - a).norm().min((p - b).norm());
        if r < 6.0 {
            100.0
        } else if r < 10.0 {
            BONE
        } else {
            FLESH
        }
    });
    let seeds = [seed("C2", 15.0, 15.0, 7.0), seed("C3", 15.0, 15.0, 41.0)];
    for method in [Method::Watershed, Method::Cut] {
        let found = separate(&scan, &seeds, &Settings { method, ..Settings::default() }).expect("two bones");
        let labels = &found.labels;
        assert_eq!(labels.names.values().collect::<Vec<_>>(), ["C2", "C3"]);
        // Marrow belongs to its bone: cavities are filled.
        assert_eq!([labels.volume.at([15, 15, 15]), labels.volume.at([15, 15, 33])], [1, 2]);
        let wrong = labels.volume.values.iter().enumerate().filter(|(n, l)| {
            let z = scan.grid.indices(*n)[2];
            (**l == 1 && 25 < z) || (**l == 2 && z < 23)
        });
        assert_eq!(wrong.count(), 0, "{method:?}: the border lies within a voxel of the neck");
        // Ball less its cap of height 1 mm; voxels round the surface by a few percent.
        let volume = std::f64::consts::PI * (4.0 / 3.0 * 1000.0 - (30.0 - 1.0) / 3.0);
        for n in labels.counts().into_values() {
            assert!((n as f64 / volume - 1.0).abs() < 0.03, "{method:?}: {n} voxels, {volume:.0} mm³");
        }
    }
}

#[test]
fn the_cut_follows_a_joint_that_is_not_the_thinnest_place() {
    // A bar of bone with a waist at z = 20 and a gray joint, still above the threshold, at z = 23.
    let scan = image([21, 21, 45], 1.0, |p| {
        let r = (p - Vec3::new(10.0, 10.0, p.z)).norm();
        let radius = 8.0 - 1.5 * (-((p.z - 20.0) / 3.0).powi(2)).exp();
        if radius < r || p.z < 2.0 || 42.0 < p.z {
            FLESH
        } else if (p.z - 23.0).abs() < 0.6 {
            180.0
        } else {
            BONE
        }
    });
    let seeds = [seed("C4", 10.0, 10.0, 8.0), seed("C5", 10.0, 10.0, 36.0)];
    let border = |method| {
        let found = separate(&scan, &seeds, &Settings { method, ..Settings::default() }).expect("two bones");
        (0..45).find(|z| found.labels.volume.at([10, 10, *z]) == 2).expect("a border")
    };
    assert!((18..=22).contains(&border(Method::Watershed)), "at the waist");
    assert!((23..=24).contains(&border(Method::Cut)), "at the joint");
}

#[test]
fn the_rest_is_found_and_not_kept() {
    let scan = image([30, 20, 20], 1.0, |p| {
        if (4.0..26.0).contains(&p.x) && (p.y - 10.0).abs() < 5.0 && (p.z - 10.0).abs() < 5.0 {
            BONE
        } else {
            FLESH
        }
    });
    let seeds = [seed("C1", 6.0, 10.0, 10.0), seed(REST, 24.0, 10.0, 10.0)];
    let found = separate(&scan, &seeds, &Settings::default()).expect("one bone");
    assert_eq!(found.labels.names.len(), 1);
    let n = found.labels.counts()[&1];
    assert!((900..1100).contains(&n), "half of 22 × 9 × 9 voxels: {n}");
}

#[test]
fn seeds_without_bone_are_refused_with_the_value_there() {
    let scan = image([20, 20, 20], 2.0, |_| FLESH);
    let of = |s: &[Seed]| separate(&scan, s, &Settings::default()).expect_err("refused");
    assert_eq!(of(&[]), SeparateError::NoSeed);
    assert!(
        matches!(of(&[seed("C1", 10.0, 10.0, 10.0)]), SeparateError::NoBone { found, .. } if found == FLESH)
    );
    assert!(matches!(of(&[seed("C1", -10.0, 10.0, 10.0)]), SeparateError::Outside { .. }));
}

/// The lumbar scan of 3 mm against the labels published with it: a coarse scan of soft bone, so that half of the voxels of a
/// label lie at its surface and trabecular bone (100 HU) is hardly above flesh. Found: 0.68 to 0.86.
#[test]
fn vertebrae_of_a_real_scan_overlap_their_published_labels() {
    let Some(folder) = crate::geometry::anatomy_folder().map(|f| f.join("lumbar_ct_3mm")) else { return };
    let options = super::super::Options::default();
    let scan = super::super::read(&folder.join("example_ct.nii.gz"), options).expect("a scan").image;
    let (published, _) =
        super::super::read_labels(&folder.join("labels_vertebrae.nii.gz"), options).expect("labels");
    assert_eq!(published.label("L3"), Some(29));
    let mut seeds = Vec::new();
    for (label, name) in &published.names {
        // Three points inside each vertebra, as a person would click them: in the body and in both pedicles' region.
        let inside: Vec<usize> =
            (0..scan.values.len()).filter(|n| published.volume.values[*n] == *label).collect();
        for share in [0.25, 0.5, 0.75] {
            let at = scan.grid.indices(inside[(share * inside.len() as f64) as usize]);
            seeds.push(Seed { name: name.clone(), point: scan.grid.position(at.map(|i| i as f64)) });
        }
    }
    for method in [Method::Watershed, Method::Cut] {
        let found =
            separate(&scan, &seeds, &Settings { method, ..Settings::default() }).expect("vertebrae").labels;
        for name in ["L1", "L2", "L3", "L4"] {
            let (a, b) = (found.label(name).expect(name), published.label(name).expect(name));
            let (mut both, mut either) = (0, 0);
            for (x, y) in found.volume.values.iter().zip(&published.volume.values) {
                both += usize::from(*x == a && *y == b);
                either += usize::from(*x == a) + usize::from(*y == b);
            }
            let dice = 2.0 * both as f64 / either as f64;
            assert!(0.65 < dice, "{method:?} {name}: Dice {dice:.3}");
        }
    }
}
