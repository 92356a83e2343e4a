//! Rigid bodies, couplings, springs and stresses at rest for the solver.
//!
//! ```text
//! mean motion of nodes i        ū = Σ wᵢ uᵢ        θ = J⁻¹ Σ wᵢ rᵢ × uᵢ        J = Σ wᵢ (rᵢ·rᵢ I − rᵢ rᵢᵀ)
//! distributing                  u_ref = ū + θ × (x_ref − x̄)        rᵢ = xᵢ − x̄, Σ wᵢ = 1
//! ```
//! Weights are the areas that the nodes stand for (∫ N dA), or equal for surfaces and sets of nodes. Forces and moments
//! on the reference node are then spread over the nodes in proportion to their areas, and to their distances from the center.

use super::{Bound, Built};
use crate::deck::joints::{Coupling, CouplingKind, Nodes};
use crate::deck::model::{Deck, Surface};
use crate::deck::source::{Findings, Place};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{self, MAX_NODES};
use dens_mesher::cells::quadrature;
use dens_solver::statics::{Body, Dof, Equation, RigidLink, RotationNode, Spring, SpringLaw, StaticsError};
use dens_solver::tensor::Six;
use nalgebra::Matrix3;
use std::collections::{BTreeMap, BTreeSet};

/// A coupling in nodes of the mesh.
#[derive(Debug, Clone)]
pub struct Joint {
    kind: CouplingKind,
    /// Reference node.
    pub reference: u32,
    /// Rotation node.
    pub rotation: u32,
    /// Nodes with their weights, ascending, without the reference node.
    nodes: Vec<(u32, f64)>,
    /// Where.
    pub place: Place,
}

impl Joint {
    /// Keyword of a coupling whose rotations are small in any step; `None` where they may be finite.
    pub fn small(&self) -> Option<&'static str> {
        matches!(self.kind, CouplingKind::Distributing(_)).then(|| self.kind.card())
    }
}

/// Nodes of the deck that couplings and springs use beside those of elements.
pub(super) fn used(deck: &Deck) -> impl Iterator<Item = u32> + '_ {
    let of_sets = deck.couplings.iter().filter_map(|c| match &c.on {
        Nodes::Set(key) => deck.node_sets.get(key),
        _ => None,
    });
    let of_springs = deck.springs.iter();
    let turning = deck.turning.iter().flat_map(|t| [t.reference, t.rotation]);
    of_sets
        .flat_map(|s| s.members.iter().copied())
        .chain(of_springs.flat_map(|s| s.nodes.iter().copied()))
        .chain(turning)
}

/// The body with the springs and the stresses at rest of the deck.
pub(super) fn furnish(
    deck: &Deck,
    body: Body,
    mesh_node: &[u32],
    frames: &BTreeMap<u32, Matrix3<f64>>,
    length: f64,
) -> Result<Body, StaticsError> {
    let large = deck.is_large();
    let mut springs = Vec::with_capacity(deck.springs.len());
    for s in &deck.springs {
        let law = match s.curve.as_slice() {
            [(at, force)] => SpringLaw::Linear(force / at),
            points => SpringLaw::Curve(points.to_vec()),
        };
        let node = |i: usize| s.nodes[i.min(s.nodes.len() - 1)];
        let Some(axes) = s.axes else {
            let places = [0, 1].map(|i| deck.nodes.points[node(i) as usize]);
            let ends = [0, 1].map(|i| mesh_node[node(i) as usize]);
            springs.push(Spring::between(ends, places, law, large));
            continue;
        };
        // The second end of a spring between degrees of freedom pulls back.
        let ends = (0..s.nodes.len()).filter_map(|i| {
            let (own, axis) = deck.dof(node(i), axes[i])?;
            let frame = frames.get(&own).copied().unwrap_or_else(Matrix3::identity);
            let turns = deck.turning.iter().any(|t| t.rotation == own);
            let sign = if i == 0 { 1.0 } else { -1.0 };
            let scale = if turns { sign / length } else { sign };
            Some((mesh_node[own as usize], scale * frame.column(usize::from(axis)).into_owned()))
        });
        springs.push(Spring { ends: ends.collect(), law, turns: false });
    }
    let body = body.with_springs(springs)?;
    if deck.initial_stresses.is_empty() {
        return Ok(body);
    }
    let points = |cell: usize| body.cells()[cell].formulation.n_points();
    let mut at_rest: Vec<Vec<Six>> = vec![Vec::new(); body.mesh().n_cells()];
    for given in &deck.initial_stresses {
        let [xx, yy, zz, xy, xz, yz] = given.stress;
        for &element in given.target.members(&deck.element_sets) {
            let n = points(element as usize);
            let own = &mut at_rest[element as usize];
            own.resize(n, [0.0; 6]);
            match given.point {
                None => own.fill([xx, yy, zz, yz, xz, xy]),
                // Points beyond those of the element were refused.
                Some(point) => {
                    own.iter_mut().skip(point as usize).take(1).for_each(|s| *s = [xx, yy, zz, yz, xz, xy])
                }
            }
        }
    }
    body.with_stresses_at_rest(at_rest)
}

