//! Forces and tangent of one cell: small or finite strain, plain or with the dilatation averaged.
//!
//! ```text
//! plain       F = I + Σ uᵢ ⊗ ∇Nᵢ
//! averaged    F̄ = (J̄/J)^(1/3) F       J̄ = Σ w J / Σ w
//! δW = Σ w [dev τ̄ : ∇ₓδu + p δθ̄]     τ̄ = τ(F̄), p = ⅓ tr τ̄, δθ̄ = δJ̄/J̄ = b̄·δu, b̄ᵢ = Σ w J ∇ₓNᵢ / Σ w J
//! ```
//! The virtual work is that of F̄ itself (τ̄ F̄⁻ᵀ : δF̄), so a law with an energy gives forces with a potential and a
//! symmetric tangent. With d = ∇ₓΔu, θ = tr d, s = ⅓ (θ̄ − θ), Π = Σ w p and V J̄ = Σ w J the exact tangent is
//! ```text
//! Σ w [δd̄:c:d̄ + δd:(d τ) + p tr(δd d) + 2 (s τ:δd + δs τ:d + s δs tr τ)]
//!   − Π θ̄ δθ̄ + Π/(V J̄) Σ w J (θ δθ − tr(δd d))        d̄ = d + s I
//! ```
//! Small strain is the same with F = I and without the terms of stress (B-bar).
//!
//! # Source
//! Nagtegaal, Parks & Rice (1974); Simo, Taylor & Pister (1985), Comput. Methods Appl. Mech. Eng. 51, 177–208.

mod stiffness;

use super::laws::{Fault, Law};
use crate::assembly::Layout;
use crate::elements::isoparametric::{
    HEX8_8, HEX20_8, HEX20_27, TET4_1, TET10_4, TET10_14, WEDGE6_2, WEDGE15_9,
};
use crate::elements::points::Table;
use crate::elements::{Element, HEX20, MAX_BLOCKS, block_of};
use crate::statics::Formulation;
use crate::tensor::{self, Six, Stiffness};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::MAX_NODES;
use dens_mesher::cells::tet10;
use nalgebra::Matrix3;
use stiffness::{Mean, add_geometric, add_stiffness, add_volumetric, for_each_pair};

/// Most integration points of a cell.
const MAX_POINTS: usize = 27;

/// Share of full integration that stops the free motions of the reduced hex20; on the undeformed body.
const HOURGLASS: f64 = 1e-6;

/// How a cell is integrated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    table: &'static Table,
    averaged: bool,
    guarded: bool,
}

impl Plan {
    /// Plan of a cell; `None` for formulations with internal unknowns.
    pub(super) fn new(formulation: Formulation, points: &[Vec3]) -> Option<Self> {
        let curved = || !<&[Vec3; 10]>::try_from(points).is_ok_and(tet10::is_straight);
        let (table, averaged): (&'static Table, bool) = match formulation {
            Formulation::Tet4 => (&TET4_1, false),
            Formulation::Tet10 | Formulation::Tet10MeanDilatation => {
                let averaged = formulation == Formulation::Tet10MeanDilatation;
                (if curved() { &TET10_14 } else { &TET10_4 }, averaged)
            }
            Formulation::Tet10FourPoints => (&TET10_4, false),
            Formulation::Hex8 => (&HEX8_8, true),
            Formulation::Hex8Full => (&HEX8_8, false),
            Formulation::Hex20 => (&HEX20_27, false),
            Formulation::Hex20Reduced => (&HEX20_8, false),
            Formulation::Wedge6 => (&WEDGE6_2, false),
            Formulation::Wedge15 => (&WEDGE15_9, false),
            Formulation::Hex8Incompatible => return None,
        };
        Some(Self { table, averaged, guarded: formulation == Formulation::Hex20Reduced })
    }

    /// Integration points.
    pub(super) fn n_points(&self) -> usize {
        self.table.rule.points.len()
    }

    /// Reference coordinates of the integration points.
    pub(super) fn places(&self) -> &'static [[f64; 3]] {
        self.table.rule.points
    }
}

