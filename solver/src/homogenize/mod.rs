//! Stiffness of a lattice cell by voxels and multigrid.
