//! Body-centred cubic lattice of tetrahedra over a box, and the part of it that a body can need.
//!
//! Cube corners and cube centres of spacing h are the vertices. Two neighbouring centres and one edge of
//! the face between them make a tetrahedron: all are congruent, with dihedral angles of 60° and 90° only.

use super::cut::{Complex, Tet};
use super::{MeshError, MeshSpec, Place};
use crate::Vec3;
use crate::geometry::Aabb;
use rayon::prelude::*;

/// Cubes more than this are refused: their field samples alone would take tens of gigabytes.
pub(super) const MAX_CUBES: f64 = 4e8;

/// Samples every surface on the lattice and keeps the tetrahedra near or in the body.
///
/// What is left out has one sign of every surface and no region, and is at least one layer of tetrahedra
/// away from everything else, so that moved vertices never bring it back into play.
///
/// # Errors
/// [`MeshError::Request`] when bounds, edge length or field values are not usable; [`MeshError::Empty`]
/// when no tetrahedron is needed.
pub(super) fn sample(spec: &MeshSpec<'_>) -> Result<Complex, MeshError> {
    let grid = Grid::over(spec)?;
    let n = grid.n_vertices();
    let mut samples = Vec::with_capacity(spec.surfaces.len());
    for (s, field) in spec.surfaces.iter().enumerate() {
        let values: Vec<f64> = (0..n).into_par_iter().map(|v| field.value(grid.position(v))).collect();
        if let Some(v) = values.par_iter().position_first(|x| !x.is_finite()) {
            return Err(
                spec.request(format!("surface {s} has no finite value at {}", Place(grid.position(v))))
            );
        }
        samples.push(values);
    }
    let signs = signs(&samples);
    let needed = |t: &[u32; 4]| {
        let centroid = t.iter().map(|&v| grid.position(v as usize)).sum::<Vec3>() / 4.0;
        wanted(spec, &signs, t, centroid)
    };
    let mut near = grid.vertices_of(needed);
    if !near.iter().any(|&b| b) {
        return Err(MeshError::Empty {
            body: spec.name.clone(),
            cells: grid.n.iter().product(),
            edge_mm: spec.edge_mm,
        });
    }
    // A vertex that moves onto one surface can change side of another: one more layer for that.
    if spec.surfaces.len() > 1 {
        near = grid.vertices_of(|t| t.iter().any(|&v| near[v as usize]));
    }
    let tets = grid.collect(|t| t.iter().any(|&v| near[v as usize]));
    Ok(compact(n, |v| grid.position(v), &samples, tets))
}

/// Per vertex the surfaces with a negative and with a positive value, bit sets.
pub(super) fn signs(samples: &[Vec<f64>]) -> Vec<[u32; 2]> {
    (0..samples[0].len())
        .into_par_iter()
        .map(|v| {
            let mut sign = [0, 0];
            for (s, values) in samples.iter().enumerate() {
                sign[0] |= u32::from(values[v] < 0.0) << s;
                sign[1] |= u32::from(values[v] > 0.0) << s;
            }
            sign
        })
        .collect()
}

/// Whether a tetrahedron can hold a part of the body, by the signs at its corners.
pub(super) fn wanted(spec: &MeshSpec<'_>, signs: &[[u32; 2]], t: &[u32; 4], centroid: Vec3) -> bool {
    let all = u32::MAX >> (32 - spec.surfaces.len());
    let negative = t.iter().fold(0, |m, &v| m | signs[v as usize][0]);
    let positive = t.iter().fold(0, |m, &v| m | signs[v as usize][1]);
    let open = negative & positive | !(negative | positive) & all;
    // Every way the open signs can come out; with many of them the question is not worth its price.
    open.count_ones() > 4
        || subsets(open).any(|inside| (spec.region)(negative & !open | inside, centroid).is_some())
}

/// All subsets of a bit set.
fn subsets(set: u32) -> impl Iterator<Item = u32> {
    let mut next = Some(0u32);
    std::iter::from_fn(move || {
        let now = next?;
        next = if now == set { None } else { Some((now.wrapping_sub(set)) & set) };
        Some(now)
    })
}

/// Complex of the chosen tetrahedra among `n` vertices, with vertices renumbered in lattice order.
pub(super) fn compact(
    n: usize,
    position: impl Fn(usize) -> Vec3 + Sync,
    samples: &[Vec<f64>],
    mut tets: Vec<[u32; 4]>,
) -> Complex {
    let mut number = vec![u32::MAX; n];
    for &v in tets.iter().flatten() {
        number[v as usize] = 0;
    }
    let mut used = Vec::new();
    for (v, new) in number.iter_mut().enumerate() {
        if *new == 0 {
            *new = used.len() as u32;
            used.push(v);
        }
    }
    tets.par_iter_mut().for_each(|t| *t = t.map(|v| number[v as usize]));
    Complex {
        points: used.par_iter().map(|&v| position(v)).collect(),
        on: vec![0; used.len()],
        tets: tets.into_iter().map(|v| Tet { v, bits: 0 }).collect(),
        samples: samples.iter().map(|values| used.iter().map(|&v| values[v]).collect()).collect(),
        moved: vec![false; used.len()],
    }
}

