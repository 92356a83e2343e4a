//! Facts about the parametric anatomy.
