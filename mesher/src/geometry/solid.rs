//! The printable solid: envelope, skin, walls and the real lattice in one field.
