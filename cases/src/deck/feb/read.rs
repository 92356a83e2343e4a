//! A model from a FEBio file.

use super::time::{Clock, Curves, curves};
use super::write::base_name;
use super::{MARKED, SINGLE, UNASSIGNED, back};
use crate::deck::fields::{self, key};
use crate::deck::kind::Kind;
use crate::deck::model::{
    Action, Axes, Boundary, Deck, Elastic, Elements, Force, Lines, Material, Nodes, Orientation, Section,
    Set, Step, Surface, SurfaceLoad, Target,
};
use crate::deck::source::{Findings, Place, Source};
use crate::failure::Failure;
use dens_mesher::Vec3;
use roxmltree::{Document, Node};
use std::collections::BTreeMap;
use std::path::Path;

/// A model from a file, and what was passed over.
///
/// # Errors
/// A file that is no FEBio model of version 3 or 4, or broken; exit 2.
pub fn read(path: &Path) -> Result<(Deck, Vec<String>), Failure> {
    let (reader, _) = attempt(path, false)?;
    Ok((reader.deck, reader.lost))
}

/// A model to solve. What is not understood is an error.
///
/// # Errors
/// As [`read`], and all that cannot be solved, each with its line; exit 2.
pub fn read_to_solve(path: &Path) -> Result<(Deck, Findings), Failure> {
    let (Reader { deck, mut findings, .. }, text) = attempt(path, true)?;
    let name = path.display().to_string();
    findings.sources.push(Source { name, path: path.to_path_buf(), bytes: text.into_bytes() });
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    Ok((deck, findings))
}

/// Reads a file; gives its text as well.
fn attempt(path: &Path, strict: bool) -> Result<(Reader, String), Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| Failure::input(format!("cannot read `{shown}`: {e}")))?;
    let text = String::from_utf8(bytes).or_else(|e| {
        // Files declare Latin-1 and rarely use it.
        let latin: String = e.as_bytes().iter().map(|&b| char::from(b)).collect();
        if latin.contains('\0') {
            Err(Failure::input(format!("`{shown}` is not a text file")))
        } else {
            Ok(latin)
        }
    })?;
    let refuse = |reason: String| Failure::input(format!("`{shown}`: {reason}"));
    let document = Document::parse(&text).map_err(|e| refuse(format!("it is not sound XML: {e}")))?;
    let root = document.root_element();
    if !root.has_tag_name("febio_spec") {
        return Err(refuse("it is no FEBio file".to_string()));
    }
    if !root.attribute("version").is_some_and(|v| v.starts_with('4') || v.starts_with('3')) {
        return Err(refuse("only FEBio files of version 3 and 4 are read".to_string()));
    }
    let mut reader = Reader {
        deck: Deck::default(),
        lost: Vec::new(),
        findings: Findings::default(),
        strict,
        parts: BTreeMap::new(),
        part_of_material: BTreeMap::new(),
        bodies: BTreeMap::new(),
    };
    let done = reader.whole(root);
    // What follows from an error with a place is not worth a word.
    if reader.findings.n_errors() == 0 {
        done.map_err(refuse)?;
    }
    Ok((reader, text))
}

/// Model under construction.
pub(super) struct Reader {
    pub(super) deck: Deck,
    lost: Vec<String>,
    pub(super) findings: Findings,
    /// Whether the model is to be solved, so that nothing may be lost.
    pub(super) strict: bool,
    /// Elements of each part by its full name.
    pub(super) parts: BTreeMap<String, Vec<u32>>,
    /// Elements of each material by its key.
    pub(super) part_of_material: BTreeMap<String, Vec<u32>>,
    /// Rigid bodies by the name and the number of their material.
    pub(super) bodies: BTreeMap<String, super::rigid::Rigid>,
}

pub(super) type Done = Result<(), String>;

/// Place of an element of the file, its first line.
pub(super) fn place(n: Node<'_, '_>) -> Place {
    let range = n.range();
    let text = n.document().input_text();
    let first = text[range.clone()].lines().next().map_or(0, str::len);
    let line = n.document().text_pos_at(range.start).row;
    Place { file: 0, line, at: range.start, len: first as u32 }
}

