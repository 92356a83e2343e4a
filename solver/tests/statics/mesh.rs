//! Blocks of any cell shape.

use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::statics::{Body, CellProperties, Formulation, Material};
use dens_solver::tensor::Stiffness;
use dens_solver::verification::joined;

pub(crate) use dens_solver::verification::{boundary, distort, stir};

/// Box [0, size] of n₁ × n₂ × n₃ bricks, brick (i, j, k) cut into cells of the shape `shape(i)`, nodes moved by
/// `map`. Mid-edge nodes lie halfway before the map if `curved`, else halfway between their moved corners.
pub(crate) fn mixed_block(
    shape: impl Fn(usize) -> Shape,
    size: [f64; 3],
    n: [usize; 3],
    curved: bool,
    map: impl Fn(Vec3) -> Vec3,
) -> MixedMesh {
    joined(shape, &[n], curved, |_, x| map(x.component_mul(&Vec3::from(size))))
}

/// Box of one shape, see [`mixed_block`].
pub(crate) fn block(
    shape: Shape,
    size: [f64; 3],
    n: [usize; 3],
    curved: bool,
    map: impl Fn(Vec3) -> Vec3,
) -> MixedMesh {
    mixed_block(|_| shape, size, n, curved, map)
}

/// Material without heat and weight.
pub(crate) fn elastic(stiffness: Stiffness) -> Material {
    Material { stiffness, expansion: [0.0; 6], density: 0.0 }
}

/// Body of one material whose cells all have one formulation.
pub(crate) fn body(mesh: MixedMesh, formulation: Formulation, material: Material) -> Body {
    let cells = vec![CellProperties { formulation, material: 0, frame: None }; mesh.n_cells()];
    Body::new(mesh, vec![material], Vec::new(), cells).expect("valid body")
}

/// Nodes of the boundary, ascending.
pub(crate) fn boundary_nodes(mesh: &MixedMesh) -> Vec<u32> {
    let mut nodes: Vec<u32> =
        boundary(mesh).iter().flat_map(|f| mesh.facet(f.cell as usize, usize::from(f.facet))).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
