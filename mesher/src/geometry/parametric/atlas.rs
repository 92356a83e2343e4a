//! The atlas: two lateral masses, two arches, transverse processes.

use super::dimensions::Dimensions;
use super::layout::{HALF_GAP, Layout};
use super::{channel, node};
use crate::Vec3;
use crate::geometry::shapes::{Shape, Solid};

/// C1 in mm before scaling, to be scaled by `scale`.
///
/// Coordinates are relative to the middle between the inferior facets; the left half is described.
pub(super) fn atlas(d: &Dimensions, l: &Layout, scale: f64) -> Solid {
    let at = |x: f64, y: f64, z: f64| l.c1 + Vec3::new(x, y, z);
    let up = Vec3::z();
    let arch = 0.5 * d.c1_anterior_arch_height;
    let tip = 0.5 * d.c1_width - 2.3;
    let lateral_mass = Shape::chain(
        &[node(at(17.6, 1.0, 3.0), 9.6, 6.6), node(at(18.6, 1.2, 9.5), 10.4, 6.2)],
        Vec3::y(),
        1,
    );
    let crest =
        Shape::chain(&[node(at(19.2, -5.2, 12.2), 5.6, 5.4), node(at(21.8, 9.2, 11.2), 5.0, 4.2)], up, 1);
    let anterior_arch = Shape::chain(
        &[
            node(at(0.0, -12.3, 8.0), arch, 3.4),
            node(at(6.5, -11.5, 8.2), arch - 0.4, 3.0),
            node(at(12.5, -8.8, 8.6), arch, 3.2),
            node(at(17.0, -4.6, 8.6), arch + 0.4, 4.2),
        ],
        up,
        4,
    );
    let anterior_tubercle = Shape::ellipsoid(at(0.0, -14.3, 7.4), [4.2, 3.0, 3.8]);
    let posterior_arch = Shape::chain(
        &[
            node(at(20.4, 7.5, 6.0), 3.0, 3.0),
            node(at(19.6, 13.2, 3.8), 2.7, 3.0),
            node(at(15.6, 17.6, 2.3), 3.0, 3.0),
            node(at(8.5, 21.0, 1.0), 3.6, 3.2),
            node(at(0.0, 22.8, 0.8), 3.9, 3.3),
        ],
        up,
        4,
    );
    let back = d.c1_depth - 17.3;
    let posterior_tubercle = Shape::ellipsoid(at(0.0, back - 3.6, 0.8), [4.6, 3.6, 3.6]);
    let front_root = Shape::chain(
        &[
            node(at(22.5, -1.0, 7.6), 4.2, 3.0),
            node(at(29.5, -0.6, 6.8), 3.4, 2.3),
            node(at(tip, 2.0, 4.6), 2.5, 2.5),
        ],
        up,
        3,
    );
    let back_root = Shape::chain(
        &[
            node(at(21.5, 9.4, 5.2), 3.0, 2.7),
            node(at(28.5, 8.2, 4.8), 2.9, 2.6),
            node(at(tip, 2.6, 4.4), 2.5, 2.5),
        ],
        up,
        3,
    );
    Solid::empty(scale)
        .with(lateral_mass, 0.0)
        .with(crest, 3.0)
        .with(l.c1_c2.pad(-1.0, 5.0, 1.0), 2.5)
        .with(anterior_arch, 3.0)
        .with(anterior_tubercle, 2.5)
        .with(posterior_arch, 2.5)
        .with(posterior_tubercle, 3.0)
        .with(front_root, 2.5)
        .with(back_root, 2.0)
        .without(channel(&foramen(l)), 1.0)
        .without(l.condyle.clearing(1.0, 0.0, 9.0, [4.0, 0.9]), 1.2)
        .without(l.c1_c2.clearing(-1.0, HALF_GAP, 6.0, [2.2; 2]), 0.5)
}

/// Path of the left vertebral artery through the transverse process, caudal first.
pub(super) fn foramen(l: &Layout) -> [Vec3; 2] {
    [l.c1 + Vec3::new(27.6, 3.5, -6.0), l.c1 + Vec3::new(27.6, 3.5, 16.0)]
}
