//! Bones and links in equilibrium.

use super::link::gather;
use super::{Link, Pose, Wrench};
use dens_mesher::Vec3;
use nalgebra::{DMatrix, DVector, Schur};
use thiserror::Error;

/// Length, mm, by which moments are compared with forces: about the width of a joint.
const ARM: f64 = 15.0;

/// What a bone may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freedom {
    /// Moves and turns.
    Free,
    /// Moves along all axes, does not turn.
    Guided,
    /// Moves along z alone: between the plates of a machine.
    Axial,
    /// Does not move.
    Held,
}

impl Freedom {
    /// Which of shift and rotation are zero.
    fn fixed(self) -> &'static [usize] {
        match self {
            Self::Free => &[],
            Self::Guided => &[3, 4, 5],
            Self::Axial => &[0, 1, 3, 4, 5],
            Self::Held => &[0, 1, 2, 3, 4, 5],
        }
    }
}

/// Bones with what acts between them.
pub struct Column {
    /// Name, reference point (mm) and freedom of each bone, cranial first.
    pub bones: Vec<(String, Vec3, Freedom)>,
    /// What acts between them.
    pub links: Vec<Box<dyn Link>>,
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let links: Vec<&str> = self.links.iter().map(|l| &*l.anchors().name).collect();
        f.debug_struct("Column").field("bones", &self.bones).field("links", &links).finish()
    }
}

/// Forces at the reference points and moments, constant in space.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Load {
    /// Bone and force, N.
    pub forces: Vec<(usize, Vec3)>,
    /// Bone and moment, N·mm.
    pub moments: Vec<(usize, Vec3)>,
}

/// How to solve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Largest force, N, and moment over 15 mm, N, that may be left out of balance.
    pub residual: f64,
    /// Largest part of the load that is put on at once.
    pub step: f64,
    /// Iterations before a step is halved.
    pub max_iterations: usize,
}

impl Default for Options {
    /// 1e-9 N, a tenth, 200.
    fn default() -> Self {
        Self { residual: 1e-9, step: 0.1, max_iterations: 200 }
    }
}

/// Bones in equilibrium.
#[derive(Debug, Clone)]
pub struct Equilibrium {
    /// Where the bones are.
    pub poses: Vec<Pose>,
    /// Largest force, or moment over 15 mm, out of balance, N.
    pub residual: f64,
    /// Iterations it took.
    pub iterations: usize,
    /// Least stiffness against any motion, N/mm, a turn counted by what it moves at 15 mm: no eigenvalue of the tangent has
    /// a smaller real part. Not below zero.
    pub softest: f64,
}

/// Why there is no equilibrium.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SpineError {
    /// None found from the last one.
    #[error(
        "the neck finds no equilibrium beyond {reached:.3} of the load: {residual:.2e} N out of balance at {bone}"
    )]
    NoEquilibrium {
        /// Part of the load in equilibrium.
        reached: f64,
        /// Largest residual of the last attempt, N.
        residual: f64,
        /// Bone it acts on.
        bone: String,
    },
    /// The equilibria found give way on their own.
    #[error(
        "the neck finds no stable equilibrium beyond {reached:.3} of the load: {softest:.2e} N/mm against the easiest motion"
    )]
    Unstable {
        /// Part of the load in stable equilibrium.
        reached: f64,
        /// Least stiffness of the last equilibrium, N/mm, below zero.
        softest: f64,
    },
}

/// Why a step has no equilibrium.
enum Stuck {
    /// What is left, N, and on which bone.
    Unbalanced(f64, usize),
    /// Balanced, but softer than nothing, N/mm.
    Unstable(f64),
}

/// Stiffness that counts as none, N/mm: slack joints are held by little more than round-off.
const SLACK: f64 = -1e-3;

/// Times that an unstable equilibrium is left along its easiest motion before the step is given up.
const PUSHES: usize = 4;

struct State {
    energy: f64,
    residual: DVector<f64>,
    tangent: DMatrix<f64>,
}

