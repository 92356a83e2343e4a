//! Bodies that touch themselves along an edge or at a vertex, made surfaces again.

use super::MeshError;
use super::body::{Body, Cell, INSIDE, pair};
use super::topology::{Groups, NONE};
use rayon::prelude::*;

impl Body {
    /// Parts the body where it hangs together by an edge or a vertex only; returns the cells beyond each facet.
    ///
    /// An edge with two fans of cells is split in the middle, once for each fan; a vertex whose cells hang
    /// together by it alone is doubled. What bore no load before bears none now, and the boundary is a surface.
    pub(super) fn open_pinches(&mut self) -> Result<Vec<[u32; 4]>, MeshError> {
        let mut next = pair(&self.points, &self.corners())?;
        // Edges that share a vertex wait for the next pass; more than a few do not meet.
        for _ in 0..8 {
            let facets = self.boundary(&next);
            let edges = pinched_edges(&facets);
            if edges.is_empty() {
                if self.double_vertices(&next, &pinched_vertices(&facets)) == 0 {
                    break;
                }
            } else {
                self.split_edges(&edges);
            }
            next = pair(&self.points, &self.corners())?;
        }
        Ok(next)
    }

    /// Corners of the facets without a cell beyond, in the sense of the cell or against it.
    fn boundary(&self, next: &[[u32; 4]]) -> Vec<[u32; 3]> {
        let facets = |(c, next): (usize, &[u32; 4])| {
            let (v, next) = (self.cells[c].v, *next);
            (0..4).filter(move |&i| next[i] == NONE).map(move |i| [1, 2, 3].map(|k| v[(i + k) % 4]))
        };
        next.par_iter().enumerate().flat_map_iter(facets).collect()
    }

    fn split_edges(&mut self, edges: &[[u32; 2]]) {
        let mut busy = vec![false; self.points.len()];
        let stars = self.stars();
        for &[a, b] in edges {
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

    /// Gives every face-connected group of cells at a vertex its own copy of the vertex; returns the copies made.
    fn double_vertices(&mut self, next: &[[u32; 4]], vertices: &[u32]) -> usize {
        if vertices.is_empty() {
            return 0;
        }
        let stars = self.stars();
        let mut copies = 0;
        for &v in vertices {
            let star = stars.of(v);
            let mut groups = Groups::new(star.len());
            for (i, &c) in star.iter().enumerate() {
                // The facet opposite to v leaves the star; beyond the others is a cell of it, or none.
                for n in next[c as usize] {
                    if let Ok(j) = star.binary_search(&n) {
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
        copies
    }
}

/// Edges with more than two boundary facets, in order.
fn pinched_edges(facets: &[[u32; 3]]) -> Vec<[u32; 2]> {
    let mut edges: Vec<[u32; 2]> = facets
        .par_iter()
        .flat_map_iter(|f| [[f[0], f[1]], [f[1], f[2]], [f[2], f[0]]].map(|[a, b]| [a.min(b), a.max(b)]))
        .collect();
    edges.par_sort_unstable();
    edges.chunk_by(|a, b| a == b).filter(|same| same.len() > 2).map(|same| same[0]).collect()
}

/// Vertices whose boundary facets make more than one fan, in order; every edge has two facets.
fn pinched_vertices(facets: &[[u32; 3]]) -> Vec<u32> {
    let mut corners: Vec<[u32; 3]> =
        facets.par_iter().flat_map_iter(|f| (0..3).map(|i| [f[i], f[(i + 1) % 3], f[(i + 2) % 3]])).collect();
    corners.par_sort_unstable();
    let fans: Vec<&[[u32; 3]]> = corners.chunk_by(|a, b| a[0] == b[0]).collect();
    let more_than_one = |fan: &&&[[u32; 3]]| {
        // From facet to facet across edges at the vertex, until the first comes again.
        let mut seen = vec![false; fan.len()];
        let (mut across, mut n) = (fan[0][2], 1);
        seen[0] = true;
        while let Some(i) = (0..fan.len()).find(|&i| !seen[i] && fan[i][1..].contains(&across)) {
            across = if fan[i][1] == across { fan[i][2] } else { fan[i][1] };
            seen[i] = true;
            n += 1;
        }
        n < fan.len()
    };
    fans.par_iter().filter(more_than_one).map(|fan| fan[0][0]).collect()
}
