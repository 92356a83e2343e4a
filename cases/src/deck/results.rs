//! Results in the words of the deck: which rows, in which axes, as tables and as a picture.

use super::build::Built;
use super::model::{Deck, Request};
use dens_mesher::Vec3;
use dens_reports::export::vtu::{Array, Grid, VtuError, write_grid};
use dens_solver::statics::{Answer, Stresses};
use dens_solver::tensor::{self, Six};
use nalgebra::Matrix3;
use rayon::prelude::*;
use std::fmt::Write as _;

/// First line of `nodes.csv`.
pub const NODES_HEAD: &str = "step,node,ux,uy,uz,rfx,rfy,rfz\n";

/// First line of `elements.csv`.
pub const ELEMENTS_HEAD: &str = "step,element,point,sxx,syy,szz,sxy,sxz,syz\n";

/// Place of the deck's components xx yy zz xy xz yz in the solver's order xx yy zz yz xz xy.
const DECK_ORDER: [usize; 6] = [0, 1, 2, 5, 4, 3];

/// Rows in a piece of a table; pieces are written side by side.
const PIECE: usize = 4096;

/// Rows of a table for one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// Indices, ascending.
    pub members: Vec<u32>,
    /// Whether values are in local axes.
    pub local: bool,
    /// Whether the deck chose the rows.
    pub chosen: bool,
}

/// Nodes or elements that a step prints: as its last request says, everything when no step asks or with `all`.
pub fn rows(deck: &Deck, step: usize, elements: bool, all: bool) -> Rows {
    let (sets, n) = if elements {
        (&deck.element_sets, deck.elements.len())
    } else {
        (&deck.node_sets, deck.n_own_nodes())
    };
    let of_step = |i: usize| -> Vec<&Request> {
        deck.steps[i].requests.iter().filter(|r| r.elements == elements).collect()
    };
    // Requests hold on until a later step gives its own.
    let active = (0..=step).rev().map(of_step).find(|r| !r.is_empty()).unwrap_or_default();
    let asked = (0..deck.steps.len()).any(|i| !of_step(i).is_empty());
    let local = active.iter().any(|r| r.local);
    let everything = || (0..n as u32).collect();
    if all || !asked || active.iter().any(|r| r.set.is_none()) {
        return Rows { members: everything(), local, chosen: asked && !all };
    }
    let mut members: Vec<u32> = active
        .iter()
        .filter_map(|r| sets.get(r.set.as_ref()?))
        .flat_map(|s| s.members.iter().copied())
        .collect();
    members.sort_unstable();
    members.dedup();
    Rows { members, local, chosen: true }
}

/// Reference nodes of rigid bodies and couplings: displacement, rotation, reaction force and moment, global axes.
pub fn references(deck: &Deck, built: &Built, answer: &Answer) -> Vec<serde_json::Value> {
    let three = |v: Vec3| [v.x, v.y, v.z];
    let one = |&[reference, rotation]: &[u32; 2]| {
        let [u, turned] = [reference, rotation].map(|n| answer.displacements[n as usize]);
        let [force, moment] = [reference, rotation].map(|n| answer.reactions[n as usize]);
        let node = built.deck_node[reference as usize] as usize;
        serde_json::json!({
            "node": (node < deck.n_own_nodes()).then(|| deck.nodes.labels[node]),
            "displacement": three(u),
            "rotation": three(turned / built.length),
            "reaction_force": three(force),
            "reaction_moment": three(moment * built.length),
        })
    };
    built.turning.iter().map(one).collect()
}

/// Rows of `nodes.csv` for one step.
///
/// - `prescribed`: displacement of a node of the deck that the solver does not see
pub fn node_table(
    deck: &Deck,
    built: &Built,
    rows: &Rows,
    step: usize,
    answer: &Answer,
    prescribed: impl Fn(u32) -> Vec3 + Sync,
) -> Vec<String> {
    let line = |out: &mut String, node: u32| {
        let (mut u, mut rf) = match built.mesh_node(node) {
            // Rotations and moments stand at rotation nodes.
            Some(n) if built.is_rotation(n) => {
                (answer.displacements[n as usize] / built.length, answer.reactions[n as usize] * built.length)
            }
            Some(n) => (answer.displacements[n as usize], answer.reactions[n as usize]),
            None => (prescribed(node), Vec3::zeros()),
        };
        if let Some(frame) = built.frames.get(&node).filter(|_| rows.local) {
            (u, rf) = (frame.tr_mul(&u), frame.tr_mul(&rf));
        }
        let label = deck.nodes.labels[node as usize];
        let _ = write!(out, "{},{label}", step + 1);
        numbers(out, u.iter().chain(rf.iter()));
    };
    table(&rows.members, line)
}

