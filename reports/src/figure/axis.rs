//! Axes: range, ticks at 1-2-5, labels with unit.

use super::canvas::{Anchor, Canvas, Pen, width_mm};
use super::{FONT_SIZE, FigureError};
use crate::font::Weight;
use crate::palette::{HAIR, INK};
use crate::table::{NO_UNIT, minus, superscript};

/// Scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps are equal differences.
    Linear,
    /// Equal steps are equal ratios; only positive numbers can be shown.
    Log,
}

/// Axis of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Quantity.
    pub label: String,
    /// Unit; [`NO_UNIT`] for a number without dimension.
    pub unit: String,
    /// Scale.
    pub scale: Scale,
    /// Range; taken from what is drawn when absent.
    pub range: Option<[f64; 2]>,
    /// Whether zero belongs to the range of a linear axis.
    pub from_zero: bool,
}

impl Axis {
    /// Linear axis of a quantity with its unit.
    pub fn new(label: &str, unit: &str) -> Self {
        let (label, unit) = (label.to_string(), unit.to_string());
        Self { label, unit, scale: Scale::Linear, range: None, from_zero: false }
    }

    /// The same, logarithmic.
    pub fn log(mut self) -> Self {
        self.scale = Scale::Log;
        self
    }

    /// The same with a fixed range.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some([low, high]);
        self
    }

    /// The same with zero in its range.
    pub fn from_zero(mut self) -> Self {
        self.from_zero = true;
        self
    }

    /// Label and unit as in the header of a CSV.
    pub(super) fn heading(&self) -> String {
        format!("{} [{}]", self.label, self.unit_text())
    }

    fn unit_text(&self) -> &str {
        if self.unit == NO_UNIT { "–" } else { &self.unit }
    }
}

/// Axis with range and ticks, laid over a length on the paper.
#[derive(Debug)]
pub(super) struct Ruler {
    log: bool,
    /// Range in the scale: plain or common logarithm.
    low: f64,
    high: f64,
    /// Labelled ticks: value and text.
    pub(super) ticks: Vec<(f64, String)>,
    /// Values of unlabelled ticks.
    minor: Vec<f64>,
    /// Label with unit and common power of ten.
    pub(super) title: String,
    /// Positions of the range's ends on the paper, mm.
    pub(super) span: [f64; 2],
}

impl Ruler {
    /// Ruler over all `values`, with room for about `n_ticks` labels.
    pub(super) fn new(
        axis: &Axis,
        values: impl Iterator<Item = f64>,
        n_ticks: f64,
    ) -> Result<Self, FigureError> {
        if axis.unit.is_empty() {
            return Err(FigureError::NoUnit { axis: axis.label.clone() });
        }
        let log = axis.scale == Scale::Log;
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in values {
            if !v.is_finite() || (log && v <= 0.0) {
                return Err(FigureError::NotDrawable { axis: axis.label.clone(), value: v });
            }
            (low, high) = (low.min(v), high.max(v));
        }
        if let Some([a, b]) = axis.range {
            let bad = |v: f64| !v.is_finite() || (log && v <= 0.0);
            if bad(a) || bad(b) || b <= a {
                return Err(FigureError::NotDrawable { axis: axis.label.clone(), value: b });
            }
            (low, high) = (a, b);
        }
        if high < low {
            return Err(FigureError::Empty { axis: axis.label.clone() });
        }
        Ok(if log { Self::log(axis, low, high, n_ticks) } else { Self::linear(axis, low, high, n_ticks) })
    }

    fn linear(axis: &Axis, mut low: f64, mut high: f64, n_ticks: f64) -> Self {
        if axis.range.is_none() {
            // A range that nearly reaches zero is easier to read with it.
            if axis.from_zero || (0.0 < low && low < 0.25 * high) {
                low = low.min(0.0);
                high = high.max(0.0);
            }
            if high - low <= 1e-9 * high.abs().max(low.abs()) {
                let half = if high == 0.0 { 1.0 } else { 0.1 * high.abs() };
                (low, high) = (low - half, high + half);
            }
        }
        let step = step_125((high - low) / n_ticks);
        if axis.range.is_none() {
            // Half steps keep the data from being squeezed by a range much larger than they need.
            let snap = 0.5 * step;
            let room = 0.02 * (high - low);
            let pad = |v: f64, by: f64| if v == 0.0 { v } else { v + by };
            low = (pad(low, -room) / snap).floor() * snap;
            high = (pad(high, room) / snap).ceil() * snap;
        }
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        let values: Vec<f64> = (first..=last).map(|i| i as f64 * step).collect();
        let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
        let power = if 1e5 <= largest || (largest < 1e-2 && 0.0 < largest) {
            3 * (largest.log10() / 3.0).floor() as i32
        } else {
            0
        };
        let factor = 10_f64.powi(power);
        let decimals = (-(step / factor).log10() - 1e-9).ceil().max(0.0) as usize;
        let ticks = values.iter().map(|&v| (v, minus(&format!("{:.decimals$}", v / factor)))).collect();
        let unit = match (power, axis.unit.as_str()) {
            (0, _) => axis.unit_text().to_string(),
            (p, NO_UNIT) => format!("10{}", superscript(p)),
            (p, unit) => format!("10{} {unit}", superscript(p)),
        };
        let title = format!("{} [{unit}]", axis.label);
        Self { log: false, low, high, ticks, minor: Vec::new(), title, span: [0.0, 1.0] }
    }

