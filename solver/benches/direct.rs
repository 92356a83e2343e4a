//! Sparse Cholesky on unstructured ten-node tetrahedra.
//!
//! ```text
//! cargo bench -p dens-solver --bench direct                    all sizes, medians of three
//! cargo bench -p dens-solver --bench direct -- 100             only the body of about 100 thousand unknowns
//! cargo bench -p dens-solver --bench direct -- 100 write DIR   leaves DIR/tet10_100k.bin for other solvers
//! ```
//! Measured in seconds with two threads on a two-core machine that others used as well (load 3 to 4), one solver
//! after another; medians of three, but the row of 306 k of PARDISO once. Every time is therefore long, the ratios
//! count. Symbolic work is in the totals; ten loads include the factor.
//!
//! | unknowns | | symbolic | factor | one solve | ten solves | total, one load | ten loads | 10⁹ operations | factor |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | 59 k | this | 0.25 | 1.70 | 0.075 | 0.24 | 2.07 | 2.2 | 46 | 0.30 GB |
//! | | MKL PARDISO | 0.88 | 3.51 | 0.067 | 0.28 | 4.47 | 4.7 | 57 | 0.29 GB |
//! | | faer, one thread, before | | 5.59 | 0.162 | 1.63 | 5.75 | 7.2 | | 0.54 GB |
//! | 107 k | this | 0.57 | 5.42 | 0.162 | 0.40 | 6.23 | 6.4 | 150 | 0.69 GB |
//! | | MKL PARDISO | 1.55 | 10.22 | 0.131 | 0.60 | 11.88 | 12.4 | 203 | 0.70 GB |
//! | | faer, one thread, before | | 18.24 | 0.360 | 3.45 | 18.60 | 21.7 | | 1.28 GB |
//! | 306 k | this | 2.70 | 46.1 | 0.616 | 1.71 | 49.4 | 50.5 | 1615 | 3.2 GB |
//! | | MKL PARDISO | 3.42 | 84.0 | 0.531 | 2.65 | 88.0 | 90.1 | 2194 | 3.5 GB |
//! | | faer, one thread, before | | 124 | 1.24 | 11.9 | 126 | 136 | | 5.8 GB |
//!
//! With one thread each, where others disturb less: factor of 107 k 5.0 s here, 9.7 s PARDISO. The process of 107 k
//! holds 1.12 GB at most here (forecast 1.17 GB), 1.08 GB with PARDISO.

// The suite names nothing of the crate, so that the tests and this bench share it.
#[path = "../src/linear/suite.rs"]
#[expect(dead_code, reason = "of the suite only the assembly is used here")]
mod suite;

use std::io::Write;
use std::mem::replace;
use std::path::Path;
use std::time::Instant;

use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshSpec, tetrahedralize};
use dens_mesher::geometry::{Aabb, By, Field};
use dens_solver::linear::{BlockMatrix, Cholesky, LinearSolver, System};
use suite::Body;

/// Thousands of unknowns, lattice spacing in mm.
const SIZES: [(usize, f64); 3] = [(50, 3.13), (100, 2.44), (300, 1.66)];

fn by<F: Fn(Vec3) -> f64 + Send + Sync>(value: F) -> By<F> {
    By(value, Aabb { min: Vec3::new(-22.5, -16.5, -14.5), max: Vec3::new(22.5, 16.5, 14.5) })
}

/// Ellipsoid with a stiff shell, a soft core and a screw through both: E 12 000 : 300 : 110 000.
fn body(edge_mm: f64) -> Body {
    let ellipsoid = |p: Vec3, a: f64, b: f64, c: f64| {
        let scaled = Vec3::new(p.x / a, p.y / b, p.z / c);
        let slope = Vec3::new(scaled.x / a, scaled.y / b, scaled.z / c).norm().max(1e-3);
        (scaled.norm_squared() - 1.0) / (2.0 * slope)
    };
    let outer = by(move |p| ellipsoid(p, 22.0, 16.0, 14.0));
    let inner = by(move |p| ellipsoid(p, 20.0, 14.0, 12.0));
    let screw = by(|p: Vec3| (p.x - 0.3 * p.y).hypot(p.z) - 3.0);
    let region = |inside: u32, _: Vec3| match inside {
        bits if bits & 1 == 0 => None,
        bits if bits & 4 != 0 => Some(2),
        bits => Some(u16::from(bits & 2 == 0)),
    };
    let mesh = tetrahedralize(&MeshSpec {
        name: "vertebra".into(),
        surfaces: vec![&outer, &inner, &screw],
        region: &region,
        region_names: ["core", "shell", "screw"].map(String::from).to_vec(),
        edge_mm,
        bounds: outer.bounds(),
        engine: Engine::LevelSet,
    })
    .expect("three smooth surfaces");
    let materials = [(300.0, 0.3), (12_000.0, 0.3), (110_000.0, 0.34)];
    let n = mesh.points.len();
    let mut load = vec![0.0; 3 * n];
    for (load, p) in load.chunks_exact_mut(3).zip(&mesh.points) {
        if p.z > 12.0 {
            load.copy_from_slice(&[0.1, 0.05, -1.0]);
        }
    }
    Body {
        coordinates: mesh.points.iter().map(|p| (*p).into()).collect(),
        parents: (0..n as u32).map(|i| [i; 2]).collect(),
        cells: mesh.cells.iter().map(|cell| cell.to_vec()).collect(),
        materials: mesh.regions.iter().map(|&region| materials[region as usize]).collect(),
        fixed: mesh.points.iter().flat_map(|p| [p.z < -12.0; 3]).collect(),
        load,
        ..Body::default()
    }
}

