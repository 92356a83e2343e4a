//! The factor against products with the matrix, on patterns of every kind.

use super::*;
use crate::linear::ordering::nested_dissection;
use crate::linear::suite;

/// Numbers in (−1, 1) without visible pattern.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() + 1.0) / 2.0 * n as f64) as usize % n
    }
}

/// Symmetric matrix with random blocks at the given pairs of nodes and a dominant diagonal; places are random.
fn random_matrix(n: usize, pairs: &[(usize, usize)], random: &mut Random) -> (BlockMatrix, Vec<[f64; 3]>) {
    let mut rows: Vec<Vec<u32>> = (0..n as u32).map(|i| vec![i]).collect();
    for &(i, j) in pairs {
        rows[i].push(j as u32);
        rows[j].push(i as u32);
    }
    for row in &mut rows {
        row.sort_unstable();
        row.dedup();
    }
    let mut matrix = BlockMatrix::from_rows(&rows);
    for &(i, j) in pairs.iter().filter(|(i, j)| i != j) {
        let block: [f64; 9] = std::array::from_fn(|_| random.next());
        let transposed = std::array::from_fn(|k| block[3 * (k % 3) + k / 3]);
        matrix.add_block(i, j, &block);
        matrix.add_block(j, i, &transposed);
        for node in [i, j] {
            matrix.add_block(node, node, &[3.5, 0.1, 0.0, 0.1, 3.5, 0.0, 0.0, 0.0, 3.5]);
        }
    }
    for i in 0..n {
        matrix.add_block(i, i, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    }
    let places = (0..n).map(|_| std::array::from_fn(|_| random.next())).collect();
    (matrix, places)
}

fn analyzed(matrix: &BlockMatrix, places: &[[f64; 3]]) -> Symbolic {
    Symbolic::analyze(matrix, nested_dissection(matrix, places))
}

/// Largest error of solutions with known answers, one and several at once, relative to the largest entry.
fn worst_error(matrix: &BlockMatrix, places: &[[f64; 3]], random: &mut Random) -> f64 {
    let symbolic = analyzed(matrix, places);
    let factor = symbolic.factorize(matrix).expect("a dominant diagonal");
    let mut worst: f64 = 0.0;
    for count in [1, 2, 5, 19] {
        let answers: Vec<Vec<f64>> =
            (0..count).map(|_| (0..3 * matrix.n()).map(|_| random.next()).collect()).collect();
        let mut xs: Vec<Vec<f64>> = answers
            .iter()
            .map(|answer| {
                let mut b = vec![0.0; answer.len()];
                matrix.matvec(answer, &mut b);
                b
            })
            .collect();
        let mut slices: Vec<&mut [f64]> = xs.iter_mut().map(Vec::as_mut_slice).collect();
        symbolic.solve_many(&factor, &mut slices);
        for (x, answer) in xs.iter().flatten().zip(answers.iter().flatten()) {
            worst = worst.max((x - answer).abs());
        }
    }
    worst
}

#[test]
fn random_matrices_are_solved_to_round_off() {
    let mut random = Random(7);
    for (n, n_pairs) in [(1, 0), (2, 1), (30, 40), (400, 500), (1500, 4000)] {
        let pairs: Vec<(usize, usize)> = (0..n_pairs).map(|_| (random.below(n), random.below(n))).collect();
        let (matrix, places) = random_matrix(n, &pairs, &mut random);
        // Conditions are below 1e3.
        let error = worst_error(&matrix, &places, &mut random);
        assert!(error < 1e-12, "{n} nodes: {error}");
    }
}

#[test]
fn a_full_matrix_wider_than_a_strip_is_solved() {
    let mut random = Random(11);
    let pairs: Vec<(usize, usize)> = (0..210).flat_map(|i| (0..i).map(move |j| (i, j))).collect();
    let (matrix, places) = random_matrix(210, &pairs, &mut random);
    let error = worst_error(&matrix, &places, &mut random);
    assert!(error < 1e-12, "{error}");
}

#[test]
fn a_node_coupled_to_all_others_is_solved() {
    let mut random = Random(13);
    let mut pairs: Vec<(usize, usize)> = (1..900).map(|i| (0, i)).collect();
    pairs.extend((2..900).map(|i| (i, i - 1)));
    let (matrix, places) = random_matrix(900, &pairs, &mut random);
    // The diagonal of that node sums 900 terms.
    let error = worst_error(&matrix, &places, &mut random);
    assert!(error < 1e-11, "{error}");
    // Arrow over a chain: two blocks below each diagonal, and some zeros of joined supernodes.
    let entries = analyzed(&matrix, &places).n_entries();
    assert!(entries < 5 * 9 * 3 * 900, "{entries}");
}

fn matrix_of(body: &suite::Body) -> BlockMatrix {
    let mut matrix = BlockMatrix::from_rows(&body.rows());
    body.assemble(|i, j, block| matrix.add_block(i, j, block));
    matrix.fix(&body.fixed);
    matrix
}

#[test]
fn bits_are_the_same_for_one_two_and_four_threads() {
    // Large enough for fronts above the tasks that are shared between threads.
    let body = suite::distort(suite::block([11, 10, 9], 2, suite::implant, [0.0; 3]), 0.2);
    let matrix = matrix_of(&body);
    let b = body.right_hand_side();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a pool of a few threads").install(|| {
            let symbolic = analyzed(&matrix, &body.coordinates);
            assert!((0..symbolic.nodes.len()).any(|s| symbolic.front(s).parallel));
            assert!(symbolic.nodes.iter().filter(|node| node.is_task).count() > 8);
            let factor = symbolic.factorize(&matrix).expect("well supported");
            let (mut x, mut y) = (b.clone(), vec![1.0; b.len()]);
            symbolic.solve_many(&factor, &mut [&mut x, &mut y]);
            let mut z = b.clone();
            symbolic.solve(&factor, &mut z);
            let values = factor.values.iter().chain(&x).chain(&y).chain(&z);
            (symbolic.order.clone(), values.map(|v| v.to_bits()).collect::<Vec<_>>())
        })
    };
    let one = run(1);
    assert!(one == run(2));
    assert!(one == run(4));
}

