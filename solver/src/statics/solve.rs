//! Set-up of the linear solver and solution of loads.

use super::elimination::Elimination;
use super::forces::{self, State};
use super::{Assembled, Body, Constraints, Load, Options, StaticsError};
use crate::linear::{BlockMatrix, Choice, Cholesky, LinearSolver, Multigrid, SolveStats};
use dens_mesher::Vec3;
use std::fmt;

/// Body with its constraints, ready for any number of loads.
pub struct Statics<'a> {
    body: &'a Body,
    elimination: Elimination,
    matrix: BlockMatrix,
    matrix_bytes: usize,
    free_dofs: usize,
    solver: Box<dyn LinearSolver>,
    reason: String,
    tolerance: f64,
}

impl fmt::Debug for Statics<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statics")
            .field("solver", &self.solver.name())
            .field("free_dofs", &self.free_dofs)
            .finish_non_exhaustive()
    }
}

/// Displacements and reactions of one load.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Displacement of each node, mm, global axes.
    pub displacements: Vec<Vec3>,
    /// Internal minus applied force of each node that has a support or stands in an equation, N, global axes;
    /// zero at all others. The forces of rigid links, and of equations that name a node without stiffness, stand at
    /// the nodes that the others follow; at a rotation node they are moments over its length.
    pub reactions: Vec<Vec3>,
    /// Applied forces (not those of heat) times displacements, f·u, mJ.
    pub compliance: f64,
    /// Error of equilibrium between applied forces and reactions: the larger of |Σ f| and |Σ x × f| / size, over
    /// the larger of both sums of magnitudes. Zero where nothing acts.
    pub reaction_error: f64,
    /// Convergence of the linear solver; its residual is the true one of the constrained system.
    pub stats: SolveStats,
}

impl<'a> Assembled<'a> {
    /// Chooses and sets up the linear solver.
    ///
    /// # Errors
    /// [`StaticsError::Memory`] when the forecast exceeds the limit, [`StaticsError::Linear`].
    pub fn prepare(self, options: &Options) -> Result<Statics<'a>, StaticsError> {
        let (free_dofs, matrix_bytes) = (self.free_dofs(), self.matrix_bytes());
        let (mut solver, reason) = {
            let (matrix, system) = (&self.matrix, &self.system);
            let quadratic = system.parents.iter().any(|[a, b]| a != b);
            chosen(free_dofs, matrix_bytes, quadratic, options, |direct| {
                direct.memory_forecast(matrix, system)
            })?
        };
        solver.prepare(&self.matrix, &self.system)?;
        Ok(Statics {
            body: self.body,
            elimination: self.elimination,
            matrix: self.matrix,
            matrix_bytes,
            free_dofs,
            solver,
            reason,
            tolerance: options.tolerance,
        })
    }
}

impl<'a> Statics<'a> {
    /// [`Assembled::new`], then [`Assembled::prepare`].
    ///
    /// # Errors
    /// As both.
    pub fn new(body: &'a Body, constraints: &Constraints, options: &Options) -> Result<Self, StaticsError> {
        Assembled::new(body, constraints)?.prepare(options)
    }

    /// Body it was made for.
    pub fn body(&self) -> &'a Body {
        self.body
    }

    /// Name of the linear solver, `cholesky` or `multigrid`.
    pub fn solver_name(&self) -> &'static str {
        self.solver.name()
    }

    /// Why this solver was taken, in words.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Unknowns that are neither supported nor eliminated.
    pub fn free_dofs(&self) -> usize {
        self.free_dofs
    }

    /// Bytes of the matrix.
    pub fn matrix_bytes(&self) -> usize {
        self.matrix_bytes
    }

    /// Bytes of the factor or hierarchy.
    pub fn solver_bytes(&self) -> usize {
        self.solver.memory_bytes()
    }

    /// Answers to `loads`, in their order.
    ///
    /// # Errors
    /// [`StaticsError`]: a load that names what does not exist, or a solve that failed.
    pub fn solve(&self, loads: &[Load]) -> Result<Vec<Answer>, StaticsError> {
        let applied: Result<Vec<Vec<Vec3>>, StaticsError> =
            loads.iter().map(|load| self.applied(load)).collect();
        let applied = applied?;
        // What supports and heat do with all unknowns at zero: K u₀ − f₀.
        let shifts: Vec<Vec<Vec3>> =
            loads.iter().map(|load| self.elimination.expand(&[], &load.prescribed)).collect();
        let held = forces::internal(self.body, &loads.iter().zip(&shifts).map(state).collect::<Vec<_>>())?;
        let right = |(applied, held): (&Vec<Vec3>, &Vec<Vec3>)| {
            let forces: Vec<Vec3> = applied.iter().zip(held).map(|(f, h)| f - h).collect();
            self.elimination.restrict(&forces)
        };
        let rights: Vec<Vec<f64>> = applied.iter().zip(&held).map(right).collect();
        let mut unknowns: Vec<Vec<f64>> = rights.iter().map(|b| vec![0.0; b.len()]).collect();
        let stats = self.solver.solve_many(&self.matrix, &rights, &mut unknowns, self.tolerance)?;
        let displacements: Vec<Vec<Vec3>> = unknowns
            .iter()
            .zip(loads)
            .map(|(u, load)| self.elimination.expand(u, &load.prescribed))
            .collect();
        let states: Vec<State> = loads.iter().zip(&displacements).map(state).collect();
        let internal = forces::internal(self.body, &states)?;
        let constrained = self.elimination.constrained();
        let mut answers = Vec::with_capacity(loads.len());
        for (((applied, internal), displacements), stats) in
            applied.iter().zip(internal).zip(displacements).zip(stats)
        {
            let mut reactions: Vec<Vec3> = (0..internal.len())
                .map(|i| if constrained[i] { internal[i] - applied[i] } else { Vec3::zeros() })
                .collect();
            let compliance = applied.iter().zip(&displacements).map(|(f, u)| f.dot(u)).sum();
            let reaction_error =
                imbalance(self.body.mesh().points(), applied, &reactions, &self.elimination.rotations);
            self.elimination.hand_over(&mut reactions);
            answers.push(Answer { displacements, reactions, compliance, reaction_error, stats });
        }
        Ok(answers)
    }

    fn applied(&self, load: &Load) -> Result<Vec<Vec3>, StaticsError> {
        let n = self.body.mesh().n_nodes();
        check("temperature rises", n, &load.temperature_rise)?;
        check("prescribed displacements", self.elimination.n_supports, &load.prescribed)?;
        forces::applied(self.body, &self.elimination, load)
    }
}

