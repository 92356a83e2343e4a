//! Bone stiffness and strength from density, each law with the range it holds in.
//!
//! The laws disagree by a factor of two for the same bone (see the test), because densities are calibrated
//! against different phantoms and bone of different sites was tested. Use one law throughout a comparison.

use super::MaterialError;

/// What a density law takes as density.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Quantitative computed tomography, K₂HPO₄ equivalent, mg/cm³.
    Qct,
    /// Wet apparent density without marrow, g/cm³.
    Apparent,
    /// Ash mass per total volume, g/cm³.
    Ash,
}

impl Measure {
    /// Unit of the density, for messages and tables.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Qct => "mg/cm³",
            Self::Apparent | Self::Ash => "g/cm³",
        }
    }
}

/// Young's modulus, and where known strength, of trabecular bone as functions of density.
#[derive(Debug, Clone, Copy)]
pub struct DensityLaw {
    /// Name in case files.
    pub name: &'static str,
    /// Publication.
    pub source: &'static str,
    /// What `density` means, and its unit.
    pub measure: Measure,
    /// Smallest and largest density the law may be used at.
    pub valid: [f64; 2],
    modulus: fn(f64) -> f64,
    strength: Option<fn(f64) -> f64>,
}

impl DensityLaw {
    /// Young's modulus along the main direction, MPa.
    ///
    /// # Errors
    /// [`MaterialError::OutOfRange`].
    pub fn modulus(&self, density: f64) -> Result<f64, MaterialError> {
        self.checked(density).map(self.modulus)
    }

    /// Compressive yield or ultimate stress as the source defines it, MPa.
    ///
    /// # Errors
    /// [`MaterialError::OutOfRange`], [`MaterialError::NoStrength`].
    pub fn strength(&self, density: f64) -> Result<f64, MaterialError> {
        let strength = self.strength.ok_or(MaterialError::NoStrength { law: self.name })?;
        self.checked(density).map(strength)
    }

    fn checked(&self, density: f64) -> Result<f64, MaterialError> {
        let [min, max] = self.valid;
        if (min..=max).contains(&density) {
            return Ok(density);
        }
        Err(MaterialError::OutOfRange { law: self.name, value: density, min, max, unit: self.measure.unit() })
    }
}

/// Human vertebral trabecular bone by quantitative computed tomography.
///
/// ```text
/// E = −34.7 + 3.23 ρ        σ_y = −0.75 + 0.0249 ρ        (MPa, ρ in mg/cm³)
/// ```
/// The lower end of the range is where the strength becomes positive; the upper end, 400 mg/cm³, admits
/// cervical bone (230 to 340 mg/cm³), which is denser than the lumbar bone the law was measured on.
pub static KOPPERDAHL_2002: DensityLaw = DensityLaw {
    name: "kopperdahl2002-qct",
    source: "Kopperdahl, Morgan & Keaveny (2002), J. Orthop. Res. 20, 801-805",
    measure: Measure::Qct,
    valid: [31.0, 400.0],
    modulus: |rho| -34.7 + 3.23 * rho,
    strength: Some(|rho| -0.75 + 0.0249 * rho),
};

/// Human vertebral trabecular bone along its main direction: E = 4730 ρ^1.56 (MPa, g/cm³).
pub static MORGAN_2003: DensityLaw = DensityLaw {
    name: "morgan2003-vertebra",
    source: "Morgan, Bayraktar & Keaveny (2003), J. Biomech. 36, 897-904",
    measure: Measure::Apparent,
    valid: [0.11, 0.35],
    modulus: |rho| 4730.0 * rho.powf(1.56),
    strength: None,
};

/// Human femoral trabecular bone: E = 14900 ρ^1.86, S = 102 ρ^1.80 (MPa, g/cm³ ash).
///
/// The range, 0.05 to 0.6 g/cm³, is that of trabecular bone in general and not stated by the source.
pub static KEYAK_1994: DensityLaw = DensityLaw {
    name: "keyak",
    source: "Keyak, Lee & Skinner (1994), J. Biomed. Mater. Res. 28, 1329-1336; Keyak et al. (1998), J. Biomech. 31, 125-133",
    measure: Measure::Ash,
    valid: [0.05, 0.6],
    modulus: |rho| 14_900.0 * rho.powf(1.86),
    strength: Some(|rho| 102.0 * rho.powf(1.80)),
};

/// Human and bovine trabecular and cortical bone: E = 3790 ε̇^0.06 ρ³ at the strain rate 0.01/s (MPa, g/cm³).
///
/// The range, 0.07 to 2 g/cm³, is recalled.
pub static CARTER_HAYES_1977: DensityLaw = DensityLaw {
    name: "carter-hayes1977",
    source: "Carter & Hayes (1977), J. Bone Joint Surg. 59-A, 954-962",
    measure: Measure::Apparent,
    valid: [0.07, 2.0],
    modulus: |rho| 3790.0 * 0.01f64.powf(0.06) * rho.powi(3),
    strength: Some(|rho| 68.0 * 0.01f64.powf(0.06) * rho * rho),
};

