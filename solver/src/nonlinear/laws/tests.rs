use super::*;
use crate::tensor::{apply, isotropic, small_strain, stress_tensor};

/// A deformation without symmetry.
fn general() -> Matrix3<f64> {
    Matrix3::new(1.25, 0.20, -0.10, 0.05, 0.85, 0.15, -0.12, 0.08, 1.10)
}

fn curve() -> Hardening {
    Hardening::new(vec![(0.0, 20.0), (0.05, 30.0), (0.4, 45.0)]).expect("valid curve")
}

fn terms() -> Vec<OgdenTerm> {
    vec![
        OgdenTerm { mu: 0.6, alpha: 2.4, d: 0.05 },
        OgdenTerm { mu: -0.1, alpha: -1.5, d: 0.2 },
        OgdenTerm { mu: 0.02, alpha: 6.0, d: 0.0 },
    ]
}

fn fibers() -> FiberReinforced {
    let ground = MooneyRivlin::new(0.13, 0.03, 0.6).expect("valid");
    FiberReinforced::new(ground, 85.0, 0.5).expect("valid")
}

fn finite_laws() -> Vec<Box<dyn FiniteStrainLaw>> {
    vec![
        Box::new(SaintVenantKirchhoff { stiffness: isotropic(100.0, 0.3) }),
        Box::new(NeoHooke::new(100.0, 0.3)),
        Box::new(MooneyRivlin::new(0.7, 0.0, 0.05).expect("valid")),
        Box::new(MooneyRivlin::new(0.7, 0.2, 0.05).expect("valid")),
        Box::new(Ogden::new(terms()).expect("valid")),
        Box::new(fibers()),
        Box::new(LogarithmicPlastic::new(500.0, 0.3, None).expect("valid")),
        Box::new(LogarithmicPlastic::new(500.0, 0.3, Some(curve())).expect("valid")),
    ]
}

fn stress_at(law: &dyn FiniteStrainLaw, f: &Matrix3<f64>, before: &[f64]) -> (Matrix3<f64>, Vec<f64>) {
    let mut after = vec![0.0; law.n_history()];
    let stress = law.respond(f, before, &mut after, None).expect("sound deformation");
    (stress_tensor(&stress), after)
}

/// Largest difference between c and central differences of τ over (1 + ε l) F, relative to c.
fn tangent_error(law: &dyn FiniteStrainLaw, f: &Matrix3<f64>, before: &[f64], h: f64) -> f64 {
    let mut c = [[0.0; 6]; 6];
    let mut after = vec![0.0; law.n_history()];
    let tau = stress_tensor(&law.respond(f, before, &mut after, Some(&mut c)).expect("sound deformation"));
    let scale = c.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
    let mut worst = 0.0_f64;
    for k in 0..9 {
        let mut l = Matrix3::zeros();
        l[(k / 3, k % 3)] = 1.0;
        let moved = |step: f64| stress_at(law, &((Matrix3::identity() + step * l) * f), before).0;
        let slope = (moved(h) - moved(-h)) / (2.0 * h);
        let expected = stress_tensor(&apply(&c, &small_strain(&l))) + l * tau + tau * l.transpose();
        worst = worst.max((slope - expected).amax() / scale);
    }
    worst
}

#[test]
fn finite_tangents_are_the_derivatives_of_the_stress_with_error_of_second_order() {
    for law in finite_laws() {
        for f in [Matrix3::identity(), general(), general().transpose() * general()] {
            // Fibers that pull only have no slope where they are just straight.
            if law.name() == "fiber-reinforced" && f == Matrix3::identity() {
                continue;
            }
            let before = vec![0.0; law.n_history()];
            let (coarse, fine) = (
                tangent_error(law.as_ref(), &f, &before, 1e-3),
                tangent_error(law.as_ref(), &f, &before, 1e-4),
            );
            // Central differences: hundred times smaller, until the round-off of 1e-16 / 1e-4.
            assert!(fine < 0.02 * coarse + 1e-11, "{}: {coarse:e} {fine:e}", law.name());
            assert!(fine < 1e-6, "{}: {fine:e}", law.name());
        }
    }
}

