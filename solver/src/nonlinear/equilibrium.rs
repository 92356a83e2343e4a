//! Residual and tangent of the constrained body.

use super::cells::{Cells, Internal};
use super::error::{Cause, Worst};
use super::stage::Acting;
use super::{Interaction, NonlinearError, pressure};
use crate::assembly::Assembler;
use crate::linear::{BlockMatrix, System};
use crate::statics::elimination::Elimination;
use crate::statics::{self, reduce};
use dens_mesher::Vec3;
use std::borrow::Cow;

/// The equations of a body.
pub(super) struct Equilibrium<'a> {
    pub(super) cells: Cells<'a>,
    pub(super) elimination: Elimination,
    pub(super) system: System,
    pub(super) interactions: Vec<Box<dyn Interaction>>,
    assembler: Assembler,
    couplings: Vec<Vec<u32>>,
    constrained: Vec<bool>,
    /// What the right-hand sides of equations do alone, mm.
    constants: Vec<Vec3>,
}

/// Tangent, and a matrix near it whose symmetric part preconditions it; `None` where it is symmetric by itself.
pub(super) struct Tangent {
    pub(super) matrix: BlockMatrix,
    pub(super) near: Option<BlockMatrix>,
}

/// Forces at given displacements.
pub(super) struct Forces {
    /// Tᵀ (internal + interactions − applied), N.
    pub(super) residual: Vec<f64>,
    /// The same before the reduction: reactions where constrained.
    pub(super) unbalanced: Vec<Vec3>,
    /// Where the forces act: displacement of each node, mm.
    displacements: Vec<Vec3>,
    /// Applied forces, followers included, N.
    pub(super) applied: Vec<Vec3>,
    /// History at the end.
    pub(super) history: Vec<f64>,
    /// Largest nodal force: applied, reaction, or of an interaction, N.
    pub(super) reference: f64,
}

impl<'a> Equilibrium<'a> {
    pub(super) fn new(
        cells: Cells<'a>,
        elimination: Elimination,
        interactions: Vec<Box<dyn Interaction>>,
    ) -> Result<Self, NonlinearError> {
        let body = cells.body();
        let system = statics::system(body, &elimination);
        let assembler = assembler(&cells, &[])?;
        let constrained = elimination.constrained();
        let constants = elimination.expand(&[], &[]);
        let mut out = Self {
            cells,
            elimination,
            system,
            interactions,
            assembler,
            couplings: Vec::new(),
            constrained,
            constants,
        };
        out.update_couplings()?;
        Ok(out)
    }

    /// Builds the pattern anew where the interactions couple other nodes than before.
    pub(super) fn update_couplings(&mut self) -> Result<(), NonlinearError> {
        let couplings: Vec<Vec<u32>> = self.interactions.iter().flat_map(|i| i.couplings()).collect();
        if couplings != self.couplings {
            self.assembler = assembler(&self.cells, &couplings)?;
            self.couplings = couplings;
        }
        Ok(())
    }

    /// Displacements of unknowns in global axes.
    pub(super) fn displacements(&self, unknowns: &[f64], acting: &Acting) -> Vec<Vec3> {
        let mut u = self.elimination.expand(unknowns, &acting.prescribed);
        // Rotations follow from the unknowns as they are; what hangs on them does not.
        if let Cow::Owned(turned) = self.elimination.about(&u) {
            u = turned.expand(unknowns, &acting.prescribed);
        }
        if acting.ramp != 1.0 {
            u.iter_mut().zip(&self.constants).for_each(|(u, c)| *u -= (1.0 - acting.ramp) * c);
        }
        u
    }

    /// Forces at displacements `u` after the history `before`.
    pub(super) fn forces(&self, u: &[Vec3], acting: &Acting, before: &[f64]) -> Result<Forces, Cause> {
        let internal = self.cells.internal(u, before)?;
        let mut touching = vec![Vec3::zeros(); u.len()];
        for interaction in &self.interactions {
            interaction.linearize(u, &mut touching, None);
        }
        let mut applied = acting.forces.clone();
        pressure::add(self.cells.body().mesh(), &acting.follower, u, &mut applied, None);
        Ok(self.balance(internal, &touching, applied, u))
    }

