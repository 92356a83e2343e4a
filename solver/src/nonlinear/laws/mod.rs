//! Laws at a point: from strain or deformation gradient and history to stress and consistent tangent.
//!
//! ```text
//! small strain:   σ(ε, h)         C = ∂σ/∂ε
//! finite strain:  τ(F, h) = J σ   Δτ = c : sym(l) + l τ + τ lᵀ        l = ΔF F⁻¹
//! ```
//! A law is a pure function: history goes in and comes out. Six-component order xx yy zz yz xz xy; strains with
//! engineering shear, both tangents as [`Stiffness`] on such strains.

mod crushable;
mod dilatation;
mod elastic;
mod fibers;
mod hardening;
mod logarithmic;
mod mooney_rivlin;
mod neo_hooke;
mod ogden;
mod plastic;
mod principal;
mod quadric;
#[cfg(test)]
mod tests;

pub use crushable::{CrushableLattice, CubicStrengths};
pub use dilatation::LogarithmicVolume;
pub use elastic::{LinearElastic, SaintVenantKirchhoff};
pub use fibers::FiberReinforced;
pub use hardening::Hardening;
pub use logarithmic::LogarithmicPlastic;
pub use mooney_rivlin::MooneyRivlin;
pub use neo_hooke::NeoHooke;
pub use ogden::{Ogden, OgdenTerm};
pub use plastic::Plastic;
pub use quadric::{Damage, PostYield, QuadricBone, QuadricSurface};

use crate::tensor::{Six, Stiffness};
use nalgebra::Matrix3;
use std::fmt::Debug;
use std::sync::Arc;
use thiserror::Error;

/// Why a law has no stress; the load step is reduced in answer.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
pub enum Fault {
    /// det F is not positive.
    #[error("turned inside out: volume ratio {jacobian:.3e}")]
    Inverted {
        /// det F.
        jacobian: f64,
    },
    /// The return to the yield surface has no solution.
    #[error("no return to the yield surface")]
    NoReturn,
    /// A strain or stress is not a number.
    #[error("not a number")]
    NotFinite,
}

/// Parameters a law cannot be made from.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{law}: {what}")]
pub struct BadLaw {
    /// Name of the law.
    pub law: &'static str,
    /// What is wrong with its parameters.
    pub what: String,
}

/// Law of small strain.
pub trait SmallStrainLaw: Send + Sync + Debug {
    /// Name as in a case file.
    fn name(&self) -> &'static str;

    /// Where the law comes from.
    fn source(&self) -> &'static str;

    /// Numbers of history per point; all start at zero.
    fn n_history(&self) -> usize {
        0
    }

    /// Whether ∂σ/∂ε is symmetric.
    fn is_symmetric(&self) -> bool {
        true
    }

    /// Stress, MPa, at the end of an increment.
    ///
    /// - `strain`: at the end, in material axes
    /// - `length`: size of the cell, mm (edge of a cube of its volume), for laws that soften
    /// - `before`, `after`: history at the start and, written here, at the end
    /// - `tangent`: filled with ∂σ/∂ε where asked for
    ///
    /// # Errors
    /// [`Fault`].
    fn respond(
        &self,
        strain: &Six,
        length: f64,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault>;
}

/// Law of finite strain.
pub trait FiniteStrainLaw: Send + Sync + Debug {
    /// Name as in a case file.
    fn name(&self) -> &'static str;

    /// Where the law comes from.
    fn source(&self) -> &'static str;

    /// Numbers of history per point; all start at zero.
    fn n_history(&self) -> usize {
        0
    }

    /// Whether the tangent is symmetric.
    fn is_symmetric(&self) -> bool {
        true
    }

    /// Kirchhoff stress τ = J σ, MPa, at the end of an increment, in global axes.
    ///
    /// - `f`: deformation gradient at the end; columns along the material axes
    /// - `before`, `after`: history at the start and, written here, at the end
    /// - `tangent`: filled with c of Δτ = c : sym(l) + l τ + τ lᵀ where asked for
    ///
    /// # Errors
    /// [`Fault`].
    fn respond(
        &self,
        f: &Matrix3<f64>,
        before: &[f64],
        after: &mut [f64],
        tangent: Option<&mut Stiffness>,
    ) -> Result<Six, Fault>;
}

/// Law of a material, with the kinematics it needs.
#[derive(Debug, Clone)]
pub enum Law {
    /// Strains and rotations so small that equilibrium holds on the undeformed body.
    Small(Arc<dyn SmallStrainLaw>),
    /// Any strain and rotation.
    Finite(Arc<dyn FiniteStrainLaw>),
}

impl Law {
    /// Law of small strain.
    pub fn small(law: impl SmallStrainLaw + 'static) -> Self {
        Self::Small(Arc::new(law))
    }

    /// Law of finite strain.
    pub fn finite(law: impl FiniteStrainLaw + 'static) -> Self {
        Self::Finite(Arc::new(law))
    }

    /// Name as in a case file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Small(law) => law.name(),
            Self::Finite(law) => law.name(),
        }
    }

    /// Numbers of history per point.
    pub fn n_history(&self) -> usize {
        match self {
            Self::Small(law) => law.n_history(),
            Self::Finite(law) => law.n_history(),
        }
    }

    /// Whether its tangent is symmetric.
    pub fn is_symmetric(&self) -> bool {
        match self {
            Self::Small(law) => law.is_symmetric(),
            Self::Finite(law) => law.is_symmetric(),
        }
    }
}

/// Share of the yield stress that a trial stress must exceed it by. At the start of an increment points lie on the
/// surface but for round-off, which must not decide whether they take the elastic tangent.
const YIELD_MARGIN: f64 = 1e-10;

/// det F, which must be positive.
fn volume_ratio(f: &Matrix3<f64>) -> Result<f64, Fault> {
    let jacobian = f.determinant();
    match 0.0 < jacobian {
        true if jacobian.is_finite() => Ok(jacobian),
        _ if jacobian.is_nan() || jacobian.is_infinite() => Err(Fault::NotFinite),
        _ => Err(Fault::Inverted { jacobian }),
    }
}

/// Identity on symmetric tensors, 𝕀, on strains with engineering shear.
fn symmetric_identity(i: usize, j: usize) -> f64 {
    match i == j {
        false => 0.0,
        true if i < 3 => 1.0,
        true => 0.5,
    }
}

/// 1 for a normal component.
fn normal(i: usize) -> f64 {
    f64::from(u8::from(i < 3))
}
