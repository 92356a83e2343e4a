//! Element formulations.
