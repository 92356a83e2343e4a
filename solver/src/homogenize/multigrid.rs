//! Galerkin multigrid on the periodic grid: the preconditioner, in f32, for all load cases at once.
//!
//! Coarse stiffness Σ Pᵀ K P from the cubes below, trilinear P, Chebyshev smoothing of degree three on
//! D⁻¹ K over [λ/6, 1.1 λ], exact inverse on the coarsest grid. Nodes without solid do not exist on any grid.
//!
//! Source: Adams, Brezina, Hu & Tuminaro (2003), J. Comput. Phys. 188:593 (Chebyshev smoothing);
//! Trottenberg, Oosterlee & Schüller (2001), Multigrid, §2 and §A (cycle, Galerkin coarsening).

use nalgebra::DMatrix;
use rayon::prelude::*;

use super::HomogenizeError;
use super::brick::{self, Block, BrickMatrix, LANES};
use super::voxels::{FineOperator, Grid, NONE, Voxels, corners};

/// Fewest nodes along an edge that are still coarsened.
const COARSEST: usize = 4;

/// Degree of the smoother, and the part of the spectrum it works on: tuned in the recipe of the source notes.
const DEGREE: usize = 3;
const SMOOTHED_PART: f64 = 6.0;

/// Nodes handled by one task: fixed, so that sums have one shape whatever the number of threads.
const CHUNK: usize = 1024;

/// Preconditioner of a [`FineOperator`].
pub(super) struct Multigrid<'a> {
    fine: &'a FineOperator,
    levels: Vec<Level>,
    /// Inverse on the coarsest grid, row-major.
    inverse: Vec<f32>,
}

/// What one grid needs besides its operator.
struct Level {
    grid: Grid,
    /// Empty on the fine grid.
    stencil: Stencil,
    inverse_diagonal: Vec<[f32; 3]>,
    largest_eigenvalue: f64,
}

/// Rows of 3 × 3 blocks; at most 27 a node.
#[derive(Default)]
struct Stencil {
    starts: Vec<usize>,
    columns: Vec<u32>,
    blocks: Vec<[f32; 9]>,
}

/// Vectors of one grid during a cycle.
#[derive(Clone)]
pub(super) struct Vectors {
    /// Right-hand side, turned into the residual.
    pub(super) residual: Vec<Block<f32>>,
    /// Result of the cycle.
    pub(super) solution: Vec<Block<f32>>,
    direction: Vec<Block<f32>>,
    product: Vec<Block<f32>>,
}

impl Vectors {
    fn new(len: usize) -> Self {
        let zeros = vec![[0.0; 3 * LANES]; len];
        Self { residual: zeros.clone(), solution: zeros.clone(), direction: zeros.clone(), product: zeros }
    }
}

impl<'a> Multigrid<'a> {
    /// All coarse grids of `fine`.
    ///
    /// # Errors
    /// [`HomogenizeError::Singular`] when the coarsest grid has a node that nothing holds.
    pub(super) fn new(
        fine: &'a FineOperator,
        voxels: &Voxels,
        reference: f64,
    ) -> Result<Self, HomogenizeError> {
        let n = voxels.n;
        let solid = |cube: usize| voxels.is_solid(cube);
        let inverse_diagonal = fine.diagonal().iter().map(|d| [(1.0 / d) as f32; 3]).collect();
        let mut levels = vec![Level {
            grid: Grid::new(n, &solid),
            stencil: Stencil::default(),
            inverse_diagonal,
            largest_eigenvalue: 0.0,
        }];
        let of_child: Vec<[BrickMatrix; 2]> = (0..8)
            .map(|child| {
                let edge = 1.0 / n as f64;
                [[1.0, 0.0], [0.0, 1.0]]
                    .map(|lame| brick::restricted(&brick::matrix(brick::scaled_lame(lame, edge)), child))
            })
            .collect();
        let first = coarser_cubes(
            n,
            &|cube| solid(cube).then(|| voxels.weighted_lame(cube).map(|modulus| modulus / reference)),
            &|child, lame, sum| {
                let [of_lambda, of_mu] = &of_child[child];
                for ((out, l), m) in
                    sum.iter_mut().flatten().zip(of_lambda.iter().flatten()).zip(of_mu.iter().flatten())
                {
                    *out += lame[0] * l + lame[1] * m;
                }
            },
        );
        let mut cubes = first;
        let mut size = n / 2;
        loop {
            let grid = Grid::new(size, &|cube| cubes.number[cube] != NONE);
            let coarsest = size <= COARSEST || size % 2 == 1;
            if coarsest {
                let inverse = inverse_of(&grid, &cubes)?;
                let (stencil, inverse_diagonal) = (Stencil::default(), Vec::new());
                levels.push(Level { grid, stencil, inverse_diagonal, largest_eigenvalue: 0.0 });
                let mut multigrid = Self { fine, levels, inverse };
                for level in 0..multigrid.levels.len() - 1 {
                    multigrid.levels[level].largest_eigenvalue = multigrid.estimate(level);
                }
                return Ok(multigrid);
            }
            let (stencil, inverse_diagonal) = assembled(&grid, &cubes);
            levels.push(Level { grid, stencil, inverse_diagonal, largest_eigenvalue: 0.0 });
            let below = cubes;
            cubes = coarser_cubes(
                size,
                &|cube| Some(below.number[cube]).filter(|number| *number != NONE),
                &|child, number: u32, sum| {
                    let restricted = brick::restricted(&below.matrices[number as usize], child);
                    for (out, add) in sum.iter_mut().flatten().zip(restricted.iter().flatten()) {
                        *out += add;
                    }
                },
            );
            size /= 2;
        }
    }

