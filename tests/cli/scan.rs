//! From an image to surfaces, to tetrahedra and to a case, without a step by hand.

use super::{anatomy, dens, listing, outcome, scratch};
use dens_cases::case::Case;
use dens_cases::document::Document;
use dens_cases::library;
use dens_cases::pipeline::geometry::{self, Geometry};
use dens_cases::pipeline::{bodies, segmented};
use dens_cases::progress::Progress;
use dens_mesher::geometry::Field;
use dens_mesher::geometry::near::NearSolid;
use dens_mesher::geometry::spine::{self, Level};
use dens_mesher::io::read_surface;
use dens_mesher::{Vec3, image};
use nalgebra::{Isometry3, Translation3, UnitQuaternion};
use rayon::prelude::*;
use std::fs;
use std::path::Path;

/// Edge of the voxels of the made-up scan, mm.
const VOXEL: f64 = 0.9;

/// How the patient lies in the made-up scan: turned about every axis but the one across, and far from the origin.
fn pose() -> Isometry3<f64> {
    let turn = UnitQuaternion::from_euler_angles(0.0, 0.06, 0.1);
    Translation3::new(41.0, -120.0, 352.0) * turn * Isometry3::identity()
}

/// Writes a CT made of the real bones as `name.nrrd` and its label map as `name-labels.nrrd`.
///
/// Bone has 250 HU at the lowest voxel and 2 HU more per mm of height, anything else 40 HU; labels are those of
/// TotalSegmentator.
fn write_scan(folder: &Path, name: &str, bones: &Path) {
    let solids: Vec<NearSolid> = ["c1", "c2", "c3", "c4"]
        .iter()
        .map(|b| read_surface(&bones.join(format!("artisynth_cervical/{b}.obj"))).expect("a surface"))
        .map(|s| NearSolid::new(s, VOXEL))
        .collect();
    let whole = solids.iter().fold(dens_mesher::geometry::Aabb::empty(), |b, s| b.union(s.bounds()));
    let corners = whole.corners().map(|c| spine::moved(&pose(), c));
    let placed = dens_mesher::geometry::Aabb::around(&corners).grown(4.0);
    let dims: [usize; 3] = (placed.size() / VOXEL).map(|s| s.ceil() as usize).into();
    let back = pose().inverse();
    let label = |n: usize| {
        let at = [n % dims[0], n / dims[0] % dims[1], n / dims[0] / dims[1]].map(|i| i as f64 * VOXEL);
        let p = spine::moved(&back, placed.min + Vec3::from(at));
        (0..4_u16).find(|i| solids[usize::from(*i)].value(p) < 0.0).map_or(0, |i| 50 - i)
    };
    let labels: Vec<u16> = (0..dims.iter().product()).into_par_iter().map(label).collect();
    let header = |kind: &str| {
        format!(
            "NRRD0004\ntype: {kind}\ndimension: 3\nspace: left-posterior-superior\nsizes: {} {} {}\nspace directions: ({VOXEL},0,0) (0,{VOXEL},0) (0,0,{VOXEL})\nspace origin: ({},{},{})\nendian: little\nencoding: raw\n\n",
            dims[0], dims[1], dims[2], placed.min.x, placed.min.y, placed.min.z
        )
        .into_bytes()
    };
    let (mut ct, mut map) = (header("short"), header("ushort"));
    for (n, label) in labels.iter().enumerate() {
        let height = (n / dims[0] / dims[1]) as f64 * VOXEL;
        let value = if *label == 0 { 40 } else { 250 + (2.0 * height) as i16 };
        ct.extend(value.to_le_bytes());
        map.extend(label.to_le_bytes());
    }
    fs::write(folder.join(format!("{name}.nrrd")), ct).expect("written");
    fs::write(folder.join(format!("{name}-labels.nrrd")), map).expect("written");
}

/// The case `from-scan` over these files, edited.
fn case(name: &str, edits: &[(&str, &str)]) -> Case {
    let mut text = library::scan_case()
        .replace("labels.nii.gz", &format!("{name}-labels.nrrd"))
        .replace("ct.nii.gz", &format!("{name}.nrrd"));
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    Case::from_document(&Document::parse(&text).expect("TOML")).expect("a sound case")
}

fn built(case: &Case, folder: &Path) -> Geometry {
    geometry::build(case, folder).unwrap_or_else(|e| panic!("{}", e.message))
}

