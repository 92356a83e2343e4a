//! Body-centered cubic lattice graded by an octree: small cells where a size field asks for them.
//!
//! Every leaf has its center as a vertex. Leaves of equal size make the tetrahedra of the uniform lattice, between their
//! centers and the edge they face, two where that edge is split by a smaller leaf; a leaf beside a larger one makes a
//! pyramid over the common square in two halves, and so does the larger. Leaves that touch differ by a factor of two at
//! most, edge and corner neighbors too, so that nothing else occurs. All dihedral angles are 45°, 60°, 90° or 120°.
//!
//! # Source
//! Labelle & Shewchuk (2007), Isosurface stuffing, ACM Trans. Graph. 26(3), §3, there for one surface at one size.

use super::cut::Complex;
use super::lattice::{compact, signs, wanted};
use super::{MeshError, MeshSpec, Place, SizeField};
use crate::Vec3;
use rayon::prelude::*;

/// Most cells at the finest size.
const MOST_CELLS: f64 = 4e8;

/// Finest leaves are at most 2⁻⁶ of the coarsest.
const MOST_LEVELS: u32 = 6;

/// A leaf is split while it is larger than the size asked for at its center by more than round-off.
const SLACK: f64 = 1.0 + 1e-9;

/// Samples every surface on the graded lattice and keeps the tetrahedra near or in the body.
///
/// Leaves have edges of `spec.edge_mm` times a power of two between `range[0]` and `range[1]` mm.
///
/// # Errors
/// As [`super::lattice::sample`].
pub(super) fn sample(
    spec: &MeshSpec<'_>,
    size: &SizeField<'_>,
    range: [f64; 2],
) -> Result<Complex, MeshError> {
    let tree = Octree::new(spec, size, range)?;
    let keys = tree.tetrahedra();
    let mut numbers: Vec<u64> = keys.iter().flatten().copied().collect();
    numbers.par_sort_unstable();
    numbers.dedup();
    let position = |v: usize| tree.position(numbers[v]);
    let tets: Vec<[u32; 4]> = keys
        .par_iter()
        .map(|t| t.map(|k| numbers.binary_search(&k).expect("every corner was filed") as u32))
        .collect();
    let n = numbers.len();
    let mut samples = Vec::with_capacity(spec.surfaces.len());
    for (s, field) in spec.surfaces.iter().enumerate() {
        let values: Vec<f64> = (0..n).into_par_iter().map(|v| field.value(position(v))).collect();
        if let Some(v) = values.par_iter().position_first(|x| !x.is_finite()) {
            return Err(spec.request(format!("surface {s} has no finite value at {}", Place(position(v)))));
        }
        samples.push(values);
    }
    let signs = signs(&samples);
    let middle = |t: &[u32; 4]| t.iter().map(|&v| position(v as usize)).sum::<Vec3>() / 4.0;
    let mut near = vec![false; n];
    let chosen: Vec<bool> = tets.par_iter().map(|t| wanted(spec, &signs, t, middle(t))).collect();
    if !chosen.contains(&true) {
        return Err(MeshError::Empty {
            body: spec.name.clone(),
            cells: tree.n.iter().product(),
            edge_mm: spec.edge_mm,
        });
    }
    tets.iter()
        .zip(chosen)
        .filter(|(_, c)| *c)
        .for_each(|(t, _)| t.iter().for_each(|&v| near[v as usize] = true));
    // A vertex that moves onto one surface can change side of another: one more layer for that.
    if spec.surfaces.len() > 1 {
        let grown: Vec<u32> =
            tets.iter().filter(|t| t.iter().any(|&v| near[v as usize])).flatten().copied().collect();
        grown.into_iter().for_each(|v| near[v as usize] = true);
    }
    let kept = tets.into_iter().filter(|t| t.iter().any(|&v| near[v as usize])).collect();
    Ok(compact(n, position, &samples, kept))
}

/// Leaves over a box; `n` cells of the finest size along each axis.
///
/// Coordinates of vertices count half finest edges.
struct Octree {
    origin: Vec3,
    /// Finest edge, mm.
    fine: f64,
    n: [usize; 3],
    /// Level of the leaf that holds each finest cell; its edge is `2^(deepest − level)` finest cells.
    level: Vec<u8>,
    deepest: u8,
}

