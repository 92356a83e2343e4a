//! Fewer triangles for the same shape: edges collapsed in the order of their quadric error.

use super::clean::{Fans, collapse, drop_unused};
use crate::Vec3;
use crate::geometry::surface::TriSurface;
use nalgebra::Matrix3;
use rayon::prelude::*;

/// Passes; each collapses edges whose neighborhoods do not touch, about a tenth of the vertices.
const PASSES: usize = 24;
/// A pass that removes less than this share of the vertices is the last.
const LEAST_SHARE: f64 = 0.01;
/// Weight that pulls a collapsed edge to its middle where planes leave its place open.
const PULL: f64 = 1e-3;

/// Sum of squared distances to planes, weighted by area.
///
/// ```text
/// q(x) = xᵀAx + 2 b·x + c        about `center` of the surface
/// ```
#[derive(Clone, Copy, Default)]
struct Quadric {
    /// Upper triangle: xx xy xz yy yz zz.
    a: [f64; 6],
    b: [f64; 3],
    c: f64,
    weight: f64,
}

impl Quadric {
    fn of_plane(n: Vec3, d: f64, weight: f64) -> Self {
        let a = [n.x * n.x, n.x * n.y, n.x * n.z, n.y * n.y, n.y * n.z, n.z * n.z].map(|x| weight * x);
        Self { a, b: [n.x, n.y, n.z].map(|x| weight * d * x), c: weight * d * d, weight }
    }

    fn plus(mut self, other: &Self) -> Self {
        for (x, y) in self.a.iter_mut().zip(other.a) {
            *x += y;
        }
        for (x, y) in self.b.iter_mut().zip(other.b) {
            *x += y;
        }
        self.c += other.c;
        self.weight += other.weight;
        self
    }

    fn matrix(&self) -> Matrix3<f64> {
        let [xx, xy, xz, yy, yz, zz] = self.a;
        Matrix3::new(xx, xy, xz, xy, yy, yz, xz, yz, zz)
    }

    /// Mean squared distance of `x` from the planes, mm².
    fn mean(&self, x: Vec3) -> f64 {
        let sum = x.dot(&(self.matrix() * x)) + 2.0 * Vec3::from(self.b).dot(&x) + self.c;
        sum.max(0.0) / self.weight.max(1e-30)
    }

    /// Place of least error, drawn to `middle`.
    fn best(&self, middle: Vec3) -> Vec3 {
        let pull = PULL * self.weight;
        let m = self.matrix() + Matrix3::from_diagonal_element(pull);
        m.try_inverse().map_or(middle, |inverse| inverse * (middle * pull - Vec3::from(self.b)))
    }
}

/// Collapses edges while the root mean square distance of what they stand for stays below `tolerance` mm; the
/// surface stays a manifold and no triangle turns over. Returns how many triangles went.
///
/// Edges grow to at most `longest` mm. Same result for any number of threads.
///
/// # Source
/// Garland & Heckbert (1997), Surface simplification using quadric error metrics, SIGGRAPH 97.
pub fn decimate(surface: &mut TriSurface, tolerance: f64, longest: f64) -> usize {
    let before = surface.triangles.len();
    let center = surface.bounds().center();
    surface.points.iter_mut().for_each(|p| *p -= center);
    let mut quadrics = quadrics(surface);
    for pass in 0..PASSES {
        // The cheapest first: later passes may pay more.
        let share = ((pass + 1) as f64 / 6.0).min(1.0);
        let fans = Fans::new(surface);
        let mut edges: Vec<(f32, [u32; 2], Vec3)> = surface
            .triangles
            .par_chunks(1 << 14)
            .flat_map_iter(|chunk| {
                chunk.iter().flat_map(|t| (0..3).map(|i| [t[i], t[(i + 1) % 3]])).filter_map(|[a, b]| {
                    if b <= a {
                        return None;
                    }
                    let (p, q) = (surface.points[a as usize], surface.points[b as usize]);
                    let length = (p - q).norm();
                    let sum = quadrics[a as usize].plus(&quadrics[b as usize]);
                    let to = sum.best(0.5 * (p + q));
                    let cost = sum.mean(to);
                    let near = (to - p).norm().max((to - q).norm()) < 1.5 * length;
                    let fits = length < longest && near && cost < (share * tolerance).powi(2);
                    // Of equally good edges the shortest, for even triangles.
                    fits.then_some(((cost + 1e-4 * tolerance * length) as f32, [a, b], to))
                })
            })
            .collect();
        edges.par_sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
        let edges: Vec<([u32; 2], Vec3)> = edges.into_iter().map(|(_, e, to)| (e, to)).collect();
        let count = collapse(surface, &fans, &edges, |kept, gone| {
            quadrics[kept as usize] = quadrics[kept as usize].plus(&quadrics[gone as usize]);
        });
        if share == 1.0 && (count as f64) < LEAST_SHARE * surface.triangles.len() as f64 {
            break;
        }
    }
    drop_unused(surface);
    surface.points.iter_mut().for_each(|p| *p += center);
    before - surface.triangles.len()
}

