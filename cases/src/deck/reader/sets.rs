//! `*NSET` and `*ELSET`: labels, ranges and sets within sets.

use super::{Reader, missing};
use crate::deck::fields;
use crate::deck::lexer::Block;
use crate::deck::model::{Set, Sets};
use crate::deck::source::{Findings, Place};
use std::collections::BTreeMap;

/// Sets of nodes and elements before names within them are resolved.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// Node sets.
    pub nodes: Family,
    /// Element sets.
    pub elements: Family,
}

/// Sets of one kind.
#[derive(Debug, Default)]
pub(super) struct Family {
    sets: BTreeMap<String, Draft>,
}

#[derive(Debug, Default)]
struct Draft {
    name: String,
    members: Vec<u32>,
    nested: Vec<(String, Place)>,
    unsorted: bool,
}

impl Family {
    /// Adds members to a set, which is made if it is new.
    pub(super) fn add(&mut self, name: &str, members: impl Iterator<Item = u32>) {
        self.draft(name).members.extend(members);
    }

    fn draft(&mut self, name: &str) -> &mut Draft {
        self.sets
            .entry(fields::key(name))
            .or_insert_with(|| Draft { name: name.to_string(), ..Draft::default() })
    }
}

/// Reads the sets and resolves them.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block], drafts: &mut Drafts) {
    for block in blocks {
        match block.keyword.as_str() {
            "NSET" => one(reader, block, &mut drafts.nodes, "NSET"),
            "ELSET" => one(reader, block, &mut drafts.elements, "ELSET"),
            _ => {}
        }
    }
    reader.deck.element_sets =
        resolve(std::mem::take(&mut drafts.elements), "element set", &mut reader.findings);
    of_elements(reader, blocks, &mut drafts.nodes);
    reader.deck.node_sets = resolve(std::mem::take(&mut drafts.nodes), "node set", &mut reader.findings);
}

fn one(reader: &mut Reader<'_>, block: &Block, family: &mut Family, parameter: &str) {
    let Some(name) = block.value(parameter) else {
        reader.findings.wrong(block.place, format!("`{}` does not say `{parameter}=`", block.shown));
        return;
    };
    let nodes = parameter == "NSET";
    let noun = if nodes { "node" } else { "element" };
    let unsorted = block.parameter("UNSORTED").is_some();
    let draft = family.draft(name);
    draft.unsorted |= unsorted;
    let labels = if nodes {
        std::mem::take(&mut reader.deck.nodes.labels)
    } else {
        std::mem::take(&mut reader.deck.elements.labels)
    };
    for line in block.lines(reader.sources) {
        if block.parameter("GENERATE").is_some() {
            let range = generate(reader, &line, &labels, draft);
            if let Some([first, last, step]) = range.filter(|_| !nodes) {
                let chosen =
                    |label: u32| (first..=last).contains(&label) && (label - first).is_multiple_of(step);
                reader.specials.add(&fields::key(name), chosen);
            }
            continue;
        }
        for field in line.fields().filter(|f| !f.bytes.is_empty()) {
            if !fields::numeric(field.bytes) {
                if let Some(key) = reader.key(field) {
                    draft.nested.push((key, field.place));
                }
                continue;
            }
            let Some(label) = reader.label(field, noun) else { continue };
            match index(&labels, label) {
                Some(i) => draft.members.push(i),
                None if !nodes && reader.specials.add(&fields::key(name), |l| l == label) => {}
                None => reader
                    .findings
                    .wrong(field.place, format!("set `{name}` names {noun} {label}, which does not exist")),
            }
        }
    }
    if nodes {
        reader.deck.nodes.labels = labels;
    } else {
        reader.deck.elements.labels = labels;
    }
}

fn index(labels: &[u32], label: u32) -> Option<u32> {
    let first = *labels.first()?;
    let guess = label.checked_sub(first)? as usize;
    if labels.get(guess) == Some(&label) {
        return Some(guess as u32);
    }
    labels.binary_search(&label).ok().map(|i| i as u32)
}

