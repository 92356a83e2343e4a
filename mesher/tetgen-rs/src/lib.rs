//! TetGen, called from Rust; and the text protocol of the executable `dens-tetgen`.
//!
//! [`tetrahedralize`] is the call, [`protocol`] reads requests and writes answers. Licensed
//! AGPL-3.0-or-later because TetGen is: link it only into programs under that license. Dens itself runs
//! the executable as a child process.
//!
//! Not guaranteed: TetGen can abort or loop on broken input. That is why there is a child process.

pub mod protocol;

use std::ffi::{CString, c_char, c_double, c_int, c_void};
use std::sync::Mutex;

/// Piecewise linear complex: triangles that meet only at common edges and vertices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Complex {
    /// Points.
    pub points: Vec<[f64; 3]>,
    /// Point numbers of each triangle, from 0.
    pub triangles: Vec<[u32; 3]>,
    /// Marker of each triangle, found again on the faces of the result.
    pub markers: Vec<i32>,
    /// Seed point, attribute of its cells, and their largest volume (not positive: no limit).
    pub regions: Vec<[f64; 5]>,
}

/// Tetrahedra that fill a complex.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cells {
    /// Points, those of the complex first.
    pub points: Vec<[f64; 3]>,
    /// Point numbers of each tetrahedron.
    pub cells: Vec<[u32; 4]>,
    /// Attribute of each tetrahedron, 0 without the switch `A`.
    pub attributes: Vec<f64>,
    /// Faces on the complex.
    pub faces: Vec<[u32; 3]>,
    /// Markers of the faces.
    pub markers: Vec<i32>,
}

/// Why there are no tetrahedra.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The request does not make sense; TetGen was not called.
    Request(String),
    /// TetGen refused, with its code.
    Refused(i32, String),
    /// TetGen was content and made nothing: the surface is open, as a rule.
    Nothing,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Request(problem) => write!(f, "bad request: {problem}"),
            Error::Refused(code, text) => write!(f, "{text} (code {code})"),
            Error::Nothing => write!(f, "no tetrahedron came out; is the surface closed?"),
        }
    }
}

impl std::error::Error for Error {}

/// TetGen keeps the state of its predicates in globals.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Fills a complex with tetrahedra.
///
/// - `switches`: as on TetGen's command line, without the dash; `z` (numbers from 0) and `Q` (no chatter on
///   stdout) are added
///
/// # Errors
/// See [`Error`]. Broken input can also end the process: call this in one that may die.
///
/// # Source
/// Si (2015), TetGen, a Delaunay-based quality tetrahedral mesh generator, ACM Trans. Math. Softw. 41(2).
pub fn tetrahedralize(complex: &Complex, switches: &str) -> Result<Cells, Error> {
    check(complex, switches)?;
    let switches = CString::new(format!("{switches}zQ"))
        .map_err(|_| Error::Request("a zero byte in the switches".into()))?;
    let triangles: Vec<c_int> = complex.triangles.iter().flatten().map(|&i| i as c_int).collect();
    let input = RawComplex {
        n_points: complex.points.len() as c_int,
        points: complex.points.as_ptr().cast(),
        n_triangles: complex.triangles.len() as c_int,
        triangles: triangles.as_ptr(),
        markers: complex.markers.as_ptr(),
        n_regions: complex.regions.len() as c_int,
        regions: complex.regions.as_ptr().cast(),
    };
    let mut raw = RawCells::default();
    let mut text = [0u8; 512];
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // SAFETY: all pointers outlive the call and hold as many entries as the counts say (`check`); the shim
    // catches every exception and ends the text with a zero within its size.
    let code = unsafe {
        dens_tetrahedralize(switches.as_ptr(), &input, &mut raw, text.as_mut_ptr().cast(), text.len())
    };
    drop(guard);
    if code != 0 {
        let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
        return Err(Error::Refused(code, String::from_utf8_lossy(&text[..end]).into_owned()));
    }
    // SAFETY: on code 0 the shim hands over arrays of the lengths it states; they are copied before release.
    let cells = unsafe { raw.copy() };
    // SAFETY: `raw` was filled by the shim and is released once.
    unsafe { dens_release(&mut raw) };
    if cells.cells.is_empty() { Err(Error::Nothing) } else { Ok(cells) }
}

