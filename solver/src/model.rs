//! Parts, interfaces, fixation, supports and loads of one mechanical question.
//!
//! A [`Model`] is plain description. [`Model::check`] finds what can be seen without solving; whether every
//! part is held is decided by the solver, once the interfaces are paired.

use crate::elements::Section;
use crate::loads::contact::{Bed, Gaps, Law};
use crate::loads::fixation::Fixation;
use crate::loads::guide::Guide;
use crate::loads::rigid::RigidBody;
use crate::loads::traction::Traction;
use crate::tensor::is_admissible;
use dens_mesher::cells::tet10;
use dens_mesher::mesh::Mesh;
use std::sync::Arc;
use thiserror::Error;

/// Elastic body.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name, as printed.
    pub name: String,
    /// Its cells.
    pub mesh: Arc<Mesh>,
    /// Materials that occur in it, each with its element formulation.
    pub palette: Vec<Section>,
    /// Material of each cell, index into `palette`.
    pub of_cell: Vec<u32>,
}

/// Facets of one part, as one side of an interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Surface {
    /// Index into [`Model::parts`].
    pub part: usize,
    /// Indices into the boundary of its mesh.
    pub facets: Vec<u32>,
}

/// Two surfaces that act on each other. Choose the finer or softer one as slave.
#[derive(Debug, Clone, PartialEq)]
pub struct Interface {
    /// Name, as printed.
    pub name: String,
    /// Surface that carries the integration points.
    pub slave: Surface,
    /// Surface it meets.
    pub master: Surface,
    /// Bonded, or sliding with friction.
    pub law: Law,
    /// Whether gaps of the given geometry count; a bond keeps its gap in any case.
    pub gaps: Gaps,
    /// How far apart the surfaces may lie in the given geometry, mm.
    pub reach_mm: f64,
}

/// Facets whose nodes do not move.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Name, as printed.
    pub name: String,
    /// What is held.
    pub surface: Surface,
}

/// Polynomial degree of the displacements within a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Interpolation {
    /// All ten nodes of a cell move on their own.
    #[default]
    Quadratic,
    /// Mid-edge nodes follow the mean of their corners: constant strain in a cell, a seventh of the unknowns,
    /// far too stiff in bending and for nearly incompressible tissue. For first looks only; cells must be
    /// straight.
    Linear,
}

/// One mechanical question.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Displacements within the cells of all parts.
    pub interpolation: Interpolation,
    /// Elastic bodies.
    pub parts: Vec<Part>,
    /// Where they meet.
    pub interfaces: Vec<Interface>,
    /// Beds under sliding interfaces, by their index.
    pub beds: Vec<(usize, Bed)>,
    /// Where they are held.
    pub holds: Vec<Hold>,
    /// Rigid bodies that push along a straight line.
    pub guides: Vec<Guide>,
    /// Rigid bodies that screws are clamped in.
    pub bodies: Vec<RigidBody>,
    /// Tractions on facets.
    pub tractions: Vec<Traction>,
    /// Screws and rods.
    pub fixation: Fixation,
}

