//! Resultants of loads, heat, reactions.

use crate::mesh::{block, body, boundary, boundary_nodes, distort, elastic};
use crate::patch::{anisotropic, turn};
use dens_mesher::Vec3;
use dens_mesher::cells::mapping;
use dens_mesher::mixed::MixedMesh;
use dens_solver::statics::{
    Answer, Body, CellFacet, CellProperties, Centrifugal, Constraints, Dof, ErrorKind, Formulation, Gravity,
    Load, Material, Options, Statics, StaticsError, Stresses,
};
use dens_solver::tensor::isotropic;

const OPTIONS: Options =
    Options { solver: dens_solver::linear::Choice::Direct, tolerance: 1e-12, max_memory: 1 << 30, loads: 1 };

/// Block of 3 × 2 × 2 distorted bricks with density and heat.
fn heavy(formulation: Formulation) -> Body {
    let mesh = block(formulation.shape(), [2.0, 1.5, 1.0], [3, 2, 2], false, distort);
    let expansion = [1e-5, 2e-5, 3e-5, 4e-6, -5e-6, 6e-6];
    let material = Material { stiffness: anisotropic(), expansion, density: 2e-3 };
    let cells = vec![CellProperties { formulation, material: 0, frame: Some(0) }; mesh.n_cells()];
    Body::new(mesh, vec![material], vec![turn()], cells).expect("valid body")
}

fn all_dofs(nodes: &[u32]) -> Vec<Dof> {
    nodes.iter().flat_map(|&node| (0..3).map(move |axis| Dof { node, axis })).collect()
}

