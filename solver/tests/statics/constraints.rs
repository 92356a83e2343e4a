//! Equations, node frames, supports, and parts that are not held.

use crate::mesh::{block, body, distort, elastic, mixed_block};
use crate::patch::turn;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::linear::Choice;
use dens_solver::statics::{
    Answer, Body, CellProperties, ConstraintName, Constraints, Dof, Equation, ErrorKind, Formulation,
    FreeMotion, Load, Options, Statics, StaticsError,
};
use dens_solver::tensor::isotropic;

const OPTIONS: Options = Options { solver: Choice::Direct, tolerance: 1e-12, max_memory: 1 << 30, loads: 1 };

fn dof(node: u32, axis: u8) -> Dof {
    Dof { node, axis }
}

/// Nodes at which a coordinate has a value.
fn at(mesh: &MixedMesh, axis: usize, value: f64) -> Vec<u32> {
    (0..mesh.n_nodes() as u32).filter(|&i| (mesh.points()[i as usize][axis] - value).abs() < 1e-9).collect()
}

fn held(nodes: &[u32]) -> Vec<Dof> {
    nodes.iter().flat_map(|&n| (0..3).map(move |a| dof(n, a))).collect()
}

fn bar() -> Body {
    let mesh = block(Shape::Hex20, [4.0, 1.0, 1.0], [4, 1, 1], false, |x| x);
    body(mesh, Formulation::Hex20, elastic(isotropic(1000.0, 0.3)))
}

fn solve(body: &Body, constraints: &Constraints, load: Load) -> Answer {
    Statics::new(body, constraints, &OPTIONS).and_then(|s| s.solve(&[load])).expect("held body").remove(0)
}

fn fault(body: &Body, constraints: &Constraints) -> StaticsError {
    Statics::new(body, constraints, &OPTIONS).expect_err("wrong constraints")
}

fn motions(error: StaticsError) -> Vec<FreeMotion> {
    match error {
        StaticsError::UnderConstrained { motions } => motions,
        other => panic!("{other}"),
    }
}

#[test]
fn equal_displacements_of_an_end_face_carry_their_force_together() {
    // u_x of all nodes of the end follows one of them; a force on that one pulls the bar evenly.
    let body = bar();
    let end = at(body.mesh(), 0, 4.0);
    let fixed = at(body.mesh(), 0, 0.0);
    let equations = end[1..]
        .iter()
        .map(|&n| Equation { terms: vec![(dof(n, 0), 2.0), (dof(end[0], 0), -2.0)], value: 0.0 })
        .collect();
    let constraints = Constraints { supports: held(&fixed), equations, ..Constraints::default() };
    let load = Load { forces: vec![(dof(end[0], 0), 7.0)], ..Load::default() };
    let answer = solve(&body, &constraints, load);
    let u = answer.displacements[end[0] as usize].x;
    assert!(0.0 < u && end.iter().all(|&n| (answer.displacements[n as usize].x - u).abs() < 1e-15));
    let pull: f64 = fixed.iter().map(|&n| answer.reactions[n as usize].x).sum();
    assert!((pull + 7.0).abs() < 1e-10, "{pull}");
    // What the equation puts on the nodes of the end adds up to nothing.
    let inner: f64 = end.iter().map(|&n| answer.reactions[n as usize].x).sum();
    assert!(inner.abs() < 1e-10 && 0.1 < answer.reactions[end[1] as usize].x.abs());
    assert!(answer.reaction_error < 1e-11);
}

#[test]
fn chains_of_equations_are_the_same_as_their_result() {
    let body = bar();
    let end = at(body.mesh(), 0, 4.0);
    let supports = held(&at(body.mesh(), 0, 0.0));
    let follow = |a: u32, b: u32, c: f64, value: f64| Equation {
        terms: vec![(dof(a, 2), 1.0), (dof(b, 2), -c)],
        value,
    };
    let load = Load { forces: vec![(dof(end[0], 2), 1.0), (dof(end[3], 0), 2.0)], ..Load::default() };
    let chained = Constraints {
        supports: supports.clone(),
        equations: vec![
            follow(end[0], end[1], 0.5, 0.01),
            follow(end[1], end[2], 2.0, 0.0),
            follow(end[2], end[3], 1.0, 0.02),
        ],
        ..Constraints::default()
    };
    let resolved = Constraints {
        supports,
        equations: vec![
            follow(end[2], end[3], 1.0, 0.02),
            follow(end[1], end[3], 2.0, 0.04),
            follow(end[0], end[3], 1.0, 0.03),
        ],
        ..Constraints::default()
    };
    let (a, b) = (solve(&body, &chained, load.clone()), solve(&body, &resolved, load));
    let size = a.displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
    for (a, b) in a.displacements.iter().zip(&b.displacements) {
        assert!((a - b).norm() < 1e-12 * size);
    }
    let z = |n: usize| a.displacements[end[n] as usize].z;
    assert!((z(0) - 0.5 * z(1) - 0.01).abs() < 1e-14 && (z(2) - z(3) - 0.02).abs() < 1e-14);
}

