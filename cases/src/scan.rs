//! Bone from a scan: table `[scan]` of a case.

use crate::calibration;
use crate::reader::Reader;
use dens_mesher::catalog::Range;
use dens_solver::materials::calibration::Calibration;

/// Share that may be read near the surface where the case does not say; engineering choice.
const SHALLOW_LIMIT: f64 = 0.25;

/// Image, its calibration, and what may lie beyond the density law.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// File or folder of the image, relative to the case file; in the frame of the surfaces.
    pub image: String,
    /// Line from tomography number to density.
    pub calibration: Calibration,
    /// Share of the cancellous volume that may lie beyond the density law.
    pub limit: f64,
    /// Share of it that may be read nearer to the surface than shell and one voxel.
    pub shallow_limit: f64,
    /// Where the numbers come from.
    pub source: String,
}

/// Reads `[scan]`, where the case has it.
///
/// - `of_bones`: whether the bones come from the same image, which then may go without a calibration: bone is uniform
pub fn read(r: &Reader<'_>, of_bones: bool) -> Option<Scan> {
    let image_only = of_bones && !r.has("scan.calibration");
    if !r.has("scan.image") || image_only {
        if image_only {
            // Where the image comes from may be said without a number.
            let _ = r.has("scan.source");
        }
        return None;
    }
    let image = r.text("scan.image");
    let text = r.text("scan.calibration");
    let calibration = calibration::parse(&text).map_err(|e| {
        r.problem("scan.calibration", e, &format!("write {}", calibration::FORMS));
    });
    let limit = r.number("scan.limit", Range::Within(0.0, 1.0));
    let shallow = "scan.shallow_limit";
    let shallow_limit =
        if r.has(shallow) { r.number(shallow, Range::Within(0.0, 1.0)) } else { SHALLOW_LIMIT };
    let source = r.text("scan.source");
    Some(Scan { image, calibration: calibration.ok()?, limit, shallow_limit, source })
}
