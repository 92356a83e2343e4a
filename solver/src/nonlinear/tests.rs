//! The engine as a whole, with interactions that stand for contact.

use super::laws::{Hardening, Law, LinearElastic, NeoHooke, Plastic};
use super::*;
use crate::linear::Choice;
use crate::statics::{
    Body, CellProperties, Constraints, Dof, Equation, Formulation, Load, Material, Statics,
};
use crate::tensor::isotropic;
use crate::verification::{block, boundary, stir};
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use std::ops::ControlFlow;

fn body(mesh: MixedMesh, formulation: Formulation) -> Body {
    let cells = vec![CellProperties { formulation, material: 0, frame: None }; mesh.n_cells()];
    let material = Material { stiffness: isotropic(100.0, 0.3), expansion: [0.0; 6], density: 0.0 };
    Body::new(mesh, vec![material], Vec::new(), cells).expect("sound body")
}

fn nodes(body: &Body, place: impl Fn(Vec3) -> bool) -> Vec<u32> {
    (0..).zip(body.mesh().points()).filter(|(_, p)| place(**p)).map(|(n, _)| n).collect()
}

fn dofs(nodes: &[u32], axes: &[u8]) -> Vec<Dof> {
    nodes.iter().flat_map(|&node| axes.iter().map(move |&axis| Dof { node, axis })).collect()
}

fn pull(body: &Body, traction: Vec3) -> Load {
    let mesh = body.mesh();
    let top = boundary(mesh).into_iter().filter(|f| {
        mesh.facet(f.cell as usize, usize::from(f.facet)).iter().all(|&n| 0.999 < mesh.points()[n as usize].z)
    });
    Load { tractions: top.map(|f| (f, traction)).collect(), ..Load::default() }
}

fn go_on(_: &Accepted) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

#[test]
fn a_linear_problem_takes_one_solve_and_gives_the_answer_of_linear_statics() {
    for formulation in [Formulation::Tet10, Formulation::Hex8, Formulation::Hex20Reduced] {
        let body = body(block(formulation.shape(), [2; 3], true, stir), formulation);
        let low = nodes(&body, |p| p.z < 1e-9);
        let side = nodes(&body, |p| 0.999 < p.x && 0.999 < p.y && 0.999 < p.z);
        // An equation with a right-hand side, and a support that moves.
        let other = nodes(&body, |p| p.x < 1e-9 && 0.999 < p.y && 0.999 < p.z);
        let equations = vec![Equation {
            terms: vec![(Dof { node: side[0], axis: 0 }, 1.0), (Dof { node: other[0], axis: 0 }, -0.5)],
            value: 0.01,
        }];
        let constraints =
            Constraints { supports: dofs(&low, &[0, 1, 2]), equations, ..Constraints::default() };
        let mut load = pull(&body, Vec3::new(0.3, 0.1, 0.5));
        load.prescribed = vec![0.0; 3 * low.len()];
        load.prescribed[2] = 0.02;
        let linear = Statics::new(&body, &constraints, &crate::statics::Options::default())
            .and_then(|s| s.solve(std::slice::from_ref(&load)))
            .expect("solves");
        let law = Law::small(LinearElastic { stiffness: isotropic(100.0, 0.3) });
        let mut analysis =
            Analysis::new(&body, vec![law], &constraints, Vec::new(), Options::default()).expect("sound");
        let stage = Stage { load, stepping: Stepping::even(1), ..Stage::default() };
        let (mut u, mut reactions, mut iterations) = (Vec::new(), Vec::new(), 0);
        let mut keep = |a: &Accepted| {
            (u, reactions) = (a.displacements.to_vec(), a.reactions.to_vec());
            iterations += a.iterations.len();
            ControlFlow::Continue(())
        };
        let outcome = analysis.run(&[stage], None, &mut keep).expect("converges");
        assert!(matches!(outcome, Outcome::Completed(_)));
        assert_eq!(iterations, 1);
        let size = linear[0].displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for (a, b) in u.iter().zip(&linear[0].displacements) {
            // The guard of the reduced hex20 is weighted (1 − 1e-6) in one and 1 in the other.
            assert!((a - b).norm() < 1e-5 * size, "{formulation:?}");
            assert!(formulation == Formulation::Hex20Reduced || (a - b).norm() < 1e-8 * size);
        }
        let force = linear[0].reactions.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for (a, b) in reactions.iter().zip(&linear[0].reactions) {
            assert!((a - b).norm() < 1e-5 * force);
        }
    }
}

