//! Lying bars between two values, with intervals: tornado plots and shares of variance.

use super::axis::{Axis, Ruler};
use super::canvas::{Anchor, Pen, draw_svg, width_mm};
use super::legend::{Entry, Legend, Sign};
use super::{FONT_SIZE, Figure, FigureError, Width};
use crate::font::Weight;
use crate::palette::{CURVES, GRAY, INK, WHITE, mix};
use crate::table::csv_text;

/// Bar of one category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Where it starts.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Interval of its end.
    pub interval: Option<[f64; 2]>,
}

/// Lying bars over categories, in groups beside each other or all on one line.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeChart {
    /// Name of the figure.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// Axis of the values.
    pub axis: Axis,
    /// Names of the categories, from the top.
    pub categories: Vec<String>,
    /// Groups with one bar per category.
    pub groups: Vec<(String, Vec<Range>)>,
    /// Lines across, with their names.
    pub rules: Vec<(String, f64)>,
    /// Whether the groups share a line: bars to both sides of one value.
    pub one_line: bool,
}

impl RangeChart {
    /// The figure, one column wide, or two where names are long.
    ///
    /// # Errors
    /// [`FigureError`] when a number cannot be drawn, or a group has not one bar per category.
    pub fn draw(&self) -> Result<Figure, FigureError> {
        for (name, bars) in &self.groups {
            if bars.len() != self.categories.len() {
                let (found, expected) = (bars.len(), self.categories.len());
                return Err(FigureError::GroupLength { group: name.clone(), found, expected });
            }
        }
        let names =
            self.categories.iter().map(|c| width_mm(c, FONT_SIZE, Weight::Regular)).fold(0.0, f64::max);
        let width = if names < 34.0 { Width::Single.mm() } else { Width::Double.mm() };
        let bars = || self.groups.iter().flat_map(|(_, b)| b);
        let values = bars()
            .flat_map(|b| [b.from, b.to].into_iter().chain(b.interval.into_iter().flatten()))
            .chain(self.rules.iter().map(|r| r.1));
        let legend = Legend::new(self.entries(), width - 4.0);
        let top = 2.5 + legend.height();
        let lines = if self.one_line { 1 } else { self.groups.len().max(1) };
        let row = 3.4 * lines as f64 + 2.2;
        let bottom = top + row * self.categories.len() as f64;
        let left = 4.0 + names;
        let mut ruler = Ruler::new(&self.axis, values, (width - left) / 15.0)?;
        ruler.span = [left, width - 5.0];
        let right = width - 5.0;
        let svg = draw_svg(width, bottom + 10.5, |c| {
            legend.draw(c, [2.0, 1.5]);
            ruler.draw_below(c, top, bottom);
            for (k, name) in self.categories.iter().enumerate() {
                let middle = top + (k as f64 + 0.5) * row;
                for (g, (_, bars)) in self.groups.iter().enumerate() {
                    let line = if self.one_line { 0.0 } else { g as f64 - 0.5 * (lines as f64 - 1.0) };
                    let at = middle + 3.4 * line;
                    let bar = &bars[k];
                    let [a, b] = [ruler.at(bar.from), ruler.at(bar.to)];
                    c.rect([a.min(b), at - 1.45], [a.max(b), at + 1.45], color(g), 1.0);
                    if let Some(interval) = bar.interval {
                        let [low, high] = interval.map(|v| ruler.at(v));
                        let pen = Pen::solid(INK, 0.25);
                        c.line(&[[low, at], [high, at]], pen);
                        for end in [low, high] {
                            c.line(&[[end, at - 0.8], [end, at + 0.8]], pen);
                        }
                    }
                }
                c.text([left - 1.6, middle + 1.0], name, FONT_SIZE, Anchor::End, (INK, Weight::Regular));
            }
            for (i, (_, value)) in self.rules.iter().enumerate() {
                let x = ruler.at(*value);
                c.line(&[[x, top], [x, bottom]], Pen { color: GRAY, width: 0.35, dash: dash(i) });
            }
            c.line(
                &[[left, top], [left, bottom], [right, bottom], [right, top], [left, top]],
                Pen::solid(INK, 0.2),
            );
        });
        Ok(Figure { id: self.id.clone(), caption: self.caption.clone(), svg, csv: self.csv() })
    }

    fn entries(&self) -> Vec<Entry> {
        let groups = self.groups.iter().enumerate().filter(|(_, g)| !g.0.is_empty());
        let groups = groups.map(|(i, g)| Entry { text: g.0.clone(), sign: Sign::Swatch { color: color(i) } });
        let rules = self.rules.iter().enumerate().map(|(i, r)| Entry {
            text: r.0.clone(),
            sign: Sign::Curve { color: GRAY, line: Some(dash(i)), marker: None },
        });
        groups.chain(rules).collect()
    }

    fn csv(&self) -> String {
        let heading = self.axis.heading();
        let header =
            ["category".to_string(), "group".to_string(), format!("from {heading}"), format!("to {heading}")];
        let header: Vec<String> =
            header.into_iter().chain(["low", "high"].map(|n| format!("{n} {heading}"))).collect();
        let rows = self.groups.iter().flat_map(|(name, bars)| {
            self.categories.iter().zip(bars).map(move |(c, b)| {
                let ends = b.interval.map_or([String::new(), String::new()], |i| i.map(|v| v.to_string()));
                let [low, high] = ends;
                vec![c.clone(), name.clone(), b.from.to_string(), b.to.to_string(), low, high]
            })
        });
        let rules = self.rules.iter().map(|(name, v)| {
            vec![
                "reference line".into(),
                name.clone(),
                v.to_string(),
                v.to_string(),
                String::new(),
                String::new(),
            ]
        });
        csv_text(&header, rows.chain(rules))
    }
}

fn color(group: usize) -> crate::palette::Rgb {
    mix(CURVES[group % CURVES.len()], WHITE, 0.3)
}

fn dash(i: usize) -> &'static [f64] {
    [&[1.2, 0.8] as &[f64], &[0.4, 0.6]][i % 2]
}
