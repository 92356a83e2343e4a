//! A body-centered cubic grid of signs: what is inside, what hangs together, which edges are cut.

use super::super::Aabb;
use crate::Vec3;
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// Value of a node that is known to be far outside.
pub(super) const FAR: f32 = f32::INFINITY;

/// Node values on a body-centered cubic grid.
///
/// Layer l holds the corners of the cubes when l is even and their centers when l is odd, `nx × ny` nodes
/// each; in units of half an edge a node lies at (2i + o, 2j + o, l), o = l mod 2. Every node owns the seven
/// grid edges that leave it toward larger l, or toward larger x or y in its own layer:
/// 0 +x, 1 +y, 2 +z (two layers up), 3..6 the four diagonals one layer up.
pub(super) struct Grid {
    pub origin: Vec3,
    /// Edge of the cubes, mm.
    pub edge: f64,
    pub dims: [usize; 3],
    /// Node values, mm; negative inside.
    pub values: Vec<f32>,
}

/// Pieces found on the grid.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pieces {
    /// Floating pieces deleted.
    pub floating: usize,
    /// Their volume, mm³.
    pub floating_mm3: f64,
    /// Closed voids too small to print, filled with metal.
    pub filled: usize,
    /// Their volume, mm³.
    pub filled_mm3: f64,
    /// Closed voids left inside the solid; they would keep their powder.
    pub voids: usize,
    /// Their volume, mm³.
    pub voids_mm3: f64,
}

impl Grid {
    /// Evaluates `field` at all nodes over `bounds`; `None` stands for far outside.
    ///
    /// The two outermost layers of nodes are outside whatever the field says, so every surface closes.
    /// Returns `None` when `stop` was raised.
    pub(super) fn sample(
        bounds: Aabb,
        edge: f64,
        field: &(dyn Fn(Vec3) -> Option<f64> + Sync),
        stop: &AtomicBool,
    ) -> Option<Self> {
        let origin = bounds.min - Vec3::repeat(2.0 * edge);
        let dims: [usize; 3] = std::array::from_fn(|i| (bounds.size()[i] / edge).ceil() as usize + 5);
        let [nx, ny, nz] = dims;
        let mut grid = Self { origin, edge, dims, values: Vec::new() };
        let mut values = vec![FAR; nx * ny * 2 * nz];
        values.par_chunks_mut(nx * ny).enumerate().for_each(|(l, layer)| {
            if l < 2 || 2 * nz - 2 <= l || stop.load(Ordering::Relaxed) {
                return;
            }
            for j in 1..ny - 1 {
                for i in 1..nx - 1 {
                    if let Some(v) = field(grid.position(i, j, l)) {
                        layer[j * nx + i] = v as f32;
                    }
                }
            }
        });
        grid.values = values;
        (!stop.load(Ordering::Relaxed)).then_some(grid)
    }

    /// Number of layers.
    pub(super) fn layers(&self) -> usize {
        2 * self.dims[2]
    }

    /// Nodes of one layer.
    pub(super) fn layer_size(&self) -> usize {
        self.dims[0] * self.dims[1]
    }

    /// Place of a node, mm.
    pub(super) fn position(&self, i: usize, j: usize, l: usize) -> Vec3 {
        let o = l % 2;
        self.origin + 0.5 * self.edge * Vec3::new((2 * i + o) as f64, (2 * j + o) as f64, l as f64)
    }

    /// Place of the node with that number, mm.
    pub(super) fn place(&self, node: usize) -> Vec3 {
        let (l, rest) = (node / self.layer_size(), node % self.layer_size());
        self.position(rest % self.dims[0], rest / self.dims[0], l)
    }

    /// Offsets from a node to the far ends of its seven edges, for even and for odd layers.
    pub(super) fn offsets(&self) -> [[isize; 7]; 2] {
        let (nx, layer) = (self.dims[0] as isize, self.layer_size() as isize);
        [1, 0].map(|back| {
            let diagonal = |a: isize, b: isize| layer + (a - back) + nx * (b - back);
            [1, nx, 2 * layer, diagonal(0, 0), diagonal(1, 0), diagonal(0, 1), diagonal(1, 1)]
        })
    }

    /// Calls `visit` with each of the up to fourteen neighbors of a node and the length of the edge to it, mm.
    pub(super) fn neighbors(&self, node: usize, mut visit: impl FnMut(usize, f64)) {
        let odd = (node / self.layer_size()) % 2;
        let [even_offsets, odd_offsets] = self.offsets();
        let (own, other) = if odd == 1 { (odd_offsets, even_offsets) } else { (even_offsets, odd_offsets) };
        for e in 0..7 {
            let length = if e < 3 { self.edge } else { 0.75_f64.sqrt() * self.edge };
            // Diagonals into this node start in the layer before, which is of the other kind.
            let back = if e < 3 { own[e] } else { other[e] };
            for d in [own[e], -back] {
                let at = node as isize + d;
                if 0 <= at && (at as usize) < self.values.len() {
                    visit(at as usize, length);
                }
            }
        }
    }

