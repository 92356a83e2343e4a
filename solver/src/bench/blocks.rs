//! Blocks that fit the faces of a device.

use crate::statics::CellFacet;
use dens_mesher::Vec3;
use dens_mesher::mixed::{MixedMesh, MixedMeshError, Shape};

/// A rigid block as long as its face needs: the facets it fits, copied and drawn out to a plane, each as a prism or brick.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Nodes of its own, mm.
    pub points: Vec<Vec3>,
    /// Quadratic prisms and bricks; node numbers from 0.
    pub cells: Vec<(Shape, Vec<u32>)>,
}

/// Facet of a prism or brick that is the copied one.
pub(super) const FACE: u8 = 0;

impl Block {
    /// Block over quadratic facets of a mesh, drawn out along `outward` to `depth` mm beyond the farthest node.
    ///
    /// Facets, of six or eight nodes, are counter-clockwise from outside of the device and must not lean away from
    /// `outward`. `None` where a facet has another number of nodes.
    pub(super) fn fitting(points: &[Vec3], facets: &[Vec<u32>], outward: Vec3, depth: f64) -> Option<Self> {
        let mut nodes: Vec<u32> = facets.iter().flatten().copied().collect();
        nodes.sort_unstable();
        nodes.dedup();
        let n = nodes.len() as u32;
        let face: Vec<Vec3> = nodes.iter().map(|k| points[*k as usize]).collect();
        let end = face.iter().map(|p| p.dot(&outward)).fold(f64::NEG_INFINITY, f64::max) + depth;
        let far = face.iter().map(|p| p + outward * (end - p.dot(&outward)));
        let middle = face.iter().map(|p| p + outward * (0.5 * (end - p.dot(&outward))));
        let points = face.iter().copied().chain(far).chain(middle).collect();
        let cell = |facet: &Vec<u32>| {
            let shape = match facet.len() {
                6 => Shape::Wedge15,
                8 => Shape::Hex20,
                _ => return None,
            };
            let own = facet.iter().map(|k| nodes.binary_search(k).expect("collected above") as u32);
            let own: Vec<u32> = own.collect();
            let (corners, mids) = own.split_at(own.len() / 2);
            let far = |list: &[u32]| list.iter().map(|k| k + n).collect::<Vec<u32>>();
            // Corners near and far, middles near and far, then the middles of the axial edges.
            let axial = corners.iter().map(|k| k + 2 * n).collect();
            Some((shape, [corners.to_vec(), far(corners), mids.to_vec(), far(mids), axial].concat()))
        };
        Some(Self { points, cells: facets.iter().map(cell).collect::<Option<_>>()? })
    }
}

/// Body for a foam block or a coupon: bricks of twenty nodes between grid lines, right-handed.
///
/// - `lines`: coordinates of the grid planes along x, y and z, ascending, at least two each, mm
/// - `place`: where a point of the grid lies, mm; keeps cells right-handed
///
/// # Errors
/// [`MixedMeshError`] when a place is not a number.
pub fn bricks(lines: [&[f64]; 3], place: impl Fn(Vec3) -> Vec3) -> Result<MixedMesh, MixedMeshError> {
    let n = lines.map(|l| l.len() - 1);
    let doubled = n.map(|k| 2 * k + 1);
    let at = |axis: usize, i: usize| {
        let l = lines[axis];
        if i.is_multiple_of(2) { l[i / 2] } else { 0.5 * (l[i / 2] + l[i / 2 + 1]) }
    };
    // Nodes of a serendipity brick: at most one odd coordinate.
    let is_node = |i: [usize; 3]| i.iter().filter(|k| !k.is_multiple_of(2)).count() <= 1;
    let mut numbers = vec![u32::MAX; doubled.iter().product()];
    let index = |i: [usize; 3]| (i[2] * doubled[1] + i[1]) * doubled[0] + i[0];
    let mut points = Vec::new();
    for k in 0..doubled[2] {
        for j in 0..doubled[1] {
            for i in 0..doubled[0] {
                if is_node([i, j, k]) {
                    numbers[index([i, j, k])] = points.len() as u32;
                    points.push(place(Vec3::new(at(0, i), at(1, j), at(2, k))));
                }
            }
        }
    }
    let reference = Shape::Hex20.cell().nodes();
    let mut cells = Vec::new();
    for k in 0..n[2] {
        for j in 0..n[1] {
            for i in 0..n[0] {
                let node = |xi: &[f64; 3]| {
                    let own = [i, j, k];
                    // ξ is -1, 0 or 1.
                    numbers
                        [index(std::array::from_fn(|a| (2 * own[a] + 1).wrapping_add_signed(xi[a] as isize)))]
                };
                cells.push(reference.iter().map(node).collect::<Vec<u32>>());
            }
        }
    }
    MixedMesh::new(points, cells.iter().map(|c| (Shape::Hex20, c.as_slice())))
}

/// Facets that bound one cell only, ordered by cell.
pub fn boundary(mesh: &MixedMesh) -> Vec<CellFacet> {
    crate::verification::boundary(mesh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bricks_fill_their_box_and_their_boundary_has_its_area() {
        let (x, y, z) = ([0.0, 1.0, 3.0], [0.0, 2.0], [0.0, 0.5, 1.5, 4.0]);
        let mesh = bricks([&x, &y, &z], |p| p).expect("finite");
        assert_eq!(mesh.n_cells(), 6);
        let volume: f64 = (0..6).map(|c| mesh.volume(c)).sum();
        // Round-off of a few sums.
        assert!((volume - 24.0).abs() < 1e-12, "{volume}");
        assert_eq!(boundary(&mesh).len(), 2 * (2 + 6 + 3));
    }

    #[test]
    fn a_block_has_the_volume_over_its_face() {
        // Two triangles that form the unit square, tilted.
        let p = |x: f64, y: f64| Vec3::new(x, y, 0.3 * x);
        let points = vec![
            p(0.0, 0.0),
            p(1.0, 0.0),
            p(1.0, 1.0),
            p(0.0, 1.0),
            p(0.5, 0.0),
            p(1.0, 0.5),
            p(0.5, 0.5),
            p(0.5, 1.0),
            p(0.0, 0.5),
        ];
        let facets = [vec![0, 1, 2, 4, 5, 6], vec![0, 2, 3, 6, 7, 8]];
        let block = Block::fitting(&points, &facets, Vec3::z(), 2.0).expect("triangles of six nodes");
        let mesh =
            MixedMesh::new(block.points, block.cells.iter().map(|(s, c)| (*s, c.as_slice()))).expect("sound");
        let volume: f64 = (0..2).map(|c| mesh.volume(c)).sum();
        // Mean height of the column under the plane z = 2.3: 2.15.
        assert!((volume - 2.15).abs() < 1e-12, "{volume}");
    }
}
