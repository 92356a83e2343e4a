//! Small sound files of every format.

use dens_cases::library;
use dens_mesher::Vec3;
use dens_mesher::geometry::surface::TriSurface;
use dens_mesher::image::{Grid, Labels, Volume, write_labels};
use dens_reports::export::{stl, threemf};
use flate2::Compression;
use flate2::write::GzEncoder;
use nalgebra::Matrix3;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

/// Box of 3 × 4 × 5 mm.
fn block() -> TriSurface {
    let points = (0..8)
        .map(|i| Vec3::new(3.0 * f64::from(i & 1), 4.0 * f64::from(i >> 1 & 1), 5.0 * f64::from(i >> 2)));
    let quads = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
    let triangles = quads.iter().flat_map(|q| [[q[0], q[1], q[2]], [q[0], q[2], q[3]]]).collect();
    TriSurface { points: points.collect(), triangles }
}

pub(crate) fn stl_binary() -> Vec<u8> {
    let mut bytes = Vec::new();
    stl::write(&block(), &mut bytes).expect("to memory");
    bytes
}

pub(crate) fn stl_text() -> Vec<u8> {
    let s = block();
    let mut text = String::from("solid block\n");
    for t in 0..s.triangles.len() {
        text.push_str("facet normal 0 0 0\nouter loop\n");
        for p in s.corners(t) {
            let _ = writeln!(text, "vertex {} {} {}", p.x, p.y, p.z);
        }
        text.push_str("endloop\nendfacet\n");
    }
    text.push_str("endsolid block\n");
    text.into_bytes()
}

pub(crate) fn obj() -> Vec<u8> {
    let s = block();
    let mut text = String::new();
    for p in &s.points {
        let _ = writeln!(text, "v {} {} {}", p.x, p.y, p.z);
    }
    for t in &s.triangles {
        let _ = writeln!(text, "f {}//1 {} {}/1/2", t[0] + 1, t[1] + 1, t[2] + 1);
    }
    text.into_bytes()
}

fn ply_header(format: &str) -> String {
    format!(
        "ply\nformat {format} 1.0\ncomment a block\nelement vertex 8\nproperty float x\nproperty float y\nproperty float z\nelement face 12\nproperty list uchar int vertex_indices\nend_header\n"
    )
}

pub(crate) fn ply_text() -> Vec<u8> {
    let s = block();
    let mut text = ply_header("ascii");
    for p in &s.points {
        let _ = writeln!(text, "{} {} {}", p.x, p.y, p.z);
    }
    for t in &s.triangles {
        let _ = writeln!(text, "3 {} {} {}", t[0], t[1], t[2]);
    }
    text.into_bytes()
}

pub(crate) fn ply_binary() -> Vec<u8> {
    let s = block();
    let mut bytes = ply_header("binary_little_endian").into_bytes();
    s.points.iter().flat_map(|p| [p.x, p.y, p.z]).for_each(|x| bytes.extend((x as f32).to_le_bytes()));
    for t in &s.triangles {
        bytes.push(3);
        t.iter().for_each(|v| bytes.extend(v.to_le_bytes()));
    }
    bytes
}

