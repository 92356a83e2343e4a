//! The printable solid: envelope, skin, walls and the real lattice in one field.
//!
//! ```text
//! φ = max( side, upper, lower, −bores, min( rim ∪ screw walls, lattice ) )         negative in metal
//! ```
//! The smooth but costly fields (side, bones) are sampled on a coarse grid and interpolated; everything else
//! is evaluated where it is needed. The sign of φ on a body-centered cubic grid decides the topology:
//! floating pieces are deleted there, and the surface that is then cut is a closed manifold by construction.
//!
//! Guaranteed: every edge of the surface has exactly two triangles with opposite sense; one solid; same bits
//! for any thread count; no two vertices share f32 coordinates. Not guaranteed: features thinner than a
//! grid edge may be missing or broken; edges are blunt over a grid edge.

mod across;
mod beams;
mod clean;
mod contour;
mod cut;
mod decimate;
mod escape;
mod extract;
mod grading;
mod grid;
mod letters;
mod metal;
mod overhang;
mod sampled;
mod settle;

pub use across::Across;
pub use beams::{Beam, Beams, Neighbor, beams};
pub use contour::{Contour, slice};
pub use cut::Cut;
pub use decimate::{Deviation, decimate, deviation};
pub use escape::Escape;
pub use grading::{Graded, Samples, Zones};
pub use grid::Pieces;
pub use letters::{Letters, LettersError};
pub use metal::{Metal, Part, WELD_MM};
pub use overhang::{Ceiling, Overhang, overhang};
pub use settle::settle;

use super::Aabb;
use super::implant::Implant;
use super::surface::TriSurface;
use crate::Vec3;
use grid::Grid;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// Shortest edge kept, as a fraction of the grid edge. Tuned: a third removes the slivers of marching
/// tetrahedra (half of all triangles) at a departure below 5 % of the grid edge.
const SHORT_EDGE: f64 = 0.33;
/// Largest move of a vertex when the volume is restored, as a fraction of the grid edge.
const MOST_SHIFT: f64 = 0.08;
/// Smallest hole an electron-beam machine leaves open, mm (Q20plus design rule, `lattice.md` §3.1); closed voids
/// smaller than a ball of this diameter are filled.
const LEAST_HOLE_MM: f64 = 0.42;
/// Largest number of grid nodes; more would not fit in 1.5 GB.
const MOST_NODES: f64 = 9.0e7;

/// Edge of a body-centered cube (two nodes) that holds as many nodes per volume as a simple grid of edge 1.
const CUBE: f64 = 1.259_921_049_894_873_2;

/// How fine the printable solid is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SolidParams {
    /// Edge of the cutting grid, mm: that of the simple grid with as many nodes.
    pub edge_mm: f64,
    /// Spacing of the nodes at which side and bones are sampled, mm.
    pub sample_mm: f64,
}

impl Default for SolidParams {
    fn default() -> Self {
        Self { edge_mm: 0.15, sample_mm: 0.4 }
    }
}

/// Why no printable solid was made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SolidError {
    /// Grid edge or sample spacing out of range.
    #[error("solid parameter `{name}` is {value} mm, expected {least} to {most} mm")]
    Param {
        /// Name of the parameter.
        name: &'static str,
        /// Value found.
        value: f64,
        /// Smallest accepted value.
        least: f64,
        /// Largest accepted value.
        most: f64,
    },
    /// The grid would be too large for memory.
    #[error(
        "a grid edge of {edge_mm} mm needs {nodes:.0e} grid nodes, at most {most:.0e}; use at least {least_mm:.2} mm"
    )]
    TooFine {
        /// Edge asked for.
        edge_mm: f64,
        /// Nodes it needs.
        nodes: f64,
        /// Largest number of nodes.
        most: f64,
        /// Smallest edge that is possible.
        least_mm: f64,
    },
    /// Nothing of the solid reached the grid.
    #[error(
        "nothing is left of the solid at a grid edge of {edge_mm} mm; use a finer grid or thicker struts"
    )]
    Empty {
        /// Edge of the grid.
        edge_mm: f64,
    },
    /// The work was stopped from outside.
    #[error("stopped")]
    Stopped,
}

/// Printable solid and its measures.
#[derive(Debug, Clone)]
pub struct Solid {
    /// Closed manifold surface, one solid, possibly with inner shells around closed voids.
    pub surface: TriSurface,
    /// Enclosed metal, mm³.
    pub volume_mm3: f64,
    /// Surface area, mm².
    pub area_mm2: f64,
    /// Box around the surface.
    pub bounds: Aabb,
    /// Volume of the outline (metal and pores, bores taken out) by the grid, mm³.
    pub outline_mm3: f64,
    /// Volume of the zone that is lattice, mm³.
    pub lattice_zone_mm3: f64,
    /// Metal share of the lattice zone after floating pieces were deleted.
    pub relative_density: f64,
    /// What was deleted, and voids that would keep powder.
    pub pieces: Pieces,
}

impl Solid {
    /// Mass in t of a metal of `density` in t/mm³.
    pub fn mass(&self, density: f64) -> f64 {
        self.volume_mm3 * density
    }
}

