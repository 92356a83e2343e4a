//! Tip deflection of a short cantilever.
//!
//! Source: Timoshenko & Gere (1972), Mechanics of Materials, §7.12; shear factor 5/6 of a rectangle.
//!
//! ```text
//! //|--------------------|        L = 10, square section 1 × 1
//! //|                    | ↓ P    E = 1000 MPa, ν = 0.3, P = 1 N spread over the end face
//! //|--------------------|        u = 0 on x = 0
//!
//! w = P L³ / (3 E I) + P L / (5/6 G A) = 4.000 + 0.031 = 4.031 mm
//! ```

use dens_mesher::Vec3;
use dens_solver::elements::{Displacement, MeanDilatation};
use dens_solver::tensor::isotropic;
use dens_tests::{Statics, block, nodes_of};

fn tip(element: &'static dyn dens_solver::elements::Element, n: [usize; 3]) -> f64 {
    let mut statics = Statics::new(block([10.0, 1.0, 1.0], n, |x| x), isotropic(1000.0, 0.3), element);
    statics.hold("x-", |_| [Some(0.0); 3]);
    statics.pull("x+", |_, _| Vec3::new(0.0, 0.0, -1.0));
    let answer = statics.solve();
    let end = nodes_of(&statics.mesh, "x+");
    let root = answer.force_on(&nodes_of(&statics.mesh, "x-"));
    // Round-off of a sum whose terms are 1e9 times the load, see `Statics::solve`.
    assert!((root - Vec3::new(0.0, 0.0, 1.0)).norm() < 1e-6, "reaction balances the load: {root}");
    -end.iter().map(|&n| answer.at(n).z).sum::<f64>() / end.len() as f64
}

fn timoshenko() -> f64 {
    let (p, l, e, nu) = (1.0, 10.0_f64, 1000.0, 0.3);
    let (area, second_moment, shear) = (1.0, 1.0 / 12.0, e / (2.0 * (1.0 + nu)));
    p * l.powi(3) / (3.0 * e * second_moment) + p * l / (5.0 / 6.0 * shear * area)
}

#[test]
fn tip_of_a_cantilever_sinks_as_timoshenko_says() {
    assert!((timoshenko() - 4.031).abs() < 5e-4);
    // 1 %: the clamped root also holds back the lateral contraction, which beam theory leaves out.
    let w = tip(&Displacement, [40, 4, 4]);
    assert!((w / timoshenko() - 1.0).abs() < 0.01, "{w}");
    let w = tip(&MeanDilatation, [40, 4, 4]);
    assert!((w / timoshenko() - 1.0).abs() < 0.01, "mean dilatation: {w}");
}

#[test]
fn one_layer_of_cells_through_the_thickness_is_within_three_per_cent() {
    // What a thin cortex gets: two tetrahedra through the thickness of one brick.
    let w = tip(&Displacement, [10, 1, 1]);
    assert!((w / timoshenko() - 1.0).abs() < 0.03, "{w}");
}