impl Column {
    /// All bones in their undeformed places.
    pub fn at_rest(&self) -> Vec<Pose> {
        self.bones.iter().map(|b| Pose::at_rest(b.1)).collect()
    }

    /// Unknowns that are not held.
    fn free(&self) -> Vec<usize> {
        let of = |(bone, (_, _, freedom)): (usize, &(String, Vec3, Freedom))| {
            (0..6).filter(|i| !freedom.fixed().contains(i)).map(move |i| 6 * bone + i).collect::<Vec<_>>()
        };
        self.bones.iter().enumerate().flat_map(of).collect()
    }

    /// Energy of all links, N·mm.
    pub fn energy(&self, poses: &[Pose]) -> f64 {
        self.state(poses, &Load::default(), &Load::default(), 1.0, false).energy
    }

    /// What a link does to its two bones: force and moment about their reference points, in space.
    pub fn wrenches(&self, link: usize, poses: &[Pose]) -> [Wrench; 2] {
        let link = &*self.links[link];
        let [p, q] = link.anchors().bones;
        let back = |w: Wrench| Wrench { force: -w.force, moment: -w.moment };
        gather(link, &poses[p], &poses[q], false).1.map(back)
    }

    /// Forces and moments (over 1 mm) out of balance in the twelve, eighteen ... unknowns, and their derivative.
    pub fn balance(&self, poses: &[Pose], load: &Load) -> (DVector<f64>, DMatrix<f64>) {
        let state = self.state(poses, load, load, 1.0, true);
        (state.residual, state.tangent)
    }

    fn state(&self, poses: &[Pose], from: &Load, to: &Load, t: f64, tangent: bool) -> State {
        let n = 6 * self.bones.len();
        let mut s = State {
            energy: 0.0,
            residual: DVector::zeros(n),
            tangent: DMatrix::zeros(if tangent { n } else { 0 }, if tangent { n } else { 0 }),
        };
        for link in &self.links {
            let pair = link.anchors().bones;
            let (energy, wrenches, k) = gather(&**link, &poses[pair[0]], &poses[pair[1]], tangent);
            s.energy += energy;
            for (i, w) in wrenches.iter().enumerate() {
                let mut force = s.residual.fixed_rows_mut::<3>(6 * pair[i]);
                force += w.force;
                let mut moment = s.residual.fixed_rows_mut::<3>(6 * pair[i] + 3);
                moment += w.moment;
                for j in 0..2 {
                    if tangent {
                        let mut view = s.tangent.fixed_view_mut::<6, 6>(6 * pair[i], 6 * pair[j]);
                        view += k.fixed_view::<6, 6>(6 * i, 6 * j);
                    }
                }
            }
        }
        for (load, share) in [(from, 1.0 - t), (to, t)] {
            for (list, row) in [(&load.forces, 0), (&load.moments, 3)] {
                for (bone, value) in list {
                    let mut view = s.residual.fixed_rows_mut::<3>(6 * bone + row);
                    view -= share * value;
                }
            }
        }
        for (bone, (_, _, freedom)) in self.bones.iter().enumerate() {
            for row in freedom.fixed().iter().map(|i| 6 * bone + i) {
                s.residual[row] = 0.0;
                if tangent {
                    s.tangent.row_mut(row).fill(0.0);
                    s.tangent.column_mut(row).fill(0.0);
                    s.tangent[(row, row)] = 1.0;
                }
            }
        }
        s
    }

