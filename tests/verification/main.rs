//! Published values, each with its source and tolerance.

mod beam_timoshenko;
mod block_bonded;
mod sphere_lame;
