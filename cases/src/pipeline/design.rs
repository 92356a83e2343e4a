//! The design loop: cell type, relative density and cell size varied until the objective stops improving.
//!
//! For each cell type the densities that admit a cell size within the pore and strut limits are found first;
//! of the cell sizes, the middle of the admissible range is taken. The objective is then minimised over the
//! density by three points and successive parabolas, each point evaluated by finite elements with the implant
//! bonded (the linearised contact of the ingrown stage) on the coarse mesh. The density is the only variable: it gives
//! the cell size, and as printed both give the section that carries.

use super::assess;
use super::bodies::{Bodies, Kind};
use super::fields::{Point, Solved};
use super::geometry::Geometry;
use super::grading::{Fill, Table};
use super::lattice::{self, Drawn};
use super::models::{self, Stage};
use crate::case::Case;
use crate::failure::Failure;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::Level;
use dens_solver::criteria::{self, design, implant, subsidence};
use dens_solver::newton::{Options, Solver};
use dens_solver::solution::Solution;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::atomic::AtomicBool;

/// One evaluated design.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Design {
    /// Number, from 1.
    pub number: usize,
    /// Lattice cell.
    pub cell: String,
    /// Solid share.
    pub relative_density: f64,
    /// mm.
    pub cell_size: f64,
    /// Strut diameter or wall thickness, mm.
    pub strut: f64,
    /// Largest pore, mm.
    pub pore: f64,
    /// Young's modulus along the load, MPa.
    pub modulus: f64,
    /// Mean unloading of C1 and caudal bone, 0 to 1.
    pub shielding: f64,
    /// 95th percentile of compressive strain in the layer under the implant over the yield strain.
    pub subsidence: f64,
    /// Excess of the modulus over the target, relative.
    pub stiffness: f64,
    /// Weighted sum of the three.
    pub objective: f64,
    /// 99th percentile of homogenised lattice stress over lattice yield (0.2 of solid yield × density^1.5).
    pub lattice_ratio: f64,
    /// Constraints that are active or broken, in words; empty when none.
    pub active: Vec<String>,
    /// Whether every constraint holds.
    pub feasible: bool,
}

/// Result of the loop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct History {
    /// Every design in the order of evaluation.
    pub designs: Vec<Design>,
    /// Index of the chosen one; `None` when none is feasible.
    pub best: Option<usize>,
    /// Why each cell type was left, in words.
    pub stops: Vec<String>,
}

/// Density of a cell type with the cell sizes that the limits admit.
#[derive(Debug, Clone, Copy)]
struct Window {
    density: f64,
    /// Chosen cell size, mm.
    size: f64,
    admissible: bool,
}

impl Window {
    /// Middle of the cell sizes that keep the limits; `strut` and `pore` per cell edge.
    fn new(case: &Case, density: f64, strut: f64, pore: f64) -> Self {
        let d = &case.design;
        let smallest = (d.strut_min / strut).max(d.pore[0] / pore);
        let largest = d.pore[1] / pore;
        let admissible = smallest <= largest;
        // Where nothing is admissible the printable strut comes first: it decides whether it can be made.
        Self { density, size: if admissible { 0.5 * (smallest + largest) } else { smallest }, admissible }
    }
}

/// Evaluates every cell at every density, as the loop evaluates its designs; `None` where a cell has no such density.
///
/// - `points`: lattice cell and relative density, in the order of the result
/// - `told`: called before each with its number
///
/// # Errors
/// A model that cannot be solved.
pub fn grid(
    case: &Case,
    (geometry, bodies, intact): (&Geometry, &Bodies, &Solved),
    voxels: usize,
    points: &[(String, f64)],
    told: &dyn Fn(usize),
    cancel: &AtomicBool,
) -> Result<Vec<Option<Design>>, Failure> {
    let reference = bone(intact, case.implant.caudal).map(|p| p.energy).collect();
    let mut evaluator =
        Evaluator { case, geometry, bodies, voxels, cancel, reference, solver: None, last: None };
    let one = |(k, (cell, density)): (usize, &(String, f64))| {
        told(k);
        let [least, most] = dens_mesher::lattice::cell(cell).map_err(Failure::input)?.density_range();
        if *density < least || most < *density {
            return Ok(None);
        }
        let unit = Drawn::new(cell, *density, 1.0)?;
        evaluator.evaluate(cell, Window::new(case, *density, unit.strut, unit.pore), k + 1).map(Some)
    };
    points.iter().enumerate().map(one).collect()
}

