//! Edge lengths wanted in space: small at curved surfaces and where surfaces are close, growing inward.

use crate::Vec3;
use crate::geometry::Field;
use crate::geometry::bvh::BoxTree;
use crate::geometry::near::NearSolid;
use crate::geometry::surface::TriSurface;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Angle by which a surface may turn along one edge of the mesh, rad; a circle gets twelve edges.
const TURN: f64 = 0.52;

/// Growth of the edge length per distance from the surface and from a contact.
const GROWTH: f64 = 0.5;

/// Outside, where no cell is kept, they may grow to this many of the coarsest.
const OUTSIDE: f64 = 4.0;

/// Edge lengths about surfaces.
pub(super) struct Sizes<'a> {
    solids: &'a [Arc<NearSolid>],
    /// Per solid and vertex, mm.
    at_vertex: Vec<Vec<f64>>,
    coarsest: f64,
    finest: f64,
    /// Places that want a size of their own: the size, its points, their tree.
    pins: Vec<(f64, TriSurface, BoxTree)>,
}

impl<'a> Sizes<'a> {
    /// - `edge`: on flat and lonely surfaces, `finest` and `coarsest` at most and least
    pub(super) fn new(solids: &'a [Arc<NearSolid>], edge: f64, finest: f64, coarsest: f64) -> Self {
        let at_vertex = (0..solids.len())
            .map(|i| {
                let surface = solids[i].solid().surface();
                let bend = curvature(surface);
                (0..surface.points.len())
                    .into_par_iter()
                    .map(|v| {
                        let others = (0..solids.len()).filter(|j| *j != i);
                        let gap = others
                            .map(|j| solids[j].value(surface.points[v]).abs())
                            .fold(f64::INFINITY, f64::min);
                        let curved = TURN / bend[v].max(1e-12);
                        curved.min(finest + GROWTH * gap).clamp(finest, edge)
                    })
                    .collect()
            })
            .collect();
        Self { solids, at_vertex, coarsest, finest, pins: Vec::new() }
    }

    /// Makes cells smaller at places that the mesh misses by more than `limit` mm, but not below `least` mm; returns
    /// whether any could be.
    pub(super) fn refine(&mut self, places: &[(f64, Vec3)], limit: f64, least: f64) -> bool {
        let mut wanted: BTreeMap<u64, Vec<Vec3>> = BTreeMap::new();
        for &(distance, p) in places {
            let now = self.at(p);
            // What is cut off at a ridge goes with the size.
            let want = (now * if 2.0 * limit < distance { 0.25 } else { 0.5 }).max(least);
            if want < 0.999 * now {
                // Sizes by power of two, so that few trees hold all points.
                let level = (1.001 * want / least).log2().floor().max(0.0) as u64;
                wanted.entry(level).or_default().push(p);
            }
        }
        let any = !wanted.is_empty();
        for (level, points) in wanted {
            let size = least * (1u64 << level) as f64;
            let surface =
                TriSurface { triangles: (0..points.len() as u32).map(|i| [i; 3]).collect(), points };
            let tree = BoxTree::new(&surface);
            self.pins.push((size, surface, tree));
        }
        any
    }

    /// Smallest and largest edge length wanted anywhere, mm.
    pub(super) fn range(&self) -> [f64; 2] {
        let finest = self.pins.iter().map(|p| p.0).fold(self.finest, f64::min);
        [finest, OUTSIDE * self.coarsest]
    }

    /// Edge length wanted at `p`, mm.
    pub(super) fn at(&self, p: Vec3) -> f64 {
        let of = |(solid, sizes): (&Arc<NearSolid>, &Vec<f64>)| {
            let (triangle, distance) = solid.nearest(p);
            let corners = solid.solid().surface().triangles[triangle as usize];
            let own = corners.iter().map(|v| sizes[*v as usize]).fold(f64::INFINITY, f64::min);
            (own + GROWTH * distance.abs(), distance < 0.0)
        };
        let pinned = |(size, points, tree): &(f64, TriSurface, BoxTree)| {
            // One lattice cell around the place is as small as at it.
            size + GROWTH * (tree.nearest(points, p).2.sqrt() - size).max(0.0)
        };
        let (own, inside) = self
            .solids
            .iter()
            .zip(&self.at_vertex)
            .map(of)
            .fold((f64::INFINITY, false), |a, b| (a.0.min(b.0), a.1 || b.1));
        let own = if inside { own.min(self.coarsest) } else { own };
        self.pins.iter().map(pinned).fold(own, f64::min)
    }
}

/// Curvature at each vertex, 1/mm: turn of the normal over length, averaged over the neighbors against noise.
fn curvature(surface: &TriSurface) -> Vec<f64> {
    let n = surface.points.len();
    let mut normals = vec![Vec3::zeros(); n];
    for (t, corners) in surface.triangles.iter().enumerate() {
        let [a, b, c] = surface.corners(t);
        let area = (b - a).cross(&(c - a));
        corners.iter().for_each(|v| normals[*v as usize] += area);
    }
    normals.iter_mut().for_each(|n| *n = n.try_normalize(1e-300).unwrap_or_else(Vec3::zeros));
    let each_edge = |visit: &mut dyn FnMut(usize, usize)| {
        for t in &surface.triangles {
            for k in 0..3 {
                visit(t[k] as usize, t[(k + 1) % 3] as usize);
            }
        }
    };
    let mut bend = vec![0.0f64; n];
    each_edge(&mut |a, b| {
        let length = (surface.points[a] - surface.points[b]).norm().max(1e-9);
        let turn = (normals[a] - normals[b]).norm() / length;
        bend[a] = bend[a].max(turn);
        bend[b] = bend[b].max(turn);
    });
    for _ in 0..2 {
        let mut sum = bend.iter().map(|b| (*b, 1.0)).collect::<Vec<_>>();
        each_edge(&mut |a, b| {
            sum[a].0 += bend[b];
            sum[a].1 += 1.0;
        });
        bend = sum.into_iter().map(|(s, w)| s / w).collect();
    }
    bend
}
