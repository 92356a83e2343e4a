//! Values on a regular grid, and where the grid lies in the patient.

use crate::Vec3;
use nalgebra::{Isometry3, Matrix3, Point3};

/// Most voxels an image may have: 2³⁰, that is 4 GiB as `f32`.
pub const MAX_VOXELS: usize = 1 << 30;

/// Regular grid in the frame of the patient: +x left, +y posterior, +z cranial, mm.
///
/// ```text
/// x(i, j, k) = origin + step · (i, j, k)ᵀ        voxel number = i + n₁ (j + n₂ k)
/// ```
/// The columns of `step` may be oblique, left-handed or, after a tilted gantry, sheared.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Voxels along each index.
    pub dims: [usize; 3],
    /// Middle of the voxel (0, 0, 0), mm.
    pub origin: Vec3,
    /// Column `a`: from one voxel to the next along index `a`, mm.
    pub step: Matrix3<f64>,
}

impl Grid {
    /// Number of voxels.
    pub fn n_voxels(&self) -> usize {
        self.dims.iter().product()
    }

    /// Number of the voxel (i, j, k).
    #[inline]
    pub fn number(&self, [i, j, k]: [usize; 3]) -> usize {
        i + self.dims[0] * (j + self.dims[1] * k)
    }

    /// Indices of a voxel number.
    #[inline]
    pub fn indices(&self, number: usize) -> [usize; 3] {
        let [a, b, _] = self.dims;
        [number % a, number / a % b, number / a / b]
    }

    /// Position of a (fractional) index, mm.
    pub fn position(&self, index: [f64; 3]) -> Vec3 {
        self.origin + self.step * Vec3::from(index)
    }

    /// Fractional index of a position, mm.
    pub fn index_of(&self, position: Vec3) -> [f64; 3] {
        // Readers refuse a step without volume.
        let inverse = self.step.try_inverse().unwrap_or_else(Matrix3::zeros);
        (inverse * (position - self.origin)).into()
    }

    /// Voxel that holds a position; none outside.
    pub fn voxel_at(&self, position: Vec3) -> Option<[usize; 3]> {
        let index = self.index_of(position).map(f64::round);
        let inside = (0..3).all(|a| 0.0 <= index[a] && index[a] < self.dims[a] as f64);
        inside.then(|| index.map(|v| v as usize))
    }

    /// Distance of neighboring voxels along each index, mm.
    pub fn spacing(&self) -> [f64; 3] {
        [0, 1, 2].map(|a| self.step.column(a).norm())
    }

    /// Unit vectors of the indices, as columns; orthogonal but for a tilted gantry.
    pub fn direction(&self) -> Matrix3<f64> {
        Matrix3::from_columns(&[0, 1, 2].map(|a| self.step.column(a).normalize()))
    }

    /// Volume of a voxel, mm³.
    pub fn voxel_volume(&self) -> f64 {
        self.step.determinant().abs()
    }

    /// Corners of the box around all voxel middles in the patient frame: least and greatest coordinates, mm.
    pub fn bounds(&self) -> [Vec3; 2] {
        let mut low = Vec3::repeat(f64::INFINITY);
        let mut high = -low;
        for corner in 0..8_usize {
            let at =
                self.position(
                    [0, 1, 2].map(|a| {
                        if corner >> a & 1 == 1 { self.dims[a].saturating_sub(1) as f64 } else { 0.0 }
                    }),
                );
            low = low.inf(&at);
            high = high.sup(&at);
        }
        [low, high]
    }

    /// Largest angle between an index axis and the normal of the other two, degrees; zero for orthogonal axes.
    pub fn shear(&self) -> f64 {
        let d = self.direction();
        let tilt = |a: usize| {
            let normal = d.column((a + 1) % 3).cross(&d.column((a + 2) % 3)).normalize();
            normal.dot(&d.column(a)).abs().min(1.0).acos().to_degrees()
        };
        (0..3).map(tilt).fold(0.0, f64::max)
    }

