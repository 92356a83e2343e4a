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
/// Gradients are dear, so they are kept; what they miss is learned from the values (a secant along the step),
/// and they are taken again only where that converges slowly.
///
/// - `reach`: mm, how far the point may be; the accuracy is 1e-8 of it or better
/// - returns: `None` when the surfaces do not cross within reach
pub(super) fn onto(fields: &[&dyn Field], set: u32, start: Vec3, reach: f64) -> Option<Vec3> {
    let values = |p: Vec3| {
        let mut found = [0.0; 3];
        bits(set).zip(&mut found).for_each(|(s, f)| *f = fields[s].value(p));
        found
    };
    let size = |f: &[f64; 3]| f.iter().fold(0.0f64, |m, f| m.max(f.abs()));
    let mut p = start;
    let mut f = values(p);
    let mut best = (size(&f), p);
    let mut slopes: Option<Slopes> = None;
    for _ in 0..20 {
        if best.0 <= 1e-13 * reach {
            break;
        }
        let at = match slopes.take() {
            Some(kept) => kept,
            None => Slopes::at(fields, set, p)?,
        };
        let way = at.step(&f)?;
        p += way;
        let far = (p - start).norm();
        if far.is_nan() || reach < far {
            break;
        }
        let now = values(p);
        let (before, after) = (size(&f), size(&now));
        if after < 0.2 * before {
            slopes = Some(at.learned(&f, &now));
        }
        f = now;
        // Below the target the last digits only rattle.
        let done = best.0 < 1e-9 * reach && 0.25 * best.0 < after;
        if after < best.0 {
            best = (after, p);
        }
        if done {
            break;
        }
    }
    (best.0 <= (1e-8 * reach).max(1e-10)).then_some(best.1)
}

/// Directions and steepness of up to three fields at a point.
struct Slopes {
    rows: [(Vec3, f64); 3],
    n: usize,
}

impl Slopes {
    fn at(fields: &[&dyn Field], set: u32, p: Vec3) -> Option<Self> {
        let mut found = Self { rows: [(Vec3::zeros(), 0.0); 3], n: 0 };
        for s in bits(set) {
            let gradient = fields[s].gradient(p);
            let length = gradient.norm();
            if found.n == 3 || length.is_nan() || length < 1e-6 {
                return None;
            }
            found.rows[found.n] = (gradient / length, length);
            found.n += 1;
        }
        Some(found)
    }

    /// Least step that brings the values to zero: the rows are made orthogonal one by one.
    fn step(&self, values: &[f64; 3]) -> Option<Vec3> {
        let mut done: [(Vec3, f64); 3] = [(Vec3::zeros(), 0.0); 3];
        for (i, (direction, length)) in self.rows[..self.n].iter().enumerate() {
            let (mut row, mut rhs) = (*direction, -values[i] / length);
            for (r, b) in &done[..i] {
                let c = r.dot(&row);
                row -= r * c;
                rhs -= b * c;
            }
            let rest = row.norm();
            if rest < MIN_SINE {
                return None;
            }
            done[i] = (row / rest, rhs / rest);
        }
        Some(done[..self.n].iter().map(|(r, b)| r * *b).sum())
    }

    /// Steepness as seen on the way: each value should have gone to zero.
    fn learned(mut self, before: &[f64; 3], after: &[f64; 3]) -> Self {
        for (i, row) in self.rows[..self.n].iter_mut().enumerate() {
            if before[i] != 0.0 {
                row.1 *= ((before[i] - after[i]) / before[i]).clamp(0.5, 2.0);
            }
        }
        self
    }
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
