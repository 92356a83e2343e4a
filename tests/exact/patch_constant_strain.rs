//! Patch test: a linear displacement on the boundary of distorted cells gives one stress everywhere.
//!
//! Source: Taylor, Simo, Zienkiewicz & Chan (1986), The patch test: a condition for assessing FEM convergence,
//! Int. J. Numer. Methods Eng. 22, 39-62, test B.
//!
//! ```text
//!   +--------+      3 × 3 × 3 bricks of six tet10, 162 cells; nodes inside moved by up to an eighth of a brick,
//!  /|  ~ ~  /|      u = G x prescribed on the whole surface, nothing inside
//! +--------+ |      G: six matrices, one per strain component, each with a rotation added
//! | | ~ ~  | |
//! | +------|-+      E = 1000 MPa, ν = 0.3; and an anisotropic solid
//! |/       |/
//! +--------+
//! ```

use dens_mesher::Vec3;
use dens_mesher::mesh::{EDGE_CORNERS, Mesh};
use dens_mesher::mixed::Shape;
use dens_solver::elements::CATALOGUE;
use dens_solver::tensor::{self, Stiffness};
use dens_tests::{Statics, block};
use nalgebra::{Matrix3, Rotation3};

/// Whether mid-edge nodes stay on their edges.
#[derive(Clone, Copy, PartialEq)]
enum Edges {
    Straight,
    Curved,
}

fn distorted(edges: Edges) -> Mesh {
    let n = 3;
    // Fixed irrational phases: deterministic, no symmetry.
    let shift = |x: Vec3, size: f64| {
        let wave = |a: f64, b: f64, c: f64| size * (a * x.x + b * x.y + c * x.z).sin();
        Vec3::new(wave(7.3, 3.1, 5.7), wave(2.9, 8.3, -4.1), wave(-6.1, 4.7, 3.3))
    };
    let inside = |x: Vec3| x.iter().all(|c| 1e-9 < *c && *c < 1.0 - 1e-9);
    let mut mesh = block([1.0; 3], [n; 3], |x| x);
    let corner: Vec<bool> = mesh.parents().iter().map(|[a, b]| a == b).collect();
    for (p, corner) in mesh.points.iter_mut().zip(&corner) {
        if *corner && inside(*p) {
            *p += shift(*p, 1.0 / 24.0);
        }
    }
    let cells = mesh.cells.clone();
    for cell in &cells {
        for (k, [a, b]) in EDGE_CORNERS.into_iter().enumerate() {
            let middle = 0.5 * (mesh.points[cell[a] as usize] + mesh.points[cell[b] as usize]);
            let bend = if edges == Edges::Curved && inside(middle) { 1.0 / 60.0 } else { 0.0 };
            mesh.points[cell[4 + k] as usize] = middle + shift(middle, bend);
        }
    }
    mesh
}

/// A cubic solid like a soft lattice, turned so that all 36 entries are filled.
fn lattice() -> Stiffness {
    let mut c = [[0.0; 6]; 6];
    for i in 0..3 {
        c[i] = [200.0, 200.0, 200.0, 0.0, 0.0, 0.0];
        c[i][i] = 1000.0;
        c[i + 3][i + 3] = 150.0;
    }
    tensor::rotate(&c, Rotation3::from_euler_angles(0.4, -0.7, 1.1).matrix())
}

fn passes(edges: Edges) {
    for &element in CATALOGUE.iter().filter(|e| e.shape() == Shape::Tet10) {
        for stiffness in [tensor::isotropic(1000.0, 0.3), lattice()] {
            for component in 0..6 {
                let [i, j] = tensor::PAIRS[component];
                let mut gradient = Matrix3::zeros();
                gradient[(i, j)] += 1e-3;
                gradient += 5e-4 * Vec3::new(0.3, -0.8, 0.5).cross_matrix();
                let mut statics = Statics::new(distorted(edges), stiffness, element);
                for set in ["x-", "x+", "y-", "y+", "z-", "z+"] {
                    statics.hold(set, |x| {
                        let u = gradient * x;
                        [Some(u.x), Some(u.y), Some(u.z)]
                    });
                }
                let answer = statics.solve();
                for (node, x) in statics.mesh.points.iter().enumerate() {
                    // 1e-10 of the largest displacement: round-off of the solve.
                    assert!(
                        (answer.at(node) - gradient * x).norm() < 1e-13,
                        "{} node {node}",
                        element.name()
                    );
                }
                let exact = tensor::apply(&stiffness, &tensor::small_strain(&gradient));
                let scale = exact.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
                for stress in answer.fields.stresses.iter().flatten() {
                    for k in 0..6 {
                        assert!((stress[k] - exact[k]).abs() < 1e-10 * scale, "{}", element.name());
                    }
                }
            }
        }
    }
}

#[test]
fn six_constant_strains_are_exact_on_distorted_straight_cells() {
    passes(Edges::Straight);
}

#[test]
fn six_constant_strains_are_exact_on_curved_cells() {
    passes(Edges::Curved);
}
