//! One level of the hierarchy: its matrix in single precision, its smoother, its way to the next level.

use rayon::prelude::*;

use super::product::transpose;
use crate::linear::vector::{add_scaled, dot, scale_and_add};
use crate::linear::{BlockMatrix, LinearError};

/// Block rows of one task.
const ROWS: usize = 256;

/// Interpolation between a level and the next coarser one, in single precision.
pub(super) trait Transfer {
    /// `coarse = Pᵀ fine`.
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]);
    /// `fine ← fine + P coarse`.
    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]);
}

/// Block matrix in single precision, square or not.
#[derive(Debug, Default)]
pub(super) struct Single {
    pub(super) row_starts: Vec<usize>,
    pub(super) columns: Vec<u32>,
    pub(super) blocks: Vec<[f32; 9]>,
}

impl Single {
    pub(super) fn new(matrix: &BlockMatrix) -> Self {
        let mut single = Self {
            row_starts: matrix.row_starts.clone(),
            columns: matrix.columns.clone(),
            blocks: vec![[0.0; 9]; matrix.blocks.len()],
        };
        single.refresh(matrix);
        single
    }

    /// Takes over new values on the same pattern.
    pub(super) fn refresh(&mut self, matrix: &BlockMatrix) {
        self.blocks.par_iter_mut().zip(&matrix.blocks).for_each(|(single, block)| {
            *single = block.map(|value| value as f32);
        });
    }

    pub(super) fn n(&self) -> usize {
        self.row_starts.len() - 1
    }

    #[inline]
    fn row_product(&self, i: usize, x: &[f32]) -> [f32; 3] {
        let entries = self.row_starts[i]..self.row_starts[i + 1];
        let mut sum = [0.0; 3];
        for (a, &column) in self.blocks[entries.clone()].iter().zip(&self.columns[entries]) {
            let start = 3 * column as usize;
            let v = &x[start..start + 3];
            sum[0] += a[0] * v[0] + a[1] * v[1] + a[2] * v[2];
            sum[1] += a[3] * v[0] + a[4] * v[1] + a[5] * v[2];
            sum[2] += a[6] * v[0] + a[7] * v[1] + a[8] * v[2];
        }
        sum
    }

    /// `r = b − A x`.
    pub(super) fn residual(&self, b: &[f32], x: &[f32], r: &mut [f32]) {
        r.par_chunks_mut(3 * ROWS).zip(b.par_chunks(3 * ROWS)).enumerate().for_each(|(chunk, (r, b))| {
            for (k, (r, b)) in r.chunks_exact_mut(3).zip(b.chunks_exact(3)).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    r[axis] = b[axis] - product[axis];
                }
            }
        });
    }

    /// `y ← factor · y + A x`.
    fn multiply(&self, x: &[f32], factor: f32, y: &mut [f32]) {
        y.par_chunks_mut(3 * ROWS).enumerate().for_each(|(chunk, y)| {
            for (k, y) in y.chunks_exact_mut(3).enumerate() {
                let product = self.row_product(chunk * ROWS + k, x);
                for axis in 0..3 {
                    y[axis] = factor * y[axis] + product[axis];
                }
            }
        });
    }

    pub(super) fn memory_bytes(&self) -> usize {
        8 * self.row_starts.len() + 40 * self.columns.len()
    }
}

/// Interpolation given by a block matrix and its transpose.
#[derive(Debug)]
pub(super) struct Sparse {
    down: Single,
    up: Single,
}

impl Sparse {
    /// From the prolongation and its number of block columns.
    pub(super) fn new(prolongation: &BlockMatrix, n_columns: usize) -> Self {
        Self { down: Single::new(&transpose(prolongation, n_columns)), up: Single::new(prolongation) }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.down.memory_bytes() + self.up.memory_bytes()
    }
}

impl Transfer for Sparse {
    fn restrict(&self, fine: &[f32], coarse: &mut [f32]) {
        self.down.multiply(fine, 0.0, coarse);
    }

    fn prolong_add(&self, coarse: &[f32], fine: &mut [f32]) {
        self.up.multiply(coarse, 1.0, fine);
    }
}

/// Chebyshev smoother of the fourth kind on D⁻¹ A with 3 × 3 blocks D.
#[derive(Debug, Default)]
pub(super) struct Smoother {
    inverse_diagonal: Vec<[f32; 9]>,
    /// Upper bound of the spectrum of D⁻¹ A.
    bound: f32,
    degree: usize,
}

impl Smoother {
    pub(super) fn new(inverse_diagonal: &[[f64; 9]], bound: f64, degree: usize) -> Self {
        let inverse_diagonal = inverse_diagonal.iter().map(|block| block.map(|v| v as f32)).collect();
        Self { inverse_diagonal, bound: bound as f32, degree }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        36 * self.inverse_diagonal.len()
    }

    /// Improves `x` as an approximate solution of `A x = b`; `from_zero` says that x is to be taken as zero.
    ///
    /// ```text
    /// d_k = (2k−3)/(2k+1) d_{k−1} + (8k−4)/(2k+1) D⁻¹ r_{k−1} / λ        x_k = x_{k−1} + d_k
    /// ```
    /// The same polynomial before and after the coarse correction makes the cycle symmetric. It needs no lower
    /// bound of the spectrum.
    ///
    /// # Source
    /// Lottes (2023), Optimal polynomial smoothers for multigrid V-cycles, Numer. Linear Algebra Appl. 30, e2518.
    pub(super) fn smooth(&self, matrix: &Single, b: &[f32], x: &mut [f32], work: &mut Work, from_zero: bool) {
        let Work { direction, next } = work;
        for k in 1..=self.degree {
            let k_real = k as f32;
            let keep = if k == 1 { 0.0 } else { (2.0 * k_real - 3.0) / (2.0 * k_real + 1.0) };
            let step = (8.0 * k_real - 4.0) / ((2.0 * k_real + 1.0) * self.bound);
            let zero = from_zero && k == 1;
            let x_now: &[f32] = x;
            direction.par_chunks_mut(3 * ROWS).zip(next.par_chunks_mut(3 * ROWS)).enumerate().for_each(
                |(chunk, (direction, next))| {
                    let rows = direction.chunks_exact_mut(3).zip(next.chunks_exact_mut(3));
                    for (i, (d, next)) in (chunk * ROWS..).zip(rows) {
                        let product = if zero { [0.0; 3] } else { matrix.row_product(i, x_now) };
                        let r: [f32; 3] = std::array::from_fn(|c| b[3 * i + c] - product[c]);
                        let inverse = &self.inverse_diagonal[i];
                        for c in 0..3 {
                            let scaled =
                                inverse[3 * c] * r[0] + inverse[3 * c + 1] * r[1] + inverse[3 * c + 2] * r[2];
                            let earlier = if k == 1 { 0.0 } else { keep * d[c] };
                            d[c] = earlier + step * scaled;
                            next[c] = if zero { d[c] } else { x_now[3 * i + c] + d[c] };
                        }
                    }
                },
            );
            x.par_chunks_mut(3 * ROWS)
                .zip(next.par_chunks(3 * ROWS))
                .for_each(|(x, next)| x.copy_from_slice(next));
        }
    }
}

/// Vectors a smoother needs besides x and b.
#[derive(Debug)]
pub(super) struct Work {
    direction: Vec<f32>,
    next: Vec<f32>,
}

impl Work {
    pub(super) fn new(n: usize) -> Self {
        Self { direction: vec![0.0; n], next: vec![0.0; n] }
    }
}

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
        if !(1e-13 * a[4 * j] < pivot) {
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
}
