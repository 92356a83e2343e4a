//! Simple solids and smooth combinations of fields.
