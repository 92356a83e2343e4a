//! `*TRANSFORM`, `*EQUATION`, `*TIE`, `*AMPLITUDE`, `*INITIAL CONDITIONS` of temperature and stress.

use super::{Reader, What, materials::axes_points, place_of, unknown_name};
use crate::deck::fields;
use crate::deck::joints::InitialStress;
use crate::deck::lexer::{Block, Field, Line};
use crate::deck::model::{Amplitude, Axes, Equation, NodalValue, Target, Tie, Transform};
use crate::diagnostic::Problem;

/// Reads what binds nodes, and time curves.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    for block in blocks {
        match block.keyword.as_str() {
            "TRANSFORM" => transform(reader, block),
            "EQUATION" => equations(reader, block),
            "TIE" => ties(reader, block),
            "AMPLITUDE" => amplitude(reader, block),
            "INITIALCONDITIONS" => initial(reader, block),
            _ => {}
        }
    }
}

fn transform(reader: &mut Reader<'_>, block: &Block) {
    let axes = match block.word("TYPE").as_deref() {
        None | Some("R") => Axes::Rectangular,
        Some("C") => Axes::Cylindrical,
        Some(other) => {
            reader.refuse(block, "TYPE", format!("transforms of type `{other}` are not supported"));
            return;
        }
    };
    let set = reader.set_parameter(block, "NSET", What::Node);
    let points = axes_points(reader, block, axes);
    let (Some(set), Some([a, b, _])) = (set, points) else { return };
    reader.deck.transforms.push(Transform { set, axes, a, b, place: block.place });
}

/// Number of terms in a line, then the terms, which may go on in further lines.
fn equations(reader: &mut Reader<'_>, block: &Block) {
    let mut lines = block.lines(reader.sources);
    while let Some(head) = lines.next() {
        let count = head.fields().next().and_then(|f| fields::label(f.bytes));
        let Some(count) = count.filter(|&n| n > 0) else {
            reader.findings.wrong(head.place, "an equation begins with the number of its terms");
            return;
        };
        let mut terms = Vec::new();
        let mut place = head.place;
        while terms.len() < count as usize {
            let Some(line) = lines.next() else {
                reader.findings.wrong(
                    head.place,
                    format!("the equation announces {count} terms and ends after {}", terms.len()),
                );
                return;
            };
            place = if terms.is_empty() { line.place } else { place };
            let all: Vec<Field<'_>> = line.fields().collect();
            for term in all.chunks(3) {
                if terms.len() == count as usize
                    || (term.len() < 3 && term.iter().all(|f| f.bytes.is_empty()))
                {
                    break;
                }
                let target = reader.target(&line, term.first().copied(), What::Node);
                let axis = turning_axis(reader, &line, target.as_ref(), term.get(1).copied());
                let factor = reader.number(&line, term.get(2).copied(), "coefficient", None);
                match (target, axis) {
                    (Some(target), Some(axis)) => terms.push((target, axis, factor)),
                    // The problem is noted; reading on would misread the rest of the equation.
                    _ => return,
                }
            }
        }
        if terms[0].2 == 0.0 {
            reader.findings.wrong(
                place,
                "the first term of an equation is eliminated and cannot have the coefficient 0",
            );
        }
        reader.deck.equations.push(Equation { terms, place });
    }
}

/// Axis of a degree of freedom 1 to 3, from 0.
pub(super) fn axis(reader: &mut Reader<'_>, line: &Line<'_>, field: Option<Field<'_>>) -> Option<u8> {
    let found = field.and_then(|f| fields::label(f.bytes));
    match found {
        Some(axis @ 1..=3) => Some(axis as u8 - 1),
        _ => {
            let place = field.map_or(line.place, |f| f.place);
            reader.findings.wrong(place, "the degree of freedom is 1, 2 or 3: solid elements have no others");
            None
        }
    }
}

/// The same up to 6, from 0, where all nodes meant are reference nodes, which turn.
pub(super) fn turning_axis(
    reader: &mut Reader<'_>,
    line: &Line<'_>,
    target: Option<&Target>,
    field: Option<Field<'_>>,
) -> Option<u8> {
    let turns = |target: &Target| {
        target.members(&reader.deck.node_sets).iter().all(|&n| reader.deck.rotation_of(n).is_some())
    };
    match field.and_then(|f| fields::label(f.bytes)) {
        Some(beyond @ 4..=6) if target.is_some_and(turns) => Some(beyond as u8 - 1),
        _ => axis(reader, line, field),
    }
}

