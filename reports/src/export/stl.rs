//! Binary STL, written and read back.
//!
//! ```text
//! 80 bytes header · u32 count · count × (12 × f32: normal, three corners · u16 0)        little endian, mm
//! ```
//! The header names the program and the unit, never a person, and does not start with `solid`, which would
//! make some readers take the file for text. STL knows no unit; millimetres are the convention.

use dens_mesher::Vec3;
use dens_mesher::geometry::surface::TriSurface;
use std::collections::HashMap;
use std::io::{self, Read, Write};
use thiserror::Error;

/// Text at the start of every file, padded with spaces to 80 bytes.
const HEADER: &str = "Dens binary STL, unit millimeter";

/// Why a binary STL cannot be read.
#[derive(Debug, Error)]
pub enum StlError {
    /// The file could not be read, or ended early.
    #[error("STL cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The file is text, or says it is.
    #[error("STL starts with `solid`: expected a binary STL")]
    Text,
    /// More triangles than the caller accepts.
    #[error("STL states {found} triangles, at most {most} are accepted")]
    TooMany {
        /// Triangles stated.
        found: u32,
        /// Largest accepted number.
        most: u32,
    },
    /// Bytes follow the last triangle.
    #[error("STL goes on after its {0} triangles")]
    Tail(u32),
    /// A coordinate is no number.
    #[error("triangle {0} of the STL has a coordinate that is no finite number")]
    NotFinite(u32),
}

/// Writes `surface` as binary STL; returns the number of triangles written.
///
/// Triangles with two corners that are equal as f32 are left out: their neighbors meet along the edge that
/// remains, so the surface stays closed.
///
/// # Errors
/// Those of `out`.
pub fn write(surface: &TriSurface, out: &mut impl Write) -> io::Result<u32> {
    let corners = |t: &[u32; 3]| t.map(|v| surface.points[v as usize].map(|x| x as f32 + 0.0));
    let kept = || surface.triangles.iter().map(corners).filter(|[a, b, c]| a != b && b != c && c != a);
    let count = u32::try_from(kept().count()).map_err(io::Error::other)?;
    out.write_all(format!("{HEADER:80}").as_bytes())?;
    out.write_all(&count.to_le_bytes())?;
    for [a, b, c] in kept() {
        // From the rounded corners, in f64: the normal of a sliver would drown in f32.
        let [p, q, r] = [a, b, c].map(|x| x.cast::<f64>());
        let normal =
            (q - p).cross(&(r - p)).try_normalize(1e-300).unwrap_or_else(Vec3::zeros).map(|x| x as f32);
        let mut record = [0_u8; 50];
        for (place, x) in record.chunks_exact_mut(4).zip([normal, a, b, c].iter().flatten()) {
            place.copy_from_slice(&x.to_le_bytes());
        }
        out.write_all(&record)?;
    }
    out.flush()?;
    Ok(count)
}

/// Reads a binary STL of at most `most` triangles; corners with equal coordinates become one vertex.
///
/// # Errors
/// [`StlError`].
pub fn read(input: &mut impl Read, most: u32) -> Result<TriSurface, StlError> {
    let mut head = [0_u8; 84];
    input.read_exact(&mut head)?;
    if head.starts_with(b"solid") {
        return Err(StlError::Text);
    }
    let count = u32::from_le_bytes([head[80], head[81], head[82], head[83]]);
    if most < count {
        return Err(StlError::TooMany { found: count, most });
    }
    let mut surface = TriSurface::default();
    // Looked up only; vertices are numbered in the order in which they first occur.
    let mut known: HashMap<[u32; 3], u32> = HashMap::new();
    let mut record = [0_u8; 50];
    for t in 0..count {
        input.read_exact(&mut record)?;
        let mut corners = [0_u32; 3];
        for (corner, bytes) in corners.iter_mut().zip(record[12..48].chunks_exact(12)) {
            let mut p = [0.0_f32; 3];
            for (x, b) in p.iter_mut().zip(bytes.chunks_exact(4)) {
                *x = f32::from_le_bytes([b[0], b[1], b[2], b[3]]) + 0.0;
            }
            if !p.iter().all(|x| x.is_finite()) {
                return Err(StlError::NotFinite(t));
            }
            *corner = *known.entry(p.map(f32::to_bits)).or_insert_with(|| {
                surface.points.push(Vec3::from(p.map(f64::from)));
                surface.points.len() as u32 - 1
            });
        }
        surface.triangles.push(corners);
    }
    if input.read(&mut record)? != 0 {
        return Err(StlError::Tail(count));
    }
    Ok(surface)
}

#[cfg(test)]
mod tests {
    use super::super::verify::tests::tetrahedron;
    use super::super::verify::verify;
    use super::*;

    fn bytes(surface: &TriSurface) -> Vec<u8> {
        let mut out = Vec::new();
        write(surface, &mut out).expect("a vector takes everything");
        out
    }

    #[test]
    fn a_tetrahedron_has_the_bytes_of_the_format() {
        let out = bytes(&tetrahedron());
        assert_eq!(out.len(), 84 + 50 * 4);
        assert_eq!(&out[..80], format!("{:80}", "Dens binary STL, unit millimeter").as_bytes());
        assert_eq!(out[80..84], [4, 0, 0, 0]);
        // First triangle: normal −z, corners o, o + y, o + x, attribute 0; written out by hand.
        let expected: Vec<u8> = [0.0_f32, 0.0, -1.0, 1.5, -2.0, 0.25, 1.5, -1.0, 0.25, 2.5, -2.0, 0.25]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .chain([0, 0])
            .collect();
        assert_eq!(out[84..134], expected);
        // 1.5 and −2 in IEEE 754 single precision.
        assert_eq!(out[96..104], [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
    }

    #[test]
    fn what_was_written_is_read_back() {
        let read = read(&mut bytes(&tetrahedron()).as_slice(), 10).expect("our own file");
        verify(&tetrahedron(), &read).expect("the same surface");
    }

    #[test]
    fn triangles_that_vanish_in_f32_are_left_out() {
        let mut s = tetrahedron();
        // Splits the edge 1–3 at a point that is vertex 1 in f32, in both its triangles.
        s.points.push(s.points[1] + Vec3::z() * 1e-12);
        s.triangles = vec![[0, 2, 1], [0, 1, 4], [0, 4, 3], [0, 3, 2], [1, 2, 4], [4, 2, 3]];
        let read = read(&mut bytes(&s).as_slice(), 10).expect("our own file");
        assert_eq!(read.triangles.len(), 4);
        super::super::verify::watertight(&read).expect("closed");
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = bytes(&tetrahedron());
        let refused = |b: &[u8]| read(&mut &*b, 10).expect_err("damaged");
        assert!(matches!(refused(&good[..good.len() - 1]), StlError::Io(_)));
        assert!(matches!(refused(&[good.clone(), vec![0]].concat()), StlError::Tail(4)));
        let mut text = good.clone();
        text[..5].copy_from_slice(b"solid");
        assert!(matches!(refused(&text), StlError::Text));
        let mut huge = good.clone();
        huge[83] = 1;
        assert!(matches!(refused(&huge), StlError::TooMany { .. }));
        let mut nan = good;
        nan[96..100].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(matches!(refused(&nan), StlError::NotFinite(0)));
    }
}