/// Runs the loop on `bodies` (the coarse mesh) against the `intact` control on the same mesh.
///
/// # Errors
/// A model that cannot be solved.
pub fn run(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    intact: &Solved,
    voxels: usize,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<History, Failure> {
    let reference = bone(intact, case.implant.caudal).map(|p| p.energy).collect();
    let mut evaluator =
        Evaluator { case, geometry, bodies, voxels, cancel, reference, solver: None, last: None };
    let mut history = History { designs: Vec::new(), best: None, stops: Vec::new() };
    if !case.design.optimize {
        let l = &case.lattice;
        let window = Window { density: l.relative_density, size: l.cell_size, admissible: true };
        let d = evaluator.evaluate(&l.cell, window, 1)?;
        history.designs.push(d);
        history.stops.push("the design loop is switched off; the lattice of the case was evaluated".into());
    } else {
        let per_cell = (case.design.max_designs / case.design.cells.len()).max(1);
        for (i, cell) in case.design.cells.iter().enumerate() {
            let done = i * per_cell;
            let mut report = |k: usize, what: &str| {
                progress.within(what, (done + k) as f64 / case.design.max_designs as f64);
            };
            search(case, cell, per_cell, &mut evaluator, &mut history, &mut report)?;
        }
    }
    history.best = (0..history.designs.len())
        .filter(|i| history.designs[*i].feasible)
        .min_by(|a, b| history.designs[*a].objective.total_cmp(&history.designs[*b].objective));
    Ok(history)
}

/// Strut and pore of a cell type per cell edge over its densities, measured at a few and interpolated.
struct Measures {
    /// Density, strut, pore; ascending density.
    table: Vec<[f64; 3]>,
}

impl Measures {
    /// Measures the cell at five densities between the limits; none when it has no open-pored solid there.
    fn new(case: &Case, cell: &str) -> Result<Option<Self>, Failure> {
        let d = &case.design;
        let [least, most] = dens_mesher::lattice::cell(cell).map_err(Failure::input)?.density_range();
        let (low, high) = (d.relative_density[0].max(least), d.relative_density[1].min(most));
        if high < low {
            return Ok(None);
        }
        let steps = 4;
        let table: Result<Vec<[f64; 3]>, Failure> = (0..=steps)
            .into_par_iter()
            .map(|i| {
                let density = low + (high - low) * f64::from(i) / f64::from(steps);
                let unit = Drawn::new(cell, density, 1.0)?;
                Ok([density, unit.strut, unit.pore])
            })
            .collect();
        Ok(Some(Self { table: table? }))
    }

    /// Cell size within pore and strut limits at a density, and whether there is one.
    fn window(&self, case: &Case, density: f64) -> Window {
        let last = self.table.len() - 1;
        let k = self.table[1..last.max(1)].iter().take_while(|row| row[0] < density).count();
        let (a, b) = (self.table[k], self.table[(k + 1).min(last)]);
        let t = if a[0] < b[0] { (density - a[0]) / (b[0] - a[0]) } else { 0.0 };
        let (strut, pore) = (a[1] + t * (b[1] - a[1]), a[2] + t * (b[2] - a[2]));
        Window::new(case, density, strut, pore)
    }

    /// Least and largest density that admit a cell size, to a fiftieth of the range.
    fn admissible(&self, case: &Case) -> Option<[f64; 2]> {
        let (low, high) = (self.table[0][0], self.table[self.table.len() - 1][0]);
        let open = |i: &u32| self.window(case, low + (high - low) * f64::from(*i) / 50.0).admissible;
        let first = (0..=50).find(open)?;
        let last = (0..=50).rev().find(open)?;
        Some([first, last].map(|i| low + (high - low) * f64::from(i) / 50.0))
    }
}

fn search(
    case: &Case,
    cell: &str,
    budget: usize,
    evaluator: &mut Evaluator<'_>,
    history: &mut History,
    report: &mut dyn FnMut(usize, &str),
) -> Result<(), Failure> {
    let Some(measures) = Measures::new(case, cell)? else {
        history.stops.push(format!("{cell}: no open-pored lattice in the range of densities"));
        return Ok(());
    };
    // Where no density is admissible the range is sampled all the same: the history then shows by how much
    // the limits are missed and what the cell would give.
    let table = &measures.table;
    let admissible = measures.admissible(case);
    let [low, high] = admissible.unwrap_or([table[0][0], table[table.len() - 1][0]]);
    let mut found: Vec<(f64, f64)> = Vec::new();
    let mut points = if low < high { vec![low, 0.5 * (low + high), high] } else { vec![low] };
    let mut best = f64::INFINITY;
    let mut stop = format!("{cell}: the budget of {budget} designs was used");
    while let Some(density) = points.pop() {
        if found.len() >= budget {
            break;
        }
        report(found.len(), &format!("{cell}, relative density {density:.3}"));
        let number = history.designs.len() + 1;
        let design = evaluator.evaluate(cell, measures.window(case, density), number)?;
        found.push((density, design.objective));
        history.designs.push(design);
        let before = best;
        best = found.iter().map(|f| f.1).fold(f64::INFINITY, f64::min);
        if points.is_empty() && admissible.is_none() {
            stop = format!(
                "{cell}: no density admits pore and strut limits together; ends and middle of the range were evaluated"
            );
            break;
        }
        if points.is_empty() {
            if found.len() > 3 && before - best <= case.design.tolerance * best.abs() {
                stop = format!(
                    "{cell}: the last design improved the objective by less than {} %",
                    100.0 * case.design.tolerance
                );
                break;
            }
            points.extend(next_point(&found, low, high));
            if points.is_empty() {
                stop = format!("{cell}: the next density differs from an evaluated one by less than 0.002");
                break;
            }
        }
    }
    history.stops.push(stop);
    Ok(())
}

/// Minimum of the parabola through the best point and its neighbours, or the middle of the wider gap beside
/// the best; none when it is within 0.002 of an evaluated density.
fn next_point(found: &[(f64, f64)], low: f64, high: f64) -> Option<f64> {
    let mut sorted = found.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let i = (0..sorted.len()).min_by(|a, b| sorted[*a].1.total_cmp(&sorted[*b].1))?;
    let middle = i.clamp(1, sorted.len().checked_sub(2)?);
    let [(a, fa), (b, fb), (c, fc)] = [sorted[middle - 1], sorted[middle], sorted[middle + 1]];
    let bend = (b - a) * (fb - fc) - (b - c) * (fb - fa);
    let vertex = b - 0.5 * ((b - a).powi(2) * (fb - fc) - (b - c).powi(2) * (fb - fa)) / bend;
    let taken = |x: f64| sorted.iter().any(|s| (s.0 - x).abs() < 0.002);
    let halves =
        [0.5 * (sorted[middle - 1].0 + sorted[middle].0), 0.5 * (sorted[middle].0 + sorted[middle + 1].0)];
    let beside = if i == 0
        || (i == middle && sorted[middle].0 - sorted[middle - 1].0 > sorted[middle + 1].0 - sorted[middle].0)
    {
        halves[0]
    } else {
        halves[1]
    };
    [vertex, beside].into_iter().find(|x| x.is_finite() && (low..=high).contains(x) && !taken(*x))
}

/// Evaluates designs on one mesh, reusing pairing, pattern and the last answer.
struct Evaluator<'a> {
    case: &'a Case,
    geometry: &'a Geometry,
    bodies: &'a Bodies,
    voxels: usize,
    cancel: &'a AtomicBool,
    reference: Vec<f64>,
    solver: Option<Solver>,
    last: Option<Solution>,
}