impl Octree {
    fn new(
        spec: &MeshSpec<'_>,
        size: &SizeField<'_>,
        [finest, coarsest]: [f64; 2],
    ) -> Result<Self, MeshError> {
        let (bounds, h) = (spec.bounds, spec.edge_mm);
        if !(h > 0.0 && h.is_finite() && 0.0 < finest && finest <= h && h <= coarsest) {
            return Err(spec
                .request(format!("edge lengths from {finest} to {coarsest} mm about {h} mm make no sense")));
        }
        if !(0..3)
            .all(|i| bounds.min[i].is_finite() && bounds.max[i].is_finite() && bounds.min[i] < bounds.max[i])
        {
            return Err(spec.request("the bounds are not a box"));
        }
        let finer = (h / finest / SLACK).log2().ceil().max(0.0) as u32;
        let coarser = (coarsest / h * SLACK).log2().floor().max(0.0) as u32;
        let deepest = (finer + coarser).min(MOST_LEVELS);
        let fine = h / f64::from(1u32 << finer.min(MOST_LEVELS));
        let whole = 1usize << deepest;
        let roots = bounds.size().map(|s| (s / (fine * whole as f64)).ceil() + 2.0);
        if MOST_CELLS < roots.product() * (whole as f64).powi(3) {
            return Err(spec.request(format!(
                "a finest edge length of {fine} mm needs {:.1e} lattice cells; coarsen it",
                roots.product() * (whole as f64).powi(3)
            )));
        }
        let n: [usize; 3] = roots.map(|r| r as usize * whole).into();
        let slack = Vec3::new(n[0] as f64, n[1] as f64, n[2] as f64) * fine - bounds.size();
        let mut tree = Self {
            origin: bounds.min - 0.5 * slack,
            fine,
            n,
            level: vec![0; n[0] * n[1] * n[2]],
            deepest: deepest as u8,
        };
        for level in 0..tree.deepest {
            let leaves = tree.leaves(level);
            let split: Vec<bool> = leaves
                .par_iter()
                .map(|at| {
                    let edge = tree.edge(level);
                    let middle = at.map(|a| a as f64 + 0.5 * edge as f64);
                    size(tree.origin + Vec3::from(middle) * tree.fine) * SLACK < edge as f64 * tree.fine
                })
                .collect();
            for (at, _) in leaves.into_iter().zip(split).filter(|(_, s)| *s) {
                tree.set(at, tree.edge(level), level + 1);
            }
        }
        tree.balance();
        Ok(tree)
    }

    /// Edge of a leaf in finest cells.
    fn edge(&self, level: u8) -> usize {
        1 << (self.deepest - level)
    }

    fn index(&self, [i, j, k]: [usize; 3]) -> usize {
        i + self.n[0] * (j + self.n[1] * k)
    }

    /// Level at a cell; `None` past the rim.
    fn at(&self, cell: [isize; 3]) -> Option<u8> {
        let inside = (0..3).all(|i| 0 <= cell[i] && (cell[i] as usize) < self.n[i]);
        inside.then(|| self.level[self.index(cell.map(|c| c as usize))])
    }

    /// First cells of the leaves of a level, in order.
    fn leaves(&self, level: u8) -> Vec<[usize; 3]> {
        let edge = self.edge(level);
        let m = self.n.map(|n| n / edge);
        // Row by row: most cells are of another level, and a division for each of them would cost more than the look.
        let row = |r: usize| {
            let (j, k) = (r % m[1] * edge, r / m[1] * edge);
            let first = self.index([0, j, k]);
            let cells = self.level[first..first + self.n[0]].iter().step_by(edge).enumerate();
            cells.filter(|(_, l)| **l == level).map(|(i, _)| [i * edge, j, k]).collect::<Vec<_>>()
        };
        (0..m[1] * m[2]).into_par_iter().flat_map_iter(row).collect()
    }

    fn set(&mut self, at: [usize; 3], edge: usize, level: u8) {
        for k in at[2]..at[2] + edge {
            for j in at[1]..at[1] + edge {
                let first = self.index([at[0], j, k]);
                self.level[first..first + edge].fill(level);
            }
        }
    }

    /// Splits leaves until neighbors, also by edges and corners, differ by one level at most.
    fn balance(&mut self) {
        for level in (2..=self.deepest).rev() {
            let edge = self.edge(level) as isize;
            for at in self.leaves(level) {
                for d in 0..27 {
                    let step = [d % 3 - 1, d / 3 % 3 - 1, d / 9 - 1];
                    let there: [isize; 3] = std::array::from_fn(|i| at[i] as isize + step[i] * edge);
                    while let Some(coarse) = self.at(there).filter(|l| l + 1 < level) {
                        let size = self.edge(coarse);
                        let corner = there.map(|c| c as usize / size * size);
                        self.set(corner, size, coarse + 1);
                    }
                }
            }
        }
    }

