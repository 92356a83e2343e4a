//! Search and segmentation: which point of the master lies opposite each point of the slave.
//!
//! ```text
//!  master  ──┬─────┬───      each flat piece of the slave is clipped against the flat pieces of the master seen along
//!  slave   ┬────┬────┬─      its normal; the clips are cut into triangles with six points each (degree 4)
//!  clips   ┆─┆──┆──┆─┆┆      every point is taken back to both true, curved facets: x_m = x_s + g n(x_s)
//! ```
//! Clips of one slave facet do not overlap and together have its area, so flat surfaces are integrated exactly. Where
//! master layers lie behind each other within the reach, the nearest is taken, point by point.

use super::flat::{Flat, flats};
use super::surface::Surface;
use crate::loads::grid::BoxGrid;
use crate::loads::segments;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::{self, MAX_NODES};
use dens_mesher::cells::{Reference, quadrature};
use dens_mesher::geometry::Aabb;
use nalgebra::Matrix3;
use rayon::prelude::*;

/// Facets face each other when the cosine between their outward normals is below this.
///
/// Tuned on nothing: anything between −0.1 and −0.7 separates the two faces of a thin plate from each other.
const OPPOSED: f64 = -0.3;

/// Clips smaller than this part of their piece are round-off.
const SLIVER: f64 = 1e-12;

/// How far beyond its facet, in reference coordinates, a foot point may lie when no other facet is hit: clips
/// are cut along chords, the facets are curved.
const BEYOND: f64 = 0.2;

/// Integration point of an interface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Reference coordinates on the slave facet.
    pub(super) slave: [f64; 2],
    /// Master facet.
    pub(super) master: u32,
    /// Reference coordinates on it.
    pub(super) opposite: [f64; 2],
    /// Area of the slave surface it stands for, mm².
    pub(super) weight: f64,
    /// Unit outward normal of the slave.
    pub(super) normal: Vec3,
    /// Distance to the master along the normal, mm; negative where they overlap.
    pub(super) gap: f64,
}

/// Points of each slave facet.
pub(super) type Pairing = Vec<Vec<Point>>;

/// Pairs two surfaces in the given positions.
///
/// - `slave_points`, `master_points`: positions of the surfaces' nodes, mm
/// - `reach`: mm, largest distance along the normal of the slave, either way
pub(super) fn pair(
    slave: &Surface,
    master: &Surface,
    slave_points: &[Vec3],
    master_points: &[Vec3],
    reach: f64,
) -> Pairing {
    let own = flats(slave, slave_points, true);
    let opposite = flats(master, master_points, false);
    let mut starts = vec![0; slave.facets.len() + 1];
    own.iter().for_each(|f| starts[f.facet as usize + 1] += 1);
    for i in 0..slave.facets.len() {
        starts[i + 1] += starts[i];
    }
    let search = Search {
        slave,
        master,
        slave_points,
        master_points,
        grid: BoxGrid::new(opposite.iter().map(|f| Aabb::around(&f.x)).collect()),
        opposite,
        reach,
    };
    (0..slave.facets.len())
        .into_par_iter()
        .map(|f| own[starts[f]..starts[f + 1]].iter().flat_map(|flat| search.points(flat)).collect())
        .collect()
}

struct Search<'a> {
    slave: &'a Surface,
    master: &'a Surface,
    slave_points: &'a [Vec3],
    master_points: &'a [Vec3],
    grid: BoxGrid,
    opposite: Vec<Flat>,
    reach: f64,
}

/// Triangle of a clip in the plane of the slave's piece, and the master piece it belongs to.
struct Clip {
    corners: [[f64; 2]; 3],
    master: u32,
}

/// Point opposite a slave point.
#[derive(Clone, Copy)]
struct Hit {
    master: u32,
    xi: [f64; 2],
    gap: f64,
}

