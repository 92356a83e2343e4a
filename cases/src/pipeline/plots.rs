//! Plots of a run: shielding by region, exceedance of stress, lattice moduli, design history, residuals, quality.

use super::Results;
use super::bodies::Kind;
use crate::case::Case;
use crate::failure::Failure;
use dens_mesher::quality::HISTOGRAM_STEP_DEG;
use dens_reports::figure::{
    Axis, BarChart, Design, FigureError, FigureSet, Look, Plot, Series, design_history, exceedance, residuals,
};
use dens_reports::table::NO_UNIT;
use dens_solver::tensor::von_mises;
use std::collections::BTreeMap;

/// Adds all plots.
///
/// # Errors
/// Only by a bug: a plot that cannot be drawn.
pub fn draw(case: &Case, results: &Results, figures: &mut FigureSet) -> Result<(), Failure> {
    let failed = |e: FigureError| Failure::bug(format!("a plot cannot be drawn: {e}"));
    figures.add(shielding(case, results).map_err(failed)?);
    figures.add(history(results).map_err(failed)?);
    figures.add(stress(case, results).map_err(failed)?);
    figures.add(moduli(case, results).map_err(failed)?);
    figures.add(travel(case, results).map_err(failed)?);
    figures.add(sinking(case, results).map_err(failed)?);
    figures.add(convergence(case, results).map_err(failed)?);
    figures.add(quality(results).map_err(failed)?);
    Ok(())
}

type Drawn = Result<dens_reports::figure::Figure, FigureError>;

fn shielding(case: &Case, results: &Results) -> Drawn {
    let kept: Vec<_> =
        results.assessment.regions.iter().filter(|r| r.ratios().iter().all(Option::is_some)).collect();
    let names = kept.iter().map(|r| format!("{} {}", r.level.name(), r.region)).collect();
    let axis = Axis::new("Strain energy density, implanted over intact", NO_UNIT).log();
    let pick = |i: usize| kept.iter().map(|r| r.ratios()[i].unwrap_or(1.0).max(1e-4)).collect::<Vec<f64>>();
    BarChart::new(
        "shielding",
        "Strain energy density by bone region, implanted over intact at equal load; one means unchanged.",
        axis,
        names,
    )
    .wide()
    .group("day 1", pick(0))
    .group("12 months", pick(1))
    .band("neither shielded nor overloaded", [case.criteria.shielded_below, case.criteria.overloaded_above])
    .draw()
}

fn history(results: &Results) -> Drawn {
    let designs: Vec<Design> = results
        .history
        .designs
        .iter()
        .map(|d| Design {
            cell_type: d.cell.clone(),
            objective: d.objective,
            terms: BTreeMap::from([
                ("shielding".to_string(), d.shielding),
                ("subsidence".to_string(), d.subsidence),
                ("stiffness".to_string(), d.stiffness),
            ]),
            feasible: d.feasible,
        })
        .collect();
    design_history(
        "design-history",
        "Objective and its unweighted terms over the evaluated designs.",
        &designs,
    )
    .draw()
}

fn stress(case: &Case, results: &Results) -> Drawn {
    let factor = case.judged_load().axial / case.largest_load();
    let mut sets = Vec::new();
    for (stage, name) in [(1, "day 1"), (2, "12 months")] {
        let solved = &results.stages[stage];
        let Some(mesh) = solved.mesh(Kind::Implant) else { continue };
        for (region, what) in [(0, "solid"), (1, "lattice, homogenised")] {
            let set: Vec<(f64, f64)> = solved
                .points(Kind::Implant)
                .filter(|p| mesh.regions[p.cell] == region)
                .map(|p| (von_mises(&p.stress) * factor, p.weight))
                .collect();
            // A comparator may have no lattice.
            if !set.is_empty() {
                sets.push((format!("{what}, {name}"), set));
            }
        }
    }
    let named: Vec<(&str, &[(f64, f64)])> = sets.iter().map(|(n, s)| (n.as_str(), s.as_slice())).collect();
    let caption =
        format!("Share of the implant's volume above a von Mises stress under {}.", case.judged_load().id);
    exceedance("stress-exceedance", &caption, Axis::new("Von Mises stress", "MPa"), "volume", &named)?.draw()
}

