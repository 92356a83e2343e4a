//! Quality of quadratic tetrahedra: dihedral angles, scaled Jacobians, validity.
