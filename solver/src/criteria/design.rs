//! Smooth measures for the design loop, where yes-or-no criteria give no direction.

/// Mean loss of strain energy, ∫ max(0, 1 − U/U₀) dV / ∫ dV; 0 nothing is unloaded, 1 everything.
///
/// - `weights`: volumes, mm³
/// - `implanted`, `intact`: strain energy densities at the same points of bone; points with U₀ = 0 count as kept
///
/// # Panics
/// When the slices differ in length.
pub fn mean_unloading(weights: &[f64], implanted: &[f64], intact: &[f64]) -> f64 {
    assert_eq!(weights.len(), implanted.len(), "one energy per weight");
    assert_eq!(weights.len(), intact.len(), "both models at the same points");
    let (mut lost, mut total) = (0.0, 0.0);
    for ((w, u), reference) in weights.iter().zip(implanted).zip(intact) {
        total += w;
        if 0.0 < *reference {
            lost += w * (1.0 - u / reference).max(0.0);
        }
    }
    if 0.0 < total { lost / total } else { 0.0 }
}

/// How much stiffer than wanted, max(0, E/E_target − 1).
pub fn excess_stiffness(modulus: f64, target: f64) -> f64 {
    (modulus / target - 1.0).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unloading_counts_only_what_is_lost() {
        // Points lose half, gain double and lose all, with volumes 2, 1, 1: (2 · 0.5 + 0 + 1) / 4.
        assert_eq!(mean_unloading(&[2.0, 1.0, 1.0], &[0.5, 2.0, 0.0], &[1.0, 1.0, 1.0]), 0.5);
    }

    #[test]
    fn a_lattice_softer_than_the_target_has_no_excess() {
        assert_eq!(excess_stiffness(1000.0, 3000.0), 0.0);
        assert_eq!(excess_stiffness(4500.0, 3000.0), 0.5);
    }
}