impl Reader {
    fn whole(&mut self, root: Node<'_, '_>) -> Done {
        let mut sections: Vec<Node<'_, '_>> = root.children().filter(Node::is_element).collect();
        if self.strict {
            sections = self.with_step(sections);
        }
        let named = |name: &'static str| sections.iter().filter(move |n| n.has_tag_name(name)).copied();
        for n in named("Material") {
            self.materials(n)?;
        }
        for n in named("Mesh") {
            self.nodes(n)?;
            self.elements(n)?;
            self.sets(n)?;
            self.surfaces(n)?;
        }
        for n in named("MeshDomains") {
            self.domains(n)?;
        }
        if self.strict {
            self.rigid_bodies()?;
            self.only_solids(root);
            for n in named("Rigid") {
                self.rigid_supports(n);
            }
            for n in named("Contact") {
                self.contacts(n, root)?;
            }
        }
        for n in named("Boundary") {
            self.supports(n)?;
        }
        let clock = if self.strict { self.clock(named("Control").next(), root)? } else { Clock::end_only() };
        for segment in clock.segments() {
            let curves = curves(root, segment.end);
            let mut step = segment.step(self.strict);
            for n in named("Boundary") {
                self.boundary(n, &curves, &mut step)?;
            }
            for n in named("Loads") {
                self.loads(n, &curves, &mut step)?;
            }
            if self.strict {
                for n in named("Rigid") {
                    self.rigid_loads(n, &curves, &mut step)?;
                }
            }
            if self.strict || !step.actions.is_empty() {
                self.deck.steps.push(step);
            }
        }
        let known = [
            "Module",
            "Control",
            "Globals",
            "Material",
            "Mesh",
            "MeshDomains",
            "Boundary",
            "Loads",
            "LoadData",
            "Output",
        ];
        let known: Vec<&str> = known
            .into_iter()
            .chain(if self.strict { &["Rigid", "Contact"][..] } else { &[] }.iter().copied())
            .collect();
        for n in sections.iter().filter(|n| !known.contains(&n.tag_name().name())) {
            let filled = n.children().any(|c| c.is_element());
            if filled {
                self.lose(*n, format!("section `{}` is not carried over", n.tag_name().name()));
            }
        }
        Ok(())
    }

    fn materials(&mut self, section: Node<'_, '_>) -> Done {
        for m in section.children().filter(|n| n.has_tag_name("material")) {
            let name = m.attribute("name").or(m.attribute("id")).unwrap_or("material");
            // A material used in several axes was written once for each of them.
            let plain = name.split_once('@').map_or(name, |n| n.0).to_string();
            let constant = |tag: &str| -> Result<f64, String> {
                let text = child(m, tag).and_then(|n| n.text()).unwrap_or("").trim();
                fields::number(text.as_bytes())
                    .map_err(|_| format!("material `{name}`: `{tag}` is no number"))
            };
            let elastic = match m.attribute("type") {
                Some("isotropic elastic") => Some(Elastic::Isotropic(constant("E")?, constant("v")?)),
                Some("orthotropic elastic") => {
                    let (e1, e2, e3) = (constant("E1")?, constant("E2")?, constant("E3")?);
                    let nu13 = back(constant("v31")?, e1, e3);
                    let (nu12, nu23) = (constant("v12")?, constant("v23")?);
                    let (g12, g13, g23) = (constant("G12")?, constant("G31")?, constant("G23")?);
                    Some(Elastic::Engineering([e1, e2, e3, nu12, nu13, nu23, g12, g13, g23]))
                }
                Some(law) if self.strict => {
                    self.law(m, name, law)?;
                    continue;
                }
                other => {
                    let law = other.unwrap_or("(none)");
                    self.lose(m, format!("the law `{law}` of material `{name}` is not carried over"));
                    None
                }
            };
            if let Some(Err(reason)) = elastic.as_ref().map(Elastic::stiffness) {
                return Err(format!("material `{name}`: {reason}"));
            }
            let density = child(m, "density").map(|_| constant("density")).transpose()?;
            self.axes(m, name)?;
            if self.deck.materials.iter().any(|known| key(&known.name) == key(&plain)) {
                continue;
            }
            self.expect(
                m,
                &[
                    "density", "E", "v", "mat_axis", "E1", "E2", "E3", "v12", "v23", "v31", "G12", "G23",
                    "G31",
                ],
            );
            self.deck.materials.push(Material {
                name: plain,
                elastic,
                density,
                green: self.strict,
                place: place(m),
                ..Material::default()
            });
        }
        Ok(())
    }

