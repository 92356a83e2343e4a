//! Signs that replacement of C2 must show, on one coarse mesh of the default case: what is loaded more, what is loaded less,
//! what a lattice is worth, and why a rim sinks.
//!
//! ```text
//!   F/2 ▼   ▼ F/2        condyles guided; C1 – implant – C3, rods beside; C4 held
//!      ╔═╗ ╔═╗
//!      ║ ╚═╝ ║  implant          rods ┃       springs:  F = (k_implant path + k_rods) u
//!      ╚══╦══╝                        ┃
//! ```
//! Loads: 300 N, day 1, friction 0.6, elastic bone; spacing 4.2 mm, ten-node tetrahedra. Signs, not numbers.

use dens_cases::case::{Case, Quality};
use dens_cases::document::Document;
use dens_cases::library;
use dens_cases::pipeline::bodies::{self, Bodies, Kind};
use dens_cases::pipeline::fields::Solved;
use dens_cases::pipeline::geometry::{self, Geometry};
use dens_cases::pipeline::models::{self, Question, SEATS, Stage};
use dens_cases::pipeline::{lattice, options};
use dens_cases::progress::Progress;
use dens_mesher::geometry::spine::Level;
use dens_solver::criteria::settling;
use dens_solver::newton::{Options, solve};
use dens_solver::solution::Contact;
use dens_solver::tensor::Stiffness;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

/// Judged load, N.
const FORCE: f64 = 300.0;
/// Relative densities at the ends of the printable range.
const DENSITIES: [f64; 2] = [0.2, 0.4];

struct Column {
    case: Case,
    geometry: Geometry,
    bodies: Bodies,
}

impl Column {
    fn of(name: &str) -> Self {
        let text = library::find(name).expect("embedded").text;
        let case = Case::from_document(&Document::parse(text).expect("TOML")).expect("sound");
        let case = case.at(Quality::Draft);
        let geometry = geometry::build(&case, Path::new(".")).expect("an implant fits");
        let bodies = bodies::mesh(&case, &geometry, 4.2, &Progress::new(true)).expect("meshes");
        Self { case, geometry, bodies }
    }

    fn question(&self, stage: Stage, stiffness: &Stiffness) -> Question {
        models::build(&self.case, &self.geometry, &self.bodies, stage, stiffness).expect("a model")
    }

    fn stiffness(&self, density: f64) -> Stiffness {
        let l = &self.case.lattice;
        let drawn = lattice::Drawn::new(&l.cell, density, l.cell_size).expect("a lattice");
        lattice::stiffness(&self.case, &drawn, 16).expect("homogenised").best.stiffness
    }

    fn solved(&self, question: Question) -> Solved {
        // Three digits: signs and shares are asked for.
        let options = Options { residual_tolerance: 1e-5, ..options(&self.case) };
        let found = solve(&question.model, &options, &|_, _| {}, &AtomicBool::new(false));
        Solved::new(question, found.expect("equilibrium")).expect("fields")
    }

    /// Loss of height under cycles, mm: what beds of this bone under the contact faces add to the travel.
    fn settling(&self, mut question: Question, before: &Solved) -> f64 {
        let seats: Vec<String> = SEATS.iter().map(|(set, bone)| format!("{} on {set}", bone.name())).collect();
        let bed = settling::bed(settling::MODULUS);
        let interfaces = question.model.interfaces.iter().enumerate();
        question.model.beds =
            interfaces.filter(|(_, i)| seats.contains(&i.name)).map(|(k, _)| (k, bed)).collect();
        travel(&self.solved(question)) - travel(before)
    }
}

struct Signs {
    intact: Solved,
    /// Day 1 with rods at both densities.
    rods: [Solved; 2],
    bare: Solved,
    cage: Solved,
    /// Loss of height under cycles, mm: implant, cage.
    settling: [f64; 2],
}

