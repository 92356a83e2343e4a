//! Anatomy whose measured segment height is the published one, and density for age and radiotherapy.

use super::{Book, Patient, Replaced, Sex};
use crate::failure::Failure;
use crate::library;
use crate::{case::Case, document::Document};
use dens_mesher::geometry::parametric::{self, Parametric, SEGMENT_HEIGHTS};
use dens_mesher::geometry::spine::Level;
use dens_solver::materials::density;

pub use dens_mesher::geometry::parametric::SCALES;

/// Implant height of the mean woman, mm: that of the default case.
const FEMALE_HEIGHT: f64 = 28.0;
/// Linear size of women over men, as in the anatomy: evidence `sex_scale.female_over_male_linear`.
const FEMALE_OVER_MALE: f64 = 0.92;
/// A fit is kept when the measured height is this near, mm: a fifth of the precision of the readings.
const NEAR: f64 = 0.02;

/// Segment heights of about the mean woman, mm, to C3 and to C4: where the search starts, without part in its result.
const START: [f64; 2] = [48.2, 63.5];

/// How the anatomy is made to have the published segment height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// Mean anatomy of the sex, scaled.
    Scaled {
        /// `anatomy.scale`.
        scale: f64,
        /// `implant.height`, mm.
        implant_height: f64,
        /// Segment height measured on this anatomy, mm.
        measured: f64,
    },
    /// The height would need a scale that no adult of ordinary size has: the nearest scale accepted stands for it.
    Nearest {
        /// The scale that the height would need.
        needed: f64,
        /// `anatomy.scale`.
        scale: f64,
        /// `implant.height`, mm.
        implant_height: f64,
        /// Segment height measured on this anatomy, mm.
        measured: f64,
    },
}

impl Fit {
    /// `anatomy.scale`, `implant.height` (mm) and the segment height measured on that anatomy (mm).
    pub fn numbers(&self) -> [f64; 3] {
        match *self {
            Self::Scaled { scale, implant_height, measured }
            | Self::Nearest { scale, implant_height, measured, .. } => [scale, implant_height, measured],
        }
    }
}

/// Bone that the implant ends on.
fn caudal(replaced: Replaced) -> Level {
    match replaced {
        Replaced::C2 => Level::C3,
        Replaced::C2C3 => Level::C4,
    }
}

/// What an implant on C4 is higher than one on C3 in an anatomy, mm.
fn lower(sex: Sex, scale: f64, replaced: Replaced) -> f64 {
    match replaced {
        Replaced::C2 => 0.0,
        Replaced::C2C3 => parametric::third_over_fourth(sex.of_anatomy(), scale),
    }
}

/// Height from C1 to C3 in proportion to a scale, mm, where the anatomy accepts it.
fn proportional(sex: Sex, scale: f64) -> f64 {
    let mean = match sex {
        Sex::Female => FEMALE_HEIGHT,
        Sex::Male => FEMALE_HEIGHT / FEMALE_OVER_MALE,
    };
    (mean * scale).clamp(*SEGMENT_HEIGHTS.start(), *SEGMENT_HEIGHTS.end())
}

/// Segment height of the paper on the parametric anatomy, mm: in the midsagittal plane, from the anterior tubercle of the
/// atlas to the middle of the lower endplate of the caudal body.
///
/// # Errors
/// When the anatomy cannot be built with these numbers.
pub fn segment_height(sex: Sex, scale: f64, implant_height: f64, replaced: Replaced) -> Result<f64, Failure> {
    let segment_height = implant_height - lower(sex, scale, replaced);
    let spine = parametric::spine(&Parametric { sex: sex.of_anatomy(), scale, segment_height })
        .map_err(Failure::input)?;
    let height = spine.segment_height(caudal(replaced), &nalgebra::Isometry3::identity());
    height.ok_or_else(|| Failure::bug("the parametric anatomy lacks a landmark of the segment height"))
}

/// Fits the anatomy of the patient's sex: scale and implant height in proportion, until the measured height is the published.
///
/// # Errors
/// When the anatomy cannot be built, or no numbers of four digits come near enough.
pub fn anatomy(patient: &Patient) -> Result<Fit, Failure> {
    let Patient { sex, level, immediate, .. } = *patient;
    let mut scale = immediate / START[level as usize];
    for _ in 0..10 {
        // Numbers as a person would write them in the file; the file then holds exactly what was measured.
        let written = (scale.clamp(*SCALES.start(), *SCALES.end()) * 1e4).round() / 1e4;
        let implant_height = proportional(sex, written) + lower(sex, written, level);
        let implant_height = (implant_height * 100.0).round() / 100.0;
        let measured = segment_height(sex, written, implant_height, level)?;
        if (measured - immediate).abs() < NEAR {
            return Ok(Fit::Scaled { scale: written, implant_height, measured });
        }
        scale = written * immediate / measured;
        // At an end of the range, and the height asks for more.
        if !SCALES.contains(&scale) && (written == *SCALES.start() || written == *SCALES.end()) {
            return Ok(Fit::Nearest { needed: scale, scale: written, implant_height, measured });
        }
    }
    Err(Failure::bug(format!("the anatomy of {} was not found", patient.name())))
}

