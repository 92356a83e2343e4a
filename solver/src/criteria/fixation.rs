//! Screws and rods: fatigue, and the force at which a screw pulls out of bone.

use super::{Confidence, Criterion, Sense};
use std::f64::consts::PI;

/// Peak stress of screws and rods under the daily peak.
pub const FATIGUE: Criterion = Criterion {
    name: "fixation-stress-fatigue",
    label: "peak stress of screws and rods, 1e7 cycles",
    unit: "MPa",
    sense: Sense::AtMost,
    limit: 350.0,
    source: "electron beam melted Ti-6Al-4V, machined, not pressed hot: 350 MPa (300 to 500), wrought 850; Mater. Sci. Eng. A (2024)",
    confidence: Confidence::Found,
};

/// Force pulling a screw out over the force at which its thread shears out of the bone.
pub const PULL_OUT: Criterion = Criterion {
    name: "screw-pull-out-ratio",
    label: "pull-out force over pull-out strength of the screw in bone",
    unit: "1",
    sense: Sense::AtMost,
    limit: 1.0,
    source: "strength by Chapman et al. (1996), J. Biomech. Eng. 118, 391-398, with the shear strength of Sanyal et al. (2012); one pull, not cycles",
    confidence: Confidence::Proposed,
};

/// Thread shape factor 0.5 + 0.577 depth / pitch of a cervical bone screw (depth 0.5 mm, pitch 1.25 mm).
///
/// Factor: Chapman et al. (1996). Depth and pitch: recalled of 3.5 mm cervical screws, factor 0.65 to 0.85.
pub const THREAD_SHAPE: f64 = 0.5 + 0.577 * 0.5 / 1.25;

/// Shear over compressive strength of human trabecular bone: mean and standard deviation.
///
/// # Source
/// Sanyal et al. (2012), J. Biomech. 45, 2513-2519: 54 specimens of four sites, by micro finite elements (abstract).
pub const SHEAR_OVER_COMPRESSION: [f64; 2] = [0.44, 0.16];

/// Pull-out force of a screw in the occiput beside the midline, one cortex: mean and standard deviation, N. At the
/// midline through both cortices it is 521 ± 92 N.
///
/// # Source
/// Nader et al. (2000), J. Turk. Spinal Surg. 11 (4), 38-42.
pub const OCCIPITAL: [f64; 2] = [271.85, 88.02];

/// Force at which the thread of a screw shears out of trabecular bone, N: mean, and two standard deviations of the
/// shear strength below and above.
///
/// ```text
/// F = S π D L (0.5 + 0.577 depth / pitch)        S = 0.44 ± 0.16 of the compressive strength
/// ```
/// - `diameter`: outer diameter of the thread D, mm; `purchase`: length of thread in bone L, mm
/// - `compressive`: strength of the bone by its density, MPa
///
/// Cortex at the entry, which adds to the hold, is not counted.
///
/// # Source
/// Chapman et al. (1996), J. Biomech. Eng. 118, 391-398: measured over predicted 1.05, R² 0.947, in foams;
/// [`SHEAR_OVER_COMPRESSION`].
pub fn pull_out_strength(diameter: f64, purchase: f64, compressive: f64) -> [f64; 3] {
    let [mean, deviation] = SHEAR_OVER_COMPRESSION;
    [mean, mean - 2.0 * deviation, mean + 2.0 * deviation]
        .map(|ratio| ratio * compressive * PI * diameter * purchase * THREAD_SHAPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Screws in lateral masses are reported to pull out at 258 N (C1 from behind, one cortex, mean age 72:
    /// Mizutani 2019) to about 600 N in the young.
    #[test]
    fn a_lateral_mass_screw_pulls_out_within_the_published_range() {
        // Compressive strength of vertebral bone in age and youth, MPa.
        let [old, young] = [2.0, 8.0].map(|strength| pull_out_strength(3.5, 14.0, strength)[0]);
        assert!((60.0..258.0).contains(&old), "{old}");
        assert!((258.0..700.0).contains(&young), "{young}");
    }

    #[test]
    fn hold_grows_with_the_cylinder_of_the_thread_and_with_strength() {
        let f = pull_out_strength(3.5, 14.0, 5.0);
        let times =
            |of: [f64; 3], factor: f64| of.iter().zip(f).all(|(v, f)| (v / f / factor - 1.0).abs() < 1e-12);
        assert!(times(pull_out_strength(4.0, 14.0, 5.0), 4.0 / 3.5));
        assert!(times(pull_out_strength(3.5, 28.0, 5.0), 2.0));
        assert!(times(pull_out_strength(3.5, 14.0, 10.0), 2.0));
        assert!(0.0 < f[1] && f[1] < f[0] && f[0] < f[2]);
    }
}
