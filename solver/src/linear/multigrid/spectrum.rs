//! What a matrix says about itself: supported unknowns, diagonal blocks, largest eigenvalue.

use rayon::prelude::*;

use super::single::ROWS;
use crate::linear::vector::{add_scaled, dot, scale_and_add};
use crate::linear::{BlockMatrix, LinearError};

/// Unknowns without any coupling (supports): all other entries of their row are zero.
pub(super) fn decoupled_unknowns(matrix: &BlockMatrix) -> Vec<[bool; 3]> {
    let row = |i: usize| {
        let mut alone = [true; 3];
        for e in matrix.row_starts[i]..matrix.row_starts[i + 1] {
            let block = &matrix.blocks[e];
            let own = matrix.columns[e] as usize == i;
            for k in 0..9 {
                if block[k] != 0.0 && !(own && k % 4 == 0) {
                    alone[k / 3] = false;
                }
            }
            if alone == [false; 3] {
                break;
            }
        }
        alone
    };
    (0..matrix.n()).into_par_iter().with_min_len(ROWS).map(row).collect()
}

/// Inverse of every diagonal block.
///
/// # Errors
/// The first unknown (of this level) at which a block is not positive definite.
pub(super) fn inverse_diagonal(matrix: &BlockMatrix) -> Result<Vec<[f64; 9]>, LinearError> {
    let inverses: Vec<Result<[f64; 9], usize>> = (0..matrix.n())
        .into_par_iter()
        .with_min_len(ROWS)
        .map(|i| {
            let position = matrix.position(i, i).ok_or(3 * i)?;
            invert(&matrix.blocks[position]).map_err(|axis| 3 * i + axis)
        })
        .collect();
    inverses
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|unknown| LinearError::Singular { unknown, node: unknown / 3 })
}

/// Inverse of a symmetric positive definite block through its Cholesky factor, or the axis of the bad pivot.
fn invert(a: &[f64; 9]) -> Result<[f64; 9], usize> {
    let mut l = [0.0_f64; 9];
    for j in 0..3 {
        let pivot = a[4 * j] - (0..j).map(|k| l[3 * j + k] * l[3 * j + k]).sum::<f64>();
        // The same bound as for the sparse factor.
        let sound = 1e-13 * a[4 * j] < pivot;
        if !sound {
            return Err(j);
        }
        l[4 * j] = pivot.sqrt();
        for i in j + 1..3 {
            let rest = a[3 * i + j] - (0..j).map(|k| l[3 * i + k] * l[3 * j + k]).sum::<f64>();
            l[3 * i + j] = rest / l[4 * j];
        }
    }
    let mut inverse = [0.0; 9];
    for column in 0..3 {
        let mut y = [0.0; 3];
        for i in 0..3 {
            let unit = if i == column { 1.0 } else { 0.0 };
            y[i] = (unit - (0..i).map(|k| l[3 * i + k] * y[k]).sum::<f64>()) / l[4 * i];
        }
        for i in (0..3).rev() {
            y[i] = (y[i] - (i + 1..3).map(|k| l[3 * k + i] * y[k]).sum::<f64>()) / l[4 * i];
            inverse[3 * i + column] = y[i];
        }
    }
    Ok(inverse)
}

/// Upper bound of the spectrum of D⁻¹ A from a few Lanczos steps.
///
/// The largest Ritz value after twelve steps is a few percent low at most on the suite; the bound adds 10 %.
pub(super) fn spectral_bound(matrix: &BlockMatrix, inverse_diagonal: &[[f64; 9]]) -> f64 {
    const STEPS: usize = 12;
    let n = 3 * matrix.n();
    let mut r: Vec<f64> = (0..n as u64).into_par_iter().map(pseudo_random).collect();
    let mut z = vec![0.0; n];
    let mut p = vec![0.0; n];
    let mut q = vec![0.0; n];
    let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
    let (mut rz, mut beta, mut earlier_alpha) = (0.0, 0.0, 1.0);
    for step in 0..STEPS {
        z.par_chunks_mut(3).zip(r.par_chunks(3)).zip(inverse_diagonal).with_min_len(ROWS).for_each(
            |((z, r), d)| {
                for c in 0..3 {
                    z[c] = d[3 * c] * r[0] + d[3 * c + 1] * r[1] + d[3 * c + 2] * r[2];
                }
            },
        );
        let rz_next = dot(&r, &z);
        if step > 0 {
            beta = rz_next / rz;
            off_diagonal.push(beta.sqrt() / earlier_alpha);
        }
        rz = rz_next;
        scale_and_add(&mut p, beta, &z);
        matrix.matvec(&p, &mut q);
        let alpha = rz / dot(&p, &q);
        if !(alpha.is_finite() && alpha > 0.0) {
            off_diagonal.truncate(diagonal.len().saturating_sub(1));
            break;
        }
        diagonal.push(1.0 / alpha + beta / earlier_alpha);
        earlier_alpha = alpha;
        add_scaled(&mut r, -alpha, &q);
        if rz <= 0.0 {
            break;
        }
    }
    1.1 * largest_eigenvalue(&diagonal, &off_diagonal)
}

