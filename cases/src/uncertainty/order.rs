//! Bounds of the share of a population from its sample alone, without a distribution: order statistics.
//!
//! ```text
//! P(the m-th largest of n draws lies above the p-quantile) = 1 − Σⱼ₌₀..ₘ₋₁ C(n, j) (1 − p)ʲ pⁿ⁻ʲ
//! ```
//! Wilks (1941), Ann. Math. Stat. 12:91. The draws must be independent: a Latin hypercube is not.

/// Confidence that the `order`-th largest of `n` independent draws bounds the share `p` of all.
///
/// - `order`: 1 is the largest
/// - `p`: between 0 and 1
pub fn confidence(n: usize, order: usize, p: f64) -> f64 {
    let mut term = p.powi(n as i32);
    let mut sum = 0.0;
    for j in 0..order.min(n + 1) {
        sum += term;
        term *= (n - j) as f64 / (j + 1) as f64 * (1.0 - p) / p;
    }
    1.0 - sum
}

/// Least number of draws of which the `order`-th largest bounds the share `p` with this confidence.
pub fn runs(order: usize, p: f64, wanted: f64) -> usize {
    (order..).find(|n| wanted <= confidence(*n, order, p)).unwrap_or(usize::MAX)
}

/// Largest order of `n` draws that still bounds the share `p` with this confidence; `None`: not even the largest does.
pub fn order(n: usize, p: f64, wanted: f64) -> Option<usize> {
    (1..=n).take_while(|m| wanted <= confidence(n, *m, p)).last()
}

/// Share and confidence of the bounds that are given.
pub const SHARE: f64 = 0.95;

/// One-sided bound of 95 % of all with 95 % confidence.
///
/// - `values`: of the runs that were computed
/// - `failed`: runs without a value; each counts as worse than any value
/// - `upper`: whether large values are the bad ones
/// - returns: the bound and its order; `None` when the number of runs, less those failed, does not carry one
pub fn bound(values: &[f64], failed: usize, upper: bool) -> Option<(f64, usize)> {
    let order = order(values.len() + failed, SHARE, SHARE)?;
    let mut worst_first = values.to_vec();
    worst_first.sort_by(|a, b| if upper { b.total_cmp(a) } else { a.total_cmp(b) });
    let place = order.checked_sub(failed + 1)?;
    worst_first.get(place).map(|v| (*v, order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_runs_are_those_of_wilks() {
        // Published for 95/95: 59, 93, 124, 153, 181 runs for the first five orders; 90/95: 29; 95/99: 90; 99/95: 299.
        assert_eq!([1, 2, 3, 4, 5].map(|m| runs(m, 0.95, 0.95)), [59, 93, 124, 153, 181]);
        assert_eq!(runs(1, 0.90, 0.95), 29);
        assert_eq!(runs(1, 0.95, 0.99), 90);
        assert_eq!(runs(1, 0.99, 0.95), 299);
        assert_eq!(order(58, 0.95, 0.95), None);
        assert_eq!(
            (order(59, 0.95, 0.95), order(92, 0.95, 0.95), order(93, 0.95, 0.95)),
            (Some(1), Some(1), Some(2))
        );
    }

    #[test]
    fn a_failed_run_counts_as_the_worst() {
        let values: Vec<f64> = (0..92).map(f64::from).collect();
        assert_eq!(bound(&values, 0, true), Some((91.0, 1)));
        // 93 runs allow the second largest; the failed one is the largest.
        assert_eq!(bound(&values, 1, true), Some((91.0, 2)));
        assert_eq!(bound(&values, 1, false), Some((0.0, 2)));
        assert_eq!(bound(&values[..58], 1, true), None, "59 runs bound by their worst, which has no value");
        assert_eq!(bound(&values[..58], 0, true), None);
    }

    #[test]
    fn the_bound_holds_as_often_as_it_says() {
        // 2000 samples of 59 uniform draws: the largest exceeds 0.95 in 0.951 of them, give or take 3 of 0.0048.
        let mut draws = crate::sweep::sample::Draws::new(5, "wilks");
        let holds = (0..2000)
            .filter(|_| {
                let values: Vec<f64> = (0..59).map(|_| draws.unit()).collect();
                bound(&values, 0, true).is_some_and(|(b, _)| 0.95 < b)
            })
            .count();
        assert!((holds as f64 / 2000.0 - 0.9515).abs() < 0.0145, "{holds}");
    }
}
