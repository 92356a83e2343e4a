//! Which mesh nodes carry unknowns, and how the others follow them.

use crate::assembly::AssemblyError;
use crate::elements::{Section, block_of};
use crate::linear::BlockMatrix;
use crate::model::{Interpolation, Model};
use dens_mesher::Vec3;
use dens_mesher::mesh::EDGE_CORNERS;
use rayon::prelude::*;

/// Cells whose matrices are computed at once before they are added in order.
const BATCH: usize = 2048;

/// Map from mesh nodes, parts one after the other, to the nodes that have unknowns.
pub(super) struct Unknowns {
    /// For each mesh node the two unknown nodes whose mean it follows; twice the same where it is one.
    ends: Vec<[u32; 2]>,
    /// Mesh node of each unknown node.
    pub(super) mesh_nodes: Vec<u32>,
}

impl Unknowns {
    pub(super) fn new(model: &Model) -> Self {
        let mut parents: Vec<[u32; 2]> = Vec::new();
        for p in &model.parts {
            let offset = parents.len() as u32;
            parents.extend(p.mesh.parents().iter().map(|ends| ends.map(|n| n + offset)));
        }
        let n = parents.len() as u32;
        if model.interpolation == Interpolation::Quadratic {
            return Self { ends: (0..n).map(|i| [i, i]).collect(), mesh_nodes: (0..n).collect() };
        }
        let mesh_nodes: Vec<u32> = (0..n).filter(|i| parents[*i as usize] == [*i; 2]).collect();
        let mut number = vec![u32::MAX; parents.len()];
        for (k, node) in mesh_nodes.iter().enumerate() {
            number[*node as usize] = k as u32;
        }
        let ends = parents.iter().map(|ends| ends.map(|n| number[n as usize])).collect();
        Self { ends, mesh_nodes }
    }

    /// Unknown nodes whose mean the mesh node follows.
    pub(super) fn ends(&self, mesh_node: u32) -> [u32; 2] {
        self.ends[mesh_node as usize]
    }

    /// The unknown node that the mesh node is, if it is one.
    pub(super) fn own(&self, mesh_node: u32) -> Option<u32> {
        let [a, b] = self.ends(mesh_node);
        (a == b).then_some(a)
    }

    /// Displacement of a mesh node, mm.
    pub(super) fn displacement(&self, u: &[f64], mesh_node: u32) -> Vec3 {
        let at = |n: u32| Vec3::from_column_slice(&u[3 * n as usize..][..3]);
        match self.ends(mesh_node) {
            [a, b] if a == b => at(a),
            [a, b] => 0.5 * (at(a) + at(b)),
        }
    }

    /// Unknown nodes in the places of mesh nodes; that of a mid-edge node is one of its ends and has no share.
    pub(super) fn nodes<const N: usize>(&self, mesh_nodes: &[u32; N]) -> [u32; N] {
        mesh_nodes.map(|n| self.ends(n)[0])
    }

    /// Moves the shares of mid-edge nodes to their corners, which must be among `mesh_nodes`.
    pub(super) fn fold<const N: usize>(&self, mesh_nodes: &[u32; N], shares: &mut [f64; N]) {
        for k in 0..N {
            let ends = self.ends(mesh_nodes[k]);
            if ends[0] == ends[1] {
                continue;
            }
            let half = 0.5 * std::mem::take(&mut shares[k]);
            for end in ends {
                let corner = mesh_nodes.iter().position(|n| self.own(*n) == Some(end));
                shares[corner.expect("a facet or cell holds the ends of its edges")] += half;
            }
        }
    }

    /// Unknown nodes of each cell where mid-edge nodes have none.
    pub(super) fn corner_cells(&self, model: &Model) -> Vec<[u32; 4]> {
        let mut cells = Vec::new();
        let mut offset = 0;
        for p in &model.parts {
            cells.extend(p.mesh.cells.iter().map(|c| [0, 1, 2, 3].map(|k| self.ends(c[k] + offset)[0])));
            offset += p.mesh.n_nodes() as u32;
        }
        cells
    }

    /// Stiffness of all cells where mid-edge nodes follow their corners, added to `matrix`, N/mm.
    ///
    /// # Errors
    /// [`AssemblyError::Inverted`] with the first such cell, numbered through all parts.
    pub(super) fn add_linear_cells(
        &self,
        model: &Model,
        matrix: &mut BlockMatrix,
    ) -> Result<(), AssemblyError> {
        let places = self.corner_cells(model);
        let mut first = 0;
        for p in &model.parts {
            let of_cell = |c: usize| {
                let positions = p.mesh.cells[c].map(|n| p.mesh.points[n as usize]);
                corner_stiffness(&positions, &p.palette[p.of_cell[c] as usize])
                    .map_err(|jacobian| AssemblyError::Inverted { cell: first + c, jacobian })
            };
            for start in (0..p.mesh.n_cells()).step_by(BATCH) {
                let end = (start + BATCH).min(p.mesh.n_cells());
                let blocks: Result<Vec<_>, AssemblyError> =
                    (start..end).into_par_iter().map(of_cell).collect();
                for (nodes, local) in places[first + start..first + end].iter().zip(&blocks?) {
                    for (k, block) in local.iter().enumerate() {
                        matrix.add_block(nodes[k / 4] as usize, nodes[k % 4] as usize, block);
                    }
                }
            }
            first += p.mesh.n_cells();
        }
        Ok(())
    }
}

/// Stiffness of a cell whose mid-edge nodes follow the mean of their corners: 4 × 4 blocks, row-major, or the
/// volume ratio of an inverted cell.
fn corner_stiffness(positions: &[Vec3; 10], section: &Section) -> Result<[[f64; 9]; 16], f64> {
    let mut blocks = [[0.0; 9]; 55];
    section.element.stiffness(positions, &section.stiffness, &mut blocks).map_err(|e| e.jacobian)?;
    let corners = |k: usize| match k.checked_sub(4) {
        None => [k, k],
        Some(edge) => EDGE_CORNERS[edge],
    };
    let mut folded = [[0.0; 9]; 16];
    for i in 0..10 {
        for j in 0..10 {
            let block = &blocks[block_of(10, i.min(j), i.max(j))];
            for a in corners(i) {
                for b in corners(j) {
                    for (k, sum) in folded[4 * a + b].iter_mut().enumerate() {
                        *sum += 0.25 * if i <= j { block[k] } else { block[3 * (k % 3) + k / 3] };
                    }
                }
            }
        }
    }
    Ok(folded)
}
