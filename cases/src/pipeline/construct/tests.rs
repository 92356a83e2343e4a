//! Day 1 of the coarse model with every kind of construct: what carries the load, and that it balances.
//!
//! ```text
//!      F                  cut body: occiput or condyles, C1, implant with its screws, rods down to the cut
//!   ┌──┴──┐
//!   │ C1  ├──╥            acts on it: load, guides, C3 on the face and on the screws of the implant,
//!   │impl.│  ║ - - cut    the rods below the cut
//!   └─╲─╱─┘  ╨
//! ```

use super::super::bodies::{self, Bodies};
use super::super::geometry::{self, Geometry};
use super::super::models::{self, Question, Stage};
use super::super::options;
use crate::case::{Case, Quality};
use crate::document::Document;
use crate::fixation::{Fault, FaultKind};
use crate::library;
use crate::progress::Progress;
use dens_mesher::Vec3;
use dens_mesher::geometry::spine::Level;
use dens_solver::loads::beam;
use dens_solver::newton::{Options, solve};
use dens_solver::solution::Solution;
use dens_solver::tensor::isotropic;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

/// The coarse case with screws through the implant, its bones and meshes.
fn coarse() -> &'static (Case, Geometry, Bodies) {
    static ONCE: OnceLock<(Case, Geometry, Bodies)> = OnceLock::new();
    ONCE.get_or_init(|| {
        let text = library::CATALOG.iter().find(|c| c.name == "tiny").expect("part of the library").text;
        let case = Case::from_document(&Document::parse(text).expect("TOML")).expect("sound");
        let mut case = case.at(Quality::Draft);
        case.fixation.implant_screws = vec![Level::C3];
        let geometry = geometry::build(&case, Path::new(".")).expect("the implant fits");
        let meshes = bodies::mesh(&case, &geometry, case.fineness.edge[0], &Progress::new(true));
        let meshes = meshes.unwrap_or_else(|e| panic!("{}", e.message));
        (case, geometry, meshes)
    })
}

/// Day 1 of the coarse case with its fixation changed.
fn day_one(change: impl Fn(&mut Case)) -> (Question, Solution) {
    let (case, geometry, meshes) = coarse();
    let mut case = case.clone();
    change(&mut case);
    let lattice = isotropic(2000.0, 0.3);
    let question = models::build(&case, geometry, meshes, Stage::DayOne, &lattice)
        .unwrap_or_else(|e| panic!("{}", e.message));
    // Forces in equilibrium are what is looked at; overlap of the faces does not matter to them.
    let exact = Options { residual_tolerance: 1e-10, ..options(&case) };
    let solution =
        solve(&question.model, &exact, &|_, _| {}, &AtomicBool::new(false)).unwrap_or_else(|e| panic!("{e}"));
    (question, solution)
}

fn fault(kind: FaultKind, member: &str) -> impl Fn(&mut Case) {
    let member = member.to_string();
    move |case| case.fixation.faults.push(Fault { kind, member: member.clone() })
}

/// Force and moment about the origin.
#[derive(Clone, Copy)]
struct Wrench(Vec3, Vec3);

impl Wrench {
    fn at(point: Vec3, force: Vec3, moment: Vec3) -> Self {
        Self(force, point.cross(&force) + moment)
    }
}

/// Action on the cut body of what lies below the cut, by name, and of the load.
fn section(question: &Question, s: &Solution) -> Vec<(String, Wrench)> {
    let mut out = Vec::new();
    let fixation = &question.model.fixation;
    let loads =
        question.model.guides.iter().map(|g| g.force).chain(question.model.bodies.iter().map(|b| b.force));
    for (g, force) in s.guides.iter().zip(loads) {
        out.push(("load".into(), Wrench::at(g.center, Vec3::from(force) + g.transverse, g.moment)));
    }
    let face = s.contacts.iter().find(|c| c.name == "C3 on implant lower").expect("the implant stands on C3");
    out.push(("implant".into(), Wrench(-face.force, -face.moment)));
    for t in s.ties.iter().filter(|t| t.member.contains("implant") && t.part == "C3") {
        out.push((t.member.clone(), Wrench(-t.force, -t.moment)));
    }
    // Halfway between the heads in C1 and C3, where nothing joins the rods.
    let cut = coarse().1.implant.pads[0].patch.center.z + 0.5 * coarse().1.implant.height_mm;
    for (m, report) in fixation.members.iter().zip(&s.members).filter(|(m, _)| m.name.starts_with("rod")) {
        let places: Vec<Vec3> = m.nodes.iter().map(|n| fixation.nodes[*n as usize]).collect();
        let k =
            places.windows(2).position(|p| cut < p[0].z && p[1].z <= cut).expect("the rod passes the cut");
        let (f, axes) = (report.forces[k][0], beam::frame(places[k], places[k + 1]).transpose());
        let force = axes * Vec3::new(f.normal, f.shear[0], f.shear[1]);
        let moment = axes * Vec3::new(f.torque, f.bending[0], f.bending[1]);
        out.push((m.name.clone(), Wrench::at(places[k], force, moment)));
    }
    out
}

