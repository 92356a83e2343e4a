//! How far one surface is from another, in mm.

use super::super::bvh::BoxTree;
use super::super::surface::TriSurface;
use crate::Vec3;
use rayon::prelude::*;

/// Most samples on one triangle, per edge of it.
const MOST: f64 = 24.0;

/// Samples per partial sum; fixed, so that sums do not depend on the number of threads.
const CHUNK: usize = 1024;

/// Distance of one surface from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviation {
    /// Largest distance, mm.
    pub max_mm: f64,
    /// Root mean square over the area, mm.
    pub rms_mm: f64,
    /// Where it is largest.
    pub place: Vec3,
}

/// Distance of `from` to `to`, sampled at vertices and about every `spacing` mm, where `keep(point)` holds.
pub fn deviation(
    from: &TriSurface,
    to: &TriSurface,
    spacing: f64,
    keep: impl Fn(Vec3) -> bool + Sync,
) -> Deviation {
    let chosen: Vec<(Vec3, f64)> = samples(from, spacing).into_par_iter().filter(|(p, _)| keep(*p)).collect();
    of_samples(&chosen, to)
}

/// Distance of weighted points to a surface.
pub(super) fn of_samples(samples: &[(Vec3, f64)], to: &TriSurface) -> Deviation {
    if to.triangles.is_empty() {
        return Deviation { max_mm: f64::INFINITY, rms_mm: f64::INFINITY, place: Vec3::zeros() };
    }
    let tree = BoxTree::new(to);
    let parts: Vec<(f64, f64, (f64, Vec3))> = samples
        .par_chunks(CHUNK)
        .map(|chunk| {
            let (mut weight, mut sum, mut worst) = (0.0, 0.0, (0.0, Vec3::zeros()));
            let mut guess = u32::MAX;
            for (p, area) in chunk {
                let (t, _, d) = tree.nearest_from(to, *p, guess);
                guess = t;
                weight += area;
                sum += area * d;
                if worst.0 < d {
                    worst = (d, *p);
                }
            }
            (weight, sum, worst)
        })
        .collect();
    let weight: f64 = parts.iter().map(|p| p.0).sum();
    let sum: f64 = parts.iter().map(|p| p.1).sum();
    let worst = parts.iter().fold((0.0, Vec3::zeros()), |w, p| if w.0 < p.2.0 { p.2 } else { w });
    Deviation {
        max_mm: worst.0.sqrt(),
        rms_mm: if 0.0 < weight { (sum / weight).sqrt() } else { 0.0 },
        place: worst.1,
    }
}

/// Points on every triangle about `spacing` mm apart, corners included, each with its share of the area, mm².
pub(crate) fn samples(surface: &TriSurface, spacing: f64) -> Vec<(Vec3, f64)> {
    let of = |t: usize| {
        let [a, b, c] = surface.corners(t);
        let longest = (b - a).norm().max((c - b).norm()).max((a - c).norm());
        let n = (longest / spacing).ceil().clamp(1.0, MOST) as usize;
        let share = 0.5 * (b - a).cross(&(c - a)).norm() / ((n + 1) * (n + 2) / 2) as f64;
        (0..=n).flat_map(move |i| {
            (0..=n - i).map(move |j| {
                let (u, v) = (i as f64 / n as f64, j as f64 / n as f64);
                (a + (b - a) * u + (c - a) * v, share)
            })
        })
    };
    (0..surface.triangles.len()).into_par_iter().flat_map_iter(of).collect()
}
