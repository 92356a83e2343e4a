//! Thick cylinder under internal pressure in plane strain.
//!
//! Source: Lamé (1852); Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §28.
//!
//! ```text
//!   y        quarter ring 10 ≤ r ≤ 20 mm, one brick thick, u_z = 0 on both faces, curved cells
//!   |╲       p = 100 MPa inside, E = 210 GPa
//!   |  ╲
//!   |__  |   σ_θ(r) = p a² / (b² − a²) · (1 + b² / r²)
//!      ╲ |   u(r)   = (1 + ν) p a² r / (E (b² − a²)) · (1 − 2 ν + b² / r²)
//!       ||__ x
//! ```

use dens_mesher::Vec3;
use dens_solver::elements::{Displacement, Element, MeanDilatation};
use dens_solver::recover::average_at_nodes;
use dens_solver::tensor::isotropic;
use dens_tests::{Answer, Statics, block, nodes_of};
use std::f64::consts::FRAC_PI_2;

const A: f64 = 10.0;
const B: f64 = 20.0;
const P: f64 = 100.0;
const E: f64 = 210e3;

fn radial(r: f64, nu: f64) -> f64 {
    (1.0 + nu) * P * A * A * r / (E * (B * B - A * A)) * (1.0 - 2.0 * nu + (B / r).powi(2))
}

fn hoop(r: f64) -> f64 {
    P * A * A / (B * B - A * A) * (1.0 + (B / r).powi(2))
}

fn solve(nu: f64, element: &'static dyn Element, n: [usize; 3]) -> (Statics, Answer) {
    let mesh = block([1.0, 1.0, 1.0], n, |x| {
        let r = A * (B / A).powf(x.x);
        let (sin, cos) = (FRAC_PI_2 * x.y).sin_cos();
        Vec3::new(r * cos, r * sin, x.z)
    });
    let mut statics = Statics::new(mesh, isotropic(E, nu), element);
    statics.hold("z-", |_| [None, None, Some(0.0)]);
    statics.hold("z+", |_| [None, None, Some(0.0)]);
    statics.hold("y-", |_| [None, Some(0.0), None]);
    statics.hold("y+", |_| [Some(0.0), None, None]);
    statics.pull("x-", |_, n| -P * n);
    let answer = statics.solve();
    (statics, answer)
}

fn check_displacements(nu: f64, statics: &Statics, answer: &Answer) {
    for (set, r) in [("x-", A), ("x+", B)] {
        for node in nodes_of(&statics.mesh, set) {
            let x = statics.mesh.points[node];
            let found = answer.at(node).dot(&Vec3::new(x.x, x.y, 0.0)) / r;
            assert!((found / radial(r, nu) - 1.0).abs() < 0.005, "{set}: {found} {}", radial(r, nu));
        }
    }
}

#[test]
fn displacement_and_hoop_stress_of_the_cylinder_are_within_half_a_per_cent() {
    let (statics, answer) = solve(0.3, &Displacement, [8, 8, 1]);
    check_displacements(0.3, &statics, &answer);
    let mesh = &statics.mesh;
    let stresses = average_at_nodes(
        mesh.n_nodes(),
        &mesh.cells,
        &answer.fields.weights,
        |_| true,
        &answer.fields.stresses,
    );
    for (set, r) in [("x-", A), ("x+", B)] {
        let nodes = nodes_of(mesh, set);
        let sum: f64 = nodes
            .iter()
            .map(|&n| {
                let [xx, yy, _, _, _, xy] = stresses[n].expect("every node has a cell");
                let (x, y) = (mesh.points[n].x / r, mesh.points[n].y / r);
                xx * y * y + yy * x * x - 2.0 * x * y * xy
            })
            .sum();
        let found = sum / nodes.len() as f64;
        assert!((found / hoop(r) - 1.0).abs() < 0.005, "{set}: {found} {}", hoop(r));
    }
}

#[test]
fn nearly_incompressible_cylinder_does_not_lock_with_mean_dilatation() {
    let (statics, answer) = solve(0.4999, &MeanDilatation, [8, 8, 1]);
    check_displacements(0.4999, &statics, &answer);
}

#[test]
fn closed_form_agrees_with_the_printed_values() {
    for (found, printed) in [
        (hoop(A), 166.667),
        (hoop(B), 66.667),
        (1e3 * radial(A, 0.3), 9.07937),
        (1e3 * radial(B, 0.3), 5.77778),
        (1e3 * radial(A, 0.4999), 9.52365),
        (1e3 * radial(B, 0.4999), 4.76254),
    ] {
        // Five or six digits are printed.
        assert!((found / printed - 1.0).abs() < 1e-5, "{found} {printed}");
    }
}
