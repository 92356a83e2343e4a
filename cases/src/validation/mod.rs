//! Predictions beside published measurements and models of others: `dens validate`.
//!
//! A [`Validation`] is one published table; [`CATALOGUE`] lists them in the order of the printed table. To add one, add a
//! file, its `mod` line and its entry. Misses are results: a row says whether the prediction lies inside the band,
//! never that the product is valid. Rows on which something was calibrated are no predictions and say so.

mod cage_test;
mod column_share;
mod corpectomy;
mod lattice;
mod prosthesis;
mod range_of_motion;
mod ring_spread;
pub mod signs;

use crate::case::Case;
use crate::document::Document;
use crate::failure::Failure;
use crate::library::CATALOG;
use crate::pipeline::geometry::{self, Geometry};
use crate::spine::{Book, Neck};
use dens_mesher::geometry::parametric::{self, Parametric};
use dens_reports::figure::Figure;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

/// Published tables, as embedded.
const PUBLISHED: &str = include_str!("../../library/published.toml");

/// Draws the figures of a table.
pub type Draw = fn() -> Result<Vec<Figure>, Failure>;

/// One published table.
#[derive(Clone, Copy)]
pub struct Validation {
    /// Short name, as printed.
    pub id: &'static str,
    /// What is compared.
    pub title: &'static str,
    /// Where the published values come from.
    pub source: &'static str,
    /// What a reader must know of model, band and likely causes of misses.
    pub note: &'static str,
    /// Computes it.
    pub run: fn(&Bench) -> Result<Vec<Row>, Failure>,
    /// Figures that go with it where a folder is written.
    pub figures: Option<Draw>,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing was fitted to it.
    Prediction,
    /// Computed, but a choice was made with the published value in view, or a number fitted to the same thing measured
    /// elsewhere.
    NotBlind,
    /// A number of the model was calibrated on it.
    Calibration,
}

/// One number beside its published counterpart.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is.
    pub quantity: String,
    /// Unit; empty for none.
    pub unit: &'static str,
    /// Computed value; not a number where the model found none.
    pub predicted: f64,
    /// Published value; not a number where only an ordering was read.
    pub published: f64,
    /// Least and greatest value that counts as agreement.
    pub band: [f64; 2],
    /// What the band is.
    pub basis: &'static str,
    /// Prediction, prediction that was not blind, or calibration.
    pub role: Role,
}

impl Row {
    /// Whether the value lies in the band; one that is not a number does not.
    pub fn inside(&self) -> bool {
        self.band[0] <= self.predicted && self.predicted <= self.band[1]
    }

    /// Computed less published.
    pub fn difference(&self) -> f64 {
        self.predicted - self.published
    }
}

/// Every published table, in the order of the output.
pub static CATALOGUE: &[Validation] = &[
    range_of_motion::T1,
    range_of_motion::T1B,
    cage_test::T3,
    column_share::T5,
    prosthesis::T6,
    ring_spread::T7,
    corpectomy::T8,
    signs::SIGNS,
    lattice::LATTICE,
];

/// Published numbers that are embedded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Version of the format.
    pub schema: String,
    /// Range of motion by condition and level, degrees.
    #[serde(rename = "T1")]
    pub(crate) t1: BTreeMap<String, BTreeMap<String, [f64; 6]>>,
    /// Range of motion by plane and level, degrees: two means with their SD.
    #[serde(rename = "T1b")]
    pub(crate) t1b: BTreeMap<String, BTreeMap<String, [f64; 4]>>,
    /// Sinking of two cages.
    #[serde(rename = "T3")]
    pub(crate) t3: cage_test::Published,
    /// Shares of the columns.
    #[serde(rename = "T5")]
    pub(crate) t5: column_share::Published,
    /// Spread of the ring of C1.
    #[serde(rename = "T7")]
    pub(crate) t7: ring_spread::Published,
    /// Stress of end-plates beside cages.
    #[serde(rename = "T8")]
    pub(crate) t8: corpectomy::Published,
}

/// What several tables need; computed when first asked for.
#[derive(Default)]
pub struct Bench {
    neck: OnceLock<Result<Neck, Failure>>,
    default_case: OnceLock<Result<(Case, Geometry), Failure>>,
}

impl Bench {
    /// Published numbers.
    ///
    /// # Errors
    /// A file that is not sound: our bug.
    pub fn published(&self) -> Result<Published, Failure> {
        toml::from_str(PUBLISHED).map_err(|e| Failure::bug(format!("published.toml: {e}")))
    }

    /// The intact neck of the mean woman, with discs measured on their finite elements.
    ///
    /// # Errors
    /// As [`Neck::measured`].
    pub fn neck(&self) -> Result<&Neck, Failure> {
        let build = || {
            let spine = parametric::spine(&Parametric::default()).map_err(Failure::bug)?;
            Neck::measured(spine, Book::embedded()?)
        };
        self.neck.get_or_init(build).as_ref().map_err(Failure::clone)
    }

    /// The default case with its bones.
    ///
    /// # Errors
    /// A default case that is not sound: our bug.
    pub(crate) fn default_case(&self) -> Result<&(Case, Geometry), Failure> {
        let build = || {
            let document = Document::parse(CATALOG[0].text);
            let document = document.map_err(|_| Failure::bug("the default case is not TOML"))?;
            let case = Case::from_document(&document);
            let case = case.map_err(|_| Failure::bug("the default case is not sound"))?;
            let geometry = geometry::build(&case, Path::new(""))?;
            Ok((case, geometry))
        };
        self.default_case.get_or_init(build).as_ref().map_err(Failure::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_inside_its_band_ends_included_and_never_without_a_number() {
        let row = |predicted| Row {
            quantity: "x".into(),
            unit: "",
            predicted,
            published: 1.0,
            band: [0.5, 1.5],
            basis: "",
            role: Role::Prediction,
        };
        assert!(row(0.5).inside() && row(1.5).inside());
        assert!(!row(1.6).inside() && !row(f64::NAN).inside());
    }

    #[test]
    fn the_embedded_tables_are_read_and_names_are_unique() {
        let published = Bench::default().published().expect("sound");
        assert_eq!(published.t1["intact"]["C1C2"][4], 25.97);
        assert_eq!(published.t1b["axial_rotation"]["C3C4"], [5.1, 1.2, 9.5, 4.9]);
        for (i, v) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[..i].iter().all(|w| w.id != v.id));
        }
    }
}
