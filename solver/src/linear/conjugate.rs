//! Flexible conjugate gradients: the outer iteration around every preconditioner.

use rayon::prelude::*;

use super::vector::{add_scaled, dot, first_not_finite, norm, scale_and_add};
use super::{BlockMatrix, LinearError, SolveStats};

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Wanted ‖b − A x‖ / ‖b‖.
    pub(super) tolerance: f64,
    /// Iterations after which the solve has failed.
    pub(super) max_iterations: usize,
}

/// Solves `A x = b` from `x` with preconditioner `z = M r`, which may vary a little from call to call.
///
/// β = z₊·(r₊ − r) / z·r (Polak–Ribière) keeps the directions conjugate when M is only nearly linear and symmetric,
/// as a cycle in single precision is. The residual that decides is recomputed from x.
///
/// `history` may hold residuals of earlier work; the iterations are appended.
///
/// # Errors
/// [`LinearError::NotConverged`], [`LinearError::NotFinite`], or [`LinearError::Singular`] when a direction without
/// stiffness turns up (pᵀ A p ≤ 0), naming its largest component.
///
/// # Source
/// Notay (2000), Flexible conjugate gradients, SIAM J. Sci. Comput. 22(4), 1444–1460.
pub(super) fn flexible_cg(
    matrix: &BlockMatrix,
    precondition: &mut dyn FnMut(&[f64], &mut [f64]),
    b: &[f64],
    x: &mut [f64],
    stop: Stop,
    mut history: Vec<f64>,
) -> Result<SolveStats, LinearError> {
    let b_norm = norm(b);
    if b_norm == 0.0 {
        x.fill(0.0);
        return Ok(SolveStats { iterations: 0, relative_residual: 0.0, history });
    }
    let n = b.len();
    let mut r = vec![0.0; n];
    matrix.residual(b, x, &mut r);
    let mut residual = norm(&r) / b_norm;
    check_finite(residual, b, &r)?;
    let mut earlier_r = r.clone();
    let mut z = vec![0.0; n];
    let mut p = vec![0.0; n];
    let mut q = vec![0.0; n];
    let mut rz = 0.0;
    let mut iterations = 0;
    while residual > stop.tolerance {
        if iterations == stop.max_iterations {
            let (tolerance, iterations) = (stop.tolerance, iterations);
            return Err(LinearError::NotConverged { iterations, residual, tolerance, history });
        }
        precondition(&r, &mut z);
        let mut rz_next = dot(&r, &z);
        let mut beta = if rz == 0.0 { 0.0 } else { (rz_next - dot(&earlier_r, &z)) / rz };
        if rz_next <= 0.0 {
            // Round-off has made the cycle indefinite for this residual: one plain step along it.
            z.copy_from_slice(&r);
            rz_next = dot(&r, &z);
            beta = 0.0;
        }
        scale_and_add(&mut p, beta, &z);
        matrix.matvec(&p, &mut q);
        let curvature = dot(&p, &q);
        check_finite(curvature, &p, &q)?;
        if curvature <= 0.0 {
            let unknown = largest(&p);
            return Err(LinearError::Singular { unknown, node: unknown / 3 });
        }
        let alpha = dot(&r, &p) / curvature;
        earlier_r.par_iter_mut().zip(&r).for_each(|(earlier, r)| *earlier = *r);
        add_scaled(x, alpha, &p);
        add_scaled(&mut r, -alpha, &q);
        rz = rz_next;
        residual = norm(&r) / b_norm;
        check_finite(residual, x, &r)?;
        iterations += 1;
        if residual <= stop.tolerance {
            // The recurrence drifts from the truth by round-off: decide on the recomputed residual.
            matrix.residual(b, x, &mut r);
            residual = norm(&r) / b_norm;
            if residual > stop.tolerance {
                rz = 0.0;
            }
        }
        history.push(residual);
    }
    Ok(SolveStats { iterations, relative_residual: residual, history })
}

/// Error naming the first bad entry of either vector when `value` is not finite.
pub(super) fn check_finite(value: f64, first: &[f64], second: &[f64]) -> Result<(), LinearError> {
    if value.is_finite() {
        return Ok(());
    }
    let unknown = first_not_finite(first).or_else(|| first_not_finite(second)).unwrap_or(0);
    Err(LinearError::NotFinite { unknown })
}

/// Index of the entry of largest magnitude.
fn largest(p: &[f64]) -> usize {
    (0..p.len()).max_by(|&i, &j| p[i].abs().total_cmp(&p[j].abs())).unwrap_or(0)
}
