//! Verification on the user's own machine: published and exact values beside what this build computes.
//!
//! Each file is one published problem; [`CATALOGUE`] lists them in the order of the printed table. A [`Check`]
//! runs in seconds and returns [`Row`]s: target, result, error, tolerance and, where the method has one, the
//! observed order of convergence.
//!
//! Not a validation: nothing here says how well a model describes a person. The problems are those of linear
//! statics, bonded and closed interfaces, contact with and without friction, homogenisation, large strain,
//! plasticity and bone that yields.

mod balloon;
mod beam;
mod bonded_block;
mod cantilever;
mod cavity;
mod contact_patch;
mod cook;
mod curved_interface;
mod cylinder;
mod elastica;
mod elliptic_membrane;
mod elliptic_plate;
mod footing;
mod friction_block;
mod hole;
mod invariance;
mod laminate;
mod lattice_bounds;
mod limit_pressure;
pub mod manufactured;
pub(crate) mod mesh;
mod mortar_balance;
mod mortar_patch;
mod neo_hooke;
mod newton_method;
mod patch;
mod press_fit;
pub(crate) mod problem;
mod punch;
mod quasistatic;
mod rigid_motions;
mod roller;
mod sphere;
mod spheres;
mod squeezed_blocks;
pub(crate) mod tied_patch;
pub mod touching;
pub mod yielding;

pub use mesh::{block, boundary, distort, joined, stir};

use crate::contact::ContactError;
use crate::homogenize::HomogenizeError;
use crate::linear::LinearError;
use crate::newton::SolveError;
use crate::nonlinear::NonlinearError;
use crate::statics::StaticsError;
use dens_mesher::lattice::LatticeError;
use thiserror::Error;

/// One published problem.
#[derive(Clone, Copy)]
pub struct Check {
    /// Short name, as printed.
    pub id: &'static str,
    /// What is computed.
    pub title: &'static str,
    /// Where the target comes from.
    pub source: &'static str,
    /// Computes it.
    pub run: fn() -> Result<Vec<Row>, VerificationError>,
}

/// How far a result may be from its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tolerance {
    /// |result / target − 1|.
    Relative(f64),
    /// |result − target|, in the unit of the row.
    Absolute(f64),
    /// Result at most the target.
    AtMost,
    /// Result at least the target.
    AtLeast,
}

/// One number of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub quantity: String,
    /// Unit; empty for none.
    pub unit: &'static str,
    /// Published or exact value.
    pub target: f64,
    /// Computed value.
    pub found: f64,
    /// What is allowed.
    pub tolerance: Tolerance,
    /// Whether the result is an observed order of convergence.
    pub is_order: bool,
}

impl Row {
    /// Result within a share of its target.
    pub fn relative(quantity: &str, unit: &'static str, target: f64, found: f64, share: f64) -> Self {
        let tolerance = Tolerance::Relative(share);
        Self { quantity: quantity.to_string(), unit, target, found, tolerance, is_order: false }
    }

    /// Result that should vanish.
    pub fn vanishing(quantity: &str, unit: &'static str, found: f64, most: f64) -> Self {
        let tolerance = Tolerance::Absolute(most);
        Self { quantity: quantity.to_string(), unit, target: 0.0, found, tolerance, is_order: false }
    }

    /// Result that may not exceed a bound.
    pub fn at_most(quantity: &str, unit: &'static str, bound: f64, found: f64) -> Self {
        let tolerance = Tolerance::AtMost;
        Self { quantity: quantity.to_string(), unit, target: bound, found, tolerance, is_order: false }
    }

    /// Observed order of convergence, within 0.1 of the theoretical one.
    pub fn order(quantity: &str, theory: f64, found: f64) -> Self {
        let tolerance = Tolerance::Absolute(0.1);
        let quantity = format!("{quantity}, observed order");
        Self { quantity, unit: "", target: theory, found, tolerance, is_order: true }
    }

    /// Error in the measure of the tolerance: relative, absolute, or by how much a bound is exceeded (negative:
    /// kept).
    pub fn error(&self) -> f64 {
        match self.tolerance {
            Tolerance::Relative(_) => (self.found / self.target - 1.0).abs(),
            Tolerance::Absolute(_) => (self.found - self.target).abs(),
            Tolerance::AtMost => self.found / self.target - 1.0,
            Tolerance::AtLeast => 1.0 - self.found / self.target,
        }
    }

    /// Whether the error is within the tolerance; a result that is not a number is not.
    pub fn passed(&self) -> bool {
        let limit = match self.tolerance {
            Tolerance::Relative(limit) | Tolerance::Absolute(limit) => limit,
            Tolerance::AtMost | Tolerance::AtLeast => 0.0,
        };
        self.error() <= limit
    }
}

/// Why a check could not be computed at all.
#[derive(Debug, Error)]
pub enum VerificationError {
    /// A problem of linear statics.
    #[error(transparent)]
    Statics(#[from] StaticsError),
    /// A nonlinear problem.
    #[error(transparent)]
    Nonlinear(#[from] NonlinearError),
    /// A problem with interfaces.
    #[error(transparent)]
    Contact(#[from] SolveError),
    /// A pair of surfaces.
    #[error(transparent)]
    Pair(#[from] ContactError),
    /// A linear system of bodies that touch.
    #[error(transparent)]
    Linear(#[from] LinearError),
    /// No equilibrium: the worst place.
    #[error("no equilibrium: {0}")]
    Stuck(String),
    /// A lattice cell.
    #[error(transparent)]
    Homogenize(#[from] HomogenizeError),
    /// A lattice cell that cannot be drawn.
    #[error(transparent)]
    Lattice(#[from] LatticeError),
}

/// Every check, in the order of the table.
pub static CATALOGUE: &[Check] = &[
    patch::CHECK,
    rigid_motions::CHECK,
    manufactured::CHECK,
    invariance::CHECK,
    elliptic_membrane::CHECK,
    elliptic_plate::CHECK,
    cook::CHECK,
    sphere::CHECK,
    cylinder::CHECK,
    hole::CHECK,
    cavity::CHECK,
    cantilever::CHECK,
    beam::CHECK,
    bonded_block::CHECK,
    tied_patch::CHECK,
    yielding::BED,
    yielding::CRUSH,
    contact_patch::CHECK,
    mortar_patch::TIED,
    mortar_patch::TOUCHING,
    roller::CHECK,
    roller::UNITS,
    press_fit::CHECK,
    spheres::CHECK,
    spheres::APPROACH,
    squeezed_blocks::CHECK,
    punch::CHECK,
    friction_block::CHECK,
    friction_block::RESTART,
    mortar_balance::CHECK,
    curved_interface::CHECK,
    laminate::CHECK,
    lattice_bounds::CHECK,
    neo_hooke::CHECK,
    elastica::CHECK,
    balloon::CHECK,
    limit_pressure::CHECK,
    footing::CHECK,
    newton_method::CHECK,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_passes_within_its_tolerance_and_never_without_a_number() {
        let row = |found| Row::relative("stress", "MPa", 100.0, found, 0.01);
        assert!(row(100.9).passed() && row(99.1).passed() && !row(101.1).passed());
        assert!(!row(f64::NAN).passed());
        assert!(Row::at_most("modulus", "MPa", 10.0, 9.9).passed());
        assert!(!Row::at_most("modulus", "MPa", 10.0, 10.1).passed());
        assert!(Row::order("energy", 2.0, 1.95).passed() && !Row::order("energy", 2.0, 1.8).passed());
    }

    #[test]
    fn names_are_unique() {
        for (i, check) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..i].iter().all(|c| c.id != check.id), "{}", check.id);
        }
    }
}
