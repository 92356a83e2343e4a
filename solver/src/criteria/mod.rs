//! Assessment criteria.
