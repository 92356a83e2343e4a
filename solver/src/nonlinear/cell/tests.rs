use super::*;
use crate::nonlinear::laws::{
    Hardening, LinearElastic, LogarithmicPlastic, MooneyRivlin, NeoHooke, Plastic, SaintVenantKirchhoff,
};
use crate::tensor::isotropic;

/// Nodes of a cell without symmetry; quadratic ones curved.
fn points(formulation: Formulation) -> Vec<Vec3> {
    let cell = formulation.shape().cell();
    let turn = Matrix3::new(1.9, 0.2, -0.3, 0.1, 1.5, 0.2, 0.3, -0.1, 2.2);
    let off = |i: usize, k: usize| 0.1 * (((7 * i + 5 * k + i * i * (k + 1)) % 13) as f64 / 6.0 - 1.0);
    let mut p: Vec<Vec3> = cell
        .nodes()
        .iter()
        .enumerate()
        .map(|(i, &x)| turn * (Vec3::from(x) + Vec3::from_fn(|k, _| off(i, k))))
        .collect();
    for (k, &[a, b]) in cell.edges().iter().enumerate() {
        if cell.n_corners() + k < p.len() {
            let mid = Vec3::from_fn(|axis, _| 0.4 * off(k + 3, axis));
            p[cell.n_corners() + k] = 0.5 * (p[a] + p[b]) + mid;
        }
    }
    p
}

fn displacements(n: usize, size: f64) -> Vec<Vec3> {
    let number = |i: usize, a: usize| ((5 * i + 3 * a + i * i) % 13) as f64 / 6.0 - 1.0;
    (0..n).map(|i| Vec3::from_fn(|a, _| size * number(i, a))).collect()
}

fn supported() -> impl Iterator<Item = Formulation> {
    Formulation::ALL.into_iter().filter(|f| *f != Formulation::Hex8Incompatible)
}

fn laws() -> Vec<Law> {
    let curve = || Hardening::new(vec![(0.0, 5.0), (0.2, 20.0)]).expect("valid curve");
    vec![
        Law::small(LinearElastic { stiffness: isotropic(100.0, 0.3) }),
        Law::small(Plastic::new(100.0, 0.3, curve()).expect("valid")),
        Law::finite(SaintVenantKirchhoff { stiffness: isotropic(100.0, 0.3) }),
        Law::finite(NeoHooke::new(100.0, 0.45)),
        Law::finite(MooneyRivlin::new(10.0, 3.0, 0.01).expect("valid")),
        Law::finite(LogarithmicPlastic::new(100.0, 0.3, Some(curve())).expect("valid")),
    ]
}

fn forces(cell: &Cell, u: &[Vec3], before: &[f64]) -> Vec<Vec3> {
    cell.respond(u, before, None).expect("sound cell").forces[..u.len()].to_vec()
}