    /// The grid moved as a whole.
    pub fn moved(&self, motion: &Isometry3<f64>) -> Self {
        let origin = motion.transform_point(&Point3::from(self.origin)).coords;
        Self { dims: self.dims, origin, step: motion.rotation.to_rotation_matrix() * self.step }
    }

    /// Whether both grids have the same voxels, middles within a hundredth of the spacing.
    pub fn agrees(&self, other: &Self) -> bool {
        let tolerance = 0.01 * self.spacing().into_iter().fold(f64::INFINITY, f64::min);
        let far = self.dims.map(|n| n as f64);
        let corners = [[0.0; 3], [far[0], 0.0, 0.0], [0.0, far[1], 0.0], [0.0, 0.0, far[2]]];
        self.dims == other.dims
            && corners.iter().all(|c| (self.position(*c) - other.position(*c)).norm() < tolerance)
    }
}

/// One value per voxel.
#[derive(Debug, Clone, PartialEq)]
pub struct Volume<T> {
    /// Where the voxels lie.
    pub grid: Grid,
    /// Values, index i fastest.
    pub values: Vec<T>,
}

impl<T: Copy> Volume<T> {
    /// Value of the voxel (i, j, k).
    #[inline]
    pub fn at(&self, index: [usize; 3]) -> T {
        self.values[self.grid.number(index)]
    }
}

impl Volume<f32> {
    /// Trilinear value at a position, mm; none outside the middles of the outermost voxels.
    pub fn sample(&self, position: Vec3) -> Option<f32> {
        self.sample_index(self.grid.index_of(position))
    }

    /// Trilinear value at a fractional index; none outside.
    pub fn sample_index(&self, index: [f64; 3]) -> Option<f32> {
        let dims = self.grid.dims;
        // Half a voxel beyond the outermost middles still belongs to them.
        if !(0..3).all(|a| -0.5 <= index[a] && index[a] <= dims[a] as f64 - 0.5) {
            return None;
        }
        let near = [0, 1, 2].map(|a| index[a].clamp(0.0, (dims[a] - 1) as f64));
        let low = near.map(|v| v as usize);
        let t = [0, 1, 2].map(|a| near[a] - low[a] as f64);
        let mut sum = 0.0;
        for corner in 0..8_usize {
            let mut weight = 1.0;
            let at = [0, 1, 2].map(|a| {
                let up = corner >> a & 1;
                weight *= if up == 1 { t[a] } else { 1.0 - t[a] };
                (low[a] + up).min(dims[a] - 1)
            });
            if 0.0 < weight {
                sum += weight * f64::from(self.at(at));
            }
        }
        Some(sum as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_position_undo_each_other_on_a_sheared_grid() {
        let grid = Grid {
            dims: [5, 6, 7],
            origin: Vec3::new(-3.0, 8.0, 100.0),
            step: Matrix3::new(-0.5, 0.1, 0.0, 0.0, 0.7, 0.2, 0.0, 0.0, 1.25),
        };
        let index = [1.5, 2.25, 4.0];
        let back = grid.index_of(grid.position(index));
        assert!((0..3).all(|a| (back[a] - index[a]).abs() < 1e-12), "round-off only: {back:?}");
        assert_eq!(grid.indices(grid.number([4, 3, 2])), [4, 3, 2]);
        assert!(5.0 < grid.shear());
        assert!((grid.voxel_volume() - 0.5 * 0.7 * 1.25).abs() < 1e-12);
    }

    #[test]
    fn a_linear_field_is_sampled_exactly() {
        let grid = Grid { dims: [3, 4, 5], origin: Vec3::zeros(), step: Matrix3::identity() };
        let values = (0..60).map(|n| {
            let [i, j, k] = grid.indices(n);
            (i + 2 * j + 3 * k) as f32
        });
        let volume = Volume { values: values.collect(), grid };
        let found = volume.sample(Vec3::new(1.25, 2.5, 3.75)).expect("inside");
        assert!((found - (1.25 + 5.0 + 11.25)).abs() < 1e-5);
        assert_eq!(volume.sample(Vec3::new(-0.6, 0.0, 0.0)), None);
    }
}
