//! Surface files: STL, PLY, OBJ.
