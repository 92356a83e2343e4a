//! The record of a run: every number of the report, with unit.
