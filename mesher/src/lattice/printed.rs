//! What a machine makes of a strut: the section that is there, and the section that carries.
//!
//! ```text
//! printed      d + b(θ)                                b(θ) = bᵥ + (bₕ − bᵥ) cos² θ,   θ: inclination to the plate
//! effective    min( F d + b(θ) − b(45°),  d + b(θ) − 4 Rₐ )
//! ```
//! F is the measured share of the drawn diameter that carries, net of roughness and waviness; it is taken for a strut
//! at 45°. A strut never carries on more than the smooth core below its valleys, two Rₐ on each side.

use super::strut::Bins;
use super::{Kind, Lattice, LatticeError};
use crate::Vec3;

/// Differences between a lattice as drawn and as it comes out of the machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Printing {
    /// Diameter printed less drawn of an upright strut, mm; negative for undersize.
    pub upright_oversize_mm: f64,
    /// The same of a strut that lies, mm.
    pub lying_oversize_mm: f64,
    /// Diameter that carries over the drawn one, F.
    pub effective_fraction: f64,
    /// Mean roughness Rₐ, mm.
    pub roughness_mm: f64,
    /// Build direction in the axes of the cell; any length but zero.
    pub build: Vec3,
}

impl Default for Printing {
    /// Electron beam melting of Ti6Al4V.
    ///
    /// Oversize 0.01 mm upright and 0.15 mm (0.10 to 0.20) lying: engineering range, recalled. Fraction 0.80 (0.6 to
    /// 1.0): Suard et al. (2014), tomography of struts, low confidence. Rₐ 30 µm (20 to 45): machine data sheets.
    fn default() -> Self {
        Self {
            upright_oversize_mm: 0.01,
            lying_oversize_mm: 0.15,
            effective_fraction: 0.80,
            roughness_mm: 0.030,
            build: Vec3::z(),
        }
    }
}

impl Printing {
    /// Printing that changes nothing.
    pub fn ideal() -> Self {
        Self {
            upright_oversize_mm: 0.0,
            lying_oversize_mm: 0.0,
            effective_fraction: 1.0,
            roughness_mm: 0.0,
            build: Vec3::z(),
        }
    }

    /// Printed less drawn diameter of a strut along `along`, mm.
    pub fn oversize(&self, along: Vec3) -> f64 {
        let rise = along.normalize().dot(&self.build.normalize());
        self.oversize_at(1.0 - rise * rise)
    }

    fn oversize_at(&self, lying: f64) -> f64 {
        self.upright_oversize_mm + (self.lying_oversize_mm - self.upright_oversize_mm) * lying
    }

    /// Diameter that is there, mm, of a strut drawn with `drawn_mm` along `along`.
    pub fn printed_mm(&self, drawn_mm: f64, along: Vec3) -> f64 {
        (drawn_mm + self.oversize(along)).max(0.0)
    }

    /// Diameter that carries, mm, of a strut drawn with `drawn_mm` along `along`; zero where nothing is left.
    pub fn effective_mm(&self, drawn_mm: f64, along: Vec3) -> f64 {
        self.effective(drawn_mm, self.oversize(along))
    }

    fn effective(&self, drawn_mm: f64, oversize: f64) -> f64 {
        let by_measurement = self.effective_fraction * drawn_mm + oversize - self.oversize_at(0.5);
        let core = drawn_mm + oversize - 4.0 * self.roughness_mm;
        by_measurement.min(core).max(0.0)
    }
}

/// The part of a lattice that carries load after printing.
///
/// Struts have each their own section; walls and bars of surfaces one mean section, that of 45°.
pub struct Effective(Shape);

enum Shape {
    /// Struts with their radii in cell edges; thinnest and thickest, mm.
    Struts(Bins, [f64; 2]),
    /// Level set, of another level where printed; or the lattice as drawn.
    Level(Lattice),
}

impl Effective {
    /// What of `drawn` carries: all of it where it is not printed.
    ///
    /// # Errors
    /// As [`Effective::new`].
    pub fn of(drawn: &Lattice, printing: Option<&Printing>) -> Result<Self, LatticeError> {
        match printing {
            Some(printing) => Self::new(drawn, printing),
            None => Ok(Self(Shape::Level(*drawn))),
        }
    }

