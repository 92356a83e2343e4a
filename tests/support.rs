//! Shared helpers of the tests: structured meshes, a linear statics problem, error norms.
//!
//! Meshes are made of bricks, each cut into six tetrahedra around its diagonal. Neighbouring bricks meet
//! without gaps as long as they count their axes in the same direction.

use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tet10};
use dens_mesher::mesh::{EDGE_CORNERS, Facet, Mesh};
use dens_solver::assembly::{Assembler, forces};
use dens_solver::elements::{Element, Section};
use dens_solver::linear::{BlockMatrix, Cholesky, LinearSolver, System};
use dens_solver::recover::{PointFields, recover};
use dens_solver::tensor::{self, Stiffness};
use nalgebra::Matrix3;
use std::collections::BTreeMap;

/// Name of a node before it has a number: lattice coordinates in half bricks.
pub type Key = [i32; 4];

/// Mesh of bricks given by the keys of their 27 nodes (first axis fastest) and a position for each key.
///
/// Mid-edge nodes lie where `position` puts them, so a nonlinear `position` makes curved cells.
pub fn bricks(all: impl IntoIterator<Item = [Key; 27]>, position: impl Fn(Key) -> Vec3) -> Mesh {
    let mut numbers: BTreeMap<Key, u32> = BTreeMap::new();
    let mut mesh = Mesh { region_names: vec!["body".to_string()], ..Mesh::default() };
    for keys in all {
        for path in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]] {
            let mut corners = [[0_usize; 3]; 4];
            for (step, axis) in path.into_iter().enumerate() {
                for corner in &mut corners[step + 1..] {
                    corner[axis] += 2;
                }
            }
            let place = |at: [usize; 3]| keys[at[0] + 3 * at[1] + 9 * at[2]];
            let p = corners.map(|c| position(place(c)));
            if (p[1] - p[0]).cross(&(p[2] - p[0])).dot(&(p[3] - p[0])) < 0.0 {
                corners.swap(2, 3);
            }
            mesh.cells.push(std::array::from_fn(|i| {
                let at = match i {
                    0..4 => corners[i],
                    _ => {
                        let [a, b] = EDGE_CORNERS[i - 4];
                        std::array::from_fn(|k| (corners[a][k] + corners[b][k]) / 2)
                    }
                };
                let key = place(at);
                *numbers.entry(key).or_insert_with(|| {
                    mesh.points.push(position(key));
                    mesh.points.len() as u32 - 1
                })
            }));
            mesh.regions.push(0);
        }
    }
    mesh.boundary = boundary(&mesh.cells);
    mesh
}

/// Facets that bound one cell only.
fn boundary(cells: &[[u32; 10]]) -> Vec<Facet> {
    let mut seen: BTreeMap<[u32; 3], Vec<Facet>> = BTreeMap::new();
    for (cell, nodes) in cells.iter().enumerate() {
        for (local, of_facet) in tet10::FACET_NODES.iter().enumerate() {
            let nodes = of_facet.map(|n| nodes[n]);
            let mut corners = [nodes[0], nodes[1], nodes[2]];
            corners.sort_unstable();
            let facet = Facet { cell: cell as u32, local: local as u8, nodes, surface: 0 };
            seen.entry(corners).or_default().push(facet);
        }
    }
    let mut single: Vec<Facet> = seen.into_values().filter(|f| f.len() == 1).map(|f| f[0]).collect();
    single.sort_unstable_by_key(|f| (f.cell, f.local));
    single
}

/// Box [0, size] of n₁ × n₂ × n₃ bricks, its nodes moved by `map`.
///
/// Facet sets `x-`, `x+`, `y-`, `y+`, `z-`, `z+` are named by their place before mapping.
pub fn block(size: [f64; 3], n: [usize; 3], map: impl Fn(Vec3) -> Vec3) -> Mesh {
    let straight = |key: Key| Vec3::from_fn(|k, _| size[k] * f64::from(key[k]) / (2.0 * n[k] as f64));
    let all = (0..n[0] * n[1] * n[2]).map(|i| {
        let origin = [i % n[0], i / n[0] % n[1], i / n[0] / n[1]].map(|o| 2 * o as i32);
        std::array::from_fn(|j| {
            let j = j as i32;
            [origin[0] + j % 3, origin[1] + j / 3 % 3, origin[2] + j / 9, 0]
        })
    });
    let mut mesh = bricks(all, straight);
    for (axis, name) in ["x", "y", "z"].into_iter().enumerate() {
        let tolerance = 1e-9 * size[axis];
        mesh.name_facets(&format!("{name}-"), |c, _, _| c[axis] < tolerance);
        mesh.name_facets(&format!("{name}+"), |c, _, _| size[axis] - tolerance < c[axis]);
    }
    for p in &mut mesh.points {
        *p = map(*p);
    }
    mesh
}

