//! Surface files of all labels of an image.

use super::summary::round;
use crate::failure::Failure;
use crate::output::Output;
use dens_mesher::geometry::labeled::{LabeledBone, labeled_bones};
use dens_mesher::image::Labels;
use dens_reports::export::stl;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Surface of one label and the file it was written to.
pub(super) struct Written {
    bone: LabeledBone,
    /// Name in the folder of the result.
    pub(super) file: String,
}

/// Makes the surface of every label and writes it as `surfaces/NAME.stl`.
///
/// # Errors
/// A grid that flattens space (2), a full disk (4).
pub(super) fn write(labels: &Labels, edge: Option<f64>, output: &Output) -> Result<Vec<Written>, Failure> {
    let bones = labeled_bones(labels, edge).map_err(Failure::input)?;
    let mut written: Vec<Written> = Vec::new();
    for bone in bones {
        let file = file_name(&bone, &written);
        let mut bytes = Vec::new();
        stl::write(&bone.surface, &mut bytes)
            .map_err(|e| Failure::bug(format!("cannot make `{file}`: {e}")))?;
        output.write(&file, &bytes)?;
        written.push(Written { bone, file });
    }
    Ok(written)
}

/// `surfaces/` and the name of the label, which comes from a fixed vocabulary; with the label where two share a name.
fn file_name(bone: &LabeledBone, written: &[Written]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let name: String = bone.name.chars().map(plain).collect();
    let file = format!("surfaces/{name}.stl");
    if written.iter().any(|w| w.file.eq_ignore_ascii_case(&file)) {
        format!("surfaces/{name}-{}.stl", bone.label)
    } else {
        file
    }
}

/// Surfaces as JSON, one object each.
pub(super) fn json(written: &[Written], edge: Option<f64>) -> Value {
    let one = |w: &Written| {
        let b = &w.bone;
        json!({
            "label": b.label, "name": b.name, "file": w.file, "triangles": b.surface.triangles.len(), "edge_mm": edge,
            "voxels_mm3": round(b.voxels_mm3), "volume_mm3": round(b.volume_mm3), "moved_voxels": round(b.moved_voxels),
            "left_out_pieces": b.specks, "left_out_mm3": round(b.specks_mm3), "cut_off": b.cut_off,
        })
    };
    written.iter().map(one).collect()
}

/// Surfaces for people.
pub(super) fn text(written: &[Written]) -> String {
    let mut t = String::from("  surfaces, mm\n");
    for w in written {
        let b = &w.bone;
        let _ = write!(
            t,
            "  {:<24} {:>8} triangles  {:>9.2} ml, voxels {:>9.2} ml ({:+.2} %), moved {:.2} voxels at most",
            w.file,
            b.surface.triangles.len(),
            b.volume_mm3 / 1000.0,
            b.voxels_mm3 / 1000.0,
            100.0 * (b.volume_mm3 / b.voxels_mm3 - 1.0),
            b.moved_voxels
        );
        if 0 < b.specks {
            let _ = write!(t, ", {} specks of {:.1} mm³ left out", b.specks, b.specks_mm3);
        }
        t.push_str(if b.cut_off { ", reaches the border of the image\n" } else { "\n" });
    }
    t
}
