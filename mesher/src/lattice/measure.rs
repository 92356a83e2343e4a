//! Density, surface and pore of one period by deterministic sampling; lengths in cell edges.

use rayon::prelude::*;

use crate::Vec3;

/// Signed value at a point, both in cell edges, negative in the solid.
pub(super) type Value<'a> = &'a (dyn Fn(Vec3) -> f64 + Sync);

/// Boxes along an edge of the coarse pass, and parts along the edge of a box that the surface may cross.
///
/// Together 144 samples an edge where they count: density within 1e-4 for features of a cell / 72 and more.
const COARSE: usize = 48;
const PARTS: usize = 3;

/// Solid share of the cell.
///
/// Each sample counts by the share of its box on the solid side of a plane at the sampled distance. The error
/// of that share is odd in the distance, so it cancels over a smooth surface: second order in the box size.
pub(super) fn relative_density(value: Value) -> f64 {
    near_surface_mean(value, &|_, signed, h| (0.5 - signed / h).clamp(0.0, 1.0))
}

/// Solid share of a cell that grows by offsets: the share of points nearer to a skeleton than a radius.
///
/// The distances of the samples of [`relative_density`] are counted in bins a 64th of the sample spacing wide,
/// each shared by the two bins beside it; the plane rule of that function is then applied to the bins. Counts are
/// whole numbers, so the share never falls as the radius grows and a full cell is exactly full.
pub(super) struct DensityCurve {
    /// Sum over the bins up to this one of the samples within them, in parts of a sample; whole numbers below 2⁵³.
    sums: Vec<f64>,
    /// All samples, in parts of a sample.
    all: f64,
}

/// Bins per sample spacing, even.
const BINS: usize = 64;

/// Parts into which a sample is cut to be shared by two bins.
const SHARES: f64 = 65536.0;

impl DensityCurve {
    pub(super) fn new(distance: &(dyn Fn(Vec3) -> f64 + Sync)) -> Self {
        let n = COARSE * PARTS;
        let width = 1.0 / (n * BINS) as f64;
        // No point of a cell is further from its skeleton than half a diagonal.
        let count = (0.5 * 3_f64.sqrt() / width).ceil() as usize + 2;
        let plane = |z: usize| {
            let mut bins = vec![0.0; count];
            for i in z * n * n..(z + 1) * n * n {
                let place = (distance(midpoint(i, n)) / width).min((count - 2) as f64);
                let bin = place as usize;
                let share = (place.fract() * SHARES).round();
                bins[bin] += SHARES - share;
                bins[bin + 1] += share;
            }
            bins
        };
        let planes: Vec<Vec<f64>> = (0..n).into_par_iter().map(plane).collect();
        let mut sums = Vec::with_capacity(count);
        let (mut within, mut sum) = (0.0, 0.0);
        for bin in 0..count {
            sum += within;
            within += planes.iter().map(|p| p[bin]).sum::<f64>();
            sums.push(sum);
        }
        Self { sums, all: within }
    }

    /// Solid share at a radius in cell edges: mean of the share of nearer samples over one sample spacing.
    pub(super) fn at(&self, radius: f64) -> f64 {
        let place = (radius * (COARSE * PARTS * BINS) as f64).max(0.0);
        let within =
            |bin: usize| self.sum(bin + BINS / 2) - bin.checked_sub(BINS / 2).map_or(0.0, |b| self.sum(b));
        let [here, next] = [0, 1].map(|step| within(place as usize + step));
        (here + place.fract() * (next - here)) / (BINS as f64 * self.all)
    }

    /// Sum up to a bin; beyond the last one everything is within.
    fn sum(&self, bin: usize) -> f64 {
        let last = self.sums.len() - 1;
        self.sums[bin.min(last)] + bin.saturating_sub(last) as f64 * self.all
    }
}

/// Solid share by the coarse pass alone: a ninth of the cost, some 1e-3 off.
pub(super) fn rough_density(value: Value) -> f64 {
    plane_sums(&|i| (0.5 - value(midpoint(i, COARSE)) * COARSE as f64).clamp(0.0, 1.0))
}

/// Surface area of one period: ∫ δ(v) |∇v| dV with a hat of half-width two samples as δ.
pub(super) fn surface_area(value: Value) -> f64 {
    near_surface_mean(value, &|q, signed, h| {
        let width = 2.0 * h;
        let hat = 1.0 - signed.abs() / width;
        if hat <= 0.0 { 0.0 } else { hat / width * gradient(value, q).norm() }
    })
}

