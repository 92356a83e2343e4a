//! Surfaces of labeled voxels and of sampled fields.
//!
//! ```text
//! voxels ──> marching tetrahedra ──> relaxed, each vertex within half a voxel of its place ──> volume of the voxels
//! ```
//! The grid of voxel centers is cut into six tetrahedra per cube and each tetrahedron on its own edges: the result is a
//! closed manifold with the topology of the voxels, whatever these are. A vertex on a cut edge never leaves a ball of half
//! a voxel, so no hole of a voxel closes and no bridge breaks.
//!
//! # Source
//! Gibson (1998), Constrained elastic surface nets, MICCAI, LNCS 1496:888, for the relaxation within bounds.

use super::surface::TriSurface;
use crate::Vec3;
use crate::image::Grid;
use nalgebra::Matrix3;
use rayon::prelude::*;
use thiserror::Error;

/// Farthest a vertex may move, in voxels.
const MOST: f64 = 0.5;

/// Steps of relaxation; the terraces of voxels are gone after that.
const STEPS: usize = 30;

/// Largest change of volume by the relaxation.
const VOLUME: f64 = 0.01;

/// Why no surface was made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LabelError {
    /// Nothing is inside.
    #[error("no voxel of {dims:?} has {what}")]
    Empty {
        /// Voxels along each axis.
        dims: [usize; 3],
        /// What was looked for.
        what: String,
    },
    /// Dimensions and data disagree, or the way to mm is not one to one.
    #[error("the volume cannot be used: {0}")]
    Unusable(String),
}

/// Volume of a voxel with the sign of its handedness, mm³.
fn signed_voxel(grid: &Grid) -> Result<f64, LabelError> {
    let det = grid.step.determinant();
    if grid.step.iter().chain(grid.origin.iter()).all(|x| x.is_finite()) && 1e-12 < det.abs() {
        Ok(det)
    } else {
        Err(LabelError::Unusable("the map from voxels to mm flattens space".into()))
    }
}

/// Surface with what its smoothing did.
#[derive(Debug, Clone)]
pub struct LabelSurface {
    /// Closed, manifold, outward.
    pub surface: TriSurface,
    /// Volume of the voxels inside, mm³.
    pub voxels_mm3: f64,
    /// Volume of the surface, mm³.
    pub volume_mm3: f64,
    /// Farthest move of a vertex by smoothing, in voxels.
    pub moved_voxels: f64,
}

/// Smooth surface around the voxels of one label.
///
/// # Errors
/// [`LabelError`] when no voxel has the label or the data do not fit the dimensions.
pub fn label_surface(grid: &Grid, labels: &[u16], label: u16) -> Result<LabelSurface, LabelError> {
    let n = grid.n_voxels();
    if labels.len() != n {
        return Err(LabelError::Unusable(format!("{} labels for {n} voxels", labels.len())));
    }
    // The middle of every edge between inside and outside.
    region_surface(grid, &|i| labels[i] == label, &format!("label {label}"))
}

/// Smooth surface around the voxels for which `inside(number)` holds; `what` names them in an error.
///
/// # Errors
/// As [`label_surface`].
fn region_surface(
    grid: &Grid,
    inside: &(dyn Fn(usize) -> bool + Sync),
    what: &str,
) -> Result<LabelSurface, LabelError> {
    let det = signed_voxel(grid)?;
    let value = |i: usize| if inside(i) { -1.0 } else { 1.0 };
    let (mut net, count) = cut(grid, &value, what)?;
    let target = count as f64 * det.abs();
    let raw = net.clone();
    let rest = raw.volume(det);
    let steep = grid.step;
    let mut steps = STEPS;
    let fans = Fans::new(&net);
    loop {
        net.points.clone_from(&raw.points);
        for _ in 0..steps {
            net.relax(&raw.points, &fans);
        }
        net.fit_volume(&raw.points, &steep, target, det);
        // A speck that cannot keep its volume when relaxed stays as it was cut.
        if steps == 0
            || (net.volume(det) / rest - 1.0).abs() < VOLUME
            || (net.volume(det) / target - 1.0).abs() < VOLUME
        {
            break;
        }
        steps /= 2;
    }
    let moved_voxels = net.points.iter().zip(&raw.points).map(|(p, q)| (p - q).norm()).fold(0.0, f64::max);
    let surface = net.surface(grid, det);
    Ok(LabelSurface { volume_mm3: surface.volume(), surface, voxels_mm3: target, moved_voxels })
}

