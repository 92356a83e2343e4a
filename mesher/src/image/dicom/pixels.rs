//! Pixels of a frame: native, RLE, JPEG, JPEG-LS or JPEG 2000 to stored numbers.

use super::element::{Elements, Value, tags};
use super::header::{Coding, Layout};
use super::jpegls;
use crate::image::bytes::Order;
use crate::image::error::Fault;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Stored numbers of frame `f` of `n_frames`, sign extended.
pub(super) fn frame(
    e: &Elements<'_>,
    layout: Layout,
    coding: Coding,
    order: Order,
    [f, n_frames]: [usize; 2],
) -> Result<Vec<i32>, Fault> {
    let n = layout.rows * layout.columns;
    let raw: Vec<u16> = match (e.get(tags::PIXELS), coding) {
        (Some(Value::Bytes(bytes)), Coding::Native) => native(bytes, layout, order, f)?,
        (Some(Value::Fragments(fragments)), _) if coding != Coding::Native => {
            let packed = fragments_of(fragments, [f, n_frames], coding)?;
            match coding {
                Coding::Rle => rle(&packed, layout)?,
                Coding::JpegLs => jpegls::decode(&packed, [layout.columns, layout.rows])?,
                Coding::Jpeg => outside("JPEG", || jpeg(&packed, layout))?,
                Coding::Jpeg2000 => outside("JPEG 2000", || jpeg2000(&packed, layout))?,
                Coding::Native => Vec::new(),
            }
        }
        _ => return Err(Fault::at("pixels (7FE0,0010)", "they are not written as the transfer syntax says")),
    };
    if raw.len() != n {
        return Err(Fault::at(
            "pixels (7FE0,0010)",
            format!("{} pixels are there, {n} are expected", raw.len()),
        ));
    }
    let (up, down) = (31 - layout.high as u32, 32 - layout.stored as u32);
    Ok(raw
        .into_iter()
        .map(|v| {
            let top = u32::from(v) << up;
            if layout.signed { (top as i32) >> down } else { (top >> down) as i32 }
        })
        .collect())
}

/// Bits of frames packed without gaps, as segmentations store them: 1 inside.
pub(super) fn bits(e: &Elements<'_>, n: usize, f: usize) -> Result<Vec<bool>, Fault> {
    let Some(Value::Bytes(bytes)) = e.get(tags::PIXELS) else {
        return Err(Fault::refused(
            "the packed bits are compressed",
            "save the segmentation without compression",
        ));
    };
    let (first, last) = (f * n, (f + 1) * n);
    if bytes.len() * 8 < last {
        return Err(Fault::at(
            "pixels (7FE0,0010)",
            format!("{} bytes end within frame {}", bytes.len(), f + 1),
        ));
    }
    Ok((first..last).map(|b| bytes[b / 8] >> (b % 8) & 1 == 1).collect())
}

fn native(bytes: &[u8], layout: Layout, order: Order, f: usize) -> Result<Vec<u16>, Fault> {
    let size = layout.rows * layout.columns * (layout.allocated / 8);
    let frame = bytes.get(f * size..(f + 1) * size).filter(|b| !b.is_empty()).ok_or_else(|| {
        Fault::at(
            "pixels (7FE0,0010)",
            format!("{} bytes end within frame {} of {size} bytes", bytes.len(), f + 1),
        )
    })?;
    Ok(match (layout.allocated, order) {
        (8, _) => frame.iter().map(|b| u16::from(*b)).collect(),
        (_, Order::Little) => frame.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect(),
        (_, Order::Big) => frame.chunks_exact(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect(),
    })
}

/// Bytes of frame `f`; the first fragment is the table of offsets.
fn fragments_of<'a>(
    fragments: &[&'a [u8]],
    [f, n_frames]: [usize; 2],
    coding: Coding,
) -> Result<Cow<'a, [u8]>, Fault> {
    let all = fragments.get(1..).unwrap_or_default();
    let missing = || Fault::at("pixels (7FE0,0010)", format!("frame {} of {n_frames} is missing", f + 1));
    if all.len() == n_frames {
        return all.get(f).map(|b| Cow::Borrowed(*b)).ok_or_else(missing);
    }
    let starts = |b: &[u8]| match coding {
        Coding::Jpeg | Coding::JpegLs => b.starts_with(&[0xff, 0xd8]),
        Coding::Jpeg2000 => b.starts_with(&[0xff, 0x4f, 0xff, 0x51]) || b.starts_with(b"\0\0\0\x0cjP"),
        Coding::Native | Coding::Rle => true,
    };
    let mut current = 0;
    let mut joined = Vec::new();
    for (i, fragment) in all.iter().enumerate() {
        if 0 < i && starts(fragment) {
            current += 1;
        }
        if current == f {
            joined.extend_from_slice(fragment);
        }
    }
    if joined.is_empty() || current + 1 != n_frames { Err(missing()) } else { Ok(Cow::Owned(joined)) }
}

