//! One result over several inputs, a small plot each, with one upright axis for all.

use super::axis::{Axis, Ruler};
use super::canvas::{Anchor, Marker, Pen, draw_svg, width_mm};
use super::{FONT_SIZE, Figure, FigureError, Width};
use crate::ensemble::{Ensemble, Variable};
use crate::font::Weight;
use crate::palette::{CURVES, GRAY, INK};
use crate::table::{NO_UNIT, csv_text};

/// Panels side by side.
const ACROSS: usize = 3;
/// Height of a panel, mm.
const HEIGHT: f64 = 38.0;

/// Runs as points over each of the `inputs`, with the mean of the result along the input.
///
/// # Errors
/// [`FigureError`] when there is nothing to draw.
pub fn responses(
    id: &str,
    caption: &str,
    e: &Ensemble,
    result: &Variable,
    inputs: &[&Variable],
) -> Result<Figure, FigureError> {
    let width = Width::Double.mm();
    let y_axis = Axis::new(&result.label, &result.unit);
    let finite = || result.values.iter().copied().filter(|v| v.is_finite());
    let mut y = Ruler::new(
        &y_axis,
        finite().chain(result.limit.iter().map(|l| l.0).filter(|l| near(*l, result))),
        HEIGHT / 9.0,
    )?;
    let gap = 4.5;
    let left = 7.8 + y.label_width();
    let panel = (width - left - 3.5 - gap * (ACROSS - 1) as f64) / ACROSS as f64;
    let rows = inputs.len().div_ceil(ACROSS);
    // Words under a panel stand in up to three rows.
    let word_rows = inputs.iter().map(|i| i.words.len().min(3)).max().unwrap_or(0);
    let foot = 12.5 + 3.4 * word_rows.saturating_sub(1) as f64;
    let mut x_rulers = Vec::new();
    for input in inputs {
        let mut axis = Axis::new(&input.label, &input.unit);
        if !input.words.is_empty() {
            axis = Axis::new(&input.label, NO_UNIT).range(-0.5, input.words.len() as f64 - 0.5);
        }
        x_rulers.push(Ruler::new(
            &axis,
            input.values.iter().copied().filter(|v| v.is_finite()),
            panel / 13.0,
        )?);
    }
    let height = 3.0 + rows as f64 * (HEIGHT + foot);
    let svg = draw_svg(width, height, |c| {
        // One title for all rows.
        y.span = [height - foot, 3.0];
        y.title_left(c, left - 1.6 - y.label_width());
        for (i, (input, x)) in inputs.iter().zip(&mut x_rulers).enumerate() {
            let start = left + (i % ACROSS) as f64 * (panel + gap);
            let top = 3.0 + (i / ACROSS) as f64 * (HEIGHT + foot);
            let bottom = top + HEIGHT;
            x.span = [start, start + panel];
            y.span = [bottom, top];
            if input.words.is_empty() {
                x.draw_below(c, top, bottom);
            } else {
                for (k, word) in input.words.iter().enumerate() {
                    // In rows and within the panel, so that neighbors do not meet.
                    let half = 0.5 * width_mm(word, FONT_SIZE, Weight::Regular);
                    let middle = x.at(k as f64).min(start + panel - half).max(start + half);
                    let at = [middle, bottom + 4.2 + 3.4 * (k % 3) as f64];
                    c.text(at, word, FONT_SIZE, Anchor::Middle, (INK, Weight::Regular));
                    c.line(&[[x.at(k as f64), bottom], [x.at(k as f64), bottom + 1.0]], Pen::solid(INK, 0.2));
                }
                let title = [start + 0.5 * panel, bottom + 8.6 + 3.4 * (input.words.len().min(3) - 1) as f64];
                c.text(title, &input.label, FONT_SIZE, Anchor::Middle, (INK, Weight::Regular));
            }
            if i % ACROSS == 0 {
                for (v, text) in &y.ticks {
                    c.line(
                        &[[start, y.at(*v)], [start + panel, y.at(*v)]],
                        Pen::solid(crate::palette::HAIR, 0.1),
                    );
                    c.line(&[[start - 1.0, y.at(*v)], [start, y.at(*v)]], Pen::solid(INK, 0.2));
                    let ink = (INK, Weight::Regular);
                    c.text([start - 1.6, y.at(*v) + 1.0], text, FONT_SIZE, Anchor::End, ink);
                }
            } else {
                for (v, _) in &y.ticks {
                    c.line(
                        &[[start, y.at(*v)], [start + panel, y.at(*v)]],
                        Pen::solid(crate::palette::HAIR, 0.1),
                    );
                }
            }
            if let Some((limit, _)) = result.limit.filter(|l| near(l.0, result)) {
                let at = y.at(limit);
                c.line(
                    &[[start, at], [start + panel, at]],
                    Pen { color: GRAY, width: 0.3, dash: &[1.2, 0.8] },
                );
            }
            for (u, v) in pairs(input, result) {
                c.marker([x.at(u), y.at(v)], Marker::Disc, 0.45, [0xa0, 0xa0, 0xa0]);
            }
            let mean: Vec<[f64; 2]> = means(input, result).iter().map(|p| [x.at(p[0]), y.at(p[1])]).collect();
            c.line(&mean, Pen::solid(CURVES[0], 0.5));
            mean.iter().for_each(|p| c.marker(*p, Marker::Disc, 0.8, CURVES[0]));
            c.line(
                &[[start, top], [start, bottom], [start + panel, bottom], [start + panel, top], [start, top]],
                Pen::solid(INK, 0.2),
            );
        }
    });
    let header = ["input", "run", "value of the input", &result.heading()].map(str::to_string);
    let points = inputs.iter().flat_map(|input| {
        (0..e.runs.len()).filter(|k| result.values[*k].is_finite()).map(move |k| {
            let value = input.words.get(input.values[k] as usize).cloned();
            let value = value.unwrap_or_else(|| input.values[k].to_string());
            vec![input.heading(), e.runs[k].index.to_string(), value, result.values[k].to_string()]
        })
    });
    let mean_rows = inputs.iter().flat_map(|input| {
        let row = |p: [f64; 2]| vec![input.heading(), "mean".to_string(), p[0].to_string(), p[1].to_string()];
        means(input, result).into_iter().map(row)
    });
    Ok(Figure {
        id: id.into(),
        caption: caption.into(),
        svg,
        csv: csv_text(&header, points.chain(mean_rows)),
    })
}

