//! `*BOUNDARY`, and steps with their loads and print requests.

use super::constraints::{temperature, turning_axis};
use super::surfaces::facet;
use super::{Reader, What, place_of, unknown_name};
use crate::deck::fields;
use crate::deck::lexer::{Block, Field, Line};
use crate::deck::model::{
    Action, Boundary, ElementLoad, ElementLoadKind, Force, Lines, Request, Step, SurfaceLoad,
};
use crate::diagnostic::Problem;
use dens_mesher::Vec3;

/// Reads supports and steps.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    let mut open: Option<(Step, bool)> = None;
    for block in blocks {
        match block.keyword.as_str() {
            "STEP" => open = Some((begin(reader, block), false)),
            "STATIC" => {
                if let Some((step, procedure)) = &mut open {
                    *procedure = true;
                    increments(reader, block, step);
                }
            }
            "ENDSTEP" => close(reader, open.take()),
            "BOUNDARY" => {
                let lines = boundaries(reader, block);
                match &mut open {
                    None => reader.deck.supports.extend(lines),
                    Some((step, _)) => step.actions.push(action(reader, block, Lines::Boundaries(lines))),
                }
            }
            "CLOAD" | "DLOAD" | "DSLOAD" | "TEMPERATURE" => {
                let lines = loads(reader, block);
                if let Some((step, _)) = &mut open {
                    step.actions.push(action(reader, block, lines));
                }
            }
            "NODEPRINT" | "ELPRINT" => {
                if let Some(request) = request(reader, block)
                    && let Some((step, _)) = &mut open
                {
                    step.requests.push(request);
                }
            }
            _ => {}
        }
    }
    // A last step without *END STEP ends with the deck.
    close(reader, open.take());
}

fn begin(reader: &mut Reader<'_>, block: &Block) -> Step {
    let large = block
        .parameter("NLGEOM")
        .is_some_and(|p| p.value.as_deref().is_none_or(|v| !v.eq_ignore_ascii_case("NO")));
    let most = block.value("INC").map(|n| fields::label(n.as_bytes()));
    if most.is_some_and(|n| n.is_none_or(|n| n == 0)) {
        reader.refuse(block, "INC", "`INC` is not a number of increments".to_string());
    }
    let title = block.lines(reader.sources).next().map(|l| String::from_utf8_lossy(l.bytes).into_owned());
    Step {
        name: block.value("NAME").map(str::to_string).or(title).unwrap_or_default(),
        perturbation: block.parameter("PERTURBATION").is_some(),
        period: 1.0,
        // Once large, displacements stay so.
        large: large || reader.deck.steps.last().is_some_and(|s| s.large),
        increments: [None; 3],
        most_increments: most.flatten(),
        even: false,
        actions: Vec::new(),
        requests: Vec::new(),
        place: block.place,
    }
}

fn close(reader: &mut Reader<'_>, open: Option<(Step, bool)>) {
    let Some((step, procedure)) = open else { return };
    if procedure {
        reader.deck.steps.push(step);
    } else {
        reader.findings.error(
            step.place,
            Problem::at(None, "the step has no `*STATIC`").hint("only static steps are solved"),
        );
    }
}

/// First increment, period, least and largest increment.
fn increments(reader: &mut Reader<'_>, block: &Block, step: &mut Step) {
    step.even = block.parameter("DIRECT").is_some();
    let Some(line) = block.lines(reader.sources).next() else { return };
    let fields: Vec<Field<'_>> = line.fields().collect();
    let mut at = |i: usize, what: &str| {
        let value = reader.number(&line, fields.get(i).copied(), what, Some(0.0));
        if value < 0.0 {
            reader.findings.wrong(line.place, format!("{what}: a time cannot be negative"));
        }
        (0.0 < value).then_some(value)
    };
    let (first, period) = (at(0, "first increment"), at(1, "period"));
    let (least, largest) = (at(2, "least increment"), at(3, "largest increment"));
    step.period = period.unwrap_or(1.0);
    step.increments = [first, least, largest].map(|t| t.map(|t| (t / step.period).min(1.0)));
}

fn action(reader: &mut Reader<'_>, block: &Block, lines: Lines) -> Action {
    let fresh = match block.word("OP").as_deref() {
        None | Some("MOD") => false,
        Some("NEW") => true,
        Some(other) => {
            reader.refuse(block, "OP", format!("`OP={other}` is neither MOD nor NEW"));
            false
        }
    };
    Action { fresh, lines }
}

fn amplitude(reader: &mut Reader<'_>, block: &Block) -> Option<usize> {
    let key = fields::key(block.value("AMPLITUDE")?);
    let found = reader.deck.amplitudes.iter().position(|a| fields::key(&a.name) == key);
    if found.is_none() {
        let known: Vec<String> = reader.deck.amplitudes.iter().map(|a| fields::key(&a.name)).collect();
        let problem = unknown_name("amplitude", &key, known.iter().map(String::as_str));
        reader.findings.error(place_of(block, "AMPLITUDE"), problem);
    }
    found
}

