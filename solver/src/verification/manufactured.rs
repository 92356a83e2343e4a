//! Manufactured solution: orders of convergence of every element with two material laws.
//!
//! ```text
//! u = Σ d sin(k·x + φ)     σ = C ε(u)     b = −∇·σ = Σ (C : sym(d ⊗ k)) k sin(k·x + φ)
//! ```
//! on the unit cube with stirred cells, u prescribed on the whole boundary, b integrated by the richest rule of
//! the cell. Errors in L2 and in energy; the order is that between two meshes.

use super::mesh::{block, stir};
use super::problem::{Problem, Solved};
use super::{Check, Row, VerificationError};
use crate::statics::{Body, Dof, Formulation};
use crate::tensor::{Stiffness, apply, energy_density, isotropic, small_strain, stress_tensor};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{MAX_NODES, position, spatial_gradients};
use dens_mesher::mixed::MixedMesh;
use nalgebra::Matrix3;

pub(super) const CHECK: Check = Check {
    id: "MMS",
    title: "Manufactured solution: observed orders of every element, isotropic and orthotropic",
    source: "Roache (2002), J. Fluids Eng. 124, 4-10; orders: Strang & Fix (1973), ch. 3",
    run,
};

/// Direction, wave vector and phase of the two waves.
const WAVES: [[f64; 7]; 2] = [[0.3, -0.5, 0.8, 2.0, 1.0, -1.5, 0.4], [-0.6, 0.4, 0.5, -1.0, 2.5, 1.2, 1.1]];

fn waves() -> impl Iterator<Item = (Vec3, Vec3, f64)> {
    WAVES.iter().map(|w| (Vec3::new(w[0], w[1], w[2]), Vec3::new(w[3], w[4], w[5]), w[6]))
}

/// Displacement and its gradient.
pub fn exact(p: Vec3) -> (Vec3, Matrix3<f64>) {
    let (mut u, mut g) = (Vec3::zeros(), Matrix3::zeros());
    for (d, k, phase) in waves() {
        u += d * (k.dot(&p) + phase).sin();
        g += d * k.transpose() * (k.dot(&p) + phase).cos();
    }
    (u, g)
}

fn body_force(stiffness: &Stiffness, p: Vec3) -> Vec3 {
    let wave = |(d, k, phase): (Vec3, Vec3, f64)| {
        let strain = small_strain(&(d * k.transpose()));
        stress_tensor(&apply(stiffness, &strain)) * k * (k.dot(&p) + phase).sin()
    };
    waves().map(wave).sum()
}

/// Cortical bone, MPa: three planes of symmetry, axes as the cube.
fn orthotropic() -> Stiffness {
    let mut c = [[0.0; 6]; 6];
    let upper =
        [[18_000.0, 9_980.0, 10_100.0], [9_980.0, 20_200.0, 10_700.0], [10_100.0, 10_700.0, 27_600.0]];
    for (row, values) in c.iter_mut().zip(upper) {
        row[..3].copy_from_slice(&values);
    }
    (c[3][3], c[4][4], c[5][5]) = (6_230.0, 5_610.0, 4_520.0);
    c
}

/// Bricks along an edge of two meshes, and the orders that theory gives in L2 and energy.
fn plan(formulation: Formulation) -> ([usize; 2], [f64; 2]) {
    match formulation {
        Formulation::Tet4 => ([7, 12], [2.0, 1.0]),
        Formulation::Wedge6 => ([8, 14], [2.0, 1.0]),
        Formulation::Hex8 | Formulation::Hex8Full | Formulation::Hex8Incompatible => ([8, 14], [2.0, 1.0]),
        Formulation::Tet10 | Formulation::Tet10FourPoints => ([4, 7], [3.0, 2.0]),
        Formulation::Tet10MeanDilatation => ([12, 16], [2.0, 1.0]),
        Formulation::Wedge15 | Formulation::Hex20 | Formulation::Hex20Reduced => ([4, 7], [3.0, 2.0]),
    }
}

