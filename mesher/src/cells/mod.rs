//! Shape functions and quadrature of the cell shapes.
