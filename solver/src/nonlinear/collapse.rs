//! Collapse told from failure to converge: what the tangent of the last equilibrium says.
//!
//! ```text
//! stiffness left = (f·K₀⁻¹f) / (f·K⁻¹f)        f: what the stage applies, K₀: tangent at its start, K: now
//! ```
//! A stage that cannot go on at its least increment has collapsed if K is not positive definite, if it has softened and
//! the flexibility grows as it does ahead of a limit point within two increments, or if just beyond the last equilibrium
//! hardly any stiffness is left and much less than in it. Low stiffness alone is no evidence: steel that hardens is soft.
//! Otherwise there is no evidence of a limit load, and the stage has failed to converge. Motion that is prescribed has no
//! limit load.

use super::equilibrium::largest;
use super::error::{Cause, NotConverged};
use super::laws::Fault;
use super::newton::Failed;
use super::run::{Analysis, End, Level};
use super::stage::Acting;
use super::{NonlinearError, State, pressure};
use crate::linear::vector::{add_scaled, dot};
use dens_mesher::Vec3;

/// Share of the stiffness along the load, at the start of the stage, below which a body has collapsed.
///
/// ```text
/// (f·K₀⁻¹f) / (f·K⁻¹f)        f: what the stage applies, K: tangent of the last equilibrium
/// ```
/// Perfect plasticity comes down to 1e-3 and less within an increment of 1e-3 below its limit. A body may also have
/// only [`SOFT`] left when its limit is near: see [`limit_ahead`].
const COLLAPSED: f64 = 0.05;

/// Share of the stiffness of the last equilibrium below which the body beyond it has given way. One that hardens, however
/// little, keeps its stiffness from one increment to the next.
const LOST: f64 = 0.1;

/// Share of the stiffness along the load that a body has left at most when it nears a limit point.
const SOFT: f64 = 1.0 / 3.0;