#[test]
fn tangents_hold_where_principal_stretches_coincide() {
    for law in finite_laws() {
        for gap in [0.0, 1e-12, 1e-7, 1e-5, 1e-4] {
            let turn = nalgebra::Rotation3::new(nalgebra::Vector3::new(0.3, -0.2, 0.5));
            let f = turn.matrix()
                * Matrix3::from_diagonal(&nalgebra::Vector3::new(1.3, 1.3 + gap, 0.9))
                * turn.matrix().transpose();
            let before = vec![0.0; law.n_history()];
            let error = tangent_error(law.as_ref(), &f, &before, 1e-4);
            assert!(error < 1e-6, "{} {gap:e}: {error:e}", law.name());
        }
    }
}

#[test]
fn tangents_hold_with_history_and_while_unloading() {
    let law = LogarithmicPlastic::new(500.0, 0.3, Some(curve())).expect("valid");
    let (_, history) = stress_at(&law, &general(), &[0.0; 7]);
    assert!(0.05 < history[6]);
    let back = Matrix3::identity() + 0.9 * (general() - Matrix3::identity());
    let on = Matrix3::from_diagonal(&nalgebra::Vector3::new(1.05, 0.98, 1.0)) * general();
    for f in [on, back, Matrix3::identity()] {
        let error = tangent_error(&law, &f, &history, 1e-5);
        assert!(error < 1e-6, "{error:e}");
    }
}

#[test]
fn laws_are_free_of_stress_at_rest_and_turn_with_the_body() {
    let turn = *nalgebra::Rotation3::new(nalgebra::Vector3::new(0.8, -1.2, 0.5)).matrix();
    for law in finite_laws() {
        let before = vec![0.0; law.n_history()];
        assert!(stress_at(law.as_ref(), &turn, &before).0.amax() < 1e-12, "{}", law.name());
        let (own, turned) = (
            stress_at(law.as_ref(), &general(), &before).0,
            stress_at(law.as_ref(), &(turn * general()), &before).0,
        );
        assert!((turn * own * turn.transpose() - turned).amax() < 1e-12 * own.amax(), "{}", law.name());
    }
}

#[test]
fn hyperelastic_stress_is_the_gradient_of_the_energy() {
    let neo = NeoHooke::new(100.0, 0.3);
    let mooney = MooneyRivlin::new(0.7, 0.2, 0.05).expect("valid");
    let ogden = Ogden::new(terms()).expect("valid");
    let check = |law: &dyn FiniteStrainLaw, energy: &dyn Fn(&Matrix3<f64>) -> f64| {
        let f = general();
        let piola = stress_at(law, &f, &[]).0 * f.try_inverse().expect("regular").transpose();
        let h = 1e-5;
        for k in 0..9 {
            let mut step = Matrix3::zeros();
            step[(k / 3, k % 3)] = h;
            let slope = (energy(&(f + step)) - energy(&(f - step))) / (2.0 * h);
            // Difference quotients of h = 1e-5 err by h² and by 1e-16 / h.
            assert!((slope - piola[(k / 3, k % 3)]).abs() < 1e-8 * piola.amax(), "{}", law.name());
        }
    };
    check(&neo, &|f| neo.energy(f));
    check(&mooney, &|f| mooney.energy(f));
    check(&ogden, &|f| ogden.energy(f));
    let annulus = fibers();
    check(&annulus, &|f| annulus.energy(f));
}

