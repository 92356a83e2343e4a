//! What the runs of a design say about each result.

use super::indices::{self, Indices};
use super::order;
use super::plan::{Design, Method};
use super::screening::{self, Effects};
use super::surrogate::{Surrogate, q2};
use crate::sweep::plot::spread;
use dens_reports::ensemble::{Ensemble, Variable};
use dens_reports::record::Relation;
use rayon::prelude::*;
use serde::Serialize;

/// Share of failed runs from which an ensemble is flagged.
pub const FLAGGED: f64 = 0.02;
/// Share of failed runs from which no bound is given.
pub const REFUSED: f64 = 0.05;
/// Predicted share of the variance of held-out runs below which no indices are given.
pub const LEAST_Q2: f64 = 0.95;
/// Points of the even sequence for the indices.
const SAMPLES: usize = 4096;

/// Bound of 95 % of all with 95 % confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bound {
    /// Which way: `at most` or `at least`.
    pub side: &'static str,
    /// The bound, or why there is none.
    pub value: Result<f64, String>,
    /// Order of the statistic: 1 is the worst run.
    pub order: usize,
    /// Whether it keeps the limit; `None` without bound or limit.
    pub met: Option<bool>,
}

/// A stand-in and the shares of variance on it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shares {
    /// Predicted share of the variance of the held-out runs.
    pub q2: f64,
    /// Held-out runs it was checked on.
    pub checked_on: usize,
    /// Held-out values with their prediction.
    pub pairs: Vec<[f64; 2]>,
    /// Indices of each input; `None` below [`LEAST_Q2`].
    pub indices: Option<Vec<Indices>>,
}

/// Findings about one result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Name of the result.
    pub id: String,
    /// Name for readers.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Mean, standard deviation, 5 %, 50 %, 95 % of the runs.
    pub spread: [f64; 5],
    /// One bound, or both for a result without limit; for independent draws.
    pub bounds: Vec<Bound>,
    /// Elementary effects of each input.
    pub effects: Option<Vec<Effects>>,
    /// Result at the 5 % and the 95 % quantile of each input alone; NaN becomes null where a run failed.
    pub swings: Option<Vec<[Option<f64>; 2]>>,
    /// Shares of variance.
    pub shares: Option<Shares>,
}

/// Findings about every result that varies.
///
/// - `e`: all runs of the design, in its order
pub fn findings(design: &Design, e: &Ensemble) -> Vec<Finding> {
    let varied: Vec<&Variable> = e.results.iter().filter(|r| r.varies()).collect();
    varied.par_iter().map(|r| finding(design, e, r)).collect()
}

fn finding(design: &Design, e: &Ensemble, r: &Variable) -> Finding {
    let present: Vec<f64> = r.values.iter().copied().filter(|v| v.is_finite()).collect();
    let values: Vec<Option<f64>> = r.values.iter().map(|v| v.is_finite().then_some(*v)).collect();
    let method = design.method;
    let failed = r.values.len() - present.len();
    let [mean, deviation, _, p05, median, p95, _] = spread(&present);
    Finding {
        id: r.id.clone(),
        label: r.label.clone(),
        unit: r.unit.clone(),
        spread: [mean, deviation, p05, median, p95],
        bounds: if method == Method::Bound { bounds(r, &present, failed, e.runs.len()) } else { Vec::new() },
        effects: design.trajectories.as_ref().map(|t| screening::effects(t, design.inputs.len(), &values)),
        swings: (method == Method::Tornado)
            .then(|| (0..design.inputs.len()).map(|i| [1, 2].map(|s| values[2 * i + s])).collect()),
        shares: (method == Method::Sobol).then(|| shares(design, &values)).flatten(),
    }
}

fn bounds(r: &Variable, present: &[f64], failed: usize, all: usize) -> Vec<Bound> {
    let sides: &[bool] = match r.limit {
        Some((_, Relation::AtMost)) => &[true],
        Some((_, Relation::AtLeast)) => &[false],
        None => &[false, true],
    };
    let share = failed as f64 / all.max(1) as f64;
    sides
        .iter()
        .map(|upper| {
            let found = if REFUSED < share {
                Err(format!("{:.1} % of the runs failed, more than {:.0} %", 100.0 * share, 100.0 * REFUSED))
            } else {
                order::bound(present, failed, *upper).ok_or_else(|| {
                    let enough = order::runs(failed + 1, order::SHARE, order::SHARE);
                    if failed == 0 {
                        return format!("{all} runs are too few; {enough} bear one");
                    }
                    format!(
                        "{all} runs of which {failed} failed bear none; {enough} runs bear as many failures"
                    )
                })
            };
            let met = found.as_ref().ok().zip(r.limit).map(
                |((v, _), (limit, _))| {
                    if *upper { *v <= limit } else { limit <= *v }
                },
            );
            Bound {
                side: if *upper { "at most" } else { "at least" },
                order: found.as_ref().map_or(0, |f| f.1),
                value: found.map(|f| f.0),
                met,
            }
        })
        .collect()
}

