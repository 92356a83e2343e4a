//! VTU fields for ParaView: zlib-compressed binary arrays.
//!
//! [`write_vtu`] writes several bodies of quadratic tetrahedra, told apart by the cell array `region`; [`write_grid`]
//! writes cells of any shapes. Symmetric tensors have the order of VTK, xx yy zz xy yz xz.

use crate::base64;
use dens_mesher::Vec3;
use dens_mesher::mesh::Mesh;
use flate2::{Compression, write::ZlibEncoder};
use rayon::prelude::*;
use std::fmt::Write as _;
use std::io::Write as _;

/// VTK's number of the ten-node tetrahedron.
const QUADRATIC_TETRA: u8 = 24;

/// Bytes per compressed block; VTK's own default.
const BLOCK: usize = 32_768;

/// Names of the components of a symmetric tensor.
const TENSOR: [&str; 6] = ["XX", "YY", "ZZ", "XY", "YZ", "XZ"];

/// Named array over points or cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Name with unit, for example `displacement [mm]`.
    pub name: String,
    /// Numbers per point or cell: 1 scalar, 3 vector, 6 symmetric tensor xx yy zz xy yz xz.
    pub components: usize,
    /// Numbers, point by point.
    pub values: Vec<f64>,
}

impl Array {
    /// Scalar array.
    pub fn scalar(name: &str, values: Vec<f64>) -> Self {
        Self { name: name.to_string(), components: 1, values }
    }

    /// Vector array.
    pub fn vector(name: &str, values: &[[f64; 3]]) -> Self {
        Self { name: name.to_string(), components: 3, values: values.iter().flatten().copied().collect() }
    }

    /// Symmetric tensor array from components xx yy zz yz xz xy, written in the order of VTK.
    pub fn tensor(name: &str, values: &[[f64; 6]]) -> Self {
        let values = values.iter().flat_map(|[xx, yy, zz, yz, xz, xy]| [*xx, *yy, *zz, *xy, *yz, *xz]);
        Self { name: name.to_string(), components: 6, values: values.collect() }
    }
}

/// Body of a file: a mesh with its fields.
#[derive(Debug, Clone)]
pub struct Body<'a> {
    /// Name; regions are listed as `body/region`.
    pub name: String,
    /// Mesh.
    pub mesh: &'a Mesh,
    /// Fields over the nodes; the same names in every body.
    pub point_arrays: Vec<Array>,
    /// Fields over the cells; the same names in every body.
    pub cell_arrays: Vec<Array>,
}

/// Cells of any shapes with their fields.
#[derive(Debug, Clone)]
pub struct Grid<'a> {
    /// Positions.
    pub points: &'a [Vec3],
    /// VTK's number of each cell's shape.
    pub types: Vec<u8>,
    /// End of each cell's nodes in `connectivity`.
    pub offsets: Vec<i64>,
    /// Nodes of all cells.
    pub connectivity: &'a [u32],
    /// Fields over the points.
    pub point_arrays: Vec<Array>,
    /// Fields over the cells.
    pub cell_arrays: Vec<Array>,
    /// Lines of the comment at the head of the file.
    pub comment: String,
}

/// Reason a file cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VtuError {
    /// An array does not fit its mesh.
    #[error("array `{array}` of body `{body}` has {found} numbers, expected {expected}")]
    Length {
        /// Name of the body.
        body: String,
        /// Name of the array.
        array: String,
        /// Numbers in the array.
        found: usize,
        /// Numbers expected.
        expected: usize,
    },
    /// Bodies differ in their arrays.
    #[error("body `{body}` has not the arrays of body `{first}`")]
    Arrays {
        /// Body that differs.
        body: String,
        /// First body.
        first: String,
    },
}

