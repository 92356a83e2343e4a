//! The frame of a scan: where the mirror plane of the bones lies, and the motion that brings it to x = 0.

use crate::Vec3;
use crate::geometry::bvh::BoxTree;
use crate::geometry::spine;
use crate::geometry::surface::TriSurface;
use nalgebra::{Isometry3, Matrix3, Translation3, UnitQuaternion};
use rayon::prelude::*;

/// Vertices of each bone that are compared with their mirror image.
const SAMPLES: usize = 1500;

/// Rounds; the plane moves by less than a micrometer in the last of them on real bones.
const ROUNDS: usize = 60;

/// Share of the pairs that count: what has no counterpart, such as the tip of a process, lies farthest off.
const SHARE: f64 = 0.8;

/// Motion that brings the mirror plane of the bones to x = 0 and leaves y and z of their middle.
///
/// Each vertex is mirrored and paired with the nearest point of its own bone; the reflection that fits the pairs best is the
/// next guess, from the plane across x through the middle. Bones turned from their frame by up to 30° are found; the angle
/// seen from the side stays as scanned.
///
/// # Source
/// Besl & McKay (1992), IEEE PAMI 14:239, for the rounds; Kabsch (1976), Acta Cryst. A32:922, with determinant −1, for the fit.
pub fn upright(bones: &[TriSurface]) -> Isometry3<f64> {
    let trees: Vec<BoxTree> = bones.iter().map(BoxTree::new).collect();
    let points: Vec<(usize, Vec3)> = bones
        .iter()
        .enumerate()
        .flat_map(|(b, s)| s.points.iter().step_by((s.points.len() / SAMPLES).max(1)).map(move |p| (b, *p)))
        .collect();
    if points.is_empty() {
        return Isometry3::identity();
    }
    let middle = points.iter().map(|p| p.1).sum::<Vec3>() / points.len() as f64;
    let (mut at, mut normal) = (middle, Vec3::x());
    for _ in 0..ROUNDS {
        let mut pairs: Vec<(f64, Vec3, Vec3)> = points
            .par_iter()
            .map(|(b, p)| {
                let mirrored = p - normal * (2.0 * (p - at).dot(&normal));
                let (_, q, d) = trees[*b].nearest(&bones[*b], mirrored);
                (d, *p, q)
            })
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs.truncate((SHARE * pairs.len() as f64).ceil() as usize);
        let n = pairs.len() as f64;
        let from = pairs.iter().map(|p| p.1).sum::<Vec3>() / n;
        let to = pairs.iter().map(|p| p.2).sum::<Vec3>() / n;
        let spread: Matrix3<f64> = pairs.iter().map(|(_, p, q)| (q - to) * (p - from).transpose()).sum();
        let Some(fitted) = reflection_normal(spread) else { break };
        normal = if fitted.x < 0.0 { -fitted } else { fitted };
        at = 0.5 * (from + to);
    }
    let turn = UnitQuaternion::rotation_between(&normal, &Vec3::x()).unwrap_or_else(UnitQuaternion::identity);
    // The point of the plane nearest to the middle stays, but for x.
    let foot = middle - normal * (middle - at).dot(&normal);
    let about = Translation3::from(Vec3::new(0.0, foot.y, foot.z)) * turn * Translation3::from(-foot);
    about * Isometry3::identity()
}

/// Normal of the reflection nearest to a sum of outer products (image times original).
fn reflection_normal(spread: Matrix3<f64>) -> Option<Vec3> {
    let svd = spread.svd(true, true);
    let (u, v) = (svd.u?, svd.v_t?);
    let mut sign = Matrix3::identity();
    let least = svd.singular_values.imin();
    sign[(least, least)] = -(u * v).determinant().signum();
    let turned = u * sign * v;
    // A rotation and a reflection together: the reflected direction has the eigenvalue −1 of the symmetric part.
    let eigen = (0.5 * (turned + turned.transpose())).symmetric_eigen();
    let found: Vec3 = eigen.eigenvectors.column(eigen.eigenvalues.imin()).into();
    found.try_normalize(1e-9)
}

/// The surface moved.
pub fn moved(surface: &TriSurface, motion: &Isometry3<f64>) -> TriSurface {
    let points = surface.points.iter().map(|p| spine::moved(motion, *p)).collect();
    TriSurface { points, triangles: surface.triangles.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::repair::broken::ball;

    /// Egg, blunt toward +y and bent toward +z: one mirror plane, x = 0, and a knob that has no counterpart.
    fn egg() -> TriSurface {
        let mut s = ball(10.0, 24, Vec3::zeros());
        for p in &mut s.points {
            let (x, y, z) = (p.x, p.y, p.z);
            *p = Vec3::new(2.0 * x * (1.0 + 0.02 * y), 1.3 * y, 0.8 * z + 0.02 * y * y);
        }
        for p in s.points.iter_mut().filter(|p| 17.0 < p.x) {
            p.x += 2.0;
        }
        s
    }

    #[test]
    fn the_mirror_plane_of_a_turned_body_comes_back_to_zero() {
        let axis = Vec3::new(0.1, 0.5, 1.0).normalize();
        for degrees in [0.0_f64, 8.0, -20.0] {
            let turn = UnitQuaternion::from_scaled_axis(axis * degrees.to_radians());
            let placed =
                moved(&egg(), &(Translation3::new(31.0, -40.0, 312.0) * turn * Isometry3::identity()));
            let found = upright(std::slice::from_ref(&placed));
            let back = moved(&placed, &found);
            // The knob costs a little: it is a tenth of a fifth that the fit leaves out anyway.
            let normal = found.rotation * turn * Vec3::x();
            assert!(normal.angle(&Vec3::x()).to_degrees() < 0.5, "{degrees}: {normal:?}");
            let middle = back.points.iter().filter(|p| p.x.abs() < 10.0).map(|p| p.x).sum::<f64>();
            assert!((middle / back.points.len() as f64).abs() < 0.2, "{degrees}: {middle}");
            // The middle keeps its height.
            let z = |s: &TriSurface| s.points.iter().map(|p| p.z).sum::<f64>() / s.points.len() as f64;
            assert!((z(&back) - z(&placed)).abs() < 0.3);
        }
    }
}
