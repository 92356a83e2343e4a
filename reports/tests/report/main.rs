//! A demo report from record to PDF, its figures and fields.

mod demo;

mod fields;
mod house_style;
mod pdf;
