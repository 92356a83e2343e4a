//! From a deck to the solver: body, constraints, loads.
//!
//! Cells are the elements in their order. Nodes that belong to no element and stand in no equation, coupling or spring
//! are left out.

mod contact;
mod explain;
mod joints;
mod laws;
mod ties;

pub use contact::pairs;
pub use explain::{explain, explain_nonlinear};
pub use joints::Joint;
pub use laws::laws;

use super::kind::Kind;
use super::model::Deck;
use super::source::{Findings, Place};
use super::states::State;
use crate::diagnostic::Problem;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::statics::{
    Body, CellFacet, CellProperties, Centrifugal, Constraints, Dof, Equation, Formulation, Gravity, Load,
    Material,
};
use dens_solver::tensor::Stiffness;
use nalgebra::Matrix3;
use std::collections::{BTreeMap, BTreeSet};

/// No node of the mesh.
const NONE: u32 = u32::MAX;

/// What the element type C3D8 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Brick {
    /// Full integration, as in CalculiX.
    Full,
    /// Mean dilatation (B-bar), as in Abaqus.
    Bbar,
}

/// Model of the solver, with the way back to the deck.
#[derive(Debug)]
pub struct Built {
    /// Body.
    pub body: Body,
    /// Node of the deck for each node of the mesh.
    pub deck_node: Vec<u32>,
    /// Node of the mesh for each node of the deck, or none.
    mesh_node: Vec<u32>,
    /// Axes of transformed nodes by node of the deck.
    pub frames: BTreeMap<u32, Matrix3<f64>>,
    /// Equations of the deck, in nodes of the mesh.
    equations: Vec<(Equation, Place)>,
    /// Rigid bodies and couplings.
    pub joints: Vec<Joint>,
    /// Displacement of a rotation node that stands for a rotation of 1.
    pub length: f64,
    /// Reference node and rotation node, of the mesh, in the order of the deck.
    pub turning: Vec<[u32; 2]>,
}

/// Constraints of a step with their lines.
#[derive(Debug)]
pub struct Bound {
    /// For the solver.
    pub constraints: Constraints,
    /// Line of each support.
    pub supports: Vec<Place>,
    /// Line of each equation.
    pub equations: Vec<Place>,
    /// Line of each rigid link.
    pub links: Vec<Place>,
    /// Dofs of the deck for the supports that steps prescribe, in the order of the first supports.
    prescribed: Vec<super::states::Dof>,
}

impl Bound {
    /// Line of an equation; links count after the equations.
    pub fn equation(&self, number: usize) -> Place {
        self.equations.iter().chain(&self.links).nth(number).copied().unwrap_or(Place::NOWHERE)
    }
}

impl Built {
    /// Axes of a node of the mesh as columns.
    fn frame(&self, node: u32) -> Matrix3<f64> {
        self.frames.get(&self.deck_node[node as usize]).copied().unwrap_or_else(Matrix3::identity)
    }

    /// Whether the displacement of a node of the mesh is a rotation.
    pub fn is_rotation(&self, node: u32) -> bool {
        self.turning.iter().any(|t| t[1] == node)
    }

    /// The same with zero at rotation nodes.
    pub fn without_rotations(&self, values: &[Vec3]) -> Vec<Vec3> {
        let mut out = values.to_vec();
        self.turning.iter().for_each(|t| out[t[1] as usize] = Vec3::zeros());
        out
    }

    /// Node of the mesh for a node of the deck.
    pub fn mesh_node(&self, node: u32) -> Option<u32> {
        self.mesh_node.get(node as usize).copied().filter(|&n| n != NONE)
    }
}

/// Body and equations of a deck.
///
/// # Errors
/// Elements without a section, bad equations or ties, rendered with their places; exit 2.
pub fn build(deck: &Deck, brick: Brick, findings: &mut Findings) -> Result<Built, Failure> {
    let done = attempt(deck, brick, findings);
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    done
}

