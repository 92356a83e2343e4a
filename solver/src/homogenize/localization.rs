//! Distribution of the stress in the struts for a stress on the lattice, over all cubes of the solid.

use rayon::prelude::*;

use super::amplification::{products_of, value, von_mises_form};
use super::constants::{stress_like, unit};

/// Von Mises stress of every cube at least half full per stress on the lattice.
///
/// The same limits as of [`super::Amplification`], which keeps a small part of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Localization {
    forms: Vec<[f64; 21]>,
}

impl Localization {
    pub(super) fn new(maps: &[[[f64; 6]; 6]]) -> Self {
        Self { forms: maps.par_iter().map(von_mises_form).collect() }
    }

    /// Von Mises stresses below which the given shares (0 to 1) of the solid lie, MPa.
    ///
    /// - `stress`: on the lattice, MPa, order xx yy zz yz xz xy, axes of the cell
    pub fn percentiles<const N: usize>(&self, stress: [f64; 6], shares: [f64; N]) -> [f64; N] {
        let products = products_of(&stress);
        let mut squares: Vec<f64> = self.forms.par_iter().map(|form| value(form, &products)).collect();
        let last = squares.len().saturating_sub(1);
        shares.map(|share| {
            let rank = ((share * squares.len() as f64) as usize).min(last);
            if squares.is_empty() {
                return 0.0;
            }
            let (_, found, _) = squares.select_nth_unstable_by(rank, f64::total_cmp);
            found.max(0.0).sqrt()
        })
    }

    /// The same per uniaxial stress along `direction` (any length but zero).
    pub fn along<const N: usize>(&self, direction: [f64; 3], shares: [f64; N]) -> [f64; N] {
        self.percentiles(stress_like(unit(direction)), shares)
    }

    /// Points of the first-yield surface in the plane of two stresses, MPa: where `tail` (0 to 1) of the solid yields.
    ///
    /// - `first`, `second`: the stresses that span the plane, MPa per unit, order xx yy zz yz xz xy
    /// - returns: `count` points around the origin, the first on the axis of `first`; the last is the first again
    pub fn first_yield(
        &self,
        [first, second]: [[f64; 6]; 2],
        yield_stress: f64,
        tail: f64,
        count: usize,
    ) -> Vec<[f64; 2]> {
        let point = |i: usize| {
            let angle = std::f64::consts::TAU * (i % count) as f64 / count as f64;
            let (c, s) = (angle.cos(), angle.sin());
            let stress = std::array::from_fn(|k| c * first[k] + s * second[k]);
            let [local] = self.percentiles(stress, [1.0 - tail]);
            // No stress in the solid: the point would lie at infinity.
            let reach = if local > 0.0 { yield_stress / local } else { f64::INFINITY };
            [reach * c, reach * s]
        };
        // Elastic stress is odd in the load: the second half of an even number of points is the first, turned.
        let own = if count.is_multiple_of(2) { count / 2 } else { count };
        let found: Vec<[f64; 2]> = (0..own).into_par_iter().map(point).collect();
        let turned = |i: usize| match found.get(i % count) {
            Some(p) => *p,
            None => found[i % count - own].map(|x| -x),
        };
        (0..=count).map(turned).collect()
    }

    /// Number of cubes.
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    /// Whether there is no cube.
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Base, CellSolution, Options};
    use super::*;
    use dens_mesher::lattice::{Lattice, cell};

    fn solved(name: &str, density: f64) -> CellSolution {
        let lattice =
            Lattice::with_relative_density(cell(name).expect("listed"), 1.0, density).expect("in range");
        let base = Base::new(1.0, 0.3).expect("in range");
        let options = Options { resolution: 32, ..Options::default() };
        CellSolution::from_value(&|q| lattice.cell_value(q.into()), base, &options).expect("connected")
    }

    #[test]
    fn solid_without_pores_has_one_stress_and_the_ellipse_of_von_mises() {
        let mut identity = [[0.0; 6]; 6];
        (0..6).for_each(|i| identity[i][i] = 1.0);
        let solid = Localization::new(&vec![identity; 500]);
        let [low, high] = solid.along([1.0, -2.0, 0.5], [0.05, 0.995]);
        assert!((low - 1.0).abs() < 1e-12 && (high - 1.0).abs() < 1e-12);
        let [x, y] = [0, 1].map(|k| std::array::from_fn(|i| f64::from(u8::from(i == k))));
        for [a, b] in solid.first_yield([x, y], 850.0, 0.005, 36) {
            assert!(((a * a - a * b + b * b).sqrt() - 850.0).abs() < 1e-9, "plane stress: {a} {b}");
        }
    }

    #[test]
    fn percentiles_grow_and_the_highest_is_that_of_the_amplification() {
        let solution = solved("gyroid-sheet", 0.3);
        let (all, few) = (solution.localization(), solution.amplification());
        for direction in [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.3, -1.0, 0.4]] {
            let [half, most, tail] = all.along(direction, [0.5, 0.95, 0.995]);
            assert!(half < most && most < tail);
            // The accuracy stated where voxels are dropped.
            assert!((few.along(direction) / tail - 1.0).abs() < 0.03, "{direction:?}");
            // Mean stress in the solid is at least the stress over the relative density where nothing cancels.
            assert!(1.0 / 0.3 < tail);
        }
    }

    #[test]
    fn first_yield_in_a_plane_is_convex_and_symmetric_about_the_origin() {
        let all = solved("octet", 0.3).localization();
        let axis = |k: usize| std::array::from_fn(|i| f64::from(u8::from(i == k)));
        let points = all.first_yield([axis(0), axis(1)], 850.0, 0.005, 24);
        assert_eq!(points.len(), 25);
        for (p, q) in points.iter().zip(&points[12..]) {
            assert!((p[0] + q[0]).abs() < 1e-9 * 850.0 && (p[1] + q[1]).abs() < 1e-9 * 850.0, "elastic: odd");
        }
        // Cubic: the two uniaxial strengths are one.
        assert!((points[0][0] / points[6][1] - 1.0).abs() < 1e-3);
        // Voxels at a quantile of their stress: the hull of maxima is convex, a quantile nearly so.
        for i in 1..24 {
            let [a, b, c] = [points[i - 1], points[i], points[i + 1]];
            let cross = (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]);
            assert!(-0.02 * 850.0 * 850.0 * 0.01 < cross, "{i}: {cross}");
        }
    }
}
