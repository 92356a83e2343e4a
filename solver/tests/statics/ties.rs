//! Ties between meshes that do not match.

use crate::mesh::{block, boundary, elastic};
use crate::patch::anisotropic;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::linear::Choice;
use dens_solver::statics::{
    Body, CellFacet, CellProperties, Constraints, Dof, Formulation, Load, Options, Statics, Stresses, tie,
};
use dens_solver::tensor::{self, small_strain};
use nalgebra::Matrix3;

/// Lower block below z = 1 and upper block above it as one mesh without common nodes.
fn stacked(lower: &MixedMesh, upper: &MixedMesh) -> MixedMesh {
    let n = lower.n_nodes() as u32;
    let mut points = lower.points().to_vec();
    points.extend_from_slice(upper.points());
    let moved: Vec<Vec<u32>> =
        (0..upper.n_cells()).map(|c| upper.cell(c).iter().map(|i| i + n).collect()).collect();
    let cells = (0..lower.n_cells())
        .map(|c| (lower.shapes()[c], lower.cell(c)))
        .chain(upper.shapes().iter().copied().zip(moved.iter().map(Vec::as_slice)));
    MixedMesh::new(points, cells).expect("valid mesh")
}

/// Facets of cells from `first` to `end` whose nodes all lie at z = 1.
fn interface(mesh: &MixedMesh, cells: std::ops::Range<usize>) -> Vec<CellFacet> {
    let flat = |f: &CellFacet| {
        let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
        nodes.iter().all(|&n| (mesh.points()[n as usize].z - 1.0).abs() < 1e-9)
    };
    boundary(mesh).into_iter().filter(|f| cells.contains(&(f.cell as usize)) && flat(f)).collect()
}

