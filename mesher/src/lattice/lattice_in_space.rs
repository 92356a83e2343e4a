//! A lattice cell placed in space: size in mm, origin, directions, and what a designer asks about it.

use nalgebra::Rotation3;
use thiserror::Error;

use super::measure::{largest_pore, rough_density, surface_area};
use super::{Kind, LatticeCell};
use crate::Vec3;

/// Infinite periodic solid in space.
///
/// ```
/// use dens_mesher::{Vec3, lattice::{Lattice, cell}};
///
/// let octet = cell("octet").unwrap();
/// let lattice = Lattice::with_relative_density(octet, 2.0, 0.3).unwrap();
/// assert!((lattice.relative_density() - 0.3).abs() < 1e-4);
/// assert!(lattice.value(Vec3::zeros()) < 0.0, "a node lies at the origin");
/// ```
#[derive(Clone, Copy)]
pub struct Lattice {
    /// What repeats.
    pub cell: &'static dyn LatticeCell,
    /// Edge of the cell, mm.
    pub cell_size_mm: f64,
    /// Size parameter: radius / cell size of struts, level of sheets and networks.
    pub parameter: f64,
    /// Corner of one cell, mm.
    pub origin: Vec3,
    /// Turns the axes of the cell into those of space.
    pub rotation: Rotation3<f64>,
}

/// Why no lattice has what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum LatticeError {
    /// Cell size zero, negative or not a number.
    #[error("cell size is {size} mm; must be above 0 mm")]
    CellSize {
        /// Size asked for, mm.
        size: f64,
    },
    /// No density in the range of the cell gives the strut or wall.
    #[error(
        "`{cell}` has no open-pored solid of one piece with {what} of {asked} mm in cells of {size} mm; possible: {least:.3} to {most:.3} mm"
    )]
    Thickness {
        /// Name of the cell.
        cell: &'static str,
        /// Struts or walls.
        what: &'static str,
        /// Cell size, mm.
        size: f64,
        /// Thickness asked for, mm.
        asked: f64,
        /// Least possible, mm.
        least: f64,
        /// Most possible, mm.
        most: f64,
    },
    /// The solid would fall apart or its pores would close.
    #[error(
        "`{cell}` has no open-pored solid of one piece at relative density {asked}; possible: {least} to {most}"
    )]
    Density {
        /// Name of the cell.
        cell: &'static str,
        /// Relative density asked for.
        asked: f64,
        /// Least possible.
        least: f64,
        /// Most possible.
        most: f64,
    },
}

impl Lattice {
    /// Lattice of `cell` with edges of `cell_size_mm` along the axes of space, a cell corner at zero.
    pub fn new(cell: &'static dyn LatticeCell, cell_size_mm: f64, parameter: f64) -> Self {
        Self { cell, cell_size_mm, parameter, origin: Vec3::zeros(), rotation: Rotation3::identity() }
    }

    /// Lattice of `cell` whose size parameter gives the relative density to 1e-5 of the sampled density.
    ///
    /// # Errors
    /// [`LatticeError`] when the size is not positive or the density outside the range of the cell.
    pub fn with_relative_density(
        cell: &'static dyn LatticeCell,
        cell_size_mm: f64,
        density: f64,
    ) -> Result<Self, LatticeError> {
        let size = cell_size_mm;
        if !(size.is_finite() && 0.0 < size) {
            return Err(LatticeError::CellSize { size });
        }
        let [least, most] = cell.density_range();
        if !(least..=most).contains(&density) {
            return Err(LatticeError::Density { cell: cell.name(), asked: density, least, most });
        }
        let fine = |parameter| cell.density(parameter) - density;
        let [empty, full] = cell.span();
        if cell.kind() == Kind::Strut {
            let parameter = root_of_growing(&fine, [empty, -density], [full, 1.0 - density], 1e-5);
            return Ok(Self::new(cell, size, parameter));
        }
        let rough = |parameter| rough_density(&|q| cell.value(q, parameter)) - density;
        let near = root_of_growing(&rough, [empty, -density], [full, 1.0 - density], 1e-4);
        // The rough root is within 3 % of the span of the fine one; a wider bracket where it is not.
        let margin = 0.03 * (full - empty);
        let (low, high) = (near - margin, near + margin);
        let (below, above) = (fine(low), fine(high));
        let parameter = if below < 0.0 && 0.0 < above {
            root_of_growing(&fine, [low, below], [high, above], 1e-5)
        } else {
            root_of_growing(&fine, [empty, -density], [full, 1.0 - density], 1e-5)
        };
        Ok(Self::new(cell, size, parameter))
    }

