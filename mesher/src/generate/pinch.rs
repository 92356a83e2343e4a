//! Bodies that touch themselves along an edge or at a vertex, made surfaces again.

use super::MeshError;
use super::body::{Body, Cell, INSIDE, pair};
use super::topology::{Groups, NONE};
use rayon::prelude::*;

impl Body {
    /// Parts the body where it hangs together by an edge or a vertex only.
    ///
    /// An edge with two fans of cells is split in the middle, once for each fan; a vertex whose cells hang
    /// together by it alone is doubled. What bore no load before bears none now, and the boundary is a surface.
    pub(super) fn open_pinches(&mut self) -> Result<(), MeshError> {
        for _ in 0..4 {
            let doubled = self.double_vertices()?;
            let pinches = self.pinched_edges()?;
            if pinches.is_empty() {
                if doubled == 0 {
                    return Ok(());
                }
                continue;
            }
            // Edges that share a vertex wait for the next pass: splitting one changes the cells of the other.
            let mut busy = vec![false; self.points.len()];
            let stars = self.stars();
            for [a, b] in pinches {
                let ring: Vec<u32> =
                    stars.of(a).iter().copied().filter(|&c| self.cells[c as usize].v.contains(&b)).collect();
                if ring.iter().any(|&c| self.cells[c as usize].v.iter().any(|&v| busy[v as usize])) {
                    continue;
                }
                for &c in &ring {
                    self.cells[c as usize].v.iter().for_each(|&v| busy[v as usize] = true);
                }
                self.split_fans(a, b, &ring);
            }
        }
        self.double_vertices()?;
        Ok(())
    }

    /// Splits the edge ab of the cells in `ring`, with a vertex of its own for each fan of face-connected cells.
    fn split_fans(&mut self, a: u32, b: u32, ring: &[u32]) {
        let others = |c: u32, cells: &[Cell]| -> Vec<u32> {
            cells[c as usize].v.iter().copied().filter(|&v| v != a && v != b).collect()
        };
        let mut groups = Groups::new(ring.len());
        for i in 0..ring.len() {
            for j in 0..i {
                let (x, y) = (others(ring[i], &self.cells), others(ring[j], &self.cells));
                if x.iter().any(|v| y.contains(v)) {
                    groups.join(i as u32, j as u32);
                }
            }
        }
        let mut middle = vec![NONE; ring.len()];
        for (i, &c) in ring.iter().enumerate() {
            let fan = groups.find(i as u32) as usize;
            if middle[fan] == NONE {
                middle[fan] = self.points.len() as u32;
                self.points.push(0.5 * (self.points[a as usize] + self.points[b as usize]));
                self.on.push(self.on[a as usize] & self.on[b as usize]);
            }
            let m = middle[fan];
            let whole = self.cells[c as usize];
            let at =
                |v: u32| whole.v.iter().position(|&x| x == v).expect("the cell is in the ring of the edge");
            let (ia, ib) = (at(a), at(b));
            let mut near_a = whole;
            near_a.v[ib] = m;
            near_a.label[ia] = INSIDE;
            let mut near_b = whole;
            near_b.v[ia] = m;
            near_b.label[ib] = INSIDE;
            self.cells[c as usize] = near_a;
            self.cells.push(near_b);
        }
    }

    /// Boundary edges with more than two boundary facets, in order.
    fn pinched_edges(&self) -> Result<Vec<[u32; 2]>, MeshError> {
        let corners = self.corners();
        let next = pair(&self.points, &corners)?;
        let mut edges = Vec::new();
        for (c, v) in corners.iter().enumerate() {
            for i in (0..4).filter(|&i| next[c][i] == NONE) {
                let f = [v[(i + 1) % 4], v[(i + 2) % 4], v[(i + 3) % 4]];
                edges.extend((0..3).map(|k| [f[k].min(f[(k + 1) % 3]), f[k].max(f[(k + 1) % 3])]));
            }
        }
        edges.par_sort_unstable();
        Ok(edges.chunk_by(|a, b| a == b).filter(|same| same.len() > 2).map(|same| same[0]).collect())
    }

    /// Gives every face-connected group of cells at a vertex its own copy of the vertex; returns the copies made.
    fn double_vertices(&mut self) -> Result<usize, MeshError> {
        let corners = self.corners();
        let next = pair(&self.points, &corners)?;
        // Only vertices of the outer boundary can have more than one group.
        let mut outer = vec![false; self.points.len()];
        for (c, v) in corners.iter().enumerate() {
            for i in (0..4).filter(|&i| next[c][i] == NONE) {
                (1..4).for_each(|k| outer[v[(i + k) % 4] as usize] = true);
            }
        }
        let stars = self.stars();
        let mut copies = 0;
        for v in (0..outer.len() as u32).filter(|&v| outer[v as usize]) {
            let star = stars.of(v);
            let mut groups = Groups::new(star.len());
            for (i, &c) in star.iter().enumerate() {
                for k in (0..4).filter(|&k| corners[c as usize][k] != v) {
                    if let Ok(j) = star.binary_search(&next[c as usize][k]) {
                        groups.join(i as u32, j as u32);
                    }
                }
            }
            let mut copy = vec![NONE; star.len()];
            for (i, &c) in star.iter().enumerate() {
                let group = groups.find(i as u32) as usize;
                if group == 0 {
                    continue;
                }
                if copy[group] == NONE {
                    copy[group] = self.points.len() as u32;
                    self.points.push(self.points[v as usize]);
                    self.on.push(self.on[v as usize]);
                    copies += 1;
                }
                for x in self.cells[c as usize].v.iter_mut().filter(|x| **x == v) {
                    *x = copy[group];
                }
            }
        }
        Ok(copies)
    }
}
