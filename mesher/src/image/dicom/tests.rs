//! Series written here and by others: order, scale, coding, what is refused, what does not leak.

use super::*;
use crate::image::{Labels, read, read_labels};
use std::fs;

/// Columns and rows of the small slice.
const SIZE: [usize; 2] = [11, 9];

/// JPEG lossless of [`stored`], by libjpeg's `ljpeg` of imagecodecs 2026.3.6.
const JPEG_LOSSLESS: &str = "ffd8ffc4001d0001010101000105000000000000000000050600080407090a0b0cffc3000b0c0009000b01001100ffda0008 \
     010000060000fcff00fe652df7aadeb7f447cbd36cf28b30db8f07b679359869d783db3ea2ccb4e3e1ed9e51661b71ef6826 \
     ba63eb4579359869d7a828e969df51665a71fa1a3a6a77945986dc7a868e96a1e4d661a75ea0a3fa923e62a0ffd9";
/// JPEG-LS of [`stored`], by CharLS of imagecodecs 2026.3.6.
const JPEG_LS: &str = "ffd8ffe8002053504946460002000001000000090000000b0a1006010000012c0000012cffe8000800000001ffd8fff7000b \
     100009000b01011100fff8000d01ffff0012004301140040ffda0008010100000000a0bc498f72ae6dd0f5e5809024050f21 \
     144e8ad18233470801e1e4288991525a98a37401c751649550ab5726e8039a4ca48a4542ad351c1e5bca0f0a6136a350b234 \
     35b739244c07975a512e2fb13334b6244c05a8b0a155595c5f636650b02d24da5a7292b2cae90819a619ffd9";
/// The same with an error of up to 2.
const JPEG_LS_NEAR: &str = "ffd8ffe8002053504946460002000001000000090000000b0a1006010000012c0000012cffe8000800000001ffd8fff7000b \
     100009000b01011100fff8000d01ffff0018004d01220040ffda0008010100020000a070f8bc86ae6e56c140404320d10894 \
     525a2d008070c888e9092a52d0101c645484952a92d01019532650a14aa13a9fb83d25553aec30cb4da3701aaa9d65976186 \
     537014553a8b2cb9042660e6a26631ad73c01fad60ffd9";
/// JPEG 2000 of [`stored`], reversible, by OpenJPEG 2.5.4.
const JPEG_2000: &str = "ff4fff51002900000000000b0000000900000000000000000000000b00000009000000000000000000010b0101ff52000c00 \
     000001000004040001ff5c00044060ff640025000143726561746564206279204f70656e4a5045472076657273696f6e2032 \
     2e352e34ff90000a0000000000910001ff93dfe2001231f71216d0af13a82a212e412ab58bb6b825393af43f75b065b66a36 \
     d9ab3d9f409dc56b08c7012130c8decae456a12bd9ee2958bc9acf82113fc0a6759028dda03a3d848b36eaddbbf9ee826dcc \
     9696baafedc2a3565b5d6da482af5a07912f069181bcef36747d7fdb43458b0b2d2df51cbbef600a4cdfc2b62f5a2a5cdfff \
     d9";
/// JPEG 2000 of [`stored`] less 1024 as signed numbers, reversible, by OpenJPEG 2.5.4.
const JPEG_2000_SIGNED: &str = "ff4fff51002900000000000b0000000900000000000000000000000b00000009000000000000000000018f0101ff52000c00 \
     000001000004040001ff5c00044080ff640025000143726561746564206279204f70656e4a5045472076657273696f6e2032 \
     2e352e34ff90000a00000000008d0001ff93c0fe5ec01231f711c09d7250db00c40346e0668d4ebba509f6ed87757b01e8cf \
     a07ba4394698f421ab1fadab16d53d93e248e2d60d9e03f303c8b53601416734c6102e76365355eddfcce6a60e9b7c29755f \
     db8546acb8d7ea2c72a5c843542cf7f0cbe536b22d055ff6d0d162c2cc29a90e7e9221cc0cefc2b62f5a2a5cdfffd9";

