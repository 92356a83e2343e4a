//! Two surfaces that face each other, cut into segments on which both sides are smooth.
//!
//! ```text
//!  master  ──┬─────┬───       each slave facet is clipped against the master facets seen along its normal;
//!  slave   ┬────┬────┬─       every piece is cut into triangles with three points each
//!  pieces  ┆─┆──┆──┆─┆┆
//! ```
//! On flat surfaces the rule integrates the shape functions of both sides exactly, so a uniform pressure
//! gives consistent nodal forces on both (the contact patch test). The master's displacement at a slave point
//! is that of the tetrahedron behind the master facet, extrapolated to the very point.
//!
//! The pairing is made once, in the undeformed state: displacements are small against the facets.
//!
//! Not guaranteed: where the master surface folds over itself within the reach, a slave facet falls back to
//! seven points, each with the nearest master facet.

use super::grid::BoxGrid;
use super::{cell_points, extrapolated_values, facet_points, segments};
use dens_mesher::Vec3;
use dens_mesher::cells::{quadrature, tri6};
use dens_mesher::geometry::Aabb;
use dens_mesher::mesh::Mesh;
use nalgebra::Matrix3;
use rayon::prelude::*;

/// Facets count as facing each other when the cosine between their outward normals is below this.
///
/// Tuned on nothing: anything between −0.1 and −0.7 separates the two faces of a thin plate from each other.
const OPPOSED: f64 = -0.3;

/// Pieces smaller than this part of their facet are dropped.
const SLIVER: f64 = 1e-9;

/// One side of an interface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) mesh: &'a Mesh,
    pub(crate) facets: &'a [u32],
    /// Global number of the part's first node.
    pub(crate) offset: u32,
}

/// Slave facet and master cell that share at least one point.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// Global nodes of the slave facet, then of the master cell.
    pub(crate) nodes: [u32; 16],
    /// Slave facet, index into the boundary of its mesh.
    pub(crate) facet: u32,
    /// Cells behind the slave and the master facet.
    pub(crate) cells: [u32; 2],
    /// First point, and the number of points, which follow each other.
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// Integration point of an interface.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// d = Σ cₐ uₐ over the nodes of the pair: slave displacement minus master displacement.
    pub(crate) coefficients: [f64; 16],
    /// Position on the slave surface, mm.
    pub(crate) position: Vec3,
    /// Unit outward normal of the slave surface.
    pub(crate) normal: Vec3,
    /// Area, mm².
    pub(crate) weight: f64,
    /// Edge of the equilateral triangle of the slave facet's area, mm.
    pub(crate) size: f64,
    /// Distance to the master facet along the normal in the given geometry, mm; negative where they overlap.
    pub(crate) gap: f64,
}

/// What the search found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairing {
    pub(crate) pairs: Vec<Pair>,
    pub(crate) points: Vec<Point>,
    /// Area of the slave facets, mm².
    pub(crate) slave_area: f64,
}

/// Point of a slave facet before its master shape functions are known.
struct Candidate {
    master: usize,
    xi: [f64; 2],
    weight: f64,
    gap: f64,
}

/// Pairs the slave facets with master facets within `reach` mm along the slave normal.
pub(crate) fn pair(slave: Side<'_>, master: Side<'_>, reach: f64) -> Pairing {
    let triangles: Vec<[Vec3; 3]> = master
        .facets
        .iter()
        .map(|&f| {
            let p = facet_points(master.mesh, &master.mesh.boundary[f as usize]);
            [p[0], p[1], p[2]]
        })
        .collect();
    let grid = BoxGrid::new(triangles.iter().map(Aabb::around).collect());
    let found: Vec<Vec<(Pair, Vec<Point>)>> =
        slave.facets.par_iter().map(|&f| pair_facet(slave, f, master, &triangles, &grid, reach)).collect();
    let slave_area = super::traction::area(slave.mesh, slave.facets);
    let mut pairing = Pairing { slave_area, ..Pairing::default() };
    for (mut pair, points) in found.into_iter().flatten() {
        pair.first = pairing.points.len();
        pairing.points.extend(points);
        pairing.pairs.push(pair);
    }
    pairing
}

