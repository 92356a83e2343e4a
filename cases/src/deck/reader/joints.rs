//! `*RIGID BODY`, `*COUPLING` with `*KINEMATIC` and `*DISTRIBUTING`, `*DISTRIBUTING COUPLING`, `*SPRING`.

use super::mesh::SpecialKind;
use super::{Reader, What, place_of, unknown_name};
use crate::deck::fields;
use crate::deck::joints::{Coupling, CouplingKind, Nodes, Spring, Turning};
use crate::deck::lexer::{Block, Field, Line};
use crate::deck::model::{Equation, Surface, Target};
use crate::deck::source::Place;
use crate::diagnostic::Problem;
use dens_mesher::Vec3;

/// Reads what joins nodes beside solids.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    let mut open = None;
    for block in blocks {
        let before = open.take();
        match block.keyword.as_str() {
            "RIGIDBODY" => rigid(reader, block),
            "COUPLING" => open = Some(block),
            "KINEMATIC" | "DISTRIBUTING" => match before {
                Some(of) => coupling(reader, of, block),
                None => {
                    let message = format!("`{}` does not follow a `*COUPLING`", block.shown);
                    reader.findings.wrong(block.place, message);
                }
            },
            "DISTRIBUTINGCOUPLING" => mean(reader, block),
            "SPRING" => springs(reader, block),
            _ => {}
        }
        if let Some(of) = before.filter(|_| !matches!(block.keyword.as_str(), "KINEMATIC" | "DISTRIBUTING")) {
            incomplete(reader, of);
        }
    }
    if let Some(of) = open {
        incomplete(reader, of);
    }
    without_spring(reader);
}

fn incomplete(reader: &mut Reader<'_>, coupling: &Block) {
    reader.findings.error(
        coupling.place,
        Problem::at(None, "`*COUPLING` without `*KINEMATIC` or `*DISTRIBUTING`")
            .hint("the next line says how the surface follows the reference node"),
    );
}

/// Node that a parameter gives by its label or as a set of one.
fn node(reader: &mut Reader<'_>, block: &Block, parameter: &str) -> Option<u32> {
    let value = block.value(parameter)?;
    let found = match fields::label(value.as_bytes()) {
        Some(label) => reader.deck.nodes.index(label),
        None => match reader.deck.node_sets.get(&fields::key(value)).map(|s| s.members.as_slice()) {
            Some([one]) => Some(*one),
            _ => None,
        },
    };
    if found.is_none() {
        reader.refuse(block, parameter, format!("`{value}` is neither a node nor a set of one node"));
    }
    found
}

/// Rotation node of a reference node: the given one, or one that is made.
fn turning(reader: &mut Reader<'_>, reference: u32, given: Option<u32>, place: Place) -> Option<u32> {
    match (reader.deck.rotation_of(reference), given) {
        (Some(known), None) => return Some(known),
        (Some(known), Some(given)) if known == given => return Some(known),
        (Some(_), Some(_)) => {
            reader.findings.wrong(place, "the reference node has another rotation node already");
            return None;
        }
        (None, _) => {}
    }
    let at = reader.deck.nodes.points[reference as usize];
    let rotation = match given {
        Some(given) => given,
        None => reader.deck.make_node(at)?,
    };
    let taken = rotation == reference || reader.deck.elements.nodes.contains(&rotation);
    if taken || reader.deck.turning.iter().any(|t| t.rotation == rotation || t.reference == rotation) {
        reader
            .findings
            .wrong(place, "the rotation node must belong to no element and to no other rigid body");
        return None;
    }
    reader.deck.turning.push(Turning { reference, rotation });
    Some(rotation)
}

fn rigid(reader: &mut Reader<'_>, block: &Block) {
    let on = match (block.parameter("NSET").is_some(), block.parameter("ELSET").is_some()) {
        (true, false) => reader.set_parameter(block, "NSET", What::Node).map(Nodes::Set),
        (false, true) => reader.set_parameter(block, "ELSET", What::Element).map(Nodes::Elements),
        _ => {
            reader.findings.wrong(block.place, "`*RIGID BODY` names either `NSET=` or `ELSET=`");
            None
        }
    };
    let reference = match block.parameter("REFNODE") {
        Some(_) => node(reader, block, "REFNODE"),
        None => reader.deck.make_node(Vec3::zeros()),
    };
    let given = match block.parameter("ROTNODE") {
        Some(_) => match node(reader, block, "ROTNODE") {
            None => return,
            found => found,
        },
        None => None,
    };
    let (Some(on), Some(reference)) = (on, reference) else { return };
    let Some(rotation) = turning(reader, reference, given, block.place) else { return };
    let kind = CouplingKind::Rigid;
    reader.deck.couplings.push(Coupling { kind, on, reference, rotation, place: block.place });
}

