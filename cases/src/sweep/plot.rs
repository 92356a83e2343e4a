//! Plots of a sweep: each as SVG, PNG and CSV, together as a PDF, and as one page for a browser.

use crate::failure::Failure;
use crate::output::write_whole;
use crate::pipeline::report::DATE;
use dens_reports::ensemble::{Ensemble, Variable, rank_correlation};
use dens_reports::figure::{
    Direction, Figure, FigureError, FigureSet, MOST_AXES, cumulative, parallel, pareto, responses, tornado,
};
use dens_reports::page;
use dens_reports::pdf::write_pdf;
use dens_reports::pixels::png;
use dens_reports::record::{Quantity, Record, Relation, Section};
use dens_reports::row;
use dens_reports::table::{Table, significant};
use std::fs;
use std::path::Path;

/// Folder of the plots.
pub const PLOTS: &str = "plots";
/// The plots and tables on paper.
pub const DIGEST: &str = "digest.pdf";
/// The page.
pub const PAGE: &str = "page.html";

/// Pixels per inch of the PNG files.
const RESOLUTION: f64 = 300.0;

/// Results that plots are made for.
pub const MOST_RESULTS: usize = 6;

/// Plots with the sections that show them.
#[derive(Debug, Default)]
pub struct Digest {
    /// Figures.
    pub figures: FigureSet,
    /// Sections in reading order.
    pub sections: Vec<Section>,
    /// What a reader should know.
    pub warnings: Vec<String>,
}

/// A drawn figure; what cannot be drawn is our bug, for the numbers are finite.
pub fn drawn(figure: Result<Figure, FigureError>) -> Result<Figure, Failure> {
    figure.map_err(Failure::bug)
}

/// Results by their names, or the telling ones.
///
/// # Errors
/// A name that no result has; exit 2.
pub fn chosen<'a>(e: &'a Ensemble, of: &[String]) -> Result<Vec<&'a Variable>, Failure> {
    if of.is_empty() {
        return Ok(e.telling(MOST_RESULTS));
    }
    of.iter()
        .map(|id| {
            e.result(id).ok_or_else(|| {
                let ids: Vec<&str> = e.results.iter().map(|r| r.id.as_str()).collect();
                Failure::input(format!("no run has a result `{id}`\n  = hint: one of {}", ids.join(", ")))
            })
        })
        .collect()
}

/// The plots that any sweep has.
///
/// # Errors
/// A sweep in which nothing varies; exit 2.
pub fn digest(e: &Ensemble, results: &[&Variable]) -> Result<Digest, Failure> {
    if results.is_empty() {
        return Err(Failure::input(
            "there is nothing to plot: no result differs between the runs\n  = hint: `dens sweep status` tells how many have ended",
        ));
    }
    let mut d = Digest::default();
    overview(e, results, &mut d)?;
    let mut section = Section::new("responses", "Responses");
    let varied = e.varied();
    if !varied.is_empty() {
        section = section.paragraph("Gray: runs. Blue: mean of the result at each value of the input, or of equal shares of the runs along it; the other inputs vary as well. Dashed: limit, where it is near.");
        for r in results {
            section = section.figure(d.figures.add(response(e, r)?));
        }
    }
    d.sections.push(section);
    let mut section = Section::new("swings", "What moves the results");
    section = section.paragraph("Mean of the result over the fifth of the runs in which an input is lowest, and over that in which it is highest (for words and few values: the value with the lowest and the one with the highest mean). Inputs that vary together share what they do.");
    for r in results {
        section = section.figure(d.figures.add(swings(e, r)?));
    }
    d.sections.push(section);
    let mut section = Section::new("shares", "Cumulative shares");
    for r in results {
        section = section.figure(d.figures.add(cdf(r, &[("runs".into(), r.values.clone())], &[])?));
    }
    d.sections.push(section);
    Ok(d)
}

/// All runs in one picture, the conflict between two results, and the runs that failed.
///
/// # Errors
/// As [`digest`].
pub fn overview(e: &Ensemble, results: &[&Variable], d: &mut Digest) -> Result<(), Failure> {
    let room = MOST_AXES.saturating_sub(e.varied().len()).clamp(1, MOST_AXES);
    let shown: Vec<&Variable> = results.iter().copied().take(room).collect();
    let caption = format!(
        "All {} runs: a line each over inputs (thin axes) and results (thick axes), colored by {}. Triangles: limits. Red: runs without a result.",
        e.runs.len(),
        shown[0].label
    );
    let all = drawn(parallel("parallel", &caption, e, &shown))?;
    let mut section = Section::new("overview", "All runs").figure(d.figures.add(all));
    if let Some((a, b)) = conflict(results) {
        let caption =
            format!("{} against {}: all runs, and those that no other beats in both.", a.label, b.label);
        let front = pareto("pareto", &caption, e, (a, b), &feasible(e, &[a, b]), &[]);
        section = section.figure(d.figures.add(drawn(front)?));
    }
    section = section.table(statistics(e));
    if 0 < e.n_failed() {
        let sentence = failed_words(e);
        section = section.paragraph(sentence.clone()).table(e.failures());
        d.warnings.push(sentence);
    }
    d.sections.push(section);
    Ok(())
}

