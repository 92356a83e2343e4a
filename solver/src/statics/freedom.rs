//! Motions of parts that no support or equation resists.
//!
//! ```text
//! piece i moves as  uᵢ(x) = tᵢ + ωᵢ × (x − cᵢ)        a node without a cell moves as t
//! rows: supports, equations, springs, and nodes that several pieces share        G = Σ row rowᵀ, scaled to unit diagonal
//! free motions = null space of G, by Cholesky factorisation with diagonal pivoting
//! ```
//! A piece is a set of cells that hang together by facets; pieces that meet in an edge or a node only are hinged.

use super::elimination::{Elimination, Role};
use super::{Body, Constraints};
use crate::loads::rigidity::direction;
use dens_mesher::Vec3;
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use std::fmt;

/// Pivots below this are free motions: a support whose lever is 1e-4 of the piece's size still counts.
const FREE: f64 = 1e-10;

/// Pieces that hang together in a group too large to be analyzed; the factorisation then finds what is free.
const MANY: usize = 300;

/// Motion of cells that costs nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct FreeMotion {
    /// Lowest cell number of each piece that moves, the fastest piece first. Pieces are cells that hang
    /// together by facets.
    pub pieces: Vec<u32>,
    /// Nodes without a cell that move.
    pub nodes: Vec<u32>,
    /// Center of the fastest piece (or node), mm.
    pub center: [f64; 3],
    /// Translation of that center, relative to `rotation`.
    pub translation: [f64; 3],
    /// Rotation vector of the fastest piece times its size.
    pub rotation: [f64; 3],
}

impl FreeMotion {
    /// The motion in words, for instance `can move along (1.00 0.00 0.00)`.
    pub fn motion(&self) -> String {
        let (t, r) = (Vec3::from(self.translation), Vec3::from(self.rotation));
        let mut words = Vec::new();
        if 0.05 * r.norm() < t.norm() {
            words.push(format!("move along {}", direction(t)));
        }
        if 0.05 * t.norm() < r.norm() {
            words.push(format!("turn about {}", direction(r)));
        }
        format!("can {}", words.join(" and "))
    }
}

impl fmt::Display for FreeMotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pieces.as_slice(), self.nodes.as_slice()) {
            ([], []) => write!(f, "nothing")?,
            ([], nodes) => write!(f, "node {}", nodes[0])?,
            ([one], _) => write!(f, "the part with cell {one}")?,
            ([first, rest @ ..], _) => write!(f, "the part with cell {first} and {} others", rest.len())?,
        }
        write!(f, " {}", self.motion())
    }
}

/// A piece or a node without a cell.
struct Mover {
    center: Vec3,
    /// Scales rotations, mm; zero for a node, which has none.
    size: f64,
    /// Lowest cell, or the node.
    name: u32,
}

impl Mover {
    fn n_modes(&self) -> usize {
        if 0.0 < self.size { 6 } else { 3 }
    }
}

/// A condition Σ coefficient · e·u(x) = 0 on movers.
struct Row {
    /// (mover, coefficients of its modes).
    entries: Vec<(u32, [f64; 6])>,
}

