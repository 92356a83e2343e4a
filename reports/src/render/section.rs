//! Plane sections of tetrahedral meshes.

use super::{Object, Paint, Values};
use dens_mesher::Vec3;
use dens_mesher::mesh::Mesh;

/// Oriented plane; what lies on the side of its normal is cut away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane {
    /// Point of the plane, mm.
    pub point: Vec3,
    /// Unit normal.
    pub normal: Vec3,
}

impl Plane {
    /// Signed distance, mm; positive on the side that is cut away.
    pub fn distance(&self, p: Vec3) -> f64 {
        (p - self.point).dot(&self.normal)
    }
}

/// Eight linear tetrahedra of a ten-node one: four at the corners, four around the diagonal 6–8.
const PARTS: [[usize; 4]; 8] = [
    [0, 4, 6, 7],
    [1, 5, 4, 8],
    [2, 6, 5, 9],
    [3, 7, 8, 9],
    [6, 8, 4, 5],
    [6, 8, 5, 9],
    [6, 8, 9, 7],
    [6, 8, 7, 4],
];

/// Section of the cells for which `keep` holds, colored by values; flat, so its colors are those of the bar.
pub fn section(mesh: &Mesh, plane: &Plane, values: Values<'_>, keep: impl Fn(usize) -> bool) -> Object {
    let mut distances = vec![0.0; mesh.n_nodes()];
    for (d, p) in distances.iter_mut().zip(&mesh.points) {
        let v = plane.distance(*p);
        // A node on the plane counts as just beside it: no degenerate polygons, no gaps.
        *d = if v.abs() < 1e-9 { 1e-9 } else { v };
    }
    let (mut points, mut triangles, mut scalars) = (Vec::new(), Vec::new(), Vec::new());
    for (cell, nodes) in mesh.cells.iter().enumerate().filter(|(i, _)| keep(*i)) {
        let above = nodes.iter().filter(|&&n| 0.0 < distances[n as usize]).count();
        if above == 0 || above == nodes.len() {
            continue;
        }
        for part in PARTS {
            let corners = part.map(|i| nodes[i]);
            let polygon = cut(corners, &distances);
            let base = points.len() as u32;
            for &(a, b) in &polygon {
                let (da, db) = (distances[a as usize], distances[b as usize]);
                let f = da / (da - db);
                points.push(mesh.points[a as usize].lerp(&mesh.points[b as usize], f));
                let (va, vb) = (values.at(cell, a), values.at(cell, b));
                scalars.push(va + f * (vb - va));
            }
            for k in 2..polygon.len() as u32 {
                triangles.push([base, base + k - 1, base + k]);
            }
        }
    }
    Object { shaded: false, ..Object::new(points, triangles, Paint::Scalar(scalars)) }
}

/// Cut edges of a tetrahedron in order around the polygon: none, three or four.
fn cut(corners: [u32; 4], distances: &[f64]) -> Vec<(u32, u32)> {
    let (above, below): (Vec<u32>, Vec<u32>) =
        corners.into_iter().partition(|&n| 0.0 < distances[n as usize]);
    match (above.as_slice(), below.as_slice()) {
        (&[a], &[b, c, d]) | (&[b, c, d], &[a]) => vec![(a, b), (a, c), (a, d)],
        (&[a, b], &[c, d]) => vec![(a, c), (a, d), (b, d), (b, c)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::surface::tests::one_tet;
    use super::*;

    #[test]
    fn section_has_the_area_of_the_cut_and_the_values_of_a_linear_field() {
        let mesh = one_tet();
        let nodal: Vec<f64> = mesh.points.iter().map(|p| 3.0 * p.x - p.y + 1.0).collect();
        let plane = Plane { point: Vec3::new(0.0, 0.0, 0.3), normal: Vec3::z() };
        let object = section(&mesh, &plane, Values::Nodal(&nodal), |_| true);
        let p = |i: u32| object.points[i as usize];
        let area: f64 =
            object.triangles.iter().map(|&[a, b, c]| 0.5 * (p(b) - p(a)).cross(&(p(c) - p(a))).norm()).sum();
        // The cut at z = 0.3 of the corner tetrahedron of edge 2 is a right triangle of legs 1.7.
        assert!((area - 0.5 * 1.7 * 1.7).abs() < 1e-12, "{area}");
        let Paint::Scalar(values) = &object.paint else { panic!("a section is painted by values") };
        for (p, v) in object.points.iter().zip(values) {
            assert!((v - (3.0 * p.x - p.y + 1.0)).abs() < 1e-12);
            assert!((p.z - 0.3).abs() < 1e-12);
        }
    }

    #[test]
    fn plane_beside_the_mesh_cuts_nothing() {
        let plane = Plane { point: Vec3::new(0.0, 0.0, 5.0), normal: Vec3::z() };
        let object = section(&one_tet(), &plane, Values::Cellwise(&[1.0]), |_| true);
        assert!(object.triangles.is_empty());
    }
}
