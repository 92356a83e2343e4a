//! Structured bodies of any cell shape: boxes, mapped and joined.

use crate::statics::CellFacet;
use dens_mesher::Vec3;
use dens_mesher::mesh::{Facet, Mesh};
use dens_mesher::mixed::{MixedMesh, Shape};
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

/// Unit cube of n₁ × n₂ × n₃ bricks, each cut into cells of one shape, nodes moved by `map`.
///
/// Mid-edge nodes lie halfway before the map if `curved`, else halfway between their moved corners. Nodes are
/// numbered along x first, then y, then z.
pub fn block(shape: Shape, n: [usize; 3], curved: bool, map: impl Fn(Vec3) -> Vec3) -> MixedMesh {
    joined(|_| shape, &[n], curved, |_, x| map(x))
}

/// Several mapped cubes as one body: nodes that the map puts on the same place are one.
///
/// - `shape(i)`: what the bricks number i along the first axis of their cube are cut into
/// - `map(i, x)`: place of point x of the i-th cube; all must come out right-handed
pub fn joined(
    shape: impl Fn(usize) -> Shape,
    cubes: &[[usize; 3]],
    curved: bool,
    map: impl Fn(usize, Vec3) -> Vec3,
) -> MixedMesh {
    let mut points: Vec<Vec3> = Vec::new();
    let mut known: BTreeMap<[i64; 3], u32> = BTreeMap::new();
    let mut cells: Vec<(Shape, Vec<u32>)> = Vec::new();
    for (cube, &n) in cubes.iter().enumerate() {
        let cut = cut(&shape, n);
        let place = |key: Key| map(cube, Vec3::from_fn(|a, _| f64::from(key[a]) / (2.0 * n[a] as f64)));
        let mut numbers: BTreeMap<[i32; 3], (Vec3, u32)> = BTreeMap::new();
        for &key in cut.iter().flat_map(|c| &c.1) {
            numbers.entry(backward(key)).or_insert_with(|| (place(key), 0));
        }
        for (shape, keys) in cut.iter().filter(|_| !curved) {
            let c = shape.cell();
            for (mid, &[a, b]) in keys[c.n_corners()..].iter().zip(c.edges()) {
                numbers.insert(backward(*mid), (0.5 * (place(keys[a]) + place(keys[b])), 0));
            }
        }
        for (p, own) in numbers.values_mut() {
            *own = number(*p, &mut points, &mut known);
        }
        let number = |key: &Key| numbers[&backward(*key)].1;
        cells.extend(cut.iter().map(|(shape, keys)| (*shape, keys.iter().map(number).collect())));
    }
    MixedMesh::new(points, cells.iter().map(|(s, c)| (*s, c.as_slice()))).expect("structured mesh")
}

/// Cells of a cube with the keys of their nodes.
fn cut(shape: impl Fn(usize) -> Shape, n: [usize; 3]) -> Vec<(Shape, Vec<Key>)> {
    let mut cells = Vec::new();
    for brick in 0..n[0] * n[1] * n[2] {
        let origin = [brick % n[0], brick / n[0] % n[1], brick / n[0] / n[1]];
        let shape = shape(origin[0]);
        for local in corners(shape) {
            let at = |k: &Key| -> Key { std::array::from_fn(|a| k[a] + 2 * origin[a] as i32) };
            let mut keys: Vec<Key> = local.iter().map(at).collect();
            for &[a, b] in shape.cell().edges() {
                keys.push(std::array::from_fn(|k| (keys[a][k] + keys[b][k]) / 2));
            }
            cells.push((shape, keys));
        }
    }
    cells
}

/// The key that sorts along z first.
fn backward([x, y, z]: Key) -> Key {
    [z, y, x]
}

/// Number of the node at `p`, new or found within 1e-7; places are of the order of one to a hundred.
fn number(p: Vec3, points: &mut Vec<Vec3>, known: &mut BTreeMap<[i64; 3], u32>) -> u32 {
    let key =
        |offset: [i64; 3]| -> [i64; 3] { std::array::from_fn(|a| (p[a] * 1e7).floor() as i64 + offset[a]) };
    for i in 0..27 {
        if let Some(&found) = known.get(&key([i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1])) {
            return found;
        }
    }
    points.push(p);
    let number = points.len() as u32 - 1;
    known.insert(key([0; 3]), number);
    number
}

/// Smooth distortion of the unit cube that keeps no plane and no right angle.
pub fn distort(x: Vec3) -> Vec3 {
    x + 0.08
        * Vec3::new(
            (2.0 * x.y + x.z).sin() + 0.3 * x.x * x.x,
            (1.5 * x.z - x.x).sin() + 0.2 * x.y * x.x,
            (1.2 * x.x + 2.0 * x.y).cos() - 0.3 * x.z * x.y,
        )
}

/// Distortion that keeps the faces of the unit cube.
pub fn stir(x: Vec3) -> Vec3 {
    let bump = |t: f64| 4.0 * t * (1.0 - t);
    let b = bump(x.x) * bump(x.y) * bump(x.z);
    x + 0.08 * b * Vec3::new(1.0, -0.7, 0.5) + 0.03 * Vec3::new(bump(x.x), -bump(x.y), bump(x.z))
}

/// Facets that bound one cell only, by cell.
pub fn boundary(mesh: &MixedMesh) -> Vec<CellFacet> {
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

/// The same body for a model with interfaces: ten-node tetrahedra alone; all boundary facets on surface 0.
pub(crate) fn tetrahedra(mixed: &MixedMesh) -> Mesh {
    let n = mixed.n_cells();
    let cells = (0..n).map(|c| std::array::from_fn(|k| mixed.cell(c)[k])).collect();
    let facet = |f: CellFacet| {
        let nodes = mixed.facet(f.cell as usize, usize::from(f.facet));
        Facet { cell: f.cell, local: f.facet, nodes: std::array::from_fn(|k| nodes[k]), surface: 0 }
    };
    Mesh {
        points: mixed.points().to_vec(),
        cells,
        regions: vec![0; n],
        region_names: vec!["all".to_string()],
        boundary: boundary(mixed).into_iter().map(facet).collect(),
        facet_sets: BTreeMap::new(),
    }
}