/// A cell with its law.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell<'a> {
    pub(super) plan: Plan,
    /// Nodes, mm.
    pub(super) points: &'a [Vec3],
    pub(super) law: &'a Law,
    /// Material axes as columns.
    pub(super) frame: Option<&'a Matrix3<f64>>,
    /// Linear stiffness in global axes, for the guard.
    pub(super) stiffness: &'a Stiffness,
    /// Stress at rest at each point, MPa, global axes (finite strain), or its elastic strain (small strain); empty: none.
    pub(super) at_rest: &'a [Six],
}

/// What a cell does at given displacements.
pub(super) struct Response {
    /// Internal force of each node, N.
    pub(super) forces: [Vec3; MAX_NODES],
    /// History of all points at the end.
    pub(super) history: Vec<f64>,
}

/// Strain and stress at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointState {
    /// Reference volume it stands for, mm³.
    pub weight: f64,
    /// Deformation gradient as the law sees it (averaged dilatation), global axes; I + ∇u at small strain.
    pub deformation: Matrix3<f64>,
    /// Cauchy stress, MPa, global axes.
    pub stress: Six,
}

/// Why a cell has no forces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CellFault {
    /// Integration point.
    pub(super) point: usize,
    pub(super) fault: Fault,
}

/// Kinematics at the points of a cell.
struct Kinematics {
    n_points: usize,
    weights: [f64; MAX_POINTS],
    /// Volume ratios J before averaging; 1 at small strain.
    ratios: [f64; MAX_POINTS],
    /// F (finite) or ∇u (small), before averaging.
    deformations: [Matrix3<f64>; MAX_POINTS],
    /// Spatial (finite) or reference (small) gradients.
    gradients: [[[f64; 3]; MAX_NODES]; MAX_POINTS],
    /// b̄, where averaged.
    mean: [[f64; 3]; MAX_NODES],
    /// Σ w and Σ w J.
    volume: f64,
    current: f64,
    /// θ̄ at small strain.
    dilatation: f64,
}

impl Kinematics {
    fn new(cell: &Cell, u: &[Vec3]) -> Result<Self, CellFault> {
        let finite = matches!(cell.law, Law::Finite(_));
        let n = cell.points.len();
        let mut k = Self {
            n_points: cell.plan.n_points(),
            weights: [0.0; MAX_POINTS],
            ratios: [1.0; MAX_POINTS],
            deformations: [Matrix3::zeros(); MAX_POINTS],
            gradients: [[[0.0; 3]; MAX_NODES]; MAX_POINTS],
            mean: [[0.0; 3]; MAX_NODES],
            volume: 0.0,
            current: 0.0,
            dilatation: 0.0,
        };
        let mut fault = None;
        let visited = cell.plan.table.visit(cell.points, |q, reference, weight| {
            let mut gradient = Matrix3::zeros();
            for (u, g) in u.iter().zip(reference) {
                for a in 0..3 {
                    for b in 0..3 {
                        gradient[(a, b)] += u[a] * g[b];
                    }
                }
            }
            k.weights[q] = weight;
            if !finite {
                k.deformations[q] = gradient;
                k.gradients[q][..n].copy_from_slice(reference);
                return;
            }
            let f = gradient + Matrix3::identity();
            k.deformations[q] = f;
            k.ratios[q] = f.determinant();
            match f.try_inverse() {
                Some(inverse) if 0.0 < k.ratios[q] => {
                    for (out, g) in k.gradients[q][..n].iter_mut().zip(reference) {
                        *out = std::array::from_fn(|a| {
                            g[0] * inverse[(0, a)] + g[1] * inverse[(1, a)] + g[2] * inverse[(2, a)]
                        });
                    }
                }
                _ => {
                    let jacobian = k.ratios[q];
                    let bad =
                        if jacobian.is_finite() { Fault::Inverted { jacobian } } else { Fault::NotFinite };
                    fault = fault.or(Some(CellFault { point: q, fault: bad }));
                }
            }
        });
        visited.map_err(|e| CellFault { point: 0, fault: Fault::Inverted { jacobian: e.jacobian } })?;
        if let Some(fault) = fault {
            return Err(fault);
        }
        for q in 0..k.n_points {
            k.volume += k.weights[q];
            k.current += k.weights[q] * k.ratios[q];
        }
        if cell.plan.averaged {
            for q in 0..k.n_points {
                let share = k.weights[q] * k.ratios[q] / k.current;
                for (b, g) in k.mean[..n].iter_mut().zip(&k.gradients[q]) {
                    (0..3).for_each(|a| b[a] += share * g[a]);
                }
            }
            k.dilatation = k.mean.iter().zip(u).map(|(b, u)| b[0] * u.x + b[1] * u.y + b[2] * u.z).sum();
        }
        Ok(k)
    }

