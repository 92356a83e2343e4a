//! Ten-node cells with a curved boundary.

use super::body::{Body, INSIDE};
use super::project::{bits, onto};
use super::topology::{NONE, edges, neighbors};
use super::{MeshError, MeshSpec, Meshed, Piece, Place};
use crate::Vec3;
use crate::mesh::{FACET_CORNERS, Facet, Mesh};
use crate::quality::{jacobian_coefficients, worst_scaled_jacobian};
use rayon::prelude::*;

/// A mid-edge node moves by at most this part of its edge; farther away the surface is not the one meant.
const MAX_BULGE: f64 = 0.2;

/// A cell stays curved when every Bézier coefficient of its Jacobian is above this part of its straight value.
const MIN_BOUND: f64 = 0.2;

/// A cell stays curved when that leaves it this part of its scaled Jacobian.
const MIN_SHARE: f64 = 0.5;

/// Local number of the corner opposite to each facet of [`FACET_CORNERS`].
const OPPOSITE: [usize; 4] = [3, 2, 0, 1];

/// Adds mid-edge nodes, puts those of the outer boundary on their surfaces, and names the boundary.
///
/// A node of an edge between two facets of one surface goes onto it, a node of an edge where two surfaces
/// cross goes onto both. Around a cell that would not be valid all edges go back to straight.
pub(super) fn finish(body: Body, spec: &MeshSpec<'_>, crumbs: Vec<Piece>) -> Result<Meshed, MeshError> {
    let corners = body.corners();
    let n = body.points.len();
    let next = neighbors(n, &corners).map_err(|f| MeshError::NotManifold {
        place: Place(f.iter().map(|&v| body.points[v as usize]).sum::<Vec3>() / 3.0),
        facets: 3,
    })?;
    let (ends, number) = edges(n, &corners);

    let mut boundary = Vec::new();
    let mut outer = vec![0u32; ends.len()];
    for (c, v) in corners.iter().enumerate() {
        for (local, f) in FACET_CORNERS.iter().enumerate().filter(|(l, _)| next[c][OPPOSITE[*l]] == NONE) {
            let label = body.cells[c].label[OPPOSITE[local]];
            if label == INSIDE {
                return Err(MeshError::NotManifold {
                    place: Place(f.map(|k| body.points[v[k] as usize]).iter().sum::<Vec3>() / 3.0),
                    facets: 1,
                });
            }
            let edge = [[0, 1], [1, 2], [2, 0]].map(|[i, j]| number[c][edge_between(f[i], f[j])]);
            edge.iter().for_each(|&e| outer[e as usize] |= 1 << label);
            let mid = edge.map(|e| n as u32 + e);
            let f = f.map(|k| v[k]);
            boundary.push(Facet {
                cell: c as u32,
                local: local as u8,
                nodes: [f[0], f[1], f[2], mid[0], mid[1], mid[2]],
                surface: label,
            });
        }
    }

    let straight: Vec<Vec3> =
        ends.par_iter().map(|e| 0.5 * (body.points[e[0] as usize] + body.points[e[1] as usize])).collect();
    let mut middle: Vec<Vec3> = (0..ends.len())
        .into_par_iter()
        .map(|e| {
            let [a, b] = ends[e].map(|v| body.points[v as usize]);
            let reach = MAX_BULGE * (b - a).norm();
            let curved =
                if outer[e] == 0 { None } else { onto(&spec.surfaces, outer[e], straight[e], reach) };
            // On a plane the way is round-off; such a node stays exactly in the middle.
            curved.filter(|p| 1e-9 * reach < (p - straight[e]).norm()).unwrap_or(straight[e])
        })
        .collect();
    let n_projected = straighten(&body, &number, &straight, &mut middle);
    let n_curved = middle.iter().zip(&straight).filter(|(m, s)| m != s).count();

    let surface_error_mm = (0..n)
        .into_par_iter()
        .map(|v| bits(body.on[v]).map(|s| spec.surfaces[s].value(body.points[v]).abs()).fold(0.0, f64::max))
        .reduce(|| 0.0, f64::max);
    let mesh = Mesh {
        cells: corners
            .iter()
            .zip(&number)
            .map(|(v, e)| std::array::from_fn(|i| if i < 4 { v[i] } else { n as u32 + e[i - 4] }))
            .collect(),
        regions: body.cells.iter().map(|c| c.region).collect(),
        region_names: spec.region_names.clone(),
        points: [body.points, middle].concat(),
        boundary,
        ..Mesh::default()
    };
    Ok(Meshed { mesh, crumbs, n_curved, n_straightened: n_projected - n_curved, surface_error_mm })
}

/// Puts mid-edge nodes back to the middle around cells that are not valid; returns how many were off it before.
fn straighten(body: &Body, number: &[[u32; 6]], straight: &[Vec3], middle: &mut [Vec3]) -> usize {
    let n_projected = middle.par_iter().zip(straight).filter(|(m, s)| m != s).count();
    let curved =
        |c: &usize, middle: &[Vec3]| number[*c].iter().any(|&e| middle[e as usize] != straight[e as usize]);
    let mut suspects: Vec<usize> = (0..number.len()).into_par_iter().filter(|c| curved(c, middle)).collect();
    while !suspects.is_empty() {
        let bad: Vec<usize> = suspects
            .par_iter()
            .copied()
            .filter(|&c| {
                let p = body.corner_points(&body.cells[c].v);
                let points: [Vec3; 10] =
                    std::array::from_fn(|i| if i < 4 { p[i] } else { middle[number[c][i - 4] as usize] });
                let straight: [Vec3; 10] =
                    std::array::from_fn(|i| if i < 4 { p[i] } else { straight[number[c][i - 4] as usize] });
                let bound = jacobian_coefficients(&points).into_iter().fold(f64::INFINITY, f64::min);
                let proven = MIN_BOUND * super::shape::volume6(p) < bound;
                !proven || worst_scaled_jacobian(&points) < MIN_SHARE * worst_scaled_jacobian(&straight)
            })
            .collect();
        for &c in &bad {
            number[c].iter().for_each(|&e| middle[e as usize] = straight[e as usize]);
        }
        if bad.is_empty() {
            break;
        }
        // A neighbor can turn bad when only one of its edges goes back: look again at all that are still curved.
        suspects.retain(|c| curved(c, middle));
    }
    n_projected
}

/// Local number of the edge between two local corners.
fn edge_between(i: usize, j: usize) -> usize {
    crate::mesh::EDGE_CORNERS
        .iter()
        .position(|e| *e == [i, j] || *e == [j, i])
        .expect("two corners of a tetrahedron have an edge")
}
