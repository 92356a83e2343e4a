//! Preconditioned conjugate gradients on six right-hand sides in step.
//!
//! Each load case has its own coefficients; the operator and the preconditioner run over all of them at once
//! because the cost is in moving nodes, not in the arithmetic.

use rayon::prelude::*;

use super::brick::{Block, LANES};
use super::multigrid::Multigrid;
use super::voxels::FineOperator;

/// Nodes of one partial sum: fixed, so that sums have one shape whatever the number of threads.
const CHUNK: usize = 1024;

/// Outcome of a solve.
pub(super) struct Convergence {
    pub(super) iterations: usize,
    /// ‖b − K x‖ / ‖b‖ of the worst load case, from the recurrence; NaN when one is.
    pub(super) residual: f64,
}

/// Solves K x = b from x = 0 until ‖r‖ ≤ `tolerance` ‖b‖ in each load case or `max_iterations` are done.
///
/// `floor` is the size of b that round-off alone makes (a homogeneous cell loads nothing).
pub(super) fn solve(
    operator: &FineOperator,
    preconditioner: &Multigrid<'_>,
    b: Vec<Block<f64>>,
    floor: f64,
    tolerance: f64,
    max_iterations: usize,
) -> (Vec<Block<f64>>, Convergence) {
    let zeros = vec![[0.0; 3 * LANES]; b.len()];
    let scale = dot(&b, &b).map(f64::sqrt);
    let target: [f64; LANES] = scale.map(|norm| (tolerance * norm).max(floor));
    let (mut x, mut r) = (zeros.clone(), b);
    let (mut p, mut q) = (zeros.clone(), zeros);
    let mut vectors = preconditioner.vectors();
    let mut rho = [0.0; LANES];
    let mut iterations = 0;
    loop {
        let size = dot(&r, &r).map(f64::sqrt);
        let done = (0..LANES).all(|l| size[l] <= target[l]);
        let broken = size.iter().any(|s| s.is_nan());
        if done || broken || iterations == max_iterations {
            let relative = |l: usize| if size[l] <= floor { 0.0 } else { size[l] / scale[l] };
            let worst = (0..LANES).map(relative).fold(0.0, f64::max);
            let residual = if broken { f64::NAN } else { worst };
            return (x, Convergence { iterations, residual });
        }
        vectors[0].residual.par_iter_mut().zip(&r).for_each(|(to, from)| *to = from.map(|v| v as f32));
        preconditioner.cycle(&mut vectors);
        let z = &vectors[0].solution;
        let rho_next = dot_mixed(&r, z);
        let beta: [f64; LANES] = std::array::from_fn(|l| ratio(rho_next[l], rho[l]));
        p.par_iter_mut().zip(z).for_each(|(p, z)| {
            for (k, (p, z)) in p.iter_mut().zip(z).enumerate() {
                *p = f64::from(*z) + beta[k % LANES] * *p;
            }
        });
        rho = rho_next;
        operator.apply(&p, &mut q);
        let curvature = dot(&p, &q);
        // A load case that has converged stands still.
        let alpha: [f64; LANES] =
            std::array::from_fn(|l| if size[l] <= floor { 0.0 } else { ratio(rho[l], curvature[l]) });
        x.par_iter_mut().zip(&mut r).zip(&p).zip(&q).for_each(|(((x, r), p), q)| {
            for k in 0..3 * LANES {
                x[k] += alpha[k % LANES] * p[k];
                r[k] -= alpha[k % LANES] * q[k];
            }
        });
        iterations += 1;
    }
}

fn ratio(numerator: f64, denominator: f64) -> f64 {
    if denominator == 0.0 { 0.0 } else { numerator / denominator }
}

/// aᵀ b for each load case: sums of chunks, added in order.
pub(super) fn dot(a: &[Block<f64>], b: &[Block<f64>]) -> [f64; LANES] {
    sum_of_chunks(a, b, |b| b)
}

fn dot_mixed(a: &[Block<f64>], b: &[Block<f32>]) -> [f64; LANES] {
    sum_of_chunks(a, b, f64::from)
}

fn sum_of_chunks<T: Copy + Sync>(
    a: &[Block<f64>],
    b: &[Block<T>],
    wide: impl Fn(T) -> f64 + Sync,
) -> [f64; LANES] {
    let chunk = |(a, b): (&[Block<f64>], &[Block<T>])| {
        let mut sums = [0.0; 3 * LANES];
        for (a, b) in a.iter().zip(b) {
            for k in 0..3 * LANES {
                sums[k] += a[k] * wide(b[k]);
            }
        }
        std::array::from_fn::<f64, LANES, _>(|l| sums[l] + sums[LANES + l] + sums[2 * LANES + l])
    };
    let sums: Vec<[f64; LANES]> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(chunk).collect();
    std::array::from_fn(|l| sums.iter().map(|s| s[l]).sum())
}
