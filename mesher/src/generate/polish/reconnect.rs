//! Edge removal and facet removal.
//!
//! An edge ab inside a region is surrounded by a ring of vertices; its cells are replaced by a triangulation
//! of that ring, joined to a and to b (3-2, 4-4, 5-6 … flips). An edge on a smooth surface is flipped in the
//! surface: the fan of cells on each side is replaced likewise, with the other diagonal on the surface. A fan
//! of a single flat cell simply disappears. The 2-3 flip is the reverse, facet removal.
//!
//! # Source
//! Klingner & Shewchuk (2007), Aggressive tetrahedral mesh improvement, Proc. 16th Int. Meshing Roundtable.

use super::super::body::{Cell, INSIDE};
use super::super::shape::{quality, volume6};
use super::Surgery;
use crate::Vec3;

/// Longest ring that is retriangulated: beyond it the gain is rare and the table grows with its cube.
const MAX_RING: usize = 8;

/// A surface may turn by at most this cosine when an edge on it is flipped (25°), and a cell that disappears may
/// be at most this part of its edge thick.
const MIN_TURN: f64 = 0.9;
const MAX_SKIN: f64 = 0.1;

/// Part of the cells around an edge ab: consecutive vertices, and the labels of the facets toward a and b.
struct Fan {
    /// Ring vertices in the sense of the edge; a closed ring does not repeat the first.
    ring: Vec<u32>,
    /// Cell between ring vertex i and the next.
    cells: Vec<u32>,
    /// Labels of the facets (next, ring, a) and (ring, next, b) beyond each side.
    sides: Vec<[u8; 2]>,
    region: u16,
}

