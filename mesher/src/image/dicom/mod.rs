//! DICOM: series of slices, enhanced multi-frame files, segmentations.
//!
//! Own parser because it can promise what a general one cannot: only elements of an allow-list are ever kept
//! ([`element`]), and no memory is taken on the word of a header. JPEG and JPEG 2000 are decoded by crates in safe Rust.
//!
//! Not read, and said so: JPEG extended with 12 bits, High-Throughput JPEG 2000, JPEG XL, video, color, lookup tables.
//!
//! # Source
//! DICOM PS3.3 (objects), PS3.5 (encoding), PS3.10 (files), edition 2024; <https://www.dicomstandard.org>.

mod element;
mod header;
mod jpegls;
mod pixels;
mod segmentation;
mod series;

#[cfg(test)]
pub(super) mod tests;

use super::error::{Fault, ImageError, unreadable};
use super::volume::Volume;
use super::{About, Format, Modality, Note, Options, Reading};
use header::{Header, Opened, open};
use rayon::prelude::*;
use series::{Layer, Stack};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) use header::is;

/// Most files of a folder looked at.
const MOST_FILES: usize = 20_000;
/// Deepest folder looked into.
const DEEPEST: usize = 6;
/// Files decoded at a time; only memory depends on it.
const BATCH: usize = 32;

/// Reads one file: a slice, a multi-frame image or a segmentation.
pub(super) fn read_file(path: &Path, bytes: Vec<u8>, options: Options) -> Result<Reading, ImageError> {
    let named = |f: Fault| f.named(path);
    let opened = open(bytes).map_err(named)?;
    let elements = opened.elements().map_err(named)?;
    let header = Header::of(&elements).map_err(named)?.ok_or_else(|| {
        named(Fault::refused("the file holds no pixels", "give the folder of the slices instead"))
    })?;
    if header.segmentation {
        return segmentation::read(&opened, &elements, &header).map_err(named);
    }
    let frames = (0..header.frames.len()).into_par_iter();
    let values: Result<Vec<Vec<f32>>, Fault> =
        frames.map(|f| values(&opened, &elements, &header, f)).collect();
    let stack = series::stack(&[&header], options).map_err(named)?;
    let values = values.map_err(named)?;
    let mut all = vec![0.0; stack.grid.n_voxels()];
    let plane = header.layout.rows * header.layout.columns;
    for (layer, target) in stack.layers.iter().zip(all.chunks_mut(plane)) {
        mix(layer, |i| &values[stack.sources[i].frame], target);
    }
    Ok(reading(stack, all, &[&header], Vec::new()))
}

/// Reads the slices of a folder and the folders in it.
pub(super) fn read_folder(folder: &Path, options: Options) -> Result<Reading, ImageError> {
    let paths = files(folder)?;
    let headers: Vec<Found> = paths.par_iter().map(|p| look(p)).collect::<Result<_, _>>()?;
    // By number and identity, overviews apart from slices.
    let mut series = BTreeMap::<(i64, &str, bool), Vec<usize>>::new();
    let (mut notes, mut strangers) = (Vec::new(), 0);
    for (i, found) in headers.iter().enumerate() {
        match found {
            Found::Image(h) => {
                series.entry((h.series_number, h.series.as_str(), h.localizer)).or_default().push(i);
            }
            Found::Nothing => {}
            Found::Stranger => strangers += 1,
        }
    }
    let refused = |what: String, remedy: &str| Fault::refused(what, remedy).named(folder);
    if 0 < strangers {
        notes.push(Note::new(format!("{strangers} files of the folder are no DICOM and were left out")));
    }
    let header_of = |i: usize| match &headers[i] {
        Found::Image(h) => &**h,
        _ => unreachable!("only images are grouped"),
    };
    let localizers = series.keys().filter(|k| k.2).count();
    if localizers < series.len() {
        let before: usize = series.iter().filter(|(k, _)| k.2).map(|(_, v)| v.len()).sum();
        series.retain(|k, _| !k.2);
        if 0 < before {
            notes.push(Note::new(format!("{before} overviews (localizers) were left out")));
        }
    }
    let all: Vec<Vec<usize>> = series.into_values().collect();
    let chosen = match (all.len(), options.series) {
        (0, _) => {
            return Err(refused(
                format!("none of the {} files of the folder is a DICOM image", paths.len()),
                "give the folder of the slices, or an image file",
            ));
        }
        (1, None | Some(1)) => &all[0],
        (n, Some(s)) if 1 <= s && s <= n => {
            notes.push(Note::new(format!("series {s} of {n} was read")));
            &all[s - 1]
        }
        (n, chosen) => {
            let one = |(i, files): (usize, &Vec<usize>)| {
                let h = header_of(files[0]);
                let n: usize = files.iter().map(|f| header_of(*f).frames.len()).sum();
                let (c, r) = (h.layout.columns, h.layout.rows);
                format!("{}: {}, {n} slices of {c} × {r}", i + 1, h.modality.name())
            };
            let shown: Vec<String> = all.iter().enumerate().map(one).collect();
            let what = match chosen {
                Some(s) => format!("there is no series {s}; the folder holds {n}: {}", shown.join("; ")),
                None => format!("the folder holds {n} series: {}", shown.join("; ")),
            };
            return Err(refused(what, "choose one with --series N"));
        }
    };
    let files: Vec<&Header> = chosen.iter().map(|i| header_of(*i)).collect();
    if files.iter().any(|h| h.segmentation) {
        if let [only] = chosen[..] {
            let bytes = std::fs::read(&paths[only]).map_err(|e| unreadable(&paths[only], e))?;
            return read_file(&paths[only], bytes, options);
        }
        return Err(refused("the series holds several segmentations".into(), "give one of its files"));
    }
    let stack = series::stack(&files, options).map_err(|f| f.named(folder))?;
    let chosen_paths: Vec<&Path> = chosen.iter().map(|i| paths[*i].as_path()).collect();
    let all = load(&stack, &chosen_paths, &files)?;
    Ok(reading(stack, all, &files, notes))
}

