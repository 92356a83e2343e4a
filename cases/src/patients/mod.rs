//! The nine published patients as cases: what Table 1 of Wei 2020 says of each, put on the scaled anatomy.
//!
//! [`Book`] holds the rows; [`fit`] finds the anatomy whose segment height is the published one and the density for age and
//! radiotherapy; [`text`] writes the case file; [`rank`] compares orders. A height that no anatomy of ordinary size has is flagged and run at the nearest, never
//! bent until it fits. No patient's own CT exists: geometry and density are population means scaled.

pub mod fit;
pub mod rank;
pub mod text;

use crate::failure::Failure;
use fit::{Density, Fit};
use rayon::prelude::*;
use serde::Deserialize;

/// The rows, as embedded.
const BOOK: &str = include_str!("../../library/patients.toml");

/// What a prediction for such a case can and cannot show.
pub const BOUND: &str = "No patient's own CT exists: geometry and density are population means scaled, so agreement is no validation.";

/// The embedded table with the factors applied to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Format of the file.
    pub schema: String,
    /// Where the rows come from.
    pub source: String,
    /// Figures of all rows together.
    pub published: Published,
    /// Loss of modulus with age.
    pub age: Age,
    /// Effect of radiotherapy on bone.
    pub radiotherapy: Radiotherapy,
    /// The rows, by number.
    #[serde(rename = "patient")]
    pub patients: Vec<Patient>,
}

/// Loss of height over all rows, mm.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Mean.
    pub mean: f64,
    /// Upper bound of the 95/95 tolerance interval.
    pub tolerance_upper: f64,
    /// Slice thickness of the CT.
    pub ct_slice: f64,
    /// Smallest step of a reading.
    pub reading_precision: f64,
}

/// Loss of modulus with age.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    /// Age at which it begins, years.
    pub from: f64,
    /// Share of the modulus lost per decade.
    pub loss: f64,
    /// Its range.
    pub loss_range: [f64; 2],
    /// Where the numbers come from.
    pub source: String,
}

/// Effect of radiotherapy on bone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Radiotherapy {
    /// Factor on density.
    pub density: f64,
    /// Its range.
    pub density_range: [f64; 2],
    /// Embrittlement: factor on strength beyond that of density.
    pub strength: f64,
    /// Its range.
    pub strength_range: [f64; 2],
    /// Where the numbers for density come from.
    pub source: String,
    /// Where those for strength come from.
    pub strength_source: String,
}

/// Sex as printed in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

impl Sex {
    /// The same for the parametric anatomy.
    pub fn of_anatomy(self) -> dens_mesher::geometry::parametric::Sex {
        match self {
            Self::Female => dens_mesher::geometry::parametric::Sex::Female,
            Self::Male => dens_mesher::geometry::parametric::Sex::Male,
        }
    }

    /// Word of the case file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// What was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Replaced {
    /// C2; the implant ends on C3.
    C2,
    /// C2 and C3; the implant ends on C4.
    #[serde(rename = "C2-C3")]
    C2C3,
}

impl Replaced {
    /// As printed in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::C2 => "C2",
            Self::C2C3 => "C2-C3",
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patient {
    /// Number of the row.
    pub no: usize,
    /// Age, years.
    pub age: f64,
    /// Sex.
    pub sex: Sex,
    /// What was replaced.
    pub level: Replaced,
    /// Segment height after surgery, mm.
    pub immediate: f64,
    /// Segment height at the last follow-up, mm.
    #[serde(rename = "final")]
    pub last: f64,
    /// Posterior fixation.
    pub fixation: String,
    /// What the published fixation lacked, in its words.
    pub fault: Option<String>,
    /// The same as faults of a case; level and side are assumed.
    #[serde(default)]
    pub faults: Vec<RowFault>,
    /// Whether radiotherapy followed.
    pub radiotherapy: bool,
}

/// Fault of a row's fixation as a case file writes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowFault {
    /// `missing` or `wire`.
    pub kind: String,
    /// Name of the screw.
    pub member: String,
}

impl Patient {
    /// Whether the rods end in the occiput.
    pub fn is_occipitocervical(&self) -> bool {
        self.fixation == "occipitocervical"
    }

    /// Name of the case.
    pub fn name(&self) -> String {
        format!("patient-{}", self.no)
    }

    /// Published loss of height, mm, to the precision of the readings.
    pub fn loss(&self) -> f64 {
        ((self.immediate - self.last) * 10.0).round() / 10.0
    }
}

/// A row with what the program makes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The row.
    pub patient: Patient,
    /// Its anatomy.
    pub fit: Fit,
    /// Its bone.
    pub density: Density,
}

impl Prepared {
    /// That the published height lies outside what the anatomy can be, if so.
    pub fn misfit(&self) -> Option<String> {
        let Fit::Nearest { needed, scale, measured, .. } = self.fit else { return None };
        let (published, [least, most]) = (self.patient.immediate, [fit::SCALES.start(), fit::SCALES.end()]);
        Some(format!(
            "height {published:.1} mm needs scale {needed:.2}, outside {least:.2} to {most:.2}: run at {scale:.2} with {measured:.1} mm"
        ))
    }

