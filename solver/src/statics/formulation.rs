//! Which element formulation a cell uses, named after the element types of Abaqus.

use crate::elements::{
    Displacement, Element, HEX8, HEX20, HEX20_REDUCED, IncompatibleHex8, MeanDilatation, MeanDilatationHex8,
    TET4, TET10, WEDGE6, WEDGE15,
};
use crate::tensor::{self, LOCKING_RATIO, Stiffness};
use dens_mesher::mixed::Shape;

/// Element formulation of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Formulation {
    /// C3D4: linear tetrahedron, one point.
    Tet4,
    /// C3D10: quadratic tetrahedron, four points; 14 for the stiffness of curved cells, which then pass the patch
    /// test.
    Tet10,
    /// Quadratic tetrahedron, four points on curved cells too: what CalculiX does for C3D10.
    Tet10FourPoints,
    /// Quadratic tetrahedron with the dilatation averaged over the cell, for Poisson's ratios beyond 0.45.
    Tet10MeanDilatation,
    /// C3D8: linear brick, 2 × 2 × 2 points, the dilatation averaged over the cell (B-bar).
    Hex8,
    /// Linear brick, 2 × 2 × 2 points, nothing averaged: what CalculiX does for C3D8.
    Hex8Full,
    /// C3D8I: linear brick with incompatible modes, 2 × 2 × 2 points.
    Hex8Incompatible,
    /// C3D20: quadratic brick, 3 × 3 × 3 points.
    Hex20,
    /// C3D20R: quadratic brick, 2 × 2 × 2 points.
    Hex20Reduced,
    /// C3D6: linear prism, two points.
    Wedge6,
    /// C3D15: quadratic prism, nine points.
    Wedge15,
}

impl Formulation {
    /// Number of integration points of a linear analysis.
    pub fn n_points(self) -> usize {
        self.element().rule().points.len()
    }

    /// Every formulation.
    pub const ALL: [Self; 11] = [
        Self::Tet4,
        Self::Tet10,
        Self::Tet10FourPoints,
        Self::Tet10MeanDilatation,
        Self::Hex8,
        Self::Hex8Full,
        Self::Hex8Incompatible,
        Self::Hex20,
        Self::Hex20Reduced,
        Self::Wedge6,
        Self::Wedge15,
    ];

    /// Formulation of an Abaqus element type such as `C3D10`; `None` for types that are not supported.
    pub fn of_abaqus_type(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "C3D4" => Some(Self::Tet4),
            "C3D10" => Some(Self::Tet10),
            "C3D8" => Some(Self::Hex8),
            "C3D8I" => Some(Self::Hex8Incompatible),
            "C3D20" => Some(Self::Hex20),
            "C3D20R" => Some(Self::Hex20Reduced),
            "C3D6" => Some(Self::Wedge6),
            "C3D15" => Some(Self::Wedge15),
            _ => None,
        }
    }

    /// Abaqus element type with these nodes and integration points.
    pub fn abaqus_type(self) -> &'static str {
        match self {
            Self::Tet4 => "C3D4",
            Self::Tet10 | Self::Tet10FourPoints | Self::Tet10MeanDilatation => "C3D10",
            Self::Hex8 | Self::Hex8Full => "C3D8",
            Self::Hex8Incompatible => "C3D8I",
            Self::Hex20 => "C3D20",
            Self::Hex20Reduced => "C3D20R",
            Self::Wedge6 => "C3D6",
            Self::Wedge15 => "C3D15",
        }
    }

    /// This formulation, or its counterpart that does not lock for a nearly incompressible material: tet10
    /// becomes mean dilatation where κ/μ exceeds [`LOCKING_RATIO`]. The others are as in Abaqus.
    pub fn suited(self, stiffness: &Stiffness) -> Self {
        let ratio = tensor::bulk_to_shear(stiffness);
        if self == Self::Tet10 && LOCKING_RATIO < ratio { Self::Tet10MeanDilatation } else { self }
    }

    /// Shape of its cells.
    pub fn shape(self) -> Shape {
        match self {
            Self::Tet4 => Shape::Tet4,
            Self::Tet10 | Self::Tet10FourPoints | Self::Tet10MeanDilatation => Shape::Tet10,
            Self::Hex8 | Self::Hex8Full | Self::Hex8Incompatible => Shape::Hex8,
            Self::Hex20 | Self::Hex20Reduced => Shape::Hex20,
            Self::Wedge6 => Shape::Wedge6,
            Self::Wedge15 => Shape::Wedge15,
        }
    }

    /// The formulation itself.
    pub fn element(self) -> &'static dyn Element {
        match self {
            Self::Tet4 => &TET4,
            Self::Tet10 => &Displacement,
            Self::Tet10FourPoints => &TET10,
            Self::Tet10MeanDilatation => &MeanDilatation,
            Self::Hex8 => &MeanDilatationHex8,
            Self::Hex8Full => &HEX8,
            Self::Hex8Incompatible => &IncompatibleHex8,
            Self::Hex20 => &HEX20,
            Self::Hex20Reduced => &HEX20_REDUCED,
            Self::Wedge6 => &WEDGE6,
            Self::Wedge15 => &WEDGE15,
        }
    }
}
