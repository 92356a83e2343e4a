//! Calibration of a scan as people write it.
//!
//! ```
//! use dens_cases::calibration::parse;
//!
//! let line = parse("phantom: 0 HU = -2 mg/cm3, 250 HU = 198 mg/cm3; HA").unwrap();
//! assert_eq!(line.density(125.0), 98.0);
//! ```

use dens_mesher::units::{self, Dimension};
use dens_solver::materials::calibration::{AIR_FAT_MUSCLE, Calibration, Equivalent};

/// Ways to write a calibration, for messages and help.
pub const FORMS: &str = "`given: 0.8 mg/cm3 per HU, -6 mg/cm3; K2HPO4`, `phantom: 0 HU = 0 mg/cm3, 200 HU = 160 mg/cm3; HA` or \
                         `air-fat-muscle: -1000 HU, -100 HU, 55 HU`";

/// Milligrams per cubic centimetre in a tonne per cubic millimetre.
const MILLIGRAMS: f64 = 1e12;

/// Calibration from its text, one of [`FORMS`].
///
/// # Errors
/// What was found and what is expected, or why the points make no line.
pub fn parse(text: &str) -> Result<Calibration, String> {
    let (method, rest) = text
        .split_once(':')
        .ok_or_else(|| format!("`{text}` names no method before a colon; write {FORMS}"))?;
    let (values, mineral) = match rest.rsplit_once(';') {
        Some((values, mineral)) => (values, Some(equivalent(mineral.trim())?)),
        None => (rest, None),
    };
    let parts: Vec<&str> = values.split(',').map(str::trim).collect();
    let named = || {
        mineral.ok_or_else(|| {
            "name the mineral of the densities after a semicolon: `; K2HPO4` or `; HA`".to_string()
        })
    };
    let line = match method.trim() {
        "given" => {
            let [slope, intercept] = parts[..] else { return Err(count(2, parts.len())) };
            let slope = slope
                .strip_suffix("per HU")
                .ok_or_else(|| format!("`{slope}` is no slope; write it as `0.8 mg/cm3 per HU`"))?;
            Calibration::given(density(slope.trim())?, density(intercept)?, named()?)
        }
        "phantom" => {
            let point = |part: &&str| -> Result<[f64; 2], String> {
                let (h, d) = part
                    .split_once('=')
                    .ok_or_else(|| format!("`{part}` is no point; write it as `200 HU = 160 mg/cm3`"))?;
                Ok([hounsfield(h.trim())?, density(d.trim())?])
            };
            let points: Vec<[f64; 2]> = parts.iter().map(point).collect::<Result<_, _>>()?;
            Calibration::phantom(&points, named()?)
        }
        "air-fat-muscle" => {
            let [air, fat, muscle] = parts[..] else { return Err(count(3, parts.len())) };
            if mineral.is_some_and(|m| m != Equivalent::PotassiumPhosphate) {
                return Err("air, fat and muscle are calibrated in K2HPO4; leave the mineral out".to_string());
            }
            Calibration::air_fat_muscle(
                [hounsfield(air)?, hounsfield(fat)?, hounsfield(muscle)?],
                AIR_FAT_MUSCLE,
            )
        }
        other => return Err(format!("the calibration `{other}` is not known; write {FORMS}")),
    };
    line.map_err(|e| e.to_string())
}

/// Mineral by name.
///
/// # Errors
/// The name and the known ones.
pub fn equivalent(name: &str) -> Result<Equivalent, String> {
    [Equivalent::PotassiumPhosphate, Equivalent::Hydroxyapatite]
        .into_iter()
        .find(|e| e.name().eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("the mineral `{name}` is not known; write K2HPO4 or HA"))
}

fn count(expected: usize, found: usize) -> String {
    format!("{expected} values are expected, {found} found; write {FORMS}")
}

fn density(text: &str) -> Result<f64, String> {
    units::parse(text, Dimension::Density).map(|v| v * MILLIGRAMS).map_err(|e| e.to_string())
}

fn hounsfield(text: &str) -> Result<f64, String> {
    units::parse(text, Dimension::Hounsfield).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_gives_its_line() {
        let given = parse("given: 0.8 mg/cm3 per HU, -6 mg/cm3; K2HPO4").expect("a line");
        // Units in between: round-off.
        assert!((given.density(100.0) - 74.0).abs() < 1e-12, "{given:?}");
        let patient = parse("air-fat-muscle: -1000 HU, -100 HU, 55 HU").expect("a line");
        assert_eq!(
            patient,
            Calibration::air_fat_muscle([-1000.0, -100.0, 55.0], AIR_FAT_MUSCLE).expect("a line")
        );
        assert_eq!(
            parse("phantom: 0 HU = 0 mg/cm3, 200 HU = 0.16 g/cm3; HA").expect("a line").equivalent.name(),
            "HA"
        );
    }

    #[test]
    fn every_mistake_is_named() {
        for (text, word) in [
            ("0.8", "colon"),
            ("guess: 1", "not known"),
            ("given: 0.8 mg/cm3 per HU, -6 mg/cm3", "mineral"),
            ("given: 0.8 mg/cm3, -6 mg/cm3; HA", "per HU"),
            ("given: 0.8 mg/cm3 per HU; HA", "2 values"),
            ("given: -0.8 mg/cm3 per HU, 0 mg/cm3; HA", "rise"),
            ("phantom: 10 HU = 3 MPa, 20 HU = 4 MPa; HA", "MPa"),
            ("phantom: 10 HU = 3 mg/cm3; HA", "two points"),
            ("phantom: 10 HU = 3 mg/cm3, 20 HU = 4 mg/cm3; water", "water"),
            ("air-fat-muscle: 10 HU, 20 HU", "3 values"),
            ("air-fat-muscle: -1000 HU, -100 HU, 55 HU; HA", "K2HPO4"),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.contains(word), "{text}: {said}");
        }
    }
}
