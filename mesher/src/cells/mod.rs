//! Shape functions and quadrature of the cell shapes.
//!
//! Kernels on the shapes of the mesher call the functions of [`tet10`] and [`tri6`], which return arrays of
//! fixed size. The trait [`Cell`] says the same through slices, so that one set of property tests runs over
//! every shape of [`CATALOGUE`], and [`mapping`] places any shape in space.
//!
//! Reference cells, see [`Reference`]: tetrahedron 0 ≤ ξ, η, ζ and ξ + η + ζ ≤ 1 (volume 1/6), triangle
//! 0 ≤ ξ, η and ξ + η ≤ 1 (area 1/2), square and cube −1 ≤ ξ, η, ζ ≤ 1 (4 and 8), prism = triangle ×
//! −1 ≤ ζ ≤ 1 (volume 1).
//!
//! Node order is that of Abaqus, CalculiX and VTK, which agree on all shapes here. (VTK's manual draws the
//! triangle 0 1 2 of a prism facing outward; its shape functions and ours have it facing inward.) Facet i is
//! face S(i + 1) of an Abaqus deck.

pub mod hex20;
pub mod hex8;
pub mod mapping;
pub mod quad4;
pub mod quad8;
pub mod quadrature;
pub mod tet10;
pub mod tet4;
pub mod tri3;
pub mod tri6;
pub mod wedge15;
pub mod wedge6;

pub use quadrature::Rule;

/// Domain of the reference coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// 0 ≤ ξ, η and ξ + η ≤ 1.
    Triangle,
    /// −1 ≤ ξ, η ≤ 1.
    Square,
    /// 0 ≤ ξ, η, ζ and ξ + η + ζ ≤ 1.
    Tetrahedron,
    /// −1 ≤ ξ, η, ζ ≤ 1.
    Cube,
    /// 0 ≤ ξ, η and ξ + η ≤ 1 and −1 ≤ ζ ≤ 1.
    Prism,
}

impl Reference {
    /// Dimension, 2 or 3.
    pub fn dimension(self) -> usize {
        match self {
            Self::Triangle | Self::Square => 2,
            Self::Tetrahedron | Self::Cube | Self::Prism => 3,
        }
    }

    /// Area or volume.
    pub fn measure(self) -> f64 {
        match self {
            Self::Triangle => 0.5,
            Self::Square => 4.0,
            Self::Tetrahedron => 1.0 / 6.0,
            Self::Cube => 8.0,
            Self::Prism => 1.0,
        }
    }
}

/// Cell shape: reference nodes, shape functions and the quadrature rules that fit it.
///
/// Reference coordinates have three components; a surface cell ignores the third.
pub trait Cell: Sync {
    /// Name as in this folder, for instance `tet10`.
    fn name(&self) -> &'static str;

    /// Domain of the reference coordinates.
    fn reference(&self) -> Reference;

    /// Dimension of the reference cell, 2 or 3.
    fn dimension(&self) -> usize {
        self.reference().dimension()
    }

    /// Reference coordinates of the nodes: corners, then one node per entry of [`Cell::edges`].
    fn nodes(&self) -> &'static [[f64; 3]];

    /// Number of corner nodes.
    fn n_corners(&self) -> usize {
        self.nodes().len() - self.edges().len()
    }

    /// Largest total degree of the polynomials the shape functions reproduce.
    fn order(&self) -> usize;

    /// Shape functions N at `xi`; `out` has one entry per node.
    fn values(&self, xi: [f64; 3], out: &mut [f64]);

    /// Reference gradients ∂N/∂ξ at `xi`; `out` has one entry per node.
    fn gradients(&self, xi: [f64; 3], out: &mut [[f64; 3]]);

    /// Quadrature rules of the reference cell, by ascending number of points.
    fn rules(&self) -> &'static [&'static Rule];

    /// Corner nodes of each facet, ordered so that the normal by the right-hand rule points outward
    /// (solids) or so that the cell lies to the left (surfaces).
    fn facets(&self) -> &'static [&'static [usize]];

    /// All nodes of each facet: its corners as [`Cell::facets`], then the nodes on its edges in that order.
    /// The facet of a solid is the surface cell with so many nodes, see [`surface_cell`].
    fn facet_nodes(&self) -> &'static [&'static [usize]] {
        self.facets()
    }

    /// Corners each mid-edge node lies between, in the order of the nodes; empty for a linear shape.
    fn edges(&self) -> &'static [[usize; 2]] {
        &[]
    }
}