/// PackBits planes, most significant byte first; DICOM PS3.5 annex G.
fn rle(packed: &[u8], layout: Layout) -> Result<Vec<u16>, Fault> {
    let n = layout.rows * layout.columns;
    let n_planes = layout.allocated / 8;
    let broken = |what: &str| Fault::at("RLE pixels", what.to_string());
    let number = |i: usize| {
        let b = packed.get(4 * i..4 * i + 4)?;
        Some(u32::from_le_bytes(b.try_into().ok()?) as usize)
    };
    if number(0) != Some(n_planes) {
        return Err(broken("the number of planes does not fit the bits per pixel"));
    }
    // 128 equal bytes take two; more cannot come out.
    if packed.len().saturating_mul(64) < n {
        return Err(broken("too few bytes for the size of the image"));
    }
    let mut out = vec![0_u16; n];
    for plane in 0..n_planes {
        let start = number(1 + plane).ok_or_else(|| broken("the header ends"))?;
        let mut rest = packed.get(start..).ok_or_else(|| broken("a plane starts beyond the end"))?.iter();
        let mut at = 0;
        let mut put = |byte: u8| {
            if let Some(v) = out.get_mut(at) {
                *v = *v << 8 | u16::from(byte);
            }
            at += 1;
            at < n
        };
        let mut more = true;
        while more {
            let control = *rest.next().ok_or_else(|| broken("a plane ends early"))? as i8;
            if 0 <= control {
                for _ in 0..=control {
                    more = put(*rest.next().ok_or_else(|| broken("a plane ends early"))?) && more;
                }
            } else if control != i8::MIN {
                let byte = *rest.next().ok_or_else(|| broken("a plane ends early"))?;
                for _ in 0..=-i16::from(control) {
                    more = put(byte) && more;
                }
            }
        }
    }
    Ok(out)
}

/// Runs a decoder that others wrote: what it does with a damaged stream stays an error of the file.
fn outside(name: &str, decode: impl FnOnce() -> Result<Vec<u16>, Fault>) -> Result<Vec<u16>, Fault> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(Fault::at(format!("{name} pixels"), "the stream is broken")))
}

fn jpeg(packed: &[u8], layout: Layout) -> Result<Vec<u16>, Fault> {
    let broken = |e: jpeg_decoder::Error| match e {
        jpeg_decoder::Error::Unsupported(what) => Fault::refused(
            format!("the JPEG of the pixels uses what is not read: {what:?}"),
            "convert the series to explicit VR little endian, for instance with dcmdjpeg",
        ),
        other => Fault::at("JPEG pixels", other.to_string()),
    };
    let mut decoder = jpeg_decoder::Decoder::new(packed);
    decoder.set_max_decoding_buffer_size(layout.rows * layout.columns * 2);
    decoder.read_info().map_err(broken)?;
    let info = decoder.info().ok_or_else(|| Fault::at("JPEG pixels", "no header"))?;
    size_is([info.width.into(), info.height.into()], layout)?;
    let bytes = decoder.decode().map_err(broken)?;
    match info.pixel_format {
        jpeg_decoder::PixelFormat::L8 => Ok(bytes.into_iter().map(u16::from).collect()),
        jpeg_decoder::PixelFormat::L16 => {
            Ok(bytes.chunks_exact(2).map(|b| u16::from_ne_bytes([b[0], b[1]])).collect())
        }
        _ => Err(Fault::refused("the image is in color", "a scan has one gray value per pixel")),
    }
}

fn jpeg2000(packed: &[u8], layout: Layout) -> Result<Vec<u16>, Fault> {
    let broken = |e: hayro_jpeg2000::DecodeError| Fault::at("JPEG 2000 pixels", e.to_string());
    let settings = hayro_jpeg2000::DecodeSettings { strict: true, ..Default::default() };
    let image = hayro_jpeg2000::Image::new(packed, &settings).map_err(broken)?;
    size_is([image.width() as usize, image.height() as usize], layout)?;
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(broken)?;
    let [component] = decoded.components() else {
        return Err(Fault::refused("the image is in color", "a scan has one gray value per pixel"));
    };
    // The decoder shifts as if numbers were unsigned. The sign stands in the SIZ segment, 38 bytes after its mark.
    let siz = packed.windows(2).position(|w| w == [0xff, 0x51]);
    let signed = siz.and_then(|at| packed.get(at + 40)).is_some_and(|b| b & 0x80 != 0);
    let shift = if signed { 1_i32 << (component.bit_depth() - 1) } else { 0 };
    Ok(component.samples().iter().map(|v| (v.round() as i32 - shift) as u16).collect())
}

fn size_is([columns, rows]: [usize; 2], layout: Layout) -> Result<(), Fault> {
    if [columns, rows] == [layout.columns, layout.rows] {
        return Ok(());
    }
    Err(Fault::at(
        "compressed pixels",
        format!("{columns} × {rows} pixels, the header announces {} × {}", layout.columns, layout.rows),
    ))
}