    /// What of `drawn` carries after printing.
    ///
    /// # Errors
    /// [`LatticeError::Thickness`] when too little is left for one connected solid.
    pub fn new(drawn: &Lattice, printing: &Printing) -> Result<Self, LatticeError> {
        let nominal = drawn.strut_mm();
        if drawn.cell.kind() != Kind::Strut {
            let thickness = printing.effective(nominal, printing.oversize_at(0.5));
            let lattice = Lattice::with_thickness(drawn.cell, drawn.cell_size_mm, thickness)?;
            return Ok(Self(Shape::Level(lattice)));
        }
        let struts = drawn.cell.struts();
        let diameters: Vec<f64> =
            struts.iter().map(|s| printing.effective_mm(nominal, s[1] - s[0])).collect();
        let thinnest = diameters.iter().copied().fold(f64::INFINITY, f64::min);
        let thickest = diameters.iter().copied().fold(0.0, f64::max);
        if thinnest <= 0.0 {
            return Err(LatticeError::Thickness {
                cell: drawn.cell.name(),
                what: "load-bearing struts",
                size: drawn.cell_size_mm,
                asked: thinnest,
                least: 0.0,
                most: nominal,
            });
        }
        let radii: Vec<f64> = diameters.iter().map(|d| 0.5 * d / drawn.cell_size_mm).collect();
        let bins = Bins::with_radii(struts.to_vec(), &radii);
        Ok(Self(Shape::Struts(bins, [thinnest, thickest])))
    }

    /// Smallest and largest strut, or the wall, mm.
    pub fn thickness_mm(&self) -> [f64; 2] {
        match &self.0 {
            Shape::Struts(_, thickness) => *thickness,
            Shape::Level(lattice) => [lattice.strut_mm(); 2],
        }
    }

    /// Signed value at `q`, both in cell edges and in the axes of the cell, negative in what carries.
    pub fn cell_value(&self, q: Vec3) -> f64 {
        match &self.0 {
            Shape::Struts(bins, _) => bins.distance(q),
            Shape::Level(lattice) => lattice.cell_value(q),
        }
    }

    /// Solid share that carries.
    pub fn relative_density(&self) -> f64 {
        super::measure::relative_density(&|q| self.cell_value(q))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell;
    use super::*;

    fn drawn(name: &str) -> Lattice {
        Lattice::with_relative_density(cell(name).expect("listed"), 1.7, 0.3).expect("in range")
    }

    #[test]
    fn ideal_printing_leaves_the_lattice_as_drawn() {
        for name in ["octet", "gyroid-sheet"] {
            let drawn = drawn(name);
            let effective = Effective::new(&drawn, &Printing::ideal()).expect("solid");
            let q = Vec3::new(0.13, 0.41, 0.77);
            // A wall is found again to 1e-3 of its thickness.
            assert!((effective.cell_value(q) - drawn.cell_value(q)).abs() < 1e-3, "{name}");
            assert!((effective.relative_density() - 0.3).abs() < 2e-3, "{name}");
        }
    }

    #[test]
    fn lying_struts_print_thicker_than_upright_ones_and_all_carry_on_less_than_is_there() {
        let printing = Printing::default();
        let (lying, upright) = (printing.printed_mm(0.45, Vec3::x()), printing.printed_mm(0.45, Vec3::z()));
        assert!((lying - 0.60).abs() < 1e-12 && (upright - 0.46).abs() < 1e-12);
        // 0.80 × 0.45 = 0.36 at 45°, where the oversize is 0.08; the core of the upright strut is 0.46 − 0.12.
        assert!((printing.effective_mm(0.45, Vec3::new(1.0, 0.0, 1.0)) - 0.36).abs() < 1e-12);
        assert!((printing.effective_mm(0.45, Vec3::z()) - 0.29).abs() < 1e-12);
        assert!((printing.effective_mm(0.45, Vec3::x()) - 0.43).abs() < 1e-12);
        let rough = Printing { roughness_mm: 0.045, effective_fraction: 1.0, ..printing };
        assert!((rough.effective_mm(0.45, Vec3::z()) - 0.28).abs() < 1e-12, "the core below the valleys");
    }

    #[test]
    fn upright_struts_are_thinner_in_the_solid_that_carries() {
        let drawn = drawn("simple-cubic");
        let effective = Effective::new(&drawn, &Printing::default()).expect("solid");
        let printing = Printing::default();
        for (along, q) in [(Vec3::z(), Vec3::new(0.3, 0.0, 0.5)), (Vec3::x(), Vec3::new(0.5, 0.0, 0.3))] {
            let radius = 0.5 * printing.effective_mm(drawn.strut_mm(), along) / 1.7;
            // Only the strut along `along` is near that point.
            assert!((effective.cell_value(q) - (0.3 - radius)).abs() < 1e-12);
        }
        let [thin, thick] = effective.thickness_mm();
        assert!(thin < thick);
        assert!(effective.relative_density() < 0.3);
        let gone = Printing { effective_fraction: 0.05, ..printing };
        assert!(Effective::new(&drawn, &gone).is_err());
    }
}
