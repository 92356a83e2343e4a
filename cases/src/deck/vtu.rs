//! Models in VTK XML files: geometry, labels and sets as arrays.
//!
//! Point arrays: `node` (labels), `nset:NAME` (1 for members). Cell arrays: `element` (labels), `element type` (number
//! in the list of [`KINDS`]), `material` (number), `elset:NAME`. A file without labels is numbered from 1.

mod arrays;

use super::kind::{KINDS, Kind};
use super::model::{Deck, Elements, Nodes, Set, Sets};
use crate::failure::Failure;
use arrays::{Piece, pieces};
use dens_mesher::Vec3;
use dens_reports::export::vtu::{Array, Grid, write_grid};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The model as a file, and what it could not hold.
///
/// # Errors
/// None that a model of ours can meet.
pub fn write(deck: &Deck) -> Result<(Vec<u8>, Vec<String>), Failure> {
    let member = |set: &Set, n: usize| {
        let mut values = vec![0.0; n];
        for &m in &set.members {
            values[m as usize] = 1.0;
        }
        values
    };
    let (n_nodes, n_elements) = (deck.n_own_nodes(), deck.elements.len());
    let mut point_arrays =
        vec![Array::scalar("node", deck.nodes.labels[..n_nodes].iter().map(|&l| f64::from(l)).collect())];
    for set in deck.node_sets.values() {
        point_arrays.push(Array::scalar(&format!("nset:{}", set.name), member(set, n_nodes)));
    }
    let number = |kind: &Kind| KINDS.iter().position(|k| k == kind).unwrap_or(0) as f64;
    let mut material = vec![-1.0; n_elements];
    for section in &deck.sections {
        for &e in deck.element_sets.get(&section.set).map_or(&[][..], |s| &s.members) {
            material[e as usize] = section.material as f64;
        }
    }
    let mut cell_arrays = vec![
        Array::scalar("element", deck.elements.labels.iter().map(|&l| f64::from(l)).collect()),
        Array::scalar("element type", deck.elements.kinds.iter().map(number).collect()),
        Array::scalar("material", material),
    ];
    for set in deck.element_sets.values() {
        cell_arrays.push(Array::scalar(&format!("elset:{}", set.name), member(set, n_elements)));
    }
    let names: Vec<String> =
        deck.materials.iter().enumerate().map(|(i, m)| format!("{i} {}\n", m.name)).collect();
    let bytes = write_grid(&Grid {
        points: &deck.nodes.points[..n_nodes],
        types: deck.elements.kinds.iter().map(|k| k.vtk()).collect(),
        offsets: deck.elements.starts[1..].iter().map(|&end| end as i64).collect(),
        connectivity: &deck.elements.nodes,
        point_arrays,
        cell_arrays,
        comment: format!("material:\n{}", names.concat()),
    })
    .map_err(Failure::bug)?;
    Ok((bytes, lost(deck)))
}

/// What a VTU file has no place for.
fn lost(deck: &Deck) -> Vec<String> {
    let mut lost = Vec::new();
    let mut note = |what: &str, names: Vec<&str>| {
        lost.extend(names.into_iter().map(|name| format!("{what} `{name}` has no place in a VTU file")));
    };
    note("the constants of material", deck.materials.iter().map(|m| m.name.as_str()).collect());
    note("orientation", deck.orientations.iter().map(|o| o.name.as_str()).collect());
    note("surface", deck.surfaces.values().map(super::model::Surface::name).collect());
    note("tie", deck.ties.iter().map(|t| t.name.as_str()).collect());
    note("amplitude", deck.amplitudes.iter().map(|a| a.name.as_str()).collect());
    lost.extend(super::count("transform", deck.transforms.len(), "a VTU file"));
    lost.extend(super::count("equation", deck.equations.len(), "a VTU file"));
    lost.extend(super::count("initial temperature", deck.initial_temperatures.len(), "a VTU file"));
    lost.extend(super::count("coupling", deck.couplings.len(), "a VTU file"));
    lost.extend(super::count("spring", deck.springs.len(), "a VTU file"));
    lost.extend(super::count("initial stress", deck.initial_stresses.len(), "a VTU file"));
    lost.extend(super::count("support", deck.supports.len(), "a VTU file"));
    lost.extend(super::count("contact pair", deck.contact_pairs.len(), "a VTU file"));
    lost.extend(super::count("step", deck.steps.len(), "a VTU file"));
    lost
}

/// A model from a file, and what was passed over.
///
/// # Errors
/// A file that is no unstructured grid in VTK XML, or broken; exit 2.
pub fn read(path: &Path) -> Result<(Deck, Vec<String>), Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| Failure::input(format!("cannot read `{shown}`: {e}")))?;
    let refuse = |reason: String| Failure::input(format!("`{shown}`: {reason}"));
    let pieces = pieces(&bytes).map_err(&refuse)?;
    let mut lost = Vec::new();
    let deck = model(&pieces, &mut lost).map_err(&refuse)?;
    Ok((deck, lost))
}

