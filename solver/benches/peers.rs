//! The same matrices for Dens and its peers: writes them, and solves them from the file as the peers do.
//!
//! ```text
//! cargo bench -p dens-solver --bench peers -- write tet10|tet4 DOFS FILE    a vertebra with a pin, as one file
//! cargo bench -p dens-solver --bench peers -- solve multigrid|cholesky FILE [LOADS]
//! cargo bench -p dens-solver --bench peers -- assemble DOFS
//! solver/benches/peers.sh FOLDER_OF_PEER_SCRIPTS [CASE...]                  everything in turn, medians, ratios
//! ```
//! The body is a C3 vertebra of the parametric anatomy: core of 300 MPa, shell 0.6 mm thick of 12,000 MPa and, through
//! the middle, a pin of 110,000 MPa, in unstructured tetrahedra. Its lower end is held, its upper end is pressed.
//! Without arguments it prints this text: `cargo bench` alone measures nothing here.
//!
//! Measured on two cores, medians of three, seconds of set-up and solution to 1e-8 and peak memory with the matrix; MKL
//! PARDISO and PETSc (GAMG, BoomerAMG, two ranks) where they are named, `f.u` equal to nine digits or more:
//!
//! | system | Dens | best peer | ratio |
//! | --- | --- | --- | --- |
//! | tet10, 102 k, direct | 1.27 s, 0.57 GB | PARDISO 2.54 s, 0.73 GB | 0.50; memory 0.77 |
//! | tet10, 102 k, multigrid, 40 iterations | 0.75 s, 0.13 GB | the same | 0.30; memory 0.18 |
//! | tet10, 299 k, multigrid, 31 | 1.97 s, 0.36 GB | GAMG 20.7 s, PARDISO 21.3 s; BoomerAMG 1.01 GB | 0.095; memory 0.36 |
//! | tet10, 299 k, ten loads, direct | 9.74 s, 2.39 GB | PARDISO 21.5 s, 2.67 GB, with one load | 0.45; memory 0.90 |
//! | tet10, 973 k, multigrid, 25 | 6.08 s, 1.15 GB | GAMG 76.9 s; BoomerAMG 3.08 GB | 0.079; memory 0.37 |
//! | tet4, 963 k, multigrid, 21 | 9.75 s, 0.98 GB | GAMG 41.8 s; BoomerAMG 2.06 GB | 0.23; memory 0.47 |
//!
//! Measured once: tet10, 2.91 M, multigrid, 24 iterations, 17.6 s, 3.9 GB, time ∝ n^1.00 from 299 k; pattern and values of
//! 220 k tet10 assembled in 0.61 s.
//!
//! File: `u64 n, u64 nnz, i64 indptr[n+1], i32 indices[nnz], f64 values[nnz], f64 rhs[n], f64 coordinates[n]`, full
//! symmetric matrix without supported nodes; then, read by Dens alone, `u32 parents[2 n / 3]`.

#![expect(clippy::print_stdout, reason = "a bench prints what it measures")]

use dens_mesher::Vec3;
use dens_mesher::generate::{Engine, MeshSpec, tetrahedralize};
use dens_mesher::geometry::Field;
use dens_mesher::geometry::parametric::{Parametric, spine};
use dens_mesher::mesh::Mesh;
use dens_solver::assembly::Assembler;
use dens_solver::elements::{Displacement, Section, TET4};
use dens_solver::linear::{BlockMatrix, Cholesky, LinearSolver, Multigrid, System};
use dens_solver::tensor::isotropic;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let count = |w: &str| w.parse::<usize>().expect("a number of unknowns or loads");
    match words[..] {
        ["write", order, dofs, file] => write(order == "tet10", count(dofs), file),
        ["solve", solver, file] => solve(solver, file, 1),
        ["solve", solver, file, loads] => solve(solver, file, count(loads)),
        ["assemble", dofs] => assemble(count(dofs)),
        _ => println!("see the head of solver/benches/peers.rs"),
    }
}

