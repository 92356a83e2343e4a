//! Quadratic tetrahedral mesh of a bent block, in place of a bone.

use dens_mesher::Vec3;
use dens_mesher::mesh::{EDGE_CORNERS, FACET_CORNERS, Facet, Mesh};
use std::collections::{BTreeMap, BTreeSet};

/// Six tetrahedra of a cube along its main diagonal (Kuhn 1960), as steps along the axes.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]];

/// Block of `n` cubes along each axis with a waist and a dent, its inner third a region of its own.
pub(crate) fn block(n: [usize; 3]) -> Mesh {
    let mut mesh = Mesh { region_names: vec!["shell".to_string(), "core".to_string()], ..Mesh::default() };
    let at = |p: [usize; 3]| (p[0] + (n[0] + 1) * (p[1] + (n[1] + 1) * p[2])) as u32;
    let place = |p: [f64; 3]| {
        let [u, v, w] = [0, 1, 2].map(|k| 2.0 * p[k] / n[k] as f64 - 1.0);
        let waist = 1.0 - 0.25 * (1.0 - w * w);
        let round = 1.0 - 0.18 * u * u * v * v;
        Vec3::new(
            9.0 * u * waist * round,
            7.0 * v * waist * round + 1.5 * u * u,
            10.0 * w + 1.5 * (1.0 - u * u) * w,
        )
    };
    for z in 0..=n[2] {
        for y in 0..=n[1] {
            for x in 0..=n[0] {
                mesh.points.push(place([x, y, z].map(|v| v as f64)));
            }
        }
    }
    let mut middles: BTreeMap<[u32; 2], u32> = BTreeMap::new();
    for z in 0..n[2] {
        for y in 0..n[1] {
            for x in 0..n[0] {
                for (k, order) in ORDERS.into_iter().enumerate() {
                    let mut p = [x, y, z];
                    let mut c = [at(p); 4];
                    for (i, axis) in order.into_iter().enumerate() {
                        p[axis] += 1;
                        c[i + 1] = at(p);
                    }
                    // Odd permutations are mirror images.
                    if 3 <= k {
                        c.swap(1, 2);
                    }
                    let mut cell = [0; 10];
                    cell[..4].copy_from_slice(&c);
                    for (e, [a, b]) in EDGE_CORNERS.into_iter().enumerate() {
                        let key = [c[a].min(c[b]), c[a].max(c[b])];
                        cell[4 + e] = *middles.entry(key).or_insert_with(|| {
                            let [p, q] = key.map(|i| mesh.points[i as usize]);
                            mesh.points.push(0.5 * (p + q));
                            mesh.points.len() as u32 - 1
                        });
                    }
                    mesh.cells.push(cell);
                    let inner = |v: usize, n: usize| n / 3 <= v && v < n - n / 3;
                    mesh.regions.push(u16::from(inner(x, n[0]) && inner(y, n[1])));
                }
            }
        }
    }
    outline(&mut mesh);
    mesh
}

/// Facets that bound one cell only.
fn outline(mesh: &mut Mesh) {
    let mut once = BTreeSet::new();
    let sorted = |cell: &[u32; 10], local: usize| {
        let mut key = FACET_CORNERS[local].map(|i| cell[i]);
        key.sort_unstable();
        key
    };
    for cell in &mesh.cells {
        for local in 0..4 {
            let key = sorted(cell, local);
            if !once.remove(&key) {
                once.insert(key);
            }
        }
    }
    for (i, cell) in mesh.cells.iter().enumerate() {
        for local in (0..4).filter(|&l| once.contains(&sorted(cell, l))) {
            let [a, b, c] = FACET_CORNERS[local];
            let middle = |p: usize, q: usize| {
                let e = EDGE_CORNERS.iter().position(|e| e.contains(&p) && e.contains(&q)).expect("an edge");
                cell[4 + e]
            };
            let nodes = [cell[a], cell[b], cell[c], middle(a, b), middle(b, c), middle(c, a)];
            mesh.boundary.push(Facet { cell: i as u32, local: local as u8, nodes, surface: 0 });
        }
    }
}
