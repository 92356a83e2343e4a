//! Material laws.