    /// Vectors for [`Multigrid::cycle`].
    pub(super) fn vectors(&self) -> Vec<Vectors> {
        self.levels.iter().map(|level| Vectors::new(level.grid.len())).collect()
    }

    /// One V cycle: from `residual` of the first vectors to their `solution`; symmetric positive definite.
    pub(super) fn cycle(&self, vectors: &mut [Vectors]) {
        self.cycle_from(0, vectors);
    }

    fn cycle_from(&self, level: usize, vectors: &mut [Vectors]) {
        let (here, coarser) = vectors.split_first_mut().expect("one set of vectors a level");
        if level + 1 == self.levels.len() {
            self.solve_coarsest(here);
            return;
        }
        self.smooth(level, here, true);
        // The smoother leaves its last step out of the residual.
        self.subtract_product(level, here);
        restrict(
            &self.levels[level].grid,
            &self.levels[level + 1].grid,
            &here.residual,
            &mut coarser[0].residual,
        );
        self.cycle_from(level + 1, coarser);
        interpolate(
            &self.levels[level].grid,
            &self.levels[level + 1].grid,
            &coarser[0].solution,
            &mut here.direction,
        );
        here.solution.par_chunks_mut(CHUNK).zip(here.direction.par_chunks(CHUNK)).for_each(|(x, d)| {
            x.as_flattened_mut().iter_mut().zip(d.as_flattened()).for_each(|(x, d)| *x += d)
        });
        self.subtract_product(level, here);
        self.smooth(level, here, false);
    }

    /// Chebyshev steps on the current residual; the last step is not yet taken off the residual.
    fn smooth(&self, level: usize, v: &mut Vectors, from_zero: bool) {
        let Level { inverse_diagonal, largest_eigenvalue, .. } = &self.levels[level];
        let (low, high) = (largest_eigenvalue / SMOOTHED_PART, largest_eigenvalue * 1.1);
        let (center, half) = (0.5 * (high + low), 0.5 * (high - low));
        let sigma = center / half;
        let mut rho = 1.0 / sigma;
        for step in 0..DEGREE {
            let (keep, add) = if step == 0 {
                (0.0, 1.0 / center)
            } else {
                self.subtract_product(level, v);
                let next = 1.0 / (2.0 * sigma - rho);
                let factors = (next * rho, 2.0 * next / half);
                rho = next;
                factors
            };
            let (keep, add) = (keep as f32, add as f32);
            let fresh = from_zero && step == 0;
            v.direction
                .par_chunks_mut(CHUNK)
                .zip(v.solution.par_chunks_mut(CHUNK))
                .zip(v.residual.par_chunks(CHUNK))
                .zip(inverse_diagonal.par_chunks(CHUNK))
                .for_each(|(((d, x), r), inverse)| {
                    for (((d, x), r), inverse) in d.iter_mut().zip(x).zip(r).zip(inverse) {
                        for (c, inverse) in inverse.iter().enumerate() {
                            let weight = add * inverse;
                            for k in c * LANES..(c + 1) * LANES {
                                // The first step must not read what an earlier cycle left behind.
                                let kept = if step == 0 { 0.0 } else { keep * d[k] };
                                d[k] = kept + weight * r[k];
                                x[k] = if fresh { d[k] } else { x[k] + d[k] };
                            }
                        }
                    }
                });
        }
    }