fn moduli(case: &Case, results: &Results) -> Drawn {
    let x = Axis::new("Relative density", NO_UNIT).log().range(0.04, 1.0);
    let y = Axis::new("Young's modulus along the load", "MPa").log().range(50.0, 150_000.0);
    let solid = case.titanium.modulus;
    let line = |n: f64| {
        (0..=40).map(|i| 0.05_f64 * 20f64.powf(f64::from(i) / 40.0)).map(|r| [r, solid * r.powf(n)]).collect()
    };
    let mut plot = Plot::new(
        "lattice-modulus",
        "Homogenised modulus of the evaluated lattices; slopes of stretching (1) and bending (2) dominated lattices; printed EBM and LPBF lattices of the evidence (as-built measured moduli lie below ideal ones).",
        x,
        y,
    )
    .series(Series::new("slope 1", Look::Line, line(1.0)))
    .series(Series::new("slope 2", Look::Line, line(2.0)));
    let mut cells: Vec<&str> = Vec::new();
    for d in &results.history.designs {
        if !cells.contains(&d.cell.as_str()) {
            cells.push(&d.cell);
        }
    }
    for cell in cells {
        let points = results
            .history
            .designs
            .iter()
            .filter(|d| d.cell == cell)
            .map(|d| [d.relative_density, d.modulus])
            .collect();
        plot = plot.series(Series::new(cell, Look::Markers, points));
    }
    // npj Adv. Manuf. 2025 and Li 2014, as listed in the lattice evidence.
    let printed = vec![
        [0.18, 640.0],
        [0.20, 1250.0],
        [0.05, 130.0],
        [0.05, 120.0],
        [0.55, 2520.0],
        [0.49, 22300.0],
        [0.12, 500.0],
        [0.42, 15000.0],
    ];
    plot = plot.series(Series::new("printed, measured", Look::Faint, printed));
    let chosen = &results.chosen;
    let here = [chosen.drawn.relative_density, chosen.homogenized.young([0.0, 0.0, 1.0])];
    plot.series(Series::new("chosen", Look::Markers, vec![here]))
        .band("cancellous bone", [100.0, 4000.0], false)
        .draw()
}

fn travel(case: &Case, results: &Results) -> Drawn {
    let x = Axis::new("Axial shortening of C1 against the held bone", "mm").from_zero();
    let y = Axis::new("Axial load", "N").from_zero();
    let mut plot = Plot::new(
        "load-travel",
        if results.stages[1].rest.is_some() {
            "Axial load over shortening. With a misfit shortening counts from the state before any load and lines join solved states."
        } else {
            "Axial load over shortening; the answers are proportional to the load."
        },
        x,
        y,
    );
    for solved in &results.stages {
        let travel = solved.travel();
        let mut points = vec![[0.0, 0.0]];
        let solved_for = |axial: f64| solved.rest.is_none() || axial == case.largest_load();
        let loads = case.loads.iter().map(|l| l.axial).filter(|axial| solved_for(*axial));
        points.extend(loads.map(|axial| [travel * axial / case.largest_load(), axial]));
        points.sort_by(|a, b| a[1].total_cmp(&b[1]));
        plot = plot.series(Series::new(solved.question.stage.name(), Look::Line, points));
    }
    plot.draw()
}

fn sinking(case: &Case, results: &Results) -> Drawn {
    let caudal = case.implant.caudal.name();
    let x = Axis::new(&format!("Sinking of the implant's deepest edge into {caudal}"), "mm").from_zero();
    let y = Axis::new("Axial load", "N").from_zero();
    let caption = format!(
        "Axial load over the sinking of the implant into {caudal} on day 1, 95th percentile over the pressed area: bone that yields beside elastic bone."
    );
    let mut points = vec![[0.0, 0.0]];
    points.extend(results.crushing.loads.iter().map(|s| [s.sinking.edge, s.axial]));
    let judged = case.judged_load();
    let elastic = results.assessment.stages[0].crush.sinking.edge / judged.axial;
    let end = results.crushing.loads.last().map_or(judged.axial, |s| s.axial);
    Plot::new("load-sinking", &caption, x, y)
        .series(Series::new("elastic", Look::Line, vec![[0.0, 0.0], [elastic * end, end]]))
        .series(Series::new("yielding, loads of the case", Look::Markers, points))
        .draw()
}

fn convergence(case: &Case, results: &Results) -> Drawn {
    let solves: Vec<(&str, &[f64])> = results
        .stages
        .iter()
        .map(|s| (s.question.stage.name(), s.solution.progress.history.as_slice()))
        .collect();
    residuals(
        "residuals",
        "Force residual over the contact iterations of each stage.",
        &solves,
        case.tolerance,
    )
    .draw()
}

fn quality(results: &Results) -> Drawn {
    let mut counts: Vec<u64> = Vec::new();
    for body in &results.bodies.all {
        let classes = &body.quality.dihedral_histogram;
        counts.resize(counts.len().max(classes.len()), 0);
        counts.iter_mut().zip(classes).for_each(|(sum, n)| *sum += n);
    }
    let total = counts.iter().sum::<u64>().max(1) as f64;
    let points = counts
        .iter()
        .enumerate()
        .map(|(i, n)| [i as f64 * HISTOGRAM_STEP_DEG, 100.0 * *n as f64 / total])
        .collect();
    let x = Axis::new("Dihedral angle", "deg").range(0.0, 180.0);
    let y = Axis::new("Share of angles", "%").from_zero();
    Plot::new("mesh-quality", "Dihedral angles of the tetrahedra of all bodies.", x, y)
        .series(Series::new("all bodies", Look::Filled, points))
        .draw()
}