static SIGNS: LazyLock<Signs> = LazyLock::new(|| {
    let mut column = Column::of("c2-spondylectomy");
    let none = [[0.0; 6]; 6];
    let stiffness = DENSITIES.map(|d| column.stiffness(d));
    let intact = column.solved(column.question(Stage::Intact, &none));
    let rods = stiffness.map(|s| column.solved(column.question(Stage::DayOne, &s)));
    let implant = column.settling(column.question(Stage::DayOne, &stiffness[0]), &rods[0]);
    column.case.fixation.rods = false;
    let bare = column.solved(column.question(Stage::DayOne, &stiffness[0]));
    let other = Column::of("compare-cage");
    let cage = other.solved(other.question(Stage::DayOne, &none));
    let settling = [implant, other.settling(other.question(Stage::DayOne, &none), &cage)];
    Signs { intact, rods, bare, cage, settling }
});

/// Mean travel of the condyles, mm.
fn travel(solved: &Solved) -> f64 {
    let guides = &solved.solution.guides;
    guides.iter().map(|g| g.travel).sum::<f64>() / guides.len() as f64
}

/// Mean strain energy density of a region of C3, mJ/mm³.
fn energy(solved: &Solved, region: &str) -> f64 {
    let mesh = solved.mesh(Kind::Bone(Level::C3)).expect("C3");
    let own = mesh.region_names.iter().position(|n| n == region).expect("a region of C3");
    let inside = |p: &dens_cases::pipeline::fields::Point| usize::from(mesh.regions[p.cell]) == own;
    let (mut sum, mut volume) = (0.0, 0.0);
    for p in solved.points(Kind::Bone(Level::C3)).filter(inside) {
        sum += p.weight * p.energy;
        volume += p.weight;
    }
    sum / volume
}

fn contact<'s>(solved: &'s Solved, name: &str) -> &'s Contact {
    solved.solution.contacts.iter().find(|c| c.name == name).expect("an interface")
}

/// Share of the load that passes the C3 endplate.
fn share(solved: &Solved) -> f64 {
    let name = if solved.question.stage == Stage::Intact { "C2-C3 disc below" } else { "C3 on implant lower" };
    contact(solved, name).force.z.abs() / FORCE
}

#[test]
fn lateral_masses_of_c3_are_unloaded_and_its_endplate_is_overloaded_where_no_rods_carry() {
    let s = &*SIGNS;
    for side in ["left lateral mass", "right lateral mass"] {
        let before = energy(&s.intact, side);
        let after = [&s.rods[0], &s.bare].map(|m| energy(m, side) / before);
        println!("{side}: {after:?}");
        // The facets of C2 are gone: nothing presses there but the screw.
        assert!(after.iter().all(|r| *r < 0.7), "{side}: {after:?}");
    }
    let before = energy(&s.intact, "superior endplate");
    let [rods, bare] = [&s.rods[0], &s.bare].map(|m| energy(m, "superior endplate") / before);
    let shares = [share(&s.intact), share(&s.rods[0]), share(&s.bare)];
    println!("endplate: rods {rods}, bare {bare}; shares {shares:?}");
    assert!(1.5 < bare, "{bare}");
}

#[test]
fn density() {
    let s = &*SIGNS;
    let stiffness = [0, 1].map(|i| FORCE / travel(&s.rods[i]));
    println!("stiffness {stiffness:?} change {}", stiffness[1] / stiffness[0] - 1.0);
    for m in &s.rods {
        let at = |set: &str| m.mean_displacement(Kind::Implant, set).expect("a face").z;
        let short = at("implant lower") - 0.5 * (at("implant upper left") + at("implant upper right"));
        println!("travel {} implant shortening {short} share {}", travel(m), share(m));
    }
}

#[test]
fn ring() {
    let s = &*SIGNS;
    println!("settling {:?}, travel {} {}", s.settling, travel(&s.rods[0]), travel(&s.cage));
    for m in [&s.rods[0], &s.cage] {
        let c = contact(m, "C3 on implant lower");
        println!("area {} closed {} force {}", c.paired_area, c.closed_area(), c.force.z);
        let implant = m.mean_displacement(Kind::Implant, "implant lower").expect("face").z;
        let base = m.mean_displacement(Kind::Bone(Level::C3), "C3-C4 disc").expect("face").z;
        println!("sinking {}", base - implant);
    }
}
