//! Rigid bodies of FEBio: elements of a rigid material, nodes bound to one, its supports and loads.

use super::read::{Done, Reader, child, place, scaled};
use super::time::Curves;
use crate::deck::fields::key;
use crate::deck::joints::{Coupling, CouplingKind, Nodes, Turning};
use crate::deck::model::{Action, Boundary, Elastic, Force, Lines, Material, Set, Step, Target};
use crate::deck::source::Place;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use roxmltree::Node;
use std::collections::BTreeMap;

/// A rigid body.
#[derive(Debug, Clone)]
pub(super) struct Rigid {
    /// Key of its material.
    pub(super) material: String,
    /// Center of mass, where the file gives it.
    pub(super) center: Option<Vec3>,
    pub(super) place: Place,
    /// Reference node, once it is made.
    pub(super) nodes: Option<u32>,
}

/// Tags of the degrees of freedom of a body.
const DOFS: [&str; 6] = ["Rx_dof", "Ry_dof", "Rz_dof", "Ru_dof", "Rv_dof", "Rw_dof"];

/// Degree of freedom of a word, 0 to 5.
fn dof(text: &str) -> Option<u8> {
    let names: [&[&str]; 6] =
        [&["Rx", "x"], &["Ry", "y"], &["Rz", "z"], &["Ru", "u"], &["Rv", "v"], &["Rw", "w"]];
    names.iter().position(|n| n.contains(&text.trim())).map(|i| i as u8)
}

impl Reader {
    /// Makes the reference node of every rigid body and binds its elements to it.
    pub(super) fn rigid_bodies(&mut self) -> Done {
        self.stiffen();
        let keys: Vec<String> = self.bodies.keys().cloned().collect();
        for name in keys {
            let body = self.bodies[&name].clone();
            if body.nodes.is_some() {
                continue;
            }
            let members = self.part_of_material.get(&body.material).cloned().unwrap_or_default();
            let center = body.center.or_else(|| self.centroid(&members)).unwrap_or_else(Vec3::zeros);
            let full = || "the labels of nodes end at 2^32".to_string();
            let reference = self.deck.make_node(center).ok_or_else(full)?;
            let rotation = self.deck.make_node(center).ok_or_else(full)?;
            self.deck.turning.push(Turning { reference, rotation });
            for own in self.bodies.values_mut().filter(|own| own.material == body.material) {
                own.nodes = Some(reference);
            }
            if members.is_empty() {
                continue;
            }
            let set = format!("RIGID {}", body.material);
            self.deck.element_sets.insert(key(&set), Set { name: set.clone(), members });
            let (kind, on, place) = (CouplingKind::Rigid, Nodes::Elements(key(&set)), body.place);
            self.deck.couplings.push(Coupling { kind, on, reference, rotation, place });
        }
        Ok(())
    }

    /// Gives rigid materials the stiffness of the stiffest other one. Their elements do not strain, but the solver takes
    /// scales from the stiffness of what it joins.
    fn stiffen(&mut self) {
        let rigid =
            |name: &str, bodies: &BTreeMap<String, Rigid>| bodies.values().any(|b| b.material == key(name));
        let modulus = |m: &Material| match (&m.elastic, &m.hyperelastic) {
            (Some(Elastic::Isotropic(e, _)), _) => *e,
            (Some(Elastic::Engineering(c)), _) => c[0].max(c[1]).max(c[2]),
            (_, Some(energy)) => 3.0 * energy.moduli().0,
            _ => 0.0,
        };
        let others = self.deck.materials.iter().filter(|m| !rigid(&m.name, &self.bodies));
        let stiffest = others.map(modulus).fold(0.0, f64::max);
        if 0.0 < stiffest {
            for m in self.deck.materials.iter_mut().filter(|m| rigid(&m.name, &self.bodies)) {
                m.elastic = Some(Elastic::Isotropic(stiffest, 0.0));
            }
        }
    }

    /// Center of the volume of elements.
    fn centroid(&self, members: &[u32]) -> Option<Vec3> {
        let (mut sum, mut volume) = (Vec3::zeros(), 0.0);
        for &e in members {
            let nodes = self.deck.elements.nodes_of(e as usize);
            let points: Vec<Vec3> = nodes.iter().map(|&n| self.deck.nodes.points[n as usize]).collect();
            let cell = crate::deck::build::shape(self.deck.elements.kinds[e as usize]).cell();
            let rule = cell.rules().last()?;
            for (xi, w) in rule.iter() {
                let share = w * mapping::volume_ratio(cell, &points, xi);
                sum += share * mapping::position(cell, &points, xi);
                volume += share;
            }
        }
        (0.0 < volume).then(|| sum / volume)
    }