/// Frictionless rigid floor at z = `height`, multipliers per node.
struct Floor {
    nodes: Vec<(u32, f64)>,
    height: f64,
    penalty: f64,
    pressures: Vec<f64>,
    kept: Vec<f64>,
}

impl Floor {
    fn force(&self, i: usize, u: &[Vec3]) -> f64 {
        let (node, z) = self.nodes[i];
        (self.pressures[i] + self.penalty * (self.height - z - u[node as usize].z)).max(0.0)
    }
}

impl Interaction for Floor {
    fn couplings(&self) -> Vec<Vec<u32>> {
        Vec::new()
    }

    fn begin(&mut self, _: &[Vec3], _: f64) {
        self.kept.clone_from(&self.pressures);
    }

    fn linearize(&self, u: &[Vec3], forces: &mut [Vec3], mut tangent: Option<&mut TangentSink<'_>>) {
        for i in 0..self.nodes.len() {
            let force = self.force(i, u);
            forces[self.nodes[i].0 as usize].z -= force;
            if let Some(tangent) = tangent.as_mut().filter(|_| 0.0 < force) {
                let mut block = [0.0; 9];
                block[8] = self.penalty;
                tangent(self.nodes[i].0, self.nodes[i].0, block);
            }
        }
    }

    fn augment(&mut self, u: &[Vec3]) -> Augmentation {
        let next: Vec<f64> = (0..self.nodes.len()).map(|i| self.force(i, u)).collect();
        let deep = self.nodes.iter().map(|(n, z)| self.height - z - u[*n as usize].z).fold(0.0, f64::max);
        self.pressures = next;
        Augmentation { again: 1e-7 < deep, measure: deep / 1e-7, worst: format!("penetration {deep:.1e} mm") }
    }

    fn accept(&mut self, _: &[Vec3]) {}

    fn restore(&mut self) {
        self.pressures.clone_from(&self.kept);
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    fn name(&self) -> &str {
        "floor"
    }

    fn unsymmetric(&self) -> bool {
        false
    }

    fn checkpoint(&self) -> Vec<u8> {
        self.pressures.iter().flat_map(|p| p.to_bits().to_le_bytes()).collect()
    }

    fn resume(&mut self, bytes: &[u8]) -> Result<(), String> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || chunks.len() != self.nodes.len() {
            return Err("wrong length".to_string());
        }
        self.pressures = chunks.iter().map(|c| f64::from_bits(u64::from_le_bytes(*c))).collect();
        Ok(())
    }
}

fn floor(body: &Body, gap: f64) -> Box<dyn Interaction> {
    let nodes: Vec<(u32, f64)> = nodes(body, |p| p.z < 1e-9).into_iter().map(|n| (n, 0.0)).collect();
    let n = nodes.len();
    Box::new(Floor { nodes, height: -gap, penalty: 50.0, pressures: vec![0.0; n], kept: vec![0.0; n] })
}

/// A block over a floor that only the floor holds along z, pressed down.
fn landing(stages: &[Stage], body: &Body, from: Option<State>, stop: u64) -> State {
    let sides = [dofs(&nodes(body, |p| p.x < 1e-9), &[0]), dofs(&nodes(body, |p| p.y < 1e-9), &[1])].concat();
    let constraints = Constraints { supports: sides, ..Constraints::default() };
    let law = Law::finite(NeoHooke::new(100.0, 0.3));
    let options = Options { solver: Choice::Direct, ..Options::default() };
    let mut analysis =
        Analysis::new(body, vec![law], &constraints, vec![floor(body, 1e-3)], options).expect("sound");
    let mut bytes = Vec::new();
    let mut observe = |a: &Accepted| {
        if a.state.increments < stop {
            return ControlFlow::Continue(());
        }
        bytes = a.checkpoint().to_bytes();
        ControlFlow::Break(())
    };
    let outcome = analysis.run(stages, from, &mut observe).expect("converges");
    match outcome {
        Outcome::Stopped(_) => State::from_bytes(&bytes).expect("complete"),
        other => other.state().clone(),
    }
}