/// Stored numbers of the small slice: slopes, steps and a plateau that makes runs.
fn stored() -> Vec<u16> {
    let value = |x: usize, y: usize| {
        if x < 7 || 3 < y { ((37 * x * x + 91 * y + 13 * x * y) / 3 % 1500) as u16 } else { 1200 }
    };
    (0..SIZE[0] * SIZE[1]).map(|n| value(n % SIZE[0], n / SIZE[0])).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |d: u8| (d as char).to_digit(16).expect("hexadecimal") as u8;
    digits.chunks(2).map(|p| digit(p[0]) << 4 | digit(p[1])).collect()
}

/// How a file of the tests is written.
#[derive(Clone)]
pub(in crate::image) struct Sheet {
    pub(in crate::image) syntax: &'static str,
    pub(in crate::image) position: [f64; 3],
    pub(in crate::image) orientation: [f64; 6],
    pub(in crate::image) series: u32,
    pub(in crate::image) size: [usize; 2],
    pub(in crate::image) pixels: Vec<u8>,
    pub(in crate::image) signed: bool,
    pub(in crate::image) scale: [f64; 2],
    pub(in crate::image) kind: &'static str,
}

impl Default for Sheet {
    fn default() -> Self {
        Self {
            syntax: "1.2.840.10008.1.2.1",
            position: [-100.0, -50.0, 30.0],
            orientation: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            series: 3,
            size: SIZE,
            pixels: stored().iter().flat_map(|v| v.to_le_bytes()).collect(),
            signed: false,
            scale: [1.0, -1024.0],
            kind: "AXIAL",
        }
    }
}

impl Sheet {
    /// The bytes of the file, with a name and a birth date as real ones have.
    pub(in crate::image) fn bytes(&self) -> Vec<u8> {
        let big = self.syntax == "1.2.840.10008.1.2.2";
        let explicit = self.syntax != "1.2.840.10008.1.2";
        let mut meta = Vec::new();
        element(&mut meta, [2, 0x10], b"UI", self.syntax.as_bytes(), [true, false]);
        let mut set = Vec::new();
        let mut put =
            |tag: [u16; 2], vr: &[u8; 2], value: &[u8]| element(&mut set, tag, vr, value, [explicit, big]);
        let number = |v: usize| if big { (v as u16).to_be_bytes() } else { (v as u16).to_le_bytes() };
        let list = |v: &[f64]| v.iter().map(f64::to_string).collect::<Vec<_>>().join("\\");
        put([8, 8], b"CS", format!("ORIGINAL\\PRIMARY\\{}", self.kind).as_bytes());
        put([8, 0x60], b"CS", b"CT");
        put([0x10, 0x10], b"PN", b"Doe^Jane");
        put([0x10, 0x30], b"DA", b"19700101");
        put([0x18, 0x60], b"DS", b"120 ");
        put([0x20, 0xe], b"UI", format!("1.2.3.{}", self.series).as_bytes());
        put([0x20, 0x11], b"IS", self.series.to_string().as_bytes());
        put([0x20, 0x32], b"DS", list(&self.position).as_bytes());
        put([0x20, 0x37], b"DS", list(&self.orientation).as_bytes());
        put([0x28, 2], b"US", &number(1));
        put([0x28, 4], b"CS", b"MONOCHROME2");
        put([0x28, 0x10], b"US", &number(self.size[1]));
        put([0x28, 0x11], b"US", &number(self.size[0]));
        put([0x28, 0x30], b"DS", b"0.5\\0.4");
        put([0x28, 0x100], b"US", &number(16));
        put([0x28, 0x101], b"US", &number(if self.signed { 16 } else { 12 }));
        put([0x28, 0x102], b"US", &number(if self.signed { 15 } else { 11 }));
        put([0x28, 0x103], b"US", &number(self.signed.into()));
        put([0x28, 0x1052], b"DS", self.scale[1].to_string().as_bytes());
        put([0x28, 0x1053], b"DS", self.scale[0].to_string().as_bytes());
        if self.syntax.starts_with("1.2.840.10008.1.2.4") || self.syntax.ends_with(".5") {
            set.extend([0xe0, 0x7f, 0x10, 0, b'O', b'B', 0, 0, 0xff, 0xff, 0xff, 0xff]);
            for fragment in [&[][..], &self.pixels] {
                set.extend([0xfe, 0xff, 0, 0xe0]);
                set.extend((fragment.len() as u32).to_le_bytes());
                set.extend(fragment);
            }
            set.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
        } else {
            let swapped: Vec<u8> = self.pixels.chunks(2).flat_map(|p| [p[1], p[0]]).collect();
            put([0x7fe0, 0x10], b"OW", if big { &swapped } else { &self.pixels });
        }
        if self.syntax.ends_with(".99") {
            use std::io::Write;
            let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            packed.write_all(&set).expect("to memory");
            set = packed.finish().expect("to memory");
        }
        [vec![0; 128], b"DICM".to_vec(), meta, set].concat()
    }
}