/// Vertebra with about that many unknowns, corner nodes alone or all.
fn vertebra(quadratic: bool, dofs: usize) -> (Mesh, Vec<u32>, [Section; 3]) {
    let spine = spine(&Parametric::default()).expect("the default anatomy");
    let bone = &spine.bones[2].field;
    let mesh_at = |edge: f64| {
        let spec = MeshSpec {
            name: "C3".into(),
            surfaces: vec![&**bone as &dyn Field],
            region: &|inside, _| (inside == 1).then_some(0),
            region_names: vec!["bone".into()],
            edge_mm: edge,
            bounds: bone.bounds().grown(2.0 * edge),
            engine: Engine::LevelSet,
        };
        tetrahedralize(&spec).expect("a bone that the tests know")
    };
    let unknowns = |m: &Mesh| match quadratic {
        true => 3 * m.n_nodes(),
        false => 3 * m.parents().iter().enumerate().filter(|(i, p)| p[0] as usize == *i).count(),
    };
    // The number grows as the cube of the fineness: two rounds come within some per cent.
    let mut edge = 1.2;
    let mut mesh = mesh_at(edge);
    for _ in 0..2 {
        edge *= (unknowns(&mesh) as f64 / dofs as f64).cbrt();
        mesh = mesh_at(edge);
    }
    mesh.straighten();
    let middle = bone.bounds().center();
    let of_cell = (0..mesh.n_cells())
        .map(|c| {
            let p = mesh.centroid(c);
            let off = (p - middle).component_mul(&Vec3::new(1.0, 1.0, 0.0)).norm();
            if off < 2.5 { 2 } else { u32::from(-0.6 < bone.value(p)) }
        })
        .collect();
    let section = |e: f64| Section { stiffness: isotropic(e, 0.3), element: &Displacement };
    (mesh, of_cell, [section(300.0), section(12_000.0), section(110_000.0)])
}

/// Full matrix of a body, its node positions and the corners of mid-edge nodes.
fn stiffness(quadratic: bool, dofs: usize) -> (BlockMatrix, Vec<[f64; 3]>, Vec<[u32; 2]>) {
    let (mesh, of_cell, sections) = vertebra(quadratic, dofs);
    let positions: Vec<[f64; 3]> = mesh.points.iter().map(|p| (*p).into()).collect();
    let parents = mesh.parents();
    if quadratic {
        let assembler = Assembler::new(mesh.n_nodes(), &mesh.cells, &[]).expect("a sound mesh");
        let matrix = assembler.assemble(&mesh.points, &sections, &of_cell).expect("sound cells");
        return (matrix, positions, parents);
    }
    let corners: Vec<u32> = (0..mesh.n_nodes() as u32).filter(|i| parents[*i as usize][0] == *i).collect();
    let mut number = vec![u32::MAX; mesh.n_nodes()];
    corners.iter().enumerate().for_each(|(k, node)| number[*node as usize] = k as u32);
    let cells: Vec<[u32; 4]> =
        mesh.cells.iter().map(|c| std::array::from_fn(|k| number[c[k] as usize])).collect();
    let places: Vec<Vec3> = corners.iter().map(|n| mesh.points[*n as usize]).collect();
    let sections = sections.map(|s| Section { element: &TET4, ..s });
    let assembler = Assembler::new(corners.len(), &cells, &[]).expect("a sound mesh");
    let matrix = assembler.assemble(&places, &sections, &of_cell).expect("sound cells");
    let positions = corners.iter().map(|n| positions[*n as usize]).collect();
    (matrix, positions, (0..corners.len() as u32).map(|i| [i, i]).collect())
}

