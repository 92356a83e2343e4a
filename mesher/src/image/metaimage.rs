//! MetaImage (.mha, and .mhd with its voxels in a file beside it): raw, zlib or text, either byte order.
//!
//! Frame: left, posterior, cranial, as ITK writes it.
//!
//! # Source
//! MetaIO documentation, <https://itk.org/Wiki/ITK/MetaIO/Documentation>.

use super::bytes::{Order, Sample, Wrapping, exactly, from_text, inflate, n_voxels};
use super::error::Fault;
use super::volume::{Grid, Volume};
use super::{About, Format, Note, Reading};
use crate::Vec3;
use nalgebra::Matrix3;
use std::collections::BTreeMap;

/// Longest header read, bytes.
const LONGEST: usize = 1 << 16;

/// Whether these are the first bytes of a MetaImage header.
pub(super) fn is(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(200)];
    let text = String::from_utf8_lossy(start);
    ["ObjectType", "NDims"].iter().any(|k| text.trim_start().starts_with(k))
}

/// Reads an image; `beside` gives the bytes of a file in the same folder.
pub(super) fn read(bytes: &[u8], beside: &dyn Fn(&str) -> Result<Vec<u8>, Fault>) -> Result<Reading, Fault> {
    let (entries, rest) = header(bytes)?;
    let entry = |names: &[&str]| names.iter().find_map(|n| entries.get(*n)).map(String::as_str);
    let truth = |names: &[&str]| entry(names).is_some_and(|v| v.eq_ignore_ascii_case("true") || v == "1");
    if entry(&["ndims"]) != Some("3") {
        return Err(Fault::refused("the image does not have three dimensions", "save one volume"));
    }
    if entry(&["elementnumberofchannels"]).is_some_and(|c| c != "1") {
        return Err(Fault::refused("a voxel has several values", "save one number per voxel"));
    }
    let sizes: [f64; 3] = numbers(entry(&["dimsize"]), "DimSize")?
        .ok_or_else(|| Fault::at("header", "`DimSize` is missing"))?;
    if !sizes.iter().all(|s| 1.0 <= *s && *s < 1e9 && s.fract() == 0.0) {
        return Err(Fault::at("header", "`DimSize` must be whole numbers above zero"));
    }
    let dims = sizes.map(|s| s as usize);
    let n = n_voxels(dims)?;
    let mut notes = Vec::new();
    let grid = grid(&entry, dims, &mut notes)?;
    let sample = sample(entry(&["elementtype"]))?;
    let big = truth(&["binarydatabyteordermsb", "elementbyteordermsb"]);
    let order = if big { Order::Big } else { Order::Little };
    let outside;
    let mut voxels = rest;
    match entry(&["elementdatafile"]) {
        None => return Err(Fault::at("header", "`ElementDataFile` is missing")),
        Some(local) if local.eq_ignore_ascii_case("local") => {}
        Some(list) if list.starts_with("LIST") || list.contains('%') => {
            return Err(Fault::refused("the voxels lie in several files", "save all voxels in one file"));
        }
        Some(name) => {
            outside = beside(name)?;
            voxels = &outside;
        }
    }
    let size = n * sample.size();
    let skip: i64 = match entry(&["headersize"]) {
        None => 0,
        Some(v) => v.parse().map_err(|_| Fault::at("header", "`HeaderSize` is no number"))?,
    };
    let packed = truth(&["compresseddata"]);
    if skip < 0 && !packed {
        voxels = &voxels[voxels.len().saturating_sub(size)..];
    } else {
        voxels = voxels.get(skip.max(0) as usize..).unwrap_or_default();
    }
    let text = entry(&["binarydata"]).is_some_and(|v| v.eq_ignore_ascii_case("false"));
    let values = if text {
        from_text(voxels, n)?
    } else if packed {
        sample.decode(&inflate(voxels, Wrapping::Zlib, size)?, order, [1.0, 0.0])
    } else {
        sample.decode(exactly(voxels, size)?, order, [1.0, 0.0])
    };
    let image = super::finite(Volume { grid, values }, &mut notes)?;
    Ok(Reading { image, about: About { notes, ..About::of(Format::MetaImage) } })
}

/// Entries by lower-case key, and the bytes after the line that names the file of the voxels.
fn header(bytes: &[u8]) -> Result<(BTreeMap<String, String>, &[u8]), Fault> {
    let mut entries = BTreeMap::new();
    let (mut at, mut line) = (0, 0);
    while at < bytes.len().min(LONGEST) {
        line += 1;
        let end = bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
        let text = String::from_utf8_lossy(&bytes[at..(at + end).min(at + LONGEST)]).into_owned();
        at = (at + end + 1).min(bytes.len());
        if text.trim().is_empty() {
            continue;
        }
        let Some((key, value)) = text.split_once('=') else {
            return Err(Fault::at(format!("line {line}"), "expected `Key = value`"));
        };
        let key = key.trim().to_lowercase();
        let last = key == "elementdatafile";
        entries.insert(key, value.trim().to_string());
        if last {
            return Ok((entries, &bytes[at..]));
        }
    }
    Err(Fault::at("header", "`ElementDataFile` is missing"))
}

fn numbers<const N: usize>(text: Option<&str>, what: &str) -> Result<Option<[f64; N]>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let all: Option<Vec<f64>> = text.split_ascii_whitespace().map(|w| w.parse().ok()).collect();
    match all.and_then(|v| v.try_into().ok()) {
        Some(v) => Ok(Some(v)),
        None => Err(Fault::at("header", format!("`{what}` must have {N} numbers"))),
    }
}

fn grid<'a>(
    entry: &impl Fn(&[&str]) -> Option<&'a str>,
    dims: [usize; 3],
    notes: &mut Vec<Note>,
) -> Result<Grid, Fault> {
    let spacing: [f64; 3] = numbers(entry(&["elementspacing", "elementsize"]), "ElementSpacing")?
        .ok_or_else(|| {
            Fault::refused(
                "the file has no spacing",
                "save it with `ElementSpacing`; a spacing cannot be guessed",
            )
        })?;
    let origin = numbers(entry(&["offset", "position", "origin"]), "Offset")?.unwrap_or([0.0; 3]);
    // Three numbers after another are the direction of one index.
    let turn = numbers::<9>(entry(&["transformmatrix", "rotation", "orientation"]), "TransformMatrix")?;
    if turn.is_none() {
        notes.push(Note::warning(
            "the file does not say how it is turned; its axes are taken as left, posterior, cranial: check left and right",
        ));
    }
    let direction = turn.map_or_else(Matrix3::identity, |m| Matrix3::from_column_slice(&m));
    let step = direction * Matrix3::from_diagonal(&Vec3::from(spacing));
    super::checked(Grid { dims, origin: Vec3::from(origin), step })
}

fn sample(name: Option<&str>) -> Result<Sample, Fault> {
    Ok(match name {
        Some("MET_CHAR") => Sample::I8,
        Some("MET_UCHAR") => Sample::U8,
        Some("MET_SHORT") => Sample::I16,
        Some("MET_USHORT") => Sample::U16,
        Some("MET_INT" | "MET_LONG") => Sample::I32,
        Some("MET_UINT" | "MET_ULONG") => Sample::U32,
        Some("MET_LONG_LONG") => Sample::I64,
        Some("MET_ULONG_LONG") => Sample::U64,
        Some("MET_FLOAT") => Sample::F32,
        Some("MET_DOUBLE") => Sample::F64,
        _ => return Err(Fault::at("header", "`ElementType` is missing or none of the number types")),
    })
}
