//! Plots of the report that need more than series: histogram, exceedance, design history, residuals.

use super::axis::{Axis, step_125};
use super::canvas::Marker;
use super::plot::{Look, Plot, Series};
use super::{FigureError, Width};
use crate::palette::CURVES;
use crate::table::significant;
use std::collections::BTreeMap;

/// Histogram of `values` in about `n_bins` bins whose width is 1, 2 or 5 × 10ⁿ; bars are shares in percent.
///
/// # Errors
/// [`FigureError`] when there are no values or one is not finite.
pub fn histogram(
    id: &str,
    caption: &str,
    quantity: &Axis,
    values: &[f64],
    n_bins: usize,
) -> Result<Plot, FigureError> {
    let Some(&first) = values.first() else {
        return Err(FigureError::Empty { axis: quantity.label.clone() });
    };
    if let Some(&value) = values.iter().find(|v| !v.is_finite()) {
        return Err(FigureError::NotDrawable { axis: quantity.label.clone(), value });
    }
    let (low, high) = values.iter().fold((first, first), |(a, b), &v| (a.min(v), b.max(v)));
    let spread = if low < high { high - low } else { low.abs().max(1.0) };
    let step = step_125(spread / n_bins.max(1) as f64);
    let start = (low / step).floor();
    let n = ((high / step).floor() - start) as usize + 1;
    let mut counts = vec![0_u64; n];
    for v in values {
        counts[((v / step).floor() - start) as usize] += 1;
    }
    // Outline of the bars as one staircase from zero to zero.
    let mut points = vec![[start * step, 0.0]];
    for (i, &k) in counts.iter().enumerate() {
        points.push([(start + i as f64) * step, 100.0 * k as f64 / values.len() as f64]);
    }
    points.push([(start + n as f64) * step, 0.0]);
    let y = Axis::new("Share", "%").from_zero();
    Ok(Plot::new(id, caption, quantity.clone(), y).series(Series::new("", Look::Filled, points)))
}

/// Curve of the share of a volume (or area) in which a value is exceeded, one per named set of
/// (value, weight), with a logarithmic share down to 0.01 %.
///
/// # Errors
/// [`FigureError`] when a set is empty, weightless or holds a number that is not finite.
pub fn exceedance(
    id: &str,
    caption: &str,
    quantity: Axis,
    share_of: &str,
    sets: &[(&str, &[(f64, f64)])],
) -> Result<Plot, FigureError> {
    let y = Axis::new(&format!("Share of {share_of} above"), "%").log().range(0.01, 100.0);
    let mut plot = Plot::new(id, caption, quantity, y);
    for (name, set) in sets {
        let mut sorted = set.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = sorted.iter().map(|s| s.1).sum();
        if total.is_nan() || total <= 0.0 {
            return Err(FigureError::Empty { axis: plot.x.label.clone() });
        }
        if let Some(&(value, _)) = sorted.iter().find(|s| !s.0.is_finite()) {
            return Err(FigureError::NotDrawable { axis: plot.x.label.clone(), value });
        }
        plot.series.push(Series::new(name, Look::Line, exceedance_points(&sorted, total)));
    }
    Ok(plot)
}

/// At most about 400 points of the curve; a curve on paper shows no more.
fn exceedance_points(sorted: &[(f64, f64)], total: f64) -> Vec<[f64; 2]> {
    let mut points: Vec<[f64; 2]> = Vec::new();
    let mut above = total;
    let mut last = f64::INFINITY;
    for &(value, weight) in sorted {
        let share = 100.0 * above / total;
        // Steps of one hundredth of a decade, or of half a percent where the curve is flat.
        if share <= 0.977 * last {
            points.push([value, share.max(1e-12)]);
            last = share;
        }
        above -= weight;
    }
    points
}

/// Evaluated design of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Type of lattice cell, or another class that a marker should show.
    pub cell_type: String,
    /// Objective; smaller is better.
    pub objective: f64,
    /// Terms of the objective by name; the same names in every design.
    pub terms: BTreeMap<String, f64>,
    /// Whether all limits are kept.
    pub feasible: bool,
}