/// The bodies as one unstructured grid in VTK XML; same input, same bytes.
///
/// Cell arrays `body` and `region` number bodies and regions in order; a comment at the head of the file lists
/// `number body/region`, one per line (an array of strings would be refused by some readers).
///
/// # Errors
/// [`VtuError`] when an array does not fit its mesh, or bodies have different arrays.
pub fn write_vtu(bodies: &[Body<'_>]) -> Result<Vec<u8>, VtuError> {
    check(bodies)?;
    let n_points: usize = bodies.iter().map(|b| b.mesh.n_nodes()).sum();
    let n_cells: usize = bodies.iter().map(|b| b.mesh.n_cells()).sum();
    let (mut connectivity, mut body_ids, mut region_ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut names = String::new();
    let (mut first_node, mut first_region) = (0_i64, 0_i32);
    for (k, body) in bodies.iter().enumerate() {
        for (cell, region) in body.mesh.cells.iter().zip(&body.mesh.regions) {
            connectivity.extend(cell.iter().flat_map(|&n| (first_node + i64::from(n)).to_le_bytes()));
            body_ids.extend((k as i32).to_le_bytes());
            region_ids.extend((first_region + i32::from(*region)).to_le_bytes());
        }
        for (r, name) in body.mesh.region_names.iter().enumerate() {
            writeln!(names, "{} {}/{name}", first_region + r as i32, body.name).expect(FACT);
        }
        first_node += body.mesh.n_nodes() as i64;
        first_region += body.mesh.region_names.len() as i32;
    }
    let offsets: Vec<u8> = (1..=n_cells as i64).flat_map(|i| (10 * i).to_le_bytes()).collect();
    let positions = bodies.iter().flat_map(|b| &b.mesh.points).flat_map(|p| [p.x, p.y, p.z]);

    let mut out =
        head(if names.is_empty() { String::new() } else { format!("region:\n{names}") }, n_points, n_cells);
    out.push_str("<PointData>\n");
    merge(&mut out, bodies, |b| &b.point_arrays);
    out.push_str("</PointData>\n<CellData>\n");
    data_array(&mut out, "Int32", "body", 1, &body_ids);
    data_array(&mut out, "Int32", "region", 1, &region_ids);
    merge(&mut out, bodies, |b| &b.cell_arrays);
    out.push_str("</CellData>\n");
    cells(&mut out, &doubles(positions), &connectivity, &offsets, &vec![QUADRATIC_TETRA; n_cells]);
    Ok(out.into_bytes())
}

/// A grid in VTK XML; same input, same bytes.
///
/// # Errors
/// [`VtuError::Length`] when an array does not fit the points or cells.
pub fn write_grid(grid: &Grid<'_>) -> Result<Vec<u8>, VtuError> {
    let (n_points, n_cells) = (grid.points.len(), grid.types.len());
    for (arrays, n) in [(&grid.point_arrays, n_points), (&grid.cell_arrays, n_cells)] {
        if let Some(error) = arrays.iter().find_map(|a| wrong_length("grid", a, n)) {
            return Err(error);
        }
    }
    let mut out = head(grid.comment.clone(), n_points, n_cells);
    for (tag, arrays) in [("PointData", &grid.point_arrays), ("CellData", &grid.cell_arrays)] {
        writeln!(out, "<{tag}>").expect(FACT);
        for a in arrays {
            data_array(&mut out, "Float64", &a.name, a.components, &doubles(a.values.iter().copied()));
        }
        writeln!(out, "</{tag}>").expect(FACT);
    }
    let positions = doubles(grid.points.iter().flat_map(|p| [p.x, p.y, p.z]));
    let connectivity: Vec<u8> = grid.connectivity.iter().flat_map(|&n| i64::from(n).to_le_bytes()).collect();
    let offsets: Vec<u8> = grid.offsets.iter().flat_map(|o| o.to_le_bytes()).collect();
    cells(&mut out, &positions, &connectivity, &offsets, &grid.types);
    Ok(out.into_bytes())
}

fn head(comment: String, n_points: usize, n_cells: usize) -> String {
    let mut out = String::from("<?xml version=\"1.0\"?>\n");
    if !comment.is_empty() {
        // Two hyphens would end the comment.
        writeln!(out, "<!-- {} -->", comment.replace("--", "- -")).expect(FACT);
    }
    out.push_str(
        "<VTKFile type=\"UnstructuredGrid\" version=\"1.0\" byte_order=\"LittleEndian\" \
         header_type=\"UInt64\" compressor=\"vtkZLibDataCompressor\">\n<UnstructuredGrid>\n",
    );
    writeln!(out, "<Piece NumberOfPoints=\"{n_points}\" NumberOfCells=\"{n_cells}\">").expect(FACT);
    out
}

/// Points, cells and the end of the file.
fn cells(out: &mut String, positions: &[u8], connectivity: &[u8], offsets: &[u8], types: &[u8]) {
    out.push_str("<Points>\n");
    data_array(out, "Float64", "Points", 3, positions);
    out.push_str("</Points>\n<Cells>\n");
    data_array(out, "Int64", "connectivity", 1, connectivity);
    data_array(out, "Int64", "offsets", 1, offsets);
    data_array(out, "UInt8", "types", 1, types);
    out.push_str("</Cells>\n</Piece>\n</UnstructuredGrid>\n</VTKFile>\n");
}

/// Collection of files over a parameter (load step, load number), which ParaView opens as one.
pub fn write_pvd(files: &[(f64, &str)]) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\"?>\n<VTKFile type=\"Collection\" version=\"1.0\">\n<Collection>\n",
    );
    for (time, file) in files {
        let file = escape(file);
        writeln!(out, "<DataSet timestep=\"{time}\" part=\"0\" file=\"{file}\"/>").expect(FACT);
    }
    out.push_str("</Collection>\n</VTKFile>\n");
    out
}