/// Octant x, y, z ≥ 0 of the shell between radii `inner` and `outer`, curved cells.
///
/// - `n`: bricks along each edge of the three patches; `layers`: across the thickness, graded like the radius
/// - facet sets `inner`, `outer`, `x-`, `y-`, `z-`
pub fn sphere_octant(inner: f64, outer: f64, n: usize, layers: usize) -> Mesh {
    let (n, layers) = (n as i32, layers as i32);
    let position = |key: Key| {
        // Equal angles instead of equal edges keep the cells of a patch alike.
        let tangent = |i: i32| (std::f64::consts::FRAC_PI_4 * f64::from(i) / f64::from(2 * n)).tan();
        let direction = Vec3::new(tangent(key[0]), tangent(key[1]), tangent(key[2]));
        let t = f64::from(key[3]) / f64::from(2 * layers);
        inner * (outer / inner).powf(t) * direction.normalize()
    };
    let mut all = Vec::new();
    for normal in 0..3 {
        for (i, j, l) in (0..n * n * layers).map(|b| (b % n, b / n % n, b / n / n)) {
            all.push(std::array::from_fn(|at| {
                let at = at as i32;
                let mut key = [0; 4];
                key[normal] = 2 * n;
                let [a, b] = [[1, 2], [0, 2], [0, 1]][normal];
                key[a] = 2 * i + at % 3;
                key[b] = 2 * j + at / 3 % 3;
                key[3] = 2 * l + at / 9;
                key
            }));
        }
    }
    let mut mesh = bricks(all, position);
    for (axis, name) in ["x-", "y-", "z-"].into_iter().enumerate() {
        mesh.name_facets(name, |c, _, _| c[axis].abs() < 1e-9 * outer);
    }
    let middle = (inner * outer).sqrt();
    mesh.name_facets("inner", |c, n, _| c.norm() < middle && n.dot(&c) < -0.5 * c.norm());
    mesh.name_facets("outer", |c, n, _| middle < c.norm() && 0.5 * c.norm() < n.dot(&c));
    mesh
}

/// Nodes of a facet set, ascending.
pub fn nodes_of(mesh: &Mesh, set: &str) -> Vec<usize> {
    let mut nodes: Vec<usize> = facets_of(mesh, set).flatten().map(|n| n as usize).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// Node numbers of the facets of a set.
pub fn facets_of<'a>(mesh: &'a Mesh, set: &str) -> impl Iterator<Item = [u32; 6]> + 'a {
    mesh.facet_sets[set].iter().map(|&f| mesh.boundary[f as usize].nodes)
}

/// Linear statics of one body of one material.
#[derive(Debug)]
pub struct Statics {
    /// The body.
    pub mesh: Mesh,
    /// Its material and formulation.
    pub section: Section,
    /// Nodal forces, N, 3 per node.
    pub forces: Vec<f64>,
    /// Prescribed displacements, mm, 3 per node.
    pub prescribed: Vec<Option<f64>>,
}

/// Answer of [`Statics::solve`].
#[derive(Debug)]
pub struct Answer {
    /// Displacements, mm, 3 per node.
    pub displacements: Vec<f64>,
    /// K u, N, 3 per node: applied forces plus reactions.
    pub internal_forces: Vec<f64>,
    /// Strains and stresses.
    pub fields: PointFields,
}

impl Statics {
    /// Free body without loads.
    pub fn new(mesh: Mesh, stiffness: Stiffness, element: &'static dyn Element) -> Self {
        let n = 3 * mesh.n_nodes();
        Self {
            mesh,
            section: Section { stiffness, element },
            forces: vec![0.0; n],
            prescribed: vec![None; n],
        }
    }

    /// Prescribes displacements of the nodes of a facet set; `None` leaves a component free.
    pub fn hold(&mut self, set: &str, displacement: impl Fn(Vec3) -> [Option<f64>; 3]) {
        for node in nodes_of(&self.mesh, set) {
            for (axis, value) in displacement(self.mesh.points[node]).into_iter().enumerate() {
                if value.is_some() {
                    self.prescribed[3 * node + axis] = value;
                }
            }
        }
    }

    /// Adds a traction, MPa, as a function of position and outward normal.
    pub fn pull(&mut self, set: &str, traction: impl Fn(Vec3, Vec3) -> Vec3) {
        forces::add_traction(&self.mesh.points, facets_of(&self.mesh, set), traction, &mut self.forces);
    }

