//! Many runs side by side: what went in, what came out, and how each ended.

use crate::quantity::Relation;
use crate::table::{Cell, NO_UNIT, Table};

/// One input or result of every run.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name in tables, unique.
    pub id: String,
    /// Name for readers.
    pub label: String,
    /// Unit; [`NO_UNIT`] for ratios and words.
    pub unit: String,
    /// Words that the values 0, 1, … stand for; empty for numbers.
    pub words: Vec<String>,
    /// One per run; NaN where a run has none.
    pub values: Vec<f64>,
    /// Limit with its acceptable side.
    pub limit: Option<(f64, Relation)>,
}

impl Variable {
    /// Numbers without limit.
    pub fn numbers(id: &str, label: &str, unit: &str, values: Vec<f64>) -> Self {
        Self { id: id.into(), label: label.into(), unit: unit.into(), words: Vec::new(), values, limit: None }
    }

    /// Words, numbered in the order of their first appearance.
    pub fn words(id: &str, label: &str, found: &[String]) -> Self {
        let mut words: Vec<String> = Vec::new();
        let values = found
            .iter()
            .map(|w| {
                let k = words.iter().position(|v| v == w).unwrap_or_else(|| {
                    words.push(w.clone());
                    words.len() - 1
                });
                k as f64
            })
            .collect();
        Self { id: id.into(), label: label.into(), unit: NO_UNIT.into(), words, values, limit: None }
    }

    /// Least and largest value; `None` when there is none.
    pub fn range(&self) -> Option<[f64; 2]> {
        let present = || self.values.iter().copied().filter(|v| v.is_finite());
        let low = present().min_by(f64::total_cmp)?;
        Some([low, present().max_by(f64::total_cmp)?])
    }

    /// Whether it differs between runs, beyond round-off.
    pub fn varies(&self) -> bool {
        self.range().is_some_and(|[a, b]| 1e-9 * a.abs().max(b.abs()) < b - a)
    }

    /// Whether small values are wanted; `None` where nothing is asked.
    pub fn small_is_good(&self) -> Option<bool> {
        self.limit.map(|(_, side)| side == Relation::AtMost)
    }

    /// A value as shown in tables.
    pub fn shown(&self, value: f64, digits: usize) -> String {
        if !value.is_finite() {
            return String::new();
        }
        self.words.get(value as usize).cloned().unwrap_or_else(|| crate::table::significant(value, digits))
    }

    /// Label and unit.
    pub fn heading(&self) -> String {
        if self.unit == NO_UNIT { self.label.clone() } else { format!("{} [{}]", self.label, self.unit) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Number of the run.
    pub index: usize,
    /// In a word.
    pub status: String,
    /// Whether it has results.
    pub computed: bool,
}

/// Runs with their inputs and results.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// What it is called.
    pub name: String,
    /// One per run.
    pub runs: Vec<End>,
    /// What varied.
    pub inputs: Vec<Variable>,
    /// What came out.
    pub results: Vec<Variable>,
}

impl Ensemble {
    /// The result of that name.
    pub fn result(&self, id: &str) -> Option<&Variable> {
        self.results.iter().find(|r| r.id == id)
    }

    /// At most `most` results that vary, those with a limit first.
    pub fn telling(&self, most: usize) -> Vec<&Variable> {
        let own =
            |judged: bool| self.results.iter().filter(move |r| r.varies() && r.limit.is_some() == judged);
        own(true).chain(own(false)).take(most).collect()
    }

    /// Inputs that differ between runs.
    pub fn varied(&self) -> Vec<&Variable> {
        self.inputs.iter().filter(|i| i.varies()).collect()
    }

    /// Runs that ended without results, with their inputs.
    pub fn failures(&self) -> Table {
        let head = [("run", "1"), ("end", "")];
        let names: Vec<String> = self.inputs.iter().map(Variable::heading).collect();
        let columns: Vec<(&str, &str)> =
            head.into_iter().chain(names.iter().map(|n| (n.as_str(), ""))).collect();
        let mut table =
            Table::new("failed-runs", "Runs without a computed result, and where they lie", &columns);
        for (k, run) in self.runs.iter().enumerate().filter(|(_, r)| !r.computed) {
            let place = self.inputs.iter().map(|i| Cell::from(i.shown(i.values[k], 4)));
            table.push([Cell::from(run.index), Cell::from(run.status.clone())].into_iter().chain(place));
        }
        table
    }