fn element(out: &mut Vec<u8>, tag: [u16; 2], vr: &[u8; 2], value: &[u8], [explicit, big]: [bool; 2]) {
    let n16 = |v: u16| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let n32 = |v: u32| if big { v.to_be_bytes() } else { v.to_le_bytes() };
    let length = value.len() + value.len() % 2;
    out.extend(n16(tag[0]));
    out.extend(n16(tag[1]));
    match (explicit, vr) {
        (false, _) => out.extend(n32(length as u32)),
        (true, b"OW") => {
            out.extend(vr);
            out.extend([0, 0]);
            out.extend(n32(length as u32));
        }
        _ => {
            out.extend(vr);
            out.extend(n16(length as u16));
        }
    }
    out.extend(value);
    out.resize(out.len() + value.len() % 2, 0);
}

/// Compressed slices as others wrote them.
pub(in crate::image) fn compressed() -> Vec<Vec<u8>> {
    let of = |(syntax, pixels): (&'static str, &str)| {
        Sheet { syntax, pixels: unhex(pixels), ..Sheet::default() }.bytes()
    };
    [
        ("1.2.840.10008.1.2.4.70", JPEG_LOSSLESS),
        ("1.2.840.10008.1.2.4.80", JPEG_LS),
        ("1.2.840.10008.1.2.4.81", JPEG_LS_NEAR),
        ("1.2.840.10008.1.2.4.90", JPEG_2000),
    ]
    .map(of)
    .to_vec()
}

fn folder(sheets: &[Sheet]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a scratch folder");
    // Names in the wrong order, on purpose.
    for (i, s) in sheets.iter().enumerate() {
        fs::write(dir.path().join(format!("IM{:03}", 999 - i)), s.bytes()).expect("written");
    }
    dir
}

fn at_height(z: f64) -> Sheet {
    let level = (z as i64 + 100) as u16;
    let pixels = stored().iter().flat_map(|v| (v / 2 + level).to_le_bytes()).collect();
    Sheet { position: [-100.0, -50.0, z], pixels, ..Sheet::default() }
}

fn refusal(path: &Path) -> String {
    let error = read(path, Options::default()).expect_err("refused");
    format!("{error} {}", error.remedy().unwrap_or_default())
}

#[test]
fn every_coding_gives_the_same_hounsfield_units() {
    let expected: Vec<f32> = stored().iter().map(|v| f32::from(*v) - 1024.0).collect();
    let high: Vec<u8> = stored().iter().map(|v| (v >> 8) as u8).collect();
    let low: Vec<u8> = stored().iter().map(|v| *v as u8).collect();
    // Literal runs of up to 128 bytes only; a repetition stands at the end of the lower plane.
    let mut rle: Vec<u8> =
        [2_u32, 64, 64 + 1 + high.len() as u32].iter().flat_map(|v| v.to_le_bytes()).collect();
    rle.resize(64, 0);
    rle.push(high.len() as u8 - 1);
    rle.extend(&high);
    rle.push(low.len() as u8 - 2);
    rle.extend(&low[..low.len() - 1]);
    rle.extend([0, low[low.len() - 1]]);
    let files = [
        ("1.2.840.10008.1.2", None),
        ("1.2.840.10008.1.2.1", None),
        ("1.2.840.10008.1.2.2", None),
        ("1.2.840.10008.1.2.1.99", None),
        ("1.2.840.10008.1.2.5", Some(rle)),
        ("1.2.840.10008.1.2.4.70", Some(unhex(JPEG_LOSSLESS))),
        ("1.2.840.10008.1.2.4.80", Some(unhex(JPEG_LS))),
        ("1.2.840.10008.1.2.4.90", Some(unhex(JPEG_2000))),
    ];
    let dir = tempfile::tempdir().expect("a scratch folder");
    for (syntax, pixels) in files {
        let sheet = Sheet { syntax, ..Sheet::default() };
        let sheet = Sheet { pixels: pixels.unwrap_or(sheet.pixels.clone()), ..sheet };
        let path = dir.path().join("slice");
        fs::write(&path, sheet.bytes()).expect("written");
        let found = read(&path, Options::default()).unwrap_or_else(|e| panic!("{syntax}: {e}"));
        assert_eq!(found.image.values, expected, "{syntax}");
        assert_eq!(found.about.modality, Modality::Ct);
        assert_eq!(found.about.kilovolts, Some(120.0));
    }
}

