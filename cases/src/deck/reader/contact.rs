//! `*SURFACE INTERACTION` with `*SURFACE BEHAVIOR` and `*FRICTION`, `*CONTACT PAIR`, `*CLEARANCE`.

use super::{Reader, place_of, unknown_name};
use crate::deck::fields;
use crate::deck::lexer::Block;
use crate::deck::model::{Clearance, ContactPair, Interaction, Surface};
use crate::diagnostic::Problem;

/// Reads what may touch and how.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    let mut open = None;
    for block in blocks {
        match block.keyword.as_str() {
            "SURFACEINTERACTION" => open = interaction(reader, block),
            "SURFACEBEHAVIOR" | "FRICTION" => match open {
                Some(at) => property(reader, block, at),
                None => reader
                    .findings
                    .wrong(block.place, format!("`{}` outside a `*SURFACE INTERACTION`", block.shown)),
            },
            _ => open = None,
        }
    }
    for block in blocks {
        match block.keyword.as_str() {
            "CONTACTPAIR" => pairs(reader, block),
            "CLEARANCE" => clearance(reader, block),
            _ => {}
        }
    }
}

fn interaction(reader: &mut Reader<'_>, block: &Block) -> Option<usize> {
    let Some(name) = block.value("NAME").map(str::to_string) else {
        reader.findings.wrong(block.place, "`*SURFACE INTERACTION` does not say `NAME=`");
        return None;
    };
    let key = fields::key(&name);
    if reader.deck.interactions.iter().any(|i| fields::key(&i.name) == key) {
        reader.refuse(block, "NAME", format!("surface interaction `{name}` is defined twice"));
    }
    // The thickness out of plane, which solids do not use, may stand in a data line.
    reader.deck.interactions.push(Interaction { name, friction: 0.0, bonded: false, place: block.place });
    Some(reader.deck.interactions.len() - 1)
}

fn property(reader: &mut Reader<'_>, block: &Block, at: usize) {
    if block.keyword == "SURFACEBEHAVIOR" {
        match block.word("PRESSURE-OVERCLOSURE").as_deref() {
            None | Some("HARD") => {}
            Some("LINEAR") => reader.findings.warn(
                block.place,
                "the stiffness of a linear pressure-overclosure is not used: contact is exact, without penalty",
            ),
            Some("TIED") => reader.deck.interactions[at].bonded = true,
            Some(other) => {
                let problem =
                    Problem::at(None, format!("pressure-overclosure `{other}` is not supported"))
                        .hint("`HARD` is exact contact; `TIED` joins the surfaces");
                reader.findings.error(place_of(block, "PRESSURE-OVERCLOSURE"), problem);
            }
        }
        return;
    }
    let Some(line) = block.lines(reader.sources).next() else {
        reader.findings.wrong(block.place, "`*FRICTION` does not say the coefficient");
        return;
    };
    let friction = reader.number(&line, line.fields().next(), "coefficient of friction", None);
    if friction < 0.0 {
        reader.findings.wrong(line.place, "a coefficient of friction cannot be negative");
    }
    reader.deck.interactions[at].friction = friction;
}

fn pairs(reader: &mut Reader<'_>, block: &Block) {
    if let Some(other) = block.word("TYPE").filter(|t| {
        !matches!(t.as_str(), "NODETOSURFACE" | "SURFACETOSURFACE" | "MORTAR" | "LINMORTAR" | "PGLINMORTAR")
    }) {
        reader.refuse(block, "TYPE", format!("contact pairs of type `{other}` are not supported"));
        return;
    }
    let Some(name) = block.value("INTERACTION") else {
        reader.findings.wrong(block.place, "`*CONTACT PAIR` does not say `INTERACTION=`");
        return;
    };
    let key = fields::key(name);
    let Some(interaction) = reader.deck.interactions.iter().position(|i| fields::key(&i.name) == key) else {
        let known: Vec<String> = reader.deck.interactions.iter().map(|i| fields::key(&i.name)).collect();
        let problem = unknown_name("surface interaction", &key, known.iter().map(String::as_str));
        reader.findings.error(place_of(block, "INTERACTION"), problem);
        return;
    };
    let adjust = match block.value("ADJUST").map(|v| fields::number(v.as_bytes())) {
        None => None,
        Some(Ok(width)) if width >= 0.0 => Some(width),
        Some(_) => {
            let problem = Problem::at(None, "`ADJUST` is not a length")
                .hint("a set of nodes is not read here; give the largest gap to close");
            reader.findings.error(place_of(block, "ADJUST"), problem);
            return;
        }
    };
    for line in block.lines(reader.sources) {
        let mut all = line.fields();
        let slave = surface(reader, line.place, all.next(), "slave");
        let master = surface(reader, line.place, all.next(), "master");
        if let (Some(slave), Some(master)) = (slave, master) {
            reader.deck.contact_pairs.push(ContactPair {
                slave,
                master,
                interaction,
                adjust,
                place: line.place,
            });
        }
    }
}

/// Key of a surface; a master is made of facets.
fn surface(
    reader: &mut Reader<'_>,
    place: crate::deck::source::Place,
    field: Option<crate::deck::lexer::Field<'_>>,
    what: &str,
) -> Option<String> {
    let Some(field) = field.filter(|f| !f.bytes.is_empty()) else {
        reader.findings.wrong(place, format!("the {what} surface is missing"));
        return None;
    };
    let key = reader.key(field)?;
    let problem = match reader.deck.surfaces.get(&key) {
        Some(Surface::Nodes(..)) if what == "master" => {
            Problem::at(None, "the master surface of a contact pair is made of nodes")
                .hint("give facets of elements: `*SURFACE, TYPE=ELEMENT`")
        }
        Some(_) => return Some(key),
        None => unknown_name("surface", &key, reader.deck.surfaces.keys().map(String::as_str))
            .hint("`*SURFACE, NAME=` defines a surface"),
    };
    reader.findings.error(field.place, problem);
    None
}

fn clearance(reader: &mut Reader<'_>, block: &Block) {
    let side = |parameter: &str| block.value(parameter).map(fields::key);
    let (Some(slave), Some(master)) = (side("SLAVE"), side("MASTER")) else {
        reader.findings.wrong(block.place, "`*CLEARANCE` does not say `SLAVE=` and `MASTER=`");
        return;
    };
    let Some(Ok(value)) = block.value("VALUE").map(|v| fields::number(v.as_bytes())) else {
        reader.findings.error(
            place_of(block, "VALUE"),
            Problem::at(None, "`*CLEARANCE` does not say a distance with `VALUE=`"),
        );
        return;
    };
    if !reader.deck.contact_pairs.iter().any(|p| p.slave == slave && p.master == master) {
        reader.findings.wrong(
            block.place,
            format!("no `*CONTACT PAIR` before `*CLEARANCE` joins `{slave}` and `{master}`"),
        );
        return;
    }
    reader.deck.clearances.push(Clearance { slave, master, value, place: block.place });
}
