//! The order of an optimisation: set-up, designs, choice, finer mesh, files.

use super::chosen::{self, Edit};
use super::design::{Candidate, Printed, Space, zones};
use super::evaluate::{Bench, Filled, Numbers, by};
use super::gradient::{self, Field, State};
use super::history::{self, Entry};
use super::spec::{Constraint, Engine, Objective, Spec};
use super::surfaces::Surface;
use super::{bayes, figures};
use crate::case::{Case, Quality};
use crate::commands::Loaded;
use crate::failure::{Exit, Failure};
use crate::output::write_whole;
use crate::pipeline::geometry::{self, Geometry};
use crate::pipeline::lattice::{self, Drawn};
use crate::pipeline::{bodies, grading};
use crate::progress::Progress;
use crate::sweep::plot::written;
use dens_mesher::Vec3;
use dens_mesher::geometry::solid::{Samples, Zones};
use dens_reports::figure::Figure;
use dens_reports::manifest::sha256_hex;
use dens_solver::tensor::Stiffness;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Version of `optimise.json`.
const SCHEMA: &str = "dens-optimise/1";
/// The record, written first as unfinished.
const RECORD: &str = "optimise.json";
/// Designs or iterations so far.
const HISTORY: &str = "history.csv";
/// All of the gradient engine that is needed to go on.
const STATE: &str = "state.json";
/// What each design took; differs from run to run.
const TIMES: &str = "times.csv";
/// Grid on which a field of densities is written, of the radius of its filter.
const GRID: f64 = 0.8;

/// What is asked of a run.
pub struct Asked<'a> {
    /// The case with its text and overrides.
    pub loaded: &'a Loaded,
    /// Its meaning at the quality.
    pub case: &'a Case,
    /// What is optimised.
    pub spec: &'a Spec,
    /// Density of the mesh that designs are compared on.
    pub quality: Quality,
    /// Folder of the result.
    pub target: &'a Path,
    /// Folder of response surfaces.
    pub cache: PathBuf,
    /// Set when the work shall stop.
    pub cancel: &'a AtomicBool,
}

/// How a run ended.
pub enum Ended {
    /// Before its end; so many designs are kept.
    Stopped(usize),
    /// With this record.
    Done(Value),
}

/// Runs or continues an optimisation.
///
/// # Errors
/// A folder that holds something else, bad input or model (exit 2), a full disk (4).
pub fn run(asked: &Asked<'_>, progress: &Progress) -> Result<Ended, Failure> {
    let key = key(asked);
    if let Some(record) = begun(asked, &key)? {
        return Ok(Ended::Done(record));
    }
    let mut clock = Clock::new(asked.target)?;
    progress.phase("geometry and meshes", 0.05);
    let case = asked.case;
    let geometry = geometry::build(case, &asked.loaded.folder)?;
    let edge = case.fineness.edge[asked.quality as usize];
    let meshed = bodies::mesh(case, &geometry, edge, &Progress::new(true))?;
    progress.phase("intact control", 0.05);
    let prepared = Bench::new(case, &geometry, meshed, asked.cancel);
    let mut bench = match stopped(prepared)? {
        Some(bench) => bench,
        None => return Ok(Ended::Stopped(0)),
    };
    progress.phase("response surfaces", 0.1);
    let space = Space::new(case, asked.spec, &geometry.implant)?;
    let voxels = case.fineness.voxels[asked.quality as usize];
    let surface =
        |(k, cell): (usize, &String)| Surface::new(case, cell, space.printed_range(k), voxels, &asked.cache);
    let surfaces: Vec<Surface> =
        asked.spec.cells.iter().enumerate().map(surface).collect::<Result<_, _>>()?;
    clock.lap("setup")?;
    progress.phase("designs", 0.65);
    let work = Work { asked, geometry: &geometry, space: &space, surfaces: &surfaces, key: &key };
    let found = match asked.spec.engine {
        Engine::Bayes => work.bayes(&mut bench, &mut clock, progress)?,
        Engine::Gradient => work.gradient(&bench, &mut clock, progress)?,
    };
    let found = match found {
        Progressed::Stopped(n) => return Ok(Ended::Stopped(n)),
        Progressed::Done(found) => found,
    };
    progress.phase("finer mesh", 0.15);
    let record = match &found.pick {
        Some(pick) => match stopped(work.verified(&mut bench, pick, edge))? {
            Some(verified) => work.record(&found, Some((pick, verified))),
            None => return Ok(Ended::Stopped(found.evaluated)),
        },
        None => work.record(&found, None),
    };
    if let Some(pick) = &found.pick {
        let mut edits = chosen::overrides(&asked.loaded.set);
        edits.extend(pick.edits.iter().cloned());
        let text = chosen::edited(&asked.loaded.text, &edits)?;
        write_whole(&asked.target.join("chosen.toml"), text.as_bytes())?;
    }
    found.figures.iter().try_for_each(|figure| written(asked.target, figure))?;
    write_json(asked.target, &record)?;
    Ok(Ended::Done(record))
}

