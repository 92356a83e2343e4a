//! File formats that leave: STL, 3MF, VTU.
