//! Guides, screws and rods, and what is said of models that cannot be solved.

use crate::blocks::{Face, block, face, hold, part};
use crate::{answer, solved};
use dens_mesher::Vec3;
use dens_solver::loads::beam::BeamSection;
use dens_solver::loads::contact::{Gaps, Law};
use dens_solver::loads::fixation::Fixation;
use dens_solver::loads::guide::{Bedding, Guide};
use dens_solver::loads::traction::Traction;
use dens_solver::model::{Interface, Model, ModelError, Part};
use dens_solver::newton::{Options, SolveError, Solver};
use std::sync::atomic::AtomicBool;

const ROD: BeamSection = BeamSection { diameter: 1.0, youngs_modulus: 110e3, poissons_ratio: 0.3 };

fn column() -> Vec<Part> {
    vec![part("column", block([0.0; 3], [2.0, 2.0, 5.0], [2, 2, 5]), 500.0, 0.0)]
}

/// Rigid body on the whole top or on the part of it with x < `until`.
fn guided(parts: Vec<Part>, until: f64, force: [f64; 3]) -> Model {
    let last = parts.len() - 1;
    let mesh = parts[last].mesh.clone();
    let mut facets = face(&parts, last, Face::Top).facets;
    facets.retain(|f| mesh.facet_geometry(&mesh.boundary[*f as usize]).0.x < until);
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        guides: vec![Guide {
            name: "condyle".into(),
            beds: vec![(last, facets)],
            foundation: Bedding::uniform(40.0),
            force,
        }],
        parts,
        ..Model::default()
    }
}

#[test]
fn a_guide_travels_by_its_bedding_and_the_column_below() {
    let s = solved(&guided(column(), 9.0, [0.0, 0.0, -10.0]));
    // δ = F / (k A) + F L / (E A), exact for ν = 0.
    let exact = 10.0 / (40.0 * 4.0) + 10.0 * 5.0 / (500.0 * 4.0);
    assert!((s.guides[0].travel / exact - 1.0).abs() < 1e-9, "{}", s.guides[0].travel);
    assert!((s.guides[0].peak_pressure / 2.5 - 1.0).abs() < 1e-9);
    assert!(s.guides[0].transverse.norm() < 1e-9 && s.guides[0].moment.norm() < 1e-8);
    assert!((s.holds[0].force - Vec3::new(0.0, 0.0, 10.0)).norm() < 1e-8);
    assert!((s.compliance / (10.0 * exact) - 1.0).abs() < 1e-9);
}

#[test]
fn an_eccentric_guide_reports_what_keeps_it_straight() {
    let s = solved(&guided(column(), 1.0, [0.0, 1.0, -10.0]));
    let g = &s.guides[0];
    // Equilibrium of the whole: hold + force + rail = 0, moments about the center of the bedding.
    let force = s.holds[0].force + Vec3::new(0.0, 1.0, -10.0) + g.transverse;
    assert!(force.norm() < 1e-8, "{force}");
    let moment = s.holds[0].moment - g.center.cross(&s.holds[0].force) + g.moment;
    assert!(moment.norm() < 1e-7, "{moment}");
    assert!(1e-3 < g.moment.norm());
    assert!(g.transverse.dot(&Vec3::new(0.0, 1.0, -10.0)).abs() < 1e-9);
    assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8);
}

/// Two blocks 6 mm apart, joined by a rod that is embedded 3 mm in each; the upper one is pulled.
fn bridge(traction: [f64; 3]) -> Model {
    let parts = vec![
        part("lower", block([-2.0, -2.0, -4.0], [2.0, 2.0, 0.0], [4, 4, 4]), 800.0, 0.3),
        part("upper", block([-2.0, -2.0, 6.0], [2.0, 2.0, 10.0], [4, 4, 4]), 800.0, 0.3),
    ];
    let mut fixation = Fixation::default();
    let ends = [Vec3::new(0.1, 0.2, 9.0), Vec3::new(0.1, 0.2, 6.0), Vec3::new(0.1, 0.2, 0.0)];
    let tip = Vec3::new(0.1, 0.2, -3.0);
    let rod = fixation.add("rod", ROD, &[ends[0], ends[1], ends[2], tip], 1.0);
    fixation.tie(rod, 0);
    fixation.tie(rod, 1);
    let facets = face(&parts, 1, Face::Top).facets;
    Model {
        holds: vec![hold(&parts, 0, Face::Bottom)],
        tractions: vec![Traction { name: "pull".into(), part: 1, facets, value: traction }],
        fixation,
        parts,
        ..Model::default()
    }
}

