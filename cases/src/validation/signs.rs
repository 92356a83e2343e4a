//! Signs that a replacement of C2 must show, from literature and from equilibrium, on one coarse mesh of the default case.
//!
//! ```text
//!   F/2 ▼   ▼ F/2        condyles guided; C1, implant, C3, rods beside; C4 held
//!      ╔═╗ ╔═╗
//!      ║ ╚═╝ ║  implant      ┃ rods        springs side by side: F = (k_bones + k_rods) u
//!      ╚══╦══╝               ┃             in a row:             1/k_bones = 1/k_implant + 1/k_rest
//! ```
//! 300 N, day 1, friction, elastic bone. Signs and shares, not numbers.

use super::{Bench, Role, Row, Validation};
use crate::case::{Case, Quality};
use crate::failure::Failure;
use crate::pipeline::bodies::{self, Bodies, Kind};
use crate::pipeline::fields::Solved;
use crate::pipeline::geometry::{self, Geometry};
use crate::pipeline::models::{self, Question, Stage};
use crate::pipeline::{lattice, moments, options, solve_failure};
use crate::progress::Progress;
use dens_mesher::geometry::spine::Level;
use dens_solver::criteria::settling;
use dens_solver::model::Interpolation;
use dens_solver::newton::{Options, Solver};
use dens_solver::tensor::Stiffness;
use nalgebra::SMatrix;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Relative densities at the ends of the printable range.
const DENSITIES: [f64; 2] = [0.2, 0.4];
/// Lattice spacing of all bodies, mm.
const EDGE: f64 = 4.2;

/// Signs of a replacement.
pub(super) const SIGNS: Validation = Validation {
    id: "signs",
    title: "signs of a replacement of C2 against the intact neck and a mesh cage, 300 N",
    source: "expected by the literature on stress shielding, subsidence and lattice stiffness; no numbers",
    note: "Ratios over the intact control, or between two implants; the band is the expected sign, and there is no published value. Energy is the mean strain energy density of a region of C3. Where rods run from C1 to C4 they carry a third of a load under which the occiput cannot tilt, so the endplate is overloaded by a fifth only; without rods and screws all of the load passes it. Under a follower load from the facets of C1 to the middle of the endplate nothing guides C1, which may tilt on the implant and bend the rods; that row, over the same guided control, tells how much of the sparing is the guide's. Screws through the implant into C3 are part of the default case; without them the endplate bore no more than the disc did. A lattice of twice the density changes the construct by less than expected: the lattice holds a few hundredths of the strain energy (bones, discs, cartilage, screws and edges of contact hold the rest), and by the minimum of potential energy the construct cannot stiffen by more than that share times the stiffening of the lattice, friction apart. With rods the cage sinks little more than the implant, because rods take what the bone lets go; alone on bone a rim sinks several times as far as a plate. A mesh of 4.2 mm is used.",
    run: rows,
    figures: None,
};

/// What the signs are read from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signs {
    /// Energy of the left and right lateral mass of C3, with rods, over intact.
    pub masses: [f64; 2],
    /// Energy of the superior endplate of C3 over intact: with rods, without, with rods under a follower load on a head
    /// that is free to tilt.
    pub endplate: [f64; 3],
    /// Share of the load that passes that endplate: intact, with rods, without, with rods under a follower load.
    pub share: [f64; 4],
    /// Axial stiffness of the construct at relative density 0.2 and 0.4, N/mm.
    pub stiffness: [f64; 2],
    /// Most that the second density can stiffen the construct, relative, friction apart.
    ///
    /// ```text
    /// K₂/K₁ − 1 ≤ (λ − 1) U_lattice / U        λ: largest ratio of the energies of one strain in the two lattices
    /// ```
    /// Minimum of potential energy: the displacements of the first construct are admissible in the second.
    pub bound: f64,
    /// Loss of height under cycles, mm: implant, mesh cage.
    pub settling: [f64; 2],
}

struct Column {
    case: Case,
    geometry: Geometry,
    bodies: Bodies,
}

