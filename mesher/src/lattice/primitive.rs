//! Schwarz's P surface: cos x + cos y + cos z.

use super::Kind;
use super::surface::SurfaceCell;
use crate::Vec3;

/// Wall on both sides of the P surface; its necks close at t = 1.
pub(super) static SHEET: SurfaceCell = SurfaceCell {
    name: "primitive-sheet",
    source: "Schwarz (1890), Gesammelte Mathematische Abhandlungen; first Fourier term of the P surface",
    kind: Kind::Sheet,
    function: primitive,
    extremes: [-3.0, 3.0],
    density_range: [0.05, 0.55],
};

/// One of the two congruent spaces beside the P surface; it falls into balls below a density of about 0.21.
pub(super) static NETWORK: SurfaceCell = SurfaceCell {
    name: "primitive-network",
    source: "Schwarz (1890), Gesammelte Mathematische Abhandlungen; first Fourier term of the P surface",
    kind: Kind::Network,
    function: primitive,
    extremes: [-3.0, 3.0],
    density_range: [0.23, 0.77],
};

fn primitive(s: Vec3, c: Vec3) -> (f64, Vec3) {
    (c.sum(), -s)
}