#[test]
fn a_rod_between_two_blocks_carries_the_load_from_one_to_the_other() {
    let force = 16.0 * 0.5;
    let s = solved(&bridge([0.0, 0.0, 0.5]));
    let (rod, free) = (&s.members[0], 4);
    // Beams 0..3 lie in the upper block, 3..9 between the blocks.
    for f in rod.forces[free].iter() {
        assert!((f.normal / force - 1.0).abs() < 1e-9, "{}", f.normal);
        // The rod is 0.1 and 0.2 mm off the line of the load: a constant bending moment.
        let moment = f.bending[0].hypot(f.bending[1]);
        assert!((moment / (force * 0.05f64.sqrt()) - 1.0).abs() < 1e-8, "{moment}");
        assert!(f.torque.abs() < 1e-8 && f.shear.iter().all(|v| v.abs() < 1e-8));
    }
    let stretch = s.beam_motions[3][0].z - s.beam_motions[9][0].z;
    let exact = force * 6.0 / (ROD.youngs_modulus * ROD.area());
    assert!((stretch / exact - 1.0).abs() < 1e-8, "{stretch} {exact}");
    let (lower, upper) = (&s.ties[0], &s.ties[1]);
    assert!((lower.force.z / force - 1.0).abs() < 1e-9 && (upper.force.z / force + 1.0).abs() < 1e-9);
    assert!((lower.embedded_length - 3.0).abs() < 1e-9 && (upper.embedded_length - 3.0).abs() < 1e-9);
    // The lower block holds the tip back: the screw is pulled out of it, toward its head.
    assert!((lower.pull_out / force - 1.0).abs() < 1e-9, "{}", lower.pull_out);
    assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8, "{:?}", s.balance);
}

#[test]
fn a_rod_in_bending_keeps_the_moments_of_the_load() {
    let s = solved(&bridge([0.05, 0.02, 0.0]));
    let shear = 16.0 * 0.05f64.hypot(0.02);
    for f in &s.members[0].forces[4] {
        assert!((f.shear[0].hypot(f.shear[1]) / shear - 1.0).abs() < 1e-8);
    }
    assert!(s.balance.force_error < 1e-8 && s.balance.moment_error < 1e-8, "{:?}", s.balance);
}

#[test]
fn a_part_that_nothing_holds_is_named_with_its_motion() {
    let mut model = guided(column(), 9.0, [0.0, 0.0, -10.0]);
    model.holds.clear();
    let Err(SolveError::Singular(free)) = answer(&model) else { panic!("the column is free") };
    assert_eq!(free.len(), 1);
    assert!(free[0].bodies.contains(&"column".to_string()));
    assert!(free[0].to_string().contains("can move along (0.00 0.00 1.00)"), "{}", free[0]);

    let mut loose = bridge([0.0, 0.0, 0.5]);
    loose.fixation.ties.pop();
    let Err(SolveError::Singular(free)) = answer(&loose) else { panic!("the upper block is free") };
    assert_eq!(free.len(), 6);
    assert!(free.iter().all(|m| m.bodies == ["upper"]));
}

#[test]
fn a_faulty_model_is_refused_with_every_fault_named() {
    let mut model = guided(column(), 9.0, [0.0, 0.0, -10.0]);
    model.holds[0].surface.facets.clear();
    model.parts[0].of_cell[7] = 3;
    model.guides[0].beds[0].1[0] = 99_999;
    let Err(SolveError::BadModel(errors)) = answer(&model) else { panic!("three faults") };
    assert_eq!(errors.len(), 3, "{errors:?}");
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert!(text.iter().all(|t| t.contains("`column`")), "{text:?}");

    let mut apart = bridge([0.0, 0.0, 0.5]);
    let (slave, master) = (face(&apart.parts, 1, Face::Bottom), face(&apart.parts, 0, Face::Top));
    let (law, gaps) = (Law::Bonded, Gaps::Closed);
    apart.interfaces.push(Interface { name: "far".into(), slave, master, law, gaps, reach_mm: 1.0 });
    let Err(SolveError::BadModel(errors)) = answer(&apart) else { panic!("6 mm apart") };
    assert!(matches!(&errors[0], ModelError::Apart { name, .. } if name == "far"), "{errors:?}");

    let mut outside = bridge([0.0, 0.0, 0.5]);
    outside.fixation.nodes.iter_mut().for_each(|x| x.x += 50.0);
    let Err(SolveError::BadModel(errors)) = answer(&outside) else { panic!("the rod is outside") };
    assert!(matches!(&errors[0], ModelError::NotEmbedded { .. }), "{errors:?}");
}

#[test]
fn a_solver_is_used_again_for_another_stiffness_and_law() {
    let model = crate::opening::lever(0.2, 1.0);
    let options = Options::default();
    let mut solver = Solver::new(&model, &options).expect("sound model");
    let (quiet, go) = (&|_: &str, _: f64| (), AtomicBool::new(false));
    let first = solver.solve(&model, None, quiet, &go).expect("equilibrium");
    let again = solver.solve(&model, Some(&first), quiet, &go).expect("equilibrium");
    assert!(again.progress.iterations <= 1, "{:?}", again.progress);

    let mut softer = model.clone();
    softer.parts[1] = part("lever", block([0.0; 3], [4.0, 1.0, 1.0], [6, 2, 2]), 900.0, 0.3);
    let warm = solver.solve(&softer, Some(&first), quiet, &go).expect("equilibrium");
    let cold = solved(&softer);
    assert!((warm.compliance / cold.compliance - 1.0).abs() < 1e-4);
    assert!(warm.progress.iterations < cold.progress.iterations);

    softer.interfaces[0].law = Law::Bonded;
    let bonded = solver.solve(&softer, None, quiet, &go).expect("equilibrium");
    assert!(bonded.compliance < cold.compliance && bonded.balance.force_error < 1e-8);

    go.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(solver.solve(&model, None, quiet, &go), Err(SolveError::Cancelled));
}