    /// Reference node of the body that an element names with `rb`.
    fn body(&mut self, n: Node<'_, '_>) -> Option<u32> {
        let name = child(n, "rb").and_then(|rb| rb.text()).unwrap_or("").trim().to_string();
        let found = self.bodies.get(&key(&name)).and_then(|body| body.nodes);
        if found.is_none() {
            self.lose(n, format!("`{name}` is not the material of a rigid body"));
        }
        found
    }

    /// Degrees of freedom that stay at zero, and nodes that are bound to a body.
    pub(super) fn rigid_supports(&mut self, section: Node<'_, '_>) {
        for n in section.children().filter(Node::is_element) {
            let word = n.attribute("type").unwrap_or("");
            match (n.tag_name().name(), word) {
                ("rigid_bc", "rigid_fixed") => {
                    let tags: Vec<&str> = DOFS.into_iter().chain(["rb"]).collect();
                    self.expect(n, &tags);
                    let Some(reference) = self.body(n) else { continue };
                    let held =
                        |tag: &str| child(n, tag).and_then(|d| d.text()).is_some_and(|t| t.trim() == "1");
                    for axis in (0..6_u8).filter(|&axis| held(DOFS[usize::from(axis)])) {
                        let (target, first, last) = (Target::One(reference), axis, axis);
                        let (value, amplitude) = (0.0, None);
                        self.deck.supports.push(Boundary {
                            target,
                            first,
                            last,
                            value,
                            amplitude,
                            place: place(n),
                        });
                    }
                }
                ("rigid_bc", "rigid_displacement" | "rigid_rotation")
                | ("rigid_load", "rigid_force" | "rigid_moment") => {}
                (tag, _) => self.lose(n, format!("`{tag}` of type `{word}` is not supported")),
            }
        }
    }

    /// Prescribed motions, forces and moments of bodies.
    pub(super) fn rigid_loads(&mut self, section: Node<'_, '_>, curves: &Curves, step: &mut Step) -> Done {
        let (mut moved, mut forces) = (Vec::new(), Vec::new());
        for n in section.children().filter(Node::is_element) {
            let word = n.attribute("type").unwrap_or("");
            let load = match word {
                "rigid_displacement" | "rigid_rotation" => false,
                "rigid_force" | "rigid_moment" => true,
                _ => continue,
            };
            self.expect(n, &["rb", "dof", "value", "relative", "load_type"]);
            let text = |tag: &str| child(n, tag).and_then(|c| c.text()).unwrap_or("").trim().to_string();
            if matches!(text("relative").as_str(), "1" | "true") {
                self.lose(n, "relative motions of rigid bodies are not supported".to_string());
            }
            if !matches!(text("load_type").to_uppercase().as_str(), "" | "0" | "LOAD") {
                self.lose(n, "loads of this type on rigid bodies are not supported: LOAD is".to_string());
            }
            let (Some(reference), Some(axis)) = (self.body(n), dof(&text("dof"))) else {
                if dof(&text("dof")).is_none() {
                    self.lose(n, "the degree of freedom is one of Rx, Ry, Rz, Ru, Rv, Rw".to_string());
                }
                continue;
            };
            let turns = matches!(word, "rigid_rotation" | "rigid_moment");
            // Some files write x, y, z for rotations as well.
            let axis = if turns && axis < 3 { axis + 3 } else { axis };
            let value = scaled(child(n, "value"), curves, word)?;
            let (target, amplitude) = (Target::One(reference), None);
            if load {
                forces.push(Force { target, axis, value, amplitude });
            } else {
                let (first, last) = (axis, axis);
                moved.push(Boundary { target, first, last, value, amplitude, place: place(n) });
            }
        }
        if !moved.is_empty() {
            step.actions.push(Action { fresh: false, lines: Lines::Boundaries(moved) });
        }
        if !forces.is_empty() {
            step.actions.push(Action { fresh: false, lines: Lines::Forces(forces) });
        }
        Ok(())
    }

    /// Node sets that move with a body (`<bc type="rigid">`).
    pub(super) fn rigid_nodes(&mut self, bc: Node<'_, '_>) {
        self.expect(bc, &["rb"]);
        let Some(reference) = self.body(bc) else { return };
        let on = bc.attribute("node_set").map(key).filter(|k| self.deck.node_sets.contains_key(k));
        let (Some(set), Some(rotation)) = (on, self.deck.rotation_of(reference)) else {
            self.lose(bc, "the nodes of the rigid body are not a node set of the mesh".to_string());
            return;
        };
        let (kind, on, place) = (CouplingKind::Rigid, Nodes::Set(set), place(bc));
        self.deck.couplings.push(Coupling { kind, on, reference, rotation, place });
    }
}
