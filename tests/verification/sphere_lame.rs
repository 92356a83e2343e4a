//! Thick sphere under internal pressure.
//!
//! Source: Lamé (1852); Timoshenko & Goodier (1970), Theory of Elasticity, 3rd ed., §136.
//!
//! ```text
//!      z          octant of the shell 10 ≤ r ≤ 20 mm, symmetry on x = 0, y = 0, z = 0, curved cells
//!      |\         p = 100 MPa inside, E = 210 GPa
//!      |  \
//!      |__  \     σ_θ(r) = p a³ / (b³ − a³) · (1 + b³ / (2 r³))
//!     p \ |  |    u(r)   = p a³ r / (E (b³ − a³)) · (1 − 2 ν + (1 + ν) b³ / (2 r³))
//!        \|__|__ x
//! ```

use dens_mesher::Vec3;
use dens_solver::elements::{Displacement, Element, MeanDilatation};
use dens_solver::recover::average_at_nodes;
use dens_solver::tensor::{isotropic, stress_tensor};
use dens_tests::{Answer, Statics, nodes_of, sphere_octant};

const A: f64 = 10.0;
const B: f64 = 20.0;
const P: f64 = 100.0;
const E: f64 = 210e3;

fn factor() -> f64 {
    P * A.powi(3) / (B.powi(3) - A.powi(3))
}

fn hoop(r: f64) -> f64 {
    factor() * (1.0 + 0.5 * (B / r).powi(3))
}

fn radial(r: f64, nu: f64) -> f64 {
    factor() * r / E * (1.0 - 2.0 * nu + 0.5 * (1.0 + nu) * (B / r).powi(3))
}

fn solve(nu: f64, element: &'static dyn Element, n: usize, layers: usize) -> (Statics, Answer) {
    let mut statics = Statics::new(sphere_octant(A, B, n, layers), isotropic(E, nu), element);
    statics.hold("x-", |_| [Some(0.0), None, None]);
    statics.hold("y-", |_| [None, Some(0.0), None]);
    statics.hold("z-", |_| [None, None, Some(0.0)]);
    statics.pull("inner", |_, n| -P * n);
    let answer = statics.solve();
    (statics, answer)
}

/// Worst relative error of the radial displacement over the nodes of a set.
fn worst_displacement(statics: &Statics, answer: &Answer, set: &str, exact: f64) -> f64 {
    let points = &statics.mesh.points;
    nodes_of(&statics.mesh, set)
        .into_iter()
        .map(|n| (answer.at(n).dot(&points[n].normalize()) / exact - 1.0).abs())
        .fold(0.0, f64::max)
}

/// Mean of the hoop stress over the nodes of a set, averaged from cells.
fn mean_hoop(statics: &Statics, answer: &Answer, set: &str) -> f64 {
    let mesh = &statics.mesh;
    let fields = &answer.fields;
    let stresses = average_at_nodes(mesh.n_nodes(), &mesh.cells, &fields.weights, |_| true, &fields.stresses);
    let nodes = nodes_of(mesh, set);
    let sum: f64 = nodes
        .iter()
        .map(|&n| {
            let stress = stress_tensor(&stresses[n].expect("every node has a cell"));
            let radial: Vec3 = mesh.points[n].normalize();
            0.5 * (stress.trace() - radial.dot(&(stress * radial)))
        })
        .sum();
    sum / nodes.len() as f64
}

#[test]
fn closed_form_agrees_with_the_printed_values() {
    for (found, printed) in [
        (hoop(A), 71.4286),
        (hoop(B), 21.4286),
        (1e3 * radial(A, 0.3), 3.80952),
        (1e3 * radial(B, 0.3), 1.42857),
        (1e3 * radial(A, 0.4999), 4.08150),
        (1e3 * radial(B, 0.4999), 1.02061),
    ] {
        // Six digits are printed.
        assert!((found / printed - 1.0).abs() < 5e-6, "{found} {printed}");
    }
}

#[test]
fn displacement_and_hoop_stress_of_the_sphere_are_within_half_a_per_cent() {
    let (statics, answer) = solve(0.3, &Displacement, 5, 6);
    for (set, r) in [("inner", A), ("outer", B)] {
        let error = worst_displacement(&statics, &answer, set, radial(r, 0.3));
        assert!(error < 0.005, "{set}: {error}");
        let stress = mean_hoop(&statics, &answer, set);
        assert!((stress / hoop(r) - 1.0).abs() < 0.005, "{set}: {stress} {}", hoop(r));
    }
}

#[test]
fn nearly_incompressible_sphere_does_not_lock_with_mean_dilatation() {
    let (statics, answer) = solve(0.4999, &MeanDilatation, 4, 4);
    for (set, r) in [("inner", A), ("outer", B)] {
        let error = worst_displacement(&statics, &answer, set, radial(r, 0.4999));
        assert!(error < 0.005, "{set}: {error}");
    }
}
