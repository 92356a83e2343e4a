//! Ties between surfaces whose meshes do not match.

use super::{Body, CellFacet, Constraints, Dof, Equation, StaticsError};
use crate::loads::grid::BoxGrid;
use dens_mesher::Vec3;
use dens_mesher::cells::{Cell, Reference, mapping};
use dens_mesher::geometry::Aabb;
use nalgebra::Matrix3;
use std::collections::{BTreeMap, BTreeSet};

/// Outcome of [`tie`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tie {
    /// Up to three equations for each tied node.
    pub equations: Vec<Equation>,
    /// Tied nodes that do not lie on the master surface (further than 1e-6 of a facet's size), with their
    /// distance to it, mm.
    pub gaps: Vec<(u32, f64)>,
    /// Slave nodes further from the master surface than the tolerance: not tied.
    pub unreached: Vec<u32>,
    /// Slave nodes that belong to the master surface themselves: nothing to tie.
    pub shared: Vec<u32>,
    /// Dofs of slave nodes that are supported or eliminated already: left as they are.
    pub left_alone: Vec<Dof>,
}

/// Ties nodes to a surface (`*TIE`): each slave node follows the point of the master surface nearest to it.
///
/// ```text
/// u(slave) = Σ Nᵢ(ξ) u(masterᵢ)
/// ```
/// - `slaves`: nodes, without repetition
/// - `masters`: facets of the body, straight or curved
/// - `tolerance`: mm, how far a slave node may lie off the master surface; `None`: 5 % of the mean size of
///   the master facets, as in Abaqus
/// - `constraints`: what holds the body so far. Equations follow its node frames; slave dofs that it supports
///   or eliminates stay as they are.
///
/// The mesh does not move: a gap stays a gap. Each node is tied by itself (as in CalculiX; `TYPE=NODE TO
/// SURFACE` in Abaqus), so a constant stress passes exactly where the slave mesh refines the master mesh and
/// with a small error near the surface elsewhere. Choose the finer or softer side as slave.
///
/// # Errors
/// [`StaticsError::NoSuchFacet`], [`StaticsError::NoSuchNode`].
pub fn tie(
    body: &Body,
    slaves: &[u32],
    masters: &[CellFacet],
    tolerance: Option<f64>,
    constraints: &Constraints,
) -> Result<Tie, StaticsError> {
    let mesh = body.mesh();
    if let Some(&node) = slaves.iter().find(|&&node| mesh.n_nodes() <= node as usize) {
        return Err(StaticsError::NoSuchNode { what: "a tie", node });
    }
    let facets: Result<Vec<Facet>, StaticsError> = masters.iter().map(|m| Facet::new(body, *m)).collect();
    let facets = facets?;
    let mean_size = facets.iter().map(|f| f.size).sum::<f64>() / facets.len().max(1) as f64;
    let reach = tolerance.unwrap_or(0.05 * mean_size);
    let grid = BoxGrid::new(facets.iter().map(Facet::bounds).collect());
    let on_master: BTreeSet<u32> = facets.iter().flat_map(|f| &f.nodes).copied().collect();
    let frames: BTreeMap<u32, Matrix3<f64>> = constraints.frames.iter().copied().collect();
    let taken: BTreeSet<Dof> = constraints
        .supports
        .iter()
        .copied()
        .chain(constraints.equations.iter().filter_map(|e| e.terms.first().map(|t| t.0)))
        .chain(constraints.links.iter().map(|link| link.dof))
        .collect();
    let mut out = Tie::default();
    for &slave in slaves {
        if on_master.contains(&slave) {
            out.shared.push(slave);
            continue;
        }
        let x = mesh.points()[slave as usize];
        let around = Aabb::around([&x]).grown(reach.max(1e-9 * mean_size));
        let mut nearest: Option<(f64, usize, [f64; 3])> = None;
        for at in grid.meeting(&around) {
            let facet = &facets[at as usize];
            let (distance, xi) = facet.nearest(x);
            // A node over an edge has two facets equally near: the first stays.
            if nearest.is_none_or(|n| distance < n.0 - 1e-9 * facet.size) {
                nearest = Some((distance, at as usize, xi));
            }
        }
        let Some((distance, at, xi)) = nearest.filter(|n| n.0 <= reach.max(1e-9 * mean_size)) else {
            out.unreached.push(slave);
            continue;
        };
        if 1e-6 * facets[at].size < distance {
            out.gaps.push((slave, distance));
        }
        facets[at].equations(slave, xi, &frames, &taken, &mut out);
    }
    Ok(out)
}

struct Facet {
    cell: &'static dyn Cell,
    nodes: Vec<u32>,
    points: Vec<Vec3>,
    /// Diagonal of the bounding box over √2, mm: about an edge.
    size: f64,
}

impl Facet {
    fn new(body: &Body, at: CellFacet) -> Result<Self, StaticsError> {
        let mesh = body.mesh();
        let (cell, facet) = (at.cell as usize, usize::from(at.facet));
        if mesh.n_cells() <= cell || mesh.shapes()[cell].n_facets() <= facet {
            return Err(StaticsError::NoSuchFacet { what: "a tie", cell: at.cell, facet: at.facet });
        }
        let nodes = mesh.facet(cell, facet);
        let points: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
        let size = Aabb::around(&points).size().norm() / 2.0_f64.sqrt();
        Ok(Self { cell: mesh.shapes()[cell].facet_cell(facet), nodes, points, size })
    }

