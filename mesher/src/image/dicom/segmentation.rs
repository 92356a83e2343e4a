//! DICOM segmentations (binary, fractional, label map) to a label map; frames may be left out where they are empty.

use super::element::{Elements, tags};
use super::header::{Header, Opened};
use super::pixels;
use crate::Vec3;
use crate::image::error::Fault;
use crate::image::labels::anatomical_name;
use crate::image::volume::{Grid, Volume};
use crate::image::{About, Format, Modality, Note, Reading, bytes};
use nalgebra::Matrix3;
use std::collections::BTreeMap;

/// Reads a segmentation object.
pub(super) fn read(opened: &Opened, e: &Elements<'_>, header: &Header) -> Result<Reading, Fault> {
    let kind = e.text(tags::SEGMENTATION_TYPE).unwrap_or_default().into_owned();
    let names = names(e);
    let (grid, slots) = grid(header)?;
    let plane = grid.dims[0] * grid.dims[1];
    let mut values = vec![0.0_f32; grid.n_voxels()];
    let half = e.number(tags::MAX_FRACTION).unwrap_or(255) as f64 / 2.0;
    let (n_frames, mut shared) = (header.frames.len(), 0_usize);
    for (f, slot) in slots.iter().enumerate() {
        let target = &mut values[slot * plane..(slot + 1) * plane];
        let stored = |f| pixels::frame(e, header.layout, opened.coding, opened.syntax.order, [f, n_frames]);
        if kind == "LABELMAP" {
            for (v, s) in target.iter_mut().zip(stored(f)?) {
                *v = s as f32;
            }
            continue;
        }
        let segment = header.frames[f]
            .segment
            .filter(|s| 0 < *s)
            .ok_or_else(|| Fault::at(format!("frame {}", f + 1), "it does not say which segment it shows"))?;
        let inside: Vec<bool> = if header.layout.allocated == 1 {
            pixels::bits(e, plane, f)?
        } else if kind == "FRACTIONAL" {
            stored(f)?.into_iter().map(|s| half <= f64::from(s)).collect()
        } else {
            stored(f)?.into_iter().map(|s| s != 0).collect()
        };
        for (v, _) in target.iter_mut().zip(inside).filter(|(_, i)| *i) {
            if *v == 0.0 {
                *v = f32::from(segment);
            } else {
                shared += 1;
            }
        }
    }
    let mut notes = Vec::new();
    if kind == "FRACTIONAL" {
        notes
            .push(Note::new("the segmentation is fractional; a voxel belongs to a segment from one half on"));
    }
    if 0 < shared {
        notes.push(Note::warning(format!("{shared} voxels belong to several segments; the first is taken")));
    }
    let about =
        About { modality: Modality::Segmentation, names, notes, ..About::of(Format::DicomSegmentation) };
    Ok(Reading { image: Volume { grid, values }, about })
}

/// Names of segments from the fixed vocabulary: of the label, else of the code of the structure.
fn names(e: &Elements<'_>) -> BTreeMap<u16, String> {
    let name = |item: &Elements<'_>| {
        let code = || item.items(tags::SEGMENT_TYPE_CODE).first()?.text(tags::CODE_MEANING);
        let label = item.text(tags::SEGMENT_LABEL);
        label.and_then(|t| anatomical_name(&t)).or_else(|| code().and_then(|t| anatomical_name(&t)))
    };
    let items = e.items(tags::SEGMENTS).iter();
    items.filter_map(|i| Some((u16::try_from(i.number(tags::SEGMENT_NUMBER)?).ok()?, name(i)?))).collect()
}

/// Grid around all frames, and the slice of each frame.
fn grid(header: &Header) -> Result<(Grid, Vec<usize>), Fault> {
    let missing = |what: &str| Fault::at("frames of the segmentation", format!("they do not say {what}"));
    let first = &header.frames[0];
    let directions = first.directions.ok_or_else(|| missing("how they are turned"))?;
    let spacing = first.spacing.ok_or_else(|| missing("the size of a pixel"))?;
    let normal = directions[0].cross(&directions[1]);
    let mut positions: Vec<Vec3> = Vec::with_capacity(header.frames.len());
    for f in &header.frames {
        let alike = f
            .directions
            .is_some_and(|d| (d[0] - directions[0]).norm() + (d[1] - directions[1]).norm() < 4e-3);
        if !alike {
            return Err(Fault::refused(
                "frames differ in direction",
                "save the segmentation on the grid of its scan",
            ));
        }
        positions.push(f.position.ok_or_else(|| missing("where they lie"))?);
    }
    let height = |p: &Vec3| normal.dot(p);
    let mut heights: Vec<f64> = positions.iter().map(height).collect();
    heights.sort_by(f64::total_cmp);
    heights.dedup_by(|b, a| (*b - *a).abs() < 1e-3);
    let least = heights.windows(2).map(|w| w[1] - w[0]).fold(f64::INFINITY, f64::min);
    let step = if least.is_finite() { least } else { first.between.or(header.thickness).unwrap_or(1.0) };
    let slot = |h: f64| (h - heights[0]) / step;
    if heights.iter().any(|h| 0.05 < (slot(*h) - slot(*h).round()).abs()) {
        return Err(Fault::refused(
            "slices are not evenly spaced",
            "save the segmentation on the grid of its scan",
        ));
    }
    let count = slot(heights[heights.len() - 1]).round() as usize + 1;
    let dims = [header.layout.columns, header.layout.rows, count];
    let n = bytes::n_voxels(dims)?;
    // Empty frames may be left out, but not nearly all of them.
    if 64 * header.frames.len() < count {
        return Err(Fault::at(
            "frames of the segmentation",
            format!("{} frames for {n} voxels", header.frames.len()),
        ));
    }
    let lowest = positions.iter().min_by(|a, b| height(a).total_cmp(&height(b))).copied().unwrap_or_default();
    let step_columns = [directions[0] * spacing[1], directions[1] * spacing[0], normal * step];
    let grid =
        crate::image::checked(Grid { dims, origin: lowest, step: Matrix3::from_columns(&step_columns) })?;
    Ok((grid, positions.iter().map(|p| slot(height(p)).round() as usize).collect()))
}
