//! Structured blocks of ten-node tetrahedra, straight or mapped.

use dens_mesher::Vec3;
use dens_mesher::mesh::{EDGE_CORNERS, FACET_CORNERS, Facet, Mesh};
use dens_solver::elements::Section;
use dens_solver::model::{Hold, Part, Surface};
use dens_solver::tensor::isotropic;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Face of a block, also the `surface` of its facets: two per axis, of which the tests use these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    West = 0,
    East = 1,
    Bottom = 4,
    Top = 5,
}

/// Box from `min` to `max` of `n` bricks along each axis, six tetrahedra each (Kuhn's triangulation).
pub(crate) fn block(min: [f64; 3], max: [f64; 3], n: [usize; 3]) -> Mesh {
    mapped(n, |p| Vec3::from_fn(|a, _| min[a] + p[a] * (max[a] - min[a])))
}

/// Unit cube of `n` bricks along each axis, its corner and mid-edge nodes moved by `map`.
pub(crate) fn mapped(n: [usize; 3], map: impl Fn(Vec3) -> Vec3) -> Mesh {
    // Nodes live on a grid of half steps; numbers are given in the order of first use.
    let fine = [2 * n[0], 2 * n[1], 2 * n[2]];
    let mut numbers: BTreeMap<[usize; 3], u32> = BTreeMap::new();
    let mut points = Vec::new();
    let mut node = |k: [usize; 3]| {
        *numbers.entry(k).or_insert_with(|| {
            points.push(map(Vec3::from_fn(|a, _| k[a] as f64 / fine[a] as f64)));
            points.len() as u32 - 1
        })
    };
    const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut mesh = Mesh::default();
    let mut grid: Vec<[[usize; 3]; 4]> = Vec::new();
    for brick in bricks(n) {
        for order in ORDERS {
            let mut at = brick.map(|b| 2 * b);
            let mut corners = [at; 4];
            for (step, axis) in order.iter().enumerate() {
                at[*axis] += 2;
                corners[step + 1] = at;
            }
            let odd = matches!(order, [0, 2, 1] | [1, 0, 2] | [2, 1, 0]);
            if odd {
                corners.swap(1, 2);
            }
            let mut cell = [0; 10];
            for (c, k) in cell.iter_mut().zip(corners) {
                *c = node(k);
            }
            for (e, [a, b]) in EDGE_CORNERS.iter().enumerate() {
                cell[4 + e] = node(std::array::from_fn(|i| (corners[*a][i] + corners[*b][i]) / 2));
            }
            mesh.cells.push(cell);
            grid.push(corners);
        }
    }
    for (cell, corners) in grid.iter().enumerate() {
        for (local, facet) in FACET_CORNERS.iter().enumerate() {
            let k = facet.map(|i| corners[i]);
            let side = (0..6).find(|s| k.iter().all(|p| p[s / 2] == (s % 2) * fine[s / 2]));
            let Some(surface) = side else { continue };
            let mid = |i: usize, j: usize| -> [usize; 3] { std::array::from_fn(|a| (k[i][a] + k[j][a]) / 2) };
            let nodes = [k[0], k[1], k[2], mid(0, 1), mid(1, 2), mid(2, 0)].map(&mut node);
            mesh.boundary.push(Facet {
                cell: cell as u32,
                local: local as u8,
                nodes,
                surface: surface as u8,
            });
        }
    }
    mesh.points = points;
    mesh.regions = vec![0; mesh.cells.len()];
    mesh.region_names = vec!["all".to_string()];
    mesh
}

fn bricks(n: [usize; 3]) -> impl Iterator<Item = [usize; 3]> {
    (0..n[2]).flat_map(move |k| (0..n[1]).flat_map(move |j| (0..n[0]).map(move |i| [i, j, k])))
}

/// Isotropic part.
pub(crate) fn part(name: &str, mesh: Mesh, youngs_modulus: f64, poissons_ratio: f64) -> Part {
    let of_cell = vec![0; mesh.n_cells()];
    let palette = vec![Section::suited(isotropic(youngs_modulus, poissons_ratio))];
    Part { name: name.to_string(), mesh: Arc::new(mesh), palette, of_cell }
}

/// Facets of one face of a part.
pub(crate) fn face(parts: &[Part], part: usize, face: Face) -> Surface {
    let boundary = &parts[part].mesh.boundary;
    let facets = (0..boundary.len()).filter(|i| boundary[*i].surface == face as u8);
    Surface { part, facets: facets.map(|i| i as u32).collect() }
}

/// Support of one face.
pub(crate) fn hold(parts: &[Part], part: usize, at: Face) -> Hold {
    Hold { name: format!("{} {at:?}", parts[part].name), surface: face(parts, part, at) }
}
