//! Comparison of designs by several objectives: dominance, front, hypervolume, and the steps of ParEGO.
//!
//! ```text
//! a dominates b:  aₖ ≤ bₖ for all k and aₖ < bₖ for one            (everything is minimised)
//! hypervolume:    volume of ⋃ [a, r] over the designs a, r the reference
//! Tchebycheff:    t(f) = maxₖ wₖ fₖ + 0.05 Σ wₖ fₖ                  objectives scaled to 0 … 1
//! improvement:    EI = (t* − μ) Φ(z) + σ φ(z),   z = (t* − μ) / σ
//! ```
//! # Source
//! Zitzler & Thiele (1999), IEEE Trans. Evol. Comput. 3, 257–271 (hypervolume); Knowles (2006), IEEE Trans. Evol.
//! Comput. 10, 50–66 (ParEGO); Jones, Schonlau & Welch (1998), J. Glob. Optim. 13, 455–492 (expected improvement).

/// Share of the sum in the augmented Tchebycheff function (Knowles 2006).
const AUGMENTED: f64 = 0.05;

/// Whether `a` is nowhere worse and somewhere better than `b`.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

/// Indices of the designs that no other dominates, of equal ones the first, in order.
pub fn front(designs: &[Vec<f64>]) -> Vec<usize> {
    (0..designs.len())
        .filter(|&i| {
            !designs.iter().enumerate().any(|(j, d)| dominates(d, &designs[i]) || (j < i && *d == designs[i]))
        })
        .collect()
}

/// Volume between the designs and the reference; designs beyond it count for nothing.
///
/// Exact, by slices along the last objective: for fronts of some tens of designs and up to about five objectives.
pub fn hypervolume(designs: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<Vec<f64>> =
        designs.iter().filter(|d| d.iter().zip(reference).all(|(d, r)| d < r)).cloned().collect();
    sliced(inside, reference)
}

fn sliced(designs: Vec<Vec<f64>>, reference: &[f64]) -> f64 {
    let Some((last, others)) = reference.split_last() else { return 0.0 };
    let mut designs: Vec<Vec<f64>> = front(&designs).into_iter().map(|i| designs[i].clone()).collect();
    if others.is_empty() {
        return designs.iter().map(|d| last - d[0]).fold(0.0, f64::max);
    }
    let height = |d: &[f64]| d[others.len()];
    designs.sort_by(|a, b| height(a).total_cmp(&height(b)));
    let mut volume = 0.0;
    for i in 0..designs.len() {
        let top = designs.get(i + 1).map_or(*last, |d| height(d));
        let thickness = top - height(&designs[i]);
        if 0.0 < thickness {
            let below = designs[..=i].iter().map(|d| d[..others.len()].to_vec()).collect();
            volume += thickness * sliced(below, others);
        }
    }
    volume
}

/// Augmented Tchebycheff function of objectives scaled to 0 … 1.
pub fn tchebycheff(objectives: &[f64], weights: &[f64]) -> f64 {
    let parts = || objectives.iter().zip(weights).map(|(f, w)| f * w);
    parts().fold(f64::NEG_INFINITY, f64::max) + AUGMENTED * parts().sum::<f64>()
}

/// Expected improvement below `best` of a normal variable.
pub fn expected_improvement(best: f64, mean: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return (best - mean).max(0.0);
    }
    let z = (best - mean) / deviation;
    ((best - mean) * normal_probability(z) + deviation * normal_density(z)).max(0.0)
}

/// φ(z).
fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// Φ(z), to 1e-7.
///
/// Source: Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 26.2.17.
pub fn normal_probability(z: f64) -> f64 {
    const B: [f64; 5] = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let tail = normal_density(z) * B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    if z < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hypervolume_of_boxes_is_that_of_their_union() {
        // Three steps of a staircase: 3 · 1 + 2 · 1 + 1 · 1.
        let stairs = vec![vec![0.0, 2.0], vec![1.0, 1.0], vec![2.0, 0.0]];
        assert_eq!(hypervolume(&stairs, &[3.0, 3.0]), 6.0);
        // Inclusion and exclusion of two boxes in space: 8·… : 2·2·1 + 1·1·2 − 1·1·1.
        let boxes = vec![vec![0.0, 0.0, 1.0], vec![1.0, 1.0, 0.0]];
        assert_eq!(hypervolume(&boxes, &[2.0, 2.0, 2.0]), 5.0);
        assert_eq!(hypervolume(&[vec![4.0, 0.0]], &[3.0, 3.0]), 0.0, "beyond the reference");
    }

    #[test]
    fn a_dominated_design_changes_neither_front_nor_volume() {
        let mut designs = vec![vec![0.2, 0.5, 0.4], vec![0.5, 0.2, 0.3], vec![0.3, 0.3, 0.6]];
        let volume = hypervolume(&designs, &[1.0; 3]);
        designs.push(vec![0.5, 0.5, 0.5]);
        designs.push(vec![0.2, 0.5, 0.4]);
        assert_eq!(front(&designs), [0, 1, 2]);
        assert!((hypervolume(&designs, &[1.0; 3]) - volume).abs() < 1e-15);
    }

    #[test]
    fn normal_distribution_agrees_with_tables() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_746), (-1.644_853_627, 0.05), (2.326_347_874, 0.99)] {
            assert!((normal_probability(z) - p).abs() < 1e-7, "{z}");
        }
    }

    #[test]
    fn expected_improvement_of_a_standard_normal_is_its_mean_excess() {
        // E max(0, −Z) = 1/√(2π).
        assert!((expected_improvement(0.0, 0.0, 1.0) - 0.398_942_280).abs() < 1e-8);
        assert_eq!(expected_improvement(1.0, 0.25, 0.0), 0.75);
    }
}
