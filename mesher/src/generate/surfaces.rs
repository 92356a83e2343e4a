//! Closed triangle surfaces to tetrahedra: one or several, nested or touching, with regions that share interfaces.
//!
//! The surface that encloses less wins: a core inside a bone is a region of its own whatever the order of the files,
//! and of two that overlap the smaller keeps its shape. Where the mesh would be farther than a quarter of the edge
//! length from a surface, at ridges and thin places, cells are made smaller down to a quarter of it. Gaps and overlaps below a tenth of the edge length are closed.

use super::sizes::Sizes;
use super::surface_check::{Fit, compare, fit, outline};
use super::weld::Welded;
use super::{Engine, MeshError, MeshSpec, Meshed, Place, lattice, mesh_graded, mesh_with_notes, octree};
use crate::geometry::near::NearSolid;
use crate::geometry::surface::TriSurface;
use crate::geometry::{Aabb, Field};
use crate::quality::{Quality, measure};
use std::sync::Arc;

/// Gaps and overlaps below this part of the edge length are closed.
pub const WELD: f64 = 0.1;

/// Where the mesh is farther from a surface than this part of the edge length, cells are halved: below the quarter
/// that is promised.
const MARK: f64 = 0.2;

/// Times that is done at most; the edge length gets down to a quarter.
const ROUNDS: usize = 2;

/// A surface smaller than this many edge lengths has no inside worth a mesh.
const LEAST_EDGES: f64 = 2.0;

/// Closed surface that bounds a region.
#[derive(Debug, Clone)]
pub struct Part {
    /// Name of the region.
    pub name: String,
    /// Sound surface, see [`crate::geometry::check::unsound`].
    pub surface: TriSurface,
}

/// How surfaces are meshed.
#[derive(Debug, Clone)]
pub struct SurfaceParams {
    /// Edge length, mm.
    pub edge_mm: f64,
    /// Edge length where surfaces are curved or close to another; the edge length when `None`.
    pub finest_mm: Option<f64>,
    /// Edge length deep inside; the edge length when `None`.
    pub coarsest_mm: Option<f64>,
    /// Who fills the surfaces.
    pub engine: Engine,
}

/// Mesh of surfaces with its measures.
#[derive(Debug, Clone)]
pub struct SurfaceMeshed {
    /// The mesh; regions in the order of the parts.
    pub meshed: Meshed,
    /// Its quality.
    pub quality: Quality,
    /// Distance and volumes against the surfaces.
    pub fit: Fit,
}

/// Quadratic tetrahedra inside closed surfaces.
///
/// # Errors
/// [`MeshError`]; [`MeshError::Missed`] when, with the smallest cells, the mesh is farther than an edge length from a surface.
pub fn mesh_surfaces(parts: &[Part], params: &SurfaceParams) -> Result<SurfaceMeshed, MeshError> {
    let edge = params.edge_mm;
    let whole = parts.iter().fold(Aabb::empty(), |b, p| b.union(p.surface.bounds()));
    let name = parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(" + ");
    let refuse = |problem: String| MeshError::Request { body: name.clone(), problem };
    if parts.is_empty() || 32 < parts.len() {
        return Err(refuse(format!("1 to 32 surfaces can be meshed together, found {}", parts.len())));
    }
    if !(edge > 0.0 && edge.is_finite()) {
        return Err(refuse(format!("the edge length must be positive, found {edge} mm")));
    }
    let finest = params.finest_mm.unwrap_or(edge).min(edge);
    let least = finest.min(0.25 * edge);
    for part in parts {
        let size = part.surface.bounds().size().max();
        if size < LEAST_EDGES * finest {
            let unit = if size < 0.5 { "; its unit is probably meters" } else { "" };
            return Err(MeshError::Request {
                body: part.name.clone(),
                problem: format!(
                    "it is {size:.3} mm long, less than two edge lengths of {finest} mm{unit}; refine the edge length or give millimeters"
                ),
            });
        }
    }
    // The cubes of the lattice are counted before any table is made.
    let cubes = whole.size().iter().map(|s| s / finest + 3.0).product::<f64>();
    if lattice::MAX_CUBES < cubes {
        return Err(refuse(format!(
            "an edge length of {finest} mm needs {cubes:.1e} lattice cells for its {:.0} × {:.0} × {:.0} mm; coarsen the edge length, or check that the unit is millimeters",
            whole.size().x,
            whole.size().y,
            whole.size().z
        )));
    }
    // Larger first: what lies in several belongs to the last.
    let volumes: Vec<f64> = parts.iter().map(|p| p.surface.volume()).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| volumes[b].total_cmp(&volumes[a]).then(a.cmp(&b)));
    let solids: Vec<Arc<NearSolid>> =
        parts.iter().map(|p| Arc::new(NearSolid::new(p.surface.clone(), finest))).collect();
    // The first is itself; a later one follows those before it, as they are after welding.
    let mut welded: Vec<Arc<dyn Field>> = Vec::new();
    for &i in &order {
        let own = Arc::clone(&solids[i]) as Arc<dyn Field>;
        let next = if welded.is_empty() { own } else { Arc::new(Welded::new(own, &welded, WELD * finest)) };
        welded.push(next);
    }
    let spec = MeshSpec {
        name: name.clone(),
        surfaces: welded.iter().map(|f| &**f).collect(),
        region: &|bits, _| {
            let last = (0..order.len()).rev().find(|k| bits >> k & 1 == 1);
            last.map(|k| order[k] as u16)
        },
        region_names: parts.iter().map(|p| p.name.clone()).collect(),
        edge_mm: edge,
        bounds: whole.grown(2.0 * edge),
        engine: params.engine.clone(),
    };
    let coarsest = params.coarsest_mm.unwrap_or(edge).max(edge);
    let mut sizes = Sizes::new(&solids, edge, finest, coarsest);
    let asked = finest < edge || edge < coarsest;
    let mut graded = asked;
    for _ in 0..ROUNDS {
        let skin = if graded {
            outline(&spec, octree::sample(&spec, &|p| sizes.at(p), sizes.range())?)?
        } else {
            outline(&spec, lattice::sample(&spec)?)?
        };
        let missed = compare(&skin, parts, &solids, &order, (edge, MARK * edge)).missed;
        if missed.is_empty() || !sizes.refine(&missed, MARK * edge, least) {
            break;
        }
        graded = true;
    }
    let meshed = if graded {
        let meshed = mesh_graded(&spec, &|p| sizes.at(p), sizes.range());
        // Without the refinement the mesh is valid too; how far it is from the surface is told with it.
        if asked { meshed } else { meshed.or_else(|_| mesh_with_notes(&spec)) }
    } else {
        mesh_with_notes(&spec)
    }?;
    let fit = fit(&meshed.mesh, parts, &solids, &order, edge);
    let quality = measure(&meshed.mesh);
    if edge < fit.hausdorff_mm {
        return Err(MeshError::Missed {
            body: name,
            distance_mm: fit.hausdorff_mm,
            place: Place(fit.place),
            edge_mm: edge,
        });
    }
    Ok(SurfaceMeshed { meshed, quality, fit })
}

#[cfg(test)]
mod tests;
