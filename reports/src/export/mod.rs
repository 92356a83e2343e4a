//! File formats that leave: STL, 3MF, CLI, VTU; and the check of what was written.

pub mod cli;
pub mod stl;
pub mod threemf;
pub mod verify;
pub mod vtu;
