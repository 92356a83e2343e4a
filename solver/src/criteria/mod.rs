//! Assessment criteria: what is compared with what limit, and where the limit comes from.
//!
//! A [`Criterion`] is a fact from the literature (name, unit, limit, source); the functions of this folder
//! turn fields into the value it judges. They take plain slices with one entry per quadrature point or
//! interface point, `weights` being the volume (mm³) or area (mm²) the point stands for, so that regions are
//! chosen by the caller. A criterion is data and not a trait: every one of them is judged in the same way.
//!
//! None of the limits is a validated acceptance limit for the neck; [`Criterion::confidence`] says how each
//! was obtained. Peaks of linear elastic stress at edges grow with the mesh: judge a quantile with
//! [`quantile`] and say so.

pub mod bone;
pub mod design;
pub mod fixation;
pub mod implant;
pub mod interface;
pub mod punch;
pub mod remodeling;
pub mod settling;
pub mod subsidence;

/// Quantity with a limit and the source of the limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criterion {
    /// Name in case files and records.
    pub name: &'static str,
    /// What the value is.
    pub label: &'static str,
    /// Unit of value and limit; `1` for fractions and ratios.
    pub unit: &'static str,
    /// Which side of the limit is good.
    pub sense: Sense,
    /// The limit.
    pub limit: f64,
    /// Where the limit comes from.
    pub source: &'static str,
    /// How far the limit can be trusted.
    pub confidence: Confidence,
}

/// Which side of a limit is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// The value must not exceed the limit; margin = limit / value − 1.
    AtMost,
    /// The value must reach the limit; margin = value / limit − 1.
    AtLeast,
}

/// How far a limit can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Read in the source.
    Found,
    /// Known from the literature; check the paper before it gates a release.
    Recalled,
    /// A proposal anchored to the source, not validated.
    Proposed,
}

/// A value held against its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// What was judged.
    pub criterion: Criterion,
    /// Value found, in the unit of the criterion.
    pub value: f64,
    /// Distance to the limit relative to the smaller of both; negative fails.
    pub margin: f64,
}

impl Criterion {
    /// This criterion with another limit, for instance of a case file.
    pub fn with_limit(self, limit: f64) -> Self {
        Self { limit, ..self }
    }

    /// Holds `value` against the limit.
    ///
    /// A value of zero or less has an infinite margin under [`Sense::AtMost`].
    pub fn judge(&self, value: f64) -> Verdict {
        let margin = match self.sense {
            Sense::AtMost if value <= 0.0 => f64::INFINITY,
            Sense::AtMost => self.limit / value - 1.0,
            Sense::AtLeast => value / self.limit - 1.0,
        };
        Verdict { criterion: *self, value, margin }
    }
}

impl Verdict {
    /// Whether the criterion is met; a value that is not a number never meets one.
    pub fn is_met(&self) -> bool {
        0.0 <= self.margin
    }
}

/// Every criterion.
pub static CATALOGUE: &[&Criterion] = &[
    &bone::YIELD_STRAIN_RATIO,
    &bone::YIELD_STRESS_RATIO,
    &bone::OVERSTRAINED_VOLUME,
    &subsidence::CRUSHED_VOLUME,
    &subsidence::INDENTATION_DAILY,
    &subsidence::INDENTATION_MAXIMUM,
    &subsidence::PRESSED_AREA,
    &remodeling::SHIELDING,
    &remodeling::OVERLOAD,
    &remodeling::RESORBED_MASS,
    &interface::MICROMOTION_50,
    &implant::SOLID_YIELD,
    &implant::SOLID_FATIGUE,
    &implant::LATTICE_YIELD,
    &implant::LATTICE_FATIGUE,
    &fixation::FATIGUE,
    &fixation::PULL_OUT,
];

/// The criterion called `name`.
pub fn find(name: &str) -> Option<&'static Criterion> {
    CATALOGUE.iter().find(|c| c.name == name).copied()
}

/// Part of the total weight whose value lies strictly above `threshold`; 0 when there is no weight.
///
/// - `weights`, `values`: one entry per point
///
/// # Panics
/// When the slices differ in length.
pub fn fraction_above(weights: &[f64], values: &[f64], threshold: f64) -> f64 {
    fraction(weights, values.iter().map(|v| threshold < *v))
}