    /// Axes of a material become an orientation named like the end of its name.
    fn axes(&mut self, m: Node<'_, '_>, name: &str) -> Done {
        let Some(axis) = child(m, "mat_axis") else { return Ok(()) };
        if axis.attribute("type") != Some("vector") {
            self.lose(axis, format!("the axes of material `{name}` are not carried over"));
            return Ok(());
        }
        let vector = |tag: &str| -> Result<Vec3, String> {
            let numbers = numbers(child(axis, tag).and_then(|n| n.text()).unwrap_or(""))?;
            match numbers.as_slice() {
                &[x, y, z] => Ok(Vec3::new(x, y, z)),
                _ => Err(format!("material `{name}`: an axis has three numbers")),
            }
        };
        let (a, b) = (vector("a")?, vector("d")?);
        if a.cross(&b).norm() == 0.0 {
            return Err(format!("material `{name}`: its axes are parallel"));
        }
        let name = name.split_once('@').map_or(name, |n| n.1).to_string();
        let axes = Axes::Rectangular;
        let (c, place) = (Vec3::zeros(), Place::NOWHERE);
        self.deck.orientations.push(Orientation { name, axes, a, b, c, rotation: None, place });
        Ok(())
    }

    fn nodes(&mut self, mesh: Node<'_, '_>) -> Done {
        let mut all: Vec<(u32, Vec3)> = Vec::new();
        for group in mesh.children().filter(|n| n.has_tag_name("Nodes")) {
            for n in group.children().filter(|n| n.has_tag_name("node")) {
                let label = id(n)?;
                match numbers(n.text().unwrap_or(""))?.as_slice() {
                    &[x, y, z] => all.push((label, Vec3::new(x, y, z))),
                    _ => return Err(format!("node {label} has not three coordinates")),
                }
            }
        }
        all.sort_by_key(|n| n.0);
        if let Some(w) = all.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(format!("node {} is given twice", w[0].0));
        }
        self.deck.nodes =
            Nodes { labels: all.iter().map(|n| n.0).collect(), points: all.iter().map(|n| n.1).collect() };
        Ok(())
    }

    fn elements(&mut self, mesh: Node<'_, '_>) -> Done {
        let mut all: Vec<(u32, Kind, Vec<u32>, Place)> = Vec::new();
        let mut parts: Vec<(String, Vec<u32>)> = Vec::new();
        for group in mesh.children().filter(|n| n.has_tag_name("Elements")) {
            let name = group.attribute("name").unwrap_or("part").to_string();
            let word = group.attribute("type").unwrap_or("");
            let Some(plain) = Kind::from_feb(word) else {
                self.lose(group, format!("part `{name}` of shape `{word}` is not carried over"));
                continue;
            };
            let told = |kind: &&Kind| kind.feb() == word && name.ends_with(&format!("_{}", kind.name()));
            let kind = MARKED.iter().find(told).copied().unwrap_or(plain);
            let mut labels = Vec::new();
            for e in group.children().filter(|n| n.has_tag_name("elem")) {
                let label = id(e)?;
                let nodes = self.node_list(e.text().unwrap_or(""), &format!("element {label}"))?;
                if nodes.len() != kind.n_nodes() {
                    return Err(format!(
                        "element {label} has {} nodes, a {word} needs {}",
                        nodes.len(),
                        kind.n_nodes()
                    ));
                }
                labels.push(label);
                all.push((label, kind, nodes, if self.strict { place(e) } else { Place::NOWHERE }));
            }
            parts.push((name, labels));
        }
        all.sort_by_key(|e| e.0);
        if let Some(w) = all.windows(2).find(|w| w[0].0 == w[1].0) {
            return Err(format!("element {} is given twice", w[0].0));
        }
        let mut elements = Elements { starts: vec![0], ..Elements::default() };
        for (label, kind, nodes, at) in all {
            elements.places.push(at);
            elements.labels.push(label);
            elements.kinds.push(kind);
            elements.nodes.extend(nodes);
            elements.starts.push(elements.nodes.len());
        }
        self.deck.elements = elements;
        for (name, labels) in parts {
            let members: Vec<u32> = labels.iter().filter_map(|&l| self.deck.elements.index(l)).collect();
            let base = base_name(&name).to_string();
            if base != UNASSIGNED {
                let set = self.deck.element_sets.entry(key(&base)).or_default();
                set.name = base;
                set.members.extend_from_slice(&members);
                set.members.sort_unstable();
            }
            self.parts.insert(name, members);
        }
        Ok(())
    }

    fn node_list(&self, text: &str, what: &str) -> Result<Vec<u32>, String> {
        let one = |word: &str| {
            let label =
                fields::label(word.as_bytes()).ok_or_else(|| format!("{what}: `{word}` is no label"))?;
            self.deck.nodes.index(label).ok_or_else(|| format!("{what}: there is no node {label}"))
        };
        words(text).map(one).collect()
    }

    fn sets(&mut self, mesh: Node<'_, '_>) -> Done {
        for n in mesh.children().filter(|n| n.has_tag_name("NodeSet")) {
            let name = n.attribute("name").unwrap_or("set").to_string();
            let mut members = self.node_list(&set_text(n), &format!("node set `{name}`"))?;
            members.sort_unstable();
            members.dedup();
            if single(&name).is_none() {
                self.deck.node_sets.insert(key(&name), Set { name, members });
            }
        }
        for n in mesh.children().filter(|n| n.has_tag_name("ElementSet")) {
            let name = n.attribute("name").unwrap_or("set").to_string();
            let mut members = Vec::new();
            for word in words(&set_text(n)) {
                let index = fields::label(word.as_bytes()).and_then(|l| self.deck.elements.index(l));
                members
                    .push(index.ok_or_else(|| format!("element set `{name}`: there is no element {word}"))?);
            }
            members.sort_unstable();
            members.dedup();
            self.deck.element_sets.insert(key(&name), Set { name, members });
        }
        Ok(())
    }

    fn surfaces(&mut self, mesh: Node<'_, '_>) -> Done {
        let groups: Vec<Node<'_, '_>> = mesh.children().filter(|n| n.has_tag_name("Surface")).collect();
        if groups.is_empty() {
            return Ok(());
        }
        // Facets by their corners as seen from outside, the lowest one first.
        let mut known: BTreeMap<Vec<u32>, (u32, u8)> = BTreeMap::new();
        let elements = &self.deck.elements;
        for e in 0..elements.len() {
            let nodes = elements.nodes_of(e);
            for (f, corners) in elements.kinds[e].facets().iter().enumerate() {
                let corners: Vec<u32> = corners.iter().map(|&c| nodes[c as usize]).collect();
                known.insert(turned(corners), (e as u32, f as u8));
            }
        }
        for group in groups {
            let name = group.attribute("name").unwrap_or("surface").to_string();
            let (mut facets, mut all) = (Vec::new(), Vec::new());
            for f in group.children().filter(Node::is_element) {
                let nodes = self.node_list(f.text().unwrap_or(""), &format!("surface `{name}`"))?;
                all.extend_from_slice(&nodes);
                let n = if f.tag_name().name().starts_with("tri") { 3 } else { 4 };
                let corners: Vec<u32> = nodes.iter().take(n).copied().collect();
                let reversed: Vec<u32> = corners.iter().rev().copied().collect();
                let found = known.get(&turned(corners)).or_else(|| known.get(&turned(reversed)));
                facets.push(
                    *found.ok_or_else(|| format!("surface `{name}` has a facet that bounds no element"))?,
                );
            }
            facets.sort_unstable();
            facets.dedup();
            if self.strict {
                // What other sections may name as a set of nodes.
                let name = format!("@surface:{name}");
                all.sort_unstable();
                all.dedup();
                self.deck.node_sets.insert(key(&name), Set { name, members: all });
            }
            self.deck.surfaces.insert(key(&name), Surface::Facets(name, facets));
        }
        Ok(())
    }

    fn domains(&mut self, section: Node<'_, '_>) -> Done {
        for d in section.children().filter(Node::is_element) {
            let part = d.attribute("name").unwrap_or("").to_string();
            let material = d.attribute("mat").unwrap_or("");
            if !d.has_tag_name("SolidDomain") {
                self.lose(d, format!("domain `{part}` is no solid and is not carried over"));
                continue;
            }
            if !self.parts.contains_key(&part) {
                return Err(format!("there is no part `{part}` for a domain"));
            }
            let (plain, axes) = material.split_once('@').unwrap_or((material, material));
            let members = self.parts.get(&part).cloned().unwrap_or_default();
            self.part_of_material.entry(key(plain)).or_default().extend(members);
            let Some(index) = self.deck.materials.iter().position(|m| key(&m.name) == key(plain)) else {
                self.lose(d, format!("part `{part}` names material `{material}`, which is not carried over"));
                continue;
            };
            let orientation = self.deck.orientations.iter().position(|o| o.name == axes);
            let set = key(base_name(&part));
            let section = Section { set, material: index, orientation, place: Place::NOWHERE };
            // Parts of several shapes in one section are one set.
            if !self.deck.sections.contains(&section) {
                self.deck.sections.push(section);
            }
        }
        Ok(())
    }

    fn target(&self, n: Node<'_, '_>) -> Option<Target> {
        let name = n.attribute("node_set")?;
        match single(name).and_then(|l| self.deck.nodes.index(l)) {
            Some(node) => Some(Target::One(node)),
            None => self.deck.node_sets.contains_key(&key(name)).then(|| Target::Set(key(name))),
        }
    }

    /// Nodes that are held.
    fn supports(&mut self, section: Node<'_, '_>) -> Done {
        for bc in section.children().filter(|n| n.has_tag_name("bc")) {
            if bc.attribute("type") == Some("rigid") && self.strict {
                self.rigid_nodes(bc);
            }
            if bc.attribute("type") != Some("zero displacement") {
                continue;
            }
            let Some(target) = self.target_of(bc) else { continue };
            self.expect(bc, &["x_dof", "y_dof", "z_dof"]);
            let held = ["x_dof", "y_dof", "z_dof"]
                .map(|tag| child(bc, tag).and_then(|n| n.text()).is_some_and(|t| t.trim() == "1"));
            let at = if self.strict { place(bc) } else { Place::NOWHERE };
            let mut axis = 0;
            while axis < 3 {
                let run = held[axis..].iter().take_while(|h| **h).count();
                if run > 0 {
                    let (first, last) = (axis as u8, (axis + run - 1) as u8);
                    let target = target.clone();
                    let (value, amplitude) = (0.0, None);
                    self.deck.supports.push(Boundary { target, first, last, value, amplitude, place: at });
                }
                axis += run.max(1);
            }
        }
        Ok(())
    }

    /// Target of a boundary condition, or that it names none.
    fn target_of(&mut self, bc: Node<'_, '_>) -> Option<Target> {
        let target = self.target(bc);
        if target.is_none() {
            let name = bc.attribute("name").or(bc.attribute("type")).unwrap_or_default();
            self.lose(bc, format!("boundary condition `{name}` names no node set of the mesh"));
        }
        target
    }

    fn boundary(&mut self, section: Node<'_, '_>, curves: &Curves, step: &mut Step) -> Done {
        let mut prescribed = Vec::new();
        for bc in section.children().filter(|n| n.has_tag_name("bc")) {
            let word = bc.attribute("type").unwrap_or("");
            let name = bc.attribute("name").unwrap_or(word);
            match word {
                "zero displacement" => {}
                "rigid" if self.strict => {}
                "prescribed displacement" => {
                    let Some(target) = self.target_of(bc) else { continue };
                    self.expect(bc, &["dof", "value", "relative"]);
                    if child(bc, "relative").and_then(|n| n.text()).is_some_and(|t| t.trim() == "1") {
                        self.lose(bc, format!("boundary condition `{name}` is relative"));
                    }
                    let axis = child(bc, "dof").and_then(|n| n.text()).and_then(axis);
                    let Some(axis) = axis else {
                        self.lose(bc, format!("boundary condition `{name}` names no axis"));
                        continue;
                    };
                    let value = scaled(child(bc, "value"), curves, name)?;
                    let (first, last, amplitude) = (axis, axis, None);
                    let at = if self.strict { place(bc) } else { Place::NOWHERE };
                    prescribed.push(Boundary { target, first, last, value, amplitude, place: at });
                }
                _ => {
                    self.lose(bc, format!("boundary condition `{name}` of type `{word}` is not carried over"))
                }
            }
        }
        if !prescribed.is_empty() {
            step.actions.push(Action { fresh: false, lines: Lines::Boundaries(prescribed) });
        }
        Ok(())
    }

    fn loads(&mut self, section: Node<'_, '_>, curves: &Curves, step: &mut Step) -> Done {
        let (mut forces, mut pressures) = (Vec::new(), Vec::new());
        for load in section.children().filter(Node::is_element) {
            let word = load.attribute("type").unwrap_or(load.tag_name().name());
            let name = load.attribute("name").unwrap_or(word);
            match word {
                "nodal_load" => {
                    self.expect(load, &["dof", "scale", "value"]);
                    let axis = child(load, "dof").and_then(|n| n.text()).and_then(axis);
                    let (Some(target), Some(axis)) = (self.target(load), axis) else {
                        self.lose(load, format!("load `{name}` names no node set or axis"));
                        continue;
                    };
                    let value = scaled(child(load, "scale").or(child(load, "value")), curves, name)?;
                    forces.push(Force { target, axis, value, amplitude: None });
                }
                "nodal_force" => {
                    let Some(target) = self.target(load) else {
                        self.lose(load, format!("load `{name}` names no node set"));
                        continue;
                    };
                    let value = child(load, "value");
                    let factor = factor(value, curves);
                    let v = numbers(value.and_then(|n| n.text()).unwrap_or(""))?;
                    for (axis, f) in v.into_iter().take(3).enumerate().filter(|(_, f)| *f != 0.0) {
                        let (target, axis, value) = (target.clone(), axis as u8, f * factor);
                        forces.push(Force { target, axis, value, amplitude: None });
                    }
                }
                "traction" if self.strict => {
                    self.expect(load, &["scale", "traction"]);
                    let surface = key(load.attribute("surface").unwrap_or(""));
                    let value = child(load, "traction");
                    let vector = numbers(value.and_then(|n| n.text()).unwrap_or(""))?;
                    let &[x, y, z] = vector.as_slice() else {
                        return Err(format!("load `{name}`: a traction has three numbers"));
                    };
                    let scale = match child(load, "scale") {
                        Some(n) => scaled(Some(n), curves, name)?,
                        None => factor(value, curves),
                    };
                    let traction = Vec3::new(x, y, z);
                    let direction = traction.try_normalize(0.0);
                    let known = self.deck.surfaces.contains_key(&surface);
                    let (Some(direction), true) = (direction, known) else {
                        self.lose(
                            load,
                            format!("load `{name}` names no surface of the mesh or no direction"),
                        );
                        continue;
                    };
                    let value = scale * traction.norm();
                    let (direction, amplitude) = (Some(direction), None);
                    pressures.push(SurfaceLoad { surface, direction, value, amplitude });
                }
                "pressure" => {
                    self.expect(load, &["pressure", "linear", "symmetric_stiffness", "shell_bottom"]);
                    if child(load, "linear").and_then(|n| n.text()).is_some_and(|t| t.trim() == "1") {
                        self.lose_if_strict(
                            load,
                            format!(
                                "load `{name}` has `linear` 1: pressures follow the deformed surface here"
                            ),
                        );
                    }
                    let surface = key(load.attribute("surface").unwrap_or(""));
                    if !self.deck.surfaces.contains_key(&surface) {
                        self.lose(load, format!("load `{name}` names no surface of the mesh"));
                        continue;
                    }
                    let value = scaled(child(load, "pressure"), curves, name)?;
                    pressures.push(SurfaceLoad { surface, direction: None, value, amplitude: None });
                }
                _ => self.lose(load, format!("load `{name}` of type `{word}` is not carried over")),
            }
        }
        if !forces.is_empty() {
            step.actions.push(Action { fresh: false, lines: Lines::Forces(forces) });
        }
        if !pressures.is_empty() {
            step.actions.push(Action { fresh: false, lines: Lines::SurfaceLoads(pressures) });
        }
        Ok(())
    }
}

