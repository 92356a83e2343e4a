//! Elimination of supported and dependent dofs.
//!
//! ```text
//! u = T ũ + u₀
//! ```
//! ũ keeps the layout of u, three unknowns per node, along the node's own frame where it has one. Unknowns that
//! are supported or depend on others have no column in T: they stand alone in Tᵀ K T, with a diagonal of
//! their own and a right-hand side of zero.

use super::body::is_rotation;
use super::rigid::{RigidLink, RotationNode};
use super::{ConstraintName, Constraints, Dof, Equation, StaticsError};
use dens_mesher::Vec3;
use nalgebra::Matrix3;
use std::borrow::Cow;

/// What becomes of a dof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is an unknown.
    Free,
    /// Nothing holds it and nothing hangs on it: a node without a cell.
    Idle,
    /// It is prescribed, index of the support.
    Supported(u32),
    /// It follows from others, index into the dependents.
    Eliminated(u32),
}

/// A dof as a combination of dofs that are free or supported.
#[derive(Debug, Clone)]
pub(crate) struct Dependent {
    /// Dof numbers 3 · node + axis, ascending, with their coefficients.
    pub(crate) terms: Vec<(u32, f64)>,
    /// Constant, mm.
    constant: f64,
}

/// Block row of T: master nodes, ascending, with row-major 3 × 3 blocks.
pub(crate) type BlockRow = Vec<(u32, [f64; 9])>;

/// The map from unknowns to displacements.
#[derive(Debug, Clone)]
pub(crate) struct Elimination {
    /// Per dof.
    pub(crate) roles: Vec<Role>,
    pub(crate) dependents: Vec<Dependent>,
    pub(crate) n_supports: usize,
    pub(crate) rotations: Vec<RotationNode>,
    /// Per dependent whether its force is handed to its masters in [`Elimination::hand_over`].
    handed: Vec<bool>,
    /// Frames by node, ascending.
    frames: Vec<(u32, Matrix3<f64>)>,
    /// Equations as given, then those of the links.
    equations: Vec<Equation>,
    links: Vec<RigidLink>,
}

impl Elimination {
    /// Checks the constraints and resolves chains of equations.
    ///
    /// - `active`: per node the axes along which something resists it
    pub(crate) fn new(constraints: &Constraints, active: &[[bool; 3]]) -> Result<Self, StaticsError> {
        let n_nodes = active.len();
        let frames = sorted_frames(&constraints.frames, n_nodes)?;
        let mut out = Self {
            roles: Vec::new(),
            dependents: Vec::new(),
            n_supports: constraints.supports.len(),
            rotations: constraints.rotations.clone(),
            handed: Vec::new(),
            frames,
            equations: constraints.equations.clone(),
            links: constraints.links.clone(),
        };
        for rotation in &constraints.rotations {
            rotation.check(n_nodes)?;
        }
        for link in &constraints.links {
            link.check(n_nodes)?;
            checked(link.dof, n_nodes, "a rigid link")?;
            out.rotation(link)?;
        }
        let of_links: Vec<Equation> =
            constraints.links.iter().map(|link| out.linked(link, Vec3::zeros())).collect();
        out.equations.extend(of_links);
        // Which equation eliminates a dof, which support holds it.
        let mut roles = vec![Role::Free; 3 * n_nodes];
        for (number, dof) in constraints.supports.iter().enumerate() {
            let at = checked(*dof, n_nodes, "a support")?;
            claim(&mut roles, at, *dof, Role::Supported(number as u32))?;
        }
        for (number, equation) in out.equations.iter().enumerate() {
            for (dof, coefficient) in &equation.terms {
                checked(*dof, n_nodes, "an equation")?;
                if !coefficient.is_finite() {
                    return Err(StaticsError::BadNumber { what: "a coefficient of an equation" });
                }
            }
            if !equation.value.is_finite() {
                return Err(StaticsError::BadNumber { what: "the right-hand side of an equation" });
            }
            let (dof, _) = equation.terms.first().ok_or(StaticsError::NoFirstTerm { equation: number })?;
            claim(&mut roles, index(*dof), *dof, Role::Eliminated(number as u32))?;
        }
        let dependents = resolve(&out.equations, &roles)?;
        let mut used = vec![false; 3 * n_nodes];
        for (dof, _) in dependents.iter().flat_map(|d| &d.terms) {
            used[*dof as usize] = true;
        }
        for (at, role) in roles.iter_mut().enumerate() {
            if *role == Role::Free && !active[at / 3][at % 3] && !used[at] {
                *role = Role::Idle;
            }
        }
        let bare = |dof: usize| active[dof / 3] == [false; 3];
        let mut handed = vec![false; dependents.len()];
        for (at, role) in roles.iter().enumerate() {
            if let Role::Eliminated(e) = *role {
                let terms = &dependents[e as usize].terms;
                handed[e as usize] = bare(at) || terms.iter().any(|(dof, _)| bare(*dof as usize));
            }
        }
        (out.roles, out.dependents, out.handed) = (roles, dependents, handed);
        Ok(out)
    }

