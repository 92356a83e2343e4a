//! A lattice as the pipeline uses it: dimensions, homogenised stiffness, strut stress.

use crate::case::{Case, Titanium};
use crate::failure::Failure;
use crate::printing::PUBLISHED;
use dens_mesher::lattice::{Effective, Lattice, LatticeError, Printing, cell};
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

/// Section of a printed lattice that carries, beside the drawn one.
#[derive(Debug, Clone)]
pub struct Carrying {
    /// How it is printed.
    pub printing: Printing,
    /// Thinnest and thickest strut or wall that carries, mm.
    pub thickness_mm: [f64; 2],
    /// Stiffness as drawn.
    pub ideal: Homogenized,
    /// Share of the drawn diameter that carries at the ends of the published range, with Young's modulus along the
    /// build axis, MPa; none where what is left does not hang together.
    pub range: [(f64, Option<f64>); 2],
}

/// Homogenised lattice of the chosen design.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Dimensions.
    pub drawn: Drawn,
    /// What carries, where the lattice is analysed as printed.
    pub printed: Option<Carrying>,
    /// Stiffness of what carries, extrapolated from two grids.
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
    stiffness_of(&case.titanium, drawn, case.lattice.printing.as_ref(), voxels)
}

fn stiffness_of(
    titanium: &Titanium,
    drawn: &Drawn,
    printing: Option<&Printing>,
    voxels: usize,
) -> Result<TwoGrids, Failure> {
    let options = Options { resolution: resolution(voxels), ..Options::default() };
    let section = section(drawn, printing)?;
    TwoGrids::solve(&|q| section.cell_value(q.into()), base(titanium)?, &options)
        .map_err(|e| failed(drawn, &e))
}

/// What of a lattice carries: all of it where it is not printed.
///
/// # Errors
/// Struts or walls of which too little is left; exit 2.
pub fn section(drawn: &Drawn, printing: Option<&Printing>) -> Result<Effective, Failure> {
    Effective::of(&drawn.lattice, printing).map_err(|e: LatticeError| {
        Failure::input(format!(
            "as printed: {e}\n  = hint: thicker struts or walls, another printing.effective_fraction, or printing.section = \"as-drawn\""
        ))
    })
}

fn failed(drawn: &Drawn, error: &HomogenizeError) -> Failure {
    Failure::input(format!("lattice `{}`: {error}", drawn.lattice.cell.name()))
}

/// The chosen lattice with its error estimate and strut stresses.
///
/// # Errors
/// As [`stiffness`].
pub fn choose(case: &Case, drawn: Drawn, voxels: usize) -> Result<Chosen, Failure> {
    homogenized(&case.titanium, drawn, case.lattice.printing.as_ref(), voxels)
}

/// A lattice of this metal with its error estimate and strut stresses, as printed where `printing` is given.
///
/// # Errors
/// As [`stiffness`].
pub fn homogenized(
    titanium: &Titanium,
    drawn: Drawn,
    printing: Option<&Printing>,
    voxels: usize,
) -> Result<Chosen, Failure> {
    let grids = stiffness_of(titanium, &drawn, printing, voxels)?;
    let printed = printing.map(|p| carrying(titanium, &drawn, p, voxels)).transpose()?;
    Ok(Chosen {
        amplification: amplification(titanium, &drawn, printing, voxels)?,
        printed,
        spread: grids.spread(),
        homogenized: grids.best,
        drawn,
    })
}

/// Strut stress per stress on a lattice, in the section that carries.
///
/// # Errors
/// As [`stiffness`].
pub fn amplification(
    titanium: &Titanium,
    drawn: &Drawn,
    printing: Option<&Printing>,
    voxels: usize,
) -> Result<Amplification, Failure> {
    let options = Options { resolution: resolution(voxels), ..Options::default() };
    let section = section(drawn, printing)?;
    let solved = CellSolution::from_value(&|q| section.cell_value(q.into()), base(titanium)?, &options);
    Ok(solved.map_err(|e| failed(drawn, &e))?.amplification())
}

fn carrying(
    titanium: &Titanium,
    drawn: &Drawn,
    printing: &Printing,
    voxels: usize,
) -> Result<Carrying, Failure> {
    let range = PUBLISHED.map(|effective_fraction| {
        let other = Printing { effective_fraction, ..*printing };
        let found = stiffness_of(titanium, drawn, Some(&other), voxels);
        (effective_fraction, found.ok().map(|g| g.best.young(printing.build.into())))
    });
    Ok(Carrying {
        printing: *printing,
        thickness_mm: section(drawn, Some(printing))?.thickness_mm(),
        ideal: stiffness_of(titanium, drawn, None, voxels)?.best,
        range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_lattice_carries_less_than_the_drawn_one_and_both_are_kept() {
        let titanium = Titanium {
            modulus: 110_000.0,
            poisson: 0.3,
            yield_strength: 850.0,
            fatigue_strength: 200.0,
            density: 4.43e-9,
        };
        let drawn = || Drawn::new("diamond", 0.3, 1.67).expect("in range");
        let ideal = homogenized(&titanium, drawn(), None, 24).expect("connected");
        let printed = homogenized(&titanium, drawn(), Some(&Printing::default()), 24).expect("connected");
        assert!(ideal.printed.is_none());
        let carrying = printed.printed.as_ref().expect("printed");
        let along = |h: &Homogenized| h.young([0.0, 0.0, 1.0]);
        assert_eq!(along(&carrying.ideal), along(&ideal.homogenized));
        // All struts of a diamond cell stand at 35.3° to the plate: 0.8 × 0.45 + 0.103 − 0.08 of 0.45 mm. Density grows with a little
        // less than the square of that, since struts overlap at nodes (ρ = a d² − b d³), stiffness with more.
        let expected = Printing::default().effective_mm(drawn().strut, dens_mesher::Vec3::repeat(1.0));
        assert!(carrying.thickness_mm.iter().all(|d| (d - expected).abs() < 1e-9));
        let share = (expected / drawn().strut).powi(2);
        let density = printed.homogenized.relative_density / ideal.homogenized.relative_density;
        assert!(share < density && density < expected / drawn().strut, "{share} {density}");
        assert!(along(&printed.homogenized) < share * along(&ideal.homogenized));
        // Thinner struts bear more; the ends of the published range lie about the value taken.
        let z = [0.0, 0.0, 1.0];
        assert!(ideal.amplification.along(z) < printed.amplification.along(z));
        let [(_, low), (_, high)] = carrying.range;
        assert!(low.is_none_or(|e| e < along(&printed.homogenized)));
        assert!(high.is_some_and(|e| along(&printed.homogenized) < e && e < 1.2 * along(&ideal.homogenized)));
    }
}