/// The lattice: `n` cubes of edge `h` from `origin`.
///
/// Vertices are numbered slab by slab, the corners of a slab before its centres, so that neighbours are
/// near in memory.
struct Grid {
    origin: Vec3,
    h: f64,
    n: [usize; 3],
}

impl Grid {
    fn over(spec: &MeshSpec<'_>) -> Result<Self, MeshError> {
        let (Aabb { min, max }, h) = (spec.bounds, spec.edge_mm);
        if !(h > 0.0 && h.is_finite()) {
            return Err(spec.request(format!("the edge length must be positive, found {h} mm")));
        }
        if !(0..3).all(|i| min[i].is_finite() && max[i].is_finite() && min[i] < max[i]) {
            return Err(spec.request(format!(
                "the bounds from {} to {} are not a box",
                Place(min),
                Place(max)
            )));
        }
        let count = (max - min).map(|x| (x / h).ceil() + 3.0);
        if count.product() > MAX_CUBES {
            return Err(spec.request(format!(
                "an edge length of {h} mm needs {:.1e} lattice cells in bounds of {:.0} × {:.0} × {:.0} mm; coarsen it",
                count.product(),
                max.x - min.x,
                max.y - min.y,
                max.z - min.z
            )));
        }
        let n = [count.x as usize, count.y as usize, count.z as usize];
        let slack = Vec3::new(n[0] as f64, n[1] as f64, n[2] as f64) * h - (max - min);
        Ok(Self { origin: min - 0.5 * slack, h, n })
    }

    fn n_corners(&self) -> usize {
        (self.n[0] + 1) * (self.n[1] + 1)
    }

    fn n_slab(&self) -> usize {
        self.n_corners() + self.n[0] * self.n[1]
    }

    fn n_vertices(&self) -> usize {
        self.n_slab() * self.n[2] + self.n_corners()
    }

    fn corner(&self, [i, j, k]: [usize; 3]) -> u32 {
        (k * self.n_slab() + j * (self.n[0] + 1) + i) as u32
    }

    fn center(&self, [i, j, k]: [usize; 3]) -> u32 {
        (k * self.n_slab() + self.n_corners() + j * self.n[0] + i) as u32
    }

    fn position(&self, v: usize) -> Vec3 {
        let (k, r) = (v / self.n_slab(), v % self.n_slab());
        let (r, width, shift) = match r.checked_sub(self.n_corners()) {
            None => (r, self.n[0] + 1, 0.0),
            Some(r) => (r, self.n[0], 0.5),
        };
        let at = Vec3::new((r % width) as f64 + shift, (r / width) as f64 + shift, k as f64 + shift);
        self.origin + at * self.h
    }

    /// The tetrahedra of one slab of cubes that pass `keep`, in a fixed order.
    fn slab(&self, k: usize, keep: impl Fn(&[u32; 4]) -> bool, found: &mut Vec<[u32; 4]>) {
        for j in 0..self.n[1] {
            for i in 0..self.n[0] {
                let at = [i, j, k];
                for axis in 0..3 {
                    if at[axis] + 1 == self.n[axis] {
                        continue;
                    }
                    let mut beyond = at;
                    beyond[axis] += 1;
                    // Corners of the face between the two cubes, counter-clockwise about the axis.
                    let (u, w) = ((axis + 1) % 3, (axis + 2) % 3);
                    let ring = [[0, 0], [1, 0], [1, 1], [0, 1]].map(|[du, dw]| {
                        let mut c = beyond;
                        c[u] += du;
                        c[w] += dw;
                        self.corner(c)
                    });
                    for q in 0..4 {
                        let t = [self.center(at), self.center(beyond), ring[q], ring[(q + 1) % 4]];
                        if keep(&t) {
                            found.push(t);
                        }
                    }
                }
            }
        }
    }

    fn collect(&self, keep: impl Fn(&[u32; 4]) -> bool + Sync) -> Vec<[u32; 4]> {
        let slabs: Vec<Vec<[u32; 4]>> = (0..self.n[2])
            .into_par_iter()
            .map(|k| {
                let mut found = Vec::new();
                self.slab(k, &keep, &mut found);
                found
            })
            .collect();
        slabs.concat()
    }

    fn vertices_of(&self, keep: impl Fn(&[u32; 4]) -> bool + Sync) -> Vec<bool> {
        let mut mark = vec![false; self.n_vertices()];
        for v in self.collect(keep).into_iter().flatten() {
            mark[v as usize] = true;
        }
        mark
    }
}
