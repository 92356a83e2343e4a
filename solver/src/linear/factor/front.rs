//! One dense front: assembly, partial factorisation, update of what is left.
//!
//! ```text
//! rows      [ L11     ]  pivots of the supernode, all rows: the panel, part of the factor
//! of the -> [ L21 | U ]  U = −L21 L21ᵀ + updates of the children: handed to the parent
//! front
//! ```
//! Work is cut into tiles whose bounds follow from the sizes alone, and each tile is computed by one call on one
//! thread, so the bits are the same for any number of threads.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltError, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, MatMut, MatRef, Par, Spec};
use rayon::prelude::*;

use super::trapezoid::Trapezoid;

/// Rows of a tile.
const TILE: usize = 384;

/// A pivot below this part of its diagonal entry counts as zero: round-off of a factorisation leaves about 1e-15
/// times the size of a front, a stiff implant held by soft tissue alone about 1e-9.
const LEAST_PIVOT: f64 = 1e-13;

/// Unknowns of a front and how its work is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Front {
    /// Unknowns eliminated here.
    pub(super) pivots: usize,
    /// These and the ones left.
    pub(super) rows: usize,
    /// Whether the tiles are shared between threads.
    pub(super) parallel: bool,
}

/// Update of a child on its way into the front.
pub(super) struct Update<'a> {
    /// Lower triangle, see [`Front::update`].
    pub(super) values: &'a [f64],
    /// Node of the front for each of its nodes, ascending.
    pub(super) places: &'a [u32],
}

impl Front {
    /// Shape of the panel.
    pub(super) fn panel(self) -> Trapezoid {
        Trapezoid { rows: self.rows, columns: self.pivots }
    }

    /// Shape of the update.
    pub(super) fn update(self) -> Trapezoid {
        let size = self.rows - self.pivots;
        Trapezoid { rows: size, columns: size }
    }

