//! The runs of a sweep side by side, for plots.

use super::manifest::Sweep;
use super::merge::shown;
use super::store::{CaseResult, Status};
use crate::document::Value;
use crate::uncertainty::distribution::Measured;
use dens_reports::ensemble::{End, Ensemble, Variable};
use dens_reports::table::NO_UNIT;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// The runs of a sweep that have ended, with `inputs` in place of the parameters where given.
///
/// - `found`: one per run of the sweep
/// - `inputs`: values of all runs of the sweep, those that have not ended too
pub fn ensemble(
    name: &str,
    sweep: &Sweep,
    found: &[Option<CaseResult>],
    inputs: Option<Vec<Variable>>,
) -> Ensemble {
    let ended: Vec<usize> = (0..found.len()).filter(|k| found[*k].is_some()).collect();
    let runs = ended
        .iter()
        .filter_map(|k| found[*k].as_ref().map(|r| (k, r)))
        .map(|(k, r)| End { index: *k, status: r.status.name().into(), computed: r.status == Status::Ok })
        .collect();
    let inputs = match inputs {
        Some(inputs) => inputs
            .into_iter()
            .map(|v| Variable { values: ended.iter().map(|k| v.values[*k]).collect(), ..v })
            .collect(),
        None => parameters(sweep, &ended),
    };
    Ensemble { name: name.to_string(), runs, inputs, results: results(&ended, found) }
}

fn parameters(sweep: &Sweep, ended: &[usize]) -> Vec<Variable> {
    let paths: BTreeSet<&String> = sweep.lines.iter().flat_map(|l| l.params.keys()).collect();
    paths
        .into_iter()
        .map(|path| {
            let values: Vec<Json> = ended
                .iter()
                .map(|k| sweep.lines[*k].params.get(path).cloned().unwrap_or(Json::Null))
                .collect();
            let measured: Option<Vec<Measured>> = values.iter().map(number).collect();
            // The last part of a path tells what it is; the whole is its name in tables.
            let label = path.rsplit('.').next().unwrap_or(path).replace('_', " ");
            match measured {
                Some(m) if m.iter().all(|v| v.unit == m[0].unit) => {
                    let unit = m.first().map_or("", |v| v.unit.as_str());
                    let unit = if unit.is_empty() { NO_UNIT } else { unit };
                    Variable::numbers(path, &label, unit, m.iter().map(|v| v.number).collect())
                }
                _ => Variable::words(path, &label, &values.iter().map(shown).collect::<Vec<_>>()),
            }
        })
        .collect()
}

fn number(value: &Json) -> Option<Measured> {
    match value {
        Json::Number(n) => Measured::read(&Value::Number(n.as_f64()?)),
        Json::String(t) => Measured::read(&Value::Text(t.clone())).filter(|m| !m.unit.is_empty()),
        _ => None,
    }
}

fn results(ended: &[usize], found: &[Option<CaseResult>]) -> Vec<Variable> {
    // In the order of the first run that has them.
    let mut order: Vec<&str> = Vec::new();
    let mut variables: BTreeMap<&str, Variable> = BTreeMap::new();
    for (row, result) in ended.iter().filter_map(|k| found[*k].as_ref()).enumerate() {
        for q in &result.quantities {
            let v = variables.entry(&q.id).or_insert_with(|| {
                order.push(&q.id);
                let mut v = Variable::numbers(&q.id, &q.label, &q.unit, vec![f64::NAN; ended.len()]);
                v.limit = q.limit.zip(q.relation);
                v
            });
            v.values[row] = q.value;
        }
    }
    order.into_iter().filter_map(|id| variables.remove(id)).collect()
}
