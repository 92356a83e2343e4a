//! The seam between the nonlinear engine and forces that depend on the displacements of several nodes.
//!
//! ```text
//! r(u) = f_int(u) + Σ f_interaction(u) − f_applied        K = ∂r/∂u
//! ```
//! One increment, as the engine walks through it:
//! ```text
//! begin ─> linearize … linearize ─> augment ── another solve? ──> linearize …
//!   │                                  └── no ──> follow ── moved? ──> linearize …
//!   │                                               └── no ──> accept
//!   └── no convergence ──> restore, a smaller increment, begin
//! ```

use dens_mesher::Vec3;

/// Sink for tangent blocks: (node a, node b, ∂force_a / ∂u_b row-major, N/mm).
pub type TangentSink<'a> = dyn FnMut(u32, u32, [f64; 9]) + 'a;

/// What an interaction wants after Newton converged with its multipliers held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Augmentation {
    /// Whether multipliers, or the set of what touches, changed so that Newton must run again.
    pub again: bool,
    /// What was changed, relative to its tolerance: at most 1 where nothing more is needed.
    pub measure: f64,
    /// The worst place in words, for instance `penetration 3.1e-4 mm at (1.0, 2.0, 3.0)`; empty: nothing to say.
    pub worst: String,
}

/// A force between or on bodies that depends on the displacements: contact, springs, follower loads.
///
/// Displacements and forces are per node in global axes, mm and N. Forces have the sign of internal forces:
/// the residual is internal + interaction − applied, and the tangent is ∂force_a / ∂u_b. Every method gives
/// the same bits for any thread count.
pub trait Interaction: Send + Sync {
    /// Groups of nodes whose unknowns it couples now (for the sparsity pattern); empty groups allowed.
    ///
    /// Asked again after [`Interaction::begin`], [`Interaction::augment`], [`Interaction::follow`] and
    /// [`Interaction::resume`]. Blocks
    /// handed to the tangent must lie within a group.
    fn couplings(&self) -> Vec<Vec<u32>>;

    /// Called at the start of an increment (accepted state); may search pairs again.
    ///
    /// - `ramp`: share of what is imposed from the start (misfit, overlap) that acts at the end of the increment: grows
    ///   to 1 over the first stage
    fn begin(&mut self, displacements: &[Vec3], ramp: f64);

    /// Adds its internal-like forces (residual = internal + interaction − applied) and its tangent blocks
    /// ∂ force_a / ∂ u_b.
    fn linearize(&self, displacements: &[Vec3], forces: &mut [Vec3], tangent: Option<&mut TangentSink<'_>>);

    /// A symmetric matrix near the tangent, positive semi-definite where that makes sense: it preconditions an
    /// unsymmetric tangent. By default the symmetric part.
    fn symmetric_tangent(&self, displacements: &[Vec3], tangent: &mut TangentSink<'_>) {
        let mut ignored = vec![Vec3::zeros(); displacements.len()];
        let mut halves = |a: u32, b: u32, block: [f64; 9]| {
            let half = block.map(|x| 0.5 * x);
            tangent(a, b, half);
            tangent(b, a, std::array::from_fn(|k| half[3 * (k % 3) + k / 3]));
        };
        self.linearize(displacements, &mut ignored, Some(&mut halves));
    }

    /// Called when Newton converged with the multipliers held: updates multipliers; returns whether another
    /// Newton solve is needed and a description of the worst place.
    fn augment(&mut self, displacements: &[Vec3]) -> Augmentation;

    /// Called when Newton converged and the multipliers are final: takes the geometry as it is now, where forces
    /// would change with it; a description of what moved, or `None` where nothing did.
    fn follow(&mut self, _displacements: &[Vec3]) -> Option<String> {
        None
    }

    /// Accepts the increment (history such as the slip).
    fn accept(&mut self, displacements: &[Vec3]);

    /// Returns to the state before the last [`Interaction::begin`], multipliers included.
    fn restore(&mut self);

    /// The interaction itself, for those who know its type and ask for its results.
    fn as_any(&self) -> &dyn std::any::Any;

    /// Name for messages, for instance `pair A–B`.
    fn name(&self) -> &str;

    /// Whether the tangent may be unsymmetric now.
    fn unsymmetric(&self) -> bool;

    /// State for checkpoints, as of the last [`Interaction::accept`]: bytes, exactly restorable.
    fn checkpoint(&self) -> Vec<u8>;

    /// Takes a state that [`Interaction::checkpoint`] gave.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    fn resume(&mut self, bytes: &[u8]) -> Result<(), String>;
}