#[test]
fn an_equation_may_hang_on_a_prescribed_node_without_a_cell() {
    // The reference node moves by 0.05; the end face follows it along x. ν = 0: F = E A u / L.
    let mesh = block(Shape::Wedge15, [4.0, 1.0, 1.0], [4, 1, 1], false, |x| x);
    let end = at(&mesh, 0, 4.0);
    let fixed = at(&mesh, 0, 0.0);
    let mut points = mesh.points().to_vec();
    points.push(Vec3::new(9.0, 9.0, 9.0));
    let reference = points.len() as u32 - 1;
    let cells: Vec<(Shape, &[u32])> = (0..mesh.n_cells()).map(|c| (mesh.shapes()[c], mesh.cell(c))).collect();
    let mesh = MixedMesh::new(points, cells).expect("valid mesh");
    let body = body(mesh, Formulation::Wedge15, elastic(isotropic(1000.0, 0.0)));
    let equations = end
        .iter()
        .map(|&n| Equation { terms: vec![(dof(n, 0), 1.0), (dof(reference, 0), -1.0)], value: 0.0 })
        .collect();
    let mut supports = held(&fixed);
    supports.push(dof(reference, 0));
    let mut prescribed = vec![0.0; supports.len() - 1];
    prescribed.push(0.05);
    let constraints = Constraints { supports, equations, ..Constraints::default() };
    let answer = solve(&body, &constraints, Load { prescribed, ..Load::default() });
    assert!(end.iter().all(|&n| (answer.displacements[n as usize].x - 0.05).abs() < 1e-15));
    let pull: f64 = fixed.iter().map(|&n| answer.reactions[n as usize].x).sum();
    assert!((pull + 12.5).abs() < 1e-9, "{pull}");
}

#[test]
fn supports_along_turned_axes_give_the_turned_answer() {
    // The same problem in a turned frame: nodes, forces and material axes turn, supports follow node frames.
    let (r, straight) = (turn(), |x: Vec3| distort(x));
    let plain = block(Shape::Tet10, [2.0, 1.5, 1.0], [3, 2, 2], false, straight);
    let turned = block(Shape::Tet10, [2.0, 1.5, 1.0], [3, 2, 2], false, |x| r * distort(x));
    let low: Vec<u32> = (0..40).collect();
    let supports: Vec<Dof> = low
        .iter()
        .flat_map(|&n| (0..3).filter(move |a| (n + a) % 4 != 0).map(move |a| dof(n, a as u8)))
        .collect();
    let prescribed: Vec<f64> = (0..supports.len()).map(|i| 1e-3 * (i % 5) as f64).collect();
    let load = |frame: bool| {
        let last = plain.n_nodes() as u32 - 1;
        let force = Vec3::new(1.0, 2.0, -3.0);
        let force = if frame { r * force } else { force };
        let forces = (0..3).map(|a| (dof(last, a), force[usize::from(a)])).collect();
        Load { forces, prescribed: prescribed.clone(), ..Load::default() }
    };
    let material = elastic(crate::patch::anisotropic());
    let cells = |frame| CellProperties { formulation: Formulation::Tet10, material: 0, frame };
    let a = Body::new(plain.clone(), vec![material], vec![], vec![cells(None); plain.n_cells()]);
    let b = Body::new(turned, vec![material], vec![r], vec![cells(Some(0)); plain.n_cells()]);
    let (a, b) = (a.expect("valid body"), b.expect("valid body"));
    let frames = low.iter().map(|&n| (n, r)).collect();
    let of_a = Constraints { supports: supports.clone(), ..Constraints::default() };
    let of_b = Constraints { supports, frames, ..Constraints::default() };
    for solver in [Choice::Direct, Choice::Multigrid] {
        let options = Options { solver, ..OPTIONS };
        let run = |body: &Body, constraints: &Constraints, load: Load| {
            Statics::new(body, constraints, &options)
                .and_then(|s| s.solve(&[load]))
                .expect("held body")
                .remove(0)
        };
        let (u, v) = (run(&a, &of_a, load(false)), run(&b, &of_b, load(true)));
        let size = u.displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        let force = u.reactions.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for i in 0..u.displacements.len() {
            assert!((r * u.displacements[i] - v.displacements[i]).norm() < 1e-9 * size);
            assert!((r * u.reactions[i] - v.reactions[i]).norm() < 1e-9 * force);
        }
    }
}

