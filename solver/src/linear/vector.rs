//! Sums over long vectors that do not depend on the number of threads.

use rayon::prelude::*;

/// Entries summed by one task. The shape of every sum follows from this number and the length alone.
const CHUNK: usize = 8192;

/// Partial sums kept side by side inside a chunk, so that the compiler may use vector registers.
const LANES: usize = 8;

/// Inner product of two vectors, summed in a fixed shape: the same bits for any thread count.
///
/// - `a`, `b`: same length
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "vectors of one length");
    let sums: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(|(a, b)| dot_chunk(a, b)).collect();
    sums.iter().sum()
}

/// Euclidean norm, summed in a fixed shape.
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `y ← y + factor · x`.
pub fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y += factor * x;
        }
    });
}

/// `y ← x + factor · y`.
pub fn scale_and_add(y: &mut [f64], factor: f64, x: &[f64]) {
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y = x + factor * *y;
        }
    });
}

/// First entry that is NaN or infinite.
pub fn first_not_finite(a: &[f64]) -> Option<usize> {
    a.iter().position(|value| !value.is_finite())
}

fn dot_chunk(a: &[f64], b: &[f64]) -> f64 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_of_consecutive_numbers_is_the_sum_of_squares() {
        let n = 3 * CHUNK + 17;
        let a: Vec<f64> = (0..n).map(|i| i as f64).collect();
        let m = (n - 1) as f64;
        let exact = m * (m + 1.0) * (2.0 * m + 1.0) / 6.0;
        // Round-off of n sums, each relative 1e-16.
        assert!((dot(&a, &a) - exact).abs() < 1e-12 * exact);
        assert!((norm(&a) - exact.sqrt()).abs() < 1e-12 * exact.sqrt());
    }

    #[test]
    fn the_first_bad_entry_is_found() {
        assert_eq!(first_not_finite(&[0.0, 1.0, f64::NAN, f64::INFINITY]), Some(2));
        assert_eq!(first_not_finite(&[0.0, 1.0]), None);
    }
}