    /// As [`Equilibrium::forces`], with the tangent before its reduction.
    pub(super) fn tangent(
        &self,
        u: &[Vec3],
        acting: &Acting,
        before: &[f64],
    ) -> Result<Result<(Forces, Tangent), Cause>, NonlinearError> {
        let mut matrix = self.assembler.zero_matrix();
        let internal = match self.cells.tangent(u, before, &self.assembler, &mut matrix) {
            Ok(internal) => internal,
            Err(cause) => return Ok(Err(cause)),
        };
        let mut near = self.may_be_unsymmetric(acting).then(|| matrix.clone());
        let mut touching = vec![Vec3::zeros(); u.len()];
        for interaction in &self.interactions {
            let mut missing = None;
            let mut sink = adding(&mut matrix, 1.0, &mut missing);
            interaction.linearize(u, &mut touching, Some(&mut sink));
            drop(sink);
            if let Some(near) = &mut near {
                let mut sink = adding(near, 1.0, &mut missing);
                interaction.symmetric_tangent(u, &mut sink);
            }
            if let Some((row, column)) = missing {
                let interaction = interaction.name().to_string();
                return Err(NonlinearError::NotCoupled { interaction, row, column });
            }
        }
        let mut applied = acting.forces.clone();
        let mesh = self.cells.body().mesh();
        // Applied forces enter the residual with the opposite sign. Nodes of a facet share a cell.
        let mut missing = None;
        if let Some(near) = &mut near {
            let mut ignored = applied.clone();
            let mut sink = adding(near, -1.0, &mut missing);
            pressure::add(mesh, &acting.follower, u, &mut ignored, Some(&mut sink));
        }
        let mut sink = adding(&mut matrix, -1.0, &mut missing);
        pressure::add(mesh, &acting.follower, u, &mut applied, Some(&mut sink));
        drop(sink);
        Ok(Ok((self.balance(internal, &touching, applied, u), Tangent { matrix, near })))
    }

    fn balance(&self, internal: Internal, touching: &[Vec3], applied: Vec<Vec3>, u: &[Vec3]) -> Forces {
        let unbalanced: Vec<Vec3> =
            internal.forces.iter().zip(touching).zip(&applied).map(|((i, t), a)| i + t - a).collect();
        let residual = self.elimination.about(u).restrict(&unbalanced);
        let mut reference = 0.0_f64;
        for (node, held) in self.constrained.iter().enumerate() {
            reference = reference.max(applied[node].norm()).max(touching[node].norm());
            if *held {
                reference = reference.max(unbalanced[node].norm());
            }
        }
        let displacements = u.to_vec();
        Forces { residual, unbalanced, displacements, applied, history: internal.history, reference }
    }

    /// Tᵀ K T of both, and what the curvature of T adds where rigid bodies turn: ∂Tᵀ/∂ũ r.
    ///
    /// - `curvature`: of [`Equilibrium::curvature`]
    pub(super) fn reduced(&self, tangent: Tangent, u: &[Vec3], curvature: &[(usize, [f64; 9])]) -> Tangent {
        let reduce = |matrix| {
            let mut reduced = reduce::reduce(matrix, &self.elimination.about(u));
            for (node, block) in curvature {
                let at = reduced.position(*node, *node).expect("every row has its diagonal");
                reduced.blocks[at].iter_mut().zip(block).for_each(|(x, y)| *x += y);
            }
            reduced
        };
        Tangent { matrix: reduce(tangent.matrix), near: tangent.near.map(reduce) }
    }

    /// Blocks on the diagonal of rotation nodes under the forces out of balance.
    pub(super) fn curvature(&self, forces: &Forces) -> Vec<(usize, [f64; 9])> {
        self.elimination.curvature(&forces.displacements, &forces.unbalanced)
    }

