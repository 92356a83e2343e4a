//! Orders of convergence of every formulation on the manufactured problem of `verification::manufactured`.

use dens_solver::statics::Formulation;
use dens_solver::tensor::isotropic;
use dens_solver::verification::manufactured::errors_at;

fn converges(formulation: Formulation, n: [usize; 2], displacement: f64, stress: f64) {
    let law = isotropic(1000.0, 0.3);
    let [coarse, fine] = n.map(|n| errors_at(n, formulation, &law).expect("a sound mesh"));
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
