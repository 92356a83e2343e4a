//! Images in: a patient's scan or its label map to values on a grid in the frame of the patient.
//!
//! [`read`] takes a DICOM folder or file, NIfTI, NRRD or MetaImage; [`read_labels`] takes label maps of the last three and
//! DICOM-SEG; [`separate`] makes labels of a CT alone, from seed points. Modules in reading order: [`volume`] (the grid),
//! [`labels`], the readers, [`separate`].
//!
//! Frame: +x left, +y posterior, +z cranial, mm. That is DICOM's own; NIfTI's x and y change sign.
//!
//! **What identifies a patient does not leave the readers.** [`Reading`] has no field for it: numbers of the grid and the
//! voxels, the kind of image as an enum, names of structures from a fixed vocabulary, and notes in our own words. The
//! DICOM parser keeps elements of an allow-list only (`dicom/element.rs`) and steps over all others.
//!
//! Guaranteed: a damaged file ends in an [`ImageError`]; memory grows with the bytes that are there, never with what a header
//! claims; the same bits for any thread count. Not guaranteed: that burnt-in text of the pixels is found.

pub mod error;
pub mod histogram;
pub mod labels;
pub mod separate;
pub mod volume;

mod bytes;
mod dicom;
mod metaimage;
mod nifti;
mod nrrd;

#[cfg(test)]
mod tests;

pub use error::ImageError;
pub use histogram::Histogram;
pub use labels::Labels;
pub use volume::{Grid, Volume};

use error::{Fault, unreadable};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Format of an image file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// DICOM series or multi-frame file.
    Dicom,
    /// DICOM segmentation.
    DicomSegmentation,
    /// NIfTI-1 or NIfTI-2.
    Nifti,
    /// NRRD.
    Nrrd,
    /// MetaImage.
    MetaImage,
}

impl Format {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dicom => "DICOM",
            Self::DicomSegmentation => "DICOM-SEG",
            Self::Nifti => "NIfTI",
            Self::Nrrd => "NRRD",
            Self::MetaImage => "MetaImage",
        }
    }
}

/// What made the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Modality {
    /// Computed tomography: values are Hounsfield units.
    Ct,
    /// Magnetic resonance.
    Mr,
    /// Positron emission tomography.
    Pet,
    /// Segmentation.
    Segmentation,
    /// Something else.
    Other,
    /// The format does not say.
    Unknown,
}

impl Modality {
    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ct => "CT",
            Self::Mr => "MR",
            Self::Pet => "PET",
            Self::Segmentation => "segmentation",
            Self::Other => "another modality",
            Self::Unknown => "unknown",
        }
    }
}

/// What the reader did or could not know, in words without content of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Whether a person should look.
    pub warning: bool,
    /// The note, lower case, no full stop.
    pub text: String,
}

impl Note {
    /// Note that needs no look.
    pub fn new(text: impl Into<String>) -> Self {
        Self { warning: false, text: text.into() }
    }

    /// Note that a person should look at.
    pub fn warning(text: impl Into<String>) -> Self {
        Self { warning: true, text: text.into() }
    }
}

/// All that is known of an image beside its voxels; see the header for what is absent and why.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Format read.
    pub format: Format,
    /// What made the image.
    pub modality: Modality,
    /// Tube voltage, kV, where the file says.
    pub kilovolts: Option<f64>,
    /// Thickness of a slice, mm, where the file says.
    pub slice_thickness: Option<f64>,
    /// Names of labels that the file gives, from the fixed vocabulary.
    pub names: BTreeMap<u16, String>,
    /// What was done or is not known.
    pub notes: Vec<Note>,
}

impl About {
    fn of(format: Format) -> Self {
        Self {
            format,
            modality: Modality::Unknown,
            kilovolts: None,
            slice_thickness: None,
            names: BTreeMap::new(),
            notes: Vec::new(),
        }
    }
}

/// An image as read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Values: Hounsfield units for CT.
    pub image: Volume<f32>,
    /// What is known of it.
    pub about: About,
}

/// Choices of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Which series of a folder with several, from 1 in the order in which they are listed.
    pub series: Option<usize>,
    /// Fill missing slices and uneven steps by linear interpolation along the stack instead of refusing them.
    pub fill_gaps: bool,
}

