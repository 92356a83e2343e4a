//! Schoen's gyroid: sin x cos y + sin y cos z + sin z cos x.

use super::Kind;
use super::surface::SurfaceCell;
use crate::Vec3;

/// Wall on both sides of the gyroid.
pub(super) static SHEET: SurfaceCell = SurfaceCell {
    name: "gyroid-sheet",
    source: "Schoen (1970), NASA TN D-5541; first Fourier term of the surface",
    kind: Kind::Sheet,
    function: gyroid,
    extremes: [-1.5, 1.5],
    density_range: [0.05, 0.9],
};

/// One of the two mirror-image spaces beside the gyroid.
pub(super) static NETWORK: SurfaceCell = SurfaceCell {
    name: "gyroid-network",
    source: "Schoen (1970), NASA TN D-5541; first Fourier term of the surface",
    kind: Kind::Network,
    function: gyroid,
    extremes: [-1.5, 1.5],
    density_range: [0.05, 0.95],
};

fn gyroid(s: Vec3, c: Vec3) -> (f64, Vec3) {
    let f = s.x * c.y + s.y * c.z + s.z * c.x;
    (f, Vec3::new(c.x * c.y - s.z * s.x, c.y * c.z - s.x * s.y, c.z * c.x - s.y * s.z))
}