/// One CT slice of 4 × 3 pixels, explicit VR, little endian; in fragments as RLE where `packed`.
pub(crate) fn dicom(packed: bool) -> Vec<u8> {
    let syntax = if packed { "1.2.840.10008.1.2.5" } else { "1.2.840.10008.1.2.1" };
    let element = |group: u16, number: u16, vr: &str, value: &[u8]| {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if vr == "UI" { 0 } else { b' ' });
        }
        let mut out = [group.to_le_bytes(), number.to_le_bytes()].concat();
        out.extend(vr.bytes());
        if matches!(vr, "OB" | "OW" | "SQ") {
            out.extend([0, 0]);
            out.extend((value.len() as u32).to_le_bytes());
        } else {
            out.extend((value.len() as u16).to_le_bytes());
        }
        out.extend(value);
        out
    };
    let meta = element(2, 0x10, "UI", syntax.as_bytes());
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element(2, 0, "UL", &(meta.len() as u32).to_le_bytes()));
    bytes.extend(meta);
    for (group, number, vr, value) in [
        (8, 0x16, "UI", &b"1.2.840.10008.5.1.4.1.1.2"[..]),
        (8, 0x18, "UI", b"1.2.3.4.5"),
        (8, 0x60, "CS", b"CT"),
        (0x10, 0x10, "PN", b"Doe^Jane"),
        (0x18, 0x50, "DS", b"2.5"),
        (0x20, 0xe, "UI", b"1.2.3.4"),
        (0x20, 0x13, "IS", b"1"),
        (0x20, 0x32, "DS", b"-10\\-20\\30"),
        (0x20, 0x37, "DS", b"1\\0\\0\\0\\1\\0"),
        (0x28, 2, "US", &[1, 0]),
        (0x28, 4, "CS", b"MONOCHROME2"),
        (0x28, 0x10, "US", &[3, 0]),
        (0x28, 0x11, "US", &[4, 0]),
        (0x28, 0x30, "DS", b"0.5\\0.75"),
        (0x28, 0x100, "US", &[16, 0]),
        (0x28, 0x101, "US", &[16, 0]),
        (0x28, 0x102, "US", &[15, 0]),
        (0x28, 0x103, "US", &[1, 0]),
    ] {
        bytes.extend(element(group, number, vr, value));
    }
    bytes.extend(element(0x28, 0x1052, "DS", b"-1024"));
    bytes.extend(element(0x28, 0x1053, "DS", b"1"));
    let pixels: Vec<u16> = (0..12).map(|n| 900 + 37 * n).collect();
    if !packed {
        let raw: Vec<u8> = pixels.iter().flat_map(|v| v.to_le_bytes()).collect();
        bytes.extend(element(0x7fe0, 0x10, "OW", &raw));
        return bytes;
    }
    // Two planes of literal runs, high bytes first, behind a table of 64 bytes.
    let plane = |shift: u32| {
        let mut run = vec![11_u8];
        run.extend(pixels.iter().map(|v| (v >> shift) as u8));
        run.push(0x80);
        run
    };
    let (high, low) = (plane(8), plane(0));
    let mut table = [0_u32; 16];
    (table[0], table[1], table[2]) = (2, 64, 64 + high.len() as u32);
    let mut frame: Vec<u8> = table.iter().flat_map(|v| v.to_le_bytes()).collect();
    frame.extend(high);
    frame.extend(low);
    bytes.extend([0xe0, 0x7f, 0x10, 0, b'O', b'B', 0, 0, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend([0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0, 0xfe, 0xff, 0, 0xe0]);
    bytes.extend((frame.len() as u32).to_le_bytes());
    bytes.extend(frame);
    bytes.extend([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
    bytes
}

pub(crate) fn nifti() -> Vec<u8> {
    let mut h = vec![0_u8; 352];
    let mut put = |at: usize, b: &[u8]| h[at..at + b.len()].copy_from_slice(b);
    put(0, &348_i32.to_le_bytes());
    for (i, d) in [3_i16, 5, 4, 3, 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * i, &d.to_le_bytes());
    }
    put(70, &4_i16.to_le_bytes());
    put(72, &16_i16.to_le_bytes());
    for (i, v) in [1.0_f32, 0.5, 0.75, 2.0].into_iter().enumerate() {
        put(76 + 4 * i, &v.to_le_bytes());
    }
    put(108, &352_f32.to_le_bytes());
    put(112, &1_f32.to_le_bytes());
    put(123, &[2]);
    put(254, &1_i16.to_le_bytes());
    for (i, v) in
        [0.5_f32, 0.0, 0.0, -10.0, 0.0, 0.75, 0.0, -20.0, 0.0, 0.0, 2.0, 30.0].into_iter().enumerate()
    {
        put(280 + 4 * i, &v.to_le_bytes());
    }
    put(344, b"n+1\0");
    h.extend((0..60_i16).flat_map(|n| (n % 7).to_le_bytes()));
    h
}

pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("to memory");
    out.finish().expect("to memory")
}

pub(crate) fn nrrd() -> Vec<u8> {
    let grid = Grid { dims: [5, 4, 3], origin: Vec3::new(1.0, 2.0, 3.0), step: Matrix3::identity() };
    let values = (0..60).map(|n| n % 3).collect();
    let names = BTreeMap::from([(1, "C2".to_string()), (2, "C3".to_string())]);
    write_labels(&Labels::new(Volume { grid, values }, &names))
}

pub(crate) fn metaimage() -> Vec<u8> {
    let mut bytes = b"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nTransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = -12 34 560\nElementSpacing = 0.5 0.75 2\nDimSize = 5 4 3\nElementType = MET_SHORT\nElementDataFile = LOCAL\n".to_vec();
    bytes.extend((0..60_i16).flat_map(|n| (n % 7).to_le_bytes()));
    bytes
}

/// One case of each kind; two that take bones from files.
pub(crate) fn cases() -> Vec<Vec<u8>> {
    let embedded = ["tiny", "bench-f2267"].map(|n| library::find(n).expect("embedded").text.to_string());
    embedded
        .into_iter()
        .chain([library::SURFACES.to_string(), library::scan_case()])
        .map(String::into_bytes)
        .collect()
}

/// One block with what decks hold most.
pub(crate) fn deck() -> Vec<u8> {
    b"*HEADING
one block
*NODE, NSET=ALL
1, 0., 0., 0.
2, 1., 0., 0.
3, 1., 1., 0.
4, 0., 1., 0.
5, 0., 0., 1.
6, 1., 0., 1.
7, 1., 1., 1.
8, 0., 1., 1.
*ELEMENT, TYPE=C3D8, ELSET=BLOCK
1, 1, 2, 3, 4, 5, 6, 7, 8
*NSET, NSET=FOOT
1, 2, 3, 4
*NSET, NSET=TOP, GENERATE
5, 8, 1
*MATERIAL, NAME=BONE
*ELASTIC
1000., 0.3
*DENSITY
1.9e-9
*SOLID SECTION, ELSET=BLOCK, MATERIAL=BONE
*BOUNDARY
FOOT, 1, 3
*STEP
*STATIC
1., 1.
*CLOAD
TOP, 3, -2.5
*DLOAD
BLOCK, P2, 0.1
*NODE PRINT, NSET=TOP
U
*EL PRINT, ELSET=BLOCK
S
*END STEP
"
    .to_vec()
}

pub(crate) fn package() -> Vec<u8> {
    let [title, application, description] = ["block", "test", ""].map(String::from);
    let labels = threemf::Labels { title, application, description };
    threemf::write(&block(), &labels, Cursor::new(Vec::new())).expect("to memory").into_inner()
}
