//! 3MF core package, written and read back.
