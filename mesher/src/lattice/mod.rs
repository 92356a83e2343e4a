//! Unit cells of lattices as periodic signed functions.