/// Whether a limit lies within the values or their width beside them: farther away it would squeeze them.
fn near(limit: f64, result: &Variable) -> bool {
    result.range().is_some_and(|[a, b]| a - (b - a) <= limit && limit <= b + (b - a))
}

fn pairs(input: &Variable, result: &Variable) -> Vec<(f64, f64)> {
    let both = input.values.iter().copied().zip(result.values.iter().copied());
    both.filter(|(u, v)| u.is_finite() && v.is_finite()).collect()
}

/// Mean result at each value of the input, or of about ten equal shares of the runs where it takes many values.
fn means(input: &Variable, result: &Variable) -> Vec<[f64; 2]> {
    let mut sorted = pairs(input, result);
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut values: Vec<f64> = sorted.iter().map(|p| p.0).collect();
    values.dedup();
    let groups: Vec<&[(f64, f64)]> = if values.len() <= 12 {
        sorted.chunk_by(|a, b| a.0 == b.0).collect()
    } else {
        sorted.chunks(sorted.len().div_ceil(if sorted.len() < 80 { 6 } else { 10 })).collect()
    };
    let mean =
        |g: &[(f64, f64)], f: &dyn Fn(&(f64, f64)) -> f64| g.iter().map(f).sum::<f64>() / g.len() as f64;
    groups.into_iter().map(|g| [mean(g, &|p| p.0), mean(g, &|p| p.1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_of_listed_values_are_taken_at_each_and_of_drawn_ones_in_shares() {
        let x = Variable::numbers("x", "x", "mm", vec![1.0, 1.0, 2.0, f64::NAN]);
        let y = Variable::numbers("y", "y", "N", vec![3.0, 5.0, 7.0, 9.0]);
        assert_eq!(means(&x, &y), vec![[1.0, 4.0], [2.0, 7.0]]);
        let many: Vec<f64> = (0..100).map(f64::from).collect();
        let x = Variable::numbers("x", "x", "mm", many.clone());
        let found = means(&x, &Variable::numbers("y", "y", "N", many));
        assert_eq!((found.len(), found[0]), (10, [4.5, 4.5]));
    }
}
