//! Plots, tables and the JSON of an uncertainty analysis.

use super::analysis::{FLAGGED, Finding, LEAST_Q2, REFUSED};
use super::distribution::shown;
use super::input::{Input, Kind};
use super::order;
use super::plan::{Design, Method, family, values};
use crate::failure::Failure;
use crate::sweep::plot::{Digest, capital, cdf, chosen, drawn, failed_words, overview, response};
use dens_reports::ensemble::{Ensemble, Variable};
use dens_reports::figure::{Axis, Figure, Look, Marker, Plot, Range, RangeChart, Series, tornado};
use dens_reports::record::Section;
use dens_reports::row;
use dens_reports::table::{NO_UNIT, Table, significant};
use serde_json::json;
use std::fmt::Write as _;

/// Inputs of all runs as variables for plots.
pub fn variables(design: &Design) -> Vec<Variable> {
    let of = |(input, values): (&Input, Vec<f64>)| {
        let unit = &input.distribution.unit;
        let unit = if unit.is_empty() { NO_UNIT } else { unit };
        let mut v = Variable::numbers(&input.name, &input.title, unit, values);
        v.words = input.distribution.categories();
        v
    };
    design.inputs.iter().zip(values(design)).map(of).collect()
}

/// Table of the inputs.
pub fn inputs(design: &Design) -> Table {
    let head = [("input", ""), ("kind", ""), ("spread", ""), ("source", "")];
    let mut table =
        Table::new("uncertain-inputs", "Inputs, how they spread, and where that comes from", &head);
    for i in &design.inputs {
        let kind = if i.kind == Kind::Aleatory { "aleatory" } else { "epistemic" };
        table.push(row![i.title.clone(), kind, i.distribution.words(), i.source.clone()]);
    }
    table
}

/// Sections and figures of the findings.
///
/// # Errors
/// A name in `of` that no result has; exit 2.
pub fn digest(design: &Design, e: &Ensemble, findings: &[Finding], of: &[String]) -> Result<Digest, Failure> {
    let mut d = Digest::default();
    let results = chosen(e, of)?;
    if results.is_empty() {
        return Err(Failure::input("no result differs between the runs: there is no spread to show"));
    }
    let of_result = |r: &Variable| findings.iter().find(|f| f.id == r.id);
    let share = e.n_failed() as f64 / e.runs.len().max(1) as f64;
    if FLAGGED < share {
        d.warnings.push(format!(
            "{:.1} % of the runs failed, more than {:.0} %: the ensemble is flagged{}.",
            100.0 * share,
            100.0 * FLAGGED,
            if REFUSED < share { ", and no bound is given" } else { "" }
        ));
    }
    let both: Vec<(&Variable, &Finding)> = results.iter().filter_map(|r| Some((*r, of_result(r)?))).collect();
    match design.method {
        Method::Tornado => tornadoes(design, e, &both, &mut d)?,
        Method::Morris => screened(design, &both, &mut d)?,
        Method::Sobol => shared(design, findings, &both, &mut d)?,
        Method::Bound => bounded(design, e, findings, &both, &mut d)?,
        Method::Lhs => {}
    }
    if matches!(design.method, Method::Lhs | Method::Sobol) {
        let mut section = Section::new("curves", "Distribution of the results");
        for r in &results {
            section = section.figure(d.figures.add(families(design, e, r, &[])?));
            section = section.figure(d.figures.add(response(e, r)?));
        }
        d.sections.push(section);
    }
    overview(e, &results, &mut d)?;
    Ok(d)
}

