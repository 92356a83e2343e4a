//! Condyle of a rigid occiput that can only translate along its load.
//!
//! ```text
//!        F  ↓            reference node: one unknown q along a = F/|F|, everything else fixed
//!      ──┬──┬──          elastic foundation k (N/mm³) in all three directions, bonded
//!      ▒▒▒▒▒▒▒▒          named facets
//! energy  ½ k ∫ |u(x) − q a|² dA − F·q a
//! ```

use super::facet_points;
use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tri6};
use dens_mesher::mesh::Mesh;

/// Rigid body bedded on facets and pushed along a straight guide.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    /// Name, as printed.
    pub name: String,
    /// Facets it is bedded on: part and indices into the boundary of its mesh. Several entries make one
    /// rigid body.
    pub beds: Vec<(usize, Vec<u32>)>,
    /// Stiffness of the bedding, N/mm³, the same in all directions.
    pub foundation: f64,
    /// Force on the rigid body, N; its direction is the guide.
    pub force: [f64; 3],
}

impl Guide {
    /// Unit direction of the guide.
    pub fn direction(&self) -> Vec3 {
        let f = Vec3::from(self.force);
        f / f.norm()
    }
}

/// Point of the bedding.
#[derive(Debug, Clone)]
pub(crate) struct BedPoint {
    /// Global nodes of the facet.
    pub(crate) nodes: [u32; 6],
    /// Shape functions.
    pub(crate) values: [f64; 6],
    /// Position, mm.
    pub(crate) position: Vec3,
    /// Area, mm².
    pub(crate) weight: f64,
}

/// Seven points per facet; node numbers are shifted by `offset`.
pub(crate) fn bed_points(mesh: &Mesh, facets: &[u32], offset: u32) -> Vec<BedPoint> {
    let mut bed = Vec::with_capacity(7 * facets.len());
    for &f in facets {
        let facet = &mesh.boundary[f as usize];
        let points = facet_points(mesh, facet);
        for (xi, w) in quadrature::TRI_7.iter() {
            let xi = [xi[0], xi[1]];
            bed.push(BedPoint {
                nodes: facet.nodes.map(|n| n + offset),
                values: tri6::values(xi),
                position: tri6::position(&points, xi),
                weight: w * tri6::area_vector(&points, xi).norm(),
            });
        }
    }
    bed
}