impl Analysis<'_> {
    /// Collapse, or an error.
    #[expect(clippy::too_many_arguments, reason = "what is known of the failure")]
    pub(super) fn end(
        &mut self,
        levels: &[Level],
        state: &State,
        acting: &Acting,
        u: &[Vec3],
        failed: Failed,
        tried: f64,
        spent: bool,
    ) -> Result<End, NonlinearError> {
        let of_strength = match &failed.cause {
            Cause::Stalled | Cause::Linear(_) => true,
            Cause::Point { fault, .. } => matches!(fault, Fault::NoReturn),
            Cause::Augmentation | Cause::Geometry | Cause::Increments => false,
        };
        let moved = self.moves_supports(levels, state);
        if !spent
            && of_strength
            && !moved
            && 0.0 < state.initial_flexibility
            && let Some(found) = self.flexibility(levels, state, acting, u)?
        {
            let stiffness = found.map(|flexibility| state.initial_flexibility / flexibility);
            let near = found.is_some_and(|now| limit_ahead(state, now) <= 2.0 * tried - state.load_factor);
            if stiffness.is_none_or(|s| s < SOFT && near) {
                return Ok(End::Collapsed { stiffness, tried });
            }
            let step = 2.0 * (tried - state.load_factor);
            let lost = |s: f64| s < COLLAPSED && stiffness.is_some_and(|now| s < LOST * now);
            if let Some(stiffness) = self.beyond(levels, state, acting, u, step)?
                && stiffness.is_none_or(lost)
            {
                return Ok(End::Collapsed { stiffness, tried });
            }
        }
        Err(NonlinearError::NotConverged(Box::new(NotConverged {
            stage: state.stage as usize,
            increment: state.increments + 1,
            reached: state.load_factor,
            tried,
            cause: if spent { Cause::Increments } else { failed.cause },
            history: failed.iterations,
            worst: failed.worst,
            interactions: failed.interactions,
        })))
    }

    /// Whether the stage moves supports: motion that is prescribed has no limit load.
    fn moves_supports(&self, levels: &[Level], state: &State) -> bool {
        let stage = state.stage as usize;
        let ends = [1.0, 0.0].map(|t| self.acting(levels, stage, t).prescribed);
        ends[0] != ends[1]
    }

    /// Forces, followers included, that the stage adds from its start to its end, on the body as it is.
    fn change(&self, levels: &[Level], state: &State, u: &[Vec3]) -> Vec<Vec3> {
        let mesh = self.equilibrium.cells.body().mesh();
        let at = |t: f64| {
            let acting = self.acting(levels, state.stage as usize, t);
            let mut forces = acting.forces;
            pressure::add(mesh, &acting.follower, u, &mut forces, None);
            forces
        };
        at(1.0).iter().zip(at(0.0)).map(|(a, b)| a - b).collect()
    }

    /// Work of what the stage adds on the way between two displacements, mJ.
    pub(super) fn work(&self, levels: &[Level], state: &State, from: &[Vec3], to: &[Vec3]) -> f64 {
        let change = self.change(levels, state, to);
        change.iter().zip(to.iter().zip(from)).map(|(f, (b, a))| f.dot(&(b - a))).sum()
    }

    /// f·K⁻¹f of what the stage applies, with the consistent tangent of the last increment.
    ///
    /// `None` where the stage applies no force or the linear solver cannot tell; `Some(None)` where the tangent is not
    /// positive definite.
    pub(super) fn flexibility(
        &mut self,
        levels: &[Level],
        state: &State,
        acting: &Acting,
        u: &[Vec3],
    ) -> Result<Option<Option<f64>>, NonlinearError> {
        let yielding = self.yielding(levels, state, acting, u, &state.earlier)?;
        Ok(yielding.map(|found| found.map(|y| y.flexibility)))
    }

    /// Stiffness left along the load just beyond the last equilibrium, relative to that at the start of the stage.
    ///
    /// A body that yields everywhere at one load is as stiff as ever at its last equilibrium. What it does beyond shows
    /// in the tangent after the motion that this stiffness would answer the load with.
    fn beyond(
        &mut self,
        levels: &[Level],
        state: &State,
        acting: &Acting,
        u: &[Vec3],
        step: f64,
    ) -> Result<Option<Option<f64>>, NonlinearError> {
        let Some(Some(now)) = self.yielding(levels, state, acting, u, &state.earlier)? else {
            return Ok(None);
        };
        let mut unknowns = state.unknowns.clone();
        add_scaled(&mut unknowns, step, &now.motion);
        let ahead = self.equilibrium.displacements(&unknowns, acting);
        let found = self.yielding(levels, state, acting, &ahead, &state.history)?;
        Ok(found.map(|found| found.map(|y| state.initial_flexibility / y.flexibility)))
    }

    /// How the body answers what the stage applies, with the tangent at `u` after the history `before`.
    fn yielding(
        &mut self,
        levels: &[Level],
        state: &State,
        acting: &Acting,
        u: &[Vec3],
        before: &[f64],
    ) -> Result<Option<Option<Yielding>>, NonlinearError> {
        let change = self.change(levels, state, u);
        let load = self.equilibrium.restrict(&change, u);
        if largest(&load) == 0.0 {
            return Ok(None);
        }
        let Ok((forces, tangent)) = self.equilibrium.tangent(u, acting, before)? else { return Ok(None) };
        let reduced = self.equilibrium.reduced(tangent, u, &self.equilibrium.curvature(&forces));
        let found = self.tangents.flexibility(&reduced, &self.equilibrium.system, &load);
        let described = |motion: Vec<f64>| Yielding { flexibility: dot(&load, &motion), motion };
        Ok(found.ok().map(|motion| motion.map(described)))
    }
}

/// Answer of the body to what a stage applies.
struct Yielding {
    /// K⁻¹f, mm.
    motion: Vec<f64>,
    /// f·K⁻¹f, mJ.
    flexibility: f64,
}

/// Load factor of the limit point ahead, from the flexibility of the last increment and that of the tangent now.
///
/// ```text
/// flexibility ∝ (t_L − t)^(−1/2) near a limit point
/// ```
/// Infinite where the body does not soften.
fn limit_ahead(state: &State, flexibility: f64) -> f64 {
    let [at, secant] = state.secant;
    let growth = (flexibility / secant).powi(2) - 1.0;
    if 0.0 < secant && 0.0 < growth {
        state.load_factor + (state.load_factor - at) / growth
    } else {
        f64::INFINITY
    }
}
