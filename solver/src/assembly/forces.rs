//! Consistent nodal forces of body forces and surface tractions.
//!
//! Forces are added to a vector with three entries per node, N, so that several loads sum up.

use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tet10, tri6};

/// Adds ∫ N b dV of the body force density `density` to `forces`.
///
/// - `density(cell, x)`: force per volume at `x`, N/mm³
/// - `forces`: 3 entries per node
///
/// Exact for densities of degree 3 on straight cells (rule of degree 5).
pub fn add_body_force(
    points: &[Vec3],
    cells: &[[u32; 10]],
    density: impl Fn(usize, Vec3) -> Vec3,
    forces: &mut [f64],
) {
    for (number, cell) in cells.iter().enumerate() {
        let positions = cell.map(|node| points[node as usize]);
        for (xi, w) in quadrature::TET_14.iter() {
            let n = tet10::values(xi);
            let x = n.iter().zip(&positions).map(|(n, p)| *n * p).sum();
            let force = density(number, x) * (w * tet10::jacobian(&positions, xi).determinant());
            spread(cell, &n, force, forces);
        }
    }
}

/// Adds ∫ N t dA of the traction `traction` on `facets` to `forces`.
///
/// - `facets`: six nodes each, see [`dens_mesher::mesh::Facet::nodes`]
/// - `traction(x, n)`: force per area at `x` where the outward unit normal is `n`, MPa; a pressure p is −p n
/// - `forces`: 3 entries per node
///
/// Seven points per facet, degree 5: exact for cubic tractions on flat facets and for a constant pressure on
/// curved ones, whose forces therefore balance on a closed surface.
pub fn add_traction(
    points: &[Vec3],
    facets: impl IntoIterator<Item = [u32; 6]>,
    traction: impl Fn(Vec3, Vec3) -> Vec3,
    forces: &mut [f64],
) {
    for facet in facets {
        let positions = facet.map(|node| points[node as usize]);
        for ([s, t, _], w) in quadrature::TRI_7.iter() {
            let n = tri6::values([s, t]);
            let x = n.iter().zip(&positions).map(|(n, p)| *n * p).sum();
            let area = tri6::area_vector(&positions, [s, t]);
            let size = area.norm();
            spread(&facet, &n, traction(x, area / size) * (w * size), forces);
        }
    }
}

/// Adds the shares N force to the nodes.
fn spread(nodes: &[u32], n: &[f64], force: Vec3, forces: &mut [f64]) {
    for (&node, n) in nodes.iter().zip(n) {
        for k in 0..3 {
            forces[3 * node as usize + k] += n * force[k];
        }
    }
}

/// Resultant force (N) and moment about `center` (N mm) of nodal forces.
pub fn resultant(points: &[Vec3], forces: &[f64], center: Vec3) -> (Vec3, Vec3) {
    let mut sum = (Vec3::zeros(), Vec3::zeros());
    for (p, f) in points.iter().zip(forces.chunks_exact(3)) {
        let f = Vec3::new(f[0], f[1], f[2]);
        sum.0 += f;
        sum.1 += (p - center).cross(&f);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use dens_mesher::cells::tet10::FACET_NODES;
    use dens_mesher::mesh::EDGE_CORNERS;

    fn cell() -> Vec<Vec3> {
        let c = [[0.1, -0.2, 0.3], [2.1, 0.1, 0.2], [0.4, 1.7, 0.0], [0.2, 0.3, 2.5]].map(Vec3::from);
        (0..10)
            .map(|i| match i {
                0..4 => c[i],
                _ => 0.5 * (c[EDGE_CORNERS[i - 4][0]] + c[EDGE_CORNERS[i - 4][1]]),
            })
            .collect()
    }

    const NODES: [u32; 10] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

    fn facets() -> [[u32; 6]; 4] {
        FACET_NODES.map(|f| f.map(|n| n as u32))
    }

    #[test]
    fn weight_of_a_cell_acts_at_its_centroid() {
        let p = cell();
        let mut forces = vec![0.0; 30];
        add_body_force(&p, &[NODES], |_, _| Vec3::new(0.0, 0.0, -2.0), &mut forces);
        let centroid = p[..4].iter().sum::<Vec3>() / 4.0;
        let (force, moment) = resultant(&p, &forces, centroid);
        let volume = (p[1] - p[0]).cross(&(p[2] - p[0])).dot(&(p[3] - p[0])) / 6.0;
        assert!((force - Vec3::new(0.0, 0.0, -2.0 * volume)).norm() < 1e-13 && moment.norm() < 1e-13);
    }

    #[test]
    fn pressure_on_a_closed_surface_balances_even_when_curved() {
        let mut p = cell();
        p[4] += Vec3::new(0.02, -0.15, 0.03);
        p[8] += Vec3::new(0.10, 0.05, 0.12);
        let mut forces = vec![0.0; 30];
        add_traction(&p, facets(), |_, n| -3.0 * n, &mut forces);
        let (force, moment) = resultant(&p, &forces, Vec3::zeros());
        // The integrand N · area has degree 4 and the moment degree 5 after multiplication with x: both exact.
        assert!(force.norm() < 1e-13 && moment.norm() < 1e-13, "{force} {moment}");
    }

    #[test]
    fn linear_traction_is_integrated_exactly() {
        // ∫ x dA over a flat facet = area × centroid; work on u = 1 is the resultant.
        let p = cell();
        let facet = facets()[2];
        let mut forces = vec![0.0; 30];
        add_traction(&p, [facet], |x, _| Vec3::new(x.y, 0.0, 0.0), &mut forces);
        let corners: Vec<Vec3> = facet[..3].iter().map(|&i| p[i as usize]).collect();
        let area = 0.5 * (corners[1] - corners[0]).cross(&(corners[2] - corners[0])).norm();
        let exact = area * corners.iter().map(|c| c.y).sum::<f64>() / 3.0;
        assert!((resultant(&p, &forces, Vec3::zeros()).0.x - exact).abs() < 1e-13);
    }
}