    /// Tᵀ f about displacements.
    pub(super) fn restrict(&self, forces: &[Vec3], u: &[Vec3]) -> Vec<f64> {
        self.elimination.about(u).restrict(forces)
    }

    /// Whether the tangent may be unsymmetric.
    fn may_be_unsymmetric(&self, acting: &Acting) -> bool {
        self.cells.layout() == crate::assembly::Layout::Full
            || acting.follower.iter().any(|f| f.1 != 0.0)
            || self.interactions.iter().any(|i| i.unsymmetric())
    }

    /// Forces out of balance with those of dependent dofs handed to the dofs they follow, along the frames of the nodes.
    pub(super) fn with_links(&self, elimination: &Elimination, u: &[Vec3], forces: &Forces) -> Vec<f64> {
        elimination.about(u).gathered(&forces.unbalanced)
    }

    /// Takes over another elimination of the same nodes.
    pub(super) fn renew(&mut self) {
        self.system = statics::system(self.cells.body(), &self.elimination);
        self.constrained = self.elimination.constrained();
        self.constants = self.elimination.expand(&[], &[]);
    }

    /// Forces out of balance at constrained nodes, N.
    pub(super) fn held(&self, forces: &Forces) -> Vec<Vec3> {
        let held = self.constrained.iter().zip(&forces.unbalanced);
        held.map(|(held, r)| if *held { *r } else { Vec3::zeros() }).collect()
    }

    /// Reactions: the same, those of rigid bodies and couplings at their reference nodes.
    pub(super) fn reactions(&self, forces: &Forces) -> Vec<Vec3> {
        let mut reactions = self.held(forces);
        self.elimination.about(&forces.displacements).hand_over(&mut reactions);
        reactions
    }

    /// Node with the largest residual.
    pub(super) fn worst(&self, residual: &[f64]) -> Worst {
        let mut node = 0;
        let mut largest = -1.0;
        for (i, r) in residual.chunks_exact(3).enumerate() {
            let size = r.iter().map(|x| x * x).sum::<f64>();
            if largest < size || (size.is_nan() && !f64::is_nan(largest)) {
                (node, largest) = (i, size);
            }
        }
        let turned =
            self.elimination.frame(node) * Vec3::from_column_slice(&residual[3 * node..3 * node + 3]);
        Worst { node, place: self.cells.body().mesh().points()[node].into(), force: turned.into() }
    }

    /// Bytes of the matrix.
    pub(super) fn matrix_bytes(&self) -> usize {
        let m = self.assembler.zero_matrix();
        size_of_val(m.row_starts.as_slice())
            + size_of_val(m.columns.as_slice())
            + size_of_val(m.blocks.as_slice())
    }
}

/// Adds blocks times `sign`; remembers the first that has no place.
fn adding<'m>(
    matrix: &'m mut BlockMatrix,
    sign: f64,
    missing: &'m mut Option<(u32, u32)>,
) -> impl FnMut(u32, u32, [f64; 9]) + 'm {
    move |row, column, block| match matrix.position(row as usize, column as usize) {
        Some(at) => matrix.blocks[at].iter_mut().zip(block).for_each(|(x, y)| *x += sign * y),
        None => *missing = missing.or(Some((row, column))),
    }
}

fn assembler(cells: &Cells, couplings: &[Vec<u32>]) -> Result<Assembler, NonlinearError> {
    let mesh = cells.body().mesh();
    Ok(Assembler::new(mesh.n_nodes(), mesh, couplings).map_err(statics::as_statics)?)
}

/// Largest norm of the vectors of nodes.
pub(super) fn largest(values: &[f64]) -> f64 {
    let mut out = 0.0_f64;
    for v in values.chunks_exact(3) {
        let size = (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]).sqrt();
        if size.is_nan() {
            return f64::NAN;
        }
        out = out.max(size);
    }
    out
}
