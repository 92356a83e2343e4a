//! How thick the lattice zone is at each place, so that cells across can be counted.
//!
//! ```text
//! τ(x) = 2 max { r(c) : |x − c| < r(c) }          r(c): radius of the largest ball in the zone about c
//! ```
//! Balls are those of the zone's middle surface; distances are exact between nodes of a grid.
//!
//! # Source
//! Hildebrand & Rüegsegger (1997), J. Microsc. 185:67–75: thickness of a structure without a model of it.

use super::metal::{Metal, Part};
use crate::Vec3;
use crate::image::separate::distance;

/// A ball whose neighbor's radius is larger by this share of their distance lies (nearly) within it.
const WITHIN: f64 = 0.85;
/// Part of the zone, by volume, whose ball of largest size is told as the thinnest: thinner are corners.
const THIN_SHARE: f64 = 0.05;

/// Thickness of the lattice zone.
#[derive(Debug, Clone)]
pub struct Across {
    origin: Vec3,
    step: f64,
    dims: [usize; 3],
    /// Diameter of the largest ball that holds the node, mm; 0 outside the zone.
    diameter: Vec<f32>,
    /// Middle and diameter of the ball of the thinnest part, mm.
    thinnest: Option<(Vec3, f64)>,
}

impl Across {
    /// Measures the lattice zone on a grid of `step` mm: thicknesses are off by about as much.
    pub fn new(metal: &Metal<'_>, step: f64) -> Self {
        let bounds = metal.bounds();
        let inside = |p: Vec3| metal.filled(p) == Some(Part::Lattice);
        Self::of(bounds.min, bounds.size(), step, &inside)
    }

    /// The same of what lies `inside` a box.
    fn of(low: Vec3, size: Vec3, step: f64, inside: &(dyn Fn(Vec3) -> bool + Sync)) -> Self {
        use rayon::prelude::*;
        let origin = low - Vec3::repeat(1.5 * step);
        let dims: [usize; 3] = std::array::from_fn(|i| (size[i] / step).ceil() as usize + 4);
        let [nx, ny, nz] = dims;
        let place = |n: usize| {
            origin + step * Vec3::new((n % nx) as f64, (n / nx % ny) as f64, (n / (nx * ny)) as f64)
        };
        let zone: Vec<bool> = (0..nx * ny * nz).into_par_iter().map(|n| inside(place(n))).collect();
        let squared = distance::squared(dims, [step; 3], |n| !zone[n]);
        // The wall lies about half a step before the nearest node outside.
        let radius: Vec<f32> =
            squared.iter().map(|d| if *d == 0.0 { 0.0 } else { d.sqrt() - 0.5 * step as f32 }).collect();
        let mut found = Self { origin, step, dims, diameter: vec![0.0; radius.len()], thinnest: None };
        let mut balls: Vec<usize> =
            (0..radius.len()).into_par_iter().filter(|&n| zone[n] && found.is_middle(&radius, n)).collect();
        balls.sort_by(|a, b| radius[*b].total_cmp(&radius[*a]).then(a.cmp(b)));
        for &n in &balls {
            found.paint(n, radius[n]);
        }
        for n in (0..radius.len()).filter(|n| zone[*n]) {
            found.diameter[n] = found.diameter[n].max(2.0 * radius[n]);
        }
        let mut all: Vec<f32> = found.diameter.iter().copied().filter(|d| 0.0 < *d).collect();
        if !all.is_empty() {
            let rank = (THIN_SHARE * all.len() as f64) as usize;
            let (_, thin, _) = all.select_nth_unstable_by(rank, f32::total_cmp);
            let thin = *thin;
            // The first of the balls of that size.
            let ball = balls.iter().min_by(|a, b| {
                let off = |n: usize| (2.0 * radius[n] - thin).abs();
                off(**a).total_cmp(&off(**b)).then(a.cmp(b))
            });
            found.thinnest = ball.map(|n| (place(*n), f64::from(thin)));
        }
        found
    }