    /// Box around the facet; a curved one bulges beyond its nodes by less than a quarter of its size.
    fn bounds(&self) -> Aabb {
        let margin = if self.cell.edges().is_empty() { 1e-6 } else { 0.25 };
        Aabb::around(&self.points).grown(margin * self.size)
    }

    fn distance(&self, x: Vec3, xi: [f64; 3]) -> f64 {
        (mapping::position(self.cell, &self.points, xi) - x).norm()
    }

    /// Distance of `x` and its nearest point on the facet.
    fn nearest(&self, x: Vec3) -> (f64, [f64; 3]) {
        let corners = self.cell.n_corners();
        let reference = self.cell.nodes();
        let center: [f64; 3] =
            std::array::from_fn(|k| reference[..corners].iter().map(|n| n[k]).sum::<f64>() / corners as f64);
        let mut best = (self.distance(x, center), center);
        let mut offer = |xi: [f64; 3]| {
            let distance = self.distance(x, xi);
            // Better by more than round-off, so that a foot point inside beats the same point found on an edge.
            if distance < best.0 - 1e-12 * self.size {
                best = (distance, xi);
            }
        };
        if let Some(xi) = self.foot(x, center).filter(|xi| self.is_inside(*xi)) {
            offer(xi);
        }
        for edge in self.cell.facets() {
            offer(self.on_edge(x, reference[edge[0]], reference[edge[1]]));
        }
        best
    }

    fn is_inside(&self, [s, t, _]: [f64; 3]) -> bool {
        let slack = 1e-9;
        match self.cell.reference() {
            Reference::Triangle => -slack <= s && -slack <= t && s + t <= 1.0 + slack,
            _ => s.abs() <= 1.0 + slack && t.abs() <= 1.0 + slack,
        }
    }

    /// Foot point of the perpendicular by Gauss–Newton steps; it may lie outside the facet.
    fn foot(&self, x: Vec3, start: [f64; 3]) -> Option<[f64; 3]> {
        let mut xi = start;
        for _ in 0..50 {
            let miss = x - mapping::position(self.cell, &self.points, xi);
            let [a, b, _] = mapping::tangents(self.cell, &self.points, xi);
            let (aa, ab, bb) = (a.dot(&a), a.dot(&b), b.dot(&b));
            let (p, q) = (miss.dot(&a), miss.dot(&b));
            let det = aa * bb - ab * ab;
            let step = [(bb * p - ab * q) / det, (aa * q - ab * p) / det];
            let length = step[0].hypot(step[1]);
            if !length.is_finite() || 10.0 < xi[0].abs().max(xi[1].abs()) {
                return None;
            }
            let factor = (0.5 / length).min(1.0);
            xi[0] += factor * step[0];
            xi[1] += factor * step[1];
            if length < 1e-13 {
                break;
            }
        }
        Some(xi)
    }

    /// Nearest point on an edge: the best of nine places, then Gauss–Newton steps that stay on the edge.
    fn on_edge(&self, x: Vec3, from: [f64; 3], to: [f64; 3]) -> [f64; 3] {
        let at = |s: f64| -> [f64; 3] { std::array::from_fn(|k| from[k] + s * (to[k] - from[k])) };
        let mut s = 0.0;
        for k in 1..=8 {
            let other = f64::from(k) / 8.0;
            if self.distance(x, at(other)) < self.distance(x, at(s)) {
                s = other;
            }
        }
        for _ in 0..30 {
            let xi = at(s);
            let [a, b, _] = mapping::tangents(self.cell, &self.points, xi);
            let along = (to[0] - from[0]) * a + (to[1] - from[1]) * b;
            let miss = x - mapping::position(self.cell, &self.points, xi);
            let next = (s + miss.dot(&along) / along.norm_squared()).clamp(0.0, 1.0);
            if (next - s).abs() < 1e-15 || next.is_nan() {
                break;
            }
            s = next;
        }
        at(s)
    }

    /// Equations of a slave node at `xi`, along the slave's own axes.
    fn equations(
        &self,
        slave: u32,
        xi: [f64; 3],
        frames: &BTreeMap<u32, Matrix3<f64>>,
        taken: &BTreeSet<Dof>,
        out: &mut Tie,
    ) {
        let mut values = [0.0; mapping::MAX_NODES];
        let values = &mut values[..self.nodes.len()];
        self.cell.values(xi, values);
        for axis in 0..3 {
            let dof = Dof { node: slave, axis };
            if taken.contains(&dof) {
                out.left_alone.push(dof);
                continue;
            }
            let own: Vec3 = frames
                .get(&slave)
                .map_or_else(|| Vec3::ith(usize::from(axis), 1.0), |f| f.column(usize::from(axis)).into());
            let mut terms = vec![(dof, 1.0)];
            for (&node, &n) in self.nodes.iter().zip(values.iter()) {
                for k in 0..3 {
                    let along = frames.get(&node).map_or_else(|| own[k], |f| own.dot(&f.column(k)));
                    // Below round-off of the projection: a node over a master node follows that one alone.
                    if 1e-12 < (n * along).abs() {
                        terms.push((Dof { node, axis: k as u8 }, -n * along));
                    }
                }
            }
            out.equations.push(Equation { terms, value: 0.0 });
        }
    }
}