fn tornadoes(
    design: &Design,
    e: &Ensemble,
    both: &[(&Variable, &Finding)],
    d: &mut Digest,
) -> Result<(), Failure> {
    let mut section = Section::new("tornado", "Each input alone")
        .paragraph("Result with one input at its 5 % and its 95 % quantile and all others at their medians. Words: first and last.");
    for (r, f) in both {
        let (Some(swings), true) = (&f.swings, r.values.first().is_some_and(|v| v.is_finite())) else {
            continue;
        };
        let middle = r.values[0];
        let of = |(i, s): (&Input, &[Option<f64>; 2])| (named(i), s.map(|v| v.unwrap_or(middle)));
        let swings: Vec<(String, [f64; 2])> = design.inputs.iter().zip(swings).map(of).collect();
        let caption = format!("{}: each input alone at its 5 % and 95 % quantile.", capital(&r.label));
        let id = format!("tornado-{}", r.id);
        let figure = tornado(
            &id,
            &caption,
            r,
            (middle, "all at their medians:"),
            ["input at 5 %", "input at 95 %"],
            &swings,
        );
        section = section.figure(d.figures.add(drawn(figure)?));
    }
    if 0 < e.n_failed() {
        section = section.paragraph("A run that failed has no bar.");
    }
    d.sections.push(section);
    Ok(())
}

/// Title of an input with its 5 % and 95 % quantile.
fn named(i: &Input) -> String {
    let [low, high] = [0.05, 0.95].map(|u| {
        if i.distribution.categories().is_empty() {
            significant(i.distribution.quantile(u), 3)
        } else {
            shown(&i.distribution.value(u))
        }
    });
    let unit =
        if i.distribution.unit.is_empty() { String::new() } else { format!(" {}", i.distribution.unit) };
    format!("{}, {low} to {high}{unit}", i.title)
}

fn screened(design: &Design, both: &[(&Variable, &Finding)], d: &mut Digest) -> Result<(), Failure> {
    let mut section = Section::new("screening", "Screening").paragraph(
        "Elementary effects (Morris 1991) per whole range of an input: mean of their sizes µ*, standard deviation σ. Below the line σ = µ* an input acts much the same everywhere; above it, with others or along a curve.",
    );
    let head: Vec<(&str, &str)> = [("result", ""), ("input", "")]
        .into_iter()
        .chain(["µ*", "± error", "µ", "σ", "effects"].map(|n| (n, "1")))
        .collect();
    let mut table = Table::new("effects", "Elementary effects, in the unit of the result", &head);
    for (r, f) in both {
        let Some(effects) = &f.effects else { continue };
        let mut ranked: Vec<(&Input, _)> = design.inputs.iter().zip(effects).collect();
        ranked.sort_by(|a, b| b.1.mu_star.total_cmp(&a.1.mu_star));
        for (i, x) in &ranked {
            table.push(row![r.label.clone(), i.title.clone(), x.mu_star, x.error, x.mu, x.sigma, x.n]);
        }
        let most = ranked.iter().map(|(_, x)| x.mu_star.max(x.sigma)).fold(0.0, f64::max);
        let points = ranked.iter().map(|(_, x)| [x.mu_star, x.sigma]).collect();
        // Names crowd about zero where they say nothing.
        let name = |(i, x): &(&Input, &super::screening::Effects)| {
            if 0.05 * most < x.mu_star.max(x.sigma) { i.title.clone() } else { String::new() }
        };
        let labels: Vec<String> = ranked.iter().map(name).collect();
        let x = Axis::new(&format!("µ* of {}", r.label), &r.unit).from_zero();
        let y = Axis::new("σ", &r.unit).from_zero();
        let plot = Plot::new(
            &format!("morris-{}", r.id),
            &format!("{}: elementary effects.", capital(&r.label)),
            x,
            y,
        )
        .wide()
        .series(Series::new("σ = µ*", Look::Line, vec![[0.0, 0.0], [most, most]]).style(Marker::Disc, 4))
        .series(Series::new("input", Look::Markers, points).style(Marker::Disc, 0).labels(labels));
        section = section.figure(d.figures.add(drawn(plot.draw())?));
    }
    d.sections.push(section.table(table));
    Ok(())
}