/// How many runs failed, in a sentence.
pub fn failed_words(e: &Ensemble) -> String {
    let (n, all) = (e.n_failed(), e.runs.len());
    format!(
        "{n} of {all} runs ({:.1} %) ended without a result; they are in no mean and no curve.",
        100.0 * n as f64 / all as f64
    )
}

/// Whether each run is computed and keeps every limit but those of `free`.
fn feasible(e: &Ensemble, free: &[&Variable]) -> Vec<bool> {
    let keeps = |k: usize| {
        e.results.iter().filter(|r| free.iter().all(|f| f.id != r.id)).all(|r| match r.limit {
            // A limit that every run breaks divides nothing.
            Some((limit, side)) if r.values.iter().any(|v| kept(*v, limit, side)) => {
                kept(r.values[k], limit, side) || r.values[k].is_nan()
            }
            _ => true,
        })
    };
    (0..e.runs.len()).map(|k| e.runs[k].computed && keeps(k)).collect()
}

fn kept(value: f64, limit: f64, side: Relation) -> bool {
    if side == Relation::AtMost { value <= limit } else { limit <= value }
}

/// The two results that are most against each other: one gets better where the other gets worse.
fn conflict<'a>(results: &[&'a Variable]) -> Option<(&'a Variable, &'a Variable)> {
    // Of a result without a limit nobody knows which way is better.
    let judged: Vec<&Variable> = results.iter().copied().filter(|r| r.limit.is_some()).collect();
    let results = if judged.len() < 2 { results } else { &judged[..] };
    let sign = |v: &Variable| if Direction::of(v) == Direction::Least { 1.0 } else { -1.0 };
    let pairs = (0..results.len()).flat_map(|i| (0..i).map(move |j| (results[j], results[i])));
    pairs.min_by(|(a, b), (c, d)| {
        let clash = |x: &Variable, y: &Variable| sign(x) * sign(y) * rank_correlation(x, y);
        clash(a, b).total_cmp(&clash(c, d))
    })
}

/// One result over the six inputs that it follows most.
///
/// # Errors
/// As [`drawn`].
pub fn response(e: &Ensemble, r: &Variable) -> Result<Figure, Failure> {
    let mut inputs = e.varied();
    inputs.sort_by(|a, b| swing(b, r).total_cmp(&swing(a, r)).then(a.id.cmp(&b.id)));
    inputs.truncate(6);
    let id = format!("response-{}", r.id);
    drawn(responses(&id, &format!("{} over the inputs it follows most.", capital(&r.label)), e, r, &inputs))
}

/// Mean of a result at the low and the high end of each input.
fn swings(e: &Ensemble, r: &Variable) -> Result<Figure, Failure> {
    let present: Vec<f64> = r.values.iter().copied().filter(|v| v.is_finite()).collect();
    let mean = present.iter().sum::<f64>() / present.len().max(1) as f64;
    let found: Vec<(String, [f64; 2])> =
        e.varied().iter().map(|i| (i.label.clone(), ends(i, r).unwrap_or([mean; 2]))).collect();
    let caption = format!("{}: mean of the runs with each input low and high.", capital(&r.label));
    drawn(tornado(
        &format!("swing-{}", r.id),
        &caption,
        r,
        (mean, "mean"),
        ["input low", "input high"],
        &found,
    ))
}

fn swing(input: &Variable, r: &Variable) -> f64 {
    ends(input, r).map_or(0.0, |[a, b]| (b - a).abs())
}

/// Mean of the result in the lowest and the highest fifth of an input; for few values at those of least and largest mean.
fn ends(input: &Variable, r: &Variable) -> Option<[f64; 2]> {
    let mut pairs: Vec<[f64; 2]> = input
        .values
        .iter()
        .zip(&r.values)
        .map(|(x, y)| [*x, *y])
        .filter(|p| p[0].is_finite() && p[1].is_finite())
        .collect();
    pairs.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let mean = |p: &[[f64; 2]]| p.iter().map(|v| v[1]).sum::<f64>() / p.len() as f64;
    let groups: Vec<f64> = pairs.chunk_by(|a, b| a[0] == b[0]).map(mean).collect();
    if pairs.len() < 2 {
        return None;
    }
    if !input.words.is_empty() {
        let low = groups.iter().copied().min_by(f64::total_cmp)?;
        return Some([low, groups.iter().copied().max_by(f64::total_cmp)?]);
    }
    if groups.len() <= 8 {
        return Some([groups[0], groups[groups.len() - 1]]);
    }
    let fifth = pairs.len().div_ceil(5);
    Some([mean(&pairs[..fifth]), mean(&pairs[pairs.len() - fifth..])])
}

