//! Nodal forces: of loads, of heat, of displacements.

use super::elimination::{Elimination, Role, checked};
use super::{Body, CellFacet, Formulation, Load, StaticsError, springs, thermal};
use crate::elements::{MAX_BLOCKS, block_of, n_blocks};
use crate::tensor::{self, Six};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{self, MAX_NODES};
use dens_mesher::cells::quadrature;
use rayon::prelude::*;

/// Most integration points of a formulation.
pub(super) const MAX_POINTS: usize = 27;

/// Cells whose forces are computed in parallel before they are added in order.
const BATCH: usize = 4096;

/// Mechanical forces of a load, N, global axes.
pub(crate) fn applied(
    body: &Body,
    elimination: &Elimination,
    load: &Load,
) -> Result<Vec<Vec3>, StaticsError> {
    let mut forces = vec![Vec3::zeros(); body.mesh().n_nodes()];
    for &(dof, value) in &load.forces {
        let at = checked(dof, forces.len(), "a nodal force")?;
        finite(value, "a nodal force")?;
        if elimination.roles[at] == Role::Idle && value != 0.0 {
            return Err(StaticsError::LooseForce { dof });
        }
        let node = dof.node as usize;
        forces[node] += value * elimination.frame(node).column(usize::from(dof.axis));
    }
    for (at, p) in &load.pressures {
        finite(*p, "a pressure")?;
        add_traction(body, *at, |area| -*p * area, "a pressure", &mut forces)?;
    }
    for (at, t) in &load.tractions {
        t.iter().try_for_each(|t| finite(*t, "a traction"))?;
        add_traction(body, *at, |area| area.norm() * t, "a traction", &mut forces)?;
    }
    for gravity in &load.gravity {
        gravity.acceleration.iter().try_for_each(|a| finite(*a, "an acceleration"))?;
        add_body_force(body, &gravity.cells, |_| gravity.acceleration, "gravity", &mut forces)?;
    }
    for c in &load.centrifugal {
        finite(c.omega_squared, "a squared angular velocity")?;
        c.point.iter().try_for_each(|x| finite(*x, "a point of an axis"))?;
        let axis = c.direction.normalize();
        axis.iter().try_for_each(|x| finite(*x, "the direction of an axis"))?;
        let acceleration = |x: Vec3| {
            let arm = x - c.point;
            c.omega_squared * (arm - arm.dot(&axis) * axis)
        };
        add_body_force(body, &c.cells, acceleration, "a centrifugal load", &mut forces)?;
    }
    Ok(forces)
}

fn finite(value: f64, what: &'static str) -> Result<(), StaticsError> {
    if value.is_finite() { Ok(()) } else { Err(StaticsError::BadNumber { what }) }
}

/// Adds ∫ N t dA, with t dA given as a function of the outward area vector.
///
/// Points as in CalculiX: 1 on tri3, 3 on tri6, 2 × 2 on quadrilaterals, 3 × 3 on those of C3D20. (CalculiX takes
/// one on the quadrilaterals of C3D6, which is the same on parallelograms only.) The resultant of a constant
/// pressure is exact on curved facets as well; the shares of the nodes are on flat ones.
fn add_traction(
    body: &Body,
    at: CellFacet,
    force: impl Fn(Vec3) -> Vec3,
    what: &'static str,
    forces: &mut [Vec3],
) -> Result<(), StaticsError> {
    let mesh = body.mesh();
    let (cell, facet) = (at.cell as usize, usize::from(at.facet));
    if mesh.n_cells() <= cell || mesh.shapes()[cell].n_facets() <= facet {
        return Err(StaticsError::NoSuchFacet { what, cell: at.cell, facet: at.facet });
    }
    let surface = mesh.shapes()[cell].facet_cell(facet);
    let nodes = mesh.facet(cell, facet);
    let points: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
    let rule = match nodes.len() {
        3 => &quadrature::TRI_1,
        6 => &quadrature::TRI_3,
        8 if body.cells()[cell].formulation == Formulation::Hex20 => &quadrature::QUAD_9,
        _ => &quadrature::QUAD_4,
    };
    let mut n = [0.0; MAX_NODES];
    for (xi, w) in rule.iter() {
        surface.values(xi, &mut n[..nodes.len()]);
        let share = w * force(mapping::area_vector(surface, &points, xi));
        for (n, &node) in n.iter().zip(&nodes) {
            forces[node as usize] += *n * share;
        }
    }
    Ok(())
}

