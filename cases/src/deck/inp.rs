//! A model as an input deck for Abaqus, CalculiX and Dens.

mod joints;

use super::kind::KINDS;
use super::model::{
    Axes, Boundary, Deck, Elastic, ElementLoadKind, Force, Hyperelastic, Lines, NodalValue, Set, Step,
    Surface, Target,
};
use dens_mesher::Vec3;
use std::fmt::Write as _;

/// A string takes every write.
const FACT: &str = "a string takes every write";

/// The deck as text. Every number is written with all its digits.
pub fn write(deck: &Deck) -> String {
    let mut out = String::with_capacity(64 * deck.nodes.labels.len() + 64 * deck.elements.len() + 1000);
    out.push_str("*HEADING\n");
    for line in deck.title.iter().filter(|l| !l.starts_with('*')) {
        put(&mut out, format_args!("{line}\n"));
    }
    mesh(&mut out, deck);
    sets(&mut out, deck);
    properties(&mut out, deck);
    constraints(&mut out, deck);
    boundaries(&mut out, deck, &deck.supports, "");
    for step in &deck.steps {
        one_step(&mut out, deck, step);
    }
    out
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect(FACT);
}

/// Name as a keyword or data line takes it.
fn quoted(name: &str) -> String {
    let plain = name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '+'));
    if plain { name.to_string() } else { format!("\"{}\"", name.replace(['"', '\n', '\r'], "'")) }
}

fn mesh(out: &mut String, deck: &Deck) {
    out.push_str("*NODE\n");
    for (label, p) in deck.nodes.labels.iter().zip(&deck.nodes.points).take(deck.n_own_nodes()) {
        put(out, format_args!("{label}, {:?}, {:?}, {:?}\n", p.x, p.y, p.z));
    }
    for kind in KINDS {
        let mut first = true;
        for e in (0..deck.elements.len()).filter(|&e| deck.elements.kinds[e] == kind) {
            if std::mem::take(&mut first) {
                put(out, format_args!("*ELEMENT, TYPE={}\n", kind.name()));
            }
            let nodes = deck.elements.nodes_of(e).iter().map(|&n| deck.nodes.labels[n as usize]);
            list(out, std::iter::once(deck.elements.labels[e]).chain(nodes));
        }
    }
}

/// Numbers with at most 15 to a line; all lines but the last end with a comma.
fn list(out: &mut String, numbers: impl Iterator<Item = u32>) {
    for (i, n) in numbers.enumerate() {
        let before = match i {
            0 => "",
            _ if i % 15 == 0 => ",\n",
            _ => ", ",
        };
        put(out, format_args!("{before}{n}"));
    }
    out.push('\n');
}

fn sets(out: &mut String, deck: &Deck) {
    let mut one = |keyword: &str, set: &Set, labels: &[u32]| {
        let unsorted = if set.members.is_sorted() { "" } else { ", UNSORTED" };
        put(out, format_args!("*{keyword}, {keyword}={}{unsorted}\n", quoted(&set.name)));
        // Sets end lines without a comma: some readers take one for a missing name.
        for line in set.members.chunks(15) {
            let line: Vec<String> = line.iter().map(|&m| labels[m as usize].to_string()).collect();
            put(out, format_args!("{}\n", line.join(", ")));
        }
    };
    for set in deck.node_sets.values() {
        one("NSET", set, &deck.nodes.labels);
    }
    for set in deck.element_sets.values() {
        one("ELSET", set, &deck.elements.labels);
    }
    for surface in deck.surfaces.values() {
        match surface {
            Surface::Facets(name, facets) => {
                put(out, format_args!("*SURFACE, NAME={}, TYPE=ELEMENT\n", quoted(name)));
                for &(e, f) in facets {
                    put(out, format_args!("{}, S{}\n", deck.elements.labels[e as usize], f + 1));
                }
            }
            Surface::Nodes(name, nodes) => {
                put(out, format_args!("*SURFACE, NAME={}, TYPE=NODE\n", quoted(name)));
                for &n in nodes {
                    put(out, format_args!("{}\n", deck.nodes.labels[n as usize]));
                }
            }
        }
    }
}

