//! Settling of an implant into bone under many cycles of load: a law with one fitted constant, set by one test.
//!
//! ```text
//! s = ℓ ⟨p/p₀ − 1⟩        p₀ = 0.0026 E        after 10,000 cycles up to the pressure p
//! ```
//! - p₀: pressure that bone of modulus E bears for good. Human vertebral trabecular bone was cycled to failure at stresses
//!   from 0.0026 E up (Haddock 2004); what lies below is taken to last.
//! - ℓ: chosen so that a ring cage sinks as it did in the test of Wang (2019). Nothing else is fitted; the threshold (a uniaxial
//!   stress taken as a pressure), the form, and that ℓ is the same for bone of any density are assumed. The ring pressed harder
//!   than cancellous bone bears at once, so ℓ contains that crushing.
//!
//! Crushed bone is compacted and bears more, so a ring comes to rest, and under a face that fits load moves from its edges
//! inward. The law knows neither healing nor remodeling, and nothing of more cycles than the test had. The test gives
//! neither the area of its ring nor the density of its bone: both are assumed. [`RIM`] gives the range of ℓ over the rims of common
//! cages at [`MODULUS`]; bone of 400 to 1200 MPa in the test would widen it to 0.2 to 3.3 mm.

use crate::loads::contact::Bed;

/// Stress over modulus that lasts, see the module.
///
/// # Source
/// Haddock et al. (2004), J. Biomech. 37, 181–187: failures between 0.0026 and 0.0070.
pub const ENDURANCE: f64 = 0.0026;

/// Largest force of the cycles, N.
///
/// # Source
/// Wang et al. (2019), Med. Sci. Monit.: 60 to 300 N at 0.5 Hz, 10,000 cycles.
pub const FORCE: f64 = 300.0;

/// Cycles of the test.
pub const CYCLES: u32 = 10_000;

/// How far the conventional cage sank, mm: mean and standard deviation.
///
/// # Source
/// Wang et al. (2019), Med. Sci. Monit.
pub const OBSERVED: [f64; 2] = [2.064, 0.150];

/// Area of the cage's rim, mm²: taken, least, largest. The test does not give it.
///
/// # Source
/// Assumption: outer diameter 12 mm (10 to 14 mm) and wall 1.0 mm (1.0 to 1.5 mm), common sizes of cervical mesh cages.
pub const RIM: [f64; 3] = [34.6, 28.3, 58.9];

/// Young's modulus of the bone in the test, MPa. The test does not give it.
///
/// # Source
/// Assumption: mean density of the cervical vertebrae C3 to C7 of adults, 256 mg/cm³ (Yoganandan 2006), by Kopperdahl (2002).
pub const MODULUS: f64 = 792.0;

/// ℓ that makes a rigid ring of this area sink as in the test, mm.
///
/// A rigid ring on a bed sinks everywhere alike, so its pressure is F/A.
pub fn length(rim: f64) -> f64 {
    OBSERVED[0] / (FORCE / rim / (ENDURANCE * MODULUS) - 1.0)
}

/// Bed of bone of this modulus, MPa.
pub fn bed(modulus: f64) -> Bed {
    Bed { strength: ENDURANCE * modulus, length: length(RIM[0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_of_the_test_sinks_as_observed_whatever_its_area() {
        for rim in RIM {
            let bed = Bed { strength: ENDURANCE * MODULUS, length: length(rim) };
            assert!((bed.sunk(FORCE / rim) - OBSERVED[0]).abs() < 1e-12);
        }
        assert!(length(RIM[1]) < length(RIM[0]) && length(RIM[0]) < length(RIM[2]));
    }

    #[test]
    fn weaker_bone_sinks_more_and_a_whole_endplate_hardly() {
        let at = |modulus: f64, area: f64| bed(modulus).sunk(FORCE / area);
        assert!(at(0.5 * MODULUS, RIM[0]) > 2.0 * OBSERVED[0]);
        // An endplate of 17 mm × 14.7 mm bears 300 N at 1.5 MPa.
        assert_eq!(at(MODULUS, std::f64::consts::FRAC_PI_4 * 17.0 * 14.7), 0.0);
    }
}
