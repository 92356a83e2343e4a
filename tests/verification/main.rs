//! Published values, each with its source and tolerance.

mod beam_macneal_harder;
mod beam_timoshenko;
mod block_bonded;
mod cylinder_lame;
mod expected_signs;
mod sphere_lame;
mod suite;
