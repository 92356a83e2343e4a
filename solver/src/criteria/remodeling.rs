//! Stress shielding and overload of bone against the intact state.
//!
//! ```text
//! S = U / ρ        R = S(implanted) / S(intact), region by region, at equal load
//! ```
//! The neck has no measured dead zone: report both s = 0.5 and s = 0.75.

use super::{Confidence, Criterion, Sense};

/// Half width of the dead zone, early human value.
///
/// # Source
/// Kuiper & Huiskes (1997), J. Biomech. Eng. 119, 228-231; Kerner et al. (1999), J. Biomech. 32, 695-703.
pub const DEAD_ZONE_EARLY: f64 = 0.5;

/// Half width of the dead zone, later human value.
///
/// # Source
/// Huiskes et al. (1992), Clin. Orthop. 274, 124-134; Kerner et al. (1999), J. Biomech. 32, 695-703.
pub const DEAD_ZONE_LATE: f64 = 0.75;

/// Lowest regional ratio of strain energy.
pub const SHIELDING: Criterion = Criterion {
    name: "strain-energy-ratio-least",
    label: "strain energy per mass over that of the intact spine, least of the regions",
    unit: "1",
    sense: Sense::AtLeast,
    limit: 0.5,
    source: "Huiskes et al. (1992), Clin. Orthop. 274, 124-134; Kerner et al. (1999), J. Biomech. 32, 695-703: dead zone s = 0.5",
    confidence: Confidence::Recalled,
};

/// Highest regional ratio of strain energy.
pub const OVERLOAD: Criterion = Criterion {
    name: "strain-energy-ratio-greatest",
    label: "strain energy per mass over that of the intact spine, greatest of the regions",
    unit: "1",
    sense: Sense::AtMost,
    limit: 1.5,
    source: "Huiskes et al. (1992), Clin. Orthop. 274, 124-134; Kerner et al. (1999), J. Biomech. 32, 695-703: dead zone s = 0.5",
    confidence: Confidence::Recalled,
};

/// Bone mass that would be resorbed.
pub const RESORBED_MASS: Criterion = Criterion {
    name: "resorbed-mass-fraction",
    label: "bone mass with strain energy below the dead zone, s = 0.5",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.10,
    source: "measure: Kuiper & Huiskes (1997), J. Biomech. Eng. 119, 228-231; the limit is a proposal",
    confidence: Confidence::Proposed,
};

/// Strain energy per mass of a region, ∫ U dV / ∫ ρ dV; 0 when it has no mass.
///
/// - `weights`: volumes, mm³; `energy_densities`: mJ/mm³; `densities`: any unit, but the same throughout
///
/// # Panics
/// When the slices differ in length.
pub fn energy_per_mass(weights: &[f64], energy_densities: &[f64], densities: &[f64]) -> f64 {
    assert_eq!(weights.len(), energy_densities.len(), "one energy per weight");
    assert_eq!(weights.len(), densities.len(), "one density per weight");
    let energy: f64 = weights.iter().zip(energy_densities).map(|(w, u)| w * u).sum();
    let mass: f64 = weights.iter().zip(densities).map(|(w, rho)| w * rho).sum();
    if 0.0 < mass { energy / mass } else { 0.0 }
}

/// Ratio R of the strain energies per mass of one region; `None` when the intact region carries nothing.
///
/// - `implanted`, `intact`: from [`energy_per_mass`] on the two models, which may have different meshes
pub fn energy_ratio(implanted: f64, intact: f64) -> Option<f64> {
    (0.0 < intact).then(|| implanted / intact)
}

/// Mass fraction m_r with S < (1 − s) S_ref, for [`RESORBED_MASS`]; 0 when there is no mass.
///
/// - `weights`: volumes, mm³
/// - `densities`: bone density at the points
/// - `implanted`, `intact`: strain energy per mass of both models at the same points of bone
/// - `dead_zone`: s, [`DEAD_ZONE_EARLY`] or [`DEAD_ZONE_LATE`]
///
/// A first-step measure: the redistribution of load after resorption is not followed.
///
/// # Panics
/// When the slices differ in length.
///
/// # Source
/// Kuiper & Huiskes (1997), J. Biomech. Eng. 119, 228-231.
pub fn resorbed_mass_fraction(
    weights: &[f64],
    densities: &[f64],
    implanted: &[f64],
    intact: &[f64],
    dead_zone: f64,
) -> f64 {
    assert_eq!(weights.len(), densities.len(), "one density per weight");
    assert_eq!(implanted.len(), intact.len(), "both models at the same points");
    let masses: Vec<f64> = weights.iter().zip(densities).map(|(w, rho)| w * rho).collect();
    super::fraction(
        &masses,
        implanted.iter().zip(intact).map(|(s, reference)| *s < (1.0 - dead_zone) * reference),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_resorbed_when_the_load_stays() {
        let s = [1.0, 2.0, 0.5];
        assert_eq!(resorbed_mass_fraction(&[1.0; 3], &[0.3; 3], &s, &s, DEAD_ZONE_EARLY), 0.0);
    }

    #[test]
    fn the_dead_zone_decides_what_is_resorbed() {
        // S/S_ref = 0.6, 0.4, 0.2 with masses 1, 2, 1.
        let (w, rho) = ([1.0, 1.0, 2.0], [1.0, 2.0, 0.5]);
        let (implanted, intact) = ([0.6, 0.4, 0.2], [1.0; 3]);
        assert_eq!(resorbed_mass_fraction(&w, &rho, &implanted, &intact, DEAD_ZONE_EARLY), 0.75);
        assert_eq!(resorbed_mass_fraction(&w, &rho, &implanted, &intact, DEAD_ZONE_LATE), 0.25);
    }

    #[test]
    fn energy_per_mass_of_a_bar_falls_with_the_square_of_its_load() {
        // U = σ²/(2 E): half the stress leaves a quarter, shielded at s = 0.5.
        let u = |stress: f64| stress * stress / (2.0 * 500.0);
        let s = |stress| energy_per_mass(&[2.0, 1.0], &[u(stress); 2], &[0.3; 2]);
        let ratio = energy_ratio(s(1.0), s(2.0)).expect("the intact bar is loaded");
        assert!((ratio - 0.25).abs() < 1e-15);
        assert!(!SHIELDING.judge(ratio).is_met() && OVERLOAD.judge(ratio).is_met());
    }

    #[test]
    fn an_unloaded_reference_has_no_ratio() {
        assert_eq!(energy_ratio(1.0, 0.0), None);
        assert_eq!(energy_per_mass(&[], &[], &[]), 0.0);
    }
}
