//! Building the levels and cycling through them.

use rayon::prelude::*;

use super::MultigridOptions;
use super::aggregate::{NONE, aggregate};
use super::product::{galerkin, smoothed};
use super::quadratic::{Quadratic, QuadraticTransfer};
use super::single::{Single, Sparse, Transfer};
use super::smoother::{Smoother, Work};
use super::spectrum::{decoupled_unknowns, inverse_diagonal, spectral_bound};
use super::tentative::{Modes, tentative};
use crate::linear::factor::{Factor, Symbolic};
use crate::linear::ordering::nested_dissection;
use crate::linear::{BlockMatrix, LinearError, System};

/// Levels with everything a cycle needs.
#[derive(Debug)]
pub(super) struct Hierarchy {
    levels: Vec<Level>,
    /// Interpolation of level 0 when the mesh has mid-edge nodes; kept as long as the pattern is.
    quadratic: Option<Quadratic>,
    parents: Vec<[u32; 2]>,
    coarsest: Coarsest,
}

/// One level above the coarsest.
#[derive(Debug)]
struct Level {
    matrix: Single,
    smoother: Smoother,
    decoupled: Vec<[bool; 3]>,
    /// Interpolation to the next level; `None`: by the mid-edge nodes.
    transfer: Option<Sparse>,
}

/// The level that is factorised.
#[derive(Debug)]
struct Coarsest {
    symbolic: Symbolic,
    factor: Factor,
    n: usize,
}

/// Vectors of one level during a solve.
pub(super) struct Workspace {
    b: Vec<f32>,
    x: Vec<f32>,
    r: Vec<f32>,
    work: Work,
}

/// What the next level needs to know of the nodes of this one.
struct Nodes {
    coordinates: Vec<[f64; 3]>,
    modes: Vec<Modes>,
    /// Node of the finest level a block row stands for in messages.
    origin: Vec<u32>,
    /// Block rows per node.
    group: usize,
}

impl Hierarchy {
    /// Builds all levels; `earlier` gives what depends on the pattern alone.
    ///
    /// # Errors
    /// [`LinearError::Singular`] at a node without stiffness or when the whole can move freely.
    pub(super) fn build(
        matrix: &BlockMatrix,
        system: &System,
        options: &MultigridOptions,
        earlier: Option<Self>,
    ) -> Result<Self, LinearError> {
        let n = matrix.n();
        assert_eq!(system.coordinates.len(), n, "one position per node");
        let (quadratic, finest) = keep_or_find(matrix, system, earlier);
        let modes =
            if system.modes.is_empty() { rigid_modes(&system.coordinates) } else { system.modes.clone() };
        assert_eq!(modes.len(), n, "modes for every node");
        let mut nodes = Nodes {
            coordinates: system.coordinates.clone(),
            modes,
            origin: (0..n as u32).collect(),
            group: 1,
        };
        let mut levels: Vec<Level> = Vec::new();
        let mut coarse: Option<BlockMatrix> = None;
        loop {
            let current = coarse.as_ref().unwrap_or(matrix);
            if 3 * current.n() <= options.direct_below {
                break;
            }
            let decoupled = decoupled_unknowns(current);
            let inverse = inverse_diagonal(current).map_err(|error| nodes.name(error))?;
            let bound = spectral_bound(current, &inverse);
            let (next, transfer, next_nodes) = match &quadratic {
                Some(quadratic) if levels.is_empty() => {
                    (quadratic.galerkin(current, &decoupled), None, nodes.corners(&quadratic.corners))
                }
                _ => {
                    let aggregates = aggregate(current, nodes.group, options.strength, &decoupled);
                    if 3 * current.n() < 4 * 2 * aggregates.count {
                        break;
                    }
                    let fine_modes = std::mem::take(&mut nodes.modes);
                    let (tentative, modes) = tentative(&aggregates, nodes.group, &fine_modes, &decoupled);
                    drop(fine_modes);
                    let n_coarse = 2 * aggregates.count;
                    let omega = 4.0 / (3.0 * bound);
                    let prolongation = smoothed(current, &tentative, &inverse, omega, n_coarse);
                    drop(tentative);
                    let mut next = galerkin(current, &prolongation, n_coarse);
                    support_missing_modes(&mut next);
                    let next_nodes = nodes.aggregated(&aggregates.of_node, aggregates.count, modes);
                    (next, Some(Sparse::new(&prolongation, n_coarse)), next_nodes)
                }
            };
            let smoother = Smoother::new(&inverse, bound, options.degree);
            // The copy of the finest level waits until the coarse ones need no more room.
            let single = if levels.is_empty() { Single::default() } else { Single::new(current) };
            levels.push(Level { matrix: single, smoother, decoupled, transfer });
            coarse = Some(next);
            nodes = next_nodes;
        }
        let last = coarse.as_ref().unwrap_or(matrix);
        let symbolic = Symbolic::analyze(last, nested_dissection(last, &nodes.coordinates));
        let factor = symbolic.factorize(last).map_err(|error| nodes.name(error))?;
        if let Some(level) = levels.first_mut() {
            level.matrix = match finest {
                Some(mut single) => {
                    single.refresh(matrix);
                    single
                }
                None => Single::new(matrix),
            };
        }
        let coarsest = Coarsest { symbolic, factor, n: 3 * last.n() };
        Ok(Self { levels, quadratic, parents: system.parents.clone(), coarsest })
    }