fn write(quadratic: bool, dofs: usize, file: &str) {
    let (matrix, positions, parents) = stiffness(quadratic, dofs);
    let (low, high) = positions.iter().fold((f64::MAX, f64::MIN), |(l, h), p| (l.min(p[2]), h.max(p[2])));
    let height = |i: usize| (positions[i][2] - low) / (high - low);
    let free: Vec<usize> = (0..matrix.n()).filter(|i| 0.12 < height(*i)).collect();
    let mut number = vec![u32::MAX; matrix.n()];
    free.iter().enumerate().for_each(|(k, i)| number[*i] = k as u32);
    let rows: Vec<Vec<(u32, usize)>> = free
        .iter()
        .map(|&i| {
            let entries = matrix.row_starts[i]..matrix.row_starts[i + 1];
            let kept =
                entries.map(|e| (number[matrix.columns[e] as usize], e)).filter(|(c, _)| *c != u32::MAX);
            kept.collect()
        })
        .collect();
    let n = 3 * free.len();
    let nnz: usize = rows.iter().map(|r| 9 * r.len()).sum();
    let mut out = BufWriter::new(File::create(file).expect("a writable file"));
    let mut put = |bytes: &[u8]| out.write_all(bytes).expect("room on the disk");
    put(&(n as u64).to_le_bytes());
    put(&(nnz as u64).to_le_bytes());
    let mut start = 0_i64;
    put(&start.to_le_bytes());
    for row in &rows {
        for _ in 0..3 {
            start += 3 * row.len() as i64;
            put(&start.to_le_bytes());
        }
    }
    for row in &rows {
        for _ in 0..3 {
            row.iter().for_each(|(c, _)| (0..3).for_each(|k| put(&(3 * *c as i32 + k).to_le_bytes())));
        }
    }
    for row in &rows {
        for axis in 0..3 {
            for (_, e) in row {
                (0..3).for_each(|k| put(&matrix.blocks[*e][3 * axis + k].to_le_bytes()));
            }
        }
    }
    let pressed = free.iter().filter(|i| 0.9 < height(**i)).count() as f64;
    for i in &free {
        let down = if 0.9 < height(*i) { -300.0 / pressed } else { 0.0 };
        [0.1 * down, 0.0, down].iter().for_each(|f| put(&f.to_le_bytes()));
    }
    free.iter().for_each(|i| positions[*i].iter().for_each(|x| put(&x.to_le_bytes())));
    for (k, i) in free.iter().enumerate() {
        // A mid-edge node with a held end stands alone: the remaining corner takes half of it.
        let ends = parents[*i].map(|p| number[p as usize]);
        let ends = match ends {
            [u32::MAX, u32::MAX] => [k as u32; 2],
            [u32::MAX, b] => [b, b],
            [a, u32::MAX] => [a, a],
            both => both,
        };
        let ends = if parents[*i] == [*i as u32; 2] { [k as u32; 2] } else { ends };
        ends.iter().for_each(|e| put(&e.to_le_bytes()));
    }
    println!("{file}: {n} unknowns, {nnz} entries");
}

fn read(file: &str) -> (BlockMatrix, System, Vec<f64>) {
    let mut input = BufReader::with_capacity(1 << 20, File::open(file).expect("a file to read"));
    let mut word = [0_u8; 8];
    let mut next = |input: &mut BufReader<File>| {
        input.read_exact(&mut word).expect("a whole file");
        word
    };
    let n = u64::from_le_bytes(next(&mut input)) as usize / 3;
    let _ = next(&mut input);
    let starts: Vec<usize> = (0..=3 * n).map(|_| i64::from_le_bytes(next(&mut input)) as usize).collect();
    let row_starts: Vec<usize> = (0..=n).map(|i| starts[3 * i] / 9).collect();
    let n_blocks = row_starts[n];
    let mut columns = vec![0; n_blocks];
    let mut half = [0_u8; 4];
    for i in 0..n {
        for k in 0..3 * (starts[3 * i + 1] - starts[3 * i]) {
            input.read_exact(&mut half).expect("a whole file");
            if k < starts[3 * i + 1] - starts[3 * i] && k % 3 == 0 {
                columns[row_starts[i] + k / 3] = u32::from_le_bytes(half) / 3;
            }
        }
    }
    let mut blocks = vec![[0.0; 9]; n_blocks];
    for i in 0..n {
        for axis in 0..3 {
            for block in &mut blocks[row_starts[i]..row_starts[i + 1]] {
                for k in 0..3 {
                    block[3 * axis + k] = f64::from_le_bytes(next(&mut input));
                }
            }
        }
    }
    let b = (0..3 * n).map(|_| f64::from_le_bytes(next(&mut input))).collect();
    let coordinates = (0..n).map(|_| std::array::from_fn(|_| f64::from_le_bytes(next(&mut input)))).collect();
    let mut parents = vec![[0; 2]; n];
    for p in parents.iter_mut().flatten() {
        input.read_exact(&mut half).expect("a whole file");
        *p = u32::from_le_bytes(half);
    }
    (BlockMatrix { row_starts, columns, blocks }, System { coordinates, parents, modes: Vec::new() }, b)
}

