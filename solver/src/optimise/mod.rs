//! Optimisation of lattices: how far the bone's strain energy is from that of the intact spine, its gradient by the
//! density of every cell, and the methods that use them.
//!
//! Modules in reading order: [`response`] (stiffness over relative density), [`deviation`] (objective and adjoint gradient),
//! [`filter`] (length scale), [`mma`] (minimisation with gradients), [`gaussian`] (costly functions from a few values), [`pareto`] (several objectives at once).
//!
//! Deliberately absent: files, and the order of the work; they live in the case crate.

pub mod deviation;
pub mod filter;
pub mod gaussian;
pub mod mma;
pub mod pareto;
pub mod response;
