//! Articular surfaces that points of another bone press on.

use dens_mesher::Vec3;
use dens_mesher::geometry::spine::Patch;
use nalgebra::{Matrix3, Matrix6, Vector6};

/// Value of a function of place with its first and second derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sloped {
    /// Value.
    pub value: f64,
    /// Gradient.
    pub first: Vec3,
    /// Hessian.
    pub second: Matrix3<f64>,
}

/// Round post: the dens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Post {
    /// A point of its axis, mm.
    pub origin: Vec3,
    /// Unit direction of its axis.
    pub axis: Vec3,
    /// Radius, mm.
    pub radius: f64,
}

/// Curved articular facet: a paraboloid over an ellipse.
///
/// ```text
/// w = c₀ + c₁u + c₂v + c₃u² + c₄uv + c₅v²        on (u/a)² + (v/b)² < 1, fading over `margin` mm outside
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quadric {
    /// Ellipse and axes: u along `first`, v along `axis × first`, w along `axis`.
    pub patch: Patch,
    /// c₀ to c₅.
    pub height: [f64; 6],
    /// Width of the rim over which the surface ends, mm.
    pub margin: f64,
}

impl Quadric {
    /// Least-squares paraboloid through points of a surface; `None` where they do not determine one.
    pub fn through(patch: Patch, margin: f64, points: &[Vec3]) -> Option<Self> {
        let (mut a, mut b) = (Matrix6::zeros(), Vector6::zeros());
        for p in points {
            let [u, v, w] = local(&patch, *p);
            let row = Vector6::new(1.0, u, v, u * u, u * v, v * v);
            a += row * row.transpose();
            b += row * w;
        }
        let c = a.cholesky()?.solve(&b);
        Some(Self { patch, height: c.into(), margin })
    }

    /// The surface, bent away from the other bone: lower by `opening` mm at the ends of the first semi-axis.
    pub fn crowned(mut self, opening: f64) -> Self {
        self.height[3] -= opening / self.patch.radii[0].powi(2);
        self
    }

    /// Point of the surface over (u, v), mm.
    pub fn at(&self, u: f64, v: f64) -> Vec3 {
        let [c0, c1, c2, c3, c4, c5] = self.height;
        let w = c0 + c1 * u + c2 * v + c3 * u * u + c4 * u * v + c5 * v * v;
        let p = &self.patch;
        p.center + p.first * u + p.axis.cross(&p.first) * v + p.axis * w
    }

    /// Height above the surface along `axis`, mm.
    fn gap(&self, p: Vec3) -> Sloped {
        let [_, c1, c2, c3, c4, c5] = self.height;
        let [u, v, w] = local(&self.patch, p);
        let (e, f) = (self.patch.first, self.patch.axis.cross(&self.patch.first));
        let value = w - (self.at(u, v) - self.patch.center).dot(&self.patch.axis);
        let first = self.patch.axis - e * (c1 + 2.0 * c3 * u + c4 * v) - f * (c2 + c4 * u + 2.0 * c5 * v);
        let mixed = e * f.transpose();
        let second =
            -2.0 * c3 * e * e.transpose() - 2.0 * c5 * f * f.transpose() - c4 * (mixed + mixed.transpose());
        Sloped { value, first, second }
    }

    /// 1 over the facet, 0 beyond its rim.
    fn presence(&self, p: Vec3) -> Sloped {
        let [u, v, _] = local(&self.patch, p);
        let (e, f) = (self.patch.first, self.patch.axis.cross(&self.patch.first));
        let [a, b] = self.patch.radii.map(|r| r * r);
        let s = u * u / a + v * v / b;
        let end = (1.0 + self.margin / self.patch.radii[0].min(self.patch.radii[1])).powi(2);
        let t = (s - 1.0) / (end - 1.0);
        if t <= 0.0 || 1.0 <= t {
            let value = f64::from(u8::from(t <= 0.0));
            return Sloped { value, first: Vec3::zeros(), second: Matrix3::zeros() };
        }
        let (slope, bend) = (-6.0 * t * (1.0 - t) / (end - 1.0), (-6.0 + 12.0 * t) / (end - 1.0).powi(2));
        let ds = e * (2.0 * u / a) + f * (2.0 * v / b);
        let second = ds * ds.transpose() * bend
            + (e * e.transpose() * (2.0 / a) + f * f.transpose() * (2.0 / b)) * slope;
        Sloped { value: 1.0 - t * t * (3.0 - 2.0 * t), first: ds * slope, second }
    }
}

fn local(patch: &Patch, p: Vec3) -> [f64; 3] {
    let d = p - patch.center;
    [d.dot(&patch.first), d.dot(&patch.axis.cross(&patch.first)), d.dot(&patch.axis)]
}

/// Surface of a bone under cartilage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Surface {
    /// Facet.
    Facet(Quadric),
    /// Post.
    Post(Post),
}

impl Surface {
    /// Height of a point above the surface, mm, and how much of the surface is there, 0 to 1.
    pub fn under(&self, p: Vec3) -> [Sloped; 2] {
        match self {
            Self::Facet(quadric) => [quadric.gap(p), quadric.presence(p)],
            Self::Post(post) => {
                let d = p - post.origin;
                let across = d - post.axis * d.dot(&post.axis);
                let r = across.norm().max(1e-9);
                let n = across / r;
                let second =
                    (Matrix3::identity() - post.axis * post.axis.transpose() - n * n.transpose()) / r;
                let all = Sloped { value: 1.0, first: Vec3::zeros(), second: Matrix3::zeros() };
                [Sloped { value: r - post.radius, first: n, second }, all]
            }
        }
    }
}
