//! What the rest of a sweep will take, from what its finished runs took.

use super::manifest::Sweep;
use super::store::{CaseResult, Cost};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Time, memory and storage of the runs that are left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Finished runs it is made from.
    pub measured: usize,
    /// Different runs that are left.
    pub left: usize,
    /// Mean wall-clock seconds of a run.
    pub seconds: f64,
    /// Mean threads times seconds of a run.
    pub core_seconds: f64,
    /// Largest memory of a run, MiB.
    pub memory_mib: f64,
    /// Mean bytes kept of a run.
    pub bytes: f64,
}

impl Forecast {
    /// Forecast of a sweep; `None` before its first run.
    pub fn of(sweep: &Sweep) -> Option<Self> {
        let ids: BTreeSet<&String> = sweep.lines.iter().map(|l| &l.case_id).collect();
        let ids: Vec<&String> = ids.into_iter().collect();
        let costs: Vec<Cost> = ids
            .par_iter()
            .filter(|id| CaseResult::read(sweep, id).is_some())
            .filter_map(|id| CaseResult::cost(sweep, id))
            .collect();
        let n = costs.len();
        if n == 0 {
            return None;
        }
        let mean = |f: &dyn Fn(&Cost) -> f64| costs.iter().map(f).sum::<f64>() / n as f64;
        Some(Self {
            measured: n,
            left: ids.len() - n,
            seconds: mean(&|c| c.seconds),
            core_seconds: mean(&|c| c.seconds * c.threads as f64),
            memory_mib: costs.iter().map(|c| c.peak_memory_mib).fold(0.0, f64::max),
            bytes: mean(&|c| c.bytes as f64),
        })
    }

    /// The forecast in a line.
    pub fn words(&self) -> String {
        let left = self.left as f64;
        format!(
            "left: {} runs, {:.2} core-hours, up to {:.0} MiB of memory each, {:.1} MB of storage (from {} finished, {:.1} s each)",
            self.left,
            self.core_seconds * left / 3600.0,
            self.memory_mib,
            self.bytes * left / 1e6,
            self.measured,
            self.seconds
        )
    }
}