/// Calls `visit(nodes, shape functions, gradients, position, volume)` at the points of the richest rules.
fn at_points(mesh: &MixedMesh, mut visit: impl FnMut(&[u32], &[f64], &[[f64; 3]], Vec3, f64)) {
    for cell in 0..mesh.n_cells() {
        let shape = mesh.shapes()[cell].cell();
        let nodes = mesh.cell(cell);
        let points = &mesh.cell_points(cell)[..nodes.len()];
        let (mut n, mut reference) = ([0.0; MAX_NODES], [[0.0; 3]; MAX_NODES]);
        let (n, reference) = (&mut n[..nodes.len()], &mut reference[..nodes.len()]);
        let mut gradients = [[0.0; 3]; MAX_NODES];
        let gradients = &mut gradients[..nodes.len()];
        let rules = shape.rules();
        for (xi, w) in rules[rules.len() - 1].iter() {
            shape.values(xi, n);
            shape.gradients(xi, reference);
            let ratio = spatial_gradients(points, reference, gradients);
            visit(nodes, n, gradients, position(shape, points, xi), w * ratio);
        }
    }
}

/// Body and nodal displacements (mm) of the manufactured problem on a mesh of the unit cube.
///
/// # Errors
/// [`VerificationError::Statics`] when the mesh or the law is not sound.
pub fn solution(
    mesh: MixedMesh,
    formulation: Formulation,
    law: &Stiffness,
) -> Result<(Body, Vec<Vec3>), VerificationError> {
    let mut problem = Problem::new(mesh, formulation, *law)?;
    let on = problem.boundary_nodes();
    problem.hold_nodes(&on, |p| exact(p).0);
    let mesh = problem.body.mesh();
    let mut forces = vec![Vec3::zeros(); mesh.n_nodes()];
    at_points(mesh, |nodes, n, _, x, volume| {
        for (&node, n) in nodes.iter().zip(n) {
            forces[node as usize] += *n * volume * body_force(law, x);
        }
    });
    let free = (0..).zip(&forces).zip(&on).filter(|(_, on)| !**on);
    let dofs = |((node, f), _): ((u32, &Vec3), _)| {
        <[f64; 3]>::from(*f).into_iter().zip(0..).map(move |(f, axis)| (Dof { node, axis }, f))
    };
    problem.load.forces = free.flat_map(dofs).collect();
    let Solved { body, answer } = problem.solve()?;
    Ok((body, answer.displacements))
}

/// Errors of one formulation on n³ stirred bricks, see [`errors`].
///
/// # Errors
/// As [`solution`].
pub fn errors_at(n: usize, formulation: Formulation, law: &Stiffness) -> Result<[f64; 2], VerificationError> {
    let (body, u) = solution(block(formulation.shape(), [n; 3], false, stir), formulation, law)?;
    Ok(errors(&body, &u))
}

/// Errors √∫|u_h − u|² (mm²·⁵) and √∫(ε_h − ε) : C : (ε_h − ε) (√mJ) of a body of one material.
pub fn errors(body: &Body, u: &[Vec3]) -> [f64; 2] {
    let law = body.material(0).stiffness;
    let (mut square, mut energy) = (0.0, 0.0);
    at_points(body.mesh(), |nodes, n, gradients, x, volume| {
        let (exact_u, exact_slope) = exact(x);
        let (mut found, mut slope) = (Vec3::zeros(), Matrix3::zeros());
        for ((&node, n), g) in nodes.iter().zip(n).zip(gradients) {
            found += *n * u[node as usize];
            slope += u[node as usize] * Vec3::from(*g).transpose();
        }
        let strain = small_strain(&(slope - exact_slope));
        square += volume * (found - exact_u).norm_squared();
        energy += volume * 2.0 * energy_density(&apply(&law, &strain), &strain);
    });
    [square.sqrt(), energy.sqrt()]
}

fn run() -> Result<Vec<Row>, VerificationError> {
    let laws = [("isotropic", isotropic(1000.0, 0.3)), ("orthotropic", orthotropic())];
    let mut rows = Vec::new();
    for formulation in Formulation::ALL {
        let (sizes, theory) = plan(formulation);
        for (name, law) in &laws {
            let coarse = errors_at(sizes[0], formulation, law)?;
            let fine = errors_at(sizes[1], formulation, law)?;
            let refinement = (sizes[1] as f64 / sizes[0] as f64).ln();
            for (k, norm) in ["L2", "energy"].into_iter().enumerate() {
                let order = (coarse[k] / fine[k]).ln() / refinement;
                rows.push(Row::order(&format!("{formulation:?}, {name}, {norm}"), theory[k], order));
            }
        }
    }
    Ok(rows)
}