#[test]
fn a_scan_with_labels_becomes_surfaces_bones_and_meshes() {
    let Some(bones) = anatomy() else { return };
    let scratch = scratch();
    let folder = scratch.path();
    write_scan(folder, "Doe_Jane", &bones);

    // Image to surface files.
    let image =
        ["image", "Doe_Jane.nrrd", "--labels", "Doe_Jane-labels.nrrd", "-o", "r", "--edge", "1 mm", "--json"];
    let (code, out, err) = outcome(folder, &image);
    assert_eq!(code, 0, "{err}");
    let object: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    let surfaces = object["surfaces"].as_array().expect("surfaces");
    assert_eq!(listing(&folder.join("r/surfaces")), ["C1.stl", "C2.stl", "C3.stl", "C4.stl"]);
    for found in surfaces {
        let file = found["file"].as_str().expect("a file");
        let number = |key: &str| found[key].as_f64().expect("a number");
        let surface = read_surface(&folder.join("r").join(file)).expect("a surface");
        assert!((surface.volume() / number("volume_mm3") - 1.0).abs() < 1e-4, "{found}");
        // Smoothing keeps 1 %; edges of 1 mm cut a little off thin arches.
        assert!((number("volume_mm3") / number("voxels_mm3") - 1.0).abs() < 0.03, "{found}");
        assert!(number("moved_voxels") <= 0.5);
    }
    assert!(!out.contains("Doe"), "{out}");

    // Scan to bones and implant.
    let geometry = built(&case("Doe_Jane", &[]), folder);
    assert!(geometry.hashes.keys().all(|k| k == "scan" || k == "labels"), "{:?}", geometry.hashes);
    let [left, right] = [&geometry.spine.joints[0].patch, &geometry.spine.joints[1].patch];
    // The bones are symmetric about x = 0; voxels of 0.9 mm blur that by a fraction of one.
    assert!((left.center.x + right.center.x).abs() < 0.6, "{} {}", left.center.x, right.center.x);
    let story = geometry.story.as_ref().expect("bones of a scan");
    let across = story.frame.rotation * pose().rotation * Vec3::x();
    assert!(across.angle(&Vec3::x()).to_degrees() < 1.0, "{across:?}");
    let from_files: Vec<_> = Level::ALL
        .iter()
        .map(|l| {
            let file = format!("artisynth_cervical/{}.obj", l.name().to_lowercase());
            (*l, read_surface(&bones.join(file)).expect("a surface"))
        })
        .collect();
    let real = dens_mesher::geometry::scanned::spine(from_files).expect("a spine");
    let still = Isometry3::identity();
    let heights = [&real, &geometry.spine].map(|s| s.segment_height(Level::C3, &still).expect("landmarks"));
    assert!((heights[0] - heights[1]).abs() < 1.5, "{heights:?}");

    // The material comes from the same scan: a place of the scan holds the same value before and after the turn.
    let scan = geometry.scan.as_ref().expect("a calibrated scan");
    let read = image::read(&folder.join("Doe_Jane.nrrd"), image::Options::default()).expect("an image").image;
    let there = geometry.spine.bone(Level::C3).expect("a bone").field.bounds().center();
    let p = spine::moved(&story.frame.inverse(), there);
    let [a, b] = [read.sample(p), scan.sample(there)].map(|v| v.expect("inside"));
    assert!((a - b).abs() < 1e-2, "{a} {b}");
    let case = case("Doe_Jane", &[]);
    let meshed = bodies::mesh(&case, &geometry, 3.6, &Progress::new(true));
    let meshed = meshed.unwrap_or_else(|e| panic!("{}", e.message));
    assert_eq!(meshed.all.iter().filter(|b| b.scanned.is_some()).count(), 4);
    let bones = meshed.all.iter().filter(|b| b.scanned.is_some());
    assert!(bones.clone().all(|b| 8.0 < b.quality.min_dihedral_deg), "the promise of the mesher");
    let section = format!("{:?}", segmented::section(story));
    assert!(section.contains("turned by") && !section.contains("Doe"), "{section}");
}

#[test]
fn a_destroyed_c2_is_replaced_by_a_template_that_says_so() {
    let Some(bones) = anatomy() else { return };
    let scratch = scratch();
    for level in ["c1", "c3", "c4"] {
        let file = format!("{level}.obj");
        fs::copy(bones.join("artisynth_cervical").join(&file), scratch.path().join(&file)).expect("copied");
    }
    let text = library::SURFACES.replace("\"c2.obj\"", "\"template\"");
    let case = Case::from_document(&Document::parse(&text).expect("TOML")).expect("a sound case");
    let geometry = built(&case, scratch.path());
    assert!(geometry.spine.bone(Level::C2).is_some());
    assert!(geometry.spine.source.contains("C2 is a template"), "{}", geometry.spine.source);
    assert!(geometry.spine.warnings.iter().any(|w| w.contains("template, not the patient's")));
}

#[test]
fn the_lumbar_scan_goes_to_tetrahedra() {
    let Some(bones) = anatomy() else { return };
    let scratch = scratch();
    let ct = bones.join("lumbar_ct_3mm");
    let [image, labels] =
        ["example_ct.nii.gz", "labels_vertebrae.nii.gz"].map(|f| ct.join(f).to_string_lossy().into_owned());
    let (code, out, err) = outcome(
        scratch.path(),
        &["image", &image, "--labels", &labels, "-o", "r", "--edge", "3 mm", "--json"],
    );
    assert_eq!(code, 0, "{err}");
    let object: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    let third = object["surfaces"].as_array().and_then(|s| s.iter().find(|s| s["name"] == "L3"));
    let third = third.expect("L3");
    let volume = |key: &str| third[key].as_f64().expect("mm³");
    // Smoothing keeps 1 %; edges as long as the voxels cut off about as much again.
    assert!((volume("volume_mm3") / volume("voxels_mm3") - 1.0).abs() < 0.025, "{third}");
    let output = dens(scratch.path())
        .args(["mesh", "r/surfaces/L3.stl", "-o", "l3.vtu", "--edge", "3 mm", "--json", "--quiet"])
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mesh: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(8.0 < mesh["min_dihedral_deg"].as_f64().expect("deg"), "{mesh}");
    // Edges of 3 mm on processes 6 mm thick; the bound of the issue is 0.5 %, on edges that suit the shape.
    let volumes = [&mesh["volume_mm3"], &third["volume_mm3"]].map(|v| v.as_f64().expect("mm³"));
    assert!((volumes[0] / volumes[1] - 1.0).abs() < 0.01, "{volumes:?}");
}