/// Cuts the printable solid of `implant` filled with `lattice` (signed value in mm, negative in metal).
///
/// `stop`, when raised by another thread, ends the work with [`SolidError::Stopped`].
///
/// # Errors
/// [`SolidError`].
pub fn printable(
    implant: &Implant,
    lattice: &(dyn Fn(Vec3) -> f64 + Sync),
    params: &SolidParams,
    stop: &AtomicBool,
) -> Result<Solid, SolidError> {
    Cut::new(&Metal::new(implant, lattice, params.sample_mm), params, stop)?.solid()
}

/// Closed manifold surface of any field at a grid edge of `edge` mm (as [`SolidParams::edge_mm`]); only its
/// largest piece.
///
/// `field` may answer `None` where the solid is surely farther than two grid edges away.
///
/// # Errors
/// [`SolidError`].
pub fn surface_of(
    bounds: Aabb,
    edge: f64,
    field: &(dyn Fn(Vec3) -> Option<f64> + Sync),
    stop: &AtomicBool,
) -> Result<(TriSurface, Pieces), SolidError> {
    let mut grid = sample(bounds, CUBE * edge, field, stop)?;
    let pieces = grid.keep_largest(0.0);
    Ok((finish(&grid, field)?, pieces))
}

/// Closed manifold surface of any field with all its pieces, vertices where the field vanishes.
///
/// `field` and `edge` as for [`surface_of`]; `clean` collapses edges shorter than a third of the grid edge.
///
/// # Errors
/// [`SolidError`].
pub fn level_set(
    bounds: Aabb,
    edge: f64,
    field: &(dyn Fn(Vec3) -> Option<f64> + Sync),
    clean: bool,
    stop: &AtomicBool,
) -> Result<TriSurface, SolidError> {
    let grid = sample(bounds, CUBE * edge, field, stop)?;
    let mut surface = extract::extract(&grid, field);
    if surface.triangles.is_empty() {
        return Err(SolidError::Empty { edge_mm: edge });
    }
    if clean {
        clean::collapse_short_edges(&mut surface, SHORT_EDGE * grid.edge);
    }
    Ok(surface)
}

/// Moves vertices apart that would fall on each other as f32 coordinates, by hundredths of a micrometre; returns
/// how many were moved.
pub fn separate(surface: &mut TriSurface) -> usize {
    clean::separate_in_f32(surface)
}

fn check(params: &SolidParams) -> Result<(), SolidError> {
    let ranges = [("edge", params.edge_mm, 0.03, 1.0), ("sample spacing", params.sample_mm, 0.1, 1.0)];
    match ranges.iter().find(|(_, v, least, most)| !(least <= v && v <= most)) {
        Some(&(name, value, least, most)) => Err(SolidError::Param { name, value, least, most }),
        None => Ok(()),
    }
}

fn sample(
    bounds: Aabb,
    edge: f64,
    field: &(dyn Fn(Vec3) -> Option<f64> + Sync),
    stop: &AtomicBool,
) -> Result<Grid, SolidError> {
    let nodes = 2.0 * bounds.size().iter().map(|s| s / edge + 5.0).product::<f64>();
    if MOST_NODES < nodes {
        let edge_mm = edge / CUBE;
        let least_mm = edge_mm * (nodes / MOST_NODES).cbrt();
        return Err(SolidError::TooFine { edge_mm, nodes, most: MOST_NODES, least_mm });
    }
    Grid::sample(bounds, edge, field, stop).ok_or(SolidError::Stopped)
}

fn finish(grid: &Grid, field: &(dyn Fn(Vec3) -> Option<f64> + Sync)) -> Result<TriSurface, SolidError> {
    let mut surface = extract::extract(grid, field);
    if surface.triangles.is_empty() {
        return Err(SolidError::Empty { edge_mm: grid.edge / CUBE });
    }
    clean::collapse_short_edges(&mut surface, SHORT_EDGE * grid.edge);
    clean::restore_volume(&mut surface, MOST_SHIFT * grid.edge);
    clean::separate_in_f32(&mut surface);
    Ok(surface)
}

/// Volumes by counting nodes, mm³.
#[derive(Default)]
struct Zone {
    outline: f64,
    lattice: f64,
    metal: f64,
}

/// Counts nodes in the outline, in the lattice zone, and in the lattice's metal.
fn zone(grid: &Grid, metal: &Metal<'_>) -> Zone {
    use rayon::prelude::*;
    let size = grid.layer_size();
    let counts: Vec<[u32; 3]> = (0..grid.layers())
        .into_par_iter()
        .map(|l| {
            let mut count = [0; 3];
            for node in l * size..(l + 1) * size {
                // Nodes in metal are inside; of the others only those in pores need a look.
                if grid.values[node] == grid::FAR {
                    continue;
                }
                let p = grid.place(node);
                let Some(near) = metal.outline.near(p, 0.0) else { continue };
                if 0.0 <= near.value {
                    continue;
                }
                count[0] += 1;
                if 0.0 <= metal.implant.solid_given_side(p, near.side) {
                    count[1] += 1;
                    count[2] += u32::from(grid.inside(node));
                }
            }
            count
        })
        .collect();
    let share = 0.5 * grid.edge.powi(3);
    let sum = |i: usize| counts.iter().map(|c| f64::from(c[i])).sum::<f64>() * share;
    Zone { outline: sum(0), lattice: sum(1), metal: sum(2) }
}

#[cfg(test)]
mod tests;
