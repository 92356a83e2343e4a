//! Binary STL, written and read back.
