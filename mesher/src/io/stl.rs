//! STL, binary or text. The format names no unit; millimeters are assumed and checked by size later.

use super::Fault;
use crate::Vec3;
use crate::geometry::surface::TriSurface;

pub(super) fn parse(bytes: &[u8]) -> Result<TriSurface, Fault> {
    if let Some(count) = binary_count(bytes) {
        return Ok(binary(bytes, count));
    }
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(0);
    if bytes[start..].starts_with(b"solid") {
        return text(bytes);
    }
    Err(Fault::byte(
        bytes.len().min(84),
        format!(
            "neither a text STL (begins with `solid`) nor a binary one (84 + 50 n bytes); it has {} bytes",
            bytes.len()
        ),
    ))
}

/// Number of facets when the length is exactly that of a binary file.
fn binary_count(bytes: &[u8]) -> Option<usize> {
    let head: [u8; 4] = bytes.get(80..84)?.try_into().ok()?;
    let count = u32::from_le_bytes(head) as usize;
    (bytes.len() as u64 == 84 + 50 * count as u64).then_some(count)
}

fn binary(bytes: &[u8], count: usize) -> TriSurface {
    let mut surface = TriSurface::default();
    for record in bytes[84..].chunks_exact(50).take(count) {
        let number = |k: usize| {
            let at = 12 + 4 * k;
            f64::from(f32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]))
        };
        let first = surface.points.len() as u32;
        for corner in 0..3 {
            surface.points.push(Vec3::new(
                number(3 * corner),
                number(3 * corner + 1),
                number(3 * corner + 2),
            ));
        }
        surface.triangles.push([first, first + 1, first + 2]);
    }
    surface
}

fn text(bytes: &[u8]) -> Result<TriSurface, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Fault::byte(e.valid_up_to(), "a text STL holds a byte that is not text"))?;
    let mut surface = TriSurface::default();
    let mut corners = 0;
    for (n, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("vertex") => {
                let v: Vec<f64> = words.map_while(|w| w.parse().ok()).collect();
                let [x, y, z] = <[f64; 3]>::try_from(v)
                    .map_err(|_| Fault::line(n + 1, "a vertex needs three numbers"))?;
                surface.points.push(Vec3::new(x, y, z));
                corners += 1;
            }
            Some("endloop") => {
                if corners != 3 {
                    return Err(Fault::line(n + 1, format!("a facet has {corners} corners, expected 3")));
                }
                let last = surface.points.len() as u32;
                surface.triangles.push([last - 3, last - 2, last - 1]);
                corners = 0;
            }
            _ => {}
        }
    }
    Ok(surface)
}
