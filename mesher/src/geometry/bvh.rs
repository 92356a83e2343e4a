//! Signed distance of a closed triangle surface, through a tree of boxes.
//!
//! The sign comes from the angle-weighted normal of the nearest facet, edge or vertex (Bærentzen & Aanæs
//! 2005, IEEE TVCG 11:243-253), which is exact for a closed, manifold, outward oriented surface; run
//! [`super::check::check`] first.

use super::surface::TriSurface;
use super::{Aabb, Field};
use crate::Vec3;
use std::collections::BTreeMap;

/// Most triangles in a leaf.
const LEAF: usize = 6;

/// Most boxes that wait in a search: each level of the tree leaves one, and halving 2³² triangles takes 32 levels.
const WAITING: usize = 64;

/// Box tree over the triangles of a surface.
pub struct BoxTree {
    nodes: Vec<Node>,
    order: Vec<u32>,
    /// Corners of the triangles in the order of the leaves: a leaf lies in one piece of memory.
    corners: Vec<[Vec3; 3]>,
}

pub(super) struct Node {
    pub(super) bounds: Aabb,
    /// First triangle in `order` for a leaf, first child for an inner node (the second follows it).
    pub(super) first: u32,
    /// Triangles of a leaf; 0 for an inner node.
    pub(super) count: u32,
}

impl BoxTree {
    /// Tree over all triangles, split at the median of the longest side.
    pub fn new(surface: &TriSurface) -> Self {
        let boxes: Vec<Aabb> =
            (0..surface.triangles.len()).map(|t| Aabb::around(surface.corners(t).iter())).collect();
        let mut tree = Self {
            nodes: vec![Node { bounds: Aabb::empty(), first: 0, count: 0 }],
            order: (0..boxes.len() as u32).collect(),
            corners: Vec::new(),
        };
        tree.split(0, 0, boxes.len(), &boxes);
        tree.corners = tree.order.iter().map(|t| surface.corners(*t as usize)).collect();
        tree
    }