    /// F̄ or the averaged ∇u.
    fn averaged(&self, q: usize, finite: bool) -> Matrix3<f64> {
        let own = self.deformations[q];
        if finite {
            let ratio = self.current / self.volume;
            return own * (ratio / self.ratios[q]).cbrt();
        }
        own + Matrix3::identity() * ((self.dilatation - own.trace()) / 3.0)
    }
}

impl Cell<'_> {
    fn is_finite(&self) -> bool {
        matches!(self.law, Law::Finite(_))
    }

    /// Forces, history and, where `blocks` are given, the tangent added to nothing but written over.
    pub(super) fn respond(
        &self,
        u: &[Vec3],
        before: &[f64],
        mut blocks: Option<(&mut [[f64; 9]], Layout)>,
    ) -> Result<Response, CellFault> {
        let n = self.points.len();
        let k = Kinematics::new(self, u)?;
        let own = self.law.n_history();
        let mut out = Response { forces: [Vec3::zeros(); MAX_NODES], history: vec![0.0; before.len()] };
        if let Some((blocks, _)) = &mut blocks {
            blocks.fill([0.0; 9]);
        }
        let mut mean = Mean { spatial: f64::from(u8::from(self.is_finite())), ..Mean::default() };
        for q in 0..k.n_points {
            let range = own * q..own * (q + 1);
            let mut tangent = [[0.0; 6]; 6];
            let stress = self
                .law_at(
                    &k,
                    q,
                    &before[range.clone()],
                    &mut out.history[range],
                    blocks.is_some().then_some(&mut tangent),
                )
                .map_err(|fault| CellFault { point: q, fault })?;
            let (gradients, weight) = (&k.gradients[q][..n], k.weights[q]);
            let mut acting = stress;
            if self.plan.averaged {
                let p = tensor::mean(&stress);
                acting[..3].iter_mut().for_each(|s| *s -= p);
                mean.pressure += weight * p;
            }
            crate::elements::points::add_forces(gradients, &acting, weight, &mut out.forces[..n]);
            let Some((blocks, layout)) = &mut blocks else { continue };
            let mut swap = 0.0;
            if self.plan.averaged {
                let p = tensor::mean(&stress);
                swap = if self.is_finite() { p } else { 0.0 };
                mean.add(&mut tangent, &acting, swap, weight, gradients);
            }
            add_stiffness(gradients, weight, &tangent, *layout, blocks);
            if self.is_finite() {
                add_geometric(gradients, weight, &stress, swap, *layout, blocks);
            }
        }
        if self.plan.averaged {
            for (f, b) in out.forces[..n].iter_mut().zip(&k.mean) {
                *f += mean.pressure * Vec3::from(*b);
            }
            if let Some((blocks, layout)) = &mut blocks {
                if self.is_finite() {
                    mean.volume -= mean.pressure;
                    for q in 0..k.n_points {
                        let share = mean.pressure * k.weights[q] * k.ratios[q] / k.current;
                        add_volumetric(&k.gradients[q][..n], share, *layout, blocks);
                    }
                }
                mean.couple(&k.mean[..n], *layout, blocks);
            }
        }
        if self.plan.guarded {
            self.guard(u, &mut out.forces, blocks)?;
        }
        Ok(out)
    }

    /// Strain and stress at the points, with the history at the start of the increment.
    pub(super) fn states(&self, u: &[Vec3], before: &[f64]) -> Result<Vec<PointState>, CellFault> {
        let k = Kinematics::new(self, u)?;
        let own = self.law.n_history();
        let mut after = vec![0.0; own];
        (0..k.n_points)
            .map(|q| {
                let mut stress = self
                    .law_at(&k, q, &before[own * q..own * (q + 1)], &mut after, None)
                    .map_err(|fault| CellFault { point: q, fault })?;
                let mut deformation = self.deformation(&k, q);
                if self.is_finite() {
                    let ratio = deformation.determinant();
                    stress.iter_mut().for_each(|s| *s /= ratio);
                } else {
                    deformation += Matrix3::identity();
                }
                Ok(PointState { weight: k.weights[q], deformation, stress })
            })
            .collect()
    }

    fn deformation(&self, k: &Kinematics, q: usize) -> Matrix3<f64> {
        if self.plan.averaged { k.averaged(q, self.is_finite()) } else { k.deformations[q] }
    }

    fn law_at(
        &self,
        k: &Kinematics,
        q: usize,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        let mut deformation = self.deformation(k, q);
        let length = k.volume.cbrt();
        let Some(at_rest) = self.at_rest.get(q) else {
            return self.law_alone(&deformation, length, before, after, tangent);
        };
        if !self.is_finite() {
            // The law sees the strain that the stress at rest stands for, so that it counts towards yield.
            deformation += tensor::strain_tensor(at_rest);
            return self.law_alone(&deformation, length, before, after, tangent);
        }
        let mut stress = self.law_alone(&deformation, length, before, after, tangent)?;
        // F S Fᵀ of a fixed S: its rate is that of l τ + τ lᵀ alone, so the tangent needs no more.
        let added = deformation * tensor::stress_tensor(at_rest) * deformation.transpose();
        stress.iter_mut().zip(tensor::stress_vector(&added)).for_each(|(s, added)| *s += added);
        Ok(stress)
    }

    /// Stress of the law at a deformation.
    ///
    /// - `length`: size of the cell, mm
    fn law_alone(
        &self,
        deformation: &Matrix3<f64>,
        length: f64,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault> {
        match (self.law, self.frame) {
            (Law::Finite(law), None) => law.respond(deformation, before, after, tangent),
            (Law::Finite(law), Some(frame)) => law.respond(&(deformation * frame), before, after, tangent),
            (Law::Small(law), None) => {
                law.respond(&tensor::small_strain(deformation), length, before, after, tangent)
            }
            (Law::Small(law), Some(frame)) => {
                let own = tensor::small_strain(&(frame.transpose() * deformation * frame));
                let Some(tangent) = tangent else {
                    let stress = law.respond(&own, length, before, after, None)?;
                    return Ok(tensor::rotate_stress(&stress, frame));
                };
                let stress = law.respond(&own, length, before, after, Some(tangent))?;
                *tangent = tensor::rotate(tangent, frame);
                Ok(tensor::rotate_stress(&stress, frame))
            }
        }
    }

    /// Adds a millionth of the fully integrated linear stiffness.
    fn guard(
        &self,
        u: &[Vec3],
        forces: &mut [Vec3],
        blocks: Option<(&mut [[f64; 9]], Layout)>,
    ) -> Result<(), CellFault> {
        let n = self.points.len();
        let mut own = [[0.0; 9]; MAX_BLOCKS];
        HEX20
            .stiffness(self.points, self.stiffness, &mut own)
            .map_err(|e| CellFault { point: 0, fault: Fault::Inverted { jacobian: e.jacobian } })?;
        own.iter_mut().flatten().for_each(|x| *x *= HOURGLASS);
        let block = |i: usize, j: usize| match i <= j {
            true => own[block_of(n, i, j)],
            false => {
                let b = own[block_of(n, j, i)];
                std::array::from_fn(|e| b[3 * (e % 3) + e / 3])
            }
        };
        for (i, f) in forces[..n].iter_mut().enumerate() {
            for (j, u) in u.iter().enumerate() {
                let b = block(i, j);
                for a in 0..3 {
                    f[a] += (0..3).map(|c| b[3 * a + c] * u[c]).sum::<f64>();
                }
            }
        }
        if let Some((blocks, layout)) = blocks {
            for_each_pair(n, layout, |i, j, at| {
                blocks[at].iter_mut().zip(block(i, j)).for_each(|(x, y)| *x += y);
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
