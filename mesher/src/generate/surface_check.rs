//! A mesh against the surfaces it was made from: Hausdorff distance and volumes.

use super::body::{Body, pair};
use super::cut::Complex;
use super::surfaces::Part;
use super::topology::{NONE, neighbors};
use super::{MeshError, MeshSpec};
use crate::Vec3;
use crate::geometry::Field;
use crate::geometry::bvh::BoxTree;
use crate::geometry::near::NearSolid;
use crate::geometry::repair::samples;
use crate::geometry::surface::TriSurface;
use crate::mesh::{EDGE_CORNERS, FACET_CORNERS, Mesh};
use crate::quality::measure;
use rayon::prelude::*;
use std::sync::Arc;

/// Samples per parallel chunk; fixed, so that each starts from the same guess for any number of threads.
const CHUNK: usize = 1024;

/// How a mesh and its surfaces agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Volume of the mesh with its curved boundary, mm³.
    pub volume_mm3: f64,
    /// Volume that the surfaces enclose together, mm³; `None` where they overlap in part.
    pub surface_volume_mm3: Option<f64>,
    /// Largest distance between the curved facets of the mesh and the surfaces, the larger of both ways, mm.
    pub hausdorff_mm: f64,
    /// Where it is reached.
    pub place: Vec3,
    /// Root mean square of the distance from the surfaces to the mesh, mm.
    pub rms_mm: f64,
}

/// Compares a mesh; `order` lists the parts from the largest to the smallest volume.
pub(super) fn fit(mesh: &Mesh, parts: &[Part], solids: &[Arc<NearSolid>], order: &[usize], edge: f64) -> Fit {
    let Gap { worst, rms: rms_mm, .. } = compare(&skin(mesh), parts, solids, order, (edge, f64::INFINITY));
    Fit {
        volume_mm3: measure(mesh).region_volumes_mm3.iter().sum(),
        surface_volume_mm3: enclosed(parts, solids, order, edge),
        hausdorff_mm: worst.0,
        place: worst.1,
        rms_mm,
    }
}

/// Facets between regions and outside as they are cut, before anything is polished: enough to see what they miss.
pub(super) fn outline(spec: &MeshSpec<'_>, mut complex: Complex) -> Result<TriSurface, MeshError> {
    for s in 0..spec.surfaces.len() {
        complex.cut(s, &spec.surfaces, spec.edge_mm);
    }
    let body = Body::assemble(complex, spec)?;
    let next = pair(&body.points, &body.corners())?;
    let mut skin = TriSurface::default();
    for (c, cell) in body.cells.iter().enumerate() {
        for (i, &n) in next[c].iter().enumerate() {
            if n == NONE || body.cells[n as usize].region != cell.region && c < n as usize {
                let p = [1, 2, 3].map(|k| body.points[cell.v[(i + k) % 4] as usize]);
                facet(p, [0.5 * (p[0] + p[1]), 0.5 * (p[1] + p[2]), 0.5 * (p[2] + p[0])], &mut skin);
            }
        }
    }
    Ok(skin)
}

/// How far skin and surfaces are apart.
pub(super) struct Gap {
    /// Largest distance of both ways, mm, and where.
    worst: (f64, Vec3),
    /// Root mean square of the distance from the surfaces to the skin, mm.
    rms: f64,
    /// Distances above the limit, mm, and where.
    pub(super) missed: Vec<(f64, Vec3)>,
}

