//! Slices of a series to a stack: by position along the normal, never by number or name of file.

use super::header::{Frame, Header};
use crate::Vec3;
use crate::image::error::Fault;
use crate::image::volume::Grid;
use crate::image::{Note, Options, bytes};
use nalgebra::Matrix3;

/// Angle between stack and normal that is called a tilted gantry, degrees.
const TILT: f64 = 0.1;

/// Slices of the grid for each that is there, beyond which gaps are not filled.
const MOST_FILLED: usize = 4;

/// A frame of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    pub(super) file: usize,
    pub(super) frame: usize,
}

/// Where the values of a slice of the grid come from: one frame, or a mixture of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Layer {
    pub(super) below: usize,
    pub(super) above: usize,
    /// Share of the upper frame.
    pub(super) share: f64,
}

/// Order of the frames and the grid they make.
pub(super) struct Stack {
    pub(super) grid: Grid,
    /// Frames in ascending order along the normal.
    pub(super) sources: Vec<Source>,
    /// One per slice of the grid, as numbers into `sources`.
    pub(super) layers: Vec<Layer>,
    pub(super) notes: Vec<Note>,
}

struct Placed {
    source: Source,
    position: Vec3,
    height: f64,
}

/// Puts the frames of files of one series in order.
pub(super) fn stack(files: &[&Header], options: Options) -> Result<Stack, Fault> {
    let first = &files[0];
    let mut placed = Vec::new();
    let reference = &first.frames[0];
    let missing = |what: &str| {
        Fault::refused(
            format!("the slices do not say {what}"),
            "export the original series from the scanner or the archive, not a screen capture",
        )
    };
    let directions = reference.directions.ok_or_else(|| missing("how they are turned (0020,0037)"))?;
    let spacing = reference.spacing.ok_or_else(|| missing("the size of a pixel (0028,0030)"))?;
    let normal = directions[0].cross(&directions[1]);
    for (file, header) in files.iter().enumerate() {
        for (frame, f) in header.frames.iter().enumerate() {
            same(first, reference, header, f)?;
            let position = f.position.ok_or_else(|| missing("where they lie (0020,0032)"))?;
            placed.push(Placed { source: Source { file, frame }, position, height: normal.dot(&position) });
        }
    }
    placed.sort_by(|a, b| a.height.total_cmp(&b.height).then(a.source.cmp(&b.source)));
    let heights: Vec<f64> = placed.iter().map(|p| p.height).collect();
    let mut notes = Vec::new();
    let even = spaces(&heights, first, options, &mut notes)?;
    let n = placed.len();
    let along = if 1 < n {
        (placed[n - 1].position - placed[0].position) / (heights[n - 1] - heights[0])
    } else {
        normal
    };
    straight(&placed, along, even.step)?;
    let tilt = along.normalize().dot(&normal).clamp(-1.0, 1.0).acos().to_degrees();
    if TILT < tilt {
        notes.push(Note::new(format!(
            "the gantry was tilted by {tilt:.1} degrees; the grid is sheared accordingly, no voxel is resampled"
        )));
    }
    let step =
        Matrix3::from_columns(&[directions[0] * spacing[1], directions[1] * spacing[0], along * even.step]);
    let dims = [first.layout.columns, first.layout.rows, even.layers.len()];
    bytes::n_voxels(dims)?;
    let grid = crate::image::checked(Grid { dims, origin: placed[0].position, step })?;
    let sources = placed.into_iter().map(|p| p.source).collect();
    Ok(Stack { grid, sources, layers: even.layers, notes })
}

/// Refuses a frame whose size, spacing or direction differs from the first.
fn same(first: &Header, reference: &Frame, header: &Header, f: &Frame) -> Result<(), Fault> {
    let mixed = |what: String| {
        Err(Fault::refused(
            format!("slices of one series differ in {what}"),
            "several acquisitions are mixed: put each into a folder of its own",
        ))
    };
    let (a, b) = (first.layout, header.layout);
    if [a.rows, a.columns] != [b.rows, b.columns] {
        return mixed(format!("size: {} × {} and {} × {}", a.columns, a.rows, b.columns, b.rows));
    }
    if let (Some(a), Some(b)) = (reference.spacing, f.spacing)
        && (0..2).any(|i| 1e-3 * a[i] < (a[i] - b[i]).abs())
    {
        return mixed(format!("size of a pixel: {} and {} mm", a[0], b[0]));
    }
    if let (Some(a), Some(b)) = (reference.directions, f.directions)
        && (0..2).any(|i| 2e-3 < (a[i] - b[i]).norm())
    {
        return mixed("direction".to_string());
    }
    if f.directions.is_none() || f.spacing.is_none() {
        return mixed("what they say of their direction and the size of a pixel".to_string());
    }
    Ok(())
}

