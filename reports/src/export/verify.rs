//! What left is what was meant: a surface read back from a file, compared with its source.

use dens_mesher::geometry::Aabb;
use dens_mesher::geometry::surface::TriSurface;
use rayon::prelude::*;
use thiserror::Error;

/// Measures of a surface that was read back and agrees with its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures {
    /// Number of triangles.
    pub triangles: usize,
    /// Enclosed volume, mm³.
    pub volume_mm3: f64,
    /// Area, mm².
    pub area_mm2: f64,
    /// Box around the surface.
    pub bounds: Aabb,
}

/// How a surface that was read back differs from what was written.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Mismatch {
    /// There is nothing in the file.
    #[error("the surface read back has no triangle")]
    Empty,
    /// The surface has holes, doubled triangles or turned triangles.
    #[error(
        "the surface read back is not watertight: {edges} of its edges lack exactly two opposite triangles, the \
         first joins vertices {first:?}"
    )]
    Open {
        /// Number of edges at fault, counted once per direction.
        edges: usize,
        /// Vertices of the first.
        first: [u32; 2],
    },
    /// Another number of triangles.
    #[error("{read} triangles read back, {written} were written")]
    Count {
        /// Triangles of the source.
        written: usize,
        /// Triangles read back.
        read: usize,
    },
    /// Another volume.
    #[error(
        "volume {read} mm³ read back, {written} mm³ were written, they may differ by {tolerance:.1e} mm³"
    )]
    Volume {
        /// Volume of the source.
        written: f64,
        /// Volume read back.
        read: f64,
        /// Accepted difference.
        tolerance: f64,
    },
    /// Another box.
    #[error(
        "bounding box {read:?} read back, {written:?} was written, they may differ by {tolerance:.1e} mm"
    )]
    Bounds {
        /// Box of the source.
        written: Aabb,
        /// Box read back.
        read: Aabb,
        /// Accepted difference.
        tolerance: f64,
    },
}

/// Compares a surface read back with the one that was written.
///
/// Coordinates travel as f32, so bounds may differ by half a step of f32 at the largest coordinate and the
/// volume by that times the area.
///
/// # Errors
/// The first [`Mismatch`].
pub fn verify(written: &TriSurface, read: &TriSurface) -> Result<Measures, Mismatch> {
    if read.triangles.is_empty() {
        return Err(Mismatch::Empty);
    }
    if written.triangles.len() != read.triangles.len() {
        return Err(Mismatch::Count { written: written.triangles.len(), read: read.triangles.len() });
    }
    watertight(read)?;
    let (from, to) = (written.bounds(), read.bounds());
    let far = from.min.abs().max().max(from.max.abs().max());
    // Half a step of f32 is 2⁻²⁴ of the next power of two, at most 2⁻²⁴ · 2 of the value; a hundredth is spared
    // for the rounding of the sums themselves.
    let tolerance = 1.01 * far * 2.0_f64.powi(-23);
    if tolerance < (from.min - to.min).abs().max().max((from.max - to.max).abs().max()) {
        return Err(Mismatch::Bounds { written: from, read: to, tolerance });
    }
    let area_mm2 = read.area();
    // Every vertex may move by √3 of a coordinate's tolerance.
    let tolerance = 3.0_f64.sqrt() * tolerance * area_mm2;
    let (from, to) = (written.volume(), read.volume());
    if tolerance < (from - to).abs() {
        return Err(Mismatch::Volume { written: from, read: to, tolerance });
    }
    Ok(Measures { triangles: read.triangles.len(), volume_mm3: to, area_mm2, bounds: read.bounds() })
}

/// Checks that every edge has exactly two triangles that run along it in opposite directions.
///
/// # Errors
/// [`Mismatch::Open`].
pub fn watertight(surface: &TriSurface) -> Result<(), Mismatch> {
    let directed = |flip: bool| {
        let mut edges: Vec<u64> = surface
            .triangles
            .par_iter()
            .flat_map_iter(|t| {
                (0..3).map(move |i| {
                    let (a, b) = (u64::from(t[i]), u64::from(t[(i + 1) % 3]));
                    if flip { b << 32 | a } else { a << 32 | b }
                })
            })
            .collect();
        edges.par_sort_unstable();
        edges
    };
    let (there, back) = (directed(false), directed(true));
    let doubled = there.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]);
    let alone = there.iter().zip(&back).filter(|(a, b)| a != b).map(|(a, _)| *a);
    let mut wrong = doubled.chain(alone);
    match wrong.next() {
        None => Ok(()),
        Some(e) => Err(Mismatch::Open { edges: 1 + wrong.count(), first: [(e >> 32) as u32, e as u32] }),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use dens_mesher::Vec3;

    /// Tetrahedron of volume 1/6 mm³ at an odd place.
    pub(crate) fn tetrahedron() -> TriSurface {
        let o = Vec3::new(1.5, -2.0, 0.25);
        TriSurface {
            points: vec![o, o + Vec3::x(), o + Vec3::y(), o + Vec3::z()],
            triangles: vec![[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],
        }
    }

    #[test]
    fn a_surface_agrees_with_itself() {
        let m = verify(&tetrahedron(), &tetrahedron()).expect("the same");
        assert!((m.volume_mm3 - 1.0 / 6.0).abs() < 1e-15);
        assert_eq!(m.triangles, 4);
    }

    #[test]
    fn a_hole_a_turned_triangle_and_a_doubled_one_are_found() {
        let mut hole = tetrahedron();
        hole.triangles.pop();
        assert!(matches!(watertight(&hole), Err(Mismatch::Open { .. })));
        let mut turned = tetrahedron();
        turned.triangles[2].swap(0, 1);
        assert!(matches!(watertight(&turned), Err(Mismatch::Open { .. })));
        let mut doubled = tetrahedron();
        doubled.triangles.extend_from_within(..);
        assert!(matches!(watertight(&doubled), Err(Mismatch::Open { .. })));
    }

    #[test]
    fn another_size_or_place_is_found() {
        let mut moved = tetrahedron();
        moved.points[1].x += 1e-5;
        assert!(matches!(verify(&tetrahedron(), &moved), Err(Mismatch::Bounds { .. })));
        let mut dented = tetrahedron();
        dented.points[0] += Vec3::repeat(1e-3);
        dented.triangles.push([0, 0, 0]);
        assert!(matches!(verify(&tetrahedron(), &dented), Err(Mismatch::Count { .. })));
    }
}