/// Radius of the largest sphere in the void, to 1e-3.
///
/// Branch and bound: the distance to the solid changes by at most the way walked. `exact` says that the value
/// outside the solid is that distance; otherwise it is measured to points of the surface.
pub(super) fn largest_pore(value: Value, exact: bool) -> f64 {
    const START: usize = 12;
    const PRECISION: f64 = 1e-3;
    let points = if exact { Vec::new() } else { spread(&surface_points(value)) };
    // A ball that is surely smaller than `enough` need not be known better.
    let radius = |q: Vec3, enough: f64| {
        let signed = value(q);
        if exact || signed <= 0.0 { signed.max(0.0) } else { nearest_point(&points, q, enough) }
    };
    let mut half = 0.5 / START as f64;
    let mut boxes: Vec<Vec3> = (0..START.pow(3)).map(|i| midpoint(i, START)).collect();
    let mut best = 0.0_f64;
    loop {
        let reach = half * 3_f64.sqrt();
        let enough = best - reach;
        let radii: Vec<f64> = boxes.par_iter().map(|center| radius(*center, enough)).collect();
        best = radii.iter().copied().fold(best, f64::max);
        if reach < PRECISION {
            return best;
        }
        half *= 0.5;
        let promising = boxes.iter().zip(&radii).filter(|(_, r)| best + PRECISION < **r + reach);
        boxes = promising.flat_map(|(center, _)| eighths(*center, half)).collect();
        if boxes.is_empty() {
            return best;
        }
    }
}

/// Central differences, dimensionless.
fn gradient(value: Value, q: Vec3) -> Vec3 {
    let step = 1e-5;
    Vec3::from_fn(|axis, _| {
        let mut d = Vec3::zeros();
        d[axis] = step;
        (value(q + d) - value(q - d)) / (2.0 * step)
    })
}

/// Mean over the cell of `f(point, signed value, sample spacing)`, which must be constant beyond two spacings.
///
/// Boxes are split where the value says that the surface may pass; the factor 1.5 allows for level sets,
/// whose value is not exactly a distance.
fn near_surface_mean(value: Value, f: &(dyn Fn(Vec3, f64, f64) -> f64 + Sync)) -> f64 {
    let h = 1.0 / (COARSE * PARTS) as f64;
    let reach = 1.5 * 0.5 * 3_f64.sqrt() / COARSE as f64 + h;
    plane_sums(&|i| {
        let center = midpoint(i, COARSE);
        let signed = value(center);
        if reach < signed.abs() {
            return f(center, signed, h);
        }
        let parts = PARTS.pow(3);
        let sum: f64 = (0..parts)
            .map(|part| center + (midpoint(part, PARTS) - Vec3::repeat(0.5)) / COARSE as f64)
            .map(|q| f(q, value(q), h))
            .sum();
        sum / parts as f64
    })
}

/// Mean of `f` over the coarse boxes; one sum a plane, planes added in order.
fn plane_sums(f: &(dyn Fn(usize) -> f64 + Sync)) -> f64 {
    let plane = |z: usize| (0..COARSE * COARSE).map(|i| f(z * COARSE * COARSE + i)).sum::<f64>();
    let planes: Vec<f64> = (0..COARSE).into_par_iter().map(plane).collect();
    planes.iter().sum::<f64>() / COARSE.pow(3) as f64
}

/// Middle of box `i` of n³, x fastest.
fn midpoint(i: usize, n: usize) -> Vec3 {
    (Vec3::new((i % n) as f64, (i / n % n) as f64, (i / n / n) as f64) + Vec3::repeat(0.5)) / n as f64
}

fn eighths(center: Vec3, half: f64) -> impl Iterator<Item = Vec3> {
    (0..8).map(move |i| center + (midpoint(i, 2) - Vec3::repeat(0.5)) * (4.0 * half))
}

/// Where the edges of a grid of 40³ cross the surface; the nearest of them is at most 0.2 % of a pore radius
/// further than the surface.
fn surface_points(value: Value) -> Vec<Vec3> {
    const GRID: usize = 40;
    let h = 1.0 / GRID as f64;
    let from = |i: usize| {
        let corner = midpoint(i, GRID);
        let here = value(corner);
        (0..3).filter_map(move |axis| {
            let mut step = Vec3::zeros();
            step[axis] = h;
            let there = value(corner + step);
            ((here < 0.0) != (there < 0.0)).then(|| corner + step * (here / (here - there)))
        })
    };
    (0..GRID.pow(3)).into_par_iter().flat_map_iter(from).collect()
}

/// Distance from `q` to the nearest periodic image of `points`.
///
/// Once it is at most `enough` the search ends: the answer is then an upper bound.
fn nearest_point(points: &[Vec3], q: Vec3, enough: f64) -> f64 {
    // Both lie in one cell or at most a grid spacing outside: the way to the nearest image without rounding, which costs
    // more than the rest.
    let shortest = |x: f64| {
        let direct = x.abs();
        direct.min(1.0 - direct)
    };
    let squared = |p: &Vec3| (p - q).map(shortest).norm_squared();
    let enough = if 0.0 < enough { enough * enough } else { -1.0 };
    let mut least = f64::INFINITY;
    for some in points.chunks(64) {
        least = some.iter().map(squared).fold(least, f64::min);
        if least <= enough {
            break;
        }
    }
    least.sqrt()
}

/// The same points in an order in which any few lie all over the cell.
fn spread(points: &[Vec3]) -> Vec<Vec3> {
    let n = points.len().max(1);
    // Golden section of the number, made coprime to it: every point comes once.
    let common = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let step = ((0.618 * n as f64) as usize..).find(|s| common(*s, n) == 1).unwrap_or(1);
    (0..points.len()).map(|i| points[i * step % n]).collect()
}
