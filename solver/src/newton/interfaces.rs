//! All interfaces of a model: their points, tractions, forces and tangents.

use super::discrete::{Discrete, modulus_along, row_major};
use super::{Options, SolveError};
use crate::linear::BlockMatrix;
use crate::loads::contact::{Bed, Gaps, Law, Response, Rule, Status, follow, respond, tangent};
use crate::loads::pairing::{Pair, Point, Side, pair};
use crate::model::{Model, ModelError};
use dens_mesher::Vec3;
use nalgebra::Matrix3;
use rayon::prelude::*;
use std::ops::Range;

/// Pairs whose tangents are computed at once before they are added in order.
const BATCH: usize = 512;

/// Stiffness left to directions that resist nothing, relative to the penalty. It stands in the tangent only,
/// never in the residual: the answer does not depend on it.
pub(super) const REST: f64 = 1e-6;

/// Points closer than this part of their facet start as closed.
const TOUCHING: f64 = 0.01;

/// One interface within the flat lists.
pub(super) struct Span {
    pub(super) pairs: Range<usize>,
    pub(super) points: Range<usize>,
    pub(super) slave_area: f64,
    /// Area-weighted mean size of the slave facets, mm.
    size: f64,
}

/// Points of all interfaces in flat lists.
pub(super) struct Interfaces {
    pub(super) spans: Vec<Span>,
    pub(super) pairs: Vec<Pair>,
    pub(super) points: Vec<Point>,
    pair_of_point: Vec<u32>,
    span_of_pair: Vec<u32>,
    /// Points of each slave facet.
    facets: Vec<Range<usize>>,
    /// Index of each of the 16 × 16 blocks of a pair in the matrix.
    targets: Vec<[u32; 256]>,
    laws: Vec<Law>,
    /// Bed of each interface.
    beds: Vec<Option<Bed>>,
    /// Penalty of each pair, N/mm³.
    penalties: Vec<f64>,
    /// Distance each point must travel before it touches, mm.
    gaps: Vec<Vec3>,
}

impl Interfaces {
    pub(super) fn new(model: &Model, discrete: &Discrete) -> Result<Self, SolveError> {
        let mut all = Self {
            spans: Vec::new(),
            pairs: Vec::new(),
            points: Vec::new(),
            pair_of_point: Vec::new(),
            span_of_pair: Vec::new(),
            facets: Vec::new(),
            targets: Vec::new(),
            laws: Vec::new(),
            beds: Vec::new(),
            penalties: Vec::new(),
            gaps: Vec::new(),
        };
        let mut apart = Vec::new();
        for (number, i) in model.interfaces.iter().enumerate() {
            let side = |s: &'_ crate::model::Surface| (s.part, discrete.offsets[s.part]);
            let ((sp, so), (mp, mo)) = (side(&i.slave), side(&i.master));
            let slave = Side { mesh: &model.parts[sp].mesh, facets: &i.slave.facets, offset: so };
            let master = Side { mesh: &model.parts[mp].mesh, facets: &i.master.facets, offset: mo };
            let found = pair(slave, master, i.reach_mm);
            if found.points.is_empty() {
                apart.push(ModelError::Apart {
                    name: i.name.clone(),
                    slave: model.parts[sp].name.clone(),
                    master: model.parts[mp].name.clone(),
                    reach: i.reach_mm,
                });
                continue;
            }
            let (first_pair, first_point) = (all.pairs.len(), all.points.len());
            let area: f64 = found.points.iter().map(|p| p.weight).sum();
            let size = found.points.iter().map(|p| p.weight * p.size).sum::<f64>() / area;
            for mut p in found.pairs {
                p.first += first_point;
                all.pair_of_point.extend(std::iter::repeat_n(all.pairs.len() as u32, p.count));
                all.span_of_pair.push(number as u32);
                all.pairs.push(p);
            }
            all.points.extend(found.points);
            for p in &mut all.pairs[first_pair..] {
                for point in &mut all.points[p.first..p.first + p.count] {
                    discrete.unknowns.fold(&p.nodes, &mut point.coefficients);
                }
                p.nodes = discrete.unknowns.nodes(&p.nodes);
            }
            for facet in all.pairs[first_pair..].chunk_by(|a, b| a.facet == b.facet) {
                all.facets.push(facet[0].first..facet[facet.len() - 1].first + facet[facet.len() - 1].count);
            }
            if let Gaps::Held(jumps) = &i.gaps {
                let held = all.points.len() - first_point;
                if jumps.len() != held {
                    apart.push(ModelError::BadNumber {
                        what: "interface",
                        name: i.name.clone(),
                        quantity: "number of held jumps",
                        value: jumps.len() as f64,
                        expected: "one per integration point",
                    });
                }
            }
            all.spans.push(Span {
                pairs: first_pair..all.pairs.len(),
                points: first_point..all.points.len(),
                slave_area: found.slave_area,
                size,
            });
        }
        if apart.is_empty() { Ok(all) } else { Err(SolveError::BadModel(apart)) }
    }