/// Nodes of the facets of the side on which the unmoved block has z = 0: nodes 0 … of the lowest layer.
fn low(mesh: &MixedMesh) -> Vec<u32> {
    let lowest = boundary(mesh)
        .into_iter()
        .filter(|f| {
            let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
            let p: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
            let surface = mesh.shapes()[f.cell as usize].facet_cell(usize::from(f.facet));
            let at = surface.rules()[0].points[0];
            let normal = mapping::area_vector(surface, &p, at).normalize();
            normal.z < -0.8 && mapping::position(surface, &p, at).z < 0.4
        })
        .flat_map(|f| mesh.facet(f.cell as usize, usize::from(f.facet)));
    let mut nodes: Vec<u32> = lowest.collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

fn solve(body: &Body, load: Load) -> Answer {
    let constraints = Constraints { supports: all_dofs(&low(body.mesh())), ..Constraints::default() };
    Statics::new(body, &constraints, &OPTIONS).and_then(|s| s.solve(&[load])).expect("held body").remove(0)
}

fn total(reactions: &[Vec3]) -> Vec3 {
    reactions.iter().sum()
}

#[test]
fn reactions_balance_a_pressure_by_its_resultant() {
    for formulation in Formulation::ALL {
        let body = heavy(formulation);
        let mesh = body.mesh();
        let mut load = Load::default();
        let mut resultant = Vec3::zeros();
        for f in boundary(mesh).into_iter().step_by(3) {
            let p = 1.0 + 0.1 * f64::from(f.cell);
            load.pressures.push((f, p));
            let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
            let points: Vec<Vec3> = nodes.iter().map(|&n| mesh.points()[n as usize]).collect();
            let surface = mesh.shapes()[f.cell as usize].facet_cell(usize::from(f.facet));
            let rules = surface.rules();
            let area: Vec3 = rules[rules.len() - 1]
                .iter()
                .map(|(xi, w)| w * mapping::area_vector(surface, &points, xi))
                .sum();
            resultant -= p * area;
        }
        let answer = solve(&body, load);
        // Pressure pushes inward: the supports answer with the opposite of −p n A.
        let error = (total(&answer.reactions) + resultant).norm() / resultant.norm();
        assert!(error < 1e-11, "{formulation:?}: {error:e}");
        assert!(answer.reaction_error < 1e-11, "{formulation:?}");
    }
}

#[test]
fn reactions_balance_weight_traction_and_nodal_forces() {
    for formulation in Formulation::ALL {
        let body = heavy(formulation);
        let mesh = body.mesh();
        let volume: f64 = (0..mesh.n_cells()).map(|c| mesh.volume(c)).sum();
        let acceleration = Vec3::new(100.0, 0.0, -9810.0);
        let facet = boundary(mesh)[5];
        let (dof, force) = (Dof { node: mesh.n_nodes() as u32 - 1, axis: 1 }, 3.5);
        let load = Load {
            gravity: vec![Gravity { cells: (0..mesh.n_cells() as u32).collect(), acceleration }],
            tractions: vec![(facet, Vec3::new(0.0, 2.0, 0.0))],
            forces: vec![(dof, force)],
            ..Load::default()
        };
        let reaction = total(&solve(&body, load).reactions);
        let weight = 2e-3 * volume * acceleration;
        assert!((reaction.x + weight.x).abs() < 1e-11 * weight.norm(), "{formulation:?}");
        assert!((reaction.z + weight.z).abs() < 1e-11 * weight.norm(), "{formulation:?}");
        assert!(reaction.y < -force, "traction and force act along y");
    }
}

#[test]
fn reactions_balance_a_centrifugal_force() {
    // Σ f = ρ V ω² (x_c − its foot on the axis) with the centroid x_c.
    for formulation in Formulation::ALL {
        let body = heavy(formulation);
        let mesh = body.mesh();
        let (mut volume, mut first) = (0.0, Vec3::zeros());
        for cell in 0..mesh.n_cells() {
            let shape = mesh.shapes()[cell].cell();
            let points = mesh.cell_points(cell);
            let points = &points[..mesh.cell(cell).len()];
            let rules = shape.rules();
            for (xi, w) in rules[rules.len() - 1].iter() {
                let share = w * mapping::volume_ratio(shape, points, xi);
                volume += share;
                first += share * mapping::position(shape, points, xi);
            }
        }
        let (point, direction, omega_squared) = (Vec3::new(0.3, 0.1, -0.2), Vec3::new(1.2, 0.0, 1.6), 400.0);
        let axis = direction.normalize();
        let arm = first / volume - point;
        let exact = 2e-3 * volume * omega_squared * (arm - arm.dot(&axis) * axis);
        let cells = (0..mesh.n_cells() as u32).collect();
        let load = Load {
            centrifugal: vec![Centrifugal { cells, omega_squared, point, direction }],
            ..Load::default()
        };
        let error = (total(&solve(&body, load).reactions) + exact).norm() / exact.norm();
        // Straight cells: all rules integrate x dV exactly but the two points of wedge6, which miss the change of
        // the volume ratio across the triangle.
        let tolerance = if formulation == Formulation::Wedge6 { 2e-3 } else { 1e-11 };
        assert!(error < tolerance, "{formulation:?}: {error:e}");
    }
}

#[test]
fn free_thermal_expansion_is_free_of_stress() {
    for formulation in Formulation::ALL {
        for curved in [false, true] {
            let exact_when_curved = matches!(
                formulation,
                Formulation::Tet10 | Formulation::Tet10MeanDilatation | Formulation::Hex20
            );
            if curved && !exact_when_curved {
                continue;
            }
            let mesh = block(formulation.shape(), [2.0, 1.5, 1.0], [3, 2, 2], curved, distort);
            let expansion = [1e-5, 2e-5, 3e-5, 4e-6, -5e-6, 6e-6];
            let material = Material { stiffness: anisotropic(), expansion, density: 0.0 };
            let cells = vec![CellProperties { formulation, material: 0, frame: Some(0) }; mesh.n_cells()];
            let body = Body::new(mesh, vec![material], vec![turn()], cells).expect("valid body");
            // Held statically determinate: the expansion, a symmetric gradient, meets no resistance.
            let p = body.mesh().points();
            let (a, n) = (0, p.len());
            let far = |d: Vec3, but: &[usize]| {
                (0..n)
                    .filter(|i| !but.contains(i))
                    .max_by(|&i, &j| (p[i] - p[a]).dot(&d).total_cmp(&(p[j] - p[a]).dot(&d)))
                    .expect("many nodes")
            };
            let (b, c) = (far(Vec3::x(), &[a]), far(Vec3::y(), &[a]));
            let supports = [(a, 0), (a, 1), (a, 2), (b, 1), (b, 2), (c, 2)]
                .map(|(node, axis)| Dof { node: node as u32, axis })
                .to_vec();
            let constraints = Constraints { supports, ..Constraints::default() };
            let load = Load { temperature_rise: vec![50.0; n], ..Load::default() };
            let rises = load.temperature_rise.clone();
            let answer = Statics::new(&body, &constraints, &OPTIONS)
                .and_then(|s| s.solve(&[load]))
                .expect("held body")
                .remove(0);
            let found = Stresses::new(&body, &answer.displacements, &rises).expect("fitting lists");
            let blocked = 50.0 * 3e-5 * 1000.0;
            let worst = found.stresses.iter().flatten().fold(0.0_f64, |m, s| m.max(s.abs()));
            assert!(worst < 1e-9 * blocked, "{formulation:?}: {worst:e}");
            let strain = body.material(0).expansion.map(|e| 50.0 * e);
            assert!(found.strains.iter().all(|e| (0..6).all(|k| (e[k] - strain[k]).abs() < 1e-12)));
            assert!(answer.reactions.iter().all(|r| r.norm() < 1e-9 * blocked), "{formulation:?}");
        }
    }
}

#[test]
fn blocked_heat_presses_with_the_bulk_modulus() {
    // All nodes held: σ = −3 κ α ΔT I, zero displacement.
    for formulation in Formulation::ALL {
        let mesh = block(formulation.shape(), [1.0; 3], [2, 2, 2], false, |x| x);
        let (e, nu, alpha, rise) = (1000.0, 0.3, 1e-5, 40.0);
        let expansion = [alpha, alpha, alpha, 0.0, 0.0, 0.0];
        let body = body(mesh, formulation, Material { stiffness: isotropic(e, nu), expansion, density: 0.0 });
        let nodes: Vec<u32> = boundary_nodes(body.mesh());
        let constraints = Constraints { supports: all_dofs(&nodes), ..Constraints::default() };
        let rises = vec![rise; body.mesh().n_nodes()];
        let load = Load { temperature_rise: rises.clone(), ..Load::default() };
        let answer = Statics::new(&body, &constraints, &OPTIONS)
            .and_then(|s| s.solve(&[load]))
            .expect("held body")
            .remove(0);
        let found = Stresses::new(&body, &answer.displacements, &rises).expect("fitting lists");
        let exact = -e / (1.0 - 2.0 * nu) * alpha * rise;
        for s in &found.stresses {
            assert!(
                (0..6).all(|k| (s[k] - if k < 3 { exact } else { 0.0 }).abs() < 1e-11),
                "{formulation:?}"
            );
        }
    }
}

#[test]
fn prescribed_displacement_of_a_bar_needs_the_force_of_its_modulus() {
    // Bar 4 × 1 × 1, ν = 0: F = E A u / L.
    for formulation in Formulation::ALL {
        let mesh = block(formulation.shape(), [4.0, 1.0, 1.0], [4, 1, 1], false, |x| x);
        let body = body(mesh, formulation, elastic(isotropic(1000.0, 0.0)));
        let p = body.mesh().points();
        let at = |x: f64| (0..p.len() as u32).filter(move |&i| (p[i as usize].x - x).abs() < 1e-9);
        let mut supports = all_dofs(&at(0.0).collect::<Vec<_>>());
        let first = supports.len();
        supports.extend(at(4.0).map(|node| Dof { node, axis: 0 }));
        let prescribed = (0..supports.len()).map(|i| if i < first { 0.0 } else { 0.02 }).collect();
        let constraints = Constraints { supports, ..Constraints::default() };
        let load = Load { prescribed, ..Load::default() };
        let answer = Statics::new(&body, &constraints, &OPTIONS)
            .and_then(|s| s.solve(&[load]))
            .unwrap_or_else(|e| panic!("{formulation:?}: {e}"))
            .remove(0);
        let pull: f64 = at(4.0).map(|n| answer.reactions[n as usize].x).sum();
        assert!((pull - 5.0).abs() < 1e-10, "{formulation:?}: {pull}");
        assert_eq!(answer.compliance, 0.0);
    }
}

#[test]
fn many_loads_on_one_set_up_are_solved_in_order() {
    let body = heavy(Formulation::Wedge15);
    let constraints = Constraints { supports: all_dofs(&low(body.mesh())), ..Constraints::default() };
    let statics = Statics::new(&body, &constraints, &OPTIONS).expect("held body");
    let dof = Dof { node: body.mesh().n_nodes() as u32 - 1, axis: 0 };
    let load = |f: f64| Load { forces: vec![(dof, f)], ..Load::default() };
    let answers = statics.solve(&[load(1.0), load(0.0), load(-2.0)]).expect("held body");
    let at = |k: usize| answers[k].displacements[dof.node as usize].x;
    assert!(0.0 < at(0) && at(1) == 0.0 && (at(2) + 2.0 * at(0)).abs() < 1e-12 * at(0));
    assert!((answers[0].compliance - at(0)).abs() < 1e-15);
}

#[test]
fn loads_on_what_does_not_exist_are_refused() {
    let body = heavy(Formulation::Hex8);
    let constraints = Constraints { supports: all_dofs(&low(body.mesh())), ..Constraints::default() };
    let statics = Statics::new(&body, &constraints, &OPTIONS).expect("held body");
    let fault = |load: Load| statics.solve(&[load]).expect_err("a wrong load");
    let facet = CellFacet { cell: 0, facet: 6 };
    let wrong = fault(Load { pressures: vec![(facet, 1.0)], ..Load::default() });
    assert!(matches!(wrong, StaticsError::NoSuchFacet { cell: 0, facet: 6, .. }));
    let node = body.mesh().n_nodes() as u32;
    let wrong = fault(Load { forces: vec![(Dof { node, axis: 0 }, 1.0)], ..Load::default() });
    assert!(matches!(wrong, StaticsError::NoSuchNode { .. }));
    assert_eq!(wrong.kind(), ErrorKind::Input);
    let wrong = fault(Load { temperature_rise: vec![1.0], ..Load::default() });
    assert!(matches!(wrong, StaticsError::Count { .. }));
    let wrong = fault(Load { forces: vec![(Dof { node: 0, axis: 0 }, f64::NAN)], ..Load::default() });
    assert!(matches!(wrong, StaticsError::BadNumber { .. }));
}