fn properties(out: &mut String, deck: &Deck) {
    for m in &deck.materials {
        put(out, format_args!("*MATERIAL, NAME={}\n", quoted(&m.name)));
        if let Some(elastic) = &m.elastic {
            let (kind, values): (&str, &[f64]) = match elastic {
                Elastic::Isotropic(e, nu) => ("ISO", &[*e, *nu]),
                Elastic::Engineering(c) => ("ENGINEERING CONSTANTS", c),
                Elastic::Orthotropic(c) => ("ORTHO", c),
                Elastic::Anisotropic(c) => ("ANISO", c),
            };
            put(out, format_args!("*ELASTIC, TYPE={kind}\n"));
            rows(out, values);
        }
        match &m.hyperelastic {
            Some(Hyperelastic::MooneyRivlin(c10, c01, d)) => {
                put(out, format_args!("*HYPERELASTIC, MOONEY-RIVLIN\n"));
                rows(out, &[*c10, *c01, *d]);
            }
            // No law of a deck is the same: the one with its moduli.
            Some(energy @ Hyperelastic::NeoHookean(..)) => {
                let (shear, bulk) = energy.moduli();
                put(out, format_args!("*HYPERELASTIC, NEO HOOKE\n"));
                rows(out, &[0.5 * shear, 2.0 / bulk]);
            }
            Some(Hyperelastic::Ogden(terms)) => {
                put(out, format_args!("*HYPERELASTIC, OGDEN, N={}\n", terms.len()));
                let pairs = terms.iter().flat_map(|t| [t[0], t[1]]);
                rows(out, &pairs.chain(terms.iter().map(|t| t[2])).collect::<Vec<f64>>());
            }
            None => {}
        }
        if !m.plastic.is_empty() {
            put(out, format_args!("*PLASTIC\n"));
            m.plastic.iter().for_each(|(stress, strain)| rows(out, &[*stress, *strain]));
        }
        if let Some(density) = m.density {
            put(out, format_args!("*DENSITY\n{density:?}\n"));
        }
        if let Some([x, y, z]) = m.expansion {
            let (kind, values) = if x == y && y == z { ("ISO", vec![x]) } else { ("ORTHO", vec![x, y, z]) };
            put(out, format_args!("*EXPANSION, TYPE={kind}, ZERO={:?}\n", m.zero));
            rows(out, &values);
        }
    }
    for o in &deck.orientations {
        let system = if o.axes == Axes::Cylindrical { "CYLINDRICAL" } else { "RECTANGULAR" };
        put(out, format_args!("*ORIENTATION, NAME={}, SYSTEM={system}\n", quoted(&o.name)));
        let mut points = vec![o.a, o.b];
        if o.c != Vec3::zeros() {
            points.push(o.c);
        }
        rows(out, &points.iter().flat_map(|p| [p.x, p.y, p.z]).collect::<Vec<f64>>());
        if let Some((axis, angle)) = o.rotation {
            put(out, format_args!("{}, {angle:?}\n", axis + 1));
        }
    }
    for s in &deck.sections {
        let set = deck.element_sets.get(&s.set).map_or(s.set.as_str(), |set| set.name.as_str());
        let material = quoted(&deck.materials[s.material].name);
        put(out, format_args!("*SOLID SECTION, ELSET={}, MATERIAL={material}", quoted(set)));
        if let Some(o) = s.orientation {
            put(out, format_args!(", ORIENTATION={}", quoted(&deck.orientations[o].name)));
        }
        out.push('\n');
    }
}

/// Numbers, eight to a line, nine where they are three points.
fn rows(out: &mut String, values: &[f64]) {
    let per_line = if values.len() == 9 && values[8] != 0.0 && values[6..].iter().all(|v| *v == values[8]) {
        9
    } else {
        8
    };
    for line in values.chunks(per_line) {
        let line: Vec<String> = line.iter().map(|v| format!("{v:?}")).collect();
        put(out, format_args!("{}\n", line.join(", ")));
    }
}

fn constraints(out: &mut String, deck: &Deck) {
    for t in &deck.transforms {
        let kind = if t.axes == Axes::Cylindrical { "C" } else { "R" };
        let set = deck.node_sets.get(&t.set).map_or(t.set.as_str(), |s| s.name.as_str());
        put(out, format_args!("*TRANSFORM, NSET={}, TYPE={kind}\n", quoted(set)));
        rows(out, &[t.a.x, t.a.y, t.a.z, t.b.x, t.b.y, t.b.z]);
    }
    for a in &deck.amplitudes {
        let time = if a.total_time { ", TIME=TOTAL TIME" } else { "" };
        put(out, format_args!("*AMPLITUDE, NAME={}{time}\n", quoted(&a.name)));
        for line in a.points.chunks(4) {
            let line: Vec<String> = line.iter().map(|(t, v)| format!("{t:?}, {v:?}")).collect();
            put(out, format_args!("{}\n", line.join(", ")));
        }
    }
    joints::write(out, deck);
    for e in &deck.equations {
        put(out, format_args!("*EQUATION\n{}\n", e.terms.len()));
        for line in e.terms.chunks(4) {
            let line: Vec<String> = line
                .iter()
                .map(|(target, axis, factor)| format!("{}, {}, {factor:?}", node(deck, target), axis + 1))
                .collect();
            put(out, format_args!("{}\n", line.join(", ")));
        }
    }
    for t in &deck.ties {
        let surface = |key: &String| deck.surfaces.get(key).map_or(key.clone(), |s| s.name().to_string());
        put(out, format_args!("*TIE, NAME={}", quoted(&t.name)));
        if let Some(tolerance) = t.tolerance {
            put(out, format_args!(", POSITION TOLERANCE={tolerance:?}"));
        }
        let adjust = if t.adjust { "YES" } else { "NO" };
        let (slave, master) = (quoted(&surface(&t.slave)), quoted(&surface(&t.master)));
        put(out, format_args!(", ADJUST={adjust}\n{slave}, {master}\n"));
    }
    contact(out, deck);
    if !deck.initial_temperatures.is_empty() {
        out.push_str("*INITIAL CONDITIONS, TYPE=TEMPERATURE\n");
        for v in &deck.initial_temperatures {
            put(out, format_args!("{}, {:?}\n", node(deck, &v.target), v.value));
        }
    }
}