/// Upward force on the cut body by what is called so, over the load.
fn share(section: &[(String, Wrench)], name: &str) -> f64 {
    let load: f64 = section.iter().filter(|(n, _)| n == "load").map(|(_, w)| -w.0.z).sum();
    section.iter().filter(|(n, _)| n.contains(name)).map(|(_, w)| w.0.z).sum::<f64>() / load
}

fn balances(what: &str, question: &Question, s: &Solution) -> Vec<(String, Wrench)> {
    let parts = section(question, s);
    let force: Vec3 = parts.iter().map(|(_, w)| w.0).sum();
    let moment: Vec3 = parts.iter().map(|(_, w)| w.1).sum();
    // 1164 N is the largest load and 100 mm the lever; the residual asked for is 1e-10 of the nodal loads.
    let load: f64 = question.model.guides.iter().map(|g| Vec3::from(g.force).norm()).sum::<f64>()
        + question.model.bodies.iter().map(|b| Vec3::from(b.force).norm()).sum::<f64>();
    assert!(force.norm() < 1e-6 * load, "{what}: force {force}");
    assert!(moment.norm() < 1e-6 * load * 100.0, "{what}: moment {moment}");
    parts
}

fn force_of(s: &Solution, screw: &str, part: &str) -> f64 {
    s.ties.iter().find(|t| t.member == screw && t.part == part).map_or(0.0, |t| t.force.norm())
}

#[test]
fn without_one_rod_or_screw_the_others_take_its_load_and_moments_balance() {
    let (question, whole) = day_one(|_| {});
    let before = balances("whole", &question, &whole);
    let (question, s) = day_one(fault(FaultKind::Missing, "rod left"));
    let rodless = balances("no left rod", &question, &s);
    assert!(1e-3 < share(&before, "rod left").abs());
    assert!(rodless.iter().all(|(n, _)| n != "rod left"));
    let others = |p: &[(String, Wrench)]| share(p, "rod right") + share(p, "implant");
    assert!((others(&rodless) - 1.0).abs() < 1e-6, "the rest carries all: {}", others(&rodless));
    let (question, s) = day_one(fault(FaultKind::Missing, "C3 screw left"));
    let screwless = balances("no left screw in C3", &question, &s);
    assert_eq!(force_of(&s, "C3 screw left", "C3"), 0.0);
    assert!(1.0 < force_of(&whole, "C3 screw left", "C3"));
    let (now, then) = (share(&screwless, "rod left"), share(&before, "rod left"));
    // Which way depends on the construct: here C3 is passed by on the left, and C4 below it is held.
    assert!(1e-3 < (now - then).abs(), "the rod that lost a screw carries another share: {then}, {now}");
    assert!((others(&screwless) + now - 1.0).abs() < 1e-6, "and the others the rest");
}

#[test]
fn screws_through_the_implant_act_on_implant_and_bone_alike() {
    let (question, s) = day_one(|_| {});
    balances("screws through the implant", &question, &s);
    for side in ["left", "right"] {
        let of = |part: &str| {
            let name = format!("C3 implant screw {side}");
            s.ties.iter().find(|t| t.member == name && t.part == part).expect("tied").clone()
        };
        let (implant, bone) = (of("implant"), of("C3"));
        assert!(0.1 < bone.force.norm(), "{side}: it carries");
        // Each screw is in equilibrium: tolerance as above.
        assert!((implant.force + bone.force).norm() < 1e-4 && (implant.moment + bone.moment).norm() < 1e-2);
    }
}

