//! Sinking of the implant into bone: crushed volume, overloaded contact area, indentation.

use super::{Confidence, Criterion, Sense, bone::YIELD_STRAIN_COMPRESSION, fraction};
use crate::tensor::{Six, principal_strains};

/// Thickness of the layer under the interface that is searched for crushed bone, mm.
///
/// # Source
/// Proposal of the evidence notes (subsidence index); about two trabecular spacings.
pub const LAYER: f64 = 3.0;

/// Crushed bone in the layer under the implant, at 300 N.
pub const CRUSHED_VOLUME: Criterion = Criterion {
    name: "crushed-volume-fraction",
    label: "bone within 3 mm of the implant with principal strain below -0.77 %",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.02,
    source: "proposal anchored to Pistoia et al. (2002), Bone 30, 842-848 (2 %) and Morgan & Keaveny (2001), J. Biomech. 34, 569-577 (-0.77 %)",
    confidence: Confidence::Proposed,
};

/// Sinking at the daily peak of 300 N.
pub const INDENTATION_DAILY: Criterion = Criterion {
    name: "indentation-300N",
    label: "sinking of the implant at 300 N",
    unit: "mm",
    sense: Sense::AtMost,
    limit: 0.5,
    source: "proposal above the 95 % interval of the mean loss of height 0.30 ± 0.26 mm in Wei et al. (2020), Ann. Transl. Med. 8, 332",
    confidence: Confidence::Proposed,
};

/// Sinking at the largest load, 1164 N.
pub const INDENTATION_MAXIMUM: Criterion = Criterion {
    name: "indentation-1164N",
    label: "sinking of the implant at 1164 N",
    unit: "mm",
    sense: Sense::AtMost,
    limit: 2.0,
    source: "proposal at the clinical threshold of early subsidence, 2 mm (Qu et al. 2025; Yu et al. 2013)",
    confidence: Confidence::Proposed,
};

/// Part of the contact area pressed beyond the strength of the bone under it.
pub const PRESSED_AREA: Criterion = Criterion {
    name: "overpressed-area-fraction",
    label: "contact area with pressure above the local compressive strength",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.02,
    source: "measure of the subsidence index; the limit is a proposal, the 2 % of Pistoia et al. (2002), Bone 30, 842-848",
    confidence: Confidence::Proposed,
};

/// Crushed part of the bone within [`LAYER`] of the interface, for [`CRUSHED_VOLUME`].
///
/// - `weights`: volumes, mm³; `strains`: order xx yy zz yz xz xy; `depths`: distance to the interface, mm
///
/// # Panics
/// When the slices differ in length.
pub fn crushed_volume_fraction(weights: &[f64], strains: &[Six], depths: &[f64]) -> f64 {
    assert_eq!(weights.len(), strains.len(), "one strain per weight");
    assert_eq!(weights.len(), depths.len(), "one depth per weight");
    let (mut crushed, mut total) = (0.0, 0.0);
    for ((w, strain), _) in weights.iter().zip(strains).zip(depths).filter(|(_, d)| **d <= LAYER) {
        total += w;
        if principal_strains(strain)[2] < -YIELD_STRAIN_COMPRESSION {
            crushed += w;
        }
    }
    if 0.0 < total { crushed / total } else { 0.0 }
}

/// Part of the contact area whose pressure exceeds the strength of the bone there, for [`PRESSED_AREA`].
///
/// - `areas`: mm²; `pressures`: MPa, positive; `strengths`: compressive strength of the bone, MPa
///
/// # Panics
/// When the slices differ in length.
pub fn overpressed_area_fraction(areas: &[f64], pressures: &[f64], strengths: &[f64]) -> f64 {
    assert_eq!(pressures.len(), strengths.len(), "one strength per pressure");
    fraction(areas, pressures.iter().zip(strengths).map(|(p, s)| s < p))
}

/// Compressive principal strain over the strain at which bone is crushed, per point; negative in pure tension.
///
/// - `strains`: order xx yy zz yz xz xy; `yield_strain`: positive, [`YIELD_STRAIN_COMPRESSION`] or a case's own
pub fn compression_ratios(strains: &[Six], yield_strain: f64) -> Vec<f64> {
    strains.iter().map(|e| -principal_strains(e)[2] / yield_strain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::rotate_strain;
    use nalgebra::Rotation3;

    const CRUSHED: Six = [0.002, 0.002, -0.008, 0.0, 0.0, 0.0];
    const WHOLE: Six = [0.002, 0.002, -0.0076, 0.0, 0.0, 0.0];

    #[test]
    fn only_the_layer_counts_and_only_beyond_the_yield_strain() {
        let found = crushed_volume_fraction(&[1.0, 3.0, 100.0], &[CRUSHED, WHOLE, CRUSHED], &[0.5, 3.0, 3.1]);
        assert_eq!(found, 0.25);
        assert!(!CRUSHED_VOLUME.judge(found).is_met());
        assert_eq!(crushed_volume_fraction(&[1.0], &[CRUSHED], &[4.0]), 0.0);
    }

    #[test]
    fn crushing_does_not_depend_on_the_frame() {
        let r = *Rotation3::from_euler_angles(0.4, -0.7, 1.1).matrix();
        for (strain, expected) in [(CRUSHED, 1.0), (WHOLE, 0.0)] {
            assert_eq!(crushed_volume_fraction(&[1.0], &[rotate_strain(&strain, &r)], &[0.0]), expected);
        }
    }

    #[test]
    fn pressure_is_held_against_the_strength_on_the_spot() {
        // Strengths 5.62 and 8.0 MPa under the same 6 MPa: only the weak quarter is overpressed.
        assert_eq!(overpressed_area_fraction(&[1.0, 3.0], &[6.0, 6.0], &[5.62, 8.0]), 0.25);
    }

    #[test]
    fn mean_loss_of_height_of_the_clinical_series_meets_the_daily_limit() {
        // 0.30 mm mean and 0.8 mm worst of nine patients, Wei et al. (2020).
        assert!(INDENTATION_DAILY.judge(0.30).is_met() && !INDENTATION_DAILY.judge(0.8).is_met());
    }
}
