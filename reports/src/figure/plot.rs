//! Plots of curves and points over two axes.

use super::axis::{Axis, Ruler};
use super::canvas::{Anchor, Canvas, DASHES, Marker, Pen, draw_svg, width_mm};
use super::legend::{Entry, Legend, Sign};
use super::{FONT_SIZE, Figure, FigureError, Width};
use crate::font::Weight;
use crate::palette::{CURVES, GRAY, INK, Rgb, WHITE, mix};
use crate::table::csv_text;

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Curve.
    Line,
    /// Points.
    Markers,
    /// Curve with its points.
    Both,
    /// Staircase: the value holds until the next point.
    Steps,
    /// Points in gray behind the others.
    Faint,
    /// Staircase filled down to zero; for linear axes.
    Filled,
}

/// Named points.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend; empty to leave it out.
    pub name: String,
    /// Points, in the units of the axes.
    pub points: Vec<[f64; 2]>,
    /// Text beside each point, as long as `points` or empty.
    pub labels: Vec<String>,
    /// How it is drawn.
    pub look: Look,
    /// Marker, where the order of the series should not decide.
    pub marker: Option<Marker>,
    /// Place in the list of colors and dashes, where the order of the series should not decide.
    pub color: Option<usize>,
}

impl Series {
    /// Series of points.
    pub fn new(name: &str, look: Look, points: Vec<[f64; 2]>) -> Self {
        Self { name: name.to_string(), points, labels: Vec::new(), look, marker: None, color: None }
    }

    /// The same with a text beside each point.
    pub fn labels(mut self, labels: impl IntoIterator<Item = String>) -> Self {
        self.labels = labels.into_iter().collect();
        self
    }

    /// The same with a given marker and place in the list of colors.
    pub fn style(mut self, marker: Marker, color: usize) -> Self {
        self.marker = Some(marker);
        self.color = Some(color);
        self
    }
}

/// Reference line across the plot, named in the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Meaning, with value and source where it has one.
    pub label: String,
    /// Value on the axis.
    pub value: f64,
    /// Whether the value is one of the horizontal axis, so that the line is vertical.
    pub on_x: bool,
}

/// Range of an axis shaded across the plot, named in the legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Meaning.
    pub label: String,
    /// Ends of the range.
    pub range: [f64; 2],
    /// Whether the range is one of the horizontal axis.
    pub on_x: bool,
}

/// Plot of series over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Name of the figure.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// Width on the page.
    pub width: Width,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Curves and points, the later above the earlier.
    pub series: Vec<Series>,
    /// Reference lines.
    pub rules: Vec<Rule>,
    /// Shaded ranges.
    pub bands: Vec<Band>,
}

impl Plot {
    /// Plot without series, one column wide.
    pub fn new(id: &str, caption: &str, x: Axis, y: Axis) -> Self {
        Self {
            id: id.to_string(),
            caption: caption.to_string(),
            width: Width::Single,
            x,
            y,
            series: Vec::new(),
            rules: Vec::new(),
            bands: Vec::new(),
        }
    }

    /// The same, two columns wide.
    pub fn wide(mut self) -> Self {
        self.width = Width::Double;
        self
    }

    /// The same with a series more.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// The same with a reference line more; `on_x` for a vertical line.
    pub fn rule(mut self, label: &str, value: f64, on_x: bool) -> Self {
        self.rules.push(Rule { label: label.to_string(), value, on_x });
        self
    }