fn pair_facet(
    slave: Side<'_>,
    number: u32,
    master: Side<'_>,
    triangles: &[[Vec3; 3]],
    grid: &BoxGrid,
    reach: f64,
) -> Vec<(Pair, Vec<Point>)> {
    let facet = &slave.mesh.boundary[number as usize];
    let points = facet_points(slave.mesh, facet);
    let near = grid.meeting(&Aabb::around(&points).grown(reach));
    let mut candidates = cut(&points, triangles, &near, reach);
    let covered: f64 = candidates.iter().map(|c| c.weight).sum();
    // A reference triangle has area 1/2; more means that two layers of master facets were seen.
    if 0.5 * (1.0 + 1e-6) < covered {
        candidates = nearest(&points, triangles, &near, reach);
    }
    candidates.sort_by_key(|c| c.master);

    let area = tri6::area(&points);
    let size = (4.0 / 3.0f64.sqrt() * area).sqrt();
    let mut found: Vec<(Pair, Vec<Point>)> = Vec::new();
    for group in candidates.chunk_by(|a, b| a.master == b.master) {
        let opposite = &master.mesh.boundary[master.facets[group[0].master] as usize];
        let (behind, opposite) = (opposite.cell, facet_points(master.mesh, opposite));
        let cell = cell_points(master.mesh, behind);
        let mut nodes = [0; 16];
        for (to, n) in nodes.iter_mut().zip(facet.nodes.map(|n| n + slave.offset)) {
            *to = n;
        }
        for (to, n) in nodes[6..].iter_mut().zip(master.mesh.cells[behind as usize]) {
            *to = n + master.offset;
        }
        let at = group.iter().filter_map(|c| {
            let area_vector = tri6::area_vector(&points, c.xi);
            let position = tri6::position(&points, c.xi);
            let on_master = extrapolated_values(&cell, position)?;
            let mut coefficients = [0.0; 16];
            coefficients[..6].copy_from_slice(&tri6::values(c.xi));
            for (to, n) in coefficients[6..].iter_mut().zip(on_master) {
                *to = -n;
            }
            let ratio = area_vector.norm();
            let (normal, weight) = (area_vector / ratio, c.weight * ratio);
            let gap = distance(position, normal, &opposite, c.gap);
            (0.0 < weight).then_some(Point { coefficients, position, normal, weight, size, gap })
        });
        let at: Vec<Point> = at.collect();
        if !at.is_empty() {
            let cells = [facet.cell, behind];
            found.push((Pair { nodes, facet: number, cells, first: 0, count: at.len() }, at));
        }
    }
    found
}

/// Plane of the corners: origin, two axes and the unit normal.
fn frame(points: &[Vec3; 6]) -> Option<(Vec3, [Vec3; 2], Vec3)> {
    let normal = (points[1] - points[0]).cross(&(points[2] - points[0])).try_normalize(1e-30)?;
    let first = (points[1] - points[0]).normalize();
    Some((points[0], [first, normal.cross(&first)], normal))
}

