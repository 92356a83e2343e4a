//! Signs that a replacement of C2 must show, where the model shows them, and why where it does not.
//!
//! One coarse mesh of the default case, 300 N, day 1: the numbers that `dens validate signs` prints.

use dens_cases::validation::signs::signs;
use dens_solver::model::Interpolation;

#[test]
fn a_replacement_shows_its_signs() {
    let s = signs(Interpolation::Quadratic).expect("equilibrium");
    // The facets of C2, which pressed there, are gone.
    assert!(s.masses.iter().all(|r| *r < 0.7), "lateral masses of C3 are unloaded: {s:?}");
    // Without rods and screws nothing but the implant carries. A force balance: the tolerance of the solve.
    assert!((s.share[2] - 1.0).abs() < 1e-3, "{s:?}");
    assert!(1.0 < s.endplate[1], "then the endplate of C3 is overloaded: {s:?}");
    // With rods from C1 to C4, and screws through the implant, by less: they take the rest.
    assert!(s.share[1] < 0.65 && 1.0 < s.endplate[0] && s.endplate[0] < s.endplate[1], "{s:?}");
    // Twice the density stiffens, but by no more than the energy that the implant holds lets it: the 5 to 30 % of other
    // implants are not reached.
    let change = s.stiffness[1] / s.stiffness[0] - 1.0;
    assert!(0.0 < change && change < s.bound && s.bound < 0.3, "{change} of {s:?}");
    // By little: rods take what the bed lets go. Alone on bone a rim sinks several times as far (`criteria::punch`).
    assert!(s.settling[0] < s.settling[1], "a ring sinks more than a conforming face: {s:?}");
}
