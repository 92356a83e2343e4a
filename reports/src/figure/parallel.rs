//! Parallel coordinates: every run a line across one upright axis per input and result.

use super::canvas::{Anchor, Marker, Pen, draw_svg, width_mm};
use super::{FONT_SIZE, Figure, FigureError, Width};
use crate::ensemble::{Ensemble, Variable};
use crate::font::Weight;
use crate::palette::{ColorMap, GRAY, INK, WHITE};
use crate::table::{csv_text, significant};

/// Most axes that stay readable.
pub const MOST_AXES: usize = 13;

/// Height of the axes, mm.
const HEIGHT: f64 = 60.0;

/// The runs over their inputs and the `results`, colored by the first of the results; a run without results ends in a cross
/// behind the inputs.
///
/// # Errors
/// [`FigureError`] when there is nothing to draw.
pub fn parallel(id: &str, caption: &str, e: &Ensemble, results: &[&Variable]) -> Result<Figure, FigureError> {
    let inputs = e.varied();
    let n_inputs = inputs.len();
    let axes: Vec<&Variable> = inputs.into_iter().chain(results.iter().copied()).take(MOST_AXES).collect();
    let colored = results.first().copied().or(axes.first().copied());
    let nothing = || FigureError::Empty { axis: id.to_string() };
    let colored = colored.ok_or_else(nothing)?;
    let ranges: Vec<[f64; 2]> = axes.iter().map(|a| widened(a)).collect::<Option<_>>().ok_or_else(nothing)?;
    let of_color = widened(colored).ok_or_else(nothing)?;
    let titles: Vec<Vec<String>> = axes.iter().map(|a| in_two_lines(&a.heading())).collect();
    let longest =
        titles.iter().flatten().map(|t| width_mm(t, FONT_SIZE, Weight::Regular)).fold(0.0, f64::max);
    let width = Width::Double.mm();
    let top = longest + 8.0;
    let bottom = top + HEIGHT;
    let bar = bottom + 9.5;
    let (left, right) = (11.0, width - 11.0);
    let stride = (right - left) / (axes.len() - 1).max(1) as f64;
    let x = |k: usize| left + stride * k as f64;
    let y = |k: usize, v: f64| bottom - (v - ranges[k][0]) / (ranges[k][1] - ranges[k][0]) * HEIGHT;
    let tone = |v: f64| (v - of_color[0]) / (of_color[1] - of_color[0]);
    let ink = (INK, Weight::Regular);
    let svg = draw_svg(width, bar + 9.0, |c| {
        let mut order: Vec<usize> = (0..e.runs.len()).collect();
        // Failed runs above all, the others by color, so that the picture does not depend on their order.
        order.sort_by(|a, b| {
            let key = |k: &usize| (e.runs[*k].computed, colored.values[*k]);
            let ((fa, va), (fb, vb)) = (key(a), key(b));
            fb.cmp(&fa).then(va.total_cmp(&vb))
        });
        for k in order {
            let points: Vec<[f64; 2]> = axes
                .iter()
                .enumerate()
                .map(|(a, v)| (a, v.values[k]))
                .take_while(|(_, v)| v.is_finite())
                .map(|(a, v)| [x(a), y(a, v)])
                .collect();
            if e.runs[k].computed {
                let color = ColorMap::Cividis.color(tone(colored.values[k]) * 0.92);
                c.line(&points, Pen::solid(color, 0.2));
            } else {
                c.line(&points, Pen { color: [0xb0, 0x20, 0x20], width: 0.3, dash: &[1.2, 0.8] });
                if let Some(end) = points.last() {
                    c.marker(*end, Marker::Cross, 1.0, [0xb0, 0x20, 0x20]);
                }
            }
        }
        for (a, axis) in axes.iter().enumerate() {
            let at = x(a);
            let pen =
                Pen::solid(if a < n_inputs { GRAY } else { INK }, if a < n_inputs { 0.25 } else { 0.4 });
            c.line(&[[at, top], [at, bottom]], pen);
            let lines = &titles[a];
            for (i, line) in lines.iter().enumerate() {
                let shift = 3.3 * (i as f64 - 0.5 * (lines.len() as f64 - 1.0)) + 1.0;
                c.text_upward([at + shift, top - 5.2], line, FONT_SIZE, Anchor::Start, INK);
            }
            if axis.words.is_empty() {
                let [low, high] = ranges[a];
                c.text([at, top - 1.3], &significant(high, 3), FONT_SIZE, Anchor::Middle, ink);
                c.text([at, bottom + 3.8], &significant(low, 3), FONT_SIZE, Anchor::Middle, ink);
            } else {
                for (k, word) in axis.words.iter().enumerate() {
                    c.line(&[[at - 0.7, y(a, k as f64)], [at + 0.7, y(a, k as f64)]], Pen::solid(INK, 0.3));
                    let (anchor, dx) =
                        if a + 1 == axes.len() { (Anchor::End, -1.2) } else { (Anchor::Start, 1.2) };
                    // The lines behind a word are lightened, so that it can be read.
                    let w = width_mm(word, FONT_SIZE, Weight::Regular);
                    let start = if anchor == Anchor::End { at + dx - w } else { at + dx };
                    let base = y(a, k as f64) - 0.6;
                    c.rect([start - 0.3, base - 2.6], [start + w + 0.3, base + 0.7], WHITE, 0.8);
                    c.text([at + dx, base], word, FONT_SIZE, anchor, ink);
                }
            }
            if let Some((limit, _)) = axis.limit
                && ranges[a][0] <= limit
                && limit <= ranges[a][1]
            {
                let at_y = y(a, limit);
                c.fill(&[[at, at_y], [at + 2.2, at_y - 1.1], [at + 2.2, at_y + 1.1]], INK, 1.0);
            }
        }
        let (from, to) = (left + 50.0, right - 50.0);
        for i in 0..100 {
            let t = f64::from(i) / 100.0;
            let a = from + t * (to - from);
            c.rect(
                [a, bar - 1.6],
                [a + (to - from) / 100.0 + 0.05, bar + 0.6],
                ColorMap::Cividis.color(t * 0.92),
                1.0,
            );
        }
        c.text([from - 1.6, bar + 0.5], &significant(of_color[0], 3), FONT_SIZE, Anchor::End, ink);
        c.text([to + 1.6, bar + 0.5], &significant(of_color[1], 3), FONT_SIZE, Anchor::Start, ink);
        c.text([0.5 * (from + to), bar + 5.0], &colored.heading(), FONT_SIZE, Anchor::Middle, ink);
    });
    let header: Vec<String> =
        ["run".to_string(), "end".to_string()].into_iter().chain(axes.iter().map(|a| a.heading())).collect();
    let rows = e.runs.iter().enumerate().map(|(k, run)| {
        let value = |a: &&Variable| {
            let v = a.values[k];
            a.words
                .get(v as usize)
                .cloned()
                .unwrap_or_else(|| if v.is_finite() { v.to_string() } else { String::new() })
        };
        [run.index.to_string(), run.status.clone()].into_iter().chain(axes.iter().map(value)).collect()
    });
    Ok(Figure { id: id.into(), caption: caption.into(), svg, csv: csv_text(&header, rows) })
}

/// Range of a variable, with room on both sides of words and of a single value.
fn widened(v: &Variable) -> Option<[f64; 2]> {
    let [low, high] = v.range()?;
    if !v.words.is_empty() {
        return Some([-0.3, v.words.len() as f64 - 0.7]);
    }
    if low < high {
        Some([low, high])
    } else {
        Some([low - 0.5 * low.abs().max(1e-9), high + 0.5 * high.abs().max(1e-9)])
    }
}

/// A heading of more than 26 letters cut at the space nearest to its middle.
fn in_two_lines(text: &str) -> Vec<String> {
    let middle = text.len() / 2;
    let cut = text.char_indices().filter(|(_, c)| *c == ' ').min_by_key(|(i, _)| i.abs_diff(middle));
    match cut {
        Some((i, _)) if 26 < text.chars().count() => vec![text[..i].to_string(), text[i + 1..].to_string()],
        _ => vec![text.to_string()],
    }
}
