//! Distance and winding number of a triangle surface.