    /// Goes from equilibrium under one load to stable equilibrium under another, in steps that are halved where needed.
    ///
    /// # Errors
    /// [`SpineError`].
    pub fn solve(
        &self,
        start: &[Pose],
        from: &Load,
        to: &Load,
        options: &Options,
    ) -> Result<Equilibrium, SpineError> {
        let (mut poses, mut t, mut step) = (start.to_vec(), 0.0, options.step);
        let (mut iterations, mut residual, mut softest) = (0, 0.0, f64::INFINITY);
        while t < 1.0 {
            let next = f64::min(1.0, t + step);
            match self.newton(&poses, from, to, next, options) {
                Ok(found) => {
                    (poses, t, residual, softest) = (found.poses, next, found.residual, found.softest);
                    iterations += found.iterations;
                    step = f64::min(1.5 * step, options.step);
                }
                Err(stuck) => {
                    step *= 0.5;
                    if step < 1e-4 {
                        return Err(match stuck {
                            Stuck::Unbalanced(residual, bone) => {
                                let bone = self.bones[bone].0.clone();
                                SpineError::NoEquilibrium { reached: t, residual, bone }
                            }
                            Stuck::Unstable(softest) => SpineError::Unstable { reached: t, softest },
                        });
                    }
                }
            }
        }
        Ok(Equilibrium { poses, residual, iterations, softest })
    }

    /// Newton's method, damped (Levenberg and Marquardt) until a step lowers the energy less the work of the loads, or
    /// the residual: cables that go slack and cartilage that lifts off leave directions without stiffness.
    fn newton(
        &self,
        start: &[Pose],
        from: &Load,
        to: &Load,
        t: f64,
        options: &Options,
    ) -> Result<Equilibrium, Stuck> {
        let mut poses = start.to_vec();
        let mut state = self.state(&poses, from, to, t, true);
        let (mut damping, mut pushes) = (0.0, 0);
        for iterations in 0..=options.max_iterations {
            let size = scaled(&state.residual);
            if size.amax() <= options.residual {
                let (softest, motion) = easiest(&state.tangent, &self.free());
                if SLACK <= softest {
                    return Ok(Equilibrium { poses, residual: size.amax(), iterations, softest });
                }
                if pushes == PUSHES {
                    return Err(Stuck::Unstable(softest));
                }
                // A twentieth of a millimetre down the slope; the damped iteration goes on from there.
                pushes += 1;
                let push = 0.05 * pushes as f64 * motion;
                let part = |b: usize, r: usize| push.fixed_rows::<3>(6 * b + r).into_owned();
                poses = (0..).zip(&poses).map(|(b, p)| p.moved(part(b, 0), part(b, 3) / ARM)).collect();
                state = self.state(&poses, from, to, t, true);
                damping = f64::max(1e-3, -2.0 * softest);
                continue;
            }
            let mut accepted = false;
            for _ in 0..40 {
                if let Some((moved, next)) = self.step(&poses, &state, damping, from, to, t) {
                    (poses, state) = (moved, next);
                    damping = if damping < 1e-4 { 0.0 } else { 0.2 * damping };
                    accepted = true;
                    break;
                }
                damping = f64::max(1e-3, 5.0 * damping);
            }
            if !accepted {
                break;
            }
        }
        let size = scaled(&state.residual);
        Err(Stuck::Unbalanced(size.amax(), size.iamax() / 6))
    }

    /// One damped step, if it is worth taking.
    fn step(
        &self,
        poses: &[Pose],
        state: &State,
        damping: f64,
        from: &Load,
        to: &Load,
        t: f64,
    ) -> Option<(Vec<Pose>, State)> {
        let mut k = state.tangent.clone();
        for i in 0..k.nrows() {
            k[(i, i)] += damping * if i % 6 < 3 { 1.0 } else { ARM * ARM };
        }
        let mut d = k.lu().solve(&-&state.residual)?;
        // No step turns a bone by more than 3° or moves it by more than 1 mm.
        let size = |i: usize| d[i].abs() / if i % 6 < 3 { 1.0 } else { 0.05 };
        let most = (0..d.len()).map(size).fold(1.0, f64::max);
        d /= most;
        let slope = state.residual.dot(&d);
        if 0.0 <= slope {
            return None;
        }
        let part = |bone: usize, r: usize| d.fixed_rows::<3>(6 * bone + r).into_owned();
        let moved: Vec<Pose> = (0..).zip(poses).map(|(b, p)| p.moved(part(b, 0), part(b, 3))).collect();
        let next = self.state(&moved, from, to, t, true);
        let mut work = 0.0;
        for (load, share) in [(from, 1.0 - t), (to, t)] {
            work += share * load.forces.iter().map(|(b, f)| f.dot(&part(*b, 0))).sum::<f64>();
            work += share * load.moments.iter().map(|(b, m)| m.dot(&part(*b, 3))).sum::<f64>();
        }
        let lower = next.energy - state.energy - work < 1e-4 * slope;
        let closer = scaled(&next.residual).norm() < 0.9 * scaled(&state.residual).norm();
        (lower || closer).then_some((moved, next))
    }
}

