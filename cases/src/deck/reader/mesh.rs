//! `*NODE` and `*ELEMENT`.

use super::sets::Drafts;
use super::{Reader, place_of};
use crate::deck::fields;
use crate::deck::kind::Kind;
use crate::deck::lexer::{Block, Line};
use crate::deck::model::{Elements, Nodes};
use crate::deck::source::Place;
use crate::diagnostic::Problem;
use dens_mesher::Vec3;
use std::collections::BTreeMap;

/// Reads nodes and elements; gives the sets that their keyword lines name.
pub(super) fn read(reader: &mut Reader<'_>, blocks: &[Block]) -> Drafts {
    let mut drafts = Drafts::default();
    let node_sets = nodes(reader, blocks);
    for (name, labels) in node_sets {
        let indices = labels.into_iter().filter_map(|l| reader.deck.nodes.index(l));
        drafts.nodes.add(&name, indices);
    }
    let element_sets = elements(reader, blocks);
    for (name, labels) in element_sets {
        let indices = labels.into_iter().filter_map(|l| reader.deck.elements.index(l));
        drafts.elements.add(&name, indices);
    }
    drafts
}

/// Sets named on keyword lines, with labels.
type Named = Vec<(String, Vec<u32>)>;

fn nodes(reader: &mut Reader<'_>, blocks: &[Block]) -> Named {
    let (mut labels, mut points, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut named = Named::new();
    for block in blocks.iter().filter(|b| b.keyword == "NODE") {
        if let Some(system) = block.word("SYSTEM").filter(|s| s != "R") {
            reader.refuse(
                block,
                "SYSTEM",
                format!("node coordinates in the system `{system}` are not supported"),
            );
        }
        let first = labels.len();
        for line in block.lines(reader.sources) {
            let mut all = line.fields();
            let Some(label) = all.next() else { continue };
            let label = match fields::label(label.bytes) {
                Some(label) if label > 0 => label,
                _ => {
                    reader.label(label, "node label");
                    if fields::label(label.bytes) == Some(0) {
                        reader.findings.wrong(label.place, "labels start at 1");
                    }
                    continue;
                }
            };
            let mut x = [0.0; 3];
            for x in &mut x {
                let Some(field) = all.next() else { break };
                *x = match fields::number(field.bytes) {
                    Ok(value) => value,
                    Err(_) => reader.number(&line, Some(field), "coordinate", Some(0.0)),
                };
            }
            labels.push(label);
            points.push(Vec3::from(x));
            places.push(line.place);
        }
        if let Some(set) = block.value("NSET") {
            named.push((set.to_string(), labels[first..].to_vec()));
        }
    }
    let order = ascending(&labels);
    let mut sorted =
        Nodes { labels: Vec::with_capacity(labels.len()), points: Vec::with_capacity(labels.len()) };
    let mut last = None;
    for i in order {
        if sorted.labels.last() == Some(&labels[i]) {
            let again = sorted.points.last() == Some(&points[i]);
            let before = reader.findings_line(last.unwrap_or(Place::NOWHERE));
            if again {
                reader.findings.warn(places[i], "nodes are given twice at the same place");
            } else {
                reader.findings.wrong(
                    places[i],
                    format!("node {} is given twice at different places, first in line {before}", labels[i]),
                );
            }
            continue;
        }
        sorted.labels.push(labels[i]);
        sorted.points.push(points[i]);
        last = Some(places[i]);
    }
    reader.deck.nodes = sorted;
    named
}

impl Reader<'_> {
    /// Line number of a place, with the file when there are several.
    fn findings_line(&self, place: Place) -> String {
        match self.sources {
            [_] => place.line.to_string(),
            _ => self
                .sources
                .get(place.file as usize)
                .map_or_else(String::new, |s| format!("{} of {}", place.line, s.name)),
        }
    }
}

/// Indices that sort the labels; equal ones stay in order.
fn ascending(labels: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..labels.len()).collect();
    if !labels.is_sorted() {
        order.sort_by_key(|&i| labels[i]);
    }
    order
}

