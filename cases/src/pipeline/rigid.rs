//! Small rigid motion that fits displacements best, in the mean of squares.
//!
//! ```text
//! u(x) ≈ shift + turn × (x − center)
//! ```

use dens_mesher::Vec3;
use nalgebra::Matrix3;

/// Small rigid motion.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rigid {
    /// Where the shift counts, mm.
    pub center: Vec3,
    /// Displacement there, mm.
    pub shift: Vec3,
    /// Rotation vector, rad.
    pub turn: Vec3,
}

impl Rigid {
    /// Best fit to points and their displacements; `None` where the points do not decide a rotation.
    pub fn fit(moved: &[(Vec3, Vec3)]) -> Option<Self> {
        let n = moved.len() as f64;
        let center = moved.iter().map(|(x, _)| x).sum::<Vec3>() / n;
        let shift = moved.iter().map(|(_, u)| u).sum::<Vec3>() / n;
        let (mut inertia, mut moment) = (Matrix3::zeros(), Vec3::zeros());
        for (x, u) in moved {
            let r = x - center;
            inertia += r.norm_squared() * Matrix3::identity() - r * r.transpose();
            moment += r.cross(&(u - shift));
        }
        // Points on a line leave the rotation about it open.
        let spread = inertia.symmetric_eigenvalues();
        if moved.len() < 3 || spread.min() <= 1e-6 * spread.max() {
            return None;
        }
        Some(Self { center, shift, turn: inertia.try_inverse()? * moment })
    }

    /// Displacement of a place, mm.
    pub fn at(&self, place: Vec3) -> Vec3 {
        self.shift + self.turn.cross(&(place - self.center))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rigid_motion_is_found_from_its_displacements() {
        let true_motion = Rigid {
            center: Vec3::new(1.0, -2.0, 0.5),
            shift: Vec3::new(0.1, 0.0, -0.3),
            turn: Vec3::new(0.02, -0.01, 0.03),
        };
        let places = [[0.0, 0.0, 0.0], [7.0, 1.0, 0.0], [0.0, 5.0, 2.0], [3.0, -2.0, 9.0], [1.0, 1.0, 1.0]];
        let moved: Vec<(Vec3, Vec3)> =
            places.map(Vec3::from).iter().map(|x| (*x, true_motion.at(*x))).collect();
        let found = Rigid::fit(&moved).expect("points in space");
        for (x, u) in moved {
            assert!((found.at(x) - u).norm() < 1e-12);
        }
    }

    #[test]
    fn points_on_a_line_decide_no_rotation() {
        let line: Vec<(Vec3, Vec3)> = (0..5).map(|k| (Vec3::x() * f64::from(k), Vec3::z())).collect();
        assert_eq!(Rigid::fit(&line), None);
        assert_eq!(Rigid::fit(&[]), None);
    }
}