/// Named supports of Abaqus as ranges of axes; rotations, 3 to 5, exist at reference nodes only.
const NAMED: [(&str, &[(u8, u8)]); 8] = [
    ("ENCASTRE", &[(0, 5)]),
    ("PINNED", &[(0, 2)]),
    ("XSYMM", &[(0, 0), (4, 5)]),
    ("YSYMM", &[(1, 1), (3, 3), (5, 5)]),
    ("ZSYMM", &[(2, 2), (3, 4)]),
    ("XASYMM", &[(1, 2), (3, 3)]),
    ("YASYMM", &[(0, 0), (2, 2), (4, 4)]),
    ("ZASYMM", &[(0, 1), (5, 5)]),
];

fn boundaries(reader: &mut Reader<'_>, block: &Block) -> Vec<Boundary> {
    if let Some(other) = block.word("TYPE").filter(|t| t != "DISPLACEMENT") {
        reader.refuse(block, "TYPE", format!("`*BOUNDARY` of type `{other}` is not supported"));
        return Vec::new();
    }
    let amplitude = amplitude(reader, block);
    let mut out = Vec::new();
    for line in block.lines(reader.sources) {
        let mut all = line.fields();
        let target = reader.target(&line, all.next(), What::Node);
        let first = all.next().filter(|f| !f.bytes.is_empty());
        let Some(first) = first else {
            reader.findings.wrong(line.place, "the degree of freedom is missing");
            continue;
        };
        let Some(target) = target else { continue };
        if !fields::numeric(first.bytes) {
            let word = String::from_utf8_lossy(first.bytes).to_uppercase();
            let Some((_, ranges)) = NAMED.iter().find(|(name, _)| *name == word) else {
                reader.findings.wrong(
                    first.place,
                    format!("`{word}` is neither a degree of freedom nor a named support"),
                );
                continue;
            };
            for &(first, last) in *ranges {
                let target = target.clone();
                out.push(Boundary { target, first, last, value: 0.0, amplitude, place: line.place });
            }
            continue;
        }
        let Some((from, to)) = range(reader, first, all.next()) else { continue };
        let value = reader.number(&line, all.next(), "displacement", Some(0.0));
        let members = target.members(&reader.deck.node_sets);
        let turning = members.iter().filter(|&&n| reader.deck.rotation_of(n).is_some()).count();
        if 3 < to && turning == members.len() {
            let (first, last) = (from as u8 - 1, to as u8 - 1);
            out.push(Boundary { target, first, last, value, amplitude, place: line.place });
            continue;
        }
        if 3 < to {
            if value != 0.0 {
                reader.findings.wrong(line.place, "solid elements have no rotations to prescribe");
                continue;
            }
            reader.findings.warn(line.place, "degrees of freedom beyond 3 do not exist in solid elements");
        }
        if from <= 3 || 0 < turning {
            // Nodes of solids leave rotations out.
            let last = if 0 < turning { to } else { to.min(3) };
            let (first, last) = (from as u8 - 1, last as u8 - 1);
            out.push(Boundary { target, first, last, value, amplitude, place: line.place });
        }
    }
    out
}

/// First and last degree of freedom, 1 to 6.
fn range(reader: &mut Reader<'_>, first: Field<'_>, last: Option<Field<'_>>) -> Option<(u32, u32)> {
    let from = fields::label(first.bytes);
    let last = last.filter(|f| !f.bytes.is_empty());
    let to = last.map_or(from, |f| fields::label(f.bytes));
    match (from, to) {
        (Some(from @ 1..=6), Some(to)) if from <= to && to <= 6 => Some((from, to)),
        // A last degree of freedom of 0 stands for none.
        (Some(from @ 1..=6), Some(0)) => Some((from, from)),
        _ => {
            let place = last.map_or(first.place, |f| f.place);
            reader.findings.wrong(place, "degrees of freedom are 1 to 3, the first not beyond the last");
            None
        }
    }
}

fn loads(reader: &mut Reader<'_>, block: &Block) -> Lines {
    let amplitude = amplitude(reader, block);
    let lines: Vec<Line<'_>> = block.lines(reader.sources).collect();
    match block.keyword.as_str() {
        "CLOAD" => Lines::Forces(lines.iter().filter_map(|l| force(reader, l, amplitude)).collect()),
        "DLOAD" => {
            Lines::ElementLoads(lines.iter().filter_map(|l| element_load(reader, l, amplitude)).collect())
        }
        "DSLOAD" => {
            Lines::SurfaceLoads(lines.iter().filter_map(|l| surface_load(reader, l, amplitude)).collect())
        }
        _ => Lines::Temperatures(lines.iter().filter_map(|l| temperature(reader, l, amplitude)).collect()),
    }
}