#[test]
fn ogden_with_exponents_two_and_minus_two_is_mooney_rivlin() {
    let ogden = Ogden::new(vec![
        OgdenTerm { mu: 1.4, alpha: 2.0, d: 0.05 },
        OgdenTerm { mu: 0.4, alpha: -2.0, d: 0.0 },
    ])
    .expect("valid");
    let mooney = MooneyRivlin::new(0.7, 0.2, 0.05).expect("valid");
    let f = general();
    let (a, b) = (stress_at(&ogden, &f, &[]).0, stress_at(&mooney, &f, &[]).0);
    assert!((a - b).amax() < 1e-12 * b.amax());
}

#[test]
fn small_strain_plasticity_has_the_uniaxial_curve_and_its_consistent_tangent() {
    let (e, nu) = (200.0, 0.3);
    let law = Plastic::new(e, nu, curve()).expect("valid");
    // Uniaxial stress: axial strain = σ/E + κ, lateral = −ν σ/E − κ/2, stress on the second segment.
    let kappa = 0.1;
    let s = curve().stress(kappa);
    let lateral = -nu * s / e - 0.5 * kappa;
    let strain = [s / e + kappa, lateral, lateral, 0.0, 0.0, 0.0];
    let mut after = [0.0; 7];
    let stress = law.respond(&strain, 1.0, &[0.0; 7], &mut after, None).expect("returns");
    assert!((stress[0] - s).abs() < 1e-12 && stress[1].abs() < 1e-12, "{stress:?}");
    assert!((after[6] - kappa).abs() < 1e-14);
    let general = [0.03, -0.02, 0.05, 0.04, -0.03, 0.06];
    let before = after;
    let respond = |strain: &Six| {
        let mut c = [[0.0; 6]; 6];
        let mut after = [0.0; 7];
        (law.respond(strain, 1.0, &before, &mut after, Some(&mut c)).expect("returns"), c)
    };
    let (_, c) = respond(&general);
    for k in 0..6 {
        let moved = |h: f64| {
            let mut strain = general;
            strain[k] += h;
            respond(&strain).0
        };
        let (plus, minus) = (moved(1e-6), moved(-1e-6));
        for i in 0..6 {
            let slope = (plus[i] - minus[i]) / 2e-6;
            assert!((slope - c[i][k]).abs() < 1e-6 * e, "{i} {k}: {slope} {}", c[i][k]);
        }
    }
}

#[test]
fn finite_plasticity_is_small_plasticity_where_strains_are_small() {
    let small = Plastic::new(200e3, 0.3, Hardening::perfect(2.0).expect("valid")).expect("valid");
    let finite =
        LogarithmicPlastic::new(200e3, 0.3, Some(Hardening::perfect(2.0).expect("valid"))).expect("valid");
    let gradient = 1e-4 * (general() - Matrix3::identity());
    let mut after = [0.0; 7];
    let a = small.respond(&small_strain(&gradient), 1.0, &[0.0; 7], &mut after, None).expect("returns");
    assert!(0.0 < after[6]);
    let (b, _) = stress_at(&finite, &(Matrix3::identity() + gradient), &[0.0; 7]);
    // Strains of 1e-5 differ by their squares, stresses by strains.
    assert!((stress_tensor(&a) - b).amax() < 1e-4 * 2.0);
}

#[test]
fn plastic_flow_conserves_volume() {
    let law = LogarithmicPlastic::new(500.0, 0.3, Some(curve())).expect("valid");
    let (_, history) = stress_at(&law, &general(), &[0.0; 7]);
    let plastic = Matrix3::from_fn(|i, j| history[crate::tensor::VOIGT[i][j]] + f64::from(u8::from(i == j)));
    assert!((plastic.determinant() - 1.0).abs() < 1e-13);
}

#[test]
fn an_inverted_deformation_is_refused() {
    let f = Matrix3::from_diagonal(&nalgebra::Vector3::new(1.0, 1.0, -0.5));
    for law in finite_laws() {
        let (before, mut after) = (vec![0.0; law.n_history()], vec![0.0; law.n_history()]);
        assert!(matches!(law.respond(&f, &before, &mut after, None), Err(Fault::Inverted { .. })));
    }
}
