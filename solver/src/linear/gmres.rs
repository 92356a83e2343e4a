//! Restarted flexible GMRES for unsymmetric block systems, preconditioned by a solver of the symmetric part.

use super::conjugate::check_finite;
use super::vector::{add_scaled, dot, norm};
use super::{BlockMatrix, LinearError, LinearSolver, SolveStats};

/// Directions kept before a restart.
const RESTART: usize = 60;

/// Iterations after which a solve has failed.
const MAX_ITERATIONS: usize = 300;

/// Relative residual to which the preconditioner solves with the symmetric part: one substitution of a factor, a few
/// cycles of multigrid. Tuned on follower pressure and friction: tighter saves no outer iteration.
const INNER: f64 = 1e-2;

/// Solves `matrix · x = b` for an unsymmetric matrix to `‖b − A x‖ ≤ tolerance · ‖b‖`, starting from `x`.
///
/// - `symmetric`: the matrix `solver` was prepared with, usually ½ (A + Aᵀ)
///
/// The residual reported is recomputed from x; the same bits for any thread count.
///
/// # Errors
/// [`LinearError::NotConverged`], [`LinearError::NotFinite`].
///
/// # Source
/// Saad (1993), A flexible inner-outer preconditioned GMRES algorithm, SIAM J. Sci. Comput. 14, 461–469.
pub fn flexible_gmres(
    matrix: &BlockMatrix,
    symmetric: &BlockMatrix,
    solver: &dyn LinearSolver,
    b: &[f64],
    x: &mut [f64],
    tolerance: f64,
) -> Result<SolveStats, LinearError> {
    let b_norm = norm(b);
    check_finite(b_norm, b, b)?;
    if b_norm == 0.0 {
        x.fill(0.0);
        return Ok(SolveStats::default());
    }
    let mut history = Vec::new();
    let mut r = vec![0.0; b.len()];
    loop {
        matrix.residual(b, x, &mut r);
        let beta = norm(&r);
        check_finite(beta, x, &r)?;
        if beta <= tolerance * b_norm {
            let (iterations, relative_residual) = (history.len(), beta / b_norm);
            return Ok(SolveStats { iterations, relative_residual, history });
        }
        if MAX_ITERATIONS <= history.len() {
            let (iterations, residual) = (history.len(), beta / b_norm);
            return Err(LinearError::NotConverged { iterations, residual, tolerance, history });
        }
        cycle(matrix, symmetric, solver, &r, beta, tolerance * b_norm, x, &mut history, b_norm)?;
    }
}