/// Objective, its terms and the best feasible value so far over the numbers of the designs (from 1);
/// a marker per cell type, crosses for designs outside the limits.
pub fn design_history(id: &str, caption: &str, designs: &[Design]) -> Plot {
    let x = Axis::new("Design", crate::table::NO_UNIT).range(0.0, designs.len() as f64 + 1.0);
    let y = Axis::new("Objective and terms", crate::table::NO_UNIT).from_zero();
    let mut plot = Plot::new(id, caption, x, y);
    plot.width = Width::Double;
    let numbered = || designs.iter().enumerate().map(|(i, d)| ((i + 1) as f64, d));
    let mut best = f64::INFINITY;
    let mut best_so_far = Vec::new();
    for (i, d) in numbered() {
        if d.feasible {
            best = best.min(d.objective);
        }
        if best.is_finite() {
            best_so_far.push([i, best]);
        }
    }
    let names: Vec<&String> = designs.first().map(|d| d.terms.keys().collect()).unwrap_or_default();
    for (k, name) in names.into_iter().enumerate() {
        let points = numbered().filter_map(|(i, d)| Some([i, *d.terms.get(name)?])).collect();
        let mut series = Series::new(name, Look::Line, points);
        // The first colors are for the cell types.
        series.color = Some([3, 5, 1, 2][k % 4]);
        plot.series.push(series);
    }
    if !best_so_far.is_empty() {
        let mut series = Series::new("best so far", Look::Steps, best_so_far);
        series.color = Some(4);
        plot.series.push(series);
    }
    let mut types: Vec<&str> = Vec::new();
    for d in designs {
        if !types.contains(&d.cell_type.as_str()) {
            types.push(&d.cell_type);
        }
    }
    for (k, t) in types.into_iter().enumerate() {
        let marker = [Marker::Disc, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Ring][k % 5];
        let own = |feasible: bool| -> Vec<[f64; 2]> {
            numbered()
                .filter(|(_, d)| d.cell_type == t && d.feasible == feasible)
                .map(|(i, d)| [i, d.objective])
                .collect()
        };
        let (inside, outside) = (own(true), own(false));
        if !inside.is_empty() {
            plot.series.push(Series::new(t, Look::Markers, inside).style(marker, k % CURVES.len()));
        }
        if !outside.is_empty() {
            let name = format!("{t}, outside limits");
            plot.series
                .push(Series::new(&name, Look::Markers, outside).style(Marker::Cross, k % CURVES.len()));
        }
    }
    plot
}

/// Residual over iterations on a logarithmic axis, one curve per solve; zeros (converged exactly) are left out.
pub fn residuals(id: &str, caption: &str, solves: &[(&str, &[f64])], tolerance: f64) -> Plot {
    let x = Axis::new("Iteration", crate::table::NO_UNIT);
    let y = Axis::new("Relative residual", crate::table::NO_UNIT).log();
    let mut plot = Plot::new(id, caption, x, y);
    for (name, history) in solves {
        let points =
            history.iter().enumerate().filter(|(_, r)| **r != 0.0).map(|(i, &r)| [i as f64, r]).collect();
        plot.series.push(Series::new(name, Look::Line, points));
    }
    plot.rule(&format!("tolerance {}", significant(tolerance, 1)), tolerance, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_shares_add_up_to_one_hundred_percent() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i).sqrt()).collect();
        let plot = histogram("h", "H", &Axis::new("angle", "deg"), &values, 20).expect("values");
        let sum: f64 = plot.series[0].points.iter().map(|p| p[1]).sum();
        // Round-off of a few dozen additions.
        assert!((sum - 100.0).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn exceedance_starts_at_the_whole_and_falls() {
        let set: Vec<(f64, f64)> = (0..5000).map(|i| (f64::from(i % 100), 0.5)).collect();
        let plot =
            exceedance("e", "E", Axis::new("stress", "MPa"), "volume", &[("stem", &set)]).expect("set");
        let points = &plot.series[0].points;
        assert_eq!(points[0], [0.0, 100.0]);
        assert!(points.windows(2).all(|w| w[1][1] < w[0][1] && w[0][0] <= w[1][0]));
        // Half of the volume lies above the median.
        let half = points.iter().find(|p| p[1] <= 50.0).expect("the curve reaches one half");
        assert!((half[0] - 50.0).abs() <= 1.0, "{half:?}");
    }

    #[test]
    fn best_so_far_never_rises_and_ignores_what_is_outside_the_limits() {
        let design = |objective, feasible| Design {
            cell_type: "bcc".to_string(),
            objective,
            terms: BTreeMap::from([("shielding".to_string(), 0.5 * objective)]),
            feasible,
        };
        let plot = design_history("d", "D", &[design(3.0, true), design(1.0, false), design(2.0, true)]);
        let best = plot.series.iter().find(|s| s.name == "best so far").expect("there are feasible designs");
        assert_eq!(best.points, [[1.0, 3.0], [2.0, 3.0], [3.0, 2.0]]);
    }
}