impl Reader {
    /// Notes what has no place in the model: an error where it is to be solved.
    pub(super) fn lose(&mut self, n: Node<'_, '_>, what: String) {
        if self.strict {
            let what = what.replace("is not carried over", "is not supported");
            self.findings.wrong(place(n), what);
        } else {
            self.lost.push(what);
        }
    }

    /// The same for what the other formats can do.
    pub(super) fn lose_if_strict(&mut self, n: Node<'_, '_>, what: String) {
        if self.strict {
            self.lose(n, what);
        }
    }

    /// Refuses children of an element that are not understood, where the model is to be solved.
    pub(super) fn expect(&mut self, n: Node<'_, '_>, tags: &[&str]) {
        for c in n.children().filter(|c| self.strict && c.is_element()) {
            if !tags.contains(&c.tag_name().name()) {
                let message =
                    format!("`{}` of this {} is not supported", c.tag_name().name(), n.tag_name().name());
                self.findings.wrong(place(c), message);
            }
        }
    }
}

pub(super) fn factor(n: Option<Node<'_, '_>>, curves: &Curves) -> f64 {
    n.and_then(|n| n.attribute("lc")).and_then(|id| curves.get(id)).copied().unwrap_or(1.0)
}

/// Number of an element times the last value of its load curve.
pub(super) fn scaled(n: Option<Node<'_, '_>>, curves: &Curves, what: &str) -> Result<f64, String> {
    let text = n.and_then(|n| n.text()).unwrap_or("").trim();
    let value = fields::number(text.as_bytes()).map_err(|_| format!("`{what}`: `{text}` is no number"))?;
    Ok(value * factor(n, curves))
}

