//! Numbers of the assessment with their criterion and margin.

use serde::{Deserialize, Serialize};

/// Side of the limit on which a value is acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// Value ≤ limit.
    #[serde(rename = "<")]
    AtMost,
    /// Value ≥ limit.
    #[serde(rename = ">")]
    AtLeast,
}

/// Outcome of one quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// On the acceptable side of its limit.
    Met,
    /// On the wrong side of its limit.
    NotMet,
    /// No criterion applies.
    Informative,
}

/// Number of the assessment, judged where a criterion exists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quantity {
    /// Name, unique in the record, lower case with dashes.
    pub id: String,
    /// Name for readers.
    pub label: String,
    /// Region of the model.
    pub region: String,
    /// Load it belongs to.
    pub load: String,
    /// Value in `unit`.
    pub value: f64,
    /// Unit; [`NO_UNIT`](crate::table::NO_UNIT) for a ratio.
    pub unit: String,
    /// What is asked of the value; empty when nothing is.
    pub criterion: String,
    /// Limit in `unit`.
    pub limit: Option<f64>,
    /// Acceptable side of the limit.
    pub relation: Option<Relation>,
    /// Where the limit comes from.
    pub source: String,
    /// limit / value − 1, or value / limit − 1 for a lower limit; negative fails. Absent without a limit and
    /// where the ratio says nothing (value or limit not positive).
    pub margin: Option<f64>,
    /// Outcome.
    pub verdict: Outcome,
}

impl Quantity {
    /// Quantity without criterion.
    pub fn new(id: &str, label: &str, value: f64, unit: &str) -> Self {
        Self {
            id: id.to_string(),
            label: label.to_string(),
            region: String::new(),
            load: String::new(),
            value,
            unit: unit.to_string(),
            criterion: String::new(),
            limit: None,
            relation: None,
            source: String::new(),
            margin: None,
            verdict: Outcome::Informative,
        }
    }

    /// The same, in a region.
    pub fn region(mut self, region: &str) -> Self {
        self.region = region.to_string();
        self
    }

    /// The same, under a load.
    pub fn load(mut self, load: &str) -> Self {
        self.load = load.to_string();
        self
    }

    /// The same, judged against `limit` (in the unit of the value); margin and outcome follow.
    pub fn judged(mut self, criterion: &str, relation: Relation, limit: f64, source: &str) -> Self {
        let (met, ratio) = match relation {
            Relation::AtMost => (self.value <= limit, limit / self.value),
            Relation::AtLeast => (self.value >= limit, self.value / limit),
        };
        let meaningful = 0.0 < self.value && 0.0 < limit && ratio.is_finite();
        self.criterion = criterion.to_string();
        self.limit = Some(limit);
        self.relation = Some(relation);
        self.source = source.to_string();
        self.margin = meaningful.then_some(ratio - 1.0);
        self.verdict = if met { Outcome::Met } else { Outcome::NotMet };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margin_is_negative_exactly_when_the_criterion_is_not_met() {
        let q = |v: f64, r| Quantity::new("q", "Q", v, "MPa").judged("c", r, 100.0, "s");
        assert_eq!(q(80.0, Relation::AtMost).margin, Some(0.25));
        assert_eq!(q(80.0, Relation::AtMost).verdict, Outcome::Met);
        assert_eq!(q(80.0, Relation::AtLeast).verdict, Outcome::NotMet);
        assert!(q(80.0, Relation::AtLeast).margin < Some(0.0));
        assert_eq!(q(0.0, Relation::AtMost).margin, None);
        assert_eq!(q(0.0, Relation::AtMost).verdict, Outcome::Met);
        assert_eq!(q(f64::NAN, Relation::AtMost).verdict, Outcome::NotMet);
    }
}
