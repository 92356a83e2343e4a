//! Static and fatigue strength of the implant: solid titanium and homogenised lattice.

use super::{Confidence, Criterion, Sense};
use crate::tensor::{Six, principal_stresses, von_mises};

/// Yield stress of Ti-6Al-4V ELI by electron beam melting after hot isostatic pressing, MPa (780 to 930).
///
/// # Source
/// Arcam Ti6Al4V ELI data sheet; the band is that of laser powder bed parts after the same treatment.
pub const SOLID_YIELD_STRESS: f64 = 850.0;

/// Safety factor on yield of solid sections.
///
/// # Source
/// Proposal of the evidence notes (implant_static): von Mises below yield / 1.5.
pub const SOLID_SAFETY: f64 = 1.5;

/// Endurance of lattices in compression as a fraction of their yield stress at 10⁶ to 10⁷ cycles (0.12 to 0.36).
///
/// # Source
/// de Jonge, Kolken & Zadpoor (2019), Materials 12, 635; Hrabe et al. (2011), J. Biomed. Mater. Res. B 99,
/// 313-320 (0.15 to 0.25 for electron beam melted titanium).
pub const LATTICE_ENDURANCE: f64 = 0.15;

/// Von Mises stress in solid titanium.
pub const SOLID_YIELD: Criterion = Criterion {
    name: "solid-von-mises-static",
    label: "von Mises stress in solid titanium",
    unit: "MPa",
    sense: Sense::AtMost,
    limit: SOLID_YIELD_STRESS / SOLID_SAFETY,
    source: "yield 850 MPa after hot isostatic pressing (Arcam Ti6Al4V ELI data sheet) over 1.5",
    confidence: Confidence::Recalled,
};

/// Von Mises stress under the daily peak, as built rough surface.
pub const SOLID_FATIGUE: Criterion = Criterion {
    name: "solid-von-mises-fatigue",
    label: "von Mises stress in solid titanium with rough as-built surface, 1e7 cycles",
    unit: "MPa",
    sense: Sense::AtMost,
    limit: 200.0,
    source: "electron beam melted Ti-6Al-4V, as built: 200 MPa (120 to 260) at 1e7 cycles; de Jonge et al. (2019), Materials 12, 635",
    confidence: Confidence::Recalled,
};

/// Homogenised stress of the lattice over its yield stress.
pub const LATTICE_YIELD: Criterion = Criterion {
    name: "lattice-stress-ratio-static",
    label: "homogenised stress over lattice yield stress",
    unit: "1",
    sense: Sense::AtMost,
    limit: 0.5,
    source: "proposal: homogenised stress below half the lattice yield stress",
    confidence: Confidence::Proposed,
};

/// Homogenised stress of the lattice over its yield stress, under the daily peak.
pub const LATTICE_FATIGUE: Criterion = Criterion {
    name: "lattice-stress-ratio-fatigue",
    label: "homogenised stress over lattice yield stress, 1e7 cycles",
    unit: "1",
    sense: Sense::AtMost,
    limit: LATTICE_ENDURANCE,
    source: "de Jonge, Kolken & Zadpoor (2019), Materials 12, 635: 0.12 to 0.36; Hrabe et al. (2011), J. Biomed. Mater. Res. B 99, 313-320: 0.15 to 0.25",
    confidence: Confidence::Found,
};

/// Stress measure of a homogenised lattice, MPa: the larger of von Mises stress and greatest principal stress.
///
/// Unlike solid metal a lattice yields under hydrostatic load, to which von Mises stress is blind. For uniaxial
/// load both agree with the stress that lattice yield is measured in.
pub fn lattice_stress(stress: &Six) -> f64 {
    let [largest, _, smallest] = principal_stresses(stress);
    von_mises(stress).max(largest.abs()).max(smallest.abs())
}

/// [`lattice_stress`] over the yield stress of the lattice, for [`LATTICE_YIELD`] and [`LATTICE_FATIGUE`].
///
/// - `yield_stress`: MPa, of the lattice at its relative density
pub fn lattice_stress_ratio(stress: &Six, yield_stress: f64) -> f64 {
    lattice_stress(stress) / yield_stress
}

/// Yield stress of a bending-dominated lattice by its density, MPa: σ = 0.3 σ_s ρ^1.5.
///
/// - `solid_yield`: MPa; `relative_density`: 0 to 1
///
/// For screening of designs; the chosen lattice is judged with the stress in its struts.
///
/// # Source
/// Gibson & Ashby (1997), Cellular Solids, 2nd ed., §5.3 (open cells, plastic collapse); range of the
/// coefficient 0.2 to 0.4.
pub fn bending_lattice_yield(solid_yield: f64, relative_density: f64) -> f64 {
    0.3 * solid_yield * relative_density.powf(1.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::rotate_stress;
    use nalgebra::Rotation3;

    #[test]
    fn uniaxial_stress_is_its_own_measure() {
        assert!((lattice_stress(&[0.0, 0.0, -12.0, 0.0, 0.0, 0.0]) - 12.0).abs() < 1e-13);
    }

    #[test]
    fn hydrostatic_stress_counts_for_a_lattice() {
        assert!((lattice_stress(&[-7.0, -7.0, -7.0, 0.0, 0.0, 0.0]) - 7.0).abs() < 1e-13);
    }

    #[test]
    fn measures_do_not_depend_on_the_frame() {
        let r = *Rotation3::from_euler_angles(0.4, -0.7, 1.1).matrix();
        let stress = [3.0, -4.0, 1.0, 2.0, -1.0, 1.5];
        let turned = rotate_stress(&stress, &r);
        assert!((lattice_stress(&stress) - lattice_stress(&turned)).abs() < 1e-13);
        assert!((von_mises(&stress) - von_mises(&turned)).abs() < 1e-13);
    }

    #[test]
    fn limits_follow_from_the_published_strengths() {
        assert!((SOLID_YIELD.limit - 566.67).abs() < 0.01);
        // A lattice of 120 MPa yield endures 18 MPa.
        let ratio = lattice_stress_ratio(&[0.0, 0.0, -18.0, 0.0, 0.0, 0.0], 120.0);
        assert!(LATTICE_FATIGUE.judge(ratio).margin.abs() < 1e-12);
        assert!(LATTICE_YIELD.judge(ratio).is_met());
    }
}
