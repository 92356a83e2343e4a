//! What leaves a run: record, tables, figures, pictures, export formats, the PDF report.
//!
//! In comes a [`Record`](record::Record) — every number with its unit — and plain arrays over meshes; out come
//! JSON, CSV, SVG, PNG, VTU, STL, 3MF and PDF as bytes. Nothing here knows how a result was obtained, reads a
//! clock or touches a file.
//!
//! ```
//! use dens_reports::figure::{Axis, FigureSet, Look, Plot, Series};
//! use dens_reports::pdf::{Date, write_pdf};
//! use dens_reports::record::{Quantity, Record, Relation, Section};
//!
//! let mut figures = FigureSet::default();
//! let plot = Plot::new("load", "Load over displacement.", Axis::new("Displacement", "mm"), Axis::new("Load", "N"))
//!     .series(Series::new("day 1", Look::Line, vec![[0.0, 0.0], [0.1, 120.0]]));
//! let id = figures.add(plot.draw()?);
//!
//! let mut record = Record::new("dens", "0.1.0", "tiny", "A first look");
//! record.criteria.push(
//!     Quantity::new("stress", "Von Mises stress", 212.0, "MPa")
//!         .region("implant")
//!         .judged("below yield", Relation::AtMost, 795.0, "ASTM F3001, table 3"),
//! );
//! record.sections.push(Section::new("results", "Results").figure(id));
//! record.verdict.outcome = Record::outcome_of(&record.criteria, &record.verdict.gaps);
//!
//! let pdf = write_pdf(&record, &figures, Date { year: 2026, month: 1, day: 1 })?;
//! assert!(pdf.starts_with(b"%PDF"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Guaranteed: the same input gives the same bytes for any number of threads; a number that is not finite or has
//! no unit is refused with its place; every axis and color bar names its unit; text in figures is at least 8 pt;
//! the PDF passes the PDF/A-2b rules that its writer knows.
//!
//! Not guaranteed: text in scripts other than Latin and Greek (a character without glyph prints as □), tagged PDF,
//! figures from foreign SVG (they are refused), a check of the PDF by an outside validator.
//!
//! Modules in reading order: [`record`], [`manifest`], [`table`], [`ensemble`], [`figure`], [`render`], [`export`], [`pdf`],
//! [`pixels`], [`page`], [`palette`], [`font`], [`base64`].

pub mod record;

pub mod manifest;

pub mod table;

pub mod ensemble;

pub mod figure;

pub mod render;

pub mod export;

pub mod pdf;

pub mod pixels;

pub mod page;

pub mod palette;

pub mod font;

pub mod base64;

mod quantity;
mod svg;

pub use svg::SvgError;