#[test]
fn contradicting_constraints_are_named() {
    let body = bar();
    let equation = |a: Dof, b: Dof| Equation { terms: vec![(a, 1.0), (b, -1.0)], value: 0.0 };
    let twice = Constraints { supports: vec![dof(3, 1), dof(4, 1), dof(3, 1)], ..Constraints::default() };
    let (first, second) = (ConstraintName::Support(0), ConstraintName::Support(2));
    assert_eq!(fault(&body, &twice), StaticsError::OverConstrained { dof: dof(3, 1), first, second });
    let both = Constraints {
        supports: vec![dof(3, 1)],
        equations: vec![equation(dof(3, 1), dof(5, 1))],
        ..Constraints::default()
    };
    let second = ConstraintName::Equation(0);
    assert_eq!(fault(&body, &both), StaticsError::OverConstrained { dof: dof(3, 1), first, second });
    let circle = Constraints {
        equations: vec![
            equation(dof(9, 0), dof(1, 0)),
            equation(dof(1, 0), dof(2, 0)),
            equation(dof(2, 0), dof(3, 0)),
            equation(dof(3, 0), dof(1, 0)),
        ],
        ..Constraints::default()
    };
    assert!(matches!(fault(&body, &circle), StaticsError::Cycle { equation: 1..=3, .. }));
    let empty = Constraints { equations: vec![equation(dof(1, 0), dof(1, 0))], ..Constraints::default() };
    assert_eq!(fault(&body, &empty), StaticsError::NoFirstTerm { equation: 0 });
    let far = Constraints { supports: vec![dof(99_999, 0)], ..Constraints::default() };
    assert!(matches!(fault(&body, &far), StaticsError::NoSuchNode { node: 99_999, .. }));
    let axis = Constraints { supports: vec![dof(0, 3)], ..Constraints::default() };
    assert!(matches!(fault(&body, &axis), StaticsError::NoSuchAxis { .. }));
    let skew = Constraints { frames: vec![(0, turn() * 1.1)], ..Constraints::default() };
    assert!(matches!(fault(&body, &skew), StaticsError::NotARotation { .. }));
}

#[test]
fn a_free_body_has_six_motions() {
    let error = fault(&bar(), &Constraints::default());
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(motions(error).len(), 6);
}

#[test]
fn the_missing_support_is_named_by_its_motion() {
    let body = bar();
    let face = at(body.mesh(), 0, 0.0);
    // Held along x and y only: it can move along z.
    let supports = face.iter().flat_map(|&n| [dof(n, 0), dof(n, 1)]).collect();
    let free = motions(fault(&body, &Constraints { supports, ..Constraints::default() }));
    assert_eq!(free.len(), 1);
    assert_eq!(free[0].pieces, [0]);
    assert_eq!(free[0].motion(), "can move along (0.00 0.00 1.00)");
    // Held at the nodes of one line along x: it can turn about it.
    let line: Vec<u32> = at(body.mesh(), 1, 0.0)
        .into_iter()
        .filter(|&n| body.mesh().points()[n as usize].z.abs() < 1e-9)
        .collect();
    let free = motions(fault(&body, &Constraints { supports: held(&line), ..Constraints::default() }));
    assert_eq!(free.len(), 1);
    assert!(free[0].motion().contains("turn about (1.00 0.00 0.00)"), "{}", free[0]);
}

#[test]
fn each_loose_part_is_named() {
    // Two bars apart; only the first is held.
    let mesh = block(Shape::Hex8, [1.0; 3], [2, 1, 1], false, |x| x);
    let n = mesh.n_nodes() as u32;
    let mut points = mesh.points().to_vec();
    points.extend(mesh.points().iter().map(|p| p + Vec3::new(5.0, 0.0, 0.0)));
    let cells: Vec<Vec<u32>> = (0..mesh.n_cells())
        .map(|c| mesh.cell(c).to_vec())
        .chain((0..mesh.n_cells()).map(|c| mesh.cell(c).iter().map(|i| i + n).collect()))
        .collect();
    let two = MixedMesh::new(points, cells.iter().map(|c| (Shape::Hex8, c.as_slice()))).expect("valid mesh");
    let body = body(two, Formulation::Hex8, elastic(isotropic(1.0, 0.3)));
    let supports = held(&at(&mesh, 0, 0.0));
    let constraints = Constraints { supports: supports.clone(), ..Constraints::default() };
    let free = motions(fault(&body, &constraints));
    assert_eq!(free.len(), 6);
    assert!(free.iter().all(|m| m.pieces == [2] && 5.0 < m.center[0]));
    // Joined by one hinge line of equations it can turn about it.
    let hinge: Vec<u32> =
        at(&mesh, 0, 1.0).into_iter().filter(|&i| mesh.points()[i as usize].z.abs() < 1e-9).collect();
    let equations = hinge
        .iter()
        .flat_map(|&a| {
            (0..3).map(move |axis| Equation {
                terms: vec![(dof(a + n, axis), 1.0), (dof(a, axis), -1.0)],
                value: 0.0,
            })
        })
        .collect();
    let free = motions(fault(&body, &Constraints { supports, equations, ..Constraints::default() }));
    assert_eq!(free.len(), 1);
    assert_eq!(free[0].pieces, [2]);
    assert!(free[0].motion().contains("turn about (0.00 1.00 0.00)"), "{}", free[0]);
}

