//! `dens material`: what a density law gives, before it is used in a case.

use crate::calibration;
use crate::cli::{MaterialArgs, print};
use crate::failure::{Exit, Failure};
use dens_mesher::catalog::nearest;
use dens_mesher::units::{self, Dimension};
use dens_solver::materials::calibration::{Calibration, Equivalent};
use dens_solver::materials::density::{CATALOGUE, DensityLaw, find};
use serde::Serialize;

/// Densities shown when none is asked for, mg/cm³.
const SHOWN: [f64; 8] = [50.0, 100.0, 150.0, 200.0, 256.0, 300.0, 350.0, 400.0];

/// One number of one law.
#[derive(Debug, Serialize)]
struct Row {
    law: &'static str,
    /// Where a calibration was given, HU.
    #[serde(skip_serializing_if = "Option::is_none")]
    hounsfield: Option<f64>,
    density_mg_cm3: f64,
    law_density: f64,
    law_density_unit: &'static str,
    /// `None` outside the range of the law.
    modulus_mpa: Option<f64>,
    strength_mpa: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Law {
    name: &'static str,
    source: &'static str,
    unit: &'static str,
    valid: [f64; 2],
}

#[derive(Debug, Serialize)]
struct Line {
    method: &'static str,
    slope_mg_cm3_per_hu: f64,
    intercept_mg_cm3: f64,
    misfit_mg_cm3: f64,
}

#[derive(Debug, Serialize)]
struct Answer {
    equivalent: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<Line>,
    laws: Vec<Law>,
    rows: Vec<Row>,
}

/// Prints modulus and strength of each law at each density.
///
/// # Errors
/// Unknown laws, densities without unit, calibrations that make no line; exit 2.
pub fn run(args: &MaterialArgs) -> Result<Exit, Failure> {
    let laws = laws(&args.law)?;
    let line = args
        .calibration
        .as_deref()
        .map(|text| calibration::parse(text).map_err(|e| Failure::input(format!("--calibration: {e}"))))
        .transpose()?;
    let equivalent = match (&line, &args.equivalent) {
        (Some(line), None) => line.equivalent,
        (None, Some(name)) => {
            calibration::equivalent(name).map_err(|e| Failure::input(format!("--equivalent: {e}")))?
        }
        (None, None) => Equivalent::PotassiumPhosphate,
        (Some(_), Some(_)) => {
            return Err(Failure::input("the calibration names its mineral; leave --equivalent out"));
        }
    };
    let places = places(args, line.as_ref())?;
    let rows = laws.iter().flat_map(|law| places.iter().map(|p| row(law, equivalent, *p))).collect();
    let answer = Answer {
        equivalent: equivalent.name(),
        calibration: line.map(|l| Line {
            method: l.method.name(),
            slope_mg_cm3_per_hu: l.slope,
            intercept_mg_cm3: l.intercept,
            misfit_mg_cm3: l.misfit,
        }),
        laws: laws
            .iter()
            .map(|l| Law { name: l.name, source: l.source, unit: l.measure.unit(), valid: l.valid })
            .collect(),
        rows,
    };
    if args.json {
        let text = serde_json::to_string_pretty(&answer).map_err(|e| Failure::bug(e.to_string()))?;
        print(&(text + "\n"));
    } else {
        print(&table(&answer));
    }
    Ok(Exit::Met)
}

fn laws(names: &[String]) -> Result<Vec<&'static DensityLaw>, Failure> {
    if names.is_empty() {
        return Ok(CATALOGUE.to_vec());
    }
    names
        .iter()
        .map(|name| {
            find(name).ok_or_else(|| {
                let known: Vec<&str> = CATALOGUE.iter().map(|l| l.name).collect();
                let near = nearest(name, known.iter().copied())
                    .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                Failure::input(format!(
                    "no density law is called `{name}`{near}\n  = hint: one of {}",
                    known.join(", ")
                ))
            })
        })
        .collect()
}

/// HU, where given, with density, mg/cm³.
fn places(args: &MaterialArgs, line: Option<&Calibration>) -> Result<Vec<(Option<f64>, f64)>, Failure> {
    let read = |text: &String, dimension| {
        units::parse(text, dimension).map_err(|e| Failure::input(format!("`{text}`: {e}")))
    };
    let mut places = Vec::new();
    for text in &args.density {
        places.push((None, read(text, Dimension::Density)? * 1e12));
    }
    for text in &args.hu {
        let line = line.ok_or_else(|| {
            Failure::input(format!(
                "Hounsfield units mean nothing without the calibration of their scan\n  = hint: add --calibration, as {}",
                calibration::FORMS
            ))
        })?;
        let hounsfield = read(text, Dimension::Hounsfield)?;
        places.push((Some(hounsfield), line.density(hounsfield)));
    }
    if places.is_empty() {
        let shown = SHOWN.map(|d| (line.map(|l| (d - l.intercept) / l.slope), d));
        places.extend(shown);
    }
    Ok(places)
}

fn row(law: &DensityLaw, equivalent: Equivalent, (hounsfield, density): (Option<f64>, f64)) -> Row {
    let own = equivalent.density_for(law, density);
    Row {
        law: law.name,
        hounsfield,
        density_mg_cm3: density,
        law_density: own,
        law_density_unit: law.measure.unit(),
        modulus_mpa: law.modulus(own).ok(),
        strength_mpa: law.strength(own).ok(),
    }
}

fn table(answer: &Answer) -> String {
    let mut text = String::new();
    if let Some(l) = &answer.calibration {
        text.push_str(&format!(
            "calibration ({}): {:.4} mg/cm³ per HU, {:+.1} mg/cm³ at 0 HU, largest misfit {:.1} mg/cm³\n",
            l.method, l.slope_mg_cm3_per_hu, l.intercept_mg_cm3, l.misfit_mg_cm3
        ));
    }
    for law in &answer.laws {
        text.push_str(&format!(
            "\n{}   valid {} to {} {}\n  {}\n",
            law.name, law.valid[0], law.valid[1], law.unit, law.source
        ));
        let mineral = format!("{} mg/cm³", answer.equivalent);
        text.push_str(&format!(
            "  {:>9} {:>15} {:>15} {:>12} {:>14}\n",
            "HU",
            mineral,
            format!("law {}", law.unit),
            "modulus MPa",
            "strength MPa"
        ));
        for r in answer.rows.iter().filter(|r| r.law == law.name) {
            let number =
                |v: Option<f64>, digits: usize| v.map_or("-".to_string(), |v| format!("{v:.digits$}"));
            let modulus = r.modulus_mpa.map_or("out of range".to_string(), |v| format!("{v:.0}"));
            text.push_str(&format!(
                "  {:>9} {:>15.1} {:>15.3} {:>12} {:>14}\n",
                number(r.hounsfield, 0),
                r.density_mg_cm3,
                r.law_density,
                modulus,
                number(r.strength_mpa, 2)
            ));
        }
    }
    text.push_str("\nThe laws were measured on different bone with different phantoms: use one throughout a comparison.\n");
    text
}
