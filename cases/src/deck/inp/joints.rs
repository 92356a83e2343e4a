//! Rigid bodies, couplings, springs and stresses at rest of a deck.

use super::{element, put, quoted};
use crate::deck::joints::{Coupling, CouplingKind, Nodes};
use crate::deck::model::{Deck, Sets, Surface};

pub(super) fn write(out: &mut String, deck: &Deck) {
    for (number, c) in deck.couplings.iter().enumerate() {
        coupling(out, deck, c, number + 1);
    }
    for s in &deck.springs {
        let kind = match (s.axes, s.nodes.len()) {
            (None, _) => "SPRINGA",
            (Some(_), 1) => "SPRING1",
            (Some(_), _) => "SPRING2",
        };
        let nodes: Vec<String> = s.nodes.iter().map(|&n| deck.nodes.labels[n as usize].to_string()).collect();
        put(
            out,
            format_args!("*ELEMENT, TYPE={kind}, ELSET=SPRING_{0}\n{0}, {1}\n", s.label, nodes.join(", ")),
        );
        let nonlinear = if s.is_nonlinear() { ", NONLINEAR" } else { "" };
        put(out, format_args!("*SPRING, ELSET=SPRING_{}{nonlinear}\n", s.label));
        let axes: Vec<String> =
            s.axes.iter().flat_map(|a| &a[..s.nodes.len()]).map(|a| (a + 1).to_string()).collect();
        put(out, format_args!("{}\n", axes.join(", ")));
        for (elongation, force) in &s.curve {
            match s.is_nonlinear() {
                true => put(out, format_args!("{force:?}, {elongation:?}\n")),
                false => put(out, format_args!("{force:?}\n")),
            }
        }
    }
    if !deck.initial_stresses.is_empty() {
        out.push_str("*INITIAL CONDITIONS, TYPE=STRESS\n");
    }
    for s in &deck.initial_stresses {
        put(out, format_args!("{}", element(deck, &Some(s.target.clone()))));
        if let Some(point) = s.point {
            put(out, format_args!(", {}", point + 1));
        }
        let values: Vec<String> = s.stress.iter().map(|v| format!("{v:?}")).collect();
        put(out, format_args!(", {}\n", values.join(", ")));
    }
}

fn coupling(out: &mut String, deck: &Deck, c: &Coupling, number: usize) {
    // Nodes that were made for a reference or its rotation are made again.
    let own = |node: u32| ((node as usize) < deck.n_own_nodes()).then(|| deck.nodes.labels[node as usize]);
    let set = |sets: &Sets, key: &String| quoted(sets.get(key).map_or(key.as_str(), |s| s.name.as_str()));
    let axes: &[bool] = match &c.kind {
        CouplingKind::Rigid => {
            let of = match &c.on {
                Nodes::Set(key) => format!("NSET={}", set(&deck.node_sets, key)),
                Nodes::Elements(key) => format!("ELSET={}", set(&deck.element_sets, key)),
                Nodes::Surface(_) => return,
            };
            put(out, format_args!("*RIGID BODY, {of}"));
            if let Some(label) = own(c.reference) {
                put(out, format_args!(", REF NODE={label}"));
            }
            if let Some(label) = own(c.rotation) {
                put(out, format_args!(", ROT NODE={label}"));
            }
            out.push('\n');
            return;
        }
        CouplingKind::Kinematic(axes) => axes,
        CouplingKind::Distributing(axes) => axes,
    };
    let (Nodes::Surface(key), Some(label)) = (&c.on, own(c.reference)) else { return };
    let surface = quoted(deck.surfaces.get(key).map_or(key.as_str(), Surface::name));
    put(
        out,
        format_args!("*COUPLING, CONSTRAINT NAME=COUPLING_{number}, REF NODE={label}, SURFACE={surface}\n"),
    );
    put(out, format_args!("{}\n", c.kind.card()));
    for axis in (0..axes.len()).filter(|&axis| axes[axis]) {
        put(out, format_args!("{0}, {0}\n", axis + 1));
    }
}
