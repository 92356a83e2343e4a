//! From the parameters of a sweep to the values of each run.

use super::spec::{Sampling, Spec};
use crate::document::Value;
use dens_reports::manifest::digest;

/// Values of one run, in the order of the parameters.
pub type Point = Vec<Value>;

/// The values of every run, in order; the same for the same sweep file on every machine.
pub fn points(spec: &Spec) -> Vec<Point> {
    match spec.sampling {
        Sampling::Grid => grid(spec),
        Sampling::List => {
            let n = spec.parameters.first().map_or(0, |p| p.values.len());
            (0..n).map(|k| spec.parameters.iter().map(|p| p.values[k].clone()).collect()).collect()
        }
        Sampling::LatinHypercube => latin_hypercube(spec),
    }
}

fn grid(spec: &Spec) -> Vec<Point> {
    let mut points: Vec<Point> = vec![Vec::new()];
    for parameter in &spec.parameters {
        points = points
            .iter()
            .flat_map(|p| {
                parameter.values.iter().map(|v| {
                    let mut longer = p.clone();
                    longer.push(v.clone());
                    longer
                })
            })
            .collect();
    }
    points
}

/// Latin hypercube: of n equal shares of each range, each is met once.
fn latin_hypercube(spec: &Spec) -> Vec<Point> {
    let columns: Vec<Vec<Value>> = spec
        .parameters
        .iter()
        .map(|parameter| {
            let shares = stratified(spec.seed, &parameter.path, spec.samples).into_iter();
            shares.map(|u| parameter.distribution.as_ref().map_or(Value::Number(u), |d| d.value(u))).collect()
        })
        .collect();
    (0..spec.samples).map(|k| columns.iter().map(|c| c[k].clone()).collect()).collect()
}

/// One number from each of `n` equal shares of 0 to 1, in random order: a column of the Latin hypercube of McKay, Beckman
/// & Conover (1979), Technometrics 21:239.
pub(crate) fn stratified(seed: u64, name: &str, n: usize) -> Vec<f64> {
    let mut draws = Draws::new(seed, name);
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, draws.below(i + 1));
    }
    order.into_iter().map(|k| (k as f64 + draws.unit()) / n as f64).collect()
}

/// Stream of numbers from the hash of seed, name and count: the same on every machine, for ever.
pub(crate) struct Draws(Stream);

enum Stream {
    Hash {
        name: String,
        count: u64,
    },
    /// SplitMix64: Steele, Lea & Flood (2014), for millions of draws that no file shows.
    Quick(u64),
}

impl Draws {
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self(Stream::Hash { name: format!("{seed}/{name}"), count: 0 })
    }

    /// Stream from a seed alone, a hundred times as fast.
    pub(crate) fn quick(seed: u64) -> Self {
        Self(Stream::Quick(seed))
    }

    pub(crate) fn next(&mut self) -> u64 {
        match &mut self.0 {
            Stream::Hash { name, count } => {
                *count += 1;
                leading_bits(&format!("{name}/{count}"))
            }
            Stream::Quick(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^ (z >> 31)
            }
        }
    }

    /// From 0 up to but without 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From 0 up to but without `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The bias of the remainder is below n / 2^64.
        (self.next() % n as u64) as usize
    }
}

/// First eight bytes of the SHA-256 of `text`.
fn leading_bits(text: &str) -> u64 {
    let hash = digest(text.as_bytes());
    u64::from_be_bytes(std::array::from_fn(|i| hash[i]))
}

/// Seed of one run, from that of the sweep and the number of the run alone; below 2^53, so that JSON keeps it.
pub fn seed_of(sweep: u64, index: usize) -> u64 {
    leading_bits(&format!("{sweep}#{index}")) >> 11
}

#[cfg(test)]
mod tests {
    use super::super::spec::{Keep, Parameter};
    use super::*;
    use crate::case::Quality;
    use crate::uncertainty::{Distribution, Shape};

    fn spec(sampling: Sampling, samples: usize, parameters: Vec<Parameter>) -> Spec {
        let (name, case) = ("s".to_string(), "tiny".to_string());
        Spec {
            name,
            case,
            quality: Quality::Draft,
            seed: 7,
            sampling,
            samples,
            keep: Keep::Record,
            parameters,
        }
    }

    fn listed(path: &str, values: &[f64]) -> Parameter {
        let values = values.iter().map(|v| Value::Number(*v)).collect();
        Parameter { path: path.into(), values, distribution: None }
    }

    #[test]
    fn a_grid_has_every_combination_once_and_the_last_parameter_varies_fastest() {
        let s = spec(Sampling::Grid, 0, vec![listed("a", &[1.0, 2.0]), listed("b", &[3.0, 4.0, 5.0])]);
        let found = points(&s);
        assert_eq!(found.len(), 6);
        assert_eq!(found[1], vec![Value::Number(1.0), Value::Number(4.0)]);
        assert_eq!(found[5], vec![Value::Number(2.0), Value::Number(5.0)]);
    }

    #[test]
    fn a_latin_hypercube_meets_every_share_of_every_range_once() {
        let drawn = |path: &str, low: f64, high: f64| Parameter {
            path: path.into(),
            values: Vec::new(),
            distribution: Some(Distribution {
                shape: Shape::Uniform(low, high),
                unit: "mm".into(),
                ends: [low, high],
            }),
        };
        let n = 50;
        let found =
            points(&spec(Sampling::LatinHypercube, n, vec![drawn("a", 10.0, 20.0), drawn("b", -1.0, 1.0)]));
        for (j, (low, high)) in [(10.0, 20.0), (-1.0, 1.0)].into_iter().enumerate() {
            let mut shares: Vec<usize> = found
                .iter()
                .map(|p| {
                    let Value::Text(t) = &p[j] else { panic!("text with unit") };
                    let x: f64 = t.trim_end_matches(" mm").parse().expect("a number");
                    ((x - low) / (high - low) * n as f64) as usize
                })
                .collect();
            assert!(shares.windows(2).any(|w| w[1] < w[0]), "shuffled");
            shares.sort_unstable();
            assert_eq!(shares, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn seeds_differ_between_runs_and_sweeps() {
        assert_ne!(seed_of(1, 0), seed_of(1, 1));
        assert_ne!(seed_of(1, 0), seed_of(2, 0));
        assert_eq!(seed_of(1, 5), seed_of(1, 5));
    }
}