/// Nothing where the work was stopped.
fn stopped<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(v) => Ok(Some(v)),
        Err(f) if f.exit == Exit::Interrupted => Ok(None),
        Err(f) => Err(f),
    }
}

/// Hash of all that determines the history, but the number of designs: more may be asked for later.
fn key(asked: &Asked<'_>) -> String {
    let mut text = format!("{SCHEMA} {} {}\n", env!("CARGO_PKG_VERSION"), asked.quality.name());
    for (path, value, _) in asked.case.echo.iter().filter(|(path, _, _)| path != "optimise.budget") {
        text.push_str(&format!("{path} = {value}\n"));
    }
    text.push_str(&format!("{:?}", Spec { budget: 0, ..asked.spec.clone() }));
    sha256_hex(text.as_bytes())
}

/// Makes the folder, or finds what was begun there; the record where it is finished.
fn begun(asked: &Asked<'_>, key: &str) -> Result<Option<Value>, Failure> {
    let target = asked.target;
    let shown = target.display();
    fs::create_dir_all(target).map_err(|e| Failure::limit(format!("cannot make `{shown}`: {e}")))?;
    let record: Option<Value> =
        fs::read(target.join(RECORD)).ok().and_then(|b| serde_json::from_slice(&b).ok());
    match record {
        None if fs::read_dir(target).is_ok_and(|mut d| d.next().is_some()) => Err(Failure::input(format!(
            "`{shown}` holds something that is no optimisation\n  = hint: give another folder with `-o`"
        ))),
        None => {
            write_json(target, &json!({ "schema": SCHEMA, "key": key, "status": "unfinished" }))?;
            Ok(None)
        }
        Some(record) if record["schema"] != SCHEMA || record["key"] != key => Err(Failure::input(format!(
            "`{shown}` holds the optimisation of another case, seed, engine or quality\n  = hint: give another folder with `-o`, or move it away"
        ))),
        Some(record) if record["status"] == "done" && record["budget"] == asked.spec.budget => {
            Ok(Some(record))
        }
        Some(_) => Ok(None),
    }
}

fn write_json(target: &Path, value: &Value) -> Result<(), Failure> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(Failure::bug)?;
    bytes.push(b'\n');
    write_whole(&target.join(RECORD), &bytes)
}

/// Stopwatch of designs, wall and processor.
struct Clock {
    path: PathBuf,
    text: String,
    at: (Instant, f64),
}

impl Clock {
    fn new(target: &Path) -> Result<Self, Failure> {
        let path = target.join(TIMES);
        let text = fs::read_to_string(&path).unwrap_or_else(|_| "what,wall_s,processor_s\n".into());
        Ok(Self { path, text, at: (Instant::now(), processor()) })
    }

    /// Ends a piece of work.
    fn lap(&mut self, what: &str) -> Result<(), Failure> {
        let (wall, spent) = (self.at.0.elapsed().as_secs_f64(), processor() - self.at.1);
        self.text.push_str(&format!("{what},{wall:.2},{spent:.2}\n"));
        self.at = (Instant::now(), processor());
        write_whole(&self.path, self.text.as_bytes())
    }
}