/// Part of the total weight for which the condition holds; 0 when there is no weight.
fn fraction(weights: &[f64], chosen: impl ExactSizeIterator<Item = bool>) -> f64 {
    assert_eq!(weights.len(), chosen.len(), "one value per weight");
    let (mut part, mut total) = (0.0, 0.0);
    for (w, chosen) in weights.iter().zip(chosen) {
        total += w;
        if chosen {
            part += w;
        }
    }
    if 0.0 < total { part / total } else { 0.0 }
}

/// Weighted mean; 0 when there is no weight.
///
/// # Panics
/// When the slices differ in length.
pub fn mean(weights: &[f64], values: &[f64]) -> f64 {
    assert_eq!(weights.len(), values.len(), "one value per weight");
    let total: f64 = weights.iter().sum();
    let sum: f64 = weights.iter().zip(values).map(|(w, v)| w * v).sum();
    if 0.0 < total { sum / total } else { 0.0 }
}

/// Smallest value such that at least the part `level` of the weight lies at or below it; `None` when empty.
///
/// - `level`: 0 to 1; 1 gives the largest value, 0.99 leaves the worst hundredth of the volume out
///
/// # Panics
/// When the slices differ in length.
pub fn quantile(weights: &[f64], values: &[f64], level: f64) -> Option<f64> {
    assert_eq!(weights.len(), values.len(), "one value per weight");
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]).then(a.cmp(&b)));
    let wanted = level * weights.iter().sum::<f64>();
    let mut reached = 0.0;
    for &i in &order {
        reached += weights[i];
        if wanted <= reached {
            return Some(values[i]);
        }
    }
    // Rounding of the sum may leave the last step a hair short.
    order.last().map(|&i| values[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_every_limit_has_unit_and_source() {
        for (i, c) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..i].iter().all(|other| other.name != c.name), "{}", c.name);
            assert!(["1", "MPa", "mm", "µm"].contains(&c.unit), "{}: unit {}", c.name, c.unit);
            assert!(0.0 < c.limit && !c.source.is_empty() && !c.label.is_empty(), "{}", c.name);
            assert_eq!(find(c.name), Some(*c));
        }
        assert_eq!(find("no such thing"), None);
    }

    #[test]
    fn margin_is_zero_at_the_limit_and_negative_beyond() {
        for c in CATALOGUE {
            assert_eq!(c.judge(c.limit).margin, 0.0);
            let (good, bad) = match c.sense {
                Sense::AtMost => (0.5, 2.0),
                Sense::AtLeast => (2.0, 0.5),
            };
            let (good, bad) = (c.judge(good * c.limit), c.judge(bad * c.limit));
            assert!((good.margin - 1.0).abs() < 1e-15 && good.is_met(), "{}", c.name);
            assert!((bad.margin + 0.5).abs() < 1e-15 && !bad.is_met(), "{}", c.name);
        }
    }

    #[test]
    fn nothing_at_all_meets_an_upper_limit_and_nan_meets_none() {
        assert_eq!(subsidence::CRUSHED_VOLUME.judge(0.0).margin, f64::INFINITY);
        assert!(CATALOGUE.iter().all(|c| !c.judge(f64::NAN).is_met()));
    }

    #[test]
    fn fractions_weigh_by_volume() {
        assert_eq!(fraction_above(&[1.0, 3.0], &[5.0, 1.0], 2.0), 0.25);
        assert_eq!(fraction_above(&[], &[], 2.0), 0.0);
        assert_eq!(mean(&[1.0, 3.0], &[5.0, 1.0]), 2.0);
    }

    #[test]
    fn quantile_of_equal_weights_is_the_order_statistic() {
        let values = [4.0, 1.0, 3.0, 2.0];
        let weights = [1.0; 4];
        assert_eq!(quantile(&weights, &values, 1.0), Some(4.0));
        assert_eq!(quantile(&weights, &values, 0.75), Some(3.0));
        assert_eq!(quantile(&weights, &values, 0.5), Some(2.0));
        assert_eq!(quantile(&[], &[], 0.5), None);
    }
}