/// Least stiffness, N/mm, with the motion it belongs to: turns times [`ARM`], of length 1.
///
/// ```text
/// ẋ = -K x        stable: Re λ(K) ≥ 0        λ_min(½(K + Kᵀ)) ≤ Re λ(K)
/// ```
/// Links have an energy, follower loads by cables included, and so have dead forces. A moment of constant direction has
/// none: its work depends on the order of the turns, and K gets an antisymmetric part of half the moment. The test is that
/// of a neck that gives way slowly, every bone dragged alike: it comes back when no eigenvalue of the whole tangent has
/// a real part below zero. A real eigenvalue through zero (divergence, det K = 0) does not depend on the drag, a complex
/// pair does; flutter of bones with mass and without drag is not looked for. Where the symmetric part is positive there is
/// nothing left to ask: it bounds the real parts from below (Bendixson). Where it is not, it proves nothing.
///
/// - `free`: unknowns of bones that may move
///
/// # Source
/// Ziegler (1968), Principles of Structural Stability, §§ 1.4, 3.2; Bolotin (1963), Nonconservative Problems of the
/// Theory of Elastic Stability, § 1.1.
fn easiest(tangent: &DMatrix<f64>, free: &[usize]) -> (f64, DVector<f64>) {
    let unit = |i: usize| if i % 6 < 3 { 1.0 } else { ARM };
    let n = free.len();
    let k = DMatrix::from_fn(n, n, |i, j| tangent[(free[i], free[j])] / (unit(free[i]) * unit(free[j])));
    if n == 0 {
        return (f64::INFINITY, DVector::zeros(tangent.nrows()));
    }
    let eigen = (0.5 * (&k + k.transpose())).symmetric_eigen();
    let at = eigen.eigenvalues.imin();
    let (mut least, mut mode) = (eigen.eigenvalues[at], eigen.eigenvectors.column(at).into_owned());
    if least < SLACK
        && let Some((real, motion)) = whole(&k)
    {
        (least, mode) = (real, motion);
    }
    // Which way is a matter of sign; the same every time.
    mode *= mode[mode.icamax()].signum();
    let mut out = DVector::zeros(tangent.nrows());
    free.iter().zip(mode.iter()).for_each(|(i, m)| out[*i] = *m);
    (least, out)
}

/// Least real part of the eigenvalues of a matrix, with a direction of its invariant line or plane; `None`: not found.
fn whole(k: &DMatrix<f64>) -> Option<(f64, DVector<f64>)> {
    let schur = Schur::try_new(k.clone(), f64::EPSILON, 10_000)?;
    let eigenvalues = schur.complex_eigenvalues();
    let found = eigenvalues.iter().min_by(|a, b| a.re.total_cmp(&b.re))?;
    let shifted = k - DMatrix::identity(k.nrows(), k.ncols()) * found.re;
    // (K - a)² + b² of a complex pair a ± ib vanishes on its plane.
    let vanishing = match found.im == 0.0 {
        true => shifted,
        false => &shifted * &shifted + DMatrix::identity(k.nrows(), k.ncols()) * found.im.powi(2),
    };
    let svd = vanishing.svd(false, true);
    let mode = svd.v_t?.row(svd.singular_values.imin()).transpose();
    Some((found.re, mode))
}

/// Forces and moments over [`ARM`], N.
fn scaled(residual: &DVector<f64>) -> DVector<f64> {
    DVector::from_fn(residual.len(), |i, _| if i % 6 < 3 { residual[i] } else { residual[i] / ARM })
}
