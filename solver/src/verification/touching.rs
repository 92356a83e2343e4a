//! Linear elastic bodies that touch, solved by the nonlinear engine.

use super::VerificationError;
use super::mesh::boundary;
use super::problem::near;
use crate::contact::{Pair, PairOptions, Surface};
use crate::nonlinear::laws::{Law, LinearElastic};
use crate::nonlinear::{
    Accepted, Analysis, Interaction, Iteration, Options, Outcome, Stage, State, Stepping,
};
use crate::statics::{
    Body, CellFacet, CellProperties, Constraints, Dof, Formulation, Load, Material, Stresses,
};
use crate::tensor::Stiffness;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use dens_mesher::mixed::{MixedMesh, Shape};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Tolerances near round-off: the checks compare with exact values.
const OPTIONS: Options = Options {
    residual: 1e-11,
    correction: 1e-9,
    max_iterations: 40,
    max_augmentations: 40,
    solver: crate::linear::Choice::Direct,
    max_memory: 8 << 30,
};

/// Loads and prescribed displacements at the end of an increment.
#[derive(Clone)]
struct Target {
    held: BTreeMap<Dof, f64>,
    forces: Vec<Vec3>,
}

/// Bodies in one mesh, with supports, loads and pairs.
pub struct Touching {
    /// All bodies.
    pub body: Body,
    /// Part of each cell.
    part_of: Vec<usize>,
    boundary: Vec<CellFacet>,
    held: BTreeMap<Dof, f64>,
    forces: Vec<Vec3>,
    /// Pairs of surfaces.
    pub pairs: Vec<Pair>,
    /// Displacement of each node, mm.
    pub displacements: Vec<Vec3>,
    /// Newton iterations of all increments.
    pub iterations: Vec<Iteration>,
    targets: Vec<Target>,
    /// As of the last increment.
    state: Option<State>,
}

impl Touching {
    /// Bodies side by side, each of one material.
    ///
    /// # Errors
    /// [`VerificationError::Statics`] when a mesh or a law is not sound.
    pub fn new(parts: &[(MixedMesh, Formulation, Stiffness)]) -> Result<Self, VerificationError> {
        let (mut points, mut cells, mut properties, mut materials) = (vec![], vec![], vec![], vec![]);
        let mut part_of = Vec::new();
        for (number, (mesh, formulation, stiffness)) in parts.iter().enumerate() {
            let first = points.len() as u32;
            points.extend_from_slice(mesh.points());
            let formulation = formulation.suited(stiffness);
            materials.push(Material { stiffness: *stiffness, expansion: [0.0; 6], density: 0.0 });
            for cell in 0..mesh.n_cells() {
                let nodes: Vec<u32> = mesh.cell(cell).iter().map(|n| n + first).collect();
                cells.push((mesh.shapes()[cell], nodes));
                properties.push(CellProperties { formulation, material: number as u32, frame: None });
                part_of.push(number);
            }
        }
        let cells: Vec<(Shape, &[u32])> = cells.iter().map(|(s, n)| (*s, n.as_slice())).collect();
        let mesh = MixedMesh::new(points, cells).expect("the parts are sound");
        let n = mesh.n_nodes();
        let boundary = boundary(&mesh);
        Ok(Self {
            body: Body::new(mesh, materials, Vec::new(), properties)?,
            part_of,
            boundary,
            held: BTreeMap::new(),
            forces: vec![Vec3::zeros(); n],
            pairs: Vec::new(),
            displacements: vec![Vec3::zeros(); n],
            iterations: Vec::new(),
            targets: Vec::new(),
            state: None,
        })
    }

    /// Boundary facets of a part whose nodes all lie at `place`.
    pub fn facets(&self, part: usize, place: impl Fn(Vec3) -> bool) -> Vec<CellFacet> {
        let mesh = self.body.mesh();
        let at = |f: &&CellFacet| {
            let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
            self.part_of[f.cell as usize] == part && nodes.iter().all(|n| place(mesh.points()[*n as usize]))
        };
        self.boundary.iter().filter(at).copied().collect()
    }

    /// Nodes of a part at `place`, ascending.
    pub fn nodes(&self, part: usize, place: impl Fn(Vec3) -> bool) -> Vec<u32> {
        let mesh = self.body.mesh();
        let cells = (0..mesh.n_cells()).filter(|c| self.part_of[*c] == part);
        let mut nodes: Vec<u32> = cells.flat_map(|c| mesh.cell(c).iter().copied()).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes.retain(|n| place(mesh.points()[*n as usize]));
        nodes
    }

    /// Holds every body in the planes x = 0 and y = 0 of symmetry.
    pub fn hold_symmetry(&mut self) {
        let n_parts = self.part_of.iter().max().map_or(0, |last| last + 1);
        for part in 0..n_parts {
            for axis in 0..2_u8 {
                let plane = self.nodes(part, |p| near(p[usize::from(axis)], 0.0));
                self.hold(&plane, axis, |_| 0.0);
            }
        }
    }

