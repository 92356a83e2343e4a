//! Facets of a body that may touch or be tied to others, straight or curved.

use crate::statics::{Body, CellFacet};
use crate::tensor::directional_modulus;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{self, MAX_NODES};
use dens_mesher::cells::{self, Cell, Reference};
use dens_mesher::mixed::MixedMesh;
use thiserror::Error;

/// Why two surfaces cannot form a pair.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ContactError {
    /// A facet that does not exist.
    #[error("there is no facet {facet} of cell {cell}")]
    NoSuchFacet {
        /// Cell named.
        cell: u32,
        /// Facet named.
        facet: u8,
    },
    /// A facet whose area vanishes somewhere.
    #[error("facet {facet} of cell {cell} has no area at one of its points")]
    Degenerate {
        /// Cell of the facet.
        cell: u32,
        /// Its local number.
        facet: u8,
    },
    /// A surface without facets.
    #[error("a surface of a contact pair has no facets")]
    Empty,
    /// Both surfaces use the same node.
    #[error("node {node} belongs to both surfaces of {pair}")]
    Shared {
        /// Name of the pair.
        pair: String,
        /// The node.
        node: u32,
    },
    /// Friction that is negative or not a number, and the like.
    #[error("{what} of {pair} is {value}")]
    BadNumber {
        /// Name of the pair.
        pair: String,
        /// What the number is.
        what: &'static str,
        /// Its value.
        value: f64,
    },
}

/// One facet, with local node numbers of its surface.
#[derive(Debug, Clone)]
pub(super) struct Facet {
    /// Nodes, corners first.
    pub(super) nodes: Vec<u32>,
    /// Young's modulus of the cell behind it along the facet's normal, MPa.
    pub(super) modulus: f64,
    /// Edge of the equilateral triangle (or square) of its area, mm.
    pub(super) size: f64,
}

impl Facet {
    pub(super) fn cell(&self) -> &'static dyn Cell {
        cells::surface_cell(self.nodes.len()).expect("checked with the surface")
    }

    /// Node positions in the first entries of a buffer.
    pub(super) fn points(&self, points: &[Vec3]) -> [Vec3; MAX_NODES] {
        let mut out = [Vec3::zeros(); MAX_NODES];
        for (out, &node) in out.iter_mut().zip(&self.nodes) {
            *out = points[node as usize];
        }
        out
    }
}

/// Facets of a body, with the stiffness behind them.
#[derive(Debug, Clone)]
pub struct Surface {
    /// Node numbers of the body, ascending; local numbers are places in this list.
    pub(super) nodes: Vec<u32>,
    /// Reference positions, mm.
    pub(super) points: Vec<Vec3>,
    pub(super) facets: Vec<Facet>,
}

impl Surface {
    /// Surface of a linear elastic body.
    ///
    /// # Errors
    /// [`ContactError::NoSuchFacet`], [`ContactError::Degenerate`], [`ContactError::Empty`].
    pub fn new(body: &Body, facets: &[CellFacet]) -> Result<Self, ContactError> {
        let modulus = |cell: u32, normal: Vec3| {
            let stiffness = body.material(cell as usize).stiffness;
            // Checked with the body: every stiffness is positive definite.
            directional_modulus(&stiffness, normal.into()).unwrap_or(stiffness[0][0])
        };
        Self::with_modulus(body.mesh(), facets, modulus)
    }

    /// Surface of a mesh whose stiffness is given by a function.
    ///
    /// - `modulus(cell, normal)`: Young's modulus along the unit normal, MPa; it sets the regularisation of the
    ///   multipliers, not the answer. Infinite for rigid cells.
    ///
    /// # Errors
    /// As [`Surface::new`].
    pub fn with_modulus(
        mesh: &MixedMesh,
        facets: &[CellFacet],
        modulus: impl Fn(u32, Vec3) -> f64,
    ) -> Result<Self, ContactError> {
        let mut sorted = facets.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.is_empty() {
            return Err(ContactError::Empty);
        }
        let mut own = Vec::with_capacity(sorted.len());
        for at in &sorted {
            let (cell, facet) = (at.cell as usize, usize::from(at.facet));
            if mesh.n_cells() <= cell || mesh.shapes()[cell].n_facets() <= facet {
                return Err(ContactError::NoSuchFacet { cell: at.cell, facet: at.facet });
            }
            own.push(mesh.facet(cell, facet));
        }
        let mut nodes: Vec<u32> = own.iter().flatten().copied().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let points: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
        let mut out = Vec::with_capacity(own.len());
        for (at, mut local) in sorted.iter().zip(own) {
            for n in &mut local {
                *n = nodes.binary_search(n).expect("collected above") as u32;
            }
            let mut facet = Facet { nodes: local, modulus: 0.0, size: 0.0 };
            let x = facet.points(&points);
            let x = &x[..facet.nodes.len()];
            let shape = facet.cell();
            let rules = shape.rules();
            let (mut area, mut whole) = (0.0, Vec3::zeros());
            for (xi, w) in rules[rules.len() - 1].iter() {
                let vector = mapping::area_vector(shape, x, xi);
                area += w * vector.norm();
                whole += w * vector;
                if vector.norm() == 0.0 {
                    return Err(ContactError::Degenerate { cell: at.cell, facet: at.facet });
                }
            }
            facet.modulus = modulus(at.cell, whole.normalize());
            facet.size = match shape.reference() {
                Reference::Triangle => (4.0 / 3.0f64.sqrt() * area).sqrt(),
                _ => area.sqrt(),
            };
            out.push(facet);
        }
        Ok(Self { nodes, points, facets: out })
    }

    /// Positions after displacements of all nodes of the body, mm.
    pub(super) fn moved(&self, displacements: &[Vec3]) -> Vec<Vec3> {
        let at = |(p, n): (&Vec3, &u32)| p + displacements[*n as usize];
        self.points.iter().zip(&self.nodes).map(at).collect()
    }

    /// Diagonal of the box around it, mm.
    pub(super) fn diagonal(&self) -> f64 {
        dens_mesher::geometry::Aabb::around(&self.points).size().norm()
    }
}
