//! NRRD (.nrrd, and .nhdr with its voxels in a file beside it): raw, gzip or text, either byte order.
//!
//! Names of segments as 3D Slicer writes them (`Segment0_Name`, `Segment0_LabelValue`) are read.
//!
//! # Source
//! Teem, Definition of the NRRD file format, <https://teem.sourceforge.net/nrrd/format.html>.

use super::bytes::{Order, Sample, Wrapping, exactly, from_text, inflate, n_voxels};
use super::error::Fault;
use super::labels::{Labels, anatomical_name};
use super::volume::{Grid, Volume};
use super::{About, Format, Note, Reading};
use crate::Vec3;
use flate2::Compression;
use flate2::write::GzEncoder;
use nalgebra::Matrix3;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// Whether these are the first bytes of a NRRD file.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"NRRD000")
}

/// Reads an image; `beside` gives the bytes of a file in the same folder.
pub(super) fn read(bytes: &[u8], beside: &dyn Fn(&str) -> Result<Vec<u8>, Fault>) -> Result<Reading, Fault> {
    let (fields, pairs, rest) = header(bytes)?;
    let field = |name: &str| fields.get(name).map(String::as_str);
    let need = |name: &str| field(name).ok_or_else(|| Fault::at("header", format!("`{name}` is missing")));
    let sample = sample(need("type")?)?;
    let (dims, grid, notes) = geometry(&fields)?;
    let n = n_voxels(dims)?;
    let order = match field("endian") {
        Some("big") => Order::Big,
        Some("little") => Order::Little,
        None if sample.size() == 1 => Order::Little,
        _ => return Err(Fault::at("header", "`endian` must be little or big")),
    };
    let outside;
    let mut voxels = rest;
    if let Some(name) = field("data file").or(field("datafile")) {
        if name.starts_with("LIST") || name.contains('%') {
            return Err(Fault::refused(
                "the voxels lie in several files",
                "save the image with all voxels in one file",
            ));
        }
        outside = beside(name)?;
        voxels = &outside;
    }
    let number = |name: &str| -> Result<i64, Fault> {
        field(name)
            .map_or(Ok(0), |v| v.parse().map_err(|_| Fault::at("header", format!("`{name}` is no number"))))
    };
    for _ in 0..number("line skip").or(number("lineskip"))?.max(0) {
        let end = voxels.iter().position(|b| *b == b'\n');
        voxels = &voxels[end.ok_or_else(|| Fault::at("voxels", "fewer lines than `line skip`"))? + 1..];
    }
    let skip = number("byte skip")?;
    let size = n * sample.size();
    let encoding = need("encoding")?;
    if skip < 0 && encoding == "raw" {
        voxels = &voxels[voxels.len().saturating_sub(size)..];
    } else {
        voxels = voxels.get(skip.max(0) as usize..).unwrap_or_default();
    }
    let scale = [1.0, 0.0];
    let values = match encoding {
        "raw" => sample.decode(exactly(voxels, size)?, order, scale),
        "gzip" | "gz" => sample.decode(&inflate(voxels, Wrapping::Gzip, size)?, order, scale),
        "text" | "txt" | "ascii" => from_text(voxels, n)?,
        other => {
            let shown = if matches!(other, "hex" | "bzip2" | "bz2") { other } else { "an unknown one" };
            return Err(Fault::refused(
                format!("the encoding of the voxels is {shown}"),
                "save it with encoding raw or gzip",
            ));
        }
    };
    let mut notes = notes;
    let image = super::finite(Volume { grid, values }, &mut notes)?;
    Ok(Reading { image, about: About { notes, names: names(&pairs), ..About::of(Format::Nrrd) } })
}

/// A label map with the names of its labels.
pub(super) fn write(labels: &Labels) -> Vec<u8> {
    let grid = &labels.volume.grid;
    let vector = |v: Vec3| format!("({},{},{})", v.x, v.y, v.z);
    let [a, b, c] = grid.dims;
    let directions: Vec<String> = (0..3).map(|a| vector(grid.step.column(a).into())).collect();
    let mut text = format!(
        "NRRD0004\ntype: uint16\ndimension: 3\nspace: left-posterior-superior\nsizes: {a} {b} {c}\nspace directions: {}\nkinds: domain domain domain\nendian: little\nencoding: gzip\nspace origin: {}\n",
        directions.join(" "),
        vector(grid.origin),
    );
    for (i, (label, name)) in labels.names.iter().enumerate() {
        let _ = write!(
            text,
            "Segment{i}_ID:=Segment_{label}\nSegment{i}_Name:={name}\nSegment{i}_LabelValue:={label}\nSegment{i}_Layer:=0\n"
        );
    }
    text.push('\n');
    let mut packed = GzEncoder::new(text.into_bytes(), Compression::fast());
    let fact = "a vector takes every write";
    for chunk in labels.volume.values.chunks(1 << 16) {
        let bytes: Vec<u8> = chunk.iter().flat_map(|v| v.to_le_bytes()).collect();
        packed.write_all(&bytes).expect(fact);
    }
    packed.finish().expect(fact)
}

type Pairs = BTreeMap<String, String>;

