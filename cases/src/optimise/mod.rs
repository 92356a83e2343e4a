//! Optimisation of the lattice of a case: `dens optimise`.
//!
//! ```text
//! [optimise] --> geometry, meshes, control (once) --> designs one after another --> front --> chosen --> finer mesh
//!                                                      history.csv after each
//! ```
//! Two engines. `bayes` varies a few numbers (cell, relative densities of zones, cell size) against several objectives:
//! designs are proposed by ParEGO on Gaussian processes. `gradient` varies the density of every cell of the mesh against the
//! deviation of the bone's strain energy: adjoint gradients, cone filter, method of moving asymptotes.
//!
//! Guaranteed: a design's numbers depend on the case, the engine and the design alone, so that the same seed gives the same
//! history and a stopped run continues as if it had not been. Not guaranteed: that the chosen design is the best there is.
//!
//! Modules in reading order: [`spec`] (what is asked), [`surfaces`] (stiffness over density, kept on disk), [`design`] (a
//! design from its variables), [`evaluate`] (finite elements), [`bayes`], [`gradient`], [`history`] (what is written after
//! each design), [`chosen`] (the case of the result), [`figures`], [`job`] (the order of all).

pub mod bayes;
pub mod chosen;
pub mod design;
pub mod evaluate;
pub mod figures;
pub mod gradient;
pub mod history;
pub mod job;
pub mod spec;
pub mod surfaces;

pub use spec::Spec;
