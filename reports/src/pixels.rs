//! Figures as PNG: the SVG that this crate writes, painted with its own typeface.
//!
//! A path is a set of closed outlines filled where they wind around a point; a stroke is the union of its segments and of
//! discs at their ends. Coverage of a pixel is exact along a row and sampled on eight lines across it.

use crate::font::{Weight, X_HEIGHT, glyph, text_width};
use crate::palette::Rgb;
use crate::svg::{Element, SvgError, parse, size_mm};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Lines across a pixel.
const LINES: usize = 8;

/// The figure as PNG, with its resolution written into it.
///
/// - `svg`: as this crate writes it
/// - `dots_per_inch`: of the paper size that the figure states
///
/// # Errors
/// [`SvgError`] for an SVG that is not one of ours, or that holds a picture: those are PNG already.
pub fn png(svg: &str, dots_per_inch: f64) -> Result<Vec<u8>, SvgError> {
    let elements = parse(svg)?;
    let root = elements.first().ok_or(SvgError::Markup(0))?;
    let [width, height] = size_mm(root)?;
    let view: Vec<f64> =
        root.get("viewBox").unwrap_or_default().split(' ').filter_map(|v| v.parse().ok()).collect();
    let &[_, _, across, _] = view.as_slice() else {
        return Err(SvgError::Attribute { element: root.name.to_string(), attribute: "viewBox" });
    };
    let pixels = |mm: f64| (mm / 25.4 * dots_per_inch).round().max(1.0);
    let mut paper = Paper::new(pixels(width) as usize, pixels(height) as usize);
    let scale = pixels(width) / across;
    for e in &elements[1..] {
        draw(&mut paper, e, scale)?;
    }
    Ok(paper.encode(dots_per_inch))
}

/// Closed outlines, pixels.
type Path = Vec<Vec<[f64; 2]>>;

struct Paper {
    width: usize,
    height: usize,
    /// Red, green, blue from 0 to 255, row by row.
    ink: Vec<f32>,
}

impl Paper {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, ink: vec![255.0; 3 * width * height] }
    }

    /// Fills where the outlines wind around a point.
    fn fill(&mut self, path: &Path, color: Rgb, opacity: f64) {
        let edges: Vec<[[f64; 2]; 2]> = path
            .iter()
            .flat_map(|outline| (0..outline.len()).map(|i| [outline[i], outline[(i + 1) % outline.len()]]))
            .filter(|e| e[0][1] != e[1][1])
            .collect();
        let (low, high) = edges
            .iter()
            .flatten()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), p| (a.min(p[1]), b.max(p[1])));
        if high < low {
            return;
        }
        let first = low.floor().clamp(0.0, self.height as f64) as usize;
        let last = high.ceil().clamp(0.0, self.height as f64) as usize;
        let mut cover = vec![0f32; self.width];
        for y in first..last {
            cover.fill(0.0);
            for line in 0..LINES {
                let at = y as f64 + (line as f64 + 0.5) / LINES as f64;
                let mut met: Vec<(f64, i32)> = edges
                    .iter()
                    .filter(|e| (e[0][1] <= at) != (e[1][1] <= at))
                    .map(|[a, b]| {
                        let x = a[0] + (at - a[1]) / (b[1] - a[1]) * (b[0] - a[0]);
                        (x, if a[1] < b[1] { 1 } else { -1 })
                    })
                    .collect();
                met.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut winding = 0;
                let mut start = 0.0;
                for (x, turn) in met {
                    if winding == 0 {
                        start = x;
                    }
                    winding += turn;
                    if winding == 0 {
                        span(&mut cover, start, x);
                    }
                }
            }
            let row = &mut self.ink[3 * y * self.width..3 * (y + 1) * self.width];
            for (pixel, c) in row.chunks_exact_mut(3).zip(&cover) {
                let share = c.min(1.0) * opacity as f32;
                if 0.0 < share {
                    for (v, target) in pixel.iter_mut().zip(color) {
                        *v += share * (f32::from(target) - *v);
                    }
                }
            }
        }
    }

    fn encode(&self, dots_per_inch: f64) -> Vec<u8> {
        let bytes: Vec<u8> = self.ink.iter().map(|v| v.round() as u8).collect();
        let mut out = Vec::new();
        let fact = "a vector takes every write";
        let mut encoder = png::Encoder::new(&mut out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let per_meter = (dots_per_inch / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_meter,
            yppu: per_meter,
            unit: png::Unit::Meter,
        }));
        let mut writer = encoder.write_header().expect(fact);
        writer.write_image_data(&bytes).expect(fact);
        writer.finish().expect(fact);
        out
    }
}