    /// residual −= K direction.
    fn subtract_product(&self, level: usize, v: &mut Vectors) {
        self.apply(level, &v.direction, &mut v.product);
        v.residual.par_chunks_mut(CHUNK).zip(v.product.par_chunks(CHUNK)).for_each(|(r, y)| {
            r.as_flattened_mut().iter_mut().zip(y.as_flattened()).for_each(|(r, y)| *r -= y);
        });
    }

    fn apply(&self, level: usize, x: &[Block<f32>], y: &mut [Block<f32>]) {
        if level == 0 { self.fine.apply(x, y) } else { self.levels[level].stencil.apply(x, y) }
    }

    fn solve_coarsest(&self, v: &mut Vectors) {
        let size = 3 * v.residual.len();
        let mean = component_means(&v.residual);
        v.residual.iter_mut().for_each(|r| r.iter_mut().zip(mean).for_each(|(r, m)| *r -= m));
        for (node, out) in v.solution.iter_mut().enumerate() {
            for c in 0..3 {
                let row = &self.inverse[(3 * node + c) * size..][..size];
                let mut sums = [0.0; LANES];
                for (entries, r) in row.chunks_exact(3).zip(&v.residual) {
                    for (entry, lanes) in entries.iter().zip(r.chunks_exact(LANES)) {
                        sums.iter_mut().zip(lanes).for_each(|(sum, value)| *sum += entry * value);
                    }
                }
                out[c * LANES..(c + 1) * LANES].copy_from_slice(&sums);
            }
        }
        let mean = component_means(&v.solution);
        v.solution.iter_mut().for_each(|x| x.iter_mut().zip(mean).for_each(|(x, m)| *x -= m));
    }

    /// Largest eigenvalue of D⁻¹ K by power iteration on six vectors.
    ///
    /// Eight steps find it to some 5 % from below, which the factor 1.1 of the smoother covers.
    fn estimate(&self, level: usize) -> f64 {
        let Level { grid, inverse_diagonal, .. } = &self.levels[level];
        let mut x: Vec<Block<f32>> = (0..grid.len())
            .map(|node| std::array::from_fn(|k| scattered(grid.place[node] as usize * 3 * LANES + k)))
            .collect();
        let mut y = vec![[0.0; 3 * LANES]; x.len()];
        let mut largest = 0.0;
        for _ in 0..8 {
            self.apply(level, &x, &mut y);
            y.par_iter_mut().zip(inverse_diagonal).for_each(|(y, inverse)| {
                y.iter_mut().enumerate().for_each(|(k, y)| *y *= inverse[k / LANES]);
            });
            let (before, after) = (norms(&x), norms(&y));
            largest = (0..LANES).map(|l| after[l] / before[l]).fold(0.0, f64::max);
            let scale = after.map(|norm| (1.0 / norm) as f32);
            x.par_iter_mut().zip(&y).for_each(|(x, y)| {
                x.iter_mut().zip(y).enumerate().for_each(|(k, (x, y))| *x = y * scale[k % LANES]);
            });
        }
        largest
    }
}

impl Stencil {
    fn apply(&self, x: &[Block<f32>], y: &mut [Block<f32>]) {
        y.par_chunks_mut(64).enumerate().for_each(|(chunk, rows)| {
            for (row, out) in rows.iter_mut().enumerate() {
                let row = chunk * 64 + row;
                let mut sums = [0.0_f32; 3 * LANES];
                for at in self.starts[row]..self.starts[row + 1] {
                    let (block, value) = (&self.blocks[at], &x[self.columns[at] as usize]);
                    for i in 0..3 {
                        for l in 0..LANES {
                            sums[i * LANES + l] += block[3 * i] * value[l]
                                + block[3 * i + 1] * value[LANES + l]
                                + block[3 * i + 2] * value[2 * LANES + l];
                        }
                    }
                }
                *out = sums;
            }
        });
    }
}

