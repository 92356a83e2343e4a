//! Strict reader of CLI files, text and binary.

use dens_mesher::geometry::solid::Contour;
use std::io::{self, Read};
use thiserror::Error;

/// Layers of a file: top (mm) and contours of each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sliced {
    /// From the lowest up.
    pub layers: Vec<(f64, Vec<Contour>)>,
    /// Corners that the header states, mm.
    pub bounds: [[f64; 3]; 2],
}

impl Sliced {
    /// Sum of area times thickness, mm³; the first layer is as thick as the second, or begins at zero.
    pub fn volume(&self) -> f64 {
        let first = match &self.layers[..] {
            [(a, _), (b, _), ..] => b - a,
            [(a, _)] => *a,
            [] => return 0.0,
        };
        let mut below = self.layers[0].0 - first;
        let mut sum = 0.0;
        for (top, contours) in &self.layers {
            sum += (top - below) * contours.iter().map(Contour::area).sum::<f64>();
            below = *top;
        }
        sum
    }

    /// Smallest and largest corner of the contours, mm.
    pub fn extent(&self) -> [[f64; 2]; 2] {
        let points = self.layers.iter().flat_map(|l| &l.1).flat_map(|c| &c.points);
        points.fold([[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]], |[a, b], p| {
            [[a[0].min(p[0]), a[1].min(p[1])], [b[0].max(p[0]), b[1].max(p[1])]]
        })
    }
}

/// Why a CLI file cannot be read.
#[derive(Debug, Error)]
pub enum CliError {
    /// The file could not be read.
    #[error("CLI cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It does not say what it must.
    #[error("CLI: {0}")]
    Content(String),
}

fn bad(what: impl Into<String>) -> CliError {
    CliError::Content(what.into())
}

/// Reads a file in mm with one part.
///
/// # Errors
/// [`CliError`]: also contours that are open or turn the other way than they say, layers out of order.
pub fn read(input: &mut impl Read) -> Result<Sliced, CliError> {
    const END: &[u8] = b"$$HEADEREND";
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let at = bytes.windows(END.len()).position(|w| w == END).ok_or_else(|| bad("there is no header"))?;
    let header = std::str::from_utf8(&bytes[..at]).map_err(|_| bad("the header is not text"))?;
    let entry = |name: &str| {
        let line = header.lines().find_map(|l| l.strip_prefix(&format!("$${name}/")));
        line.ok_or_else(|| bad(format!("the header has no {name}")))
    };
    if !header.starts_with("$$HEADERSTART") || entry("VERSION")? != "200" {
        return Err(bad("it is not version 2.0"));
    }
    if number(entry("UNITS")?)? != 1.0 {
        return Err(bad("the unit is not millimeter"));
    }
    let corners: Vec<f64> = entry("DIMENSION")?.split(',').map(number).collect::<Result<_, _>>()?;
    let [a, b, c, d, e, f] = corners[..] else { return Err(bad("the dimension is not six numbers")) };
    let mut found = Sliced { layers: Vec::new(), bounds: [[a, b, c], [d, e, f]] };
    let rest = &bytes[at + END.len()..];
    if header.lines().any(|l| l == "$$BINARY") {
        binary(rest, &mut found)?;
    } else {
        ascii(rest, &mut found)?;
    }
    let stated: usize = entry("LAYERS")?.parse().map_err(|_| bad("the number of layers is no number"))?;
    if stated != found.layers.len() {
        return Err(bad(format!("{stated} layers are stated, {} are there", found.layers.len())));
    }
    Ok(found)
}

fn number(text: &str) -> Result<f64, CliError> {
    // Coordinates are single precision in both forms.
    match text.trim().parse::<f32>() {
        Ok(v) if v.is_finite() => Ok(f64::from(v)),
        _ => Err(bad(format!("`{text}` is no finite number"))),
    }
}

fn begin(found: &mut Sliced, top: f64) -> Result<(), CliError> {
    if found.layers.last().is_some_and(|l| top <= l.0) {
        return Err(bad(format!("the layer at {top} mm does not lie above the one before")));
    }
    found.layers.push((top, Vec::new()));
    Ok(())
}

fn contour(found: &mut Sliced, outer: bool, mut points: Vec<[f64; 2]>) -> Result<(), CliError> {
    let Some((top, list)) = found.layers.last_mut() else {
        return Err(bad("a contour before the first layer"));
    };
    if points.len() < 4 || points.first() != points.last() {
        return Err(bad(format!("a contour at {top} mm is not closed")));
    }
    points.pop();
    let c = Contour { points };
    if (0.0 < c.area()) != outer {
        return Err(bad(format!("a contour at {top} mm turns the other way than it says")));
    }
    list.push(c);
    Ok(())
}

fn ascii(rest: &[u8], found: &mut Sliced) -> Result<(), CliError> {
    let text = std::str::from_utf8(rest).map_err(|_| bad("the geometry is not text"))?;
    let mut lines = text.trim_start().lines();
    if lines.next() != Some("$$GEOMETRYSTART") {
        return Err(bad("the geometry does not start"));
    }
    for line in lines {
        if line == "$$GEOMETRYEND" {
            return Ok(());
        } else if let Some(top) = line.strip_prefix("$$LAYER/") {
            begin(found, number(top)?)?;
        } else if let Some(list) = line.strip_prefix("$$POLYLINE/") {
            let mut words = list.splitn(4, ',');
            let (_, direction, count) = (words.next(), words.next(), words.next());
            let numbers: Vec<f64> =
                words.next().unwrap_or("").split(',').map(number).collect::<Result<_, _>>()?;
            if count.and_then(|c| c.parse().ok()) != Some(numbers.len() / 2)
                || !numbers.len().is_multiple_of(2)
            {
                return Err(bad("a contour has another number of points than it says"));
            }
            contour(found, outer(direction)?, numbers.chunks_exact(2).map(|p| [p[0], p[1]]).collect())?;
        } else {
            return Err(bad(format!("`{line}` is not expected")));
        }
    }
    Err(bad("it ends before its geometry does"))
}

fn outer(word: Option<&str>) -> Result<bool, CliError> {
    match word {
        Some("1") => Ok(true),
        Some("0") => Ok(false),
        _ => Err(bad("an open line")),
    }
}

fn binary(mut rest: &[u8], found: &mut Sliced) -> Result<(), CliError> {
    fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], CliError> {
        let (head, tail) = rest.split_at_checked(n).ok_or_else(|| bad("it ends in a command"))?;
        *rest = tail;
        Ok(head)
    }
    let float = |b: &[u8]| match f32::from_le_bytes([b[0], b[1], b[2], b[3]]) {
        v if v.is_finite() => Ok(f64::from(v)),
        v => Err(bad(format!("{v} is no finite number"))),
    };
    while !rest.is_empty() {
        let word = take(&mut rest, 2)?;
        match u16::from_le_bytes([word[0], word[1]]) {
            127 => begin(found, float(take(&mut rest, 4)?)?)?,
            130 => {
                let head = take(&mut rest, 12)?;
                let word = |i: usize| i32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
                let count =
                    usize::try_from(word(8)).map_err(|_| bad("a contour has a negative number of points"))?;
                let bytes = take(&mut rest, count.saturating_mul(8))?;
                let points: Result<Vec<[f64; 2]>, CliError> =
                    bytes.chunks_exact(8).map(|p| Ok([float(&p[..4])?, float(&p[4..])?])).collect();
                contour(found, outer(Some(&word(4).to_string()))?, points?)?;
            }
            other => return Err(bad(format!("command {other} is not expected"))),
        }
    }
    Ok(())
}