#[test]
fn the_one_loose_body_of_several_is_named() {
    let held = suite::block([4; 3], 2, suite::uniform, [0.0; 3]);
    let n = held.coordinates.len();
    let mut all = suite::Body::default();
    for copy in 0..3 {
        let shift = (copy * n) as u32;
        all.coordinates
            .extend(held.coordinates.iter().map(|x| [x[0], x[1] + 10.0 * f64::from(copy as u32), x[2]]));
        all.cells.extend(held.cells.iter().map(|cell| cell.iter().map(|i| i + shift).collect::<Vec<_>>()));
        all.materials.extend(&held.materials);
        all.fixed.extend(held.fixed.iter().map(|&fixed| fixed && copy != 1));
    }
    let outcome = analyzed(&matrix_of(&all), &all.coordinates).factorize(&matrix_of(&all)).map(|_| ());
    let Err(LinearError::Singular { unknown, node }) = outcome else { panic!("{outcome:?}") };
    assert!((n..2 * n).contains(&node), "node {node} of the second body, {n} nodes each");
    assert_eq!(unknown / 3, node);
    all.fixed.clone_from_slice(&held.fixed.repeat(3));
    analyzed(&matrix_of(&all), &all.coordinates).factorize(&matrix_of(&all)).expect("all are held");
}

#[test]
fn a_node_without_stiffness_is_named() {
    let mut random = Random(17);
    let pairs: Vec<(usize, usize)> = (1..300).map(|i| (i, random.below(i))).collect();
    let (mut matrix, places) = random_matrix(300, &pairs, &mut random);
    for i in 0..300 {
        for pair in [(i, 123), (123, i)] {
            if let Some(position) = matrix.position(pair.0, pair.1) {
                matrix.blocks[position] = [0.0; 9];
            }
        }
    }
    let outcome = analyzed(&matrix, &places).factorize(&matrix).map(|_| ());
    assert_eq!(outcome, Err(LinearError::Singular { unknown: 369, node: 123 }));
}

#[test]
fn the_forecast_covers_the_factor() {
    let body = suite::block([6; 3], 2, suite::uniform, [0.0; 3]);
    let matrix = matrix_of(&body);
    let symbolic = analyzed(&matrix, &body.coordinates);
    let factor = symbolic.factorize(&matrix).expect("well supported");
    assert_eq!(factor.values.len(), symbolic.n_entries());
    let held = factor.memory_bytes() + symbolic.memory_bytes();
    assert!(held < symbolic.peak_bytes() && symbolic.peak_bytes() < 3 * held);
}