fn model(pieces: &[Piece], lost: &mut Vec<String>) -> Result<Deck, String> {
    let mut deck = Deck { elements: Elements { starts: vec![0], ..Elements::default() }, ..Deck::default() };
    let mut nodes: Vec<(u32, Vec3)> = Vec::new();
    let mut cells: Vec<(u32, Kind, Vec<u32>)> = Vec::new();
    let (mut node_sets, mut element_sets) = (Raw::default(), Raw::default());
    let mut strange: BTreeMap<u8, usize> = BTreeMap::new();
    let mut unread = BTreeSet::new();
    for piece in pieces {
        let first = nodes.len() as u32;
        let labels = labels(piece.point("node"), piece.n_points, first);
        for (i, x) in piece.points.chunks_exact(3).enumerate() {
            if !x.iter().all(|x| x.is_finite()) {
                return Err(format!("the position of point {i} is not a number"));
            }
            nodes.push((labels[i], Vec3::new(x[0], x[1], x[2])));
        }
        let own = self::labels(piece.cell("element"), piece.types.len(), cells.len() as u32);
        let mut kept = vec![None; piece.types.len()];
        for (c, &number) in piece.types.iter().enumerate() {
            let Some(plain) = Kind::from_vtk(number) else {
                *strange.entry(number).or_default() += 1;
                continue;
            };
            let told = piece.cell("element type").and_then(|a| KINDS.get(*a.get(c)? as usize).copied());
            let kind = told.filter(|k| k.vtk() == number).unwrap_or(plain);
            let connectivity = piece.cell_nodes(c)?;
            if connectivity.len() != kind.n_nodes() {
                return Err(format!("cell {c} of type {number} has {} points", connectivity.len()));
            }
            kept[c] = Some(own[c]);
            cells.push((own[c], kind, connectivity.iter().map(|&n| labels[n]).collect()));
        }
        for (name, values) in &piece.point_arrays {
            match name.strip_prefix("nset:") {
                Some(set) => node_sets.add(set, values, |i| Some(labels[i])),
                None if name == "node" => {}
                None => {
                    unread.insert(format!("point array `{name}` is not part of a model"));
                }
            }
        }
        for (name, values) in &piece.cell_arrays {
            match name.as_str() {
                "element" | "element type" => {}
                "material" => {
                    for (c, value) in values.iter().enumerate().filter(|(_, v)| **v >= 0.0) {
                        if let Some(label) = kept[c] {
                            element_sets.push(&format!("MATERIAL_{value}"), label);
                        }
                    }
                }
                _ => match name.strip_prefix("elset:") {
                    Some(set) => element_sets.add(set, values, |c| kept[c]),
                    None => {
                        unread.insert(format!("cell array `{name}` is not part of a model"));
                    }
                },
            }
        }
    }
    lost.extend(strange.iter().map(|(t, n)| format!("{n} cells of VTK type {t} are no solid elements")));
    lost.extend(unread);
    let distinct = |labels: &[u32]| labels.windows(2).all(|w| w[0] < w[1]);
    nodes.sort_by_key(|n| n.0);
    cells.sort_by_key(|c| c.0);
    deck.nodes =
        Nodes { labels: nodes.iter().map(|n| n.0).collect(), points: nodes.iter().map(|n| n.1).collect() };
    for (label, kind, labels) in &cells {
        deck.elements.labels.push(*label);
        deck.elements.kinds.push(*kind);
        deck.elements.nodes.extend(labels.iter().filter_map(|&l| deck.nodes.index(l)));
        deck.elements.starts.push(deck.elements.nodes.len());
    }
    if !distinct(&deck.nodes.labels) || !distinct(&deck.elements.labels) {
        return Err("labels are given twice".to_string());
    }
    deck.node_sets = node_sets.resolve(|l| deck.nodes.index(l));
    deck.element_sets = element_sets.resolve(|l| deck.elements.index(l));
    Ok(deck)
}

/// Labels of an array of whole numbers above 0, or numbers that go on from `first`.
fn labels(array: Option<&Vec<f64>>, n: usize, first: u32) -> Vec<u32> {
    let whole = |v: &f64| 1.0 <= *v && *v <= f64::from(u32::MAX) && v.fract() == 0.0;
    match array.filter(|a| a.len() == n && a.iter().all(whole)) {
        Some(a) => a.iter().map(|&v| v as u32).collect(),
        None => (0..n as u32).map(|i| first + i + 1).collect(),
    }
}

/// Sets by labels.
#[derive(Default)]
struct Raw(BTreeMap<String, Vec<u32>>);

impl Raw {
    fn add(&mut self, name: &str, values: &[f64], label: impl Fn(usize) -> Option<u32>) {
        let members = self.0.entry(name.to_string()).or_default();
        members.extend(values.iter().enumerate().filter(|(_, v)| **v != 0.0).filter_map(|(i, _)| label(i)));
    }

    fn push(&mut self, name: &str, label: u32) {
        self.0.entry(name.to_string()).or_default().push(label);
    }

    fn resolve(self, index: impl Fn(u32) -> Option<u32>) -> Sets {
        let one = |(name, labels): (String, Vec<u32>)| {
            let mut members: Vec<u32> = labels.into_iter().filter_map(&index).collect();
            members.sort_unstable();
            members.dedup();
            (super::fields::key(&name), Set { name, members })
        };
        self.0.into_iter().map(one).collect()
    }
}