#[test]
fn cells_that_share_an_edge_only_are_hinged() {
    let points = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [2.0, 1.0], [2.0, 2.0], [1.0, 2.0]];
    let points: Vec<Vec3> =
        [0.0, 1.0].iter().flat_map(|&z| points.map(|[x, y]| Vec3::new(x, y, z))).collect();
    let cells: [[u32; 8]; 2] = [[0, 1, 2, 3, 7, 8, 9, 10], [2, 4, 5, 6, 9, 11, 12, 13]];
    let mesh = MixedMesh::new(points, cells.iter().map(|c| (Shape::Hex8, c.as_slice()))).expect("valid mesh");
    let body = body(mesh, Formulation::Hex8, elastic(isotropic(1.0, 0.3)));
    let constraints = Constraints { supports: held(&[0, 1, 7]), ..Constraints::default() };
    let free = motions(fault(&body, &constraints));
    assert_eq!(free.len(), 1);
    assert_eq!(free[0].pieces, [1]);
    assert!(free[0].motion().contains("turn about (0.00 0.00 1.00)"), "{}", free[0]);
}

#[test]
fn multigrid_and_factorisation_agree_with_equations_and_quadratic_cells() {
    for (a, b, of) in [
        (Shape::Hex20, Shape::Wedge15, [Formulation::Hex20, Formulation::Wedge15]),
        (Shape::Hex8, Shape::Wedge6, [Formulation::Hex8, Formulation::Wedge6]),
    ] {
        let pick = |i: usize| if i.is_multiple_of(2) { a } else { b };
        let mesh = mixed_block(pick, [6.0, 1.0, 1.0], [12, 5, 5], false, |x| x);
        let cells: Vec<CellProperties> = mesh
            .shapes()
            .iter()
            .map(|&s| CellProperties { formulation: of[usize::from(s != a)], material: 0, frame: None })
            .collect();
        let end = at(&mesh, 0, 6.0);
        let supports = held(&at(&mesh, 0, 0.0));
        let body = Body::new(mesh, vec![elastic(isotropic(1000.0, 0.3))], vec![], cells).expect("valid body");
        let equations = end[1..]
            .iter()
            .map(|&n| Equation { terms: vec![(dof(n, 0), 1.0), (dof(end[0], 0), -1.0)], value: 0.0 })
            .collect();
        let constraints = Constraints { supports, equations, ..Constraints::default() };
        let load = Load { forces: vec![(dof(end[0], 0), 1.0), (dof(end[3], 2), 0.1)], ..Load::default() };
        let run = |solver| {
            let options = Options { solver, tolerance: 1e-11, ..OPTIONS };
            let statics = Statics::new(&body, &constraints, &options).expect("held body");
            statics.solve(std::slice::from_ref(&load)).expect("a solution").remove(0)
        };
        let (direct, multigrid) = (run(Choice::Direct), run(Choice::Multigrid));
        // Measured 20 to 35; twice that would show a hierarchy that does not know its unknowns.
        assert!(multigrid.stats.iterations < 70, "{}", multigrid.stats.iterations);
        let size = direct.displacements.iter().map(|u| u.norm()).fold(0.0, f64::max);
        for (u, v) in direct.displacements.iter().zip(&multigrid.displacements) {
            assert!((u - v).norm() < 1e-7 * size);
        }
    }
}

#[test]
fn a_limit_of_memory_is_kept() {
    let body = bar();
    let constraints = Constraints { supports: held(&at(body.mesh(), 0, 0.0)), ..Constraints::default() };
    let options = Options { max_memory: 1000, ..OPTIONS };
    let error = Statics::new(&body, &constraints, &options).expect_err("1000 bytes do not suffice");
    assert_eq!(error.kind(), ErrorKind::Limit);
}
