//! The answer does not depend on the numbers of nodes, on units, or on threads.

use crate::mesh::{block, body, boundary, distort, elastic};
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::linear::Choice;
use dens_solver::statics::{
    Answer, Body, Constraints, Dof, Equation, Formulation, Gravity, Load, Material, Options, Statics,
    Stresses,
};
use dens_solver::tensor::isotropic;

fn mesh(shape: Shape, scale: f64) -> MixedMesh {
    block(shape, [2.0, 1.5, 1.0], [3, 2, 2], false, |x| scale * distort(x))
}

/// Nodes in the order of their coordinates before renumbering.
fn constraints(map: &[u32]) -> Constraints {
    let dof = |node: usize, axis: u8| Dof { node: map[node], axis };
    Constraints {
        supports: (0..12).flat_map(|n| (0..3).map(move |a| dof(n, a))).collect(),
        equations: (0..3)
            .map(|k| Equation {
                terms: vec![(dof(20 + k, 1), 1.0), (dof(24, 1), -0.25), (dof(23, 0), -0.75)],
                value: 0.0,
            })
            .collect(),
        ..Constraints::default()
    }
}

fn solve(body: &Body, constraints: &Constraints, load: Load, solver: Choice, tolerance: f64) -> Answer {
    let options = Options { solver, tolerance, ..Options::default() };
    Statics::new(body, constraints, &options).and_then(|s| s.solve(&[load])).expect("held body").remove(0)
}

#[test]
fn renumbered_nodes_give_the_renumbered_answer() {
    for formulation in Formulation::ALL {
        let first = mesh(formulation.shape(), 1.0);
        let n = first.n_nodes();
        // 7 has no common factor with the numbers of nodes here.
        let step = (7_usize..)
            .find(|s: &usize| (2..=*s).all(|d| !s.is_multiple_of(d) || !n.is_multiple_of(d)))
            .expect("a coprime step");
        let map: Vec<u32> = (0..n).map(|i| (i * step % n) as u32).collect();
        let mut points = vec![Vec3::zeros(); n];
        map.iter().zip(first.points()).for_each(|(&to, p)| points[to as usize] = *p);
        let cells: Vec<Vec<u32>> =
            (0..first.n_cells()).map(|c| first.cell(c).iter().map(|&i| map[i as usize]).collect()).collect();
        let second =
            MixedMesh::new(points, first.shapes().iter().copied().zip(cells.iter().map(Vec::as_slice)))
                .expect("valid mesh");
        let facet = *boundary(&first).last().expect("a boundary");
        let load = || Load { pressures: vec![(facet, 2.0)], ..Load::default() };
        let material = elastic(isotropic(1000.0, 0.3));
        let (a, b) = (body(first, formulation, material), body(second, formulation, material));
        let same: Vec<u32> = (0..n as u32).collect();
        let u = solve(&a, &constraints(&same), load(), Choice::Direct, 1e-13);
        let v = solve(&b, &constraints(&map), load(), Choice::Direct, 1e-13);
        let size = u.displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for (u, &to) in u.displacements.iter().zip(&map) {
            let difference = u - v.displacements[to as usize];
            assert!(difference.norm() < 1e-11 * size, "{formulation:?} {:e}", difference.norm() / size);
        }
    }
}

#[test]
fn units_do_not_matter() {
    // mm, N, MPa, t against m, N, Pa, kg.
    for (formulation, solver) in [
        (Formulation::Tet10, Choice::Direct),
        (Formulation::Hex8Incompatible, Choice::Direct),
        (Formulation::Wedge15, Choice::Multigrid),
    ] {
        let run = |length: f64, stress: f64, density: f64| {
            let expansion = [1e-5, 1e-5, 1e-5, 0.0, 0.0, 0.0];
            let material = Material { stiffness: isotropic(1000.0 * stress, 0.3), expansion, density };
            let body = body(mesh(formulation.shape(), length), formulation, material);
            let n = body.mesh().n_nodes();
            let facet = boundary(body.mesh())[7];
            let cells = (0..body.mesh().n_cells() as u32).collect();
            let load = Load {
                pressures: vec![(facet, 2.0 * stress)],
                gravity: vec![Gravity { cells, acceleration: length * Vec3::new(0.0, 0.0, -9810.0) }],
                temperature_rise: vec![3.0; n],
                prescribed: (0..36).map(|i| length * 1e-4 * f64::from(i % 3)).collect(),
                ..Load::default()
            };
            let same: Vec<u32> = (0..n as u32).collect();
            let rises = load.temperature_rise.clone();
            let answer = solve(&body, &constraints(&same), load, solver, 1e-12);
            let stresses =
                Stresses::new(&body, &answer.displacements, &rises).expect("fitting lists").stresses;
            (answer, stresses)
        };
        let (mm, in_mm) = run(1.0, 1.0, 1e-4);
        // 1 t/mm³ = 1e12 kg/m³.
        let (m, in_m) = run(1e-3, 1e6, 1e8);
        let size = mm.displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        let force = mm.reactions.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for i in 0..mm.displacements.len() {
            assert!((mm.displacements[i] - 1e3 * m.displacements[i]).norm() < 1e-9 * size);
            assert!((mm.reactions[i] - m.reactions[i]).norm() < 1e-9 * force);
        }
        let worst = in_mm.iter().flatten().fold(0.0_f64, |m, s| m.max(s.abs()));
        for (a, b) in in_mm.iter().flatten().zip(in_m.iter().flatten()) {
            assert!((a - 1e-6 * b).abs() < 1e-9 * worst, "{formulation:?}: {a} {b}");
        }
    }
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for (formulation, solver) in [
        (Formulation::Hex20, Choice::Multigrid),
        (Formulation::Wedge6, Choice::Multigrid),
        (Formulation::Tet10, Choice::Direct),
    ] {
        let n = if formulation == Formulation::Wedge6 { [12, 10, 10] } else { [6, 5, 5] };
        let body = body(
            block(formulation.shape(), [2.0, 1.5, 1.0], n, false, distort),
            formulation,
            elastic(isotropic(1000.0, 0.3)),
        );
        let same: Vec<u32> = (0..body.mesh().n_nodes() as u32).collect();
        let facet = boundary(body.mesh())[7];
        let run = |threads: usize| {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("thread pool").install(|| {
                let load = Load { pressures: vec![(facet, 2.0)], ..Load::default() };
                let answer = solve(&body, &constraints(&same), load, solver, 1e-8);
                let found = Stresses::new(&body, &answer.displacements, &[]).expect("fitting lists");
                (answer, found)
            })
        };
        let (one, two) = (run(1), run(2));
        let bits =
            |v: &[Vec3]| -> Vec<[u64; 3]> { v.iter().map(|v| (*v).map(f64::to_bits).into()).collect() };
        assert!(bits(&one.0.displacements) == bits(&two.0.displacements), "{formulation:?}");
        assert!(bits(&one.0.reactions) == bits(&two.0.reactions), "{formulation:?}");
        assert!(one.1 == two.1, "{formulation:?}");
    }
}
