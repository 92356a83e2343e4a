//! What a solve returns, and what is recovered from it.
