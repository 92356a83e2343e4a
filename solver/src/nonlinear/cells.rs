//! All cells of a body with their laws: internal forces, histories, tangent.

use super::NonlinearError;
use super::cell::{Cell, CellFault, Plan, PointState, Response};
use super::error::Cause;
use super::laws::Law;
use crate::assembly::{Assembler, Layout};
use crate::linear::BlockMatrix;
use crate::statics::{Body, StaticsError};
use crate::tensor::{self, Six};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::MAX_NODES;
use rayon::prelude::*;

/// Cells whose forces are computed in parallel before they are added in order.
const BATCH: usize = 4096;

/// Cells of a body, checked.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    body: &'a Body,
    laws: Vec<Law>,
    plans: Vec<Plan>,
    /// Start of each cell in a history, then its length.
    starts: Vec<usize>,
    /// Per cell what [`Cell::at_rest`] takes.
    at_rest: Vec<Vec<Six>>,
}

/// Internal forces and histories.
pub(super) struct Internal {
    /// Internal force of each node, N.
    pub(super) forces: Vec<Vec3>,
    pub(super) history: Vec<f64>,
}

impl<'a> Cells<'a> {
    pub(super) fn new(body: &'a Body, laws: Vec<Law>) -> Result<Self, NonlinearError> {
        if laws.len() != body.materials().len() {
            return Err(NonlinearError::Laws { expected: body.materials().len(), found: laws.len() });
        }
        let mesh = body.mesh();
        let mut plans = Vec::with_capacity(mesh.n_cells());
        let mut starts = vec![0];
        let mut at_rest = Vec::with_capacity(mesh.n_cells());
        for (cell, properties) in body.cells().iter().enumerate() {
            let points = &mesh.cell_points(cell)[..mesh.cell(cell).len()];
            let formulation = properties.formulation;
            let plan =
                Plan::new(formulation, points).ok_or(NonlinearError::Formulation { cell, formulation })?;
            let own = laws[properties.material as usize].n_history();
            starts.push(starts[cell] + own * plan.n_points());
            let mut stresses = spread(body.stresses_at_rest(cell), plan.n_points());
            if let (Law::Small(_), false) = (&laws[properties.material as usize], stresses.is_empty()) {
                let bad = StaticsError::BadMaterial { material: properties.material as usize };
                let compliance = tensor::inverse(&body.material(cell).stiffness).ok_or(bad)?;
                stresses.iter_mut().for_each(|s| *s = tensor::apply(&compliance, s));
            }
            at_rest.push(stresses);
            plans.push(plan);
        }
        Ok(Self { body, laws, plans, starts, at_rest })
    }

