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

mod clean;
mod extract;
mod grid;
mod sampled;

pub use grid::Pieces;

use super::implant::{FaceKind, Implant};
use super::surface::TriSurface;
use super::{Aabb, Field};
use crate::Vec3;
use grid::Grid;
use sampled::Sampled;
use std::f64::consts::PI;
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
    check(params)?;
    let outline = Outline::new(implant, params.sample_mm);
    let near = CUBE * params.edge_mm;
    let field = |p: Vec3| {
        let out = outline.near(p, 4.0 * near)?;
        if near < out.value {
            return Some(out.value);
        }
        let solid = implant.solid_given_side(p, out.side);
        // Deep in the solid part the lattice cannot matter.
        let core = if solid < -2.0 * near { solid } else { solid.min(lattice(p)) };
        Some(out.value.max(core))
    };
    let bounds = outline.bounds;
    let edge = CUBE * params.edge_mm;
    let mut grid = sample(bounds, edge, &field, stop)?;
    let pieces = grid.keep_largest(PI / 6.0 * LEAST_HOLE_MM.powi(3));
    let zone = zone(&grid, &outline, implant);
    let surface = finish(&grid, &field)?;
    let (volume_mm3, area_mm2, bounds) = (surface.volume(), surface.area(), surface.bounds());
    Ok(Solid {
        volume_mm3,
        area_mm2,
        bounds,
        outline_mm3: zone.outline,
        lattice_zone_mm3: zone.lattice,
        relative_density: if zone.lattice == 0.0 { 0.0 } else { zone.metal / zone.lattice },
        pieces,
        surface,
    })
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

/// Outline of the implant with its costly fields sampled.
struct Outline<'a> {
    implant: &'a Implant,
    /// Side, upper trim, lower trim.
    sampled: Sampled<3>,
    bounds: Aabb,
}

/// Values at one point.
struct Near {
    side: f64,
    value: f64,
}

impl<'a> Outline<'a> {
    fn new(implant: &'a Implant, step: f64) -> Self {
        let of = |kind| {
            let face = implant.faces().iter().find(|f| f.kind == kind);
            &face.expect("an implant has one side, one upper and one lower face").field
        };
        let [side, upper, lower] = [FaceKind::Side, FaceKind::Upper, FaceKind::Lower].map(of);
        let bounds = implant.bounds();
        let sampled = Sampled::new(bounds, step, |p| {
            if let Some(floor) = implant.clear_of_side(p, 4.0 * step) {
                return [floor; 3];
            }
            let s = side.value(p);
            // Beyond the reach of every stencil that touches the implant the bones do not matter.
            if 4.0 * step < s { [s, s, s] } else { [s, upper.value(p), lower.value(p)] }
        });
        Self { implant, sampled, bounds }
    }

    /// Values at `p`, or `None` where the outline is farther than `reach`.
    fn near(&self, p: Vec3, reach: f64) -> Option<Near> {
        if reach < self.sampled.floor(p) {
            return None;
        }
        let [side, upper, lower] = self.sampled.at(p);
        let bare = side.max(upper).max(lower).max(self.implant.lumen_given_side(p, side));
        let value = self.implant.tracks.iter().map(|t| -t.value(p, 0.0)).fold(bare, f64::max);
        Some(Near { side, value })
    }
}

/// Volumes by counting nodes, mm³.
#[derive(Default)]
struct Zone {
    outline: f64,
    lattice: f64,
    metal: f64,
}

/// Counts nodes in the outline, in the lattice zone, and in the lattice's metal.
fn zone(grid: &Grid, outline: &Outline, implant: &Implant) -> Zone {
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
                let Some(near) = outline.near(p, 0.0) else { continue };
                if 0.0 <= near.value {
                    continue;
                }
                count[0] += 1;
                if 0.0 <= implant.solid_given_side(p, near.side) {
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
