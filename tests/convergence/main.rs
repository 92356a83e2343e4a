//! Observed orders of convergence.

mod manufactured_solution;
