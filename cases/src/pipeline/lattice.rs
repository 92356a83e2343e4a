//! A lattice as the pipeline uses it: dimensions, homogenised stiffness, strut stress.

use crate::case::{Case, Titanium};
use crate::failure::Failure;
use dens_mesher::lattice::{Lattice, cell};
use dens_solver::homogenize::{
    Amplification, Base, CellSolution, HomogenizeError, Homogenized, Options, TwoGrids,
};

/// Dimensions of a lattice as drawn.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The lattice in space.
    pub lattice: Lattice,
    /// Solid share.
    pub relative_density: f64,
    /// Strut diameter or wall thickness, mm.
    pub strut: f64,
    /// Largest pore, mm.
    pub pore: f64,
}

impl Drawn {
    /// Lattice of this cell, density and size.
    ///
    /// # Errors
    /// An unknown cell or a density it cannot have; exit 2.
    pub fn new(name: &str, relative_density: f64, cell_size: f64) -> Result<Self, Failure> {
        let cell = cell(name).map_err(Failure::input)?;
        let lattice =
            Lattice::with_relative_density(cell, cell_size, relative_density).map_err(Failure::input)?;
        let (strut, pore) = (lattice.strut_mm(), lattice.pore_mm());
        Ok(Self { lattice, relative_density, strut, pore })
    }

    /// The same with another cell size: everything scales.
    pub fn resized(&self, cell_size: f64) -> Self {
        let factor = cell_size / self.lattice.cell_size_mm;
        let lattice = Lattice { cell_size_mm: cell_size, ..self.lattice };
        Self {
            lattice,
            relative_density: self.relative_density,
            strut: self.strut * factor,
            pore: self.pore * factor,
        }
    }
}

/// Homogenised lattice of the chosen design.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Dimensions.
    pub drawn: Drawn,
    /// Stiffness extrapolated from two grids.
    pub homogenized: Homogenized,
    /// Change of the stiffness from half the resolution to this one, relative.
    pub spread: f64,
    /// Strut stress per stress on the lattice.
    pub amplification: Amplification,
}

fn base(titanium: &Titanium) -> Result<Base, Failure> {
    Base::new(titanium.modulus, titanium.poisson).map_err(Failure::input)
}

/// Nearest resolution of which half can be taken too: 1, 3 or 5 times a power of two, at least 16.
pub fn resolution(wanted: usize) -> usize {
    let possible = [1usize, 3, 5].into_iter().flat_map(|odd| (2..=9).map(move |k| odd << k));
    possible.filter(|n| (16..=512).contains(n)).min_by_key(|n| (n.abs_diff(wanted), *n)).unwrap_or(32)
}

/// Stiffness of a lattice, extrapolated from `voxels` along the cell edge and half of them.
///
/// # Errors
/// A cell that is empty or falls apart at this resolution; exit 2.
pub fn stiffness(case: &Case, drawn: &Drawn, voxels: usize) -> Result<TwoGrids, Failure> {
    stiffness_of(&case.titanium, drawn, voxels)
}

fn stiffness_of(titanium: &Titanium, drawn: &Drawn, voxels: usize) -> Result<TwoGrids, Failure> {
    let options = Options { resolution: resolution(voxels), ..Options::default() };
    let value = |q: [f64; 3]| drawn.lattice.cell_value(q.into());
    TwoGrids::solve(&value, base(titanium)?, &options).map_err(|e| failed(drawn, &e))
}

fn failed(drawn: &Drawn, error: &HomogenizeError) -> Failure {
    Failure::input(format!("lattice `{}`: {error}", drawn.lattice.cell.name()))
}

/// The chosen lattice with its error estimate and strut stresses.
///
/// # Errors
/// As [`stiffness`].
pub fn choose(case: &Case, drawn: Drawn, voxels: usize) -> Result<Chosen, Failure> {
    homogenized(&case.titanium, drawn, voxels)
}

/// A lattice of this metal with its error estimate and strut stresses.
///
/// # Errors
/// As [`stiffness`].
pub fn homogenized(titanium: &Titanium, drawn: Drawn, voxels: usize) -> Result<Chosen, Failure> {
    let grids = stiffness_of(titanium, &drawn, voxels)?;
    let options = Options { resolution: resolution(voxels), ..Options::default() };
    let value = |q: [f64; 3]| drawn.lattice.cell_value(q.into());
    let solution =
        CellSolution::from_value(&value, base(titanium)?, &options).map_err(|e| failed(&drawn, &e))?;
    Ok(Chosen {
        amplification: solution.amplification(),
        spread: grids.spread(),
        homogenized: grids.best,
        drawn,
    })
}
