//! Schoen's I-WP surface: 2 (cos x cos y + cos y cos z + cos z cos x) − (cos 2x + cos 2y + cos 2z).

use super::Kind;
use super::surface::SurfaceCell;
use crate::Vec3;

/// Wall on both sides of the I-WP surface.
pub(super) static SHEET: SurfaceCell = SurfaceCell {
    name: "iwp-sheet",
    source: "Schoen (1970), NASA TN D-5541; nodal approximation with two Fourier terms",
    kind: Kind::Sheet,
    function: iwp,
    extremes: [-5.0, 3.0],
    density_range: [0.05, 0.7],
};

/// The space around the body diagonals (the I side, f > t).
pub(super) static NETWORK: SurfaceCell = SurfaceCell {
    name: "iwp-network",
    source: "Schoen (1970), NASA TN D-5541; nodal approximation with two Fourier terms",
    kind: Kind::Network,
    function: iwp,
    extremes: [-5.0, 3.0],
    density_range: [0.08, 0.85],
};

fn iwp(s: Vec3, c: Vec3) -> (f64, Vec3) {
    let double = |i: usize| 2.0 * c[i] * c[i] - 1.0;
    let f = 2.0 * (c.x * c.y + c.y * c.z + c.z * c.x) - (double(0) + double(1) + double(2));
    let along = |i: usize, others: f64| -2.0 * s[i] * others + 4.0 * s[i] * c[i];
    (f, Vec3::new(along(0, c.y + c.z), along(1, c.z + c.x), along(2, c.x + c.y)))
}