/// What a file of a folder is.
enum Found {
    Image(Box<Header>),
    /// DICOM without pixels.
    Nothing,
    /// No DICOM.
    Stranger,
}

fn look(path: &Path) -> Result<Found, ImageError> {
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    if !is(&bytes) {
        return Ok(Found::Stranger);
    }
    let header = open(bytes).and_then(|o| Header::of(&o.elements()?)).map_err(|f| f.named(path))?;
    Ok(header.map_or(Found::Nothing, |h| Found::Image(Box::new(h))))
}

/// All files in a folder and the folders in it, as deep as images are looked for, in the order of their paths.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let mut found = Vec::new();
    list(folder, 0, &mut found)?;
    found.sort();
    Ok(found)
}

fn list(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ImageError> {
    let entries = std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| unreadable(folder, e))?;
        let kind = entry.file_type().map_err(|e| unreadable(folder, e))?;
        if kind.is_dir() && depth < DEEPEST {
            list(&entry.path(), depth + 1, found)?;
        } else if kind.is_file() {
            found.push(entry.path());
        }
        if MOST_FILES < found.len() {
            return Err(Fault::refused(
                format!("more than {MOST_FILES} files"),
                "give the folder of one examination",
            )
            .named(folder));
        }
    }
    Ok(())
}

/// Values of a frame after slope and intercept.
fn values(opened: &Opened, e: &element::Elements<'_>, header: &Header, f: usize) -> Result<Vec<f32>, Fault> {
    let stored =
        pixels::frame(e, header.layout, opened.coding, opened.syntax.order, [f, header.frames.len()])?;
    let [slope, intercept] = header.frames[f].scale.unwrap_or([1.0, 0.0]);
    Ok(stored.into_iter().map(|v| (slope * f64::from(v) + intercept) as f32).collect())
}

/// Writes a slice of the grid from one or two frames.
fn mix<'a>(layer: &Layer, frame: impl Fn(usize) -> &'a [f32], target: &mut [f32]) {
    let (below, above) = (frame(layer.below), frame(layer.above));
    if layer.below == layer.above {
        target.copy_from_slice(below);
        return;
    }
    let share = layer.share as f32;
    for ((t, a), b) in target.iter_mut().zip(below).zip(above) {
        *t = (1.0 - share) * a + share * b;
    }
}

/// Decodes the frames of a stack, a few files at a time.
fn load(stack: &Stack, paths: &[&Path], files: &[&Header]) -> Result<Vec<f32>, ImageError> {
    let plane = stack.grid.dims[0] * stack.grid.dims[1];
    let mut all = vec![0.0; stack.grid.n_voxels()];
    let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); files.len()];
    for (i, s) in stack.sources.iter().enumerate() {
        wanted[s.file].push(i);
    }
    // A frame is written to its own slices, and kept for the mixtures with its neighbor.
    let mixed = stack.layers.iter().any(|l| l.below != l.above);
    let mut kept: Vec<Vec<f32>> = vec![Vec::new(); if mixed { stack.sources.len() } else { 0 }];
    let slots: BTreeMap<usize, usize> = stack
        .layers
        .iter()
        .enumerate()
        .filter(|(_, l)| l.below == l.above)
        .map(|(k, l)| (l.below, k))
        .collect();
    let numbers: Vec<usize> = (0..files.len()).collect();
    for batch in numbers.chunks(BATCH) {
        let decoded: Vec<Vec<(usize, Vec<f32>)>> = batch
            .par_iter()
            .map(|&file| {
                let path = paths[file];
                let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
                let opened = open(bytes).map_err(|f| f.named(path))?;
                let elements = opened.elements().map_err(|f| f.named(path))?;
                let one =
                    |i: &usize| Ok((*i, values(&opened, &elements, files[file], stack.sources[*i].frame)?));
                wanted[file].iter().map(one).collect::<Result<_, Fault>>().map_err(|f| f.named(path))
            })
            .collect::<Result<_, ImageError>>()?;
        for (i, frame) in decoded.into_iter().flatten() {
            if let Some(k) = slots.get(&i) {
                all[k * plane..(k + 1) * plane].copy_from_slice(&frame);
            }
            if mixed {
                kept[i] = frame;
            }
        }
    }
    if mixed {
        for (layer, target) in
            stack.layers.iter().zip(all.chunks_mut(plane)).filter(|(l, _)| l.below != l.above)
        {
            mix(layer, |i| &kept[i], target);
        }
    }
    Ok(all)
}

fn reading(stack: Stack, values: Vec<f32>, files: &[&Header], mut notes: Vec<Note>) -> Reading {
    let first = files[0];
    notes.extend(stack.notes);
    match first.modality {
        Modality::Ct if files.iter().flat_map(|h| &h.frames).any(|f| f.scale.is_none()) => {
            notes.push(Note::warning(
                "slices have no rescale slope and intercept: their numbers are taken as Hounsfield units",
            ));
        }
        Modality::Ct => {}
        _ => notes.push(Note::warning("this is no CT: values are no Hounsfield units")),
    }
    let about = About {
        modality: first.modality,
        kilovolts: first.kilovolts,
        slice_thickness: first.thickness,
        notes,
        ..About::of(Format::Dicom)
    };
    Reading { image: Volume { grid: stack.grid, values }, about }
}
