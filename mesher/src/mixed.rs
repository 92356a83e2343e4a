//! Meshes of several cell shapes, as input decks hold them.

use crate::Vec3;
use crate::cells::{self, Cell};
use thiserror::Error;

/// Shape of a solid cell. Node and facet order are those of Abaqus, see [`crate::cells`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// Four-node tetrahedron.
    Tet4,
    /// Ten-node tetrahedron.
    Tet10,
    /// Eight-node brick.
    Hex8,
    /// Twenty-node brick.
    Hex20,
    /// Six-node prism.
    Wedge6,
    /// Fifteen-node prism.
    Wedge15,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 6] =
        [Self::Tet4, Self::Tet10, Self::Hex8, Self::Hex20, Self::Wedge6, Self::Wedge15];

    /// Shape functions, quadrature, facets and edges.
    pub fn cell(self) -> &'static dyn Cell {
        match self {
            Self::Tet4 => &cells::tet4::Tet4,
            Self::Tet10 => &cells::tet10::Tet10,
            Self::Hex8 => &cells::hex8::Hex8,
            Self::Hex20 => &cells::hex20::Hex20,
            Self::Wedge6 => &cells::wedge6::Wedge6,
            Self::Wedge15 => &cells::wedge15::Wedge15,
        }
    }

    /// Name of the shape, for instance `hex20`.
    pub fn name(self) -> &'static str {
        self.cell().name()
    }

    /// Number of nodes.
    pub fn n_nodes(self) -> usize {
        match self {
            Self::Tet4 => 4,
            Self::Tet10 => 10,
            Self::Hex8 => 8,
            Self::Hex20 => 20,
            Self::Wedge6 => 6,
            Self::Wedge15 => 15,
        }
    }

    /// Number of facets.
    pub fn n_facets(self) -> usize {
        self.cell().facets().len()
    }

    /// Local nodes of facet `facet` (0 is S1 of Abaqus), corners first, counter-clockwise from outside.
    ///
    /// # Panics
    /// When the shape has no such facet.
    pub fn facet_nodes(self, facet: usize) -> &'static [usize] {
        self.cell().facet_nodes()[facet]
    }

    /// Surface cell of facet `facet`.
    ///
    /// # Panics
    /// When the shape has no such facet.
    pub fn facet_cell(self, facet: usize) -> &'static dyn Cell {
        cells::surface_cell(self.facet_nodes(facet).len()).expect("every facet is a surface cell")
    }
}

/// What is wrong with the cells of a mesh.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MixedMeshError {
    /// A cell does not have the nodes of its shape.
    #[error("cell {cell} is a {shape} with {expected} nodes, found {found}", shape = shape.name())]
    NodeCount {
        /// Number of the cell.
        cell: usize,
        /// Its shape.
        shape: Shape,
        /// Nodes of the shape.
        expected: usize,
        /// Nodes given.
        found: usize,
    },
    /// A cell names a node that does not exist.
    #[error("cell {cell} names node {node}: there are {n_nodes}")]
    NoSuchNode {
        /// Number of the cell.
        cell: usize,
        /// Node named.
        node: u32,
        /// Number of nodes.
        n_nodes: usize,
    },
    /// A node position that is not a number.
    #[error("the position of node {node} is not a number")]
    NotFinite {
        /// Number of the node.
        node: usize,
    },
    /// More nodes than the numbering can hold.
    #[error("{n_nodes} nodes: at most 4 294 967 295")]
    TooMany {
        /// Nodes given.
        n_nodes: usize,
    },
}

/// Body of cells of several shapes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MixedMesh {
    points: Vec<Vec3>,
    shapes: Vec<Shape>,
    starts: Vec<usize>,
    nodes: Vec<u32>,
}

impl MixedMesh {
    /// Mesh of `cells`, each a shape with its nodes.
    ///
    /// - `points`: node positions, mm; nodes without a cell are allowed
    ///
    /// # Errors
    /// [`MixedMeshError`] at the first cell or node that is wrong.
    pub fn new<'a>(
        points: Vec<Vec3>,
        cells: impl IntoIterator<Item = (Shape, &'a [u32])>,
    ) -> Result<Self, MixedMeshError> {
        let n_nodes = points.len();
        if u32::try_from(n_nodes).is_err() {
            return Err(MixedMeshError::TooMany { n_nodes });
        }
        if let Some(node) = points.iter().position(|p| !p.iter().all(|x| x.is_finite())) {
            return Err(MixedMeshError::NotFinite { node });
        }
        let mut mesh = Self { points, shapes: Vec::new(), starts: vec![0], nodes: Vec::new() };
        for (cell, (shape, nodes)) in cells.into_iter().enumerate() {
            let (expected, found) = (shape.n_nodes(), nodes.len());
            if expected != found {
                return Err(MixedMeshError::NodeCount { cell, shape, expected, found });
            }
            if let Some(&node) = nodes.iter().find(|&&node| n_nodes <= node as usize) {
                return Err(MixedMeshError::NoSuchNode { cell, node, n_nodes });
            }
            mesh.shapes.push(shape);
            mesh.nodes.extend_from_slice(nodes);
            mesh.starts.push(mesh.nodes.len());
        }
        Ok(mesh)
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.points.len()
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.shapes.len()
    }

