//! `dens solve`: closed forms through the program, tables, messages.

mod bad_decks;
mod closed_forms;
mod constraints;
mod febio;
mod joints;
mod nonlinear;
mod tables;

use super::{outcome, scratch};
use std::path::Path;

/// Writes a deck and solves it; panics with the messages when that fails.
fn solved(folder: &Path, deck: &str, more: &[&str]) -> std::path::PathBuf {
    std::fs::write(folder.join("deck.inp"), deck).expect("writable");
    let mut arguments = vec!["solve", "deck.inp", "-o", "result", "--quiet"];
    arguments.extend_from_slice(more);
    let (code, _, err) = outcome(folder, &arguments);
    assert_eq!(code, 0, "{err}");
    folder.join("result")
}

/// Whether two numbers agree to a fraction of a scale.
fn near(a: f64, b: f64, scale: f64, fraction: f64) -> bool {
    (a - b).abs() <= fraction * scale
}
