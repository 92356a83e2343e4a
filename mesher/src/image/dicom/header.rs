//! What a DICOM file says about its frames: size, place, scale, coding.

use super::element::{Elements, Syntax, Tag, Value, parse, tags};
use crate::Vec3;
use crate::image::Modality;
use crate::image::bytes::Order;
use crate::image::error::Fault;
use flate2::read::DeflateDecoder;
use std::io::Read;

/// Most bytes that a deflated file is inflated to.
const MOST_INFLATED: u64 = 1 << 30;

/// How pixels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Native,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
}

/// A file with its elements laid open: inflated where it was deflated.
pub(super) struct Opened {
    bytes: Vec<u8>,
    at: usize,
    pub(super) syntax: Syntax,
    pub(super) coding: Coding,
}

impl Opened {
    /// Elements of the list.
    pub(super) fn elements(&self) -> Result<Elements<'_>, Fault> {
        // Groups ascend; what follows the pixels is padding or a signature.
        Ok(parse(&self.bytes, self.at, self.syntax, |tag| tag <= tags::PIXELS)?.0)
    }
}

/// Whether these are the first bytes of a DICOM file, with or without preamble.
pub(in crate::image) fn is(bytes: &[u8]) -> bool {
    bytes.get(128..132) == Some(b"DICM") || bare(bytes).is_some()
}

/// Syntax of a file without preamble and meta elements: it starts with group 8.
fn bare(bytes: &[u8]) -> Option<Syntax> {
    let b = bytes.get(..8)?;
    if b[..2] != [8, 0] || b[3] != 0 {
        return None;
    }
    let explicit = b[4].is_ascii_uppercase() && b[5].is_ascii_uppercase();
    let short = u32::from_le_bytes(b[4..8].try_into().ok()?) < 4096;
    (explicit || short).then_some(Syntax { explicit, order: Order::Little })
}

/// Opens the bytes of a file.
pub(super) fn open(bytes: Vec<u8>) -> Result<Opened, Fault> {
    if bytes.get(128..132) != Some(b"DICM") {
        let syntax = bare(&bytes).ok_or_else(|| Fault::byte(128, "expected DICM, the mark of DICOM"))?;
        return Ok(Opened { bytes, at: 0, syntax, coding: Coding::Native });
    }
    let explicit = Syntax { explicit: true, order: Order::Little };
    let (meta, at) = parse(&bytes, 132, explicit, |tag| tag >> 16 == 2)?;
    let uid = meta.text(tags::TRANSFER_SYNTAX).unwrap_or_default().into_owned();
    let (syntax, coding) = transfer(&uid)?;
    if uid != "1.2.840.10008.1.2.1.99" {
        return Ok(Opened { bytes, at, syntax, coding });
    }
    let mut out = Vec::new();
    DeflateDecoder::new(&bytes[at..])
        .take(MOST_INFLATED)
        .read_to_end(&mut out)
        .map_err(|e| Fault::byte(at, format!("the deflated part is broken: {e}")))?;
    if out.len() as u64 == MOST_INFLATED {
        return Err(Fault::refused("the deflated file is larger than 1 GiB", "save it without deflation"));
    }
    Ok(Opened { bytes: out, at: 0, syntax, coding })
}

/// Meaning of a transfer syntax; DICOM PS3.6 annex A.
fn transfer(uid: &str) -> Result<(Syntax, Coding), Fault> {
    let explicit = Syntax { explicit: true, order: Order::Little };
    let refused = |what: &str| {
        Err(Fault::refused(
            format!("the pixels are {what}, which is not read"),
            "convert the series to explicit VR little endian, for instance with dcmdjpls, dcmdjpeg or gdcmconv --raw",
        ))
    };
    match uid.strip_prefix("1.2.840.10008.1.2").unwrap_or("?") {
        "" => Ok((Syntax { explicit: false, order: Order::Little }, Coding::Native)),
        ".1" | ".1.99" => Ok((explicit, Coding::Native)),
        ".2" => Ok((Syntax { explicit: true, order: Order::Big }, Coding::Native)),
        ".5" => Ok((explicit, Coding::Rle)),
        ".4.50" | ".4.51" | ".4.57" | ".4.70" => Ok((explicit, Coding::Jpeg)),
        ".4.80" | ".4.81" => Ok((explicit, Coding::JpegLs)),
        ".4.90" | ".4.91" => Ok((explicit, Coding::Jpeg2000)),
        ".4.92" | ".4.93" => refused("in JPEG 2000 part 2 (multi-component)"),
        ".4.94" | ".4.95" => refused("on a JPIP server"),
        ".4.110" | ".4.111" | ".4.112" => refused("in JPEG XL"),
        ".4.201" | ".4.202" | ".4.203" => refused("in High-Throughput JPEG 2000"),
        s if s.starts_with(".4.10") => refused("a video"),
        _ => refused("in an unknown transfer syntax"),
    }
}

