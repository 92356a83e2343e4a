//! Schwarz's D surface: sin x sin y sin z + sin x cos y cos z + cos x sin y cos z + cos x cos y sin z.

use super::Kind;
use super::surface::SurfaceCell;
use crate::Vec3;

/// Wall on both sides of the D surface.
pub(super) static SHEET: SurfaceCell = SurfaceCell {
    name: "diamond-sheet",
    source: "Schwarz (1890), Gesammelte Mathematische Abhandlungen; first Fourier term of the D surface",
    kind: Kind::Sheet,
    function: diamond,
    extremes: [-std::f64::consts::SQRT_2, std::f64::consts::SQRT_2],
    density_range: [0.05, 0.8],
};

/// One of the two congruent spaces beside the D surface; it pinches off below a density of about 0.1.
pub(super) static NETWORK: SurfaceCell = SurfaceCell {
    name: "diamond-network",
    source: "Schwarz (1890), Gesammelte Mathematische Abhandlungen; first Fourier term of the D surface",
    kind: Kind::Network,
    function: diamond,
    extremes: [-std::f64::consts::SQRT_2, std::f64::consts::SQRT_2],
    density_range: [0.12, 0.88],
};

fn diamond(s: Vec3, c: Vec3) -> (f64, Vec3) {
    let f = s.x * s.y * s.z + s.x * c.y * c.z + c.x * s.y * c.z + c.x * c.y * s.z;
    let along = |sx: f64, cx: f64, sy: f64, cy: f64, sz: f64, cz: f64| {
        cx * (sy * sz + cy * cz) - sx * (sy * cz + cy * sz)
    };
    let gradient = Vec3::new(
        along(s.x, c.x, s.y, c.y, s.z, c.z),
        along(s.y, c.y, s.z, c.z, s.x, c.x),
        along(s.z, c.z, s.x, c.x, s.y, c.y),
    );
    (f, gradient)
}
