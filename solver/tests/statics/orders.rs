//! Manufactured solution on the unit cube: orders of convergence in displacement and energy.
//!
//! Source of the method: Roache (2002), Code verification by the method of manufactured solutions, J. Fluids
//! Eng. 124, 4-10. Theory of the orders: Strang & Fix (1973), An Analysis of the Finite Element Method, ch. 3.
//!
//! ```text
//! u = Σ d sin(k·x + φ)        b = −μ Δu − (λ + μ) ∇(∇·u)        u prescribed on all faces
//! ```
//! E = 1000 MPa, ν = 0.3; meshes of n³ bricks moved by a smooth map, cells with straight edges.

use crate::mesh::{block, body, boundary_nodes, elastic, stir};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use dens_mesher::mixed::MixedMesh;
use dens_solver::statics::{Constraints, Dof, Formulation, Load, Options, Statics};
use dens_solver::tensor::{self, isotropic, small_strain};
use nalgebra::Matrix3;

const E: f64 = 1000.0;
const NU: f64 = 0.3;

/// Direction, wave vector and phase of the two waves.
const WAVES: [[f64; 7]; 2] = [[0.3, -0.5, 0.8, 2.0, 1.0, -1.5, 0.4], [-0.6, 0.4, 0.5, -1.0, 2.5, 1.2, 1.1]];

fn waves() -> impl Iterator<Item = (Vec3, Vec3, f64)> {
    WAVES.iter().map(|w| (Vec3::new(w[0], w[1], w[2]), Vec3::new(w[3], w[4], w[5]), w[6]))
}

/// Displacement and its gradient.
pub(crate) fn exact(x: Vec3) -> (Vec3, Matrix3<f64>) {
    let (mut u, mut g) = (Vec3::zeros(), Matrix3::zeros());
    for (d, k, phase) in waves() {
        u += d * (k.dot(&x) + phase).sin();
        g += d * k.transpose() * (k.dot(&x) + phase).cos();
    }
    (u, g)
}

fn body_force(x: Vec3) -> Vec3 {
    let (lambda, mu) = (E * NU / ((1.0 + NU) * (1.0 - 2.0 * NU)), E / (2.0 * (1.0 + NU)));
    waves()
        .map(|(d, k, phase)| {
            (k.dot(&x) + phase).sin() * (mu * k.norm_squared() * d + (lambda + mu) * k.dot(&d) * k)
        })
        .sum()
}

/// Calls `visit(nodes, shape functions, gradients, position, volume)` at the points of the richest rules.
fn at_points(mesh: &MixedMesh, mut visit: impl FnMut(&[u32], &[f64], &[[f64; 3]], Vec3, f64)) {
    for cell in 0..mesh.n_cells() {
        let shape = mesh.shapes()[cell].cell();
        let nodes = mesh.cell(cell);
        let points = mesh.cell_points(cell);
        let points = &points[..nodes.len()];
        let (mut n, mut g) = (vec![0.0; nodes.len()], vec![[0.0; 3]; nodes.len()]);
        let rules = shape.rules();
        for (xi, w) in rules[rules.len() - 1].iter() {
            shape.values(xi, &mut n);
            shape.gradients(xi, &mut g);
            let reference = g.clone();
            let ratio = mapping::spatial_gradients(points, &reference, &mut g);
            visit(nodes, &n, &g, mapping::position(shape, points, xi), w * ratio);
        }
    }
}

/// Displacements of the manufactured problem.
pub(crate) fn solution(mesh: MixedMesh, formulation: Formulation) -> (dens_solver::statics::Body, Vec<Vec3>) {
    let mut forces = vec![Vec3::zeros(); mesh.n_nodes()];
    at_points(&mesh, |nodes, n, _, x, volume| {
        for (&node, n) in nodes.iter().zip(n) {
            forces[node as usize] += *n * volume * body_force(x);
        }
    });
    let dofs = |node: u32| (0..3).map(move |axis| Dof { node, axis });
    let held = boundary_nodes(&mesh);
    let load = Load {
        forces: (0..mesh.n_nodes() as u32)
            .flat_map(dofs)
            .map(|d| (d, forces[d.node as usize][usize::from(d.axis)]))
            .collect(),
        prescribed: held.iter().flat_map(|&n| <[f64; 3]>::from(exact(mesh.points()[n as usize]).0)).collect(),
        ..Load::default()
    };
    let constraints =
        Constraints { supports: held.iter().flat_map(|&n| dofs(n)).collect(), ..Constraints::default() };
    let body = body(mesh, formulation, elastic(isotropic(E, NU)));
    let options = Options { tolerance: 1e-10, ..Options::default() };
    let answer = Statics::new(&body, &constraints, &options)
        .and_then(|s| s.solve(&[load]))
        .expect("held body")
        .remove(0);
    let displacements = answer.displacements;
    (body, displacements)
}

/// Errors in L2 and energy.
fn errors(formulation: Formulation, n: usize) -> [f64; 2] {
    let mesh = block(formulation.shape(), [1.0; 3], [n; 3], false, stir);
    let (body, u) = solution(mesh, formulation);
    let (mut square, mut energy) = (0.0, 0.0);
    let c = isotropic(E, NU);
    at_points(body.mesh(), |nodes, n, g, x, volume| {
        let (exact_u, exact_g) = exact(x);
        let (mut found, mut slope) = (Vec3::zeros(), Matrix3::zeros());
        for ((&node, n), g) in nodes.iter().zip(n).zip(g) {
            found += *n * u[node as usize];
            slope += u[node as usize] * Vec3::from(*g).transpose();
        }
        let strain = small_strain(&(slope - exact_g));
        square += volume * (found - exact_u).norm_squared();
        energy += volume * 2.0 * tensor::energy_density(&tensor::apply(&c, &strain), &strain);
    });
    [square.sqrt(), energy.sqrt()]
}

fn converges(formulation: Formulation, n: [usize; 2], displacement: f64, stress: f64) {
    let (coarse, fine) = (errors(formulation, n[0]), errors(formulation, n[1]));
    let ratio = (n[1] as f64 / n[0] as f64).ln();
    let order: [f64; 2] = std::array::from_fn(|k| (coarse[k] / fine[k]).ln() / ratio);
    // 0.1: pre-asymptotic part on these meshes.
    assert!((order[0] - displacement).abs() < 0.1, "{formulation:?}: displacement {order:?}");
    assert!((order[1] - stress).abs() < 0.1, "{formulation:?}: energy {order:?}");
}

#[test]
fn linear_cells_converge_at_orders_two_and_one() {
    for formulation in [
        Formulation::Tet4,
        Formulation::Hex8,
        Formulation::Hex8Full,
        Formulation::Hex8Incompatible,
        Formulation::Wedge6,
    ] {
        converges(formulation, [8, 14], 2.0, 1.0);
    }
}

#[test]
fn quadratic_cells_converge_at_orders_three_and_two() {
    for formulation in
        [Formulation::Tet10, Formulation::Tet10FourPoints, Formulation::Hex20, Formulation::Wedge15]
    {
        converges(formulation, [4, 8], 3.0, 2.0);
    }
}

#[test]
fn reduced_hex20_converges_like_the_full_one() {
    converges(Formulation::Hex20Reduced, [4, 8], 3.0, 2.0);
}