/// Compares skin and surfaces both ways and lists where they are farther apart than `limit` mm.
pub(super) fn compare(
    skin: &TriSurface,
    parts: &[Part],
    solids: &[Arc<NearSolid>],
    order: &[usize],
    (edge, limit): (f64, f64),
) -> Gap {
    // Skin to surfaces: its own points, which lie on the curved facets.
    let nearest = |p: Vec3| solids.iter().map(|s| s.value(p).abs()).fold(f64::INFINITY, f64::min);
    let mut ways: Vec<(f64, Vec3)> = skin.points.par_iter().map(|p| (nearest(*p), *p)).collect();
    // Surfaces to skin, but for what a smaller surface hides.
    let slack = 0.2 * edge;
    let tree = &BoxTree::new(skin);
    let mut squares = (0.0, 0.0);
    for (k, &i) in order.iter().enumerate() {
        let samples = samples(&parts[i].surface, 0.5 * edge);
        let of_chunk = |chunk: &[(Vec3, f64)]| {
            let mut guess = u32::MAX;
            let mut found = Vec::with_capacity(chunk.len());
            for &(p, area) in chunk {
                if order[k + 1..].iter().all(|&j| -slack < solids[j].value(p)) {
                    let (t, _, d) = tree.nearest_from(skin, p, guess);
                    guess = t;
                    found.push((d.sqrt(), p, area));
                }
            }
            found
        };
        let found: Vec<(f64, Vec3, f64)> = samples.par_chunks(CHUNK).flat_map_iter(of_chunk).collect();
        for (d, p, area) in found {
            ways.push((d, p));
            squares = (squares.0 + area * d * d, squares.1 + area);
        }
    }
    let worst = ways.iter().fold((0.0, Vec3::zeros()), |w, d| if w.0 < d.0 { *d } else { w });
    let rms = (squares.0 / f64::max(squares.1, 1e-300)).sqrt();
    Gap { worst, rms, missed: ways.into_iter().filter(|w| limit < w.0).collect() }
}

/// Volume of all surfaces together, when each pair is nested or apart.
fn enclosed(parts: &[Part], solids: &[Arc<NearSolid>], order: &[usize], edge: f64) -> Option<f64> {
    let slack = 0.2 * edge;
    let mut total = 0.0;
    for (k, &i) in order.iter().enumerate() {
        let points = &parts[i].surface.points;
        let mut nested = false;
        for &j in &order[..k] {
            let inside = points.iter().filter(|p| solids[j].value(**p) < slack).count();
            let deep = points.iter().filter(|p| solids[j].value(**p) < -slack).count();
            if inside == points.len() {
                nested = true;
            } else if 0 < deep || parts[j].surface.points.iter().any(|p| solids[i].value(*p) < -slack) {
                return None;
            }
        }
        if !nested {
            total += parts[i].surface.volume();
        }
    }
    Some(total)
}

/// Facets between regions and outside as triangles: each curved facet as four.
fn skin(mesh: &Mesh) -> TriSurface {
    let corners: Vec<[u32; 4]> = mesh.cells.iter().map(|c| [c[0], c[1], c[2], c[3]]).collect();
    let Ok(next) = neighbors(mesh.n_nodes(), &corners) else { return TriSurface::default() };
    let mut skin = TriSurface::default();
    for (c, cell) in mesh.cells.iter().enumerate() {
        for f in FACET_CORNERS {
            let opposite = 6 - f.iter().sum::<usize>();
            let n = next[c][opposite];
            if n != NONE && (mesh.regions[n as usize] == mesh.regions[c] || n < c as u32) {
                continue;
            }
            let mid = |i: usize, j: usize| {
                let e = EDGE_CORNERS.iter().position(|e| *e == [i, j] || *e == [j, i]);
                mesh.points[cell[4 + e.expect("two corners of a tetrahedron have an edge")] as usize]
            };
            let p = f.map(|i| mesh.points[cell[i] as usize]);
            facet(p, [mid(f[0], f[1]), mid(f[1], f[2]), mid(f[2], f[0])], &mut skin);
        }
    }
    skin
}

/// Adds a six-node facet as four triangles through its nodes.
fn facet(p: [Vec3; 3], m: [Vec3; 3], skin: &mut TriSurface) {
    let n = skin.points.len() as u32;
    skin.points.extend(p);
    skin.points.extend(m);
    let of = [[0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5]];
    skin.triangles.extend(of.map(|t: [u32; 3]| t.map(|v| n + v)));
}
