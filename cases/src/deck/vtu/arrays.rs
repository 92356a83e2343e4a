//! The arrays of a VTK XML file: text, base64 or raw bytes, plain or zlib-compressed.

use dens_reports::base64;
use roxmltree::{Document, Node};

/// Largest array taken, numbers.
const LARGEST: usize = 1 << 32;

/// One piece of a grid.
#[derive(Debug, Default)]
pub(super) struct Piece {
    /// Number of points.
    pub n_points: usize,
    /// Positions, three to a point.
    pub points: Vec<f64>,
    /// Types of the cells.
    pub types: Vec<u8>,
    connectivity: Vec<usize>,
    offsets: Vec<usize>,
    /// Scalar arrays over the points.
    pub point_arrays: Vec<(String, Vec<f64>)>,
    /// Scalar arrays over the cells.
    pub cell_arrays: Vec<(String, Vec<f64>)>,
}

impl Piece {
    /// Point array of this name.
    pub(super) fn point(&self, name: &str) -> Option<&Vec<f64>> {
        self.point_arrays.iter().find(|a| a.0 == name).map(|a| &a.1)
    }

    /// Cell array of this name.
    pub(super) fn cell(&self, name: &str) -> Option<&Vec<f64>> {
        self.cell_arrays.iter().find(|a| a.0 == name).map(|a| &a.1)
    }

    /// Points of a cell.
    pub(super) fn cell_nodes(&self, cell: usize) -> Result<&[usize], String> {
        let end = self.offsets[cell];
        let start = if cell == 0 { 0 } else { self.offsets[cell - 1] };
        let nodes = self.connectivity.get(start..end).ok_or("the offsets of the cells are broken")?;
        if nodes.iter().any(|&n| self.n_points <= n) {
            return Err(format!("cell {cell} names a point that does not exist"));
        }
        Ok(nodes)
    }
}

/// How numbers are stored in a file.
struct Storage<'a> {
    wide_header: bool,
    compressed: bool,
    appended: &'a [u8],
    raw: bool,
}

/// The pieces of an unstructured grid.
pub(super) fn pieces(bytes: &[u8]) -> Result<Vec<Piece>, String> {
    // Raw appended bytes are no XML: the text ends before them.
    let mark = b"<AppendedData";
    let cut = bytes.windows(mark.len()).position(|w| w == mark);
    let (text, appended) = bytes.split_at(cut.unwrap_or(bytes.len()));
    let mut text = std::str::from_utf8(text).map_err(|_| "it is not a text file".to_string())?.to_string();
    if cut.is_some() {
        text.push_str("</VTKFile>");
    }
    let raw = appended[..appended.len().min(200)].windows(5).any(|w| w == b"\"raw\"");
    let appended = appended.iter().position(|&b| b == b'_').map_or(&[][..], |i| &appended[i + 1..]);
    let document = Document::parse(&text).map_err(|e| format!("it is not sound XML: {e}"))?;
    let root = document.root_element();
    if !root.has_tag_name("VTKFile") || root.attribute("type") != Some("UnstructuredGrid") {
        return Err("it is no unstructured grid in VTK XML".to_string());
    }
    if root.attribute("byte_order") == Some("BigEndian") {
        return Err("big-endian files are not read".to_string());
    }
    let compressor = root.attribute("compressor");
    if compressor.is_some_and(|c| c != "vtkZLibDataCompressor") {
        return Err(format!("the compressor `{}` is not read", compressor.unwrap_or_default()));
    }
    let storage = Storage {
        wide_header: root.attribute("header_type") == Some("UInt64"),
        compressed: compressor.is_some(),
        appended,
        raw,
    };
    root.descendants().filter(|n| n.has_tag_name("Piece")).map(|n| piece(n, &storage)).collect()
}

fn piece(node: Node<'_, '_>, storage: &Storage<'_>) -> Result<Piece, String> {
    let count = |name: &str| {
        node.attribute(name)
            .and_then(|t| t.trim().parse::<usize>().ok())
            .filter(|&n| n < LARGEST)
            .ok_or_else(|| format!("a piece does not say `{name}`"))
    };
    let (n_points, n_cells) = (count("NumberOfPoints")?, count("NumberOfCells")?);
    let group = |name: &str| node.children().find(|n| n.has_tag_name(name));
    let arrays = |name: &str| {
        group(name).into_iter().flat_map(|g| g.children()).filter(|n| n.has_tag_name("DataArray"))
    };
    let mut piece = Piece { n_points, ..Piece::default() };
    if let Some(points) = arrays("Points").next() {
        piece.points = numbers(points, storage)?;
    }
    for array in arrays("Cells") {
        let values = numbers(array, storage)?;
        if values.iter().any(|v| *v < 0.0 || !v.is_finite()) {
            return Err("the cells hold a number below 0".to_string());
        }
        match array.attribute("Name") {
            Some("connectivity") => piece.connectivity = values.iter().map(|&v| v as usize).collect(),
            Some("offsets") => piece.offsets = values.iter().map(|&v| v as usize).collect(),
            Some("types") => piece.types = values.iter().map(|&v| v as u8).collect(),
            _ => {}
        }
    }
    if piece.points.len() != 3 * n_points || piece.types.len() != n_cells || piece.offsets.len() != n_cells {
        return Err("points, offsets and types do not have the announced length".to_string());
    }
    for (name, n, slot) in [("PointData", n_points, 0), ("CellData", n_cells, 1)] {
        for array in arrays(name).filter(|a| a.attribute("type") != Some("String")) {
            let values = numbers(array, storage)?;
            let title = array.attribute("Name").unwrap_or("").to_string();
            // Vectors and tensors are results; their names suffice to say so.
            let values = if values.len() == n { values } else { Vec::new() };
            let list = if slot == 0 { &mut piece.point_arrays } else { &mut piece.cell_arrays };
            list.push((title, values));
        }
    }
    Ok(piece)
}