fn ties(reader: &mut Reader<'_>, block: &Block) {
    let name = block.value("NAME").unwrap_or("TIE").to_string();
    if let Some(other) =
        block.word("TYPE").filter(|t| !matches!(t.as_str(), "SURFACETOSURFACE" | "NODETOSURFACE"))
    {
        reader.refuse(block, "TYPE", format!("ties of type `{other}` are not supported"));
        return;
    }
    let tolerance = match block.value("POSITIONTOLERANCE").map(|t| fields::number(t.as_bytes())) {
        Some(Ok(value)) if value >= 0.0 => Some(value),
        Some(_) => {
            reader.refuse(block, "POSITIONTOLERANCE", "the position tolerance is not a length".to_string());
            return;
        }
        None => None,
    };
    let adjust = block.word("ADJUST").as_deref() != Some("NO");
    for line in block.lines(reader.sources) {
        let mut all = line.fields();
        let mut surface = |reader: &mut Reader<'_>, what: &str| {
            let Some(field) = all.next().filter(|f| !f.bytes.is_empty()) else {
                reader.findings.wrong(line.place, format!("the {what} surface is missing"));
                return None;
            };
            let key = reader.key(field)?;
            if reader.deck.surfaces.contains_key(&key) {
                return Some(key);
            }
            let problem = unknown_name("surface", &key, reader.deck.surfaces.keys().map(String::as_str));
            reader.findings.error(field.place, problem.hint("`*SURFACE, NAME=` defines a surface"));
            None
        };
        let (slave, master) = (surface(reader, "slave"), surface(reader, "master"));
        let (Some(slave), Some(master)) = (slave, master) else { continue };
        if matches!(reader.deck.surfaces.get(&master), Some(crate::deck::model::Surface::Nodes(..))) {
            reader.findings.error(
                line.place,
                Problem::at(None, "the master surface of a tie is made of nodes")
                    .hint("give facets of elements: `*SURFACE, TYPE=ELEMENT`"),
            );
            continue;
        }
        reader.deck.ties.push(Tie {
            name: name.clone(),
            slave,
            master,
            tolerance,
            adjust,
            place: line.place,
        });
    }
}

fn amplitude(reader: &mut Reader<'_>, block: &Block) {
    let Some(name) = block.value("NAME").map(str::to_string) else {
        reader.findings.wrong(block.place, "`*AMPLITUDE` does not say `NAME=`");
        return;
    };
    for (parameter, plain) in [("DEFINITION", "TABULAR"), ("VALUE", "RELATIVE")] {
        if let Some(other) = block.word(parameter).filter(|w| w != plain) {
            reader.refuse(
                block,
                parameter,
                format!("amplitudes with `{parameter}={other}` are not supported"),
            );
            return;
        }
    }
    let total_time = block.word("TIME").as_deref() == Some("TOTALTIME");
    let numbers = reader.numbers(block, "amplitude");
    let points: Vec<(f64, f64)> = numbers.chunks_exact(2).map(|p| (p[0], p[1])).collect();
    if points.is_empty() || numbers.len() % 2 == 1 {
        reader.findings.wrong(block.place, "an amplitude is a list of pairs: time, factor");
        return;
    }
    if points.windows(2).any(|w| w[1].0 < w[0].0) {
        reader.findings.wrong(block.place, "the times of an amplitude must not descend");
        return;
    }
    let key = fields::key(&name);
    if reader.deck.amplitudes.iter().any(|a| fields::key(&a.name) == key) {
        reader.findings.wrong(block.place, format!("amplitude `{name}` is defined twice"));
    }
    reader.deck.amplitudes.push(Amplitude { name, total_time, points });
}

fn initial(reader: &mut Reader<'_>, block: &Block) {
    match block.word("TYPE").as_deref() {
        Some("TEMPERATURE") => {
            let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
            for line in lines {
                if let Some(value) = temperature(reader, &line, None) {
                    reader.deck.initial_temperatures.push(value);
                }
            }
        }
        Some("STRESS") => {
            let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
            for line in lines {
                stress(reader, &line);
            }
        }
        other => {
            let shown = other.unwrap_or("(none)").to_string();
            reader.findings.error(
                place_of(block, "TYPE"),
                Problem::at(None, format!("`*INITIAL CONDITIONS` of type `{shown}` is not supported"))
                    .hint("supported are TYPE=TEMPERATURE and TYPE=STRESS"),
            );
        }
    }
}

/// Elements with six components, or with an integration point before these.
fn stress(reader: &mut Reader<'_>, line: &Line<'_>) {
    let all: Vec<Field<'_>> = line.fields().collect();
    let Some(target) = reader.target(line, all.first().copied(), What::Element) else { return };
    let used = all.iter().rposition(|f| !f.bytes.is_empty()).map_or(0, |last| last + 1);
    let (point, first) = match used {
        7 => (None, 1),
        8 => match all.get(1).and_then(|f| fields::label(f.bytes)) {
            Some(point) if 0 < point => (Some(point - 1), 2),
            _ => {
                reader.findings.wrong(all[1].place, "integration points are numbered from 1");
                return;
            }
        },
        _ => {
            reader.findings.error(
                line.place,
                Problem::at(None, "an initial stress has six components: xx, yy, zz, xy, xz, yz")
                    .hint("before them stand the element or set, and the integration point if it matters"),
            );
            return;
        }
    };
    let stress = std::array::from_fn(|k| reader.number(line, all.get(first + k).copied(), "stress", None));
    reader.deck.initial_stresses.push(InitialStress { target, point, stress, place: line.place });
}

/// Node or set with its temperature.
pub(super) fn temperature(
    reader: &mut Reader<'_>,
    line: &Line<'_>,
    amplitude: Option<usize>,
) -> Option<NodalValue> {
    let mut all = line.fields();
    let target = reader.target(line, all.next(), What::Node);
    let value = reader.number(line, all.next(), "temperature", None);
    Some(NodalValue { target: target?, value, amplitude })
}
