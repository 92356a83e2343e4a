//! A model as a FEBio file.

use super::{MARKED, SINGLE, UNASSIGNED, reciprocal};
use crate::deck::count;
use crate::deck::kind::{KINDS, Kind};
use crate::deck::model::{
    Axes, Boundary, Deck, Elastic, ElementLoadKind, Lines, Material, Orientation, Step, Surface, Target,
};
use dens_mesher::mixed::Shape;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Part of the mesh: elements of one shape in one section.
struct Part {
    name: String,
    kind: Kind,
    elements: Vec<u32>,
    material: Option<(usize, Option<usize>)>,
}

/// The model as text, and what FEBio has no place for.
pub fn write(deck: &Deck) -> (String, Vec<String>) {
    let mut writer = Writer { deck, out: String::new(), lost: Vec::new(), singles: BTreeSet::new() };
    writer.whole();
    (writer.out, writer.lost)
}

struct Writer<'d> {
    deck: &'d Deck,
    out: String,
    lost: Vec<String>,
    singles: BTreeSet<u32>,
}

/// A material with the axes it is used in: FEBio keeps axes in the material.
type Used = (usize, Option<usize>);

impl Writer<'_> {
    fn line(&mut self, depth: usize, text: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{:depth$}{text}", "", depth = 2 * depth);
    }

    fn whole(&mut self) {
        let parts = self.parts();
        let mut used: Vec<Used> = parts.iter().filter_map(|p| p.material).collect();
        used.extend(
            (0..self.deck.materials.len())
                .map(|m| (m, None))
                .filter(|m| !parts.iter().any(|p| p.material.is_some_and(|u| u.0 == m.0))),
        );
        used.sort_unstable();
        used.dedup();
        let steps = &self.deck.steps;
        let step = steps.first();
        self.find_singles(step);
        self.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<febio_spec version=\"4.0\">\n");
        self.line(1, format_args!("<Module type=\"solid\"/>"));
        self.line(
            1,
            format_args!(
                "<Control>\n    <analysis>STATIC</analysis>\n    <time_steps>1</time_steps>\n    <step_size>1</step_size>\n  </Control>"
            ),
        );
        self.line(1, format_args!("<Material>"));
        for (id, &used) in used.iter().enumerate() {
            self.material(id + 1, used);
        }
        self.line(1, format_args!("</Material>"));
        self.mesh(&parts, step);
        self.line(1, format_args!("<MeshDomains>"));
        for part in &parts {
            if let Some(used) = part.material {
                let rule = if part.kind == Kind::C3d20r { " elem_type=\"HEX20G8\"" } else { "" };
                let material = escape(&self.material_name(used));
                self.line(
                    2,
                    format_args!("<SolidDomain name=\"{}\" mat=\"{material}\"{rule}/>", escape(&part.name)),
                );
            }
        }
        self.line(1, format_args!("</MeshDomains>"));
        self.boundary(step);
        self.loads(step);
        self.line(
            1,
            format_args!(
                "<LoadData>\n    <load_controller id=\"1\" type=\"loadcurve\">\n      <interpolate>LINEAR</interpolate>\n      <points>\n        <pt>0,0</pt>\n        <pt>1,1</pt>\n      </points>\n    </load_controller>\n  </LoadData>"
            ),
        );
        self.out.push_str("</febio_spec>\n");
        self.note_lost();
    }

    fn note_lost(&mut self) {
        let d = self.deck;
        self.lost.extend(d.ties.iter().map(|t| format!("tie `{}` has no place in the FEBio file", t.name)));
        let transforms: Vec<String> = d
            .transforms
            .iter()
            .map(|t| {
                format!("the axes of the transformed node set `{}` have no place in the FEBio file", t.set)
            })
            .collect();
        self.lost.extend(transforms);
        self.lost.extend(count("equation", d.equations.len(), "the FEBio file"));
        self.lost.extend(count("coupling", d.couplings.len(), "the FEBio file"));
        self.lost.extend(count("spring", d.springs.len(), "the FEBio file"));
        self.lost.extend(count("initial stress line", d.initial_stresses.len(), "the FEBio file"));
        self.lost.extend(count("contact pair", d.contact_pairs.len(), "the FEBio file"));
        let yields = d.materials.iter().filter(|m| !m.plastic.is_empty());
        let yields = yields
            .map(|m| format!("the yield stress of material `{}` has no place in the FEBio file", m.name));
        self.lost.extend(yields);
        self.lost.extend(count("initial temperature", d.initial_temperatures.len(), "the FEBio file"));
        self.lost.extend(count("step after the first", d.steps.len().saturating_sub(1), "the FEBio file"));
        self.lost
            .extend(d.steps.first().and_then(|s| count("print request", s.requests.len(), "the FEBio file")));
        for s in d.surfaces.values() {
            if let Surface::Nodes(name, _) = s {
                self.lost.push(format!("node surface `{name}` has no place in the FEBio file"));
            }
        }
        let incompatible = d.elements.kinds.iter().filter(|k| **k == Kind::C3d8i).count();
        if 0 < incompatible {
            self.lost
                .push(format!("{incompatible} elements C3D8I become hex8: FEBio has no incompatible modes"));
        }
    }

    /// Elements by section and shape; a later section replaces an earlier one.
    fn parts(&self) -> Vec<Part> {
        let deck = self.deck;
        let mut owner: Vec<Option<usize>> = vec![None; deck.elements.len()];
        for (i, s) in deck.sections.iter().enumerate() {
            for &e in deck.element_sets.get(&s.set).map_or(&[][..], |set| &set.members) {
                owner[e as usize] = Some(i);
            }
        }
        let mut groups: BTreeMap<(usize, Kind), Vec<u32>> = BTreeMap::new();
        for (e, section) in owner.iter().enumerate() {
            let key = (section.unwrap_or(usize::MAX), deck.elements.kinds[e]);
            groups.entry(key).or_default().push(e as u32);
        }
        let mut names = BTreeSet::new();
        let mut parts = Vec::new();
        for ((section, kind), elements) in groups {
            let section = deck.sections.get(section);
            let base = match section {
                Some(s) => deck.element_sets.get(&s.set).map_or(s.set.clone(), |set| set.name.clone()),
                None => UNASSIGNED.to_string(),
            };
            let shared = parts.iter().any(|p: &Part| p.name == base);
            let mut name = if MARKED.contains(&kind) || shared {
                format!("{base}_{}", kind.name())
            } else {
                base.clone()
            };
            let mut i = 2;
            while !names.insert(name.clone()) {
                name = format!("{base}_{}_{i}", kind.name());
                i += 1;
            }
            parts.push(Part { name, kind, elements, material: section.map(|s| (s.material, s.orientation)) });
        }
        parts
    }

    fn material_name(&self, (material, orientation): Used) -> String {
        let name = &self.deck.materials[material].name;
        match orientation {
            Some(o) => format!("{name}@{}", self.deck.orientations[o].name),
            None => name.clone(),
        }
    }

    fn material(&mut self, id: usize, used: Used) {
        let deck = self.deck;
        let m: &Material = &deck.materials[used.0];
        let name = escape(&self.material_name(used));
        let law = match &m.elastic {
            Some(Elastic::Isotropic(e, nu)) => Some(("isotropic elastic", vec![("E", *e), ("v", *nu)])),
            Some(Elastic::Engineering(c)) => Some(("orthotropic elastic", orthotropic(c))),
            Some(Elastic::Orthotropic(_)) => m.elastic.as_ref().and_then(engineering).map(|c| {
                self.lost.push(format!(
                    "material `{}` is written by engineering constants, equal to round-off",
                    m.name
                ));
                ("orthotropic elastic", orthotropic(&c))
            }),
            Some(Elastic::Anisotropic(_)) | None => None,
        };
        let Some((law, constants)) = law else {
            let what = if m.hyperelastic.is_some() {
                "strain energy"
            } else if m.elastic.is_some() {
                "anisotropic constants"
            } else {
                "absence of constants"
            };
            self.lost.push(format!("the {what} of material `{}` have no place in the FEBio file", m.name));
            self.line(2, format_args!("<!-- material {id} {name}: no counterpart -->"));
            return;
        };
        self.line(2, format_args!("<material id=\"{id}\" name=\"{name}\" type=\"{law}\">"));
        if let Some(density) = m.density {
            self.line(3, format_args!("<density>{density:?}</density>"));
        }
        for (tag, value) in constants {
            self.line(3, format_args!("<{tag}>{value:?}</{tag}>"));
        }
        if let Some(o) = used.1.map(|o| &deck.orientations[o]) {
            self.axes(o);
        }
        self.line(2, format_args!("</material>"));
        if m.expansion.is_some() {
            self.lost.push(format!(
                "the thermal expansion of material `{}` has no place in the FEBio file",
                m.name
            ));
        }
    }

    fn axes(&mut self, o: &Orientation) {
        if o.axes == Axes::Cylindrical {
            self.lost
                .push(format!("the cylindrical orientation `{}` has no place in the FEBio file", o.name));
            return;
        }
        let frame = o.at(o.c);
        let column = |i: usize| format!("{:?},{:?},{:?}", frame[(0, i)], frame[(1, i)], frame[(2, i)]);
        self.line(
            3,
            format_args!(
                "<mat_axis type=\"vector\">\n        <a>{}</a>\n        <d>{}</d>\n      </mat_axis>",
                column(0),
                column(1)
            ),
        );
    }

    fn mesh(&mut self, parts: &[Part], step: Option<&Step>) {
        let deck = self.deck;
        self.line(1, format_args!("<Mesh>"));
        self.line(2, format_args!("<Nodes name=\"nodes\">"));
        for (label, p) in deck.nodes.labels.iter().zip(&deck.nodes.points).take(deck.n_own_nodes()) {
            self.line(3, format_args!("<node id=\"{label}\">{:?},{:?},{:?}</node>", p.x, p.y, p.z));
        }
        self.line(2, format_args!("</Nodes>"));
        for part in parts {
            self.line(
                2,
                format_args!("<Elements type=\"{}\" name=\"{}\">", part.kind.feb(), escape(&part.name)),
            );
            for &e in &part.elements {
                let nodes = deck.elements.nodes_of(e as usize);
                let nodes = list(nodes.iter().map(|&n| deck.nodes.labels[n as usize]));
                self.line(
                    3,
                    format_args!("<elem id=\"{}\">{nodes}</elem>", deck.elements.labels[e as usize]),
                );
            }
            self.line(2, format_args!("</Elements>"));
        }
        for set in deck.node_sets.values() {
            let members = list(set.members.iter().map(|&n| deck.nodes.labels[n as usize]));
            self.line(2, format_args!("<NodeSet name=\"{}\">{members}</NodeSet>", escape(&set.name)));
        }
        for &n in &self.singles.clone() {
            let label = deck.nodes.labels[n as usize];
            self.line(2, format_args!("<NodeSet name=\"{SINGLE}{label}\">{label}</NodeSet>"));
        }
        for set in deck.element_sets.values() {
            // A part is a set of its own.
            let same: usize =
                parts.iter().filter(|p| base_name(&p.name) == set.name).map(|p| p.elements.len()).sum();
            if same == set.members.len() && same > 0 {
                continue;
            }
            let members = list(set.members.iter().map(|&e| deck.elements.labels[e as usize]));
            self.line(2, format_args!("<ElementSet name=\"{}\">{members}</ElementSet>", escape(&set.name)));
        }
        for surface in deck.surfaces.values() {
            if let Surface::Facets(name, facets) = surface {
                self.surface(name, facets);
            }
        }
        for (name, facets, _) in pressures(deck, step) {
            self.surface(&name, &facets);
        }
        self.line(1, format_args!("</Mesh>"));
    }

    fn surface(&mut self, name: &str, facets: &[(u32, u8)]) {
        let deck = self.deck;
        self.line(2, format_args!("<Surface name=\"{}\">", escape(name)));
        for (i, &(e, f)) in facets.iter().enumerate() {
            let kind = deck.elements.kinds[e as usize];
            let nodes = deck.elements.nodes_of(e as usize);
            let own = shape(kind).facet_nodes(f as usize);
            let labels = list(own.iter().map(|&n| deck.nodes.labels[nodes[n] as usize]));
            let tag = match own.len() {
                3 => "tri3",
                4 => "quad4",
                6 => "tri6",
                _ => "quad8",
            };
            self.line(3, format_args!("<{tag} id=\"{}\">{labels}</{tag}>", i + 1));
        }
        self.line(2, format_args!("</Surface>"));
    }

    fn find_singles(&mut self, step: Option<&Step>) {
        let mut one = |t: &Target| {
            if let Target::One(n) = t {
                self.singles.insert(*n);
            }
        };
        self.deck.supports.iter().for_each(|b| one(&b.target));
        for action in step.iter().flat_map(|s| &s.actions) {
            match &action.lines {
                Lines::Boundaries(lines) => lines.iter().for_each(|b| one(&b.target)),
                Lines::Forces(lines) => lines.iter().for_each(|f| one(&f.target)),
                _ => {}
            }
        }
    }

    fn set_of(&self, target: &Target) -> String {
        match target {
            Target::One(n) => format!("{SINGLE}{}", self.deck.nodes.labels[*n as usize]),
            Target::Set(key) => {
                escape(self.deck.node_sets.get(key).map_or(key.as_str(), |s| s.name.as_str()))
            }
        }
    }

    /// Factor of a time curve at the end of the first step.
    fn factor(&self, amplitude: Option<usize>, step: Option<&Step>) -> f64 {
        let end = step.map_or(1.0, |s| s.period);
        amplitude.and_then(|a| self.deck.amplitudes.get(a)).map_or(1.0, |a| a.at(end))
    }

    fn boundary(&mut self, step: Option<&Step>) {
        let of_step = step.into_iter().flat_map(|s| &s.actions).filter_map(|a| match &a.lines {
            Lines::Boundaries(lines) => Some(lines),
            _ => None,
        });
        let all: Vec<Boundary> = self.deck.supports.iter().chain(of_step.flatten()).cloned().collect();
        self.line(1, format_args!("<Boundary>"));
        for (i, b) in all.iter().enumerate() {
            let set = self.set_of(&b.target);
            let value = b.value * self.factor(b.amplitude, step);
            if value == 0.0 {
                self.line(
                    2,
                    format_args!("<bc name=\"bc{}\" type=\"zero displacement\" node_set=\"{set}\">", i + 1),
                );
                for (axis, letter) in ["x", "y", "z"].into_iter().enumerate() {
                    let held = u8::from(usize::from(b.first) <= axis && axis <= usize::from(b.last));
                    self.line(3, format_args!("<{letter}_dof>{held}</{letter}_dof>"));
                }
                self.line(2, format_args!("</bc>"));
                continue;
            }
            for axis in b.first..=b.last {
                let letter = ["x", "y", "z"][axis as usize];
                self.line(
                    2,
                    format_args!(
                        "<bc name=\"bc{}{letter}\" type=\"prescribed displacement\" node_set=\"{set}\">\n      <dof>{letter}</dof>\n      <value lc=\"1\">{value:?}</value>\n      <relative>0</relative>\n    </bc>",
                        i + 1
                    ),
                );
            }
        }
        self.line(1, format_args!("</Boundary>"));
    }

    fn loads(&mut self, step: Option<&Step>) {
        let deck = self.deck;
        self.line(1, format_args!("<Loads>"));
        let mut number = 0;
        for action in step.into_iter().flat_map(|s| &s.actions) {
            match &action.lines {
                Lines::Forces(lines) => {
                    for f in lines {
                        number += 1;
                        let (set, letter) = (self.set_of(&f.target), ["x", "y", "z"][f.axis as usize]);
                        let value = f.value * self.factor(f.amplitude, step);
                        self.line(
                            2,
                            format_args!(
                                "<nodal_load name=\"force{number}\" type=\"nodal_load\" node_set=\"{set}\">\n      <dof>{letter}</dof>\n      <scale lc=\"1\">{value:?}</scale>\n      <relative>0</relative>\n    </nodal_load>"
                            ),
                        );
                    }
                }
                Lines::SurfaceLoads(lines) => {
                    for l in lines {
                        let name = deck.surfaces.get(&l.surface).map_or(l.surface.as_str(), |s| s.name());
                        if l.direction.is_some() {
                            self.lost.push(format!(
                                "the traction on surface `{name}` has no place in the FEBio file"
                            ));
                            continue;
                        }
                        let value = l.value * self.factor(l.amplitude, step);
                        self.pressure(name, value);
                    }
                }
                Lines::ElementLoads(lines) => {
                    for l in lines {
                        let what = match l.kind {
                            ElementLoadKind::Pressure(_) => continue,
                            ElementLoadKind::Gravity(_) => "GRAV",
                            ElementLoadKind::Centrifugal(..) => "CENTRIF",
                        };
                        self.lost.push(format!("the load {what} of `*DLOAD` has no place in the FEBio file"));
                    }
                }
                Lines::Temperatures(lines) => {
                    self.lost.extend(count("temperature", lines.len(), "the FEBio file"));
                }
                Lines::Boundaries(_) => {}
            }
        }
        for (name, _, value) in pressures(deck, step) {
            self.pressure(&name, value);
        }
        self.line(1, format_args!("</Loads>"));
    }

    fn pressure(&mut self, surface: &str, value: f64) {
        self.line(
            2,
            format_args!(
                "<surface_load type=\"pressure\" surface=\"{}\">\n      <pressure lc=\"1\">{value:?}</pressure>\n      <linear>1</linear>\n    </surface_load>",
                escape(surface)
            ),
        );
    }
}

