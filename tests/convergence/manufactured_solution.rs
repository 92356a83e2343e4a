//! Manufactured solution on the unit cube: orders of convergence in displacement and energy.
//!
//! Source of the method: Roache (2002), Code verification by the method of manufactured solutions, J. Fluids
//! Eng. 124, 4-10. Theory of the orders: Strang & Fix (1973), An Analysis of the Finite Element Method, ch. 3.
//!
//! ```text
//! u = Σ d sin(k·x + φ)  +  (x²y², y z³, x⁴)/4          two plane waves and a quartic
//! b = −μ Δu − (λ + μ) ∇(∇·u)
//! ```
//! u prescribed on all faces but z = 1, where the exact traction acts. E = 1000 MPa, ν = 0.3; meshes of n³ bricks
//! moved by a smooth map, cells straight.

use dens_mesher::Vec3;
use dens_mesher::mesh::EDGE_CORNERS;
use dens_solver::assembly::forces;
use dens_solver::elements::{Displacement, Element, MeanDilatation};
use dens_solver::tensor;
use dens_tests::{Statics, block, errors, order};
use nalgebra::Matrix3;

const E: f64 = 1000.0;
const NU: f64 = 0.3;

/// Direction, wave vector and phase of the two waves.
const WAVES: [[f64; 7]; 2] = [[0.3, -0.5, 0.8, 2.0, 1.0, -1.5, 0.4], [-0.6, 0.4, 0.5, -1.0, 2.5, 1.2, 1.1]];

fn waves() -> impl Iterator<Item = (Vec3, Vec3, f64)> {
    WAVES.iter().map(|w| (Vec3::new(w[0], w[1], w[2]), Vec3::new(w[3], w[4], w[5]), w[6]))
}

/// Displacement and its gradient.
fn exact(p: Vec3) -> (Vec3, Matrix3<f64>) {
    let [x, y, z]: [f64; 3] = p.into();
    let mut u = 0.25 * Vec3::new(x * x * y * y, y * z.powi(3), x.powi(4));
    let mut g = 0.25
        * Matrix3::new(
            2.0 * x * y * y,
            2.0 * x * x * y,
            0.0, //
            0.0,
            z.powi(3),
            3.0 * y * z * z, //
            4.0 * x.powi(3),
            0.0,
            0.0,
        );
    for (d, k, phase) in waves() {
        u += d * (k.dot(&p) + phase).sin();
        g += d * k.transpose() * (k.dot(&p) + phase).cos();
    }
    (u, g)
}

fn body_force(p: Vec3) -> Vec3 {
    let (lambda, mu) = (E * NU / ((1.0 + NU) * (1.0 - 2.0 * NU)), E / (2.0 * (1.0 + NU)));
    let [x, y, z]: [f64; 3] = p.into();
    let mut laplacian = 0.25 * Vec3::new(2.0 * y * y + 2.0 * x * x, 6.0 * y * z, 12.0 * x * x);
    let mut grad_div = 0.25 * Vec3::new(2.0 * y * y, 4.0 * x * y, 3.0 * z * z);
    for (d, k, phase) in waves() {
        let s = (k.dot(&p) + phase).sin();
        laplacian -= k.norm_squared() * s * d;
        grad_div -= d.dot(&k) * s * k;
    }
    -mu * laplacian - (lambda + mu) * grad_div
}

/// Errors in displacement and energy on a mesh of n³ bricks.
fn errors_at(n: usize, element: &'static dyn Element) -> [f64; 2] {
    let stiffness = tensor::isotropic(E, NU);
    let mut mesh = block([1.0; 3], [n; 3], |p| {
        // Bubble in the cube: the faces stay plane.
        let bubble = 0.6 * p.iter().map(|c| c * (1.0 - c)).product::<f64>();
        p + Vec3::new(bubble, -0.7 * bubble, 0.5 * bubble)
    });
    for cell in mesh.cells.clone() {
        for (k, [a, b]) in EDGE_CORNERS.into_iter().enumerate() {
            mesh.points[cell[4 + k] as usize] =
                0.5 * (mesh.points[cell[a] as usize] + mesh.points[cell[b] as usize]);
        }
    }
    let mut statics = Statics::new(mesh, stiffness, element);
    forces::add_body_force(
        &statics.mesh.points,
        &statics.mesh.cells,
        |_, p| body_force(p),
        &mut statics.forces,
    );
    statics.pull("z+", |p, n| {
        tensor::stress_tensor(&tensor::apply(&stiffness, &tensor::small_strain(&exact(p).1))) * n
    });
    for set in ["x-", "x+", "y-", "y+", "z-"] {
        statics.hold(set, |p| {
            let u = exact(p).0;
            [Some(u.x), Some(u.y), Some(u.z)]
        });
    }
    errors(&statics.mesh, &stiffness, &statics.solve().displacements, exact)
}

/// Orders in displacement and energy between successive meshes.
fn orders(sizes: [usize; 4], element: &'static dyn Element) -> Vec<[f64; 2]> {
    let found = sizes.map(|n| errors_at(n, element));
    (1..4)
        .map(|i| {
            let h = |i: usize| 1.0 / sizes[i] as f64;
            std::array::from_fn(|k| order((h(i - 1), found[i - 1][k]), (h(i), found[i][k])))
        })
        .collect()
}

#[test]
fn tet10_displacement_converges_at_order_three_and_energy_at_order_two() {
    let orders = orders([2, 4, 6, 9], &Displacement);
    // 0.1 for what is left of higher terms on meshes this coarse.
    for pair in &orders {
        assert!((pair[0] - 3.0).abs() < 0.1 && (pair[1] - 2.0).abs() < 0.1, "{orders:?}");
    }
}

#[test]
fn mean_dilatation_converges_at_least_at_order_two_in_displacement_and_one_in_energy() {
    let orders = orders([4, 6, 8, 12], &MeanDilatation);
    // The constant dilatation takes over slowly from the quadratic deviator: orders rise with refinement.
    assert!(orders.is_sorted_by(|a, b| a[0] < b[0] && a[1] < b[1]), "{orders:?}");
    assert!(1.9 < orders[2][0] && 0.9 < orders[2][1], "{orders:?}");
}
