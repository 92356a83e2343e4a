//! Which lattice: every cell at every density, the front between what they are bought with, one chosen, and its spread.
//!
//! The grid is evaluated as the design loop evaluates its designs: one mesh and one solver for all of them, the implant
//! bonded to the bone (the linearised contact of the ingrown stage), homogenised stiffness of each lattice. Such numbers
//! rank lattices; those of the chosen one come from whole runs with frictional contact, bone that yields and screws.

use crate::case::{Case, Quality};
use crate::failure::Failure;
use crate::pipeline::design::{self, Design};
use crate::pipeline::grading::Fill;
use crate::pipeline::models::{self, Stage};
use crate::pipeline::{bodies, fields::Solved, geometry, options};
use crate::progress::Progress;
use crate::sweep::plot::{Digest, drawn};
use dens_reports::ensemble::{End, Ensemble, Variable, front};
use dens_reports::figure::{Axis, Look, Marker, Plot, Series, pareto};
use dens_reports::record::{Relation, Section};
use dens_reports::row;
use dens_reports::table::{NO_UNIT, Table, significant};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Cells of the default grid: the strut cells that stretch, those that bend, and two sheets.
pub const CELLS: [&str; 7] =
    ["diamond", "bcc", "rhombic-dodecahedron", "octet", "kelvin", "gyroid-sheet", "diamond-sheet"];
/// Relative densities of the default grid: within the porosity of 0.60 to 0.80.
pub const DENSITIES: [f64; 4] = [0.20, 0.27, 0.33, 0.40];

/// A lattice of the grid; `None` where the cell has no such density.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lattice {
    /// Lattice cell.
    pub cell: String,
    /// Solid share.
    pub relative_density: f64,
    /// What it gives.
    pub found: Option<Found>,
}

/// Figures of a lattice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Cell edge, mm: the middle of those that keep the limits of strut and pore.
    pub cell_size: f64,
    /// Strut diameter or wall thickness, mm.
    pub strut: f64,
    /// Largest pore, mm.
    pub pore: f64,
    /// Young's modulus along the load, MPa.
    pub modulus: f64,
    /// Mean unloading of C1 and the bone under the implant, 0 to 1.
    pub shielding: f64,
    /// 95th percentile of compressive strain under the implant over the yield strain.
    pub subsidence: f64,
    /// 99th percentile of the stress of the lattice over its yield stress.
    pub strength: f64,
    /// Weighted sum of the design loop.
    pub objective: f64,
    /// Limits broken, in words.
    pub broken: Vec<String>,
}

impl From<Design> for Found {
    fn from(d: Design) -> Self {
        Self {
            cell_size: d.cell_size,
            strut: d.strut,
            pore: d.pore,
            modulus: d.modulus,
            shielding: d.shielding,
            subsidence: d.subsidence,
            strength: d.lattice_ratio,
            objective: d.objective,
            broken: d.active.iter().filter_map(|a| a.strip_prefix("broken: ")).map(str::to_string).collect(),
        }
    }
}

/// Evaluates the grid.
///
/// # Errors
/// A case whose models cannot be built or solved.
pub fn grid(
    case: &Case,
    folder: &Path,
    quality: Quality,
    points: &[(String, f64)],
    progress: &Progress,
) -> Result<Vec<Lattice>, Failure> {
    let case = &case.at(quality);
    let cancel = AtomicBool::new(false);
    let geometry = geometry::build(case, folder)?;
    // As in the loop: designs are compared on the coarse mesh whatever the quality of the final runs.
    let edge = case.fineness.edge[Quality::Draft as usize].max(case.fineness.edge[quality as usize]);
    let bodies = bodies::mesh(case, &geometry, edge, &Progress::new(true))?;
    let question = models::build(case, &geometry, &bodies, Stage::Intact, Fill::Even(&[[0.0; 6]; 6]))?;
    let solution = dens_solver::newton::solve(&question.model, &options(case), &|_, _| {}, &cancel)
        .map_err(|e| crate::pipeline::solve_failure("intact", &e))?;
    let intact = Solved::new(question, solution)?;
    let voxels = case.fineness.voxels[Quality::Draft as usize];
    let told = |k: usize| {
        let (cell, density) = &points[k];
        progress.within(&format!("{cell}, relative density {density}"), k as f64 / points.len() as f64);
    };
    let designs = design::grid(case, (&geometry, &bodies, &intact), voxels, points, &told, &cancel)?;
    let lattice = |((cell, density), d): (&(String, f64), Option<Design>)| Lattice {
        cell: cell.clone(),
        relative_density: *density,
        found: d.map(Found::from),
    };
    Ok(points.iter().zip(designs).map(lattice).collect())
}

