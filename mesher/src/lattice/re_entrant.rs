//! Re-entrant honeycomb in three dimensions: it widens where it is pulled.

use crate::Vec3;

use super::strut::{Segments, StrutCell};

/// Length of the upright struts over the cell edge: above a half the inclined struts fold inward.
const UPRIGHT: f64 = 0.75;

/// Uprights along z at the corners and the middle of the cell, eight inclined struts between them; tetragonal about z.
pub(super) static CELL: StrutCell = StrutCell::new(
    "re-entrant",
    "Yang, Harrysson, West & Cormier (2015), Int. J. Solids Struct. 69-70:475; upright 3/4 of a cubic cell",
    [0.005, 0.6],
    Segments::Listed(|| {
        let half = 0.5 * UPRIGHT;
        let mut struts = Vec::with_capacity(10);
        for middle in [Vec3::zeros(), Vec3::repeat(0.5)] {
            struts.push([middle - half * Vec3::z(), middle + half * Vec3::z()]);
        }
        // From the upper end of one upright down to the lower ends of its four neighbors, and mirrored.
        for side in 0..4 {
            let along = |bit: u8| if side >> bit & 1 == 0 { 0.5 } else { -0.5 };
            for sense in [1.0, -1.0] {
                let far = Vec3::new(along(0), along(1), sense * (0.5 - half));
                struts.push([Vec3::new(0.0, 0.0, sense * half), far]);
            }
        }
        struts
    }),
)
.not_cubic();