    /// The same with a shaded range more; `on_x` for a range of the horizontal axis.
    pub fn band(mut self, label: &str, range: [f64; 2], on_x: bool) -> Self {
        self.bands.push(Band { label: label.to_string(), range, on_x });
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// [`FigureError`] when a number cannot be drawn, an axis has no unit, or there is nothing to draw.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        let width = self.width.mm();
        let values = |k: usize| {
            let points = self.series.iter().flat_map(move |s| s.points.iter().map(move |p| p[k]));
            let rules = self.rules.iter().filter(move |r| r.on_x == (k == 0)).map(|r| r.value);
            points.chain(rules)
        };
        let frame_height = if self.width == Width::Single { 50.0 } else { 66.0 };
        let mut x = Ruler::new(&self.x, values(0), (width - 20.0) / 15.0)?;
        let mut y = Ruler::new(&self.y, values(1), frame_height / 9.0)?;
        let left = 1.6 + 1.6 + y.label_width() + 4.6;
        let right = width - 3.5;
        let legend = Legend::new(self.entries(), width - 4.0);
        let top = 2.5 + legend.height();
        let bottom = top + frame_height;
        x.span = [left, right];
        y.span = [bottom, top];
        let svg = draw_svg(width, bottom + 10.5, |c| {
            legend.draw(c, [2.0, 1.5]);
            let frame = Frame { left, right, top, bottom };
            self.draw_bands(c, &frame, &x, &y);
            x.draw_below(c, top, bottom);
            y.draw_left(c, left, right);
            self.draw_rules(c, &frame, &x, &y);
            self.draw_series(c, &frame, &x, &y);
            c.line(
                &[[left, top], [left, bottom], [right, bottom], [right, top], [left, top]],
                Pen::solid(INK, 0.2),
            );
            self.draw_labels(c, &frame, &x, &y);
        });
        Ok(Figure { id: self.id.clone(), caption: self.caption.clone(), svg, csv: self.csv() })
    }

    fn csv(&self) -> String {
        let header = ["series".to_string(), "label".to_string(), self.x.heading(), self.y.heading()];
        let rows = self.series.iter().flat_map(|s| {
            s.points.iter().enumerate().map(move |(i, p)| {
                let label = s.labels.get(i).cloned().unwrap_or_default();
                vec![s.name.clone(), label, p[0].to_string(), p[1].to_string()]
            })
        });
        let rules = self.rules.iter().map(|r| {
            let value = r.value.to_string();
            let (x, y) = if r.on_x { (value, String::new()) } else { (String::new(), value) };
            vec!["reference line".to_string(), r.label.clone(), x, y]
        });
        let bands = self.bands.iter().flat_map(|b| {
            b.range.map(|v| {
                let (x, y) =
                    if b.on_x { (v.to_string(), String::new()) } else { (String::new(), v.to_string()) };
                vec!["range".to_string(), b.label.clone(), x, y]
            })
        });
        csv_text(&header, rows.chain(rules).chain(bands))
    }

    /// Color, dash and marker of a series.
    fn style(&self, i: usize) -> (Rgb, &'static [f64], Marker) {
        let s = &self.series[i];
        // Faint series do not use up a place.
        let order = self.series[..i].iter().filter(|s| s.look != Look::Faint).count();
        let k = s.color.unwrap_or(order);
        let color = if s.look == Look::Faint { [0xa8, 0xa8, 0xa8] } else { CURVES[k % CURVES.len()] };
        let dash = if s.look == Look::Steps { DASHES[0] } else { DASHES[k % DASHES.len()] };
        (color, dash, s.marker.unwrap_or(Marker::SERIES[k % 6]))
    }

    fn entries(&self) -> Vec<Entry> {
        let series = (0..self.series.len()).filter(|&i| !self.series[i].name.is_empty()).map(|i| {
            let (color, dash, marker) = self.style(i);
            let look = self.series[i].look;
            let marker = matches!(look, Look::Markers | Look::Both | Look::Faint).then_some(marker);
            let line = matches!(look, Look::Line | Look::Both | Look::Steps).then_some(dash);
            Entry { text: self.series[i].name.clone(), sign: Sign::Curve { color, line, marker } }
        });
        let rules = self.rules.iter().enumerate().map(|(i, r)| Entry {
            text: r.label.clone(),
            sign: Sign::Curve { color: GRAY, line: Some(rule_dash(i)), marker: None },
        });
        let bands = self
            .bands
            .iter()
            .enumerate()
            .map(|(i, b)| Entry { text: b.label.clone(), sign: Sign::Swatch { color: band_color(i) } });
        series.chain(rules).chain(bands).collect()
    }

    fn draw_bands(&self, c: &mut Canvas<'_>, f: &Frame, x: &Ruler, y: &Ruler) {
        for (i, b) in self.bands.iter().enumerate() {
            let ruler = if b.on_x { x } else { y };
            let [lo, hi] = ruler.span;
            // A logarithmic axis cannot show a range from zero; it starts at the frame.
            let ends = b.range.map(|v| ruler.at(v.max(ruler.lowest())).clamp(lo.min(hi), lo.max(hi)));
            if b.on_x {
                c.rect([ends[0], f.top], [ends[1], f.bottom], band_color(i), 1.0);
            } else {
                c.rect([f.left, ends[1]], [f.right, ends[0]], band_color(i), 1.0);
            }
        }
    }