    fn key(&self, [i, j, k]: [usize; 3]) -> u64 {
        let m = self.n.map(|n| 2 * n as u64 + 1);
        i as u64 + m[0] * (j as u64 + m[1] * k as u64)
    }

    fn position(&self, key: u64) -> Vec3 {
        let m = self.n.map(|n| 2 * n as u64 + 1);
        let at = Vec3::new((key % m[0]) as f64, (key / m[0] % m[1]) as f64, (key / (m[0] * m[1])) as f64);
        self.origin + at * (0.5 * self.fine)
    }

    /// All tetrahedra by the keys of their corners, positive volume.
    fn tetrahedra(&self) -> Vec<[u64; 4]> {
        let mut all: Vec<([usize; 3], u8)> =
            (0..=self.deepest).flat_map(|l| self.leaves(l).into_iter().map(move |at| (at, l))).collect();
        // Neighbors near in memory: in the order of space, not of levels.
        all.par_sort_unstable_by_key(|(at, _)| (at[2], at[1], at[0]));
        let parts: Vec<Vec<[u64; 4]>> = all
            .par_chunks(4096)
            .map(|chunk| {
                let mut found = Vec::new();
                for (at, level) in chunk {
                    for axis in 0..3 {
                        self.face(*at, *level, axis, true, &mut found);
                        self.face(*at, *level, axis, false, &mut found);
                    }
                }
                found
            })
            .collect();
        parts.concat()
    }

    /// The tetrahedra over one face of a leaf, when the leaf beyond is as large (once) or larger.
    fn face(&self, at: [usize; 3], level: u8, axis: usize, up: bool, found: &mut Vec<[u64; 4]>) {
        let edge = self.edge(level);
        let mut beyond = at.map(|a| a as isize);
        beyond[axis] += if up { edge as isize } else { -1 };
        let Some(other) = self.at(beyond) else { return };
        if level < other || (other == level && !up) {
            return;
        }
        let size = self.edge(other);
        let far = beyond.map(|b| b as usize / size * size);
        // Coordinates of vertices count half cells.
        let center = |at: [usize; 3], edge: usize| at.map(|a| 2 * a + edge);
        let centers = [center(at, edge), center(far, size)];
        let (u, w) = ((axis + 1) % 3, (axis + 2) % 3);
        let mut low = at.map(|a| 2 * a);
        low[axis] += if up { 2 * edge } else { 0 };
        let corner = |du: usize, dw: usize| {
            let mut c = low;
            c[u] += du;
            c[w] += dw;
            c
        };
        let e = 2 * edge;
        let square = [corner(0, 0), corner(e, 0), corner(e, e), corner(0, e)];
        if other == level {
            let mut ring = Vec::with_capacity(8);
            for q in 0..4 {
                ring.push(square[q]);
                if self.is_split(at, level, axis, [u, w], q) {
                    ring.push([corner(edge, 0), corner(e, edge), corner(edge, e), corner(0, edge)][q]);
                }
            }
            for q in 0..ring.len() {
                self.push([centers[0], centers[1], ring[q], ring[(q + 1) % ring.len()]], found);
            }
            return;
        }
        // The diagonal runs from the middle of the larger face to its corner.
        let middle = centers[1];
        let hub = (0..4).find(|&q| square[q][u] == middle[u] && square[q][w] == middle[w]);
        let hub = hub.expect("a face half as wide has a corner in the middle of the larger one");
        let [a, b, c, d] = [0, 1, 2, 3].map(|k| square[(hub + k) % 4]);
        for center in centers {
            self.push([center, a, b, c], found);
            self.push([center, a, c, d], found);
        }
    }

    /// Whether edge `q` of the upper face of a leaf, in the order of its square, is split by a smaller leaf.
    fn is_split(&self, at: [usize; 3], level: u8, axis: usize, [u, w]: [usize; 2], q: usize) -> bool {
        let edge = self.edge(level) as isize;
        let mut beside = at.map(|a| a as isize);
        // Beyond the edge, in the plane of the face: along −w, +u, +w, −u.
        match q {
            0 => beside[w] -= 1,
            1 => beside[u] += edge,
            2 => beside[w] += edge,
            _ => beside[u] -= 1,
        }
        let (mut below, mut above) = (beside, beside);
        below[axis] += edge - 1;
        above[axis] += edge;
        [below, above].into_iter().any(|c| self.at(c).is_some_and(|l| level < l))
    }

