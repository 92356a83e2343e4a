//! The cell cut into cubes: how much solid each holds, which nodes carry any, and the fine operator.

use faer::traits::ComplexField;
use rayon::prelude::*;

use super::Base;
use super::brick::{self, Block, Corners, LANES, Scalar};

/// Chooses among the instruction sets of the processor at run time.
type Vectorized = <f64 as ComplexField>::Arch;

/// Marks a node or cube without solid.
pub(super) const NONE: u32 = u32::MAX;

/// Cubes with less solid than this are void: they add nothing to the stiffness and much to its condition.
const LEAST_SHARE: f64 = 1.0 / 64.0;

/// Parts along the edge of a cube that the surface crosses, for its solid share.
const PARTS: usize = 3;

/// Materials on a periodic grid of n³ cubes, x fastest.
pub(super) struct Voxels {
    pub(super) n: usize,
    /// Solid share of each cube, 0 to 1.
    pub(super) share: Vec<f64>,
    /// Lamé constants λ, μ of the solid in each cube, MPa; not yet times the share.
    pub(super) lame: Vec<[f64; 2]>,
}

impl Voxels {
    /// Cubes of one material where `value` (cell edges, negative in the solid) is negative.
    pub(super) fn from_value(n: usize, base: Base, value: &(dyn Fn([f64; 3]) -> f64 + Sync)) -> Self {
        let h = 1.0 / n as f64;
        // The value is a distance only near the surface and only nearly so: half more than the half diagonal.
        let reach = 1.5 * 0.5 * 3_f64.sqrt() * h;
        let part = h / PARTS as f64;
        let share_of_plane = |z: usize| {
            let share = move |i: usize| {
                let corner = [(i % n) as f64 * h, (i / n) as f64 * h, z as f64 * h];
                let at = value(corner.map(|x| x + 0.5 * h));
                if reach < at.abs() {
                    return if at < 0.0 { 1.0 } else { 0.0 };
                }
                let parts = PARTS.pow(3);
                let sum: f64 = (0..parts)
                    .map(|p| [p % PARTS, p / PARTS % PARTS, p / PARTS / PARTS])
                    .map(|p| std::array::from_fn(|axis| corner[axis] + (p[axis] as f64 + 0.5) * part))
                    .map(|q| (0.5 - value(q) / part).clamp(0.0, 1.0))
                    .sum();
                sum / parts as f64
            };
            (0..n * n).map(share)
        };
        let share: Vec<f64> = (0..n).into_par_iter().flat_map_iter(share_of_plane).collect();
        let lame = vec![base.lame(); share.len()];
        Self { n, share, lame }
    }

    /// Cubes that are void or full of the material that `material` names for their x, y, z numbers.
    pub(super) fn from_materials(n: usize, material: &(dyn Fn([usize; 3]) -> Option<Base> + Sync)) -> Self {
        let of: Vec<Option<Base>> =
            (0..n * n * n).into_par_iter().map(|i| material([i % n, i / n % n, i / n / n])).collect();
        let share = of.iter().map(|base| if base.is_some() { 1.0 } else { 0.0 }).collect();
        let lame = of.iter().map(|base| base.map_or([0.0; 2], |b| b.lame())).collect();
        Self { n, share, lame }
    }

    /// Whether cube `i` takes part.
    pub(super) fn is_solid(&self, i: usize) -> bool {
        LEAST_SHARE <= self.share[i]
    }

    /// Solid volume / cell volume.
    pub(super) fn relative_density(&self) -> f64 {
        let planes = self.share.chunks(self.n * self.n).map(|plane| plane.iter().sum::<f64>());
        planes.sum::<f64>() / self.share.len() as f64
    }

    /// Lamé constants of cube `i` times its share, MPa.
    pub(super) fn weighted_lame(&self, i: usize) -> [f64; 2] {
        self.lame[i].map(|modulus| modulus * self.share[i])
    }
}

/// Nodes of a periodic grid that touch solid, numbered x fastest.
pub(super) struct Grid {
    pub(super) n: usize,
    /// Number of each node of the full grid, or [`NONE`].
    pub(super) number: Vec<u32>,
    /// Place of each numbered node in the full grid.
    pub(super) place: Vec<u32>,
    /// First numbered node of each z plane, length n + 1.
    pub(super) plane_starts: Vec<usize>,
}

impl Grid {
    /// Grid of the corners of the cubes where `solid`.
    pub(super) fn new(n: usize, solid: &dyn Fn(usize) -> bool) -> Self {
        let mut number = vec![NONE; n * n * n];
        for cube in (0..n * n * n).filter(|&cube| solid(cube)) {
            for place in corners(n, cube) {
                number[place] = 0;
            }
        }
        let mut place = Vec::new();
        let mut plane_starts = vec![0];
        for z in 0..n {
            let start = z * n * n;
            for (at, number) in number[start..start + n * n].iter_mut().enumerate() {
                if *number != NONE {
                    *number = place.len() as u32;
                    place.push((start + at) as u32);
                }
            }
            plane_starts.push(place.len());
        }
        Self { n, number, place, plane_starts }
    }

    /// Count of numbered nodes.
    pub(super) fn len(&self) -> usize {
        self.place.len()
    }

