//! Cells made from level sets of a periodic function: sheets |f| < t and networks f > t.

use std::f64::consts::TAU;

use super::{Kind, LatticeCell};
use crate::Vec3;

/// Value and gradient of a periodic function from the sines and cosines of the angles 2πq.
pub(super) type PeriodicFunction = fn(sin: Vec3, cos: Vec3) -> (f64, Vec3);

/// Lattice cell as a level set of a periodic function.
pub(super) struct SurfaceCell {
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    pub(super) kind: Kind,
    pub(super) function: PeriodicFunction,
    /// Smallest and largest value of the function.
    pub(super) extremes: [f64; 2],
    /// As in [`LatticeCell::density_range`].
    pub(super) density_range: [f64; 2],
}

/// Least |∇f| per radian that the level is divided by: keeps values bounded at the critical points of f, which
/// lie away from every surface of a density in range. Tuned on the cells of this folder.
const LEAST_SLOPE: f64 = 0.2;

impl LatticeCell for SurfaceCell {
    fn name(&self) -> &'static str {
        self.name
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn source(&self) -> &'static str {
        self.source
    }

    fn value(&self, q: Vec3, parameter: f64) -> f64 {
        // Whole periods are taken off first so that equal points of two cells have equal values.
        let angle = q.map(|x| TAU * (x - x.floor()));
        let (f, gradient) = (self.function)(angle.map(f64::sin), angle.map(f64::cos));
        let level = match self.kind {
            Kind::Network => parameter - f,
            Kind::Sheet | Kind::Strut => f.abs() - parameter,
        };
        level / (TAU * gradient.norm().max(LEAST_SLOPE))
    }

    fn span(&self) -> [f64; 2] {
        let [least, most] = self.extremes;
        match self.kind {
            Kind::Network => [most, least],
            Kind::Sheet | Kind::Strut => [0.0, most.max(-least)],
        }
    }

    fn density_range(&self) -> [f64; 2] {
        self.density_range
    }
}