impl Search<'_> {
    fn points(&self, flat: &Flat) -> Vec<Point> {
        let Some(normal) = flat.normal() else { return Vec::new() };
        let swept = flat.x.iter().flat_map(|x| [x - self.reach * normal, x + self.reach * normal]);
        let swept: Vec<Vec3> = swept.collect();
        let size = (flat.x[1] - flat.x[0]).norm();
        let near = self.grid.meeting(&Aabb::around(&swept).grown(1e-6 * size));
        let plane = Plane::new(flat, normal);
        let (mut clips, mut covered) = (Vec::new(), 0.0);
        for &m in &near {
            covered += self.clip(&plane, m, &mut clips);
        }
        // More than the piece itself: two layers of the master were seen.
        if plane.area * (1.0 + 1e-9) < covered {
            clips = plane.sixteenths(if near.is_empty() { 0 } else { near[0] });
        }
        let layered = plane.area * (1.0 + 1e-9) < covered;
        let mut out = Vec::with_capacity(6 * clips.len());
        for clip in &clips {
            let area = segments::area(&clip.corners);
            for (b, w) in quadrature::TRI_6.iter() {
                let l = [1.0 - b[0] - b[1], b[0], b[1]];
                let at: [f64; 2] = std::array::from_fn(|k| (0..3).map(|c| l[c] * clip.corners[c][k]).sum());
                let first = if layered { None } else { Some(clip.master) };
                out.extend(self.point(flat, &plane, at, 2.0 * w * area, first, &near));
            }
        }
        out
    }

    /// Clips a piece against master piece `m`; returns the area of the clip.
    fn clip(&self, plane: &Plane, m: u32, clips: &mut Vec<Clip>) -> f64 {
        let other = &self.opposite[m as usize];
        let Some(facing) = other.normal().filter(|n| n.dot(&plane.normal) <= OPPOSED) else { return 0.0 };
        // Opposed triangles are clockwise in the slave's plane.
        let [a, b, c] = other.x.map(|x| plane.flat(x));
        let polygon = segments::clip(&plane.corners, &[a, c, b]);
        let area = if polygon.len() < 3 { 0.0 } else { segments::area(&polygon) };
        if area <= SLIVER * plane.area {
            return 0.0;
        }
        let middle = plane.space(segments::center(&polygon));
        let gap = (other.x[0] - middle).dot(&facing) / plane.normal.dot(&facing);
        if self.reach < gap.abs() {
            return 0.0;
        }
        for k in 1..polygon.len() - 1 {
            let corners = [polygon[0], polygon[k], polygon[k + 1]];
            if 0.0 < segments::area(&corners) {
                clips.push(Clip { corners, master: m });
            }
        }
        area
    }

    /// Integration point at `at` of the plane; `None` where nothing lies opposite.
    fn point(
        &self,
        flat: &Flat,
        plane: &Plane,
        at: [f64; 2],
        area: f64,
        first: Option<u32>,
        near: &[u32],
    ) -> Option<Point> {
        let facet = &self.slave.facets[flat.facet as usize];
        let shape = facet.cell();
        let buffer = facet.points(self.slave_points);
        let nodes = &buffer[..facet.nodes.len()];
        let mut xi = flat.reference(plane.barycentric(at));
        if flat.straight && shape.reference() == Reference::Square {
            xi = inverse(facet.cell(), nodes, plane.space(at), plane.normal, xi)?.0;
        }
        let x = mapping::position(shape, nodes, [xi[0], xi[1], 0.0]);
        let vector = mapping::area_vector(shape, nodes, [xi[0], xi[1], 0.0]);
        let ratio = vector.norm();
        let normal = vector / ratio;
        let weight = if flat.straight { area } else { area / plane.area * flat.reference_area() * ratio };
        let hit = self.hit(x, normal, first, near)?;
        Some(Point { slave: xi, master: hit.master, opposite: hit.xi, weight, normal, gap: hit.gap })
    }

    /// Point of the master along the normal: on the clip's own facet, else on the nearest that is hit, else a little
    /// beyond its own.
    fn hit(&self, x: Vec3, normal: Vec3, first: Option<u32>, near: &[u32]) -> Option<Hit> {
        let own = first.and_then(|m| self.along(x, normal, m));
        if let Some((hit, beyond)) = own
            && beyond <= 1e-9
        {
            return Some(hit);
        }
        let mut best: Option<Hit> = None;
        for &m in near {
            if let Some((hit, beyond)) = self.along(x, normal, m)
                && beyond <= 1e-9
                && best.is_none_or(|b| hit.gap.abs() < b.gap.abs())
            {
                best = Some(hit);
            }
        }
        let fallback = own.filter(|(_, beyond)| *beyond <= BEYOND).map(|(hit, _)| hit);
        best.or(fallback).filter(|hit| hit.gap.abs() <= self.reach)
    }

    /// Intersection of the line with the facet of master piece `m`, and how far beyond the facet it lies.
    fn along(&self, x: Vec3, normal: Vec3, m: u32) -> Option<(Hit, f64)> {
        let other = &self.opposite[m as usize];
        let opposed = other.normal()?;
        let facing = opposed.dot(&normal);
        if OPPOSED < facing {
            return None;
        }
        let gap = (other.x[0] - x).dot(&opposed) / facing;
        let start = other.reference(barycentric(&other.x, x + gap * normal));
        let facet = &self.master.facets[other.facet as usize];
        let buffer = facet.points(self.master_points);
        let nodes = &buffer[..facet.nodes.len()];
        let (xi, height) = inverse(facet.cell(), nodes, x, normal, start)?;
        let beyond = match facet.cell().reference() {
            Reference::Triangle => (-xi[0]).max(-xi[1]).max(xi[0] + xi[1] - 1.0),
            _ => 0.5 * (xi[0].abs().max(xi[1].abs()) - 1.0),
        };
        Some((Hit { master: other.facet, xi, gap: height }, beyond))
    }
}

