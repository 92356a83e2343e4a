//! Rigid face of revolution pressed on bone: a cage's rim or a full plate, with the pressure under it.
//!
//! ```text
//!        F │                δ = w(r) + s(p(r)/φ)      everywhere under the face
//!      ▄▄▄ ▼ ▄▄▄            ∫ p dA = F
//!  ────┴─┴───┴─┴────        w: elastic half-space, s: bed that sinks, φ: share of the face that is metal
//! ```
//! The face follows the bone before any load, flat or curved alike: what is shallow against its diameter counts as flat.
//! Pressure is constant on rings; w of a ring is that of two discs. Points are the middles of the rings, which are
//! narrow at the edges, where the pressure on an elastic half-space is singular.
//!
//! Not a vertebra: the half-space has no shell and no end. Bone does not pull; under a face that fits it is not asked to.
//!
//! # Source
//! Johnson (1985), Contact Mechanics, §3.4: displacement under and beside a uniformly pressed disc.

use crate::loads::contact::Bed;
use nalgebra::{DMatrix, DVector};
use std::f64::consts::PI;

/// Face pressed on bone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Inner radius, mm, zero for a plate.
    pub inner: f64,
    /// Outer radius, mm.
    pub outer: f64,
    /// Share of it that is metal, above 0 to 1.
    pub fill: f64,
}

/// What the face does.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// How far it goes down, mm.
    pub travel: f64,
    /// Middle of each ring, mm, and the mean pressure on it, MPa.
    pub pressure: Vec<[f64; 2]>,
}

/// Presses the face with `force` (N) on a half-space of plane-strain modulus E/(1 − ν²) (MPa), on a bed where one is given.
///
/// `None` where the bed alternates between sunk and not, which has not been seen.
pub fn press(face: &Face, modulus: f64, bed: Option<Bed>, force: f64) -> Option<Pressed> {
    const RINGS: usize = 80;
    let edges: Vec<f64> = (0..=RINGS).map(|i| edge(face, i as f64 / RINGS as f64)).collect();
    let middles: Vec<f64> = edges.windows(2).map(|e| 0.5 * (e[0] + e[1])).collect();
    let areas: Vec<f64> = edges.windows(2).map(|e| PI * (e[1] * e[1] - e[0] * e[0])).collect();
    let mut sunk = [false; RINGS];
    for _ in 0..100 {
        // Unknowns: the pressures, then the travel.
        let mut matrix = DMatrix::zeros(RINGS + 1, RINGS + 1);
        let mut right = DVector::zeros(RINGS + 1);
        for i in 0..RINGS {
            for j in 0..RINGS {
                matrix[(i, j)] =
                    disc(edges[j + 1], middles[i], modulus) - disc(edges[j], middles[i], modulus);
            }
            if let Some(bed) = bed.filter(|_| sunk[i]) {
                matrix[(i, i)] += bed.length / (bed.strength * face.fill);
                right[i] = bed.length;
            }
            matrix[(i, RINGS)] = -1.0;
            matrix[(RINGS, i)] = areas[i];
        }
        right[RINGS] = force;
        let found = matrix.lu().solve(&right)?;
        let now: [bool; RINGS] =
            std::array::from_fn(|i| bed.is_some_and(|b| b.strength * face.fill < found[i]));
        if now == sunk {
            let pressure = middles.iter().zip(found.iter()).map(|(r, p)| [*r, *p]).collect();
            return Some(Pressed { travel: found[RINGS], pressure });
        }
        sunk = now;
    }
    None
}

/// Radius at a share `x` of the way outward, dense where the face ends.
fn edge(face: &Face, x: f64) -> f64 {
    if face.inner == 0.0 {
        face.outer * (0.5 * PI * x).sin()
    } else {
        let (middle, half) = (0.5 * (face.inner + face.outer), 0.5 * (face.outer - face.inner));
        middle - half * (PI * x).cos()
    }
}

/// Displacement at radius `r` of a half-space under a unit pressure on a disc of radius `a`, mm per MPa.
fn disc(a: f64, r: f64, modulus: f64) -> f64 {
    if a == 0.0 {
        0.0
    } else if r <= a {
        4.0 * a / (PI * modulus) * elliptic(r / a).1
    } else {
        let (k, (first, second)) = (a / r, elliptic(a / r));
        4.0 * r / (PI * modulus) * (second - (1.0 - k * k) * first)
    }
}