/// The grid as runs with inputs and results.
pub fn ensemble(case: &Case, grid: &[Lattice]) -> Ensemble {
    let of = |f: &dyn Fn(&Found) -> f64| {
        grid.iter().map(|l| l.found.as_ref().map_or(f64::NAN, f)).collect::<Vec<_>>()
    };
    let limited = |id: &str, label: &str, unit: &str, values: Vec<f64>, limit: Option<(f64, Relation)>| {
        Variable { limit, ..Variable::numbers(id, label, unit, values) }
    };
    let d = &case.design;
    let fatigue = case.criteria.lattice_fatigue_fraction;
    let end = |(index, l): (usize, &Lattice)| End {
        index,
        status: if l.found.is_some() { "ok" } else { "no such density" }.into(),
        computed: l.found.is_some(),
    };
    Ensemble {
        name: case.name.clone(),
        runs: grid.iter().enumerate().map(end).collect(),
        inputs: vec![
            Variable::words("cell", "lattice cell", &grid.iter().map(|l| l.cell.clone()).collect::<Vec<_>>()),
            Variable::numbers(
                "relative-density",
                "relative density",
                NO_UNIT,
                grid.iter().map(|l| l.relative_density).collect(),
            ),
        ],
        results: vec![
            limited("shielding", "mean unloading of bone", NO_UNIT, of(&|f| f.shielding), None),
            limited(
                "subsidence",
                "strain under the implant over yield",
                NO_UNIT,
                of(&|f| f.subsidence),
                Some((1.0, Relation::AtMost)),
            ),
            limited(
                "modulus",
                "modulus along the load",
                "MPa",
                of(&|f| f.modulus),
                Some((d.target_modulus, Relation::AtMost)),
            ),
            limited(
                "strength",
                "lattice stress over yield",
                NO_UNIT,
                of(&|f| f.strength),
                Some((fatigue, Relation::AtMost)),
            ),
            limited("strut", "strut or wall", "mm", of(&|f| f.strut), Some((d.strut_min, Relation::AtLeast))),
            limited("pore", "pore", "mm", of(&|f| f.pore), None),
            limited("cell-size", "cell size", "mm", of(&|f| f.cell_size), None),
        ],
    }
}

/// The lattice of least objective that keeps every limit, and whether there is one; else that which breaks fewest.
///
/// # Errors
/// A grid without any lattice; exit 2.
pub fn chosen(grid: &[Lattice]) -> Result<(usize, bool), Failure> {
    let found = || grid.iter().enumerate().filter_map(|(k, l)| l.found.as_ref().map(|f| (k, f)));
    let (k, best) = found()
        .min_by(|a, b| a.1.broken.len().cmp(&b.1.broken.len()).then(a.1.objective.total_cmp(&b.1.objective)))
        .ok_or_else(|| Failure::input("no cell of the grid has any of its densities"))?;
    Ok((k, best.broken.is_empty()))
}

/// Sections and figures of the grid.
///
/// # Errors
/// As [`drawn`].
pub fn digest(e: &Ensemble, grid: &[Lattice], choice: usize, d: &mut Digest) -> Result<(), Failure> {
    let mut cells: Vec<&str> = Vec::new();
    grid.iter().filter(|l| l.found.is_some()).for_each(|l| {
        if !cells.contains(&l.cell.as_str()) {
            cells.push(&l.cell);
        }
    });
    let mut section = Section::new("cells", "Cells and densities").paragraph(
        "Every lattice was evaluated on one mesh with the implant bonded to the bone (linearised contact of the ingrown stage) and its homogenised stiffness; the cell size is the middle of those that keep the limits of strut and pore. These numbers rank lattices.",
    );
    let markers =
        [Marker::Disc, Marker::Square, Marker::Triangle, Marker::Diamond, Marker::Ring, Marker::Cross];
    let captions = [
        ("shielding", "Mean unloading of C1 and the bone under the implant against the intact control."),
        (
            "subsidence",
            "95th percentile of the compressive strain under the implant over the yield strain of the bone.",
        ),
        ("modulus", "Young's modulus of the lattice along the load."),
        ("strength", "99th percentile of the stress of the lattice over its yield stress."),
    ];
    for (id, caption) in captions {
        let Some(r) = e.result(id) else { continue };
        let x = Axis::new("Relative density", NO_UNIT);
        let mut plot =
            Plot::new(&format!("grid-{id}"), caption, x, Axis::new(&first_capital(&r.label), &r.unit)).wide();
        for (c, cell) in cells.iter().enumerate() {
            let points = grid
                .iter()
                .zip(&r.values)
                .filter(|(l, v)| l.cell == *cell && v.is_finite())
                .map(|(l, v)| [l.relative_density, *v])
                .collect();
            // More cells than colors: the next round has other markers with the same colors.
            plot = plot.series(Series::new(cell, Look::Both, points).style(markers[(c + c / 6) % 6], c % 6));
        }
        if let (Some((limit, _)), Some([low, high])) = (r.limit, r.range())
            && low - 0.5 * (high - low) <= limit
            && limit <= high + 0.5 * (high - low)
        {
            plot = plot.rule(&format!("limit {}", significant(limit, 3)), limit, false);
        }
        section = section.figure(d.figures.add(drawn(plot.draw())?));
    }
    d.sections.push(section);
    let feasible: Vec<bool> =
        grid.iter().map(|l| l.found.as_ref().is_some_and(|f| f.broken.is_empty())).collect();
    let any = feasible.iter().any(|f| *f);
    let all: Vec<bool> = grid.iter().map(|l| l.found.is_some()).collect();
    let counted = if any { feasible } else { all };
    let mut section = Section::new("front", "What a lattice is bought with").paragraph(if any {
        "Lattices that keep every limit of strength, strut and pore compete; the others are crossed out."
    } else {
        "No lattice of the grid keeps every limit of strength, strut and pore: the front is that of all of them."
    });
    for (a, b) in [("shielding", "subsidence"), ("shielding", "strength"), ("modulus", "strength")] {
        let (Some(x), Some(y)) = (e.result(a), e.result(b)) else { continue };
        let caption = format!("{} against {}: front and chosen lattice.", x.label, y.label);
        let points: Vec<[f64; 2]> = (0..grid.len())
            .map(|k| if counted[k] { [x.values[k], y.values[k]] } else { [f64::NAN; 2] })
            .collect();
        let mut named: Vec<(usize, String)> = vec![(choice, format!("chosen: {}", name(&grid[choice])))];
        named
            .extend(front(&points).into_iter().filter(|k| *k != choice).take(6).map(|k| (k, name(&grid[k]))));
        let figure = pareto(&format!("front-{a}-{b}"), &caption, e, (x, y), &counted, &named);
        section = section.figure(d.figures.add(drawn(figure)?));
    }
    d.sections.push(section.table(table(grid, choice)));
    Ok(())
}

