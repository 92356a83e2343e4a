//! `dens image`: summaries, pictures, labels, and what never gets out.

use super::{outcome, scratch};
use std::fs;
use std::path::Path;

/// A scan of two bones in MetaImage, 40 × 30 × 50 voxels of 1 mm: boxes 12 mm high with a gap of 6 mm.
fn scan(path: &Path) {
    let mut bytes = b"ObjectType = Image\nNDims = 3\nBinaryData = True\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = -20 -15 100\nElementSpacing = 1 1 1\nDimSize = 40 30 50\nElementType = MET_SHORT\nElementDataFile = LOCAL\n".to_vec();
    for n in 0..40 * 30 * 50 {
        let (x, y, z) = (n % 40, n / 40 % 30, n / 1200);
        let inside = (10..30).contains(&x) && (8..22).contains(&y);
        let bone = inside && ((8..20).contains(&z) || (26..38).contains(&z));
        let air = x < 2 || y < 2;
        let value: i16 = if bone {
            700
        } else if air {
            -1000
        } else {
            40
        };
        bytes.extend(value.to_le_bytes());
    }
    fs::write(path, bytes).expect("written");
}

#[test]
fn a_scan_is_summarized_drawn_and_separated_from_seeds() {
    let dir = scratch();
    scan(&dir.path().join("Doe_Jane.mha"));
    let (code, out, err) = outcome(
        dir.path(),
        &["image", "Doe_Jane.mha", "-o", "r", "--json", "--seed", "C2=0,0,132", "--seed", "C3=0,0,114"],
    );
    assert_eq!(code, 0, "{err}");
    let object: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!(object["dims"], serde_json::json!([40, 30, 50]));
    assert_eq!(object["axes"], "LPH");
    let labels = object["labels"].as_array().expect("labels");
    assert_eq!(labels.len(), 2);
    for (label, name) in labels.iter().zip(["C2", "C3"]) {
        assert_eq!(label["name"], name);
        // 20 × 14 × 12 voxels of 1 mm³; closing adds nothing to a box.
        assert_eq!(label["voxels"], 3360);
    }
    for name in ["axial.png", "coronal.png", "sagittal.png", "histogram.csv", "labels.nrrd", "image.json"] {
        let bytes = fs::read(dir.path().join("r").join(name)).expect(name);
        assert!(!String::from_utf8_lossy(&bytes).contains("Doe_Jane"), "{name}");
    }
    assert!(!out.contains("Doe_Jane"));
    let (code, out, err) =
        outcome(dir.path(), &["image", "Doe_Jane.mha", "--labels", "r/labels.nrrd", "--quiet", "--json"]);
    assert_eq!(code, 0, "{err}");
    let again: serde_json::Value = serde_json::from_str(&out).expect("one JSON object");
    assert_eq!(again["labels"], object["labels"]);
}

#[test]
fn what_cannot_be_read_ends_with_two_and_a_hint() {
    let dir = scratch();
    fs::write(dir.path().join("letter.dcm"), "no picture").expect("written");
    fs::create_dir(dir.path().join("empty")).expect("made");
    scan(&dir.path().join("s.mha"));
    for (arguments, expected) in [
        (&["image", "letter.dcm"][..], "no image that is known"),
        (&["image", "empty"], "none of the 0 files"),
        (&["image", "gone"], "cannot read"),
        (&["image", "s.mha", "--seed", "C2=0,0,500"], "outside the image"),
        (&["image", "s.mha", "--seed", "C2=-15,-10,148"], "there are 40 HU"),
        (&["image", "s.mha", "--seed", "thumb=0,0,132"], "no bone that is known"),
        (&["image", "s.mha", "--threshold", "200"], "--seed"),
    ] {
        let (code, _, err) = outcome(dir.path(), arguments);
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    }
}
