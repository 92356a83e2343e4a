//! The six displacement fields of a cell, and what is summed over them.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::amplification::Amplification;
use super::brick::{self, Block, Corners, LANES};
use super::localization::Localization;
use super::multigrid::Multigrid;
use super::voxels::{Brick, FineOperator, Voxels};
use super::{Base, HomogenizeError, Homogenized, Options, checked_resolution, conjugate};

/// A solved cell: its stiffness and the fields behind it.
pub struct CellSolution {
    voxels: Voxels,
    operator: FineOperator,
    /// Periodic part of the displacement for each unit strain, cell edges.
    displacement: Vec<Block<f64>>,
    homogenized: Homogenized,
}

impl CellSolution {
    /// Solves the cell whose solid lies where `value` (cell edges) is negative.
    ///
    /// # Errors
    /// [`HomogenizeError`].
    pub fn from_value(
        value: &(dyn Fn([f64; 3]) -> f64 + Sync),
        base: Base,
        options: &Options,
    ) -> Result<Self, HomogenizeError> {
        let n = checked_resolution(options)?;
        Self::solve(Voxels::from_value(n, base.checked()?, value), options)
    }

    /// Solves the cell whose cubes are void or full of the material `material` names.
    ///
    /// # Errors
    /// [`HomogenizeError`].
    pub fn from_materials(
        material: &(dyn Fn([usize; 3]) -> Option<Base> + Sync),
        options: &Options,
    ) -> Result<Self, HomogenizeError> {
        let voxels = Voxels::from_materials(checked_resolution(options)?, material);
        // NaN fails both comparisons.
        let in_range = |[lambda, mu]: &[f64; 2]| 0.0 < *mu && 0.0 < 3.0 * lambda + 2.0 * mu;
        let outside = (0..voxels.lame.len()).find(|&i| voxels.is_solid(i) && !in_range(&voxels.lame[i]));
        if let Some(i) = outside {
            let n = voxels.n;
            let base = material([i % n, i / n % n, i / n / n]).ok_or(HomogenizeError::Empty)?;
            base.checked()?;
        }
        Self::solve(voxels, options)
    }

    fn solve(voxels: Voxels, options: &Options) -> Result<Self, HomogenizeError> {
        let stiffest = (0..voxels.share.len()).filter(|&i| voxels.is_solid(i)).map(|i| voxels.lame[i][1]);
        let reference = stiffest.fold(0.0, f64::max);
        if reference == 0.0 {
            return Err(HomogenizeError::Empty);
        }
        let operator = FineOperator::new(&voxels, reference);
        let preconditioner = Multigrid::new(&operator, &voxels, reference)?;
        let n = voxels.n;
        let edge = 1.0 / n as f64;
        let unit = brick::unit_strains(edge);
        let mut load = vec![[0.0; 3 * LANES]; operator.grid.len()];
        operator.add_forces(&mut load, |values, _| *values = unit);
        load.par_iter_mut().for_each(|f| f.iter_mut().for_each(|f| *f = -*f));
        // Forces of one cube are of the order edge²; what is left of their sum at 1e-13 of that is round-off.
        let floor = 1e-13 * edge * edge * (operator.grid.len() as f64).sqrt();
        let (displacement, convergence) = conjugate::solve(
            &operator,
            &preconditioner,
            load,
            floor,
            options.tolerance,
            options.max_iterations,
        );
        let conjugate::Convergence { iterations, residual } = convergence;
        let converged = residual.partial_cmp(&options.tolerance).is_some_and(Ordering::is_le);
        if !converged {
            let tolerance = options.tolerance;
            return Err(HomogenizeError::NotConverged { iterations, residual, tolerance });
        }
        let [energy, stress] = averages(&voxels, &operator, &displacement, reference);
        let largest = energy.iter().flatten().fold(0.0_f64, |m, c| m.max(c.abs()));
        let gaps = energy.iter().flatten().zip(stress.iter().flatten()).map(|(e, s)| (e - s).abs());
        let hill_mandel_gap = gaps.fold(0.0, f64::max) / largest;
        let mut homogenized = Homogenized::new(energy, reference, voxels.relative_density(), n)?;
        (homogenized.iterations, homogenized.residual) = (iterations, residual);
        homogenized.hill_mandel_gap = hill_mandel_gap;
        Ok(Self { voxels, operator, displacement, homogenized })
    }

    /// Stiffness and what it was computed with.
    pub fn homogenized(&self) -> &Homogenized {
        &self.homogenized
    }