    fn draw_rules(&self, c: &mut Canvas<'_>, f: &Frame, x: &Ruler, y: &Ruler) {
        for (i, r) in self.rules.iter().enumerate() {
            let ends = if r.on_x {
                [[x.at(r.value), f.top], [x.at(r.value), f.bottom]]
            } else {
                [[f.left, y.at(r.value)], [f.right, y.at(r.value)]]
            };
            c.line(&ends, Pen { color: GRAY, width: 0.3, dash: rule_dash(i) });
        }
    }

    fn draw_series(&self, c: &mut Canvas<'_>, f: &Frame, x: &Ruler, y: &Ruler) {
        for (i, s) in self.series.iter().enumerate() {
            let (color, dash, marker) = self.style(i);
            let mut at: Vec<[f64; 2]> = s.points.iter().map(|p| [x.at(p[0]), y.at(p[1])]).collect();
            if matches!(s.look, Look::Markers | Look::Both | Look::Faint) {
                for &p in at.iter().filter(|p| f.contains(p)) {
                    c.marker(p, marker, if s.look == Look::Faint { 0.6 } else { 0.9 }, color);
                }
            }
            if matches!(s.look, Look::Steps | Look::Filled) {
                at = at
                    .windows(2)
                    .flat_map(|w| [w[0], [w[1][0], w[0][1]]])
                    .chain(at.last().copied())
                    .collect();
            }
            if s.look == Look::Filled {
                let base = y.at(0.0).clamp(f.top, f.bottom);
                for w in at.windows(2).filter(|w| w[0][1] == w[1][1]) {
                    c.rect([w[0][0], w[0][1].max(f.top)], [w[1][0], base], mix(color, WHITE, 0.45), 1.0);
                }
            }
            if matches!(s.look, Look::Line | Look::Both | Look::Steps | Look::Filled) {
                for piece in f.clip(&at) {
                    c.line(&piece, Pen { color, width: 0.4, dash });
                }
            }
        }
    }

    /// Texts beside points, each at the one of eight places where it covers least.
    fn draw_labels(&self, c: &mut Canvas<'_>, f: &Frame, x: &Ruler, y: &Ruler) {
        let mut taken: Vec<[f64; 4]> = Vec::new();
        for s in self.series.iter().filter(|s| matches!(s.look, Look::Markers | Look::Both | Look::Faint)) {
            for p in &s.points {
                let (px, py) = (x.at(p[0]), y.at(p[1]));
                taken.push([px - 1.1, py - 1.1, px + 1.1, py + 1.1]);
            }
        }
        for s in self.series.iter().filter(|s| matches!(s.look, Look::Line | Look::Both)) {
            for w in s.points.windows(2) {
                let [a, b] = [w[0], w[1]].map(|p| [x.at(p[0]), y.at(p[1])]);
                let n = ((b[0] - a[0]).hypot(b[1] - a[1]) / 0.8).clamp(1.0, 200.0) as usize;
                for k in 0..=n {
                    let t = k as f64 / n as f64;
                    let q = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
                    taken.push([q[0] - 0.4, q[1] - 0.4, q[0] + 0.4, q[1] + 0.4]);
                }
            }
        }
        for (i, s) in self.series.iter().enumerate() {
            let color = self.style(i).0;
            for (p, text) in s.points.iter().zip(&s.labels).filter(|(_, t)| !t.is_empty()) {
                let p = [x.at(p[0]), y.at(p[1])];
                let (w, h) = (width_mm(text, FONT_SIZE, Weight::Regular), 2.9);
                let places = [
                    [1.6, -0.5 * h],
                    [-1.6 - w, -0.5 * h],
                    [-0.5 * w, -1.5 - h],
                    [-0.5 * w, 1.5],
                    [1.2, -1.2 - h],
                    [-1.2 - w, -1.2 - h],
                    [1.2, 1.2],
                    [-1.2 - w, 1.2],
                ];
                let boxes = places.map(|d| [p[0] + d[0], p[1] + d[1], p[0] + d[0] + w, p[1] + d[1] + h]);
                let cost = |b: &[f64; 4]| -> f64 {
                    let inside = f.left < b[0] && b[2] < f.right && f.top < b[1] && b[3] < f.bottom;
                    taken.iter().map(|t| overlap(b, t)).sum::<f64>() + if inside { 0.0 } else { 1e3 }
                };
                let best = boxes
                    .iter()
                    .min_by(|a, b| cost(a).total_cmp(&cost(b)))
                    .copied()
                    .expect("there are eight places");
                taken.push(best);
                let ink = (color, Weight::Regular);
                c.text([best[0], best[3] - 0.7], text, FONT_SIZE, Anchor::Start, ink);
            }
        }
    }
}

