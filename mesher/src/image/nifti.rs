//! NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz), either byte order.
//!
//! NIfTI's frame is +x right, +y anterior, +z cranial; x and y change sign here. The affine of the `sform` comes
//! first, then the quaternion of the `qform`, as the standard recommends.
//!
//! # Source
//! Cox et al. (2004), A (sort of) new image data format standard: NIfTI-1; header `nifti1.h`.

use super::bytes::{Order, Sample, Wrapping, exactly, inflate, n_voxels};
use super::error::Fault;
use super::volume::{Grid, Volume};
use super::{About, Format, Note, Reading};
use crate::Vec3;
use flate2::read::GzDecoder;
use nalgebra::Matrix3;
use std::io::Read;

/// Whether these are the first bytes of a NIfTI file, packed or not.
pub(super) fn is(bytes: &[u8]) -> bool {
    let mut start = [0_u8; 4];
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return GzDecoder::new(bytes).read_exact(&mut start).is_ok() && order(&start).is_some();
    }
    bytes.get(..4).is_some_and(|b| order(b).is_some())
}

/// Byte order and size of the header from its first number.
fn order(start: &[u8]) -> Option<(Order, usize)> {
    let b: [u8; 4] = start.get(..4)?.try_into().ok()?;
    match (i32::from_le_bytes(b), i32::from_be_bytes(b)) {
        (348, _) => Some((Order::Little, 348)),
        (_, 348) => Some((Order::Big, 348)),
        (540, _) => Some((Order::Little, 540)),
        (_, 540) => Some((Order::Big, 540)),
        _ => None,
    }
}

/// Reads an image.
pub(super) fn read(bytes: &[u8]) -> Result<Reading, Fault> {
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    let mut start = Vec::new();
    if packed {
        // A stream that breaks later is reported with its voxels.
        let _ = GzDecoder::new(bytes).take(544).read_to_end(&mut start);
    } else {
        start.extend_from_slice(&bytes[..bytes.len().min(544)]);
    }
    let header = Header::parse(&start)?;
    let n = n_voxels(header.dims)?;
    let (offset, size) = (header.offset, n * header.sample.size());
    let inflated;
    let voxels = if packed {
        inflated = inflate(bytes, Wrapping::Gzip, offset + size)?;
        &inflated[offset..]
    } else {
        exactly(bytes.get(offset..).unwrap_or_default(), size)?
    };
    let mut notes = header.notes;
    let values = header.sample.decode(voxels, header.order, header.scale);
    let image = super::finite(Volume { grid: header.grid, values }, &mut notes)?;
    Ok(Reading { image, about: About { notes, ..About::of(Format::Nifti) } })
}

struct Header {
    order: Order,
    dims: [usize; 3],
    sample: Sample,
    scale: [f64; 2],
    offset: usize,
    grid: Grid,
    notes: Vec<Note>,
}

/// Numbers at fixed places of the header.
struct Fields<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl Fields<'_> {
    fn raw<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut b: [u8; N] = self.bytes[at..at + N].try_into().expect("N bytes; the header is whole");
        if self.order == Order::Big {
            b.reverse();
        }
        b
    }

    fn i16(&self, at: usize) -> i64 {
        i64::from(i16::from_le_bytes(self.raw(at)))
    }

    fn i32(&self, at: usize) -> i64 {
        i64::from(i32::from_le_bytes(self.raw(at)))
    }

    fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.raw(at))
    }

    fn f32(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.raw(at)))
    }

    fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.raw(at))
    }
}

/// What both versions of the header say.
struct Common {
    dims: [i64; 8],
    kind: i64,
    /// Header's `pixdim`; the first is the handedness of the quaternion.
    pixdim: [f64; 8],
    offset: f64,
    scale: [f64; 2],
    qform: bool,
    sform: bool,
    /// b, c, d of the quaternion, then the offset.
    quaternion: [f64; 6],
    rows: [f64; 12],
    units: i64,
}

impl Common {
    fn version_1(f: &Fields<'_>) -> Self {
        Self {
            dims: std::array::from_fn(|i| f.i16(40 + 2 * i)),
            kind: f.i16(70),
            pixdim: std::array::from_fn(|i| f.f32(76 + 4 * i)),
            offset: f.f32(108),
            scale: [f.f32(112), f.f32(116)],
            units: i64::from(f.bytes[123]),
            qform: 0 < f.i16(252),
            sform: 0 < f.i16(254),
            quaternion: std::array::from_fn(|i| f.f32(256 + 4 * i)),
            rows: std::array::from_fn(|i| f.f32(280 + 4 * i)),
        }
    }

    fn version_2(f: &Fields<'_>) -> Self {
        Self {
            kind: f.i16(12),
            dims: std::array::from_fn(|i| f.i64(16 + 8 * i)),
            pixdim: std::array::from_fn(|i| f.f64(104 + 8 * i)),
            offset: f.i64(168) as f64,
            scale: [f.f64(176), f.f64(184)],
            qform: 0 < f.i32(344),
            sform: 0 < f.i32(348),
            quaternion: std::array::from_fn(|i| f.f64(352 + 8 * i)),
            rows: std::array::from_fn(|i| f.f64(400 + 8 * i)),
            units: f.i32(500),
        }
    }

    /// Spacing; a direction of one voxel may leave it open.
    fn spacing(&self) -> [f64; 3] {
        [1, 2, 3].map(|i| {
            let d = self.pixdim[i].abs();
            if 0.0 < d && d.is_finite() { d } else { 1.0 }
        })
    }