/// Adds ∫ N ρ a dV by the points of each cell's formulation, as CalculiX does.
fn add_body_force(
    body: &Body,
    cells: &[u32],
    acceleration: impl Fn(Vec3) -> Vec3,
    what: &'static str,
    forces: &mut [Vec3],
) -> Result<(), StaticsError> {
    let mesh = body.mesh();
    let mut n = [0.0; MAX_NODES];
    for &number in cells {
        let cell = number as usize;
        if mesh.n_cells() <= cell {
            return Err(StaticsError::NoSuchFacet { what, cell: number, facet: 0 });
        }
        let density = body.materials()[body.cells()[cell].material as usize].density;
        let (shape, nodes) = (mesh.shapes()[cell].cell(), mesh.cell(cell));
        let points = mesh.cell_points(cell);
        let points = &points[..nodes.len()];
        for (xi, w) in body.cells()[cell].formulation.element().rule().iter() {
            shape.values(xi, &mut n[..nodes.len()]);
            let x: Vec3 = n.iter().zip(points).map(|(n, p)| *n * p).sum();
            let share = w * density * mapping::volume_ratio(shape, points, xi) * acceleration(x);
            for (n, &node) in n.iter().zip(nodes) {
                forces[node as usize] += *n * share;
            }
        }
    }
    Ok(())
}

/// What acts on the cells in one load.
#[derive(Debug, Clone, Copy)]
pub(super) struct State<'a> {
    /// Displacement per node, mm; empty: zero.
    pub(super) displacements: &'a [Vec3],
    /// Temperature rise per node, K; empty: zero.
    pub(super) temperature_rise: &'a [f64],
}

/// Forces the cells put on their nodes, K u − f₀, N, for each state.
///
/// Element matrices are computed again instead of kept: about the time of one assembly for any number of
/// states, and no second copy of the stiffness in memory.
pub(super) fn internal(body: &Body, states: &[State]) -> Result<Vec<Vec<Vec3>>, StaticsError> {
    let mesh = body.mesh();
    let mut sums = vec![vec![Vec3::zeros(); mesh.n_nodes()]; states.len()];
    let needed: Vec<bool> = (0..mesh.n_cells()).map(|cell| acts(body, cell, states)).collect();
    let cells: Vec<usize> = (0..mesh.n_cells()).filter(|&cell| needed[cell]).collect();
    for batch in cells.chunks(BATCH) {
        let forces: Result<Vec<Vec<Vec3>>, StaticsError> =
            batch.par_iter().with_min_len(64).map(|&cell| of_cell(body, cell, states)).collect();
        for (&cell, forces) in batch.iter().zip(forces?) {
            let nodes = mesh.cell(cell);
            for (sum, forces) in sums.iter_mut().zip(forces.chunks_exact(nodes.len())) {
                for (&node, f) in nodes.iter().zip(forces) {
                    sum[node as usize] += f;
                }
            }
        }
    }
    for (state, sum) in states.iter().zip(&mut sums).filter(|(state, _)| !state.displacements.is_empty()) {
        springs::add_forces(body.springs(), state.displacements, sum);
    }
    Ok(sums)
}