/// Rows of `elements.csv` for one step; points count from 1 in the order of Abaqus.
pub fn element_table(
    deck: &Deck,
    built: &Built,
    rows: &Rows,
    step: usize,
    stresses: &Stresses,
) -> Vec<String> {
    let line = |out: &mut String, element: u32| {
        let cell = element as usize;
        let frame = built.body.cells()[cell].frame.filter(|_| rows.local);
        let turn: Option<Matrix3<f64>> = frame.map(|f| built.body.frames()[f as usize].transpose());
        for (point, at) in stresses.of_cell(cell).enumerate() {
            let stress = match &turn {
                Some(turn) => tensor::rotate_stress(&stresses.stresses[at], turn),
                None => stresses.stresses[at],
            };
            let _ = write!(out, "{},{},{}", step + 1, deck.elements.labels[cell], point + 1);
            numbers(out, DECK_ORDER.map(|i| stress[i]).iter());
        }
    };
    table(&rows.members, line)
}

/// Text of all members in pieces, made in parallel, in order.
fn table(members: &[u32], line: impl Fn(&mut String, u32) + Sync) -> Vec<String> {
    members
        .par_chunks(PIECE)
        .map(|piece| {
            let mut out = String::with_capacity(piece.len() * 128);
            piece.iter().for_each(|&m| line(&mut out, m));
            out
        })
        .collect()
}

/// Numbers with all their digits, after commas, to the end of the line. Zero has no sign.
fn numbers<'a>(out: &mut String, values: impl Iterator<Item = &'a f64>) {
    for value in values {
        if *value == 0.0 {
            out.push_str(",0");
        } else {
            let _ = write!(out, ",{value:e}");
        }
    }
    out.push('\n');
}

/// Picture of one step.
///
/// Points: `node` (label), `displacement`, `reaction force`, `stress` (mean of the elements at the node, weighted by
/// volume), `von Mises stress`, `temperature rise`. Cells: `element` (label), `material` (number in the order of the
/// deck, named in the comment), `stress` (mean over the volume), `von Mises stress`. Units of the deck.
///
/// # Errors
/// None that a model of ours can meet.
pub fn picture(
    deck: &Deck,
    built: &Built,
    answer: &Answer,
    stresses: &Stresses,
    temperature_rise: &[f64],
) -> Result<Vec<u8>, VtuError> {
    let mesh = built.body.mesh();
    let labels = built.deck_node.iter().map(|&n| f64::from(deck.nodes.labels[n as usize])).collect();
    let nodal: Vec<Six> =
        stresses.at_nodes(&built.body, |_| true).into_iter().map(Option::unwrap_or_default).collect();
    let mean: Vec<Six> = (0..mesh.n_cells()).map(|cell| cell_mean(stresses, cell)).collect();
    let vectors = |v: &[Vec3]| v.iter().map(|v| [v.x, v.y, v.z]).collect::<Vec<_>>();
    let mut point_arrays = vec![
        Array::scalar("node", labels),
        Array::vector("displacement", &vectors(&built.without_rotations(&answer.displacements))),
        Array::vector("reaction force", &vectors(&built.without_rotations(&answer.reactions))),
        Array::tensor("stress", &nodal),
        Array::scalar("von Mises stress", nodal.iter().map(tensor::von_mises).collect()),
    ];
    if !temperature_rise.is_empty() {
        point_arrays.push(Array::scalar("temperature rise", temperature_rise.to_vec()));
    }
    let cells = built.body.cells();
    let cell_arrays = vec![
        Array::scalar("element", deck.elements.labels.iter().map(|&l| f64::from(l)).collect()),
        Array::scalar("material", cells.iter().map(|c| f64::from(c.material)).collect()),
        Array::tensor("stress", &mean),
        Array::scalar("von Mises stress", mean.iter().map(tensor::von_mises).collect()),
    ];
    let names: Vec<String> =
        deck.materials.iter().enumerate().map(|(i, m)| format!("{i} {}\n", m.name)).collect();
    write_grid(&Grid {
        points: mesh.points(),
        types: deck.elements.kinds.iter().map(|k| k.vtk()).collect(),
        offsets: mesh.starts()[1..].iter().map(|&end| end as i64).collect(),
        connectivity: mesh.nodes(),
        point_arrays,
        cell_arrays,
        comment: format!("units of the deck; material:\n{}", names.concat()),
    })
}

fn cell_mean(stresses: &Stresses, cell: usize) -> Six {
    let mut sum = Six::default();
    let mut volume = 0.0;
    for at in stresses.of_cell(cell) {
        let w = stresses.weights[at];
        volume += w;
        for (s, v) in sum.iter_mut().zip(&stresses.stresses[at]) {
            *s += w * v;
        }
    }
    sum.map(|s| s / volume)
}