/// Fields, key-value pairs and the bytes after the header.
fn header(bytes: &[u8]) -> Result<(Pairs, Pairs, &[u8]), Fault> {
    let (mut fields, mut pairs) = (Pairs::new(), Pairs::new());
    let (mut at, mut line) = (0, 0);
    loop {
        line += 1;
        let Some(end) = bytes[at..].iter().take(1 << 20).position(|b| *b == b'\n') else {
            // A detached header may end without the empty line.
            if fields.contains_key("data file") || fields.contains_key("datafile") {
                return Ok((fields, pairs, &[]));
            }
            return Err(Fault::byte(at, "the header does not end; an empty line is expected after it"));
        };
        let text = String::from_utf8_lossy(&bytes[at..at + end]);
        let text = text.trim_end();
        at += end + 1;
        if text.is_empty() {
            return Ok((fields, pairs, &bytes[at..]));
        }
        if text.starts_with('#') || line == 1 {
            continue;
        }
        if let Some((key, value)) = text.split_once(":=") {
            pairs.insert(key.to_string(), value.to_string());
        } else if let Some((key, value)) = text.split_once(": ") {
            fields.insert(key.trim().to_lowercase(), value.trim().to_string());
        } else {
            return Err(Fault::at(format!("line {line}"), "expected `field: value` or `key:=value`"));
        }
    }
}

fn sample(name: &str) -> Result<Sample, Fault> {
    Ok(match name.to_lowercase().as_str() {
        "signed char" | "int8" | "int8_t" => Sample::I8,
        "uchar" | "unsigned char" | "uint8" | "uint8_t" => Sample::U8,
        "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Sample::I16,
        "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Sample::U16,
        "int" | "signed int" | "int32" | "int32_t" => Sample::I32,
        "uint" | "unsigned int" | "uint32" | "uint32_t" => Sample::U32,
        "longlong" | "long long" | "long long int" | "signed long long" | "int64" | "int64_t" => Sample::I64,
        "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Sample::U64,
        "float" => Sample::F32,
        "double" => Sample::F64,
        _ => return Err(Fault::at("header", "`type` is none of the number types of NRRD")),
    })
}

fn numbers<const N: usize>(text: &str, what: &str) -> Result<[f64; N], Fault> {
    let wrong = || Fault::at("header", format!("`{what}` must have {N} numbers"));
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let all: Option<Vec<f64>> = text
        .split(|c: char| c == ',' || c.is_whitespace())
        .filter(|w| !w.is_empty())
        .map(|w| w.parse().ok())
        .collect();
    all.and_then(|v| v.try_into().ok()).ok_or_else(wrong)
}

fn geometry(fields: &Pairs) -> Result<([usize; 3], Grid, Vec<Note>), Fault> {
    let field = |name: &str| fields.get(name).map(String::as_str);
    match field("dimension") {
        Some("3") => {}
        Some("4") => {
            return Err(Fault::refused(
                "the file holds several layers or images",
                "save it with one layer: in 3D Slicer, `Collapse labelmap layers` before saving",
            ));
        }
        _ => return Err(Fault::at("header", "`dimension` must be 3")),
    }
    let sizes: [f64; 3] = numbers(field("sizes").unwrap_or(""), "sizes")?;
    if !sizes.iter().all(|s| 1.0 <= *s && *s < 1e9 && s.fract() == 0.0) {
        return Err(Fault::at("header", "`sizes` must be whole numbers above zero"));
    }
    let dims = sizes.map(|s| s as usize);
    let mut notes = Vec::new();
    let signs = match field("space").map(str::to_lowercase).as_deref() {
        Some("left-posterior-superior" | "lps") => Vec3::new(1.0, 1.0, 1.0),
        Some("right-anterior-superior" | "ras") => Vec3::new(-1.0, -1.0, 1.0),
        Some("left-anterior-superior" | "las") => Vec3::new(1.0, -1.0, 1.0),
        Some(_) => {
            return Err(Fault::refused(
                "`space` is not a frame of a patient",
                "save it in left-posterior-superior or right-anterior-superior",
            ));
        }
        None => {
            notes.push(Note::warning(
                "the file does not say how it lies in the patient; its axes are taken as left, posterior, cranial: check left and right",
            ));
            Vec3::repeat(1.0)
        }
    };
    let mut step = Matrix3::identity();
    if let Some(text) = field("space directions") {
        let vectors: Vec<&str> = text.split(')').map(str::trim).filter(|v| !v.is_empty()).collect();
        if vectors.len() != 3 {
            return Err(Fault::at("header", "`space directions` must be three vectors"));
        }
        for (a, v) in vectors.iter().enumerate() {
            step.set_column(a, &Vec3::from(numbers::<3>(v, "space directions")?));
        }
    } else if let Some(text) = field("spacings") {
        step = Matrix3::from_diagonal(&Vec3::from(numbers::<3>(text, "spacings")?));
    } else {
        return Err(Fault::refused(
            "the file has no spacing",
            "save it with `space directions` in mm; a spacing cannot be guessed",
        ));
    }
    let origin = match field("space origin") {
        Some(text) => Vec3::from(numbers::<3>(text, "space origin")?),
        None => Vec3::zeros(),
    };
    let turn = Matrix3::from_diagonal(&signs);
    Ok((dims, super::checked(Grid { dims, origin: turn * origin, step: turn * step })?, notes))
}

/// Names of segments by their label; free text that names no anatomy does not leave the reader.
fn names(pairs: &Pairs) -> BTreeMap<u16, String> {
    let mut names = BTreeMap::new();
    for (key, name) in pairs {
        let Some(segment) = key.strip_suffix("_Name") else { continue };
        let label = pairs.get(&format!("{segment}_LabelValue")).and_then(|v| v.trim().parse().ok());
        if let (Some(label), Some(name)) = (label, anatomical_name(name)) {
            names.insert(label, name);
        }
    }
    names
}
