//! The test itself: the push rod moves or turns, loads are read at its joint.

use super::rig::{BenchError, Rig};
use crate::contact::{ContactNode, Pair};
use crate::nonlinear::{
    Accepted, Analysis, Interaction, NonlinearError, Options, Outcome, PointState, Stage, State, Stepping,
};
use crate::statics::{Dof, Load};
use dens_mesher::Vec3;
use nalgebra::Matrix3;
use std::ops::ControlFlow;

/// What the push rod does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drive {
    /// Presses along its axis by so much, mm.
    Travel(f64),
    /// Presses with a constant force, N, then turns about its axis by an angle, rad.
    Twist {
        /// Angle at the end.
        angle: f64,
        /// Force along the axis.
        preload: f64,
    },
}

/// The push rod.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// Unit vector into the device.
    pub axis: Vec3,
    /// What it does.
    pub drive: Drive,
    /// Whether the joint may move across the axis (a long rod with a joint at either end).
    pub across: bool,
    /// Whether the block may tilt at the joint.
    pub tilt: bool,
    /// Increments of the test.
    pub increments: usize,
}

/// The setup at one point of the test.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Travel, mm, or twist, rad.
    pub displacement: f64,
    /// Force, N, or moment, N mm.
    pub load: f64,
    /// Displacement of each node of the body, mm.
    pub displacements: Vec<Vec3>,
    /// Strain and stress at the points of every cell.
    pub points: Vec<Vec<PointState>>,
    /// Equivalent plastic strain of every point of every cell.
    pub plastic: Vec<Vec<f64>>,
    /// State of the contact faces by name.
    pub contacts: Vec<(String, Vec<ContactNode>)>,
}

/// What was measured.
#[derive(Debug, Clone)]
pub struct Course {
    /// Displacement and load of every increment; without the origin.
    pub points: Vec<[f64; 2]>,
    /// First increment.
    pub first: Snapshot,
    /// Last one.
    pub last: Snapshot,
    /// Why the test ended before its travel, in words.
    pub stopped: Option<String>,
    /// Largest error of equilibrium of an increment, relative.
    pub reaction_error: f64,
    /// Name of the linear solver.
    pub solver: &'static str,
}

/// State kept on the way.
struct Kept {
    displacement: f64,
    load: f64,
    displacements: Vec<Vec3>,
    state: State,
    contacts: Vec<(String, Vec<ContactNode>)>,
}

