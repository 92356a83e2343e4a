//! Parametric C1 to C4 from published dimensions.