#[test]
fn every_tangent_is_the_derivative_of_the_forces() {
    let stiffness = isotropic(100.0, 0.3);
    let frame = *nalgebra::Rotation3::new(Vec3::new(0.4, 0.2, -0.3)).matrix();
    for formulation in supported() {
        let p = points(formulation);
        let plan = Plan::new(formulation, &p).expect("supported");
        let u = displacements(p.len(), 0.06);
        for law in laws() {
            let before = vec![0.0; law.n_history() * plan.n_points()];
            let cell = Cell {
                plan,
                points: &p,
                law: &law,
                frame: Some(&frame),
                stiffness: &stiffness,
                at_rest: &[],
            };
            let n = p.len();
            let mut full = vec![[0.0; 9]; n * n];
            cell.respond(&u, &before, Some((&mut full, Layout::Full))).expect("sound cell");
            let mut upper = vec![[0.0; 9]; crate::elements::n_blocks(n)];
            cell.respond(&u, &before, Some((&mut upper, Layout::Symmetric))).expect("sound cell");
            let scale = full.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
            for j in 0..n {
                for b in 0..3 {
                    let moved = |h: f64| {
                        let mut u = u.clone();
                        u[j][b] += h;
                        forces(&cell, &u, &before)
                    };
                    let h = 1e-5;
                    let (plus, minus) = (moved(h), moved(-h));
                    for i in 0..n {
                        for a in 0..3 {
                            let slope = (plus[i][a] - minus[i][a]) / (2.0 * h);
                            let found = full[n * i + j][3 * a + b];
                            // Central differences of h = 1e-5 err by h² = 1e-10 and by 1e-16 / h.
                            let error = (slope - found).abs() / scale;
                            assert!(error < 2e-8, "{formulation:?} {} {error:e}", law.name());
                            if i <= j {
                                let same = upper[block_of(n, i, j)][3 * a + b];
                                assert!((same - found).abs() < 1e-12 * scale);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn small_strain_cells_agree_with_the_linear_formulations() {
    let stiffness = isotropic(100.0, 0.45);
    let law = Law::small(LinearElastic { stiffness });
    for formulation in supported() {
        let p = points(formulation);
        let n = p.len();
        let plan = Plan::new(formulation, &p).expect("supported");
        let cell = Cell { plan, points: &p, law: &law, frame: None, stiffness: &stiffness, at_rest: &[] };
        let mut own = vec![[0.0; 9]; crate::elements::n_blocks(n)];
        cell.respond(&displacements(n, 0.1), &[], Some((&mut own, Layout::Symmetric))).expect("sound cell");
        let mut linear = vec![[0.0; 9]; crate::elements::n_blocks(n)];
        formulation.element().stiffness(&p, &stiffness, &mut linear).expect("sound cell");
        let scale = linear.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
        for (a, b) in own.iter().flatten().zip(linear.iter().flatten()) {
            // The guard of the reduced hex20 is a millionth.
            assert!((a - b).abs() < 3e-6 * scale, "{formulation:?}");
            assert!(formulation == Formulation::Hex20Reduced || (a - b).abs() < 1e-13 * scale);
        }
    }
}

#[test]
fn forces_balance_and_turn_with_the_body() {
    let stiffness = isotropic(100.0, 0.3);
    let turn = *nalgebra::Rotation3::new(Vec3::new(1.0, -0.7, 0.4)).matrix();
    // The guard is the one part that does not turn.
    for formulation in supported().filter(|f| *f != Formulation::Hex20Reduced) {
        let p = points(formulation);
        let plan = Plan::new(formulation, &p).expect("supported");
        for law in laws().into_iter().filter(|l| matches!(l, Law::Finite(_))) {
            let before = vec![0.0; law.n_history() * plan.n_points()];
            let cell = Cell { plan, points: &p, law: &law, frame: None, stiffness: &stiffness, at_rest: &[] };
            let u = displacements(p.len(), 0.06);
            let turned: Vec<Vec3> = p.iter().zip(&u).map(|(p, u)| turn * (p + u) - p).collect();
            let (f, g) = (forces(&cell, &u, &before), forces(&cell, &turned, &before));
            let scale = f.iter().map(Vec3::norm).fold(0.0, f64::max);
            let moment: Vec3 = p.iter().zip(&u).zip(&f).map(|((p, u), f)| (p + u).cross(f)).sum();
            assert!(f.iter().sum::<Vec3>().norm() < 1e-12 * scale);
            assert!(moment.norm() < 1e-11 * scale, "{formulation:?} {}", law.name());
            for (f, g) in f.iter().zip(&g) {
                assert!((turn * f - g).norm() < 1e-11 * scale, "{formulation:?} {}", law.name());
            }
        }
    }
}

#[test]
fn an_inverted_cell_names_its_point() {
    let p = points(Formulation::Tet10);
    let plan = Plan::new(Formulation::Tet10, &p).expect("supported");
    let stiffness = isotropic(100.0, 0.3);
    let law = Law::finite(NeoHooke::new(100.0, 0.3));
    let cell = Cell { plan, points: &p, law: &law, frame: None, stiffness: &stiffness, at_rest: &[] };
    let u: Vec<Vec3> = p.iter().map(|p| Vec3::new(-2.0 * p.x, 0.0, 0.0)).collect();
    assert!(matches!(
        cell.respond(&u, &[], None),
        Err(CellFault { point: 0, fault: Fault::Inverted { .. } })
    ));
}
