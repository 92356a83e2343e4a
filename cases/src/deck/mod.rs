//! Input decks of Abaqus and CalculiX: from text to a model, to the solver, and to other formats.
//!
//! Modules in reading order: [`source`] and [`fields`] (texts, places, numbers), [`lexer`] (keyword lines and data
//! lines), [`kind`] (element types), [`model`] (what a deck says), [`reader`] (from lines to the model, all problems
//! at once), [`elastic`] (constants as stiffness).
//!
//! A deck has no units of its own: every number is in the user's consistent units.

pub mod elastic;
pub mod fields;
pub mod kind;
pub mod lexer;
pub mod model;
pub mod reader;
pub mod source;

pub use model::Deck;
pub use reader::read;
