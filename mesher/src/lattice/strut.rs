//! Cells made of round struts: distance to the nearest segment minus the radius.

use std::sync::OnceLock;

use super::measure::DensityCurve;
use super::{Kind, LatticeCell};
use crate::Vec3;

/// Lattice cell as a union of capsules around segments.
pub(super) struct StrutCell {
    name: &'static str,
    source: &'static str,
    segments: Segments,
    /// As in [`LatticeCell::density_range`].
    density_range: [f64; 2],
    cubic: bool,
    bins: OnceLock<Bins>,
    curve: OnceLock<DensityCurve>,
}

/// Segments of one period, each once, in cell edges.
pub(super) enum Segments {
    /// The same at all times.
    Listed(fn() -> Vec<[Vec3; 2]>),
    /// Random, but the same for the same seed.
    Seeded(fn(u64) -> Vec<[Vec3; 2]>, u64),
}

impl StrutCell {
    pub(super) const fn new(
        name: &'static str,
        source: &'static str,
        density_range: [f64; 2],
        segments: Segments,
    ) -> Self {
        Self {
            name,
            source,
            segments,
            density_range,
            cubic: true,
            bins: OnceLock::new(),
            curve: OnceLock::new(),
        }
    }

    /// The same for struts without cubic symmetry.
    pub(super) const fn not_cubic(mut self) -> Self {
        self.cubic = false;
        self
    }

    fn bins(&self) -> &Bins {
        self.bins.get_or_init(|| {
            Bins::new(match self.segments {
                Segments::Listed(segments) => segments(),
                Segments::Seeded(segments, seed) => segments(seed),
            })
        })
    }
}

impl LatticeCell for StrutCell {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> Kind {
        Kind::Strut
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn value(&self, q: Vec3, parameter: f64) -> f64 {
        self.bins().distance(q) - parameter
    }

    fn span(&self) -> [f64; 2] {
        // No point of a cubic cell is further than half a diagonal from a node of the lattice.
        [0.0, 0.5 * 3_f64.sqrt()]
    }

    /// From distances sampled once: the density at any radius is then a look-up.
    fn density(&self, parameter: f64) -> f64 {
        self.curve.get_or_init(|| DensityCurve::new(&|q| self.bins().distance(q))).at(parameter)
    }

    fn density_range(&self) -> [f64; 2] {
        self.density_range
    }

    fn is_cubic(&self) -> bool {
        self.cubic
    }

    fn struts(&self) -> &[[Vec3; 2]] {
        &self.bins().period
    }
}

/// Bins along one cell edge. Tuned: 12 keeps four to eight segments in a bin and builds in about 10 ms.
const N: usize = 12;

/// Segments that can be the nearest one, for each bin of the cell.
pub(super) struct Bins {
    period: Vec<[Vec3; 2]>,
    starts: Vec<u32>,
    segments: Vec<Segment>,
    /// Whether a segment has a radius.
    round: bool,
}

#[derive(Clone, Copy)]
struct Segment {
    start: Vec3,
    along: Vec3,
    /// 1 / |along|².
    inverse: f64,
    radius: f64,
}

impl Segment {
    fn new([start, end]: [Vec3; 2], radius: f64) -> Self {
        let along = end - start;
        Self { start, along, inverse: 1.0 / along.norm_squared(), radius }
    }

    fn distance_squared(&self, q: Vec3) -> f64 {
        let to = q - self.start;
        let share = (to.dot(&self.along) * self.inverse).clamp(0.0, 1.0);
        (to - self.along * share).norm_squared()
    }
}

impl Bins {
    fn new(period: Vec<[Vec3; 2]>) -> Self {
        let radii = vec![0.0; period.len()];
        Self::with_radii(period, &radii)
    }

    /// Segments of one period with a radius each, cell edges.
    pub(super) fn with_radii(period: Vec<[Vec3; 2]>, radii: &[f64]) -> Self {
        let mut images = Vec::with_capacity(27 * period.len());
        for i in 0..27 {
            let shift = Vec3::new((i % 3) as f64, (i / 3 % 3) as f64, (i / 9) as f64) - Vec3::repeat(1.0);
            let moved = |(s, radius): (&[Vec3; 2], &f64)| Segment::new([s[0] + shift, s[1] + shift], *radius);
            images.extend(period.iter().zip(radii).map(moved));
        }
        let half_diagonal = 0.5 * 3_f64.sqrt() / N as f64;
        let (mut starts, mut segments) = (vec![0], Vec::new());
        let mut distances = vec![0.0; images.len()];
        for bin in 0..N * N * N {
            let center = Vec3::new((bin % N) as f64, (bin / N % N) as f64, (bin / N / N) as f64);
            let center = (center + Vec3::repeat(0.5)) / N as f64;
            let mut nearest = f64::INFINITY;
            for (distance, image) in distances.iter_mut().zip(&images) {
                *distance = image.distance_squared(center).sqrt() - image.radius;
                nearest = nearest.min(*distance);
            }
            // Anywhere in the bin both distances change by at most half a diagonal; round-off on top.
            let limit = nearest + 2.0 * half_diagonal + 1e-12;
            let near = images.iter().zip(&distances).filter(|(_, d)| **d <= limit);
            segments.extend(near.map(|(image, _)| *image));
            starts.push(segments.len() as u32);
        }
        Self { period, starts, segments, round: radii.iter().any(|r| 0.0 < *r) }
    }

    /// Distance to the nearest surface, or to the nearest axis where no segment has a radius.
    pub(super) fn distance(&self, q: Vec3) -> f64 {
        let mut bin = 0;
        let mut inside = Vec3::zeros();
        for axis in (0..3).rev() {
            let share = q[axis] - q[axis].floor();
            inside[axis] = share;
            bin = bin * N + ((share * N as f64) as usize).min(N - 1);
        }
        let near = &self.segments[self.starts[bin] as usize..self.starts[bin + 1] as usize];
        if self.round {
            let surface = |s: &Segment| s.distance_squared(inside).sqrt() - s.radius;
            return near.iter().fold(f64::INFINITY, |least, s| least.min(surface(s)));
        }
        near.iter().fold(f64::INFINITY, |least, s| least.min(s.distance_squared(inside))).sqrt()
    }
}

/// Pairs of `nodes` with a distance of `length`, up to periodic images, each once per period.
pub(super) fn edges_of_length(nodes: &[[f64; 3]], length: f64) -> Vec<[Vec3; 2]> {
    let mut edges = Vec::new();
    for (i, a) in nodes.iter().enumerate() {
        for (j, b) in nodes.iter().enumerate() {
            for image in 0..27 {
                let shift = Vec3::new((image % 3) as f64, (image / 3 % 3) as f64, (image / 9) as f64);
                let (start, end) = (Vec3::from(*a), Vec3::from(*b) + shift - Vec3::repeat(1.0));
                // One direction of each edge: the later node, or the upper of two images of one node.
                let once = i < j || (i == j && 13 < image);
                if once && ((end - start).norm() - length).abs() < 1e-9 {
                    edges.push([start, end]);
                }
            }
        }
    }
    edges
}
