//! Local axes of materials and of nodes as rotations.

use super::model::{Axes, Orientation, Transform};
use dens_mesher::Vec3;
use nalgebra::{Matrix3, Rotation3, Unit};

impl Orientation {
    /// Axes at a point: a rotation whose columns are the local axes in global components.
    pub fn at(&self, point: Vec3) -> Matrix3<f64> {
        let plain = match self.axes {
            Axes::Rectangular => rectangular(self.a - self.c, self.b - self.c),
            Axes::Cylindrical => cylindrical(self.a, self.b, point),
        };
        match self.rotation {
            Some((axis, degrees)) => {
                let mut along = Vec3::zeros();
                along[axis as usize] = 1.0;
                let turn = Rotation3::from_axis_angle(&Unit::new_unchecked(along), degrees.to_radians());
                plain * turn.matrix()
            }
            None => plain,
        }
    }

    /// Whether the axes change from place to place.
    pub fn varies(&self) -> bool {
        self.axes == Axes::Cylindrical
    }
}

impl Transform {
    /// Axes at a node.
    pub fn at(&self, point: Vec3) -> Matrix3<f64> {
        match self.axes {
            Axes::Rectangular => rectangular(self.a, self.b),
            Axes::Cylindrical => cylindrical(self.a, self.b, point),
        }
    }
}

/// First axis along `a`, third normal to the plane of `a` and `b`.
fn rectangular(a: Vec3, b: Vec3) -> Matrix3<f64> {
    let x = a.normalize();
    let z = a.cross(&b).normalize();
    Matrix3::from_columns(&[x, z.cross(&x), z])
}

/// Radial, tangential, axial; on the axis itself the radial direction is the global axis farthest from it.
fn cylindrical(a: Vec3, b: Vec3, point: Vec3) -> Matrix3<f64> {
    let z = (b - a).normalize();
    let out = point - a;
    let radial = out - z * z.dot(&out);
    let x = if 1e-12 * (out.norm() + (b - a).norm()) < radial.norm() {
        radial.normalize()
    } else {
        let far = z.iamin();
        let mut e = Vec3::zeros();
        e[far] = 1.0;
        (e - z * z[far]).normalize()
    };
    // Once more: the radial direction of a point near the axis is normal to it only to round-off of the distance.
    let x = (x - z * z.dot(&x)).normalize();
    Matrix3::from_columns(&[x, z.cross(&x), z])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deck::source::Place;

    #[test]
    fn cylindrical_axes_are_radial_tangential_axial() {
        let t = Transform {
            set: String::new(),
            axes: Axes::Cylindrical,
            a: Vec3::zeros(),
            b: Vec3::new(0.0, 0.0, 2.0),
            place: Place::NOWHERE,
        };
        let m = t.at(Vec3::new(0.0, 3.0, 7.0));
        // Exact up to the rounding of a normalisation.
        assert!((m - Matrix3::new(0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0)).amax() < 1e-15);
        let on_axis = t.at(Vec3::new(0.0, 0.0, 1.0));
        assert!((on_axis.determinant() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_rotation_turns_about_the_local_axis() {
        let o = Orientation {
            name: String::new(),
            axes: Axes::Rectangular,
            a: Vec3::new(0.0, 1.0, 0.0),
            b: Vec3::new(-1.0, 0.0, 0.0),
            c: Vec3::zeros(),
            rotation: Some((2, 90.0)),
            place: Place::NOWHERE,
        };
        // First axis along y, turned by 90° about z: along -x.
        assert!((o.at(Vec3::zeros()).column(0) - Vec3::new(-1.0, 0.0, 0.0)).norm() < 1e-15);
    }
}