fn shared(
    design: &Design,
    all: &[Finding],
    both: &[(&Variable, &Finding)],
    d: &mut Digest,
) -> Result<(), Failure> {
    let mut section = Section::new("variance", "Shares of the variance").paragraph(format!(
        "Indices of Sobol' on a Gaussian process fitted to {} runs and checked on {} others. Q² is the share of their variance that it predicts; below {LEAST_Q2} no indices are given.",
        design.quantiles.len() - design.held_out,
        design.held_out
    ));
    let mut quality = Table::new(
        "stand-ins",
        "How well the stand-ins predict runs they have not seen",
        &[("result", ""), ("Q²", "1"), ("runs checked on", "1"), ("indices", "")],
    );
    for f in all {
        match &f.shares {
            Some(s) => {
                let words = if s.indices.is_some() { "given" } else { "refused" };
                quality.push(row![f.label.clone(), s.q2, s.checked_on, words]);
            }
            None => quality.push(row![f.label.clone(), 0.0, 0_usize, "no stand-in: too few runs"]),
        }
    }
    section = section.table(quality);
    for (r, f) in both {
        let Some(s) = &f.shares else { continue };
        if let Some(indices) = &s.indices {
            section = section.figure(d.figures.add(index_bars(design, r, s.q2, indices)?));
        }
        section = section.figure(d.figures.add(predicted(r, s)?));
    }
    d.sections.push(section);
    Ok(())
}

fn index_bars(
    design: &Design,
    r: &Variable,
    q2: f64,
    indices: &[super::indices::Indices],
) -> Result<Figure, Failure> {
    let mut order: Vec<usize> = (0..indices.len()).collect();
    order.sort_by(|a, b| indices[*b].total.value.total_cmp(&indices[*a].total.value));
    let bars = |of: &dyn Fn(usize) -> super::indices::Estimate| -> Vec<Range> {
        order
            .iter()
            .map(|i| of(*i))
            .map(|e| Range { from: 0.0, to: e.value.max(0.0), interval: Some([e.low, e.high]) })
            .collect()
    };
    let groups = vec![
        ("first".to_string(), bars(&|i| indices[i].first)),
        ("total".to_string(), bars(&|i| indices[i].total)),
    ];
    let chart = RangeChart {
        id: format!("sobol-{}", r.id),
        caption: format!(
            "{}: share of the variance that each input brings alone (first) and with all it takes part in (total), 95 % intervals of the sampling, Q² = {}.",
            capital(&r.label),
            significant(q2, 4)
        ),
        axis: Axis::new("Share of the variance", NO_UNIT),
        categories: order.iter().map(|i| design.inputs[*i].title.clone()).collect(),
        groups,
        rules: Vec::new(),
        one_line: false,
    };
    drawn(chart.draw())
}

fn predicted(r: &Variable, s: &super::analysis::Shares) -> Result<Figure, Failure> {
    let ends =
        s.pairs.iter().flatten().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], v| [a.min(*v), b.max(*v)]);
    let plot = Plot::new(
        &format!("prediction-{}", r.id),
        &format!(
            "{}: {} runs that the stand-in has not seen, Q² = {}.",
            capital(&r.label),
            s.checked_on,
            significant(s.q2, 4)
        ),
        Axis::new(&format!("Computed {}", r.label), &r.unit),
        Axis::new("Predicted", &r.unit),
    )
    .series(Series::new("equal", Look::Line, vec![[ends[0]; 2], [ends[1]; 2]]).style(Marker::Disc, 4))
    .series(Series::new("held-out run", Look::Markers, s.pairs.clone()).style(Marker::Disc, 0));
    drawn(plot.draw())
}

fn bounded(
    design: &Design,
    e: &Ensemble,
    all: &[Finding],
    both: &[(&Variable, &Finding)],
    d: &mut Digest,
) -> Result<(), Failure> {
    let mut section = Section::new("bounds", "Bounds of 95 % of all with 95 % confidence").paragraph(format!(
        "By order statistics (Wilks 1941), which assume no form of the distribution: of {} independent runs the worst (of 93 the second worst, and so on) lies beyond 95 % of all with 95 % confidence. A run that failed counts as worse than all others; above {:.0} % of failures no bound is given.",
        e.runs.len(),
        100.0 * REFUSED
    ));
    section = section.paragraph(failed_words(e)).table(bound_table(e, all));
    for (r, f) in both {
        let lines: Vec<(String, f64)> = f
            .bounds
            .iter()
            .filter_map(|b| {
                b.value.as_ref().ok().map(|v| (format!("95/95 bound {}", significant(*v, 3)), *v))
            })
            .collect();
        section = section.figure(d.figures.add(families(design, e, r, &lines)?));
    }
    d.sections.push(section);
    Ok(())
}