/// The numbers of an array.
fn numbers(array: Node<'_, '_>, storage: &Storage<'_>) -> Result<Vec<f64>, String> {
    let name = array.attribute("Name").unwrap_or("(without name)");
    let kind = array.attribute("type").unwrap_or("Float64");
    let broken = || format!("array `{name}` is broken");
    match array.attribute("format") {
        None | Some("ascii") => array
            .text()
            .unwrap_or("")
            .split_ascii_whitespace()
            .map(|t| t.parse::<f64>().map_err(|_| format!("array `{name}`: `{t}` is not a number")))
            .collect(),
        Some("binary") => {
            let text: String = array.text().unwrap_or("").split_ascii_whitespace().collect();
            decode(&coded(&text, storage).ok_or_else(broken)?, kind, name)
        }
        Some("appended") => {
            let offset =
                array.attribute("offset").and_then(|o| o.parse::<usize>().ok()).ok_or_else(broken)?;
            let rest = storage.appended.get(offset..).ok_or_else(broken)?;
            let bytes = if storage.raw {
                plain(rest, storage).ok_or_else(broken)?
            } else {
                let end =
                    rest.iter().position(|&b| b == b'<' || b.is_ascii_whitespace()).unwrap_or(rest.len());
                let text = std::str::from_utf8(&rest[..end]).map_err(|_| broken())?;
                coded(text, storage).ok_or_else(broken)?
            };
            decode(&bytes, kind, name)
        }
        Some(other) => Err(format!("array `{name}` has the unknown format `{other}`")),
    }
}

/// Bytes of base64: a header, then the data; both are padded on their own when compressed.
fn coded(text: &str, storage: &Storage<'_>) -> Option<Vec<u8>> {
    let word = if storage.wide_header { 8 } else { 4 };
    let size = |n: usize| n.div_ceil(3) * 4;
    if !storage.compressed {
        let header = base64::decode(text.get(..size(word))?)?;
        let length = unsigned(header.get(..word)?) as usize;
        let bytes = base64::decode(text.get(..size(word + length))?)?;
        // Some writers pad the header on its own.
        if bytes.len() < word + length {
            let data = base64::decode(text.get(size(word)..size(word) + size(length))?)?;
            return data.get(..length).map(<[u8]>::to_vec);
        }
        return bytes.get(word..word + length).map(<[u8]>::to_vec);
    }
    let first = base64::decode(text.get(..size(word))?)?;
    let blocks = unsigned(first.get(..word)?) as usize;
    let header_size = blocks.checked_add(3)?.checked_mul(word)?;
    let header = base64::decode(text.get(..size(header_size))?)?;
    let data = base64::decode(text.get(size(header_size)..)?)?;
    unpack(&header, &data, word)
}

/// Bytes of raw data.
fn plain(bytes: &[u8], storage: &Storage<'_>) -> Option<Vec<u8>> {
    let word = if storage.wide_header { 8 } else { 4 };
    let first = unsigned(bytes.get(..word)?) as usize;
    if !storage.compressed {
        return bytes.get(word..word.checked_add(first)?).map(<[u8]>::to_vec);
    }
    let header_size = first.checked_add(3)?.checked_mul(word)?;
    unpack(bytes.get(..header_size)?, bytes.get(header_size..)?, word)
}

/// Zlib blocks: count, size, size of a shorter last one, compressed sizes.
fn unpack(header: &[u8], data: &[u8], word: usize) -> Option<Vec<u8>> {
    use std::io::Read;
    let words: Vec<usize> = header.chunks_exact(word).map(|w| unsigned(w) as usize).collect();
    let &[blocks, size, last] = words.first_chunk::<3>()?;
    let mut out = Vec::new();
    let mut at = 0_usize;
    for (i, &packed) in words.get(3..3 + blocks)?.iter().enumerate() {
        let expected = if i + 1 == blocks && last != 0 { last } else { size };
        let end = at.checked_add(packed)?;
        let block = data.get(at..end)?;
        let before = out.len();
        // A block that unpacks to more than it announces is broken, maybe on purpose.
        flate2::read::ZlibDecoder::new(block).take(expected as u64 + 1).read_to_end(&mut out).ok()?;
        if out.len() - before != expected {
            return None;
        }
        at = end;
    }
    Some(out)
}

fn unsigned(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b))
}

fn decode(bytes: &[u8], kind: &str, name: &str) -> Result<Vec<f64>, String> {
    let signed = |width: usize| -> Vec<f64> {
        let shift = 64 - 8 * width as u32;
        bytes.chunks_exact(width).map(|c| ((unsigned(c) << shift) as i64 >> shift) as f64).collect()
    };
    let plain = |width: usize| bytes.chunks_exact(width).map(|c| unsigned(c) as f64).collect();
    Ok(match kind {
        "Float64" => bytes.chunks_exact(8).map(|c| f64::from_bits(unsigned(c))).collect(),
        "Float32" => bytes.chunks_exact(4).map(|c| f64::from(f32::from_bits(unsigned(c) as u32))).collect(),
        "Int8" => signed(1),
        "Int16" => signed(2),
        "Int32" => signed(4),
        "Int64" => signed(8),
        "UInt8" => plain(1),
        "UInt16" => plain(2),
        "UInt32" => plain(4),
        "UInt64" => plain(8),
        other => return Err(format!("array `{name}` has the unknown type `{other}`")),
    })
}
