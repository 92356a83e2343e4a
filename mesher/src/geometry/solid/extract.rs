//! The surface between inside and outside nodes of a grid, by marching tetrahedra.
//!
//! Each tetrahedron of the body-centered cubic grid is cut on its own edges only, and every grid edge with a
//! change of sign carries exactly one vertex: the surface is the level set of a piecewise linear function
//! that is zero at no node, hence a closed manifold whatever the field.

use super::grid::{FAR, Grid};
use crate::Vec3;
use crate::geometry::surface::TriSurface;
use rayon::prelude::*;

/// Nearest approach of a vertex to a grid node, as a fraction of the grid edge. Keeps vertices on different
/// edges apart: at 0.1 mm by more than a micrometre, a hundred times the resolution of f32 coordinates.
const NODE_GAP: f64 = 0.02;

/// Surface of the grid's inside, triangles counter-clockwise seen from outside.
///
/// Vertices start at the linear root and take one secant step with `field`.
pub(super) fn extract(grid: &Grid, field: &(dyn Fn(Vec3) -> Option<f64> + Sync)) -> TriSurface {
    let cuts = Cuts::new(grid);
    let points = cuts.points(grid, field);
    let triangles = triangles(grid, &cuts, &points);
    TriSurface { points, triangles }
}

/// Which of its seven edges a node cuts, and the number of its first vertex.
struct Cuts {
    masks: Vec<u8>,
    first: Vec<u32>,
    per_layer: Vec<usize>,
}

impl Cuts {
    fn new(grid: &Grid) -> Self {
        let (size, offsets) = (grid.layer_size(), grid.offsets());
        let mut masks = vec![0_u8; grid.values.len()];
        let mut first = vec![0_u32; grid.values.len()];
        let per_layer: Vec<usize> = masks
            .par_chunks_mut(size)
            .zip(first.par_chunks_mut(size))
            .enumerate()
            .map(|(l, (masks, first))| {
                let mut count = 0;
                for n in 0..size {
                    let node = l * size + n;
                    let here = grid.inside(node);
                    first[n] = count;
                    // Past the rim of the grid there is nothing, and a wrapped neighbor is as far as the rim.
                    for (e, d) in offsets[l % 2].iter().enumerate() {
                        let other = (node as isize + d) as usize;
                        if grid.values.get(other).is_some_and(|v| here != (*v < 0.0)) {
                            masks[n] |= 1 << e;
                            count += 1;
                        }
                    }
                }
                count as usize
            })
            .collect();
        let mut cuts = Self { masks, first, per_layer };
        let mut sum = 0_u32;
        for (l, n) in cuts.per_layer.iter().enumerate() {
            for f in &mut cuts.first[l * size..(l + 1) * size] {
                *f += sum;
            }
            sum += *n as u32;
        }
        cuts
    }

    /// Number of the vertex on an edge.
    fn vertex(&self, node: usize, edge: usize) -> u32 {
        let before = self.masks[node] & ((1_u8 << edge) - 1);
        self.first[node] + before.count_ones()
    }

    fn points(&self, grid: &Grid, field: &(dyn Fn(Vec3) -> Option<f64> + Sync)) -> Vec<Vec3> {
        let (size, offsets) = (grid.layer_size(), grid.offsets());
        let mut points = vec![Vec3::zeros(); self.per_layer.iter().sum()];
        let mut rest = points.as_mut_slice();
        let mut slices = Vec::new();
        for &n in &self.per_layer {
            let (head, tail) = rest.split_at_mut(n);
            slices.push(head);
            rest = tail;
        }
        slices.into_par_iter().enumerate().for_each(|(l, out)| {
            let mut next = 0;
            for node in l * size..(l + 1) * size {
                let mask = self.masks[node];
                for (e, d) in offsets[l % 2].iter().enumerate() {
                    if mask & (1 << e) != 0 {
                        let other = (node as isize + d) as usize;
                        out[next] = root(grid, node, other, field);
                        next += 1;
                    }
                }
            }
        });
        points
    }
}

/// Point on the grid edge from `a` to `b` where the field changes sign.
fn root(grid: &Grid, a: usize, b: usize, field: &(dyn Fn(Vec3) -> Option<f64> + Sync)) -> Vec3 {
    let (pa, pb) = (grid.place(a), grid.place(b));
    // A node that only counts as far outside gets the grid's own scale.
    let scale = grid.edge as f32;
    let value = |n: usize| f64::from(if grid.values[n] == FAR { scale } else { grid.values[n] });
    let (fa, fb) = (value(a), value(b));
    let linear = fa / (fa - fb);
    let middle = field(pa.lerp(&pb, linear)).unwrap_or(0.0);
    // Secant between the point found and the end of the other sign.
    let better = if (middle < 0.0) == (fa < 0.0) {
        linear + (1.0 - linear) * middle / (middle - fb)
    } else {
        linear * fa / (fa - middle)
    };
    let t = if better.is_finite() { better } else { linear };
    pa.lerp(&pb, t.clamp(NODE_GAP, 1.0 - NODE_GAP))
}

