//! A field cut on a grid: what of it is one piece, and the surfaces of its parts.

use super::metal::{Metal, Part};
use super::{
    CUBE, Grid, LEAST_HOLE_MM, Pieces, Solid, SolidError, SolidParams, check, finish, grid, sample, zone,
};
use crate::Vec3;
use crate::geometry::surface::TriSurface;
use rayon::prelude::*;
use std::f64::consts::PI;
use std::sync::atomic::AtomicBool;

/// Pieces of the lattice part smaller than this (mm³) are splinters that lie in the solid part.
const SPLINTER_MM3: f64 = 0.01;

/// Metal on a grid, without floating pieces and without closed voids too small to print.
pub struct Cut<'a> {
    metal: &'a Metal<'a>,
    pub(super) grid: Grid,
    /// Whether a node lay inside before the pieces were sorted, one bit each.
    before: Vec<u64>,
    pieces: Pieces,
}

impl<'a> Cut<'a> {
    /// Cuts `metal`; `stop`, when raised by another thread, ends the work with [`SolidError::Stopped`].
    ///
    /// # Errors
    /// [`SolidError`].
    pub fn new(metal: &'a Metal<'a>, params: &SolidParams, stop: &AtomicBool) -> Result<Self, SolidError> {
        check(params)?;
        let edge = CUBE * params.edge_mm;
        let field = |p: Vec3| metal.value(p, Part::Whole, edge);
        let mut grid = sample(metal.bounds(), edge, &field, stop)?;
        let before = grid
            .values
            .par_chunks(64)
            .map(|c| c.iter().enumerate().fold(0, |bits, (i, v)| bits | (u64::from(*v < 0.0) << i)))
            .collect();
        let pieces = grid.keep_largest(PI / 6.0 * LEAST_HOLE_MM.powi(3));
        Ok(Self { metal, grid, before, pieces })
    }

    /// Edge of the cubes of the grid, mm; between nodes lie 0.87 and 1 of it.
    pub fn edge(&self) -> f64 {
        self.grid.edge
    }

    /// What was deleted and filled.
    pub fn pieces(&self) -> Pieces {
        self.pieces
    }

    /// The whole solid with its measures.
    ///
    /// # Errors
    /// [`SolidError::Empty`].
    pub fn solid(&self) -> Result<Solid, SolidError> {
        let surface = self.surface(Part::Whole)?;
        let zone = zone(&self.grid, self.metal);
        Ok(Solid {
            volume_mm3: surface.volume(),
            area_mm2: surface.area(),
            bounds: surface.bounds(),
            outline_mm3: zone.outline,
            lattice_zone_mm3: zone.lattice,
            relative_density: if zone.lattice == 0.0 { 0.0 } else { zone.metal / zone.lattice },
            pieces: self.pieces,
            surface,
        })
    }

    /// Closed manifold surface of a part.
    ///
    /// # Errors
    /// [`SolidError::Empty`] where the implant has no such part.
    pub fn surface(&self, part: Part) -> Result<TriSurface, SolidError> {
        let edge = self.grid.edge;
        let field = |p: Vec3| self.metal.value(p, part, edge);
        if part == Part::Whole {
            return finish(&self.grid, &field);
        }
        let mut grid = Grid { values: vec![grid::FAR; self.grid.values.len()], ..self.grid };
        let size = grid.layer_size();
        let found: Vec<(usize, Vec<f32>)> = (0..grid.layers())
            .into_par_iter()
            .map(|l| {
                let one = |n: usize| {
                    if self.grid.values[n] == grid::FAR {
                        return grid::FAR;
                    }
                    let value = field(self.grid.place(n)).unwrap_or(f64::INFINITY) as f32;
                    // What was deleted from the whole is in no part; what was filled there is filled here.
                    match (self.before(n), self.grid.inside(n)) {
                        (true, false) => value.abs().max(1e-6),
                        (false, true) if part == Part::Lattice => -value.abs().max(1e-6),
                        _ => value,
                    }
                };
                (l, (l * size..(l + 1) * size).map(one).collect())
            })
            .collect();
        for (l, values) in found {
            grid.values[l * size..(l + 1) * size].copy_from_slice(&values);
        }
        if part == Part::Lattice {
            grid.drop_small(SPLINTER_MM3);
        }
        finish(&grid, &field)
    }

    /// Value of the whole at `p` as [`Metal::value`], but outside in deleted pieces and inside in filled voids.
    pub fn value(&self, p: Vec3) -> Option<f64> {
        let value = self.metal.value(p, Part::Whole, self.grid.edge)?;
        if self.pieces.floating + self.pieces.filled == 0 || self.grid.edge < value.abs() {
            return Some(value);
        }
        let side = value < 0.0;
        let nearest = self
            .grid
            .around(p)
            .filter(|(n, _)| self.before(*n) == side)
            .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        Some(match nearest {
            Some((n, _)) if self.grid.inside(n) != side => -value,
            _ => value,
        })
    }

    fn before(&self, node: usize) -> bool {
        self.before[node / 64] >> (node % 64) & 1 == 1
    }
}