/// Cumulative shares of a result with its limit.
///
/// # Errors
/// As [`drawn`].
pub fn cdf(
    r: &Variable,
    families: &[(String, Vec<f64>)],
    lines: &[(String, f64)],
) -> Result<Figure, Failure> {
    let n = r.values.iter().filter(|v| v.is_finite()).count();
    let mut lines = lines.to_vec();
    // A limit far from the runs would squeeze them into a corner; it is told in words then.
    let mut words = String::new();
    if let (Some((limit, _)), Some([low, high])) = (r.limit, r.range()) {
        let reach = 1.5 * (high - low).max(1e-12);
        if low - reach <= limit && limit <= high + reach {
            lines.push((format!("limit {}", significant(limit, 3)), limit));
        } else {
            words = format!(" The limit {} lies outside the plot.", significant(limit, 3));
        }
    }
    let caption = format!("{}: share of {n} runs at or below a value.{words}", capital(&r.label));
    drawn(cumulative(&format!("cdf-{}", r.id), &caption, r, families, &lines))
}

/// First letter in capitals.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// Mean, spread and quantiles of every result that varies.
pub fn statistics(e: &Ensemble) -> Table {
    let columns = ["mean", "deviation", "least", "5 %", "median", "95 %", "largest"];
    let head: Vec<(&str, &str)> =
        [("result", ""), ("unit", ""), ("runs", "1")].into_iter().chain(columns.map(|c| (c, "1"))).collect();
    let mut table = Table::new("statistics", "Results over the runs", &head);
    for r in e.results.iter().filter(|r| r.varies()) {
        let v: Vec<f64> = r.values.iter().copied().filter(|v| v.is_finite()).collect();
        let n = v.len();
        let numbers = spread(&v);
        table.push(
            row![r.label.clone(), r.unit.clone(), n]
                .into_iter()
                .chain(numbers.map(|x| row![x]).into_iter().flatten()),
        );
    }
    table
}

/// Mean, standard deviation, least, 5 %, median, 95 % and largest of some values, at least one.
pub fn spread(values: &[f64]) -> [f64; 7] {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    let n = v.len();
    let mean = v.iter().sum::<f64>() / n as f64;
    let squares = v.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let deviation = (squares / n.saturating_sub(1).max(1) as f64).sqrt();
    let at = |share: f64| v[((n as f64 * share).ceil() as usize).clamp(1, n) - 1];
    [mean, deviation, v[0], at(0.05), at(0.5), at(0.95), v[n - 1]]
}

/// Writes plots, digest and page of an ensemble into a folder.
///
/// # Errors
/// A folder that cannot be written, exit 4; a PDF that is refused, exit 70.
pub fn write(
    folder: &Path,
    title: &str,
    e: &Ensemble,
    digest: Digest,
    inputs: Option<Table>,
) -> Result<(), Failure> {
    let plots = folder.join(PLOTS);
    fs::create_dir_all(&plots).map_err(|e| Failure::limit(format!("cannot make `{PLOTS}`: {e}")))?;
    digest.figures.figures.iter().try_for_each(|figure| written(&plots, figure))?;
    let mut record = Record::new("dens", env!("CARGO_PKG_VERSION"), &e.name, title);
    record.verdict.sentence = format!(
        "{} runs, {} without a result. Many runs describe a design; they do not judge it.",
        e.runs.len(),
        e.n_failed()
    );
    record.criteria.push(Quantity::new("runs", "runs", e.runs.len() as f64, "1"));
    record.criteria.push(Quantity::new("failed-runs", "runs without a result", e.n_failed() as f64, "1"));
    if let Some(table) = inputs {
        record.sections.push(Section::new("inputs", "Inputs and how they spread").table(table));
    }
    record.sections.extend(digest.sections);
    record.warnings = digest.warnings;
    let pdf = write_pdf(&record, &digest.figures, DATE).map_err(Failure::bug)?;
    write_whole(&folder.join(DIGEST), &pdf)?;
    write_whole(&folder.join(PAGE), page::html(e, title).as_bytes())
}

/// Writes a figure as SVG and PNG, and what it shows as CSV.
///
/// # Errors
/// A full disk, exit 4; a drawing that cannot be painted, exit 70.
pub(crate) fn written(folder: &Path, figure: &Figure) -> Result<(), Failure> {
    let image = png(&figure.svg, RESOLUTION).map_err(Failure::bug)?;
    let forms = [("svg", figure.svg.as_bytes()), ("csv", figure.csv.as_bytes()), ("png", &image)];
    forms
        .into_iter()
        .try_for_each(|(form, bytes)| write_whole(&folder.join(format!("{}.{form}", figure.id)), bytes))
}
