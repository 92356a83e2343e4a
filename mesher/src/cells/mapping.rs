//! Placing a cell of any shape in space: position, volume ratio, spatial gradients, area vector.
//!
//! Buffers hold at most [`MAX_NODES`] nodes, so nothing is allocated.

use super::Cell;
use crate::Vec3;

/// Most nodes of any cell shape.
pub const MAX_NODES: usize = 20;

/// Position of reference point `xi` in the cell with nodes `points`, mm.
pub fn position(cell: &dyn Cell, points: &[Vec3], xi: [f64; 3]) -> Vec3 {
    let mut n = [0.0; MAX_NODES];
    let n = &mut n[..points.len()];
    cell.values(xi, n);
    n.iter().zip(points).map(|(n, p)| *n * p).sum()
}

/// Spatial gradients ∂N/∂x (1/mm) into `out` from reference gradients ∂N/∂ξ; returns det ∂x/∂ξ, mm³.
///
/// - `points`, `reference`, `out`: one entry per node
///
/// Extra reference gradients beyond the nodes (incompatible modes) may follow in `reference` and `out`; they
/// are mapped as well. The gradients are not finite where the volume ratio is zero.
pub fn spatial_gradients(points: &[Vec3], reference: &[[f64; 3]], out: &mut [[f64; 3]]) -> f64 {
    let mut j = [[0.0; 3]; 3];
    for (g, p) in reference.iter().zip(points) {
        for a in 0..3 {
            for k in 0..3 {
                j[a][k] += p[a] * g[k];
            }
        }
    }
    let (inverse, det) = super::tet10::inverse_3(&j);
    for (out, g) in out.iter_mut().zip(reference) {
        *out = std::array::from_fn(|a| g[0] * inverse[0][a] + g[1] * inverse[1][a] + g[2] * inverse[2][a]);
    }
    det
}

/// Volume ratio det ∂x/∂ξ of a solid cell at `xi`, mm³.
pub fn volume_ratio(cell: &dyn Cell, points: &[Vec3], xi: [f64; 3]) -> f64 {
    let [a, b, c] = tangents(cell, points, xi);
    a.dot(&b.cross(&c))
}

/// Volume of a solid cell by the richest of its rules, mm³.
pub fn volume(cell: &dyn Cell, points: &[Vec3]) -> f64 {
    let rules = cell.rules();
    rules[rules.len() - 1].iter().map(|(xi, w)| w * volume_ratio(cell, points, xi)).sum()
}

/// Tangents ∂x/∂ξ, ∂x/∂η, ∂x/∂ζ, mm; the third is zero on a surface cell.
pub fn tangents(cell: &dyn Cell, points: &[Vec3], xi: [f64; 3]) -> [Vec3; 3] {
    let mut g = [[0.0; 3]; MAX_NODES];
    let g = &mut g[..points.len()];
    cell.gradients(xi, g);
    std::array::from_fn(|k| g.iter().zip(points).map(|(g, p)| g[k] * p).sum())
}

/// Area vector ∂x/∂ξ × ∂x/∂η of a surface cell, mm²: along the normal by the right-hand rule, its length the
/// area per reference area.
pub fn area_vector(cell: &dyn Cell, points: &[Vec3], xi: [f64; 3]) -> Vec3 {
    let [a, b, _] = tangents(cell, points, xi);
    a.cross(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::{CATALOGUE, surface_cell};

    /// A smooth map without symmetry; its volume ratio stays above 0.5 on every reference cell.
    fn bend(x: [f64; 3]) -> Vec3 {
        let [x, y, z] = x;
        Vec3::new(
            x + 0.1 * y * z - 0.05 * y * y,
            1.2 * y + 0.1 * x * z,
            0.9 * z + 0.05 * x * y + 0.03 * x * x,
        )
    }

    #[test]
    fn volume_follows_from_the_flux_through_the_facets() {
        // Divergence theorem: 3 V = Σ ∫ x · n dA; it fails when a facet is turned, missing or has a wrong node.
        for &cell in CATALOGUE.iter().filter(|c| c.dimension() == 3) {
            let points: Vec<Vec3> = cell.nodes().iter().map(|&x| bend(x)).collect();
            let flux: f64 = cell
                .facet_nodes()
                .iter()
                .map(|nodes| {
                    let q: Vec<Vec3> = nodes.iter().map(|&n| points[n]).collect();
                    let surface = surface_cell(q.len()).expect("a facet is a surface cell");
                    let rules = surface.rules();
                    rules[rules.len() - 1]
                        .iter()
                        .map(|(xi, w)| w * position(surface, &q, xi).dot(&area_vector(surface, &q, xi)))
                        .sum::<f64>()
                })
                .sum();
            // Both integrands are polynomials within the degree of the rules: the map is of degree two and, on the
            // serendipity shapes, reproduced exactly.
            let volume = volume(cell, &points);
            assert!((flux / 3.0 - volume).abs() < 1e-12 * volume, "{}: {volume} {flux}", cell.name());
        }
    }

    #[test]
    fn spatial_gradients_reproduce_a_linear_field() {
        let a = Vec3::new(0.3, -1.2, 0.7);
        for &cell in CATALOGUE.iter().filter(|c| c.dimension() == 3) {
            let points: Vec<Vec3> = cell.nodes().iter().map(|&x| bend(x)).collect();
            let xi = [0.21, 0.33, 0.17];
            let mut reference = vec![[0.0; 3]; points.len()];
            cell.gradients(xi, &mut reference);
            let mut g = reference.clone();
            let ratio = spatial_gradients(&points, &reference, &mut g);
            assert!((ratio - volume_ratio(cell, &points, xi)).abs() < 1e-13);
            for k in 0..3 {
                let slope: f64 = g.iter().zip(&points).map(|(g, p)| g[k] * p.dot(&a)).sum();
                assert!((slope - a[k]).abs() < 1e-13, "{}", cell.name());
            }
        }
    }
}
