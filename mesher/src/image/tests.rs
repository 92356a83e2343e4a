//! Files of every format: the same voxels at the same places, in every byte order; and damaged ones.

use super::*;
use crate::Vec3;
use crate::image::dicom::tests::{Sheet, segmentation};
use nalgebra::Matrix3;
use proptest::prelude::*;
use std::fs;
use std::io::Write;
use std::sync::LazyLock;

const DIMS: [usize; 3] = [5, 4, 3];

fn value(n: usize) -> i16 {
    (37 * n % 400) as i16 - 200
}

/// Oblique directions: a turn by 30° about z, mirrored along the second index.
fn grid() -> Grid {
    let (c, s) = (30_f64.to_radians().cos(), 30_f64.to_radians().sin());
    let turn = Matrix3::new(c, s, 0.0, s, -c, 0.0, 0.0, 0.0, 1.0);
    let step = turn * Matrix3::from_diagonal(&Vec3::new(0.5, 0.75, 2.0));
    Grid { dims: DIMS, origin: Vec3::new(-12.0, 34.0, 560.0), step }
}

fn voxels(big: bool) -> Vec<u8> {
    (0..60).flat_map(|n| if big { value(n).to_be_bytes() } else { value(n).to_le_bytes() }).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).expect("to memory");
    out.finish().expect("to memory")
}

/// A NIfTI file of the grid; `by` chooses what holds the affine.
fn nifti(big: bool, by: &str) -> Vec<u8> {
    let mut h = vec![0_u8; 352];
    let mut put = |at: usize, b: &[u8]| {
        let mut b = b.to_vec();
        if big {
            b.reverse();
        }
        h[at..at + b.len()].copy_from_slice(&b);
    };
    put(0, &348_i32.to_le_bytes());
    for (i, d) in [3_i16, 5, 4, 3, 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * i, &d.to_le_bytes());
    }
    put(70, &4_i16.to_le_bytes());
    put(72, &16_i16.to_le_bytes());
    let g = grid();
    let ras = Matrix3::from_diagonal(&Vec3::new(-1.0, -1.0, 1.0));
    let (step, origin) = (ras * g.step, ras * g.origin);
    // The handedness of the rotation goes into the first pixdim.
    for (i, v) in [-1.0_f32, 0.5, 0.75, 2.0].into_iter().enumerate() {
        put(76 + 4 * i, &v.to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes());
    put(112, &2_f32.to_le_bytes());
    put(116, &10_f32.to_le_bytes());
    if by == "sform" {
        put(254, &1_i16.to_le_bytes());
        for row in 0..3 {
            for column in 0..4 {
                let v = if column < 3 { step[(row, column)] } else { origin[row] };
                put(280 + 16 * row + 4 * column, &(v as f32).to_le_bytes());
            }
        }
    } else {
        put(252, &1_i16.to_le_bytes());
        let mut rotation = g.direction();
        rotation = ras * rotation;
        rotation.set_column(2, &(-rotation.column(2)));
        let q = nalgebra::UnitQuaternion::from_matrix(&rotation);
        let q = if q.w < 0.0 { -q.into_inner() } else { q.into_inner() };
        for (i, v) in [q.i, q.j, q.k, origin.x, origin.y, origin.z].into_iter().enumerate() {
            put(256 + 4 * i, &(v as f32).to_le_bytes());
        }
    }
    h[123] = 2;
    h[344..348].copy_from_slice(b"n+1\0");
    h.extend(voxels(big));
    h
}

fn nrrd(big: bool, gzip: bool) -> Vec<u8> {
    let g = grid();
    let v = |v: Vec3| format!("({},{},{})", v.x, v.y, v.z);
    let directions: Vec<String> = (0..3).map(|a| v(g.step.column(a).into())).collect();
    let mut out = format!(
        "NRRD0004\n# a comment\ntype: short\ndimension: 3\nspace: left-posterior-superior\nsizes: 5 4 3\nspace directions: {}\nendian: {}\nencoding: {}\nspace origin: {}\nSegment0_Name:=vertebrae_C2\nSegment0_LabelValue:=7\nSegment1_Name:=Doe^Jane\nSegment1_LabelValue:=8\n\n",
        directions.join(" "),
        if big { "big" } else { "little" },
        if gzip { "gzip" } else { "raw" },
        v(g.origin),
    )
    .into_bytes();
    out.extend(if gzip { packed(&voxels(big)) } else { voxels(big) });
    out
}

fn metaimage(big: bool) -> Vec<u8> {
    let d = grid().direction();
    let turn: Vec<String> = d.iter().map(f64::to_string).collect();
    let mut out = format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = {}\nTransformMatrix = {}\nOffset = -12 34 560\nElementSpacing = 0.5 0.75 2\nDimSize = 5 4 3\nElementType = MET_SHORT\nElementDataFile = LOCAL\n",
        if big { "True" } else { "False" },
        turn.join(" "),
    )
    .into_bytes();
    out.extend(voxels(big));
    out
}

fn read_bytes(bytes: &[u8]) -> Result<Reading, ImageError> {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("image");
    fs::write(&path, bytes).expect("written");
    read(&path, Options::default())
}

