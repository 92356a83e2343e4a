//! Finite elements of designs: one mesh, one pattern and one order of unknowns for all of them.
//!
//! Every design starts from the answer of the first one, not from that of the design before: so its numbers do not depend on
//! what came between, and a resumed run gives the bits of one that was not stopped.

use super::design::{Candidate, Space, zones};
use super::spec::{Constraint, Objective};
use super::surfaces::Surface;
use crate::case::Case;
use crate::failure::{Exit, Failure};
use crate::pipeline::bodies::{Bodies, Kind};
use crate::pipeline::fields::Solved;
use crate::pipeline::geometry::Geometry;
use crate::pipeline::grading::{Fill, Table};
use crate::pipeline::models::{self, Stage};
use crate::pipeline::{design, ingrowth, solve_failure};
use dens_mesher::Vec3;
use dens_mesher::geometry::solid::Zones;
use dens_solver::criteria;
use dens_solver::loads::contact::Gaps;
use dens_solver::newton::{Options, Solver};
use dens_solver::solution::Solution;
use dens_solver::tensor::{Stiffness, directional_modulus};
use std::sync::atomic::AtomicBool;

/// What finite elements and shape say about a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// In the order of [`Objective::ALL`]; mass in g.
    pub objectives: [f64; 4],
    /// Excess over the limits in the order of [`Constraint::ALL`], relative, at most zero where kept; NaN where not asked.
    pub constraints: [f64; 6],
    /// Young's modulus along the load of the densest part, MPa.
    pub modulus: f64,
}

impl Numbers {
    /// One objective.
    pub fn objective(&self, which: Objective) -> f64 {
        self.objectives[which as usize]
    }

    /// Whether every asked constraint holds.
    pub fn is_feasible(&self, asked: &[Constraint]) -> bool {
        asked.iter().all(|c| self.constraints[*c as usize] <= 1e-9)
    }
}

/// Lattice of a design in the finite elements.
pub struct Filled<'a> {
    /// Stiffness over the printed relative density.
    pub stiffness: &'a dyn Fn(f64) -> Stiffness,
    /// Printed relative densities by place; none where the first holds everywhere.
    pub zones: Option<Zones>,
    /// Least and largest printed relative density.
    pub range: [f64; 2],
}

/// Bones, implant and control, meshed once.
pub struct Bench<'a> {
    /// The case.
    pub case: &'a Case,
    /// Bones and implant.
    pub geometry: &'a Geometry,
    /// The meshes.
    pub bodies: Bodies,
    /// Strain energy densities of the control.
    pub reference: Vec<f64>,
    cancel: &'a AtomicBool,
    bonded: Stand,
    loose: Stand,
}

/// Solver of one stage with the answer that designs start from.
#[derive(Default)]
struct Stand {
    solver: Option<Solver>,
    base: Option<Solution>,
}

impl<'a> Bench<'a> {
    /// Solves the control on these meshes.
    ///
    /// # Errors
    /// A model that cannot be solved.
    pub fn new(
        case: &'a Case,
        geometry: &'a Geometry,
        bodies: Bodies,
        cancel: &'a AtomicBool,
    ) -> Result<Self, Failure> {
        let intact = design::control(case, geometry, &bodies, cancel)?;
        let reference = design::bone(&intact, case.implant.caudal).map(|p| p.energy).collect();
        let (bonded, loose) = (Stand::default(), Stand::default());
        Ok(Self { case, geometry, bodies, reference, cancel, bonded, loose })
    }

    /// The implant bonded to bone, with this lattice.
    ///
    /// # Errors
    /// A model that cannot be solved.
    pub fn bonded(&mut self, fill: Fill<'_>) -> Result<Solved, Failure> {
        let mut stand = std::mem::take(&mut self.bonded);
        let solved = self.solve(&mut stand, Stage::Ingrown, fill);
        self.bonded = stand;
        solved
    }

    fn solve(&self, stand: &mut Stand, stage: Stage, fill: Fill<'_>) -> Result<Solved, Failure> {
        let question = models::build(self.case, self.geometry, &self.bodies, stage, fill)?;
        let failed = |e| solve_failure(stage.name(), &e);
        let options: Options = design::options(self.case);
        if stand.solver.is_none() {
            stand.solver = Some(Solver::new(&question.model, &options).map_err(failed)?);
        }
        let solver = stand.solver.as_mut().ok_or_else(|| Failure::bug("a solver was just set up"))?;
        let solution =
            solver.solve(&question.model, stand.base.as_ref(), &|_, _| {}, self.cancel).map_err(failed)?;
        if stand.base.is_none() {
            stand.base = Some(solution.clone());
        }
        Solved::new(question, solution)
    }