    /// Nodes around `p` with their squared distance, mm²: the corners of its cube and the centers about it.
    pub(super) fn around(&self, p: Vec3) -> impl Iterator<Item = (usize, f64)> + '_ {
        let q = (p - self.origin) / self.edge;
        let low = |o: f64, axis: usize| {
            let last = self.dims[axis] as isize - 2;
            ((q[axis] - o).floor() as isize).clamp(0, last.max(0)) as usize
        };
        let corner = [0, 1, 2].map(|i| low(0.0, i));
        let center = [0, 1, 2].map(|i| low(0.5, i));
        (0..16).map(move |k| {
            let (base, o) = if k < 8 { (corner, 0) } else { (center, 1) };
            let [i, j, m] = [base[0] + (k & 1), base[1] + (k >> 1 & 1), base[2] + (k >> 2 & 1)];
            let l = 2 * m + o;
            (l * self.layer_size() + j * self.dims[0] + i, (self.position(i, j, l) - p).norm_squared())
        })
    }

    /// Whether the node lies inside.
    pub(super) fn inside(&self, node: usize) -> bool {
        self.values[node] < 0.0
    }

    /// Volume that stands for one node, mm³.
    pub(super) fn share(&self) -> f64 {
        0.5 * self.edge.powi(3)
    }

    /// Connected sets of nodes of one side with the number of nodes of each at its root; all that is far outside
    /// is one set, whose root is that of the number of nodes.
    fn sets(&self) -> (Sets, Vec<u32>) {
        let outside = self.values.len();
        let mut sets = Sets::new(outside + 1);
        let offsets = self.offsets();
        let layer = self.layer_size();
        for n in 0..outside {
            let v = self.values[n];
            for d in offsets[(n / layer) % 2] {
                // Past the rim of the grid there is nothing, and a wrapped neighbor is as far as the rim.
                let Some(&w) = self.values.get((n as isize + d) as usize) else { continue };
                let m = (n as isize + d) as usize;
                if (v < 0.0) != (w < 0.0) || (v == FAR && w == FAR) {
                    continue;
                }
                sets.join(if v == FAR { outside } else { n }, if w == FAR { outside } else { m });
            }
        }
        let mut sizes = vec![0_u32; outside + 1];
        for n in 0..outside {
            if self.values[n] != FAR {
                sizes[sets.root(n)] += 1;
            }
        }
        (sets, sizes)
    }

    /// Turns pieces of solid below `least` mm³ into void.
    pub(super) fn drop_small(&mut self, least: f64) {
        let (mut sets, sizes) = self.sets();
        for n in 0..self.values.len() {
            if self.inside(n) && f64::from(sizes[sets.root(n)]) * self.share() < least {
                self.values[n] = -self.values[n];
            }
        }
    }

    /// Keeps the largest connected solid, turns the others into void, fills closed voids below `least_void`
    /// mm³, and counts the others.
    ///
    /// The cut surface of a tetrahedral grid separates nodes exactly as the grid's edges connect them, so the
    /// pieces found here are those of the surface.
    pub(super) fn keep_largest(&mut self, least_void: f64) -> Pieces {
        let mut pieces = Pieces::default();
        let outside = self.values.len();
        let (mut sets, sizes) = self.sets();
        let main = (0..outside)
            .filter(|&n| self.inside(n) && sizes[n] != 0)
            .max_by_key(|&n| (sizes[n], std::cmp::Reverse(n)));
        let Some(main) = main else { return pieces };
        let free = sets.root(outside);
        for (n, &size) in
            sizes.iter().enumerate().filter(|(n, size)| **size != 0 && *n != free && *n < outside)
        {
            let volume = f64::from(size) * self.share();
            if self.inside(n) {
                if n != main {
                    pieces.floating += 1;
                    pieces.floating_mm3 += volume;
                }
            } else if volume < least_void {
                pieces.filled += 1;
                pieces.filled_mm3 += volume;
            } else {
                pieces.voids += 1;
                pieces.voids_mm3 += volume;
            }
        }
        if pieces.floating + pieces.filled == 0 {
            return pieces;
        }
        for n in 0..outside {
            if self.values[n] == FAR {
                continue;
            }
            let root = sets.root(n);
            let lost = if self.inside(n) {
                root != main
            } else {
                root != free && f64::from(sizes[root]) * self.share() < least_void
            };
            if lost {
                // As far on the other side as it was on its own: cuts keep their order of magnitude. Never
                // zero, which would count as outside.
                self.values[n] = if self.inside(n) { -self.values[n] } else { -self.values[n].max(1e-6) };
            }
        }
        pieces
    }
}

/// Disjoint sets with path halving; the root of a set is its smallest member, so the result does not depend
/// on the order of joins.
struct Sets(Vec<u32>);

impl Sets {
    fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    fn root(&mut self, n: usize) -> usize {
        let mut n = n as u32;
        while self.0[n as usize] != n {
            let up = self.0[self.0[n as usize] as usize];
            self.0[n as usize] = up;
            n = up;
        }
        n as usize
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        self.0[high] = low as u32;
    }
}
