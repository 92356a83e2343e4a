//! Element matrices into the block matrix of the body, through a precomputed scatter map.
//!
//! Cells are worked off in batches of fixed size. In each batch the element matrices are computed in
//! parallel, then added in parallel by owners of disjoint row ranges that together make the matrix. Every
//! block receives its contributions in the order of the cells, so the bits do not depend on the threads;
//! there are no atomics, no locks and no element computed twice.

mod connectivity;
pub mod forces;
mod pattern;
mod scatter;

pub use connectivity::Connectivity;

use crate::elements::Section;
use crate::linear::BlockMatrix;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::MAX_NODES;
use pattern::Pattern;
use rayon::prelude::*;
pub(crate) use scatter::Layout;
use scatter::{BATCH, Batch};
use thiserror::Error;

/// Why a body could not be assembled.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum AssemblyError {
    /// A cell is turned inside out or has no volume.
    #[error("cell {cell} is inverted: volume ratio {jacobian:.3e} mm³")]
    Inverted {
        /// Number of the cell.
        cell: usize,
        /// Volume ratio det ∂x/∂ξ, mm³.
        jacobian: f64,
    },
    /// A cell or clique names a node that does not exist.
    #[error("node {node} does not exist: there are {n_nodes}")]
    NoSuchNode {
        /// Number found.
        node: u32,
        /// Number of nodes.
        n_nodes: usize,
    },
    /// A cell names a section that does not exist.
    #[error("cell {cell} has section {section}: there are {n_sections}")]
    NoSuchSection {
        /// Number of the cell.
        cell: usize,
        /// Section found.
        section: u32,
        /// Number of sections.
        n_sections: usize,
    },
    /// A section whose formulation is for cells with another number of nodes.
    #[error("cell {cell} has other nodes than the formulation `{element}` needs")]
    WrongShape {
        /// Number of the cell.
        cell: usize,
        /// Formulation of its section.
        element: &'static str,
    },
    /// An array does not have one entry per cell, node or unknown.
    #[error("{what}: expected {expected} entries, found {found}")]
    Length {
        /// What the array holds.
        what: &'static str,
        /// Entries needed.
        expected: usize,
        /// Entries given.
        found: usize,
    },
    /// Two nodes of a clique were not coupled when the pattern was built.
    #[error("nodes {row} and {column} are not coupled in the matrix: name them in a clique of the assembler")]
    NotCoupled {
        /// Row node.
        row: u32,
        /// Column node.
        column: u32,
    },
    /// One node is coupled to more nodes than the scatter map can number.
    #[error("node {node} is coupled to {neighbors} nodes: at most 65536")]
    TooManyNeighbors {
        /// The node.
        node: usize,
        /// Nodes coupled to it.
        neighbors: usize,
    },
}

/// Pattern of the matrix of a body and the map from element matrices into it.
///
/// Built once for a mesh and its interfaces, then used for any positions, materials and load steps.
#[derive(Debug, Clone)]
pub struct Assembler {
    n_nodes: usize,
    cells: Connectivity,
    pattern: Pattern,
    batches: Vec<Batch>,
}

impl Assembler {
    /// Assembler of a body of `cells`: ten-node tetrahedra or a [`dens_mesher::mixed::MixedMesh`].
    ///
    /// - `n_nodes`: number of block rows; nodes without a cell (rotations of a rigid body, say) are allowed
    /// - `cliques`: nodes that are coupled with each other beside the cells, for interfaces and constraints
    ///
    /// Every row has its diagonal block.
    ///
    /// # Errors
    /// [`AssemblyError::NoSuchNode`], [`AssemblyError::TooManyNeighbors`].
    pub fn new(
        n_nodes: usize,
        cells: impl Into<Connectivity>,
        cliques: &[Vec<u32>],
    ) -> Result<Self, AssemblyError> {
        let cells = cells.into();
        let pattern = Pattern::new(n_nodes, &cells, cliques)?;
        let firsts: Vec<usize> = (0..cells.len()).step_by(BATCH).collect();
        let batches = firsts.into_par_iter().map(|first| Batch::new(&cells, first)).collect();
        Ok(Self { n_nodes, cells, pattern, batches })
    }