struct Even {
    step: f64,
    layers: Vec<Layer>,
}

/// Regular heights from the actual ones.
fn spaces(heights: &[f64], first: &Header, options: Options, notes: &mut Vec<Note>) -> Result<Even, Fault> {
    let n = heights.len();
    if n == 1 {
        let step = first.frames[0].between.or(first.thickness).unwrap_or(1.0);
        notes.push(Note::warning("one slice only: its thickness is what the file says"));
        return Ok(Even { step, layers: vec![Layer { below: 0, above: 0, share: 0.0 }] });
    }
    let gaps: Vec<f64> = heights.windows(2).map(|w| w[1] - w[0]).collect();
    if let Some(i) = gaps.iter().position(|g| *g < 1e-3) {
        return Err(Fault::refused(
            format!("two slices lie at the same place, {:.2} mm along the normal", heights[i]),
            "several phases or reconstructions are mixed: put each into a folder of its own",
        ));
    }
    let mut sorted = gaps.clone();
    sorted.sort_by(f64::total_cmp);
    let usual = sorted[sorted.len() / 2];
    // Positions are rounded to a hundredth of a millimeter by many scanners.
    let tolerance = (0.02 * usual).max(0.015);
    let mean = (heights[n - 1] - heights[0]) / (n - 1) as f64;
    let regular = |step: f64| {
        let off = |(i, h): (usize, &f64)| tolerance < (h - heights[0] - i as f64 * step).abs();
        !heights.iter().enumerate().any(off)
    };
    if regular(mean) {
        let layers = (0..n).map(|i| Layer { below: i, above: i, share: 0.0 }).collect();
        return Ok(Even { step: mean, layers });
    }
    let missing: Vec<usize> = (0..gaps.len()).filter(|i| tolerance < (gaps[*i] - usual).abs()).collect();
    let whole = |g: f64| (g - usual * (g / usual).round()).abs() < tolerance * (g / usual).round().max(1.0);
    let place = missing[..].first().map_or(0.0, |i| heights[*i]);
    let what = if gaps.iter().all(|g| 0.5 * usual < *g && whole(*g)) {
        let lost: f64 = missing.iter().map(|i| (gaps[*i] / usual).round() - 1.0).sum();
        format!(
            "{lost} of {} slices are missing, the first after {place:.2} mm along the normal",
            n as f64 + lost
        )
    } else {
        format!(
            "the distance of slices changes from {:.3} to {:.3} mm, first after {place:.2} mm along the normal",
            sorted[0],
            sorted[sorted.len() - 1]
        )
    };
    if !options.fill_gaps {
        return Err(Fault::refused(
            what,
            "find the missing slices, or accept what is interpolated between neighbors with --fill-gaps",
        ));
    }
    let step = if gaps.iter().all(|g| whole(*g)) { usual } else { sorted[0].max(0.1 * usual) };
    notes.push(Note::warning(format!(
        "{what}; values between are interpolated, slices are {step:.3} mm apart"
    )));
    let count = ((heights[n - 1] - heights[0]) / step + 1e-6).floor() as usize + 1;
    if MOST_FILLED * n < count {
        return Err(Fault::refused(
            what,
            format!(
                "more than {MOST_FILLED} slices would be made up for each that is there: too many are missing"
            ),
        ));
    }
    let layer = |k: usize| {
        let height = heights[0] + k as f64 * step;
        let above = heights.partition_point(|h| *h < height - tolerance).min(n - 1);
        let below = if height < heights[above] - tolerance { above - 1 } else { above };
        let apart = heights[above] - heights[below];
        let share = if above == below { 0.0 } else { ((height - heights[below]) / apart).clamp(0.0, 1.0) };
        Layer { below, above, share }
    };
    Ok(Even { step, layers: (0..count).map(layer).collect() })
}

/// Refuses slices that do not lie along one line.
fn straight(placed: &[Placed], along: Vec3, step: f64) -> Result<(), Fault> {
    let tolerance = (0.02 * step).max(0.05);
    let origin = &placed[0];
    for p in placed {
        let off = p.position - origin.position - along * (p.height - origin.height);
        if tolerance < off.norm() {
            return Err(Fault::refused(
                format!("slices are shifted sideways by {:.2} mm against each other", off.norm()),
                "several acquisitions are mixed: put each into a folder of its own",
            ));
        }
    }
    Ok(())
}
