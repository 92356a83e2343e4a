//! Contact pairs of the nonlinear engine.

use super::Built;
use crate::deck::model::{self as deck, ContactPair, Deck};
use crate::deck::source::Findings;
use crate::deck::states::State;
use dens_solver::contact::{ContactError, InitialGap, Law, Motion, Pair, PairOptions, Surface};
use dens_solver::statics::CellFacet;
use std::collections::BTreeMap;

/// Pairs of the deck; what is wrong with one is noted at its line.
///
/// - `state`: supports, whose nodes a bonded pair leaves to them
pub fn pairs(deck: &Deck, built: &Built, state: &State, findings: &mut Findings) -> Vec<Pair> {
    let large = deck.is_large();
    let mut held: Vec<u32> = state.supports.keys().filter_map(|dof| built.mesh_node(dof.0)).collect();
    held.dedup();
    let mut out = Vec::new();
    for asked in &deck.contact_pairs {
        match one(deck, built, asked, large, &held) {
            Ok(pair) => {
                if pair.paired_share() == 0.0 {
                    findings.warn(
                        asked.place,
                        format!("{} do not face each other within reach", pair_name(deck, asked)),
                    );
                }
                out.push(pair);
            }
            Err(reason) => findings.wrong(asked.place, reason),
        }
    }
    out
}

/// The surfaces of a pair, for messages.
fn pair_name(deck: &Deck, asked: &ContactPair) -> String {
    let name = |key: &String| deck.surfaces.get(key).map_or(key.clone(), |s| s.name().to_string());
    format!("contact pair {}, {}", name(&asked.slave), name(&asked.master))
}

/// Facets of the boundary all of whose nodes are in a surface of nodes: nodes alone have no area to press on.
fn between(built: &Built, nodes: &[u32]) -> Option<Vec<CellFacet>> {
    let mesh = built.body.mesh();
    let mut inside = vec![false; mesh.n_nodes()];
    nodes.iter().filter_map(|&n| built.mesh_node(n)).for_each(|n| inside[n as usize] = true);
    let mut seen: BTreeMap<Vec<u32>, Vec<CellFacet>> = BTreeMap::new();
    for (cell, shape) in mesh.shapes().iter().enumerate() {
        for facet in 0..shape.n_facets() {
            let mut of_facet = mesh.facet(cell, facet);
            if of_facet.iter().all(|&n| inside[n as usize]) {
                of_facet.sort_unstable();
                let at = CellFacet { cell: cell as u32, facet: facet as u8 };
                seen.entry(of_facet).or_default().push(at);
            }
        }
    }
    let found: Vec<CellFacet> = seen.into_values().filter(|f| f.len() == 1).flatten().collect();
    (!found.is_empty()).then_some(found)
}

fn one(deck: &Deck, built: &Built, asked: &ContactPair, large: bool, held: &[u32]) -> Result<Pair, String> {
    let name = pair_name(deck, asked);
    let surface = |key: &String| {
        let facets = match deck.surfaces.get(key) {
            Some(deck::Surface::Nodes(surface, nodes)) => between(built, nodes).ok_or_else(|| {
                format!(
                    "{name}: the nodes of `{surface}` bound no facets; give facets: `*SURFACE, TYPE=ELEMENT`"
                )
            })?,
            _ => deck.facets(key).iter().map(|&(cell, facet)| CellFacet { cell, facet }).collect(),
        };
        Surface::new(&built.body, &facets).map_err(|e| format!("{name}: {e}"))
    };
    let (slave, master) = (surface(&asked.slave)?, surface(&asked.master)?);
    let interaction = &deck.interactions[asked.interaction];
    let law = if interaction.bonded { Law::Bonded } else { Law::Sliding { friction: interaction.friction } };
    let clearance = deck.clearances.iter().rfind(|c| c.slave == asked.slave && c.master == asked.master);
    let gap = clearance.map_or(InitialGap::Meshed, |c| InitialGap::Value(c.value));
    let motion = if large { Motion::Finite } else { Motion::Small };
    let options = PairOptions { law, motion, gap, held: held.to_vec(), ..PairOptions::default() };
    Pair::new(&name, slave, master, options).map_err(|e| match e {
        ContactError::Shared { node, .. } => {
            let label = deck.nodes.labels[built.deck_node[node as usize] as usize];
            format!("{name}: node {label} belongs to both surfaces")
        }
        other => format!("{name}: {other}"),
    })
}