/// Surface where a sampled field changes sign, negative inside, vertices by linear interpolation; not smoothed.
///
/// - `value(number)`: at the voxel of that number; voxels outside the grid count as outside
///
/// # Errors
/// As [`label_surface`].
pub fn field_surface(grid: &Grid, value: &(dyn Fn(usize) -> f64 + Sync)) -> Result<TriSurface, LabelError> {
    let det = signed_voxel(grid)?;
    let (net, _) = cut(grid, value, "a negative value")?;
    Ok(net.surface(grid, det))
}

/// Surface in index space.
#[derive(Clone)]
struct Net {
    points: Vec<Vec3>,
    triangles: Vec<[u32; 3]>,
}

/// Vertices next to each vertex.
struct Fans {
    start: Vec<u32>,
    next: Vec<u32>,
}

impl Fans {
    fn new(net: &Net) -> Self {
        let mut start = vec![0u32; net.points.len() + 1];
        for t in &net.triangles {
            t.iter().for_each(|v| start[*v as usize + 1] += 1);
        }
        for i in 1..start.len() {
            start[i] += start[i - 1];
        }
        let mut at = start.clone();
        let mut next = vec![0; 3 * net.triangles.len()];
        // In a closed surface every neighbor follows the vertex in exactly one triangle.
        for t in &net.triangles {
            for k in 0..3 {
                let v = t[k] as usize;
                next[at[v] as usize] = t[(k + 1) % 3];
                at[v] += 1;
            }
        }
        Self { start, next }
    }

    fn of(&self, v: usize) -> &[u32] {
        &self.next[self.start[v] as usize..self.start[v + 1] as usize]
    }
}

/// `p`, brought within reach of `home`.
fn bounded(p: Vec3, home: Vec3) -> Vec3 {
    let way = p - home;
    let d = way.norm();
    // A little less than half a voxel, so that round-off never makes it more.
    if d <= MOST { p } else { home + way * (MOST * (1.0 - 1e-9) / d) }
}

impl Net {
    fn relax(&mut self, home: &[Vec3], fans: &Fans) {
        let moved: Vec<Vec3> = (0..self.points.len())
            .into_par_iter()
            .map(|v| {
                let near = fans.of(v);
                let middle = near.iter().map(|w| self.points[*w as usize]).sum::<Vec3>() / near.len() as f64;
                bounded(0.5 * (self.points[v] + middle), home[v])
            })
            .collect();
        self.points = moved;
    }

    /// Volume, mm³.
    fn volume(&self, det: f64) -> f64 {
        let of = |t: &[u32; 3]| {
            let [a, b, c] = t.map(|v| self.points[v as usize]);
            a.dot(&b.cross(&c)) / 6.0
        };
        let parts: Vec<f64> =
            self.triangles.par_chunks(4096).map(|c| c.iter().map(of).sum::<f64>()).collect();
        parts.iter().sum::<f64>() * det.abs()
    }

    /// Moves all vertices along their normals until the volume is `target` mm³, as far as their bounds allow.
    fn fit_volume(&mut self, home: &[Vec3], steep: &Matrix3<f64>, target: f64, det: f64) {
        // Normals are those in space, carried back to indices, so that the offset is even in mm.
        let back = steep.try_inverse().unwrap_or_else(Matrix3::identity);
        for _ in 0..8 {
            let missing = target - self.volume(det);
            if missing.abs() < 1e-6 * target {
                break;
            }
            let mut normals = vec![Vec3::zeros(); self.points.len()];
            let mut area = 0.0;
            for t in &self.triangles {
                let [a, b, c] = t.map(|v| steep * self.points[v as usize]);
                let n = (b - a).cross(&(c - a)) * (0.5 * det.signum());
                area += n.norm();
                t.iter().for_each(|v| normals[*v as usize] += n);
            }
            let offset = missing / area;
            self.points = (0..self.points.len())
                .into_par_iter()
                .map(|v| {
                    let n = normals[v].try_normalize(1e-300).unwrap_or_else(Vec3::zeros);
                    bounded(self.points[v] + back * (n * offset), home[v])
                })
                .collect();
        }
    }