/// Value in [-1, 1) that depends on the index alone (splitmix64).
fn pseudo_random(i: u64) -> f64 {
    let mut z = i.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

/// Largest eigenvalue of a symmetric tridiagonal matrix by bisection on the signs of its pivots.
fn largest_eigenvalue(diagonal: &[f64], off_diagonal: &[f64]) -> f64 {
    let off = |i: Option<usize>| i.and_then(|i| off_diagonal.get(i)).map_or(0.0, |v| v.abs());
    let row_sum = |i: usize| diagonal[i] + off(Some(i)) + off(i.checked_sub(1));
    let mut high = (0..diagonal.len()).map(row_sum).fold(0.0, f64::max);
    let mut low = 0.0;
    let above_all = |x: f64| {
        let mut pivot = 1.0;
        for (i, d) in diagonal.iter().enumerate() {
            let e = off(i.checked_sub(1));
            pivot = x - d - e * e / pivot;
            if pivot <= 0.0 {
                return false;
            }
        }
        true
    };
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if above_all(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::suite;

    #[test]
    fn largest_eigenvalue_of_the_second_difference_is_known() {
        let n = 9;
        let exact = 2.0 - 2.0 * (n as f64 * std::f64::consts::PI / (n as f64 + 1.0)).cos();
        let found = largest_eigenvalue(&vec![2.0; n], &vec![-1.0; n - 1]);
        // Sixty halvings of an interval of length four.
        assert!((found - exact).abs() < 1e-14 * 64.0);
    }

    #[test]
    fn inverse_of_a_block_is_its_inverse_and_a_flat_one_is_refused() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, -0.25, 0.5, -0.25, 2.0];
        let product = super::super::product::block_product(&a, &invert(&a).expect("positive definite"));
        for (k, value) in product.iter().enumerate() {
            assert!((value - if k % 4 == 0 { 1.0 } else { 0.0 }).abs() < 1e-14);
        }
        assert_eq!(invert(&[1.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0, 2.0, 2.0]), Err(2));
    }

    #[test]
    fn the_bound_is_above_the_largest_eigenvalue_and_close() {
        let body = suite::distort(suite::block([5; 3], 2, suite::implant, [0.0; 3]), 0.25);
        let mut matrix = BlockMatrix::from_rows(&body.rows());
        body.assemble(|i, j, block| matrix.add_block(i, j, block));
        matrix.fix(&body.fixed);
        let inverse = inverse_diagonal(&matrix).expect("positive definite");
        let bound = spectral_bound(&matrix, &inverse);
        // Power iteration from another start; it can only stay below the largest eigenvalue.
        let mut x: Vec<f64> = (0..3 * matrix.n() as u64).map(|i| pseudo_random(i + 99)).collect();
        let mut y = x.clone();
        let mut largest = 0.0;
        for _ in 0..400 {
            matrix.matvec(&x, &mut y);
            for (y, d) in y.chunks_exact_mut(3).zip(&inverse) {
                let r = [y[0], y[1], y[2]];
                for c in 0..3 {
                    y[c] = d[3 * c] * r[0] + d[3 * c + 1] * r[1] + d[3 * c + 2] * r[2];
                }
            }
            largest = dot(&x, &y) / dot(&x, &x);
            let scale = 1.0 / dot(&y, &y).sqrt();
            x.iter_mut().zip(&y).for_each(|(x, y)| *x = scale * y);
        }
        assert!(largest < bound && bound < 1.15 * largest, "{largest} against {bound}");
    }
}
