//! File formats that leave: STL, 3MF, VTU; and the check of what was written.

pub mod stl;
pub mod threemf;
pub mod verify;
pub mod vtu;
