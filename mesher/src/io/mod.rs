//! Surface files: STL (binary and text), PLY (text and binary), OBJ.
//!
//! Readers grow with the bytes they meet, never with a count a file claims, and say where a file is broken.

mod obj;
mod ply;
mod stl;

use crate::Vec3;
use crate::geometry::surface::TriSurface;
use std::collections::BTreeMap;
use std::path::Path;
use thiserror::Error;

/// Why a surface file could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// Name as given.
        file: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The ending names no known format.
    #[error("`{file}` has no ending of a surface file; expected .stl, .ply or .obj")]
    UnknownFormat {
        /// Name as given.
        file: String,
    },
    /// The content is broken.
    #[error("`{file}` {place}: {what}")]
    Broken {
        /// Name as given.
        file: String,
        /// Line or byte.
        place: String,
        /// What was found and what was expected.
        what: String,
    },
}

/// Fault inside a file, before its name is known.
pub(crate) struct Fault {
    place: String,
    what: String,
}

impl Fault {
    fn line(line: usize, what: impl Into<String>) -> Self {
        Self { place: format!("line {line}"), what: what.into() }
    }

    fn byte(byte: usize, what: impl Into<String>) -> Self {
        Self { place: format!("byte {byte}"), what: what.into() }
    }
}

/// Reads a surface by the ending of its name; vertices at equal positions are joined.
///
/// # Errors
/// [`ReadError`] with file, line or byte, and what was expected.
pub fn read_surface(path: &Path) -> Result<TriSurface, ReadError> {
    let file = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let bytes = std::fs::read(path).map_err(|reason| ReadError::Unreadable { file: file.clone(), reason })?;
    let ending = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    parse(&bytes, &ending, &file)
}

/// Parses the bytes of a surface file with this ending (`stl`, `ply`, `obj`).
///
/// # Errors
/// As [`read_surface`].
pub fn parse(bytes: &[u8], ending: &str, file: &str) -> Result<TriSurface, ReadError> {
    let parsed = match ending {
        "stl" => stl::parse(bytes),
        "ply" => ply::parse(bytes),
        "obj" => obj::parse(bytes),
        _ => return Err(ReadError::UnknownFormat { file: file.to_string() }),
    };
    let broken = |f: Fault| ReadError::Broken { file: file.to_string(), place: f.place, what: f.what };
    let surface = parsed.map_err(broken)?;
    if let Some(i) = surface.points.iter().position(|p| !p.iter().all(|v| v.is_finite())) {
        return Err(broken(Fault {
            place: format!("vertex {i}"),
            what: "a coordinate is not a finite number".into(),
        }));
    }
    if surface.triangles.is_empty() {
        return Err(broken(Fault { place: "whole file".into(), what: "no triangle was found".into() }));
    }
    Ok(joined(&surface))
}

/// The same surface with vertices of bit-equal position joined, in order of first appearance.
fn joined(surface: &TriSurface) -> TriSurface {
    let mut seen: BTreeMap<[u64; 3], u32> = BTreeMap::new();
    let mut points: Vec<Vec3> = Vec::new();
    let number: Vec<u32> = surface
        .points
        .iter()
        .map(|p| {
            // Adding zero turns -0.0 into 0.0.
            let key = [(p.x + 0.0).to_bits(), (p.y + 0.0).to_bits(), (p.z + 0.0).to_bits()];
            *seen.entry(key).or_insert_with(|| {
                points.push(*p);
                (points.len() - 1) as u32
            })
        })
        .collect();
    let triangles = surface.triangles.iter().map(|t| t.map(|i| number[i as usize])).collect();
    TriSurface { points, triangles }
}

/// Splits a polygon into a fan of triangles after checking its vertex numbers.
fn fan(polygon: &[usize], n_points: usize, triangles: &mut Vec<[u32; 3]>) -> Result<(), String> {
    if polygon.len() < 3 {
        return Err(format!("a face has {} corners, expected 3 or more", polygon.len()));
    }
    if let Some(i) = polygon.iter().find(|i| **i >= n_points) {
        return Err(format!("a face names vertex {i}, but there are {n_points}"));
    }
    for k in 1..polygon.len() - 1 {
        triangles.push([polygon[0] as u32, polygon[k] as u32, polygon[k + 1] as u32]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TETRA_OBJ: &str =
        "# t\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1/1 2/2 4/3\nf 2//1 3//1 4//1\nf -4 -1 -2\n";

    #[test]
    fn the_three_formats_give_the_same_tetrahedron() {
        let obj = parse(TETRA_OBJ.as_bytes(), "obj", "t.obj").expect("valid");
        let mut stl = vec![b'x'; 80];
        stl.extend((obj.triangles.len() as u32).to_le_bytes());
        for t in 0..obj.triangles.len() {
            let mut record = vec![0u8; 12];
            for p in obj.corners(t) {
                for v in p.iter() {
                    record.extend((*v as f32).to_le_bytes());
                }
            }
            record.extend([0u8; 2]);
            stl.extend(record);
        }
        let from_stl = parse(&stl, "stl", "t.stl").expect("valid");
        let ply = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\nelement face 4\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n";
        let from_ply = parse(ply.as_bytes(), "ply", "t.ply").expect("valid");
        for s in [&obj, &from_stl, &from_ply] {
            assert_eq!(s.points.len(), 4);
            assert!((s.volume() - 1.0 / 6.0).abs() < 1e-12, "a unit corner has volume 1/6");
        }
    }

    #[test]
    fn broken_files_are_refused_with_their_place() {
        for (bytes, ending, expected) in [
            ("v 0 0\nf 1 2 3\n", "obj", "line 1"),
            ("v 0 0 0\nf 1 2 3\n", "obj", "line 2"),
            ("hello", "stl", "byte"),
            ("", "stl", "byte"),
            (
                "ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0\n",
                "ply",
                "line",
            ),
            ("solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 zero\n", "stl", "line 4"),
        ] {
            let error = parse(bytes.as_bytes(), ending, "f").expect_err("broken").to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(matches!(parse(b"", "dxf", "f.dxf"), Err(ReadError::UnknownFormat { .. })));
    }
}