/// Bounds of every result with their limits.
pub fn bound_table(e: &Ensemble, all: &[Finding]) -> Table {
    let head = [
        ("result", ""),
        ("unit", ""),
        ("median", "1"),
        ("side", ""),
        ("95/95 bound", ""),
        ("limit", ""),
        ("kept", ""),
    ];
    let mut table = Table::new("bounds", "Bounds of 95 % of all with 95 % confidence", &head);
    for f in all {
        let limit = e.result(&f.id).and_then(|r| r.limit).map_or_else(String::new, |l| significant(l.0, 3));
        for b in &f.bounds {
            let value = b.value.as_ref().map_or_else(|why| format!("none: {why}"), |v| significant(*v, 4));
            let kept = b.met.map_or("", |m| if m { "yes" } else { "NO" });
            table.push(row![
                f.label.clone(),
                f.unit.clone(),
                f.spread[3],
                b.side,
                value,
                limit.clone(),
                kept
            ]);
        }
    }
    table
}

/// Cumulative shares of a result, all runs and by the words of the first epistemic input.
fn families(design: &Design, e: &Ensemble, r: &Variable, lines: &[(String, f64)]) -> Result<Figure, Failure> {
    let mut all = vec![("all runs".to_string(), r.values.clone())];
    if let Some(v) = family(design).map(|i| &e.inputs[i]) {
        for (k, word) in v.words.iter().enumerate() {
            let own: Vec<f64> =
                r.values.iter().zip(&v.values).filter(|(_, x)| **x == k as f64).map(|(y, _)| *y).collect();
            if own.iter().filter(|y| y.is_finite()).count() >= 3 {
                all.push((word.clone(), own));
            }
        }
    }
    cdf(r, &all, lines)
}

/// The analysis as JSON.
pub fn to_json(design: &Design, case: &str, e: &Ensemble, findings: &[Finding]) -> Vec<u8> {
    let share = e.n_failed() as f64 / e.runs.len().max(1) as f64;
    let failed: Vec<serde_json::Value> = (0..e.runs.len())
        .filter(|k| !e.runs[*k].computed)
        .map(|k| {
            let place: serde_json::Map<_, _> =
                e.inputs.iter().map(|i| (i.id.clone(), json!(i.shown(i.values[k], 6)))).collect();
            json!({ "run": e.runs[k].index, "status": e.runs[k].status, "inputs": place })
        })
        .collect();
    let inputs: Vec<serde_json::Value> = design
        .inputs
        .iter()
        .map(|i| {
            json!({ "name": i.name, "title": i.title, "kind": i.kind, "distribution": i.distribution.words(), "source": i.source })
        })
        .collect();
    let results: Vec<serde_json::Value> = findings
        .iter()
        .map(|f| {
            let bounds: Vec<serde_json::Value> = f
                .bounds
                .iter()
                .map(|b| {
                    json!({ "side": b.side, "value": b.value.as_ref().ok(), "why_none": b.value.as_ref().err(), "order": b.order, "met": b.met })
                })
                .collect();
            let [mean, deviation, p05, median, p95] = f.spread;
            json!({
                "id": f.id, "label": f.label, "unit": f.unit, "mean": mean, "deviation": deviation,
                "p05": p05, "median": median, "p95": p95, "limit": e.result(&f.id).and_then(|r| r.limit).map(|l| l.0),
                "bounds": bounds, "effects": f.effects, "swings": f.swings,
                "q2": f.shares.as_ref().map(|s| s.q2), "indices": f.shares.as_ref().and_then(|s| s.indices.as_ref()),
            })
        })
        .collect();
    let object = json!({
        "schema": "dens-uncertainty/1", "case": case, "method": design.method.name(), "seed": design.seed,
        "runs": e.runs.len(), "held_out": design.held_out, "failed": e.n_failed(), "failed_share": share,
        "flagged": FLAGGED < share, "failed_runs": failed, "inputs": inputs, "results": results,
    });
    format!("{object:#}\n").into_bytes()
}

