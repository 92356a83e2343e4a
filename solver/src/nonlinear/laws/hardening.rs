//! Yield stress as a piecewise linear function of the equivalent plastic strain.

use super::BadLaw;

/// Piecewise linear hardening curve, constant beyond its last point.
#[derive(Debug, Clone, PartialEq)]
pub struct Hardening {
    /// (equivalent plastic strain, yield stress in MPa), strains ascending from 0.
    points: Vec<(f64, f64)>,
}

impl Hardening {
    /// Curve through these points, as in `*PLASTIC` (stress second): the first at plastic strain 0.
    ///
    /// # Errors
    /// [`BadLaw`] when there is no point, strains do not ascend from 0, or a stress is not positive.
    pub fn new(points: Vec<(f64, f64)>) -> Result<Self, BadLaw> {
        let bad = |what: &str| Err(BadLaw { law: "plastic", what: what.to_string() });
        if points.first().is_none_or(|p| p.0 != 0.0) {
            return bad("the hardening curve must start at plastic strain 0");
        }
        if !points.is_sorted_by(|a, b| a.0 < b.0) || !points.iter().all(|p| p.0.is_finite()) {
            return bad("plastic strains of the hardening curve must ascend");
        }
        if !points.iter().all(|p| 0.0 < p.1 && p.1.is_finite()) {
            return bad("yield stresses must be positive");
        }
        Ok(Self { points })
    }

    /// Perfect plasticity.
    ///
    /// # Errors
    /// As [`Hardening::new`].
    pub fn perfect(yield_stress: f64) -> Result<Self, BadLaw> {
        Self::new(vec![(0.0, yield_stress)])
    }

    /// Yield stress, MPa.
    pub fn stress(&self, plastic_strain: f64) -> f64 {
        let (at, stress, slope) = self.segment(plastic_strain);
        stress + slope * (plastic_strain - at)
    }

    /// Start, stress there and slope of the segment at a plastic strain.
    fn segment(&self, plastic_strain: f64) -> (f64, f64, f64) {
        let next = self.points.partition_point(|p| p.0 <= plastic_strain);
        let (at, stress) = self.points[next.max(1) - 1];
        let slope = self.points.get(next.max(1)).map_or(0.0, |q| (q.1 - stress) / (q.0 - at));
        (at, stress, slope)
    }

    /// Increment of plastic strain Δ ≥ 0 at which trial − `slope` Δ meets the curve, and the slope of the curve there.
    ///
    /// ```text
    /// trial − slope Δ = σ_y(κ + Δ)
    /// ```
    /// Exact: walks from kink to kink. `None` when the curve falls faster than the trial stress.
    pub fn meet(&self, plastic_strain: f64, trial: f64, slope: f64) -> Option<(f64, f64)> {
        let mut from = plastic_strain;
        loop {
            let (at, stress, hardening) = self.segment(from);
            if slope + hardening <= 0.0 {
                return None;
            }
            let here = stress + hardening * (from - at);
            let excess = trial - slope * (from - plastic_strain) - here;
            let end = from + excess.max(0.0) / (slope + hardening);
            match self.points.iter().find(|p| from < p.0) {
                Some(kink) if kink.0 < end => from = kink.0,
                _ => return Some((end - plastic_strain, hardening)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meeting_point_is_exact_across_kinks() {
        let curve = Hardening::new(vec![(0.0, 10.0), (0.1, 20.0), (0.3, 24.0)]).expect("valid curve");
        for trial in [10.0, 12.0, 25.0, 30.0, 31.0, 60.0, 100.0] {
            let (step, _) = curve.meet(0.05, trial, 70.0).unwrap_or((f64::NAN, 0.0));
            let gap = trial - 70.0 * step - curve.stress(0.05 + step);
            let expected = if trial <= 15.0 { trial - 15.0 } else { 0.0 };
            // Round-off of numbers of size 100.
            assert!((gap - expected).abs() < 1e-13, "{trial}: {gap}");
        }
        assert_eq!(curve.meet(0.3, 94.0, 70.0), Some((1.0, 0.0)));
    }

    #[test]
    fn softening_faster_than_the_elastic_slope_has_no_answer() {
        let curve = Hardening::new(vec![(0.0, 10.0), (0.1, 1.0)]).expect("valid curve");
        assert_eq!(curve.meet(0.0, 11.0, 50.0), None);
        assert!(Hardening::new(vec![(0.1, 10.0)]).is_err() && Hardening::perfect(0.0).is_err());
    }
}