const FACT: &str = "a string takes every write";

fn check(bodies: &[Body<'_>]) -> Result<(), VtuError> {
    let shape = |b: &Body<'_>| -> Vec<(String, usize)> {
        b.point_arrays.iter().chain(&b.cell_arrays).map(|a| (a.name.clone(), a.components)).collect()
    };
    for body in bodies {
        if shape(body) != shape(&bodies[0]) || body.point_arrays.len() != bodies[0].point_arrays.len() {
            return Err(VtuError::Arrays { body: body.name.clone(), first: bodies[0].name.clone() });
        }
        let over = [(&body.point_arrays, body.mesh.n_nodes()), (&body.cell_arrays, body.mesh.n_cells())];
        for (arrays, n) in over {
            if let Some(error) = arrays.iter().find_map(|a| wrong_length(&body.name, a, n)) {
                return Err(error);
            }
        }
    }
    Ok(())
}

fn wrong_length(body: &str, array: &Array, n: usize) -> Option<VtuError> {
    let (found, expected) = (array.values.len(), n * array.components);
    let (body, array) = (body.to_string(), array.name.clone());
    (found != expected).then_some(VtuError::Length { body, array, found, expected })
}

/// Writes each array of the first body followed by its namesakes of the others.
fn merge<'a>(out: &mut String, bodies: &'a [Body<'_>], of: impl Fn(&'a Body<'_>) -> &'a Vec<Array>) {
    let Some(first) = bodies.first() else { return };
    for (i, array) in of(first).iter().enumerate() {
        let values = bodies.iter().flat_map(|b| of(b)[i].values.iter().copied());
        data_array(out, "Float64", &array.name, array.components, &doubles(values));
    }
}

fn doubles(values: impl Iterator<Item = f64>) -> Vec<u8> {
    values.flat_map(f64::to_le_bytes).collect()
}

