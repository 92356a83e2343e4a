//! Shape of a straight tetrahedron.

use crate::Vec3;

/// Six times the signed volume, mm³.
pub(super) fn volume6(p: [Vec3; 4]) -> f64 {
    (p[1] - p[0]).cross(&(p[2] - p[0])).dot(&(p[3] - p[0]))
}

/// Shape quality: the smallest sine of the six dihedral angles, or twice the volume-length ratio where that is
/// less; √8/3 for a regular tetrahedron, negative when inverted.
///
/// ```text
/// sin θ = 6 V l / (|n₁| |n₂|)        l: length of the edge, n: twice the area of the facets on it
/// ratio = 6√2 V / l_rms³
/// ```
/// The sine is small for angles near 0° and near 180°, the ratio for needles, whose angles look well. The
/// factor 2 lets the ratio speak only when an edge is shorter than about a seventh of the others.
pub(super) fn quality(p: [Vec3; 4]) -> f64 {
    let (a, b, c) = (p[1] - p[0], p[2] - p[0], p[3] - p[0]);
    let (ab, bc, ca) = (a.cross(&b), b.cross(&c), c.cross(&a));
    let (d, e, f) = (b - a, c - b, a - c);
    let volume = ab.dot(&c);
    let n = [ab.norm_squared(), bc.norm_squared(), ca.norm_squared(), d.cross(&e).norm_squared()];
    let l = [a, b, c, d, e, f].map(|e| e.norm_squared());
    let squared = (l[0] / (n[0] * n[2]))
        .min(l[1] / (n[0] * n[1]))
        .min(l[2] / (n[1] * n[2]))
        .min(l[3] / (n[0] * n[3]))
        .min(l[4] / (n[1] * n[3]))
        .min(l[5] / (n[2] * n[3]));
    let mean = l.iter().sum::<f64>() / 6.0;
    let squared = squared.min(8.0 / (mean * mean * mean));
    // A facet without area makes 0/0 or 1/0: worst possible, not best.
    if squared.is_finite() && n.iter().all(|n| 0.0 < *n) { volume * squared.sqrt() } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_of_a_regular_tetrahedron_is_two_root_two_thirds() {
        let p = [[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]].map(Vec3::from);
        let p = if volume6(p) < 0.0 { [p[0], p[2], p[1], p[3]] } else { p };
        assert!((quality(p) - 8f64.sqrt() / 3.0).abs() < 1e-14, "round-off of a closed form");
        assert!(quality([p[1], p[0], p[2], p[3]]) < 0.0);
    }

    #[test]
    fn needle_is_bad_though_its_angles_are_well() {
        let p =
            [[0.02, 0.0, 0.0], [-0.01, 0.0173, 0.0], [-0.01, -0.0173, 0.0], [0.0, 0.0, 1.0]].map(Vec3::from);
        assert!(crate::quality::dihedral_angles_deg(p).iter().all(|a| (59.0..91.0).contains(a)));
        assert!((0.0..0.01).contains(&quality(p)));
    }

    #[test]
    fn flat_and_collapsed_tetrahedra_are_never_good() {
        let p = Vec3::new(0.0, 0.0, 0.0);
        let (x, y) = (Vec3::x(), Vec3::y());
        assert!(quality([p, x, y, x + y]) <= 0.0);
        assert!(quality([p, p, x, y]) <= 0.0);
        assert!(quality([p, x, 2.0 * x, y]) <= 0.0);
    }
}
