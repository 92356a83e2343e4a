//! Element matrices into the block matrix of the body, through a precomputed scatter map.