    /// The rotation node of a link.
    fn rotation(&self, link: &RigidLink) -> Result<RotationNode, StaticsError> {
        let found = self.rotations.iter().find(|r| r.node == link.rotation);
        found.copied().ok_or(StaticsError::NoSuchNode { what: "a rigid link", node: link.rotation })
    }

    /// Equation of a link about a rotation vector, in the frames of its nodes.
    fn linked(&self, link: &RigidLink, rotation: Vec3) -> Equation {
        let frame = |node: u32| self.frame(node as usize);
        let length = self.rotations.iter().find(|r| r.node == link.rotation).map_or(1.0, |r| r.length);
        link.equation(rotation, length, frame)
    }

    /// The elimination about displacements in which rigid bodies have turned by a finite angle; exact there.
    pub(crate) fn about(&self, displacements: &[Vec3]) -> Cow<'_, Self> {
        let turned = |link: &RigidLink| {
            let length = self.rotations.iter().find(|r| r.node == link.rotation).map_or(1.0, |r| r.length);
            displacements[link.rotation as usize] / length
        };
        if self.links.iter().all(|link| !link.finite || turned(link) == Vec3::zeros()) {
            return Cow::Borrowed(self);
        }
        let mut out = self.clone();
        let first = out.equations.len() - out.links.len();
        for (i, link) in self.links.iter().enumerate().filter(|(_, link)| link.finite) {
            out.equations[first + i] = self.linked(link, turned(link));
        }
        out.dependents =
            resolve(&out.equations, &out.roles).expect("links keep their dofs, so no circle can form");
        Cow::Owned(out)
    }

    /// Stiffness of rotations under forces: per rotation node the block of second derivatives, along its frame.
    ///
    /// - `forces`: force out of balance per node, N, global axes
    pub(crate) fn curvature(&self, displacements: &[Vec3], forces: &[Vec3]) -> Vec<(usize, [f64; 9])> {
        let one = |rotation: &RotationNode| {
            let links = self.links.iter().filter(|link| link.finite && link.rotation == rotation.node);
            let pulls: Vec<(Vec3, Vec3)> = links
                .map(|link| {
                    let e = link.direction(|node| self.frame(node as usize));
                    (link.arm, e * e.dot(&forces[link.dof.node as usize]))
                })
                .collect();
            if pulls.is_empty() {
                return None;
            }
            let node = rotation.node as usize;
            let turned = displacements[node] / rotation.length;
            let frame = self.frame(node);
            let block = frame.transpose() * super::rigid::curvature(turned, &pulls) * frame;
            let scale = 1.0 / (rotation.length * rotation.length);
            let free = |axis: usize| self.roles[3 * node + axis] == Role::Free;
            let entry = |e: usize| {
                let (i, j) = (e / 3, e % 3);
                if free(i) && free(j) { scale * block[(i, j)] } else { 0.0 }
            };
            Some((node, std::array::from_fn(entry)))
        };
        self.rotations.iter().filter_map(one).collect()
    }

    /// Hands the forces of equations that name a node without stiffness to the nodes they depend on, so that the
    /// reaction of a rigid body or coupling appears at its reference node.
    ///
    /// - `reactions`: per node, N, global axes
    pub(crate) fn hand_over(&self, reactions: &mut [Vec3]) {
        if !self.handed.contains(&true) {
            return;
        }
        let mut local: Vec<f64> = reactions.iter().flat_map(|f| <[f64; 3]>::from(*f)).collect();
        for (node, frame) in &self.frames {
            let turned = frame.transpose() * reactions[*node as usize];
            local[3 * *node as usize..][..3].copy_from_slice(turned.as_slice());
        }
        for (dof, role) in self.roles.iter().enumerate() {
            if let Role::Eliminated(e) = *role
                && self.handed[e as usize]
            {
                let force = std::mem::take(&mut local[dof]);
                for &(master, c) in &self.dependents[e as usize].terms {
                    local[master as usize] += c * force;
                }
            }
        }
        for (node, reaction) in reactions.iter_mut().enumerate() {
            let own = Vec3::from_column_slice(&local[3 * node..3 * node + 3]);
            *reaction = if self.frames.is_empty() { own } else { self.frame(node) * own };
        }
    }

    /// Number of nodes.
    pub(crate) fn n_nodes(&self) -> usize {
        self.roles.len() / 3
    }

    /// Axes of a node as columns.
    pub(crate) fn frame(&self, node: usize) -> Matrix3<f64> {
        let at = self.frames.binary_search_by_key(&(node as u32), |f| f.0);
        at.map_or_else(|_| Matrix3::identity(), |at| self.frames[at].1)
    }

    /// Whether any node has its own frame.
    pub(crate) fn has_frames(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Per unknown whether it stands alone.
    pub(crate) fn fixed(&self) -> Vec<bool> {
        self.roles.iter().map(|role| *role != Role::Free).collect()
    }

    /// Per node whether its row of T is not that of the identity (supports aside).
    pub(crate) fn special(&self) -> Vec<bool> {
        let mut special: Vec<bool> =
            self.roles.chunks_exact(3).map(|r| r.iter().any(|r| matches!(r, Role::Eliminated(_)))).collect();
        for (node, _) in &self.frames {
            special[*node as usize] = true;
        }
        special
    }

    /// Block row of T of a special node.
    pub(crate) fn block_row(&self, node: usize) -> BlockRow {
        // Rows in the node's frame: (master dof, own axis, coefficient).
        let mut entries: Vec<(u32, usize, f64)> = Vec::new();
        for axis in 0..3 {
            match self.roles[3 * node + axis] {
                Role::Free => entries.push(((3 * node + axis) as u32, axis, 1.0)),
                Role::Eliminated(e) => {
                    let terms = &self.dependents[e as usize].terms;
                    let free = terms.iter().filter(|(dof, _)| self.roles[*dof as usize] == Role::Free);
                    entries.extend(free.map(|&(dof, c)| (dof, axis, c)));
                }
                Role::Idle | Role::Supported(_) => {}
            }
        }
        entries.sort_unstable_by_key(|e| (e.0, e.1));
        let frame = self.frame(node);
        let mut row: BlockRow = Vec::new();
        for (dof, axis, coefficient) in entries {
            let (master, column) = (dof / 3, dof as usize % 3);
            if row.last().is_none_or(|last| last.0 != master) {
                row.push((master, [0.0; 9]));
            }
            let block = &mut row.last_mut().expect("just pushed").1;
            for k in 0..3 {
                block[3 * k + column] += frame[(k, axis)] * coefficient;
            }
        }
        row
    }

    /// Displacements T ũ + u₀ in global axes.
    ///
    /// - `unknowns`: ũ, or empty for zero
    /// - `prescribed`: one per support, or empty for zero
    pub(crate) fn expand(&self, unknowns: &[f64], prescribed: &[f64]) -> Vec<Vec3> {
        let known = |dof: usize| match self.roles[dof] {
            Role::Free => unknowns.get(dof).copied().unwrap_or(0.0),
            Role::Supported(support) => prescribed.get(support as usize).copied().unwrap_or(0.0),
            Role::Idle | Role::Eliminated(_) => 0.0,
        };
        let value = |dof: usize| match self.roles[dof] {
            Role::Eliminated(e) => {
                let dependent = &self.dependents[e as usize];
                dependent.constant
                    + dependent.terms.iter().map(|&(dof, c)| c * known(dof as usize)).sum::<f64>()
            }
            _ => known(dof),
        };
        let mut out: Vec<Vec3> =
            (0..self.n_nodes()).map(|node| Vec3::from_fn(|axis, _| value(3 * node + axis))).collect();
        for (node, frame) in &self.frames {
            out[*node as usize] = frame * out[*node as usize];
        }
        out
    }

    /// Right-hand side Tᵀ f of forces in global axes; zero at unknowns that stand alone.
    pub(crate) fn restrict(&self, forces: &[Vec3]) -> Vec<f64> {
        let mut out = self.gathered(forces);
        for (out, role) in out.iter_mut().zip(&self.roles) {
            if *role != Role::Free {
                *out = 0.0;
            }
        }
        out
    }

    /// Forces along the frames of the nodes, those of dependent dofs added to the dofs they follow.
    pub(crate) fn gathered(&self, forces: &[Vec3]) -> Vec<f64> {
        let mut local: Vec<f64> = forces.iter().flat_map(|f| <[f64; 3]>::from(*f)).collect();
        for (node, frame) in &self.frames {
            let turned = frame.transpose() * forces[*node as usize];
            local[3 * *node as usize..][..3].copy_from_slice(turned.as_slice());
        }
        let mut out = local.clone();
        for (dof, role) in self.roles.iter().enumerate() {
            if let Role::Eliminated(e) = role {
                for &(master, c) in &self.dependents[*e as usize].terms {
                    out[master as usize] += c * local[dof];
                }
            }
        }
        out
    }

    /// Entries of supported dofs, zero at all others.
    pub(crate) fn supported(&self, values: &[f64]) -> Vec<f64> {
        let one =
            |(value, role): (&f64, &Role)| if matches!(role, Role::Supported(_)) { *value } else { 0.0 };
        values.iter().zip(&self.roles).map(one).collect()
    }

    /// Per node whether a support or an equation acts on it.
    pub(crate) fn constrained(&self) -> Vec<bool> {
        let mut out = vec![false; self.n_nodes()];
        for (dof, role) in self.roles.iter().enumerate() {
            match role {
                Role::Supported(_) => out[dof / 3] = true,
                Role::Eliminated(e) => {
                    out[dof / 3] = true;
                    for (master, _) in &self.dependents[*e as usize].terms {
                        out[*master as usize / 3] = true;
                    }
                }
                Role::Free | Role::Idle => {}
            }
        }
        out
    }
}