fn state<'s>((load, displacements): (&'s Load, &'s Vec<Vec3>)) -> State<'s> {
    State { displacements, temperature_rise: &load.temperature_rise }
}

/// Whether a list is empty or has `expected` finite numbers.
fn check(what: &'static str, expected: usize, list: &[f64]) -> Result<(), StaticsError> {
    if !list.is_empty() && list.len() != expected {
        return Err(StaticsError::Count { what, expected, found: list.len() });
    }
    if list.iter().all(|x| x.is_finite()) { Ok(()) } else { Err(StaticsError::BadNumber { what }) }
}

/// Error of equilibrium of applied forces and reactions, see [`Answer::reaction_error`].
///
/// - `points`: where the forces act, mm
/// - `rotations`: nodes at which they are moments over a length
pub fn imbalance(
    points: &[Vec3],
    applied: &[Vec3],
    reactions: &[Vec3],
    rotations: &[super::RotationNode],
) -> f64 {
    let center = points.iter().sum::<Vec3>() / points.len().max(1) as f64;
    let size = points.iter().map(|p| (p - center).norm()).fold(f64::MIN_POSITIVE, f64::max);
    let (mut force, mut moment, mut of_loads, mut of_supports) = (Vec3::zeros(), Vec3::zeros(), 0.0, 0.0);
    for (node, ((p, f), r)) in points.iter().zip(applied).zip(reactions).enumerate() {
        match rotations.iter().find(|rotation| rotation.node as usize == node) {
            Some(rotation) => moment += rotation.length * (f + r),
            None => {
                force += f + r;
                moment += (p - center).cross(&(f + r));
            }
        }
        of_loads += f.norm();
        of_supports += r.norm();
    }
    let scale = f64::max(of_loads, of_supports);
    if scale == 0.0 { 0.0 } else { force.norm().max(moment.norm() / size) / scale }
}

/// Bytes of a sparse Cholesky factor in nested dissection order, before its pattern is known.
///
/// ```text
/// 200 n^(4/3)        n: unknowns
/// ```
/// Fitted to 332 MB at 47 k and 1.03 GB at 108 k unknowns of quadratic tetrahedra in a compact body, where fill
/// is largest.
pub(crate) fn factor_bytes(dofs: usize) -> usize {
    (200.0 * (dofs as f64).powf(4.0 / 3.0)) as usize
}

/// Bytes of a multigrid hierarchy.
///
/// Measured parts of the matrix: 0.67 to 0.96 on quadratic tetrahedra and bricks, 1.1 on linear bricks, 1.83 on
/// linear tetrahedra.
fn hierarchy_bytes(matrix_bytes: usize, quadratic: bool) -> u64 {
    if quadratic { matrix_bytes as u64 } else { 2 * matrix_bytes as u64 }
}

/// Linear solver with the reason for it, within the limit of memory.
///
/// - `factor_bytes`: forecast of the factor; may analyze the pattern with the solver, which then uses the analysis
pub(crate) fn chosen(
    dofs: usize,
    matrix_bytes: usize,
    quadratic: bool,
    options: &Options,
    factor_bytes: impl FnOnce(&mut Cholesky) -> usize,
) -> Result<(Box<dyn LinearSolver>, String), StaticsError> {
    let multigrid_bytes = matrix_bytes as u64 + hierarchy_bytes(matrix_bytes, quadratic);
    let limit = options.max_memory;
    let auto = options.solver == Choice::Auto;
    let why =
        if auto { format!("{dofs} unknowns, {} loads", options.loads) } else { "asked for".to_string() };
    let mut least = multigrid_bytes;
    let mut refused = Multigrid::new().name();
    let mut reason = format!("{why}; forecast {} MB", multigrid_bytes >> 20);
    if options.solver.is_direct(dofs, options.loads) {
        let mut direct = Cholesky::new();
        let needed = (matrix_bytes + factor_bytes(&mut direct)) as u64;
        if needed <= limit {
            return Ok((Box::new(direct), format!("{why}; forecast {} MB", needed >> 20)));
        }
        if !auto {
            return Err(StaticsError::Memory { solver: direct.name(), needed, limit });
        }
        if needed < least {
            (least, refused) = (needed, direct.name());
        }
        reason = format!("{dofs} unknowns; a factor of {} MB exceeds the limit", needed >> 20);
    }
    if multigrid_bytes <= limit {
        return Ok((Box::new(Multigrid::new()), reason));
    }
    Err(StaticsError::Memory { solver: refused, needed: least, limit })
}
