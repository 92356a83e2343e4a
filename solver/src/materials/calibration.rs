//! From Hounsfield units to calibrated density: the line of one scan, and how it was found.
//!
//! Hounsfield units depend on scanner, voltage and kernel; a line belongs to the scan it was measured in. No default exists.

use super::MaterialError;
use super::density::{
    DensityLaw, Measure, apparent_from_ash, ash_from_hydroxyapatite, ash_from_potassium_phosphate,
};
use thiserror::Error;

/// Mineral that a density is equivalent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equivalent {
    /// Dipotassium phosphate, K₂HPO₄.
    PotassiumPhosphate,
    /// Calcium hydroxyapatite.
    Hydroxyapatite,
}

impl Equivalent {
    /// Name in case files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::PotassiumPhosphate => "K2HPO4",
            Self::Hydroxyapatite => "HA",
        }
    }

    /// Density in the measure of a law, from a density in mg/cm³ of this equivalent.
    ///
    /// A law in QCT density takes K₂HPO₄; hydroxyapatite is brought there by `ρ_K2HPO4 = (ρ_HA + 7.3)/1.15`.
    ///
    /// # Source
    /// Faulkner et al. (1993), Calcif. Tissue Int. 53, as used by Keyak et al. (2005): recalled, not read.
    pub fn density_for(self, law: &DensityLaw, density: f64) -> f64 {
        let ash = match self {
            Self::PotassiumPhosphate => ash_from_potassium_phosphate(1e-3 * density),
            Self::Hydroxyapatite => ash_from_hydroxyapatite(1e-3 * density),
        };
        match (law.measure, self) {
            (Measure::Qct, Self::PotassiumPhosphate) => density,
            (Measure::Qct, Self::Hydroxyapatite) => (density + 7.3) / 1.15,
            (Measure::Ash, _) => ash,
            (Measure::Apparent, _) => apparent_from_ash(ash),
        }
    }
}

/// How the line of a scan was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Rods of known density, scanned with the patient.
    Phantom,
    /// Air, fat and muscle of the patient.
    AirFatMuscle,
    /// Stated by whoever wrote the case.
    Given,
}

impl Method {
    /// Name in case files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Phantom => "phantom",
            Self::AirFatMuscle => "air-fat-muscle",
            Self::Given => "given",
        }
    }
}

/// Line of a scan: density = slope · HU + intercept, mg/cm³.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// mg/cm³ per HU.
    pub slope: f64,
    /// Density at 0 HU, mg/cm³.
    pub intercept: f64,
    /// Mineral of the density.
    pub equivalent: Equivalent,
    /// How it was found.
    pub method: Method,
    /// Largest distance of a point from the line, mg/cm³; zero for a given line.
    pub misfit: f64,
}

/// Why no line was found.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CalibrationError {
    /// Fewer than two different values.
    #[error("a line needs two points of different HU; found {found}")]
    Points {
        /// Points of different HU.
        found: usize,
    },
    /// Density does not rise with HU.
    #[error("density must rise with HU; the line has a slope of {slope} mg/cm³ per HU")]
    Slope {
        /// Slope, mg/cm³ per HU.
        slope: f64,
    },
    /// The points lie on no line.
    #[error(
        "the points lie up to {misfit:.0} mg/cm³ off a line, more than a twentieth of their span of {span:.0} mg/cm³"
    )]
    Misfit {
        /// Largest distance, mg/cm³.
        misfit: f64,
        /// Largest less smallest density, mg/cm³.
        span: f64,
    },
}

/// Densities that air, fat and muscle stand for, mg/cm³ K₂HPO₄.
///
/// # Source
/// Eggermont et al. (2019), PLoS ONE 14, e0220564: the method was read in the abstract, the three values are recalled.
pub const AIR_FAT_MUSCLE: [f64; 3] = [-840.0, -80.0, 30.0];

impl Calibration {
    /// Line stated by the user.
    ///
    /// # Errors
    /// [`CalibrationError::Slope`].
    pub fn given(slope: f64, intercept: f64, equivalent: Equivalent) -> Result<Self, CalibrationError> {
        Self { slope, intercept, equivalent, method: Method::Given, misfit: 0.0 }.rising()
    }

    /// Least-squares line through the rods of a phantom.
    ///
    /// - `points`: HU and density, mg/cm³
    ///
    /// # Errors
    /// [`CalibrationError`].
    pub fn phantom(points: &[[f64; 2]], equivalent: Equivalent) -> Result<Self, CalibrationError> {
        Self::through(points, equivalent, Method::Phantom)
    }

    /// Line through the patient's own air, fat and muscle.
    ///
    /// - `hounsfield`: peaks of air, fat and muscle in the histogram, HU
    /// - `densities`: what they stand for, mg/cm³ K₂HPO₄; [`AIR_FAT_MUSCLE`] where nothing better is known
    ///
    /// # Errors
    /// [`CalibrationError`].
    pub fn air_fat_muscle(hounsfield: [f64; 3], densities: [f64; 3]) -> Result<Self, CalibrationError> {
        let points = [0, 1, 2].map(|i| [hounsfield[i], densities[i]]);
        Self::through(&points, Equivalent::PotassiumPhosphate, Method::AirFatMuscle)
    }

    /// Density, mg/cm³ of the equivalent.
    pub fn density(&self, hounsfield: f64) -> f64 {
        self.slope * hounsfield + self.intercept
    }

