//! How often values occur.

use super::volume::Volume;
use rayon::prelude::*;

/// Counts of values in bins of equal width; values beyond the ends count in the outermost bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Lower end of the first bin.
    pub start: f64,
    /// Width of a bin.
    pub width: f64,
    /// Voxels in each bin.
    pub counts: Vec<u64>,
    /// Least and greatest value.
    pub range: [f32; 2],
    /// Mean of all values.
    pub mean: f64,
}

/// Voxels summed at a time, so that sums do not depend on the number of threads.
const CHUNK: usize = 1 << 16;

impl Histogram {
    /// Histogram of Hounsfield units: 50 HU wide from −1050 to 3200.
    pub fn hounsfield(volume: &Volume<f32>) -> Self {
        Self::of(volume, -1050.0, 50.0, 85)
    }

    /// Histogram of any values: 64 bins from the least to the greatest.
    pub fn spanning(volume: &Volume<f32>) -> Self {
        let low = volume.values.par_iter().copied().reduce(|| f32::INFINITY, f32::min);
        let high = volume.values.par_iter().copied().reduce(|| f32::NEG_INFINITY, f32::max);
        let width = (f64::from(high) - f64::from(low)).max(1e-6) / 64.0;
        Self::of(volume, low.into(), width, 64)
    }

    fn of(volume: &Volume<f32>, start: f64, width: f64, n: usize) -> Self {
        let parts: Vec<(Vec<u64>, [f32; 2], f64)> = volume
            .values
            .par_chunks(CHUNK)
            .map(|chunk| {
                let (mut counts, mut range, mut sum) = (vec![0; n], [f32::INFINITY, f32::NEG_INFINITY], 0.0);
                for v in chunk {
                    let bin = ((f64::from(*v) - start) / width).clamp(0.0, (n - 1) as f64);
                    counts[bin as usize] += 1;
                    range = [range[0].min(*v), range[1].max(*v)];
                    sum += f64::from(*v);
                }
                (counts, range, sum)
            })
            .collect();
        let (mut counts, mut range, mut sum) = (vec![0; n], [f32::INFINITY, f32::NEG_INFINITY], 0.0);
        for (c, r, s) in parts {
            for (total, part) in counts.iter_mut().zip(c) {
                *total += part;
            }
            range = [range[0].min(r[0]), range[1].max(r[1])];
            sum += s;
        }
        Self { start, width, counts, range, mean: sum / volume.values.len().max(1) as f64 }
    }

    /// Value below which this share (0 to 1) of the voxels lies, to within a bin.
    pub fn quantile(&self, share: f64) -> f64 {
        let total: u64 = self.counts.iter().sum();
        let mut seen = 0;
        for (i, c) in self.counts.iter().enumerate() {
            seen += c;
            if share * total as f64 <= seen as f64 {
                return self.start + self.width * (i as f64 + 0.5);
            }
        }
        f64::from(self.range[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vec3;
    use crate::image::Grid;
    use nalgebra::Matrix3;

    #[test]
    fn every_voxel_counts_once() {
        let grid = Grid { dims: [100, 10, 1], origin: Vec3::zeros(), step: Matrix3::identity() };
        let volume = Volume { grid, values: (0..1000).map(|v| v as f32 * 10.0 - 3000.0).collect() };
        let h = Histogram::hounsfield(&volume);
        assert_eq!(h.counts.iter().sum::<u64>(), 1000);
        assert_eq!(h.counts[30], 5, "450 to 500 HU holds 450, 460, 470, 480, 490");
        assert_eq!(h.range, [-3000.0, 6990.0]);
        assert!((h.mean - 1995.0).abs() < 1e-9);
        assert!((Histogram::spanning(&volume).quantile(0.5) - 1995.0).abs() < 160.0, "to within a bin");
    }
}