/// Corner of a tetrahedron relative to the cube center it is listed under: shifts in x and y in nodes, in
/// layers, for a center (odd) layer.
type Corner = [isize; 3];

/// Twelve tetrahedra per cube center, positively oriented: three center-to-center edges, each with the
/// four edges of the face they cross.
fn tetrahedra() -> Vec<[Corner; 4]> {
    let mut list = Vec::with_capacity(12);
    for d in 0..3 {
        let (a, b) = ((d + 1) % 3, (d + 2) % 3);
        // In half edges: center to center is 2, center to the face's corners is (1, ±1, ±1).
        let ring = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(|[u, v]: [isize; 2]| {
            let mut c = [0; 3];
            (c[d], c[a], c[b]) = (1, u, v);
            c
        });
        let mut next = [0; 3];
        next[d] = 2;
        for i in 0..4 {
            let mut tet = [[0; 3], next, ring[i], ring[(i + 1) % 4]];
            let v = |c: [isize; 3]| Vec3::new(c[0] as f64, c[1] as f64, c[2] as f64);
            if v(tet[1]).cross(&v(tet[2])).dot(&v(tet[3])) < 0.0 {
                tet.swap(2, 3);
            }
            list.push(tet);
        }
    }
    list
}

/// Edges of a tetrahedron as pairs of corners; cases below name them by position.
const EDGES: [[usize; 2]; 6] = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]];

/// Cut polygon by which corners are inside (bit i = corner i), as edge numbers, counter-clockwise seen from
/// outside; -1 fills up.
const CASES: [[i8; 4]; 16] = [
    [-1, -1, -1, -1],
    [0, 1, 2, -1],
    [0, 4, 3, -1],
    [1, 2, 4, 3],
    [5, 1, 3, -1],
    [2, 0, 3, 5],
    [4, 5, 1, 0],
    [2, 4, 5, -1],
    [5, 4, 2, -1],
    [0, 1, 5, 4],
    [5, 3, 0, 2],
    [3, 1, 5, -1],
    [3, 4, 2, 1],
    [3, 4, 0, -1],
    [2, 1, 0, -1],
    [-1, -1, -1, -1],
];

fn triangles(grid: &Grid, cuts: &Cuts, points: &[Vec3]) -> Vec<[u32; 3]> {
    let (nx, size) = (grid.dims[0] as isize, grid.layer_size());
    // Node offset of a corner: centers shift by whole nodes, corners of the cube lie half an edge off.
    let offset = |c: Corner| {
        let half = |x: isize| (x + x.rem_euclid(2)) / 2;
        half(c[0]) + nx * half(c[1]) + size as isize * c[2]
    };
    let tets: Vec<_> = tetrahedra()
        .iter()
        .map(|tet| (tet.map(offset), EDGES.map(|[a, b]| owner(tet[a], tet[b], &offset))))
        .collect();
    let layers: Vec<usize> = (1..grid.layers() - 2).step_by(2).collect();
    let parts: Vec<Vec<[u32; 3]>> = layers
        .par_iter()
        .map(|&l| {
            let mut out = Vec::new();
            for j in 0..grid.dims[1] - 1 {
                for i in 0..grid.dims[0] - 1 {
                    let node = l * size + j * grid.dims[0] + i;
                    for (corners, edges) in &tets {
                        let at = |d: isize| (node as isize + d) as usize;
                        let case =
                            (0..4).fold(0, |bits, c| bits | (usize::from(grid.inside(at(corners[c]))) << c));
                        let polygon = CASES[case];
                        if polygon[0] < 0 {
                            continue;
                        }
                        let vertex = |e: i8| {
                            let (d, edge) = edges[e as usize];
                            cuts.vertex(at(d), edge)
                        };
                        let [a, b, c] = [vertex(polygon[0]), vertex(polygon[1]), vertex(polygon[2])];
                        if polygon[3] < 0 {
                            out.push([a, b, c]);
                            continue;
                        }
                        let d = vertex(polygon[3]);
                        let length =
                            |p: u32, q: u32| (points[p as usize] - points[q as usize]).norm_squared();
                        if length(a, c) <= length(b, d) {
                            out.extend([[a, b, c], [a, c, d]]);
                        } else {
                            out.extend([[a, b, d], [b, c, d]]);
                        }
                    }
                }
            }
            out
        })
        .collect();
    parts.concat()
}

/// Owner of the edge between two corners, as node offset, and the edge's number at its owner.
fn owner(a: Corner, b: Corner, offset: &impl Fn(Corner) -> isize) -> (isize, usize) {
    let key = |c: Corner| (c[2], c[1], c[0]);
    let (low, high) = if key(a) < key(b) { (a, b) } else { (b, a) };
    let d: [isize; 3] = std::array::from_fn(|i| high[i] - low[i]);
    let edge = match d {
        [2, 0, 0] => 0,
        [0, 2, 0] => 1,
        [0, 0, 2] => 2,
        [x, y, _] => 3 + usize::from(0 < x) + 2 * usize::from(0 < y),
    };
    (offset(low), edge)
}
