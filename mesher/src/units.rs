//! Quantities with units as people write them, and their meaning in mm, N, s, MPa.
