//! Thin soft layers between stiff bodies, as elastic foundations.

/// Stiffness per area of a thin layer bonded between stiff surfaces, N/mm³.
///
/// ```text
/// k = H/t,   H = E (1 − ν) / ((1 + ν)(1 − 2ν))        confined modulus: no room to bulge
/// ```
/// - `youngs_modulus`: MPa, above 0; `poissons_ratio`: 0 to below 0.5; `thickness`: mm, above 0
///
/// Valid when the layer is much wider than thick.
///
/// # Source
/// Johnson (1985), Contact Mechanics, §5.8 (elastic foundation of a compressed thin layer).
pub fn confined_bedding(youngs_modulus: f64, poissons_ratio: f64, thickness: f64) -> f64 {
    let confined =
        youngs_modulus * (1.0 - poissons_ratio) / ((1.0 + poissons_ratio) * (1.0 - 2.0 * poissons_ratio));
    confined / thickness
}

/// Shear stiffness per area of such a layer, N/mm³: G/t, G = E / (2 (1 + ν)).
///
/// Quantities and validity as in [`confined_bedding`].
pub fn shear_bedding(youngs_modulus: f64, poissons_ratio: f64, thickness: f64) -> f64 {
    0.5 * youngs_modulus / (1.0 + poissons_ratio) / thickness
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_without_lateral_contraction_is_a_spring() {
        assert_eq!(confined_bedding(10.0, 0.0, 2.0), 5.0);
    }

    #[test]
    fn the_confined_modulus_is_that_of_uniaxial_strain() {
        let c = crate::tensor::isotropic(10.4, 0.4);
        assert!((confined_bedding(10.4, 0.4, 1.0) - c[2][2]).abs() < 1e-12);
        assert!((shear_bedding(10.4, 0.4, 1.0) - c[3][3]).abs() < 1e-12);
    }
}