    /// Node positions, mm.
    pub fn points(&self) -> &[Vec3] {
        &self.points
    }

    /// Shape of each cell.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Start of each cell in [`MixedMesh::nodes`], then its length.
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// Nodes of all cells, one after the other.
    pub fn nodes(&self) -> &[u32] {
        &self.nodes
    }

    /// Nodes of one cell.
    pub fn cell(&self, cell: usize) -> &[u32] {
        &self.nodes[self.starts[cell]..self.starts[cell + 1]]
    }

    /// Node positions of one cell, mm, in a buffer of [`crate::cells::mapping::MAX_NODES`]; the rest is zero.
    pub fn cell_points(&self, cell: usize) -> [Vec3; cells::mapping::MAX_NODES] {
        let mut out = [Vec3::zeros(); cells::mapping::MAX_NODES];
        for (out, &node) in out.iter_mut().zip(self.cell(cell)) {
            *out = self.points[node as usize];
        }
        out
    }

    /// Nodes of a facet of a cell, corners first, counter-clockwise from outside.
    ///
    /// # Panics
    /// When the cell has no such facet.
    pub fn facet(&self, cell: usize, facet: usize) -> Vec<u32> {
        let nodes = self.cell(cell);
        self.shapes[cell].facet_nodes(facet).iter().map(|&i| nodes[i]).collect()
    }

    /// Volume of a cell, mm³.
    pub fn volume(&self, cell: usize) -> f64 {
        let shape = self.shapes[cell];
        cells::mapping::volume(shape.cell(), &self.cell_points(cell)[..shape.n_nodes()])
    }

    /// For each node the two corner nodes it lies between, or twice itself.
    ///
    /// A node that is a corner of any cell is a corner, even where it is the mid-edge node of another.
    pub fn parents(&self) -> Vec<[u32; 2]> {
        let mut is_corner = vec![false; self.n_nodes()];
        for cell in 0..self.n_cells() {
            for &node in &self.cell(cell)[..self.shapes[cell].cell().n_corners()] {
                is_corner[node as usize] = true;
            }
        }
        let mut parents: Vec<[u32; 2]> = (0..self.n_nodes() as u32).map(|i| [i, i]).collect();
        for cell in 0..self.n_cells() {
            let (nodes, shape) = (self.cell(cell), self.shapes[cell].cell());
            for (&mid, &[a, b]) in nodes[shape.n_corners()..].iter().zip(shape.edges()) {
                if !is_corner[mid as usize] {
                    parents[mid as usize] = [nodes[a].min(nodes[b]), nodes[a].max(nodes[b])];
                }
            }
        }
        parents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(shape: Shape) -> MixedMesh {
        let points: Vec<Vec3> = shape.cell().nodes().iter().map(|&x| Vec3::from(x)).collect();
        let nodes: Vec<u32> = (0..points.len() as u32).collect();
        MixedMesh::new(points, [(shape, nodes.as_slice())]).expect("reference cell")
    }

    #[test]
    fn every_shape_agrees_with_its_cell() {
        for shape in Shape::ALL {
            assert_eq!(shape.n_nodes(), shape.cell().nodes().len());
            assert_eq!(shape.cell().dimension(), 3);
            let volume = reference(shape).volume(0);
            assert!((volume - shape.cell().reference().measure()).abs() < 1e-14, "{}", shape.name());
        }
    }

    #[test]
    fn parents_of_mid_edge_nodes_are_the_ends_of_their_edges() {
        for shape in Shape::ALL {
            let mesh = reference(shape);
            for (node, [a, b]) in mesh.parents().into_iter().enumerate() {
                let middle = 0.5 * (mesh.points()[a as usize] + mesh.points()[b as usize]);
                assert_eq!(mesh.points()[node], middle);
                assert_eq!(a == b, node < shape.cell().n_corners());
            }
        }
    }

    #[test]
    fn a_node_that_is_a_corner_somewhere_has_no_parents() {
        let mut points: Vec<Vec3> = Shape::Tet10.cell().nodes().iter().map(|&x| Vec3::from(x)).collect();
        points.push(Vec3::new(0.5, -1.0, 0.0));
        let quadratic: Vec<u32> = (0..10).collect();
        let mesh = MixedMesh::new(
            points,
            [(Shape::Tet10, quadratic.as_slice()), (Shape::Tet4, [4, 0, 10, 7].as_slice())],
        )
        .expect("valid mesh");
        assert_eq!(mesh.parents()[4], [4, 4]);
        assert_eq!(mesh.parents()[5], [1, 2]);
    }

    #[test]
    fn wrong_cells_are_refused() {
        let points = vec![Vec3::zeros(); 4];
        let few = MixedMesh::new(points.clone(), [(Shape::Tet4, [0, 1, 2].as_slice())]);
        assert!(matches!(few, Err(MixedMeshError::NodeCount { cell: 0, expected: 4, found: 3, .. })));
        let beyond = MixedMesh::new(points, [(Shape::Tet4, [0, 1, 2, 9].as_slice())]);
        assert_eq!(beyond, Err(MixedMeshError::NoSuchNode { cell: 0, node: 9, n_nodes: 4 }));
    }
}