    fn split(&mut self, node: usize, from: usize, to: usize, boxes: &[Aabb]) {
        let bounds = self.order[from..to].iter().fold(Aabb::empty(), |b, t| b.union(boxes[*t as usize]));
        if to - from <= LEAF {
            self.nodes[node] = Node { bounds, first: from as u32, count: (to - from) as u32 };
            return;
        }
        let axis = bounds.size().imax();
        let middle = usize::midpoint(from, to);
        let key = |t: &u32| (boxes[*t as usize].center()[axis], *t);
        self.order[from..to].select_nth_unstable_by(middle - from, |a, b| {
            key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let child = self.nodes.len();
        for _ in 0..2 {
            self.nodes.push(Node { bounds: Aabb::empty(), first: 0, count: 0 });
        }
        self.nodes[node] = Node { bounds, first: child as u32, count: 0 };
        self.split(child, from, middle, boxes);
        self.split(child + 1, middle, to, boxes);
    }

    /// Nodes, the root first and children after their parents, and the triangles in the order of the leaves.
    pub(super) fn parts(&self) -> (&[Node], &[u32]) {
        (&self.nodes, &self.order)
    }

    /// Calls `visit(triangle)` for every triangle whose leaf box meets `bounds`, in a fixed order.
    pub fn within(&self, bounds: Aabb, mut visit: impl FnMut(u32)) {
        let mut stack = vec![0u32];
        while let Some(n) = stack.pop() {
            let node = &self.nodes[n as usize];
            let common = node.bounds.intersection(bounds);
            if (0..3).any(|i| common.min[i] > common.max[i]) {
                continue;
            }
            if node.count > 0 {
                for t in &self.order[node.first as usize..(node.first + node.count) as usize] {
                    visit(*t);
                }
            } else {
                stack.extend([node.first + 1, node.first]);
            }
        }
    }

    /// Nearest triangle to `p`: its number, the nearest point and the square of the distance, mm².
    pub fn nearest(&self, surface: &TriSurface, p: Vec3) -> (u32, Vec3, f64) {
        self.nearest_from(surface, p, u32::MAX)
    }

    /// Like [`BoxTree::nearest`], told a triangle that is probably near: the better the guess, the sooner it ends.
    ///
    /// A number past the last triangle is no guess. Where several triangles are equally near, the guess can be
    /// the one returned; distance and point are the same.
    pub fn nearest_from(&self, surface: &TriSurface, p: Vec3, guess: u32) -> (u32, Vec3, f64) {
        let mut best = (0, Vec3::zeros(), f64::INFINITY);
        if (guess as usize) < surface.triangles.len() {
            let [a, b, c] = surface.corners(guess as usize);
            let q = nearest_on_triangle(p, a, b, c).0;
            best = (guess, q, (p - q).norm_squared());
        }
        let mut waiting = [(0u32, 0.0); WAITING];
        waiting[0].1 = gap(&self.nodes[0].bounds, p);
        let mut n_waiting = 1;
        while 0 < n_waiting {
            n_waiting -= 1;
            let (n, lower) = waiting[n_waiting];
            if lower >= best.2 {
                continue;
            }
            let node = &self.nodes[n as usize];
            if node.count > 0 {
                let leaf = node.first as usize..(node.first + node.count) as usize;
                for (t, [a, b, c]) in self.order[leaf.clone()].iter().zip(&self.corners[leaf]) {
                    let q = nearest_on_triangle(p, *a, *b, *c).0;
                    let d = (p - q).norm_squared();
                    if d < best.2 || (d == best.2 && *t < best.0) {
                        best = (*t, q, d);
                    }
                }
            } else {
                let (l, r) = (node.first, node.first + 1);
                let (dl, dr) =
                    (gap(&self.nodes[l as usize].bounds, p), gap(&self.nodes[r as usize].bounds, p));
                let [far, near] = if dl < dr { [(r, dr), (l, dl)] } else { [(l, dl), (r, dr)] };
                waiting[n_waiting] = far;
                waiting[n_waiting + 1] = near;
                n_waiting += 2;
            }
        }
        best
    }
}

/// Square of the distance from `p` to a box, mm².
fn gap(b: &Aabb, p: Vec3) -> f64 {
    (0..3).map(|i| (b.min[i] - p[i]).max(0.0).max(p[i] - b.max[i]).powi(2)).sum()
}

/// Where on a triangle the nearest point lies.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Vertex(usize),
    /// Edge from this corner to the next.
    Edge(usize),
    Inside,
}

/// Nearest point of a triangle; Ericson (2005), Real-Time Collision Detection, §5.1.5.
pub(super) fn nearest_on_triangle(p: Vec3, a: Vec3, b: Vec3, c: Vec3) -> (Vec3, Place) {
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(&ap), ac.dot(&ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return (a, Place::Vertex(0));
    }
    let bp = p - b;
    let (d3, d4) = (ab.dot(&bp), ac.dot(&bp));
    if d3 >= 0.0 && d4 <= d3 {
        return (b, Place::Vertex(1));
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return (a + ab * (d1 / (d1 - d3)), Place::Edge(0));
    }
    let cp = p - c;
    let (d5, d6) = (ab.dot(&cp), ac.dot(&cp));
    if d6 >= 0.0 && d5 <= d6 {
        return (c, Place::Vertex(2));
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return (a + ac * (d2 / (d2 - d6)), Place::Edge(2));
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && (d4 - d3) >= 0.0 && (d5 - d6) >= 0.0 {
        return (b + (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6))), Place::Edge(1));
    }
    let total = va + vb + vc;
    (a + ab * (vb / total) + ac * (vc / total), Place::Inside)
}

/// Solid inside a closed triangle surface, as a signed distance.
pub struct SurfaceSolid {
    surface: TriSurface,
    tree: BoxTree,
    bounds: Aabb,
    face_normals: Vec<Vec3>,
    vertex_normals: Vec<Vec3>,
    edge_normals: BTreeMap<[u32; 2], Vec3>,
}

impl SurfaceSolid {
    /// Solid of a surface that passed [`super::check::check`].
    pub fn new(surface: TriSurface) -> Self {
        let n = surface.triangles.len();
        let mut face_normals = Vec::with_capacity(n);
        let mut vertex_normals = vec![Vec3::zeros(); surface.points.len()];
        let mut edge_normals: BTreeMap<[u32; 2], Vec3> = BTreeMap::new();
        for t in 0..n {
            let p = surface.corners(t);
            let normal = (p[1] - p[0]).cross(&(p[2] - p[0])).try_normalize(0.0).unwrap_or_else(Vec3::zeros);
            face_normals.push(normal);
            let corners = surface.triangles[t];
            for k in 0..3 {
                let (u, v) = (p[(k + 1) % 3] - p[k], p[(k + 2) % 3] - p[k]);
                vertex_normals[corners[k] as usize] += normal * u.angle(&v);
                *edge_normals.entry(edge(corners[k], corners[(k + 1) % 3])).or_insert_with(Vec3::zeros) +=
                    normal;
            }
        }
        let tree = BoxTree::new(&surface);
        Self { bounds: surface.bounds(), tree, surface, face_normals, vertex_normals, edge_normals }
    }