    fn log(axis: &Axis, low: f64, high: f64, n_ticks: f64) -> Self {
        let (mut a, mut b) = (low.log10(), high.log10());
        if axis.range.is_none() {
            let room = (0.03 * (b - a)).max(0.02);
            // To the next labelled fraction of a decade when there are few, else to the decade.
            let snap = |v: f64, up: bool| {
                let decade = v.floor();
                let mut stops = [1.0_f64, 2.0, 5.0, 10.0].map(|m| decade + m.log10());
                if !up {
                    stops.reverse();
                }
                let beyond = |s: &f64| if up { v <= *s } else { *s <= v };
                stops.into_iter().find(beyond).unwrap_or(v)
            };
            (a, b) = (snap(a - room, false), snap(b + room, true));
        }
        let decades = b - a;
        let stride = (decades / n_ticks).ceil().max(1.0) as i32;
        let labelled: &[i32] = if decades * 3.0 <= n_ticks + 1.0 { &[1, 2, 5] } else { &[1] };
        let plain = -3 <= a.floor() as i32 && b.ceil() as i32 <= 4;
        let (mut ticks, mut minor) = (Vec::new(), Vec::new());
        for decade in a.floor() as i32..=b.ceil() as i32 {
            for m in 1..10 {
                let at = f64::from(decade) + f64::from(m).log10();
                if at < a - 1e-9 || b + 1e-9 < at {
                    continue;
                }
                let value = f64::from(m) * 10_f64.powi(decade);
                if labelled.contains(&m) && decade % stride == 0 {
                    let text = match (plain, m) {
                        (true, _) => format!("{value:.*}", (-decade).max(0) as usize),
                        (false, 1) => format!("10{}", superscript(decade)),
                        (false, m) => format!("{m}·10{}", superscript(decade)),
                    };
                    ticks.push((value, text));
                } else if stride == 1 || m == 1 {
                    minor.push(value);
                }
            }
        }
        Self { log: true, low: a, high: b, ticks, minor, title: axis.heading(), span: [0.0, 1.0] }
    }

    /// Position of a value on the paper, mm; beyond the span for a value out of range.
    pub(super) fn at(&self, value: f64) -> f64 {
        let v = if self.log { value.log10() } else { value };
        self.span[0] + (v - self.low) / (self.high - self.low) * (self.span[1] - self.span[0])
    }

    /// Lowest value of the range.
    pub(super) fn lowest(&self) -> f64 {
        if self.log { 10_f64.powf(self.low) } else { self.low }
    }

    /// Width of the widest tick label, mm.
    pub(super) fn label_width(&self) -> f64 {
        self.ticks.iter().map(|(_, t)| width_mm(t, FONT_SIZE, Weight::Regular)).fold(0.0, f64::max)
    }

    /// Grid, ticks, labels and title of a horizontal axis at the bottom of the frame `top..bottom`.
    pub(super) fn draw_below(&self, c: &mut Canvas<'_>, top: f64, bottom: f64) {
        for (v, text) in &self.ticks {
            let x = self.at(*v);
            c.line(&[[x, top], [x, bottom]], Pen::solid(HAIR, 0.1));
            c.line(&[[x, bottom], [x, bottom + 1.0]], Pen::solid(INK, 0.2));
            c.text([x, bottom + 4.2], text, FONT_SIZE, Anchor::Middle, (INK, Weight::Regular));
        }
        for v in &self.minor {
            c.line(&[[self.at(*v), bottom], [self.at(*v), bottom + 0.6]], Pen::solid(INK, 0.1));
        }
        let middle = 0.5 * (self.span[0] + self.span[1]);
        let half = 0.5 * width_mm(&self.title, FONT_SIZE, Weight::Regular);
        let x = middle.min(c.width - 1.0 - half).max(1.0 + half);
        c.text([x, bottom + 8.6], &self.title, FONT_SIZE, Anchor::Middle, (INK, Weight::Regular));
    }

