//! A verification problem solved by the nonlinear engine.

use super::VerificationError;
use super::problem::Problem;
use crate::nonlinear::laws::Law;
use crate::nonlinear::{Accepted, Analysis, Iteration, NonlinearError, Options, Outcome, PointState, Stage};
use crate::statics::{CellFacet, Load};
use dens_mesher::Vec3;
use std::ops::ControlFlow;

/// Problem with a law, in stages that scale its loads and prescribed displacements.
pub(super) struct Quasistatic {
    pub(super) problem: Problem,
    pub(super) law: Law,
    pub(super) follower: Vec<(CellFacet, f64)>,
    pub(super) options: Options,
}

/// State at the end of an increment.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) stage: usize,
    pub(super) displacements: Vec<Vec3>,
    pub(super) reactions: Vec<Vec3>,
    pub(super) iterations: Vec<Iteration>,
}

/// All accepted increments, and the end.
pub(super) struct History {
    pub(super) frames: Vec<Frame>,
    pub(super) outcome: Outcome,
    /// Strain and stress at the last of them.
    pub(super) points: Vec<Vec<PointState>>,
}

impl Quasistatic {
    pub(super) fn new(problem: Problem, law: Law) -> Self {
        Self { problem, law, follower: Vec::new(), options: Options::default() }
    }

    /// Presses on the deformed boundary at `place`, MPa.
    pub(super) fn press(&mut self, pressure: f64, place: impl Fn(Vec3) -> bool) {
        let facets = self.problem.facets_at(place);
        self.follower.extend(facets.into_iter().map(|f| (f, pressure)));
    }

    /// The loads times a factor.
    pub(super) fn stage(&self, factor: f64, stepping: crate::nonlinear::Stepping) -> Stage {
        let (_, prescribed) = self.problem.supports();
        let load = &self.problem.load;
        Stage {
            load: Load {
                forces: load.forces.iter().map(|(dof, f)| (*dof, factor * f)).collect(),
                pressures: load.pressures.iter().map(|(at, p)| (*at, factor * p)).collect(),
                tractions: load.tractions.iter().map(|(at, t)| (*at, factor * t)).collect(),
                prescribed: prescribed.iter().map(|u| factor * u).collect(),
                ..Load::default()
            },
            follower: self.follower.iter().map(|(at, p)| (*at, factor * p)).collect(),
            stepping,
        }
    }

    pub(super) fn analysis(&self) -> Result<Analysis<'_>, NonlinearError> {
        let (constraints, _) = self.problem.supports();
        Analysis::new(&self.problem.body, vec![self.law.clone()], &constraints, Vec::new(), self.options)
    }

    pub(super) fn run(&self, stages: &[Stage]) -> Result<History, VerificationError> {
        let mut frames = Vec::new();
        let mut analysis = self.analysis()?;
        let mut keep = |a: &Accepted| {
            frames.push(Frame {
                stage: a.state.stage as usize,
                displacements: a.displacements.to_vec(),
                reactions: a.reactions.to_vec(),
                iterations: a.iterations.to_vec(),
            });
            ControlFlow::Continue(())
        };
        let outcome = analysis.run(stages, None, &mut keep)?;
        let points = match frames.last() {
            Some(last) => analysis.points(&last.displacements, outcome.state())?,
            None => Vec::new(),
        };
        Ok(History { frames, outcome, points })
    }

    /// Mean over the nodes at `place` of a measure of place and displacement.
    pub(super) fn mean(
        &self,
        frame: &Frame,
        place: impl Fn(Vec3) -> bool,
        measure: impl Fn(Vec3, Vec3) -> f64,
    ) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for (p, u) in self.problem.body.mesh().points().iter().zip(&frame.displacements) {
            if place(*p) {
                sum += measure(*p, *u);
                count += 1.0;
            }
        }
        sum / count
    }

    /// Sum of the reactions at `place`, N.
    pub(super) fn reaction(&self, frame: &Frame, place: impl Fn(Vec3) -> bool) -> Vec3 {
        let points = self.problem.body.mesh().points().iter();
        points.zip(&frame.reactions).filter(|(p, _)| place(**p)).map(|(_, r)| *r).sum()
    }
}

impl History {
    /// Last increment of a stage.
    pub(super) fn end(&self, stage: usize) -> &Frame {
        let mut frames = self.frames.iter().filter(|f| f.stage == stage);
        frames.next_back().expect("a stage that was reached has an increment")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CATALOGUE, Row};

    fn passes(id: &str) {
        let check = CATALOGUE.iter().find(|c| c.id == id).expect("in the catalogue");
        let rows = (check.run)().expect("computes");
        let shown =
            |r: &Row| format!("{}: {} for {}, error {:.2e}", r.quantity, r.found, r.target, r.error());
        let all: Vec<String> = rows.iter().map(shown).collect();
        assert!(rows.iter().all(Row::passed), "{id}: {all:#?}");
    }

    #[test]
    fn neo_hookean_bars_meet_their_closed_forms() {
        passes("N4-N5");
    }

    #[test]
    fn the_balloon_meets_its_pressures_and_its_limit() {
        passes("N2");
    }

    #[test]
    fn the_thick_cylinder_collapses_at_its_limit_pressure() {
        passes("N7");
    }

    #[test]
    fn the_strip_footing_collapses_at_the_load_of_prandtl() {
        passes("N8");
    }

    #[test]
    fn newtons_method_keeps_its_promises() {
        passes("NEWTON");
    }

    #[test]
    fn the_cantilever_meets_the_elastica() {
        passes("N1");
    }
}
