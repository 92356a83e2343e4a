//! Element formulations of small-strain elasticity: stiffness, strains, forces of initial strains.
//!
//! A formulation is a member of [`CATALOGUE`]. The tetrahedra of the mesher choose theirs per material, see
//! [`Section`]; cells of input decks name theirs, see [`crate::statics::Formulation`]. The matrix of an element
//! with n nodes is stored as the n (n + 1) / 2 blocks of 3 × 3 on and above the diagonal, see [`block_of`].

pub mod displacement;
pub mod incompatible;
pub mod isoparametric;
pub mod mean_dilatation;
pub mod moments;
pub(crate) mod points;

use crate::tensor::{self, Six, Stiffness};
use dens_mesher::Vec3;
use dens_mesher::cells::Rule;
use dens_mesher::mixed::Shape;
use nalgebra::DMatrix;
use thiserror::Error;

pub use displacement::Displacement;
pub use incompatible::IncompatibleHex8;
pub use isoparametric::{HEX8, HEX20, HEX20_REDUCED, Isoparametric, TET4, TET10, WEDGE6, WEDGE15};
pub use mean_dilatation::{MeanDilatation, MeanDilatationHex8};

/// Most blocks of an element matrix: 20 nodes.
pub const MAX_BLOCKS: usize = n_blocks(20);

/// Stored blocks of the matrix of an element with `n` nodes.
pub const fn n_blocks(n: usize) -> usize {
    n * (n + 1) / 2
}

/// Number of the stored block (i, j) with i ≤ j of an element with `n` nodes; block (j, i) is its transpose.
///
/// Blocks are numbered row by row: (0, 0) … (0, n − 1), (1, 1) … .
pub const fn block_of(n: usize, i: usize, j: usize) -> usize {
    i * (2 * n - i - 1) / 2 + j
}

/// Strain at one quadrature point.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PointStrain {
    /// Small strain, order xx yy zz yz xz xy, engineering shear.
    pub strain: Six,
    /// Volume the point stands for, mm³.
    pub weight: f64,
}

/// A cell turned inside out or without volume.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("volume ratio {jacobian:.3e} mm³ is not positive")]
pub struct Inverted {
    /// Smallest volume ratio det ∂x/∂ξ met at a quadrature point, mm³.
    pub jacobian: f64,
}

/// Formulation of small-strain elasticity on one cell shape.
///
/// ```text
/// energy = ½ ∫ (ε̄ − ε₀) : C : (ε̄ − ε₀) dV        ε̄ = B̄ u: strain as the formulation sees it
/// K = ∫ B̄ᵀ C B̄ dV        f₀ = ∫ B̄ᵀ C ε₀ dV
/// ```
/// `points`, `displacements` and forces have one entry per node, initial strains one per point of
/// [`Element::rule`].
pub trait Element: Send + Sync + std::fmt::Debug {
    /// Name as in a case file.
    fn name(&self) -> &'static str;

    /// Where the formulation comes from.
    fn source(&self) -> &'static str;

    /// Cell shape.
    fn shape(&self) -> Shape;

    /// Points at which strains are given, in the order of Abaqus.
    fn rule(&self) -> &'static Rule;

    /// Element stiffness ∫ B̄ᵀ C B̄ dV into `out`, N/mm.
    ///
    /// - `points`: node positions, mm; the cell may be curved
    /// - `stiffness`: material, MPa, symmetric, in the global frame
    /// - `out`: [`n_blocks`] blocks, row-major 3 × 3
    ///
    /// # Errors
    /// [`Inverted`] when the volume ratio is not positive at a quadrature point.
    fn stiffness(&self, points: &[Vec3], stiffness: &Stiffness, out: &mut [[f64; 9]])
    -> Result<(), Inverted>;

    /// Strains ε̄ at the points of [`Element::rule`], as the energy of this formulation sees them.
    ///
    /// - `initial`: initial strains ε₀, or empty; internal unknowns depend on them and on the material
    /// - `out`: one entry per point
    ///
    /// # Errors
    /// [`Inverted`] as above.
    fn strains(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        displacements: &[Vec3],
        initial: &[Six],
        out: &mut [PointStrain],
    ) -> Result<(), Inverted>;

    /// Nodal forces ∫ B̄ᵀ C ε₀ dV of initial strains, N, into `out`.
    ///
    /// # Errors
    /// [`Inverted`] as above.
    fn initial_forces(
        &self,
        points: &[Vec3],
        stiffness: &Stiffness,
        initial: &[Six],
        out: &mut [Vec3],
    ) -> Result<(), Inverted>;
}

/// Every formulation.
pub static CATALOGUE: &[&dyn Element] = &[
    &Displacement,
    &MeanDilatation,
    &TET4,
    &TET10,
    &HEX8,
    &MeanDilatationHex8,
    &IncompatibleHex8,
    &HEX20,
    &HEX20_REDUCED,
    &WEDGE6,
    &WEDGE15,
];

/// Material together with the formulation its cells use.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Stiffness in the global frame, MPa.
    pub stiffness: Stiffness,
    /// Formulation of the cells.
    pub element: &'static dyn Element,
}

impl Section {
    /// Section of ten-node tetrahedra with the formulation that suits the material: [`MeanDilatation`] where
    /// the ratio of bulk to shear modulus is beyond [`tensor::LOCKING_RATIO`], else [`Displacement`].
    pub fn suited(stiffness: Stiffness) -> Self {
        let locks = tensor::LOCKING_RATIO < tensor::bulk_to_shear(&stiffness);
        let element: &'static dyn Element = if locks { &MeanDilatation } else { &Displacement };
        Self { stiffness, element }
    }
}

/// Symmetric dense matrix of an element with `n` nodes; row 3 i + k is axis k of local node i.
pub fn full(n: usize, blocks: &[[f64; 9]]) -> DMatrix<f64> {
    DMatrix::from_fn(3 * n, 3 * n, |row, column| {
        let (i, j, a, b) = (row / 3, column / 3, row % 3, column % 3);
        if i <= j { blocks[block_of(n, i, j)][3 * a + b] } else { blocks[block_of(n, j, i)][3 * b + a] }
    })
}

#[cfg(test)]
mod tests;