/// Place, scale and segment of a frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// Middle of the first pixel, mm.
    pub(super) position: Option<Vec3>,
    /// Unit vectors of growing column and growing row.
    pub(super) directions: Option<[Vec3; 2]>,
    /// Distance of rows, distance of columns, mm.
    pub(super) spacing: Option<[f64; 2]>,
    pub(super) scale: Option<[f64; 2]>,
    /// Distance of slices as the file states it, mm.
    pub(super) between: Option<f64>,
    pub(super) segment: Option<u16>,
}

/// Layout of pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) allocated: usize,
    pub(super) stored: usize,
    pub(super) high: usize,
    pub(super) signed: bool,
}

/// What a file says; nothing in it identifies a patient but the series, which is compared only.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) series: String,
    pub(super) series_number: i64,
    pub(super) modality: Modality,
    pub(super) segmentation: bool,
    /// Overview that shows where the slices lie.
    pub(super) localizer: bool,
    pub(super) kilovolts: Option<f64>,
    pub(super) thickness: Option<f64>,
    pub(super) layout: Layout,
    pub(super) frames: Vec<Frame>,
}

impl Header {
    /// The header, or nothing for an object without pixels (a directory, a report, a plan).
    pub(super) fn of(e: &Elements<'_>) -> Result<Option<Self>, Fault> {
        if e.get(tags::PIXELS).is_none() {
            return Ok(None);
        }
        let layout = layout(e)?;
        let n_frames = match e.text(tags::N_FRAMES) {
            None => 1,
            Some(text) => text
                .trim()
                .parse::<usize>()
                .ok()
                .filter(|n| (1..=100_000).contains(n))
                .ok_or_else(|| Fault::at("number of frames (0028,0008)", "expected 1 to 100000"))?,
        };
        room(e, layout, n_frames)?;
        let shared = e.items(tags::SHARED_GROUPS).first();
        let per_frame = e.items(tags::FRAME_GROUPS);
        if 1 < n_frames && per_frame.len() != n_frames {
            return Err(Fault::refused(
                format!("{n_frames} frames in one file, and places of {} of them", per_frame.len()),
                "export the series as an enhanced multi-frame image or as single slices",
            ));
        }
        let modality = match e.text(tags::MODALITY).as_deref() {
            Some("CT") => Modality::Ct,
            Some("MR") => Modality::Mr,
            Some("PT") => Modality::Pet,
            Some("SEG") => Modality::Segmentation,
            Some(_) => Modality::Other,
            None => Modality::Unknown,
        };
        if e.get(tags::MODALITY_LUT).is_some() {
            return Err(Fault::refused(
                "values are given by a modality lookup table",
                "export the series with rescale slope and intercept",
            ));
        }
        let frames = (0..n_frames).map(|f| frame(e, per_frame.get(f), shared)).collect();
        let positive = |tag| e.decimals::<1>(tag).map(|[v]| v).filter(|v| 0.0 < *v);
        let in_shared = |tag| {
            let [v] = shared?.items(tags::PIXEL_MEASURES).first()?.decimals::<1>(tag)?;
            (0.0 < v).then_some(v)
        };
        Ok(Some(Self {
            series: e.text(tags::SERIES_UID).unwrap_or_default().into_owned(),
            series_number: e.decimals::<1>(tags::SERIES_NUMBER).map_or(0, |[n]| n as i64),
            modality,
            segmentation: e
                .text(tags::SOP_CLASS)
                .is_some_and(|c| c.starts_with("1.2.840.10008.5.1.4.1.1.66")),
            localizer: e.text(tags::IMAGE_TYPE).is_some_and(|t| t.split('\\').any(|w| w == "LOCALIZER")),
            kilovolts: positive(tags::KVP),
            thickness: positive(tags::SLICE_THICKNESS).or_else(|| in_shared(tags::SLICE_THICKNESS)),
            layout,
            frames,
        }))
    }
}

/// Pixels of a frame that are believed of a compressed one whatever its size.
const BELIEVED: usize = 1 << 22;
/// Pixels per byte beyond which a compressed frame is not believed.
const DENSEST: usize = 4096;