/// The control on the coarse mesh, solved as loosely as the designs.
///
/// # Errors
/// A model that cannot be solved.
pub fn control(
    case: &Case,
    geometry: &Geometry,
    bodies: &Bodies,
    cancel: &AtomicBool,
) -> Result<Solved, Failure> {
    let question = models::build(case, geometry, bodies, Stage::Intact, &[[0.0; 6]; 6])?;
    let solution = dens_solver::newton::solve(&question.model, &options(case), &|_, _| {}, cancel)
        .map_err(|e| super::solve_failure("coarse intact model of the design loop", &e))?;
    Solved::new(question, solution)
}

impl Evaluator<'_> {
    fn evaluate(&mut self, cell: &str, window: Window, number: usize) -> Result<Design, Failure> {
        let case = self.case;
        let drawn = Drawn::new(cell, window.density, 1.0)?.resized(window.size);
        let homogenized = lattice::stiffness(case, &drawn, self.voxels)?.best;
        let table = Table::new(case, &drawn, self.voxels)?;
        let solved =
            self.solve(table.as_ref().map_or(Fill::Even(&homogenized.stiffness), Fill::Graded), number)?;
        let factor = case.judged_load().axial / case.largest_load();
        let shielding = unloading(case, &solved, &self.reference);
        let sinking = sinking(case, self.geometry, &solved);
        let modulus = homogenized.young([0.0, 0.0, 1.0]);
        let stiffness = design::excess_stiffness(modulus, case.design.target_modulus);
        let d = &case.design;
        let objective =
            d.weight_shielding * shielding + d.weight_subsidence * sinking + d.weight_stiffness * stiffness;
        let lattice_ratio = lattice_ratio(case, &solved, |_, _| homogenized.relative_density, factor);
        let active = self.active(&drawn, lattice_ratio);
        let feasible = active.iter().all(|a| !a.starts_with("broken"));
        self.last = Some(solved.solution);
        Ok(Design {
            number,
            cell: cell.to_string(),
            relative_density: drawn.relative_density,
            cell_size: window.size,
            strut: drawn.strut,
            pore: drawn.pore,
            modulus,
            shielding,
            subsidence: sinking,
            stiffness,
            objective,
            lattice_ratio,
            active,
            feasible,
        })
    }

    fn solve(&mut self, stiffness: Fill<'_>, number: usize) -> Result<Solved, Failure> {
        let question = models::build(self.case, self.geometry, self.bodies, Stage::Ingrown, stiffness)?;
        let failed =
            |e: &dens_solver::newton::SolveError| super::solve_failure(&format!("design {number}"), e);
        let mut solver = match self.solver.take() {
            Some(solver) => solver,
            None => Solver::new(&question.model, &options(self.case)).map_err(|e| failed(&e))?,
        };
        let solution = solver
            .solve(&question.model, self.last.as_ref(), &|_, _| {}, self.cancel)
            .map_err(|e| failed(&e))?;
        self.solver = Some(solver);
        Solved::new(question, solution)
    }

    /// Constraints that are at their limit (within 2 %) or beyond it.
    fn active(&self, drawn: &Drawn, lattice_ratio: f64) -> Vec<String> {
        let d = &self.case.design;
        let mut active = Vec::new();
        let mut limit = |name: &str, value: f64, limit: f64, at_most: bool| {
            let excess = if at_most { value / limit - 1.0 } else { limit / value - 1.0 };
            if excess > 1e-6 {
                active.push(format!("broken: {name}"));
            } else if excess > -0.02 {
                active.push(format!("active: {name}"));
            }
        };
        limit("strut minimum", drawn.strut, d.strut_min, false);
        limit("pore maximum", drawn.pore, d.pore[1], true);
        limit("pore minimum", drawn.pore, d.pore[0], false);
        limit("relative density maximum", drawn.relative_density, d.relative_density[1], true);
        limit("relative density minimum", drawn.relative_density, d.relative_density[0], false);
        limit("lattice fatigue", lattice_ratio, self.case.criteria.lattice_fatigue_fraction, true);
        active
    }
}

