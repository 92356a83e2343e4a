//! Wavefront OBJ: vertices and polygonal faces; everything else is passed over.

use super::{Fault, fan};
use crate::Vec3;
use crate::geometry::surface::TriSurface;

pub(super) fn parse(bytes: &[u8]) -> Result<TriSurface, Fault> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Fault::byte(e.valid_up_to(), "not text, so not an OBJ file"))?;
    let mut surface = TriSurface::default();
    for (n, line) in text.lines().enumerate() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("v") => {
                let v: Vec<f64> = words.take(3).map_while(|w| w.parse().ok()).collect();
                let [x, y, z] = <[f64; 3]>::try_from(v)
                    .map_err(|_| Fault::line(n + 1, "a vertex needs three numbers"))?;
                surface.points.push(Vec3::new(x, y, z));
            }
            Some("f") => {
                let mut polygon = Vec::new();
                for word in words {
                    let first = word.split('/').next().unwrap_or("");
                    let i: i64 = first
                        .parse()
                        .map_err(|_| Fault::line(n + 1, format!("`{word}` is no vertex number")))?;
                    let count = surface.points.len() as i64;
                    let index = if i < 0 { count + i } else { i - 1 };
                    if index < 0 {
                        return Err(Fault::line(n + 1, format!("`{word}` is no vertex number")));
                    }
                    polygon.push(index as usize);
                }
                fan(&polygon, surface.points.len(), &mut surface.triangles)
                    .map_err(|e| Fault::line(n + 1, e))?;
            }
            _ => {}
        }
    }
    Ok(surface)
}