    /// x, y, z of numbered node `i`.
    pub(super) fn at(&self, i: usize) -> [usize; 3] {
        let place = self.place[i] as usize;
        [place % self.n, place / self.n % self.n, place / self.n / self.n]
    }

    /// Number of the node at x, y, z, each below 2 n and wrapped.
    pub(super) fn wrapped(&self, at: [usize; 3]) -> u32 {
        let [x, y, z] = at.map(|a| if a < self.n { a } else { a - self.n });
        self.number[x + self.n * (y + self.n * z)]
    }
}

/// Places of the corners of a cube in the full periodic grid.
pub(super) fn corners(n: usize, cube: usize) -> [usize; 8] {
    let at = [cube % n, cube / n % n, cube / n / n];
    std::array::from_fn(|corner| {
        let [x, y, z]: [usize; 3] = std::array::from_fn(|axis| (at[axis] + (corner >> axis & 1)) % n);
        x + n * (y + n * z)
    })
}

/// One cube with solid.
#[derive(Clone, Copy)]
pub(super) struct Brick {
    /// Numbers of its corners.
    pub(super) nodes: [u32; 8],
    /// Its place in the full grid.
    pub(super) place: u32,
    /// λ and μ as [`brick::apply`] wants them.
    pub(super) lame: [f64; 2],
}

/// The stiffness of all cubes, never stored as a matrix.
pub(super) struct FineOperator {
    pub(super) grid: Grid,
    /// Cubes of each z layer.
    pub(super) layers: Vec<Vec<Brick>>,
}

impl FineOperator {
    /// Operator in units of `reference` MPa.
    pub(super) fn new(voxels: &Voxels, reference: f64) -> Self {
        let n = voxels.n;
        let grid = Grid::new(n, &|cube| voxels.is_solid(cube));
        let layer = |z: usize| {
            let cubes = (z * n * n..(z + 1) * n * n).filter(|&cube| voxels.is_solid(cube));
            let brick = |cube: usize| Brick {
                nodes: corners(n, cube).map(|place| grid.number[place]),
                place: cube as u32,
                lame: brick::scaled_lame(voxels.weighted_lame(cube).map(|m| m / reference), 1.0 / n as f64),
            };
            cubes.map(brick).collect()
        };
        let layers = (0..n).into_par_iter().map(layer).collect();
        Self { grid, layers }
    }

    /// y = K x for all load cases.
    pub(super) fn apply<T: Scalar>(&self, x: &[Block<T>], y: &mut [Block<T>]) {
        self.add_forces(y, |values, brick| {
            for (corner, node) in values.iter_mut().zip(brick.nodes) {
                *corner = x[node as usize];
            }
        });
    }

    /// Forces of the cubes when each has the corner displacements that `gather` writes.
    ///
    /// Layers of even z, then those of odd z: two layers of one color share no node, so threads never meet and
    /// the order of additions at a node does not depend on their number. n is even.
    pub(super) fn add_forces<T: Scalar>(
        &self,
        forces: &mut [Block<T>],
        gather: impl Fn(&mut Corners<T>, &Brick) + Sync,
    ) {
        let starts = &self.grid.plane_starts;
        let mut planes = Vec::with_capacity(self.grid.n);
        let mut rest = forces;
        for z in 0..self.grid.n {
            let (plane, upper) = rest.split_at_mut(starts[z + 1] - starts[z]);
            planes.push(plane);
            rest = upper;
        }
        planes.par_iter_mut().for_each(|plane| plane.fill([T::default(); 3 * LANES]));
        for color in 0..2 {
            planes.par_chunks_mut(2).enumerate().for_each(|(pair, planes)| {
                let lower = 2 * pair + color;
                let upper = (lower + 1) % self.grid.n;
                let [below, above] = planes else { panic!("n is even: layers come in pairs") };
                // The widest vectors the processor has; they change no bit, since nothing is summed across them.
                Vectorized::default().dispatch(|| {
                    let mut values: Corners<T> = [[T::default(); 3 * LANES]; 8];
                    for brick in &self.layers[lower] {
                        gather(&mut values, brick);
                        brick::apply(&mut values, brick.lame.map(T::of));
                        for (corner, value) in values.iter().enumerate() {
                            let node = brick.nodes[corner] as usize;
                            let target = if corner < 4 {
                                &mut below[node - starts[lower]]
                            } else {
                                &mut above[node - starts[upper]]
                            };
                            for (sum, add) in target.iter_mut().zip(value) {
                                *sum += *add;
                            }
                        }
                    }
                });
            });
            planes.rotate_left(1);
        }
    }

    /// Diagonal of K; the same for the three components of a node.
    pub(super) fn diagonal(&self) -> Vec<f64> {
        // Entry of the matrix of one cube, linear in λ and μ.
        let [of_lambda, of_mu] = [[1.0, 0.0], [0.0, 1.0]].map(|lame| brick::matrix(lame)[0][0]);
        let mut diagonal = vec![0.0; self.grid.len()];
        for brick in self.layers.iter().flatten() {
            for node in brick.nodes {
                diagonal[node as usize] += brick.lame[0] * of_lambda + brick.lame[1] * of_mu;
            }
        }
        diagonal
    }
}