/// Complete elliptic integrals K and E of modulus `k` in 0..1, by the arithmetic-geometric mean.
fn elliptic(k: f64) -> (f64, f64) {
    let (mut a, mut b, mut c) = (1.0, (1.0 - k * k).max(0.0).sqrt(), k);
    let (mut sum, mut power) = (0.5 * c * c, 1.0);
    while 1e-16 < c.abs() && b != 0.0 {
        (a, b, c) = (0.5 * (a + b), (a * b).sqrt(), 0.5 * (a - b));
        sum += power * 0.5 * 2.0 * c * c;
        power *= 2.0;
    }
    if b == 0.0 {
        return (f64::INFINITY, 1.0);
    }
    let first = 0.5 * PI / a;
    (first, first * (1.0 - sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::criteria::settling;

    /// Plane-strain modulus of the bone in the test of Wang, MPa, with ν = 0.3.
    const BONE: f64 = settling::MODULUS / 0.91;

    fn ring(outer: f64, wall: f64) -> Face {
        Face { inner: outer - wall, outer, fill: 1.0 }
    }

    #[test]
    fn elliptic_integrals_have_their_known_values() {
        // Abramowitz & Stegun, table 17.1, m = k² = 0.5.
        let (first, second) = elliptic(0.5_f64.sqrt());
        assert!(
            (first - 1.854_074_677_301_372).abs() < 1e-14 && (second - 1.350_643_881_047_675).abs() < 1e-14
        );
        assert_eq!(elliptic(0.0), (0.5 * PI, 0.5 * PI));
    }

    #[test]
    fn a_plate_goes_down_by_the_force_over_twice_its_radius_and_modulus() {
        let pressed = press(&Face { inner: 0.0, outer: 6.0, fill: 1.0 }, BONE, None, 300.0).expect("linear");
        // Johnson (1985), eq. 3.36: δ = F/(2 a E*); collocation on eighty rings is good to 1 %.
        let exact = 300.0 / (2.0 * 6.0 * BONE);
        assert!((pressed.travel / exact - 1.0).abs() < 0.01, "{} against {exact}", pressed.travel);
        // And half the mean pressure in the middle.
        let mean = 300.0 / (PI * 36.0);
        assert!((pressed.pressure[0][1] / mean - 0.5).abs() < 0.01);
    }

    #[test]
    fn a_narrow_ring_goes_down_as_a_charged_ring_does() {
        let (radius, half) = (6.0, 0.06);
        let face = Face { inner: radius - half, outer: radius + half, fill: 1.0 };
        let pressed = press(&face, BONE, None, 300.0).expect("linear");
        // Potential of a thin ring, ln(8R/b) with b = half/2 for a strip: δ = F ln(16 R/w)/(π² E* R), to order w/R.
        let exact = 300.0 * (16.0 * radius / half).ln() / (PI * PI * BONE * radius);
        assert!((pressed.travel / exact - 1.0).abs() < 0.01, "{} against {exact}", pressed.travel);
    }

    #[test]
    fn on_a_bed_far_softer_than_the_bone_pressure_is_uniform() {
        let bed = settling::bed(settling::MODULUS);
        let area = settling::RIM[0];
        let face = ring(6.0, 1.0);
        let pressed = press(&face, 1e9, Some(bed), 300.0).expect("one state");
        // The rim of 34.6 mm² is a ring of 12 mm with a wall of 1 mm, rounded to three digits.
        assert!((pressed.travel / bed.sunk(300.0 / area) - 1.0).abs() < 5e-3);
    }

    #[test]
    fn a_ring_sinks_far_more_than_a_plate_under_cycles_but_hardly_more_at_once() {
        let bed = settling::bed(settling::MODULUS);
        let plate = Face { inner: 0.0, outer: 6.0, fill: 1.0 };
        let at = |face: &Face, bed| press(face, BONE, bed, 300.0).expect("one state").travel;
        let [once, after] = [None, Some(bed)].map(|b| at(&ring(6.0, 1.5), b) / at(&plate, b));
        // At once, by the elastic half-space: the rim carries nearly as well as the full plate, whose middle is idle.
        assert!(1.0 < once && once < 1.2, "{once}");
        // After the cycles the area counts.
        assert!(3.0 < after, "{after}");
    }
}