fn nodes_of(mesh: &MixedMesh, facets: &[CellFacet]) -> Vec<u32> {
    let mut nodes: Vec<u32> =
        facets.iter().flat_map(|f| mesh.facet(f.cell as usize, usize::from(f.facet))).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

#[test]
fn a_refined_slave_passes_the_patch_test() {
    // The slave mesh has three cells on each master cell, so that its displacements contain those of the master.
    for (master, slave) in [
        (Formulation::Hex20, Formulation::Hex20),
        (Formulation::Tet10, Formulation::Tet10),
        (Formulation::Hex8, Formulation::Hex8Incompatible),
        (Formulation::Tet4, Formulation::Tet10),
        (Formulation::Wedge6, Formulation::Wedge15),
    ] {
        let skew = |x: Vec3| x + Vec3::new(0.1 * x.y, 0.05 * x.x, 0.0);
        let lower = block(master.shape(), [2.0, 1.0, 1.0], [2, 1, 1], false, skew);
        let upper = block(slave.shape(), [2.0, 1.0, 1.0], [6, 3, 2], false, |x| skew(x) + Vec3::z());
        let mesh = stacked(&lower, &upper);
        let cells = (0..mesh.n_cells())
            .map(|c| CellProperties {
                formulation: if c < lower.n_cells() { master } else { slave },
                material: 0,
                frame: None,
            })
            .collect();
        let masters = interface(&mesh, 0..lower.n_cells());
        let slaves = nodes_of(&mesh, &interface(&mesh, lower.n_cells()..mesh.n_cells()));
        let body = Body::new(mesh, vec![elastic(anisotropic())], vec![], cells).expect("valid body");
        // Supported: the bottom, and the six sides of both blocks but for the interface.
        let gradient = Matrix3::new(1e-3, 2e-3, -5e-4, 3e-4, -1e-3, 7e-4, 4e-4, -6e-4, 8e-4);
        let points = body.mesh().points();
        let on_interface: Vec<u32> = slaves.iter().copied().chain(nodes_of(body.mesh(), &masters)).collect();
        let supports: Vec<Dof> = crate::mesh::boundary_nodes(body.mesh())
            .into_iter()
            .filter(|n| !on_interface.contains(n))
            .flat_map(|node| (0..3).map(move |axis| Dof { node, axis }))
            .collect();
        let prescribed =
            supports.iter().map(|d| (gradient * points[d.node as usize])[usize::from(d.axis)]).collect();
        let mut constraints = Constraints { supports, ..Constraints::default() };
        let tied = tie(&body, &slaves, &masters, None, &constraints).expect("existing facets");
        assert_eq!(tied.equations.len(), 3 * slaves.len());
        assert!(tied.gaps.is_empty() && tied.unreached.is_empty() && tied.left_alone.is_empty());
        constraints.equations = tied.equations;
        // Sides of the interface are free: pull them as the constant stress would.
        let stress = tensor::apply(&anisotropic(), &small_strain(&gradient));
        let mut load = Load { prescribed, ..Load::default() };
        for f in boundary(body.mesh()) {
            let nodes = body.mesh().facet(f.cell as usize, usize::from(f.facet));
            let p: Vec<Vec3> = nodes.iter().map(|&n| points[n as usize]).collect();
            if p.iter().all(|x| (x.z - 1.0).abs() < 1e-9) {
                continue;
            }
            let surface = body.mesh().shapes()[f.cell as usize].facet_cell(usize::from(f.facet));
            let n = dens_mesher::cells::mapping::area_vector(surface, &p, surface.rules()[0].points[0]);
            load.tractions.push((f, tensor::stress_tensor(&stress) * n.normalize()));
        }
        let options = Options { solver: Choice::Direct, tolerance: 1e-13, ..Options::default() };
        let answer = Statics::new(&body, &constraints, &options)
            .and_then(|s| s.solve(&[load]))
            .expect("held body")
            .remove(0);
        for (u, x) in answer.displacements.iter().zip(points) {
            assert!((u - gradient * x).norm() < 1e-10 * 1e-2, "{master:?} {slave:?}: {u} at {x}");
        }
        let found = Stresses::new(&body, &answer.displacements, &[]).expect("fitting lists");
        let size = stress.iter().fold(0.0_f64, |m, s| m.max(s.abs()));
        for s in &found.stresses {
            assert!((0..6).all(|k| (s[k] - stress[k]).abs() < 1e-8 * size), "{master:?} {slave:?}");
        }
    }
}

#[test]
fn slave_nodes_on_a_curved_master_follow_its_rigid_motion() {
    // A cylinder sector of quadratic bricks; slave nodes of a finer one lie on its curved surface up to its own
    // approximation of the circle.
    let sector = |inner: f64, outer: f64, n: usize| {
        block(Shape::Hex20, [1.0; 3], [1, n, n], true, move |x| {
            let (r, angle) = (inner + (outer - inner) * x.x, 0.8 * x.y);
            Vec3::new(r * angle.cos(), r * angle.sin(), x.z)
        })
    };
    let (lower, upper) = (sector(4.0, 5.0, 2), sector(5.0, 6.0, 3));
    let mesh = stacked(&lower, &upper);
    let radius = |n: u32| mesh.points()[n as usize].xy().norm();
    let facets = |cells: std::ops::Range<usize>| -> Vec<CellFacet> {
        boundary(&mesh)
            .into_iter()
            .filter(|f| {
                let nodes = mesh.facet(f.cell as usize, usize::from(f.facet));
                cells.contains(&(f.cell as usize)) && nodes.iter().all(|&n| (radius(n) - 5.0).abs() < 1e-9)
            })
            .collect()
    };
    let masters = facets(0..lower.n_cells());
    let slaves = nodes_of(&mesh, &facets(lower.n_cells()..mesh.n_cells()));
    let cells =
        vec![CellProperties { formulation: Formulation::Hex20, material: 0, frame: None }; mesh.n_cells()];
    let body = Body::new(mesh, vec![elastic(anisotropic())], vec![], cells).expect("valid body");
    let tied = tie(&body, &slaves, &masters, Some(0.1), &Constraints::default()).expect("existing facets");
    assert_eq!(tied.equations.len(), 3 * slaves.len());
    assert!(tied.unreached.is_empty());
    // A parabola through three points of an arc of 0.4 rad misses the circle by r φ⁴ / 1150 at most.
    assert!(!tied.gaps.is_empty() && tied.gaps.iter().all(|g| g.1 < 5.0 * 0.4_f64.powi(4) / 1150.0));
    let p = body.mesh().points();
    for equation in &tied.equations {
        // Σ N = 1 and Σ N x = x within the gap.
        let axis = usize::from(equation.terms[0].0.axis);
        let sum: f64 = equation.terms.iter().map(|t| t.1).sum();
        let moved: f64 = equation.terms.iter().map(|t| t.1 * p[t.0.node as usize][axis]).sum();
        assert!(sum.abs() < 1e-12 && moved.abs() < 1.2e-4, "{sum} {moved}");
    }
}

#[test]
fn nodes_out_of_reach_shared_or_held_are_reported() {
    let lower = block(Shape::Hex8, [1.0; 3], [1, 1, 1], false, |x| x);
    let upper = block(Shape::Hex8, [1.0; 3], [1, 1, 1], false, |x| {
        // Tilted: one edge touches, the other is 0.2 above.
        Vec3::new(x.x, x.y, 1.0 + x.z + 0.2 * x.x)
    });
    let mesh = stacked(&lower, &upper);
    let masters = interface(&mesh, 0..1);
    let cells =
        vec![CellProperties { formulation: Formulation::Hex8, material: 0, frame: None }; mesh.n_cells()];
    let body = Body::new(mesh, vec![elastic(anisotropic())], vec![], cells).expect("valid body");
    let taken = Dof { node: 8, axis: 1 };
    let constraints = Constraints { supports: vec![taken], ..Constraints::default() };
    // Bottom nodes of the upper block are 8 to 11; 9 and 11 hang in the air; 4 is a node of the master.
    let tied = tie(&body, &[8, 9, 10, 11, 4], &masters, Some(0.05), &constraints).expect("existing facets");
    assert_eq!(tied.unreached, [9, 11]);
    assert_eq!(tied.shared, [4]);
    assert_eq!(tied.left_alone, [taken]);
    assert_eq!(tied.equations.len(), 5);
    let wide = tie(&body, &[9], &masters, Some(0.3), &constraints).expect("existing facets");
    assert_eq!(wide.gaps.len(), 1);
    assert!((wide.gaps[0].1 - 0.2).abs() < 1e-12);
}
