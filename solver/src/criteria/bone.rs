//! Yield of trabecular bone by strain, by stress, and by the volume that is overstrained.

use super::{Confidence, Criterion, Sense, fraction};
use crate::tensor::{Six, principal_strains, principal_stresses};

/// Compressive yield strain of vertebral trabecular bone (apparent scale, 0.2 % offset), positive.
///
/// # Source
/// Morgan & Keaveny (2001), J. Biomech. 34, 569-577: 0.77 ± 0.06 %.
pub const YIELD_STRAIN_COMPRESSION: f64 = 0.0077;

/// Tensile yield strain of vertebral trabecular bone (apparent scale, 0.2 % offset).
///
/// # Source
/// Morgan & Keaveny (2001), J. Biomech. 34, 569-577: 0.70 ± 0.05 %.
pub const YIELD_STRAIN_TENSION: f64 = 0.0070;

/// Tensile strength of trabecular bone over its compressive strength.
///
/// # Source
/// Kopperdahl, Morgan & Keaveny (2002), J. Orthop. Res. 20, 801-805, as used with a pressure-sensitive surface.
pub const TENSION_OVER_COMPRESSION: f64 = 0.7;

/// Effective strain above which tissue counts as overstrained.
///
/// # Source
/// Pistoia et al. (2002), Bone 30, 842-848; tuned on distal radii in micro-FE.
pub const PISTOIA_STRAIN: f64 = 0.007;

/// Largest principal strain over yield strain.
pub const YIELD_STRAIN_RATIO: Criterion = Criterion {
    name: "bone-yield-strain-ratio",
    label: "principal strain over yield strain of trabecular bone",
    unit: "1",
    sense: Sense::AtMost,
    limit: 1.0,
    source: "Morgan & Keaveny (2001), J. Biomech. 34, 569-577: yield at -0.77 % and 0.70 %",
    confidence: Confidence::Recalled,
};

/// Largest principal stress over density-dependent strength.
pub const YIELD_STRESS_RATIO: Criterion = Criterion {
    name: "bone-yield-stress-ratio",
    label: "principal stress over density-dependent strength of bone",
    unit: "1",
    sense: Sense::AtMost,
    limit: 1.0,
    source: "Kopperdahl, Morgan & Keaveny (2002), J. Orthop. Res. 20, 801-805; tension 0.7 of compression",
    confidence: Confidence::Recalled,
};

/// Volume fraction of overstrained tissue at failure.
pub const OVERSTRAINED_VOLUME: Criterion = Criterion {
    name: "overstrained-volume-fraction",
    label: "bone volume with effective strain above 0.7 %",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.02,
    source: "Pistoia et al. (2002), Bone 30, 842-848; distal radius, micro-FE",
    confidence: Confidence::Recalled,
};

/// Principal strain over the yield strain of its sign, the larger of both signs; 1 means yield.
pub fn yield_strain_ratio(strain: &Six) -> f64 {
    let [largest, _, smallest] = principal_strains(strain);
    (largest / YIELD_STRAIN_TENSION).max(-smallest / YIELD_STRAIN_COMPRESSION).max(0.0)
}

/// Principal stress over the strength of its sign, the larger of both signs; 1 means yield.
///
/// - `compressive_strength`: MPa, positive, for instance from a [`crate::materials::density::DensityLaw`]
pub fn yield_stress_ratio(stress: &Six, compressive_strength: f64) -> f64 {
    let [largest, _, smallest] = principal_stresses(stress);
    let tensile_strength = TENSION_OVER_COMPRESSION * compressive_strength;
    (largest / tensile_strength).max(-smallest / compressive_strength).max(0.0)
}

/// Effective strain √(2 U / E).
///
/// - `energy_density`: U, mJ/mm³
/// - `youngs_modulus`: E of the tissue, MPa
///
/// # Source
/// Pistoia et al. (2002), Bone 30, 842-848.
pub fn effective_strain(energy_density: f64, youngs_modulus: f64) -> f64 {
    (2.0 * energy_density / youngs_modulus).sqrt()
}

/// Volume fraction with effective strain above [`PISTOIA_STRAIN`], for [`OVERSTRAINED_VOLUME`].
///
/// - `weights`: volumes, mm³; `energy_densities`: mJ/mm³; `youngs_moduli`: MPa; one entry per point
///
/// # Panics
/// When the slices differ in length.
pub fn overstrained_volume_fraction(weights: &[f64], energy_densities: &[f64], youngs_moduli: &[f64]) -> f64 {
    assert_eq!(energy_densities.len(), youngs_moduli.len(), "one modulus per point");
    let strains = energy_densities.iter().zip(youngs_moduli).map(|(u, e)| effective_strain(*u, *e));
    fraction(weights, strains.map(|s| PISTOIA_STRAIN < s))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{apply, energy_density, inverse, isotropic, rotate_strain, rotate_stress};
    use nalgebra::Rotation3;

    #[test]
    fn uniaxial_yield_strains_have_ratio_one() {
        assert!((yield_strain_ratio(&[0.001, -0.0077, 0.001, 0.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!((yield_strain_ratio(&[0.0, 0.0, 0.0070, 0.0, 0.0, 0.0]) - 1.0).abs() < 1e-12);
        assert_eq!(yield_strain_ratio(&[0.0; 6]), 0.0);
    }

    #[test]
    fn compression_at_the_published_strength_has_ratio_one() {
        // σ_y = −0.75 + 0.0249 · 256 = 5.62 MPa.
        let strength = crate::materials::density::KOPPERDAHL_2002.strength(256.0).expect("inside the range");
        assert!((yield_stress_ratio(&[0.0, 0.0, -5.6244, 0.0, 0.0, 0.0], strength) - 1.0).abs() < 1e-10);
        assert!((yield_stress_ratio(&[0.7 * 5.6244, 0.0, 0.0, 0.0, 0.0, 0.0], strength) - 1.0).abs() < 1e-10);
    }

    #[test]
    fn ratios_do_not_depend_on_the_frame() {
        let r = *Rotation3::from_euler_angles(0.4, -0.7, 1.1).matrix();
        let strain = [0.003, -0.004, 0.001, 0.002, -0.001, 0.0015];
        let stress = apply(&isotropic(500.0, 0.3), &strain);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-13;
        assert!(close(yield_strain_ratio(&strain), yield_strain_ratio(&rotate_strain(&strain, &r))));
        assert!(close(
            yield_stress_ratio(&stress, 5.0),
            yield_stress_ratio(&rotate_stress(&stress, &r), 5.0)
        ));
    }

    #[test]
    fn effective_strain_of_uniaxial_stress_is_its_strain() {
        let c = isotropic(800.0, 0.3);
        let stress = [0.0, 0.0, -8.0, 0.0, 0.0, 0.0];
        let strain = apply(&inverse(&c).expect("regular"), &stress);
        let found = effective_strain(energy_density(&stress, &strain), 800.0);
        assert!((found - 0.01).abs() < 1e-15);
    }

    #[test]
    fn two_per_cent_beyond_the_strain_is_the_limit_of_pistoia() {
        // U = E ε²/2 with ε = 0.8 % in 2 % of the volume, 0.1 % elsewhere.
        let u = [0.5 * 1000.0 * 0.008 * 0.008, 0.5 * 1000.0 * 1e-6];
        let found = overstrained_volume_fraction(&[2.0, 98.0], &u, &[1000.0; 2]);
        assert!(OVERSTRAINED_VOLUME.judge(found).margin.abs() < 1e-12);
    }
}
