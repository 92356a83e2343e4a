//! What is written after each design, and read to go on.

use super::design::{Candidate, Space};
use super::evaluate::Numbers;
use super::spec::{Constraint, Objective};
use crate::failure::Failure;
use dens_solver::optimise::pareto;

/// One evaluated design.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its variables.
    pub candidate: Candidate,
    /// What was found; none where it has no equilibrium.
    pub numbers: Option<Numbers>,
    /// Whether every asked constraint holds.
    pub feasible: bool,
}

impl Entry {
    /// The asked objectives.
    fn objectives(&self, asked: &[Objective]) -> Option<Vec<f64>> {
        self.numbers.as_ref().map(|n| asked.iter().map(|o| n.objective(*o)).collect())
    }
}

/// Indices of the designs that keep every constraint and that no other of these dominates.
pub fn front(asked: &[Objective], entries: &[Entry]) -> Vec<usize> {
    let kept: Vec<(usize, Vec<f64>)> = entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.feasible)
        .filter_map(|(i, e)| Some((i, e.objectives(asked)?)))
        .collect();
    let points: Vec<Vec<f64>> = kept.iter().map(|k| k.1.clone()).collect();
    pareto::front(&points).into_iter().map(|k| kept[k].0).collect()
}

/// Corner that the hypervolume is counted from: a tenth beyond the worst of the first designs; none before they are there.
pub fn reference(asked: &[Objective], entries: &[Entry], initial: usize) -> Option<Vec<f64>> {
    if entries.len() < initial {
        return None;
    }
    let rows: Vec<Vec<f64>> = entries[..initial].iter().filter_map(|e| e.objectives(asked)).collect();
    let fold = |k: usize, f: fn(f64, f64) -> f64, start| rows.iter().map(|r| r[k]).fold(start, f);
    (!rows.is_empty()).then(|| {
        (0..asked.len())
            .map(|k| {
                let (low, high) = (fold(k, f64::min, f64::INFINITY), fold(k, f64::max, f64::NEG_INFINITY));
                high + 0.1 * (high - low).max(1e-3 * high.abs())
            })
            .collect()
    })
}

/// Hypervolume after each design as a share of the box from zero to the reference; none before the first ones are there.
pub fn hypervolumes(asked: &[Objective], entries: &[Entry], initial: usize) -> Vec<Option<f64>> {
    let Some(reference) = reference(asked, entries, initial) else { return vec![None; entries.len()] };
    let whole: f64 = reference.iter().product();
    let after = |n: usize| {
        let points: Vec<Vec<f64>> =
            front(asked, &entries[..n]).into_iter().filter_map(|i| entries[i].objectives(asked)).collect();
        pareto::hypervolume(&points, &reference) / whole
    };
    (1..=entries.len()).map(|n| (initial <= n).then(|| after(n))).collect()
}

/// Names of the columns before the numbers.
fn variables(space: &Space<'_>) -> Vec<String> {
    let mut names = vec!["design".to_string(), "cell".to_string()];
    names.extend(space.spec.grading.densities().iter().map(|n| (*n).to_string()));
    names.push("cell_size_mm".into());
    names
}

/// All designs as CSV; numbers with every digit, so that reading gives the same bits.
pub fn to_csv(space: &Space<'_>, entries: &[Entry]) -> String {
    let asked = &space.spec.objectives;
    let mut header = variables(space);
    header.extend(["printed_density_min", "strut_mm", "pore_mm", "modulus_mpa"].map(String::from));
    header.extend(Objective::ALL.map(|o| match o {
        Objective::Mass => "mass_g".to_string(),
        other => other.name().to_string(),
    }));
    header.extend(Constraint::ALL.map(|c| format!("excess_{}", c.name())));
    header.extend(["feasible", "hypervolume"].map(String::from));
    let volumes = hypervolumes(asked, entries, space.spec.initial);
    let mut text = header.join(",");
    text.push('\n');
    for (i, (e, volume)) in entries.iter().zip(volumes).enumerate() {
        let number = |v: f64| if v.is_nan() { String::new() } else { v.to_string() };
        let mut row = vec![(i + 1).to_string(), space.cell(&e.candidate).to_string()];
        row.extend(e.candidate.densities.iter().map(f64::to_string));
        row.push(e.candidate.cell_size.to_string());
        match space.ends(&e.candidate) {
            Some([thin, thick]) => row.extend([thin.density, thin.strut, thick.pore].map(number)),
            None => row.extend(["", "", ""].map(String::from)),
        }
        match &e.numbers {
            Some(n) => {
                row.push(number(n.modulus));
                row.extend(n.objectives.map(number));
                row.extend(n.constraints.map(number));
            }
            None => row.extend(vec![String::new(); 11]),
        }
        row.push(e.feasible.to_string());
        row.push(volume.map_or_else(String::new, |v| v.to_string()));
        text.push_str(&row.join(","));
        text.push('\n');
    }
    text
}

/// Designs of a history that [`to_csv`] wrote for the same space.
///
/// # Errors
/// A file that is not one; exit 2.
pub fn from_csv(space: &Space<'_>, text: &str) -> Result<Vec<Entry>, Failure> {
    let broken = |line: usize| {
        Failure::input(format!(
            "history.csv, line {line}, is not what this optimisation wrote\n  = hint: give another folder with `-o` to start anew"
        ))
    };
    let n = space.spec.grading.densities().len();
    let mut entries = Vec::new();
    for (i, line) in text.lines().enumerate().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        if fields.len() != n + 19 || fields[0] != i.to_string() {
            return Err(broken(i + 1));
        }
        let number = |k: usize| match fields[k] {
            "" => Some(f64::NAN),
            t => t.parse::<f64>().ok(),
        };
        let cell = space.spec.cells.iter().position(|c| c == fields[1]);
        let parse = || {
            let densities: Option<Vec<f64>> = (2..2 + n).map(number).collect();
            let candidate = Candidate { cell: cell?, densities: densities?, cell_size: number(2 + n)? };
            let first = n + 6;
            let numbers = if fields[first].is_empty() {
                None
            } else {
                let of = |from: usize, count: usize| {
                    (from..from + count).map(number).collect::<Option<Vec<f64>>>()
                };
                Some(Numbers {
                    modulus: number(first)?,
                    objectives: of(first + 1, 4)?.try_into().ok()?,
                    constraints: of(first + 5, 6)?.try_into().ok()?,
                })
            };
            let feasible = fields[first + 11] == "true";
            Some(Entry { candidate, numbers, feasible })
        };
        entries.push(parse().ok_or_else(|| broken(i + 1))?);
    }
    Ok(entries)
}