/// Dof number 3 · node + axis.
pub(crate) fn index(dof: Dof) -> usize {
    3 * dof.node as usize + usize::from(dof.axis)
}

/// Number of an existing dof.
pub(crate) fn checked(dof: Dof, n_nodes: usize, what: &'static str) -> Result<usize, StaticsError> {
    if n_nodes <= dof.node as usize {
        return Err(StaticsError::NoSuchNode { what, node: dof.node });
    }
    if 2 < dof.axis {
        return Err(StaticsError::NoSuchAxis { what, dof });
    }
    Ok(index(dof))
}

/// Gives a dof its role, once.
fn claim(roles: &mut [Role], at: usize, dof: Dof, role: Role) -> Result<(), StaticsError> {
    match (name(roles[at]), name(role)) {
        (Some(first), Some(second)) => Err(StaticsError::OverConstrained { dof, first, second }),
        _ => {
            roles[at] = role;
            Ok(())
        }
    }
}

fn name(role: Role) -> Option<ConstraintName> {
    match role {
        Role::Supported(i) => Some(ConstraintName::Support(i as usize)),
        Role::Eliminated(i) => Some(ConstraintName::Equation(i as usize)),
        Role::Free | Role::Idle => None,
    }
}

fn sorted_frames(
    frames: &[(u32, Matrix3<f64>)],
    n_nodes: usize,
) -> Result<Vec<(u32, Matrix3<f64>)>, StaticsError> {
    let mut sorted = frames.to_vec();
    sorted.sort_by_key(|f| f.0);
    for (at, (node, frame)) in sorted.iter().enumerate() {
        if n_nodes <= *node as usize {
            return Err(StaticsError::NoSuchNode { what: "a node frame", node: *node });
        }
        if !is_rotation(frame) {
            return Err(StaticsError::NotARotation { what: "frame of node", number: *node as usize });
        }
        if 0 < at && sorted[at - 1].0 == *node {
            return Err(StaticsError::TwoFrames { node: *node });
        }
    }
    Ok(sorted)
}