    /// Affine of the quaternion, RAS.
    fn by_quaternion(&self) -> (Matrix3<f64>, Vec3) {
        let [b, c, d, x, y, z] = self.quaternion;
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let rotation = Matrix3::new(
            a * a + b * b - c * c - d * d,
            2.0 * (b * c - a * d),
            2.0 * (b * d + a * c),
            2.0 * (b * c + a * d),
            a * a + c * c - b * b - d * d,
            2.0 * (c * d - a * b),
            2.0 * (b * d - a * c),
            2.0 * (c * d + a * b),
            a * a + d * d - b * b - c * c,
        );
        let [s1, s2, s3] = self.spacing();
        let hand = if self.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        (rotation * Matrix3::from_diagonal(&Vec3::new(s1, s2, hand * s3)), Vec3::new(x, y, z))
    }

    /// Affine of the three rows, RAS.
    fn by_rows(&self) -> (Matrix3<f64>, Vec3) {
        let r = &self.rows;
        let step = Matrix3::new(r[0], r[1], r[2], r[4], r[5], r[6], r[8], r[9], r[10]);
        (step, Vec3::new(r[3], r[7], r[11]))
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (order, size) =
            order(bytes).ok_or_else(|| Fault::byte(0, "expected 348 or 540, the size of a NIfTI header"))?;
        if bytes.len() < size {
            return Err(Fault::byte(bytes.len(), format!("the file ends within its header of {size} bytes")));
        }
        let fields = Fields { bytes, order };
        let magic = &bytes[if size == 348 { 344..348 } else { 4..8 }];
        if magic.starts_with(b"ni") {
            return Err(Fault::refused(
                "this is the header of a pair .hdr and .img",
                "save the image as one file, .nii or .nii.gz",
            ));
        }
        if !matches!(magic, b"n+1\0" | b"n+2\0") {
            return Err(Fault::byte(if size == 348 { 344 } else { 4 }, "expected the mark n+1 or n+2"));
        }
        let c = if size == 348 { Common::version_1(&fields) } else { Common::version_2(&fields) };
        let (dims, mut notes) = (dims(&c)?, Vec::new());
        let grid = grid(&c, dims, &mut notes)?;
        let sample = match c.kind {
            2 => Sample::U8,
            4 => Sample::I16,
            8 => Sample::I32,
            16 => Sample::F32,
            64 => Sample::F64,
            256 => Sample::I8,
            512 => Sample::U16,
            768 => Sample::U32,
            1024 => Sample::I64,
            1280 => Sample::U64,
            32 | 128 | 1536 | 1792 | 2048 | 2304 => {
                return Err(Fault::refused(
                    format!("type {} holds colors, complex or 128-bit numbers", c.kind),
                    "save one number per voxel",
                ));
            }
            other => return Err(Fault::at("entry datatype", format!("{other} is no type of NIfTI"))),
        };
        let scale = match c.scale {
            [slope, intercept] if slope.is_finite() && intercept.is_finite() && slope != 0.0 => {
                [slope, intercept]
            }
            _ => [1.0, 0.0],
        };
        if !(c.offset.is_finite() && (0.0..1e9).contains(&c.offset)) {
            return Err(Fault::at("entry vox_offset", "expected the place of the first voxel"));
        }
        // Some writers leave it at zero.
        let offset = (c.offset as usize).max(size + 4);
        Ok(Self { order, dims, sample, scale, offset, grid, notes })
    }
}

fn dims(c: &Common) -> Result<[usize; 3], Fault> {
    let n = c.dims[0];
    if !(1..=7).contains(&n) {
        return Err(Fault::at("entry dim", format!("{n} dimensions, expected 3")));
    }
    if let Some(more) = (4..=n as usize).map(|i| c.dims[i]).find(|d| 1 < *d) {
        return Err(Fault::refused(
            format!("the file holds {more} images, one after another"),
            "save one of them as an image of its own",
        ));
    }
    let of = |i: usize| if i as i64 <= n { c.dims[i] } else { 1 };
    let dims = [of(1), of(2), of(3)];
    if dims.iter().any(|d| *d < 1) {
        return Err(Fault::at("entry dim", format!("{dims:?} voxels are impossible")));
    }
    Ok(dims.map(|d| d as usize))
}

fn grid(c: &Common, dims: [usize; 3], notes: &mut Vec<Note>) -> Result<Grid, Fault> {
    let unit = match c.units & 7 {
        1 => 1000.0,
        3 => 1e-3,
        _ => 1.0,
    };
    let (step, origin) = if c.sform {
        let rows = c.by_rows();
        if c.qform {
            let other = c.by_quaternion();
            let far = Vec3::from(dims.map(|n| n as f64));
            let apart = ((rows.0 - other.0) * far).norm().max((rows.1 - other.1).norm()) * unit;
            if 0.5 < apart {
                notes.push(Note::new(format!("sform and qform differ by {apart:.1} mm; the sform is taken")));
            }
        }
        rows
    } else if c.qform {
        c.by_quaternion()
    } else {
        notes.push(Note::warning(
            "the file does not say how it lies in the patient; its axes are taken as right, anterior, cranial: check left and right",
        ));
        (Matrix3::from_diagonal(&Vec3::from(c.spacing())), Vec3::zeros())
    };
    let to_lps = Matrix3::from_diagonal(&Vec3::new(-1.0, -1.0, 1.0)) * unit;
    super::checked(Grid { dims, origin: to_lps * origin, step: to_lps * step })
}
