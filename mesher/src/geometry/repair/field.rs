//! Signed field of a torn surface: distance where it is whole, winding number across its holes.
//!
//! ```text
//! f(p) = sign(½ − w) min( d(p), 4h |½ − w(p)| )          d distance, w winding number, h grid edge
//! ```
//! At a sound place w jumps from 0 to 1 across the surface and f is the distance; in a hole w passes ½ smoothly,
//! far from any triangle, and f follows it: a continuous function either way.

use super::super::Aabb;
use super::super::bvh::BoxTree;
use super::super::solid::SolidError;
use super::super::surface::TriSurface;
use super::winding::Winding;
use crate::Vec3;
use rayon::prelude::*;

/// Edge of a block in grid edges.
const BLOCK: f64 = 4.0;

/// A block with triangles this near, in grid edges, is looked at node by node.
const NEAR: f64 = 2.0;

/// Most blocks.
const MOST_BLOCKS: f64 = 4e6;

/// Where a block lies.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    Outside,
    Inside,
    Near,
}

/// Field of a torn surface with a table of blocks that lie clearly on one side.
pub(super) struct RepairField<'a> {
    surface: &'a TriSurface,
    tree: &'a BoxTree,
    winding: Winding<'a>,
    h: f64,
    origin: Vec3,
    n: [usize; 3],
    /// Per block its side and the triangle nearest to its middle, where it is near.
    blocks: Vec<(Block, u32)>,
}

impl<'a> RepairField<'a> {
    /// Field for a grid of edge `h` mm.
    ///
    /// # Errors
    /// [`SolidError::TooFine`] when the box of the surface has too many grid edges.
    pub(super) fn new(surface: &'a TriSurface, tree: &'a BoxTree, h: f64) -> Result<Self, SolidError> {
        let bounds = surface.bounds().grown(4.0 * h);
        let edge = BLOCK * h;
        let count = bounds.size().map(|s| (s / edge).ceil().max(1.0));
        if MOST_BLOCKS < count.product() {
            let nodes = 2.0 * count.product() * BLOCK.powi(3);
            let most = 2.0 * MOST_BLOCKS * BLOCK.powi(3);
            return Err(SolidError::TooFine { edge_mm: h, nodes, most, least_mm: h * (nodes / most).cbrt() });
        }
        let n: [usize; 3] = [count.x as usize, count.y as usize, count.z as usize];
        let winding = Winding::new(surface, tree);
        let mut field = Self { surface, tree, winding, h, origin: bounds.min, n, blocks: Vec::new() };
        field.blocks = (0..n[0] * n[1] * n[2])
            .into_par_iter()
            .map(|i| {
                let at = Vec3::new((i % n[0]) as f64, (i / n[0] % n[1]) as f64, (i / (n[0] * n[1])) as f64);
                field.classify(bounds.min + at * edge, edge)
            })
            .collect();
        Ok(field)
    }

    /// Without a triangle near, w is harmonic in the block, so corners and center speak for all of it.
    fn classify(&self, low: Vec3, edge: f64) -> (Block, u32) {
        let block = Aabb { min: low, max: low + Vec3::repeat(edge) };
        let grown = block.grown(NEAR * self.h);
        let mut near = false;
        self.tree.within(grown, |t| {
            if !near {
                let own = Aabb::around(self.surface.corners(t as usize).iter()).intersection(grown);
                near = (0..3).all(|i| own.min[i] <= own.max[i]);
            }
        });
        if near {
            return (Block::Near, self.tree.nearest(self.surface, block.center()).0);
        }
        let w = self.winding.at(block.center());
        let side = |w: f64| {
            if w < 0.25 {
                Block::Outside
            } else if 0.75 < w {
                Block::Inside
            } else {
                Block::Near
            }
        };
        let own = side(w);
        let corner = |i: usize| low + Vec3::new((i & 1) as f64, (i >> 1 & 1) as f64, (i >> 2) as f64) * edge;
        // Deep in a sound solid w is nearly a whole number; only near holes the corners need a look.
        let clear = (w - w.round()).abs() < 0.04;
        let sure = own == Block::Near || clear || (0..8).all(|i| side(self.winding.at(corner(i))) == own);
        (if sure { own } else { Block::Near }, u32::MAX)
    }

    /// Field value, mm; `None` far outside.
    pub(super) fn value(&self, p: Vec3) -> Option<f64> {
        let at = (p - self.origin) / (BLOCK * self.h);
        if (0..3).any(|i| at[i] < 0.0 || self.n[i] as f64 <= at[i]) {
            return None;
        }
        let i = at.x as usize + self.n[0] * (at.y as usize + self.n[1] * at.z as usize);
        let (block, guess) = self.blocks[i];
        match block {
            Block::Outside => None,
            Block::Inside => Some(-2.0 * self.h),
            Block::Near => {
                let gap = 0.5 - self.winding.at(p);
                let reach = 4.0 * self.h * gap.abs();
                let d = self.tree.nearest_from(self.surface, p, guess).2.sqrt();
                // Never zero inside: an inner skin touched is no outside.
                Some(d.min(reach).max(1e-9).copysign(gap))
            }
        }
    }
}