/// Pressure of `*DLOAD` as a surface: name, facets, magnitude.
type Pressed = (String, Vec<(u32, u8)>, f64);

/// Pressures of `*DLOAD` in the first step.
fn pressures(deck: &Deck, step: Option<&Step>) -> Vec<Pressed> {
    let mut out = Vec::new();
    for action in step.into_iter().flat_map(|s| &s.actions) {
        let Lines::ElementLoads(lines) = &action.lines else { continue };
        for l in lines {
            let (ElementLoadKind::Pressure(facet), Some(target)) = (l.kind, &l.target) else { continue };
            let end = step.map_or(1.0, |s| s.period);
            let factor = l.amplitude.and_then(|a| deck.amplitudes.get(a)).map_or(1.0, |a| a.at(end));
            let facets = target.members(&deck.element_sets).iter().map(|&e| (e, facet)).collect();
            let mut name = format!("pressure_{}", out.len() + 1);
            while deck.surfaces.contains_key(&name.to_uppercase()) {
                name.push('_');
            }
            out.push((name, facets, factor * l.value));
        }
    }
    out
}

fn shape(kind: Kind) -> Shape {
    match kind {
        Kind::C3d4 => Shape::Tet4,
        Kind::C3d10 => Shape::Tet10,
        Kind::C3d8 | Kind::C3d8i => Shape::Hex8,
        Kind::C3d6 => Shape::Wedge6,
        Kind::C3d15 => Shape::Wedge15,
        Kind::C3d20 | Kind::C3d20r => Shape::Hex20,
    }
}

