//! One lattice cell on its own: what `dens lattice` computes, prints and draws.
//!
//! [`book`] holds the embedded solids and published values, [`study`] the numbers, [`text`] and [`json`] their two
//! forms, [`pictures`] the drawings.

pub mod book;
pub mod json;
pub mod pictures;
pub mod study;
pub mod text;
