//! Micromotion between implant and bone.
//!
//! No universal limit exists (Kohli et al. 2021): report the area fractions beyond 28, 50 and 150 µm together.

use super::{Confidence, Criterion, Sense, fraction_above};

/// Micromotion thresholds of bone ingrowth: good below the first (alternative: the second), fibrous tissue
/// above the third, µm.
///
/// # Source
/// Pilliar et al. (1986), Clin. Orthop. 208, 108-113; Engh et al. (1992), Clin. Orthop. 285, 13-29; Jasty et al.
/// (1997), J. Bone Joint Surg. Am. 79, 707-714.
pub const THRESHOLDS: [f64; 3] = [28.0, 50.0, 150.0];

/// Gap that bone still bridges, mm.
///
/// # Source
/// Calibrated in rabbits, 0.05 to 0.08 mm: Ann. Biomed. Eng. (2024), doi 10.1007/s10439-024-03588-9.
pub const BRIDGEABLE_GAP: f64 = 0.08;

/// Area that moves more than 50 µm: at least nine tenths must stay below. The fractions beyond 28 and 150 µm
/// have no limit in the literature and are reported without one.
pub const MICROMOTION_50: Criterion = Criterion {
    name: "micromotion-50um-area-fraction",
    label: "interface area that moves more than 50 µm",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.1,
    source: "threshold: Pilliar et al. (1986), Clin. Orthop. 208, 108-113; Jasty et al. (1997), J. Bone Joint Surg. Am. 79, 707-714; the area limit is a proposal",
    confidence: Confidence::Proposed,
};

/// Area fractions that move more than each of [`THRESHOLDS`].
///
/// - `areas`: mm²; `slips`: tangential plus normal relative motion between load states, mm; one entry per point
///
/// # Panics
/// When the slices differ in length.
pub fn micromotion_area_fractions(areas: &[f64], slips: &[f64]) -> [f64; 3] {
    THRESHOLDS.map(|micrometers| fraction_above(areas, slips, 1e-3 * micrometers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_fractions_count_motions_in_millimeters_against_micrometers() {
        let found = micromotion_area_fractions(&[1.0, 2.0, 3.0, 4.0], &[0.020, 0.040, 0.100, 0.200]);
        for (f, expected) in found.into_iter().zip([0.9, 0.7, 0.4]) {
            assert!((f - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn means_of_implants_with_and_without_ingrowth_lie_on_both_sides_of_150_micrometers() {
        // 112 µm osseointegrated, 349 µm not: Kohli et al. (2021).
        assert_eq!(micromotion_area_fractions(&[1.0, 1.0], &[0.112, 0.349]), [1.0, 1.0, 0.5]);
    }
}