/// The matrix without its supported nodes, its description and its load.
fn reduced(body: &Body) -> (BlockMatrix, System, Vec<f64>) {
    let mut number = vec![u32::MAX; body.coordinates.len()];
    let kept: Vec<usize> = (0..number.len()).filter(|&i| !body.fixed[3 * i]).collect();
    for (k, &i) in kept.iter().enumerate() {
        number[i] = k as u32;
    }
    let rows = body.rows();
    let rows: Vec<Vec<u32>> = kept
        .iter()
        .map(|&i| rows[i].iter().map(|&j| number[j as usize]).filter(|&j| j != u32::MAX).collect())
        .collect();
    let mut matrix = BlockMatrix::from_rows(&rows);
    body.assemble(|i, j, block| {
        if number[i] != u32::MAX && number[j] != u32::MAX {
            matrix.add_block(number[i] as usize, number[j] as usize, block);
        }
    });
    let system = System {
        coordinates: kept.iter().map(|&i| body.coordinates[i]).collect(),
        parents: (0..kept.len() as u32).map(|i| [i; 2]).collect(),
        modes: Vec::new(),
    };
    let load = kept.iter().flat_map(|&i| body.load[3 * i..3 * i + 3].iter().copied()).collect();
    (matrix, system, load)
}

/// `u64 n, u64 nnz, i64 indptr[n+1], i32 indices[nnz], f64 values[nnz], f64 rhs[n], f64 coordinates[n]`.
fn write(path: &Path, matrix: &BlockMatrix, system: &System, b: &[f64]) -> std::io::Result<()> {
    let csr = matrix.to_csr();
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for size in [csr.nrows(), csr.nnz()] {
        file.write_all(&(size as u64).to_le_bytes())?;
    }
    for &start in csr.row_offsets() {
        file.write_all(&(start as i64).to_le_bytes())?;
    }
    for &column in csr.col_indices() {
        file.write_all(&(column as i32).to_le_bytes())?;
    }
    for value in csr.values().iter().chain(b).chain(system.coordinates.iter().flatten()) {
        file.write_all(&value.to_le_bytes())?;
    }
    file.flush()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let wanted = words.first().and_then(|word| word.parse::<usize>().ok());
    let folder = words.iter().position(|word| word == "write").and_then(|k| words.get(k + 1));
    for (thousands, edge_mm) in SIZES {
        if wanted.is_some_and(|wanted| wanted != thousands) {
            continue;
        }
        let (matrix, system, b) = reduced(&body(edge_mm));
        writeln!(out, "{} unknowns", b.len())?;
        if let Some(folder) = folder {
            write(&Path::new(folder).join(format!("tet10_{thousands}k.bin")), &matrix, &system, &b)?;
            continue;
        }
        let mut times = [const { Vec::new() }; 4];
        for run in 0..3 {
            let mut solver = Cholesky::new();
            let mut clock = Instant::now();
            let mut lap = |step: usize| {
                let earlier = replace(&mut clock, Instant::now());
                times[step].push((clock - earlier).as_secs_f64());
            };
            let forecast = solver.memory_forecast(&matrix, &system);
            lap(0);
            solver.prepare(&matrix, &system).expect("a supported body");
            lap(1);
            let mut x = vec![0.0; b.len()];
            let stats = solver.solve(&matrix, &b, &mut x, 1e-8).expect("an exact factor");
            lap(2);
            let bs: Vec<Vec<f64>> =
                (0..10).map(|k| b.iter().map(|f| f * f64::from(k + 1)).collect()).collect();
            let mut xs = vec![vec![0.0; b.len()]; 10];
            clock = Instant::now();
            solver.solve_many(&matrix, &bs, &mut xs, 1e-8).expect("an exact factor");
            times[3].push(clock.elapsed().as_secs_f64());
            if run == 0 {
                writeln!(
                    out,
                    "  {:.1} million entries, {:.1} Gflop, {:.0} MB, at most {:.0} MB, residual {:.1e}",
                    solver.n_entries() as f64 / 1e6,
                    2e-9 * solver.operations(),
                    solver.memory_bytes() as f64 / 1e6,
                    forecast as f64 / 1e6,
                    stats.relative_residual
                )?;
            }
        }
        let [symbolic, factor, solve, ten] = times.map(median);
        writeln!(
            out,
            "  symbolic {symbolic:.2} s, factor {factor:.2} s, solve {solve:.3} s, ten loads {ten:.3} s; total of one {:.2} s",
            symbolic + factor + solve
        )?;
    }
    Ok(())
}
