//! Vertices moved onto the zero level of a field, so that the triangles between them lie on both sides of it.
//!
//! ```text
//! x ← x − φ ∇φ / |∇φ|²                                       two Newton steps
//! x ← x − n ⟨φ at the middles of the edges around⟩           what chords cut off a round wall is given back
//! ```
//! Where the field has an edge the mean of its sides stands for it: edges stay blunt over a triangle.

use crate::Vec3;
use crate::geometry::surface::TriSurface;
use rayon::prelude::*;

/// Newton steps: the second moves vertices by less than a micrometre where the field is smooth.
const STEPS: usize = 2;
/// Step of the differences, mm.
const H: f64 = 4e-3;
/// Slope below which a place lies on an edge of the field and stays where it is; a distance rises by 1.
const LEAST_SLOPE: f64 = 0.3;
/// Cosine of the largest turn of a triangle, and the least share of its area that must be left.
const UPRIGHT: f64 = 0.5;
const LEAST_AREA: f64 = 0.05;
/// Rounds in which vertices of triangles that would turn are put back; after the last the whole move is given up.
const ROUNDS: usize = 60;

type Value<'a> = &'a (dyn Fn(Vec3) -> Option<f64> + Sync);

/// Moves the vertices of `surface` to where the volume between it and the zero level of `field` (mm, near the surface
/// about the distance) cancels, by `reach` mm at most; no triangle turns over. Same bits for any thread count.
pub fn settle(surface: &mut TriSurface, field: Value<'_>, reach: f64) {
    for _ in 0..STEPS {
        let moved: Vec<Vec3> = surface
            .points
            .par_iter()
            .map(|&p| p + step(field, p).map_or(Vec3::zeros(), |d| bounded(d, reach)))
            .collect();
        accept(surface, moved);
    }
    let moved = balanced(surface, field, 0.5 * reach);
    accept(surface, moved);
}

fn bounded(d: Vec3, reach: f64) -> Vec3 {
    let length = d.norm();
    if length <= reach { d } else { d * (reach / length) }
}

/// Newton step from `p`; none on an edge of the field or far from it.
fn step(field: Value<'_>, p: Vec3) -> Option<Vec3> {
    let value = field(p)?;
    let mut slope = Vec3::zeros();
    for i in 0..3 {
        slope[i] = (field(p + Vec3::ith(i, H))? - value) / H;
    }
    let squared = slope.norm_squared();
    (LEAST_SLOPE * LEAST_SLOPE < squared).then(|| slope * (-value / squared))
}

/// Vertices shifted along their normals by the mean value of the field at the middles of the edges around them.
fn balanced(surface: &TriSurface, field: Value<'_>, most: f64) -> Vec<Vec3> {
    let found: Vec<(Vec3, f64)> = surface
        .triangles
        .par_iter()
        .map(|t| {
            let [a, b, c] = t.map(|v| surface.points[v as usize]);
            let normal = (b - a).cross(&(c - a));
            // The mean of a quadratic over a triangle is that of the middles of its edges.
            let values = [a + b, b + c, c + a].map(|sum| field(0.5 * sum).unwrap_or(0.0));
            (normal, values.iter().sum::<f64>() / 3.0)
        })
        .collect();
    let mut sums = vec![(Vec3::zeros(), 0.0, 0.0); surface.points.len()];
    for (t, (normal, value)) in surface.triangles.iter().zip(&found) {
        let area = normal.norm();
        for &v in t {
            let sum = &mut sums[v as usize];
            *sum = (sum.0 + normal, sum.1 + area, sum.2 + area * value);
        }
    }
    let shifted = |(p, (normal, area, value)): (&Vec3, &(Vec3, f64, f64))| match normal.try_normalize(1e-30) {
        Some(n) if 0.0 < *area => p - n * (value / area).clamp(-most, most),
        _ => *p,
    };
    surface.points.par_iter().zip(&sums).map(shifted).collect()
}

/// Takes the places over, but for vertices of triangles that would turn or vanish.
fn accept(surface: &mut TriSurface, mut moved: Vec<Vec3>) {
    for round in 0..ROUNDS {
        let turned: Vec<usize> = (0..surface.triangles.len())
            .into_par_iter()
            .filter(|&t| {
                let corners = surface.triangles[t];
                let normal = |points: &[Vec3]| {
                    let [a, b, c] = corners.map(|v| points[v as usize]);
                    (b - a).cross(&(c - a))
                };
                let (old, new) = (normal(&surface.points), normal(&moved));
                let (before, after) = (old.norm(), new.norm());
                old.dot(&new) < UPRIGHT * before * after || after < LEAST_AREA * before
            })
            .collect();
        if turned.is_empty() {
            surface.points = moved;
            return;
        }
        if round + 1 == ROUNDS {
            return;
        }
        for t in turned {
            for v in surface.triangles[t] {
                moved[v as usize] = surface.points[v as usize];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_manifold, cube, cut};
    use super::super::{decimate, deviation};
    use super::*;
    use std::f64::consts::PI;

    #[test]
    fn a_thinned_bar_gets_its_volume_and_its_wall_back() {
        // A round bar with ball ends, nine grid steps thick.
        let bar = |p: Vec3| Vec3::new(p.x - p.x.clamp(-1.5, 1.5), p.y, p.z).norm() - 0.45;
        let exact = PI * 0.45 * 0.45 * 3.0 + 4.0 / 3.0 * PI * 0.45_f64.powi(3);
        let (mut s, _) = cut(cube(2.2), 0.1, bar);
        decimate(&mut s, 0.006, 0.8);
        let before = (deviation(&s, &|p| Some(bar(p))), s.volume() / exact - 1.0);
        settle(&mut s, &|p| Some(bar(p)), 0.03);
        assert_manifold(&s);
        let after = deviation(&s, &|p| Some(bar(p)));
        // Vertices move along their own normals, up to 20° off those of the triangles: a few percent of the loss stay.
        assert!((s.volume() / exact - 1.0).abs() < 2e-3, "{} after {}", s.volume() / exact - 1.0, before.1);
        assert!(after.p99_mm < 0.8 * before.0.p99_mm, "{after:?} after {:?}", before.0);
    }

    #[test]
    fn a_field_that_would_turn_triangles_moves_nothing_over() {
        let (mut s, _) = cut(cube(1.3), 0.1, |p| p.norm() - 1.0);
        // A wild field: its steps point anywhere.
        settle(&mut s, &|p| Some((40.0 * p.x).sin() * 0.1 + (70.0 * p.y * p.z).cos() * 0.1), 0.5);
        assert_manifold(&s);
        assert!((s.volume() / (4.0 / 3.0 * PI) - 1.0).abs() < 0.2);
    }
}
