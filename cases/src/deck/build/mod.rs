//! From a deck to the solver: body, constraints, loads.
//!
//! Cells are the elements in their order. Nodes that belong to no element and stand in no equation are left out.

mod contact;
mod explain;
mod laws;
mod ties;

pub use contact::pairs;
pub use explain::{explain, explain_nonlinear};
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
    /// Dofs of the deck for the supports that steps prescribe, in the order of the first supports.
    prescribed: Vec<super::states::Dof>,
}

impl Built {
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
    let points: Vec<Vec3> = deck_node.iter().map(|&n| deck.nodes.points[n as usize]).collect();
    let body = make_body(deck, &mesh_node, points, &materials, &frames, &properties)?;
    let mut built = Built { body, deck_node, mesh_node, frames: node_frames(deck), equations: Vec::new() };
    equations(deck, &mut built, findings);
    if let Some(points) = ties::adjusted(deck, &built, findings)? {
        built.body = make_body(deck, &built.mesh_node, points, &materials, &frames, &properties)?;
    }
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

fn shape(kind: Kind) -> Shape {
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

/// Numbers the nodes that elements or equations use.
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
                (Dof { node: built.mesh_node[node as usize], axis: *axis }, *factor)
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
        ties::bind(deck, self, &mut bound, findings)?;
        Ok(bound)
    }

    /// Loads of a state, for supports in the order of `bound`.
    pub fn load(&self, state: &State, bound: &Bound, deck: &Deck, findings: &mut Findings) -> Load {
        let mut load = Load::default();
        for (&(node, axis), &value) in &state.forces {
            match self.mesh_node(node) {
                Some(node) => load.forces.push((Dof { node, axis }, value)),
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
        load.prescribed = bound.prescribed.iter().map(|dof| state.supports[dof].0).collect();
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
