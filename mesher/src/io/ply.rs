//! PLY, text or binary of either byte order: vertex positions and polygonal faces.

use super::{Fault, fan};
use crate::Vec3;
use crate::geometry::surface::TriSurface;

#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Text,
    Little,
    Big,
}

#[derive(Clone, Copy)]
enum Number {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Number {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "char" | "int8" => Self::I8,
            "uchar" | "uint8" => Self::U8,
            "short" | "int16" => Self::I16,
            "ushort" | "uint16" => Self::U16,
            "int" | "int32" => Self::I32,
            "uint" | "uint32" => Self::U32,
            "float" | "float32" => Self::F32,
            "double" | "float64" => Self::F64,
            _ => return None,
        })
    }

    fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn decode(self, raw: &[u8], big: bool) -> f64 {
        let mut b = [0u8; 8];
        for (i, byte) in raw.iter().enumerate() {
            b[if big { raw.len() - 1 - i } else { i }] = *byte;
        }
        let four = [b[0], b[1], b[2], b[3]];
        match self {
            Self::I8 => f64::from(b[0] as i8),
            Self::U8 => f64::from(b[0]),
            Self::I16 => f64::from(i16::from_le_bytes([b[0], b[1]])),
            Self::U16 => f64::from(u16::from_le_bytes([b[0], b[1]])),
            Self::I32 => f64::from(i32::from_le_bytes(four)),
            Self::U32 => f64::from(u32::from_le_bytes(four)),
            Self::F32 => f64::from(f32::from_le_bytes(four)),
            Self::F64 => f64::from_le_bytes(b),
        }
    }
}

struct Property {
    name: String,
    length: Option<Number>,
    value: Number,
}

struct Element {
    name: String,
    count: u64,
    properties: Vec<Property>,
}

/// Reads one number after the other, from words or from bytes.
struct Source<'b> {
    bytes: &'b [u8],
    at: usize,
    line: usize,
    encoding: Encoding,
}

impl Source<'_> {
    fn fault(&self, what: &str) -> Fault {
        if self.encoding == Encoding::Text {
            Fault::line(self.line, what)
        } else {
            Fault::byte(self.at, what)
        }
    }

    fn number(&mut self, kind: Number) -> Result<f64, Fault> {
        if self.encoding == Encoding::Text {
            while let Some(b) = self.bytes.get(self.at)
                && b.is_ascii_whitespace()
            {
                self.line += usize::from(*b == b'\n');
                self.at += 1;
            }
            let start = self.at;
            while self.bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace()) {
                self.at += 1;
            }
            let word = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
            if word.is_empty() {
                return Err(self.fault("the file ends before all its vertices and faces"));
            }
            return word.parse().map_err(|_| self.fault(&format!("`{word}` is no number")));
        }
        let end = self.at + kind.size();
        let Some(raw) = self.bytes.get(self.at..end) else {
            return Err(self.fault("the file ends before all its vertices and faces"));
        };
        self.at = end;
        Ok(kind.decode(raw, self.encoding == Encoding::Big))
    }
}

pub(super) fn parse(bytes: &[u8]) -> Result<TriSurface, Fault> {
    let (encoding, elements, start, line) = header(bytes)?;
    let mut source = Source { bytes, at: start, line, encoding };
    let mut surface = TriSurface::default();
    for element in &elements {
        for _ in 0..element.count {
            let mut position = [f64::NAN; 3];
            for property in &element.properties {
                if let Some(length) = property.length {
                    let corners = source.number(length)?;
                    let mut polygon = Vec::new();
                    for _ in 0..corners.max(0.0) as u64 {
                        let i = source.number(property.value)?;
                        polygon.push(if i < 0.0 { usize::MAX } else { i as usize });
                    }
                    let faces = element.name == "face" && property.name.starts_with("vertex_ind");
                    if faces {
                        fan(&polygon, surface.points.len(), &mut surface.triangles)
                            .map_err(|e| source.fault(&e))?;
                    }
                } else {
                    let value = source.number(property.value)?;
                    if let Some(axis) = ["x", "y", "z"].iter().position(|n| *n == property.name) {
                        position[axis] = value;
                    }
                }
            }
            if element.name == "vertex" {
                surface.points.push(Vec3::from(position));
            }
        }
    }
    Ok(surface)
}

fn header(bytes: &[u8]) -> Result<(Encoding, Vec<Element>, usize, usize), Fault> {
    let mut encoding = None;
    let mut elements: Vec<Element> = Vec::new();
    let mut at = 0;
    for line in 1..=1000 {
        let rest = &bytes[at..];
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            return Err(Fault::line(line, "the header has no `end_header`"));
        };
        at += end + 1;
        let text = String::from_utf8_lossy(&rest[..end]);
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["ply"] if line == 1 => {}
            _ if line == 1 => return Err(Fault::line(1, "a PLY file begins with `ply`")),
            ["format", kind, ..] => {
                encoding = Some(match *kind {
                    "ascii" => Encoding::Text,
                    "binary_little_endian" => Encoding::Little,
                    "binary_big_endian" => Encoding::Big,
                    other => return Err(Fault::line(line, format!("format `{other}` is not known"))),
                });
            }
            ["element", name, count] => {
                let count = count.parse().map_err(|_| Fault::line(line, format!("`{count}` is no count")))?;
                elements.push(Element { name: (*name).to_string(), count, properties: Vec::new() });
            }
            ["property", "list", length, value, name] => {
                let (Some(length), Some(value), Some(element)) =
                    (Number::named(length), Number::named(value), elements.last_mut())
                else {
                    return Err(Fault::line(line, "a list property is not understood"));
                };
                element.properties.push(Property { name: (*name).to_string(), length: Some(length), value });
            }
            ["property", value, name] => {
                let (Some(value), Some(element)) = (Number::named(value), elements.last_mut()) else {
                    return Err(Fault::line(line, "a property is not understood"));
                };
                element.properties.push(Property { name: (*name).to_string(), length: None, value });
            }
            ["end_header"] => {
                let encoding = encoding.ok_or_else(|| Fault::line(line, "the header names no format"))?;
                return Ok((encoding, elements, at, line + 1));
            }
            _ => {}
        }
    }
    Err(Fault::line(1000, "the header has no `end_header`"))
}