fn attempt(deck: &Deck, brick: Brick, findings: &mut Findings) -> Result<Built, Failure> {
    if deck.elements.is_empty() {
        return Err(Failure::input("the deck has no elements"));
    }
    if deck.steps.is_empty() {
        return Err(Failure::input("the deck has no `*STEP`: there is nothing to solve"));
    }
    let (materials, properties, frames) = sections(deck, brick, findings);
    let (deck_node, mesh_node) = number_nodes(deck);
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    joints::check(deck, |e| properties[e].formulation.n_points(), findings);
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    let mut points: Vec<Vec3> = deck_node.iter().map(|&n| deck.nodes.points[n as usize]).collect();
    let pair = |t: &super::joints::Turning| [t.reference, t.rotation].map(|n| mesh_node[n as usize]);
    let turning: Vec<[u32; 2]> = deck.turning.iter().map(pair).collect();
    for [reference, rotation] in &turning {
        points[*rotation as usize] = points[*reference as usize];
    }
    let length = joints::size(&points);
    let node_frames = node_frames(deck);
    let make = |points: Vec<Vec3>, mesh_node: &[u32]| {
        let body = make_body(deck, mesh_node, points, &materials, &frames, &properties)?;
        joints::furnish(deck, body, mesh_node, &node_frames, length)
            .map_err(|e| Failure::input(format!("the model is not sound: {e}")))
    };
    let body = make(points, &mesh_node)?;
    let mut built = Built {
        body,
        deck_node,
        mesh_node,
        frames: node_frames.clone(),
        equations: Vec::new(),
        joints: Vec::new(),
        length,
        turning,
    };
    equations(deck, &mut built, findings);
    if let Some(points) = ties::adjusted(deck, &built, findings)? {
        built.body = make(points, &built.mesh_node)?;
    }
    built.joints = joints::joints(deck, &built, findings);
    Ok(built)
}

fn make_body(
    deck: &Deck,
    mesh_node: &[u32],
    points: Vec<Vec3>,
    materials: &[Material],
    frames: &[Matrix3<f64>],
    properties: &[CellProperties],
) -> Result<Body, Failure> {
    let nodes: Vec<u32> = deck.elements.nodes.iter().map(|&n| mesh_node[n as usize]).collect();
    let cells = (0..deck.elements.len()).map(|e| {
        (shape(deck.elements.kinds[e]), &nodes[deck.elements.starts[e]..deck.elements.starts[e + 1]])
    });
    let mesh = MixedMesh::new(points, cells).map_err(Failure::bug)?;
    Body::new(mesh, materials.to_vec(), frames.to_vec(), properties.to_vec())
        .map_err(|e| Failure::input(format!("the model is not sound: {e}")))
}

/// Shape of the cells of an element type.
pub(in crate::deck) fn shape(kind: Kind) -> Shape {
    formulation(kind, Brick::Full).shape()
}

fn formulation(kind: Kind, brick: Brick) -> Formulation {
    match kind {
        Kind::C3d8 if brick == Brick::Full => Formulation::Hex8Full,
        Kind::C3d4 => Formulation::Tet4,
        // Four points, curved or not, as in Abaqus and CalculiX.
        Kind::C3d10 => Formulation::Tet10FourPoints,
        Kind::C3d8 => Formulation::Hex8,
        Kind::C3d8i => Formulation::Hex8Incompatible,
        Kind::C3d6 => Formulation::Wedge6,
        Kind::C3d15 => Formulation::Wedge15,
        Kind::C3d20 => Formulation::Hex20,
        Kind::C3d20r => Formulation::Hex20Reduced,
    }
}