    fn surface(self, grid: &Grid, det: f64) -> TriSurface {
        let points = self.points.par_iter().map(|p| grid.position((*p).into())).collect();
        let mut triangles = self.triangles;
        if det < 0.0 {
            triangles.iter_mut().for_each(|t| t.swap(1, 2));
        }
        TriSurface { points, triangles }
    }
}

/// The seven edges of a node toward larger indices, as bits x, y, z; an edge joins the node and the one at its bits.
const EDGES: usize = 7;

/// Corners of the six tetrahedra of a cube around its diagonal, positive volume.
const TETRAHEDRA: [[usize; 4]; 6] =
    [[0, 1, 3, 7], [0, 3, 2, 7], [0, 2, 6, 7], [0, 6, 4, 7], [0, 4, 5, 7], [0, 5, 1, 7]];

/// Cut surface in index space and the number of voxels inside.
fn cut(grid: &Grid, value: &(dyn Fn(usize) -> f64 + Sync), what: &str) -> Result<(Net, usize), LabelError> {
    let [nx, ny, nz] = grid.dims;
    // Only the box around the inside, with a rim of outside, is looked at twice.
    let slabs: Vec<(usize, [[usize; 2]; 2])> = (0..nz)
        .into_par_iter()
        .map(|k| {
            let (mut count, mut range) = (0, [[usize::MAX, 0]; 2]);
            for j in 0..ny {
                for i in 0..nx {
                    if value(i + nx * (j + ny * k)) < 0.0 {
                        count += 1;
                        range[0] = [range[0][0].min(i), range[0][1].max(i)];
                        range[1] = [range[1][0].min(j), range[1][1].max(j)];
                    }
                }
            }
            (count, range)
        })
        .collect();
    let count: usize = slabs.iter().map(|s| s.0).sum();
    let first = slabs.iter().position(|s| 0 < s.0);
    let (Some(first), Some(last)) = (first, slabs.iter().rposition(|s| 0 < s.0)) else {
        return Err(LabelError::Empty { dims: grid.dims, what: what.to_string() });
    };
    let span = |axis: usize| {
        let full = slabs.iter().filter(|s| 0 < s.0).map(|s| s.1[axis]);
        full.fold([usize::MAX, 0], |a, b| [a[0].min(b[0]), a[1].max(b[1])])
    };
    let range = [span(0), span(1), [first, last]];
    // Node (0, 0, 0) of the part is the voxel before the first.
    let low = range.map(|r| r[0] as isize - 1);
    let dims = range.map(|r| r[1] - r[0] + 3);
    let at = |node: [usize; 3]| {
        let v: [isize; 3] = std::array::from_fn(|i| node[i] as isize + low[i]);
        let inside = (0..3).all(|i| 0 <= v[i] && (v[i] as usize) < grid.dims[i]);
        if inside { value(v[0] as usize + nx * (v[1] as usize + ny * v[2] as usize)) } else { 1.0 }
    };
    let step = |bits: usize| [bits & 1, bits >> 1 & 1, bits >> 2];
    // Vertices on the edges of each slab, in order of node and edge.
    let layers: Vec<Vec<(u64, Vec3)>> = (0..dims[2])
        .into_par_iter()
        .map(|k| {
            let mut found = Vec::new();
            for (j, i) in (0..dims[1]).flat_map(|j| (0..dims[0]).map(move |i| (j, i))) {
                let f = at([i, j, k]);
                let node = (i + dims[0] * (j + dims[1] * k)) as u64;
                for bits in 1..=EDGES {
                    let d = step(bits);
                    if dims[0] <= i + d[0] || dims[1] <= j + d[1] || dims[2] <= k + d[2] {
                        continue;
                    }
                    let g = at([i + d[0], j + d[1], k + d[2]]);
                    if (f < 0.0) != (g < 0.0) {
                        let t = (f / (f - g)).clamp(0.02, 0.98);
                        let p = Vec3::new(
                            i as f64 + low[0] as f64,
                            j as f64 + low[1] as f64,
                            k as f64 + low[2] as f64,
                        );
                        let way = Vec3::new(d[0] as f64, d[1] as f64, d[2] as f64);
                        found.push((8 * node + bits as u64, p + way * t));
                    }
                }
            }
            found
        })
        .collect();
    let vertices: Vec<(u64, Vec3)> = layers.concat();
    let number = |a: [usize; 3], bits: usize| {
        let key = 8 * (a[0] + dims[0] * (a[1] + dims[1] * a[2])) as u64 + bits as u64;
        vertices.binary_search_by_key(&key, |v| v.0).expect("every edge that changes sign was filed") as u32
    };
    let triangles: Vec<Vec<[u32; 3]>> = (0..dims[2] - 1)
        .into_par_iter()
        .map(|k| {
            let mut found = Vec::new();
            for (j, i) in (0..dims[1] - 1).flat_map(|j| (0..dims[0] - 1).map(move |i| (j, i))) {
                let corner = |c: usize| [i + (c & 1), j + (c >> 1 & 1), k + (c >> 2)];
                let inside: [bool; 8] = std::array::from_fn(|c| at(corner(c)) < 0.0);
                if inside == [inside[0]; 8] {
                    continue;
                }
                for tet in TETRAHEDRA {
                    polygon(tet, &inside, &|a, b| number(corner(a & b), a ^ b), &mut found);
                }
            }
            found
        })
        .collect();
    let net = Net { points: vertices.into_iter().map(|v| v.1).collect(), triangles: triangles.concat() };
    Ok((net, count))
}