/// Elements that are no solids.
#[derive(Debug, Default)]
pub(super) struct Specials {
    /// In the order of the deck.
    pub list: Vec<Special>,
    /// Members of sets by key, as indices into the list.
    sets: BTreeMap<String, Vec<usize>>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct Special {
    pub label: u32,
    pub kind: SpecialKind,
    pub nodes: Vec<u32>,
    pub place: Place,
}

/// Types of elements that are no solids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecialKind {
    /// Spring along the line between two nodes.
    SpringA,
    /// Spring from a node to the ground.
    Spring1,
    /// Spring between degrees of freedom of two nodes.
    Spring2,
    /// Reference node of `*DISTRIBUTING COUPLING`.
    Dcoup3d,
}

impl SpecialKind {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "SPRINGA" => Some(Self::SpringA),
            "SPRING1" => Some(Self::Spring1),
            "SPRING2" => Some(Self::Spring2),
            "DCOUP3D" => Some(Self::Dcoup3d),
            _ => None,
        }
    }

    fn n_nodes(self) -> usize {
        match self {
            Self::SpringA | Self::Spring2 => 2,
            Self::Spring1 | Self::Dcoup3d => 1,
        }
    }
}

impl Specials {
    /// Members of a set.
    pub(super) fn of_set(&self, key: &str) -> Vec<usize> {
        self.sets.get(key).cloned().unwrap_or_default()
    }

    /// Adds those with labels in a range to a set; whether there is any.
    pub(super) fn add(&mut self, key: &str, chosen: impl Fn(u32) -> bool) -> bool {
        let found: Vec<usize> = (0..self.list.len()).filter(|&i| chosen(self.list[i].label)).collect();
        let any = !found.is_empty();
        if any {
            let set = self.sets.entry(key.to_string()).or_default();
            set.extend(found);
            set.sort_unstable();
            set.dedup();
        }
        any
    }
}

/// Elements in the order of the deck.
#[derive(Default)]
struct Draft {
    labels: Vec<u32>,
    kinds: Vec<Kind>,
    starts: Vec<usize>,
    nodes: Vec<u32>,
    places: Vec<Place>,
}

fn elements(reader: &mut Reader<'_>, blocks: &[Block]) -> Named {
    let mut draft = Draft { starts: vec![0], ..Draft::default() };
    let mut named = Named::new();
    for block in blocks.iter().filter(|b| b.keyword == "ELEMENT") {
        if let Some(kind) = block.word("TYPE").and_then(|word| SpecialKind::from_name(&word)) {
            special(reader, block, kind);
            if let Some(set) = block.value("ELSET") {
                named.push((set.to_string(), Vec::new()));
            }
            continue;
        }
        let Some(kind) = kind(reader, block) else { continue };
        let first = draft.labels.len();
        one_block(reader, block, kind, &mut draft);
        if let Some(set) = block.value("ELSET") {
            named.push((set.to_string(), draft.labels[first..].to_vec()));
        }
    }
    let mut sorted = Elements { starts: vec![0], ..Elements::default() };
    for i in ascending(&draft.labels) {
        if sorted.labels.last() == Some(&draft.labels[i]) {
            let before = reader.findings_line(sorted.places.last().copied().unwrap_or(Place::NOWHERE));
            reader.findings.wrong(
                draft.places[i],
                format!("element {} is given twice, first in line {before}", draft.labels[i]),
            );
            continue;
        }
        sorted.labels.push(draft.labels[i]);
        sorted.kinds.push(draft.kinds[i]);
        sorted.nodes.extend_from_slice(&draft.nodes[draft.starts[i]..draft.starts[i + 1]]);
        sorted.starts.push(sorted.nodes.len());
        sorted.places.push(draft.places[i]);
    }
    let again = reader.specials.list.iter().find(|s| sorted.index(s.label).is_some());
    if let Some((label, place)) = again.map(|s| (s.label, s.place)) {
        reader.findings.wrong(place, format!("element {label} is given twice"));
    }
    reader.deck.elements = sorted;
    named
}