    /// Unknowns of each level, finest first.
    pub(super) fn sizes(&self) -> Vec<usize> {
        self.levels.iter().map(|level| 3 * level.matrix.n()).chain([self.coarsest.n]).collect()
    }

    /// Vectors for one solve.
    pub(super) fn workspaces(&self) -> Vec<Workspace> {
        let space = |n| Workspace { b: vec![0.0; n], x: vec![0.0; n], r: vec![0.0; n], work: Work::new(n) };
        self.sizes().into_iter().map(space).collect()
    }

    /// One symmetric V-cycle from zero: `z ≈ A⁻¹ r`.
    pub(super) fn apply(&self, r: &[f64], z: &mut [f64], spaces: &mut [Workspace]) {
        // Scaled to entries of at most one, so that small residuals keep their digits in single precision.
        let scale = r.par_iter().map(|v| v.abs()).reduce(|| 0.0, f64::max);
        if scale == 0.0 {
            z.fill(0.0);
            return;
        }
        let finest = &mut spaces[0];
        finest.b.par_iter_mut().zip(r).for_each(|(b, r)| *b = (r / scale) as f32);
        self.cycle(0, spaces);
        z.par_iter_mut().zip(&spaces[0].x).for_each(|(z, x)| *z = scale * f64::from(*x));
    }

    fn cycle(&self, depth: usize, spaces: &mut [Workspace]) {
        let (own, below) = spaces.split_first_mut().expect("a workspace for every level");
        let Workspace { b, x, r, work } = own;
        let Some(level) = self.levels.get(depth) else {
            let mut solution: Vec<f64> = b.iter().map(|&v| f64::from(v)).collect();
            self.coarsest.symbolic.solve(&self.coarsest.factor, &mut solution);
            x.iter_mut().zip(solution).for_each(|(x, v)| *x = v as f32);
            return;
        };
        level.smoother.smooth(&level.matrix, b, x, work, true);
        level.matrix.residual(b, x, r);
        match (&level.transfer, &self.quadratic) {
            (Some(transfer), _) => self.correct(transfer, depth, r, x, below),
            (None, Some(nodes)) => {
                let transfer = QuadraticTransfer { nodes, decoupled: &level.decoupled };
                self.correct(&transfer, depth, r, x, below);
            }
            (None, None) => unreachable!("a level without aggregates has mid-edge nodes"),
        }
        level.smoother.smooth(&level.matrix, b, x, work, false);
    }

    fn correct(
        &self,
        transfer: &dyn Transfer,
        depth: usize,
        r: &[f32],
        x: &mut [f32],
        below: &mut [Workspace],
    ) {
        transfer.restrict(r, &mut below[0].b);
        self.cycle(depth + 1, below);
        transfer.prolong_add(&below[0].x, x);
    }

