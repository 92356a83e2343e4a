//! Shape functions and quadrature of the cell shapes.
//!
//! Kernels call the functions of [`tet10`] and [`tri6`], which return arrays of fixed size. The trait
//! [`Cell`] says the same through slices, so that one set of property tests runs over every shape of
//! [`CATALOGUE`].
//!
//! Reference cells: tetrahedron 0 ≤ ξ, η, ζ and ξ + η + ζ ≤ 1 (volume 1/6), triangle 0 ≤ ξ, η and
//! ξ + η ≤ 1 (area 1/2). Node order is that of VTK, see [`crate::mesh`].

pub mod quadrature;
pub mod tet10;
pub mod tri6;

pub use quadrature::Rule;

/// Cell shape: reference nodes, shape functions and the quadrature rules that fit it.
///
/// Reference coordinates have three components; a surface cell ignores the third.
pub trait Cell: Sync {
    /// Name as in this folder, for instance `tet10`.
    fn name(&self) -> &'static str;

    /// Dimension of the reference cell, 2 or 3.
    fn dimension(&self) -> usize;

    /// Reference coordinates of the nodes.
    fn nodes(&self) -> &'static [[f64; 3]];

    /// Largest total degree of the polynomials the shape functions reproduce.
    fn order(&self) -> usize;

    /// Shape functions N at `xi`; `out` has one entry per node.
    fn values(&self, xi: [f64; 3], out: &mut [f64]);

    /// Reference gradients ∂N/∂ξ at `xi`; `out` has one entry per node.
    fn gradients(&self, xi: [f64; 3], out: &mut [[f64; 3]]);

    /// Quadrature rules of the reference cell, by ascending degree.
    fn rules(&self) -> &'static [&'static Rule];

    /// Corner nodes of each facet, ordered so that the normal by the right-hand rule points outward
    /// (tetrahedra) or so that the cell lies to the left (triangles).
    fn facets(&self) -> &'static [&'static [usize]];
}

/// Every cell shape.
pub static CATALOGUE: &[&dyn Cell] = &[&tet10::Tet10, &tri6::Tri6];

#[cfg(test)]
mod tests {
    use super::*;

    /// A point inside every reference cell, on no symmetry line.
    const INSIDE: [f64; 3] = [0.21, 0.33, 0.17];

    fn values(cell: &dyn Cell, xi: [f64; 3]) -> Vec<f64> {
        let mut n = vec![0.0; cell.nodes().len()];
        cell.values(xi, &mut n);
        n
    }

    fn gradients(cell: &dyn Cell, xi: [f64; 3]) -> Vec<[f64; 3]> {
        let mut g = vec![[0.0; 3]; cell.nodes().len()];
        cell.gradients(xi, &mut g);
        g
    }

    #[test]
    fn each_shape_function_is_one_at_its_node_and_zero_at_the_others() {
        for &cell in CATALOGUE {
            for (j, &xi) in cell.nodes().iter().enumerate() {
                for (i, n) in values(cell, xi).into_iter().enumerate() {
                    let expected = if i == j { 1.0 } else { 0.0 };
                    // Node coordinates are exact binary fractions, so only round-off of a few products remains.
                    assert!((n - expected).abs() < 1e-15, "{}: N{i} at node {j} is {n}", cell.name());
                }
            }
        }
    }

    #[test]
    fn shape_functions_sum_to_one_and_their_gradients_to_zero() {
        for &cell in CATALOGUE {
            let sum: f64 = values(cell, INSIDE).iter().sum();
            assert!((sum - 1.0).abs() < 1e-14, "{}: {sum}", cell.name());
            for axis in 0..3 {
                let sum: f64 = gradients(cell, INSIDE).iter().map(|g| g[axis]).sum();
                assert!(sum.abs() < 1e-14, "{}: axis {axis}: {sum}", cell.name());
            }
        }
    }