    /// Stiffness matrix without supports.
    pub fn matrix(&self) -> BlockMatrix {
        Assembler::new(self.mesh.n_nodes(), &self.mesh.cells, &[])
            .and_then(|a| a.assemble(&self.mesh.points, &[self.section], &vec![0; self.mesh.n_cells()]))
            .expect("structured mesh")
    }

    /// Displacements and stresses.
    pub fn solve(&self) -> Answer {
        let mut matrix = self.matrix();
        let unsupported = matrix.clone();
        let mut x: Vec<f64> = self.prescribed.iter().map(|p| p.unwrap_or(0.0)).collect();
        let mut b = vec![0.0; x.len()];
        matrix.matvec(&x, &mut b);
        for (b, f) in b.iter_mut().zip(&self.forces) {
            *b = f - *b;
        }
        let fixed: Vec<bool> = self.prescribed.iter().map(Option::is_some).collect();
        matrix.fix(&fixed);
        for (i, d) in matrix.diagonal().into_iter().enumerate().filter(|(i, _)| fixed[*i]) {
            b[i] = d * x[i];
        }
        let system = System {
            coordinates: self.mesh.points.iter().map(|p| (*p).into()).collect(),
            parents: self.mesh.parents(),
            modes: Vec::new(),
        };
        let mut solver = Cholesky::new();
        solver.prepare(&matrix, &system).expect("supported body");
        // One solve with the factor reaches round-off. In a slender beam the terms of K u are up to 10⁹ times
        // larger than the load, so that round-off of K u alone is 1e-9 of it.
        solver.solve(&matrix, &b, &mut x, 1e-8).expect("a direct solve of a regular matrix");
        let mut internal_forces = vec![0.0; x.len()];
        unsupported.matvec(&x, &mut internal_forces);
        let section_of = vec![0; self.mesh.n_cells()];
        let fields = recover(&self.mesh.points, &self.mesh.cells, &[self.section], &section_of, &x)
            .expect("structured mesh");
        Answer { displacements: x, internal_forces, fields }
    }
}

impl Answer {
    /// Displacement of a node, mm.
    pub fn at(&self, node: usize) -> Vec3 {
        Vec3::from_column_slice(&self.displacements[3 * node..3 * node + 3])
    }

    /// Sum of K u over nodes, N: the force that supports and loads put on them.
    pub fn force_on(&self, nodes: &[usize]) -> Vec3 {
        nodes.iter().map(|&n| Vec3::from_column_slice(&self.internal_forces[3 * n..3 * n + 3])).sum()
    }
}

/// Errors ‖u_h − u‖ in L2 (mm · mm^1.5) and √(∫ (ε_h − ε) : C : (ε_h − ε)), rule of degree 5.
///
/// - `exact(x)`: displacement and its gradient ∂uᵢ/∂xⱼ
pub fn errors(
    mesh: &Mesh,
    stiffness: &Stiffness,
    displacements: &[f64],
    exact: impl Fn(Vec3) -> (Vec3, Matrix3<f64>),
) -> [f64; 2] {
    let (mut square, mut energy) = (0.0, 0.0);
    for cell in &mesh.cells {
        let points = cell.map(|n| mesh.points[n as usize]);
        let u = cell.map(|n| Vec3::from_column_slice(&displacements[3 * n as usize..][..3]));
        for (xi, w) in quadrature::TET_14.iter() {
            let (gradients, jacobian) = tet10::spatial_gradients(&points, xi);
            let n = tet10::values(xi);
            let found: Vec3 = n.iter().zip(&u).map(|(n, u)| *n * u).sum();
            let mut slope = Matrix3::zeros();
            for (g, u) in gradients.iter().zip(&u) {
                slope += u * Vec3::from(*g).transpose();
            }
            let (exact_u, exact_slope) = exact(tet10::position(&points, xi));
            let strain = tensor::small_strain(&(slope - exact_slope));
            let stress = tensor::apply(stiffness, &strain);
            square += w * jacobian * (found - exact_u).norm_squared();
            energy += w * jacobian * 2.0 * tensor::energy_density(&stress, &strain);
        }
    }
    [square.sqrt(), energy.sqrt()]
}

/// Observed order of convergence between two meshes.
pub fn order(coarse: (f64, f64), fine: (f64, f64)) -> f64 {
    // (mesh size, error)
    (coarse.1 / fine.1).ln() / (coarse.0 / fine.0).ln()
}