fn check(complex: &Complex, switches: &str) -> Result<(), Error> {
    let fail = |problem: String| Err(Error::Request(problem));
    if complex.markers.len() != complex.triangles.len() {
        return fail(format!("{} markers for {} triangles", complex.markers.len(), complex.triangles.len()));
    }
    if c_int::MAX as usize / 8 < complex.points.len().max(complex.triangles.len()) {
        return fail("more points or triangles than TetGen can count".into());
    }
    if let Some(t) =
        complex.triangles.iter().position(|t| t.iter().any(|&i| complex.points.len() <= i as usize))
    {
        return fail(format!("triangle {t} names a point that is not there"));
    }
    if complex.points.iter().flatten().chain(complex.regions.iter().flatten()).any(|x| !x.is_finite()) {
        return fail("a coordinate is not a number".into());
    }
    if !switches.starts_with('p') || !switches.chars().all(|c| c.is_ascii_alphanumeric() || "./".contains(c))
    {
        return fail(format!("switches `{switches}` are not those of a complex, which start with p"));
    }
    Ok(())
}

#[repr(C)]
struct RawComplex {
    n_points: c_int,
    points: *const c_double,
    n_triangles: c_int,
    triangles: *const c_int,
    markers: *const c_int,
    n_regions: c_int,
    regions: *const c_double,
}

#[repr(C)]
struct RawCells {
    n_points: c_int,
    n_cells: c_int,
    n_corners: c_int,
    n_attributes: c_int,
    n_faces: c_int,
    points: *const c_double,
    cells: *const c_int,
    attributes: *const c_double,
    faces: *const c_int,
    markers: *const c_int,
    owner: *mut c_void,
}

impl Default for RawCells {
    fn default() -> Self {
        use std::ptr::{null, null_mut};
        Self {
            n_points: 0,
            n_cells: 0,
            n_corners: 4,
            n_attributes: 0,
            n_faces: 0,
            points: null(),
            cells: null(),
            attributes: null(),
            faces: null(),
            markers: null(),
            owner: null_mut(),
        }
    }
}

impl RawCells {
    /// Copy of the arrays.
    ///
    /// # Safety
    /// Every pointer that is not null must hold as many entries as the counts say.
    unsafe fn copy(&self) -> Cells {
        // SAFETY: promised by the caller.
        unsafe fn slice<'a, T>(from: *const T, n: usize) -> &'a [T] {
            // SAFETY: promised by the caller; null means empty.
            if from.is_null() { &[] } else { unsafe { std::slice::from_raw_parts(from, n) } }
        }
        let count = |n: c_int| usize::try_from(n).unwrap_or(0);
        let (n_cells, corners) = (count(self.n_cells), count(self.n_corners).max(4));
        // SAFETY: promised by the caller, for these five.
        let (points, cells, attributes, faces, markers) = unsafe {
            (
                slice(self.points, 3 * count(self.n_points)),
                slice(self.cells, corners * n_cells),
                slice(self.attributes, count(self.n_attributes) * n_cells),
                slice(self.faces, 3 * count(self.n_faces)),
                slice(self.markers, count(self.n_faces)),
            )
        };
        let per_cell = count(self.n_attributes).max(1);
        Cells {
            points: points.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect(),
            cells: cells.chunks_exact(corners).map(|c| [c[0], c[1], c[2], c[3]].map(|i| i as u32)).collect(),
            attributes: (0..n_cells).map(|c| attributes.get(c * per_cell).copied().unwrap_or(0.0)).collect(),
            faces: faces.chunks_exact(3).map(|f| [f[0], f[1], f[2]].map(|i| i as u32)).collect(),
            markers: (0..count(self.n_faces)).map(|f| markers.get(f).copied().unwrap_or(0)).collect(),
        }
    }
}

