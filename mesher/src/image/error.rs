//! Why an image could not be read.

use std::path::Path;
use thiserror::Error;

/// Why an image could not be read; names the file as the person gave it and never quotes its content.
#[derive(Debug, Error)]
pub enum ImageError {
    /// The file or folder cannot be opened or read.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// Name as given.
        file: String,
        /// What the system said.
        reason: std::io::Error,
    },
    /// Neither name nor first bytes say which format it is.
    #[error(
        "`{file}` is no image that is known: expected DICOM, NIfTI (.nii, .nii.gz), NRRD (.nrrd, .nhdr) or MetaImage (.mha, .mhd)"
    )]
    UnknownFormat {
        /// Name as given.
        file: String,
    },
    /// The content contradicts its format.
    #[error("`{file}` {place}: {what}")]
    Broken {
        /// Name as given.
        file: String,
        /// Byte, line or entry.
        place: String,
        /// What was found and what was expected.
        what: String,
    },
    /// Recognized, and not read for a stated reason.
    #[error("`{file}`: {what}")]
    Refused {
        /// Name as given.
        file: String,
        /// What was found.
        what: String,
        /// What to do.
        remedy: String,
    },
}

impl ImageError {
    /// What to do, where there is something to say beyond the message.
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Refused { remedy, .. } if !remedy.is_empty() => Some(remedy),
            Self::Broken { .. } => Some("copy or export the file again: it is damaged or cut off"),
            _ => None,
        }
    }
}

/// Fault inside a file, before its name is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    Broken { place: String, what: String },
    Refused { what: String, remedy: String },
}

impl Fault {
    pub(super) fn byte(byte: usize, what: impl Into<String>) -> Self {
        Self::Broken { place: format!("byte {byte}"), what: what.into() }
    }

    pub(super) fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Broken { place: place.into(), what: what.into() }
    }

    pub(super) fn refused(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Refused { what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn named(self, file: &Path) -> ImageError {
        let file = file.display().to_string();
        match self {
            Self::Broken { place, what } => ImageError::Broken { file, place, what },
            Self::Refused { what, remedy } => ImageError::Refused { file, what, remedy },
        }
    }
}

pub(super) fn unreadable(file: &Path, reason: std::io::Error) -> ImageError {
    ImageError::Unreadable { file: file.display().to_string(), reason }
}