fn contact(out: &mut String, deck: &Deck) {
    let surface = |key: &String| {
        let name = deck.surfaces.get(key).map_or(key.clone(), |s| s.name().to_string());
        quoted(&name)
    };
    for i in &deck.interactions {
        put(out, format_args!("*SURFACE INTERACTION, NAME={}\n", quoted(&i.name)));
        let kind = if i.bonded { "TIED" } else { "HARD" };
        put(out, format_args!("*SURFACE BEHAVIOR, PRESSURE-OVERCLOSURE={kind}\n"));
        if i.friction != 0.0 {
            put(out, format_args!("*FRICTION\n{:?}\n", i.friction));
        }
    }
    for p in &deck.contact_pairs {
        let interaction = quoted(&deck.interactions[p.interaction].name);
        put(out, format_args!("*CONTACT PAIR, TYPE=SURFACE TO SURFACE, INTERACTION={interaction}"));
        if let Some(width) = p.adjust {
            put(out, format_args!(", ADJUST={width:?}"));
        }
        put(out, format_args!("\n{}, {}\n", surface(&p.slave), surface(&p.master)));
    }
    for c in &deck.clearances {
        let (slave, master) = (surface(&c.slave), surface(&c.master));
        put(out, format_args!("*CLEARANCE, SLAVE={slave}, MASTER={master}, VALUE={:?}\n", c.value));
    }
}

fn node(deck: &Deck, target: &Target) -> String {
    match target {
        Target::One(n) => deck.nodes.labels[*n as usize].to_string(),
        Target::Set(key) => quoted(deck.node_sets.get(key).map_or(key.as_str(), |s| s.name.as_str())),
    }
}

fn element(deck: &Deck, target: &Option<Target>) -> String {
    match target {
        None => String::new(),
        Some(Target::One(e)) => deck.elements.labels[*e as usize].to_string(),
        Some(Target::Set(key)) => {
            quoted(deck.element_sets.get(key).map_or(key.as_str(), |s| s.name.as_str()))
        }
    }
}

/// Lines with the same time curve stand under one keyword.
fn keyword<T>(
    out: &mut String,
    deck: &Deck,
    head: &str,
    lines: &[T],
    amplitude: impl Fn(&T) -> Option<usize>,
    mut line: impl FnMut(&mut String, &T),
) {
    for group in lines.chunk_by(|a, b| amplitude(a) == amplitude(b)) {
        out.push_str(head);
        if let Some(a) = group.first().and_then(&amplitude) {
            put(out, format_args!(", AMPLITUDE={}", quoted(&deck.amplitudes[a].name)));
        }
        out.push('\n');
        for item in group {
            line(out, item);
        }
    }
}

fn boundaries(out: &mut String, deck: &Deck, lines: &[Boundary], op: &str) {
    let line = |out: &mut String, b: &Boundary| {
        put(out, format_args!("{}, {}, {}", node(deck, &b.target), b.first + 1, b.last + 1));
        if b.value != 0.0 {
            put(out, format_args!(", {:?}", b.value));
        }
        out.push('\n');
    };
    keyword(out, deck, &format!("*BOUNDARY{op}"), lines, |b| b.amplitude, line);
}

