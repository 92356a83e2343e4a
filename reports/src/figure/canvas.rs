//! Drawing surface in millimeters over the SVG backend of plotters.

use crate::font::{FAMILY, Weight, X_HEIGHT, text_width};
use crate::palette::Rgb;
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontFamily, FontStyle, FontTransform, RGBAColor, ShapeStyle, TextStyle};

/// User units of the SVG per millimeter: plotters counts in whole units, 25 µm here.
const UNITS: f64 = 40.0;

/// Millimeters per typographic point.
const POINT: f64 = 25.4 / 72.0;

/// Where the given point lies on a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// Shape of a data point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Filled disc.
    Disc,
    /// Filled square.
    Square,
    /// Filled triangle.
    Triangle,
    /// Filled square on its tip.
    Diamond,
    /// Diagonal cross.
    Cross,
    /// Ring.
    Ring,
}

impl Marker {
    /// Markers of series in order.
    pub(crate) const SERIES: [Self; 6] =
        [Self::Disc, Self::Square, Self::Triangle, Self::Diamond, Self::Ring, Self::Cross];
}

/// Stroke of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pen {
    pub(crate) color: Rgb,
    /// Width, mm.
    pub(crate) width: f64,
    /// Lengths drawn and skipped in turn, mm; empty for a continuous line.
    pub(crate) dash: &'static [f64],
}

impl Pen {
    pub(crate) fn solid(color: Rgb, width: f64) -> Self {
        Self { color, width, dash: &[] }
    }
}

/// Dash patterns of series in order, mm.
pub(crate) const DASHES: [&[f64]; 6] =
    [&[], &[2.0, 0.8], &[0.5, 0.7], &[2.4, 0.7, 0.5, 0.7], &[1.0, 0.8], &[3.6, 1.0]];

/// Surface of a given size; y grows downward from the top left corner, mm.
pub(crate) struct Canvas<'a> {
    backend: SVGBackend<'a>,
    images: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// SVG document of `width` × `height` mm with what `draw` draws.
pub(crate) fn draw_svg(width: f64, height: f64, draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut text = String::new();
    let size = ((width * UNITS).round() as u32, (height * UNITS).round() as u32);
    let backend = SVGBackend::with_string(&mut text, size);
    let mut canvas = Canvas { backend, images: String::new(), width, height };
    canvas.fill(&[[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]], [0xff; 3], 1.0);
    draw(&mut canvas);
    canvas.backend.present().expect(FACT);
    let images = std::mem::take(&mut canvas.images);
    drop(canvas);
    let in_units = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    let in_mm = format!("width=\"{width}mm\" height=\"{height}mm\"");
    let text = text.replacen(&in_units, &in_mm, 1);
    // Images lie above the paper, which is the second line, and below everything else.
    let at = text.match_indices('\n').nth(1).map_or(text.len(), |(i, _)| i + 1);
    format!("{}{images}{}", &text[..at], &text[at..])
}

const FACT: &str = "a string takes every drawing";