/// Replaces dofs that other equations eliminate, in an order in which each equation comes after those it needs.
fn resolve(equations: &[Equation], roles: &[Role]) -> Result<Vec<Dependent>, StaticsError> {
    let own = |equation: &Equation| index(equation.terms[0].0);
    let needed = |number: usize| {
        let first = own(&equations[number]);
        equations[number].terms.iter().filter_map(move |(dof, _)| match roles[index(*dof)] {
            Role::Eliminated(e) if index(*dof) != first => Some(e as usize),
            _ => None,
        })
    };
    let mut missing: Vec<usize> = (0..equations.len()).map(|e| needed(e).count()).collect();
    let mut waiting: Vec<Vec<u32>> = vec![Vec::new(); equations.len()];
    for e in 0..equations.len() {
        needed(e).for_each(|other| waiting[other].push(e as u32));
    }
    let mut ready: Vec<usize> = (0..equations.len()).filter(|&e| missing[e] == 0).collect();
    let mut dependents: Vec<Option<Dependent>> = vec![None; equations.len()];
    while let Some(number) = ready.pop() {
        dependents[number] = Some(solved(&equations[number], number, roles, &dependents)?);
        for &next in &waiting[number] {
            missing[next as usize] -= 1;
            if missing[next as usize] == 0 {
                ready.push(next as usize);
            }
        }
    }
    if let Some(equation) = dependents.iter().position(Option::is_none) {
        // Follow unresolved needs until they repeat: a member of the circle, not of a tail that hangs on it.
        let mut at = equation;
        for _ in 0..equations.len() {
            at = needed(at).find(|&e| dependents[e].is_none()).unwrap_or(at);
        }
        return Err(StaticsError::Cycle { equation: at, dof: equations[at].terms[0].0 });
    }
    Ok(dependents.into_iter().flatten().collect())
}