#[test]
fn a_block_that_only_contact_holds_lands_and_carries_its_load() {
    let body = body(block(Formulation::Tet10.shape(), [2; 3], false, stir), Formulation::Tet10);
    let load = pull(&body, Vec3::new(0.0, 0.0, -10.0));
    let stages = [Stage { load, stepping: Stepping::even(4), ..Stage::default() }];
    let whole = landing(&stages, &body, None, u64::MAX);
    let carried: f64 =
        whole.interactions[0].as_chunks::<8>().0.iter().map(|c| f64::from_bits(u64::from_le_bytes(*c))).sum();
    // Equilibrium to the tolerance of the residual, per node.
    assert!((carried / 10.0 - 1.0).abs() < 1e-4, "{carried}");
    let (broken, stages) = (landing(&stages, &body, None, 2), stages);
    assert_eq!(landing(&stages, &body, Some(broken), u64::MAX).to_bytes(), whole.to_bytes());
}

#[test]
fn the_bits_do_not_depend_on_the_threads() {
    let body = body(block(Formulation::Tet10.shape(), [3; 3], false, stir), Formulation::Tet10);
    let load = pull(&body, Vec3::new(0.5, 0.0, -8.0));
    let stages = [Stage { load, stepping: Stepping::even(3), ..Stage::default() }];
    let of = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| landing(&stages, &body, None, u64::MAX).to_bytes())
    };
    assert_eq!(of(1), of(4));
}

#[test]
fn multigrid_with_kept_hierarchies_finds_the_equilibrium_of_the_factor() {
    let body = body(block(Formulation::Tet10.shape(), [4; 3], false, stir), Formulation::Tet10);
    let supports = dofs(&nodes(&body, |p| p.z < 1e-9), &[0, 1, 2]);
    let constraints = Constraints { supports, ..Constraints::default() };
    let load = pull(&body, Vec3::new(5.0, 0.0, 20.0));
    let stages = [Stage { load, stepping: Stepping::even(2), ..Stage::default() }];
    let of = |solver: Choice| {
        let law = Law::finite(NeoHooke::new(100.0, 0.3));
        let options = Options { solver, ..Options::default() };
        let mut analysis = Analysis::new(&body, vec![law], &constraints, Vec::new(), options).expect("sound");
        let mut iterations = 0;
        let mut count = |a: &Accepted| {
            iterations += a.iterations.len();
            ControlFlow::Continue(())
        };
        let outcome = analysis.run(&stages, None, &mut count).expect("converges");
        (outcome.state().unknowns.clone(), iterations)
    };
    let ((a, n), (b, m)) = (of(Choice::Direct), of(Choice::Multigrid));
    let size = a.iter().fold(0.0_f64, |s, x| s.max(x.abs()));
    let gap = a.iter().zip(&b).fold(0.0_f64, |g, (x, y)| g.max((x - y).abs()));
    // The tolerance of the correction is 1e-5.
    assert!(gap < 1e-5 * size, "{gap:e}");
    assert!(m <= n + 2, "{n} {m}");
}

