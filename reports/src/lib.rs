//! What leaves a run: record, tables, figures, pictures, export formats, the PDF report.
//!
//! Modules in reading order: [`record`], [`manifest`], [`table`], [`figure`], [`render`], [`export`], [`pdf`].

pub mod record;

pub mod manifest;

pub mod table;

pub mod figure;

pub mod render;

pub mod export;

pub mod pdf;

pub mod palette;

pub mod font;

pub use svg::SvgError;

mod base64;
mod svg;