    pub(super) fn body(&self) -> &'a Body {
        self.body
    }

    /// Layout that holds the tangents of all cells.
    pub(super) fn layout(&self) -> Layout {
        if self.laws.iter().all(Law::is_symmetric) { Layout::Symmetric } else { Layout::Full }
    }

    /// Whether equilibrium of any material holds on the deformed body.
    pub(super) fn is_finite(&self) -> bool {
        self.laws.iter().any(|law| matches!(law, Law::Finite(_)))
    }

    /// Numbers in a history.
    pub(super) fn n_history(&self) -> usize {
        self.starts[self.plans.len()]
    }

    /// History of one cell.
    pub(super) fn history<'h>(&self, cell: usize, all: &'h [f64]) -> &'h [f64] {
        &all[self.starts[cell]..self.starts[cell + 1]]
    }

    pub(super) fn plan(&self, cell: usize) -> Plan {
        self.plans[cell]
    }

    /// Calls `visit` with a cell and the displacements of its nodes.
    fn with<T>(&self, cell: usize, u: &[Vec3], visit: impl FnOnce(&Cell, &[Vec3]) -> T) -> T {
        let (mesh, properties) = (self.body.mesh(), self.body.cells()[cell]);
        let nodes = mesh.cell(cell);
        let mut own = [Vec3::zeros(); MAX_NODES];
        own.iter_mut().zip(nodes).for_each(|(own, &node)| *own = u[node as usize]);
        let points = mesh.cell_points(cell);
        let material = &self.body.materials()[properties.material as usize];
        let cell = Cell {
            plan: self.plans[cell],
            points: &points[..nodes.len()],
            law: &self.laws[properties.material as usize],
            frame: properties.frame.map(|f| &self.body.frames()[f as usize]),
            stiffness: &material.stiffness,
            at_rest: &self.at_rest[cell],
        };
        visit(&cell, &own[..nodes.len()])
    }

    fn add(&self, cell: usize, response: &Response, out: &mut Internal) {
        let nodes = self.body.mesh().cell(cell);
        for (&node, f) in nodes.iter().zip(&response.forces) {
            out.forces[node as usize] += f;
        }
        out.history[self.starts[cell]..self.starts[cell + 1]].copy_from_slice(&response.history);
    }

    fn empty(&self) -> Internal {
        Internal {
            forces: vec![Vec3::zeros(); self.body.mesh().n_nodes()],
            history: vec![0.0; self.n_history()],
        }
    }

    /// Largest nodal force, N, of the stresses at rest; 0 without them.
    pub(super) fn largest_at_rest(&self) -> f64 {
        if self.at_rest.iter().all(Vec::is_empty) {
            return 0.0;
        }
        let u = vec![Vec3::zeros(); self.body.mesh().n_nodes()];
        let history = vec![0.0; self.n_history()];
        // A cell that fails at rest fails again, with its name, in the first increment.
        let Ok(internal) = self.internal(&u, &history) else { return 0.0 };
        internal.forces.iter().map(|f| f.norm()).fold(0.0, f64::max)
    }

    /// Internal forces at displacements `u` after the history `before`.
    pub(super) fn internal(&self, u: &[Vec3], before: &[f64]) -> Result<Internal, Cause> {
        let mut out = self.empty();
        let n = self.plans.len();
        for first in (0..n).step_by(BATCH) {
            let responses: Vec<Result<Response, CellFault>> = (first..n.min(first + BATCH))
                .into_par_iter()
                .with_min_len(32)
                .map(|cell| self.with(cell, u, |own, u| own.respond(u, self.history(cell, before), None)))
                .collect();
            for (at, response) in responses.into_iter().enumerate() {
                self.add(first + at, &response.map_err(|e| cause(first + at, e))?, &mut out);
            }
        }
        Ok(out)
    }

    /// As [`Cells::internal`], and adds the tangent to a matrix of `assembler`.
    pub(super) fn tangent(
        &self,
        u: &[Vec3],
        before: &[f64],
        assembler: &Assembler,
        matrix: &mut BlockMatrix,
    ) -> Result<Internal, Cause> {
        let (mut out, layout) = (self.empty(), self.layout());
        let element = |cell: usize, blocks: &mut [[f64; 9]]| {
            self.with(cell, u, |own, u| own.respond(u, self.history(cell, before), Some((blocks, layout))))
        };
        assembler
            .add_elements(matrix, layout, element, |cell, response| self.add(cell, &response, &mut out))
            .map_err(|(cell, e)| cause(cell, e))?;
        Ok(out)
    }

    /// Strain and stress at the points of every cell.
    pub(super) fn states(&self, u: &[Vec3], before: &[f64]) -> Result<Vec<Vec<PointState>>, Cause> {
        let states: Vec<Result<Vec<PointState>, CellFault>> = (0..self.plans.len())
            .into_par_iter()
            .with_min_len(32)
            .map(|cell| self.with(cell, u, |own, u| own.states(u, self.history(cell, before))))
            .collect();
        states.into_iter().enumerate().map(|(cell, s)| s.map_err(|e| cause(cell, e))).collect()
    }
}

/// Stresses for `n` points: as given, or their mean where the cell is integrated at other points than they are for.
fn spread(stresses: &[Six], n: usize) -> Vec<Six> {
    match stresses.len() {
        0 => Vec::new(),
        given if given == n => stresses.to_vec(),
        given => {
            let mean = std::array::from_fn(|k| stresses.iter().map(|s| s[k]).sum::<f64>() / given as f64);
            vec![mean; n]
        }
    }
}

fn cause(cell: usize, e: CellFault) -> Cause {
    Cause::Point { cell, point: e.point, fault: e.fault }
}
