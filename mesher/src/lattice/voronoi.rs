//! Stochastic open foam: struts along the edges of the Voronoi cells of disturbed points, periodic.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::Mutex;

use crate::Vec3;

use super::strut::{Segments, StrutCell};

/// Pores of one period: two body-centered cells along each edge.
const ALONG: usize = 2;

/// Largest move of a point over the distance of its nearest neighbor.
///
/// Tuned: from 0.3 on no two pores of a period are alike, and up to 0.4 no seed of the first hundred joins two points.
const DISORDER: f64 = 0.35;

/// The cell of the first seed; the edge of the period spans about two and a half pores.
pub(super) static CELL: StrutCell = seeded("voronoi", 1);

const fn seeded(name: &'static str, seed: u64) -> StrutCell {
    StrutCell::new(
        name,
        "Zhu, Hobdell & Windle (2000), Acta Mater. 48:4893; body-centered points moved at random",
        [0.01, 0.35],
        Segments::Seeded(edges, seed),
    )
    .not_cubic()
}

/// The cell `voronoi-SEED`, made once per seed and program.
pub(super) fn of_name(name: &str) -> Option<&'static StrutCell> {
    static MADE: Mutex<BTreeMap<u64, &'static StrutCell>> = Mutex::new(BTreeMap::new());
    let seed: u64 = name.strip_prefix("voronoi-")?.parse().ok()?;
    let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Some(made.entry(seed).or_insert_with(|| {
        // Cells live as long as the program, as those of the catalogue do; a program names a few seeds.
        let name: &'static str = Box::leak(format!("voronoi-{seed}").into_boxed_str());
        Box::leak(Box::new(seeded(name, seed)))
    }))
}

/// Seeds of the pores in the unit cell.
fn points(seed: u64) -> Vec<Vec3> {
    let step = 1.0 / ALONG as f64;
    let nearest = 0.5 * 3_f64.sqrt() * step;
    let mut random = Random(seed);
    let mut points = Vec::with_capacity(2 * ALONG.pow(3));
    for i in 0..ALONG.pow(3) {
        let corner = Vec3::new((i % ALONG) as f64, (i / ALONG % ALONG) as f64, (i / ALONG / ALONG) as f64);
        for middle in [0.0, 0.5] {
            // Even in the ball: the cube root of an even number as radius.
            let radius = DISORDER * nearest * random.next().cbrt();
            let (z, angle) = (2.0 * random.next() - 1.0, TAU * random.next());
            let across = (1.0 - z * z).sqrt();
            let away = radius * Vec3::new(across * angle.cos(), across * angle.sin(), z);
            points.push((corner + Vec3::repeat(middle)) * step + away);
        }
    }
    points
}

/// Even numbers from 0 to 1: SplitMix64, Steele, Lea & Flood (2014), OOPSLA.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Edges of the periodic Voronoi cells, each once.
fn edges(seed: u64) -> Vec<[Vec3; 2]> {
    let points = points(seed);
    let mut edges: Vec<[Vec3; 2]> = Vec::new();
    for own in &points {
        for face in faces(*own, &points) {
            for (i, a) in face.iter().enumerate() {
                let b = face[(i + 1) % face.len()];
                // Each edge belongs to three cells and to two faces of each, all but the first are left out.
                let middle = 0.5 * (a + b);
                let known = |e: &[Vec3; 2]| {
                    let away = 0.5 * (e[0] + e[1]) - middle;
                    away.map(|x| x - x.round()).norm() < 1e-7
                };
                if 1e-6 < (b - a).norm() && !edges.iter().any(known) {
                    edges.push([*a, b]);
                }
            }
        }
    }
    edges
}

/// Faces of the Voronoi cell of `own` among all periodic images of `points`, as polygons.
fn faces(own: Vec3, points: &[Vec3]) -> Vec<Vec<Vec3>> {
    // The cell of a period alone lies within this cube.
    let mut faces: Vec<Vec<Vec3>> = cube(own, 1.0);
    let mut images: Vec<Vec3> = Vec::with_capacity(27 * points.len());
    for i in 0..27 {
        let shift = Vec3::new((i % 3) as f64, (i / 3 % 3) as f64, (i / 9) as f64) - Vec3::repeat(1.0);
        images.extend(points.iter().map(|p| p + shift).filter(|p| 1e-12 < (p - own).norm()));
    }
    images.sort_by(|a, b| (a - own).norm_squared().total_cmp(&(b - own).norm_squared()));
    for image in images {
        let normal = image - own;
        let height = 0.5 * (image.norm_squared() - own.norm_squared());
        cut(&mut faces, normal, height);
    }
    faces
}