/// FEBio's constants of E₁ E₂ E₃ ν₁₂ ν₁₃ ν₂₃ G₁₂ G₁₃ G₂₃.
fn orthotropic(c: &[f64; 9]) -> Vec<(&'static str, f64)> {
    let [e1, e2, e3, nu12, nu13, nu23, g12, g13, g23] = *c;
    vec![
        ("E1", e1),
        ("E2", e2),
        ("E3", e3),
        ("G12", g12),
        ("G23", g23),
        ("G31", g13),
        ("v12", nu12),
        ("v23", nu23),
        ("v31", reciprocal(nu13, e1, e3)),
    ]
}

/// Engineering constants of an orthotropic stiffness.
fn engineering(elastic: &Elastic) -> Option<[f64; 9]> {
    let s = dens_solver::tensor::inverse(&elastic.stiffness().ok()?)?;
    let (e1, e2, e3) = (1.0 / s[0][0], 1.0 / s[1][1], 1.0 / s[2][2]);
    Some([
        e1,
        e2,
        e3,
        -s[0][1] * e1,
        -s[0][2] * e1,
        -s[1][2] * e2,
        1.0 / s[5][5],
        1.0 / s[4][4],
        1.0 / s[3][3],
    ])
}

/// Name of a part without the mark of its element type.
pub(super) fn base_name(name: &str) -> &str {
    let marked = |kind: &Kind| name.strip_suffix(kind.name()).and_then(|n| n.strip_suffix('_'));
    KINDS.iter().find_map(marked).unwrap_or(name)
}

fn list(labels: impl Iterator<Item = u32>) -> String {
    let mut out = String::new();
    for label in labels {
        if !out.is_empty() {
            out.push(',');
        }
        let _ = write!(out, "{label}");
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