/// `None` where no stand-in can be fitted: too few runs were computed.
fn shares(design: &Design, values: &[Option<f64>]) -> Option<Shares> {
    let fitted = values.len() - design.held_out;
    let of = |rows: std::ops::Range<usize>| -> (Vec<Vec<f64>>, Vec<f64>) {
        rows.filter_map(|k| values[k].map(|v| (design.quantiles[k].clone(), v))).unzip()
    };
    let (points, known) = of(0..fitted);
    let (others, truth) = of(fitted..values.len());
    let stand_in = Surrogate::new(&points, &known)?;
    let predicted: Vec<f64> = others.iter().map(|x| stand_in.value(x)).collect();
    let q2 = q2(&predicted, &truth);
    let k = design.inputs.len();
    let indices =
        (LEAST_Q2 <= q2).then(|| indices::indices(&|x: &[f64]| stand_in.value(x), k, SAMPLES, design.seed));
    let pairs = truth.iter().zip(&predicted).map(|(t, p)| [*t, *p]).collect();
    Some(Shares { q2, checked_on: truth.len(), pairs, indices })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uncertainty::input;
    use dens_reports::ensemble::End;

    /// Runs of a design whose result is a function of the quantiles; `None` fails.
    fn runs(design: &Design, f: &dyn Fn(&[f64]) -> Option<f64>) -> Ensemble {
        let values: Vec<Option<f64>> = design.quantiles.iter().map(|u| f(u)).collect();
        let end = |(index, v): (usize, &Option<f64>)| End {
            index,
            status: if v.is_some() { "ok" } else { "nonconverged" }.into(),
            computed: v.is_some(),
        };
        let numbers = values.iter().map(|v| v.unwrap_or(f64::NAN)).collect();
        let mut result = Variable::numbers("r", "r", "MPa", numbers);
        result.limit = Some((10.0, Relation::AtMost));
        Ensemble {
            name: "n".into(),
            runs: values.iter().enumerate().map(end).collect(),
            inputs: Vec::new(),
            results: vec![result],
        }
    }

    fn design(method: Method, n: usize) -> Design {
        let inputs = input::of(&[]).expect("sound").into_iter().take(4).collect();
        Design::new(method, inputs, Some(n), 1).expect("enough")
    }

    #[test]
    fn fifty_nine_runs_are_bounded_by_their_worst_and_not_when_one_failed() {
        let d = design(Method::Bound, 59);
        let whole = findings(&d, &runs(&d, &|u| Some(u[0] + u[1])));
        let worst = d.quantiles.iter().map(|u| u[0] + u[1]).fold(0.0, f64::max);
        assert_eq!((whole[0].bounds[0].value.clone(), whole[0].bounds[0].met), (Ok(worst), Some(true)));
        let first = d.quantiles[0][0];
        let broken = findings(&d, &runs(&d, &|u| (u[0] != first).then(|| u[0])));
        let said = broken[0].bounds[0].value.clone().expect_err("one of 59 failed");
        assert!(said.contains("93 runs bear"), "{said}");
    }

    #[test]
    fn more_than_five_of_a_hundred_failures_give_no_bound() {
        let d = design(Method::Bound, 200);
        let often = findings(&d, &runs(&d, &|u| (u[0] < 0.92).then_some(u[1])));
        assert!(often[0].bounds[0].value.clone().expect_err("refused").contains("more than 5 %"));
        let seldom = findings(&d, &runs(&d, &|u| (0.01 < u[0]).then_some(u[1])));
        assert!(seldom[0].bounds[0].value.is_ok());
    }

    #[test]
    fn indices_are_given_for_a_smooth_result_and_refused_for_noise() {
        let d = design(Method::Sobol, 60);
        let smooth = findings(&d, &runs(&d, &|u| Some(3.0 * u[0] + u[1] * u[1])));
        let shares = smooth[0].shares.as_ref().expect("a stand-in");
        assert!(LEAST_Q2 < shares.q2);
        let found = shares.indices.as_ref().expect("given");
        // Variances 9/12 of the plane, 4/45 of the square.
        let first = 0.75 / (0.75 + 4.0 / 45.0);
        assert!((found[0].first.value - first).abs() < 0.02 && found[2].total.value < 0.01, "{found:?}");
        let mut draws = crate::sweep::sample::Draws::new(1, "noise");
        let noise: Vec<f64> = d.quantiles.iter().map(|_| draws.unit()).collect();
        let of = |u: &[f64]| d.quantiles.iter().position(|q| q == u).map(|k| noise[k]);
        let noisy = findings(&d, &runs(&d, &of));
        let shares = noisy[0].shares.as_ref().expect("a stand-in");
        assert!(shares.q2 < LEAST_Q2 && shares.indices.is_none());
    }

    #[test]
    fn a_tornado_has_the_ends_of_each_input() {
        let d = design(Method::Tornado, 1);
        let f = findings(&d, &runs(&d, &|u| Some(u[0] - 2.0 * u[2])));
        let swings = f[0].swings.as_ref().expect("given");
        // Round-off of sums of quantiles.
        let near = |a: Option<f64>, b: f64| (a.expect("computed") - b).abs() < 1e-12;
        assert!(near(swings[0][0], 0.05 - 1.0) && near(swings[2][1], 0.5 - 1.9));
    }
}