fn name(l: &Lattice) -> String {
    format!("{} {}", l.cell, l.relative_density)
}

fn first_capital(text: &str) -> String {
    crate::sweep::plot::capital(text)
}

/// Every lattice of the grid.
pub fn table(grid: &[Lattice], choice: usize) -> Table {
    let head = [
        ("cell", ""),
        ("density", NO_UNIT),
        ("edge", "mm"),
        ("strut", "mm"),
        ("pore", "mm"),
        ("modulus", "MPa"),
        ("unloading", NO_UNIT),
        ("strain/yield", NO_UNIT),
        ("stress/yield", NO_UNIT),
        ("objective", NO_UNIT),
        ("limits", ""),
    ];
    let mut table = Table::new("grid", "Lattices of the grid", &head);
    for (k, l) in grid.iter().enumerate() {
        let Some(f) = &l.found else { continue };
        let words =
            if f.broken.is_empty() { "kept".to_string() } else { format!("breaks {}", f.broken.join(", ")) };
        let words = if k == choice { format!("chosen; {words}") } else { words };
        table.push(row![
            l.cell.clone(),
            l.relative_density,
            f.cell_size,
            f.strut,
            f.pore,
            f.modulus,
            f.shielding,
            f.subsidence,
            f.strength,
            f.objective,
            words
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lattice(cell: &str, density: f64, objective: f64, broken: &[&str]) -> Lattice {
        let found = Found {
            cell_size: 1.7,
            strut: 0.45,
            pore: 0.7,
            modulus: 1e4 * density,
            shielding: density,
            subsidence: 1.0 - density,
            strength: 0.04 / density,
            objective,
            broken: broken.iter().map(|b| b.to_string()).collect(),
        };
        Lattice { cell: cell.into(), relative_density: density, found: Some(found) }
    }

    #[test]
    fn the_chosen_lattice_keeps_its_limits_before_it_is_good() {
        let mut grid = vec![lattice("bcc", 0.2, 1.0, &["strut minimum"]), lattice("bcc", 0.3, 2.0, &[])];
        grid.push(lattice("bcc", 0.4, 3.0, &[]));
        assert_eq!(chosen(&grid).expect("some"), (1, true));
        grid.truncate(1);
        assert_eq!(chosen(&grid).expect("some"), (0, false));
        grid[0].found = None;
        assert!(chosen(&grid).is_err());
    }

    #[test]
    fn a_grid_is_drawn_with_a_cell_that_has_no_such_density() {
        let case = Case::embedded("tiny").expect("sound");
        let mut grid: Vec<Lattice> = CELLS
            .iter()
            .flat_map(|c| DENSITIES.map(|d| lattice(c, d, d, if d < 0.25 { &["pore maximum"] } else { &[] })))
            .collect();
        grid[0].found = None;
        let e = ensemble(&case, &grid);
        let (choice, feasible) = chosen(&grid).expect("some");
        assert!(feasible);
        let mut d = Digest::default();
        digest(&e, &grid, choice, &mut d).expect("drawn");
        assert_eq!(d.figures.figures.len(), 7);
        assert_eq!(table(&grid, choice).rows.len(), 27);
    }
}