/// Every motion that nothing resists.
pub(crate) fn free_motions(
    body: &Body,
    constraints: &Constraints,
    elimination: &Elimination,
) -> Vec<FreeMotion> {
    let mesh = body.mesh();
    let piece_of_cell = pieces(body);
    let n_pieces = piece_of_cell.iter().max().map_or(0, |m| *m as usize + 1);
    // Pieces at each node.
    let mut at_node: Vec<(u32, u32)> = (0..mesh.n_cells())
        .flat_map(|cell| mesh.cell(cell).iter().map(move |&node| (node, cell)))
        .map(|(node, cell)| (node, piece_of_cell[cell]))
        .collect();
    at_node.par_sort_unstable();
    at_node.dedup();
    let mut movers = piece_movers(body, &piece_of_cell, n_pieces, &at_node);
    let mut mover_of = vec![u32::MAX; mesh.n_nodes()];
    for &(node, piece) in at_node.iter().rev() {
        mover_of[node as usize] = piece;
    }
    for (node, own) in mover_of.iter_mut().enumerate() {
        let idle = elimination.roles[3 * node..3 * node + 3].iter().all(|r| *r == Role::Idle);
        if *own == u32::MAX && !idle {
            *own = movers.len() as u32;
            movers.push(Mover { center: mesh.points()[node], size: 0.0, name: node as u32 });
        }
    }
    let modes = |mover: u32, node: usize, e: Vec3, coefficient: f64| {
        let m = &movers[mover as usize];
        let arm = if 0.0 < m.size { (mesh.points()[node] - m.center) / m.size } else { Vec3::zeros() };
        let turn = arm.cross(&e);
        (mover, [e.x, e.y, e.z, turn.x, turn.y, turn.z].map(|v| coefficient * v))
    };
    let mut rows = Vec::new();
    for shared in at_node.chunk_by(|a, b| a.0 == b.0).filter(|c| 1 < c.len()) {
        let node = shared[0].0 as usize;
        for (pair, axis) in shared.windows(2).flat_map(|p| (0..3).map(move |axis| (p, axis))) {
            let e = Vec3::ith(axis, 1.0);
            rows.push(Row { entries: vec![modes(pair[0].1, node, e, 1.0), modes(pair[1].1, node, e, -1.0)] });
        }
    }
    let axis_of = |node: usize, axis: usize| elimination.frame(node).column(axis).into_owned();
    for dof in &constraints.supports {
        let node = dof.node as usize;
        let e = axis_of(node, usize::from(dof.axis));
        rows.push(Row { entries: vec![modes(mover_of[node], node, e, 1.0)] });
    }
    for (dof, role) in elimination.roles.iter().enumerate() {
        match role {
            // The idle axes of a node that is used in others cannot move.
            Role::Idle if mover_of[dof / 3] != u32::MAX => {
                rows.push(Row {
                    entries: vec![modes(mover_of[dof / 3], dof / 3, axis_of(dof / 3, dof % 3), 1.0)],
                });
            }
            Role::Eliminated(e) => {
                let terms = elimination.dependents[*e as usize].terms.iter().map(|&(d, c)| (d as usize, c));
                let all: Vec<(usize, f64)> = terms.chain([(dof, -1.0)]).collect();
                let scale = 1.0 / all.iter().fold(0.0_f64, |m, t| m.max(t.1.abs()));
                let entries =
                    all.iter().map(|&(d, c)| modes(mover_of[d / 3], d / 3, axis_of(d / 3, d % 3), scale * c));
                rows.push(Row { entries: merged(entries.collect()) });
            }
            _ => {}
        }
    }
    for spring in body.springs().iter().filter(|s| s.law.at(0.0).1 != 0.0) {
        let held = spring.ends.iter().filter(|(node, _)| mover_of[*node as usize] != u32::MAX);
        let entries = held.map(|&(node, g)| modes(mover_of[node as usize], node as usize, g, 1.0));
        let entries = merged(entries.collect());
        if !entries.is_empty() {
            rows.push(Row { entries });
        }
    }
    let mut out = Vec::new();
    for (members, rows) in groups(movers.len(), rows) {
        if members.len() <= MANY {
            let null = null_space(&gram(&movers, &members, &rows));
            out.extend(null.iter().map(|v| describe(&movers, &members, v)));
        }
    }
    out
}

/// Sums the entries of the same mover.
fn merged(mut entries: Vec<(u32, [f64; 6])>) -> Vec<(u32, [f64; 6])> {
    entries.sort_by_key(|e| e.0);
    entries.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1.iter_mut().zip(later.1).for_each(|(a, b)| *a += b);
        }
        same
    });
    entries
}

