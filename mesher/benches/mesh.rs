//! How fast cheap fields become tetrahedra: a ball, a shell crossed by a plane, a gyroid sheet in a ball.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshSpec, RegionOf, tetrahedralize};
use dens_mesher::geometry::{Aabb, By, Field};
use dens_mesher::quality::measure;

fn by<F: Fn(Vec3) -> f64 + Send + Sync>(value: F) -> By<F> {
    By(value, Aabb { min: Vec3::repeat(-20.5), max: Vec3::repeat(20.5) })
}

fn meshing(criterion: &mut Criterion) {
    let ball = by(|p: Vec3| p.norm() - 20.0);
    let core = by(|p: Vec3| p.norm() - 18.0);
    let plane = by(|p: Vec3| 0.6 * p.x + 0.8 * p.z - 1.0);
    let sheet = by(|p: Vec3| {
        let q = p * 0.628;
        let g = q.x.sin() * q.y.cos() + q.y.sin() * q.z.cos() + q.z.sin() * q.x.cos();
        g.abs() / 0.94 - 1.0
    });
    let solid: &RegionOf<'_> = &|inside, _| (inside & 1 != 0).then_some(0);
    let halves: &RegionOf<'_> = &|inside, _| (inside & 1 != 0).then_some((inside >> 1) as u16);
    let lattice: &RegionOf<'_> = &|inside, _| (inside == 3).then_some(0);
    let cases: [(&str, Vec<&dyn Field>, &RegionOf<'_>); 3] = [
        ("ball", vec![&ball], solid),
        ("shell in halves", vec![&ball, &core, &plane], halves),
        ("gyroid in a ball", vec![&ball, &sheet], lattice),
    ];
    let mut group = criterion.benchmark_group("tetrahedralize");
    group.sample_size(10);
    for (name, surfaces, region) in cases {
        let spec = MeshSpec {
            name: name.into(),
            surfaces,
            region,
            region_names: (0..4).map(|i| format!("region {i}")).collect(),
            edge_mm: 0.9,
            bounds: ball.bounds(),
            engine: Engine::LevelSet,
        };
        let mesh = tetrahedralize(&spec).expect("a body that the tests know");
        group.throughput(Throughput::Elements(mesh.n_cells() as u64));
        group.bench_function(name, |b| b.iter(|| tetrahedralize(&spec)));
        if name == "ball" {
            group.bench_function("measure", |b| b.iter(|| measure(&mesh)));
        }
    }
    group.finish();
}

criterion_group!(benches, meshing);
criterion_main!(benches);
