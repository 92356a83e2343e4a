//! Loads and interfaces.