/// Number of the piece of each cell; pieces are numbered by their lowest cell.
fn pieces(body: &Body) -> Vec<u32> {
    let mesh = body.mesh();
    // Three lowest corners name a facet: two facets of a mesh that share three corners are the same.
    let mut facets: Vec<([u32; 3], u32)> = (0..mesh.n_cells())
        .into_par_iter()
        .with_min_len(1024)
        .flat_map_iter(|cell| {
            let nodes = mesh.cell(cell);
            mesh.shapes()[cell].cell().facets().iter().map(move |facet| {
                let mut corners = [u32::MAX; 4];
                corners.iter_mut().zip(*facet).for_each(|(c, &i)| *c = nodes[i]);
                corners.sort_unstable();
                ([corners[0], corners[1], corners[2]], cell as u32)
            })
        })
        .collect();
    facets.par_sort_unstable();
    let mut union = Union::new(mesh.n_cells());
    for same in facets.chunk_by(|a, b| a.0 == b.0) {
        same.windows(2).for_each(|pair| union.join(pair[0].1, pair[1].1));
    }
    union.numbers()
}

fn piece_movers(body: &Body, piece_of_cell: &[u32], n_pieces: usize, at_node: &[(u32, u32)]) -> Vec<Mover> {
    let points = body.mesh().points();
    let mut sums = vec![(Vec3::zeros(), 0.0); n_pieces];
    for &(node, piece) in at_node {
        let sum = &mut sums[piece as usize];
        sum.0 += points[node as usize];
        sum.1 += 1.0;
    }
    let mut movers: Vec<Mover> = sums
        .iter()
        .map(|(sum, n)| Mover { center: sum / *n, size: f64::MIN_POSITIVE, name: u32::MAX })
        .collect();
    for &(node, piece) in at_node {
        let mover = &mut movers[piece as usize];
        mover.size = mover.size.max((points[node as usize] - mover.center).norm());
    }
    for (cell, &piece) in piece_of_cell.iter().enumerate() {
        let mover = &mut movers[piece as usize];
        mover.name = mover.name.min(cell as u32);
    }
    movers
}

/// Movers that rows connect, with their rows.
fn groups(n_movers: usize, rows: Vec<Row>) -> Vec<(Vec<u32>, Vec<Row>)> {
    let mut union = Union::new(n_movers);
    for row in &rows {
        row.entries.windows(2).for_each(|pair| union.join(pair[0].0, pair[1].0));
    }
    let numbers = union.numbers();
    let count = numbers.iter().max().map_or(0, |m| *m as usize + 1);
    let mut out: Vec<(Vec<u32>, Vec<Row>)> = (0..count).map(|_| (Vec::new(), Vec::new())).collect();
    for (mover, &group) in numbers.iter().enumerate() {
        out[group as usize].0.push(mover as u32);
    }
    for row in rows {
        // An equation without masters pins its own dof; every row has an entry.
        let group = numbers[row.entries[0].0 as usize];
        out[group as usize].1.push(row);
    }
    out
}

fn gram(movers: &[Mover], members: &[u32], rows: &[Row]) -> DMatrix<f64> {
    let starts = starts(movers, members);
    let n = starts[members.len()];
    let mut gram = DMatrix::zeros(n, n);
    for row in rows {
        let place = |mover: u32| {
            let at = members.binary_search(&mover).expect("rows stay in their group");
            (starts[at], movers[mover as usize].n_modes())
        };
        for (a, x) in &row.entries {
            let (start_a, n_a) = place(*a);
            for (b, y) in &row.entries {
                let (start_b, n_b) = place(*b);
                for i in 0..n_a {
                    for j in 0..n_b {
                        gram[(start_a + i, start_b + j)] += x[i] * y[j];
                    }
                }
            }
        }
    }
    gram
}

/// First mode of each member, then their number.
fn starts(movers: &[Mover], members: &[u32]) -> Vec<usize> {
    let mut starts = vec![0];
    for &m in members {
        starts.push(starts[starts.len() - 1] + movers[m as usize].n_modes());
    }
    starts
}