/// Notes initial stresses at points that their elements do not have, and springs on rotations that do not exist.
pub(super) fn check(deck: &Deck, n_points: impl Fn(usize) -> usize, findings: &mut Findings) {
    for given in &deck.initial_stresses {
        let Some(point) = given.point else { continue };
        for &element in given.target.members(&deck.element_sets) {
            let n = n_points(element as usize);
            if n <= point as usize {
                let label = deck.elements.labels[element as usize];
                findings.wrong(
                    given.place,
                    format!("element {label} has {n} integration points, the line names point {}", point + 1),
                );
            }
        }
    }
    for s in &deck.springs {
        let Some(axes) = s.axes else { continue };
        if s.nodes.iter().zip(axes).any(|(&n, axis)| deck.dof(n, axis).is_none()) {
            findings.wrong(
                s.place,
                format!("spring {} acts on a rotation, which only reference nodes have", s.label),
            );
        }
    }
}

/// Half the diagonal of the box around the points: makes rotations comparable with displacements.
pub(super) fn size(points: &[Vec3]) -> f64 {
    let [low, high] = [f64::min, f64::max]
        .map(|f| points.iter().copied().reduce(|a, b| a.zip_map(&b, f)).unwrap_or_default());
    let half = 0.5 * (high - low).norm();
    if 0.0 < half { half } else { 1.0 }
}

/// Couplings of the deck in nodes of the mesh.
pub(super) fn joints(deck: &Deck, built: &Built, findings: &mut Findings) -> Vec<Joint> {
    let mut out = Vec::new();
    for c in &deck.couplings {
        let (Some(reference), Some(rotation)) = (built.mesh_node(c.reference), built.mesh_node(c.rotation))
        else {
            continue;
        };
        let mut nodes = nodes(deck, built, c);
        nodes.remove(&reference);
        let total: f64 = nodes.values().sum();
        if nodes.is_empty() || total.is_nan() || total <= 0.0 {
            findings.wrong(c.place, format!("`{}` reaches no node of an element", c.kind.card()));
            continue;
        }
        let nodes = nodes.into_iter().map(|(n, w)| (n, w / total)).collect();
        out.push(Joint { kind: c.kind, reference, rotation, nodes, place: c.place });
    }
    out
}

/// Nodes of a coupling with their weights.
fn nodes(deck: &Deck, built: &Built, c: &Coupling) -> BTreeMap<u32, f64> {
    let equal = |nodes: &[u32]| nodes.iter().filter_map(|&n| Some((built.mesh_node(n)?, 1.0))).collect();
    match &c.on {
        Nodes::Set(key) => deck.node_sets.get(key).map_or_else(BTreeMap::new, |s| equal(&s.members)),
        Nodes::Elements(key) => {
            let members = deck.element_sets.get(key).map_or(&[][..], |s| &s.members);
            let all: Vec<u32> =
                members.iter().flat_map(|&e| deck.elements.nodes_of(e as usize).iter().copied()).collect();
            equal(&all)
        }
        Nodes::Surface(key) => match deck.surfaces.get(key) {
            Some(Surface::Nodes(_, nodes)) => equal(nodes),
            _ => areas(built, deck.facets(key)),
        },
    }
}

