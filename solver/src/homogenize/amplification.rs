//! Stress in the struts for a stress on the lattice: a small set of voxels that stands for all.

use rayon::prelude::*;

use super::constants::{stress_like, unit};

/// Share of the solid volume allowed above the stress reported.
///
/// The largest voxel stress of all is a stair step of the surface and grows with the resolution; at 99.5 % of
/// the volume the two finest grids agree within some percent.
const TAIL: f64 = 0.005;

/// Voxels kept: tuned on gyroid, octet and simple-cubic cells of density 0.2 to 0.3 so that the stress is
/// within 3 % of that over all voxels, at about 10 µs a call.
const KEPT: usize = 1024;

/// Stresses on the lattice in which every voxel is tried.
const TRIED: usize = 128;

/// Voxels below this part of the tail stress in every stress tried are never in the tail.
const NEVER: f64 = 0.8;

/// Von Mises stress in the solid of a lattice cell per stress on the lattice.
///
/// The stress is that at the middle of cubes at least half full, exceeded in 0.5 % of the solid.
///
/// Limits: voxel steps make it neither a bound nor a notch stress; differences between grids of 5 to 10 % are
/// usual at ten cubes a strut; it holds inside a lattice of many cells, not within about three cells of a skin,
/// a screw or a free face; surfaces as melted carry notches that are not in the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Amplification {
    /// Symmetric forms Q with σ_vM² = σ̄ᵀ Q σ̄: diagonal, then doubled upper triangle row by row.
    forms: Vec<[f64; 21]>,
    /// Number of forms above the stress reported, with its fraction.
    rank: f64,
}

impl Amplification {
    /// Forms of the voxels that matter among `maps` (local stress per stress on the lattice).
    pub(super) fn new(maps: &[[[f64; 6]; 6]]) -> Self {
        let forms: Vec<[f64; 21]> = maps.par_iter().map(von_mises_form).collect();
        let tail = TAIL * forms.len() as f64;
        // For each stress: every voxel relative to the tail stress.
        let products: Vec<[f64; 21]> = stresses_tried().iter().map(products_of).collect();
        let limits: Vec<f64> = products.par_iter().map(|p| squared_at_rank(&forms, p, tail)).collect();
        let worst = |form: &[f64; 21]| {
            products
                .iter()
                .zip(&limits)
                .filter(|(_, limit)| 0.0 < **limit)
                .map(|(product, limit)| value(form, product) / limit)
                .enumerate()
                .fold((0, 0.0), |best, (case, ratio)| if best.1 < ratio { (case, ratio) } else { best })
        };
        let worst: Vec<(usize, f64)> = forms.par_iter().map(worst).collect();
        let mut near: Vec<usize> = (0..forms.len()).filter(|&i| NEVER * NEVER <= worst[i].1).collect();
        // Side by side what is worst in the same stress and alike: every stride then samples each tail evenly.
        near.sort_by(|&a, &b| {
            worst[a].0.cmp(&worst[b].0).then(worst[b].1.total_cmp(&worst[a].1)).then(a.cmp(&b))
        });
        let stride = (near.len() as f64 / KEPT as f64).max(1.0);
        let kept = (near.len() as f64 / stride) as usize;
        let forms = (0..kept).map(|i| forms[near[((i as f64 + 0.5) * stride) as usize]]).collect();
        Self { forms, rank: tail / stride }
    }

    /// Von Mises stress in the struts, MPa, exceeded in 0.5 % of the solid.
    ///
    /// - `stress`: on the lattice, MPa, order xx yy zz yz xz xy, axes of the cell
    pub fn strut_stress(&self, stress: [f64; 6]) -> f64 {
        squared_at_rank(&self.forms, &products_of(&stress), self.rank).max(0.0).sqrt()
    }

    /// Strut stress per uniaxial stress along `direction` (any length but zero).
    pub fn along(&self, direction: [f64; 3]) -> f64 {
        self.strut_stress(stress_like(unit(direction)))
    }

    /// Uniaxial stress along `direction` at which 0.5 % of the solid yields, MPa.
    ///
    /// - `yield_stress`: of the solid, MPa
    pub fn lattice_yield(&self, direction: [f64; 3], yield_stress: f64) -> f64 {
        yield_stress / self.along(direction)
    }

    /// Voxels kept.
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    /// Whether no voxel is kept.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }
}

