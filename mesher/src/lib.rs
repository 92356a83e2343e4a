//! Geometry in, tetrahedra out: bones, implants, lattices, meshes and their quality.
//!
//! Modules in reading order: [`units`] and [`catalog`] (how a quantity and an interchangeable thing are
//! declared), [`geometry`] (signed fields, surfaces, anatomy, the implant), [`lattice`] (unit cells),
//! [`cells`] (shape functions and quadrature), [`mesh`], [`mixed`] (several cell shapes) and [`quality`], [`generate`] (fields to
//! tetrahedra and to surfaces), [`io`] (surface files), [`image`] (scans and label maps).
//!
//! Conventions: mm; anatomical frame +x left, +y posterior, +z cranial (the DICOM patient frame); a
//! [`geometry::Field`] is negative inside.
//!
//! Guaranteed: same input, same bits, for any thread count; no clock, environment or terminal.
//! Not guaranteed: a field value is a distance only near its zero level.

pub mod catalog;
pub mod cells;
pub mod generate;
pub mod geometry;
pub mod image;
pub mod io;
pub mod lattice;
pub mod mesh;
pub mod mixed;
pub mod quality;
pub mod units;

/// A point or vector in space, mm.
pub type Vec3 = nalgebra::Vector3<f64>;