fn quadrics(surface: &TriSurface) -> Vec<Quadric> {
    let fans = Fans::new(surface);
    (0..surface.points.len())
        .into_par_iter()
        .map(|v| {
            fans.of(v as u32).iter().fold(Quadric::default(), |sum, &t| {
                let [a, b, c] = surface.corners(t as usize);
                let n = (b - a).cross(&(c - a));
                let area = n.norm();
                let Some(n) = n.try_normalize(1e-30) else { return sum };
                sum.plus(&Quadric::of_plane(n, -n.dot(&a), area))
            })
        })
        .collect()
}

/// How far a surface lies from the zero level of a field, mm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Deviation {
    /// Half of the area lies nearer.
    pub median_mm: f64,
    /// 99 % of the area lies nearer.
    pub p99_mm: f64,
    /// Largest.
    pub most_mm: f64,
}

/// Distance of `surface` from the zero level of `field`, at the middle of every triangle, weighted by area, to
/// first order: |φ| / |∇φ|. Where `field` answers `None` nothing is counted.
pub fn deviation(surface: &TriSurface, field: &(dyn Fn(Vec3) -> Option<f64> + Sync)) -> Deviation {
    const H: f64 = 2e-3;
    let mut found: Vec<[f64; 2]> = (0..surface.triangles.len())
        .into_par_iter()
        .filter_map(|t| {
            let [a, b, c] = surface.corners(t);
            let normal = (b - a).cross(&(c - a));
            let n = normal.try_normalize(1e-30)?;
            let p = (a + b + c) / 3.0;
            let value = field(p)?;
            let slope = (field(p + n * H)? - field(p - n * H)?) / (2.0 * H);
            // At a concave edge the field hardly rises along the normal: its value is then a bound.
            Some([value.abs() / slope.clamp(0.5, 2.0), normal.norm()])
        })
        .collect();
    found.par_sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    let total: f64 = found.iter().map(|f| f[1]).sum();
    let at = |share: f64| {
        let mut sum = 0.0;
        found.iter().find(|f| {
            sum += f[1];
            share * total <= sum
        })
    };
    Deviation {
        median_mm: at(0.5).map_or(0.0, |f| f[0]),
        p99_mm: at(0.99).map_or(0.0, |f| f[0]),
        most_mm: found.last().map_or(0.0, |f| f[0]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_manifold, cube, cut};
    use super::*;

    /// Ball with a bar through it.
    fn shape(p: Vec3) -> f64 {
        (p.norm() - 2.0).min((p.y.hypot(p.z) - 0.5).max(p.x.abs() - 3.0))
    }

    #[test]
    fn nine_of_ten_triangles_go_and_the_surface_stays_where_it_was() {
        let (mut s, _) = cut(cube(3.2), 0.06, shape);
        let (triangles, volume) = (s.triangles.len(), s.volume());
        let gone = decimate(&mut s, 0.006, 0.8);
        assert_manifold(&s);
        assert_eq!(triangles - gone, s.triangles.len());
        assert!(0.8 * (triangles as f64) < gone as f64, "{gone} of {triangles}");
        assert!((s.volume() / volume - 1.0).abs() < 2e-3, "{}", s.volume() / volume);
        let off = deviation(&s, &|p| Some(shape(p)));
        // Twice the tolerance of the root mean square: the sagitta of the coarser triangles is one-sided.
        assert!(off.p99_mm < 0.015, "{off:?}");
    }

    #[test]
    fn a_flat_face_loses_its_inner_points_and_keeps_its_edges() {
        let (mut s, _) = cut(cube(1.3), 0.1, |p| p.x.abs().max(p.y.abs()).max(p.z.abs()) - 1.0);
        let before = (s.volume(), s.bounds());
        decimate(&mut s, 0.003, 1.0);
        assert_manifold(&s);
        // Planes cost nothing: only the blunt edges keep triangles.
        assert!((s.volume() / before.0 - 1.0).abs() < 1e-3);
        assert!((s.bounds().max - before.1.max).norm() < 0.01);
    }

    #[test]
    fn the_result_does_not_depend_on_the_number_of_threads() {
        let run = |n| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().expect("a pool");
            pool.install(|| {
                let (mut s, _) = cut(cube(3.2), 0.15, shape);
                decimate(&mut s, 0.01, 0.8);
                s
            })
        };
        assert_eq!(run(1), run(2));
    }
}
