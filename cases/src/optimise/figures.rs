//! Pictures of an optimisation: front, hypervolume, course of the deviation.

use super::gradient::Row;
use super::history::{Entry, front, hypervolumes};
use super::spec::{Objective, Spec};
use crate::failure::Failure;
use dens_reports::figure::{Axis, Figure, FigureError, Look, Marker, Plot, Series};
use dens_reports::table::NO_UNIT;

fn axis(o: Objective) -> Axis {
    let label = match o {
        Objective::Shielding => "Mean unloading of bone",
        Objective::Subsidence => "Strain under the implant over yield",
        Objective::Stiffness => "Excess of the lattice's modulus over its target",
        Objective::Mass => "Mass of the implant",
    };
    Axis::new(label, if o == Objective::Mass { "g" } else { NO_UNIT })
}

fn failed(e: FigureError) -> Failure {
    Failure::bug(format!("a plot cannot be drawn: {e}"))
}

/// Front of the first two objectives, and the hypervolume over the designs.
///
/// - `chosen`: index of the chosen design
///
/// # Errors
/// Only by a bug: a plot that cannot be drawn.
pub fn bayes(spec: &Spec, entries: &[Entry], chosen: Option<usize>) -> Result<Vec<Figure>, Failure> {
    let mut figures = Vec::new();
    if let [a, b, ..] = spec.objectives[..] {
        let on_front = front(&spec.objectives, entries);
        let place = |i: &usize| entries[*i].numbers.as_ref().map(|n| [n.objective(a), n.objective(b)]);
        let of = |keep: &dyn Fn(usize) -> bool| -> Vec<[f64; 2]> {
            (0..entries.len()).filter(|i| keep(*i)).filter_map(|i| place(&i)).collect()
        };
        let kept = |i: usize| entries[i].feasible;
        let sets = [
            ("outside limits", Marker::Cross, 3, of(&|i| !kept(i))),
            ("dominated", Marker::Ring, 0, of(&|i| kept(i) && !on_front.contains(&i))),
            ("front", Marker::Disc, 1, of(&|i| on_front.contains(&i))),
            ("chosen", Marker::Diamond, 2, of(&|i| chosen == Some(i))),
        ];
        let others: Vec<&str> = spec.objectives[2..].iter().map(|o| o.name()).collect();
        let more = if others.is_empty() {
            String::new()
        } else {
            format!(
                " The front is one of {} more objectives ({}), so points behind it may belong to it.",
                others.len(),
                others.join(", ")
            )
        };
        let caption = format!("Designs by {} and {}; smaller is better.{more}", a.name(), b.name());
        let mut plot = Plot::new("pareto", &caption, axis(a), axis(b));
        for (name, marker, color, points) in sets {
            if !points.is_empty() {
                plot = plot.series(Series::new(name, Look::Markers, points).style(marker, color));
            }
        }
        figures.push(plot.draw().map_err(failed)?);
    }
    let volumes: Vec<[f64; 2]> = hypervolumes(&spec.objectives, entries, spec.initial)
        .into_iter()
        .enumerate()
        .filter_map(|(i, v)| Some([(i + 1) as f64, v?]))
        .collect();
    if !volumes.is_empty() {
        let x = Axis::new("Designs evaluated", NO_UNIT);
        let y = Axis::new("Hypervolume, share of the box to the reference", NO_UNIT);
        let caption = "Volume of the objectives that the front dominates, up to a tenth beyond the worst of the first designs; it never falls.";
        let plot = Plot::new("hypervolume", caption, x, y).series(Series::new("", Look::Steps, volumes));
        figures.push(plot.draw().map_err(failed)?);
    }
    Ok(figures)
}

/// Deviation and mean density over the iterations.
///
/// # Errors
/// Only by a bug: a plot that cannot be drawn.
pub fn gradient(rows: &[Row], limit: f64) -> Result<Vec<Figure>, Failure> {
    let course = |of: fn(&Row) -> f64| -> Vec<[f64; 2]> {
        rows.iter().enumerate().map(|(i, r)| [(i + 1) as f64, of(r)]).collect()
    };
    let x = || Axis::new("Iteration", NO_UNIT);
    let deviation = Plot::new(
        "deviation",
        "Mean squared logarithm of the bone's strain energy over that of the intact spine.",
        x(),
        Axis::new("Deviation of strain energy", NO_UNIT),
    )
    .series(Series::new("", Look::Both, course(|r| r.deviation)));
    let density = Plot::new(
        "densities",
        "Least, mean and largest relative density of the lattice.",
        x(),
        Axis::new("Relative density", NO_UNIT).from_zero(),
    )
    .series(Series::new("least", Look::Line, course(|r| r.range[0])))
    .series(Series::new("mean", Look::Line, course(|r| r.mean)))
    .series(Series::new("largest", Look::Line, course(|r| r.range[1])))
    .rule("limit of the mean", limit, false);
    Ok(vec![deviation.draw().map_err(failed)?, density.draw().map_err(failed)?])
}
