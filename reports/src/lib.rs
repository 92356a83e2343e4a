//! What leaves a run: record, tables, figures, pictures, export formats, the PDF report.
//!
//! Modules in reading order: [`record`], [`table`], [`figure`], [`render`], [`export`], [`pdf`].

pub mod record;
pub mod table;
pub mod figure;
pub mod render;
pub mod export;
pub mod pdf;