/// Options of a solve in the loop, where designs are compared and not reported: two digits looser.
pub(crate) fn options(case: &Case) -> Options {
    Options { residual_tolerance: 100.0 * case.tolerance, ..super::options(case) }
}

/// Mean unloading of C1 and the bone under the implant.
///
/// - `reference`: strain energy densities of the control at the same points
pub(crate) fn unloading(case: &Case, solved: &Solved, reference: &[f64]) -> f64 {
    let points: Vec<Point> = bone(solved, case.implant.caudal).collect();
    let weights: Vec<f64> = points.iter().map(|p| p.weight).collect();
    let energies: Vec<f64> = points.iter().map(|p| p.energy).collect();
    design::mean_unloading(&weights, &energies, reference)
}

/// 95th percentile of the compressive strain in the layer under the implant over the yield strain, judged load.
pub(crate) fn sinking(case: &Case, geometry: &Geometry, solved: &Solved) -> f64 {
    let factor = case.judged_load().axial / case.largest_load();
    let (volumes, strains, _) = assess::layer(geometry, solved, case.criteria.crush_depth, factor);
    let ratios = subsidence::compression_ratios(&strains, case.crush_strain());
    criteria::quantile(&volumes, &ratios, 0.95).unwrap_or(0.0)
}

/// Points of C1 and the bone under the implant.
pub(crate) fn bone(solved: &Solved, caudal: Level) -> impl Iterator<Item = Point> + '_ {
    let levels = [Level::C1, caudal].into_iter();
    levels.flat_map(|l| solved.points(Kind::Bone(l)))
}

