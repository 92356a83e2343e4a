//! Many runs of one case: planned once, run anywhere, merged from files.
//!
//! ```text
//! spec  --plan-->  S/manifest.jsonl  --run (any machine, any order)-->  S/cases/<case_id>/  --merge-->  S/results.csv
//! ```
//!
//! Guaranteed:
//! - the manifest is immutable: its hash stands beside it, and each line knows its own;
//! - a case folder appears by one rename, whole or not at all, under the hash of what determines its result;
//! - tables are made from files alone, so they have the same bytes whoever ran the cases, in whatever order;
//! - a case runs in a child process: a crash costs that case only.
//!
//! Not guaranteed: that two programs of different versions agree; a manifest is bound to the version that planned it.

pub mod cluster;
pub mod ensemble;
pub mod forecast;
pub mod manifest;
pub mod merge;
pub mod plot;
pub mod said;
pub mod sample;
pub mod spec;
pub mod store;
pub mod task;

pub use manifest::{Line, Sweep};
pub use spec::Spec;
pub use store::{CaseResult, Status};