/// Adds the triangles between the corners of one tetrahedron inside and those outside, counter-clockwise from outside.
///
/// Corners of a cube are bits; of two that share an edge one holds all bits of the other.
fn polygon(
    tet: [usize; 4],
    inside: &[bool; 8],
    vertex: &impl Fn(usize, usize) -> u32,
    found: &mut Vec<[u32; 3]>,
) {
    let own: Vec<usize> = (0..4).filter(|i| inside[tet[*i]]).collect();
    let rest: Vec<usize> = (0..4).filter(|i| !inside[tet[*i]]).collect();
    let v = |i: usize, j: usize| vertex(tet[i], tet[j]);
    // Even permutations (a, b, c, d) of the corners keep the sense of a positive tetrahedron.
    let odd = |order: [usize; 4]| {
        (0..4).map(|m| (0..m).filter(|k| order[m] < order[*k]).count()).sum::<usize>() % 2 == 1
    };
    match (own[..].len(), rest.len()) {
        (1, 3) => {
            let (a, [b, c, d]) = (own[0], [rest[0], rest[1], rest[2]]);
            let t = [v(a, b), v(a, c), v(a, d)];
            found.push(if odd([a, b, c, d]) { [t[0], t[2], t[1]] } else { t });
        }
        (3, 1) => {
            let (a, [b, c, d]) = (rest[0], [own[0], own[1], own[2]]);
            let t = [v(a, b), v(a, c), v(a, d)];
            found.push(if odd([a, b, c, d]) { t } else { [t[0], t[2], t[1]] });
        }
        (2, 2) => {
            let ([a, b], [c, d]) = ([own[0], own[1]], [rest[0], rest[1]]);
            let ring = [v(a, c), v(a, d), v(b, d), v(b, c)];
            let ring = if odd([a, b, c, d]) { [ring[0], ring[3], ring[2], ring[1]] } else { ring };
            // Split at the lowest number: no choice can depend on the neighbors.
            let first = (0..4).min_by_key(|i| ring[*i]).unwrap_or(0);
            let r = [0, 1, 2, 3].map(|i| ring[(first + i) % 4]);
            found.extend([[r[0], r[1], r[2]], [r[0], r[2], r[3]]]);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::unsound;
    use super::*;
    use std::collections::BTreeMap;

    fn grid(dims: [usize; 3], spacing: [f64; 3]) -> Grid {
        Grid { dims, origin: Vec3::new(-3.0, -2.0, -1.0), step: Matrix3::from_diagonal(&Vec3::from(spacing)) }
    }

    fn marked(grid: &Grid, keep: impl Fn(Vec3) -> bool) -> Vec<u16> {
        let at = |i: usize| grid.position(grid.indices(i).map(|v| v as f64));
        (0..grid.n_voxels()).map(|i| if keep(at(i)) { 7 } else { 3 }).collect()
    }

    #[test]
    fn ball_of_voxels_becomes_a_ball_of_the_same_volume_within_half_a_voxel() {
        let voxels = grid([40, 40, 26], [1.0, 1.0, 1.6]);
        let center = voxels.position([19.5, 19.5, 12.5]);
        let labels = marked(&voxels, |p| (p - center).norm() < 14.0);
        let s = label_surface(&voxels, &labels, 7).expect("a ball");
        assert_eq!(unsound(&s.surface), vec![]);
        assert!((s.volume_mm3 / s.voxels_mm3 - 1.0).abs() < 0.01, "{} {}", s.volume_mm3, s.voxels_mm3);
        assert!(s.moved_voxels <= 0.5);
        assert_eq!(s.surface.triangles.len(), 2 * s.surface.points.len() - 4, "Euler: no handle");
        // Terraces of 1.6 mm would stand off by 0.8.
        let off = s.surface.points.iter().map(|p| ((p - center).norm() - 14.0).abs()).fold(0.0, f64::max);
        assert!(off < 0.6, "{off}");
    }

    #[test]
    fn thin_things_keep_their_topology_and_mirrored_grids_their_sense() {
        let mut voxels = grid([20, 20, 20], [0.5, 0.5, 0.5]);
        voxels.step[(0, 0)] = -0.5;
        // A ring one voxel thick in a plane, touching the border of the volume, and a plate one voxel thick.
        let ring = |[i, j, k]: [usize; 3]| {
            k == 5 && (3..=12).contains(&i) && j <= 9 && (i == 3 || i == 12 || j == 0 || j == 9)
        };
        let labels: Vec<u16> = (0..8000).map(|i| u16::from(ring(voxels.indices(i)))).collect();
        let s = label_surface(&voxels, &labels, 1).expect("a ring");
        assert_eq!(unsound(&s.surface), vec![]);
        assert_eq!(s.surface.triangles.len(), 2 * s.surface.points.len(), "Euler: one handle");
        assert!(0.0 < s.volume_mm3 && s.moved_voxels <= 0.5);
        assert_eq!(labels.iter().filter(|l| **l == 1).count(), 36);
    }

    #[test]
    fn any_noise_gives_a_closed_manifold() {
        let voxels = grid([9, 8, 7], [1.0, 0.7, 1.3]);
        for seed in 0..20u64 {
            let labels: Vec<u16> = (0..504u64)
                .map(|i| {
                    ((i * 2_654_435_761 + seed * 40_503).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61 & 1) as u16
                })
                .collect();
            let (net, _) =
                cut(&voxels, &|i| if labels[i] == 1 { -1.0 } else { 1.0 }, "").expect("half of all");
            let surface = net.surface(&voxels, 1.0);
            let mut runs: BTreeMap<[u32; 2], i32> = BTreeMap::new();
            for t in &surface.triangles {
                for k in 0..3 {
                    *runs.entry([t[k], t[(k + 1) % 3]]).or_default() += 1;
                }
            }
            assert!(runs.iter().all(|([a, b], n)| *n == 1 && runs.get(&[*b, *a]) == Some(&1)), "seed {seed}");
            assert!(0.0 < surface.volume());
        }
    }

    #[test]
    fn field_is_cut_where_it_vanishes_and_wrong_data_are_refused() {
        let voxels = grid([30, 30, 30], [0.8, 0.8, 0.8]);
        let center = voxels.position([14.5; 3]);
        let at = |i: usize| voxels.position(voxels.indices(i).map(|v| v as f64));
        let s = field_surface(&voxels, &|i| (at(i) - center).norm() - 9.0).expect("a ball");
        let off = s.points.iter().map(|p| ((p - center).norm() - 9.0).abs()).fold(0.0, f64::max);
        // Linear interpolation along a diagonal of 1.4 mm: chord² / 8 R.
        assert!(off < 1.4_f64.powi(2) / 72.0 + 1e-9, "{off}");
        assert!(matches!(label_surface(&voxels, &[1, 2], 1), Err(LabelError::Unusable(_))));
        assert!(matches!(label_surface(&voxels, &[0; 27000], 4), Err(LabelError::Empty { .. })));
    }
}
