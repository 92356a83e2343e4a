//! Plots of many runs that need no drawing of their own: front, cumulative shares, tornado.

use super::axis::Axis;
use super::canvas::Marker;
use super::plot::{Look, Plot, Series};
use super::ranges::{Range, RangeChart};
use super::{Figure, FigureError};
use crate::ensemble::{Ensemble, Variable, front};
use crate::table::significant;

/// Whether a quantity is wanted small or large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Small.
    Least,
    /// Large.
    Most,
}

impl Direction {
    /// That of a result: of its limit, or small where it has none.
    pub fn of(v: &Variable) -> Self {
        if v.small_is_good() == Some(false) { Self::Most } else { Self::Least }
    }

    fn signed(self, v: f64) -> f64 {
        if self == Self::Least { v } else { -v }
    }
}

/// All runs over two results with the front of those that no other run beats in both, a run that breaks another limit as a
/// cross, and the runs in `named` by their names.
///
/// # Errors
/// [`FigureError`] when no run has both results.
pub fn pareto(
    id: &str,
    caption: &str,
    e: &Ensemble,
    (a, b): (&Variable, &Variable),
    feasible: &[bool],
    named: &[(usize, String)],
) -> Result<Figure, FigureError> {
    let (da, db) = (Direction::of(a), Direction::of(b));
    let at = |k: usize| [a.values[k], b.values[k]];
    let signed: Vec<[f64; 2]> = (0..e.runs.len())
        .map(|k| if feasible[k] { [da.signed(a.values[k]), db.signed(b.values[k])] } else { [f64::NAN; 2] })
        .collect();
    let best = front(&signed);
    let drawn = |k: &usize| a.values[*k].is_finite() && b.values[*k].is_finite();
    let of = |wanted: bool| {
        (0..e.runs.len()).filter(|k| feasible[*k] == wanted).filter(drawn).map(at).collect::<Vec<_>>()
    };
    let words = |d: Direction| if d == Direction::Least { "less" } else { "more" };
    let caption = format!("{caption} Better: {} across, {} up.", words(da), words(db));
    let axis = |v: &Variable| Axis::new(&v.label, &v.unit);
    let mut plot = Plot::new(id, &caption, axis(a), axis(b)).wide();
    let outside = of(false);
    if !outside.is_empty() {
        plot = plot.series(Series::new("breaks a limit", Look::Markers, outside).style(Marker::Cross, 4));
    }
    plot = plot.series(Series::new("run", Look::Faint, of(true)));
    if !best.is_empty() {
        let name = |k: &usize| named.iter().find(|n| n.0 == *k).map(|n| n.1.clone()).unwrap_or_default();
        let labels: Vec<String> = best.iter().map(name).collect();
        let series = Series::new("front", Look::Both, best.iter().map(|k| at(*k)).collect());
        plot = plot.series(series.style(Marker::Disc, 0).labels(labels));
    }
    let rest: Vec<&(usize, String)> = named.iter().filter(|(k, _)| !best.contains(k) && drawn(k)).collect();
    if !rest.is_empty() {
        let series = Series::new("", Look::Markers, rest.iter().map(|n| at(n.0)).collect());
        plot = plot.series(series.style(Marker::Ring, 1).labels(rest.iter().map(|n| n.1.clone())));
    }
    for (v, on_x) in [(a, true), (b, false)] {
        if let (Some((limit, _)), Some([low, high])) = (v.limit, v.range())
            && low <= limit
            && limit <= high
        {
            plot = plot.rule(
                &format!("limit {} {}", significant(limit, 3), crate::figure::unit_words(&v.unit)),
                limit,
                on_x,
            );
        }
    }
    plot.draw()
}

/// Share of runs at or below each value, with its limit and bounds as lines.
///
/// - `families`: names and values; the first is usually all runs
/// - `lines`: names and values of further lines, for instance a bound
///
/// # Errors
/// [`FigureError`] when there is nothing to draw.
pub fn cumulative(
    id: &str,
    caption: &str,
    result: &Variable,
    families: &[(String, Vec<f64>)],
    lines: &[(String, f64)],
) -> Result<Figure, FigureError> {
    let y = Axis::new("Share of runs", "%").range(0.0, 100.0);
    let mut plot = Plot::new(id, caption, Axis::new(&result.label, &result.unit), y);
    for (name, values) in families {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len() as f64;
        let step = |(i, v): (usize, &f64)| [*v, 100.0 * (i as f64 + 1.0) / n];
        let Some(first) = sorted.first() else { continue };
        let points = std::iter::once([*first, 0.0]).chain(sorted.iter().enumerate().map(step)).collect();
        plot = plot.series(Series::new(name, Look::Steps, points));
    }
    for (name, value) in lines {
        plot = plot.rule(name, *value, true);
    }
    plot.draw()
}

/// Result at a low and at a high value of each input, about `middle`, the widest at the top.
///
/// - `swings`: name of the input, result at its low and at its high value
///
/// # Errors
/// [`FigureError`] when a number cannot be drawn.
pub fn tornado(
    id: &str,
    caption: &str,
    result: &Variable,
    (middle, what): (f64, &str),
    [low, high]: [&str; 2],
    swings: &[(String, [f64; 2])],
) -> Result<Figure, FigureError> {
    let mut sorted: Vec<&(String, [f64; 2])> = swings.iter().collect();
    let width = |s: &(String, [f64; 2])| (s.1[0] - middle).abs().max((s.1[1] - middle).abs());
    sorted.sort_by(|a, b| width(b).total_cmp(&width(a)).then(a.0.cmp(&b.0)));
    let bars = |k: usize| sorted.iter().map(|s| Range { from: middle, to: s.1[k], interval: None }).collect();
    let mut rules = vec![(format!("{what} {}", significant(middle, 3)), middle)];
    // A limit far away would squeeze the bars.
    let reach = sorted.first().map_or(0.0, |s| 2.0 * width(s));
    if let Some((limit, _)) = result.limit.filter(|l| (l.0 - middle).abs() <= reach) {
        rules.push((format!("limit {}", significant(limit, 3)), limit));
    }
    RangeChart {
        id: id.into(),
        caption: caption.into(),
        axis: Axis::new(&result.label, &result.unit),
        categories: sorted.iter().map(|s| s.0.clone()).collect(),
        groups: vec![(low.into(), bars(0)), (high.into(), bars(1))],
        rules,
        one_line: true,
    }
    .draw()
}
