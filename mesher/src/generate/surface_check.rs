//! A mesh against the surfaces it was made from: Hausdorff distance and volumes.

use super::surfaces::Part;
use super::topology::{NONE, neighbors};
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

/// Compares; `order` lists the parts from the largest to the smallest volume.
///
/// Returns with the figures the places where the two are farther apart than `limit` mm.
pub(super) fn fit(
    mesh: &Mesh,
    parts: &[Part],
    solids: &[Arc<NearSolid>],
    order: &[usize],
    (edge, limit): (f64, f64),
) -> (Fit, Vec<Vec3>) {
    let skin = skin(mesh);
    // Skin to surfaces: its own points, which lie on the curved facets.
    let nearest = |p: Vec3| solids.iter().map(|s| s.value(p).abs()).fold(f64::INFINITY, f64::min);
    let mut ways: Vec<(f64, Vec3)> = skin.points.par_iter().map(|p| (nearest(*p), *p)).collect();
    // Surfaces to skin, but for what a smaller surface hides.
    let slack = 0.2 * edge;
    let tree = BoxTree::new(&skin);
    let mut squares = (0.0, 0.0);
    for (k, &i) in order.iter().enumerate() {
        let samples = samples(&parts[i].surface, 0.5 * edge);
        let (skin, tree) = (&skin, &tree);
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
    let fit = Fit {
        volume_mm3: measure(mesh).region_volumes_mm3.iter().sum(),
        surface_volume_mm3: enclosed(parts, solids, order, edge),
        hausdorff_mm: worst.0,
        place: worst.1,
        rms_mm: (squares.0 / f64::max(squares.1, 1e-300)).sqrt(),
    };
    (fit, ways.into_iter().filter(|w| limit < w.0).map(|w| w.1).collect())
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
