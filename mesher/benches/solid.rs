//! Time of the implant's design and of the printable solid at draft and standard grid edges.
//!
//! Targets, two cores: design 1 s, draft (0.25 mm) 5 s, standard (0.15 mm) 25 s of processor time.

use criterion::{Criterion, criterion_group, criterion_main};
use dens_mesher::geometry::implant::{Implant, ImplantParams};
use dens_mesher::geometry::parametric;
use dens_mesher::geometry::solid::{SolidParams, printable};
use dens_mesher::lattice::{Lattice, cell};
use std::sync::atomic::AtomicBool;

fn implant(c: &mut Criterion) {
    let spine = parametric::spine(&parametric::Parametric::default()).expect("the default anatomy");
    let params = ImplantParams::default();
    let mut group = c.benchmark_group("implant");
    group.sample_size(10);
    group.bench_function("design", |b| b.iter(|| Implant::design(&spine, &params)));
    let implant = Implant::design(&spine, &params).expect("the default anatomy leaves room");
    let diamond = cell("diamond").expect("a lattice cell of the catalogue");
    let lattice = Lattice::with_relative_density(diamond, 1.67, 0.30).expect("a density in range");
    for edge_mm in [0.25, 0.15] {
        let params = SolidParams { edge_mm, ..SolidParams::default() };
        group.bench_function(format!("printable {edge_mm} mm"), |b| {
            b.iter(|| printable(&implant, &|p| lattice.value(p), &params, &AtomicBool::new(false)));
        });
    }
    group.finish();
}

criterion_group!(benches, implant);
criterion_main!(benches);