#[test]
fn signed_wavelets_and_near_lossless_values_are_right() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("slice");
    for (syntax, pixels, signed, tolerance) in [
        ("1.2.840.10008.1.2.4.90", JPEG_2000_SIGNED, true, 0.0),
        ("1.2.840.10008.1.2.4.81", JPEG_LS_NEAR, false, 2.0),
    ] {
        let scale = [1.0, if signed { 0.0 } else { -1024.0 }];
        let sheet = Sheet { syntax, signed, scale, pixels: unhex(pixels), ..Sheet::default() };
        fs::write(&path, sheet.bytes()).expect("written");
        let found = read(&path, Options::default()).expect("valid").image.values;
        for (v, s) in found.iter().zip(stored()) {
            assert!((v - (f32::from(s) - 1024.0)).abs() <= tolerance, "{syntax}: {v} for {s}");
        }
    }
}

#[test]
fn slices_are_ordered_by_position_and_lie_where_they_say() {
    let dir = folder(&[at_height(32.5), at_height(30.0), at_height(37.5), at_height(35.0)]);
    fs::write(dir.path().join("notes.dcm"), "no DICOM at all").expect("written");
    let found = read(dir.path(), Options::default()).expect("a series");
    let grid = &found.image.grid;
    assert_eq!(grid.dims, [11, 9, 4]);
    // Columns are 0.4 mm apart, rows 0.5 mm.
    let expected = crate::Vec3::new(-100.0 + 10.0 * 0.4, -50.0 + 8.0 * 0.5, 30.0 + 3.0 * 2.5);
    assert!((grid.position([10.0, 8.0, 3.0]) - expected).norm() < 1e-9);
    for (k, z) in [30, 32, 35, 37].into_iter().enumerate() {
        let first = f32::from(stored()[0] / 2) + z as f32 + 100.0 - 1024.0;
        assert_eq!(found.image.at([0, 0, k]), first, "slice {k}");
    }
    assert!(found.about.notes.iter().any(|n| n.text.starts_with("1 files")), "{:?}", found.about.notes);
}

#[test]
fn a_tilted_gantry_shears_the_grid() {
    let tilt = 15_f64.to_radians();
    let orientation = [1.0, 0.0, 0.0, 0.0, tilt.cos(), -tilt.sin()];
    let sheets: Vec<Sheet> = (0..4).map(|k| Sheet { orientation, ..at_height(f64::from(k) * 2.0) }).collect();
    let found = read(folder(&sheets).path(), Options::default()).expect("a series");
    assert!((found.image.grid.shear() - 15.0).abs() < 0.01);
    assert!((found.image.grid.position([0.0, 0.0, 3.0]).z - 6.0).abs() < 1e-9);
    assert!(found.about.notes.iter().any(|n| n.text.contains("15.0 degrees")), "{:?}", found.about.notes);
}

#[test]
fn a_missing_slice_is_named_and_filled_only_when_asked() {
    let dir = folder(&[0.0, 2.0, 4.0, 8.0, 10.0].map(at_height));
    let said = refusal(dir.path());
    assert!(said.contains("1 of 6 slices are missing, the first after 4.00 mm"), "{said}");
    let filled = read(dir.path(), Options { fill_gaps: true, ..Options::default() }).expect("filled");
    assert_eq!(filled.image.grid.dims[2], 6);
    let middle = 0.5 * (filled.image.at([3, 3, 2]) + filled.image.at([3, 3, 4]));
    assert_eq!(filled.image.at([3, 3, 3]), middle);
    assert!(filled.about.notes.iter().any(|n| n.warning && n.text.contains("interpolated")));
    let uneven = folder(&[0.0, 1.0, 2.0, 3.0, 5.5].map(at_height));
    assert!(refusal(uneven.path()).contains("changes from 1.000 to 2.500 mm"));
}