/// Cancellous density of one patient, mg/cm³.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Density {
    /// Density of the default case, for all.
    pub base: f64,
    /// Factor for age.
    pub age: f64,
    /// Factor for radiotherapy.
    pub radiotherapy: f64,
    /// Density used, to 0.1.
    pub value: f64,
    /// With the factors at the ends of their ranges.
    pub range: [f64; 2],
}

/// Density of the default case with the factors for age and radiotherapy.
///
/// # Errors
/// When the density law of the default case does not cover a density met.
pub fn density(book: &Book, patient: &Patient) -> Result<Density, Failure> {
    let bug = |what: String| Failure::bug(format!("density of {}: {what}", patient.name()));
    let document = Document::parse(library::CATALOG[0].text).map_err(|_| bug("default case".into()))?;
    let case = Case::from_document(&document).map_err(|_| bug("default case".into()))?;
    let law = density::find(&case.bone.cancellous_law).ok_or_else(|| bug("unknown law".into()))?;
    let base = case.bone.cancellous_density * 1e12;
    let decades = ((patient.age - book.age.from) / 10.0).max(0.0);
    let modulus = |rho: f64| law.modulus(rho).map_err(|e| bug(e.to_string()));
    // Factor on density that takes the lost share from the modulus; the law rises with density.
    let aged = |loss: f64| -> Result<f64, Failure> {
        if decades == 0.0 {
            return Ok(1.0);
        }
        let wanted = modulus(base)? * (1.0 - loss).powf(decades);
        let (mut low, mut high) = (0.3, 1.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if modulus(base * middle)? < wanted { low = middle } else { high = middle }
        }
        Ok(0.5 * (low + high))
    };
    let treated = |factor: f64| if patient.radiotherapy { factor } else { 1.0 };
    let age = aged(book.age.loss)?;
    let radiotherapy = treated(book.radiotherapy.density);
    let tenth = |v: f64| (v * 10.0).round() / 10.0;
    Ok(Density {
        base,
        age,
        radiotherapy,
        value: tenth(base * age * radiotherapy),
        range: [
            tenth(base * aged(book.age.loss_range[1])? * treated(book.radiotherapy.density_range[0])),
            tenth(base * aged(book.age.loss_range[0])? * treated(book.radiotherapy.density_range[1])),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fitted_anatomy_has_the_published_height() {
        for row in crate::patients::prepared_once() {
            let p = &row.patient;
            match row.fit {
                Fit::Scaled { scale, implant_height, measured } => {
                    let again = segment_height(p.sex, scale, implant_height, p.level).expect("accepted");
                    assert_eq!(again.to_bits(), measured.to_bits(), "{}", p.name());
                    // 0.1 mm: the precision of the published readings.
                    assert!((again - p.immediate).abs() < 0.1, "{}: {again}", p.name());
                    let to_c3 = implant_height - lower(p.sex, scale, p.level);
                    assert!(SCALES.contains(&scale) && SEGMENT_HEIGHTS.contains(&to_c3));
                }
                Fit::Nearest { needed, scale, .. } => {
                    assert!(!SCALES.contains(&needed), "{}", p.name());
                    assert!(scale == *SCALES.start() || scale == *SCALES.end());
                }
            }
        }
    }

    #[test]
    fn a_height_that_needs_another_kind_of_person_stops_at_the_end_of_the_range() {
        let book = Book::embedded().expect("part of the program");
        // The height of row 9 reaches to C4; to C3 no woman has it.
        let tall = Patient { level: Replaced::C2, ..book.patients[8].clone() };
        let found = anatomy(&tall).expect("measurable");
        assert!(matches!(found, Fit::Nearest { needed, scale, .. } if needed > 1.15 && scale == 1.15));
    }

    #[test]
    fn density_falls_with_age_and_radiotherapy_as_the_factors_say() {
        let book = Book::embedded().expect("part of the program");
        let of = |p: &Patient| density(&book, p).expect("within the law");
        let young = &book.patients[1];
        // 256 mg/cm³ of the default case times 0.75, and times 0.55 and 1 at the ends of the range.
        assert_eq!(of(young).value, 192.0);
        assert_eq!(of(young).range, [140.8, 256.0]);
        assert_eq!(of(&Patient { radiotherapy: false, ..young.clone() }).value, 256.0);
        let old = Patient { radiotherapy: false, ..book.patients[6].clone() };
        let law = density::find("kopperdahl2002-qct").expect("law of the default case");
        let modulus = |rho: f64| law.modulus(rho).expect("covered");
        let ratio = modulus(of(&old).value) / modulus(256.0);
        // 59 years: 2.95 decades beyond 29.5 at 0.9 each; 1e-3 for the density rounded to 0.1 mg/cm³.
        assert!((ratio - 0.9_f64.powf(2.95)).abs() < 1e-3, "ratio {ratio}");
    }
}