/// Six faces of a cube of half edge `half`.
fn cube(middle: Vec3, half: f64) -> Vec<Vec<Vec3>> {
    let mut faces = Vec::with_capacity(6);
    for axis in 0..3 {
        for side in [-half, half] {
            let corner = |u: f64, v: f64| {
                let mut p = middle;
                p[axis] += side;
                p[(axis + 1) % 3] += u;
                p[(axis + 2) % 3] += v;
                p
            };
            faces.push(vec![
                corner(-half, -half),
                corner(half, -half),
                corner(half, half),
                corner(-half, half),
            ]);
        }
    }
    faces
}

/// Keeps of a convex body what lies below the plane normal · p = height.
fn cut(faces: &mut Vec<Vec<Vec3>>, normal: Vec3, height: f64) {
    let above = |p: &Vec3| normal.dot(p) - height;
    if faces.iter().flatten().all(|p| above(p) <= 0.0) {
        return;
    }
    let mut lid: Vec<Vec3> = Vec::new();
    for face in faces.iter_mut() {
        let mut kept = Vec::with_capacity(face.len() + 1);
        for (i, a) in face.iter().enumerate() {
            let b = face[(i + 1) % face.len()];
            let (at_a, at_b) = (above(a), above(&b));
            if at_a <= 0.0 {
                kept.push(*a);
            }
            if (at_a <= 0.0) != (at_b <= 0.0) {
                let crossing = a + (b - a) * (at_a / (at_a - at_b));
                kept.push(crossing);
                lid.push(crossing);
            }
        }
        *face = kept;
    }
    faces.retain(|face| 3 <= face.len());
    if lid.len() < 3 {
        return;
    }
    // Each corner of the lid came from two faces.
    let middle = lid.iter().sum::<Vec3>() / lid.len() as f64;
    let first = (lid[0] - middle).normalize();
    let second = normal.normalize().cross(&first);
    let angle = |p: &Vec3| {
        let away = p - middle;
        away.dot(&second).atan2(away.dot(&first))
    };
    lid.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    lid.dedup_by(|a, b| (*a - *b).norm() < 1e-9);
    if 1 < lid.len() && (lid[0] - lid[lid.len() - 1]).norm() < 1e-9 {
        lid.pop();
    }
    if 3 <= lid.len() {
        faces.push(lid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Polyhedra of a space-filling foam in which four edges meet at every corner: E = 2 V, and F = E − V + C.
    #[test]
    fn four_edges_meet_at_every_corner_and_cells_fill_space() {
        for seed in 1..6 {
            let edges = edges(seed);
            let mut corners: Vec<(Vec3, usize)> = Vec::new();
            for end in edges.iter().flatten() {
                let same = |(p, _): &&mut (Vec3, usize)| (*p - end).map(|x| x - x.round()).norm() < 1e-7;
                match corners.iter_mut().find(same) {
                    Some((_, count)) => *count += 1,
                    None => corners.push((*end, 1)),
                }
            }
            assert!(corners.iter().all(|(_, count)| *count == 4), "seed {seed}");
            assert_eq!(edges.len(), 2 * corners.len(), "seed {seed}");
            // Σ faces of all cells counts each face twice: F = E − V + C in a periodic cell (Euler).
            let points = points(seed);
            let n_faces: usize = points.iter().map(|p| faces(*p, &points).len()).sum();
            assert_eq!(n_faces / 2, edges.len() - corners.len() + points.len(), "seed {seed}");
            let volume: f64 = points
                .iter()
                .flat_map(|p| faces(*p, &points).into_iter().map(move |f| (*p, f)))
                .map(|(p, f)| {
                    let tip = |i: usize| f[i] - p;
                    let fan = (1..f.len() - 1).map(|i| tip(0).dot(&tip(i).cross(&tip(i + 1))));
                    fan.sum::<f64>().abs() / 6.0
                })
                .sum();
            assert!((volume - 1.0).abs() < 1e-9, "seed {seed}: round-off of some hundred pyramids, {volume}");
        }
    }

    #[test]
    fn a_seed_decides_the_foam() {
        assert_eq!(edges(7), edges(7));
        assert_ne!(edges(7), edges(8));
        assert!(of_name("voronoi-7").is_some() && of_name("voronoi-x").is_none());
    }
}