impl Surgery<'_> {
    /// Removes the edge ab if the cells around it get better.
    pub(super) fn remove_edge(&mut self, a: u32, b: u32) -> bool {
        if self.spoiled[a as usize] || self.spoiled[b as usize] {
            return false;
        }
        let ring = self.ring(a, b);
        if ring.len() > MAX_RING || ring.is_empty() {
            return false;
        }
        let Some((fans, surface)) = self.fans(a, b, &ring) else { return false };
        let before = self.worst(&ring);
        match surface {
            None => {
                let Some((quality, born)) = self.fill(a, b, &fans[0]) else { return false };
                if quality <= before + 1e-6 {
                    return false;
                }
                self.replace(&ring, &born);
                true
            }
            Some(s) => self.flip_on_surface(a, b, &ring, fans, s, before),
        }
    }

    /// Sorts the cells around an edge into one closed ring (no surface) or one or two fans between two facets of one surface.
    fn fans(&self, a: u32, b: u32, cells: &[u32]) -> Option<(Vec<Fan>, Option<u8>)> {
        // (from, to, cell, label of the facet with `from`, of the one with `to`, of those with a and b)
        let mut links = Vec::with_capacity(cells.len());
        for &c in cells {
            let cell = self.cell(c);
            let (ia, ib) = (cell.local(a), cell.local(b));
            let [i, j] = super::other_two(ia, ib);
            links.push((
                cell.v[i],
                cell.v[j],
                c,
                cell.label[j],
                cell.label[i],
                [cell.label[ib], cell.label[ia]],
            ));
        }
        let starts: Vec<usize> = (0..links.len()).filter(|&i| links[i].3 != INSIDE).collect();
        let ends = links.iter().filter(|l| l.4 != INSIDE).count();
        if starts.len() != ends || starts.len() > 2 {
            return None;
        }
        let open = !starts.is_empty();
        let mut fans = Vec::new();
        let mut surface = None;
        let mut used = 0;
        for &first in if open { &starts[..] } else { &[0] } {
            let mut fan = Fan {
                ring: vec![links[first].0],
                cells: vec![],
                sides: vec![],
                region: self.cell(links[first].2).region,
            };
            let mut at = first;
            loop {
                let l = links[at];
                if self.cell(l.2).region != fan.region {
                    return None;
                }
                fan.cells.push(l.2);
                fan.sides.push(l.5);
                used += 1;
                let done = if open { l.4 != INSIDE } else { l.1 == fan.ring[0] };
                if open || !done {
                    fan.ring.push(l.1);
                }
                if done {
                    if open {
                        let s = links[first].3;
                        if s != l.4 || surface.is_some_and(|x| x != s) {
                            return None;
                        }
                        surface = Some(s);
                    }
                    break;
                }
                if used > links.len() {
                    return None;
                }
                at = links.iter().position(|n| n.0 == l.1)?;
            }
            fans.push(fan);
        }
        let whole = used == links.len();
        // Two fans must be the two sides of the same two facets.
        let matched = fans.len() < 2
            || fans[0].ring[0] == *fans[1].ring.last()? && fans[1].ring[0] == *fans[0].ring.last()?;
        (whole && matched && (open || links.len() > 2)).then_some((fans, surface))
    }

    /// Best triangulation of a fan, joined to a and b, with its worst quality.
    ///
    /// The side from the last ring vertex back to the first carries the label given last in `sides`.
    fn fill(&self, a: u32, b: u32, fan: &Fan) -> Option<(f64, Vec<Cell>)> {
        let n = fan.ring.len();
        let x: Vec<Vec3> = fan.ring.iter().map(|&v| self.body.points[v as usize]).collect();
        let (pa, pb) = (self.body.points[a as usize], self.body.points[b as usize]);
        let pair = |i: usize, j: usize, k: usize| {
            quality([x[i], x[j], x[k], pb]).min(quality([x[i], x[k], x[j], pa]))
        };
        // best[i][k]: worst quality of the best triangulation of the polygon i..=k.
        let mut best = vec![[(f64::INFINITY, 0usize); MAX_RING + 1]; n];
        for span in 2..n {
            for i in 0..n - span {
                let k = i + span;
                best[i][k] = (f64::NEG_INFINITY, 0);
                for j in i + 1..k {
                    let q = pair(i, j, k).min(best[i][j].0).min(best[j][k].0);
                    if best[i][k].0 < q {
                        best[i][k] = (q, j);
                    }
                }
            }
        }
        let worst = best[0][n - 1].0;
        if n > 2 && worst <= 0.0 {
            return None;
        }
        let side = |i: usize, j: usize| match (j == i + 1, i == 0 && j == n - 1) {
            (true, _) => fan.sides[i],
            (_, true) => fan.sides[n - 1],
            _ => [INSIDE; 2],
        };
        let mut born = Vec::with_capacity(2 * n);
        let mut todo = vec![(0, n - 1)];
        while let Some((i, k)) = todo.pop() {
            if k < i + 2 {
                continue;
            }
            let j = best[i][k].1;
            let (ij, jk, ik) = (side(i, j), side(j, k), side(i, k));
            let v = [fan.ring[i], fan.ring[j], fan.ring[k]];
            born.push(Cell {
                v: [v[0], v[1], v[2], b],
                label: [jk[1], ik[1], ij[1], INSIDE],
                region: fan.region,
            });
            born.push(Cell {
                v: [v[0], v[2], v[1], a],
                label: [jk[0], ij[0], ik[0], INSIDE],
                region: fan.region,
            });
            todo.push((i, j));
            todo.push((j, k));
        }
        Some((worst, born))
    }

    /// Replaces the edge ab on surface s by the edge between the far corners of its two facets on s.
    fn flip_on_surface(
        &mut self,
        a: u32,
        b: u32,
        ring: &[u32],
        mut fans: Vec<Fan>,
        s: u8,
        before: f64,
    ) -> bool {
        let (c, d) = (fans[0].ring[0], *fans[0].ring.last().expect("a fan has two ends"));
        if self.spoiled[c as usize] || self.spoiled[d as usize] || !self.turns_little(a, b, c, d) {
            return false;
        }
        // The edge cd may exist only in a cell that disappears.
        if self.stars.of(c).iter().any(|x| !ring.contains(x) && self.cell(*x).v.contains(&d)) {
            return false;
        }
        if fans
            .iter()
            .any(|f| f.cells.len() > 1 && f.ring[1..f.ring.len() - 1].iter().any(|v| *v == c || *v == d))
        {
            return false;
        }
        let (mut quality, mut born) = (f64::INFINITY, Vec::new());
        let mut outer = Vec::new();
        for fan in &mut fans {
            if fan.cells.len() == 1 {
                // The cell beyond each of its two other facets gets a facet on the surface.
                for (end, label) in [(a, fan.sides[0][0]), (b, fan.sides[0][1])] {
                    let face = [end, c, d];
                    let beyond = self
                        .stars
                        .of(c)
                        .iter()
                        .copied()
                        .find(|&x| x != fan.cells[0] && face.iter().all(|v| self.cell(x).v.contains(v)));
                    match beyond {
                        Some(x) if label == INSIDE && !ring.contains(&x) => outer.push((x, face)),
                        _ => return false,
                    }
                }
                continue;
            }
            fan.sides.push([s; 2]);
            let Some((q, cells)) = self.fill(a, b, fan) else { return false };
            quality = quality.min(q);
            born.extend(cells);
        }
        if quality <= before + 1e-6 {
            return false;
        }
        for (x, face) in outer {
            let cell = &mut self.body.cells[x as usize];
            let i = (0..4)
                .find(|&i| !face.contains(&cell.v[i]))
                .expect("the facet has three of the four corners");
            cell.label[i] = s;
        }
        self.replace(ring, &born);
        true
    }

    /// Whether swapping the edge ab for cd leaves a surface in place: hardly turned, hardly shifted.
    fn turns_little(&self, a: u32, b: u32, c: u32, d: u32) -> bool {
        let [a, b, c, d] = [a, b, c, d].map(|v| self.body.points[v as usize]);
        let normal = |p: Vec3, q: Vec3, r: Vec3| (q - p).cross(&(r - p));
        let old = [normal(a, b, c), normal(b, a, d)];
        let now = [normal(c, a, d), normal(d, b, c)];
        let mean = (old[0] + old[1]).normalize();
        let skin = volume6([a, b, c, d]).abs() / (old[0] + old[1]).norm();
        now.iter().chain(&old).all(|n| MIN_TURN * n.norm() < n.dot(&mean)) && skin < MAX_SKIN * self.h
    }

    /// The 2-3 flip: removes the facet of cell c opposite to its corner i.
    pub(super) fn remove_facet(&mut self, c: u32, i: usize) -> bool {
        let cell = *self.cell(c);
        let f = [cell.v[(i + 1) % 4], cell.v[(i + 2) % 4], cell.v[(i + 3) % 4]];
        if cell.label[i] != INSIDE || f.iter().chain([&cell.v[i]]).any(|&v| self.spoiled[v as usize]) {
            return false;
        }
        let Some(other) = self
            .stars
            .of(f[0])
            .iter()
            .copied()
            .find(|&x| x != c && f.iter().all(|v| self.cell(x).v.contains(v)))
        else {
            return false;
        };
        let beyond = *self.cell(other);
        let j = (0..4).find(|&j| !f.contains(&beyond.v[j])).expect("the facet has three of the four corners");
        let (top, low) = (cell.v[i], beyond.v[j]);
        if beyond.region != cell.region || self.stars.of(top).iter().any(|&x| self.cell(x).v.contains(&low)) {
            return false;
        }
        let before = self.worst(&[c, other]);
        let mut born = Vec::with_capacity(3);
        for corner in f {
            // The cell with that corner replaced by the far vertex keeps its place in the orientation.
            let mut part = cell;
            let at = cell.local(corner);
            part.v[at] = low;
            part.label = [INSIDE; 4];
            part.label[i] = beyond.label[beyond.local(corner)];
            part.label[at] = cell.label[at];
            if self.body.quality(&part.v) <= before + 1e-6 {
                return false;
            }
            born.push(part);
        }
        self.replace(&[c, other], &born);
        true
    }
}