/// Reads an image: a folder of DICOM slices, or a file of any known format.
///
/// # Errors
/// [`ImageError`]: what cannot be opened, is of no known format, is damaged, or is refused with a reason.
pub fn read(path: &Path, options: Options) -> Result<Reading, ImageError> {
    if path.is_dir() {
        return dicom::read_folder(path, options);
    }
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    let beside = |name: &str| beside(path, name);
    let parsed = if nifti::is(&bytes) {
        nifti::read(&bytes)
    } else if nrrd::is(&bytes) {
        nrrd::read(&bytes, &beside)
    } else if dicom::is(&bytes) {
        return dicom::read_file(path, bytes, options);
    } else if metaimage::is(&bytes) {
        metaimage::read(&bytes, &beside)
    } else {
        return Err(ImageError::UnknownFormat { file: path.display().to_string() });
    };
    parsed.map_err(|f| f.named(path))
}

/// Reads a label map: NIfTI, NRRD, MetaImage or DICOM-SEG, with names of the file or the numbering of TotalSegmentator.
///
/// # Errors
/// As [`read`], and an image whose values are no labels.
pub fn read_labels(path: &Path, options: Options) -> Result<(Labels, About), ImageError> {
    let Reading { image, about } = read(path, options)?;
    Ok((labels_of(image, &about, path)?, about))
}

/// The labels that an image holds as its values.
///
/// # Errors
/// Values that are no labels; `path` is named in the message.
pub fn labels_of(image: Volume<f32>, about: &About, path: &Path) -> Result<Labels, ImageError> {
    let volume = labels::from_image(image).map_err(|f| f.named(path))?;
    Ok(Labels::new(volume, &about.names))
}

/// A label map as NRRD, packed, with the names as 3D Slicer reads them.
pub fn write_labels(labels: &Labels) -> Vec<u8> {
    nrrd::write(labels)
}

/// All files that [`read`] may open for a path, in a fixed order: the files of a folder and of those in it, or a file and the
/// file of voxels its header names.
///
/// # Errors
/// What cannot be listed or read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ImageError> {
    if path.is_dir() {
        return dicom::files(path);
    }
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    let mut all = vec![path.to_path_buf()];
    let named = RefCell::new(Vec::new());
    let beside = |name: &str| {
        named.borrow_mut().push(path.with_file_name(name.strip_prefix("./").unwrap_or(name)));
        beside(path, name)
    };
    // Only the names matter here; what is wrong with a file is told when it is read for its values.
    if nrrd::is(&bytes) {
        drop(nrrd::read(&bytes, &beside));
    } else if metaimage::is(&bytes) {
        drop(metaimage::read(&bytes, &beside));
    }
    all.extend(named.into_inner());
    Ok(all)
}

/// Bytes of a file that a header names; only in its own folder.
fn beside(header: &Path, name: &str) -> Result<Vec<u8>, Fault> {
    let relative = Path::new(name.strip_prefix("./").unwrap_or(name));
    let plain = relative.file_name().is_some_and(|f| f == relative.as_os_str());
    if !plain {
        return Err(Fault::refused(
            "the header names a file of voxels in another folder",
            "put both files in one folder and correct the name in the header",
        ));
    }
    std::fs::read(header.with_file_name(relative))
        .map_err(|e| Fault::at("file of voxels beside the header", format!("cannot be read: {e}")))
}

/// The grid, if it is one: finite, with volume, spacing from a micrometer to 100 mm.
fn checked(grid: Grid) -> Result<Grid, Fault> {
    let finite = grid.step.iter().chain(grid.origin.iter()).all(|v| v.is_finite() && v.abs() < 1e6);
    if !finite {
        return Err(Fault::at("header", "position or direction is not finite or beyond a kilometer"));
    }
    let spacing = grid.spacing();
    if let Some(s) = spacing.iter().find(|s| !(1e-3..=100.0).contains(*s)) {
        return Err(Fault::at(
            "header",
            format!("a voxel spacing of {s} mm is impossible; expected 0.001 to 100 mm"),
        ));
    }
    if grid.voxel_volume() < 0.2 * spacing.iter().product::<f64>() {
        return Err(Fault::at("header", "the directions of the axes lie nearly in one plane"));
    }
    Ok(grid)
}

/// Replaces values that are not finite by the least finite one and says so.
fn finite(mut image: Volume<f32>, notes: &mut Vec<Note>) -> Result<Volume<f32>, Fault> {
    let bad = image.values.iter().filter(|v| !v.is_finite()).count();
    if bad == image.values.len() {
        return Err(Fault::at("voxels", "no value is a finite number"));
    }
    if 0 < bad {
        let least = image.values.iter().copied().filter(|v| v.is_finite()).fold(f32::INFINITY, f32::min);
        for v in image.values.iter_mut().filter(|v| !v.is_finite()) {
            *v = least;
        }
        notes.push(Note::warning(format!("{bad} values that are not finite were set to the least, {least}")));
    }
    Ok(image)
}