/// Every cell shape.
pub static CATALOGUE: &[&dyn Cell] = &[
    &tet4::Tet4,
    &tet10::Tet10,
    &hex8::Hex8,
    &hex20::Hex20,
    &wedge6::Wedge6,
    &wedge15::Wedge15,
    &tri3::Tri3,
    &tri6::Tri6,
    &quad4::Quad4,
    &quad8::Quad8,
];

/// Surface cell with `n_nodes` nodes: 3 and 6 are triangles, 4 and 8 quadrilaterals; `None` otherwise.
pub fn surface_cell(n_nodes: usize) -> Option<&'static dyn Cell> {
    match n_nodes {
        3 => Some(&tri3::Tri3),
        4 => Some(&quad4::Quad4),
        6 => Some(&tri6::Tri6),
        8 => Some(&quad8::Quad8),
        _ => None,
    }
}

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
                            (sum - integral(cell.reference(), i, j, k)).abs()
                        })
                        .fold(0.0, f64::max)
                };
                // 1e-14: the coordinates are given to 16 digits, the reference measure is up to 8. One degree
                // above must fail visibly.
                assert!(worst(rule.degree) < 1e-14, "{} {} points", cell.name(), rule.points.len());
                assert!(worst(rule.degree + 1) > 1e-7, "{} {} points", cell.name(), rule.points.len());
            }
        }
    }

    #[test]
    fn rules_measure_the_reference_cell() {
        for &cell in CATALOGUE {
            let expected = cell.reference().measure();
            for rule in cell.rules() {
                let sum: f64 = rule.weights.iter().sum();
                assert!((sum - expected).abs() < 1e-15 * expected.max(1.0), "{}", cell.name());
                assert_eq!(rule.points.len(), rule.weights.len());
            }
        }
    }

    #[test]
    fn facets_face_outward() {
        for &cell in CATALOGUE {
            let x = cell.nodes();
            let corners = cell.n_corners();
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

    #[test]
    fn mid_edge_nodes_lie_halfway_between_their_corners() {
        for &cell in CATALOGUE {
            let x = cell.nodes();
            for (k, &[a, b]) in cell.edges().iter().enumerate() {
                assert!(a < cell.n_corners() && b < cell.n_corners());
                let middle: [f64; 3] = std::array::from_fn(|d| 0.5 * (x[a][d] + x[b][d]));
                assert_eq!(x[cell.n_corners() + k], middle, "{}", cell.name());
            }
        }
    }

    #[test]
    fn facet_nodes_are_the_corners_and_the_nodes_on_the_edges_between_them() {
        for &cell in CATALOGUE {
            assert_eq!(cell.facets().len(), cell.facet_nodes().len());
            for (corners, nodes) in cell.facets().iter().zip(cell.facet_nodes()) {
                let n = corners.len();
                assert_eq!(&nodes[..n], *corners);
                for (k, &mid) in nodes[n..].iter().enumerate() {
                    let [a, b] = cell.edges()[mid - cell.n_corners()];
                    let (c, d) = (corners[k], corners[(k + 1) % n]);
                    assert!((a, b) == (c, d) || (a, b) == (d, c), "{}", cell.name());
                }
                if cell.dimension() == 3 {
                    let surface = surface_cell(nodes.len()).expect("a facet is a surface cell");
                    assert_eq!(surface.n_corners(), n);
                }
            }
        }
    }

    /// ∫ ξⁱ ηʲ ζᵏ over the reference cell.
    fn integral(reference: Reference, i: i32, j: i32, k: i32) -> f64 {
        let factorial = |n: i32| (1..=n).map(f64::from).product::<f64>();
        let line = |n: i32| if n % 2 == 0 { 2.0 / f64::from(n + 1) } else { 0.0 };
        let triangle = factorial(i) * factorial(j) / factorial(i + j + 2);
        match reference {
            Reference::Triangle => triangle,
            Reference::Square => line(i) * line(j),
            Reference::Tetrahedron => factorial(i) * factorial(j) * factorial(k) / factorial(i + j + k + 3),
            Reference::Cube => line(i) * line(j) * line(k),
            Reference::Prism => triangle * line(k),
        }
    }
}