    /// Grid, ticks, labels and title of a vertical axis at the left of the frame `left..right`.
    pub(super) fn draw_left(&self, c: &mut Canvas<'_>, left: f64, right: f64) {
        for (v, text) in &self.ticks {
            let y = self.at(*v);
            c.line(&[[left, y], [right, y]], Pen::solid(HAIR, 0.1));
            c.line(&[[left - 1.0, y], [left, y]], Pen::solid(INK, 0.2));
            c.text([left - 1.6, y + 1.0], text, FONT_SIZE, Anchor::End, (INK, Weight::Regular));
        }
        for v in &self.minor {
            c.line(&[[left - 0.6, self.at(*v)], [left, self.at(*v)]], Pen::solid(INK, 0.1));
        }
        self.title_left(c, left - 1.6 - self.label_width());
    }

    /// Title of a vertical axis, its baseline 1.6 mm left of `edge`.
    pub(super) fn title_left(&self, c: &mut Canvas<'_>, edge: f64) {
        let middle = 0.5 * (self.span[0] + self.span[1]);
        let half = 0.5 * width_mm(&self.title, FONT_SIZE, Weight::Regular);
        // A title longer than its axis grows past the end with more room.
        let y = middle.min(c.height - 1.0 - half).max(1.0 + half);
        c.text_upward([edge - 1.6, y], &self.title, FONT_SIZE, Anchor::Middle, INK);
    }
}

/// Smallest of 1, 2, 5 × 10ⁿ not below `raw`.
pub(crate) fn step_125(raw: f64) -> f64 {
    let decade = 10_f64.powi(raw.log10().floor() as i32);
    [1.0, 2.0, 5.0].into_iter().map(|m| m * decade).find(|s| raw <= s * (1.0 + 1e-9)).unwrap_or(10.0 * decade)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, values: &[f64], n: f64) -> Vec<String> {
        let ruler = Ruler::new(axis, values.iter().copied(), n).expect("drawable");
        ruler.ticks.into_iter().map(|(_, t)| t).collect()
    }

    #[test]
    fn ticks_fall_on_one_two_five() {
        assert_eq!(step_125(0.3), 0.5);
        assert_eq!(step_125(2.0), 2.0);
        // Not 0.1 × 10 exactly in binary: allow one rounding.
        assert!((step_125(0.51) - 1.0).abs() < 1e-15);
        assert_eq!(texts(&Axis::new("s", "MPa"), &[0.0, 10.0], 5.0), ["0", "2", "4", "6", "8", "10"]);
    }

    #[test]
    fn log_ticks_are_decades_or_one_two_five() {
        let wide = texts(&Axis::new("r", "1").log(), &[1e-9, 1.0], 6.0);
        assert!(wide.contains(&"10⁻⁶".to_string()), "{wide:?}");
        let narrow = texts(&Axis::new("E", "GPa").log().range(0.1, 10.0), &[], 6.0);
        assert_eq!(narrow, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]);
    }

    #[test]
    fn large_numbers_share_a_power_of_ten_in_the_title() {
        let r = Ruler::new(&Axis::new("Stiffness", "N/mm"), [1e5, 4e5].into_iter(), 5.0).expect("drawable");
        assert_eq!(r.title, "Stiffness [10³ N/mm]");
        assert!(r.ticks.iter().any(|(_, t)| t == "200"), "{:?}", r.ticks);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let nan = Ruler::new(&Axis::new("x", "mm"), [f64::NAN].into_iter(), 5.0);
        assert!(matches!(nan, Err(FigureError::NotDrawable { .. })));
        let zero = Ruler::new(&Axis::new("x", "mm").log(), [0.0].into_iter(), 5.0);
        assert!(matches!(zero, Err(FigureError::NotDrawable { .. })));
        let bare = Ruler::new(&Axis::new("x", ""), [1.0].into_iter(), 5.0);
        assert!(matches!(bare, Err(FigureError::NoUnit { .. })));
        let nothing = Ruler::new(&Axis::new("x", "mm"), [].into_iter(), 5.0);
        assert!(matches!(nothing, Err(FigureError::Empty { .. })));
    }
}