/// Q = Mᵀ P M with the von Mises form P.
pub(super) fn von_mises_form(map: &[[f64; 6]; 6]) -> [f64; 21] {
    // P = AᵀA: three differences of normal stresses over √2, shear times √3.
    let rows: [[f64; 6]; 6] = std::array::from_fn(|r| {
        std::array::from_fn(|j| {
            if r < 3 {
                (map[r][j] - map[(r + 1) % 3][j]) * std::f64::consts::FRAC_1_SQRT_2
            } else {
                map[r][j] * 3_f64.sqrt()
            }
        })
    });
    let mut form = [0.0; 21];
    for (entry, [i, j]) in form.iter_mut().zip(PAIRS) {
        let twice = if i == j { 1.0 } else { 2.0 };
        *entry = twice * rows.iter().map(|row| row[i] * row[j]).sum::<f64>();
    }
    form
}

/// Index pairs of the upper triangle, row by row.
const PAIRS: [[usize; 2]; 21] = {
    let mut pairs = [[0; 2]; 21];
    let (mut at, mut i) = (0, 0);
    while i < 6 {
        let mut j = i;
        while j < 6 {
            pairs[at] = [i, j];
            (at, j) = (at + 1, j + 1);
        }
        i += 1;
    }
    pairs
};

pub(super) fn products_of(stress: &[f64; 6]) -> [f64; 21] {
    PAIRS.map(|[i, j]| stress[i] * stress[j])
}

pub(super) fn value(form: &[f64; 21], products: &[f64; 21]) -> f64 {
    form.iter().zip(products).map(|(q, p)| q * p).sum()
}

/// Squared stress that `rank` of the forms exceed, between two of them by proportion.
fn squared_at_rank(forms: &[[f64; 21]], products: &[f64; 21], rank: f64) -> f64 {
    let mut values: Vec<f64> = forms.iter().map(|form| value(form, products)).collect();
    if values.is_empty() {
        return 0.0;
    }
    let last = values.len() - 1;
    // The form at place k of the falling order stands for ranks k to k + 1; its middle is k + 1/2.
    let place = (rank - 0.5).clamp(0.0, last as f64);
    let (_, &mut upper, below) = values.select_nth_unstable_by(place as usize, |a, b| b.total_cmp(a));
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if below.is_empty() { upper } else { upper + (lower - upper) * place.fract() }
}

/// Uniaxial, shear and biaxial stresses of the axes, then points spread over all stresses of unit size.
fn stresses_tried() -> Vec<[f64; 6]> {
    let mut tried: Vec<[f64; 6]> = Vec::with_capacity(TRIED);
    for i in 0..6 {
        for j in i..6 {
            let mut stress = [0.0; 6];
            stress[i] += 1.0;
            stress[j] += 1.0;
            tried.push(stress);
            if i < j {
                stress[j] = -1.0;
                tried.push(stress);
            }
        }
    }
    // Additive recurrence in six dimensions (Roberts' generalised golden ratio), made normal by Box–Muller.
    let golden = 1.112_775_684_278_705_5_f64;
    for i in tried.len()..TRIED {
        let u: [f64; 6] = std::array::from_fn(|d| (i as f64 * golden.powi(-(d as i32) - 1) + 0.5).fract());
        tried.push(std::array::from_fn(|d| {
            let (radius, angle) = (u[d / 2], u[3 + d / 2] * std::f64::consts::TAU);
            let size = (-2.0 * (1.0 - radius).ln()).sqrt();
            size * if d % 2 == 0 { angle.cos() } else { angle.sin() }
        }));
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solid_without_pores_has_the_von_mises_stress_itself() {
        let mut identity = [[0.0; 6]; 6];
        (0..6).for_each(|i| identity[i][i] = 1.0);
        let solid = Amplification::new(&vec![identity; 3000]);
        assert!((solid.along([1.0, 2.0, -0.5]) - 1.0).abs() < 1e-12, "uniaxial: the stress itself");
        assert!((solid.strut_stress([0.0, 0.0, 0.0, 2.0, 0.0, 0.0]) - 2.0 * 3_f64.sqrt()).abs() < 1e-12);
        assert!(solid.strut_stress([5.0, 5.0, 5.0, 0.0, 0.0, 0.0]) < 1e-6, "pressure: none, to √round-off");
        assert!((solid.lattice_yield([0.0, 0.0, 1.0], 850.0) - 850.0).abs() < 1e-9);
    }

    #[test]
    fn rank_counts_from_the_top() {
        let forms: Vec<[f64; 21]> = (1..=100)
            .map(|i| {
                let mut form = [0.0; 21];
                form[0] = f64::from(i);
                form
            })
            .collect();
        let products = products_of(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(squared_at_rank(&forms, &products, 0.5), 100.0);
        assert_eq!(squared_at_rank(&forms, &products, 5.0), 95.5);
    }
}
