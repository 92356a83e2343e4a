//! Condyle of a rigid occiput that can only translate along its load.
//!
//! ```text
//!        F  ↓            reference node: one unknown q along a = F/|F|, everything else fixed
//!      ──┬──┬──          elastic foundation, bonded: k along the normal n of the facets, s across it, N/mm³
//!      ▒▒▒▒▒▒▒▒          named facets
//! energy  ½ ∫ d·(k n nᵀ + s (I − n nᵀ)) d dA − F·q a,   d = u(x) − q a
//! ```

use super::facet_points;
use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tri6};
use dens_mesher::mesh::Mesh;
use nalgebra::Matrix3;

/// Rigid body bedded on facets and pushed along a straight guide.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    /// Name, as printed.
    pub name: String,
    /// Facets it is bedded on: part and indices into the boundary of its mesh. Several entries make one
    /// rigid body.
    pub beds: Vec<(usize, Vec<u32>)>,
    /// Stiffness of the bedding.
    pub foundation: Bedding,
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

/// Elastic foundation under a facet, N/mm³, both above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bedding {
    /// Along the normal of the facet.
    pub normal: f64,
    /// Across it.
    pub shear: f64,
}

impl Bedding {
    /// The same in all directions.
    pub fn uniform(stiffness: f64) -> Self {
        Self { normal: stiffness, shear: stiffness }
    }

    /// Traction per displacement on a facet with the unit normal `n`, N/mm³.
    pub fn stiffness(&self, n: Vec3) -> Matrix3<f64> {
        (self.normal - self.shear) * n * n.transpose() + self.shear * Matrix3::identity()
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
    /// Unit normal of the facet.
    pub(crate) normal: Vec3,
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
            let area = tri6::area_vector(&points, xi);
            bed.push(BedPoint {
                nodes: facet.nodes.map(|n| n + offset),
                values: tri6::values(xi),
                position: tri6::position(&points, xi),
                normal: area.try_normalize(0.0).unwrap_or_default(),
                weight: w * area.norm(),
            });
        }
    }
    bed
}