    /// Whether the ball about a node is part of no larger one beside it.
    fn is_middle(&self, radius: &[f32], n: usize) -> bool {
        let [nx, ny, nz] = self.dims;
        let at = [n % nx, n / nx % ny, n / (nx * ny)];
        (0..27).filter(|k| *k != 13).all(|k| {
            let d: [isize; 3] = [k % 3 - 1, k / 3 % 3 - 1, k / 9 - 1];
            let beside: Option<Vec<usize>> =
                (0..3).map(|i| at[i].checked_add_signed(d[i]).filter(|x| *x < [nx, ny, nz][i])).collect();
            let Some(b) = beside else { return true };
            let apart = self.step * ((d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) as f64).sqrt();
            f64::from(radius[(b[2] * ny + b[1]) * nx + b[0]] - radius[n]) < WITHIN * apart
        })
    }

    fn paint(&mut self, n: usize, radius: f32) {
        let [nx, ny, _] = self.dims;
        let at = [n % nx, n / nx % ny, n / (nx * ny)];
        let reach = f64::from(radius) / self.step;
        let span = |i: usize| {
            let r = reach.floor() as usize;
            at[i].saturating_sub(r)..=(at[i] + r).min(self.dims[i] - 1)
        };
        let (xs, ys, zs) = (span(0), span(1), span(2));
        for z in zs {
            for y in ys.clone() {
                let across = (y as f64 - at[1] as f64).powi(2) + (z as f64 - at[2] as f64).powi(2);
                for x in xs.clone() {
                    if across + (x as f64 - at[0] as f64).powi(2) <= reach * reach {
                        let d = &mut self.diameter[(z * ny + y) * nx + x];
                        *d = d.max(2.0 * radius);
                    }
                }
            }
        }
    }

    /// Thickness at the node nearest to `p`, mm; that of the thickest node around it where that one is outside, and
    /// 0 where all are.
    pub fn at(&self, p: Vec3) -> f64 {
        let q = (p - self.origin) / self.step;
        let low: [usize; 3] =
            std::array::from_fn(|i| (q[i].floor().max(0.0) as usize).min(self.dims[i].saturating_sub(2)));
        let [nx, ny, _] = self.dims;
        let node = |k: usize| {
            let [x, y, z] = [low[0] + (k & 1), low[1] + (k >> 1 & 1), low[2] + (k >> 2 & 1)];
            (
                self.diameter[(z * ny + y) * nx + x],
                (Vec3::new(x as f64, y as f64, z as f64) - q).norm_squared(),
            )
        };
        let nearest = (0..8).map(node).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |n| n.0);
        let found = if 0.0 < nearest { nearest } else { (0..8).map(|k| node(k).0).fold(0.0, f32::max) };
        f64::from(found)
    }

    /// Share of the zone's volume that is thinner than `thickness` mm.
    pub fn share_below(&self, thickness: f64) -> f64 {
        let inside = self.diameter.iter().filter(|d| 0.0 < **d);
        let thin = inside.clone().filter(|d| f64::from(**d) < thickness).count();
        thin as f64 / inside.count().max(1) as f64
    }

    /// Middle and diameter, mm, of the ball of the thinnest twentieth of the zone; none without a zone.
    pub fn thinnest(&self) -> Option<(Vec3, f64)> {
        self.thinnest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plate_is_as_thick_as_it_is_and_a_bar_beside_it_too() {
        // Plate of 4 mm in z, with a square bar of 2 mm on it.
        let plate = |p: Vec3| p.z.abs() < 2.0 && p.x.abs() < 10.0 && p.y.abs() < 10.0;
        let bar = |p: Vec3| p.x.abs() < 1.0 && p.y.abs() < 1.0 && (2.0..9.0).contains(&p.z);
        let low = Vec3::new(-10.0, -10.0, -2.0);
        let found = Across::of(low, Vec3::new(20.0, 20.0, 11.0), 0.25, &|p| plate(p) || bar(p));
        // Off by the grid.
        assert!(
            (found.at(Vec3::new(5.0, 3.0, 0.4)) - 4.0).abs() < 0.3,
            "{}",
            found.at(Vec3::new(5.0, 3.0, 0.4))
        );
        assert!((found.at(Vec3::new(0.2, 0.0, 7.0)) - 2.0).abs() < 0.3);
        assert_eq!(found.at(Vec3::new(8.0, 8.0, 6.0)), 0.0);
        // The bar is 28 of 1628 mm³; corners of the plate are thin too.
        let thin = found.share_below(3.0);
        assert!((0.015..0.08).contains(&thin), "{thin}");
        assert_eq!(found.share_below(1.0e3), 1.0);
        assert!(found.thinnest().is_some_and(|(_, d)| d < 4.3));
    }
}