impl Column {
    fn of(name: &str, interpolation: Interpolation) -> Result<Self, Failure> {
        let case = Case { interpolation, ..Case::embedded(name)?.at(Quality::Draft) };
        let geometry = geometry::build(&case, Path::new("."))?;
        let bodies = bodies::mesh(&case, &geometry, EDGE, &Progress::new(true))?;
        Ok(Self { case, geometry, bodies })
    }

    fn question(&self, stage: Stage, stiffness: &Stiffness) -> Result<Question, Failure> {
        models::build(&self.case, &self.geometry, &self.bodies, stage, stiffness)
    }

    fn stiffness(&self, density: f64) -> Result<Stiffness, Failure> {
        let l = &self.case.lattice;
        let drawn = lattice::Drawn::new(&l.cell, density, l.cell_size)?;
        Ok(lattice::stiffness(&self.case, &drawn, 16)?.best.stiffness)
    }

    fn solver(&self, question: &Question) -> Result<Solver, Failure> {
        // Signs and shares need three digits.
        let options = Options { residual_tolerance: 1e-5, ..options(&self.case) };
        Solver::new(&question.model, &options).map_err(|e| solve_failure("signs", &e))
    }

    fn solved(&self, question: Question) -> Result<Solved, Failure> {
        self.again(&mut self.solver(&question)?, question, None)
    }

    /// Solves with what a solver knows of the same bodies, from an answer for them.
    fn again(
        &self,
        solver: &mut Solver,
        question: Question,
        start: Option<&Solved>,
    ) -> Result<Solved, Failure> {
        let start = start.map(|s| &s.solution);
        let found = solver.solve(&question.model, start, &|_, _| {}, &AtomicBool::new(false));
        Solved::new(question, found.map_err(|e| solve_failure("signs", &e))?)
    }

    /// Loss of height under cycles, mm: what beds of this bone under the contact faces add to the travel.
    fn settling(&self, solver: &mut Solver, mut question: Question, before: &Solved) -> Result<f64, Failure> {
        let seats = question.seat_names();
        let bed = settling::bed(settling::MODULUS);
        let interfaces = question.model.interfaces.iter().enumerate();
        question.model.beds =
            interfaces.filter(|(_, i)| seats.contains(&i.name)).map(|(k, _)| (k, bed)).collect();
        Ok(travel(&self.again(solver, question, Some(before))?) - travel(before))
    }
}

/// Solves the intact neck, the implant at two densities, without rods and settled, and the cage.
///
/// - `interpolation`: displacements within a cell; linear ones are quick and too stiff
///
/// # Errors
/// A model without equilibrium (exit 3).
pub fn signs(interpolation: Interpolation) -> Result<Signs, Failure> {
    let column = Column::of("c2-spondylectomy", interpolation)?;
    let force = column.case.largest_load();
    let none = [[0.0; 6]; 6];
    let stiffness = [column.stiffness(DENSITIES[0])?, column.stiffness(DENSITIES[1])?];
    let day_one = |stiffness: &Stiffness| column.question(Stage::DayOne, stiffness);
    let with_rods = || {
        let question = day_one(&stiffness[0])?;
        let mut solver = column.solver(&question)?;
        let rods = column.again(&mut solver, question, None)?;
        let settled = column.settling(&mut solver, day_one(&stiffness[0])?, &rods)?;
        let denser = column.again(&mut solver, day_one(&stiffness[1])?, Some(&rods))?;
        Ok::<_, Failure>((rods, settled, denser))
    };
    let other_bodies = || {
        let intact = column.solved(column.question(Stage::Intact, &none)?)?;
        let mut follows = day_one(&stiffness[0])?;
        moments::follow(&mut follows, force)?;
        let follower = column.solved(follows)?;
        let mut case = column.case.clone();
        case.fixation.rods = false;
        case.fixation.implant_screws.clear();
        let without = models::build(&case, &column.geometry, &column.bodies, Stage::DayOne, &stiffness[0])?;
        let bare = column.solved(without)?;
        let other = Column::of("compare-cage", interpolation)?;
        // Nothing of the cage is lattice; which stiffness that would have is the same.
        let question = || other.question(Stage::DayOne, &stiffness[0]);
        let mut solver = other.solver(&question()?)?;
        let cage = other.again(&mut solver, question()?, None)?;
        let cage_settled = other.settling(&mut solver, question()?, &cage)?;
        Ok::<_, Failure>((intact, follower, bare, cage_settled))
    };
    // Two chains of solves, neither of which needs the other.
    let (first, second) = rayon::join(with_rods, other_bodies);
    let ((rods, settled, denser), (intact, follower, bare, cage_settled)) = (first?, second?);
    let share = |solved: &Solved, name: &str| {
        let found = solved.solution.contacts.iter().find(|c| c.name == name);
        found.map_or(f64::NAN, |c| c.force.z.abs() / force)
    };
    let ratio = |solved: &Solved, region: &str| energy(solved, region) / energy(&intact, region);
    let Some(implant) = rods.mesh(Kind::Implant) else { return Err(Failure::bug("no implant")) };
    let is_lattice = |cell: usize| implant.regions[cell] != 0;
    let of_lattice: f64 =
        rods.points(Kind::Implant).filter(|p| is_lattice(p.cell)).map(|p| p.weight * p.energy).sum();
    let seat = "C3 on implant lower";
    Ok(Signs {
        masses: ["left lateral mass", "right lateral mass"].map(|side| ratio(&rods, side)),
        endplate: [&rods, &bare, &follower].map(|s| ratio(s, "superior endplate")),
        share: [
            share(&intact, "C2-C3 disc below"),
            share(&rods, seat),
            share(&bare, seat),
            share(&follower, seat),
        ],
        stiffness: [&rods, &denser].map(|s| force / travel(s)),
        bound: (ratio_of_energies(&stiffness) - 1.0) * of_lattice / (0.5 * force * travel(&rods)),
        settling: [settled, cage_settled],
    })
}

