//! The next design of the Bayesian engine: ParEGO with constraints.
//!
//! ```text
//! weights w of the design's number     t(f) = maxₖ wₖ fₖ + 0.05 Σ wₖ fₖ      f scaled by the designs so far
//! Gaussian process of t, one of each constraint g of the finite elements
//! maximise  EI(x) ∏ P(g(x) ≤ 0)        over candidates that keep what the shape decides
//! ```
//! While no design keeps every constraint, the probability alone is maximised. The choice depends on seed, number and the
//! designs before.
//!
//! # Source
//! Knowles (2006), IEEE Trans. Evol. Comput. 10, 50–66 (ParEGO); Schonlau, Welch & Jones (1998), in: New Developments and
//! Applications in Experimental Design, 11–25 (probability of keeping constraints).

use super::design::{Candidate, Space};
use super::history::Entry;
use super::spec::{Constraint, Objective};
use crate::sweep::sample::Draws;
use dens_solver::optimise::gaussian::Gaussian;
use dens_solver::optimise::pareto::{expected_improvement, normal_probability, tchebycheff};

/// Candidates drawn over the whole space, and around the best design so far.
const DRAWN: [usize; 2] = [1500, 300];
/// Half width of the box around the best design, in ranges.
const AROUND: f64 = 0.12;
/// Candidates nearer to a design than this, in ranges, teach nothing.
const TAKEN: f64 = 2e-3;

/// The designs to begin with: of several Latin hypercubes that which keeps what the shape decides most often, then without
/// those that do not where enough do.
pub fn initial(space: &Space<'_>) -> Vec<Candidate> {
    let n = space.spec.initial;
    // Several times as many, of which the first ones that can be made are taken.
    let mut all: Vec<Candidate> = Vec::new();
    for round in 0..12 {
        let drawn = space.hypercube(n, &format!("initial/{round}"));
        all.extend(drawn.into_iter().filter(|c| space.excess(c) <= 0.0));
        if n <= all.len() {
            all.truncate(n);
            return all;
        }
    }
    // Hardly any can: then the hypercube shows by how much the limits are missed.
    let mut rest = space.hypercube(n, "initial/0");
    rest.retain(|c| !all.contains(c));
    all.extend(rest);
    all.truncate(n);
    all
}

/// The next design after these.
pub fn next(space: &Space<'_>, entries: &[Entry]) -> Candidate {
    let spec = space.spec;
    let number = entries.len() + 1;
    let mut draws = Draws::new(spec.seed, &format!("design/{number}"));
    let weights = simplex(spec.objectives.len(), &mut draws);
    let known: Vec<&Entry> = entries.iter().filter(|e| e.numbers.is_some()).collect();
    let inputs: Vec<Vec<f64>> = known.iter().map(|e| space.scaled(&e.candidate)).collect();
    let values = aggregated(&spec.objectives, &known, &weights);
    let best = known
        .iter()
        .zip(&values)
        .filter(|(e, _)| e.feasible)
        .min_by(|a, b| a.1.total_cmp(b.1))
        .map(|(e, t)| (e.candidate.clone(), *t));
    let aim = Gaussian::fit(&inputs, &values);
    let by_elements = |c: &&Constraint| !c.is_geometric();
    let limits: Vec<Gaussian> = spec
        .constraints
        .iter()
        .filter(by_elements)
        .filter_map(|c| {
            let g: Vec<f64> =
                known.iter().filter_map(|e| Some(e.numbers.as_ref()?.constraints[*c as usize])).collect();
            Gaussian::fit(&inputs, &g)
        })
        .collect();
    let mut drawn: Vec<Vec<f64>> =
        (0..DRAWN[0]).map(|_| (0..space.n_shares()).map(|_| draws.unit()).collect()).collect();
    if let Some((center, _)) = &best {
        let middle = space.shares(center);
        drawn.extend((0..DRAWN[1]).map(|_| {
            let near = |(k, m): (usize, &f64)| {
                // The cell stays.
                if k == 0 { *m } else { (m + AROUND * (2.0 * draws.unit() - 1.0)).clamp(0.0, 1.0) }
            };
            middle.iter().enumerate().map(near).collect()
        }));
    }
    let score = |c: &Candidate| {
        let x = space.scaled(c);
        let probability: f64 = limits
            .iter()
            .map(|g| {
                let (mean, deviation) = g.predict(&x);
                normal_probability(-mean / deviation.max(1e-9))
            })
            .product();
        match (&aim, &best) {
            (Some(aim), Some((_, least))) => {
                let (mean, deviation) = aim.predict(&x);
                probability * expected_improvement(*least, mean, deviation)
            }
            _ => probability,
        }
    };
    let taken = |c: &Candidate| {
        let x = space.scaled(c);
        entries.iter().any(|e| {
            let other = space.scaled(&e.candidate);
            x.iter().zip(&other).all(|(a, b)| (a - b).abs() < TAKEN)
        })
    };
    let candidates: Vec<Candidate> = drawn.iter().map(|s| space.at(s)).collect();
    let fitting = || candidates.iter().filter(|c| !taken(c));
    let chosen = fitting()
        .filter(|c| space.excess(c) <= 0.0)
        .map(|c| (c, score(c)))
        .fold(None::<(&Candidate, f64)>, |best, (c, s)| match best {
            Some((_, most)) if s <= most => best,
            _ => Some((c, s)),
        })
        .map(|(c, _)| c);
    // Where nothing can be made: what misses its limits least.
    let least = || fitting().min_by(|a, b| space.excess(a).total_cmp(&space.excess(b)));
    chosen.or_else(least).unwrap_or(&candidates[0]).clone()
}