    /// The surface.
    pub fn surface(&self) -> &TriSurface {
        &self.surface
    }

    /// Nearest point of the surface to `p`, mm.
    pub fn nearest(&self, p: Vec3) -> Vec3 {
        self.tree.nearest(&self.surface, p).1
    }

    /// Nearest triangle to `p` and the signed distance, mm; `guess` as in [`BoxTree::nearest_from`].
    pub fn distance(&self, p: Vec3, guess: u32) -> (u32, f64) {
        let (t, q, d) = self.tree.nearest_from(&self.surface, p, guess);
        let (normal, _) = self.pseudo_normal(t, p);
        (t, if (p - q).dot(&normal) < 0.0 { -d.sqrt() } else { d.sqrt() })
    }

    /// Gradient of the signed distance at `p`, of unit length; `guess` as in [`BoxTree::nearest_from`].
    pub fn slope(&self, p: Vec3, guess: u32) -> Vec3 {
        let (t, q, d) = self.tree.nearest_from(&self.surface, p, guess);
        let (normal, flat) = self.pseudo_normal(t, p);
        // Nearer than a nanometer, the direction to an edge or a vertex is round-off.
        if flat || d < 1e-12 {
            return normal.try_normalize(0.0).unwrap_or_else(Vec3::zeros);
        }
        (p - q) * ((p - q).dot(&normal).signum() / d.sqrt())
    }

    /// Angle-weighted normal of the feature of triangle `t` nearest to `p`, and whether that is its inside.
    fn pseudo_normal(&self, t: u32, p: Vec3) -> (Vec3, bool) {
        let [a, b, c] = self.surface.corners(t as usize);
        let corners = self.surface.triangles[t as usize];
        match nearest_on_triangle(p, a, b, c).1 {
            Place::Inside => (self.face_normals[t as usize], true),
            Place::Vertex(k) => (self.vertex_normals[corners[k] as usize], false),
            Place::Edge(k) => {
                let shared = self.edge_normals.get(&edge(corners[k], corners[(k + 1) % 3]));
                (shared.copied().unwrap_or(self.face_normals[t as usize]), false)
            }
        }
    }
}

fn edge(a: u32, b: u32) -> [u32; 2] {
    [a.min(b), a.max(b)]
}

impl Field for SurfaceSolid {
    fn value(&self, p: Vec3) -> f64 {
        self.distance(p, u32::MAX).1
    }

    fn bounds(&self) -> Aabb {
        self.bounds
    }

    fn gradient(&self, p: Vec3) -> Vec3 {
        self.slope(p, u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octahedron(r: f64) -> TriSurface {
        let points = [(r, 0., 0.), (-r, 0., 0.), (0., r, 0.), (0., -r, 0.), (0., 0., r), (0., 0., -r)]
            .map(|(x, y, z)| Vec3::new(x, y, z))
            .to_vec();
        let triangles =
            vec![[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4], [2, 0, 5], [1, 2, 5], [3, 1, 5], [0, 3, 5]];
        TriSurface { points, triangles }
    }

    #[test]
    fn the_distance_to_an_octahedron_is_exact() {
        let solid = SurfaceSolid::new(octahedron(2.0));
        // Inside: distance to the plane x + y + z = 2; at a vertex and beyond an edge: to that feature.
        assert!((solid.value(Vec3::zeros()) + 2.0 / 3f64.sqrt()).abs() < 1e-12);
        assert!((solid.value(Vec3::new(5.0, 0.0, 0.0)) - 3.0).abs() < 1e-12);
        assert!((solid.value(Vec3::new(2.0, 2.0, 0.0)) - 2f64.sqrt()).abs() < 1e-12);
        assert!((solid.value(Vec3::new(1.0, 1.0, 1.0)) - 1.0 / 3f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_sign_is_that_of_the_inequality_everywhere() {
        let solid = SurfaceSolid::new(octahedron(2.0));
        for i in 0..9261 {
            let at = |k: usize| (k as f64 - 10.0) * 0.31 + 0.013;
            let p = Vec3::new(at(i % 21), at(i / 21 % 21), at(i / 441));
            let inside = p.iter().map(|v| v.abs()).sum::<f64>() < 2.0;
            assert_eq!(solid.value(p) < 0.0, inside, "at {p:?}");
        }
    }
}