/// ∫ N dA of the nodes of facets.
fn areas(built: &Built, facets: &[(u32, u8)]) -> BTreeMap<u32, f64> {
    let mesh = built.body.mesh();
    let mut out = BTreeMap::new();
    for &(cell, facet) in facets {
        let (cell, facet) = (cell as usize, usize::from(facet));
        let surface = mesh.shapes()[cell].facet_cell(facet);
        let nodes = mesh.facet(cell, facet);
        let points: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
        let rule = if matches!(nodes.len(), 3 | 6) { &quadrature::TRI_7 } else { &quadrature::QUAD_9 };
        let mut values = [0.0; MAX_NODES];
        for (xi, w) in rule.iter() {
            surface.values(xi, &mut values[..nodes.len()]);
            let area = w * mapping::area_vector(surface, &points, xi).norm();
            for (node, n) in nodes.iter().zip(values) {
                *out.entry(*node).or_insert(0.0) += n * area;
            }
        }
    }
    out
}

/// Adds rotations, links and the equations of distributing couplings.
pub(super) fn bind(deck: &Deck, built: &Built, bound: &mut Bound, findings: &mut Findings) {
    let of_turning = deck.turning.iter().filter_map(|t| built.mesh_node(t.rotation));
    bound.constraints.rotations =
        of_turning.map(|node| RotationNode { node, length: built.length }).collect();
    let finite = deck.is_large();
    let points = built.body.mesh().points();
    let mut seen = BTreeSet::new();
    for joint in &built.joints {
        let axes = match joint.kind {
            CouplingKind::Rigid => [true; 3],
            CouplingKind::Kinematic(axes) => axes,
            CouplingKind::Distributing(_) => continue,
        };
        for &(node, _) in &joint.nodes {
            let arm = points[node as usize] - points[joint.reference as usize];
            // A body may be given in parts that share nodes.
            if !seen.insert((joint.reference, node, axes)) {
                continue;
            }
            for axis in (0..3_u8).filter(|&axis| axes[usize::from(axis)]) {
                let (dof, reference, rotation) = (Dof { node, axis }, joint.reference, joint.rotation);
                bound.constraints.links.push(RigidLink { dof, reference, rotation, arm, finite });
                bound.links.push(joint.place);
            }
        }
    }
    for joint in &built.joints {
        if let CouplingKind::Distributing(axes) = joint.kind {
            distribute(built, joint, axes, bound, findings);
        }
    }
}

/// Coefficients of the dofs of the nodes for one dof of the reference node.
type Row = BTreeMap<Dof, f64>;

