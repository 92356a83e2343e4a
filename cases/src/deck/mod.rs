//! Input decks of Abaqus and CalculiX: from text to a model, to the solver, and to other formats.
//!
//! Modules in reading order: [`source`] and [`fields`] (texts, places, numbers), [`lexer`] (keyword lines and data
//! lines), [`kind`] (element types), [`model`] and [`joints`] (what a deck says), [`reader`] (from lines to the model, all problems
//! at once), [`elastic`] and [`axes`]
//! (constants and axes as matrices), [`states`] (what acts at the end of each step), [`build`] (to the solver),
//! [`results`] (back to labels), [`inp`], [`vtu`] and [`feb`] (other files).
//!
//! A deck has no units of its own: every number is in the user's consistent units.

pub mod axes;
pub mod build;
pub mod elastic;
pub mod feb;
pub mod fields;
pub mod inp;
pub mod joints;
pub mod kind;
pub mod lexer;
pub mod model;
pub mod reader;
pub mod results;
pub mod source;
pub mod states;
pub mod vtu;

pub use model::Deck;
pub use reader::read;

/// Line that `n` things of a kind have no place in a format; none for none.
fn count(what: &str, n: usize, format: &str) -> Option<String> {
    let plural = if n == 1 { "has" } else { "have" };
    let end = if n == 1 { "" } else { "s" };
    (0 < n).then(|| format!("{n} {what}{end} {plural} no place in {format}"))
}
