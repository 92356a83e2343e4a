//! Where the bones stand and the sheets in which they meet.

use super::dimensions::Dimensions;
use crate::Vec3;
use crate::geometry::shapes::{Axes, Clearing, Shape, Sheet};

/// Half gap of a facet joint, mm before scaling: two cartilage layers of about 1 mm.
pub(super) const HALF_GAP: f64 = 0.95;

/// Places of the bones and of their joints, in mm before scaling; origin in the middle of C3's upper
/// endplate, left joints only.
pub(super) struct Layout {
    /// Middle between the inferior facets of C1, in the height of their surface.
    pub c1: Vec3,
    /// Middle of the lower endplate of C2.
    pub c2: Vec3,
    /// Middle of the upper endplate of C3.
    pub c3: Vec3,
    /// Middle of the upper endplate of C4.
    pub c4: Vec3,
    /// Left C1–C2 facet joint, middle of the gap.
    pub c1_c2: Facet,
    /// Left C2–C3 facet joint.
    pub c2_c3: Facet,
    /// Left C3–C4 facet joint.
    pub c3_c4: Facet,
    /// Left inferior facet of C4: middle of the gap to a C5 that is not modelled.
    pub c4_c5: Facet,
    /// Left superior facet of C1; the sheet is the bone's surface.
    pub condyle: Facet,
    /// Endplates from C2's lower one to C4's lower one.
    pub endplates: [Sheet; 5],
    /// How much higher than in the mean C2 the facets stand over the lower endplate.
    pub stretch: f64,
}

/// Joint sheet with the ellipse of the joint on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facet {
    /// Middle surface.
    pub sheet: Sheet,
    /// Semi-axes along the sheet's u (about antero-posterior) and v, mm.
    pub radii: [f64; 2],
}

impl Facet {
    fn at(origin: Vec3, normal: Vec3, first: Vec3, size: [f64; 2], curvature: [f64; 2]) -> Self {
        let radii = [0.5 * size[0], 0.5 * size[1]];
        let reach = [1.4 * radii[0], 1.4 * radii[1]];
        let axes = Axes::around(normal, first);
        Self { sheet: Sheet { origin, axes, curvature, step: [0.0, 0.0, 1.0], reach }, radii }
    }

    /// Clears the far side of the surface that stands `shift` mm above the sheet.
    ///
    /// - `side`: +1 for the lower bone, −1 for the upper one
    /// - `margin`: how far the cleared column exceeds the joint along u and v, mm
    pub(super) fn clearing(&self, side: f64, shift: f64, height: f64, margin: [f64; 2]) -> Shape {
        let radii = [self.radii[0] + margin[0], self.radii[1] + margin[1]];
        Shape::Clearing(Box::new(Clearing { sheet: self.sheet.raised(shift), side, radii, height }))
    }

    /// Bone behind the facet: a puck `depth` mm thick below (`side` +1) or above (−1) the joint gap, `margin`
    /// mm wider than the joint.
    pub(super) fn pad(&self, side: f64, depth: f64, margin: f64) -> Shape {
        let sheet = self.sheet.raised(-side * HALF_GAP);
        let radii = self.radii.map(|r| r + margin);
        Shape::Clearing(Box::new(Clearing { sheet, side: -side, radii, height: depth }))
    }
}

impl Layout {
    /// Layout for a distance `segment` (mm before scaling) from C1's inferior facets to C3's endplate.
    pub(super) fn new(d: &Dimensions, segment: f64) -> Self {
        let tilt = |degrees: f64| {
            let a = degrees.to_radians();
            Vec3::new(0.0, -a.sin(), a.cos())
        };
        let upward = tilt(d.endplate_tilt);
        let c3 = Vec3::zeros();
        let c2 = c3 + upward * d.disc_height;
        // The bodies lean back over their endplates; tuned on lateral views, range 0–3 mm.
        let c3_low = Vec3::new(0.0, 1.7, -d.c3_height);
        let c4 = c3_low + tilt(10.0) * -d.disc_height;
        let c4_low = c4 + Vec3::new(0.0, 1.7, -d.c4_height);

        let slope = d.c1_c2_slope.to_radians();
        // Facet of C1 at the asked height; the sheet lies half a gap below it.
        let normal = Vec3::new(slope.sin(), 0.0, slope.cos());
        let c1_facet = Vec3::new(16.9, 5.0, segment);
        let c1_c2 = Facet::at(
            c1_facet - normal * HALF_GAP,
            normal,
            Vec3::y(),
            d.c1_c2_facet,
            [-1.0 / 30.0, -1.0 / 80.0],
        );
        let back = d.subaxial_slope.to_radians();
        let normal = Vec3::new(-0.08, back.sin(), back.cos());
        let downhill = Vec3::new(0.0, back.cos(), -back.sin());
        let c2_c3 = Facet::at(Vec3::new(15.4, 9.7, 1.1), normal, downhill, d.c2_c3_facet, [-1.0 / 40.0, 0.0]);
        let c3_c4 =
            Facet::at(Vec3::new(16.2, 11.0, -11.7), normal, downhill, d.c3_c4_facet, [-1.0 / 40.0, 0.0]);
        let c4_c5 =
            Facet::at(c4 + Vec3::new(16.6, 11.4, -12.6), normal, downhill, d.c3_c4_facet, [-1.0 / 40.0, 0.0]);
        let cup = Vec3::new(-0.65, 0.0, 0.76);
        let condyle = Facet::at(
            c1_facet + Vec3::new(0.4, 1.8, 10.2),
            cup,
            Vec3::new(0.3, 0.95, 0.0),
            d.c1_superior_facet,
            [1.0 / 24.0, 1.0 / 30.0],
        );

        let endplate = |origin: Vec3, degrees: f64, hollow: f64, rise: f64, width: f64| Sheet {
            origin,
            axes: Axes::around(tilt(degrees), Vec3::x()),
            curvature: [0.0, hollow],
            step: [rise, 0.25 * width, 0.19 * width],
            reach: [0.58 * width, 9.5],
        };
        let (flat, arched) = (1.0 / 120.0, -1.0 / 32.0);
        let w = [d.c2_endplate[0], d.c3_width[0], d.c3_width[1], d.c4_endplates[0][0] + 3.0, 18.5];
        let endplates = [
            endplate(c2, d.endplate_tilt, arched, 1.9, w[1]),
            endplate(c3, d.endplate_tilt, flat, 2.2, w[1]),
            endplate(c3_low, 10.0, arched, 1.9, w[3]),
            endplate(c4, 10.0, flat, 2.2, w[3]),
            endplate(c4_low, 8.0, arched, 0.8, w[4]),
        ];
        let stretch = segment - 2.0 * HALF_GAP - c2.z - 15.5;
        let c1 = Vec3::new(0.0, c1_facet.y, segment);
        Self { c1, c2, c3, c4, c1_c2, c2_c3, c3_c4, c4_c5, condyle, endplates, stretch }
    }
}
