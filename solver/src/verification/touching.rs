//! Linear elastic bodies that touch: a small quasi-static loop for the checks of contact.

use super::VerificationError;
use super::mesh::boundary;
use crate::assembly::{Assembler, AssemblyError};
use crate::contact::{Pair, PairOptions, Surface};
use crate::elements::Section;
use crate::linear::{BlockMatrix, Choice, LinearError, LinearSolver, System};
use crate::nonlinear::Interaction;
use crate::statics::{Body, CellFacet, CellProperties, Dof, Formulation, Material, Stresses};
use crate::tensor::Stiffness;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use dens_mesher::mixed::{MixedMesh, Shape};
use faer::Mat;
use faer::linalg::solvers::Solve;
use faer::sparse::{SparseColMat, Triplet};
use std::collections::BTreeMap;

/// Residual over the forces in play at which Newton's method stops: round-off of the sparse products.
const EQUILIBRIUM: f64 = 1e-11;

/// Newton steps for one state of the multipliers, and states for one increment.
const STEPS: usize = 40;

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
    /// Relative residual after each Newton step, one list for each state of the multipliers.
    pub history: Vec<Vec<f64>>,
    /// Internal forces of the last state, N.
    pub internal: Vec<Vec3>,
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
            history: Vec::new(),
            internal: vec![Vec3::zeros(); n],
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

    /// Prescribes one axis at nodes, mm, at the end of the load.
    pub fn hold(&mut self, nodes: &[u32], axis: u8, value: impl Fn(Vec3) -> f64) {
        for &node in nodes {
            self.held.insert(Dof { node, axis }, value(self.body.mesh().points()[node as usize]));
        }
    }

    /// Force on each node at the end of the load, N.
    pub fn forces(&self) -> &[Vec3] {
        &self.forces
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
    /// [`VerificationError::Linear`] for a singular matrix, [`VerificationError::Stuck`].
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
        for pair in &mut self.pairs {
            pair.begin(&self.displacements);
        }
        for (dof, value) in &self.held {
            self.displacements[dof.node as usize][usize::from(dof.axis)] = part * value;
        }
        let mut engine = Engine::new(self)?;
        for _ in 0..STEPS {
            let steps = engine.newton(self, part)?;
            self.history.push(steps);
            let mut again = false;
            for pair in &mut self.pairs {
                again |= pair.augment(&self.displacements).again;
            }
            if !again {
                self.pairs.iter_mut().for_each(|pair| pair.accept(&self.displacements));
                return Ok(());
            }
        }
        let displacements = &self.displacements;
        let worst = self.pairs.iter_mut().map(|p| {
            let worst = p.augment(displacements).worst;
            format!("{}: {worst}", p.name())
        });
        Err(VerificationError::Stuck(worst.collect::<Vec<_>>().join("; ")))
    }

    /// Strains and stresses.
    ///
    /// # Errors
    /// [`VerificationError::Statics`].
    pub fn stresses(&self) -> Result<Stresses, VerificationError> {
        Ok(Stresses::new(&self.body, &self.displacements, &[])?)
    }

    /// Newton steps of all states of the multipliers together.
    pub fn n_steps(&self) -> usize {
        self.history.iter().map(|h| h.len() - 1).sum()
    }
}

/// Matrix of one increment.
struct Engine {
    elastic: BlockMatrix,
    fixed: Vec<bool>,
    solver: Box<dyn LinearSolver>,
    system: System,
}

impl Engine {
    fn new(of: &Touching) -> Result<Self, VerificationError> {
        let mesh = of.body.mesh();
        let cliques: Vec<Vec<u32>> = of.pairs.iter().flat_map(Pair::couplings).collect();
        let mut sections = Vec::new();
        let mut section_of = Vec::new();
        for (cell, p) in of.body.cells().iter().enumerate() {
            let stiffness = of.body.material(cell).stiffness;
            if sections.len() <= p.material as usize {
                sections.push(Section { stiffness, element: p.formulation.element() });
            }
            section_of.push(p.material);
        }
        let elastic = Assembler::new(mesh.n_nodes(), mesh, &cliques)
            .and_then(|a| a.assemble(mesh.points(), &sections, &section_of))?;
        let mut fixed = vec![false; 3 * mesh.n_nodes()];
        for dof in of.held.keys() {
            fixed[3 * dof.node as usize + usize::from(dof.axis)] = true;
        }
        let coordinates = mesh.points().iter().map(|p| (*p).into()).collect();
        let system = System { coordinates, parents: mesh.parents(), modes: Vec::new() };
        Ok(Self { elastic, fixed, solver: Choice::Direct.solver(0, 1), system })
    }