/// One cycle: improves `x` by the best combination of up to [`RESTART`] preconditioned directions.
#[expect(clippy::too_many_arguments, reason = "the state of one iteration")]
fn cycle(
    matrix: &BlockMatrix,
    symmetric: &BlockMatrix,
    solver: &dyn LinearSolver,
    r: &[f64],
    beta: f64,
    wanted: f64,
    x: &mut [f64],
    history: &mut Vec<f64>,
    b_norm: f64,
) -> Result<(), LinearError> {
    let mut basis = vec![r.iter().map(|v| v / beta).collect::<Vec<f64>>()];
    let mut directions: Vec<Vec<f64>> = Vec::new();
    // Columns of the Hessenberg matrix after the rotations, the rotations, and the rotated right-hand side.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut rotations: Vec<(f64, f64)> = Vec::new();
    let mut g = vec![beta];
    while columns.len() < RESTART && history.len() < MAX_ITERATIONS {
        let k = columns.len();
        let mut z = vec![0.0; r.len()];
        solver.solve(symmetric, &basis[k], &mut z, INNER)?;
        let mut w = vec![0.0; r.len()];
        matrix.matvec(&z, &mut w);
        directions.push(z);
        let mut column = Vec::with_capacity(k + 2);
        for v in &basis {
            let h = dot(v, &w);
            add_scaled(&mut w, -h, v);
            column.push(h);
        }
        let length = norm(&w);
        check_finite(length, &w, &w)?;
        for (i, &(c, s)) in rotations.iter().enumerate() {
            (column[i], column[i + 1]) =
                (c * column[i] + s * column[i + 1], c * column[i + 1] - s * column[i]);
        }
        let whole = column[k].hypot(length);
        if whole == 0.0 {
            directions.pop();
            break;
        }
        let (c, s) = (column[k] / whole, length / whole);
        column[k] = whole;
        rotations.push((c, s));
        columns.push(column);
        g.push(-s * g[k]);
        g[k] *= c;
        history.push(g[k + 1].abs() / b_norm);
        if g[k + 1].abs() <= 0.5 * wanted || length == 0.0 {
            break;
        }
        basis.push(w.iter().map(|v| v / length).collect());
    }
    let n = columns.len();
    let mut y = vec![0.0; n];
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|j| columns[j][i] * y[j]).sum();
        y[i] = (g[i] - sum) / columns[i][i];
    }
    for (y, z) in y.iter().zip(&directions) {
        add_scaled(x, *y, z);
    }
    if n == 0 {
        history.push(beta / b_norm);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Choice, System};
    use super::*;

    /// A chain of nodes with stiffness along it and a part that turns: K + W, W antisymmetric.
    fn chain(n: usize, turn: f64) -> (BlockMatrix, BlockMatrix) {
        let rows: Vec<Vec<u32>> =
            (0..n as u32).map(|i| (i.saturating_sub(1)..(i + 2).min(n as u32)).collect()).collect();
        let mut matrix = BlockMatrix::from_rows(&rows);
        let mut symmetric = BlockMatrix::from_rows(&rows);
        for i in 0..n {
            let own = [4.0, 0.5, 0.0, 0.5, 3.0, 0.2, 0.0, 0.2, 5.0];
            let skew = [0.0, turn, -turn, -turn, 0.0, turn, turn, -turn, 0.0];
            symmetric.add_block(i, i, &own);
            matrix.add_block(i, i, &std::array::from_fn(|e| own[e] + skew[e]));
            if i + 1 < n {
                let next = [-1.0, 0.0, 0.1, 0.0, -1.0, 0.0, 0.1, 0.0, -1.5];
                for (a, b, sign) in [(i, i + 1, 1.0), (i + 1, i, -1.0)] {
                    symmetric.add_block(a, b, &next);
                    let shift: [f64; 9] =
                        std::array::from_fn(|e| next[e] + if e % 4 == 0 { sign * 0.3 * turn } else { 0.0 });
                    matrix.add_block(a, b, &shift);
                }
            }
        }
        (matrix, symmetric)
    }

    #[test]
    fn an_unsymmetric_system_is_solved_to_its_true_residual() {
        let n = 200;
        let (matrix, symmetric) = chain(n, 0.7);
        let system = System {
            coordinates: (0..n).map(|i| [i as f64, 0.0, 0.0]).collect(),
            parents: (0..n as u32).map(|i| [i; 2]).collect(),
            modes: Vec::new(),
        };
        let mut solver = Choice::Direct.solver(3 * n, 1);
        solver.prepare(&symmetric, &system).expect("positive definite");
        let exact: Vec<f64> = (0..3 * n).map(|i| ((i * i) % 17) as f64 - 8.0).collect();
        let mut b = vec![0.0; 3 * n];
        matrix.matvec(&exact, &mut b);
        let mut x = vec![0.0; 3 * n];
        let stats =
            flexible_gmres(&matrix, &symmetric, solver.as_ref(), &b, &mut x, 1e-12).expect("converges");
        let mut r = vec![0.0; 3 * n];
        matrix.residual(&b, &x, &mut r);
        assert!(norm(&r) <= 1e-12 * norm(&b) && stats.relative_residual == norm(&r) / norm(&b));
        assert!(stats.iterations < 60, "{}", stats.iterations);
        for (a, b) in x.iter().zip(&exact) {
            assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
    }
}
