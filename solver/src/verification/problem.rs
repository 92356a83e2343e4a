//! One body of one material with supports and loads given by place.

use super::mesh::boundary;
use crate::linear::Choice;
use crate::statics::{
    Answer, Body, CellFacet, CellProperties, Constraints, Dof, Formulation, Load, Material, Options, Statics,
    StaticsError, Stresses,
};
use crate::tensor::{Six, Stiffness};
use dens_mesher::Vec3;
use dens_mesher::mixed::MixedMesh;
use std::collections::BTreeMap;

/// Problem of linear statics.
pub(super) struct Problem {
    pub(super) body: Body,
    facets: Vec<CellFacet>,
    held: BTreeMap<Dof, f64>,
    pub(super) load: Load,
}

/// Its answer.
pub(super) struct Solved {
    pub(super) body: Body,
    pub(super) answer: Answer,
}

/// Unknowns below which a factorisation takes less than two seconds.
const DIRECT_BELOW: usize = 50_000;

/// Nearness of places, mm; the bodies measure one to a hundred.
pub(super) const NEAR: f64 = 1e-6;

impl Problem {
    /// Free body without loads; the formulation is replaced where the material would lock.
    pub(super) fn new(
        mesh: MixedMesh,
        formulation: Formulation,
        stiffness: Stiffness,
    ) -> Result<Self, StaticsError> {
        let cell = CellProperties { formulation: formulation.suited(&stiffness), material: 0, frame: None };
        let cells = vec![cell; mesh.n_cells()];
        let material = Material { stiffness, expansion: [0.0; 6], density: 0.0 };
        let facets = boundary(&mesh);
        let body = Body::new(mesh, vec![material], Vec::new(), cells)?;
        Ok(Self { body, facets, held: BTreeMap::new(), load: Load::default() })
    }

    /// Prescribes components of the displacement at the nodes for which `motion` says so.
    pub(super) fn hold(&mut self, motion: impl Fn(Vec3) -> [Option<f64>; 3]) {
        for (node, p) in (0..).zip(self.body.mesh().points()) {
            for (axis, value) in (0..).zip(motion(*p)) {
                if let Some(value) = value {
                    self.held.insert(Dof { node, axis }, value);
                }
            }
        }
    }

    /// Prescribes the displacement of the nodes that are marked.
    pub(super) fn hold_nodes(&mut self, marked: &[bool], motion: impl Fn(Vec3) -> Vec3) {
        for (node, p) in (0..).zip(self.body.mesh().points()).filter(|(n, _)| marked[*n as usize]) {
            let u = motion(*p);
            self.held.extend((0..3).map(|axis| (Dof { node, axis }, u[usize::from(axis)])));
        }
    }

    /// Holds one axis where `place` holds.
    pub(super) fn fix(&mut self, axis: usize, place: impl Fn(Vec3) -> bool) {
        self.hold(|p| std::array::from_fn(|a| (a == axis && place(p)).then_some(0.0)));
    }

    /// Boundary facets whose nodes all lie at `place`.
    pub(super) fn facets_at(&self, place: impl Fn(Vec3) -> bool) -> Vec<CellFacet> {
        let mesh = self.body.mesh();
        let at = |f: &&CellFacet| {
            let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
            nodes.iter().all(|n| place(mesh.points()[*n as usize]))
        };
        self.facets.iter().filter(at).copied().collect()
    }

    /// Presses on the boundary at `place`, MPa.
    pub(super) fn press(&mut self, pressure: f64, place: impl Fn(Vec3) -> bool) {
        let facets = self.facets_at(place);
        self.load.pressures.extend(facets.into_iter().map(|f| (f, pressure)));
    }

    /// Pulls at the boundary at `place`, MPa.
    pub(super) fn pull(&mut self, traction: Vec3, place: impl Fn(Vec3) -> bool) {
        let facets = self.facets_at(place);
        self.load.tractions.extend(facets.into_iter().map(|f| (f, traction)));
    }

    /// Nodes of the boundary.
    pub(super) fn boundary_nodes(&self) -> Vec<bool> {
        let mesh = self.body.mesh();
        let mut on = vec![false; mesh.n_nodes()];
        for f in &self.facets {
            mesh.facet(f.cell as usize, usize::from(f.facet)).iter().for_each(|n| on[*n as usize] = true);
        }
        on
    }

    /// Supports, and their displacements in the same order.
    pub(super) fn supports(&self) -> (Constraints, Vec<f64>) {
        let supports = self.held.keys().copied().collect();
        (Constraints { supports, ..Constraints::default() }, self.held.values().copied().collect())
    }

    pub(super) fn solve(mut self) -> Result<Solved, StaticsError> {
        let (constraints, prescribed) = self.supports();
        self.load.prescribed = prescribed;
        // A factor leaves round-off alone; larger bodies are solved well below every tolerance of the checks.
        let small = 3 * self.body.mesh().n_nodes() < DIRECT_BELOW;
        let solver = if small { Choice::Direct } else { Choice::Multigrid };
        let options = Options { solver, tolerance: 1e-9, ..Options::default() };
        let answers = Statics::new(&self.body, &constraints, &options)?.solve(&[self.load])?;
        let answer = answers.into_iter().next().expect("one answer for one load");
        Ok(Solved { body: self.body, answer })
    }
}

impl Solved {
    /// Mean over the nodes at `place` of a displacement measure, mm.
    pub(super) fn mean(&self, place: impl Fn(Vec3) -> bool, measure: impl Fn(Vec3, Vec3) -> f64) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for (p, u) in self.body.mesh().points().iter().zip(&self.answer.displacements) {
            if place(*p) {
                sum += measure(*p, *u);
                count += 1.0;
            }
        }
        sum / count
    }

    /// Sum of the reactions at `place`, N.
    pub(super) fn reaction(&self, place: impl Fn(Vec3) -> bool) -> Vec3 {
        let points = self.body.mesh().points().iter();
        points.zip(&self.answer.reactions).filter(|(p, _)| place(**p)).map(|(_, r)| *r).sum()
    }

    /// Strains and stresses at the integration points.
    pub(super) fn stresses(&self) -> Result<Stresses, StaticsError> {
        Stresses::new(&self.body, &self.answer.displacements, &[])
    }

    /// Mean over the nodes at `place` of a measure of the nodal stress.
    pub(super) fn mean_stress(
        &self,
        place: impl Fn(Vec3) -> bool,
        measure: impl Fn(Vec3, &Six) -> f64,
    ) -> Result<f64, StaticsError> {
        let nodal = self.stresses()?.at_nodes(&self.body, |_| true);
        let (mut sum, mut count) = (0.0, 0.0);
        for (p, s) in self.body.mesh().points().iter().zip(&nodal) {
            if let (true, Some(s)) = (place(*p), s) {
                sum += measure(*p, s);
                count += 1.0;
            }
        }
        Ok(sum / count)
    }
}

/// Whether two numbers are the same place.
pub(crate) fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < NEAR
}