/// Stiffness matrices of the cubes of a coarse grid that hold solid.
struct Cubes {
    /// Number of each cube of the full grid, or [`NONE`].
    number: Vec<u32>,
    matrices: Vec<BrickMatrix>,
}

/// Cubes of half the resolution: `add(child, what, sum)` adds Pᵀ K P of a child for which `child_of` has something.
fn coarser_cubes<C: Copy>(
    n: usize,
    child_of: &(dyn Fn(usize) -> Option<C> + Sync),
    add: &(dyn Fn(usize, C, &mut BrickMatrix) + Sync),
) -> Cubes {
    let half = n / 2;
    let sums: Vec<Option<Box<BrickMatrix>>> = (0..half * half * half)
        .into_par_iter()
        .map(|cube| {
            let at = [cube % half, cube / half % half, cube / half / half];
            let mut sum: Option<Box<BrickMatrix>> = None;
            for child in 0..8 {
                let [x, y, z]: [usize; 3] = std::array::from_fn(|axis| 2 * at[axis] + (child >> axis & 1));
                if let Some(what) = child_of(x + n * (y + n * z)) {
                    add(child, what, sum.get_or_insert_with(|| Box::new([[0.0; 24]; 24])));
                }
            }
            sum
        })
        .collect();
    let mut number = vec![NONE; sums.len()];
    let mut matrices = Vec::new();
    for (number, sum) in number.iter_mut().zip(sums) {
        if let Some(sum) = sum {
            *number = matrices.len() as u32;
            matrices.push(*sum);
        }
    }
    Cubes { number, matrices }
}

/// Rows of the assembled stiffness and the inverse of its diagonal.
fn assembled(grid: &Grid, cubes: &Cubes) -> (Stencil, Vec<[f32; 3]>) {
    let rows: Vec<Vec<(u32, [f64; 9])>> = (0..grid.len())
        .into_par_iter()
        .map(|node| {
            let mut row: Vec<(u32, [f64; 9])> = Vec::with_capacity(27);
            for (other, block) in blocks_at(grid, cubes, node) {
                match row.iter_mut().find(|(column, _)| *column == other) {
                    Some((_, sum)) => sum.iter_mut().zip(block).for_each(|(s, b)| *s += b),
                    None => row.push((other, block)),
                }
            }
            row.sort_unstable_by_key(|(column, _)| *column);
            row
        })
        .collect();
    let mut stencil = Stencil { starts: vec![0], columns: Vec::new(), blocks: Vec::new() };
    let mut inverse_diagonal = Vec::with_capacity(rows.len());
    for (node, row) in rows.iter().enumerate() {
        for (column, block) in row {
            if *column as usize == node {
                inverse_diagonal.push([0, 4, 8].map(|d| (1.0 / block[d]) as f32));
            }
            stencil.columns.push(*column);
            stencil.blocks.push(block.map(|b| b as f32));
        }
        stencil.starts.push(stencil.columns.len());
    }
    (stencil, inverse_diagonal)
}

/// Blocks of the cubes around a node in its row: column and 3 × 3 block.
fn blocks_at<'a>(
    grid: &'a Grid,
    cubes: &'a Cubes,
    node: usize,
) -> impl Iterator<Item = (u32, [f64; 9])> + 'a {
    let (n, at) = (grid.n, grid.at(node));
    (0..8).flat_map(move |corner| {
        // The cube whose corner this node is.
        let [x, y, z]: [usize; 3] = std::array::from_fn(|axis| (at[axis] + n - (corner >> axis & 1)) % n);
        let cube = x + n * (y + n * z);
        let number = cubes.number[cube];
        let around =
            if number == NONE { None } else { Some((corners(n, cube), &cubes.matrices[number as usize])) };
        around.into_iter().flat_map(move |(places, matrix)| {
            (0..8).map(move |other| {
                let block = std::array::from_fn(|k| matrix[3 * corner + k / 3][3 * other + k % 3]);
                (grid.number[places[other]], block)
            })
        })
    })
}