fn data_array(out: &mut String, kind: &str, name: &str, components: usize, bytes: &[u8]) {
    let mut attributes = String::new();
    if 1 < components {
        write!(attributes, " NumberOfComponents=\"{components}\"").expect(FACT);
    }
    if components == TENSOR.len() {
        for (i, c) in TENSOR.iter().enumerate() {
            write!(attributes, " ComponentName{i}=\"{c}\"").expect(FACT);
        }
    }
    let name = escape(name);
    writeln!(out, "<DataArray type=\"{kind}\" Name=\"{name}\"{attributes} format=\"binary\">").expect(FACT);
    let (header, blocks) = compress(bytes);
    // VTK decodes header and blocks as two base64 texts.
    out.push_str(&base64::encode(&header));
    out.push_str(&base64::encode(&blocks));
    out.push_str("\n</DataArray>\n");
}

/// Header (number of blocks, size of a block, size of the last one if it is shorter, compressed sizes) and the
/// blocks of VTK's zlib format.
fn compress(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let n = bytes.len().div_ceil(BLOCK);
    let mut header: Vec<u64> = vec![n as u64, BLOCK as u64, (bytes.len() % BLOCK) as u64];
    let packed: Vec<Vec<u8>> = bytes
        .par_chunks(BLOCK)
        .map(|chunk| {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            let fact = "a vector takes every write";
            encoder.write_all(chunk).expect(fact);
            encoder.finish().expect(fact)
        })
        .collect();
    header.extend(packed.iter().map(|p| p.len() as u64));
    let blocks = packed.concat();
    (header.into_iter().flat_map(u64::to_le_bytes).collect(), blocks)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::tests_support::one_tet;
    use std::io::Read;

    /// The doubles of the array `name`, decoded from the file.
    fn read(file: &str, name: &str) -> Vec<f64> {
        let tag = file.find(&format!("Name=\"{name}\"")).expect("the array is there");
        let start = tag + file[tag..].find('>').expect("the tag ends") + 2;
        let text = &file[start..start + file[start..].find('\n').expect("the text ends")];
        // One block: four numbers of eight bytes take 44 characters with padding.
        let header = base64::decode(&text[..44]).expect("base64");
        assert_eq!(header[0], 1);
        let blocks = base64::decode(&text[44..]).expect("base64");
        let mut bytes = Vec::new();
        flate2::read::ZlibDecoder::new(blocks.as_slice()).read_to_end(&mut bytes).expect("zlib");
        bytes.chunks_exact(8).map(|c| f64::from_le_bytes(c.try_into().expect("eight bytes"))).collect()
    }

    #[test]
    fn fields_come_back_bit_for_bit_in_the_order_of_vtk() {
        let mesh = one_tet();
        let stress: Vec<[f64; 6]> =
            (0..10).map(|i| [1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|v| v + 0.1 * f64::from(i))).collect();
        let body = Body {
            name: "C3".to_string(),
            mesh: &mesh,
            point_arrays: vec![Array::tensor("stress [MPa]", &stress)],
            cell_arrays: vec![Array::scalar("energy [mJ/mm³]", vec![0.1 + 0.2])],
        };
        let bytes = write_vtu(std::slice::from_ref(&body)).expect("arrays fit");
        let file = String::from_utf8(bytes.clone()).expect("text");
        let written: Vec<f64> = stress.iter().flat_map(|s| [s[0], s[1], s[2], s[5], s[3], s[4]]).collect();
        assert_eq!(read(&file, "stress [MPa]"), written);
        assert_eq!(read(&file, "energy [mJ/mm³]"), [0.1 + 0.2]);
        assert!(file.contains("ComponentName3=\"XY\" ComponentName4=\"YZ\" ComponentName5=\"XZ\""));
        assert_eq!(write_vtu(&[body]).expect("arrays fit"), bytes);
    }

    #[test]
    fn array_of_the_wrong_length_is_refused() {
        let mesh = one_tet();
        let body = Body {
            name: "C3".to_string(),
            mesh: &mesh,
            point_arrays: vec![Array::scalar("p", vec![1.0; 9])],
            cell_arrays: Vec::new(),
        };
        let error = write_vtu(&[body]).expect_err("one number is missing");
        assert!(matches!(error, VtuError::Length { found: 9, expected: 10, .. }), "{error}");
    }
}