impl Canvas<'_> {
    fn at(p: [f64; 2]) -> (i32, i32) {
        ((p[0] * UNITS).round() as i32, (p[1] * UNITS).round() as i32)
    }

    /// Polyline, dashed along its length if the pen says so.
    pub(crate) fn line(&mut self, points: &[[f64; 2]], pen: Pen) {
        let style = ShapeStyle {
            color: opaque(pen.color, 1.0),
            filled: false,
            stroke_width: (pen.width * UNITS).round().max(1.0) as u32,
        };
        for piece in dashed(points, pen.dash) {
            self.backend.draw_path(piece.into_iter().map(Self::at), &style).expect(FACT);
        }
    }

    /// Filled polygon.
    pub(crate) fn fill(&mut self, points: &[[f64; 2]], color: Rgb, opacity: f64) {
        let style = ShapeStyle { color: opaque(color, opacity), filled: true, stroke_width: 0 };
        self.backend.fill_polygon(points.iter().map(|&p| Self::at(p)), &style).expect(FACT);
    }

    /// Filled axis-parallel rectangle between two corners.
    pub(crate) fn rect(&mut self, a: [f64; 2], b: [f64; 2], color: Rgb, opacity: f64) {
        self.fill(&[a, [b[0], a[1]], b, [a[0], b[1]]], color, opacity);
    }

    /// Data point of `radius` mm.
    pub(crate) fn marker(&mut self, p: [f64; 2], marker: Marker, radius: f64, color: Rgb) {
        let around = |angles: &[f64], r: f64| -> Vec<[f64; 2]> {
            angles
                .iter()
                .map(|a| [p[0] + r * a.to_radians().cos(), p[1] + r * a.to_radians().sin()])
                .collect()
        };
        let r = (radius * UNITS).round() as u32;
        match marker {
            Marker::Disc => {
                let style = ShapeStyle { color: opaque(color, 1.0), filled: true, stroke_width: 0 };
                self.backend.draw_circle(Self::at(p), r, &style, true).expect(FACT);
            }
            Marker::Ring => {
                let stroke_width = (0.3 * UNITS) as u32;
                let style = ShapeStyle { color: opaque(color, 1.0), filled: false, stroke_width };
                self.backend.draw_circle(Self::at(p), r, &style, false).expect(FACT);
            }
            Marker::Square => self.fill(&around(&[45.0, 135.0, 225.0, 315.0], 1.25 * radius), color, 1.0),
            Marker::Diamond => self.fill(&around(&[0.0, 90.0, 180.0, 270.0], 1.35 * radius), color, 1.0),
            Marker::Triangle => self.fill(&around(&[-90.0, 30.0, 150.0], 1.35 * radius), color, 1.0),
            Marker::Cross => {
                for ends in [[45.0, 225.0], [135.0, 315.0]] {
                    self.line(&around(&ends, 1.25 * radius), Pen::solid(color, 0.35));
                }
            }
        }
    }

    /// Line of text with its baseline through `p`; `size` in points.
    pub(crate) fn text(&mut self, p: [f64; 2], text: &str, size: f64, anchor: Anchor, ink: (Rgb, Weight)) {
        self.write(p, text, size, anchor, ink, FontTransform::None);
    }

    /// Line of text that reads upward, with its baseline through `p`; `size` in points.
    pub(crate) fn text_upward(&mut self, p: [f64; 2], text: &str, size: f64, anchor: Anchor, color: Rgb) {
        self.write(p, text, size, anchor, (color, Weight::Regular), FontTransform::Rotate270);
    }

    fn write(
        &mut self,
        p: [f64; 2],
        text: &str,
        size: f64,
        anchor: Anchor,
        (color, weight): (Rgb, Weight),
        turn: FontTransform,
    ) {
        let units = (size * POINT * UNITS).ceil();
        // The backend lowers vertically centered text by half an x-height; undo that to place the baseline.
        let lift = 0.5 * X_HEIGHT * units / UNITS;
        let p = match turn {
            FontTransform::Rotate270 => [p[0] - lift, p[1]],
            _ => [p[0], p[1] - lift],
        };
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = match weight {
            Weight::Regular => FontStyle::Normal,
            Weight::Bold => FontStyle::Bold,
            Weight::Italic => FontStyle::Italic,
        };
        let family = format!("{FAMILY}, Helvetica, Arial, sans-serif");
        // The backend divides the size by 1.24 again.
        let mut style = TextStyle::from((FontFamily::from(family.as_str()), units * 1.24, style))
            .pos(Pos::new(h_pos, VPos::Center));
        style.font = style.font.transform(turn);
        style.color = plotters::style::Color::to_backend_color(&opaque(color, 1.0));
        self.backend.draw_text(text, &style, Self::at(p)).expect(FACT);
    }

    /// PNG picture in the box from `p` of `size` mm.
    pub(crate) fn image(&mut self, p: [f64; 2], size: [f64; 2], png: &[u8]) {
        let [x, y, w, h] = [p[0], p[1], size[0], size[1]].map(|v| v * UNITS);
        self.images.push_str(&format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" href=\"data:image/png;base64,{}\"/>\n",
            crate::base64::encode(png)
        ));
    }
}

/// Width of a line of text of `size` points, mm.
pub(crate) fn width_mm(text: &str, size: f64, weight: Weight) -> f64 {
    text_width(text, size * POINT, weight)
}

fn opaque(c: Rgb, opacity: f64) -> RGBAColor {
    RGBAColor(c[0], c[1], c[2], opacity)
}

/// The drawn pieces of a polyline.
fn dashed(points: &[[f64; 2]], dash: &[f64]) -> Vec<Vec<[f64; 2]>> {
    if dash.is_empty() || points.len() < 2 {
        return vec![points.to_vec()];
    }
    let mut pieces = Vec::new();
    let (mut k, mut left) = (0, dash[0]);
    let mut piece = vec![points[0]];
    for w in points.windows(2) {
        let (a, b) = (w[0], w[1]);
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        let mut done = 0.0;
        while left < length - done {
            done += left;
            let f = done / length;
            let p = [a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1])];
            if k % 2 == 0 {
                piece.push(p);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![p];
            }
            k += 1;
            left = dash[k % dash.len()];
        }
        left -= length - done;
        if k % 2 == 0 {
            piece.push(b);
        }
    }
    if 1 < piece.len() {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_round_a_corner() {
        let pieces = dashed(&[[0.0, 0.0], [3.0, 0.0], [3.0, 3.0]], &[2.0, 1.0]);
        assert_eq!(pieces[0], [[0.0, 0.0], [2.0, 0.0]]);
        assert_eq!(pieces[1].last(), Some(&[3.0, 2.0]));
        assert_eq!(pieces.len(), 2);
        let bent = dashed(&[[0.0, 0.0], [1.0, 0.0], [1.0, 3.0]], &[2.0, 1.0]);
        assert_eq!(bent[0], [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]);
    }

    #[test]
    fn drawing_has_its_size_in_millimeters_and_images_at_the_bottom() {
        let svg = draw_svg(85.0, 40.0, |c| {
            c.text([10.0, 10.0], "a < b", 8.0, Anchor::Start, ([0; 3], Weight::Regular));
            c.image([0.0, 0.0], [10.0, 10.0], b"png");
        });
        assert!(svg.starts_with("<svg width=\"85mm\" height=\"40mm\" viewBox=\"0 0 3400 1600\""), "{svg}");
        assert!(svg.contains("a &lt; b"));
        assert!(svg.find("<image") < svg.find("<text"));
    }
}