/// Inverse of the stiffness on the coarsest grid, translations removed by a small shift.
fn inverse_of(grid: &Grid, cubes: &Cubes) -> Result<Vec<f32>, HomogenizeError> {
    let size = 3 * grid.len();
    let mut matrix = DMatrix::<f64>::zeros(size, size);
    for node in 0..grid.len() {
        for (other, block) in blocks_at(grid, cubes, node) {
            for (k, value) in block.iter().enumerate() {
                matrix[(3 * node + k / 3, 3 * other as usize + k % 3)] += value;
            }
        }
    }
    // Far above round-off, far below the stiffness: the free translations stay out by their mean.
    let shift = 1e-8 * matrix.diagonal().max();
    for d in 0..size {
        matrix[(d, d)] += shift;
    }
    let inverse = matrix.cholesky().ok_or(HomogenizeError::Singular)?.inverse();
    Ok(inverse.transpose().iter().map(|x| *x as f32).collect())
}

/// Coarse residual Pᵀ r: each coarse node takes from the 27 fine nodes around it.
fn restrict(fine: &Grid, coarse: &Grid, residual: &[Block<f32>], out: &mut [Block<f32>]) {
    let n = fine.n;
    out.par_chunks_mut(64).enumerate().for_each(|(chunk, nodes)| {
        for (node, out) in nodes.iter_mut().enumerate() {
            let at = coarse.at(chunk * 64 + node).map(|a| 2 * a + n - 1);
            let mut sums = [0.0_f32; 3 * LANES];
            for around in 0..27 {
                let offset = [around % 3, around / 3 % 3, around / 9];
                let number = fine.wrapped(std::array::from_fn(|axis| {
                    let a = at[axis] + offset[axis];
                    if 2 * n <= a { a - 2 * n } else { a }
                }));
                if number != NONE {
                    let weight = offset.iter().map(|o| if *o == 1 { 1.0 } else { 0.5_f32 }).product::<f32>();
                    let value = &residual[number as usize];
                    sums.iter_mut().zip(value).for_each(|(sum, v)| *sum += weight * v);
                }
            }
            *out = sums;
        }
    });
}

/// Fine correction P e: each fine node takes from the one to eight coarse nodes it lies between.
fn interpolate(fine: &Grid, coarse: &Grid, correction: &[Block<f32>], out: &mut [Block<f32>]) {
    out.par_chunks_mut(64).enumerate().for_each(|(chunk, nodes)| {
        for (node, out) in nodes.iter_mut().enumerate() {
            let at = fine.at(chunk * 64 + node);
            let odd = at.map(|a| a % 2);
            let weight = 1.0 / f32::from(1_u8 << odd.iter().sum::<usize>());
            let mut sums = [0.0_f32; 3 * LANES];
            for parent in 0..8_usize {
                if (0..3).any(|axis| odd[axis] < parent >> axis & 1) {
                    continue;
                }
                let number = coarse.wrapped(std::array::from_fn(|axis| at[axis] / 2 + (parent >> axis & 1)));
                let value = &correction[number as usize];
                sums.iter_mut().zip(value).for_each(|(sum, v)| *sum += weight * v);
            }
            *out = sums;
        }
    });
}

fn component_means(values: &[Block<f32>]) -> Block<f32> {
    let mut sums = [0.0_f64; 3 * LANES];
    values.iter().for_each(|v| sums.iter_mut().zip(v).for_each(|(s, v)| *s += f64::from(*v)));
    sums.map(|s| (s / values.len() as f64) as f32)
}

/// Euclidean norm of each load case.
fn norms(values: &[Block<f32>]) -> [f64; LANES] {
    let chunk = |values: &[Block<f32>]| {
        let mut sums = [0.0_f64; LANES];
        for value in values {
            value.iter().enumerate().for_each(|(k, v)| sums[k % LANES] += f64::from(*v) * f64::from(*v));
        }
        sums
    };
    let sums: Vec<[f64; LANES]> = values.par_chunks(CHUNK).map(chunk).collect();
    std::array::from_fn(|l| sums.iter().map(|s| s[l]).sum::<f64>().sqrt())
}

/// Number in [−½, ½) without order in `i`: the fractional part of i times the golden ratio, squared index.
fn scattered(i: usize) -> f32 {
    let mixed = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed >> 40) as f32) / (1_u32 << 24) as f32 - 0.5
}
