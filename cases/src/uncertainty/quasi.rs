//! Points that fill a cube evenly: the sequence of Sobol' with a random shift.
//!
//! Direction numbers: Joe & Kuo (2008), SIAM J. Sci. Comput. 30:2635, the first 32 dimensions, written from memory: each
//! dimension on its own is even whatever they are, pairs of them as good as the numbers.

use crate::sweep::sample::Draws;

/// Largest number of dimensions.
pub const MOST: usize = 32;

/// Degree of the polynomial, its inner coefficients, and the first direction numbers; the first dimension has none.
const PRIMITIVE: [(u32, u32, &[u32]); MOST - 1] = [
    (1, 0, &[1]),
    (2, 1, &[1, 3]),
    (3, 1, &[1, 3, 1]),
    (3, 2, &[1, 1, 1]),
    (4, 1, &[1, 1, 3, 3]),
    (4, 4, &[1, 3, 5, 13]),
    (5, 2, &[1, 1, 5, 5, 17]),
    (5, 4, &[1, 1, 5, 5, 5]),
    (5, 7, &[1, 1, 7, 11, 19]),
    (5, 11, &[1, 1, 5, 1, 1]),
    (5, 13, &[1, 1, 1, 3, 11]),
    (5, 14, &[1, 3, 5, 5, 31]),
    (6, 1, &[1, 3, 3, 9, 7, 49]),
    (6, 13, &[1, 1, 1, 15, 21, 21]),
    (6, 16, &[1, 3, 1, 13, 27, 49]),
    (6, 19, &[1, 1, 1, 15, 7, 5]),
    (6, 22, &[1, 3, 1, 15, 13, 25]),
    (6, 25, &[1, 1, 5, 5, 19, 61]),
    (7, 1, &[1, 3, 7, 11, 23, 15, 103]),
    (7, 4, &[1, 3, 7, 13, 13, 15, 69]),
    (7, 7, &[1, 1, 3, 13, 7, 35, 63]),
    (7, 8, &[1, 3, 5, 9, 1, 25, 53]),
    (7, 14, &[1, 3, 1, 13, 9, 35, 107]),
    (7, 19, &[1, 3, 1, 5, 27, 61, 31]),
    (7, 21, &[1, 1, 5, 11, 19, 41, 61]),
    (7, 28, &[1, 3, 5, 3, 3, 13, 69]),
    (7, 31, &[1, 1, 7, 13, 1, 19, 1]),
    (7, 32, &[1, 3, 7, 5, 13, 19, 59]),
    (7, 37, &[1, 1, 3, 9, 25, 29, 41]),
    (7, 41, &[1, 3, 5, 13, 23, 1, 55]),
    (7, 42, &[1, 3, 7, 3, 13, 59, 17]),
];

const BITS: usize = 32;

/// The first `n` points of the sequence in `dimensions`, shifted bit by bit by a number drawn from `seed`; the shift keeps
/// the evenness and makes points of different seeds independent.
///
/// - returns: `n` rows of `dimensions` numbers above 0 and below 1
///
/// # Panics
/// Beyond [`MOST`] dimensions.
pub fn points(n: usize, dimensions: usize, seed: u64) -> Vec<Vec<f64>> {
    assert!(dimensions <= MOST, "no more than {MOST} dimensions");
    let directions: Vec<[u32; BITS]> = (0..dimensions).map(directions).collect();
    let mut draws = Draws::new(seed, "shift");
    let shift: Vec<u32> = (0..dimensions).map(|_| (draws.next() >> 32) as u32).collect();
    let mut state = vec![0u32; dimensions];
    (0..n)
        .map(|k| {
            let point =
                state.iter().zip(&shift).map(|(x, s)| (f64::from(x ^ s) + 0.5) / 2f64.powi(32)).collect();
            // Gray code: one direction per step.
            let bit = (!k).trailing_zeros() as usize;
            for (x, v) in state.iter_mut().zip(&directions) {
                *x ^= v[bit.min(BITS - 1)];
            }
            point
        })
        .collect()
}

fn directions(dimension: usize) -> [u32; BITS] {
    let Some(k) = dimension.checked_sub(1) else { return std::array::from_fn(|i| 1 << (BITS - 1 - i)) };
    let (degree, inner, first) = PRIMITIVE[k];
    let degree = degree as usize;
    let mut v = [0u32; BITS];
    for i in 0..BITS {
        v[i] = if i < degree {
            first[i] << (BITS - 1 - i)
        } else {
            let mut x = v[i - degree] ^ (v[i - degree] >> degree);
            for j in 1..degree {
                if inner >> (degree - 1 - j) & 1 == 1 {
                    x ^= v[i - j];
                }
            }
            x
        };
    }
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_meets_every_share_once() {
        for seed in [0, 1] {
            let p = points(256, MOST, seed);
            for j in 0..MOST {
                let mut cells: Vec<usize> = p.iter().map(|x| (x[j] * 256.0) as usize).collect();
                cells.sort_unstable();
                assert_eq!(cells, (0..256).collect::<Vec<_>>(), "dimension {j}");
            }
        }
    }

    #[test]
    fn pairs_of_dimensions_fill_the_square() {
        // Of the (t, s)-sequences of so few points the emptiest pair still meets nearly all cells of 4 by 4.
        let p = points(1024, 20, 3);
        for i in 0..20 {
            for j in 0..i {
                let mut met = [0usize; 16];
                p.iter().for_each(|x| met[(x[i] * 4.0) as usize * 4 + (x[j] * 4.0) as usize] += 1);
                assert!(met.iter().all(|n| (32..=96).contains(n)), "{i} {j}: {met:?}");
            }
        }
    }
}