    /// Bytes held.
    pub(super) fn memory_bytes(&self) -> usize {
        let level = |level: &Level| {
            level.matrix.memory_bytes()
                + level.smoother.memory_bytes()
                + 3 * level.decoupled.len()
                + level.transfer.as_ref().map_or(0, Sparse::memory_bytes)
        };
        self.levels.iter().map(level).sum::<usize>()
            + self.quadratic.as_ref().map_or(0, Quadratic::memory_bytes)
            + 8 * self.parents.len()
            + self.coarsest.symbolic.memory_bytes()
            + self.coarsest.factor.memory_bytes()
    }
}

impl Nodes {
    fn corners(&self, corners: &[u32]) -> Self {
        Self {
            coordinates: corners.iter().map(|&i| self.coordinates[i as usize]).collect(),
            modes: corners.iter().map(|&i| self.modes[i as usize]).collect(),
            origin: corners.to_vec(),
            group: 1,
        }
    }

    fn aggregated(&self, of_node: &[u32], count: usize, modes: Vec<Modes>) -> Self {
        let mut coordinates = vec![[0.0; 3]; 2 * count];
        let mut origin = vec![u32::MAX; 2 * count];
        let mut members = vec![0.0; count];
        for (node, &aggregate) in of_node.iter().enumerate().filter(|(_, a)| **a != NONE) {
            let (row, first) = (2 * aggregate as usize, self.group * node);
            for (sum, x) in coordinates[row].iter_mut().zip(self.coordinates[first]) {
                *sum += x;
            }
            origin[row] = origin[row].min(self.origin[first]);
            members[aggregate as usize] += 1.0;
        }
        for (aggregate, members) in members.into_iter().enumerate() {
            let row = 2 * aggregate;
            coordinates[row] = coordinates[row].map(|x| x / members);
            coordinates[row + 1] = coordinates[row];
            origin[row + 1] = origin[row];
        }
        Self { coordinates, modes, origin, group: 2 }
    }

    /// Names a node of the finest level in an error of this one.
    fn name(&self, error: LinearError) -> LinearError {
        match error {
            LinearError::Singular { unknown, node } => {
                let origin = self.origin[node] as usize;
                LinearError::Singular { unknown: 3 * origin + unknown % 3, node: origin }
            }
            other => other,
        }
    }
}

/// Interpolation and single-precision storage of the finest level, kept from an earlier hierarchy on the same pattern.
fn keep_or_find(
    matrix: &BlockMatrix,
    system: &System,
    earlier: Option<Hierarchy>,
) -> (Option<Quadratic>, Option<Single>) {
    if let Some(Hierarchy { mut levels, quadratic, parents, .. }) = earlier
        && !levels.is_empty()
        && parents == system.parents
    {
        let finest = levels.swap_remove(0).matrix;
        if finest.row_starts == matrix.row_starts && finest.columns == matrix.columns {
            return (quadratic, Some(finest));
        }
    }
    (Quadratic::new(matrix, &system.parents), None)
}

/// Three translations and three rotations at every node.
fn rigid_modes(coordinates: &[[f64; 3]]) -> Vec<Modes> {
    let rows = |&[x, y, z]: &[f64; 3]| {
        [[1.0, 0.0, 0.0, 0.0, z, -y], [0.0, 1.0, 0.0, -z, 0.0, x], [0.0, 0.0, 1.0, y, -x, 0.0]]
    };
    coordinates.iter().map(rows).collect()
}

/// Gives a unit diagonal to the coarse unknowns of modes an aggregate does not have.
fn support_missing_modes(matrix: &mut BlockMatrix) {
    for i in 0..matrix.n() {
        if let Some(position) = matrix.position(i, i) {
            let block = &mut matrix.blocks[position];
            for axis in 0..3 {
                if block[4 * axis] == 0.0 {
                    block[4 * axis] = 1.0;
                }
            }
        }
    }
}