    /// Newton's method with the multipliers held; residuals before each step and after the last.
    fn newton(&mut self, of: &mut Touching, part: f64) -> Result<Vec<f64>, VerificationError> {
        let n = of.displacements.len();
        let mut residuals = Vec::new();
        for _ in 0..=STEPS {
            let u: Vec<f64> = of.displacements.iter().flat_map(|u| <[f64; 3]>::from(*u)).collect();
            let mut inner = vec![0.0; 3 * n];
            self.elastic.matvec(&u, &mut inner);
            let mut contact = vec![Vec3::zeros(); n];
            for pair in &of.pairs {
                pair.linearize(&of.displacements, &mut contact, None);
            }
            let (mut right, mut scale, mut size) = (vec![0.0; 3 * n], 0.0_f64, 0.0_f64);
            for (k, right) in right.iter_mut().enumerate() {
                let (c, f) = (contact[k / 3][k % 3], part * of.forces[k / 3][k % 3]);
                scale = scale.max(inner[k].abs()).max(c.abs()).max(f.abs());
                if !self.fixed[k] {
                    *right = f - inner[k] - c;
                    size = size.max(right.abs());
                }
            }
            of.internal = inner.chunks_exact(3).map(|f| Vec3::new(f[0], f[1], f[2])).collect();
            residuals.push(if scale == 0.0 { 0.0 } else { size / scale });
            if size <= EQUILIBRIUM * scale {
                return Ok(residuals);
            }
            let mut matrix = self.elastic.clone();
            for pair in &of.pairs {
                let mut ignored = vec![Vec3::zeros(); n];
                let mut add =
                    |a: u32, b: u32, block: [f64; 9]| matrix.add_block(a as usize, b as usize, &block);
                pair.linearize(&of.displacements, &mut ignored, Some(&mut add));
            }
            matrix.fix(&self.fixed);
            let step = if of.pairs.iter().any(Pair::unsymmetric) {
                solve_unsymmetric(&matrix, &right)?
            } else {
                let mut step = vec![0.0; 3 * n];
                self.solver.prepare(&matrix, &self.system)?;
                self.solver.solve(&matrix, &right, &mut step, 1e-12).or_else(|e| match e {
                    // Round-off of a large regularisation; the next Newton step goes on from here.
                    LinearError::NotConverged { residual, .. } if residual < 1e-6 => Ok(Default::default()),
                    e => Err(e),
                })?;
                step
            };
            for (k, step) in step.iter().enumerate() {
                of.displacements[k / 3][k % 3] += step;
            }
        }
        Err(VerificationError::Stuck(format!("relative residuals {residuals:?}")))
    }
}

/// Sparse LU factorisation.
fn solve_unsymmetric(matrix: &BlockMatrix, right: &[f64]) -> Result<Vec<f64>, VerificationError> {
    let n = 3 * matrix.n();
    let mut entries = Vec::with_capacity(9 * matrix.columns.len());
    for i in 0..matrix.n() {
        for at in matrix.row_starts[i]..matrix.row_starts[i + 1] {
            for (k, value) in matrix.blocks[at].iter().enumerate() {
                entries.push(Triplet::new(3 * i + k / 3, 3 * matrix.columns[at] as usize + k % 3, *value));
            }
        }
    }
    let singular = || VerificationError::Linear(LinearError::Singular { unknown: 0, node: 0 });
    // This factorisation splits its work by the number of threads; on one it gives the same bits everywhere.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(|_| singular())?;
    alone.install(|| {
        let sparse =
            SparseColMat::<usize, f64>::try_new_from_triplets(n, n, &entries).map_err(|_| singular())?;
        let factor = sparse.sp_lu().map_err(|_| singular())?;
        let b = Mat::from_fn(n, 1, |i, _| right[i]);
        let x = factor.solve(&b);
        Ok((0..n).map(|i| x[(i, 0)]).collect())
    })
}

impl From<AssemblyError> for VerificationError {
    fn from(error: AssemblyError) -> Self {
        Self::Stuck(error.to_string())
    }
}