fn rule_dash(i: usize) -> &'static [f64] {
    [&[1.2, 0.8] as &[f64], &[0.4, 0.6], &[2.4, 0.6, 0.4, 0.6]][i % 3]
}

pub(super) fn band_color(i: usize) -> Rgb {
    [[0xe3, 0xee, 0xe6], [0xf3, 0xea, 0xd6], [0xe6, 0xe4, 0xf0]][i % 3]
}

fn overlap(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    let w = a[2].min(b[2]) - a[0].max(b[0]);
    let h = a[3].min(b[3]) - a[1].max(b[1]);
    w.max(0.0) * h.max(0.0)
}

/// Area of the curves, mm.
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Frame {
    fn contains(&self, p: &[f64; 2]) -> bool {
        // A marker on the frame itself is still shown.
        let e = 1e-6;
        self.left - e <= p[0] && p[0] <= self.right + e && self.top - e <= p[1] && p[1] <= self.bottom + e
    }

    /// The pieces of a polyline inside the frame; Liang & Barsky (1984), ACM Trans. Graph. 3:1–22.
    fn clip(&self, line: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
        let mut pieces: Vec<Vec<[f64; 2]>> = Vec::new();
        for w in line.windows(2) {
            let (a, b) = (w[0], w[1]);
            let d = [b[0] - a[0], b[1] - a[1]];
            let (mut t0, mut t1) = (0.0_f64, 1.0_f64);
            let sides = [
                (-d[0], a[0] - self.left),
                (d[0], self.right - a[0]),
                (-d[1], a[1] - self.top),
                (d[1], self.bottom - a[1]),
            ];
            for (p, q) in sides {
                if p < 0.0 {
                    t0 = t0.max(q / p);
                } else if 0.0 < p {
                    t1 = t1.min(q / p);
                } else if q < 0.0 {
                    t1 = -1.0;
                }
            }
            if t1 < t0 {
                continue;
            }
            let at = |t: f64| [a[0] + t * d[0], a[1] + t * d[1]];
            let (start, end) = (at(t0), at(t1));
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&start) => piece.push(end),
                _ => pieces.push(vec![start, end]),
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curve_that_leaves_and_returns_is_cut_in_two_at_the_frame() {
        let f = Frame { left: 0.0, right: 10.0, top: 0.0, bottom: 10.0 };
        let pieces = f.clip(&[[1.0, 5.0], [3.0, -5.0], [5.0, 5.0]]);
        assert_eq!(pieces, vec![vec![[1.0, 5.0], [2.0, 0.0]], vec![[4.0, 0.0], [5.0, 5.0]]]);
    }

    #[test]
    fn csv_holds_every_point_and_reference() {
        let plot = Plot::new("p", "P", Axis::new("strain", "%"), Axis::new("stress", "MPa"))
            .series(Series::new("a", Look::Line, vec![[0.0, 0.0], [1.0, 110.0]]))
            .rule("yield", 60.0, false);
        let figure = plot.draw().expect("drawable");
        let expected = "series,label,strain [%],stress [MPa]\na,,0,0\na,,1,110\nreference line,yield,,60\n";
        assert_eq!(figure.csv, expected);
    }

    #[test]
    fn labels_of_close_points_do_not_cover_each_other() {
        assert_eq!(overlap(&[0.0, 0.0, 2.0, 2.0], &[1.0, 1.0, 3.0, 3.0]), 1.0);
        assert_eq!(overlap(&[0.0, 0.0, 2.0, 2.0], &[2.0, 0.0, 3.0, 3.0]), 0.0);
    }
}