fn one_step(out: &mut String, deck: &Deck, step: &Step) {
    out.push_str("*STEP");
    if step.perturbation {
        out.push_str(", PERTURBATION");
    }
    if step.large {
        out.push_str(", NLGEOM");
    }
    if let Some(most) = step.most_increments {
        put(out, format_args!(", INC={most}"));
    }
    out.push('\n');
    if !step.name.is_empty() && !step.name.starts_with('*') {
        put(out, format_args!("{}\n", step.name));
    }
    let [first, least, largest] = step.increments.map(|share| share.map(|share| share * step.period));
    out.push_str(if step.even { "*STATIC, DIRECT\n" } else { "*STATIC\n" });
    put(out, format_args!("{:?}, {:?}", first.unwrap_or(step.period), step.period));
    if least.is_some() || largest.is_some() {
        let least = least.map_or_else(String::new, |t| format!("{t:?}"));
        let largest = largest.map_or_else(String::new, |t| format!("{t:?}"));
        put(out, format_args!(", {least}, {largest}"));
    }
    out.push('\n');
    for action in &step.actions {
        let op = if action.fresh { ", OP=NEW" } else { "" };
        match &action.lines {
            Lines::Boundaries(lines) if lines.is_empty() && action.fresh => {
                put(out, format_args!("*BOUNDARY{op}\n"));
            }
            Lines::Boundaries(lines) => boundaries(out, deck, lines, op),
            Lines::Forces(lines) => {
                let line = |out: &mut String, f: &Force| {
                    put(out, format_args!("{}, {}, {:?}\n", node(deck, &f.target), f.axis + 1, f.value));
                };
                empty(out, lines, "*CLOAD", op);
                keyword(out, deck, &format!("*CLOAD{op}"), lines, |f| f.amplitude, line);
            }
            Lines::ElementLoads(lines) => {
                empty(out, lines, "*DLOAD", op);
                keyword(
                    out,
                    deck,
                    &format!("*DLOAD{op}"),
                    lines,
                    |l| l.amplitude,
                    |out, l| {
                        let target = element(deck, &l.target);
                        match l.kind {
                            ElementLoadKind::Pressure(f) => {
                                put(out, format_args!("{target}, P{}, {:?}\n", f + 1, l.value));
                            }
                            ElementLoadKind::Gravity(d) => {
                                put(
                                    out,
                                    format_args!(
                                        "{target}, GRAV, {:?}, {:?}, {:?}, {:?}\n",
                                        l.value, d.x, d.y, d.z
                                    ),
                                );
                            }
                            ElementLoadKind::Centrifugal(p, d) => put(
                                out,
                                format_args!(
                                    "{target}, CENTRIF, {:?}, {:?}, {:?}, {:?}, {:?}, {:?}, {:?}\n",
                                    l.value, p.x, p.y, p.z, d.x, d.y, d.z
                                ),
                            ),
                        }
                    },
                );
            }
            Lines::SurfaceLoads(lines) => {
                empty(out, lines, "*DSLOAD", op);
                keyword(
                    out,
                    deck,
                    &format!("*DSLOAD{op}"),
                    lines,
                    |l| l.amplitude,
                    |out, l| {
                        let name = deck.surfaces.get(&l.surface).map_or(l.surface.as_str(), |s| s.name());
                        match l.direction {
                            None => put(out, format_args!("{}, P, {:?}\n", quoted(name), l.value)),
                            Some(d) => put(
                                out,
                                format_args!(
                                    "{}, TRVEC, {:?}, {:?}, {:?}, {:?}\n",
                                    quoted(name),
                                    l.value,
                                    d.x,
                                    d.y,
                                    d.z
                                ),
                            ),
                        }
                    },
                );
            }
            Lines::Temperatures(lines) => {
                let line = |out: &mut String, v: &NodalValue| {
                    put(out, format_args!("{}, {:?}\n", node(deck, &v.target), v.value));
                };
                empty(out, lines, "*TEMPERATURE", op);
                keyword(out, deck, &format!("*TEMPERATURE{op}"), lines, |v| v.amplitude, line);
            }
        }
    }
    for r in &step.requests {
        let (head, parameter, sets) = if r.elements {
            ("*EL PRINT", "ELSET", &deck.element_sets)
        } else {
            ("*NODE PRINT", "NSET", &deck.node_sets)
        };
        out.push_str(head);
        if let Some(set) = &r.set {
            put(
                out,
                format_args!(
                    ", {parameter}={}",
                    quoted(sets.get(set).map_or(set.as_str(), |s| s.name.as_str()))
                ),
            );
        }
        out.push_str(if r.local { ", GLOBAL=NO\n" } else { "\n" });
        put(out, format_args!("{}\n", r.variables.join(", ")));
    }
    out.push_str("*END STEP\n");
}

/// A keyword that only removes.
fn empty<T>(out: &mut String, lines: &[T], head: &str, op: &str) {
    if lines.is_empty() && !op.is_empty() {
        put(out, format_args!("{head}{op}\n"));
    }
}