    /// Number of runs without results.
    pub fn n_failed(&self) -> usize {
        self.runs.iter().filter(|r| !r.computed).count()
    }
}

/// Rank correlation of Spearman over the runs that have both; 0 for fewer than three.
pub fn rank_correlation(a: &Variable, b: &Variable) -> f64 {
    let both: Vec<[f64; 2]> = a
        .values
        .iter()
        .zip(&b.values)
        .map(|(x, y)| [*x, *y])
        .filter(|p| p[0].is_finite() && p[1].is_finite())
        .collect();
    let ranks = |k: usize| -> Vec<f64> {
        let mut order: Vec<usize> = (0..both.len()).collect();
        order.sort_by(|i, j| both[*i][k].total_cmp(&both[*j][k]));
        let mut rank = vec![0.0; both.len()];
        let mut at = 0;
        while at < order.len() {
            // Equal values share the middle of their ranks.
            let same = order[at..].iter().take_while(|i| both[**i][k] == both[order[at]][k]).count();
            order[at..at + same].iter().for_each(|i| rank[*i] = at as f64 + 0.5 * (same as f64 - 1.0));
            at += same;
        }
        rank
    };
    if both.len() < 3 {
        return 0.0;
    }
    let (x, y) = (ranks(0), ranks(1));
    let mean = 0.5 * (both.len() as f64 - 1.0);
    let product = |u: &[f64], v: &[f64]| u.iter().zip(v).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let size = (product(&x, &x) * product(&y, &y)).sqrt();
    if 0.0 < size { product(&x, &y) / size } else { 0.0 }
}

/// Indices of the points that no other beats in both numbers, by the first number.
///
/// - `points`: smaller is better in both; points with NaN are left out
pub fn front(points: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|i| points[*i].iter().all(|v| v.is_finite())).collect();
    order.sort_by(|a, b| {
        points[*a][0].total_cmp(&points[*b][0]).then(points[*a][1].total_cmp(&points[*b][1]))
    });
    let mut best = f64::INFINITY;
    order.retain(|i| {
        let kept = points[*i][1] < best;
        best = best.min(points[*i][1]);
        kept
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_correlate_as_in_the_textbook() {
        // Kendall & Gibbons: a monotone curve has 1, its mirror image -1; four ranks with one swap 0.8.
        let v = |x: &[f64]| Variable::numbers("v", "v", "1", x.to_vec());
        assert_eq!(rank_correlation(&v(&[1.0, 2.0, 3.0, 9.0]), &v(&[1.0, 4.0, 9.0, 81.0])), 1.0);
        assert_eq!(rank_correlation(&v(&[1.0, 2.0, 3.0]), &v(&[3.0, 2.0, 1.0])), -1.0);
        // 1 − 6 Σ d² / n (n² − 1) = 1 − 12/60.
        assert!((rank_correlation(&v(&[1.0, 2.0, 3.0, 4.0]), &v(&[2.0, 1.0, 3.0, 4.0])) - 0.8).abs() < 1e-12);
    }

    #[test]
    fn the_front_holds_what_nothing_beats() {
        let p = [[1.0, 5.0], [2.0, 3.0], [2.0, 4.0], [3.0, 3.0], [4.0, 1.0], [f64::NAN, 0.0]];
        assert_eq!(front(&p), vec![0, 1, 4]);
    }

    #[test]
    fn words_are_numbered_and_shown_again() {
        let w = Variable::words("w", "w", &["a".into(), "b".into(), "a".into()]);
        assert_eq!((w.values.clone(), w.shown(1.0, 3)), (vec![0.0, 1.0, 0.0], "b".to_string()));
    }
}