    /// Number of block rows.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// Cells, as given.
    pub fn cells(&self) -> &Connectivity {
        &self.cells
    }

    /// Matrix of this pattern with all blocks zero.
    pub fn zero_matrix(&self) -> BlockMatrix {
        BlockMatrix {
            row_starts: self.pattern.row_starts.clone(),
            columns: self.pattern.columns.clone(),
            blocks: vec![[0.0; 9]; self.pattern.columns.len()],
        }
    }

    /// Stiffness matrix of the body, N/mm.
    ///
    /// - `points`: node positions, mm
    /// - `sections`: materials with their formulations
    /// - `section_of`: per cell its index into `sections`
    ///
    /// # Errors
    /// [`AssemblyError::Inverted`] with the first such cell, [`AssemblyError::NoSuchSection`],
    /// [`AssemblyError::Length`].
    pub fn assemble(
        &self,
        points: &[Vec3],
        sections: &[Section],
        section_of: &[u32],
    ) -> Result<BlockMatrix, AssemblyError> {
        let mut matrix = self.zero_matrix();
        self.add_cells(points, sections, section_of, &mut matrix)?;
        Ok(matrix)
    }

    /// As [`Assembler::assemble`], into a matrix of this assembler whose former values are lost.
    ///
    /// # Errors
    /// As [`Assembler::assemble`]; the matrix is then incomplete.
    pub fn assemble_into(
        &self,
        points: &[Vec3],
        sections: &[Section],
        section_of: &[u32],
        matrix: &mut BlockMatrix,
    ) -> Result<(), AssemblyError> {
        matrix.blocks.par_chunks_mut(1 << 14).for_each(|blocks| blocks.fill([0.0; 9]));
        self.add_cells(points, sections, section_of, matrix)
    }

    /// Adds a dense symmetric or unsymmetric matrix that couples `nodes`, for instance of an interface.
    ///
    /// - `dense`: (3 n)² entries, row-major; row 3 i + k is axis k of `nodes[i]`
    ///
    /// A node may be named more than once; its contributions add up.
    ///
    /// # Errors
    /// [`AssemblyError::NotCoupled`] when two nodes share neither a cell nor a clique of the assembler,
    /// [`AssemblyError::Length`]. The matrix is then unchanged.
    pub fn add_clique_matrix(
        &self,
        matrix: &mut BlockMatrix,
        nodes: &[u32],
        dense: &[f64],
    ) -> Result<(), AssemblyError> {
        let n = nodes.len();
        check_length("dense matrix of a clique", 9 * n * n, dense.len())?;
        let mut targets = Vec::with_capacity(n * n);
        for &row in nodes {
            for &column in nodes {
                targets
                    .push(self.pattern.find(row, column).ok_or(AssemblyError::NotCoupled { row, column })?);
            }
        }
        for (pair, &target) in targets.iter().enumerate() {
            let (i, j) = (pair / n, pair % n);
            let block = &mut matrix.blocks[target];
            for k in 0..3 {
                let start = (3 * i + k) * 3 * n + 3 * j;
                for (x, y) in block[3 * k..3 * k + 3].iter_mut().zip(&dense[start..start + 3]) {
                    *x += y;
                }
            }
        }
        Ok(())
    }

    fn add_cells(
        &self,
        points: &[Vec3],
        sections: &[Section],
        section_of: &[u32],
        matrix: &mut BlockMatrix,
    ) -> Result<(), AssemblyError> {
        check_length("node positions", self.n_nodes, points.len())?;
        check_length("section of each cell", self.cells.len(), section_of.len())?;
        check_length("blocks of the matrix", self.pattern.columns.len(), matrix.blocks.len())?;
        if let Some(cell) = section_of.iter().position(|&s| sections.len() <= s as usize) {
            let (section, n_sections) = (section_of[cell], sections.len());
            return Err(AssemblyError::NoSuchSection { cell, section, n_sections });
        }
        if let Some(cell) = section_of.iter().enumerate().position(|(cell, &section)| {
            sections[section as usize].element.shape().n_nodes() != self.cells.cell(cell).len()
        }) {
            return Err(AssemblyError::WrongShape {
                cell,
                element: sections[section_of[cell] as usize].element.name(),
            });
        }
        let element = |cell: usize, out: &mut [[f64; 9]]| {
            let section = &sections[section_of[cell] as usize];
            let mut positions = [Vec3::zeros(); MAX_NODES];
            let nodes = self.cells.cell(cell);
            for (position, &node) in positions.iter_mut().zip(nodes) {
                *position = points[node as usize];
            }
            section.element.stiffness(&positions[..nodes.len()], &section.stiffness, out)
        };
        self.add_elements(matrix, Layout::Symmetric, element, |_, ()| {})
            .map_err(|(cell, e)| AssemblyError::Inverted { cell, jacobian: e.jacobian })
    }
}

fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), AssemblyError> {
    if expected == found { Ok(()) } else { Err(AssemblyError::Length { what, expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elements::{Displacement, MeanDilatation, full};
    use crate::tensor::isotropic;

    /// Six tetrahedra around the diagonal of each of n³ unit cubes, nodes on the half-integer grid.
    fn cube(n: usize) -> (Vec<Vec3>, Vec<[u32; 10]>) {
        let m = 2 * n + 1;
        let number = |p: [usize; 3]| (p[0] + m * (p[1] + m * p[2])) as u32;
        let points = (0..m * m * m)
            .map(|i| 0.5 * Vec3::new((i % m) as f64, (i / m % m) as f64, (i / m / m) as f64))
            .collect();
        let mut cells = Vec::new();
        for cube in 0..n * n * n {
            let origin = [2 * (cube % n), 2 * (cube / n % n), 2 * (cube / n / n)];
            for path in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]] {
                let mut corners = [origin; 4];
                for (step, &axis) in path.iter().enumerate() {
                    for corner in &mut corners[step + 1..] {
                        corner[axis] += 2;
                    }
                }
                let even = [[0, 1, 2], [1, 2, 0], [2, 0, 1]].contains(&path);
                if !even {
                    corners.swap(2, 3);
                }
                cells.push(std::array::from_fn(|i| match i {
                    0..4 => number(corners[i]),
                    _ => {
                        let [a, b] = dens_mesher::mesh::EDGE_CORNERS[i - 4];
                        number(std::array::from_fn(|k| (corners[a][k] + corners[b][k]) / 2))
                    }
                }));
            }
        }
        (points, cells)
    }

    fn sections() -> [Section; 2] {
        [
            Section { stiffness: isotropic(1000.0, 0.3), element: &Displacement },
            Section { stiffness: isotropic(7.0, 0.49), element: &MeanDilatation },
        ]
    }

    fn entry(matrix: &BlockMatrix, row: usize, column: usize) -> Option<&[f64; 9]> {
        let range = matrix.row_starts[row]..matrix.row_starts[row + 1];
        let at = matrix.columns[range.clone()].binary_search(&(column as u32)).ok()?;
        Some(&matrix.blocks[range.start + at])
    }

    #[test]
    fn matrix_is_the_sum_of_its_element_matrices() {
        let (points, cells) = cube(2);
        let section_of: Vec<u32> = (0..cells.len() as u32).map(|c| c % 2).collect();
        let matrix = Assembler::new(points.len(), &cells, &[])
            .and_then(|a| a.assemble(&points, &sections(), &section_of))
            .expect("valid mesh");
        let n = 3 * points.len();
        let mut dense = vec![0.0; n * n];
        let mut blocks = [[0.0; 9]; 55];
        for (cell, &s) in cells.iter().zip(&section_of) {
            let section = &sections()[s as usize];
            let p = cell.map(|i| points[i as usize]);
            section.element.stiffness(&p, &section.stiffness, &mut blocks).expect("valid cell");
            let k = full(10, &blocks);
            let at = |local: usize| 3 * cell[local / 3] as usize + local % 3;
            for (a, b) in (0..900).map(|x| (x / 30, x % 30)) {
                dense[at(a) * n + at(b)] += k[(a, b)];
            }
        }
        for row in 0..points.len() {
            for column in 0..points.len() {
                for k in 0..9 {
                    let expected = dense[(3 * row + k / 3) * n + 3 * column + k % 3];
                    let found = entry(&matrix, row, column).map_or(0.0, |b| b[k]);
                    assert!((found - expected).abs() < 1e-9, "{row} {column} {k}");
                }
            }
        }
    }

    #[test]
    fn columns_ascend_and_every_row_has_its_diagonal() {
        let (points, cells) = cube(2);
        let lonely = points.len() as u32;
        let assembler = Assembler::new(points.len() + 2, &cells, &[vec![0, lonely]]).expect("valid mesh");
        let matrix = assembler.zero_matrix();
        assert_eq!(matrix.row_starts.len(), points.len() + 3);
        for row in 0..points.len() + 2 {
            let columns = &matrix.columns[matrix.row_starts[row]..matrix.row_starts[row + 1]];
            assert!(columns.is_sorted_by(|a, b| a < b) && columns.contains(&(row as u32)));
        }
        assert!(entry(&matrix, 0, lonely as usize).is_some() && entry(&matrix, lonely as usize, 0).is_some());
        assert!(entry(&matrix, 1, lonely as usize).is_none());
    }

    #[test]
    fn bits_do_not_depend_on_the_number_of_threads() {
        // 10 368 cells: several batches, rows that receive from more than one.
        let (points, cells) = cube(12);
        let section_of = vec![0; cells.len()];
        let run = |threads: usize| {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("thread pool").install(|| {
                Assembler::new(points.len(), &cells, &[])
                    .and_then(|a| a.assemble(&points, &sections(), &section_of))
                    .expect("valid mesh")
            })
        };
        let one = run(1);
        for threads in [2, 5] {
            let many = run(threads);
            assert!(one.columns == many.columns);
            assert!(
                one.blocks
                    .iter()
                    .flatten()
                    .zip(many.blocks.iter().flatten())
                    .all(|(a, b)| a.to_bits() == b.to_bits())
            );
        }
    }

    #[test]
    fn assembling_again_replaces_the_values() {
        let (points, cells) = cube(2);
        let section_of = vec![0; cells.len()];
        let assembler = Assembler::new(points.len(), &cells, &[]).expect("valid mesh");
        let once = assembler.assemble(&points, &sections(), &section_of).expect("valid mesh");
        let mut again = once.clone();
        assembler.assemble_into(&points, &sections(), &section_of, &mut again).expect("valid mesh");
        assert_eq!(once.blocks, again.blocks);
    }

    #[test]
    fn clique_matrix_lands_on_its_nodes_and_strangers_are_refused() {
        let (points, cells) = cube(1);
        let spare = points.len() as u32;
        let assembler = Assembler::new(points.len() + 2, &cells, &[vec![3, spare]]).expect("valid mesh");
        let mut matrix = assembler.zero_matrix();
        let dense: Vec<f64> = (0..36).map(f64::from).collect();
        assembler.add_clique_matrix(&mut matrix, &[spare, 3], &dense).expect("coupled nodes");
        let block = entry(&matrix, spare as usize, 3).expect("block of the clique");
        assert_eq!(*block, [3.0, 4.0, 5.0, 9.0, 10.0, 11.0, 15.0, 16.0, 17.0]);
        let (row, column) = (3, spare + 1);
        assert_eq!(
            assembler.add_clique_matrix(&mut matrix, &[row, column], &dense),
            Err(AssemblyError::NotCoupled { row, column })
        );
    }

    #[test]
    fn faults_name_the_cell() {
        let (mut points, cells) = cube(1);
        assert!(matches!(Assembler::new(5, &cells, &[]), Err(AssemblyError::NoSuchNode { n_nodes: 5, .. })));
        let assembler = Assembler::new(points.len(), &cells, &[]).expect("valid mesh");
        let wrong = assembler.assemble(&points, &sections(), &[0, 0, 0, 2, 0, 0]);
        assert_eq!(wrong.err(), Some(AssemblyError::NoSuchSection { cell: 3, section: 2, n_sections: 2 }));
        for p in &mut points {
            p.x = -p.x;
        }
        let mirrored = assembler.assemble(&points, &sections(), &[0; 6]);
        assert!(matches!(mirrored, Err(AssemblyError::Inverted { cell: 0, .. })));
    }
}
