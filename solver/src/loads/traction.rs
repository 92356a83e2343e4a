//! Uniform traction on boundary facets.

use super::facet_points;
use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tri6};
use dens_mesher::mesh::Mesh;

/// Traction of the same vector on every named facet.
#[derive(Debug, Clone, PartialEq)]
pub struct Traction {
    /// Name, as printed.
    pub name: String,
    /// Part it acts on, index into the parts of the model.
    pub part: usize,
    /// Facets, indices into the boundary of that part's mesh.
    pub facets: Vec<u32>,
    /// Force per area, MPa.
    pub value: [f64; 3],
}

/// Area of the named facets, mm².
pub fn area(mesh: &Mesh, facets: &[u32]) -> f64 {
    facets.iter().map(|&f| tri6::area(&facet_points(mesh, &mesh.boundary[f as usize]))).sum()
}

/// Consistent nodal forces of a uniform traction: (node, N), one entry per facet node.
///
/// ```text
/// fₐ = t ∫ Nₐ dA        seven points per facet: exact where it is flat
/// ```
pub fn nodal_forces(mesh: &Mesh, facets: &[u32], value: [f64; 3]) -> Vec<(u32, Vec3)> {
    let mut forces = Vec::with_capacity(6 * facets.len());
    for &f in facets {
        let facet = &mesh.boundary[f as usize];
        let points = facet_points(mesh, facet);
        let mut share = [0.0; 6];
        for (xi, w) in quadrature::TRI_7.iter() {
            let xi = [xi[0], xi[1]];
            let da = w * tri6::area_vector(&points, xi).norm();
            for (s, n) in share.iter_mut().zip(tri6::values(xi)) {
                *s += n * da;
            }
        }
        forces.extend(facet.nodes.iter().zip(share).map(|(&node, s)| (node, s * Vec3::from(value))));
    }
    forces
}