#[test]
fn failure_names_the_increment_the_place_and_the_history() {
    // Pulled through itself: no increment down to the least one can invert the cells.
    let body = body(block(Formulation::Tet10.shape(), [1; 3], false, |x| x), Formulation::Tet10);
    let (low, high) = (nodes(&body, |p| p.z < 1e-9), nodes(&body, |p| 0.999 < p.z));
    let supports = [dofs(&low, &[0, 1, 2]), dofs(&high, &[0, 1, 2])].concat();
    let constraints = Constraints { supports, ..Constraints::default() };
    let prescribed =
        constraints.supports.iter().map(|d| if high.contains(&d.node) && d.axis == 2 { -1.5 } else { 0.0 });
    let load = Load { prescribed: prescribed.collect(), ..Load::default() };
    let law = Law::finite(NeoHooke::new(100.0, 0.3));
    let mut analysis =
        Analysis::new(&body, vec![law], &constraints, Vec::new(), Options::default()).expect("sound");
    let stepping = Stepping { initial: 0.2, min: 0.01, max: 0.2, most: 100 };
    let error = analysis
        .run(&[Stage { load, stepping, ..Stage::default() }], None, &mut go_on)
        .expect_err("cannot turn inside out");
    assert_eq!(error.kind(), crate::statics::ErrorKind::NoConvergence);
    let NonlinearError::NotConverged(found) = &error else { unreachable!("{error}") };
    assert!(0.5 < found.reached && found.reached < found.tried && found.tried < 0.7, "{error}");
    let text = error.to_string();
    assert!(text.contains("step 1, increment") && text.contains("load factor"), "{text}");
}

#[test]
fn what_the_engine_cannot_do_is_refused_by_name() {
    let hex = body(block(Formulation::Hex8.shape(), [1; 3], false, |x| x), Formulation::Hex8Incompatible);
    let law = || Law::small(LinearElastic { stiffness: isotropic(100.0, 0.3) });
    let none = Constraints::default();
    let refused =
        |laws: Vec<Law>, body: &Body| Analysis::new(body, laws, &none, Vec::new(), Options::default()).err();
    assert!(matches!(refused(vec![law()], &hex), Some(NonlinearError::Formulation { cell: 0, .. })));
    let tet = body(block(Formulation::Tet10.shape(), [1; 3], false, |x| x), Formulation::Tet10);
    assert!(matches!(refused(vec![], &tet), Some(NonlinearError::Laws { expected: 1, found: 0 })));
    assert!(matches!(refused(vec![law()], &tet), Some(NonlinearError::Statics(_))));
    let low = nodes(&tet, |p| p.z < 1e-9);
    let held = Constraints { supports: dofs(&low, &[0, 1, 2]), ..Constraints::default() };
    let mut analysis =
        Analysis::new(&tet, vec![law()], &held, Vec::new(), Options::default()).expect("sound");
    let load = Load { temperature_rise: vec![1.0; tet.mesh().n_nodes()], ..Load::default() };
    let heat = Stage { load, ..Stage::default() };
    assert_eq!(analysis.run(&[heat], None, &mut go_on), Err(NonlinearError::Heat));
}

#[test]
fn unloading_is_elastic_and_leaves_the_plastic_strain() {
    // Uniaxial stress beyond yield and back to nothing: what remains is κ = (σ − Y)/H.
    let body = body(block(Formulation::Tet10.shape(), [1; 3], false, stir), Formulation::Tet10);
    let supports = [
        dofs(&nodes(&body, |p| p.x < 1e-9), &[0]),
        dofs(&nodes(&body, |p| p.y < 1e-9), &[1]),
        dofs(&nodes(&body, |p| p.z < 1e-9), &[2]),
    ]
    .concat();
    let constraints = Constraints { supports, ..Constraints::default() };
    let curve = Hardening::new(vec![(0.0, 1.0), (1.0, 11.0)]).expect("valid curve");
    let law = Law::small(Plastic::new(100.0, 0.3, curve).expect("valid"));
    let mut analysis =
        Analysis::new(&body, vec![law], &constraints, Vec::new(), Options::default()).expect("sound");
    let stages = [
        Stage { load: pull(&body, Vec3::new(0.0, 0.0, 1.5)), ..Stage::default() },
        Stage { stepping: Stepping::even(1), ..Stage::default() },
    ];
    let mut top = Vec::new();
    let high = nodes(&body, |p| 0.999 < p.z);
    let mut keep = |a: &Accepted| {
        top.push(a.displacements[high[0] as usize].z);
        ControlFlow::Continue(())
    };
    let outcome = analysis.run(&stages, None, &mut keep).expect("converges");
    assert!(matches!(outcome, Outcome::Completed(_)));
    // Residuals of 1e-6 of a force of 0.1 N.
    assert!((top[top.len() - 1] - 0.05).abs() < 1e-6 && (top[top.len() - 2] - 0.065).abs() < 1e-6, "{top:?}");
}