/// Augmented Tchebycheff function of each design, objectives scaled by the least and largest of these.
fn aggregated(objectives: &[Objective], known: &[&Entry], weights: &[f64]) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = known
        .iter()
        .filter_map(|e| e.numbers.as_ref())
        .map(|n| objectives.iter().map(|o| n.objective(*o)).collect())
        .collect();
    let ranges: Vec<[f64; 2]> = (0..objectives.len())
        .map(|k| {
            let fold = |f: fn(f64, f64) -> f64, start| rows.iter().map(|r| r[k]).fold(start, f);
            [fold(f64::min, f64::INFINITY), fold(f64::max, f64::NEG_INFINITY)]
        })
        .collect();
    let scaled = |row: &Vec<f64>| {
        let parts: Vec<f64> =
            row.iter().zip(&ranges).map(|(v, [low, high])| (v - low) / (high - low).max(1e-12)).collect();
        tchebycheff(&parts, weights)
    };
    rows.iter().map(scaled).collect()
}

/// Uniform point of the simplex.
fn simplex(n: usize, draws: &mut Draws) -> Vec<f64> {
    let parts: Vec<f64> = (0..n).map(|_| -(1.0 - draws.unit()).ln()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|p| p / sum.max(1e-300)).collect()
}

/// Index of the design to take from these: of those that keep every constraint and that no other dominates, the one with
/// the least largest loss against the best of each objective, all weighed alike.
pub fn chosen(objectives: &[Objective], entries: &[Entry], front: &[usize]) -> Option<usize> {
    let on_front: Vec<&Entry> = front.iter().map(|i| &entries[*i]).collect();
    let even = vec![1.0 / objectives.len() as f64; objectives.len()];
    let values = aggregated(objectives, &on_front, &even);
    front.iter().zip(&values).min_by(|a, b| a.1.total_cmp(b.1)).map(|(i, _)| *i)
}

#[cfg(test)]
mod tests {
    use super::super::evaluate::Numbers;
    use super::super::history::{from_csv, front, hypervolumes, to_csv};
    use super::super::spec::Spec;
    use super::*;
    use crate::case::Case;
    use crate::pipeline::geometry;

