//! Pictures of the model: an own z-buffer, named anatomical views, section cuts, color bars.
//!
//! Frame of all input: +x left, +y posterior, +z cranial, mm. Projection is orthographic; the anterior view looks
//! toward +y, so the patient's left lies on the right of the picture. Rows of pixels are drawn in parallel and
//! each by one thread, so a picture has the same bytes for any number of threads.

mod raster;
mod section;
mod sheet;
mod slice;
mod surface;
mod view;

pub use raster::{Raster, rasterize};
pub use section::{Plane, section};
pub use sheet::{ColorBar, Sheet, Shot};
pub use slice::{Cut, slice};
pub use surface::{Values, arrow, boundary, facet_set};
pub use view::View;

#[cfg(test)]
pub(crate) use surface::tests as tests_support;

use crate::palette::Rgb;
use dens_mesher::Vec3;

/// Color of a value that is not a number.
pub const NO_VALUE: Rgb = [0xb8, 0xb8, 0xb8];

/// Coloring of an [`Object`].
#[derive(Debug, Clone, PartialEq)]
pub enum Paint {
    /// One color.
    Solid(Rgb),
    /// One value per point, colored by the [`ColorBar`] of the sheet; NaN where there is none.
    Scalar(Vec<f64>),
}

/// Triangles with their coloring.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Positions, mm.
    pub points: Vec<Vec3>,
    /// Points of each triangle.
    pub triangles: Vec<[u32; 3]>,
    /// Coloring; a scalar paint is as long as `points`.
    pub paint: Paint,
    /// 1 for a solid thing, less for a ghost through which solid things are seen.
    pub opacity: f64,
    /// Whether light shades it; a section is flat and keeps the colors of its bar.
    pub shaded: bool,
}

impl Object {
    /// Solid, shaded object.
    pub fn new(points: Vec<Vec3>, triangles: Vec<[u32; 3]>, paint: Paint) -> Self {
        Self { points, triangles, paint, opacity: 1.0, shaded: true }
    }

    /// The same as a ghost.
    pub fn ghost(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }
}