/// Clips the facet against each near triangle; weights are reference areas.
fn cut(points: &[Vec3; 6], triangles: &[[Vec3; 3]], near: &[u32], reach: f64) -> Vec<Candidate> {
    let Some((origin, axes, normal)) = frame(points) else { return Vec::new() };
    let flat = |p: Vec3| [(p - origin).dot(&axes[0]), (p - origin).dot(&axes[1])];
    let corners = [flat(points[0]), flat(points[1]), flat(points[2])];
    let whole = segments::area(&corners);
    let reference = |p: [f64; 2]| {
        let weight = |a: usize, b: usize| segments::area(&[corners[a], corners[b], p]) / whole;
        [weight(2, 0), weight(0, 1)]
    };
    let mut found = Vec::new();
    for &m in near {
        let t = &triangles[m as usize];
        let Some(opposite) = (t[1] - t[0]).cross(&(t[2] - t[0])).try_normalize(1e-30) else { continue };
        let facing = normal.dot(&opposite);
        if OPPOSED < facing {
            continue;
        }
        // Opposed triangles are clockwise in the slave's plane.
        let piece = segments::clip(&corners, &[flat(t[0]), flat(t[2]), flat(t[1])]);
        if piece.len() < 3 || segments::area(&piece) < SLIVER * whole {
            continue;
        }
        let gap_at = |x: Vec3| (t[0] - x).dot(&opposite) / facing;
        let middle = tri6::position(points, reference(segments::center(&piece)));
        if reach < gap_at(middle).abs() {
            continue;
        }
        for k in 1..piece.len() - 1 {
            let r = [reference(piece[0]), reference(piece[k]), reference(piece[k + 1])];
            let area = segments::area(&r);
            if area <= 0.0 {
                continue;
            }
            for (b, w) in quadrature::TRI_3.iter() {
                let l = [1.0 - b[0] - b[1], b[0], b[1]];
                let xi = std::array::from_fn(|a| l[0] * r[0][a] + l[1] * r[1][a] + l[2] * r[2][a]);
                let gap = gap_at(tri6::position(points, xi));
                found.push(Candidate { master: m as usize, xi, weight: 2.0 * w * area, gap });
            }
        }
    }
    found
}

/// Seven points, each with the nearest triangle along its normal.
fn nearest(points: &[Vec3; 6], triangles: &[[Vec3; 3]], near: &[u32], reach: f64) -> Vec<Candidate> {
    let at = quadrature::TRI_7.iter().filter_map(|(xi, weight)| {
        let xi = [xi[0], xi[1]];
        let x = tri6::position(points, xi);
        let normal = tri6::area_vector(points, xi).try_normalize(1e-30)?;
        near.iter()
            .filter_map(|&m| Some((m as usize, along(x, normal, &triangles[m as usize])?)))
            .filter(|(_, gap)| gap.abs() <= reach)
            .min_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then(a.0.cmp(&b.0)))
            .map(|(master, gap)| Candidate { master, xi, weight, gap })
    });
    at.collect()
}

/// Distance from `x` along `normal` to a curved facet, by Newton's method from the distance to its plane.
fn distance(x: Vec3, normal: Vec3, facet: &[Vec3; 6], flat: f64) -> f64 {
    let (e1, e2) = (facet[1] - facet[0], facet[2] - facet[0]);
    let opposite = e1.cross(&e2);
    let hit = x + flat * normal - facet[0];
    let square = opposite.norm_squared();
    let mut xi = [hit.cross(&e2).dot(&opposite) / square, e1.cross(&hit).dot(&opposite) / square];
    let mut gap = flat;
    for _ in 0..8 {
        let miss = x + gap * normal - tri6::position(facet, xi);
        if miss.norm_squared() < 1e-24 * square.sqrt() {
            return gap;
        }
        let [a, b] = tri6::tangents(facet, xi);
        let Some(inverse) = Matrix3::from_columns(&[a, b, -normal]).try_inverse() else { break };
        let step = inverse * miss;
        xi = [xi[0] + step[0], xi[1] + step[1]];
        gap += step[2];
    }
    // No intersection, for instance beyond the rim of a strongly curved facet.
    flat
}

/// Distance from `x` along `normal` to an opposed triangle, if the line hits it.
fn along(x: Vec3, normal: Vec3, t: &[Vec3; 3]) -> Option<f64> {
    let (e1, e2) = (t[1] - t[0], t[2] - t[0]);
    let opposite = e1.cross(&e2);
    let facing = normal.dot(&opposite);
    if OPPOSED * opposite.norm() < facing {
        return None;
    }
    let gap = (t[0] - x).dot(&opposite) / facing;
    let hit = x + gap * normal - t[0];
    let square = opposite.norm_squared();
    let u = hit.cross(&e2).dot(&opposite) / square;
    let v = e1.cross(&hit).dot(&opposite) / square;
    let slack = 1e-9;
    (-slack <= u && -slack <= v && u + v <= 1.0 + slack).then_some(gap)
}