    /// Numbers of a lattice.
    ///
    /// - `geometric`: excess over the limits that its shape decides
    ///
    /// # Errors
    /// A model that cannot be solved.
    pub fn numbers(
        &mut self,
        filled: &Filled<'_>,
        geometric: &[(Constraint, f64)],
        asked: &[Constraint],
    ) -> Result<Numbers, Failure> {
        let table = filled.zones.map(|z| Table::by(z, filled.stiffness));
        let even = (filled.stiffness)(filled.range[0]);
        let fill = || table.as_ref().map_or(Fill::Even(&even), Fill::Graded);
        let solved = self.bonded(fill())?;
        let settled =
            if asked.contains(&Constraint::Micromotion) { Some(self.settled(fill())?) } else { None };
        let implant = &self.geometry.implant;
        let density = |_: usize, p: Vec3| filled.zones.map_or(filled.range[0], |z| z.density(implant, p));
        let mut numbers = self.judged(&solved, density, &(filled.stiffness)(filled.range[1]))?;
        for (which, excess) in geometric {
            numbers.constraints[*which as usize] = *excess;
        }
        if let Some(share) = settled {
            numbers.constraints[Constraint::Micromotion as usize] =
                self.case.criteria.micromotion_area / share.max(1e-3) - 1.0;
        }
        Ok(numbers)
    }

    /// Objectives and constraints of stress of a solved lattice.
    ///
    /// - `density`: printed relative density by cell and place
    /// - `densest`: stiffness of the densest part
    ///
    /// # Errors
    /// Only by a bug: a stiffness that was solved with and is not admissible.
    pub fn judged(
        &self,
        solved: &Solved,
        density: impl Fn(usize, Vec3) -> f64,
        densest: &Stiffness,
    ) -> Result<Numbers, Failure> {
        let case = self.case;
        let factor = case.judged_load().axial / case.largest_load();
        let modulus = directional_modulus(densest, [0.0, 0.0, 1.0])
            .ok_or_else(|| Failure::bug("a lattice was solved with a stiffness that is not admissible"))?;
        let ratio = design::lattice_ratio(case, solved, &density, factor);
        let mut constraints = [f64::NAN; 6];
        constraints[Constraint::Strength as usize] = ratio * case.criteria.static_safety - 1.0;
        constraints[Constraint::Fatigue as usize] = ratio / case.criteria.lattice_fatigue_fraction - 1.0;
        let mass: f64 = solved.mesh(Kind::Implant).map_or(0.0, |mesh| {
            let share = |p: &crate::pipeline::fields::Point| {
                if mesh.regions[p.cell] == 0 { 1.0 } else { density(p.cell, p.place) }
            };
            solved.points(Kind::Implant).map(|p| p.weight * share(&p)).sum()
        });
        Ok(Numbers {
            objectives: [
                design::unloading(case, solved, &self.reference),
                design::sinking(case, self.geometry, solved),
                criteria::design::excess_stiffness(modulus, case.design.target_modulus),
                // t to g.
                1e6 * mass * case.titanium.density,
            ],
            constraints,
            modulus,
        })
    }

    /// Least share of a contact face that hardly moves on day 1.
    fn settled(&mut self, fill: Fill<'_>) -> Result<f64, Failure> {
        let mut stand = std::mem::take(&mut self.loose);
        let solved = self.solve(&mut stand, Stage::DayOne, fill);
        self.loose = stand;
        let solved = solved?;
        if solved.question.model.interfaces.iter().any(|i| !matches!(i.gaps, Gaps::Closed)) {
            return Err(Failure::input(
                "the constraint `micromotion` needs an implant that fits: with a misfit there is motion without load\n  = hint: leave it out of optimise.constraints, and judge the chosen design by `dens run`",
            ));
        }
        let factor = self.case.judged_load().axial / self.case.largest_load();
        let limit = self.case.criteria.micromotion_limit;
        let names = solved.question.seat_names();
        let share = |(name, pad): (&String, f64)| {
            let face = solved.solution.contacts.iter().find(|c| c.name == *name)?;
            let quiet = face.points.iter().filter(|p| ingrowth::is_quiet(p, None, factor, limit));
            Some(quiet.map(|p| p.area).sum::<f64>() / ingrowth::face_area(face, pad))
        };
        Ok(names.iter().zip(self.geometry.pad_areas()).filter_map(share).fold(1.0, f64::min))
    }

    /// Numbers of a design; `None` where no equilibrium was found for it.
    ///
    /// # Errors
    /// Anything but a missing equilibrium.
    pub fn of(
        &mut self,
        space: &Space<'_>,
        candidate: &Candidate,
        stiffness: &dyn Fn(f64) -> Stiffness,
    ) -> Result<Option<Numbers>, Failure> {
        let Some(ends) = space.ends(candidate) else { return Ok(None) };
        let printed: Option<Vec<f64>> =
            candidate.densities.iter().map(|d| space.printed(candidate, *d).map(|p| p.density)).collect();
        let Some(printed) = printed else { return Ok(None) };
        let filled =
            Filled { stiffness, zones: zones(space.spec.grading, &printed), range: ends.map(|e| e.density) };
        let found = self.numbers(&filled, &space.geometric(candidate), &space.spec.constraints);
        match found {
            Ok(numbers) => Ok(Some(numbers)),
            Err(f) if f.exit == Exit::NotConverged => Ok(None),
            Err(f) => Err(f),
        }
    }
}

/// Stiffness by the surface of a cell.
pub fn by(surface: &Surface) -> impl Fn(f64) -> Stiffness + '_ {
    |density| surface.response.at(density).0
}