/// What is wrong with a model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ModelError {
    /// Nothing to solve.
    #[error("the model has no parts")]
    Empty,
    /// A facet list without entries.
    #[error("{what} `{name}` has no facets on part `{part}`")]
    NoFacets {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Part concerned.
        part: String,
    },
    /// A facet number beyond the boundary of the mesh.
    #[error("{what} `{name}` names facet {facet} of part `{part}`, which has {count} boundary facets")]
    UnknownFacet {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Part concerned.
        part: String,
        /// Facet named.
        facet: u32,
        /// Boundary facets there are.
        count: usize,
    },
    /// A part number that does not exist.
    #[error("{what} `{name}` names part {part}, the model has {count}")]
    UnknownPart {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Part named.
        part: usize,
        /// Parts there are.
        count: usize,
    },
    /// The materials of a part do not fit its cells.
    #[error("part `{part}`: {found} cells have a material, the mesh has {cells}")]
    MaterialCount {
        /// Part concerned.
        part: String,
        /// Length of `of_cell`.
        found: usize,
        /// Cells of the mesh.
        cells: usize,
    },
    /// A material number beyond the palette.
    #[error("part `{part}`: cell {cell} has material {material}, the palette has {count}")]
    UnknownMaterial {
        /// Part concerned.
        part: String,
        /// Cell concerned.
        cell: usize,
        /// Material named.
        material: u32,
        /// Materials there are.
        count: usize,
    },
    /// A stiffness that is not symmetric and positive definite.
    #[error("part `{part}`: material {material} is not symmetric and positive definite")]
    BadStiffness {
        /// Part concerned.
        part: String,
        /// Index into the palette.
        material: usize,
    },
    /// A curved cell where displacements are linear: it could not even turn without strain.
    #[error("part `{part}`: cell {cell} is curved; linear interpolation needs straight cells")]
    Curved {
        /// Part concerned.
        part: String,
        /// First such cell.
        cell: usize,
    },
    /// A number out of range.
    #[error("{what} `{name}`: {quantity} is {value}, expected {expected}")]
    BadNumber {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
        /// Quantity concerned.
        quantity: &'static str,
        /// Its value.
        value: f64,
        /// Range allowed.
        expected: &'static str,
    },
    /// Two surfaces that do not face each other anywhere.
    #[error(
        "interface `{name}`: no part of the slave surface on `{slave}` faces `{master}` within {reach} mm"
    )]
    Apart {
        /// Name of the interface.
        name: String,
        /// Slave part.
        slave: String,
        /// Master part.
        master: String,
        /// Reach, mm.
        reach: f64,
    },
    /// A screw that lies outside its part.
    #[error("`{member}` is tied to part `{part}` but lies wholly outside it")]
    NotEmbedded {
        /// Screw concerned.
        member: String,
        /// Part concerned.
        part: String,
    },
    /// A beam node that no screw or rod uses.
    #[error("fixation node {node} belongs to no screw or rod")]
    LooseNode {
        /// Index of the node.
        node: usize,
    },
    /// The force on the model is zero.
    #[error("no load acts: every traction and guide force is zero")]
    NoLoad,
    /// The meshes are not those the solver was set up for.
    #[error("`{what}` has changed since the solver was set up: only stiffness, laws and loads may")]
    Changed {
        /// What has changed.
        what: String,
    },
}

impl Model {
    /// The same model under `factor` times its loads.
    pub fn under(&self, factor: f64) -> Self {
        let mut model = self.clone();
        model.guides.iter_mut().for_each(|g| g.force = g.force.map(|f| factor * f));
        for b in &mut model.bodies {
            b.force = b.force.map(|f| factor * f);
            b.couple = b.couple.map(|m| factor * m);
        }
        model.tractions.iter_mut().for_each(|t| t.value = t.value.map(|t| factor * t));
        model
    }

