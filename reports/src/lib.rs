//! What leaves a run: record, tables, figures, pictures, export formats, the PDF report.
//!
//! Modules in reading order: [`record`], [`manifest`], [`table`], [`figure`], [`render`], [`export`], [`pdf`].

pub mod export;
pub mod figure;
pub mod manifest;
pub mod pdf;
pub mod record;
pub mod render;
pub mod table;