/// `*COUPLING` and the keyword after it.
fn coupling(reader: &mut Reader<'_>, of: &Block, how: &Block) {
    for parameter in ["REFNODE", "SURFACE"] {
        if of.value(parameter).is_none() {
            let shown = if parameter == "REFNODE" { "REF NODE" } else { parameter };
            reader.findings.wrong(of.place, format!("`*COUPLING` does not say `{shown}=`"));
            return;
        }
    }
    let Some(reference) = node(reader, of, "REFNODE") else { return };
    let key = fields::key(of.value("SURFACE").unwrap_or_default());
    let on = match reader.deck.surfaces.get(&key) {
        Some(Surface::Facets(..) | Surface::Nodes(..)) => Nodes::Surface(key),
        None => {
            let problem = unknown_name("surface", &key, reader.deck.surfaces.keys().map(String::as_str));
            reader.findings.error(place_of(of, "SURFACE"), problem);
            return;
        }
    };
    let Some(axes) = axes(reader, how) else { return };
    let kind = if how.keyword == "KINEMATIC" {
        // Rotations of solid nodes do not exist: those asked for beside displacements are passed over.
        CouplingKind::Kinematic([axes[0], axes[1], axes[2]])
    } else {
        CouplingKind::Distributing(axes)
    };
    if kind == CouplingKind::Kinematic([false; 3]) {
        reader
            .findings
            .wrong(how.place, "solid elements have no rotations: couple degrees of freedom 1 to 3");
        return;
    }
    let Some(rotation) = turning(reader, reference, None, of.place) else { return };
    reader.deck.couplings.push(Coupling { kind, on, reference, rotation, place: how.place });
}

/// Degrees of freedom 1 to 6 that the data lines name as ranges; all without lines.
fn axes(reader: &mut Reader<'_>, block: &Block) -> Option<[bool; 6]> {
    let mut out = [false; 6];
    let mut any = false;
    for line in block.lines(reader.sources) {
        let mut all = line.fields().filter(|f| !f.bytes.is_empty());
        let Some(first) = all.next() else { continue };
        let from = fields::label(first.bytes);
        let to = all.next().map_or(from, |f| fields::label(f.bytes));
        match (from, to) {
            (Some(from @ 1..=6), Some(to @ 1..=6)) if from <= to => {
                (from..=to).for_each(|axis| out[axis as usize - 1] = true);
                any = true;
            }
            _ => {
                reader
                    .findings
                    .wrong(first.place, "degrees of freedom are 1 to 6, the first not beyond the last");
                return None;
            }
        }
    }
    Some(if any { out } else { [true; 6] })
}

/// `*DISTRIBUTING COUPLING` of CalculiX: displacements of the reference node are means, without rotations.
fn mean(reader: &mut Reader<'_>, block: &Block) {
    let Some(name) = block.value("ELSET") else {
        reader.findings.wrong(block.place, "`*DISTRIBUTING COUPLING` does not say `ELSET=`");
        return;
    };
    let members = reader.specials.of_set(&fields::key(name));
    let [one] = members.as_slice() else {
        reader.refuse(block, "ELSET", format!("`{name}` is not a set of one DCOUP3D element"));
        return;
    };
    let special = &reader.specials.list[*one];
    if special.kind != SpecialKind::Dcoup3d {
        reader.refuse(block, "ELSET", format!("`{name}` is not a set of one DCOUP3D element"));
        return;
    }
    let reference = special.nodes[0];
    let mut weights: Vec<(u32, f64)> = Vec::new();
    for line in block.lines(reader.sources) {
        let mut all = line.fields();
        let target = reader.target(&line, all.next(), What::Node);
        let weight = reader.number(&line, all.next(), "weight", Some(1.0));
        let Some(target) = target else { return };
        weights.extend(target.members(&reader.deck.node_sets).iter().map(|&n| (n, weight)));
    }
    let total: f64 = weights.iter().map(|w| w.1).sum();
    if weights.is_empty() || weights[0].1 == 0.0 || total <= 0.0 {
        reader.findings.wrong(block.place, "the weights of `*DISTRIBUTING COUPLING` have no sum above zero");
        return;
    }
    for axis in 0..3 {
        let mut terms: Vec<(Target, u8, f64)> =
            weights.iter().map(|&(n, w)| (Target::One(n), axis, w)).collect();
        terms.push((Target::One(reference), axis, -total));
        reader.deck.equations.push(Equation { terms, place: block.place });
    }
}

