//! How far surfaces that touch overlap: around nodes, in the mean, and point by point.
//!
//! What the multipliers hold is the mean around each node, weighted by its function. Where all of a facet is closed that is
//! as good as every point: the slave has as many displacements as there are means. In a facet that is closed in part the
//! mean of a node takes in points that are open, so others may overlap, and where the master's facets meet in a kink
//! within a facet of the slave, the two cannot follow each other. Both shrink with the element size: at the rim of a
//! smooth contact as h², at the edge of a punch, where the pressure has no bound, as h.

use super::law::{Law, Status};
use super::mortar::opening;
use super::pair::Pair;
use dens_mesher::Vec3;
use rayon::prelude::*;

/// Overlap of two surfaces.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overlap {
    /// Largest mean overlap around a node that touches, mm.
    pub mean: f64,
    /// The same over the local element size.
    pub relative_mean: f64,
    /// Largest overlap of any integration point of facets that touch at all their nodes, over the local element size.
    pub relative_closed: f64,
    /// Largest overlap of any integration point, mm.
    pub deepest: f64,
    /// Largest overlap of any integration point over the local element size.
    pub relative_deepest: f64,
    /// Place of the deepest point on the undeformed slave, mm.
    pub place: Vec3,
}

impl Pair {
    /// Overlap at given displacements; that of a tie is zero.
    pub fn overlap(&self, displacements: &[Vec3]) -> Overlap {
        let mut out = Overlap::default();
        if self.options.law == Law::Bonded {
            return out;
        }
        let mut closed = vec![false; self.slave.nodes.len()];
        for (row, n) in self.mortar.rows.iter().zip(self.nodes(displacements)) {
            closed[row.node as usize] = n.status != Status::Open;
        }
        for n in self.nodes(displacements).iter().filter(|n| n.status != Status::Open) {
            out.mean = out.mean.max(-n.gap);
            out.relative_mean = out.relative_mean.max(-n.gap / n.size);
        }
        let facets: Vec<(f64, Vec3)> =
            (0..self.slave.facets.len()).into_par_iter().map(|f| self.deepest(f, displacements)).collect();
        for ((depth, place), facet) in facets.into_iter().zip(&self.slave.facets) {
            if facet.nodes.iter().all(|n| closed[*n as usize]) {
                out.relative_closed = out.relative_closed.max(depth / facet.size);
            }
            out.relative_deepest = out.relative_deepest.max(depth / facet.size);
            if out.deepest < depth {
                (out.deepest, out.place) = (depth, place);
            }
        }
        out
    }

    /// Largest overlap of a facet's points and its place.
    fn deepest(&self, number: usize, displacements: &[Vec3]) -> (f64, Vec3) {
        let facet = &self.slave.facets[number];
        let (shape, space) = (facet.cell(), self.space());
        let count = space.count(shape);
        let moved = |node: u32| {
            let local = |nodes: &[u32]| nodes.binary_search(&node).ok();
            let (before, now) = match (local(&self.slave.nodes), local(&self.master.nodes)) {
                (Some(k), _) => (self.paired.slave[k], self.slave.points[k]),
                (None, Some(k)) => (self.paired.master[k], self.master.points[k]),
                (None, None) => return Vec3::zeros(),
            };
            now + displacements[node as usize] - before
        };
        let mut worst = (0.0, Vec3::zeros());
        for p in &self.paired.points[number] {
            let phi = space.values(shape, p.slave);
            let added: f64 =
                facet.nodes[..count].iter().zip(phi).map(|(n, phi)| phi * self.added(*n as usize)).sum();
            let depth = -(p.gap + added + opening(self.sides(&self.paired), number, p, moved));
            if worst.0 < depth {
                let x = facet.points(&self.slave.points);
                let n = super::pairing::values(shape, facet.nodes.len(), p.slave);
                worst = (depth, x.iter().zip(n).take(facet.nodes.len()).map(|(x, n)| n * x).sum());
            }
        }
        worst
    }
}