/// Label and nodes on each line.
fn special(reader: &mut Reader<'_>, block: &Block, kind: SpecialKind) {
    let first = reader.specials.list.len();
    for line in block.lines(reader.sources) {
        let mut all = line.fields().filter(|f| !f.bytes.is_empty());
        let Some(label) = all.next().and_then(|f| reader.label(f, "element label")) else { continue };
        let mut nodes = Vec::new();
        for field in all {
            match fields::label(field.bytes).and_then(|l| reader.deck.nodes.index(l)) {
                Some(node) => nodes.push(node),
                None => {
                    let shown = String::from_utf8_lossy(field.bytes).into_owned();
                    reader.findings.wrong(field.place, format!("there is no node {shown}"));
                }
            }
        }
        if nodes.len() != kind.n_nodes() {
            let message = format!("element {label} has {} nodes, it needs {}", nodes.len(), kind.n_nodes());
            reader.findings.wrong(line.place, message);
            continue;
        }
        reader.specials.list.push(Special { label, kind, nodes, place: line.place });
    }
    if let Some(set) = block.value("ELSET") {
        let labels: Vec<u32> = reader.specials.list[first..].iter().map(|s| s.label).collect();
        reader.specials.add(&fields::key(set), |label| labels.contains(&label));
    }
}

fn kind(reader: &mut Reader<'_>, block: &Block) -> Option<Kind> {
    let Some(word) = block.word("TYPE") else {
        reader.findings.wrong(block.place, "`*ELEMENT` does not say `TYPE=`");
        return None;
    };
    let kind = Kind::from_name(&word);
    if kind.is_none() {
        reader.findings.error(
            place_of(block, "TYPE"),
            Problem::at(None, format!("element type `{word}` is not supported"))
                .hint(
                    "supported are C3D4, C3D10, C3D8, C3D8I, C3D6, C3D15, C3D20, C3D20R, SPRINGA, SPRING1, SPRING2 and DCOUP3D",
                ),
        );
    }
    kind
}

fn one_block(reader: &mut Reader<'_>, block: &Block, kind: Kind, draft: &mut Draft) {
    let n = kind.n_nodes();
    let mut lines = block.lines(reader.sources).peekable();
    while let Some(head) = lines.next() {
        let mut all = head.fields();
        let Some(first) = all.next() else { continue };
        let label = reader.label(first, "element label");
        let start = draft.nodes.len();
        let mut sound = label.is_some();
        sound &= take(reader, &mut all, draft, start + n);
        let mut line: Line<'_> = head;
        // Nodes go on in the next line after a comma, or when the next line holds just the missing ones.
        while draft.nodes.len() < start + n {
            let lacking = start + n - draft.nodes.len();
            let go_on = |l: &Line<'_>| {
                line.continues() || l.fields().filter(|f| !f.bytes.is_empty()).count() == lacking
            };
            let Some(next) = lines.next_if(go_on) else { break };
            line = next;
            sound &= take(reader, &mut next.fields(), draft, start + n);
        }
        let found = draft.nodes.len() - start;
        if found < n && sound {
            reader.findings.wrong(
                head.place,
                format!("element {} has {found} nodes, {} needs {n}", label.unwrap_or(0), kind.name()),
            );
            sound = false;
        }
        match label {
            Some(label) if sound => {
                draft.labels.push(label);
                draft.kinds.push(kind);
                draft.starts.push(draft.nodes.len());
                draft.places.push(head.place);
            }
            _ => draft.nodes.truncate(start),
        }
    }
}

/// Takes the nodes of one line; whether all of them exist and are not too many.
fn take<'a>(
    reader: &mut Reader<'_>,
    all: &mut impl Iterator<Item = crate::deck::lexer::Field<'a>>,
    draft: &mut Draft,
    end: usize,
) -> bool {
    let mut sound = true;
    for field in all.filter(|f| !f.bytes.is_empty()) {
        if draft.nodes.len() == end {
            reader.findings.wrong(field.place, "more nodes than the element type has");
            return false;
        }
        let index = match fields::label(field.bytes) {
            Some(label) => {
                let index = reader.deck.nodes.index(label);
                if index.is_none() {
                    reader.findings.wrong(field.place, format!("there is no node {label}"));
                }
                index
            }
            None => {
                reader.label(field, "node of the element");
                None
            }
        };
        sound &= index.is_some();
        draft.nodes.push(index.unwrap_or(0));
    }
    sound
}