    fn push(&self, t: [[usize; 3]; 4], found: &mut Vec<[u64; 4]>) {
        let way = |i: usize| -> [i64; 3] { std::array::from_fn(|k| t[i][k] as i64 - t[0][k] as i64) };
        let [a, b, c] = [way(1), way(2), way(3)];
        let volume = a[0] * (b[1] * c[2] - b[2] * c[1])
            + a[1] * (b[2] * c[0] - b[0] * c[2])
            + a[2] * (b[0] * c[1] - b[1] * c[0]);
        let t = if volume < 0 { [t[0], t[2], t[1], t[3]] } else { t };
        found.push(t.map(|p| self.key(p)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::topology::{NONE, neighbors};
    use super::super::{Engine, mesh_graded};
    use super::*;
    use crate::geometry::{Aabb, Field};
    use crate::quality::{dihedral_angles_deg, measure};

    struct Ball;

    impl Field for Ball {
        fn value(&self, p: Vec3) -> f64 {
            p.norm() - 10.0
        }

        fn bounds(&self) -> Aabb {
            Aabb { min: Vec3::repeat(-10.0), max: Vec3::repeat(10.0) }
        }
    }

    fn spec<'a>() -> MeshSpec<'a> {
        MeshSpec {
            name: "ball".into(),
            surfaces: vec![&Ball],
            region: &|inside, _| (inside & 1 != 0).then_some(0),
            region_names: vec!["ball".into()],
            edge_mm: 1.0,
            bounds: Ball.bounds().grown(2.0),
            engine: Engine::LevelSet,
        }
    }

    /// Small at a point of the surface, growing away from it.
    fn size(p: Vec3) -> f64 {
        0.25 + 0.4 * (p - Vec3::new(10.0, 0.3, 0.2)).norm()
    }

    #[test]
    fn graded_lattice_conforms_and_fills_its_box_with_angles_of_45_degrees_or_more() {
        let tree = Octree::new(&spec(), &size, [0.25, 4.0]).expect("a box");
        assert_eq!(tree.deepest, 4);
        let keys = tree.tetrahedra();
        let mut numbers: Vec<u64> = keys.iter().flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let tets: Vec<[u32; 4]> =
            keys.iter().map(|t| t.map(|k| numbers.binary_search(&k).expect("filed") as u32)).collect();
        let points: Vec<Vec3> = numbers.iter().map(|k| tree.position(*k)).collect();
        let next = neighbors(points.len(), &tets).expect("no facet with three cells");
        let top = tree.origin + Vec3::new(tree.n[0] as f64, tree.n[1] as f64, tree.n[2] as f64) * tree.fine;
        let mut least: f64 = 180.0;
        for (t, n) in tets.iter().zip(&next) {
            let p = t.map(|v| points[v as usize]);
            least = dihedral_angles_deg(p).into_iter().fold(least, f64::min);
            for i in (0..4).filter(|i| n[*i] == NONE) {
                // Facets without a neighbor lie at the rim of the box: one coarsest leaf from it at most.
                let rim = [1, 2, 3].map(|k| p[(i + k) % 4]).iter().all(|x| {
                    (0..3)
                        .any(|a| (x[a] - tree.origin[a]).min(top[a] - x[a]) <= 0.5 * tree.fine * 16.0 + 1e-9)
                });
                assert!(rim, "a gap between tetrahedra at {:?}", p[i]);
            }
        }
        assert!(44.999 < least, "{least}");
    }

    #[test]
    fn graded_ball_has_fewer_cells_than_a_fine_one_and_the_same_volume() {
        let graded = mesh_graded(&spec(), &size, [0.25, 4.0]).expect("a ball");
        let q = measure(&graded.mesh);
        let exact = 4.0 / 3.0 * std::f64::consts::PI * 1000.0;
        // Quadratic facets of at most 4 mm on a ball of 10 mm.
        assert!((q.region_volumes_mm3[0] / exact - 1.0).abs() < 5e-3, "{q:?}");
        assert!(q.boundary_manifold && 0.0 < q.min_jacobian_bound);
        assert!(8.0 < q.min_dihedral_deg, "{}", q.min_dihedral_deg);
        let volume = |c: usize| graded.mesh.corner_volume(c);
        let (small, large) = (0..q.cells)
            .fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), c| (a.min(volume(c)), b.max(volume(c))));
        assert!(500.0 < large / small, "sizes from 0.25 to 4 mm: {small} {large}");
    }
}