/// First dof of an equation in terms of free and supported ones.
fn solved(
    equation: &Equation,
    number: usize,
    roles: &[Role],
    dependents: &[Option<Dependent>],
) -> Result<Dependent, StaticsError> {
    let first = index(equation.terms[0].0);
    let lead: f64 = equation.terms.iter().filter(|(dof, _)| index(*dof) == first).map(|t| t.1).sum();
    let largest = equation.terms.iter().fold(0.0_f64, |m, t| m.max(t.1.abs()));
    // Below this the quotient has no digits left.
    if lead.abs() <= 1e-12 * largest {
        return Err(StaticsError::NoFirstTerm { equation: number });
    }
    let mut constant = equation.value / lead;
    let mut terms: Vec<(u32, f64)> = Vec::new();
    for (dof, coefficient) in equation.terms.iter().filter(|(dof, _)| index(*dof) != first) {
        let factor = -coefficient / lead;
        match roles[index(*dof)] {
            Role::Eliminated(e) => {
                let other = dependents[e as usize].as_ref().expect("resolved before this one");
                constant += factor * other.constant;
                terms.extend(other.terms.iter().map(|&(dof, c)| (dof, factor * c)));
            }
            _ => terms.push((index(*dof) as u32, factor)),
        }
    }
    terms.sort_by_key(|t| t.0);
    terms.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1 += later.1;
        }
        same
    });
    terms.retain(|t| t.1 != 0.0);
    Ok(Dependent { terms, constant })
}