/// Adds the share of one line that a span covers to each pixel of a row.
fn span(cover: &mut [f32], from: f64, to: f64) {
    let (a, b) = (from.max(0.0), to.min(cover.len() as f64));
    if b <= a {
        return;
    }
    let (first, last) = (a as usize, (b.ceil() as usize).min(cover.len()));
    for (x, c) in cover[..last].iter_mut().enumerate().skip(first) {
        let inside = (b.min(x as f64 + 1.0) - a.max(x as f64)).max(0.0);
        *c += inside as f32 / LINES as f32;
    }
}

fn draw(paper: &mut Paper, e: &Element<'_>, scale: f64) -> Result<(), SvgError> {
    let opacity = e.number("opacity").unwrap_or(1.0);
    let width = e.number("stroke-width").unwrap_or(1.0) * scale;
    let scaled = |points: Vec<[f64; 2]>| -> Vec<[f64; 2]> {
        points.into_iter().map(|p| p.map(|v| v * scale)).collect()
    };
    let mut shape = |points: Vec<[f64; 2]>, closed: bool| {
        let points = scaled(points);
        if let Some(color) = e.color("fill") {
            paper.fill(&vec![points.clone()], color, opacity);
        }
        if let Some(color) = e.color("stroke") {
            paper.fill(&stroked(&points, closed, width), color, opacity);
        }
    };
    match e.name {
        "polyline" => shape(e.points()?, false),
        "polygon" => shape(e.points()?, true),
        "line" => shape(vec![[e.number("x1")?, e.number("y1")?], [e.number("x2")?, e.number("y2")?]], false),
        "rect" => {
            let [x, y, w, h] = [e.number("x")?, e.number("y")?, e.number("width")?, e.number("height")?];
            shape(vec![[x, y], [x + w, y], [x + w, y + h], [x, y + h]], true);
        }
        "circle" => {
            let (x, y, r) = (e.number("cx")?, e.number("cy")?, e.number("r")?);
            shape(disc([x, y], r), true);
        }
        "text" => text(paper, e, scale, opacity)?,
        other => return Err(SvgError::Element(other.to_string())),
    }
    Ok(())
}

fn disc([x, y]: [f64; 2], r: f64) -> Vec<[f64; 2]> {
    let turn = std::f64::consts::TAU / 32.0;
    (0..32).map(|i| [x + r * (f64::from(i) * turn).cos(), y + r * (f64::from(i) * turn).sin()]).collect()
}

/// Outlines of a line of this width, all turning the same way.
fn stroked(points: &[[f64; 2]], closed: bool, width: f64) -> Path {
    let r = 0.5 * width;
    let n = points.len();
    let mut path = Path::new();
    for i in 0..if closed { n } else { n.saturating_sub(1) } {
        let (a, b) = (points[i], points[(i + 1) % n]);
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        if 0.0 < length {
            let d = [-(b[1] - a[1]) / length * r, (b[0] - a[0]) / length * r];
            path.push(vec![
                [a[0] - d[0], a[1] - d[1]],
                [b[0] - d[0], b[1] - d[1]],
                [b[0] + d[0], b[1] + d[1]],
                [a[0] + d[0], a[1] + d[1]],
            ]);
        }
    }
    // Rounded corners; a hairline needs none, and ends stay blunt as in the other formats.
    if 0.8 < r {
        let joints = if closed { points } else { points.get(1..n.saturating_sub(1)).unwrap_or_default() };
        path.extend(joints.iter().map(|p| disc(*p, r)));
    }
    path
}

