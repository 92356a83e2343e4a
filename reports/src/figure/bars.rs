//! Bar charts: groups of bars over named categories.

use super::axis::{Axis, Ruler, Scale};
use super::canvas::{Anchor, Pen, draw_svg, width_mm};
use super::legend::{Entry, Legend, Sign};
use super::plot::{Band, Frame, Rule, band_color};
use super::{FONT_SIZE, Figure, FigureError, Width};
use crate::font::Weight;
use crate::palette::{CURVES, GRAY, INK, Rgb, mix};
use crate::table::csv_text;

/// Values of one group, one per category.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name in the legend.
    pub name: String,
    /// Values in the unit of the axis.
    pub values: Vec<f64>,
}

/// Bars over categories, lying when the names of the categories are too long to stand beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// Name of the figure.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// Width on the page.
    pub width: Width,
    /// Axis of the values; a linear one starts at zero.
    pub axis: Axis,
    /// Names of the categories.
    pub categories: Vec<String>,
    /// Groups of bars.
    pub groups: Vec<Group>,
    /// Reference lines.
    pub rules: Vec<Rule>,
    /// Shaded ranges of values.
    pub bands: Vec<Band>,
}

impl BarChart {
    /// Chart without bars, one column wide.
    pub fn new(id: &str, caption: &str, axis: Axis, categories: Vec<String>) -> Self {
        Self {
            id: id.to_string(),
            caption: caption.to_string(),
            width: Width::Single,
            axis,
            categories,
            groups: Vec::new(),
            rules: Vec::new(),
            bands: Vec::new(),
        }
    }

    /// The same, two columns wide.
    pub fn wide(mut self) -> Self {
        self.width = Width::Double;
        self
    }

    /// The same with a group more.
    pub fn group(mut self, name: &str, values: Vec<f64>) -> Self {
        self.groups.push(Group { name: name.to_string(), values });
        self
    }

    /// The same with a reference line more.
    pub fn rule(mut self, label: &str, value: f64) -> Self {
        self.rules.push(Rule { label: label.to_string(), value, on_x: false });
        self
    }

    /// The same with a shaded range more.
    pub fn band(mut self, label: &str, range: [f64; 2]) -> Self {
        self.bands.push(Band { label: label.to_string(), range, on_x: false });
        self
    }

