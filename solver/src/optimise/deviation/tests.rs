//! The gradient against central differences, on bone that carries a lattice.

use super::*;
use crate::elements::Section;
use crate::loads::contact::{Gaps, Law};
use crate::loads::traction::Traction;
use crate::model::{Hold, Interface, Interpolation, Model, Surface};
use crate::newton::{Options, Solver};
use crate::optimise::response::Response;
use crate::recover::{PointFields, recover};
use crate::solution::Solution;
use crate::tensor::isotropic;
use crate::verification::tied_patch::{part, surface};
use crate::verification::{mesh, problem::near};
use dens_mesher::mixed::Shape;
use std::sync::atomic::AtomicBool;

/// Bone under a lattice, bonded, and a cap that slides on it without friction under an uneven load.
///
/// ```text
///    ↓   ↓  ↓    z = 2.5  cap, held at its side x = 0
///  ┌─────────┐
///  ├─────────┤   z = 2
///  │ lattice │           bonded below
///  ├─────────┤   z = 1
///  │  bone   │   held at z = 0
/// ```
fn model(interpolation: Interpolation) -> Model {
    let slab = |n: [usize; 3], z: f64, h: f64| {
        let map = move |x: Vec3| Vec3::new(2.0 * x.x, 2.0 * x.y, z + h * x.z);
        mesh::tetrahedra(&mesh::block(Shape::Tet10, n, false, map))
    };
    let parts = vec![
        part("bone", slab([2, 2, 2], 0.0, 1.0), 500.0, 0.3),
        part("lattice", slab([3, 3, 2], 1.0, 1.0), 3000.0, 0.3),
        part("cap", slab([2, 2, 1], 2.0, 0.5), 1000.0, 0.3),
    ];
    let at = |part: usize, z: f64| surface(&parts, part, move |p| near(p.z, z));
    let joint = |name: &str, slave: Surface, master: Surface, law: Law| Interface {
        name: name.into(),
        slave,
        master,
        law,
        gaps: Gaps::Closed,
        reach_mm: 0.1,
    };
    let interfaces = vec![
        joint("seat", at(0, 1.0), at(1, 1.0), Law::Bonded),
        joint("slide", at(2, 2.0), at(1, 2.0), Law::Sliding { friction: 0.0 }),
    ];
    let half = surface(&parts, 1, |p| near(p.z, 2.0));
    // The cap is held at one side, where it can still sink.
    let side = surface(&parts, 2, |p| near(p.x, 0.0));
    let tractions = vec![
        Traction { name: "head".into(), part: 2, facets: at(2, 2.5).facets, value: [0.0, 0.0, -2.0] },
        Traction { name: "shear".into(), part: 1, facets: half.facets, value: [0.3, 0.1, -1.0] },
    ];
    Model {
        interpolation,
        holds: vec![
            Hold { name: "foot".into(), surface: at(0, 0.0) },
            Hold { name: "side".into(), surface: side },
        ],
        interfaces,
        tractions,
        parts,
        ..Model::default()
    }
}

fn response() -> Response {
    let rows = [0.1, 0.2, 0.3, 0.4].map(|d: f64| (d, isotropic(20_000.0 * d.powf(1.8), 0.2 + 0.3 * d)));
    Response::new(&rows).expect("admissible")
}

/// The model with every cell of the lattice at its density.
fn filled(model: &Model, densities: &[f64]) -> Model {
    let mut model = model.clone();
    let response = response();
    model.parts[1].palette = densities.iter().map(|d| Section::suited(response.at(*d).0)).collect();
    model.parts[1].of_cell = (0..densities.len() as u32).collect();
    model
}

fn fields(model: &Model, part: usize, solution: &Solution) -> PointFields {
    let p = &model.parts[part];
    let u: Vec<f64> = solution.displacements[part].iter().flat_map(|v| [v.x, v.y, v.z]).collect();
    recover(&p.mesh.points, &p.mesh.cells, &p.palette, &p.of_cell, &u).expect("solved on it")
}

struct Problem {
    model: Model,
    intact: Vec<[f64; 4]>,
    solver: Solver,
}

