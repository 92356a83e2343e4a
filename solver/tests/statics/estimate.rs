//! The estimated error against the true one on the manufactured solution, and at a border of materials.

use crate::mesh::{block, distort, elastic, stir};
use dens_mesher::Vec3;
use dens_mesher::mixed::Shape;
use dens_solver::estimate::{by_material, estimate};
use dens_solver::statics::{
    Body, CellProperties, Constraints, Dof, Formulation, Load, Options, Statics, Stresses,
};
use dens_solver::tensor::isotropic;
use dens_solver::verification::manufactured::{errors, solution};

/// Estimated over true error in energy.
fn effectivity(formulation: Formulation, n: usize) -> f64 {
    let mesh = block(formulation.shape(), [1.0; 3], [n; 3], false, stir);
    let (body, u) = solution(mesh, formulation, &isotropic(1000.0, 0.3)).expect("a sound mesh");
    let found = Stresses::new(&body, &u, &[]).expect("fitting lists");
    let estimated = estimate(&body, &found, &by_material(&body)).expect("fitting lists").total();
    let [_, energy] = errors(&body, &u);
    estimated / energy
}

#[test]
fn effectivity_on_tetrahedra_is_near_one() {
    for (formulation, n) in
        [(Formulation::Tet4, 8), (Formulation::Tet4, 12), (Formulation::Tet10, 4), (Formulation::Tet10, 7)]
    {
        let found = effectivity(formulation, n);
        // The range asked of an estimator that is trusted with a mesh size.
        assert!((0.8..1.2).contains(&found), "{formulation:?} {n}: {found}");
    }
}

#[test]
fn effectivity_on_bricks_and_prisms_is_near_one() {
    for (formulation, n) in [
        (Formulation::Hex8Full, 8),
        (Formulation::Hex20, 5),
        (Formulation::Wedge15, 5),
        (Formulation::Wedge6, 10),
    ] {
        let found = effectivity(formulation, n);
        // Stresses at the full rule of hex20 are not superconvergent: a wider range than on tetrahedra.
        assert!((0.6..1.4).contains(&found), "{formulation:?} {n}: {found}");
    }
}

#[test]
fn a_jump_of_stress_between_materials_is_no_error() {
    // Two materials side by side under one displacement field: a linear stress in each region would be fitted;
    // a uniform stretch along the border gives a constant one that jumps.
    let mesh = block(Shape::Tet10, [2.0, 1.0, 1.0], [4, 2, 2], false, |x| x);
    let cells: Vec<CellProperties> = (0..mesh.n_cells())
        .map(|c| {
            let x = mesh.cell(c)[..4].iter().map(|&n| mesh.points()[n as usize].x).sum::<f64>() / 4.0;
            CellProperties { formulation: Formulation::Tet10, material: u32::from(1.0 < x), frame: None }
        })
        .collect();
    let materials = vec![elastic(isotropic(300.0, 0.0)), elastic(isotropic(110_000.0, 0.0))];
    let supports: Vec<Dof> =
        (0..mesh.n_nodes() as u32).flat_map(|node| (0..3).map(move |axis| Dof { node, axis })).collect();
    let prescribed = supports
        .iter()
        .map(|d| if d.axis == 2 { 1e-3 * mesh.points()[d.node as usize].z } else { 0.0 })
        .collect();
    let body = Body::new(mesh, materials, vec![], cells).expect("valid body");
    let constraints = Constraints { supports, ..Constraints::default() };
    let answer = Statics::new(&body, &constraints, &Options::default())
        .and_then(|s| s.solve(&[Load { prescribed, ..Load::default() }]))
        .expect("held body")
        .remove(0);
    let found = Stresses::new(&body, &answer.displacements, &[]).expect("fitting lists");
    let apart = estimate(&body, &found, &by_material(&body)).expect("fitting lists");
    let together = estimate(&body, &found, &vec![0; body.mesh().n_cells()]).expect("fitting lists");
    assert!(apart.relative() < 1e-10, "{}", apart.relative());
    assert_eq!(apart.regions.len(), 2);
    assert!(0.05 < together.relative(), "{}", together.relative());
}

#[test]
fn a_constant_stress_has_no_error_on_any_mesh() {
    for formulation in Formulation::ALL {
        let mesh = block(formulation.shape(), [2.0, 1.5, 1.0], [3, 2, 2], false, distort);
        let body = crate::mesh::body(mesh, formulation, elastic(isotropic(1000.0, 0.3)));
        let u: Vec<Vec3> = body
            .mesh()
            .points()
            .iter()
            .map(|x| Vec3::new(1e-3 * x.x + 2e-3 * x.y, 0.0, 1e-3 * x.z))
            .collect();
        let found = Stresses::new(&body, &u, &[]).expect("fitting lists");
        let relative = estimate(&body, &found, &by_material(&body)).expect("fitting lists").relative();
        assert!(relative < 1e-10, "{formulation:?}: {relative:e}");
    }
}
