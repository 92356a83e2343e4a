//! Linear solvers on the bodies of the matrix suite: products, set-up and solution.
//!
//! Run with `cargo bench -p dens-solver --bench linear`. Measured once, CPU seconds on two cores, tet10 with stiffness
//! contrast 1 : 11 000, tolerance 1e-8:
//!
//! | unknowns | multigrid set-up | values anew | solve (iterations) | memory | Cholesky factor | solve | memory |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 47 k | 0.07 | 0.07 | 0.30 (24) | 24 MB | 1.4 | 0.06 | 332 MB |
//! | 108 k | 0.22 | 0.15 | 0.62 (20) | 54 MB | 6.9 | 0.20 | 1.03 GB |
//! | 311 k | 0.7 | 0.55 | 1.8 (22) | 150 MB | – | – | – |
//! | 986 k | 4.2 | 2.7 | 6.9 (21) | 483 MB | – | – | – |
//!
//! The same materials in an unstructured mesh of curved surfaces (dihedral angles 14–163°):
//!
//! | unknowns | multigrid set-up | values anew | solve (iterations) | memory | Cholesky factor | solve | memory |
//! | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 90 k | 0.17 | 0.15 | 0.85 (32) | 47 MB | 8.8 | 0.16 | 1.02 GB |
//! | 374 k | 1.2 | 0.9 | 4.0 (31) | 182 MB | – | – | – |
//! | 928 k | 2.8 | 2.7 | 10.6 (26) | 460 MB | – | – | – |

// The suite names nothing of the crate, so that the tests and this bench share it.
#[path = "../src/linear/suite.rs"]
mod suite;

use criterion::{Criterion, criterion_group, criterion_main};
use dens_solver::linear::{BlockMatrix, Cholesky, LinearSolver, Multigrid, System};
use suite::Body;

fn bodies() -> Vec<(&'static str, Body)> {
    let implant = |cubes| suite::block([cubes; 3], 2, suite::implant, [0.0; 3]);
    vec![
        ("implant", implant(10)),
        ("distorted", suite::distort(implant(10), 0.25)),
        ("flat", suite::stretch(implant(10), 0.4)),
        ("contact", suite::contact(11, 2, 3000.0)),
        ("reference node", suite::reference_node([12, 12, 6], 2)),
    ]
}

fn matrix_and_system(body: &Body) -> (BlockMatrix, System) {
    let mut matrix = BlockMatrix::from_rows(&body.rows());
    body.assemble(|i, j, block| matrix.add_block(i, j, block));
    matrix.fix(&body.fixed);
    let system = System {
        coordinates: body.coordinates.clone(),
        parents: body.parents.clone(),
        modes: body.modes.clone(),
    };
    (matrix, system)
}

fn linear(criterion: &mut Criterion) {
    for (name, body) in bodies() {
        let (matrix, system) = matrix_and_system(&body);
        let b = body.right_hand_side();
        let mut group = criterion.benchmark_group(format!("{name}, {} unknowns", b.len()));
        group.sample_size(10);
        let mut y = vec![0.0; b.len()];
        group.bench_function("product", |bencher| bencher.iter(|| matrix.matvec(&b, &mut y)));
        let solvers: [Box<dyn LinearSolver>; 2] = [Box::new(Multigrid::new()), Box::new(Cholesky::new())];
        for mut solver in solvers {
            let name = solver.name();
            group.bench_function(format!("{name}, prepare"), |bencher| {
                bencher.iter(|| solver.prepare(&matrix, &system).expect("the suite is well supported"));
            });
            group.bench_function(format!("{name}, solve"), |bencher| {
                bencher.iter(|| {
                    let mut x = vec![0.0; b.len()];
                    solver.solve(&matrix, &b, &mut x, 1e-8).expect("the suite converges")
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, linear);
criterion_main!(benches);