impl Problem {
    fn new(interpolation: Interpolation, n_cells: impl Fn(&Model) -> usize) -> (Self, Vec<f64>) {
        let model = model(interpolation);
        let n = n_cells(&model);
        let start: Vec<f64> = (0..n).map(|i| 0.25 + 0.1 * (1.7 * i as f64).sin()).collect();
        // Multipliers would depend on the course of the iteration.
        let options = Options {
            residual_tolerance: 1e-12,
            gap_tolerance: 1e9,
            balance_tolerance: 1.0,
            max_augmentations: 0,
            ..Options::default()
        };
        let solver = Solver::new(&model, &options).expect("held");
        let mut problem = Self { model, intact: Vec::new(), solver };
        let even = problem.solved(&vec![0.35; n]);
        // The reference differs from place to place.
        let energies = fields(&even.0, 0, &even.1).energy_densities;
        problem.intact = energies
            .iter()
            .enumerate()
            .map(|(c, e)| std::array::from_fn(|q| e[q] * (1.5 + (0.9 * (4 * c + q) as f64).sin())))
            .collect();
        problem.solver.hold_penalties();
        (problem, start)
    }

    fn solved(&mut self, densities: &[f64]) -> (Model, Solution) {
        let model = filled(&self.model, densities);
        let cancel = AtomicBool::new(false);
        let solution = self.solver.solve(&model, None, &|_, _| {}, &cancel).expect("solvable");
        (model, solution)
    }

    fn value(&mut self, densities: &[f64]) -> (Deviation, Model, Solution) {
        let (model, solution) = self.solved(densities);
        let bone = fields(&model, 0, &solution);
        let energies =
            Energies { weights: &bone.weights, implanted: &bone.energy_densities, intact: &self.intact };
        (deviation(&[energies]), model, solution)
    }

    fn gradient(&mut self, densities: &[f64]) -> Vec<f64> {
        let (found, model, solution) = self.value(densities);
        let mut g: Vec<Vec<Vec3>> =
            model.parts.iter().map(|p| vec![Vec3::zeros(); p.mesh.n_nodes()]).collect();
        g[0] = load(&model.parts[0], &solution.displacements[0], &found.slopes[0]).expect("sound cells");
        let lambda = self.solver.adjoint(&model, &solution, &g, 1e-12).expect("solvable");
        let response = response();
        let slopes: Vec<_> = densities.iter().map(|d| Some(response.at(*d).1)).collect();
        gradient(&model.parts[1], &solution.displacements[1], &lambda[1], &slopes).expect("sound cells")
    }
}

#[test]
fn adjoint_gradient_agrees_with_central_differences_on_twenty_densities() {
    for interpolation in [Interpolation::Quadratic, Interpolation::Linear] {
        let (mut problem, densities) = Problem::new(interpolation, |m| m.parts[1].mesh.n_cells());
        let exact = problem.gradient(&densities);
        let largest = exact.iter().map(|g| g.abs()).fold(0.0, f64::max);
        assert!(0.0 < largest);
        // Twenty cells drawn by a fixed linear congruence.
        let mut draw = 20_261_123_u64;
        for _ in 0..20 {
            draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let cell = (draw >> 33) as usize % densities.len();
            let h = 2e-4;
            let mut at = |change: f64| {
                let mut moved = densities.clone();
                moved[cell] += change;
                problem.value(&moved).0.value
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            // h² of the third derivative, and 1e-12 of the state over h.
            let error = (difference - exact[cell]).abs() / exact[cell].abs().max(1e-3 * largest);
            assert!(error < 1e-5, "{interpolation:?} cell {cell}: {difference} {} {error:.1e}", exact[cell]);
        }
    }
}

#[test]
fn bone_loaded_as_before_has_no_deviation_and_half_counts_as_double() {
    let weights = [[1.0; 4], [2.0; 4]];
    let intact = [[0.3; 4], [0.1, 0.2, 0.0, 0.4]];
    let same = deviation(&[Energies { weights: &weights, implanted: &intact, intact: &intact }]);
    assert_eq!((same.value, same.slopes[0][0][0]), (0.0, 0.0));
    let times = |factor: f64| {
        let implanted = intact.map(|e| e.map(|e| factor * e));
        deviation(&[Energies { weights: &weights, implanted: &implanted, intact: &intact }])
    };
    // Every point by the same factor: D = ln² 2, whatever the volumes.
    for factor in [0.5, 2.0] {
        assert!((times(factor).value - 2.0_f64.ln().powi(2)).abs() < 1e-12);
    }
    assert!(times(0.5).slopes[0][0][0] < 0.0 && 0.0 < times(2.0).slopes[0][0][0]);
    assert_eq!(times(2.0).slopes[0][1][2], 0.0, "a point without energy before does not count");
}
