//! Stiffness and first yield of a lattice cell by voxels and multigrid.
//!
//! One period of the solid is cut into n³ cubes; a cube on the surface counts by the share of solid in it,
//! cubes without solid do not exist. Six unit strains are solved at once on the periodic grid.
//!
//! ```text
//! find ũᵏ periodic:  ∫ ε(v) : C : (ε̄ᵏ + ε(ũᵏ)) dV = 0   for all periodic v
//! C̄ₖₗ = 1/|Y| ∫ (ε̄ᵏ + ε(ũᵏ)) : C : (ε̄ˡ + ε(ũˡ)) dV
//! ```
//!
//! ```
//! use dens_mesher::lattice::{Lattice, cell};
//! use dens_solver::homogenize::{Base, Options, homogenize_lattice};
//!
//! let octet = Lattice::with_relative_density(cell("octet").unwrap(), 2.0, 0.3).unwrap();
//! let titanium = Base::new(110_000.0, 0.3).unwrap();
//! let found = homogenize_lattice(&octet, titanium, &Options { resolution: 16, ..Options::default() }).unwrap();
//! let [least, most] = found.young_range();
//! assert!(5000.0 < least && most < 0.3 * 110_000.0); // MPa; below the bound of Voigt
//! ```
//!
//! Guaranteed: same bits for any thread count; exact for a full cell and for layers along the grid.
//! Not guaranteed: the sign of the discretization error; [`TwoGrids`] tells its size.
//! Stresses in the struts come in voxel steps; see [`Amplification`] for what that limits.

mod amplification;
mod brick;
pub mod buckling;
mod conjugate;
mod constants;
mod localization;
mod multigrid;
mod solution;
mod tetrahedra;
mod three_grids;
mod two_grids;
mod voxels;

use dens_mesher::Vec3;
use dens_mesher::lattice::Lattice;
use thiserror::Error;

pub use amplification::Amplification;
pub use constants::Homogenized;
pub use localization::Localization;
pub use solution::CellSolution;
pub use tetrahedra::{Tetrahedra, TetrahedraError, homogenize_tetrahedra, mesh_cell};
pub use three_grids::ThreeGrids;
pub use two_grids::TwoGrids;

/// Isotropic material the solid of a cell is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Base {
    /// Young's modulus, MPa.
    pub youngs_modulus: f64,
    /// Poisson's ratio.
    pub poissons_ratio: f64,
}

impl Base {
    /// Material with E > 0 and −1 < ν < 1/2.
    ///
    /// # Errors
    /// [`HomogenizeError::Base`] outside these ranges.
    pub fn new(youngs_modulus: f64, poissons_ratio: f64) -> Result<Self, HomogenizeError> {
        let base = Self { youngs_modulus, poissons_ratio };
        base.checked()
    }

    fn checked(self) -> Result<Self, HomogenizeError> {
        let Self { youngs_modulus, poissons_ratio } = self;
        let modulus = youngs_modulus.is_finite() && 0.0 < youngs_modulus;
        if modulus && -1.0 < poissons_ratio && poissons_ratio < 0.5 {
            Ok(self)
        } else {
            Err(HomogenizeError::Base { youngs_modulus, poissons_ratio })
        }
    }

    /// Lamé constants λ and μ, MPa.
    fn lame(self) -> [f64; 2] {
        let (e, nu) = (self.youngs_modulus, self.poissons_ratio);
        [e * nu / ((1.0 + nu) * (1.0 - 2.0 * nu)), e / (2.0 * (1.0 + nu))]
    }
}

/// Size of the grid and accuracy of the solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Cubes along the cell edge: a power of two from 8, or 3 or 5 times one. A strut or wall wants six cubes.
    pub resolution: usize,
    /// ‖residual‖ / ‖load‖ of each strain; the stiffness is off by about its square.
    pub tolerance: f64,
    /// Iterations after which the solve is given up; 5 to 20 are the rule.
    pub max_iterations: usize,
}

