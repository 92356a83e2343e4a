//! Whether two series of numbers have the same order.
//!
//! ```text
//! ρ = Σ (r − r̄)(s − s̄) / √(Σ (r − r̄)² Σ (s − s̄)²)        r, s ranks, ties with their mean rank
//! ```
//!
//! # Source
//! Spearman (1904), Am. J. Psychol. 15, 72–101.

/// Least |ρ| of nine pairs that chance reaches in at most 5 % of cases, two-sided.
///
/// # Source
/// Zar (1972), J. Am. Stat. Assoc. 67, 578–580, table of critical values (recalled).
pub const CRITICAL: f64 = 0.70;

/// Spearman's rank correlation; `None` for fewer than three pairs, or where one series does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() || a.len() < 3 {
        return None;
    }
    let (r, s) = (ranks(a), ranks(b));
    let mean = 0.5 * (a.len() as f64 + 1.0);
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    let scale = (product(&r, &r) * product(&s, &s)).sqrt();
    (0.0 < scale).then(|| product(&r, &s) / scale)
}

/// Rank of each value from 1 up; equal ones share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |v: &f64| values.iter().filter(|w| *w < v).count() as f64;
    let equal = |v: &f64| values.iter().filter(|w| *w == v).count() as f64;
    values.iter().map(|v| below(v) + 0.5 * (equal(v) + 1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_counts_and_not_the_size() {
        let a = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(correlation(&a, &[0.1, 7.0, 7.5, 900.0]), Some(1.0));
        assert_eq!(correlation(&a, &[4.0, 3.0, 2.0, 1.0]), Some(-1.0));
        assert_eq!(correlation(&a, &[5.0; 4]), None);
        assert_eq!(correlation(&a[..2], &a[..2]), None);
        // Ranks 1.5, 1.5, 3, 4 against 1 to 4: deviations −1, −1, 0.5, 1.5 and −1.5, −0.5, 0.5, 1.5: 4.5 over √(4.5 · 5).
        let tied = correlation(&[2.0, 2.0, 3.0, 9.0], &a).expect("varies");
        assert!((tied - 4.5 / 22.5_f64.sqrt()).abs() < 1e-15, "{tied}");
    }
}