unsafe extern "C" {
    fn dens_tetrahedralize(
        switches: *const c_char,
        input: *const RawComplex,
        output: *mut RawCells,
        text: *mut c_char,
        text_size: usize,
    ) -> c_int;
    fn dens_release(cells: *mut RawCells);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Surface of a cube, twelve triangles, markers 1 to 6 by side.
    fn cube(edge: f64, shift: f64) -> Complex {
        let points =
            (0..8).map(|i| [i & 1, i >> 1 & 1, i >> 2].map(|b| f64::from(b) * edge + shift)).collect();
        let sides = [[0, 2, 6, 4], [1, 5, 7, 3], [0, 4, 5, 1], [2, 3, 7, 6], [0, 1, 3, 2], [4, 6, 7, 5]];
        let mut complex = Complex { points, ..Complex::default() };
        for (s, [a, b, c, d]) in sides.into_iter().enumerate() {
            complex.triangles.extend([[a, b, c], [a, c, d]]);
            complex.markers.extend([s as i32 + 1; 2]);
        }
        complex
    }

    fn volume(m: &Cells) -> f64 {
        let edge = |c: &[u32; 4], i: usize| -> [f64; 3] {
            std::array::from_fn(|k| m.points[c[i] as usize][k] - m.points[c[0] as usize][k])
        };
        m.cells
            .iter()
            .map(|c| {
                let [a, b, d] = [1, 2, 3].map(|i| edge(c, i));
                let cross = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
                (cross[0] * d[0] + cross[1] * d[1] + cross[2] * d[2]).abs() / 6.0
            })
            .sum()
    }

    #[test]
    fn cube_is_filled_and_keeps_its_markers_and_region() {
        let mut complex = cube(2.0, 0.0);
        complex.regions.push([1.0, 1.0, 1.0, 7.0, 0.1]);
        let m = tetrahedralize(&complex, "pq1.4Aa").expect("a cube");
        assert!((volume(&m) - 8.0).abs() < 1e-12, "round-off of a sum");
        assert!(80 < m.cells.len() && m.attributes.iter().all(|&a| a == 7.0));
        assert_eq!(m.points[..8], complex.points[..]);
        let mut markers = m.markers.clone();
        markers.sort_unstable();
        markers.dedup();
        assert_eq!(markers, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn crossing_cubes_are_refused_with_a_text() {
        let (mut a, b) = (cube(2.0, 0.0), cube(2.0, 0.7));
        a.triangles.extend(b.triangles.iter().map(|t| t.map(|i| i + 8)));
        a.points.extend(b.points);
        a.markers.extend(b.markers);
        match tetrahedralize(&a, "p") {
            Err(Error::Refused(code, text)) => assert!(code != 0 && !text.is_empty(), "{code} {text}"),
            other => panic!("crossing surfaces gave {:?}", other.map(|m| m.cells.len())),
        }
    }

    #[test]
    fn open_cube_gives_nothing_and_says_so() {
        let mut complex = cube(2.0, 0.0);
        complex.triangles.truncate(10);
        complex.markers.truncate(10);
        assert_eq!(tetrahedralize(&complex, "p").map(|m| m.cells.len()), Err(Error::Nothing));
    }

    #[test]
    fn nonsense_never_reaches_tetgen() {
        let mut complex = cube(1.0, 0.0);
        assert!(matches!(tetrahedralize(&complex, "r"), Err(Error::Request(_))));
        assert!(matches!(tetrahedralize(&complex, "p; rm"), Err(Error::Request(_))));
        complex.triangles[3][1] = 99;
        assert!(matches!(tetrahedralize(&complex, "p"), Err(Error::Request(_))));
        complex.triangles[3][1] = 0;
        complex.points[0][0] = f64::NAN;
        assert!(matches!(tetrahedralize(&complex, "p"), Err(Error::Request(_))));
    }
}
