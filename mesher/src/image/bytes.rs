//! Numbers in files: byte order, sample types, inflation with a bound.

use super::error::Fault;
use super::volume::MAX_VOXELS;
use flate2::read::{GzDecoder, ZlibDecoder};
use rayon::prelude::*;
use std::io::Read;

/// Byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// Type of the numbers of a voxel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl Sample {
    /// Bytes of one number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// Numbers of `bytes` as slope · number + intercept.
    pub(super) fn decode(self, bytes: &[u8], order: Order, [slope, intercept]: [f64; 2]) -> Vec<f32> {
        macro_rules! all {
            ($t:ty) => {
                bytes
                    .par_chunks_exact(size_of::<$t>())
                    .map(|b| {
                        let b = b.try_into().expect("chunks of this size");
                        let v = match order {
                            Order::Little => <$t>::from_le_bytes(b),
                            Order::Big => <$t>::from_be_bytes(b),
                        };
                        (slope * (v as f64) + intercept) as f32
                    })
                    .collect()
            };
        }
        match self {
            Self::U8 => all!(u8),
            Self::I8 => all!(i8),
            Self::U16 => all!(u16),
            Self::I16 => all!(i16),
            Self::U32 => all!(u32),
            Self::I32 => all!(i32),
            Self::U64 => all!(u64),
            Self::I64 => all!(i64),
            Self::F32 => all!(f32),
            Self::F64 => all!(f64),
        }
    }
}

/// Number of voxels of these dimensions.
///
/// # Errors
/// A dimension of zero, or more than [`MAX_VOXELS`].
pub(super) fn n_voxels(dims: [usize; 3]) -> Result<usize, Fault> {
    if dims.contains(&0) {
        return Err(Fault::at("header", format!("an image of {dims:?} voxels is empty")));
    }
    dims[0].checked_mul(dims[1]).and_then(|n| n.checked_mul(dims[2])).filter(|n| *n <= MAX_VOXELS).ok_or_else(
        || {
            Fault::refused(
                format!("{} × {} × {} voxels are more than {MAX_VOXELS}", dims[0], dims[1], dims[2]),
                "crop the image to the bones of interest",
            )
        },
    )
}

/// Greatest ratio that deflate reaches: 1032 bytes of one.
const DEFLATE_RATIO: usize = 1032;

/// Container of a compressed stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    Gzip,
    Zlib,
}

/// Inflates exactly `expected` bytes. What the file cannot hold is refused before memory is taken.
pub(super) fn inflate(packed: &[u8], wrapping: Wrapping, expected: usize) -> Result<Vec<u8>, Fault> {
    if packed.len().saturating_mul(DEFLATE_RATIO) < expected {
        return Err(Fault::at(
            "compressed voxels",
            format!("{} bytes cannot hold the {expected} that the header announces", packed.len()),
        ));
    }
    let mut out = Vec::new();
    let limit = expected as u64;
    let done = match wrapping {
        Wrapping::Gzip => GzDecoder::new(packed).take(limit).read_to_end(&mut out),
        Wrapping::Zlib => ZlibDecoder::new(packed).take(limit).read_to_end(&mut out),
    };
    let broken = |what: String| Err(Fault::at(format!("compressed voxels after byte {}", out.len()), what));
    match done {
        Err(e) => broken(format!("the stream is broken: {e}")),
        Ok(n) if n < expected => broken(format!("the stream ends; {expected} bytes are expected")),
        Ok(_) => Ok(out),
    }
}

/// The first `expected` bytes of `bytes`.
pub(super) fn exactly(bytes: &[u8], expected: usize) -> Result<&[u8], Fault> {
    bytes.get(..expected).ok_or_else(|| {
        Fault::at("voxels", format!("{} bytes are there, the header announces {expected}", bytes.len()))
    })
}

/// Numbers written as text.
pub(super) fn from_text(bytes: &[u8], n: usize) -> Result<Vec<f32>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::at("voxels", "expected numbers as text"))?;
    let values: Vec<f32> = text
        .split_ascii_whitespace()
        .take(n)
        .map(|w| w.parse().map_err(|_| Fault::at("voxels", "a word is no number")))
        .collect::<Result<_, _>>()?;
    if values.len() < n {
        return Err(Fault::at(
            "voxels",
            format!("{} numbers are there, the header announces {n}", values.len()),
        ));
    }
    Ok(values)
}