/// Processor seconds of this process; 0 where the system does not tell.
fn processor() -> f64 {
    // Fields 14 and 15 of the line, after the name in parentheses, in hundredths of a second.
    let line = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = line.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Design that was chosen.
struct Pick {
    /// In words.
    words: String,
    cell: usize,
    cell_size: f64,
    /// Entries of its case.
    edits: Vec<Edit>,
    /// Printed relative densities.
    zones: Option<Zones>,
    range: [f64; 2],
    geometric: Vec<(Constraint, f64)>,
    /// Numbers on the mesh of the designs, where they are known.
    numbers: Option<Numbers>,
    /// More for the record.
    details: Value,
}

struct Found {
    pick: Option<Pick>,
    evaluated: usize,
    front: Vec<usize>,
    figures: Vec<Figure>,
    details: Value,
}

enum Progressed {
    Stopped(usize),
    Done(Box<Found>),
}

/// A chosen design on the mesh of the designs and on the finer one.
struct Verified {
    edges: [f64; 2],
    numbers: [Numbers; 2],
    /// Relative error of the surface at the least and largest printed density, by direct homogenisation.
    surface: [f64; 2],
    /// Change of the relative density over one cell; none where it is uniform.
    steepness: Option<String>,
}

struct Work<'w> {
    asked: &'w Asked<'w>,
    geometry: &'w Geometry,
    space: &'w Space<'w>,
    surfaces: &'w [Surface],
    key: &'w str,
}