/// Refuses sizes that the bytes of the pixels cannot hold, before memory is taken for them.
fn room(e: &Elements<'_>, layout: Layout, n_frames: usize) -> Result<(), Fault> {
    let plane = layout.rows * layout.columns;
    let holds = match e.get(tags::PIXELS) {
        Some(Value::Bytes(b)) => plane * n_frames * layout.allocated <= 8 * b.len(),
        Some(Value::Fragments(f)) => {
            let total: usize = f.iter().map(|b| b.len()).sum();
            n_frames <= total && plane <= BELIEVED.max(total.saturating_mul(DENSEST))
        }
        _ => false,
    };
    if holds {
        return Ok(());
    }
    Err(Fault::at(
        "pixels (7FE0,0010)",
        format!("their bytes cannot hold {n_frames} frames of {} × {} pixels", layout.columns, layout.rows),
    ))
}

fn layout(e: &Elements<'_>) -> Result<Layout, Fault> {
    let need =
        |tag: Tag, name: &str| e.number(tag).ok_or_else(|| Fault::at("header", format!("{name} is missing")));
    let (rows, columns) =
        (need(tags::ROWS, "Rows (0028,0010)")?, need(tags::COLUMNS, "Columns (0028,0011)")?);
    if rows == 0 || columns == 0 {
        return Err(Fault::at("header", format!("{rows} rows and {columns} columns are impossible")));
    }
    let samples = e.number(tags::SAMPLES).unwrap_or(1);
    let gray = e.text(tags::PHOTOMETRIC).is_none_or(|p| p.starts_with("MONOCHROME"));
    if samples != 1 || !gray {
        return Err(Fault::refused("the image is in color", "a scan has one gray value per pixel"));
    }
    let allocated = need(tags::BITS_ALLOCATED, "BitsAllocated (0028,0100)")?;
    let stored = e.number(tags::BITS_STORED).unwrap_or(allocated);
    let high = e.number(tags::HIGH_BIT).unwrap_or(stored.saturating_sub(1));
    if !matches!(allocated, 1 | 8 | 16) {
        return Err(Fault::refused(
            format!("{allocated} bits per pixel"),
            "export the series with 16 bits per pixel",
        ));
    }
    if stored == 0 || allocated < stored || allocated <= high || high + 1 < stored {
        return Err(Fault::at(
            "header",
            format!("{stored} bits up to bit {high} do not fit into {allocated}"),
        ));
    }
    Ok(Layout { rows, columns, allocated, stored, high, signed: e.number(tags::SIGNED) == Some(1) })
}

fn frame(root: &Elements<'_>, own: Option<&Elements<'_>>, shared: Option<&Elements<'_>>) -> Frame {
    // Frame before shared before the whole file.
    let group = |sequence: Tag| {
        own.and_then(|g| g.items(sequence).first()).or_else(|| shared?.items(sequence).first())
    };
    let find = |sequence: Tag| group(sequence).unwrap_or(root);
    let measures = find(tags::PIXEL_MEASURES);
    let transform = find(tags::VALUE_TRANSFORM);
    let directions = find(tags::PLANE_ORIENTATION).decimals::<6>(tags::ORIENTATION).and_then(|d| {
        let [u, v] = [Vec3::new(d[0], d[1], d[2]), Vec3::new(d[3], d[4], d[5])];
        // Rounded in the file to a few digits.
        let unit = |x: &Vec3| (x.norm() - 1.0).abs() < 0.01;
        (unit(&u) && unit(&v) && u.dot(&v).abs() < 0.01).then(|| [u.normalize(), v.normalize()])
    });
    let segment = group(tags::SEGMENT_IDENTIFICATION).and_then(|g| g.number(tags::REFERENCED_SEGMENT));
    Frame {
        position: find(tags::PLANE_POSITION).decimals::<3>(tags::POSITION).map(Vec3::from),
        directions,
        spacing: measures.decimals::<2>(tags::PIXEL_SPACING).filter(|s| 0.0 < s[0] && 0.0 < s[1]),
        scale: transform
            .decimals::<1>(tags::SLOPE)
            .zip(transform.decimals::<1>(tags::INTERCEPT))
            .map(|([a], [b])| [a, b]),
        between: measures.decimals::<1>(tags::SPACING_BETWEEN).map(|[v]| v.abs()).filter(|v| 0.0 < *v),
        segment: segment.and_then(|s| u16::try_from(s).ok()),
    }
}