    /// Everything wrong that can be seen without solving; empty when the model is sound so far.
    pub fn check(&self) -> Vec<ModelError> {
        let mut errors = Vec::new();
        if self.parts.is_empty() {
            errors.push(ModelError::Empty);
        }
        self.parts.iter().for_each(|p| check_part(p, &mut errors));
        if self.interpolation == Interpolation::Linear {
            errors.extend(self.parts.iter().filter_map(curved));
        }
        for i in &self.interfaces {
            self.check_surface("interface", &i.name, i.slave.part, &i.slave.facets, &mut errors);
            self.check_surface("interface", &i.name, i.master.part, &i.master.facets, &mut errors);
            number("interface", &i.name, "reach in mm", i.reach_mm, 0.0 < i.reach_mm, "above 0", &mut errors);
            if let Law::Sliding { friction } = i.law {
                let sound = (0.0..10.0).contains(&friction);
                number("interface", &i.name, "friction", friction, sound, "0 to 10", &mut errors);
            }
        }
        for (interface, bed) in &self.beds {
            let known = self.interfaces.get(*interface);
            let name = known.map_or("", |i| i.name.as_str());
            let sliding = known.is_some_and(|i| i.law != Law::Bonded);
            number("bed", name, "interface", *interface as f64, sliding, "a sliding one", &mut errors);
            number("bed", name, "strength in MPa", bed.strength, 0.0 < bed.strength, "above 0", &mut errors);
            number("bed", name, "length in mm", bed.length, 0.0 < bed.length, "above 0", &mut errors);
        }
        for h in &self.holds {
            self.check_surface("hold", &h.name, h.surface.part, &h.surface.facets, &mut errors);
        }
        for g in &self.guides {
            for (part, facets) in &g.beds {
                self.check_surface("guide", &g.name, *part, facets, &mut errors);
            }
            for k in [g.foundation.normal, g.foundation.shear] {
                number("guide", &g.name, "foundation in N/mm³", k, 0.0 < k, "above 0", &mut errors);
            }
            let force = dens_mesher::Vec3::from(g.force).norm();
            number("guide", &g.name, "force in N", force, 0.0 < force, "above 0", &mut errors);
        }
        for t in &self.tractions {
            self.check_surface("traction", &t.name, t.part, &t.facets, &mut errors);
            let size = dens_mesher::Vec3::from(t.value).norm();
            number("traction", &t.name, "traction in MPa", size, true, "finite", &mut errors);
        }
        for b in &self.bodies {
            for (part, facets) in &b.beds {
                self.check_surface("rigid body", &b.name, *part, facets, &mut errors);
            }
            for k in [b.foundation.normal, b.foundation.shear] {
                number("rigid body", &b.name, "foundation in N/mm³", k, 0.0 < k, "above 0", &mut errors);
            }
            let force = dens_mesher::Vec3::from(b.force).norm();
            number(
                "rigid body",
                &b.name,
                "force in N",
                force,
                !b.guided || 0.0 < force,
                "above 0",
                &mut errors,
            );
            let couple = dens_mesher::Vec3::from(b.couple).norm();
            number("rigid body", &b.name, "couple in N mm", couple, true, "finite", &mut errors);
            let known = self.is_free_node(b.node);
            number("rigid body", &b.name, "node", f64::from(b.node), known, "one of its own", &mut errors);
        }
        self.check_fixation(&mut errors);
        errors
    }

    fn check_surface(
        &self,
        what: &'static str,
        name: &str,
        part: usize,
        facets: &[u32],
        errors: &mut Vec<ModelError>,
    ) {
        let name = name.to_string();
        let Some(p) = self.parts.get(part) else {
            errors.push(ModelError::UnknownPart { what, name, part, count: self.parts.len() });
            return;
        };
        let (part, count) = (p.name.clone(), p.mesh.boundary.len());
        if facets.is_empty() {
            errors.push(ModelError::NoFacets { what, name, part });
        } else if let Some(&facet) = facets.iter().find(|f| count <= **f as usize) {
            errors.push(ModelError::UnknownFacet { what, name, part, facet, count });
        }
    }

    /// Whether there is such a fixation node, and it follows no other.
    fn is_free_node(&self, node: u32) -> bool {
        (node as usize) < self.fixation.nodes.len() && self.fixation.leader(node) == node
    }