#[test]
fn wires_in_place_of_the_last_screws_carry_no_compression() {
    let (question, s) = day_one(|case| {
        fault(FaultKind::Wire, "C4 screw left")(case);
        fault(FaultKind::Wire, "C4 screw right")(case);
    });
    balances("wires", &question, &s);
    assert_eq!(s.wires.len(), 2);
    for w in &s.wires {
        assert!(0.0 <= w.tension && (w.tension == 0.0) == (0.0 < w.slack), "{w:?}");
    }
    assert_eq!(force_of(&s, "C4 screw left", "C4"), 0.0);
}

#[test]
fn an_occipitocervical_construct_carries_its_load_past_c1() {
    let (question, s) = day_one(|case| {
        case.fixation.occiput = true;
        case.fixation.levels = vec![Level::C3, Level::C4];
    });
    let parts = balances("occiput", &question, &s);
    let (rods, implant) = (share(&parts, "rod"), share(&parts, "implant"));
    assert!((rods + implant - 1.0).abs() < 1e-6, "{rods} {implant}");
    assert!(0.01 < rods, "the rods carry {rods} of the load");
    // All that the rods carry enters them through the occipital screws: nothing else joins them above the cut.
    let screws = s.members.iter().filter(|m| m.name.starts_with("C0 screw"));
    assert_eq!(screws.clone().count(), 2);
    assert!(screws.clone().all(|m| 0.0 < m.peak_stress));
    assert!(s.ties.iter().all(|t| t.member != "C1 screw left"));
}

/// What is said against the coarse case with its fixation changed.
fn refused(change: impl Fn(&mut Case, &mut Geometry)) -> String {
    let (case, geometry, meshes) = coarse();
    let (mut case, mut geometry) = (case.clone(), Geometry::clone(geometry));
    change(&mut case, &mut geometry);
    match models::build(&case, &geometry, meshes, Stage::DayOne, &isotropic(2000.0, 0.3)) {
        Ok(_) => String::from("built"),
        Err(e) => e.message,
    }
}

#[test]
fn a_construct_without_its_screws_is_refused_by_name() {
    let said = refused(|_, geometry| geometry.spine.screws.retain(|(l, ..)| *l != Level::C3));
    assert!(said.contains("no screw finds its way into C3 on the left"), "{said}");
    let all = ["C1 screw left", "C3 screw left", "C4 screw left"];
    let without = |names: &'static [&str], kind: FaultKind| {
        refused(move |case, _| names.iter().for_each(|n| fault(kind, n)(case)))
    };
    let said = without(&["C1 screw left", "C3 screw left", "C4 screw left"], FaultKind::Missing);
    assert!(said.contains("rod left is held by no screw"), "{said}");
    let said = without(&["C1 screw left", "C3 screw left", "C4 screw left"], FaultKind::Wire);
    assert!(said.contains("rod left is held by no screw"), "wires hold no rod: {said}");
    // Without the rod nothing hangs in the air.
    let mut kept = coarse().0.clone();
    all.iter().chain(&["rod left"]).for_each(|n| fault(FaultKind::Missing, n)(&mut kept));
    let (case, geometry, meshes) = (kept, &coarse().1, &coarse().2);
    assert!(models::build(&case, geometry, meshes, Stage::DayOne, &isotropic(2000.0, 0.3)).is_ok());
}

#[test]
fn a_screw_bends_as_its_core_and_presses_with_its_thread() {
    let (question, s) = day_one(|_| {});
    let member = question.model.fixation.members.iter().find(|m| m.name == "C3 screw left").expect("there");
    assert_eq!((member.section.diameter, member.outer), (2.5, 3.5));
    let (_, thick) = day_one(|case| case.fixation.screw_core = 3.4);
    let stress =
        |s: &Solution| s.members.iter().find(|m| m.name == "C3 screw left").expect("there").peak_stress;
    // The rods hand over moment more than rotation: a core of 2.5 mm is stressed more than one of 3.4 mm, at most by the
    // third power of the ratio.
    let ratio = stress(&s) / stress(&thick);
    assert!((1.05..2.6).contains(&ratio), "{ratio}");
    for t in s.ties.iter().filter(|t| t.member == "C3 screw left") {
        assert!(!t.bearings.is_empty());
        let worst = t.bearings.iter().map(|b| b.pressure).fold(0.0, f64::max);
        assert!(0.0 < worst && worst <= t.peak_line_load / member.outer * (1.0 + 1e-12), "{worst}");
    }
}