/// Materials and the properties of every element.
fn sections(
    deck: &Deck,
    brick: Brick,
    findings: &mut Findings,
) -> (Vec<Material>, Vec<CellProperties>, Vec<Matrix3<f64>>) {
    let mut materials = Vec::with_capacity(deck.materials.len());
    for m in &deck.materials {
        let [x, y, z] = m.expansion.unwrap_or_default();
        // A material that no section uses may lack constants; the unit stiffness stands in for them.
        let stiffness = match m.elastic.as_ref().map(super::model::Elastic::stiffness) {
            Some(Ok(stiffness)) => stiffness,
            Some(Err(reason)) => {
                findings.wrong(m.place, format!("material `{}`: {reason}", m.name));
                dens_solver::tensor::isotropic(1.0, 0.0)
            }
            None => match &m.hyperelastic {
                Some(energy) => laws::linear(energy),
                None => dens_solver::tensor::isotropic(1.0, 0.0),
            },
        };
        let expansion = [x, y, z, 0.0, 0.0, 0.0];
        materials.push(Material { stiffness, expansion, density: m.density.unwrap_or(0.0) });
    }
    let mut frames = Vec::new();
    let mut properties: Vec<Option<CellProperties>> = vec![None; deck.elements.len()];
    for section in &deck.sections {
        let orientation = section.orientation.map(|o| &deck.orientations[o]);
        let members = deck.element_sets.get(&section.set).map_or(&[][..], |s| &s.members);
        let mut fixed = None;
        for &e in members {
            let frame = orientation.map(|o| {
                let own = |frames: &mut Vec<Matrix3<f64>>, at: Vec3| {
                    frames.push(o.at(at));
                    frames.len() as u32 - 1
                };
                if o.varies() {
                    own(&mut frames, centroid(deck, e as usize))
                } else {
                    *fixed.get_or_insert_with(|| own(&mut frames, Vec3::zeros()))
                }
            });
            let plain = formulation(deck.elements.kinds[e as usize], brick);
            let formulation = unlocked(plain, &materials[section.material].stiffness);
            if formulation != plain {
                findings.warn(
                    section.place,
                    format!(
                        "material `{}` is nearly incompressible: its {} elements average the dilatation and do not lock",
                        deck.materials[section.material].name,
                        plain.abaqus_type()
                    ),
                );
            }
            properties[e as usize] =
                Some(CellProperties { formulation, material: section.material as u32, frame });
        }
    }
    let without: Vec<usize> = (0..properties.len()).filter(|&e| properties[e].is_none()).collect();
    if let Some(&first) = without.first() {
        let label = deck.elements.labels[first];
        let more =
            if without.len() == 1 { String::new() } else { format!(" and {} more", without.len() - 1) };
        findings.error(
            deck.elements.place(first),
            Problem::at(None, format!("element {label}{more} has no material"))
                .hint("`*SOLID SECTION, ELSET=, MATERIAL=` gives elements their material"),
        );
    }
    (materials, properties.into_iter().flatten().collect(), frames)
}

/// The formulation, or its counterpart that does not lock for a nearly incompressible material.
fn unlocked(plain: Formulation, stiffness: &Stiffness) -> Formulation {
    let locks = Formulation::Tet10.suited(stiffness) != Formulation::Tet10;
    match plain {
        Formulation::Hex8Full if locks => Formulation::Hex8,
        Formulation::Tet10FourPoints if locks => Formulation::Tet10MeanDilatation,
        _ => plain.suited(stiffness),
    }
}

/// Mean of the nodes of an element: where axes that vary are taken.
fn centroid(deck: &Deck, element: usize) -> Vec3 {
    let nodes = deck.elements.nodes_of(element);
    nodes.iter().map(|&n| deck.nodes.points[n as usize]).sum::<Vec3>() / nodes.len() as f64
}

/// Numbers the nodes that elements, equations, couplings or springs use.
fn number_nodes(deck: &Deck) -> (Vec<u32>, Vec<u32>) {
    let mut used = vec![false; deck.nodes.labels.len()];
    for &n in &deck.elements.nodes {
        used[n as usize] = true;
    }
    for (target, ..) in deck.equations.iter().flat_map(|e| &e.terms) {
        for &n in target.members(&deck.node_sets) {
            used[n as usize] = true;
        }
    }
    joints::used(deck).for_each(|n| used[n as usize] = true);
    let deck_node: Vec<u32> = (0..used.len() as u32).filter(|&n| used[n as usize]).collect();
    let mut mesh_node = vec![NONE; used.len()];
    for (i, &n) in deck_node.iter().enumerate() {
        mesh_node[n as usize] = i as u32;
    }
    (deck_node, mesh_node)
}

/// Axes of transformed nodes; a later transform replaces an earlier one.
fn node_frames(deck: &Deck) -> BTreeMap<u32, Matrix3<f64>> {
    let mut frames = BTreeMap::new();
    for t in &deck.transforms {
        for &n in deck.node_sets.get(&t.set).map_or(&[][..], |s| &s.members) {
            frames.insert(n, t.at(deck.nodes.points[n as usize]));
        }
    }
    for t in &deck.turning {
        if let (Some(&frame), false) = (frames.get(&t.reference), frames.contains_key(&t.rotation)) {
            frames.insert(t.rotation, frame);
        }
    }
    frames
}