    fn check_fixation(&self, errors: &mut Vec<ModelError>) {
        for m in &self.fixation.members {
            let s = m.section;
            let d = s.diameter;
            number("screw or rod", &m.name, "diameter in mm", d, 0.0 < d, "above 0", errors);
            let e = s.youngs_modulus;
            number("screw or rod", &m.name, "Young's modulus in MPa", e, 0.0 < e, "above 0", errors);
            let nu = s.poissons_ratio;
            let sound = -1.0 < nu && nu < 0.5;
            number("screw or rod", &m.name, "Poisson's ratio", nu, sound, "between -1 and 0.5", errors);
            let known = m.nodes.iter().all(|n| (*n as usize) < self.fixation.nodes.len());
            let beams = m.nodes.len().saturating_sub(1);
            number(
                "screw or rod",
                &m.name,
                "number of beams",
                beams as f64,
                0 < beams && known,
                "1 or more",
                errors,
            );
            if !known {
                continue;
            }
            let shortest = m
                .nodes
                .windows(2)
                .map(|n| (self.fixation.nodes[n[0] as usize] - self.fixation.nodes[n[1] as usize]).norm())
                .fold(f64::INFINITY, f64::min);
            number(
                "screw or rod",
                &m.name,
                "beam length in mm",
                shortest,
                1e-6 < shortest,
                "above 0",
                errors,
            );
        }
        for l in &self.fixation.links {
            let once = self.fixation.links.iter().filter(|k| k.node == l.node).count() == 1;
            let sound = once && (l.node as usize) < self.fixation.nodes.len() && self.is_free_node(l.with);
            number("link", "screw to rigid body", "node", f64::from(l.node), sound, "linked once", errors);
        }
        for w in &self.fixation.wires {
            if self.parts.len() <= w.part || self.fixation.nodes.len() <= w.node as usize {
                let (part, count) = (w.part, self.parts.len());
                errors.push(ModelError::UnknownPart { what: "wire", name: w.name.clone(), part, count });
                continue;
            }
            let k = w.section.youngs_modulus * w.section.area() / self.fixation.wire_length(w);
            number("wire", &w.name, "stiffness in N/mm", k, 0.0 < k, "above 0", errors);
        }
        let used = |node: &usize| {
            let node = *node as u32;
            self.fixation.members.iter().any(|m| m.nodes.contains(&node))
                || self.bodies.iter().any(|b| b.node == node)
        };
        if let Some(node) = (0..self.fixation.nodes.len()).find(|n| !used(n)) {
            errors.push(ModelError::LooseNode { node });
        }
        for t in &self.fixation.ties {
            let name = self.fixation.members.get(t.member).map_or(String::new(), |m| m.name.clone());
            if self.parts.len() <= t.part {
                let (part, count) = (t.part, self.parts.len());
                errors.push(ModelError::UnknownPart { what: "tie of", name, part, count });
            } else if self.fixation.members.len() <= t.member {
                let value = t.member as f64;
                number("tie to", &self.parts[t.part].name, "member", value, false, "an existing one", errors);
            }
        }
    }
}

fn curved(part: &Part) -> Option<ModelError> {
    let mesh = &part.mesh;
    let straight = |c: &[u32; 10]| tet10::is_straight(&c.map(|n| mesh.points[n as usize]));
    let cell = mesh.cells.iter().position(|c| !straight(c))?;
    Some(ModelError::Curved { part: part.name.clone(), cell })
}

fn check_part(part: &Part, errors: &mut Vec<ModelError>) {
    let (name, cells) = (&part.name, part.mesh.n_cells());
    if part.of_cell.len() != cells {
        let found = part.of_cell.len();
        errors.push(ModelError::MaterialCount { part: name.clone(), found, cells });
    }
    let count = part.palette.len();
    if let Some(cell) = part.of_cell.iter().position(|m| count <= *m as usize) {
        let material = part.of_cell[cell];
        errors.push(ModelError::UnknownMaterial { part: name.clone(), cell, material, count });
    }
    for (material, m) in part.palette.iter().enumerate() {
        if !is_admissible(&m.stiffness) {
            errors.push(ModelError::BadStiffness { part: name.clone(), material });
        }
    }
}

fn number(
    what: &'static str,
    name: &str,
    quantity: &'static str,
    value: f64,
    sound: bool,
    expected: &'static str,
    errors: &mut Vec<ModelError>,
) {
    if !sound || !value.is_finite() {
        errors.push(ModelError::BadNumber { what, name: name.to_string(), quantity, value, expected });
    }
}
