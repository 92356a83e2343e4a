//! Density laws fed with what a calibrated scan gives.

use super::MaterialError;
use super::calibration::Equivalent;
use super::density::{DensityLaw, Measure, apparent_from_ash, ash_from_potassium_phosphate};

/// Apparent density in g/cm³ from a QCT density in mg/cm³ (K₂HPO₄ equivalent).
pub fn apparent(qct: f64) -> f64 {
    apparent_from_ash(ash_from_potassium_phosphate(1e-3 * qct))
}

/// Apparent density in g/cm³ from a density as a law takes it, in its unit; outside the range of the law that of its nearest
/// end.
pub fn apparent_for(law: &DensityLaw, density: f64) -> f64 {
    let covered = density.clamp(law.valid[0], law.valid[1]);
    match law.measure {
        Measure::Qct => apparent(covered),
        Measure::Ash => apparent_from_ash(covered),
        Measure::Apparent => covered,
    }
}

/// Young's modulus and compressive strength, MPa, at a QCT density in mg/cm³.
///
/// # Errors
/// [`MaterialError::OutOfRange`] outside the validity of the law, [`MaterialError::NoStrength`] when it has
/// no strength.
pub fn modulus_and_strength(law: &DensityLaw, qct: f64) -> Result<(f64, f64), MaterialError> {
    let density = Equivalent::PotassiumPhosphate.density_for(law, qct);
    Ok((law.modulus(density)?, law.strength(density)?))
}

#[cfg(test)]
mod tests {
    use super::super::density::{KEYAK_1994, KOPPERDAHL_2002};
    use super::*;

    #[test]
    fn the_default_density_gives_the_published_modulus_and_strength() {
        // Evidence, default case: 256 mg/cm³ gives E = 792 MPa and σ_y = 5.62 MPa (three digits).
        let (e, s) = modulus_and_strength(&KOPPERDAHL_2002, 256.0).expect("in range");
        assert!((e - 792.0).abs() < 0.5 && (s - 5.62).abs() < 0.005, "{e} {s}");
    }

    #[test]
    fn density_becomes_apparent_by_what_the_law_takes() {
        // QCT 256 mg/cm³ is ash 0.36462 g/cm³, which is 0.6 of the apparent density.
        let qct = apparent_for(&KOPPERDAHL_2002, 256.0);
        assert!((qct - apparent(256.0)).abs() < 1e-15);
        assert!((apparent_for(&KEYAK_1994, 0.364_62) - qct).abs() < 1e-12);
        assert_eq!(apparent_for(&KOPPERDAHL_2002, -50.0), apparent(31.0), "nearest end of the range");
    }

    #[test]
    fn the_ash_chain_is_followed_for_a_law_in_ash_density() {
        // Les (1994): 1.22 · 0.256 + 0.0523 = 0.36462 g/cm³.
        let ash = Equivalent::PotassiumPhosphate.density_for(&KEYAK_1994, 256.0);
        assert!((ash - 0.364_62).abs() < 1e-12);
    }
}
