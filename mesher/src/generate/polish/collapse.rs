//! Edge collapse: one vertex moved onto a neighbor.

use super::super::body::{Cell, INSIDE};
use super::super::project::bits;
use super::Surgery;
use crate::Vec3;

/// Cosine of the largest turn of a facet on a surface (25°).
const MIN_TURN: f64 = 0.9;

impl Surgery<'_> {
    /// Moves `a` onto `b` and drops the cells between, if all cells left around them are better than the worst before.
    pub(super) fn collapse(&mut self, a: u32, b: u32) -> bool {
        if self.spoiled[a as usize] || self.spoiled[b as usize] {
            return false;
        }
        let ring = self.ring(a, b);
        if ring.is_empty() || !self.stays_on_surfaces(a, b, &ring) || !self.links_match(a, b, &ring) {
            return false;
        }
        let star: Vec<u32> = self.stars.of(a).to_vec();
        let before = self.worst(&ring);
        let mut born = Vec::with_capacity(star.len());
        for &c in star.iter().filter(|c| !ring.contains(c)) {
            let mut cell = *self.cell(c);
            let i = cell.local(a);
            cell.v[i] = b;
            if self.body.quality(&cell.v) <= before + 1e-6 || !self.facets_turn_little(self.cell(c), &cell) {
                return false;
            }
            born.push(cell);
        }
        // The two facets of a lost cell that do not contain ab become one; it keeps the label of either.
        let mut beyond_b = Vec::new();
        for &c in &ring {
            let cell = *self.cell(c);
            let (near_a, near_b) = (cell.label[cell.local(b)], cell.label[cell.local(a)]);
            if near_a == INSIDE && near_b == INSIDE {
                continue;
            }
            let far: Vec<u32> = cell.v.iter().copied().filter(|&v| v != a && v != b).collect();
            if near_a != INSIDE && near_b != INSIDE {
                return false;
            }
            let label = if near_a != INSIDE { near_a } else { near_b };
            let opposite = |x: &Cell| x.v.contains(&b) && far.iter().all(|v| x.v.contains(v));
            if let Some(x) = born.iter_mut().find(|x| opposite(x)) {
                let i = (0..4)
                    .find(|&i| x.v[i] != b && !far.contains(&x.v[i]))
                    .expect("a cell has a fourth corner");
                x.label[i] = label;
            }
            let other =
                self.stars.of(b).iter().copied().find(|x| !ring.contains(x) && opposite(self.cell(*x)));
            if let Some(x) = other {
                let i = (0..4)
                    .find(|&i| self.cell(x).v[i] != b && !far.contains(&self.cell(x).v[i]))
                    .expect("a cell has a fourth corner");
                beyond_b.push((x, i, label));
            }
        }
        for (x, i, label) in beyond_b {
            self.body.cells[x as usize].label[i] = label;
        }
        self.replace(&star, &born);
        true
    }

    /// Whether the edge ab lies on every surface of `a`, as facets and not as a chord.
    fn stays_on_surfaces(&self, a: u32, b: u32, ring: &[u32]) -> bool {
        bits(self.body.on[a as usize]).all(|s| {
            ring.iter().any(|&c| {
                let cell = self.cell(c);
                (0..4).any(|i| usize::from(cell.label[i]) == s && cell.v[i] != a && cell.v[i] != b)
            })
        })
    }

    /// The link condition: what a and b both see, the edge ab sees too; else the collapse changes the topology.
    fn links_match(&self, a: u32, b: u32, ring: &[u32]) -> bool {
        let around = |v: u32| -> Vec<u32> {
            let mut seen: Vec<u32> =
                self.stars.of(v).iter().flat_map(|&c| self.cell(c).v).filter(|&w| w != a && w != b).collect();
            seen.sort_unstable();
            seen.dedup();
            seen
        };
        let (near_a, near_b) = (around(a), around(b));
        let mut of_edge: Vec<u32> =
            ring.iter().flat_map(|&c| self.cell(c).v).filter(|&w| w != a && w != b).collect();
        of_edge.sort_unstable();
        of_edge.dedup();
        if near_a
            .iter()
            .filter(|w| near_b.binary_search(w).is_ok())
            .any(|w| of_edge.binary_search(w).is_err())
        {
            return false;
        }
        // Edges opposite to a and to b at once must belong to a cell of the ring; the same for facets on surfaces.
        let pairs = |v: u32, labeled: bool| -> Vec<[u32; 2]> {
            let mut found = Vec::new();
            for &c in self.stars.of(v) {
                let cell = self.cell(c);
                let i = cell.local(v);
                for k in (0..4).filter(|&k| k != i && (!labeled || cell.label[k] != INSIDE)) {
                    let [p, q] = super::other_two(i, k).map(|n| cell.v[n]);
                    found.push([p.min(q), p.max(q)]);
                }
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        let (of_a, of_b) = (pairs(a, false), pairs(b, false));
        let shared = of_a.iter().filter(|e| !e.contains(&b) && of_b.binary_search(e).is_ok());
        for e in shared {
            if !ring.iter().any(|&c| e.iter().all(|v| self.cell(c).v.contains(v))) {
                return false;
            }
        }
        let on_surface = |v: u32| -> Vec<u32> {
            let mut ends: Vec<u32> = pairs(v, true).into_iter().flatten().collect();
            ends.sort_unstable();
            ends.dedup();
            ends
        };
        let (rim_a, rim_b) = (on_surface(a), on_surface(b));
        let both = rim_a.iter().filter(|w| **w != b && rim_b.binary_search(w).is_ok());
        let mut facet_ends = both.map(|w| {
            ring.iter().any(|&c| {
                let cell = self.cell(c);
                (0..4).any(|i| {
                    cell.label[i] != INSIDE
                        && [a, b, *w].iter().all(|v| cell.v.contains(v) && cell.v[i] != *v)
                })
            })
        });
        let touching = !rim_a.is_empty() && !rim_b.is_empty() && !rim_a.contains(&b);
        !touching && facet_ends.all(|ok| ok)
    }

    fn facets_turn_little(&self, old: &Cell, now: &Cell) -> bool {
        (0..4).filter(|&i| old.label[i] != INSIDE).all(|i| {
            let normal = |c: &Cell| {
                let p = self.body.corner_points(&c.v);
                let (q, r, s): (Vec3, Vec3, Vec3) = (p[(i + 1) % 4], p[(i + 2) % 4], p[(i + 3) % 4]);
                (r - q).cross(&(s - q))
            };
            let (m, n) = (normal(old), normal(now));
            MIN_TURN * m.norm() * n.norm() < m.dot(&n)
        })
    }
}
