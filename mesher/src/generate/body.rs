//! Cells with their regions and the surfaces their facets lie on.

use super::cut::Complex;
use super::shape;
use super::topology::{Buckets, NONE, neighbors, stars};
use super::{MeshError, MeshSpec, Place};
use crate::Vec3;
use rayon::prelude::*;

/// Label of a facet inside a region.
pub(super) const INSIDE: u8 = u8::MAX;

/// Straight tetrahedron with what its facets are part of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// Vertices, positive volume.
    pub(super) v: [u32; 4],
    /// Surface that the facet opposite to each vertex lies on, [`INSIDE`] when it parts no regions.
    pub(super) label: [u8; 4],
    /// Its region.
    pub(super) region: u16,
}

/// Straight tetrahedra of all regions.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) points: Vec<Vec3>,
    /// Surfaces each vertex is bound to, bit set.
    pub(super) on: Vec<u32>,
    pub(super) cells: Vec<Cell>,
}

impl Body {
    /// Regions from the sign bits, labels from the surfaces between them.
    ///
    /// # Errors
    /// [`MeshError::Empty`] without any cell, [`MeshError::Clipped`] when a region ends where no surface is.
    pub(super) fn assemble(complex: Complex, spec: &MeshSpec<'_>) -> Result<Self, MeshError> {
        let Complex { points, on, tets, .. } = complex;
        let corners: Vec<[u32; 4]> = tets.iter().map(|t| t.v).collect();
        let middle = |v: &[u32; 4]| v.iter().map(|&v| points[v as usize]).sum::<Vec3>() / 4.0;
        let regions: Vec<Option<u16>> =
            tets.par_iter().map(|t| (spec.region)(t.bits, middle(&t.v))).collect();
        if let Some(r) = regions.iter().flatten().find(|&&r| spec.region_names.len() <= usize::from(r)) {
            return Err(
                spec.request(format!("region {r} has no name, there are {}", spec.region_names.len()))
            );
        }
        let next = pair(&points, &corners)?;
        let labels: Vec<Option<[u8; 4]>> = (0..tets.len())
            .into_par_iter()
            .map(|c| {
                let mut label = [INSIDE; 4];
                for i in 0..4 {
                    let n = next[c][i];
                    if n != NONE && regions[n as usize] == regions[c] {
                        continue;
                    }
                    let shared = (1..4).fold(u32::MAX, |m, k| m & on[corners[c][(i + k) % 4] as usize]);
                    let between = if n == NONE { 0 } else { shared & (tets[c].bits ^ tets[n as usize].bits) };
                    if between != 0 {
                        label[i] = between.trailing_zeros() as u8;
                    } else if regions[c].is_some() && (n == NONE || regions[n as usize].is_none()) {
                        return None;
                    }
                }
                Some(label)
            })
            .collect();
        let mut cells = Vec::new();
        for (c, label) in labels.into_iter().enumerate() {
            let Some(region) = regions[c] else { continue };
            let Some(label) = label else {
                return Err(MeshError::Clipped {
                    body: spec.name.clone(),
                    region: spec.region_names[usize::from(region)].clone(),
                    place: Place(middle(&corners[c])),
                });
            };
            cells.push(Cell { v: corners[c], label, region });
        }
        if cells.is_empty() {
            return Err(MeshError::Empty {
                body: spec.name.clone(),
                cells: tets.len(),
                edge_mm: spec.edge_mm,
            });
        }
        let mut body = Body { points, on, cells };
        body.open_pinches()?;
        body.compact();
        body.bind();
        Ok(body)
    }

    pub(super) fn corners(&self) -> Vec<[u32; 4]> {
        self.cells.iter().map(|c| c.v).collect()
    }

    pub(super) fn corner_points(&self, v: &[u32; 4]) -> [Vec3; 4] {
        v.map(|v| self.points[v as usize])
    }

    /// Shape quality of a cell.
    pub(super) fn quality(&self, v: &[u32; 4]) -> f64 {
        shape::quality(self.corner_points(v))
    }

    /// Cells around every vertex.
    pub(super) fn stars(&self) -> Buckets<u32> {
        stars(self.points.len(), &self.corners())
    }

    /// Binds every vertex to the surfaces of the labeled facets on it, and to no other.
    pub(super) fn bind(&mut self) {
        self.on.fill(0);
        for cell in &self.cells {
            for i in (0..4).filter(|&i| cell.label[i] != INSIDE) {
                for k in 1..4 {
                    self.on[cell.v[(i + k) % 4] as usize] |= 1 << cell.label[i];
                }
            }
        }
    }

    /// Drops vertices without a cell, keeping the order.
    pub(super) fn compact(&mut self) {
        let mut number = vec![NONE; self.points.len()];
        for v in self.cells.iter().flat_map(|c| c.v) {
            number[v as usize] = 0;
        }
        let mut n = 0;
        for (v, new) in number.iter_mut().enumerate().filter(|(_, new)| **new == 0) {
            *new = n;
            self.points[n as usize] = self.points[v];
            self.on[n as usize] = self.on[v];
            n += 1;
        }
        self.points.truncate(n as usize);
        self.on.truncate(n as usize);
        self.cells.par_iter_mut().for_each(|c| c.v = c.v.map(|v| number[v as usize]));
    }
}

/// The cells beyond the facets of each cell.
pub(super) fn pair(points: &[Vec3], corners: &[[u32; 4]]) -> Result<Vec<[u32; 4]>, MeshError> {
    neighbors(points.len(), corners).map_err(|f| MeshError::NotManifold {
        place: Place(f.iter().map(|&v| points[v as usize]).sum::<Vec3>() / 3.0),
        facets: 3,
    })
}