/// Equations of a distributing coupling. A dof of the reference node follows the nodes; where it is supported, a dof of
/// the nodes follows from it and the others.
fn distribute(built: &Built, joint: &Joint, axes: [bool; 6], bound: &mut Bound, findings: &mut Findings) {
    let points = built.body.mesh().points();
    let frame = |node: u32| built.frame(node);
    let center: Vec3 = joint.nodes.iter().map(|&(n, w)| w * points[n as usize]).sum();
    let mut inertia = Matrix3::zeros();
    for &(n, w) in &joint.nodes {
        let r = points[n as usize] - center;
        inertia += w * (r.norm_squared() * Matrix3::identity() - r * r.transpose());
    }
    let eigen = inertia.symmetric_eigen();
    let largest = eigen.eigenvalues.amax();
    // A line of nodes does not know its own turning.
    let inverse = |value: f64| if value <= 1e-10 * largest { 0.0 } else { 1.0 / value };
    let inverted = eigen.eigenvectors
        * Matrix3::from_diagonal(&eigen.eigenvalues.map(inverse))
        * eigen.eigenvectors.transpose();
    let arm = points[joint.reference as usize] - center;
    let mut supported: Vec<(Dof, Row)> = Vec::new();
    for k in (0..6_u8).filter(|&k| axes[usize::from(k)]) {
        let (node, axis) = if k < 3 { (joint.reference, k) } else { (joint.rotation, k - 3) };
        let own = Dof { node, axis };
        let e: Vec3 = frame(node).column(usize::from(axis)).into_owned();
        let (shift, turn, scale) = if k < 3 {
            (e, inverted * arm.cross(&e), 1.0)
        } else {
            (Vec3::zeros(), inverted * e, built.length)
        };
        let mut row = Row::new();
        for &(n, w) in &joint.nodes {
            let gradient = scale * w * (shift + turn.cross(&(points[n as usize] - center)));
            let along = frame(n).tr_mul(&gradient);
            for axis in 0..3_u8 {
                row.insert(Dof { node: n, axis }, along[usize::from(axis)]);
            }
        }
        if bound.constraints.supports.contains(&own) {
            supported.push((own, row));
        } else {
            let terms = std::iter::once((own, -1.0)).chain(row).collect();
            bound.constraints.equations.push(Equation { terms, value: 0.0 });
            bound.equations.push(joint.place);
        }
    }
    if !solve_for_nodes(supported, bound, joint.place) {
        findings.wrong(joint.place, "too few nodes of the coupling are free to follow the reference node");
    }
}

/// Solves the rows of supported dofs for dofs of the nodes, one each, by elimination with full pivoting; whether there
/// are enough.
fn solve_for_nodes(rows: Vec<(Dof, Row)>, bound: &mut Bound, place: Place) -> bool {
    let constraints = &bound.constraints;
    let taken: BTreeSet<Dof> = constraints
        .supports
        .iter()
        .copied()
        .chain(constraints.equations.iter().filter_map(|e| e.terms.first().map(|t| t.0)))
        .chain(constraints.links.iter().map(|l| l.dof))
        .collect();
    let scale = rows.iter().flat_map(|r| r.1.values()).fold(0.0_f64, |m, c| m.max(c.abs()));
    // Row i: Σ coefficient · u(dof) = 0, the supported dofs among them.
    let mut rows: Vec<Row> = rows
        .into_iter()
        .map(|(own, mut row)| {
            row.insert(own, -1.0);
            row
        })
        .collect();
    let mut pivots: Vec<Option<Dof>> = vec![None; rows.len()];
    for _ in 0..rows.len() {
        let mut best: Option<(f64, usize, Dof)> = None;
        for (i, row) in rows.iter().enumerate().filter(|(i, _)| pivots[*i].is_none()) {
            for (&dof, c) in row.iter().filter(|(dof, _)| !taken.contains(dof)) {
                if best.is_none_or(|b| b.0 < c.abs()) {
                    best = Some((c.abs(), i, dof));
                }
            }
        }
        let Some((_, i, dof)) = best.filter(|b| 1e-10 * scale < b.0) else { return false };
        pivots[i] = Some(dof);
        let lead = rows[i][&dof];
        rows[i].values_mut().for_each(|c| *c /= lead);
        let pivot = rows[i].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(j, _)| *j != i) {
            let factor = row.remove(&dof).unwrap_or(0.0);
            if factor != 0.0 {
                for (&other, c) in pivot.iter().filter(|(other, _)| **other != dof) {
                    *row.entry(other).or_insert(0.0) -= factor * c;
                }
            }
        }
    }
    for (pivot, row) in pivots.into_iter().zip(rows) {
        let Some(pivot) = pivot else { return false };
        let others = row.into_iter().filter(|(dof, c)| *dof != pivot && *c != 0.0);
        let terms = std::iter::once((pivot, 1.0)).chain(others).collect();
        bound.constraints.equations.push(Equation { terms, value: 0.0 });
        bound.equations.push(place);
    }
    true
}