    fn through(
        points: &[[f64; 2]],
        equivalent: Equivalent,
        method: Method,
    ) -> Result<Self, CalibrationError> {
        let mut different: Vec<f64> = points.iter().map(|p| p[0]).collect();
        different.sort_by(f64::total_cmp);
        different.dedup();
        if different.len() < 2 {
            return Err(CalibrationError::Points { found: different.len() });
        }
        let n = points.len() as f64;
        let [x, y] = [0, 1].map(|k| points.iter().map(|p| p[k]).sum::<f64>() / n);
        let over = |f: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(f).sum::<f64>();
        let slope = over(&|p| (p[0] - x) * (p[1] - y)) / over(&|p| (p[0] - x) * (p[0] - x));
        let line = Self { slope, intercept: y - slope * x, equivalent, method, misfit: 0.0 }.rising()?;
        let most = |f: &dyn Fn(&[f64; 2]) -> f64| points.iter().map(f).fold(f64::NEG_INFINITY, f64::max);
        let misfit = most(&|p| (line.density(p[0]) - p[1]).abs());
        let span = most(&|p| p[1]) + most(&|p| -p[1]);
        if misfit > 0.05 * span {
            return Err(CalibrationError::Misfit { misfit, span });
        }
        Ok(Self { misfit, ..line })
    }

    fn rising(self) -> Result<Self, CalibrationError> {
        if self.slope > 0.0 && self.slope.is_finite() && self.intercept.is_finite() {
            return Ok(self);
        }
        Err(CalibrationError::Slope { slope: self.slope })
    }
}

/// From Hounsfield units to modulus and strength.
#[derive(Debug, Clone, Copy)]
pub struct Chain {
    /// Line of the scan.
    pub calibration: Calibration,
    /// Law of the bone.
    pub law: &'static DensityLaw,
}

impl Chain {
    /// Density in the measure and unit of the law.
    pub fn density(&self, hounsfield: f64) -> f64 {
        self.calibration.equivalent.density_for(self.law, self.calibration.density(hounsfield))
    }

    /// Density nearest to that of `hounsfield` which the law covers.
    pub fn covered(&self, hounsfield: f64) -> f64 {
        self.density(hounsfield).clamp(self.law.valid[0], self.law.valid[1])
    }

    /// Young's modulus, MPa, at the nearest density that the law covers.
    ///
    /// # Errors
    /// [`MaterialError::OutOfRange`] when HU is not a number.
    pub fn modulus(&self, hounsfield: f64) -> Result<f64, MaterialError> {
        self.law.modulus(self.covered(hounsfield))
    }
}

#[cfg(test)]
mod tests {
    use super::super::density::{KEYAK_1994, KOPPERDAHL_2002};
    use super::*;

    #[test]
    fn a_phantom_on_a_line_gives_that_line() {
        let points: Vec<[f64; 2]> =
            [-20.0, 110.0, 240.0, 480.0].iter().map(|h| [*h, 0.8 * h - 6.0]).collect();
        let line = Calibration::phantom(&points, Equivalent::Hydroxyapatite).expect("on a line");
        // Round-off of sums of hundreds.
        assert!((line.slope - 0.8).abs() < 1e-13 && (line.intercept + 6.0).abs() < 1e-11, "{line:?}");
        assert!(line.misfit < 1e-10);
    }

    #[test]
    fn air_fat_and_muscle_of_an_ordinary_scan_give_a_slope_below_one() {
        // Ordinary peaks: air -1000, fat -100, muscle 55 HU. Water then stands at -5 to 5 mg/cm³.
        let line = Calibration::air_fat_muscle([-1000.0, -100.0, 55.0], AIR_FAT_MUSCLE).expect("a line");
        assert!(0.7 < line.slope && line.slope < 0.95, "{line:?}");
        assert!(line.density(0.0).abs() < 10.0, "{line:?}");
    }

    #[test]
    fn points_that_make_no_line_are_refused() {
        let one = Calibration::phantom(&[[10.0, 1.0], [10.0, 2.0]], Equivalent::Hydroxyapatite);
        assert_eq!(one, Err(CalibrationError::Points { found: 1 }));
        let falling = Calibration::phantom(&[[10.0, 100.0], [20.0, 50.0]], Equivalent::Hydroxyapatite);
        assert_eq!(falling, Err(CalibrationError::Slope { slope: -5.0 }));
        let bent = [[0.0, 0.0], [100.0, 100.0], [200.0, 120.0]];
        let bent = Calibration::phantom(&bent, Equivalent::Hydroxyapatite);
        assert!(matches!(bent, Err(CalibrationError::Misfit { .. })), "{bent:?}");
        assert!(Calibration::given(f64::NAN, 0.0, Equivalent::Hydroxyapatite).is_err());
    }

    #[test]
    fn both_minerals_lead_a_law_in_ash_density_to_its_published_modulus() {
        // Evidence, law_comparison: keyak at 200 mg/cm³ HA gives 1168 MPa.
        let chain = Chain {
            calibration: Calibration::given(1.0, 0.0, Equivalent::Hydroxyapatite).expect("rising"),
            law: &KEYAK_1994,
        };
        let modulus = chain.modulus(200.0).expect("a number");
        assert!((modulus - 1168.0).abs() < 1.2, "{modulus}");
        // Both routes from one bone to ash agree to the spread of their sources: 0.2544 against 0.2574 g/cm³.
        let other = Equivalent::PotassiumPhosphate.density_for(&KEYAK_1994, (200.0 + 7.3) / 1.15);
        assert!((other / chain.density(200.0) - 1.0).abs() < 0.1, "{other} {}", chain.density(200.0));
    }

    #[test]
    fn densities_beyond_the_law_take_its_ends() {
        let chain = Chain {
            calibration: Calibration::given(1.0, 0.0, Equivalent::PotassiumPhosphate).expect("rising"),
            law: &KOPPERDAHL_2002,
        };
        assert_eq!(chain.covered(-50.0), 31.0);
        assert_eq!(chain.covered(1500.0), 400.0);
        assert!(chain.modulus(f64::NAN).is_err());
    }
}