fn text(paper: &mut Paper, e: &Element<'_>, scale: f64, opacity: f64) -> Result<(), SvgError> {
    let (x, y, size) = (e.number("x")?, e.number("y")?, e.number("font-size")?);
    let weight = match (e.get("font-weight"), e.get("font-style")) {
        (Some("bold"), _) => Weight::Bold,
        (_, Some("italic")) => Weight::Italic,
        _ => Weight::Regular,
    };
    let text = e.text();
    let down = if e.get("dy") == Some("0.5ex") { 0.5 * X_HEIGHT * size } else { 0.0 };
    let width = text_width(&text, size, weight);
    let mut pen = match e.get("text-anchor") {
        Some("middle") => -0.5 * width,
        Some("end") => -width,
        _ => 0.0,
    };
    let upward = e.get("transform").is_some_and(|t| t.starts_with("rotate(270,"));
    let face = Face::parse(weight.file(), 0).expect("the embedded fonts are whole");
    let unit = size / f64::from(face.units_per_em());
    let mut path = Path::new();
    for c in text.chars() {
        let (id, advance) = glyph(c, weight);
        let mut outline = Outline::default();
        face.outline_glyph(GlyphId(id), &mut outline);
        outline.end();
        path.extend(outline.path.into_iter().map(|o| {
            let placed = |p: [f64; 2]| {
                let (u, v) = (pen + p[0] * unit, down - p[1] * unit);
                // Turned a quarter to the left about the anchor, text reads upward.
                let [u, v] = if upward { [v, -u] } else { [u, v] };
                [(x + u) * scale, (y + v) * scale]
            };
            o.into_iter().map(placed).collect()
        }));
        pen += size * advance;
    }
    if let Some(color) = e.color("fill") {
        paper.fill(&path, color, opacity);
    }
    Ok(())
}

/// Outlines of a glyph in the units of its font, curves cut into chords.
#[derive(Default)]
struct Outline {
    path: Path,
    open: Vec<[f64; 2]>,
}

impl Outline {
    const CHORDS: u32 = 6;

    fn last(&self) -> [f64; 2] {
        self.open.last().copied().unwrap_or_default()
    }

    fn end(&mut self) {
        if 2 < self.open.len() {
            self.path.push(std::mem::take(&mut self.open));
        }
        self.open.clear();
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.end();
        self.open.push([x.into(), y.into()]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.open.push([x.into(), y.into()]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let [a, b, c] = [self.last(), [x1.into(), y1.into()], [x.into(), y.into()]];
        for i in 1..=Self::CHORDS {
            let t = f64::from(i) / f64::from(Self::CHORDS);
            let s = 1.0 - t;
            self.open.push([0, 1].map(|k| s * s * a[k] + 2.0 * s * t * b[k] + t * t * c[k]));
        }
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let [a, b, c, d] =
            [self.last(), [x1.into(), y1.into()], [x2.into(), y2.into()], [x.into(), y.into()]];
        for i in 1..=Self::CHORDS {
            let t = f64::from(i) / f64::from(Self::CHORDS);
            let s = 1.0 - t;
            self.open.push([0, 1].map(|k| {
                s * s * s * a[k] + 3.0 * s * s * t * b[k] + 3.0 * s * t * t * c[k] + t * t * t * d[k]
            }));
        }
    }

    fn close(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Anchor, Pen, draw_svg};

    fn decoded(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("one frame");
        (info.width as usize, info.height as usize, pixels)
    }

    #[test]
    fn a_square_covers_its_pixels_and_half_of_those_at_its_edge() {
        // 25.4 mm at 10 dpi are 10 pixels.
        let svg = draw_svg(25.4, 25.4, |c| c.rect([2.54, 2.54], [13.97, 7.62], [0; 3], 1.0));
        let (w, h, pixels) = decoded(&png(&svg, 10.0).expect("ours"));
        assert_eq!((w, h), (10, 10));
        let at = |x: usize, y: usize| pixels[3 * (y * w + x)];
        // The unit of the SVG, 25 µm, is 1 % of a pixel: two or three of 255 steps.
        let found = [at(0, 1), at(1, 1), at(4, 2), at(6, 1), at(1, 3)];
        assert!(found.iter().zip([255u8, 0, 0, 255, 255]).all(|(a, b)| a.abs_diff(b) < 4), "{found:?}");
        assert!(at(5, 1).abs_diff(128) < 4, "{}", at(5, 1));
    }

    #[test]
    fn a_line_has_its_width_and_a_letter_its_ink() {
        let svg = draw_svg(50.8, 25.4, |c| {
            c.line(&[[0.0, 6.5], [50.8, 6.5]], Pen::solid([0; 3], 2.0));
            c.text([30.0, 22.0], "H", 24.0, Anchor::Middle, ([0; 3], Weight::Regular));
        });
        let (w, h, pixels) = decoded(&png(&svg, 254.0).expect("ours"));
        let dark = |x: usize, y: usize| pixels[3 * (y * w + x)] < 128;
        let thick = (0..100).filter(|y| dark(50, *y)).count();
        assert_eq!(thick, 20, "2 mm at 10 pixels a millimeter");
        // The bar of the H joins its two stems; above and below it the middle is white.
        let column: Vec<bool> = (140..h).map(|y| dark(300, y)).collect();
        let bars = column.windows(2).filter(|v| !v[0] && v[1]).count();
        assert_eq!(bars, 1);
    }
}
