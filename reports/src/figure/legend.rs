//! Legends above plots and bar charts.

use super::FONT_SIZE;
use super::canvas::{Anchor, Canvas, Marker, Pen, width_mm};
use crate::font::Weight;
use crate::palette::{INK, Rgb};

/// Sign of a legend entry.
pub(super) enum Sign {
    Curve { color: Rgb, line: Option<&'static [f64]>, marker: Option<Marker> },
    Swatch { color: Rgb },
}

impl Sign {
    /// Width in the legend, mm.
    fn width(&self) -> f64 {
        match self {
            Self::Curve { line: Some(_), .. } => 7.0,
            Self::Curve { line: None, .. } => 2.0,
            Self::Swatch { .. } => 5.0,
        }
    }
}

/// Line of a legend.
pub(super) struct Entry {
    pub(super) text: String,
    pub(super) sign: Sign,
}

/// Legend above a plot, its entries set in rows.
pub(super) struct Legend {
    /// Entry with its left end and its row.
    placed: Vec<(Entry, f64, usize)>,
    rows: usize,
}

impl Legend {
    const ROW: f64 = 4.2;

    pub(super) fn new(entries: Vec<Entry>, width: f64) -> Self {
        let (mut at, mut row) = (0.0, 0);
        let mut placed = Vec::new();
        for e in entries {
            let w = e.sign.width() + 1.5 + width_mm(&e.text, FONT_SIZE, Weight::Regular);
            if 0.0 < at && width < at + w {
                (at, row) = (0.0, row + 1);
            }
            placed.push((e, at, row));
            at += w + 4.0;
        }
        let rows = if placed.is_empty() { 0 } else { row + 1 };
        Self { placed, rows }
    }

    pub(super) fn height(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.rows as f64 * Self::ROW + 1.0 }
    }

    pub(super) fn draw(&self, c: &mut Canvas<'_>, origin: [f64; 2]) {
        for (e, at, row) in &self.placed {
            let (x, y) = (origin[0] + at, origin[1] + (*row as f64 + 0.5) * Self::ROW);
            let width = e.sign.width();
            match e.sign {
                Sign::Curve { color, line, marker } => {
                    if let Some(dash) = line {
                        c.line(&[[x, y], [x + width, y]], Pen { color, width: 0.4, dash });
                    }
                    if let Some(marker) = marker {
                        c.marker([x + 0.5 * width, y], marker, 0.9, color);
                    }
                }
                Sign::Swatch { color } => {
                    c.rect([x, y - 1.3], [x + width, y + 1.3], color, 1.0);
                }
            }
            let p = [x + width + 1.5, y + 1.0];
            c.text(p, &e.text, FONT_SIZE, Anchor::Start, (INK, Weight::Regular));
        }
    }
}