#[test]
fn every_format_and_byte_order_puts_the_same_voxels_in_the_same_place() {
    let files = [
        (nifti(false, "sform"), 2.0, 10.0),
        (nifti(true, "sform"), 2.0, 10.0),
        (nifti(false, "qform"), 2.0, 10.0),
        (nifti(true, "qform"), 2.0, 10.0),
        (packed(&nifti(true, "sform")), 2.0, 10.0),
        (nrrd(false, false), 1.0, 0.0),
        (nrrd(true, false), 1.0, 0.0),
        (nrrd(true, true), 1.0, 0.0),
        (metaimage(false), 1.0, 0.0),
        (metaimage(true), 1.0, 0.0),
    ];
    for (i, (bytes, slope, intercept)) in files.into_iter().enumerate() {
        let found = read_bytes(&bytes).unwrap_or_else(|e| panic!("file {i}: {e}"));
        let expected: Vec<f32> = (0..60).map(|n| slope * f32::from(value(n)) + intercept).collect();
        assert_eq!(found.image.values, expected, "file {i}");
        for at in [[0.0; 3], [4.0, 3.0, 2.0]] {
            let far = (found.image.grid.position(at) - grid().position(at)).norm();
            // NIfTI holds the affine in f32: 560 mm have steps of 6e-5, and the real part of a quaternion near zero, the
            // root of a difference, is known to 3e-4 only.
            assert!(far < 5e-3, "file {i}: {far} mm at {at:?}");
        }
    }
}

#[test]
fn headers_beside_their_voxels_are_read_and_nothing_outside_their_folder() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let header = String::from_utf8_lossy(&metaimage(false))
        .split("ElementDataFile")
        .next()
        .expect("a header")
        .to_string();
    fs::write(dir.path().join("a.raw"), voxels(false)).expect("written");
    let path = dir.path().join("a.mhd");
    fs::write(&path, format!("{header}ElementDataFile = a.raw\n")).expect("written");
    assert_eq!(read(&path, Options::default()).expect("a pair").image.values[1], f32::from(value(1)));
    for outside in ["../a.raw", "/etc/hostname", "missing.raw"] {
        fs::write(&path, format!("{header}ElementDataFile = {outside}\n")).expect("written");
        assert!(read(&path, Options::default()).is_err(), "{outside}");
    }
}

#[test]
fn labels_survive_writing_and_reading_with_their_names_only() {
    let values: Vec<u16> = (0..60).map(|n| (n % 3 * 4) as u16).collect();
    let names = BTreeMap::from([(4, "C2".to_string())]);
    let labels = Labels::new(Volume { grid: grid(), values }, &names);
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("labels.nrrd");
    fs::write(&path, write_labels(&labels)).expect("written");
    let (back, _) = read_labels(&path, Options::default()).expect("our own file");
    assert_eq!(back.names, BTreeMap::from([(4, "C2".to_string()), (8, "label 8".to_string())]));
    assert_eq!(back.volume.values, labels.volume.values);
    assert!(back.volume.grid.agrees(&labels.volume.grid));
    let about = read_bytes(&nrrd(false, false)).expect("valid").about;
    assert_eq!(about.names, BTreeMap::from([(7, "C2".to_string())]));
    fs::write(&path, nrrd(false, false)).expect("written");
    let said = read_labels(&path, Options::default()).expect_err("values below zero").to_string();
    assert!(said.contains("labels are whole numbers"), "{said}");
}

#[test]
fn a_header_that_promises_more_than_the_file_holds_is_refused_at_once() {
    let mut huge = nifti(false, "sform");
    for (i, d) in [3_i16, 1000, 1000, 1000].into_iter().enumerate() {
        huge[40 + 2 * i..42 + 2 * i].copy_from_slice(&d.to_le_bytes());
    }
    for bytes in [huge.clone(), packed(&huge)] {
        let said = read_bytes(&bytes).expect_err("a billion voxels in 500 bytes").to_string();
        assert!(said.contains("announces"), "{said}");
    }
    let text =
        String::from_utf8_lossy(&nrrd(false, true)).replace("sizes: 5 4 3", "sizes: 30000 30000 30000");
    assert!(read_bytes(text.as_bytes()).expect_err("too large").to_string().contains("more than"));
}

/// One file of each kind.
static ALL: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut files = vec![
        nifti(false, "sform"),
        nifti(true, "qform"),
        packed(&nifti(false, "sform")),
        nrrd(false, false),
        nrrd(true, true),
        metaimage(false),
        segmentation(),
    ];
    for syntax in
        ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"]
    {
        files.push(Sheet { syntax, ..Sheet::default() }.bytes());
    }
    files.extend(dicom::tests::compressed());
    files
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens to a file, reading ends, with an error or an image; a panic fails the test.
    #[test]
    fn damaged_files_never_crash_a_reader(
        which in 0_usize..64,
        cut in prop::option::of(0.0..1.0_f64),
        flips in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 0..6),
    ) {
        let mut bytes = ALL[which % ALL.len()].clone();
        for (place, value) in flips {
            let at = (place * bytes.len() as f64) as usize;
            bytes[at] = value;
        }
        if let Some(share) = cut {
            bytes.truncate((share * bytes.len() as f64) as usize);
        }
        if let Ok(found) = read_bytes(&bytes) {
            prop_assert_eq!(found.image.values.len(), found.image.grid.n_voxels());
            prop_assert!(found.image.values.iter().all(|v| v.is_finite()));
        }
    }
}
