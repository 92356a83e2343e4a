//! C3 and C4: body with uncinate processes, articular pillars, laminae, spinous and transverse processes.

use super::layout::{Facet, HALF_GAP};
use super::{canal, channel, node};
use crate::Vec3;
use crate::geometry::shapes::{Drum, Shape, Sheet, Solid};

/// What tells one subaxial vertebra from another, mm before scaling.
pub(super) struct Subaxial {
    /// Middle of the upper endplate.
    pub origin: Vec3,
    /// Upper and lower endplate.
    pub endplates: [Sheet; 2],
    /// Upper and lower width and depth of the body.
    pub body: [[f64; 2]; 2],
    /// Joint above and joint below, left.
    pub facets: [Facet; 2],
    /// Tip of the spinous process: half the spread of its two ends, how far behind and below the endplate.
    pub spinous: [f64; 3],
    /// Outermost point of the transverse process and of its anterior tubercle.
    pub transverse: [Vec3; 2],
    /// Middle of the transverse foramen.
    pub foramen: Vec3,
}

/// C3 or C4 in mm before scaling, to be scaled by `scale`; the left half is described.
pub(super) fn subaxial(v: &Subaxial, scale: f64) -> Solid {
    let at = |x: f64, y: f64, z: f64| v.origin + Vec3::new(x, y, z);
    let up = Vec3::z();
    let [top, low] = v.endplates;
    let section = |size: [f64; 2]| [0.5 * size[0] + 0.2, 0.51 * size[1] + 0.2, 0.49 * size[1] + 0.2];
    let body = Shape::Drum(Box::new(Drum {
        ends: [low.origin, top.origin],
        radii: [section(v.body[1]), section(v.body[0])],
        waist: 0.13,
        sheets: [low, top],
        rim: 1.4,
    }));
    let [above, below] = v.facets.map(|f| f.sheet.origin - v.origin);
    let pillar = Shape::chain(
        &[
            node(at(above.x, above.y + 0.2, above.z - 4.2), 6.0, 4.4),
            node(at(below.x, below.y - 0.2, below.z + 4.4), 6.0, 4.4),
        ],
        Vec3::x(),
        1,
    );
    let pedicle =
        Shape::chain(&[node(at(6.5, 3.0, -4.2), 3.6, 3.2), node(at(13.5, 7.6, -4.2), 3.6, 3.2)], up, 1);
    let [rear, drop] = [v.spinous[1], v.spinous[2]];
    let slant = Vec3::new(0.0, -0.36, 0.93);
    let lamina = Shape::chain(
        &[
            node(at(14.0, 13.2, -7.4), 4.6, 3.0),
            node(at(10.4, 19.0, -7.6), 5.2, 2.6),
            node(at(5.0, 23.4, -7.8), 5.4, 2.5),
            node(at(0.0, 25.0, -8.2), 4.8, 2.6),
        ],
        slant,
        3,
    );
    let spinous = Shape::chain(
        &[node(at(0.0, 24.0, -8.6), 4.6, 2.6), node(at(0.0, rear - 4.5, drop + 3.0), 3.4, 3.0)],
        slant,
        1,
    );
    let tip = Shape::chain(
        &[
            node(at(1.0, rear - 6.0, drop + 3.4), 2.4, 2.4),
            node(at(v.spinous[0], rear - 2.0, drop + 1.6), 2.2, 2.0),
        ],
        up,
        1,
    );
    let [lateral, anterior] = v.transverse.map(|p| p + v.origin);
    let front_root = Shape::chain(
        &[
            node(at(8.0, -1.6, -4.4), 3.4, 2.6),
            node(anterior + Vec3::new(-3.0, 0.4, -1.2), 3.0, 2.3),
            node(anterior + Vec3::new(-0.4, 0.5, 0.0), 3.0, 2.3),
        ],
        up,
        3,
    );
    let rim = Shape::chain(
        &[node(anterior + Vec3::new(-0.4, 0.8, -0.6), 2.6, 2.2), node(lateral, 2.4, 2.2)],
        up,
        1,
    );
    let back_root = Shape::chain(&[node(at(16.5, 7.2, -5.0), 2.8, 2.8), node(lateral, 2.4, 2.2)], up, 1);
    let hole = v.origin + v.foramen;
    Solid::empty(scale)
        .with(body, 0.0)
        .with(pedicle, 3.0)
        .with(pillar, 3.0)
        .with(v.facets[0].pad(1.0, 4.4, 1.0), 2.0)
        .with(v.facets[1].pad(-1.0, 4.4, 1.0), 2.0)
        .with(lamina, 3.0)
        .with(spinous, 2.5)
        .with(tip, 2.0)
        .with(front_root, 2.0)
        .with(rim, 1.5)
        .with(back_root, 2.0)
        .without(canal([at(0.0, 13.7, 6.0), at(0.0, 17.4, -18.0)], 9.4, 6.4), 1.5)
        .without(channel(&[hole - up * 12.0, hole + up * 12.0]), 1.0)
        .without(v.facets[0].clearing(1.0, -HALF_GAP, 4.5, [2.2; 2]), 0.5)
        .without(v.facets[1].clearing(-1.0, HALF_GAP, 4.5, [2.2; 2]), 0.5)
}
