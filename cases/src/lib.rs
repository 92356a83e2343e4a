//! From a case file to a result folder: the order of the pipeline, the design loop, the command line.
//!
//! Modules in reading order: [`cli`] and [`commands`] (what a person can ask), [`document`] (the file as
//! written), [`reader`], [`case`] and [`anatomy`] (its meaning), [`comparator`] (what an implant is compared with), [`diagnostic`] (its problems), [`library`] (embedded
//! cases), [`printing`] (how a lattice comes out of the machine), [`patients`] (the nine published ones), [`mod@bench`] (virtual bench tests), [`pipeline`] (geometry, meshes, models,
//! solutions, assessment, design, record, files), [`mod@print`] (files for the machine from a finished run),
//! [`lattice`] (one lattice cell on its own), [`sweep`] (one case with many values), [`uncertainty`] (values drawn as inputs spread), [`study`] (a question answered by many runs), [`dakota`] (runs that Dakota asks for), [`optimise`] (lattices that are better), [`deck`] (input decks of other programs),
//! [`output`] (whole results only), [`progress`], [`failure`] (exit codes), [`fall`] (panics).
//!
//! Deliberately absent: formulas of mechanics. They live in the mesher and the solver.

pub mod anatomy;
pub mod approach;
pub mod bench;
pub mod calibration;
pub mod case;
pub mod checkpoint;
pub mod cli;
pub mod commands;
pub mod comparator;
pub mod dakota;
pub mod deck;
pub mod diagnostic;
pub mod document;
pub mod failure;
pub mod fall;
pub mod fixation;
pub mod lattice;
pub mod library;
pub mod optimise;
pub mod output;
pub mod patients;
pub mod pipeline;
pub mod print;
pub mod printing;
pub mod progress;
pub mod reader;
pub mod scan;
pub mod spine;
pub mod study;
pub mod sweep;
pub mod uncertainty;
pub mod validation;
