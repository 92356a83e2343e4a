//! Questions of an engineer answered on a case, from the runs to one PDF.

pub mod lattice;
