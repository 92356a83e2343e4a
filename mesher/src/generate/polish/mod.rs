//! Better angles without leaving the surfaces.
//!
//! Vertices first take their seats on the surfaces. Then rounds of: reconnect bad cells (edge removal, facet removal, edge collapse), then move the vertices of bad
//! cells, each within the surfaces it lies on. Every operation is taken only when the worst angle of the
//! cells it touches gets better, so quality never falls; nothing happens where all is well.

mod collapse;
mod reconnect;
mod seat;
mod smooth;

use super::body::{Body, Cell};
use super::topology::Buckets;
use crate::geometry::Field;
use rayon::prelude::*;

/// Cells with a dihedral sine below this are worked on: sin 14°.
const BAD: f64 = 0.242;

/// Rounds on all bad cells; later rounds change little.
const ROUNDS: usize = 5;

/// Further rounds while a cell is worse than [`GOAL`] and the count of such cells still falls.
const EXTRA_ROUNDS: usize = 10;

/// What every cell should reach: sin 9°, a degree above the promise.
const GOAL: f64 = 0.156;

/// Improves the cells of a body in place; `h` is the lattice spacing in mm.
pub(super) fn polish(body: &mut Body, fields: &[&dyn Field], h: f64) {
    // What gets flat by this is polished next.
    seat::seat(body, fields, h, 0.05);
    let mut last = usize::MAX;
    for round in 0..ROUNDS + EXTRA_ROUNDS {
        let limit = if round < ROUNDS { BAD } else { GOAL };
        let bad = bad_cells(body, limit);
        if bad.is_empty() {
            break;
        }
        if ROUNDS <= round {
            if last <= bad.len() {
                break;
            }
            last = bad.len();
        }
        let mut surgery = Surgery::new(body, h);
        for &(_, c) in &bad {
            surgery.treat(c);
        }
        surgery.close();
        let bad = bad_cells(body, limit);
        smooth::smooth(body, fields, &bad, h);
    }
    // What a flat cell kept from its surface goes there now that the cell is better.
    seat::seat(body, fields, h, GOAL);
    body.compact();
}

/// Cells below a limit, worst first.
fn bad_cells(body: &Body, limit: f64) -> Vec<(f64, u32)> {
    let mut bad: Vec<(f64, u32)> = (0..body.cells.len() as u32)
        .into_par_iter()
        .map(|c| (body.quality(&body.cells[c as usize].v), c))
        .filter(|(q, _)| *q < limit)
        .collect();
    bad.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    bad
}

/// Changes of connection, one after another, on stars as they were at the start of the round.
///
/// A change spoils the stars of all vertices of the cells it touches; they are left alone until the next round.
struct Surgery<'a> {
    body: &'a mut Body,
    stars: Buckets<u32>,
    spoiled: Vec<bool>,
    dead: Vec<bool>,
    h: f64,
}

impl<'a> Surgery<'a> {
    fn new(body: &'a mut Body, h: f64) -> Self {
        let stars = body.stars();
        let (n, m) = (body.points.len(), body.cells.len());
        Self { body, stars, spoiled: vec![false; n], dead: vec![false; m], h }
    }

    /// Tries everything on a bad cell, until something helps.
    fn treat(&mut self, c: u32) {
        if self.dead[c as usize] {
            return;
        }
        let v = self.body.cells[c as usize].v;
        for [i, j] in crate::mesh::EDGE_CORNERS {
            if self.remove_edge(v[i], v[j]) {
                return;
            }
        }
        for i in 0..4 {
            if self.remove_facet(c, i) {
                return;
            }
        }
        for [i, j] in crate::mesh::EDGE_CORNERS {
            if self.collapse(v[i], v[j]) || self.collapse(v[j], v[i]) {
                return;
            }
        }
    }

    /// Cells around the edge ab; needs an unspoiled `a`.
    fn ring(&self, a: u32, b: u32) -> Vec<u32> {
        self.stars.of(a).iter().copied().filter(|&c| self.cell(c).v.contains(&b)).collect()
    }

    fn cell(&self, c: u32) -> &Cell {
        &self.body.cells[c as usize]
    }

    /// Smallest quality of existing cells.
    fn worst(&self, cells: &[u32]) -> f64 {
        cells.iter().map(|&c| self.body.quality(&self.cell(c).v)).fold(1.0, f64::min)
    }

    /// Puts `born` in the place of `gone` and spoils their vertices.
    fn replace(&mut self, gone: &[u32], born: &[Cell]) {
        for &c in gone {
            self.dead[c as usize] = true;
            for v in self.body.cells[c as usize].v {
                self.spoiled[v as usize] = true;
            }
        }
        for (i, &cell) in born.iter().enumerate() {
            // Reusing places keeps neighbors near in memory.
            if let Some(&c) = gone.get(i) {
                self.body.cells[c as usize] = cell;
                self.dead[c as usize] = false;
            } else {
                self.body.cells.push(cell);
                self.dead.push(false);
            }
        }
    }

    /// Drops the dead cells.
    fn close(self) {
        let mut c = 0;
        self.body.cells.retain(|_| {
            c += 1;
            !self.dead[c - 1]
        });
    }
}

/// The two other local numbers, ordered so that (i, j, first, second) is an even permutation.
fn other_two(i: usize, j: usize) -> [usize; 2] {
    let mut rest = (0..4).filter(|&k| k != i && k != j);
    let (p, q) = (rest.next().unwrap_or(0), rest.next().unwrap_or(0));
    let order = [i, j, p, q];
    let inversions: usize = (0..4).map(|m| (0..m).filter(|&k| order[k] > order[m]).count()).sum();
    if inversions.is_multiple_of(2) { [p, q] } else { [q, p] }
}

impl Cell {
    /// Local number of a vertex.
    fn local(&self, v: u32) -> usize {
        self.v.iter().position(|&x| x == v).expect("only asked for vertices of the cell")
    }
}
