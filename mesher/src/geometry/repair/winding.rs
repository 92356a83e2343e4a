//! Generalized winding number of any heap of triangles, fast through the box tree.
//!
//! ```text
//! w(p) = Σ Ω_t(p) / 4π        1 inside a closed outward surface, 0 outside; between where the surface is torn
//! ```
//! A far node of the tree counts as one dipole: its triangles' area vectors summed at their centroid, with the
//! first-order term of the expansion.
//!
//! # Source
//! Barill, Dickson, Schmidt, Levin & Jacobson (2018), Fast winding numbers for soups and clouds, ACM Trans. Graph. 37(4).

use super::super::bvh::BoxTree;
use super::super::surface::TriSurface;
use crate::Vec3;
use nalgebra::Matrix3;
use std::f64::consts::PI;

/// A node farther than this many of its radii counts as a dipole; with the first-order term the error is below 0.02,
/// enough to tell on which side of one half a point is.
const FAR: f64 = 3.5;

/// What a node looks like from afar.
struct Dipole {
    center: Vec3,
    /// Largest distance of a corner from the center, mm.
    radius: f64,
    /// Sum of area vectors, mm².
    area: Vec3,
    /// Sum of (centroid − center) ⊗ area vector, mm³.
    moment: Matrix3<f64>,
}

/// Winding number of a surface.
pub struct Winding<'a> {
    surface: &'a TriSurface,
    tree: &'a BoxTree,
    dipoles: Vec<Dipole>,
}

impl<'a> Winding<'a> {
    /// Winding number of `surface`, whose box tree is `tree`.
    pub fn new(surface: &'a TriSurface, tree: &'a BoxTree) -> Self {
        let (nodes, order) = tree.parts();
        let mut dipoles: Vec<Dipole> = Vec::with_capacity(nodes.len());
        // The triangles of an inner node are those of its two children, which lie side by side in the order.
        let mut ranges = vec![[0usize; 2]; nodes.len()];
        for (i, node) in nodes.iter().enumerate().rev() {
            ranges[i] = if node.count > 0 {
                [node.first as usize, (node.first + node.count) as usize]
            } else {
                [ranges[node.first as usize][0], ranges[node.first as usize + 1][1]]
            };
        }
        for [from, to] in ranges {
            dipoles.push(dipole(surface, &order[from..to]));
        }
        Self { surface, tree, dipoles }
    }

    /// Winding number at `p`.
    pub fn at(&self, p: Vec3) -> f64 {
        let (nodes, order) = self.tree.parts();
        let mut angle = 0.0;
        let mut stack = vec![0u32];
        while let Some(n) = stack.pop() {
            let (node, dipole) = (&nodes[n as usize], &self.dipoles[n as usize]);
            let way = dipole.center - p;
            let d2 = way.norm_squared();
            if (FAR * dipole.radius).powi(2) < d2 {
                let d = d2.sqrt();
                // Ω ≈ n·r/r³ + M : ∇(r/r³), the gradient being (I − 3 r r/r²)/r³.
                let first = dipole.moment.trace() - 3.0 * way.dot(&(dipole.moment * way)) / d2;
                angle += (dipole.area.dot(&way) + first) / (d2 * d);
            } else if node.count > 0 {
                for t in &order[node.first as usize..(node.first + node.count) as usize] {
                    angle += solid_angle(self.surface.corners(*t as usize).map(|c| c - p));
                }
            } else {
                stack.extend([node.first + 1, node.first]);
            }
        }
        angle / (4.0 * PI)
    }
}

fn dipole(surface: &TriSurface, triangles: &[u32]) -> Dipole {
    let of = |t: &u32| {
        let [a, b, c] = surface.corners(*t as usize);
        ((a + b + c) / 3.0, 0.5 * (b - a).cross(&(c - a)))
    };
    let (mut weight, mut center) = (0.0, Vec3::zeros());
    for (middle, area) in triangles.iter().map(of) {
        // A triangle without area still needs a place.
        let w = area.norm() + 1e-30;
        weight += w;
        center += middle * w;
    }
    center /= f64::max(weight, 1e-300);
    let mut dipole = Dipole { center, radius: 0.0, area: Vec3::zeros(), moment: Matrix3::zeros() };
    for t in triangles {
        let (middle, area) = of(t);
        dipole.area += area;
        dipole.moment += (middle - center) * area.transpose();
        let far = surface.corners(*t as usize).map(|c| (c - center).norm());
        dipole.radius = far.into_iter().fold(dipole.radius, f64::max);
    }
    dipole
}

/// Solid angle of a triangle seen from the origin; van Oosterom & Strackee (1983), IEEE Trans. Biomed. Eng. 30:125.
fn solid_angle([a, b, c]: [Vec3; 3]) -> f64 {
    let (la, lb, lc) = (a.norm(), b.norm(), c.norm());
    let volume = a.dot(&b.cross(&c));
    let below = la * lb * lc + a.dot(&b) * lc + b.dot(&c) * la + c.dot(&a) * lb;
    2.0 * volume.atan2(below)
}

#[cfg(test)]
mod tests {
    use super::super::broken::ball;
    use super::*;

    #[test]
    fn dipoles_agree_with_the_sum_of_solid_angles() {
        let surface = ball(10.0, 24, Vec3::new(1.0, 2.0, 3.0));
        let tree = BoxTree::new(&surface);
        let winding = Winding::new(&surface, &tree);
        for i in 0..200 {
            let x = |k: usize| ((i * k) % 41) as f64 * 0.9 - 17.0;
            let p = Vec3::new(x(7), x(13), x(29));
            let exact: f64 = (0..surface.triangles.len())
                .map(|t| solid_angle(surface.corners(t).map(|c| c - p)))
                .sum::<f64>()
                / (4.0 * PI);
            // The next term of the expansion, (1/3.5)² times the share of one node.
            assert!((winding.at(p) - exact).abs() < 0.02, "{} {exact} at {p:?}", winding.at(p));
        }
        // At the center the errors of all dipoles have one sign and add up.
        assert!((winding.at(Vec3::new(1.0, 2.0, 3.0)) - 1.0).abs() < 0.05);
    }
}
