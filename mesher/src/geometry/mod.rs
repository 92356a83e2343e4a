//! Shapes as signed fields, and the things built from them: bones, joints, implants.
//!
//! One signed function per solid is the common currency of envelope, contact, screw walls, lattice and
//! trimming; booleans are minima and maxima of fields, never of meshes.

pub mod bvh;
pub mod check;
pub mod implant;
pub mod labeled;
pub mod labels;
pub mod near;
pub mod parametric;
pub mod remesh;
pub mod repair;
pub mod scanned;
pub mod shapes;
pub mod solid;
pub mod spine;
pub mod surface;

use crate::Vec3;

/// Solid described by a signed function.
///
/// `value` is negative inside, positive outside, continuous, and close to the distance in mm near its
/// zero level; further away only its sign and its order of magnitude count.
pub trait Field: Send + Sync {
    /// Signed value at `p`, mm, negative inside.
    fn value(&self, p: Vec3) -> f64;

    /// Box that contains the zero level.
    fn bounds(&self) -> Aabb;

    /// Gradient at `p` by central differences of step 1 µm, dimensionless, about unit length near the surface.
    fn gradient(&self, p: Vec3) -> Vec3 {
        let h = 1e-3;
        let mut g = Vec3::zeros();
        for i in 0..3 {
            let mut d = Vec3::zeros();
            d[i] = h;
            g[i] = (self.value(p + d) - self.value(p - d)) / (2.0 * h);
        }
        g
    }
}

/// Field of a function, with the box that contains its zero level.
pub struct By<F>(pub F, pub Aabb);

impl<F: Fn(Vec3) -> f64 + Send + Sync> Field for By<F> {
    fn value(&self, p: Vec3) -> f64 {
        (self.0)(p)
    }

    fn bounds(&self) -> Aabb {
        self.1
    }
}

/// Axis-aligned box, mm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aabb {
    /// Smallest corner.
    pub min: Vec3,
    /// Largest corner.
    pub max: Vec3,
}

impl Aabb {
    /// Box that contains nothing; the neutral element of [`Aabb::including`].
    pub fn empty() -> Self {
        Self { min: Vec3::repeat(f64::INFINITY), max: Vec3::repeat(f64::NEG_INFINITY) }
    }

    /// Smallest box around all `points`.
    pub fn around<'a>(points: impl IntoIterator<Item = &'a Vec3>) -> Self {
        points.into_iter().fold(Self::empty(), |b, p| b.including(*p))
    }

    /// This box, grown to contain `p`.
    pub fn including(self, p: Vec3) -> Self {
        Self { min: self.min.inf(&p), max: self.max.sup(&p) }
    }

    /// Smallest box around this and `other`.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.inf(&other.min), max: self.max.sup(&other.max) }
    }

    /// Part common to this and `other`; empty when some `min > max`.
    pub fn intersection(self, other: Self) -> Self {
        Self { min: self.min.sup(&other.min), max: self.max.inf(&other.max) }
    }

    /// This box with `margin` mm added on every side.
    pub fn grown(self, margin: f64) -> Self {
        Self { min: self.min - Vec3::repeat(margin), max: self.max + Vec3::repeat(margin) }
    }

    /// Edge lengths, mm.
    pub fn size(&self) -> Vec3 {
        self.max - self.min
    }

    /// Middle of the box.
    pub fn center(&self) -> Vec3 {
        0.5 * (self.min + self.max)
    }

    /// The eight corners.
    pub fn corners(&self) -> [Vec3; 8] {
        std::array::from_fn(|k| Vec3::from_fn(|i, _| if k >> i & 1 == 1 { self.max[i] } else { self.min[i] }))
    }

    /// Whether `p` lies in the closed box.
    pub fn contains(&self, p: Vec3) -> bool {
        (0..3).all(|i| self.min[i] <= p[i] && p[i] <= self.max[i])
    }
}

/// Folder of the real bones used by tests, from `DENS_ANATOMY` or beside the project; says so when absent.
///
/// With `anatomy` in `DENS_REQUIRE` its absence is a failure.
#[cfg(test)]
pub(crate) fn anatomy_folder() -> Option<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder =
        std::env::var_os("DENS_ANATOMY").map_or_else(|| root.join("../../shared/anatomy"), Into::into);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped("anatomy", "no real bones found; set DENS_ANATOMY");
    None
}

/// Says aloud why a test is skipped; fails where `DENS_REQUIRE` names what is missing.
#[cfg(test)]
pub(crate) fn skipped(what: &str, why: &str) {
    let required = std::env::var("DENS_REQUIRE").is_ok_and(|v| v.split(',').any(|w| w == what));
    assert!(!required, "DENS_REQUIRE asks for {what}: {why}");
    eprintln!("SKIPPED: {why}");
}