    /// Prescribes one axis at nodes, mm, at the end of the load.
    pub fn hold(&mut self, nodes: &[u32], axis: u8, value: impl Fn(Vec3) -> f64) {
        for &node in nodes {
            self.held.insert(Dof { node, axis }, value(self.body.mesh().points()[node as usize]));
        }
    }

    /// Pulls at facets, MPa; a second call adds to the first.
    pub fn pull(&mut self, facets: &[CellFacet], traction: Vec3) {
        let mesh = self.body.mesh();
        for f in facets {
            let (cell, facet) = (f.cell as usize, usize::from(f.facet));
            let shape = mesh.shapes()[cell].facet_cell(facet);
            let nodes = mesh.facet(cell, facet);
            let x: Vec<Vec3> = nodes.iter().map(|n| mesh.points()[*n as usize]).collect();
            let rules = shape.rules();
            let mut n = vec![0.0; nodes.len()];
            for (xi, w) in rules[rules.len() - 1].iter() {
                shape.values(xi, &mut n);
                let share = w * mapping::area_vector(shape, &x, xi).norm() * traction;
                nodes.iter().zip(&n).for_each(|(node, n)| self.forces[*node as usize] += *n * share);
            }
        }
    }

    /// Adds a pair; `slave` and `master` are facets.
    ///
    /// # Errors
    /// [`VerificationError::Pair`].
    pub fn touch(
        &mut self,
        slave: &[CellFacet],
        master: &[CellFacet],
        options: PairOptions,
    ) -> Result<(), VerificationError> {
        let (slave, master) = (Surface::new(&self.body, slave)?, Surface::new(&self.body, master)?);
        self.pairs.push(Pair::new("joint", slave, master, options)?);
        Ok(())
    }

    /// Increases loads and supports to their values in equal increments.
    ///
    /// # Errors
    /// [`VerificationError::Nonlinear`], [`VerificationError::Stuck`].
    pub fn solve(&mut self, increments: usize) -> Result<(), VerificationError> {
        for number in 1..=increments {
            self.increment(number as f64 / increments as f64)?;
        }
        Ok(())
    }

    /// One increment to that part of loads and supports.
    ///
    /// # Errors
    /// As [`Touching::solve`].
    pub fn increment(&mut self, part: f64) -> Result<(), VerificationError> {
        self.targets.push(Target {
            held: self.held.iter().map(|(dof, value)| (*dof, part * value)).collect(),
            forces: self.forces.iter().map(|f| part * f).collect(),
        });
        let constraints =
            Constraints { supports: self.held.keys().copied().collect(), ..Constraints::default() };
        let stages: Vec<Stage> = self.targets.iter().map(|t| self.stage(t)).collect();
        let law = |m: &Material| Law::small(LinearElastic { stiffness: m.stiffness });
        let laws = self.body.materials().iter().map(law).collect();
        let pairs = self.pairs.iter().map(|p| Box::new(p.clone()) as Box<dyn Interaction>).collect();
        let mut analysis = Analysis::new(&self.body, laws, &constraints, pairs, OPTIONS)?;
        let (displacements, iterations) = (&mut self.displacements, &mut self.iterations);
        let found = &mut self.pairs;
        let outcome = analysis.run(&stages, self.state.take(), &mut |accepted: &Accepted<'_>| {
            displacements.copy_from_slice(accepted.displacements);
            iterations.extend_from_slice(accepted.iterations);
            let now = accepted.interactions().iter().filter_map(|i| i.as_any().downcast_ref::<Pair>());
            found.iter_mut().zip(now).for_each(|(pair, now)| pair.clone_from(now));
            ControlFlow::Continue(())
        })?;
        match outcome {
            Outcome::Completed(state) => self.state = Some(state),
            other => return Err(VerificationError::Stuck(format!("{other:?}"))),
        }
        Ok(())
    }

    fn stage(&self, target: &Target) -> Stage {
        let of_node =
            |(node, f): (u32, &Vec3)| [0, 1, 2].map(|axis| (Dof { node, axis }, f[usize::from(axis)]));
        let forces = (0..).zip(&target.forces).flat_map(of_node).filter(|(_, f)| *f != 0.0).collect();
        // A support that came later held still before.
        let prescribed = self.held.keys().map(|dof| target.held.get(dof).copied().unwrap_or(0.0)).collect();
        let load = Load { forces, prescribed, ..Load::default() };
        Stage { load, stepping: Stepping::even(1), ..Stage::default() }
    }

    /// Goes on in a fresh copy of the model from the checkpoint of this one, through its bytes.
    ///
    /// # Errors
    /// [`VerificationError::Nonlinear`] when the bytes are not read back.
    pub fn restarted(&self, fresh: Self) -> Result<Self, VerificationError> {
        let state = self.state.as_ref().map(|s| State::from_bytes(&s.to_bytes())).transpose()?;
        Ok(Self { held: self.held.clone(), targets: self.targets.clone(), state, ..fresh })
    }

    /// Strains and stresses.
    ///
    /// # Errors
    /// [`VerificationError::Statics`].
    pub fn stresses(&self) -> Result<Stresses, VerificationError> {
        Ok(Stresses::new(&self.body, &self.displacements, &[])?)
    }
}