/// Whether any state does something to the cell.
fn acts(body: &Body, cell: usize, states: &[State]) -> bool {
    let nodes = body.mesh().cell(cell);
    !body.stresses_at_rest(cell).is_empty()
        || states.iter().any(|s| {
            (!s.displacements.is_empty()
                && nodes.iter().any(|&n| s.displacements[n as usize] != Vec3::zeros()))
                || (!s.temperature_rise.is_empty()
                    && nodes.iter().any(|&n| s.temperature_rise[n as usize] != 0.0))
        })
}

/// Forces on the nodes of one cell, state after state.
fn of_cell(body: &Body, cell: usize, states: &[State]) -> Result<Vec<Vec3>, StaticsError> {
    let inverted = |e: crate::elements::Inverted| StaticsError::Inverted { cell, jacobian: e.jacobian };
    let (mesh, material) = (body.mesh(), body.material(cell));
    let element = body.cells()[cell].formulation.element();
    let nodes = mesh.cell(cell);
    let n = nodes.len();
    let points = mesh.cell_points(cell);
    let points = &points[..n];
    let mut blocks = [[0.0; 9]; MAX_BLOCKS];
    let blocks = &mut blocks[..n_blocks(n)];
    element.stiffness(points, &material.stiffness, blocks).map_err(inverted)?;
    let mut out = vec![Vec3::zeros(); n * states.len()];
    for (state, out) in states.iter().zip(out.chunks_exact_mut(n)) {
        if let Some(initial) = initial_strains(body, cell, state.temperature_rise)? {
            let initial = &initial[..element.rule().points.len()];
            element.initial_forces(points, &material.stiffness, initial, out).map_err(inverted)?;
            out.iter_mut().for_each(|f| *f = -*f);
        }
        if state.displacements.is_empty() {
            continue;
        }
        for i in 0..n {
            let u = state.displacements[nodes[i] as usize];
            out[i] += multiply(&blocks[block_of(n, i, i)], u);
            for j in i + 1..n {
                let block = &blocks[block_of(n, i, j)];
                out[i] += multiply(block, state.displacements[nodes[j] as usize]);
                out[j] += multiply_transposed(block, u);
            }
        }
    }
    Ok(out)
}

/// Strains without stress at the integration points of a cell: of heat, and minus those of its stresses at rest; `None`
/// where there are neither.
pub(super) fn initial_strains(
    body: &Body,
    cell: usize,
    rises: &[f64],
) -> Result<Option<[Six; MAX_POINTS]>, StaticsError> {
    let nodes = body.mesh().cell(cell);
    let heated = !rises.is_empty() && nodes.iter().any(|&n| rises[n as usize] != 0.0);
    let at_rest = body.stresses_at_rest(cell);
    if !heated && at_rest.is_empty() {
        return Ok(None);
    }
    let material = body.material(cell);
    let mut out = [[0.0; 6]; MAX_POINTS];
    if heated {
        let mut own = [0.0; MAX_NODES];
        for (own, &node) in own.iter_mut().zip(nodes) {
            *own = rises[node as usize];
        }
        thermal::strains(body.cells()[cell].formulation, &material, &own[..nodes.len()], &mut out);
    }
    if !at_rest.is_empty() {
        let compliance = tensor::inverse(&material.stiffness)
            .ok_or(StaticsError::BadMaterial { material: body.cells()[cell].material as usize })?;
        for (strain, stress) in out.iter_mut().zip(at_rest) {
            let own = tensor::apply(&compliance, stress);
            strain.iter_mut().zip(own).for_each(|(e, own)| *e -= own);
        }
    }
    Ok(Some(out))
}

fn multiply(b: &[f64; 9], u: Vec3) -> Vec3 {
    Vec3::from_fn(|k, _| b[3 * k] * u.x + b[3 * k + 1] * u.y + b[3 * k + 2] * u.z)
}

fn multiply_transposed(b: &[f64; 9], u: Vec3) -> Vec3 {
    Vec3::from_fn(|k, _| b[k] * u.x + b[3 + k] * u.y + b[6 + k] * u.z)
}