/// Writes equations between sets out node by node.
fn equations(deck: &Deck, built: &mut Built, findings: &mut Findings) {
    for equation in &deck.equations {
        let members: Vec<&[u32]> = equation.terms.iter().map(|(t, ..)| t.members(&deck.node_sets)).collect();
        let n = members.iter().map(|m| m.len()).max().unwrap_or(0);
        if members.iter().any(|m| m.is_empty() || (m.len() != 1 && m.len() != n)) {
            findings.error(
                equation.place,
                Problem::at(None, "the sets of an equation have different numbers of nodes")
                    .hint("a set of one node is used with every node of the others"),
            );
            continue;
        }
        for i in 0..n {
            let terms = equation.terms.iter().zip(&members).map(|((_, axis, factor), m)| {
                let node = if m.len() == 1 { m[0] } else { m[i] };
                let (node, axis) = deck.dof(node, *axis).unwrap_or((node, 0));
                let node = built.mesh_node[node as usize];
                let scale = if built.is_rotation(node) { 1.0 / built.length } else { 1.0 };
                (Dof { node, axis }, scale * *factor)
            });
            built.equations.push((Equation { terms: terms.collect(), value: 0.0 }, equation.place));
        }
    }
}

impl Built {
    /// Constraints of steps that support the dofs of this state: supports, equations, ties.
    ///
    /// # Errors
    /// A tie that names what does not exist.
    pub fn bind(&self, state: &State, deck: &Deck, findings: &mut Findings) -> Result<Bound, Failure> {
        let mut bound = Bound {
            constraints: Constraints::default(),
            supports: Vec::new(),
            equations: Vec::new(),
            links: Vec::new(),
            prescribed: Vec::new(),
        };
        for (&(node, axis), &(_, place)) in &state.supports {
            let Some(mesh) = self.mesh_node(node) else { continue };
            bound.constraints.supports.push(Dof { node: mesh, axis });
            bound.supports.push(place);
            bound.prescribed.push((node, axis));
        }
        for (equation, place) in &self.equations {
            bound.constraints.equations.push(equation.clone());
            bound.equations.push(*place);
        }
        let frames = self.frames.iter().filter_map(|(&n, &frame)| Some((self.mesh_node(n)?, frame)));
        bound.constraints.frames = frames.collect();
        joints::bind(deck, self, &mut bound, findings);
        ties::bind(deck, self, &mut bound, findings)?;
        Ok(bound)
    }

    /// Loads of a state, for supports in the order of `bound`.
    pub fn load(&self, state: &State, bound: &Bound, deck: &Deck, findings: &mut Findings) -> Load {
        let mut load = Load::default();
        for (&(node, axis), &value) in &state.forces {
            match self.mesh_node(node) {
                Some(node) => {
                    // A moment does work on an angle.
                    let scale = if self.is_rotation(node) { 1.0 / self.length } else { 1.0 };
                    load.forces.push((Dof { node, axis }, scale * value));
                }
                None if value == 0.0 => {}
                None => findings.wrong(
                    Place::NOWHERE,
                    format!(
                        "node {} carries a force and belongs to no element",
                        deck.nodes.labels[node as usize]
                    ),
                ),
            }
        }
        let facet = |(cell, facet): (u32, u8)| CellFacet { cell, facet };
        load.pressures = state.pressures.iter().map(|(&f, &p)| (facet(f), p)).collect();
        load.tractions = state.tractions.iter().map(|&(e, f, t)| (facet((e, f)), t)).collect();
        for (elements, acceleration) in &state.gravity {
            self.check_density(elements, deck, findings);
            load.gravity.push(Gravity { cells: elements.clone(), acceleration: *acceleration });
        }
        for r in &state.centrifugal {
            self.check_density(&r.elements, deck, findings);
            load.centrifugal.push(Centrifugal {
                cells: r.elements.clone(),
                omega_squared: r.omega_squared,
                point: r.point,
                direction: r.direction,
            });
        }
        if !state.temperature_rise.is_empty() {
            load.temperature_rise =
                self.deck_node.iter().map(|&n| state.temperature_rise[n as usize]).collect();
        }
        let prescribed = |dof: &super::states::Dof| {
            let turns = self.mesh_node(dof.0).is_some_and(|n| self.is_rotation(n));
            state.supports[dof].0 * if turns { self.length } else { 1.0 }
        };
        load.prescribed = bound.prescribed.iter().map(prescribed).collect();
        load
    }

    /// Elements that are pulled by their mass need one.
    fn check_density(&self, elements: &[u32], deck: &Deck, findings: &mut Findings) {
        let without: BTreeSet<u32> = elements
            .iter()
            .map(|&e| self.body.cells()[e as usize].material)
            .filter(|&m| deck.materials[m as usize].density.is_none())
            .collect();
        for m in without {
            let material = &deck.materials[m as usize];
            findings.error(
                material.place,
                Problem::at(None, format!("material `{}` has no density but a weight", material.name))
                    .hint("`*DENSITY` gives the mass per volume"),
            );
        }
    }
}
