//! Points onto surfaces and onto the curves and corners where surfaces cross.

use crate::Vec3;
use crate::geometry::Field;

/// Two normals closer than this sine are one: the curve where such surfaces cross is not well defined.
const MIN_SINE: f64 = 0.05;

/// The numbers of the set bits.
pub(super) fn bits(mut set: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let i = set.trailing_zeros() as usize;
        (set != 0).then(|| {
            set &= set - 1;
            i
        })
    })
}

/// Orthonormal basis of the normals of the surfaces in `set` at `p`, as many vectors as surfaces.
///
/// `None` when there are more than three, or two of them touch rather than cross.
pub(super) fn normals(fields: &[&dyn Field], set: u32, p: Vec3) -> Option<Normals> {
    let mut found = Normals { basis: [Vec3::zeros(); 3], n: 0 };
    for s in bits(set) {
        let gradient = fields[s].gradient(p);
        let length = gradient.norm();
        if found.n == 3 || length.is_nan() || length < 1e-6 {
            return None;
        }
        let rest = found.tangential(gradient / length);
        if rest.norm() < MIN_SINE {
            return None;
        }
        found.basis[found.n] = rest.normalize();
        found.n += 1;
    }
    Some(found)
}

/// Orthonormal basis of the directions that leave a set of surfaces.
#[derive(Clone, Copy)]
pub(super) struct Normals {
    basis: [Vec3; 3],
    n: usize,
}

impl Normals {
    /// Part of `d` along all the surfaces.
    pub(super) fn tangential(&self, d: Vec3) -> Vec3 {
        self.basis[..self.n].iter().fold(d, |d, n| d - n * n.dot(&d))
    }

    /// Dimension left to move in: 3 free, 2 on a surface, 1 on a curve, 0 at a corner.
    pub(super) fn freedom(&self) -> usize {
        3 - self.n
    }
}

/// Point near `start` on all surfaces of `set`, by Newton steps of least length.
///
/// - `reach`: mm, how far the point may be; the accuracy is 1e-8 of it or better
/// - returns: `None` when the surfaces do not cross within reach
pub(super) fn onto(fields: &[&dyn Field], set: u32, start: Vec3, reach: f64) -> Option<Vec3> {
    let residual = |p: Vec3| bits(set).map(|s| fields[s].value(p).abs()).fold(0.0, f64::max);
    let mut p = start;
    let mut best = (residual(p), p);
    for _ in 0..8 {
        if best.0 <= 1e-13 * reach {
            break;
        }
        p += step(fields, set, p)?;
        let way = (p - start).norm();
        if way.is_nan() || reach < way {
            break;
        }
        let now = residual(p);
        // Below the target the last digits only rattle.
        let done = best.0 < 1e-9 * reach && 0.25 * best.0 < now;
        if now < best.0 {
            best = (now, p);
        }
        if done {
            break;
        }
    }
    (best.0 <= 1e-8 * reach).then_some(best.1)
}

/// Newton step of least length toward all surfaces of `set`: the rows are made orthogonal one by one.
fn step(fields: &[&dyn Field], set: u32, p: Vec3) -> Option<Vec3> {
    let mut rows: [(Vec3, f64); 3] = [(Vec3::zeros(), 0.0); 3];
    let mut n = 0;
    for s in bits(set) {
        let gradient = fields[s].gradient(p);
        let length = gradient.norm();
        if n == 3 || length.is_nan() || length < 1e-6 {
            return None;
        }
        let (mut row, mut rhs) = (gradient / length, -fields[s].value(p) / length);
        for (r, b) in &rows[..n] {
            let c = r.dot(&row);
            row -= r * c;
            rhs -= b * c;
        }
        let rest = row.norm();
        if rest < MIN_SINE {
            return None;
        }
        rows[n] = (row / rest, rhs / rest);
        n += 1;
    }
    Some(rows[..n].iter().map(|(r, b)| r * *b).sum())
}

/// Where the field vanishes between `a` and `b`, as a fraction of the way, by the Illinois method.
///
/// `fa` and `fb` are its values there, of opposite sign; accurate to 1e-13 mm of field value.
pub(super) fn root(field: &dyn Field, a: Vec3, b: Vec3, fa: f64, fb: f64) -> f64 {
    let (mut t0, mut f0, mut t1, mut f1) = (0.0, fa, 1.0, fb);
    for _ in 0..100 {
        let t = (t0 * f1 - t1 * f0) / (f1 - f0);
        let f = field.value(a + (b - a) * t);
        if f * f1 < 0.0 {
            (t0, f0) = (t1, f1);
        } else {
            f0 *= 0.5;
        }
        (t1, f1) = (t, f);
        if f.abs() < 1e-13 || (t1 - t0).abs() < 1e-15 {
            break;
        }
    }
    t1.clamp(0.0, 1.0)
}