    #[test]
    fn shape_functions_reproduce_polynomials_of_their_order() {
        for &cell in CATALOGUE {
            for (i, j, k) in monomials(cell.order(), cell.dimension()) {
                let f = |x: [f64; 3]| x[0].powi(i) * x[1].powi(j) * x[2].powi(k);
                let n = values(cell, INSIDE);
                let interpolated: f64 = cell.nodes().iter().zip(&n).map(|(&x, n)| n * f(x)).sum();
                assert!((interpolated - f(INSIDE)).abs() < 1e-14, "{}: {i}{j}{k}", cell.name());
            }
        }
    }

    #[test]
    fn gradients_equal_central_differences() {
        let h = 1e-5;
        for &cell in CATALOGUE {
            let exact = gradients(cell, INSIDE);
            for axis in 0..cell.dimension() {
                let at = |s: f64| {
                    let mut x = INSIDE;
                    x[axis] += s * h;
                    values(cell, x)
                };
                for (i, (p, m)) in at(1.0).iter().zip(at(-1.0)).enumerate() {
                    let difference = (p - m) / (2.0 * h);
                    // Quadratic functions have no truncation error; 1e-16/1e-5 round-off stays below 1e-10.
                    assert!((difference - exact[i][axis]).abs() < 1e-10, "{}: N{i}", cell.name());
                }
            }
        }
    }

    #[test]
    fn rules_integrate_all_monomials_of_their_degree_and_no_higher_family() {
        for &cell in CATALOGUE {
            for rule in cell.rules() {
                let worst = |degree: usize| {
                    monomials(degree, cell.dimension())
                        .map(|(i, j, k)| {
                            let sum: f64 = rule
                                .points
                                .iter()
                                .zip(rule.weights)
                                .map(|(x, w)| w * x[0].powi(i) * x[1].powi(j) * x[2].powi(k))
                                .sum();
                            (sum - simplex_integral(i, j, k, cell.dimension())).abs()
                        })
                        .fold(0.0, f64::max)
                };
                // 1e-15: the coordinates are given to 16 digits or more. One degree above must fail visibly.
                assert!(worst(rule.degree) < 1e-15, "{} {} points", cell.name(), rule.points.len());
                assert!(worst(rule.degree + 1) > 1e-7, "{} {} points", cell.name(), rule.points.len());
            }
        }
    }

    #[test]
    fn rules_measure_the_reference_cell() {
        for &cell in CATALOGUE {
            let expected = if cell.dimension() == 3 { 1.0 / 6.0 } else { 0.5 };
            for rule in cell.rules() {
                let sum: f64 = rule.weights.iter().sum();
                assert!((sum - expected).abs() < 1e-15, "{}", cell.name());
            }
        }
    }

    #[test]
    fn facets_face_outward() {
        for &cell in CATALOGUE {
            let x = cell.nodes();
            let corners = cell.dimension() + 1;
            let center: [f64; 3] =
                std::array::from_fn(|a| x[..corners].iter().map(|p| p[a]).sum::<f64>() / corners as f64);
            for facet in cell.facets() {
                let p = |i: usize| crate::Vec3::from(x[facet[i]]);
                let normal = match cell.dimension() {
                    3 => (p(1) - p(0)).cross(&(p(2) - p(0))),
                    _ => (p(1) - p(0)).cross(&crate::Vec3::z()),
                };
                assert!(0.1 < normal.dot(&(p(0) - crate::Vec3::from(center))), "{}", cell.name());
            }
        }
    }

    /// Exponents of all monomials of total degree at most `degree`.
    fn monomials(degree: usize, dimension: usize) -> impl Iterator<Item = (i32, i32, i32)> {
        let d = degree as i32;
        (0..=d).flat_map(move |i| {
            (0..=d - i).flat_map(move |j| {
                let top = if dimension == 3 { d - i - j } else { 0 };
                (0..=top).map(move |k| (i, j, k))
            })
        })
    }

    /// ∫ ξⁱ ηʲ ζᵏ over the reference simplex = i! j! k! / (i + j + k + dimension)!.
    fn simplex_integral(i: i32, j: i32, k: i32, dimension: usize) -> f64 {
        let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
        factorial(i) * factorial(j) * factorial(k) / factorial(i + j + k + dimension as i32)
    }
}