fn solve(solver: &str, file: &str, loads: usize) {
    let (matrix, system, b) = read(file);
    let loaded = peak_gb();
    let mut solver: Box<dyn LinearSolver> = match solver {
        "multigrid" => Box::new(Multigrid::new()),
        _ => Box::new(Cholesky::new()),
    };
    let start = Instant::now();
    solver.prepare(&matrix, &system).expect("a well supported body");
    let setup = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let load = |k: usize| -> Vec<f64> {
        // Loads that are no multiples of each other: the same nodes pushed in other directions.
        let turn = k as f64;
        let value = |i: usize| match i % 3 {
            2 => b[i],
            1 => 0.2 * turn * b[i + 1],
            _ => b[i] * (1.0 - turn),
        };
        (0..b.len()).map(value).collect()
    };
    let bs: Vec<Vec<f64>> = (0..loads).map(load).collect();
    let mut xs: Vec<Vec<f64>> = bs.iter().map(|b| vec![0.0; b.len()]).collect();
    let stats = solver.solve_many(&matrix, &bs, &mut xs, 1e-8).expect("a system that converges");
    let iterations = stats.iter().map(|s| s.iterations).max().unwrap_or(0);
    let residual = stats.iter().map(|s| s.relative_residual).fold(0.0, f64::max);
    let compliance: f64 = bs[0].iter().zip(&xs[0]).map(|(f, u)| f * u).sum();
    let solved = start.elapsed().as_secs_f64();
    println!(
        "{{\"solver\": \"dens_{}\", \"n\": {}, \"setup_s\": {setup}, \"solve_s\": {solved}, \"total_s\": {}, \"iters\": {iterations}, \"relres\": {residual:e}, \"compliance\": {compliance}, \"loads\": {loads}, \"rss_loaded_gb\": {loaded}, \"rss_gb\": {}}}",
        solver.name(),
        b.len(),
        setup + solved,
        peak_gb()
    );
}

fn assemble(dofs: usize) {
    let (mesh, of_cell, sections) = vertebra(true, dofs);
    let start = Instant::now();
    let assembler = Assembler::new(mesh.n_nodes(), &mesh.cells, &[]).expect("a sound mesh");
    let pattern = start.elapsed().as_secs_f64();
    let mut matrix = assembler.zero_matrix();
    let start = Instant::now();
    assembler.assemble_into(&mesh.points, &sections, &of_cell, &mut matrix).expect("sound cells");
    let values = start.elapsed().as_secs_f64();
    println!(
        "{{\"solver\": \"dens_assembly\", \"n\": {}, \"cells\": {}, \"pattern_s\": {pattern}, \"values_s\": {values}, \"per_200k_s\": {}}}",
        3 * mesh.n_nodes(),
        mesh.n_cells(),
        (pattern + values) * 2e5 / mesh.n_cells() as f64
    );
}

/// Largest resident memory so far, GB; zero where the system does not tell.
fn peak_gb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<f64>().ok());
    kib.map_or(0.0, |k| k / 1024.0 / 1024.0)
}
