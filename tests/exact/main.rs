//! Closed forms that the discrete model reproduces to round-off.

mod patch_constant_strain;
mod rigid_motions;