/// First, last, step, which it gives; labels in between that do not exist are passed over, as in CalculiX and Abaqus.
fn generate(
    reader: &mut Reader<'_>,
    line: &crate::deck::lexer::Line<'_>,
    labels: &[u32],
    draft: &mut Draft,
) -> Option<[u32; 3]> {
    let mut range = [0, 0, 1];
    for (i, field) in line.fields().filter(|f| !f.bytes.is_empty()).enumerate() {
        match (range.get_mut(i), reader.label(field, "range")) {
            (Some(slot), Some(value)) => *slot = value,
            (None, _) => {
                reader.findings.wrong(field.place, "a range has a first label, a last label and a step");
                return None;
            }
            (_, None) => return None,
        }
    }
    let [first, last, step] = range;
    let last = last.max(first);
    if step == 0 {
        reader.findings.wrong(line.place, "the step of a range is 0");
        return None;
    }
    let from = labels.partition_point(|&l| l < first);
    let to = labels.partition_point(|&l| l <= last);
    let chosen = (from..to).filter(|&i| (labels[i] - first).is_multiple_of(step));
    draft.members.extend(chosen.map(|i| i as u32));
    Some([first, last, step])
}

/// `*NSET, ELSET=`: all nodes of the elements of a set.
fn of_elements(reader: &mut Reader<'_>, blocks: &[Block], family: &mut Family) {
    for block in blocks.iter().filter(|b| b.keyword == "NSET" && b.parameter("ELSET").is_some()) {
        let (Some(name), Some(elements)) = (block.value("NSET"), block.value("ELSET")) else { continue };
        let key = fields::key(elements);
        match reader.deck.element_sets.get(&key) {
            Some(set) => {
                let mut nodes: Vec<u32> = set
                    .members
                    .iter()
                    .flat_map(|&e| reader.deck.elements.nodes_of(e as usize).iter().copied())
                    .collect();
                nodes.sort_unstable();
                nodes.dedup();
                family.add(name, nodes.into_iter());
            }
            None => {
                let problem = missing("element set", &key, &reader.deck.element_sets);
                reader.findings.error(super::place_of(block, "ELSET"), problem);
            }
        }
    }
}

/// Puts the members of nested sets into the sets that name them; a set within itself is an error.
fn resolve(mut family: Family, noun: &str, findings: &mut Findings) -> Sets {
    let keys: Vec<String> = family.sets.keys().cloned().collect();
    let mut done = Sets::new();
    for key in keys {
        // Depth first without recursion: a chain of sets may be as long as the deck.
        let mut path = vec![key];
        while let Some(key) = path.last().cloned() {
            if done.contains_key(&key) {
                path.pop();
                continue;
            }
            let next = {
                let draft = family.sets.get_mut(&key).expect("only keys of the family enter the path");
                draft.nested.iter().position(|(inner, _)| !done.contains_key(inner)).map(|i| (i, draft))
            };
            match next {
                Some((i, draft)) => {
                    let (inner, place) = draft.nested[i].clone();
                    if path.contains(&inner) {
                        findings.wrong(place, format!("{noun} `{inner}` contains itself"));
                        draft.nested.remove(i);
                    } else if family.sets.contains_key(&inner) {
                        path.push(inner);
                    } else {
                        let problem =
                            super::unknown_name(noun, &inner, family.sets.keys().map(String::as_str));
                        findings.error(place, problem);
                        let draft = family.sets.get_mut(&key).expect("as above");
                        draft.nested.remove(i);
                    }
                }
                None => {
                    let draft = family.sets.get_mut(&key).expect("as above");
                    let mut members = std::mem::take(&mut draft.members);
                    for (inner, _) in &draft.nested {
                        members.extend_from_slice(&done[inner].members);
                    }
                    if !draft.unsorted {
                        members.sort_unstable();
                        members.dedup();
                    }
                    let name = std::mem::take(&mut draft.name);
                    done.insert(key, Set { name, members });
                    path.pop();
                }
            }
        }
    }
    done
}