    /// What differs between the row and the case.
    pub fn flags(&self) -> Vec<String> {
        let p = &self.patient;
        let mut flags: Vec<String> = self.misfit().into_iter().collect();
        if p.age < 18.0 {
            flags.push("growing bone, adult proportions scaled".into());
        }
        flags
    }
}

impl Book {
    /// The embedded table.
    ///
    /// # Errors
    /// A bug of ours: the file is part of the program.
    pub fn embedded() -> Result<Self, Failure> {
        toml::from_str(BOOK).map_err(|e| Failure::bug(format!("patients.toml: {e}")))
    }

    /// Fits anatomy and bone to one row.
    ///
    /// # Errors
    /// When the parametric anatomy cannot be built or measured.
    pub fn prepare(&self, patient: &Patient) -> Result<Prepared, Failure> {
        Ok(Prepared {
            patient: patient.clone(),
            fit: fit::anatomy(patient)?,
            density: fit::density(self, patient)?,
        })
    }

    /// Fits anatomy and bone to every row, in order.
    ///
    /// # Errors
    /// As for one row.
    pub fn prepare_all(&self) -> Result<Vec<Prepared>, Failure> {
        self.patients.par_iter().map(|p| self.prepare(p)).collect()
    }

    /// The row whose case has that name.
    pub fn find(&self, name: &str) -> Option<&Patient> {
        self.patients.iter().find(|p| p.name() == name)
    }
}

/// Case file of the patient of that name; `None` when no patient has it.
///
/// # Errors
/// When the anatomy cannot be built; exit 2.
pub fn case_text(name: &str) -> Result<Option<String>, Failure> {
    let book = Book::embedded()?;
    let Some(patient) = book.find(name) else { return Ok(None) };
    text::case(&book, &book.prepare(patient)?).map(Some)
}

/// The rows, fitted once for all tests of this crate.
#[cfg(test)]
pub(crate) fn prepared_once() -> &'static [Prepared] {
    static ROWS: std::sync::OnceLock<Vec<Prepared>> = std::sync::OnceLock::new();
    ROWS.get_or_init(|| {
        let book = Book::embedded().expect("part of the program");
        book.prepare_all().expect("the anatomy can be measured")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::Anatomy;
    use crate::case::Case;
    use crate::document::Document;
    use dens_mesher::geometry::spine::Level;

    #[test]
    fn the_table_is_the_published_one() {
        let book = Book::embedded().expect("part of the program");
        assert_eq!(book.patients.iter().map(|p| p.no).collect::<Vec<_>>(), (1..=9).collect::<Vec<_>>());
        let mean = book.patients.iter().map(Patient::loss).sum::<f64>() / 9.0;
        // The published mean is given to 0.01 mm.
        assert!((mean - book.published.mean).abs() < 0.005, "mean loss {mean} mm");
    }

    #[test]
    fn flags_are_those_of_the_table() {
        let rows = prepared_once();
        let flagged = |word: &str| -> Vec<usize> {
            let with = rows.iter().filter(|r| r.flags().iter().any(|f| f.contains(word)));
            with.map(|r| r.patient.no).collect()
        };
        assert_eq!(flagged("needs scale"), [5]);
        assert_eq!(flagged("growing bone"), [1, 3, 8]);
        assert_eq!(flagged("fixation"), [0; 0]);
    }

    #[test]
    fn the_case_of_each_row_is_sound_and_holds_its_numbers() {
        let book = Book::embedded().expect("part of the program");
        for row in prepared_once() {
            let name = row.patient.name();
            let text = text::case(&book, row).expect("the default case has every entry");
            let case = Case::from_document(&Document::parse(&text).expect("TOML")).expect("sound");
            let [scale, implant_height, _] = row.fit.numbers();
            assert_eq!(case.name, name);
            assert_eq!(case.anatomy, Anatomy::Parametric { female: row.patient.sex == Sex::Female, scale });
            assert_eq!(case.implant.height, Some(implant_height));
            assert_eq!(case.implant.caudal == Level::C4, [5, 9].contains(&row.patient.no));
            assert_eq!(case.fixation.occiput, row.patient.no <= 4, "{name}");
            assert_eq!(case.fixation.faults.len(), row.patient.faults.len(), "{name}");
            // The file holds the density to 0.1 mg/cm³, 1e-13 t/mm³.
            assert!((case.bone.cancellous_density - row.density.value * 1e-12).abs() < 1e-13);
            assert!(text.contains("Wei et al. 2020, Table 1"), "the source is named");
            // All nine had radiotherapy; the factor is that of the evidence, mouse femora.
            let brittle = case.bone.embrittlement.expect("irradiated");
            assert_eq!((brittle.factor, brittle.range), (0.8, [0.5, 1.0]), "{name}");
        }
        assert_eq!(case_text("patient-10").expect("no failure"), None);
    }
}
