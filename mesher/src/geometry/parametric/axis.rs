//! The axis: body with the dens, shoulders under C1, arch and spinous process.

use super::dimensions::Dimensions;
use super::layout::{HALF_GAP, Layout};
use super::{canal, channel, node};
use crate::Vec3;
use crate::geometry::shapes::{Drum, Shape, Solid};

/// C2 in mm before scaling, to be scaled by `scale`.
///
/// Coordinates are relative to the middle of the lower endplate; what lies above the transverse process
/// rises with the segment height.
pub(super) fn axis(d: &Dimensions, l: &Layout, scale: f64) -> Solid {
    let at = |x: f64, y: f64, z: f64| l.c2 + Vec3::new(x, y, z);
    // `rise` carries a share of the stretch, 0 at the lower endplate, 1 at the facets.
    let high = |x: f64, y: f64, z: f64, rise: f64| at(x, y, z + rise * l.stretch);
    let up = Vec3::z();
    let facet = l.c1_c2.sheet.origin - l.c2;

    let half = 0.5 * d.c2_endplate[0];
    let depth = 0.5 * d.c2_endplate[1];
    let middle = 0.5 * d.c2_body_depth;
    let body = Shape::Drum(Box::new(Drum {
        ends: [at(0.0, -0.2, 0.0), high(0.0, 3.2, 13.0, 1.0)],
        radii: [[half + 0.9, depth, depth + 0.2], [half + 1.0, middle - 0.2, middle]],
        waist: 0.06,
        sheets: [l.endplates[0], l.endplates[0].raised(14.0 + l.stretch)],
        rim: 1.8,
    }));
    let dens = dens_base(d, l);
    let width = 0.5 * d.dens_width;
    let top = dens.z + d.dens_height;
    let dens_chain = Shape::chain(
        &[
            node(dens + Vec3::new(0.0, -1.2, -4.0), width + 1.6, 5.8),
            node(dens + Vec3::new(0.0, -0.6, 2.6), width - 0.3, 5.1),
            node(dens + Vec3::new(0.0, 0.0, 8.5), width + 0.1, 5.2),
            node(Vec3::new(0.0, dens.y + 0.7, top - 4.0), width - 0.5, 4.1),
        ],
        Vec3::x(),
        3,
    );
    let shoulder = Shape::chain(
        &[
            node(at(0.0, 3.2, facet.z - 3.6), 6.4, 5.0),
            node(at(8.6, 4.2, facet.z - 2.6), 7.6, 4.8),
            node(at(facet.x - 0.4, facet.y - 0.2, facet.z - 5.6), 8.8, 4.6),
        ],
        Vec3::y(),
        3,
    );
    let pillar = Shape::chain(
        &[
            node(at(15.0, facet.y + 2.0, facet.z - 5.5), 6.4, 4.6),
            node(high(14.2, 10.0, 8.0, 0.5), 6.0, 4.2),
            node(at(14.8, 12.8, 1.4), 5.6, 4.4),
        ],
        Vec3::x(),
        3,
    );
    let pedicle = Shape::chain(
        &[node(at(5.5, 4.4, facet.z - 9.5), 6.0, 3.8), node(at(12.8, 9.6, facet.z - 11.0), 5.6, 3.8)],
        up,
        1,
    );
    let lamina = Shape::chain(
        &[
            node(at(15.0, 14.0, 2.0), 5.6, 3.2),
            node(at(10.8, 20.6, 1.6), 5.8, 2.8),
            node(at(5.0, 27.2, 0.8), 5.4, 2.9),
            node(at(0.0, 30.4, 0.2), 4.8, 2.9),
        ],
        up,
        3,
    );
    let spinous = Shape::chain(
        &[
            node(at(0.0, 29.0, 0.2), 4.8, 3.2),
            node(at(0.0, 35.0, -0.8), 4.4, 2.9),
            node(at(0.0, 39.0, -2.0), 3.8, 3.2),
        ],
        up,
        2,
    );
    let tip =
        Shape::chain(&[node(at(1.2, 37.0, -2.0), 3.4, 2.4), node(at(3.4, 42.0, -4.0), 2.6, 2.0)], up, 1);
    let front_root = Shape::chain(
        &[
            node(at(18.4, 0.6, facet.z - 8.0), 4.2, 3.2),
            node(high(21.8, 1.2, 6.6, 0.5), 3.6, 2.9),
            node(high(25.0, 5.0, 2.4, 0.35), 2.9, 2.6),
        ],
        Vec3::y(),
        3,
    );
    let back_root = Shape::chain(
        &[
            node(high(17.0, 12.0, 4.0, 0.3), 3.6, 2.8),
            node(high(22.0, 9.4, 2.8, 0.3), 3.2, 2.8),
            node(high(25.0, 5.6, 2.2, 0.35), 2.6, 2.6),
        ],
        up,
        3,
    );
    Solid::empty(scale)
        .with(body, 0.0)
        .with(dens_chain, 3.0)
        .with(shoulder, 4.0)
        .with(l.c1_c2.pad(1.0, 5.0, 1.0), 2.5)
        .with(pillar, 3.0)
        .with(pedicle, 4.0)
        .with(l.c2_c3.pad(-1.0, 4.6, 1.0), 2.0)
        .with(lamina, 3.0)
        .with(spinous, 3.0)
        .with(tip, 1.5)
        .with(front_root, 2.0)
        .with(back_root, 2.0)
        .without(canal([at(0.0, 19.0, facet.z), at(0.0, 18.4, -8.0)], 9.2, 8.2), 1.5)
        .without(channel(&foramen(l)), 1.0)
        .without(l.c1_c2.clearing(1.0, -HALF_GAP, 5.0, [2.2; 2]), 0.5)
        .without(l.c2_c3.clearing(-1.0, HALF_GAP, 5.0, [2.2; 2]), 0.5)
}

/// Stretch at which the posterior body height is that of the evidence, mm: 28 mm between C1 and C3 in the
/// mean woman. Another height is made up by the body for 0.6 of the difference, by the shoulders for the rest.
const MEAN_STRETCH: f64 = 7.1;

/// Base of the dens in its middle: the posterior body height above the posterior lower rim.
pub(super) fn dens_base(d: &Dimensions, l: &Layout) -> Vec3 {
    l.c2 + Vec3::new(0.0, 4.9, d.c2_posterior_height + 1.0 + 0.6 * (l.stretch - MEAN_STRETCH))
}

/// Path of the left vertebral artery, caudal first: up behind the body, then out under the facet.
pub(super) fn foramen(l: &Layout) -> [Vec3; 4] {
    let s = l.stretch;
    let at = |x: f64, y: f64, z: f64| l.c2 + Vec3::new(x, y, z);
    [
        at(18.4, 4.3, -6.0),
        at(18.4, 4.3, 4.0 + 0.5 * s),
        at(21.2, 5.2, 7.4 + 0.72 * s),
        at(32.0, 7.4, 9.0 + 0.72 * s),
    ]
}