#[test]
fn mixtures_are_refused_by_name_and_a_series_can_be_chosen() {
    let mut two: Vec<Sheet> = [0.0, 2.0, 4.0].map(at_height).to_vec();
    two.push(Sheet { series: 7, ..at_height(0.0) });
    let dir = folder(&two);
    let said = refusal(dir.path());
    assert!(said.contains("2 series: 1: CT, 3 slices of 11 × 9; 2: CT, 1 slices"), "{said}");
    assert!(said.contains("--series"));
    let second = read(dir.path(), Options { series: Some(2), ..Options::default() }).expect("chosen");
    assert_eq!(second.image.grid.dims[2], 1);
    let double = folder(&[at_height(0.0), at_height(2.0), at_height(2.0)]);
    assert!(refusal(double.path()).contains("same place"));
    let turned = Sheet { orientation: [0.0, 1.0, 0.0, 0.0, 0.0, -1.0], ..at_height(2.0) };
    assert!(refusal(folder(&[at_height(0.0), turned]).path()).contains("direction"));
    let overview =
        Sheet { kind: "LOCALIZER", orientation: [0.0, 1.0, 0.0, 0.0, 0.0, -1.0], ..at_height(0.0) };
    let found = read(folder(&[at_height(0.0), at_height(2.0), overview]).path(), Options::default());
    assert!(found.expect("the overview is left out").about.notes[0].text.contains("overviews"));
}

#[test]
fn what_is_not_read_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("slice.dcm");
    for (syntax, expected) in [
        ("1.2.840.10008.1.2.4.201", "High-Throughput"),
        ("1.2.840.10008.1.2.4.102", "video"),
        ("1.2.3", "unknown transfer syntax"),
    ] {
        fs::write(&path, Sheet { syntax, ..Sheet::default() }.bytes()).expect("written");
        let said = refusal(&path);
        assert!(said.contains(expected), "{said}");
    }
    fs::write(&path, "a letter, not a picture").expect("written");
    assert!(refusal(&path).contains("no image that is known"));
    let whole = Sheet::default().bytes();
    fs::write(&path, &whole[..whole.len() - 40]).expect("written");
    assert!(refusal(&path).contains("are left"), "{}", refusal(&path));
}