impl Default for Options {
    /// 64³ cubes to 1e-6.
    fn default() -> Self {
        Self { resolution: 64, tolerance: 1e-6, max_iterations: 200 }
    }
}

/// Why a cell has no stiffness.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum HomogenizeError {
    /// Moduli out of range.
    #[error(
        "Young's modulus {youngs_modulus} MPa with Poisson's ratio {poissons_ratio}; must be above 0 MPa and between -1 and 0.5"
    )]
    Base {
        /// MPa.
        youngs_modulus: f64,
        /// Dimensionless.
        poissons_ratio: f64,
    },
    /// The grid cannot be coarsened to a few nodes.
    #[error(
        "resolution {resolution}; must be 1, 3 or 5 times a power of two, at least 8, for instance 32, 48 or 64"
    )]
    Resolution {
        /// Cubes along the edge.
        resolution: usize,
    },
    /// No cube holds solid.
    #[error("the cell is empty at this resolution")]
    Empty,
    /// The solid does not hang together in all directions.
    #[error("the solid does not carry every strain: it is not one connected piece at this resolution")]
    Disconnected,
    /// The coarsest grid cannot be factorised.
    #[error("the stiffness on the coarsest grid is not positive definite")]
    Singular,
    /// The iteration limit was reached.
    #[error(
        "no convergence after {iterations} iterations: relative residual {residual:.3e}, wanted {tolerance:.3e}"
    )]
    NotConverged {
        /// Iterations done.
        iterations: usize,
        /// Residual reached.
        residual: f64,
        /// Residual wanted.
        tolerance: f64,
    },
}

/// Stiffness of the solid where `value` is negative, in the axes of the cell.
///
/// - `value`: signed, periodic, argument and result in cell edges; near the surface about the distance
/// - `base`: material of the solid
///
/// # Errors
/// [`HomogenizeError`].
pub fn homogenize(
    value: &(dyn Fn([f64; 3]) -> f64 + Sync),
    base: Base,
    options: &Options,
) -> Result<Homogenized, HomogenizeError> {
    Ok(CellSolution::from_value(value, base, options)?.homogenized().clone())
}

/// Stiffness of a lattice in the axes of its cell (its `rotation` is left to the caller).
///
/// # Errors
/// [`HomogenizeError`].
pub fn homogenize_lattice(
    lattice: &Lattice,
    base: Base,
    options: &Options,
) -> Result<Homogenized, HomogenizeError> {
    homogenize(&|q| lattice.cell_value(Vec3::from(q)), base, options)
}

/// Stiffness of a cell whose cubes are void or full of the material `material` names for their x, y, z number.
///
/// # Errors
/// [`HomogenizeError`].
pub fn homogenize_materials(
    material: &(dyn Fn([usize; 3]) -> Option<Base> + Sync),
    options: &Options,
) -> Result<Homogenized, HomogenizeError> {
    Ok(CellSolution::from_materials(material, options)?.homogenized().clone())
}

/// Share of solid, 0 to 1, of each of n³ cubes of a cell, x fastest; shares too small to count are zero.
///
/// - `value`: signed, periodic, argument and result in cell edges; near the surface about the distance
pub(crate) fn solid_shares(value: &(dyn Fn([f64; 3]) -> f64 + Sync), base: Base, n: usize) -> Vec<f64> {
    let voxels = voxels::Voxels::from_value(n, base, value);
    (0..voxels.share.len()).map(|i| if voxels.is_solid(i) { voxels.share[i] } else { 0.0 }).collect()
}

/// The resolution when it halves down to at most five cubes.
fn checked_resolution(options: &Options) -> Result<usize, HomogenizeError> {
    let resolution = options.resolution;
    let odd = if resolution == 0 { 0 } else { resolution >> resolution.trailing_zeros() };
    if 8 <= resolution && resolution.is_multiple_of(2) && odd <= 5 {
        Ok(resolution)
    } else {
        Err(HomogenizeError::Resolution { resolution })
    }
}

#[cfg(test)]
mod tests;
