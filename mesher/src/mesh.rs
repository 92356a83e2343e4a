//! Quadratic tetrahedral meshes with named regions and facet sets.

use crate::Vec3;
use std::collections::BTreeMap;

/// Local corner numbers of the four facets of a tetrahedron, seen counter-clockwise from outside.
pub const FACET_CORNERS: [[usize; 3]; 4] = [[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]];

/// Local corner numbers of the six edges, in the order of the mid-edge nodes 4..10 (VTK, Abaqus C3D10).
pub const EDGE_CORNERS: [[usize; 2]; 6] = [[0, 1], [1, 2], [2, 0], [0, 3], [1, 3], [2, 3]];

/// Facet on the boundary of a mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facet {
    /// Cell it bounds.
    pub cell: u32,
    /// Local facet number of that cell, 0..4, see [`FACET_CORNERS`].
    pub local: u8,
    /// Node numbers: three corners counter-clockwise from outside, then the nodes on edges 01, 12, 20.
    pub nodes: [u32; 6],
    /// Index of the bounding field the facet lies on (order of the mesher's input).
    pub surface: u8,
}

/// Body of ten-node tetrahedra.
#[derive(Debug, Clone, Default)]
pub struct Mesh {
    /// Node positions, mm.
    pub points: Vec<Vec3>,
    /// Nodes of each cell: corners 0..4 with positive volume, then mid-edge nodes, see [`EDGE_CORNERS`].
    pub cells: Vec<[u32; 10]>,
    /// Region of each cell, index into `region_names`.
    pub regions: Vec<u16>,
    /// Names of the regions.
    pub region_names: Vec<String>,
    /// Facets of the outer boundary, ordered by cell and local number.
    pub boundary: Vec<Facet>,
    /// Named subsets of `boundary`, as indices into it, ascending.
    pub facet_sets: BTreeMap<String, Vec<u32>>,
}

impl Mesh {
    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.points.len()
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.cells.len()
    }

    /// Centroid of the corners of a cell, mm.
    pub fn centroid(&self, cell: usize) -> Vec3 {
        let c = &self.cells[cell];
        (0..4).map(|i| self.points[c[i] as usize]).sum::<Vec3>() / 4.0
    }

    /// Volume of the straight tetrahedron through the corners of a cell, mm³.
    pub fn corner_volume(&self, cell: usize) -> f64 {
        let c = &self.cells[cell];
        let p = |i: usize| self.points[c[i] as usize];
        (p(1) - p(0)).cross(&(p(2) - p(0))).dot(&(p(3) - p(0))) / 6.0
    }

    /// Centroid of the corners, outward unit normal and flat area (mm²) of a boundary facet.
    pub fn facet_geometry(&self, facet: &Facet) -> (Vec3, Vec3, f64) {
        let p = |i: usize| self.points[facet.nodes[i] as usize];
        let n = (p(1) - p(0)).cross(&(p(2) - p(0)));
        let twice = n.norm();
        ((p(0) + p(1) + p(2)) / 3.0, n / twice.max(1e-300), 0.5 * twice)
    }

    /// Adds the facet set `name`: boundary facets for which `keep(centroid, outward normal, surface)` holds.
    pub fn name_facets(&mut self, name: &str, keep: impl Fn(Vec3, Vec3, u8) -> bool) {
        let chosen = (0..self.boundary.len())
            .filter(|&i| {
                let f = &self.boundary[i];
                let (c, n, _) = self.facet_geometry(f);
                keep(c, n, f.surface)
            })
            .map(|i| i as u32)
            .collect();
        self.facet_sets.insert(name.to_string(), chosen);
    }

    /// Moves every mid-edge node to the middle of its edge, so that all cells and facets are flat.
    pub fn straighten(&mut self) {
        for (node, [a, b]) in self.parents().into_iter().enumerate() {
            if a != b {
                self.points[node] = 0.5 * (self.points[a as usize] + self.points[b as usize]);
            }
        }
    }

    /// For each node, the two corner nodes it lies between, or twice itself for a corner.
    pub fn parents(&self) -> Vec<[u32; 2]> {
        let mut parents: Vec<[u32; 2]> = (0..self.n_nodes() as u32).map(|i| [i, i]).collect();
        for c in &self.cells {
            for (k, e) in EDGE_CORNERS.iter().enumerate() {
                parents[c[4 + k] as usize] = [c[e[0]].min(c[e[1]]), c[e[0]].max(c[e[1]])];
            }
        }
        parents
    }
}