/// Largest eigenvalue of C₁⁻¹ C₂; NaN where the first is not positive definite.
fn ratio_of_energies([first, second]: &[Stiffness; 2]) -> f64 {
    let [first, second] = [first, second].map(|c| SMatrix::<f64, 6, 6>::from_fn(|i, j| c[i][j]));
    let Some(factor) = first.cholesky() else { return f64::NAN };
    let root = factor.l();
    let half = root.solve_lower_triangular(&second).unwrap_or_default();
    let whole = root.solve_lower_triangular(&half.transpose()).unwrap_or_default();
    whole.symmetric_eigenvalues().max()
}

/// Mean travel of the condyles, mm.
fn travel(solved: &Solved) -> f64 {
    solved.solution.mean_travel()
}

/// Mean strain energy density of a region of C3, mJ/mm³.
fn energy(solved: &Solved, region: &str) -> f64 {
    let kind = Kind::Bone(Level::C3);
    let Some(mesh) = solved.mesh(kind) else { return f64::NAN };
    let own = mesh.region_names.iter().position(|n| n == region);
    let (mut sum, mut volume) = (0.0, 0.0);
    for p in solved.points(kind).filter(|p| Some(usize::from(mesh.regions[p.cell])) == own) {
        sum += p.weight * p.energy;
        volume += p.weight;
    }
    sum / volume
}

fn rows(_: &Bench) -> Result<Vec<Row>, Failure> {
    let s = signs(Interpolation::Quadratic)?;
    let row = |quantity: &str, predicted: f64, band: [f64; 2]| Row {
        quantity: quantity.into(),
        unit: "",
        predicted,
        published: f64::NAN,
        band,
        basis: "expected sign",
        role: Role::Prediction,
    };
    let (less, more) = ([0.0, 1.0], [1.0, f64::INFINITY]);
    Ok(vec![
        row("C3 left lateral mass, energy over intact", s.masses[0], less),
        row("C3 right lateral mass, energy over intact", s.masses[1], less),
        row("C3 endplate, energy over intact, with rods", s.endplate[0], more),
        row("C3 endplate, energy over intact, without rods and screws", s.endplate[1], more),
        row("C3 endplate, energy over intact, with rods, follower load", s.endplate[2], more),
        row("construct, density 0.4 over 0.2", s.stiffness[1] / s.stiffness[0], [1.05, 1.30]),
        row("loss of height, mesh cage over implant", s.settling[1] / s.settling[0], more),
    ])
}
