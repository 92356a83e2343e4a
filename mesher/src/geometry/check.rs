//! What is wrong with a triangle surface, and where.
