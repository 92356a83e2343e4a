//! Time of six load cases on one lattice cell.
//!
//! `cargo bench -p dens-solver --bench homogenize`; target on two cores: 32³ below 0.4 s, 64³ below 2 s, 128³ below 20 s.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use dens_mesher::Vec3;
use dens_mesher::lattice::{Lattice, cell};
use dens_solver::homogenize::{Base, CellSolution, Options, homogenize_lattice};

fn homogenize(criterion: &mut Criterion) {
    let gyroid = cell("gyroid-sheet").expect("a cell of the catalogue");
    let lattice = Lattice::with_relative_density(gyroid, 2.0, 0.3).expect("a density in range");
    let titanium = Base::new(110_000.0, 0.342).expect("in range");
    let mut group = criterion.benchmark_group("gyroid-sheet 30 %");
    group.sample_size(10);
    for resolution in [32, 64, 128] {
        let options = Options { resolution, ..Options::default() };
        group.bench_function(format!("stiffness {resolution}"), |bencher| {
            bencher.iter(|| homogenize_lattice(black_box(&lattice), titanium, &options).expect("connected"));
        });
    }
    let value = |q: [f64; 3]| lattice.cell_value(Vec3::from(q));
    let options = Options { resolution: 32, ..Options::default() };
    let solution = CellSolution::from_value(&value, titanium, &options).expect("connected");
    group.bench_function("amplification 32", |bencher| bencher.iter(|| solution.amplification()));
    let amplification = solution.amplification();
    group.bench_function("strut stress", |bencher| {
        bencher.iter(|| amplification.strut_stress(black_box([1.0, 0.2, -0.4, 0.1, 0.0, 0.3])));
    });
    group.finish();
}

criterion_group!(benches, homogenize);
criterion_main!(benches);