pub(super) fn child<'a, 'i>(n: Node<'a, 'i>, tag: &str) -> Option<Node<'a, 'i>> {
    n.children().find(|c| c.has_tag_name(tag))
}

fn id(n: Node<'_, '_>) -> Result<u32, String> {
    let text = n.attribute("id").unwrap_or("");
    fields::label(text.trim().as_bytes())
        .filter(|&l| l > 0)
        .ok_or_else(|| format!("`{text}` is no id of a {}", n.tag_name().name()))
}

/// Words between commas and blanks.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|w| !w.is_empty())
}

pub(super) fn numbers(text: &str) -> Result<Vec<f64>, String> {
    words(text).map(|w| fields::number(w.as_bytes()).map_err(|_| format!("`{w}` is no number"))).collect()
}

/// Members of a set: as text in version 4, as children with ids in version 3.
fn set_text(n: Node<'_, '_>) -> String {
    let ids: Vec<&str> = n.children().filter_map(|c| c.attribute("id")).collect();
    if ids.is_empty() { n.text().unwrap_or("").to_string() } else { ids.join(",") }
}

/// Label of a set of one node.
fn single(name: &str) -> Option<u32> {
    name.strip_prefix(SINGLE).and_then(|l| fields::label(l.as_bytes()))
}

fn axis(text: &str) -> Option<u8> {
    match text.trim() {
        "x" => Some(0),
        "y" => Some(1),
        "z" => Some(2),
        _ => None,
    }
}

/// A ring turned so that its lowest member comes first.
fn turned(mut ring: Vec<u32>) -> Vec<u32> {
    if let Some(lowest) = (0..ring.len()).min_by_key(|&i| ring[i]) {
        ring.rotate_left(lowest);
    }
    ring
}
