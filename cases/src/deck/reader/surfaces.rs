//! `*SURFACE`: facets of elements, or nodes.

use super::{Reader, What};
use crate::deck::fields;
use crate::deck::lexer::{Block, Line};
use crate::deck::model::{Deck, Surface, Target};

/// Reads all surfaces.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) {
    for block in blocks.iter().filter(|b| b.keyword == "SURFACE") {
        let Some(name) = block.value("NAME") else {
            reader.findings.wrong(block.place, "`*SURFACE` does not say `NAME=`");
            continue;
        };
        let surface = match block.word("TYPE").as_deref() {
            None | Some("ELEMENT") => facets(reader, block, name),
            Some("NODE") => nodes(reader, block, name),
            Some(other) => {
                let message = format!("surfaces of type `{other}` are not supported");
                reader.refuse(block, "TYPE", message);
                continue;
            }
        };
        if reader.deck.surfaces.insert(fields::key(name), surface).is_some() {
            reader.findings.wrong(block.place, format!("surface `{name}` is defined twice"));
        }
    }
}

fn nodes(reader: &mut Reader<'_>, block: &Block, name: &str) -> Surface {
    let mut members = Vec::new();
    for line in block.lines(reader.sources) {
        // A second field is an area, which ties do not use.
        if let Some(target) = reader.target(&line, line.fields().next(), What::Node) {
            members.extend_from_slice(target.members(&reader.deck.node_sets));
        }
    }
    members.sort_unstable();
    members.dedup();
    Surface::Nodes(name.to_string(), members)
}

fn facets(reader: &mut Reader<'_>, block: &Block, name: &str) -> Surface {
    let mut all = Vec::new();
    let mut free: Option<Vec<(u32, u8)>> = None;
    for line in block.lines(reader.sources) {
        let mut fields = line.fields();
        let Some(target) = reader.target(&line, fields.next(), What::Element) else { continue };
        match fields.next().filter(|f| !f.bytes.is_empty()) {
            None => {
                let free = free.get_or_insert_with(|| free_facets(&reader.deck));
                let members = target.members(&reader.deck.element_sets);
                let own = |f: &&(u32, u8)| contains(&target, members, f.0);
                all.extend(free.iter().filter(own).copied());
            }
            Some(field) => {
                if let Some(facet) = facet(reader, &line, &target, field.bytes, b'S') {
                    let members = target.members(&reader.deck.element_sets);
                    all.extend(members.iter().map(|&e| (e, facet)));
                }
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Surface::Facets(name.to_string(), all)
}

fn contains(target: &Target, members: &[u32], element: u32) -> bool {
    match target {
        Target::One(one) => *one == element,
        Target::Set(_) => {
            members.binary_search(&element).is_ok() || (!members.is_sorted() && members.contains(&element))
        }
    }
}

/// Facet number of a name such as `S3` or `P3`, from 0; all elements of the target must have it.
pub(super) fn facet(
    reader: &mut Reader<'_>,
    line: &Line<'_>,
    target: &Target,
    name: &[u8],
    letter: u8,
) -> Option<u8> {
    let shown = String::from_utf8_lossy(name).to_uppercase();
    let number = match name {
        [first, digit @ b'1'..=b'6'] if first.to_ascii_uppercase() == letter => Some(digit - b'1'),
        _ => None,
    };
    let Some(number) = number else {
        let first = char::from(letter);
        reader.findings.wrong(line.place, format!("`{shown}` is no facet: {first}1 to {first}6 are"));
        return None;
    };
    let elements = &reader.deck.elements;
    let members = target.members(&reader.deck.element_sets);
    let without = members.iter().find(|&&e| elements.kinds[e as usize].facets().len() <= number as usize);
    if let Some(&e) = without {
        let (label, kind) = (elements.labels[e as usize], elements.kinds[e as usize].name());
        reader.findings.wrong(line.place, format!("element {label} is a {kind} and has no facet {shown}"));
        return None;
    }
    Some(number)
}

/// Facets that bound one element only, in order.
fn free_facets(deck: &Deck) -> Vec<(u32, u8)> {
    let mut all: Vec<([u32; 4], u32, u8)> = Vec::new();
    for (e, kind) in deck.elements.kinds.iter().enumerate() {
        let nodes = deck.elements.nodes_of(e);
        for (f, corners) in kind.facets().iter().enumerate() {
            let mut key = [u32::MAX; 4];
            for (k, &c) in key.iter_mut().zip(corners.iter()) {
                *k = nodes[c as usize];
            }
            key.sort_unstable();
            all.push((key, e as u32, f as u8));
        }
    }
    all.sort_unstable();
    let mut free: Vec<(u32, u8)> = all
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|same| same.len() == 1)
        .map(|same| (same[0].1, same[0].2))
        .collect();
    free.sort_unstable();
    free
}