    /// The figure.
    ///
    /// # Errors
    /// [`FigureError`] when a number cannot be drawn, the axis has no unit, or a group has not one value per
    /// category.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        for g in &self.groups {
            if g.values.len() != self.categories.len() {
                return Err(FigureError::GroupLength {
                    group: g.name.clone(),
                    found: g.values.len(),
                    expected: self.categories.len(),
                });
            }
        }
        let width = self.width.mm();
        let slot = (width - 16.0) / self.categories.len().max(1) as f64;
        let widest = |texts: &mut dyn Iterator<Item = &str>| {
            texts.map(|t| width_mm(t, FONT_SIZE, Weight::Regular)).fold(0.0, f64::max)
        };
        let widest_word = widest(&mut self.categories.iter().flat_map(|c| c.split(' ')));
        let lying = slot - 2.0 < widest_word;
        let axis = match self.axis.scale {
            Scale::Linear => self.axis.clone().from_zero(),
            Scale::Log => self.axis.clone(),
        };
        let values = self
            .groups
            .iter()
            .flat_map(|g| g.values.iter().copied())
            .chain(self.rules.iter().map(|r| r.value));
        let legend = Legend::new(self.entries(), width - 4.0);
        let top = 2.5 + legend.height();
        let (left, bottom, foot, lines);
        let mut ruler;
        if lying {
            let row = 3.4 * self.groups.len().max(1) as f64 + 2.4;
            bottom = top + row * self.categories.len() as f64;
            lines = wrap_all(&self.categories, 0.38 * width);
            left = 3.0 + widest(&mut lines.iter().flatten().map(String::as_str)) + 2.0;
            foot = 10.5;
            ruler = Ruler::new(&axis, values, (width - left) / 15.0)?;
            ruler.span = [left, width - 5.0];
        } else {
            let height = if self.width == Width::Single { 48.0 } else { 60.0 };
            bottom = top + height;
            lines = wrap_all(&self.categories, slot - 2.0);
            ruler = Ruler::new(&axis, values, height / 9.0)?;
            left = 7.8 + ruler.label_width();
            foot = 2.5 + 3.4 * lines.iter().map(Vec::len).max().unwrap_or(1) as f64;
            ruler.span = [bottom, top];
        }
        let right = if lying { width - 5.0 } else { width - 2.5 };
        let frame = Frame { left, right, top, bottom };
        let svg = draw_svg(width, bottom + foot, |c| {
            legend.draw(c, [2.0, 1.5]);
            let span = ruler.span;
            let clamp =
                |v: f64| ruler.at(v.max(ruler.lowest())).clamp(span[0].min(span[1]), span[0].max(span[1]));
            for (i, b) in self.bands.iter().enumerate() {
                let [lo, hi] = b.range.map(clamp);
                let (p, q) = across(lying, &frame, lo, hi);
                c.rect(p, q, band_color(i), 1.0);
            }
            if lying {
                ruler.draw_below(c, top, bottom);
            } else {
                ruler.draw_left(c, left, right);
            }
            let zero = if axis.scale == Scale::Log { ruler.lowest() } else { 0.0 };
            let base = clamp(zero);
            let n = self.categories.len() as f64;
            let room = if lying { bottom - top } else { right - left } / n;
            let start = if lying { top } else { left };
            // A lone bar in a wide slot would look like a block.
            let bar = (0.78 * room / self.groups.len().max(1) as f64).min(12.0);
            for (k, texts) in lines.iter().enumerate() {
                let middle = start + (k as f64 + 0.5) * room;
                for (g, group) in self.groups.iter().enumerate() {
                    let at = middle + (g as f64 - 0.5 * self.groups.len() as f64) * bar;
                    let end = clamp(group.values[k]);
                    let (lo, hi) = (at + 0.06 * bar, at + 0.94 * bar);
                    let (p, q) = if lying { ([base, lo], [end, hi]) } else { ([lo, end], [hi, base]) };
                    c.rect(p, q, bar_color(g), 1.0);
                }
                for (i, text) in texts.iter().enumerate() {
                    let ink = (INK, Weight::Regular);
                    if lying {
                        let y = middle + 1.0 + (i as f64 - 0.5 * (texts.len() as f64 - 1.0)) * 3.4;
                        c.text([left - 1.6, y], text, FONT_SIZE, Anchor::End, ink);
                    } else {
                        c.text([middle, bottom + 4.0 + 3.4 * i as f64], text, FONT_SIZE, Anchor::Middle, ink);
                    }
                }
            }
            for r in &self.rules {
                let (p, q) = across(lying, &frame, ruler.at(r.value), ruler.at(r.value));
                c.line(&[p, q], Pen { color: GRAY, width: 0.35, dash: &[1.2, 0.8] });
            }
            let (p, q) = across(lying, &frame, base, base);
            c.line(&[p, q], Pen::solid(INK, 0.2));
            c.line(
                &[[left, top], [left, bottom], [right, bottom], [right, top], [left, top]],
                Pen::solid(INK, 0.2),
            );
        });
        Ok(Figure { id: self.id.clone(), caption: self.caption.clone(), svg, csv: self.csv() })
    }

    fn entries(&self) -> Vec<Entry> {
        let groups = self
            .groups
            .iter()
            .enumerate()
            .filter(|(_, g)| !g.name.is_empty())
            .map(|(i, g)| Entry { text: g.name.clone(), sign: Sign::Swatch { color: bar_color(i) } });
        let rules = self.rules.iter().map(|r| Entry {
            text: r.label.clone(),
            sign: Sign::Curve { color: GRAY, line: Some(&[1.2, 0.8]), marker: None },
        });
        let bands = self
            .bands
            .iter()
            .enumerate()
            .map(|(i, b)| Entry { text: b.label.clone(), sign: Sign::Swatch { color: band_color(i) } });
        groups.chain(rules).chain(bands).collect()
    }

    fn csv(&self) -> String {
        let header = ["category".to_string(), "group".to_string(), self.axis.heading()];
        let rows = self.groups.iter().flat_map(|g| {
            self.categories.iter().zip(&g.values).map(|(c, v)| vec![c.clone(), g.name.clone(), v.to_string()])
        });
        let rules = self
            .rules
            .iter()
            .map(|r| vec!["reference line".to_string(), r.label.clone(), r.value.to_string()]);
        let bands = self
            .bands
            .iter()
            .flat_map(|b| b.range.map(|v| vec!["range".to_string(), b.label.clone(), v.to_string()]));
        csv_text(&header, rows.chain(rules).chain(bands))
    }
}

/// Corners of the strip of the frame between two positions along the axis of values.
fn across(lying: bool, f: &Frame, lo: f64, hi: f64) -> ([f64; 2], [f64; 2]) {
    if lying { ([lo, f.top], [hi, f.bottom]) } else { ([f.left, hi], [f.right, lo]) }
}

/// Colors of groups: neighbors differ in lightness as well, for gray print.
fn bar_color(i: usize) -> Rgb {
    mix(CURVES[i % CURVES.len()], [0xff; 3], [0.0, 0.35][i % 2])
}

fn wrap_all(texts: &[String], width: f64) -> Vec<Vec<String>> {
    texts.iter().map(|t| wrap(t, width)).collect()
}

/// Lines of at most `width` mm, broken at spaces only.
fn wrap(text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width_mm(&format!("{line} {word}"), FONT_SIZE, Weight::Regular) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_of_the_wrong_length_is_refused() {
        let chart =
            BarChart::new("b", "B", Axis::new("ratio", "1"), vec!["C3".to_string(), "C4".to_string()])
                .group("a", vec![1.0]);
        let error = chart.draw().expect_err("one value is missing");
        assert!(matches!(error, FigureError::GroupLength { found: 1, expected: 2, .. }));
    }

    #[test]
    fn names_are_broken_at_spaces_only() {
        assert_eq!(wrap("left lateral mass", 11.0), ["left", "lateral", "mass"]);
        assert_eq!(wrap("left lateral mass", 100.0), ["left lateral mass"]);
    }
}
