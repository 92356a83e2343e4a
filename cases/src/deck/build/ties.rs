//! `*TIE`: slave nodes, moved onto the master surface if asked (those of `*CONTACT PAIR` too), and the equations that
//! glue them to it.

use super::{Bound, Built};
use crate::deck::model::{Deck, Surface, Tie};
use crate::deck::source::Findings;
use crate::failure::Failure;
use dens_mesher::Vec3;
use dens_solver::statics::{CellFacet, Constraints, Equation, tie};

/// Node positions after moving slave nodes onto their master surfaces; `None` when nothing moves.
pub(super) fn adjusted(
    deck: &Deck,
    built: &Built,
    findings: &mut Findings,
) -> Result<Option<Vec<Vec3>>, Failure> {
    let mut points: Option<Vec<Vec3>> = None;
    let of_pairs = deck.contact_pairs.iter().filter_map(|p| {
        let name = deck.surfaces.get(&p.slave).map_or("", |s| s.name()).to_string();
        let (slave, master) = (p.slave.clone(), p.master.clone());
        Some(Tie { name, slave, master, tolerance: Some(p.adjust?), adjust: true, place: p.place })
    });
    let of_pairs: Vec<Tie> = of_pairs.collect();
    for asked in deck.ties.iter().filter(|t| t.adjust).chain(&of_pairs) {
        // Without frames the coefficients of one axis are the shape functions of the foot.
        let found = run(deck, built, asked, &Constraints::default(), findings)?;
        for (node, _) in &found.gaps {
            let own = |e: &&Equation| e.terms.first().is_some_and(|(d, _)| d.node == *node && d.axis == 0);
            let Some(equation) = found.equations.iter().find(own) else { continue };
            let scale = -1.0 / equation.terms[0].1;
            let place = |&(dof, factor): &(dens_solver::statics::Dof, f64)| {
                scale * factor * built.body.mesh().points()[dof.node as usize]
            };
            let foot = equation.terms[1..].iter().map(place).sum::<Vec3>();
            points.get_or_insert_with(|| built.body.mesh().points().to_vec())[*node as usize] = foot;
        }
        if !found.gaps.is_empty() {
            findings.warn(
                asked.place,
                format!(
                    "{} slave nodes of `{}` are moved onto the master surface, by up to {:.3e}, as ADJUST says",
                    found.gaps.len(),
                    asked.name,
                    found.gaps.iter().map(|g| g.1).fold(0.0, f64::max)
                ),
            );
        }
    }
    Ok(points)
}

/// Adds the equations of all ties; what is supported or eliminated already stays as it is.
pub(super) fn bind(
    deck: &Deck,
    built: &Built,
    bound: &mut Bound,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let label = |node: u32| deck.nodes.labels[built.deck_node[node as usize] as usize];
    for asked in &deck.ties {
        let found = run(deck, built, asked, &bound.constraints, findings)?;
        if let Some(&first) = found.unreached.first() {
            findings.warn(
                asked.place,
                format!(
                    "{} slave nodes of tie `{}` are farther from the master surface than the tolerance and stay free, the first is node {}",
                    found.unreached.len(),
                    asked.name,
                    label(first)
                ),
            );
        }
        if let Some(first) = found.left_alone.first() {
            findings.warn(
                asked.place,
                format!(
                    "{} degrees of freedom of slave nodes of tie `{}` are supported or eliminated otherwise and not tied, the first of node {}",
                    found.left_alone.len(),
                    asked.name,
                    label(first.node)
                ),
            );
        }
        if found.equations.is_empty() && found.shared.is_empty() && found.left_alone.is_empty() {
            findings.wrong(asked.place, format!("tie `{}` reaches no slave node", asked.name));
        }
        bound.equations.resize(bound.equations.len() + found.equations.len(), asked.place);
        bound.constraints.equations.extend(found.equations);
    }
    Ok(())
}

fn run(
    deck: &Deck,
    built: &Built,
    asked: &Tie,
    constraints: &Constraints,
    findings: &mut Findings,
) -> Result<dens_solver::statics::Tie, Failure> {
    let mut slaves = match deck.surfaces.get(&asked.slave) {
        Some(Surface::Nodes(_, nodes)) => nodes.iter().filter_map(|&n| built.mesh_node(n)).collect(),
        Some(Surface::Facets(_, facets)) => {
            facets.iter().flat_map(|&(e, f)| built.body.mesh().facet(e as usize, f as usize)).collect()
        }
        None => Vec::new(),
    };
    slaves.sort_unstable();
    slaves.dedup();
    let masters: Vec<CellFacet> =
        deck.facets(&asked.master).iter().map(|&(cell, facet)| CellFacet { cell, facet }).collect();
    tie(&built.body, &slaves, &masters, asked.tolerance, constraints)
        .map_err(|e| super::explain(&e, deck, built, None, findings))
}