/// Human spine and femur over the whole range: E = 10500 ρ^2.29, S = 117 ρ^1.93 (MPa, g/cm³ ash).
///
/// The range, 0.03 to 1.22 g/cm³, is recalled.
pub static KELLER_1994: DensityLaw = DensityLaw {
    name: "keller1994",
    source: "Keller (1994), J. Biomech. 27, 1159-1168",
    measure: Measure::Ash,
    valid: [0.03, 1.22],
    modulus: |rho| 10_500.0 * rho.powf(2.29),
    strength: Some(|rho| 117.0 * rho.powf(1.93)),
};

/// Every density law.
pub static CATALOGUE: &[&DensityLaw] =
    &[&KOPPERDAHL_2002, &MORGAN_2003, &KEYAK_1994, &CARTER_HAYES_1977, &KELLER_1994];

/// The density law called `name`.
pub fn find(name: &str) -> Option<&'static DensityLaw> {
    CATALOGUE.iter().find(|law| law.name == name).copied()
}

/// Moduli across the main direction of vertebral trabecular bone, MPa, as fractions of the one along it.
///
/// # Source
/// Coefficients 1987 and 1357 against 4730 of the same power of density: Morgan, Bayraktar & Keaveny (2003).
pub const MORGAN_TRANSVERSE: [f64; 2] = [1987.0 / 4730.0, 1357.0 / 4730.0];

/// Ash density, g/cm³, from calibrated hydroxyapatite density, g/cm³.
///
/// # Source
/// Schileo et al. (2008), J. Biomech. 41, 2483-2491: ρ_ash = 0.877 ρ_HA + 0.079.
pub fn ash_from_hydroxyapatite(density: f64) -> f64 {
    0.877 * density + 0.079
}

/// Ash density, g/cm³, from calibrated K₂HPO₄ density, g/cm³.
///
/// # Source
/// Les et al. (1994), J. Orthop. Res. 12, 822-833: ρ_ash = 1.22 ρ + 0.0523.
pub fn ash_from_potassium_phosphate(density: f64) -> f64 {
    1.22 * density + 0.0523
}

/// Apparent density, g/cm³, from ash density, g/cm³.
///
/// # Source
/// Schileo et al. (2008), J. Biomech. 41, 2483-2491: ρ_ash / ρ_app = 0.60.
pub fn apparent_from_ash(density: f64) -> f64 {
    density / 0.60
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_spread_as_tabulated_for_the_same_calibrated_density() {
        // Worked out independently from the published formulas, printed to three or four digits; a thousandth
        // is allowed for the densities rounded on the way.
        let rows = [
            (0.150, 450.0, 822.0, 2.98, 6.2),
            (0.200, 611.0, 1168.0, 4.23, 8.7),
            (0.256, 792.0, 1622.0, 5.62, 11.9),
            (0.297, 925.0, 1999.0, 6.65, 14.6),
        ];
        let near = |value: Result<f64, MaterialError>, printed: f64, digit: f64| {
            let value = value.expect("density inside the range");
            assert!((value - printed).abs() < 0.6 * digit + 1e-3 * printed, "{value} {printed}");
        };
        for (hydroxyapatite, kopperdahl, keyak, yield_kopperdahl, strength_keyak) in rows {
            let ash = ash_from_hydroxyapatite(hydroxyapatite);
            near(KOPPERDAHL_2002.modulus(1000.0 * hydroxyapatite), kopperdahl, 1.0);
            near(KEYAK_1994.modulus(ash), keyak, 1.0);
            near(KOPPERDAHL_2002.strength(1000.0 * hydroxyapatite), yield_kopperdahl, 0.01);
            near(KEYAK_1994.strength(ash), strength_keyak, 0.1);
        }
        near(MORGAN_2003.modulus(0.256), 565.0, 1.0);
    }

    #[test]
    fn densities_outside_the_range_are_refused_with_the_range() {
        let fault = MORGAN_2003.modulus(0.4).expect_err("above the tested range");
        assert_eq!(
            fault.to_string(),
            "density 0.4 g/cm³ is outside the range 0.11 to 0.35 g/cm³ of `morgan2003-vertebra`"
        );
        assert!(KOPPERDAHL_2002.modulus(f64::NAN).is_err());
        assert!(matches!(MORGAN_2003.strength(0.2), Err(MaterialError::NoStrength { .. })));
    }

    #[test]
    fn every_law_gives_positive_increasing_values_over_its_range() {
        for law in CATALOGUE {
            let at = |k: u32| law.valid[0] + f64::from(k) / 20.0 * (law.valid[1] - law.valid[0]);
            for k in 0..20 {
                let (a, b) = (law.modulus(at(k)).expect("inside"), law.modulus(at(k + 1)).expect("inside"));
                assert!(0.0 < a && a < b, "{}", law.name);
                if let (Ok(a), Ok(b)) = (law.strength(at(k)), law.strength(at(k + 1))) {
                    assert!(0.0 < a && a < b, "{}", law.name);
                }
            }
        }
        assert_eq!(find("keyak").map(|law| law.name), Some("keyak"));
    }
}