    /// Groups of nodes that the interfaces couple.
    pub(super) fn cliques(&self) -> impl Iterator<Item = Vec<u32>> + '_ {
        self.pairs.iter().map(|p| {
            let mut nodes = p.nodes.to_vec();
            nodes.sort_unstable();
            nodes.dedup();
            nodes
        })
    }

    /// Finds the place of every block in the matrix.
    pub(super) fn locate(&mut self, matrix: &BlockMatrix) {
        let place = |p: &Pair| {
            std::array::from_fn(|k| {
                let (i, j) = (p.nodes[k / 16] as usize, p.nodes[k % 16] as usize);
                matrix.position(i, j).expect("the pattern holds the interface's cliques") as u32
            })
        };
        self.targets = self.pairs.par_iter().map(place).collect();
    }

    /// Takes laws from the model and sets the penalties from its stiffness.
    ///
    /// ```text
    /// ε = f E_eff / h     1/E_eff = 1/E_slave + 1/E_master along the normal,  h mean facet size of the interface
    /// ```
    /// - `held`: penalties that there are stay
    pub(super) fn refresh(&mut self, model: &Model, options: &Options, held: bool) {
        self.laws = model.interfaces.iter().map(|i| i.law).collect();
        let bed = |k| model.beds.iter().find(|(of, _)| *of == k).map(|(_, bed)| *bed);
        self.beds = (0..model.interfaces.len()).map(bed).collect();
        let modulus = |part: usize, cell: u32, normal: Vec3| {
            let p = &model.parts[part];
            modulus_along(&p.palette[p.of_cell[cell as usize] as usize].stiffness, normal)
        };
        let of_pair = |k: usize| {
            let (pair, span) = (&self.pairs[k], self.span_of_pair[k] as usize);
            let i = &model.interfaces[span];
            let normal = self.points[pair.first].normal;
            let slave = modulus(i.slave.part, pair.cells[0], normal);
            let master = modulus(i.master.part, pair.cells[1], normal);
            let factor = if i.law == Law::Bonded { options.bonded_factor } else { options.penalty_factor };
            factor / (1.0 / slave + 1.0 / master) / self.spans[span].size
        };
        if !held || self.penalties.len() != self.pairs.len() {
            self.penalties = (0..self.pairs.len()).into_par_iter().map(of_pair).collect();
        }
        self.fit(model, 1.0);
    }

    /// Sets the jumps that contact starts from, with this share of every misfit.
    pub(super) fn fit(&mut self, model: &Model, share: f64) {
        let jump = |(i, p): (usize, &Point)| {
            let span = self.span_of(i);
            match (self.law(i), &model.interfaces[span].gaps) {
                (_, Gaps::Held(jumps)) => jumps[i - self.spans[span].points.start],
                (Law::Bonded, _) | (_, Gaps::Closed) => Vec3::zeros(),
                (Law::Sliding { .. }, Gaps::AsMeshed) => p.gap * p.normal,
                (Law::Sliding { .. }, Gaps::Misfit(m)) => share * m.gap(p.position, p.normal) * p.normal,
            }
        };
        self.gaps = self.points.iter().enumerate().map(jump).collect();
    }

    pub(super) fn law(&self, point: usize) -> Law {
        self.laws[self.span_of_pair[self.pair_of_point[point] as usize] as usize]
    }

    pub(super) fn penalty(&self, point: usize) -> f64 {
        self.penalties[self.pair_of_point[point] as usize]
    }

    fn rule(&self, point: usize) -> Rule {
        Rule {
            law: self.law(point),
            bed: self.beds[self.span_of(point)],
            penalty: self.penalty(point),
            normal: self.points[point].normal,
        }
    }

    /// How far the bed under a point has sunk, mm.
    pub(super) fn sunk(&self, point: usize, response: &Response) -> f64 {
        self.beds[self.span_of(point)].map_or(0.0, |bed| bed.sunk(response.pressure))
    }

    /// Number of the interface a point belongs to.
    pub(super) fn span_of(&self, point: usize) -> usize {
        self.span_of_pair[self.pair_of_point[point] as usize] as usize
    }

    /// Whether every interface is bonded, so that the model is linear.
    pub(super) fn all_bonded(&self) -> bool {
        self.laws.iter().all(|l| *l == Law::Bonded)
    }

    /// Overlap vector of every point, mm: displacement of the slave minus that of the master, less the gap.
    pub(super) fn overlaps(&self, u: &[f64]) -> Vec<Vec3> {
        let mut d = self.jumps(u);
        d.iter_mut().zip(&self.gaps).for_each(|(d, gap)| *d -= gap);
        d
    }

    /// Whether the answer is proportional to the load.
    pub(super) fn proportional(&self) -> bool {
        self.gaps.iter().all(|g| *g == Vec3::zeros()) && self.beds.iter().all(Option::is_none)
    }

    /// Displacement of the slave minus that of the master at every point, mm.
    pub(super) fn jumps(&self, u: &[f64]) -> Vec<Vec3> {
        let at = |(p, pair): (&Point, &u32)| {
            let nodes = &self.pairs[*pair as usize].nodes;
            let mut d = Vec3::zeros();
            for (c, n) in p.coefficients.iter().zip(nodes) {
                let k = 3 * *n as usize;
                d += *c * Vec3::new(u[k], u[k + 1], u[k + 2]);
            }
            d
        };
        self.points.par_iter().zip(&self.pair_of_point).map(at).collect()
    }

    /// Tractions for the jumps; `bounds` replaces the friction bound μ p of every point where given.
    pub(super) fn responses(
        &self,
        jumps: &[Vec3],
        multipliers: &[Vec3],
        bounds: Option<&[f64]>,
    ) -> Vec<Response> {
        let at = |i: usize| {
            let bound = bounds.map(|b| b[i]);
            respond(&self.rule(i), jumps[i], multipliers[i], bound)
        };
        (0..self.points.len()).into_par_iter().map(at).collect()
    }

    /// Tractions for the jumps with statuses and friction bounds of `last` held.
    pub(super) fn followed(&self, jumps: &[Vec3], multipliers: &[Vec3], last: &[Response]) -> Vec<Response> {
        let at = |i: usize| follow(&self.rule(i), jumps[i], multipliers[i], &last[i]);
        (0..self.points.len()).into_par_iter().map(at).collect()
    }

    /// Traction of one point for a given jump and friction bound, MPa.
    pub(super) fn traction(&self, i: usize, jump: Vec3, multiplier: Vec3, bound: f64) -> Vec3 {
        respond(&self.rule(i), jump, multiplier, Some(bound)).traction
    }

    /// Friction bounds μ p of the given state, MPa.
    pub(super) fn bounds(&self, responses: &[Response]) -> Vec<f64> {
        let bound = |(i, r): (usize, &Response)| match self.law(i) {
            Law::Bonded => 0.0,
            Law::Sliding { friction } => friction * r.pressure,
        };
        responses.iter().enumerate().map(bound).collect()
    }

    /// Adds the nodal forces ∫ q of the interfaces to `f` (internal forces: +q along the jump).
    pub(super) fn add_forces(&self, responses: &[Response], f: &mut [f64]) {
        let of_pair = |p: &Pair| {
            let mut force = [Vec3::zeros(); 16];
            let own = p.first..p.first + p.count;
            for (point, r) in self.points[own.clone()].iter().zip(&responses[own]) {
                let q = point.weight * r.traction;
                for (f, c) in force.iter_mut().zip(&point.coefficients) {
                    *f += *c * q;
                }
            }
            force
        };
        let forces: Vec<[Vec3; 16]> = self.pairs.par_iter().map(of_pair).collect();
        for (p, force) in self.pairs.iter().zip(&forces) {
            for (n, v) in p.nodes.iter().zip(force) {
                for a in 0..3 {
                    f[3 * *n as usize + a] += v[a];
                }
            }
        }
    }

    /// Adds the tangents at fixed friction bound; `closed`: all points that touch in the given geometry as if
    /// closed and not sliding.
    ///
    /// - `rest`: stiffness left to directions that resist nothing, relative to the penalty
    pub(super) fn add_tangent(
        &self,
        responses: &[Response],
        closed: bool,
        rest: f64,
        matrix: &mut BlockMatrix,
    ) {
        let of_pair = |k: usize| {
            let p = &self.pairs[k];
            let law = self.laws[self.span_of_pair[k] as usize];
            let mut local = [[0.0; 9]; 256];
            for (i, r) in responses.iter().enumerate().skip(p.first).take(p.count) {
                let point = &self.points[i];
                let normal = point.normal;
                let d = if closed && self.gaps[i].dot(&point.normal) <= TOUCHING * point.size {
                    let smooth = law == Law::Sliding { friction: 0.0 };
                    let across = Matrix3::identity() - normal * normal.transpose();
                    let loose = if smooth { 1.0 - rest } else { 0.0 };
                    self.penalties[k] * (Matrix3::identity() - loose * across)
                } else {
                    tangent(&self.rule(i), r, rest)
                };
                let d = row_major(&(point.weight * d));
                for (a, ca) in point.coefficients.iter().enumerate() {
                    for (b, cb) in point.coefficients.iter().enumerate() {
                        let share = ca * cb;
                        for (sum, d) in local[16 * a + b].iter_mut().zip(&d) {
                            *sum += share * d;
                        }
                    }
                }
            }
            local
        };
        for start in (0..self.pairs.len()).step_by(BATCH) {
            let end = (start + BATCH).min(self.pairs.len());
            let blocks: Vec<[[f64; 9]; 256]> = (start..end).into_par_iter().map(of_pair).collect();
            for (targets, local) in self.targets[start..end].iter().zip(&blocks) {
                for (target, block) in targets.iter().zip(local) {
                    for (sum, v) in matrix.blocks[*target as usize].iter_mut().zip(block) {
                        *sum += v;
                    }
                }
            }
        }
    }

    /// Largest mean over a slave facet of what the law forbids, relative to the facet: closed points must not
    /// overlap, sticking ones not move, bonded ones neither.
    ///
    /// The mean counts, not the single point: the quadratic displacements of two different meshes cannot agree
    /// at every point, and multipliers that insist make the pressure swing from point to point.
    pub(super) fn worst_violation(&self, jumps: &[Vec3], responses: &[Response]) -> f64 {
        let of_facet = |facet: &Range<usize>| {
            let area: f64 = self.points[facet.clone()].iter().map(|p| p.weight).sum();
            let sum: Vec3 =
                facet.clone().map(|i| self.points[i].weight * self.forbidden(i, jumps, responses)).sum();
            sum.norm() / area / self.points[facet.start].size
        };
        self.facets.iter().map(of_facet).fold(0.0, f64::max)
    }

    /// Part of the jump of a point that its law forbids, mm.
    fn forbidden(&self, i: usize, jumps: &[Vec3], responses: &[Response]) -> Vec3 {
        let (d, n) = (jumps[i], self.points[i].normal);
        match (self.law(i), responses[i].status) {
            (Law::Bonded, _) => d,
            (_, Status::Stick) => d - self.sunk(i, &responses[i]) * n,
            (_, Status::Slip) => (d.dot(&n) - self.sunk(i, &responses[i])) * n,
            (_, Status::Open) => Vec3::zeros(),
        }
    }

    /// Adds to the multipliers the penalty times the mean forbidden jump of their slave facet.
    ///
    /// Open points lose their multiplier; slipping ones take their shear, which gives the direction.
    pub(super) fn augment(&self, jumps: &[Vec3], responses: &[Response], multipliers: &mut [Vec3]) {
        for facet in &self.facets {
            let closed = facet.clone().filter(|i| responses[*i].status != Status::Open);
            let (mut area, mut sum) = (0.0, Vec3::zeros());
            for i in closed {
                area += self.points[i].weight;
                sum += self.points[i].weight * self.forbidden(i, jumps, responses);
            }
            if area == 0.0 {
                multipliers[facet.clone()].fill(Vec3::zeros());
                continue;
            }
            let mean = sum / area;
            for i in facet.clone() {
                let n = self.points[i].normal;
                let increment = self.penalty(i) * mean;
                multipliers[i] = match responses[i].status {
                    Status::Open => Vec3::zeros(),
                    Status::Stick => multipliers[i] + increment,
                    Status::Slip => {
                        let along = multipliers[i].dot(&n) + increment.dot(&n);
                        along * n + responses[i].traction - responses[i].pressure * n
                    }
                };
            }
        }
    }
}
