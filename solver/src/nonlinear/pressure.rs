//! Pressure that follows the deformed surface, with its load stiffness.
//!
//! ```text
//! fᵢ = −p ∫ Nᵢ (x,ξ × x,η) dξ dη        ∂fᵢ/∂uⱼ v = −p ∫ Nᵢ (Nⱼ,ξ v × x,η + x,ξ × Nⱼ,η v) dξ dη
//! ```
//! The stiffness of a closed surface under one pressure is symmetric after assembly; that of an open one is not.
//!
//! # Source
//! Schweizerhof & Ramm (1984), Displacement dependent pressure loads, Comput. Struct. 18, 1099–1114.

use crate::statics::CellFacet;
use dens_mesher::Vec3;
use dens_mesher::cells::mapping::MAX_NODES;
use dens_mesher::cells::quadrature;
use dens_mesher::mixed::MixedMesh;

/// Adds the applied force of pressures to `forces`; calls `tangent(a, b, ∂force_a/∂u_b)` where given.
pub(super) fn add(
    mesh: &MixedMesh,
    pressures: &[(CellFacet, f64)],
    u: &[Vec3],
    forces: &mut [Vec3],
    mut tangent: Option<&mut dyn FnMut(u32, u32, [f64; 9])>,
) {
    for &(at, p) in pressures {
        let surface = mesh.shapes()[at.cell as usize].facet_cell(usize::from(at.facet));
        let nodes = mesh.facet(at.cell as usize, usize::from(at.facet));
        let n = nodes.len();
        let points: Vec<Vec3> = nodes.iter().map(|&i| mesh.points()[i as usize] + u[i as usize]).collect();
        // Exact on tri6: degree 2 + 1 + 1 of the product; QUAD_9 exact for degree 5 in each coordinate.
        let rule = if n == 3 || n == 6 { &quadrature::TRI_7 } else { &quadrature::QUAD_9 };
        let mut values = [0.0; MAX_NODES];
        let mut slopes = [[0.0; 3]; MAX_NODES];
        let mut blocks = vec![[0.0; 9]; n * n];
        for (xi, w) in rule.iter() {
            surface.values(xi, &mut values[..n]);
            surface.gradients(xi, &mut slopes[..n]);
            let along = |k: usize| slopes[..n].iter().zip(&points).map(|(g, x)| g[k] * x).sum::<Vec3>();
            let (first, second) = (along(0), along(1));
            let area = first.cross(&second);
            for i in 0..n {
                forces[nodes[i] as usize] -= p * w * values[i] * area;
                if tangent.is_none() {
                    continue;
                }
                for j in 0..n {
                    // v × x,η = −[x,η]ₓ v.
                    let axis = slopes[j][1] * first - slopes[j][0] * second;
                    let s = -p * w * values[i] * axis;
                    let block = &mut blocks[n * i + j];
                    block[1] -= s.z;
                    block[2] += s.y;
                    block[3] += s.z;
                    block[5] -= s.x;
                    block[6] -= s.y;
                    block[7] += s.x;
                }
            }
        }
        if let Some(tangent) = &mut tangent {
            for i in 0..n {
                for j in 0..n {
                    tangent(nodes[i], nodes[j], blocks[n * i + j]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::{block, boundary, distort};
    use dens_mesher::mixed::Shape;

    #[test]
    fn load_stiffness_is_the_derivative_of_the_forces() {
        for shape in [Shape::Tet10, Shape::Hex8, Shape::Hex20, Shape::Wedge15, Shape::Tet4] {
            let mesh = block(shape, [1; 3], true, distort);
            let pressures: Vec<(CellFacet, f64)> =
                boundary(&mesh).into_iter().zip([1.0, 2.0, 0.5, 3.0].into_iter().cycle()).collect();
            let n = mesh.n_nodes();
            let u: Vec<Vec3> =
                (0..n).map(|i| Vec3::from_fn(|a, _| 0.02 * (((7 * i + 3 * a) % 11) as f64 - 5.0))).collect();
            let at = |u: &[Vec3]| {
                let mut forces = vec![Vec3::zeros(); n];
                add(&mesh, &pressures, u, &mut forces, None);
                forces
            };
            let mut k = vec![[0.0; 9]; n * n];
            let mut sink = |a: u32, b: u32, block: [f64; 9]| {
                k[n * a as usize + b as usize].iter_mut().zip(block).for_each(|(x, y)| *x += y);
            };
            add(&mesh, &pressures, &u, &mut vec![Vec3::zeros(); n], Some(&mut sink));
            for j in 0..n {
                for b in 0..3 {
                    let moved = |h: f64| {
                        let mut u = u.clone();
                        u[j][b] += h;
                        at(&u)
                    };
                    // Forces are quadratic in u: central differences are exact for any h.
                    let (plus, minus) = (moved(0.5), moved(-0.5));
                    for i in 0..n {
                        for a in 0..3 {
                            let slope = plus[i][a] - minus[i][a];
                            assert!((slope - k[n * i + j][3 * a + b]).abs() < 1e-12, "{shape:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn one_pressure_on_a_closed_surface_has_no_resultant_and_a_symmetric_stiffness() {
        let mesh = block(Shape::Tet10, [2; 3], true, distort);
        let pressures: Vec<(CellFacet, f64)> = boundary(&mesh).into_iter().map(|f| (f, 3.0)).collect();
        let n = mesh.n_nodes();
        let u = vec![Vec3::zeros(); n];
        let mut forces = vec![Vec3::zeros(); n];
        let mut k = vec![[0.0; 9]; n * n];
        let mut sink = |a: u32, b: u32, block: [f64; 9]| {
            k[n * a as usize + b as usize].iter_mut().zip(block).for_each(|(x, y)| *x += y);
        };
        add(&mesh, &pressures, &u, &mut forces, Some(&mut sink));
        assert!(forces.iter().sum::<Vec3>().norm() < 1e-13);
        for i in 0..n {
            for j in 0..n {
                for e in 0..9 {
                    let gap = k[n * i + j][e] - k[n * j + i][3 * (e % 3) + e / 3];
                    assert!(gap.abs() < 1e-14, "{gap:e}");
                }
            }
        }
    }
}