impl Rig {
    /// Runs the test.
    ///
    /// `observe` is told the part of the test that is done, 0 to 1, and may stop it.
    ///
    /// # Errors
    /// [`BenchError`]: a model that is wrong, no equilibrium in the first increment, or a stop. A test that finds no
    /// equilibrium later ends there, and says so in [`Course::stopped`].
    pub fn run(
        &self,
        machine: &Machine,
        options: Options,
        observe: &mut dyn FnMut(f64) -> ControlFlow<()>,
    ) -> Result<Course, BenchError> {
        let frame = frame(machine.axis);
        let [reference, rotation] = self.joint;
        let twisting = matches!(machine.drive, Drive::Twist { .. });
        let mut supports = Vec::new();
        let mut hold = |node: u32, axes: &[u8]| supports.extend(axes.iter().map(|&axis| Dof { node, axis }));
        // The driven dof comes last.
        if !machine.across {
            hold(reference, &[0, 1]);
        }
        if !machine.tilt {
            hold(rotation, &[0, 1]);
        }
        let driven = if twisting { rotation } else { reference };
        if !twisting {
            hold(rotation, &[2]);
        }
        hold(driven, &[2]);
        let constraints = self.held_by(frame, &supports);
        let pairs = self.pairs.iter().map(|p| Box::new(p.clone()) as Box<dyn Interaction>).collect();
        let mut analysis = Analysis::new(&self.body, self.laws.clone(), &constraints, pairs, options)?;
        let solver = analysis.solver_name();
        let end = match machine.drive {
            Drive::Travel(travel) => travel,
            Drive::Twist { angle, .. } => angle * self.length,
        };
        let mut load = Load { prescribed: vec![0.0; constraints.supports.len()], ..Load::default() };
        let mut stages = Vec::new();
        if let Drive::Twist { preload, .. } = machine.drive {
            load.forces.push((Dof { node: reference, axis: 2 }, preload));
            stages.push(Stage { load: load.clone(), stepping: Stepping::even(1), ..Stage::default() });
        }
        if let Some(last) = load.prescribed.last_mut() {
            *last = end;
        }
        let even = 1.0 / machine.increments.max(1) as f64;
        let stepping = Stepping { initial: even, max: even, min: even / 64.0, most: 20 * machine.increments };
        stages.push(Stage { load, stepping, ..Stage::default() });
        let test = (stages.len() - 1) as u64;
        let scale = if twisting { 1.0 / self.length } else { 1.0 };
        let (mut points, mut first, mut last) = (Vec::new(), None, None);
        let mut reaction_error = 0.0_f64;
        let mut keep = |a: &Accepted<'_>| {
            if a.state.stage != test {
                return observe(0.0);
            }
            let displacement = a.state.load_factor * end * scale;
            // A moment is a force on the rotation's node times its length.
            let reaction = a.reactions[driven as usize].dot(&machine.axis) / scale;
            points.push([displacement, reaction]);
            reaction_error = reaction_error.max(a.reaction_error);
            let kept = Kept {
                displacement,
                load: reaction,
                displacements: a.displacements.to_vec(),
                state: a.state.clone(),
                contacts: contacts(a),
            };
            if first.is_none() {
                first = Some(kept);
            } else {
                last = Some(kept);
            }
            observe(a.state.load_factor)
        };
        let outcome = analysis.run(&stages, None, &mut keep);
        let stopped = match outcome {
            Ok(Outcome::Completed(_)) => None,
            Ok(Outcome::Stopped(_)) => return Err(BenchError::Cancelled),
            Ok(Outcome::Collapsed { .. }) => Some("it carries no more".to_string()),
            Err(e @ NonlinearError::NotConverged(_)) if first.is_some() => Some(e.to_string()),
            Err(e) => return Err(e.into()),
        };
        let Some(first) = first else { return Err(BenchError::Collapsed) };
        let first = self.snapshot(&analysis, first)?;
        let last = match last {
            Some(kept) => self.snapshot(&analysis, kept)?,
            None => first.clone(),
        };
        Ok(Course { points, first, last, stopped, reaction_error, solver })
    }

    fn snapshot(&self, analysis: &Analysis<'_>, kept: Kept) -> Result<Snapshot, BenchError> {
        let points = analysis.points(&kept.displacements, &kept.state)?;
        let plastic = points.iter().enumerate().map(|(cell, own)| {
            let history = analysis.history(cell, &kept.state);
            let n = history.len() / own.len().max(1);
            // Yielding laws of small strain: six plastic strains, then the equivalent one.
            (0..own.len()).map(|p| if n == 7 { history[7 * p + 6] } else { 0.0 }).collect()
        });
        let plastic = plastic.collect();
        let Kept { displacement, load, displacements, contacts, .. } = kept;
        Ok(Snapshot { displacement, load, displacements, points, plastic, contacts })
    }
}

fn contacts(a: &Accepted<'_>) -> Vec<(String, Vec<ContactNode>)> {
    let pairs = a.interactions().iter().filter_map(|i| i.as_any().downcast_ref::<Pair>());
    pairs.map(|p| (p.name().to_string(), p.nodes(a.displacements))).collect()
}

/// Rotation whose third column is `axis`.
fn frame(axis: Vec3) -> Matrix3<f64> {
    let across = if axis.x.abs() < 0.9 { Vec3::x() } else { Vec3::y() };
    let second = axis.cross(&across).normalize();
    Matrix3::from_columns(&[second.cross(&axis), second, axis])
}
