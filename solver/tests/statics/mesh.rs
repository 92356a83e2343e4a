//! Blocks of any cell shape.

use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, Shape};
use dens_solver::statics::{Body, CellFacet, CellProperties, Formulation, Material};
use dens_solver::tensor::Stiffness;
use std::collections::BTreeMap;

/// Place of a node on the grid of half the spacing.
type Key = [i32; 3];

/// Corners of the cells of one brick with its lowest corner at the origin and edges of length 2.
fn corners(shape: Shape) -> Vec<Vec<Key>> {
    let square = [[0, 0], [2, 0], [2, 2], [0, 2]];
    match shape {
        Shape::Hex8 | Shape::Hex20 => {
            vec![[0, 2].iter().flat_map(|&z| square.map(|[x, y]| [x, y, z])).collect()]
        }
        Shape::Wedge6 | Shape::Wedge15 => [[0, 1, 2], [0, 2, 3]]
            .iter()
            .map(|t| [0, 2].iter().flat_map(|&z| t.map(|i: usize| [square[i][0], square[i][1], z])).collect())
            .collect(),
        Shape::Tet4 | Shape::Tet10 => [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2], [0, 2, 1], [2, 1, 0]]
            .iter()
            .map(|p| path(*p))
            .collect(),
    }
}

/// Tetrahedron along the axes in the order of `axes`, from the origin to (2, 2, 2).
fn path(axes: [usize; 3]) -> Vec<Key> {
    let mut at = [0; 3];
    let mut out = vec![at];
    for axis in axes {
        at[axis] = 2;
        out.push(at);
    }
    if ![[0, 1, 2], [1, 2, 0], [2, 0, 1]].contains(&axes) {
        out.swap(2, 3);
    }
    out
}

/// Box [0, size] of n₁ × n₂ × n₃ bricks, brick (i, j, k) cut into cells of the shape `shape(i)`, nodes moved by
/// `map`. Mid-edge nodes lie halfway before the map if `curved`, else halfway between their moved corners.
pub(crate) fn mixed_block(
    shape: impl Fn(usize) -> Shape,
    size: [f64; 3],
    n: [usize; 3],
    curved: bool,
    map: impl Fn(Vec3) -> Vec3,
) -> MixedMesh {
    let mut cells: Vec<(Shape, Vec<Key>)> = Vec::new();
    for brick in 0..n[0] * n[1] * n[2] {
        let origin = [brick % n[0], brick / n[0] % n[1], brick / n[0] / n[1]];
        let shape = shape(origin[0]);
        for keys in corners(shape) {
            let mut keys: Vec<Key> =
                keys.iter().map(|k| std::array::from_fn(|a| k[a] + 2 * origin[a] as i32)).collect();
            for &[a, b] in shape.cell().edges() {
                keys.push(std::array::from_fn(|k| (keys[a][k] + keys[b][k]) / 2));
            }
            cells.push((shape, keys));
        }
    }
    let mut numbers: BTreeMap<[i32; 3], u32> = BTreeMap::new();
    for key in cells.iter().flat_map(|c| &c.1) {
        numbers.insert([key[2], key[1], key[0]], 0);
    }
    let mut points = Vec::new();
    let place = |key: [i32; 3]| map(Vec3::from_fn(|a, _| size[a] * f64::from(key[a]) / (2.0 * n[a] as f64)));
    for (at, (key, number)) in numbers.iter_mut().enumerate() {
        *number = at as u32;
        points.push(place([key[2], key[1], key[0]]));
    }
    let number = |k: &Key| numbers[&[k[2], k[1], k[0]]];
    if !curved {
        for (shape, keys) in &cells {
            let c = shape.cell();
            for (k, &[a, b]) in c.edges().iter().enumerate() {
                points[number(&keys[c.n_corners() + k]) as usize] = 0.5 * (place(keys[a]) + place(keys[b]));
            }
        }
    }
    let cells: Vec<(Shape, Vec<u32>)> =
        cells.iter().map(|(shape, keys)| (*shape, keys.iter().map(number).collect())).collect();
    MixedMesh::new(points, cells.iter().map(|(s, c)| (*s, c.as_slice()))).expect("structured mesh")
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

/// Smooth distortion that keeps no plane and no right angle.
pub(crate) fn distort(x: Vec3) -> Vec3 {
    x + 0.08
        * Vec3::new(
            (2.0 * x.y + x.z).sin() + 0.3 * x.x * x.x,
            (1.5 * x.z - x.x).sin() + 0.2 * x.y * x.x,
            (1.2 * x.x + 2.0 * x.y).cos() - 0.3 * x.z * x.y,
        )
}

/// Distortion that keeps the faces of the unit cube.
pub(crate) fn stir(x: Vec3) -> Vec3 {
    let bump = |t: f64| 4.0 * t * (1.0 - t);
    let b = bump(x.x) * bump(x.y) * bump(x.z);
    x + 0.08 * b * Vec3::new(1.0, -0.7, 0.5) + 0.03 * Vec3::new(bump(x.x), -bump(x.y), bump(x.z))
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

/// Facets that bound one cell only.
pub(crate) fn boundary(mesh: &MixedMesh) -> Vec<CellFacet> {
    let mut seen: BTreeMap<Vec<u32>, Vec<CellFacet>> = BTreeMap::new();
    for cell in 0..mesh.n_cells() {
        for facet in 0..mesh.shapes()[cell].n_facets() {
            let mut nodes = mesh.facet(cell, facet);
            nodes.sort_unstable();
            seen.entry(nodes).or_default().push(CellFacet { cell: cell as u32, facet: facet as u8 });
        }
    }
    let mut out: Vec<CellFacet> = seen.into_values().filter(|f| f.len() == 1).map(|f| f[0]).collect();
    out.sort_unstable();
    out
}

/// Nodes of the boundary, ascending.
pub(crate) fn boundary_nodes(mesh: &MixedMesh) -> Vec<u32> {
    let mut nodes: Vec<u32> =
        boundary(mesh).iter().flat_map(|f| mesh.facet(f.cell as usize, usize::from(f.facet))).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