    /// Stress in the solid for a given stress on the lattice.
    pub fn amplification(&self) -> Amplification {
        Amplification::new(&self.stress_maps())
    }

    /// Distribution of the stress in the solid for a given stress on the lattice.
    pub fn localization(&self) -> Localization {
        Localization::new(&self.stress_maps())
    }

    /// For each cube at least half full: stress in its solid (rows, xx yy zz yz xz xy) per stress on the
    /// lattice (columns), at the middle of the cube.
    pub(super) fn stress_maps(&self) -> Vec<[[f64; 6]; 6]> {
        self.map_cubes(|_, map| map)
    }

    /// The same with the middle of each cube, cell edges.
    pub(super) fn placed_maps(&self) -> Vec<([f64; 3], [[f64; 6]; 6])> {
        let n = self.voxels.n;
        self.map_cubes(|place, map| {
            ([place % n, place / n % n, place / n / n].map(|x| (x as f64 + 0.5) / n as f64), map)
        })
    }

    fn map_cubes<R: Send>(&self, of: impl Fn(usize, [[f64; 6]; 6]) -> R + Sync) -> Vec<R> {
        let edge = 1.0 / self.voxels.n as f64;
        let unit = brick::unit_strains(edge);
        let compliance = self.homogenized.compliance();
        let half_full = |brick: &&Brick| 0.5 <= self.voxels.share[brick.place as usize];
        self.operator
            .layers
            .par_iter()
            .flat_map_iter(|layer| layer.iter().filter(half_full))
            .map(|brick| {
                let strain = brick::mean_strain(&total(&self.displacement, &unit, brick), edge);
                let stress = strain.map(|e| stress_of(self.voxels.lame[brick.place as usize], e));
                let map = std::array::from_fn(|i| {
                    std::array::from_fn(|j| (0..6).map(|k| stress[k][i] * compliance[k][j]).sum())
                });
                of(brick.place as usize, map)
            })
            .collect()
    }
}

/// Displacement of the corners of a cube: periodic part and unit strains.
fn total(displacement: &[Block<f64>], unit: &Corners<f64>, brick: &Brick) -> Corners<f64> {
    std::array::from_fn(|corner| {
        let periodic = &displacement[brick.nodes[corner] as usize];
        std::array::from_fn(|k| periodic[k] + unit[corner][k])
    })
}

/// Stress of an isotropic solid, order xx yy zz yz xz xy with engineering shear.
fn stress_of([lambda, mu]: [f64; 2], e: [f64; 6]) -> [f64; 6] {
    let volume = lambda * (e[0] + e[1] + e[2]);
    std::array::from_fn(|i| if i < 3 { volume + 2.0 * mu * e[i] } else { mu * e[i] })
}

/// Mean energy of pairs of strains, and mean stress of each strain: two ways to the stiffness, MPa.
///
/// The first is symmetric and off by the square of the residual; the second by the residual itself.
fn averages(
    voxels: &Voxels,
    operator: &FineOperator,
    displacement: &[Block<f64>],
    reference: f64,
) -> [[[f64; 6]; 6]; 2] {
    let edge = 1.0 / voxels.n as f64;
    let unit = brick::unit_strains(edge);
    let of_layer = |layer: &Vec<Brick>| {
        let mut sums = [[[0.0; 6]; 6]; 2];
        for brick in layer {
            let values = total(displacement, &unit, brick);
            let mut forces = values;
            brick::apply(&mut forces, brick.lame);
            for (u, f) in values.iter().zip(&forces) {
                for c in 0..3 {
                    for k in 0..LANES {
                        for l in k..LANES {
                            sums[0][k][l] += u[c * LANES + k] * f[c * LANES + l];
                        }
                    }
                }
            }
            let lame = voxels.weighted_lame(brick.place as usize).map(|m| m / reference);
            for (l, strain) in brick::mean_strain(&values, edge).into_iter().enumerate() {
                for (k, stress) in stress_of(lame, strain).into_iter().enumerate() {
                    sums[1][k][l] += stress * edge.powi(3);
                }
            }
        }
        sums
    };
    let layers: Vec<_> = operator.layers.par_iter().map(of_layer).collect();
    let mut sums = [[[0.0; 6]; 6]; 2];
    for layer in layers {
        for (sum, add) in
            sums.as_flattened_mut().as_flattened_mut().iter_mut().zip(layer.as_flattened().as_flattened())
        {
            *sum += add * reference;
        }
    }
    let upper = sums[0];
    sums[0] = std::array::from_fn(|k| std::array::from_fn(|l| upper[k.min(l)][k.max(l)]));
    sums
}