    /// Numbers that grow and fall with density, and a limit of strength that the lightest miss.
    fn told(space: &Space<'_>, c: &Candidate) -> Entry {
        let [x, y] = [c.densities[0], c.densities[1]];
        let shielding = (x - 0.22).powi(2) * 20.0 + (y - 0.36).powi(2) * 5.0;
        let mass = 1.0 + 2.0 * (x + y);
        let mut constraints = [f64::NAN; 6];
        constraints[Constraint::Strength as usize] = 0.5 / (x + y) - 1.0;
        space.geometric(c).into_iter().for_each(|(k, excess)| constraints[k as usize] = excess);
        let numbers = Numbers { objectives: [shielding, 0.5, 0.0, mass], constraints, modulus: 3000.0 };
        let feasible = numbers.is_feasible(&space.spec.constraints);
        Entry { candidate: c.clone(), numbers: Some(numbers), feasible }
    }

    fn asked(case: &Case) -> Spec {
        Spec {
            cells: vec!["bcc".into()],
            grading: super::super::spec::Grading::Linear,
            cell_size: [1.0, 2.4],
            objectives: vec![Objective::Shielding, Objective::Mass],
            constraints: vec![Constraint::Strength, Constraint::Printability],
            initial: 6,
            ..Spec::of_design(&case.design)
        }
    }

    #[test]
    fn proposals_find_a_larger_hypervolume_than_a_hypercube_and_the_history_is_read_back() {
        let case = Case::embedded("tiny").expect("sound");
        let spec = asked(&case);
        let geometry = geometry::build(&case, std::path::Path::new(".")).expect("an anatomy");
        let space = Space::new(&case, &spec, &geometry.implant).expect("cells in range");
        let mut entries: Vec<Entry> = initial(&space).iter().map(|c| told(&space, c)).collect();
        assert_eq!(entries.len(), 6);
        assert!(entries.iter().all(|e| space.excess(&e.candidate) <= 0.0), "all can be made");
        let mut drawn = entries.clone();
        while entries.len() < 18 {
            let candidate = next(&space, &entries);
            assert_eq!(candidate, next(&space, &entries), "the same from the same");
            entries.push(told(&space, &candidate));
        }
        drawn.extend(space.hypercube(12, "others").iter().map(|c| told(&space, c)));
        let last = |entries: &[Entry]| {
            let volumes = hypervolumes(&spec.objectives, entries, spec.initial);
            assert!(volumes[..5].iter().all(Option::is_none));
            let volumes: Vec<f64> = volumes.into_iter().flatten().collect();
            assert!(volumes.windows(2).all(|w| w[0] <= w[1]), "it never falls");
            volumes[volumes.len() - 1]
        };
        assert!(1.02 * last(&drawn) < last(&entries), "{} {}", last(&drawn), last(&entries));
        let found = front(&spec.objectives, &entries);
        assert!(found.iter().all(|i| entries[*i].feasible) && 3 < found.len(), "{found:?}");
        assert!(chosen(&spec.objectives, &entries, &found).is_some_and(|i| found.contains(&i)));
        let text = to_csv(&space, &entries);
        let again = from_csv(&space, &text).expect("what was written");
        assert_eq!(to_csv(&space, &again), text, "the same bits");
        assert_eq!(next(&space, &again), next(&space, &entries));
        assert!(from_csv(&space, &text.replace("bcc", "octet")).is_err(), "of another space");
    }

    #[test]
    fn thicker_print_is_denser_and_has_smaller_pores() {
        let case = Case::embedded("tiny").expect("sound");
        let geometry = geometry::build(&case, std::path::Path::new(".")).expect("an anatomy");
        let ideal = asked(&case);
        let thick = Spec { strut_bias: 0.06, ..ideal.clone() };
        let of = |spec: &Spec| {
            let space = Space::new(&case, spec, &geometry.implant).expect("cells in range");
            let c = Candidate { cell: 0, densities: vec![0.25, 0.25], cell_size: 1.6 };
            space.printed(&c, 0.25).expect("in range")
        };
        let (a, b) = (of(&ideal), of(&thick));
        assert!((b.strut - a.strut - 0.06).abs() < 1e-9 && a.density == 0.25);
        assert!(a.density < b.density && b.pore < a.pore);
        // Struts of a body-centered cell fill about as the square of their diameter, less at the nodes.
        let exponent = (b.density / a.density).ln() / (b.strut / a.strut).ln();
        assert!((1.5..2.0).contains(&exponent), "{exponent}");
    }
}