/// 99th percentile of the homogenised stress over the yield stress of the lattice by the density law.
///
/// - `density`: relative density by cell and place
pub(crate) fn lattice_ratio(
    case: &Case,
    solved: &Solved,
    density: impl Fn(usize, Vec3) -> f64,
    factor: f64,
) -> f64 {
    let Some(mesh) = solved.mesh(Kind::Implant) else { return 0.0 };
    let (mut weights, mut ratios) = (Vec::new(), Vec::new());
    for p in solved.points(Kind::Implant).filter(|p| mesh.regions[p.cell] == 1) {
        weights.push(p.weight);
        let strength = case.titanium.yield_strength;
        let yield_stress = implant::bending_lattice_yield(strength, density(p.cell, p.place));
        ratios.push(implant::lattice_stress_ratio(&p.stress.map(|s| s * factor), yield_stress));
    }
    criteria::quantile(&weights, &ratios, 0.99).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::next_point;

    #[test]
    fn the_next_density_is_the_vertex_of_the_parabola() {
        let f = |x: f64| (x - 0.27).powi(2) + 1.0;
        let found: Vec<(f64, f64)> = [0.2, 0.3, 0.4].map(|x| (x, f(x))).to_vec();
        let next = next_point(&found, 0.2, 0.4).expect("a vertex inside");
        assert!((next - 0.27).abs() < 1e-12);
    }

    #[test]
    fn a_falling_objective_is_followed_toward_its_end() {
        let found = [(0.2, 3.0), (0.3, 2.0), (0.4, 1.0)];
        let next = next_point(&found, 0.2, 0.4).expect("a point beside the best");
        assert!(0.3 < next && next < 0.4, "{next}");
    }

    #[test]
    fn an_evaluated_density_is_not_proposed_again() {
        let f = |x: f64| (x - 0.3).powi(2);
        let found: Vec<(f64, f64)> = [0.299, 0.3, 0.301].map(|x| (x, f(x))).to_vec();
        assert_eq!(next_point(&found, 0.299, 0.301), None);
    }
}
