//! Cone filter of densities: each is the mean of its neighborhood, so that nothing finer than a length appears.
//!
//! ```text
//! ρ̃ₑ = Σ w vᵢ xᵢ / Σ w vᵢ        w = max(0, R − |cᵢ − cₑ|),  v: volumes, c: centers
//! ∂f/∂xᵢ = Σₑ (∂f/∂ρ̃ₑ) w vᵢ / Σ w v
//! ```
//! # Source
//! Bruns & Tortorelli (2001), Comput. Methods Appl. Mech. Eng. 190, 3443–3459; Bourdin (2001), Int. J. Numer. Methods
//! Eng. 50, 2143–2158.

use dens_mesher::Vec3;
use std::collections::BTreeMap;

/// Weights of the neighbors of every place.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    rows: Vec<Vec<(u32, f64)>>,
}

impl Filter {
    /// Filter of a radius over cells.
    ///
    /// - `centers`: mm; `volumes`: mm³, one per center
    /// - `radius`: mm, above zero; where it reaches no other cell nothing is filtered
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn new(centers: &[Vec3], volumes: &[f64], radius: f64) -> Self {
        assert_eq!(centers.len(), volumes.len(), "one volume per center");
        let bin = |p: &Vec3| [0, 1, 2].map(|a| (p[a] / radius).floor() as i64);
        let mut bins: BTreeMap<[i64; 3], Vec<u32>> = BTreeMap::new();
        for (i, p) in centers.iter().enumerate() {
            bins.entry(bin(p)).or_default().push(i as u32);
        }
        let row = |p: &Vec3| {
            let [x, y, z] = bin(p);
            let mut row = Vec::new();
            for step in 0..27 {
                let near = [x + step % 3 - 1, y + step / 3 % 3 - 1, z + step / 9 - 1];
                for &i in bins.get(&near).into_iter().flatten() {
                    let weight = (radius - (centers[i as usize] - p).norm()).max(0.0) * volumes[i as usize];
                    if 0.0 < weight {
                        row.push((i, weight));
                    }
                }
            }
            row.sort_by_key(|r| r.0);
            let sum: f64 = row.iter().map(|r| r.1).sum();
            row.iter_mut().for_each(|r| r.1 /= sum);
            row
        };
        Self { rows: centers.iter().map(row).collect() }
    }

    /// Filtered values.
    pub fn apply(&self, x: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| row.iter().map(|(i, w)| w * x[*i as usize]).sum()).collect()
    }

    /// Derivative by the values from that by the filtered ones.
    pub fn transposed(&self, slope: &[f64]) -> Vec<f64> {
        let mut by_value = vec![0.0; self.rows.len()];
        for (row, slope) in self.rows.iter().zip(slope) {
            for (i, w) in row {
                by_value[*i as usize] += w * slope;
            }
        }
        by_value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Vec<Vec3> {
        (0..60)
            .map(|i| {
                let a = f64::from(i);
                Vec3::new(3.0 * (1.3 * a).sin(), 2.0 * (0.7 * a).cos(), 0.1 * a - 3.0)
            })
            .collect()
    }

    #[test]
    fn what_is_even_stays_and_no_value_leaves_the_range() {
        let volumes: Vec<f64> = (0..60).map(|i| 1.0 + f64::from(i % 7)).collect();
        let filter = Filter::new(&places(), &volumes, 1.8);
        // Round-off of a mean of some tens of values.
        assert!(filter.apply(&[0.3; 60]).iter().all(|v| (v - 0.3).abs() < 1e-14));
        let rough: Vec<f64> = (0..60).map(|i| f64::from(i % 2)).collect();
        let smooth = filter.apply(&rough);
        assert!(smooth.iter().all(|v| (0.0..=1.0).contains(v)));
        assert!(smooth.iter().filter(|v| (0.1..0.9).contains(*v)).count() > 30, "neighbors are mixed");
    }

    #[test]
    fn transposed_is_the_adjoint() {
        let filter = Filter::new(&places(), &[1.0; 60], 2.5);
        let x: Vec<f64> = (0..60).map(|i| (0.37 * f64::from(i)).sin()).collect();
        let y: Vec<f64> = (0..60).map(|i| (0.91 * f64::from(i)).cos()).collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (one, two) = (dot(&filter.apply(&x), &y), dot(&x, &filter.transposed(&y)));
        // Round-off of sums of some hundred products.
        assert!((one - two).abs() < 1e-12 * one.abs().max(1.0));
    }
}
