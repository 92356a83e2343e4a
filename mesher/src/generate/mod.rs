//! From fields to tetrahedra and to surfaces.
