//! Triangle surfaces: checks, measures.
