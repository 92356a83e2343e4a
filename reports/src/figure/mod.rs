//! Plots as SVG and CSV in one house style.
//!
//! One typeface at 8 pt, widths of one or two journal columns (85 and 175 mm), ticks at 1-2-5, a unit on every
//! axis, curves told apart by color, dash and marker. The SVG is written by plotters; its coordinates are 25 µm.

mod axis;
mod bars;
mod canvas;
mod ensembles;
mod legend;
mod panels;
mod parallel;
mod plot;
mod ranges;
mod recipes;

pub use axis::{Axis, Scale};
pub use bars::{BarChart, Group};
pub use canvas::Marker;
pub use ensembles::{Direction, cumulative, pareto, tornado};
pub use panels::responses;
pub use parallel::{MOST_AXES, parallel};
pub use plot::{Band, Look, Plot, Rule, Series};
pub use ranges::{Range, RangeChart};
pub use recipes::{Design, design_history, exceedance, histogram, residuals};

pub(crate) use axis::step_125;
pub(crate) use canvas::{Anchor, Canvas, Pen, draw_svg, width_mm};

/// Size of all text in plots, pt.
pub(crate) const FONT_SIZE: f64 = 8.0;

/// Width of a figure on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// One column, 85 mm.
    Single,
    /// Two columns, 175 mm.
    Double,
}

impl Width {
    /// Width, mm.
    pub fn mm(self) -> f64 {
        match self {
            Self::Single => 85.0,
            Self::Double => 175.0,
        }
    }
}

/// Figure ready for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Name, unique in the report, lower case with dashes; also the stem of its files.
    pub id: String,
    /// Caption.
    pub caption: String,
    /// The drawing, with its size in mm in the root element.
    pub svg: String,
    /// The numbers drawn; for a rendered picture the facts of its color bar.
    pub csv: String,
}

/// Figures of a report in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureSet {
    /// The figures.
    pub figures: Vec<Figure>,
}

impl FigureSet {
    /// The figure named `id`.
    pub fn get(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.id == id)
    }

    /// Adds a figure and returns its name, for [`Section::figure`](crate::record::Section::figure).
    pub fn add(&mut self, figure: Figure) -> String {
        let id = figure.id.clone();
        self.figures.push(figure);
        id
    }
}

/// Reason a figure cannot be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FigureError {
    /// A number is not finite, or not positive on a logarithmic axis.
    #[error("{value} cannot be drawn on the axis `{axis}`")]
    NotDrawable {
        /// Label of the axis.
        axis: String,
        /// The number.
        value: f64,
    },
    /// There is nothing to draw.
    #[error("nothing to draw along the axis `{axis}`")]
    Empty {
        /// Label of the axis.
        axis: String,
    },
    /// An axis has no unit.
    #[error("the axis `{axis}` has no unit; write `1` for a number without dimension")]
    NoUnit {
        /// Label of the axis.
        axis: String,
    },
    /// A group of bars does not have one value per category.
    #[error("group `{group}` has {found} bars for {expected} categories")]
    GroupLength {
        /// Name of the group.
        group: String,
        /// Values of the group.
        found: usize,
        /// Number of categories.
        expected: usize,
    },
}

/// A unit as it stands behind a number: nothing for a number without dimension.
pub(crate) fn unit_words(unit: &str) -> &str {
    if unit == crate::table::NO_UNIT { "" } else { unit }
}