/// Reference coordinates and height g with x(ξ) = x + g n, by Newton's method from `start`.
fn inverse(
    shape: &dyn dens_mesher::cells::Cell,
    nodes: &[Vec3],
    x: Vec3,
    normal: Vec3,
    start: [f64; 2],
) -> Option<([f64; 2], f64)> {
    let mut xi = [start[0], start[1], 0.0];
    let mut height = (mapping::position(shape, nodes, xi) - x).dot(&normal);
    for _ in 0..20 {
        let miss = x + height * normal - mapping::position(shape, nodes, xi);
        let [a, b, _] = mapping::tangents(shape, nodes, xi);
        let step = Matrix3::from_columns(&[a, b, -normal]).try_inverse()? * miss;
        xi[0] += step[0];
        xi[1] += step[1];
        height += step[2];
        let length = step[0].abs().max(step[1].abs());
        if !length.is_finite() || 4.0 < xi[0].abs().max(xi[1].abs()) {
            return None;
        }
        // Quadratic: the next step would be below round-off.
        if length < 1e-9 {
            return Some(([xi[0], xi[1]], height));
        }
    }
    None
}

/// Barycentric coordinates of the projection of `x` onto the plane of a triangle.
fn barycentric(t: &[Vec3; 3], x: Vec3) -> [f64; 3] {
    let (e1, e2, r) = (t[1] - t[0], t[2] - t[0], x - t[0]);
    let normal = e1.cross(&e2);
    let square = normal.norm_squared();
    let (u, v) = (r.cross(&e2).dot(&normal) / square, e1.cross(&r).dot(&normal) / square);
    [1.0 - u - v, u, v]
}

/// Plane of a flat piece.
struct Plane {
    origin: Vec3,
    axes: [Vec3; 2],
    normal: Vec3,
    corners: [[f64; 2]; 3],
    area: f64,
}

impl Plane {
    fn new(piece: &Flat, normal: Vec3) -> Self {
        let origin = piece.x[0];
        let first = (piece.x[1] - origin).normalize();
        let mut plane =
            Self { origin, axes: [first, normal.cross(&first)], normal, corners: [[0.0; 2]; 3], area: 0.0 };
        plane.corners = piece.x.map(|x| plane.flat(x));
        plane.area = segments::area(&plane.corners);
        plane
    }

    fn flat(&self, x: Vec3) -> [f64; 2] {
        self.axes.map(|a| (x - self.origin).dot(&a))
    }

    fn space(&self, p: [f64; 2]) -> Vec3 {
        self.origin + p[0] * self.axes[0] + p[1] * self.axes[1]
    }

    fn barycentric(&self, p: [f64; 2]) -> [f64; 3] {
        let part = |a: usize, b: usize| segments::area(&[self.corners[a], self.corners[b], p]) / self.area;
        [part(1, 2), part(2, 0), part(0, 1)]
    }

    /// Sixteen equal parts.
    fn sixteenths(&self, master: u32) -> Vec<Clip> {
        let at = |i: usize, j: usize| -> [f64; 2] {
            let (s, t) = (i as f64 / 4.0, j as f64 / 4.0);
            let c = &self.corners;
            std::array::from_fn(|k| c[0][k] + s * (c[1][k] - c[0][k]) + t * (c[2][k] - c[0][k]))
        };
        let mut out = Vec::with_capacity(16);
        for i in 0..4 {
            for j in 0..4 - i {
                out.push(Clip { corners: [at(i, j), at(i + 1, j), at(i, j + 1)], master });
                if i + j < 3 {
                    out.push(Clip { corners: [at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)], master });
                }
            }
        }
        out
    }
}

/// Shape functions of a facet at a point, in the first entries of the buffer.
pub(super) fn values(shape: &dyn dens_mesher::cells::Cell, n: usize, xi: [f64; 2]) -> [f64; MAX_NODES] {
    let mut out = [0.0; MAX_NODES];
    shape.values([xi[0], xi[1], 0.0], &mut out[..n]);
    out
}