/// `*SPRING`: degrees of freedom unless the spring lies between two points, then the stiffness or a curve.
fn springs(reader: &mut Reader<'_>, block: &Block) {
    let Some(name) = block.value("ELSET") else {
        reader.findings.wrong(block.place, "`*SPRING` does not say `ELSET=`");
        return;
    };
    let members: Vec<usize> = reader.specials.of_set(&fields::key(name));
    let kinds: Vec<SpecialKind> = members.iter().map(|&m| reader.specials.list[m].kind).collect();
    let kind = match kinds.first() {
        Some(kind) if *kind != SpecialKind::Dcoup3d && kinds.iter().all(|k| k == kind) => *kind,
        _ => {
            let message = format!("`{name}` is not a set of spring elements of one type");
            reader.refuse(block, "ELSET", message);
            return;
        }
    };
    let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
    let (axes, rest) = match (kind, lines.split_first()) {
        (SpecialKind::Spring1 | SpecialKind::Spring2, Some((head, rest))) => {
            let mut all = head.fields();
            let first = spring_axis(reader, head, all.next());
            let second =
                if kind == SpecialKind::Spring2 { spring_axis(reader, head, all.next()) } else { first };
            let (Some(first), Some(second)) = (first, second) else { return };
            (Some([first, second]), rest)
        }
        _ => (None, &lines[..]),
    };
    let rest: Vec<&Line<'_>> = rest.iter().filter(|l| l.fields().any(|f| !f.bytes.is_empty())).collect();
    let Some(curve) = curve(reader, block, &rest) else { return };
    for member in members {
        let special = &reader.specials.list[member];
        let (label, nodes) = (special.label, special.nodes.clone());
        let [a, b] = [nodes[0], nodes[nodes.len() - 1]].map(|n| reader.deck.nodes.points[n as usize]);
        if axes.is_none() && a == b {
            reader.findings.wrong(special.place, format!("spring {label} has no length and no direction"));
            continue;
        }
        reader.deck.springs.push(Spring { label, nodes, axes, curve: curve.clone(), place: block.place });
    }
}

fn spring_axis(reader: &mut Reader<'_>, line: &Line<'_>, field: Option<Field<'_>>) -> Option<u8> {
    match field.and_then(|f| fields::label(f.bytes)) {
        Some(axis @ 1..=6) => Some(axis as u8 - 1),
        _ => {
            let place = field.map_or(line.place, |f| f.place);
            reader.findings.wrong(place, "the degree of freedom of the spring is missing: 1 to 3");
            None
        }
    }
}

/// Elongation and force; one point for a stiffness.
fn curve(reader: &mut Reader<'_>, block: &Block, lines: &[&Line<'_>]) -> Option<Vec<(f64, f64)>> {
    let nonlinear = block.parameter("NONLINEAR").is_some();
    let mut curve: Vec<(f64, f64)> = Vec::new();
    for line in lines {
        let mut all = line.fields();
        let value = reader.number(line, all.next(), "force or stiffness", None);
        let elongation = reader.number(line, all.next(), "elongation", Some(0.0));
        let rest = all.filter(|f| !f.bytes.is_empty()).map(|f| fields::number(f.bytes).unwrap_or(f64::NAN));
        if rest.sum::<f64>() != 0.0 || (!nonlinear && !curve.is_empty()) {
            reader.findings.wrong(line.place, "a spring that depends on temperature is not supported");
            return None;
        }
        if nonlinear && curve.last().is_some_and(|last| elongation <= last.0) {
            reader.findings.wrong(line.place, "the elongations of a spring must ascend");
            return None;
        }
        curve.push(if nonlinear { (elongation, value) } else { (1.0, value) });
    }
    let enough = if nonlinear { 2 } else { 1 };
    if curve.len() < enough {
        reader.findings.wrong(block.place, "`*SPRING` does not say the stiffness");
        return None;
    }
    Some(curve)
}

/// Spring elements that no `*SPRING` describes.
fn without_spring(reader: &mut Reader<'_>) {
    let lacking: Vec<(u32, Place)> = reader
        .specials
        .list
        .iter()
        .filter(|s| s.kind != SpecialKind::Dcoup3d)
        .filter(|s| !reader.deck.springs.iter().any(|own| own.label == s.label))
        .map(|s| (s.label, s.place))
        .collect();
    if let (Some((label, place)), 0) = (lacking.first(), reader.findings.n_errors()) {
        reader.findings.error(
            *place,
            Problem::at(None, format!("spring {label} has no stiffness")).hint("`*SPRING, ELSET=` gives it"),
        );
    }
}
