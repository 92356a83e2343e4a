//! Six-component stress and strain, rotations of stiffness.
