//! Clipping of convex polygons in the plane.

/// Area of a polygon, positive when counter-clockwise.
pub(crate) fn area(polygon: &[[f64; 2]]) -> f64 {
    let n = polygon.len();
    0.5 * (0..n).map(|i| cross(polygon[i], polygon[(i + 1) % n])).sum::<f64>()
}

/// Mean of the vertices.
pub(crate) fn center(polygon: &[[f64; 2]]) -> [f64; 2] {
    let n = polygon.len() as f64;
    polygon.iter().fold([0.0; 2], |c, p| [c[0] + p[0] / n, c[1] + p[1] / n])
}

/// Intersection of a convex polygon with a counter-clockwise triangle; empty when they do not overlap.
///
/// # Source
/// Sutherland & Hodgman (1974), Reentrant polygon clipping, Commun. ACM 17, 32–42.
pub(crate) fn clip(polygon: &[[f64; 2]], triangle: &[[f64; 2]; 3]) -> Vec<[f64; 2]> {
    let mut kept = polygon.to_vec();
    for e in 0..3 {
        let (a, b) = (triangle[e], triangle[(e + 1) % 3]);
        let side = |p: [f64; 2]| cross([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
        let input = std::mem::take(&mut kept);
        for i in 0..input.len() {
            let (p, q) = (input[i], input[(i + 1) % input.len()]);
            let (sp, sq) = (side(p), side(q));
            if 0.0 <= sp {
                kept.push(p);
            }
            if (0.0 < sp && sq < 0.0) || (sp < 0.0 && 0.0 < sq) {
                let s = sp / (sp - sq);
                kept.push([p[0] + s * (q[0] - p[0]), p[1] + s * (q[1] - p[1])]);
            }
        }
        if kept.len() < 3 {
            return Vec::new();
        }
    }
    kept
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_of_a_triangulation_add_up_to_the_clipped_triangle() {
        let triangle = [[0.1, 0.2], [1.7, 0.4], [0.6, 1.9]];
        let step = 0.3;
        let mut sum = 0.0;
        for i in 0..8 {
            for j in 0..8 {
                let p = |a: usize, b: usize| [step * (i + a) as f64, step * (j + b) as f64];
                for t in [[p(0, 0), p(1, 0), p(1, 1)], [p(0, 0), p(1, 1), p(0, 1)]] {
                    sum += area(&clip(&triangle, &t));
                }
            }
        }
        // Round-off of some hundred products of order one.
        assert!((sum - area(&triangle)).abs() < 1e-13, "{sum}");
    }

    #[test]
    fn triangles_apart_have_no_intersection() {
        let a = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        let b = [[2.0, 2.0], [3.0, 2.0], [2.0, 3.0]];
        assert!(clip(&a, &b).is_empty());
    }
}