    /// Lattice of `cell` whose struts or walls are `thickness_mm` thick, in the sense of [`Lattice::strut_mm`].
    ///
    /// Struts exactly, walls and the bars of networks to 1e-3 of the sampled value.
    ///
    /// # Errors
    /// [`LatticeError`] when the size is not positive or the density would leave the range of the cell.
    pub fn with_thickness(
        cell: &'static dyn LatticeCell,
        cell_size_mm: f64,
        thickness_mm: f64,
    ) -> Result<Self, LatticeError> {
        let [thinnest, thickest] = cell.density_range();
        let least = Self::with_relative_density(cell, cell_size_mm, thinnest)?;
        let most = Self::with_relative_density(cell, cell_size_mm, thickest)?;
        let (thin, thick) = (least.strut_mm(), most.strut_mm());
        if !(thin..=thick).contains(&thickness_mm) {
            return Err(LatticeError::Thickness {
                cell: cell.name(),
                what: if cell.kind() == Kind::Sheet { "walls" } else { "struts" },
                size: cell_size_mm,
                asked: thickness_mm,
                least: thin,
                most: thick,
            });
        }
        if cell.kind() == Kind::Strut {
            return Ok(Self::new(cell, cell_size_mm, 0.5 * thickness_mm / cell_size_mm));
        }
        let excess = |parameter| {
            let lattice = Self::new(cell, cell_size_mm, parameter);
            lattice.strut_mm() / thickness_mm - 1.0
        };
        let ends =
            [(least.parameter, thin), (most.parameter, thick)].map(|(p, t)| [p, t / thickness_mm - 1.0]);
        Ok(Self::new(cell, cell_size_mm, root_of_growing(&excess, ends[0], ends[1], 1e-3)))
    }

    /// Signed value at `p` (mm), mm, negative in the solid; near the surface the distance.
    pub fn value(&self, p: Vec3) -> f64 {
        let q = self.rotation.inverse_transform_vector(&(p - self.origin)) / self.cell_size_mm;
        self.cell_value(q) * self.cell_size_mm
    }

    /// Signed value at `q`, both in cell edges and in the axes of the cell.
    pub fn cell_value(&self, q: Vec3) -> f64 {
        self.cell.value(q, self.parameter)
    }

    /// Solid volume / total volume, by sampling one cell; within 2e-4 for walls and struts above a cell / 72.
    pub fn relative_density(&self) -> f64 {
        self.cell.density(self.parameter)
    }

    /// Thickness of what carries the load, mm.
    ///
    /// Struts: the diameter. Sheets: the mean wall, 2 V / S. Networks: the diameter of the round bar with the
    /// same V / S, 4 V / S. Necks of networks are thinner.
    pub fn strut_mm(&self) -> f64 {
        let from_surface = |shape: f64| shape * self.relative_density() / self.surface_area_per_volume();
        match self.cell.kind() {
            Kind::Strut => 2.0 * self.parameter * self.cell_size_mm,
            Kind::Sheet => from_surface(2.0),
            Kind::Network => from_surface(4.0),
        }
    }

    /// Diameter of the largest sphere in the void, mm.
    ///
    /// Windows between pores are narrower; this is the pore a micro-CT local-thickness map shows as its maximum.
    pub fn pore_mm(&self) -> f64 {
        let value = |q| self.cell_value(q);
        2.0 * self.cell_size_mm * largest_pore(&value, self.cell.kind() == Kind::Strut)
    }

    /// Surface of the solid per total volume, 1/mm.
    pub fn surface_area_per_volume(&self) -> f64 {
        surface_area(&|q| self.cell_value(q)) / self.cell_size_mm
    }
}

impl std::fmt::Debug for Lattice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lattice")
            .field("cell", &self.cell.name())
            .field("cell_size_mm", &self.cell_size_mm)
            .field("parameter", &self.parameter)
            .field("origin", &self.origin)
            .field("rotation", &self.rotation)
            .finish()
    }
}

/// Root of a function that grows from `low` to `high` (argument, value), to `tolerance` in its value.
///
/// Regula falsi with the Illinois step: Dowell & Jarratt (1971), BIT 11:168.
fn root_of_growing(f: &dyn Fn(f64) -> f64, low: [f64; 2], high: [f64; 2], tolerance: f64) -> f64 {
    let ([mut a, mut fa], [mut b, mut fb]) = (low, high);
    let mut x = a;
    // Superlinear: ten evaluations are the rule; the bound only guards against a plateau.
    for _ in 0..60 {
        x = (a * fb - b * fa) / (fb - fa);
        let fx = f(x);
        if fx.abs() < tolerance {
            break;
        }
        if fx < 0.0 {
            (a, fa) = (x, fx);
            fb *= 0.5;
        } else {
            (b, fb) = (x, fx);
            fa *= 0.5;
        }
    }
    x
}
