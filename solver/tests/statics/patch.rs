//! Patch test: a linear displacement on the boundary is taken up exactly inside, whatever the shape of the cells.
//!
//! Source: Irons & Razzaque (1972), Experience with the patch test, in Aziz (ed.), The Mathematical Foundations of
//! the Finite Element Method, 557-587. Block of 2 × 1.5 × 1 of distorted cells, all six strains, isotropic and
//! anisotropic material in a turned frame.

use crate::mesh::{block, boundary_nodes, distort, elastic, mixed_block};
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::statics::{
    Body, CellProperties, Constraints, Dof, Formulation, Load, Material, Options, Statics, Stresses,
};
use dens_solver::tensor::{self, Stiffness, isotropic, small_strain};
use nalgebra::{Matrix3, Rotation3, Unit};

/// Positive definite, no symmetry beyond that of every stiffness, MPa.
pub(crate) fn anisotropic() -> Stiffness {
    let a = |i: usize, j: usize| ((7 * i + 3 * j * j + 1) % 11) as f64 / 5.0 - 1.0;
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            100.0 * (0..6).map(|k| a(i, k) * a(j, k)).sum::<f64>() + if i == j { 300.0 } else { 0.0 }
        })
    })
}

pub(crate) fn turn() -> Matrix3<f64> {
    *Rotation3::from_axis_angle(&Unit::new_normalize(Vec3::new(0.3, -0.5, 0.9)), 0.83).matrix()
}

fn gradient() -> Matrix3<f64> {
    Matrix3::new(1e-3, 2e-3, -5e-4, 3e-4, -1e-3, 7e-4, 4e-4, -6e-4, 8e-4)
}

/// Whether the body takes up the linear displacement.
fn passes(mesh: MixedMesh, formulation: impl Fn(Shape) -> Formulation, material: Material, frame: bool) {
    let cells = mesh
        .shapes()
        .iter()
        .map(|&s| CellProperties { formulation: formulation(s), material: 0, frame: frame.then_some(0) })
        .collect();
    let body = Body::new(mesh, vec![material], vec![turn()], cells).expect("valid body");
    let points = body.mesh().points();
    let nodes = boundary_nodes(body.mesh());
    assert!(nodes.len() < points.len(), "there are nodes inside");
    let dofs = |node: u32| (0..3).map(move |axis| Dof { node, axis });
    let constraints =
        Constraints { supports: nodes.iter().flat_map(|&n| dofs(n)).collect(), ..Constraints::default() };
    let exact = |x: Vec3| gradient() * x + Vec3::new(0.01, -0.02, 0.03);
    let prescribed = nodes.iter().flat_map(|&n| <[f64; 3]>::from(exact(points[n as usize]))).collect();
    let load = Load { prescribed, ..Load::default() };
    let options = Options { tolerance: 1e-12, ..Options::default() };
    let statics = Statics::new(&body, &constraints, &options).expect("held body");
    let answer = statics.solve(&[load]).expect("a direct solve").remove(0);
    let name = format!("{:?}", body.cells()[0].formulation);
    for (u, &x) in answer.displacements.iter().zip(points) {
        assert!((u - exact(x)).norm() < 1e-10 * exact(x).norm(), "{name}: {u} at {x}");
    }
    let strain = small_strain(&gradient());
    let stress = tensor::apply(&body.material(0).stiffness, &strain);
    let size = stress.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
    let found = Stresses::new(&body, &answer.displacements, &[]).expect("fitting lists");
    for (e, s) in found.strains.iter().zip(&found.stresses) {
        assert!((0..6).all(|k| (e[k] - strain[k]).abs() < 1e-10 * 1e-3), "{name}: {e:?}");
        assert!((0..6).all(|k| (s[k] - stress[k]).abs() < 1e-10 * size), "{name}: {s:?}");
    }
    for s in found.at_nodes(&body, |_| true) {
        let s = s.expect("every node has a cell");
        assert!((0..6).all(|k| (s[k] - stress[k]).abs() < 1e-9 * size), "{name}: {s:?} at a node");
    }
}

#[test]
fn every_formulation_passes_on_distorted_cells() {
    for formulation in Formulation::ALL {
        for (stiffness, frame) in [(isotropic(1000.0, 0.3), false), (anisotropic(), true)] {
            let mesh = block(formulation.shape(), [2.0, 1.5, 1.0], [3, 2, 2], false, distort);
            passes(mesh, |_| formulation, elastic(stiffness), frame);
        }
    }
}

#[test]
fn formulations_that_integrate_curved_cells_exactly_pass_on_them() {
    for formulation in [Formulation::Tet10, Formulation::Tet10MeanDilatation, Formulation::Hex20] {
        let mesh = block(formulation.shape(), [2.0, 1.5, 1.0], [3, 2, 2], true, distort);
        passes(mesh, |_| formulation, elastic(anisotropic()), true);
    }
}

#[test]
fn bricks_and_prisms_pass_side_by_side() {
    let linear = |i: usize| if i.is_multiple_of(2) { Shape::Hex8 } else { Shape::Wedge6 };
    let quadratic = |i: usize| if i.is_multiple_of(2) { Shape::Hex20 } else { Shape::Wedge15 };
    let of = |shape| match shape {
        Shape::Hex8 => Formulation::Hex8Incompatible,
        Shape::Wedge6 => Formulation::Wedge6,
        Shape::Hex20 => Formulation::Hex20,
        _ => Formulation::Wedge15,
    };
    let mesh = mixed_block(linear, [2.0, 1.5, 1.0], [3, 2, 2], false, distort);
    passes(mesh, of, elastic(anisotropic()), true);
    let mesh = mixed_block(quadratic, [2.0, 1.5, 1.0], [3, 2, 2], false, distort);
    passes(mesh, of, elastic(anisotropic()), true);
}