#[test]
fn nothing_of_the_patient_leaves_the_reader() {
    let dir = folder(&[at_height(0.0), at_height(2.0)]);
    let found = read(dir.path(), Options::default()).expect("a series");
    let shown = format!("{:?}", found.about);
    for secret in ["Doe", "Jane", "1970", "1.2.3"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn real_slices_agree_in_every_byte_order() {
    let Some(folder) = crate::geometry::anatomy_folder().map(|f| f.join("dicom_basic")) else { return };
    let of = |name: &str| read(&folder.join(name), Options::default()).expect(name);
    let plain = of("MR_small.dcm");
    assert_eq!(plain.about.modality, Modality::Mr);
    for other in ["MR_small_implicit.dcm", "MR_small_expb.dcm"] {
        assert_eq!(of(other).image.values, plain.image.values, "{other}");
    }
    let ct = of("CT_small.dcm");
    assert_eq!(ct.image.grid.dims, [128, 128, 1]);
    // The file: intercept -1024; its first stored number is 175, as pydicom shows it.
    assert_eq!(ct.image.values[0], 175.0 - 1024.0);
    let series = of("series_CT5N");
    assert_eq!(series.image.grid.dims, [16, 16, 5]);
    assert!((series.image.grid.spacing()[2] - 2.5).abs() < 1e-9);
    assert!(0.0 < series.image.grid.step[(2, 2)], "ascending along the normal");
}

/// A segmentation of two segments on three slices, its frames not in order of height.
#[test]
fn segmentations_are_read_with_their_names() {
    let dir = tempfile::tempdir().expect("a scratch folder");
    let path = dir.path().join("seg.dcm");
    fs::write(&path, segmentation()).expect("written");
    let (labels, about): (Labels, About) = read_labels(&path, Options::default()).expect("a segmentation");
    assert_eq!(about.format, Format::DicomSegmentation);
    assert_eq!(labels.volume.grid.dims, [4, 3, 3]);
    assert_eq!(labels.names.values().collect::<Vec<_>>(), ["C1", "label 2"], "free text is not kept");
    // Bits of one frame follow those of the other within a byte.
    let expected = [(1, [0, 0, 0]), (1, [3, 2, 0]), (0, [1, 0, 0]), (2, [1, 1, 2]), (0, [0, 0, 1])];
    for (label, at) in expected {
        assert_eq!(labels.volume.at(at), label, "{at:?}");
    }
    assert_eq!(labels.counts().into_values().collect::<Vec<_>>(), [2, 1]);
}

pub(in crate::image) fn segmentation() -> Vec<u8> {
    let item = |content: Vec<u8>| {
        [vec![0xfe, 0xff, 0, 0xe0], (content.len() as u32).to_le_bytes().to_vec(), content].concat()
    };
    let sequence = |tag: [u16; 2], items: &[Vec<u8>]| {
        let body = items.concat();
        let mut out = Vec::new();
        out.extend(tag[0].to_le_bytes());
        out.extend(tag[1].to_le_bytes());
        out.extend(b"SQ\0\0");
        out.extend((body.len() as u32).to_le_bytes());
        out.extend(body);
        out
    };
    let one = |tag: [u16; 2], vr: &[u8; 2], value: &[u8]| {
        let mut out = Vec::new();
        element(&mut out, tag, vr, value, [true, false]);
        out
    };
    let number = |tag: [u16; 2], v: u16| one(tag, b"US", &v.to_le_bytes());
    let segment =
        |n: u16, label: &str| item([number([0x62, 4], n), one([0x62, 5], b"LO", label.as_bytes())].concat());
    let frame = |n: u16, z: &str| {
        let position = one([0x20, 0x32], b"DS", format!("10\\20\\{z}").as_bytes());
        item(
            [
                sequence([0x20, 0x9113], &[item(position)]),
                sequence([0x62, 0xa], &[item(number([0x62, 0xb], n))]),
            ]
            .concat(),
        )
    };
    let orientation = one([0x20, 0x37], b"DS", b"1\\0\\0\\0\\1\\0");
    let measures = [one([0x18, 0x88], b"DS", b"1.5"), one([0x28, 0x30], b"DS", b"0.5\\0.5")].concat();
    let shared = item(
        [sequence([0x20, 0x9116], &[item(orientation)]), sequence([0x28, 0x9110], &[item(measures)])]
            .concat(),
    );
    let frames = [frame(1, "0"), frame(2, "2"), frame(2, "1")];
    // 12 bits per frame, the least significant first: voxels 0 and 11 of the first, 5 of the second.
    let bits: u64 = 1 | 1 << 11 | 1 << (12 + 5);
    [
        vec![0; 128],
        b"DICM".to_vec(),
        one([2, 0x10], b"UI", b"1.2.840.10008.1.2.1"),
        one([8, 0x16], b"UI", b"1.2.840.10008.5.1.4.1.1.66.4"),
        one([8, 0x60], b"CS", b"SEG"),
        one([0x20, 0xe], b"UI", b"1.2.3"),
        number([0x28, 2], 1),
        one([0x28, 4], b"CS", b"MONOCHROME2"),
        one([0x28, 8], b"IS", b"3"),
        number([0x28, 0x10], 3),
        number([0x28, 0x11], 4),
        number([0x28, 0x100], 1),
        number([0x28, 0x101], 1),
        number([0x28, 0x102], 0),
        number([0x28, 0x103], 0),
        one([0x62, 1], b"CS", b"BINARY"),
        sequence([0x62, 2], &[segment(1, "Atlas"), segment(2, "Doe^Jane")]),
        sequence([0x5200, 0x9229], &[shared]),
        sequence([0x5200, 0x9230], &frames),
        one([0x7fe0, 0x10], b"OW", &bits.to_le_bytes()[..6]),
    ]
    .concat()
}
