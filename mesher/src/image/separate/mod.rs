//! Bones of a CT from seed points.