impl Work<'_> {
    fn bayes(
        &self,
        bench: &mut Bench<'_>,
        clock: &mut Clock,
        progress: &Progress,
    ) -> Result<Progressed, Failure> {
        let (spec, space, target) = (self.asked.spec, self.space, self.asked.target);
        let initial = bayes::initial(space);
        let kept = fs::read_to_string(target.join(HISTORY)).ok();
        let mut entries = kept.map_or(Ok(Vec::new()), |text| history::from_csv(space, &text))?;
        let evaluate = |bench: &mut Bench<'_>, candidate: &Candidate| {
            let numbers = bench.of(space, candidate, &by(&self.surfaces[candidate.cell]))?;
            let feasible = numbers.as_ref().is_some_and(|n| n.is_feasible(&spec.constraints));
            Ok(Entry { candidate: candidate.clone(), numbers, feasible })
        };
        if !entries.is_empty() && entries.len() < spec.budget {
            // The answer that all designs start from is that of the first one.
            let Some(again) = stopped(evaluate(bench, &entries[0].candidate))? else {
                return Ok(Progressed::Stopped(entries.len()));
            };
            if history::to_csv(space, &[again]) != history::to_csv(space, &entries[..1]) {
                return Err(Failure::input(format!(
                    "the first design of `{}` does not give the numbers that stand there: case files or program have changed\n  = hint: give another folder with `-o` to start anew",
                    target.join(HISTORY).display()
                )));
            }
            clock.lap("first")?;
        }
        while entries.len() < spec.budget {
            let number = entries.len() + 1;
            let candidate = initial.get(number - 1).cloned().unwrap_or_else(|| bayes::next(space, &entries));
            progress.within(
                &format!("{number} of {}: {}", spec.budget, space.cell(&candidate)),
                entries.len() as f64 / spec.budget as f64,
            );
            let entry = if self.asked.cancel.load(Ordering::Relaxed) {
                None
            } else {
                stopped(evaluate(bench, &candidate))?
            };
            let Some(entry) = entry else { return Ok(Progressed::Stopped(entries.len())) };
            entries.push(entry);
            write_whole(&target.join(HISTORY), history::to_csv(space, &entries).as_bytes())?;
            clock.lap(&number.to_string())?;
        }
        let front = history::front(&spec.objectives, &entries);
        let chosen = bayes::chosen(&spec.objectives, &entries, &front);
        let all = history::to_csv(space, &entries);
        let mut lines = all.lines();
        let mut pareto = format!("{}\n", lines.next().unwrap_or_default());
        for (i, line) in lines.enumerate() {
            if front.contains(&i) {
                pareto.push_str(&format!("{line}\n"));
            }
        }
        write_whole(&target.join("pareto.csv"), pareto.as_bytes())?;
        let volumes = history::hypervolumes(&spec.objectives, &entries, spec.initial);
        let details = json!({
            "hypervolume": volumes.last().copied().flatten(),
            "reference": history::reference(&spec.objectives, &entries, spec.initial),
            "feasible": entries.iter().filter(|e| e.feasible).count(),
            "without_equilibrium": entries.iter().filter(|e| e.numbers.is_none()).count(),
        });
        let pick = chosen.and_then(|i| self.pick(i, &entries[i]));
        Ok(Progressed::Done(Box::new(Found {
            pick,
            evaluated: entries.len(),
            front,
            figures: figures::bayes(spec, &entries, chosen)?,
            details,
        })))
    }

    fn pick(&self, index: usize, entry: &Entry) -> Option<Pick> {
        let (space, c) = (self.space, &entry.candidate);
        let ends = space.ends(c)?;
        let printed: Option<Vec<f64>> =
            c.densities.iter().map(|d| space.printed(c, *d).map(|p| p.density)).collect();
        let grading = space.spec.grading;
        let densities: Vec<String> =
            grading.densities().iter().zip(&c.densities).map(|(n, d)| format!("{n} {d}")).collect();
        let [thin, thick]: [Printed; 2] = ends;
        Some(Pick {
            words: format!(
                "design {} of {}: {}, {}, cell {} mm, strut {:.3} mm, pore {:.3} mm",
                index + 1,
                space.spec.budget,
                space.cell(c),
                densities.join(", "),
                c.cell_size,
                thin.strut,
                thick.pore
            ),
            cell: c.cell,
            cell_size: c.cell_size,
            edits: chosen::of_candidate(&self.asked.case.name, space.cell(c), c, grading),
            zones: zones(grading, &printed?),
            range: ends.map(|e| e.density),
            geometric: space.geometric(c),
            numbers: entry.numbers.clone(),
            details: json!({
                "design": index + 1,
                "cell": space.cell(c),
                "densities": c.densities,
                "cell_size_mm": c.cell_size,
                "strut_mm": thin.strut,
                "pore_mm": thick.pore,
            }),
        })
    }

    fn gradient(
        &self,
        bench: &Bench<'_>,
        clock: &mut Clock,
        progress: &Progress,
    ) -> Result<Progressed, Failure> {
        let (spec, target) = (self.asked.spec, self.asked.target);
        let path = target.join(STATE);
        let state: Option<State> = fs::read(&path).ok().and_then(|b| serde_json::from_slice(&b).ok());
        let mut field = Field::new(bench, spec, &self.surfaces[0])?;
        let mut done = state.as_ref().map_or(0, |s| s.rows.len());
        let mut keep = |state: &State| {
            let bytes = serde_json::to_vec(state).map_err(Failure::bug)?;
            write_whole(&path, &bytes)?;
            write_whole(&target.join(HISTORY), gradient::to_csv(&state.rows).as_bytes())?;
            done = state.rows.len();
            progress
                .within(&format!("iteration {done} of {}", spec.budget), done as f64 / spec.budget as f64);
            clock.lap(&done.to_string())
        };
        let Some(state) = stopped(field.minimize(state, self.asked.cancel, &mut keep))? else {
            return Ok(Progressed::Stopped(done));
        };
        let figures = figures::gradient(&state.rows, spec.mean_density)?;
        let first = state.rows.first().map(|r| r.deviation);
        let details = json!({
            "iterations": state.rows.len(),
            "first_deviation": first,
            "best_deviation": state.best.as_ref().map(|(i, _)| state.rows[*i].deviation),
            "mean_density": state.best.as_ref().map(|(i, _)| state.rows[*i].mean),
            "cells": field.centers.len(),
            "limit_of_the_mean": spec.mean_density,
        });
        let pick = match &state.best {
            Some((i, densities)) => Some(self.field_pick(&field, *i, densities)?),
            None => None,
        };
        let evaluated = state.rows.len();
        Ok(Progressed::Done(Box::new(Found { pick, evaluated, front: Vec::new(), figures, details })))
    }

    /// The field of densities as a case: on a grid, with a cell size in the middle of what its limits admit.
    fn field_pick(&self, field: &Field<'_, '_>, index: usize, densities: &[f64]) -> Result<Pick, Failure> {
        let (spec, space) = (self.asked.spec, self.space);
        let spacing = (GRID * spec.filter_radius * 100.0).round() / 100.0;
        let (corner, counts, values) = field.sampled(densities, spacing);
        let samples = Samples::new(Vec3::from(corner), spacing, counts, values.clone())
            .ok_or_else(|| Failure::bug("a field of densities that does not fit its grid"))?;
        // One per run, kept to its end.
        let zones = Zones::Sampled(Box::leak(Box::new(samples)));
        let drawn = zones.range();
        let [low, high] = spec.cell_size;
        let at = |i: u32| Candidate {
            cell: 0,
            densities: drawn.to_vec(),
            cell_size: ((low + (high - low) * f64::from(i) / 40.0) * 100.0).round() / 100.0,
        };
        let fitting: Vec<Candidate> = (0..=40).map(at).filter(|c| space.excess(c) <= 0.0).collect();
        let least = || (0..=40).map(at).min_by(|a, b| space.excess(a).total_cmp(&space.excess(b)));
        let c = fitting
            .get(fitting.len() / 2)
            .cloned()
            .or_else(least)
            .ok_or_else(|| Failure::bug("no cell size at all"))?;
        let cell = space.cell(&c).to_string();
        Ok(Pick {
            words: format!(
                "iteration {}: {cell}, relative density {:.3} to {:.3}, cell {} mm",
                index + 1,
                drawn[0],
                drawn[1],
                c.cell_size
            ),
            cell: 0,
            cell_size: c.cell_size,
            edits: chosen::of_field(
                &self.asked.case.name,
                (&cell, c.cell_size),
                (corner, spacing, counts),
                &values,
            ),
            zones: Some(zones),
            range: drawn,
            geometric: space.geometric(&c),
            numbers: None,
            details: json!({
                "iteration": index + 1,
                "cell": cell,
                "cell_size_mm": c.cell_size,
                "densities": drawn,
                "grid": { "corner_mm": corner, "spacing_mm": spacing, "counts": counts },
            }),
        })
    }

    /// The chosen design on a finer mesh, homogenised directly.
    fn verified(&self, bench: &mut Bench<'_>, pick: &Pick, edge: f64) -> Result<Verified, Failure> {
        let (case, spec, surface) = (self.asked.case, self.asked.spec, &self.surfaces[pick.cell]);
        let cell = &spec.cells[pick.cell];
        let next = (self.asked.quality as usize + 1).min(2);
        let finer = case.fineness.edge[next].min(0.75 * edge);
        let voxels = case.fineness.voxels[next].max(surface.voxels);
        let filled = |stiffness| Filled { stiffness, zones: pick.zones, range: pick.range };
        let function = by(surface);
        let before = match &pick.numbers {
            Some(numbers) => numbers.clone(),
            None => bench.numbers(&filled(&function), &pick.geometric, &spec.constraints)?,
        };
        let meshed = bodies::mesh(case, self.geometry, finer, &Progress::new(true))?;
        let mut fine = Bench::new(case, self.geometry, meshed, self.asked.cancel)?;
        let direct: Option<Stiffness> = match pick.zones {
            Some(_) => None,
            None => {
                let drawn = Drawn::new(cell, pick.range[0], 1.0)?;
                Some(lattice::stiffness(case, &drawn, voxels)?.best.stiffness)
            }
        };
        let homogenised = |density: f64| direct.unwrap_or_else(|| function(density));
        let after = fine.numbers(&filled(&homogenised), &pick.geometric, &spec.constraints)?;
        let [low, high] = pick.range;
        let checked = surface.checked(case, cell, low)?;
        let at_high = if low < high { surface.checked(case, cell, high)? } else { checked };
        let steepness = pick.zones.and_then(|z| {
            let change = z.steepest(&self.geometry.implant) * pick.cell_size;
            (grading::STEEPEST < change).then(|| {
                format!(
                    "the relative density changes by {change:.2} within one cell, at most {} keep the cells what was homogenised: `dens run` will refuse it; smaller cells, a larger filter_radius or wider blends mend it",
                    grading::STEEPEST
                )
            })
        });
        Ok(Verified {
            edges: [edge, finer],
            numbers: [before, after],
            surface: [checked, at_high],
            steepness,
        })
    }

    fn record(&self, found: &Found, picked: Option<(&Pick, Verified)>) -> Value {
        let spec = self.asked.spec;
        let surfaces: Vec<Value> = spec
            .cells
            .iter()
            .zip(self.surfaces)
            .map(|(cell, s)| {
                json!({ "cell": cell, "range": s.response.range(), "stated_error": s.error, "id": s.id, "voxels": s.voxels })
            })
            .collect();
        let names = |n: &Numbers| {
            let objectives: serde_json::Map<String, Value> =
                Objective::ALL.iter().map(|o| (o.name().to_string(), json!(n.objective(*o)))).collect();
            let excess: serde_json::Map<String, Value> = spec
                .constraints
                .iter()
                .map(|c| (c.name().to_string(), json!(n.constraints[*c as usize])))
                .collect();
            json!({ "objectives": objectives, "excess": excess, "feasible": n.is_feasible(&spec.constraints) })
        };
        let mut problems: Vec<String> = Vec::new();
        let chosen = picked.map(|(pick, v)| {
            for c in &spec.constraints {
                let [before, after] = [0, 1].map(|i| v.numbers[i].constraints[*c as usize]);
                if 1e-9 < after {
                    let also = if before <= 1e-9 { ", but is kept on the mesh of the designs" } else { "" };
                    problems.push(format!(
                        "{} is missed by {:.1} % on the finer mesh{also}",
                        c.name(),
                        100.0 * after
                    ));
                }
            }
            problems.extend(v.steepness.clone());
            let change: serde_json::Map<String, Value> = Objective::ALL
                .iter()
                .map(|o| {
                    let [before, after] = [0, 1].map(|i| v.numbers[i].objective(*o));
                    (o.name().to_string(), json!(after - before))
                })
                .collect();
            json!({
                "words": pick.words,
                "variables": pick.details,
                "edges_mm": v.edges,
                "on_the_mesh_of_the_designs": names(&v.numbers[0]),
                "on_the_finer_mesh": names(&v.numbers[1]),
                "difference": change,
                "surface_error_by_direct_homogenisation": v.surface,
            })
        });
        if chosen.is_none() {
            problems.push("no evaluated design keeps every constraint".into());
        }
        // Times stay in times.csv: a record is the same for every run.
        json!({
            "schema": SCHEMA,
            "key": self.key,
            "status": "done",
            "version": env!("CARGO_PKG_VERSION"),
            "case": self.asked.case.name,
            "quality": self.asked.quality.name(),
            "engine": spec.engine.name(),
            "seed": spec.seed,
            "budget": spec.budget,
            "evaluated": found.evaluated,
            "objectives": spec.objectives.iter().map(|o| o.name()).collect::<Vec<_>>(),
            "constraints": spec.constraints.iter().map(|c| c.name()).collect::<Vec<_>>(),
            "surfaces": surfaces,
            "front": found.front.iter().map(|i| i + 1).collect::<Vec<_>>(),
            "search": found.details,
            "chosen": chosen,
            "problems": problems,
        })
    }
}