/// Basis of the null space of a positive semidefinite matrix, each vector free in one pivot of its own.
fn null_space(gram: &DMatrix<f64>) -> Vec<DVector<f64>> {
    let n = gram.nrows();
    let scale: Vec<f64> =
        (0..n).map(|i| if 0.0 < gram[(i, i)] { 1.0 / gram[(i, i)].sqrt() } else { 1.0 }).collect();
    let mut a = DMatrix::from_fn(n, n, |i, j| gram[(i, j)] * scale[i] * scale[j]);
    let mut order: Vec<usize> = (0..n).collect();
    let mut rank = 0;
    while rank < n {
        let best = (rank..n).max_by(|&i, &j| a[(i, i)].total_cmp(&a[(j, j)]).then(j.cmp(&i)));
        let best = best.expect("rows are left");
        if a[(best, best)] <= FREE {
            break;
        }
        a.swap_rows(rank, best);
        a.swap_columns(rank, best);
        order.swap(rank, best);
        let pivot = a[(rank, rank)].sqrt();
        a[(rank, rank)] = pivot;
        for i in rank + 1..n {
            a[(i, rank)] /= pivot;
        }
        for j in rank + 1..n {
            let factor = a[(j, rank)];
            for i in j..n {
                let change = a[(i, rank)] * factor;
                a[(i, j)] -= change;
            }
            // The mirror entry keeps the exchange of rows and columns valid.
            for i in j..n {
                a[(j, i)] = a[(i, j)];
            }
        }
        rank += 1;
    }
    // L₁₁ᵀ x = −lⱼ for each remaining j.
    let vector = |j: usize| {
        let mut x = vec![0.0; n];
        x[j] = 1.0;
        for i in (0..rank).rev() {
            let sum: f64 = a[(j, i)] + (i + 1..rank).map(|k| a[(k, i)] * x[k]).sum::<f64>();
            x[i] = -sum / a[(i, i)];
        }
        let mut v = DVector::zeros(n);
        (0..n).for_each(|i| v[order[i]] = x[i] * scale[order[i]]);
        v
    };
    (rank..n).map(vector).collect()
}

fn describe(movers: &[Mover], members: &[u32], v: &DVector<f64>) -> FreeMotion {
    let starts = starts(movers, members);
    let speed = |at: usize| v.rows(starts[at], starts[at + 1] - starts[at]).norm();
    let mut moving: Vec<(f64, usize)> = (0..members.len()).map(|at| (speed(at), at)).collect();
    moving.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (fastest, first) = moving[0];
    let part = |k: usize| std::array::from_fn(|axis| v[starts[first] + k + axis]);
    let mover = |at: usize| &movers[members[at] as usize];
    let named = || moving.iter().filter(|(speed, _)| 0.01 * fastest < *speed).map(|&(_, at)| mover(at));
    FreeMotion {
        pieces: named().filter(|m| 0.0 < m.size).map(|m| m.name).collect(),
        nodes: named().filter(|m| m.size == 0.0).map(|m| m.name).collect(),
        center: mover(first).center.into(),
        translation: part(0),
        rotation: if 0.0 < mover(first).size { part(3) } else { [0.0; 3] },
    }
}

/// Disjoint sets.
struct Union {
    parent: Vec<u32>,
}

impl Union {
    fn new(n: usize) -> Self {
        Self { parent: (0..n as u32).collect() }
    }

    fn root(&mut self, mut i: u32) -> u32 {
        while self.parent[i as usize] != i {
            let above = self.parent[self.parent[i as usize] as usize];
            self.parent[i as usize] = above;
            i = above;
        }
        i
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The lowest member is the root.
        self.parent[a.max(b) as usize] = a.min(b);
    }

    /// Number of the set of each member, sets numbered by their lowest member.
    fn numbers(&mut self) -> Vec<u32> {
        let n = self.parent.len();
        let mut numbers = vec![u32::MAX; n];
        let mut count = 0;
        for i in 0..n {
            let root = self.root(i as u32) as usize;
            if root == i {
                numbers[i] = count;
                count += 1;
            }
            numbers[i] = numbers[root];
        }
        numbers
    }
}