    /// Adds the updates of the children to the panel.
    pub(super) fn add_to_panel(self, children: &[Update<'_>], panel: &mut [f64]) {
        self.add(children, self.panel(), 0, panel);
    }

    /// Adds the updates of the children to the update.
    pub(super) fn add_to_update(self, children: &[Update<'_>], update: &mut [f64]) {
        self.add(children, self.update(), self.pivots, update);
    }

    /// - `offset`: unknown of the front at the corner of the target
    fn add(self, children: &[Update<'_>], shape: Trapezoid, offset: usize, target: &mut [f64]) {
        let children: Vec<Runs<'_>> = children.iter().map(Runs::new).collect();
        let strips = shape.strips_mut(target).into_iter().enumerate().collect();
        self.each(strips, |(k, strip): (usize, &mut [f64])| {
            let (first, end) = shape.span(k);
            for child in &children {
                child.add(offset + first, offset + end, shape.rows - first, strip);
            }
        });
    }

    fn each<T: Send>(self, jobs: Vec<T>, run: impl Fn(T) + Sync + Send) {
        if self.parallel {
            jobs.into_par_iter().with_max_len(1).for_each(run);
        } else {
            jobs.into_iter().for_each(run);
        }
    }

    /// Factorises the assembled panel.
    ///
    /// - `diagonal`: entries of the matrix at the pivots
    ///
    /// # Errors
    /// The first pivot that is not positive or vanishes against its diagonal entry.
    pub(super) fn factorize(self, panel: &mut [f64], diagonal: &[f64]) -> Result<(), usize> {
        let shape = self.panel();
        let mut strips = shape.strips_mut(panel);
        for k in 0..strips.len() {
            let (done, rest) = strips.split_at_mut(k);
            let (first, end) = shape.span(k);
            let width = end - first;
            let done: Vec<MatRef<'_, f64>> = done
                .iter()
                .enumerate()
                .map(|(p, strip)| {
                    let (start, end) = shape.span(p);
                    let all = MatRef::from_column_major_slice(strip, shape.rows - start, end - start);
                    all.split_at_row(first - start).1
                })
                .collect();
            let (mut corner, below) = shape.as_matrix(k, rest[0]).split_at_row_mut(width);
            let mut tiles = self.tiles(below);
            {
                let jobs = std::iter::once((0, corner.as_mut(), true));
                let others = tiles.iter_mut().map(|(row, tile)| (width + *row, tile.as_mut(), false));
                self.each(jobs.chain(others).collect(), |(row, mut tile, triangle)| {
                    for l in &done {
                        subtract_product(tile.as_mut(), triangle, Accum::Add, *l, row);
                    }
                });
            }
            factorize_corner(corner.as_mut(), &diagonal[first..end]).map_err(|k| first + k)?;
            let corner = corner.as_ref();
            self.each(tiles, |(_, tile)| {
                solve_lower_triangular_in_place(corner, tile.transpose_mut(), Par::Seq);
            });
        }
        Ok(())
    }

    /// Sets the update to −L21 L21ᵀ; what it held before is not read.
    pub(super) fn set_update(self, panel: &[f64], update: &mut [f64]) {
        let below: Vec<MatRef<'_, f64>> = self
            .panel()
            .strips(panel)
            .into_iter()
            .enumerate()
            .map(|(p, strip)| strip.split_at_row(self.pivots - self.panel().span(p).0).1)
            .collect();
        let shape = self.update();
        let mut jobs = Vec::new();
        for (k, strip) in shape.strips_mut(update).into_iter().enumerate() {
            let (first, end) = shape.span(k);
            let (corner, rest) = shape.as_matrix(k, strip).split_at_row_mut(end - first);
            jobs.push((first, 0, corner, true));
            jobs.extend(
                self.tiles(rest).into_iter().map(|(row, tile)| (first, end - first + row, tile, false)),
            );
        }
        self.each(jobs, |(first, row, mut tile, triangle)| {
            for (p, l) in below.iter().enumerate() {
                let accumulate = if p == 0 { Accum::Replace } else { Accum::Add };
                subtract_product(tile.as_mut(), triangle, accumulate, l.split_at_row(first).1, row);
            }
        });
    }

    /// Rows in tiles, with the first row of each.
    fn tiles(self, mut rest: MatMut<'_, f64>) -> Vec<(usize, MatMut<'_, f64>)> {
        let mut tiles = Vec::new();
        let mut row = 0;
        while rest.nrows() > 0 {
            let height = if self.parallel { TILE.min(rest.nrows()) } else { rest.nrows() };
            let (tile, others) = rest.split_at_row_mut(height);
            tiles.push((row, tile));
            row += height;
            rest = others;
        }
        tiles
    }
}

/// `tile −= l[row ..] · l[.. columns of the tile]ᵀ`, the lower triangle only where asked for.
fn subtract_product(
    tile: MatMut<'_, f64>,
    triangle: bool,
    accumulate: Accum,
    l: MatRef<'_, f64>,
    row: usize,
) {
    let left = l.subrows(row, tile.nrows());
    let right = l.subrows(0, tile.ncols()).transpose();
    if triangle {
        let (lower, full) = (BlockStructure::TriangularLower, BlockStructure::Rectangular);
        triangular::matmul(tile, lower, accumulate, left, full, right, full, -1.0, Par::Seq);
    } else {
        matmul(tile, accumulate, left, right, -1.0, Par::Seq);
    }
}

/// Cholesky factor of a small dense matrix in its lower triangle.
fn factorize_corner(mut corner: MatMut<'_, f64>, diagonal: &[f64]) -> Result<(), usize> {
    let n = corner.nrows();
    let scratch = cholesky_in_place_scratch::<f64>(n, Par::Seq, Spec::default());
    let mut buffer = MemBuffer::new(scratch);
    let outcome = cholesky_in_place(
        corner.as_mut(),
        Default::default(),
        Par::Seq,
        MemStack::new(&mut buffer),
        Spec::default(),
    );
    let reached = match outcome {
        Ok(_) => n,
        Err(LltError::NonPositivePivot { index }) => index,
    };
    let vanishes = |k: usize| {
        let pivot = corner[(k, k)];
        let sound = LEAST_PIVOT * diagonal[k] < pivot * pivot;
        !sound
    };
    match (0..reached).find(|&k| vanishes(k)) {
        Some(k) => Err(k),
        None if reached < n => Err(reached),
        None => Ok(()),
    }
}

/// Update of a child with its nodes gathered in runs that stay together in the front.
struct Runs<'a> {
    values: &'a [f64],
    places: &'a [u32],
    /// First node of each run, and the number of nodes at the end.
    starts: Vec<usize>,
}

impl<'a> Runs<'a> {
    fn new(update: &Update<'a>) -> Self {
        let places = update.places;
        let breaks = (1..places.len()).filter(|&k| places[k] != places[k - 1] + 1);
        let starts = std::iter::once(0).chain(breaks).chain([places.len()]).collect();
        Self { values: update.values, places, starts }
    }

    /// Adds the columns that belong to unknowns `first..end` of the front to a strip that starts at `first`.
    fn add(&self, first: usize, end: usize, height: usize, strip: &mut [f64]) {
        let size = 3 * self.places.len();
        let shape = Trapezoid { rows: size, columns: size };
        let node_from = self.places.partition_point(|&place| 3 * (place as usize) < first);
        let node_to = self.places.partition_point(|&place| 3 * (place as usize) < end);
        let mut run = 0;
        for node in node_from..node_to {
            while self.starts[run + 1] <= node {
                run += 1;
            }
            for axis in 0..3 {
                let column = 3 * node + axis;
                let mut source = shape.column(self.values, column);
                let place = 3 * self.places[node] as usize + axis;
                let target = &mut strip[(place - first) * height..][..height];
                let mut row = column;
                for next in run..self.starts.len() - 1 {
                    let (run_start, run_end) = (self.starts[next], 3 * self.starts[next + 1]);
                    let (part, rest) = source.split_at(run_end - row);
                    let to = 3 * self.places[run_start] as usize + (row - 3 * run_start) - first;
                    for (sum, value) in target[to..to + part.len()].iter_mut().zip(part) {
                        *sum += value;
                    }
                    source = rest;
                    row = run_end;
                }
            }
        }
    }
}
