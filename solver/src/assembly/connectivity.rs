//! Nodes of cells, any number per cell.

use dens_mesher::mixed::MixedMesh;

/// Nodes of the cells of a body, one cell after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connectivity {
    starts: Vec<usize>,
    nodes: Vec<u32>,
}

impl Connectivity {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nodes of one cell.
    pub fn cell(&self, cell: usize) -> &[u32] {
        &self.nodes[self.starts[cell]..self.starts[cell + 1]]
    }

    /// Nodes of every cell, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> + Clone {
        self.starts.windows(2).map(|w| &self.nodes[w[0]..w[1]])
    }
}

impl<const N: usize> From<&[[u32; N]]> for Connectivity {
    fn from(cells: &[[u32; N]]) -> Self {
        Self { starts: (0..=cells.len()).map(|c| N * c).collect(), nodes: cells.as_flattened().to_vec() }
    }
}

impl<const N: usize> From<&Vec<[u32; N]>> for Connectivity {
    fn from(cells: &Vec<[u32; N]>) -> Self {
        cells.as_slice().into()
    }
}

impl From<&MixedMesh> for Connectivity {
    fn from(mesh: &MixedMesh) -> Self {
        Self { starts: mesh.starts().to_vec(), nodes: mesh.nodes().to_vec() }
    }
}
