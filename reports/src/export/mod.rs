//! File formats that leave: STL, 3MF, VTU.

pub mod stl;
pub mod threemf;
pub mod vtu;
