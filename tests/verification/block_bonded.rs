//! Apparent modulus of a cube squeezed between bonded plates, up to nearly incompressible.
//!
//! Source of the values: independent p-version computation, accurate to about 0.05 %.
//!
//! ```text
//!   ======   ↓ δ     cube 1 × 1 × 1, u = 0 below, u = (0, 0, −δ) above, sides free
//!   |    |           E_a = F / (A ε)
//!   |____|           4 × 4 × 4 bricks of six tet10
//!   ======
//! ```

use dens_solver::elements::{Displacement, Element, MeanDilatation};
use dens_solver::tensor::isotropic;
use dens_tests::{Statics, block, nodes_of};

const RATIOS: [(f64, f64); 5] =
    [(0.3, 1.0639), (0.45, 1.1729), (0.49, 1.2201), (0.499, 1.2324), (0.4999, 1.2337)];

fn apparent(nu: f64, element: &'static dyn Element) -> f64 {
    let mut statics = Statics::new(block([1.0; 3], [4; 3], |x| x), isotropic(1.0, nu), element);
    statics.hold("z-", |_| [Some(0.0); 3]);
    statics.hold("z+", |_| [Some(0.0), Some(0.0), Some(-0.01)]);
    let answer = statics.solve();
    -answer.force_on(&nodes_of(&statics.mesh, "z+")).z / 0.01
}

#[test]
fn apparent_modulus_with_mean_dilatation_is_within_one_and_a_half_per_cent() {
    for (nu, expected) in RATIOS {
        let found = apparent(nu, &MeanDilatation);
        assert!((found / expected - 1.0).abs() < 0.015, "nu {nu}: {found} {expected}");
    }
}

#[test]
fn plain_tet10_is_good_at_moderate_poissons_ratio_and_locks_near_one_half() {
    let moderate = apparent(0.3, &Displacement);
    assert!((moderate / 1.0639 - 1.0).abs() < 0.015, "{moderate}");
    // The reason for the other formulation: without it the error is larger by a multiple.
    let error = |element| (apparent(0.4999, element) / 1.2337 - 1.0).abs();
    assert!(2.0 * error(&MeanDilatation as &'static dyn Element) < error(&Displacement));
}