fn force(reader: &mut Reader<'_>, line: &Line<'_>, amplitude: Option<usize>) -> Option<Force> {
    let mut all = line.fields();
    let target = reader.target(line, all.next(), What::Node);
    let axis = turning_axis(reader, line, target.as_ref(), all.next());
    let value = reader.number(line, all.next(), "force", None);
    Some(Force { target: target?, axis: axis?, value, amplitude })
}

fn element_load(reader: &mut Reader<'_>, line: &Line<'_>, amplitude: Option<usize>) -> Option<ElementLoad> {
    let all: Vec<Field<'_>> = line.fields().collect();
    let target = match all.first() {
        Some(f) if f.bytes.is_empty() => None,
        first => Some(reader.target(line, first.copied(), What::Element)?),
    };
    let Some(word) = all.get(1).map(|f| String::from_utf8_lossy(f.bytes).to_uppercase()) else {
        reader.findings.wrong(line.place, "the kind of load is missing");
        return None;
    };
    let value = reader.number(line, all.get(2).copied(), "magnitude", None);
    let kind = match word.as_str() {
        "GRAV" => ElementLoadKind::Gravity(direction(reader, line, &all, 3)?),
        "CENTRIF" => {
            let point = three(reader, line, &all, 3);
            ElementLoadKind::Centrifugal(point, direction(reader, line, &all, 6)?)
        }
        _ if word.starts_with('P') && word.len() == 2 && word.as_bytes()[1].is_ascii_digit() => {
            let target = target.as_ref()?;
            ElementLoadKind::Pressure(facet(reader, line, target, word.as_bytes(), b'P')?)
        }
        _ => {
            reader.findings.error(
                all[1].place,
                Problem::at(None, format!("`*DLOAD` of kind `{word}` is not supported"))
                    .hint("supported are P1 to P6, GRAV and CENTRIF"),
            );
            return None;
        }
    };
    Some(ElementLoad { target, kind, value, amplitude, place: line.place })
}

fn three(reader: &mut Reader<'_>, line: &Line<'_>, all: &[Field<'_>], from: usize) -> Vec3 {
    let x = [0, 1, 2].map(|i| reader.number(line, all.get(from + i).copied(), "component", Some(0.0)));
    Vec3::from(x)
}

/// Unit vector of three fields.
fn direction(reader: &mut Reader<'_>, line: &Line<'_>, all: &[Field<'_>], from: usize) -> Option<Vec3> {
    let v = three(reader, line, all, from);
    let unit = v.try_normalize(0.0).filter(|u| u.iter().all(|x| x.is_finite()));
    if unit.is_none() {
        reader.findings.wrong(line.place, "the direction has no length");
    }
    unit
}

fn surface_load(reader: &mut Reader<'_>, line: &Line<'_>, amplitude: Option<usize>) -> Option<SurfaceLoad> {
    let all: Vec<Field<'_>> = line.fields().collect();
    let surface = reader.key(*all.first()?)?;
    match reader.deck.surfaces.get(&surface) {
        Some(crate::deck::model::Surface::Facets(..)) => {}
        Some(_) => {
            reader
                .findings
                .wrong(all[0].place, format!("surface `{surface}` is made of nodes and has no area"));
            return None;
        }
        None => {
            let problem = unknown_name("surface", &surface, reader.deck.surfaces.keys().map(String::as_str));
            reader.findings.error(all[0].place, problem);
            return None;
        }
    }
    let word = all.get(1).map(|f| String::from_utf8_lossy(f.bytes).to_uppercase()).unwrap_or_default();
    let value = reader.number(line, all.get(2).copied(), "magnitude", None);
    let direction = match word.as_str() {
        "P" => None,
        "TRVEC" => Some(direction(reader, line, &all, 3)?),
        _ => {
            reader.findings.error(
                all.get(1).map_or(line.place, |f| f.place),
                Problem::at(None, format!("`*DSLOAD` of kind `{word}` is not supported"))
                    .hint("supported are P and TRVEC"),
            );
            return None;
        }
    };
    Some(SurfaceLoad { surface, direction, value, amplitude })
}

fn request(reader: &mut Reader<'_>, block: &Block) -> Option<Request> {
    let elements = block.keyword == "ELPRINT";
    if block.value("FREQUENCY") == Some("0") {
        return None;
    }
    let (parameter, what) = if elements { ("ELSET", What::Element) } else { ("NSET", What::Node) };
    let set = match block.parameter(parameter) {
        Some(_) => Some(reader.set_parameter(block, parameter, what)?),
        None => None,
    };
    let variables = block
        .lines(reader.sources)
        .flat_map(|l| l.fields())
        .filter(|f| !f.bytes.is_empty())
        .map(|f| String::from_utf8_lossy(f.bytes).to_uppercase())
        .collect();
    let local = block.word("GLOBAL").as_deref() == Some("NO");
    Some(Request { elements, set, variables, local })
}
