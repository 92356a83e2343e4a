//! Chebyshev smoother with 3 × 3 diagonal blocks.

use rayon::prelude::*;

use super::single::{ROWS, Single};

/// Weights β_k of the optimized polynomials of degree one to four, table in the source of [`Smoother::smooth`].
const WEIGHTS: [&[f64]; 4] = [
    &[1.125],
    &[1.023_872_875_703_13, 1.264_089_053_710_85],
    &[1.008_425_447_820_28, 1.088_678_392_087_30, 1.337_531_259_096_18],
    &[1.003_913_104_272_85, 1.040_358_111_885_93, 1.148_634_985_462_54, 1.382_688_692_410_00],
];

/// Chebyshev smoother of the fourth kind on D⁻¹ A with 3 × 3 blocks D.
#[derive(Debug, Default)]
pub(super) struct Smoother {
    inverse_diagonal: Vec<[f32; 9]>,
    /// Upper bound of the spectrum of D⁻¹ A.
    bound: f32,
    degree: usize,
}

impl Smoother {
    /// From the inverse diagonal blocks and the bound of the spectrum; `degree` 1 to 4.
    pub(super) fn new(inverse_diagonal: &[[f64; 9]], bound: f64, degree: usize) -> Self {
        assert!((1..=WEIGHTS.len()).contains(&degree), "degree of the smoother is 1 to 4");
        let inverse_diagonal = inverse_diagonal.iter().map(|block| block.map(|v| v as f32)).collect();
        Self { inverse_diagonal, bound: bound as f32, degree }
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        36 * self.inverse_diagonal.len()
    }

    /// Improves `x` as an approximate solution of `A x = b`; `from_zero` says that x is to be taken as zero.
    ///
    /// ```text
    /// d_k = (2k−3)/(2k+1) d_{k−1} + (8k−4)/(2k+1) D⁻¹ r_{k−1} / λ      r_k = r_{k−1} − A d_k      x_k = x_{k−1} + β_k d_k
    /// ```
    /// The same polynomial before and after the coarse correction makes the cycle symmetric. It needs no lower
    /// bound of the spectrum.
    ///
    /// # Source
    /// Lottes (2023), Optimal polynomial smoothers for multigrid V-cycles, Numer. Linear Algebra Appl. 30, e2518.
    pub(super) fn smooth(&self, matrix: &Single, b: &[f32], x: &mut [f32], work: &mut Work, from_zero: bool) {
        let Work { residual, direction } = work;
        for (k, &weight) in (1_u8..).zip(WEIGHTS[self.degree - 1]) {
            match (k, from_zero) {
                (1, true) => residual.par_iter_mut().zip(b).for_each(|(r, b)| *r = *b),
                (1, false) => matrix.residual(b, x, residual),
                _ => matrix.subtract_product(direction, residual),
            }
            let (k, weight) = (f32::from(k), weight as f32);
            let keep = (2.0 * k - 3.0) / (2.0 * k + 1.0);
            let step = (8.0 * k - 4.0) / ((2.0 * k + 1.0) * self.bound);
            let rows = x.par_chunks_mut(3).zip(direction.par_chunks_mut(3)).zip(residual.par_chunks(3));
            rows.zip(&self.inverse_diagonal).with_min_len(ROWS).for_each(|(((x, d), r), inverse)| {
                for c in 0..3 {
                    let scaled =
                        inverse[3 * c] * r[0] + inverse[3 * c + 1] * r[1] + inverse[3 * c + 2] * r[2];
                    let earlier = if k == 1.0 { 0.0 } else { keep * d[c] };
                    d[c] = earlier + step * scaled;
                    let start = if k == 1.0 && from_zero { 0.0 } else { x[c] };
                    x[c] = start + weight * d[c];
                }
            });
        }
    }
}

/// Vectors a smoother needs besides x and b.
#[derive(Debug)]
pub(super) struct Work {
    residual: Vec<f32>,
    direction: Vec<f32>,
}

impl Work {
    pub(super) fn new(n: usize) -> Self {
        Self { residual: vec![0.0; n], direction: vec![0.0; n] }
    }
}
