//! Named anatomical views.

use dens_mesher::Vec3;

/// Direction from which a picture is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// From the front; the patient's left on the right.
    Anterior,
    /// From behind; the patient's left on the left.
    Posterior,
    /// From the patient's left; anterior on the left.
    Left,
    /// From the patient's right; anterior on the right.
    Right,
    /// From above; anterior at the top.
    Superior,
    /// From below; anterior at the top.
    Inferior,
    /// From the front, the left and above.
    Isometric,
}

impl View {
    /// All views.
    pub const ALL: [Self; 7] = [
        Self::Anterior,
        Self::Posterior,
        Self::Left,
        Self::Right,
        Self::Superior,
        Self::Inferior,
        Self::Isometric,
    ];

    /// Name as printed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anterior => "anterior",
            Self::Posterior => "posterior",
            Self::Left => "left lateral",
            Self::Right => "right lateral",
            Self::Superior => "superior",
            Self::Inferior => "inferior",
            Self::Isometric => "isometric",
        }
    }

    /// Unit vectors to the right and to the top of the picture and toward the viewer; right-handed.
    pub fn basis(self) -> [Vec3; 3] {
        let (toward, top) = match self {
            Self::Anterior => (-Vec3::y(), Vec3::z()),
            Self::Posterior => (Vec3::y(), Vec3::z()),
            Self::Left => (Vec3::x(), Vec3::z()),
            Self::Right => (-Vec3::x(), Vec3::z()),
            Self::Superior => (Vec3::z(), -Vec3::y()),
            Self::Inferior => (-Vec3::z(), -Vec3::y()),
            Self::Isometric => (Vec3::new(0.55, -0.75, 0.42).normalize(), Vec3::z()),
        };
        let right = top.cross(&toward).normalize();
        [right, toward.cross(&right), toward]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_basis_is_right_handed_and_orthonormal() {
        for view in View::ALL {
            let [r, u, t] = view.basis();
            // Round-off of three products of unit vectors.
            assert!((r.cross(&u) - t).norm() < 1e-14, "{view:?}");
            assert!((r.norm() - 1.0).abs() < 1e-14 && r.dot(&u).abs() < 1e-14);
        }
    }

    #[test]
    fn anterior_view_shows_the_patients_left_on_the_right() {
        assert_eq!(View::Anterior.basis()[0], Vec3::x());
        assert_eq!(View::Posterior.basis()[0], -Vec3::x());
        assert_eq!(View::Left.basis()[0], Vec3::y());
        assert_eq!(View::Superior.basis()[1], -Vec3::y());
    }
}
