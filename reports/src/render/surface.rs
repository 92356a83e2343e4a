//! Objects from meshes: outer boundary, facet sets; arrows of loads.

use super::{Object, Paint};
use crate::palette::Rgb;
use dens_mesher::Vec3;
use dens_mesher::mesh::{Facet, Mesh};

/// Values over a mesh.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// One per node.
    Nodal(&'a [f64]),
    /// One per cell, constant within it.
    Cellwise(&'a [f64]),
}

impl Values<'_> {
    /// Value of a node of a cell; NaN where the field is too short.
    pub(super) fn at(&self, cell: usize, node: u32) -> f64 {
        match self {
            Self::Nodal(v) => v.get(node as usize),
            Self::Cellwise(v) => v.get(cell),
        }
        .copied()
        .unwrap_or(f64::NAN)
    }
}

/// Outer boundary of a mesh colored by values, each quadratic facet as four triangles.
pub fn boundary(mesh: &Mesh, values: Values<'_>) -> Object {
    from_facets(mesh, mesh.boundary.iter(), values)
}

/// The named facet set of a mesh colored by values; none when the mesh has no such set.
pub fn facet_set(mesh: &Mesh, name: &str, values: Values<'_>) -> Option<Object> {
    let set = mesh.facet_sets.get(name)?;
    Some(from_facets(mesh, set.iter().map(|&i| &mesh.boundary[i as usize]), values))
}

fn from_facets<'a>(mesh: &Mesh, facets: impl Iterator<Item = &'a Facet>, values: Values<'_>) -> Object {
    let (mut points, mut triangles, mut scalars) = (Vec::new(), Vec::new(), Vec::new());
    for f in facets {
        let base = points.len() as u32;
        for n in f.nodes {
            points.push(mesh.points[n as usize]);
            scalars.push(values.at(f.cell as usize, n));
        }
        triangles.extend([[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]].map(|t: [u32; 3]| t.map(|i| base + i)));
    }
    Object::new(points, triangles, Paint::Scalar(scalars))
}

/// Arrow from `tail` to `tip` (mm) with a shaft of `radius` mm.
pub fn arrow(tail: Vec3, tip: Vec3, radius: f64, color: Rgb) -> Object {
    const N: u32 = 24;
    let along = tip - tail;
    let length = along.norm();
    let axis = along / length.max(1e-300);
    let helper = if axis.x.abs() < 0.9 { Vec3::x() } else { Vec3::y() };
    let u = axis.cross(&helper).normalize();
    let v = axis.cross(&u);
    let head = (5.0 * radius).min(0.5 * length);
    // Rings from tail to neck, then the base of the head, then the tip; one profile turned about the axis.
    let profile =
        [(0.0, 0.0), (0.0, radius), (length - head, radius), (length - head, 2.4 * radius), (length, 0.0)];
    let mut points = Vec::new();
    for (at, r) in profile {
        for k in 0..N {
            let (s, c) = (std::f64::consts::TAU * f64::from(k) / f64::from(N)).sin_cos();
            points.push(tail + axis * at + (u * c + v * s) * r);
        }
    }
    let mut triangles = Vec::new();
    for ring in 0..profile.len() as u32 - 1 {
        for k in 0..N {
            let (a, b) = (ring * N + k, ring * N + (k + 1) % N);
            triangles.extend([[a, b, b + N], [a, b + N, a + N]]);
        }
    }
    Object::new(points, triangles, Paint::Solid(color))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One straight-sided quadratic tetrahedron with its four boundary facets.
    pub(crate) fn one_tet() -> Mesh {
        use dens_mesher::mesh::{EDGE_CORNERS, FACET_CORNERS};
        let corners =
            [Vec3::zeros(), Vec3::new(2.0, 0.0, 0.0), Vec3::new(0.0, 2.0, 0.0), Vec3::new(0.0, 0.0, 2.0)];
        let mut mesh = Mesh { points: corners.to_vec(), ..Mesh::default() };
        mesh.points.extend(EDGE_CORNERS.map(|[a, b]| 0.5 * (corners[a] + corners[b])));
        mesh.cells.push([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        mesh.regions.push(0);
        mesh.region_names.push("bone".to_string());
        let middle = |a: usize, b: usize| {
            4 + EDGE_CORNERS.iter().position(|e| e.contains(&a) && e.contains(&b)).expect("an edge") as u32
        };
        for (local, [a, b, c]) in FACET_CORNERS.into_iter().enumerate() {
            let nodes = [a as u32, b as u32, c as u32, middle(a, b), middle(b, c), middle(c, a)];
            mesh.boundary.push(Facet { cell: 0, local: local as u8, nodes, surface: 0 });
        }
        mesh
    }

    fn area(o: &Object) -> f64 {
        let p = |i: u32| o.points[i as usize];
        o.triangles.iter().map(|&[a, b, c]| 0.5 * (p(b) - p(a)).cross(&(p(c) - p(a))).norm()).sum()
    }

    #[test]
    fn boundary_of_a_tetrahedron_has_its_area_and_faces_outward() {
        let mesh = one_tet();
        let object = boundary(&mesh, Values::Cellwise(&[7.0]));
        assert_eq!(object.triangles.len(), 16);
        // Three right triangles of area 2 and an equilateral one of side √8.
        let expected = 6.0 + 3_f64.sqrt() / 4.0 * 8.0;
        assert!((area(&object) - expected).abs() < 1e-12);
        let p = |i: u32| object.points[i as usize];
        let volume: f64 = object.triangles.iter().map(|&[a, b, c]| p(a).dot(&p(b).cross(&p(c))) / 6.0).sum();
        // Divergence theorem: positive only if all triangles face outward.
        assert!((volume - 8.0 / 6.0).abs() < 1e-12);
        assert!(matches!(&object.paint, Paint::Scalar(s) if s.iter().all(|&v| v == 7.0)));
    }

    #[test]
    fn arrow_ends_at_its_tip() {
        let tip = Vec3::new(1.0, 2.0, 3.0);
        let object = arrow(Vec3::zeros(), tip, 0.1, [0; 3]);
        let farthest = object.points.iter().map(|p| p.dot(&tip.normalize())).fold(f64::MIN, f64::max);
        assert!((farthest - tip.norm()).abs() < 1e-12);
    }
}
