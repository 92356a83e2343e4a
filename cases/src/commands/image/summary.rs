//! What is said of an image: for people, as JSON, as table.

use dens_mesher::Vec3;
use dens_mesher::image::{About, Histogram, Labels, Volume};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A position as text, mm.
pub(super) fn point(p: Vec3) -> String {
    format!("({:.1}, {:.1}, {:.1})", p.x, p.y, p.z)
}

/// Where each index of the voxels grows to, in letters of the patient.
fn axes(image: &Volume<f32>) -> String {
    let direction = image.grid.direction();
    let letter = |a: usize| {
        let column = direction.column(a);
        let main = column.iamax();
        ["RL", "AP", "FH"][main].as_bytes()[usize::from(0.0 < column[main])] as char
    };
    [0, 1, 2].map(letter).iter().collect()
}

fn extent(image: &Volume<f32>) -> [f64; 3] {
    let spacing = image.grid.spacing();
    [0, 1, 2].map(|a| spacing[a] * image.grid.dims[a] as f64)
}

/// Six digits behind the point: what a reader of the JSON needs, without round-off.
pub(super) fn round(v: f64) -> f64 {
    (v * 1e6).round() / 1e6
}

/// One object with everything that is known; nothing in it identifies a patient.
pub(super) fn json(
    image: &Volume<f32>,
    about: &About,
    histogram: &Histogram,
    labels: Option<&Labels>,
) -> Value {
    let grid = &image.grid;
    let [low, high] = grid.bounds();
    let numbers = |v: Vec3| [0, 1, 2].map(|a| round(v[a]));
    let step: Vec<[f64; 3]> = (0..3).map(|a| numbers(grid.step.column(a).into())).collect();
    let notes: Vec<Value> =
        about.notes.iter().map(|n| json!({ "warning": n.warning, "text": n.text })).collect();
    let structures = labels.map(|labels| {
        let voxel = labels.volume.grid.voxel_volume();
        let counts = labels.counts();
        let one = |(label, name): (&u16, &String)| {
            let n = counts.get(label).copied().unwrap_or(0);
            json!({ "label": label, "name": name, "voxels": n, "volume_mm3": round(n as f64 * voxel) })
        };
        labels.names.iter().map(one).collect::<Vec<Value>>()
    });
    json!({
        "schema": "dens-image/1", "version": env!("CARGO_PKG_VERSION"),
        "format": about.format.name(), "modality": about.modality.name(),
        "frame": "x left, y posterior, z cranial, mm",
        "dims": grid.dims, "spacing_mm": grid.spacing().map(round), "extent_mm": extent(image).map(round),
        "origin_mm": numbers(grid.origin), "step_mm": step, "bounds_mm": [numbers(low), numbers(high)],
        "axes": axes(image), "shear_deg": round(grid.shear()),
        "kilovolts": about.kilovolts, "slice_thickness_mm": about.slice_thickness,
        "range": histogram.range, "mean": round(histogram.mean),
        "histogram": { "start": histogram.start, "width": histogram.width, "counts": histogram.counts },
        "labels": structures, "notes": notes,
    })
}

/// The histogram as table.
pub(super) fn csv(histogram: &Histogram) -> String {
    let mut text = "from,to,voxels\n".to_string();
    for (i, n) in histogram.counts.iter().enumerate() {
        let from = histogram.start + histogram.width * i as f64;
        let _ = writeln!(text, "{from},{},{n}", from + histogram.width);
    }
    text
}

/// The summary for people.
pub(super) fn text(
    image: &Volume<f32>,
    about: &About,
    histogram: &Histogram,
    labels: Option<&Labels>,
) -> String {
    let grid = &image.grid;
    let ([a, b, c], [x, y, z], [ex, ey, ez]) = (grid.dims, grid.spacing(), extent(image));
    let [low, high] = grid.bounds();
    let mut t = String::new();
    let _ = writeln!(t, "{}, {}", about.format.name(), about.modality.name());
    let _ = writeln!(t, "  voxels    {a} x {b} x {c}, axes toward {}", axes(image));
    let _ = writeln!(t, "  spacing   {x:.4} x {y:.4} x {z:.4} mm");
    let _ = writeln!(
        t,
        "  extent    {ex:.1} x {ey:.1} x {ez:.1} mm, from {} to {} (left, posterior, cranial)",
        point(low),
        point(high)
    );
    if let Some(kv) = about.kilovolts {
        let _ = writeln!(t, "  tube      {kv} kV");
    }
    let _ = writeln!(
        t,
        "  values    {} to {}, mean {:.1}",
        histogram.range[0], histogram.range[1], histogram.mean
    );
    t.push_str(&bars(histogram));
    if let Some(labels) = labels {
        let voxel = labels.volume.grid.voxel_volume();
        let _ = writeln!(t, "  labels");
        for (label, n) in labels.counts() {
            let name = labels.names.get(&label).map_or("", String::as_str);
            let _ =
                writeln!(t, "  {label:>5}  {name:<16} {n:>9} voxels  {:>9.2} ml", n as f64 * voxel / 1000.0);
        }
    }
    for note in &about.notes {
        let _ = writeln!(t, "{}: {}", if note.warning { "warning" } else { "note" }, note.text);
    }
    t
}

/// Bars of about twenty ranges, on a logarithmic scale.
fn bars(histogram: &Histogram) -> String {
    let per_bar = histogram.counts.len().div_ceil(20);
    let sums: Vec<u64> = histogram.counts.chunks(per_bar).map(|c| c.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(1).max(2) as f64;
    let mut t = String::new();
    for (i, n) in sums.iter().enumerate().filter(|(_, n)| 0 < **n) {
        let from = histogram.start + histogram.width * (i * per_bar) as f64;
        let length = (40.0 * (*n as f64 + 1.0).ln() / (most + 1.0).ln()).round() as usize;
        let _ = writeln!(t, "  from {from:>8.0}  {n:>10}  {}", "#".repeat(length));
    }
    t
}