/// Summary for the terminal.
pub fn summary(design: &Design, e: &Ensemble, findings: &[Finding]) -> String {
    let mut t = String::new();
    let share = e.n_failed() as f64 / e.runs.len().max(1) as f64;
    let flag = if FLAGGED < share { ", FLAGGED" } else { "" };
    let _ = writeln!(
        t,
        "{} runs, {} without a result ({:.1} %{flag})",
        e.runs.len(),
        e.n_failed(),
        100.0 * share
    );
    for k in (0..e.runs.len()).filter(|k| !e.runs[*k].computed).take(10) {
        let place: Vec<String> =
            e.inputs.iter().map(|i| format!("{} {}", i.id, i.shown(i.values[k], 4))).collect();
        let _ = writeln!(t, "  run {}: {} at {}", e.runs[k].index, e.runs[k].status, place.join(", "));
    }
    let unit = |f: &Finding| if f.unit == NO_UNIT { String::new() } else { format!(" {}", f.unit) };
    for f in findings {
        let [mean, deviation, ..] = f.spread;
        let _ =
            write!(t, "\n{}: {} ± {}{}", f.label, significant(mean, 3), significant(deviation, 2), unit(f));
        for b in &f.bounds {
            match &b.value {
                Ok(v) => {
                    let limit = e.result(&f.id).and_then(|r| r.limit);
                    let kept = match (b.met, limit) {
                        (Some(m), Some((l, _))) => {
                            format!(", limit {} {}", significant(l, 3), if m { "kept" } else { "NOT KEPT" })
                        }
                        _ => String::new(),
                    };
                    let _ = write!(t, "; 95/95 {} {}{}{kept}", b.side, significant(*v, 3), unit(f));
                }
                Err(why) => {
                    let _ = write!(t, "; no bound: {why}");
                }
            }
        }
        let ranked = |of: &dyn Fn(usize) -> f64| {
            let mut order: Vec<usize> = (0..design.inputs.len()).collect();
            order.sort_by(|a, b| of(*b).total_cmp(&of(*a)));
            let word = |i: &usize| format!("{} {}", design.inputs[*i].name, significant(of(*i), 2));
            order.iter().take(3).map(word).collect::<Vec<_>>().join(", ")
        };
        if let Some(x) = &f.effects {
            let _ = write!(t, "; µ*: {}", ranked(&|i| x[i].mu_star));
        }
        if let Some(s) = &f.shares {
            match &s.indices {
                Some(x) => {
                    let _ =
                        write!(t, "; Q² {}; total: {}", significant(s.q2, 3), ranked(&|i| x[i].total.value));
                }
                None => {
                    let _ = write!(
                        t,
                        "; Q² {} on {} held-out runs is below {LEAST_Q2}: no indices",
                        significant(s.q2, 3),
                        s.checked_on
                    );
                }
            }
        }
        if let Some(x) = &f.swings {
            let of = |i: usize| match x[i] {
                [Some(a), Some(b)] => (b - a).abs(),
                _ => 0.0,
            };
            let _ = write!(t, "; widest: {}", ranked(&of));
        }
    }
    if design.method == Method::Bound {
        let confidence = order::confidence(e.runs.len(), 1, order::SHARE);
        let _ = write!(
            t,
            "\n\nthe worst of {} runs bounds 95 % of all with {:.1} % confidence",
            e.runs.len(),
            100.0 * confidence
        );
    }
    t.push('\n');
    t
}
