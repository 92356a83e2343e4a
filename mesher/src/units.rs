//! Quantities with units as people write them, and their meaning in mm, N, s, MPa.
//!
//! ```
//! use dens_mesher::units::{Dimension, format, parse};
//!
//! assert_eq!(parse("110 GPa", Dimension::Stress), Ok(110_000.0)); // MPa
//! assert_eq!(parse("70 %", Dimension::Percent), Ok(0.7));
//! assert_eq!(format(1.67, Dimension::Length), "1.67 mm");
//! let error = parse("3 kg", Dimension::Stress).unwrap_err();
//! assert_eq!(error.to_string(), "`kg` is a mass; expected a stress such as MPa, GPa, kPa or Pa");
//! ```
//!
//! Inside: mm, N, s, tonne, MPa, radian (energy mJ, density t/mm³). The symbol is case-sensitive (`mN` is
//! not `MN`); spaces, `·`, `*` and `^` inside it do not count, so `N m`, `N·m` and `Nm` are one unit.
//! Whether a value is sensible is not decided here but by the range of its parameter.

use thiserror::Error;

use crate::catalog::nearest;

/// Kind of quantity a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Pure number; `%` is accepted and means hundredths.
    Dimensionless,
    /// Fraction written and printed in per cent; a bare number is the fraction itself.
    Percent,
    /// mm.
    Length,
    /// mm².
    Area,
    /// mm³.
    Volume,
    /// rad.
    Angle,
    /// s.
    Time,
    /// 1/s.
    Frequency,
    /// t.
    Mass,
    /// t/mm³.
    Density,
    /// N.
    Force,
    /// N mm.
    Moment,
    /// mJ = N mm.
    Energy,
    /// MPa = N/mm².
    Stress,
    /// N/mm.
    StiffnessNPerMm,
    /// N mm/rad.
    RotationalStiffness,
    /// MPa/mm, stiffness of a bedding or interface.
    StressPerLength,
    /// mm/s.
    Speed,
    /// Hounsfield units of computed tomography.
    Hounsfield,
}

impl Dimension {
    /// Every dimension, in declaration order.
    pub const ALL: [Self; 19] = [
        Self::Dimensionless,
        Self::Percent,
        Self::Length,
        Self::Area,
        Self::Volume,
        Self::Angle,
        Self::Time,
        Self::Frequency,
        Self::Mass,
        Self::Density,
        Self::Force,
        Self::Moment,
        Self::Energy,
        Self::Stress,
        Self::StiffnessNPerMm,
        Self::RotationalStiffness,
        Self::StressPerLength,
        Self::Speed,
        Self::Hounsfield,
    ];

    /// Name with its article, as in "expected *a stress*".
    pub const fn described(self) -> &'static str {
        match self {
            Self::Dimensionless => "a plain number",
            Self::Percent => "a fraction",
            Self::Length => "a length",
            Self::Area => "an area",
            Self::Volume => "a volume",
            Self::Angle => "an angle",
            Self::Time => "a time",
            Self::Frequency => "a frequency",
            Self::Mass => "a mass",
            Self::Density => "a density",
            Self::Force => "a force",
            Self::Moment => "a moment",
            Self::Energy => "an energy",
            Self::Stress => "a stress",
            Self::StiffnessNPerMm => "a stiffness",
            Self::RotationalStiffness => "a rotational stiffness",
            Self::StressPerLength => "a stress per length",
            Self::Speed => "a speed",
            Self::Hounsfield => "a tomography number",
        }
    }

    /// Symbol of the unit used inside the program; empty for a pure number.
    pub const fn internal_symbol(self) -> &'static str {
        match self {
            Self::Dimensionless | Self::Percent => "",
            Self::Length => "mm",
            Self::Area => "mm²",
            Self::Volume => "mm³",
            Self::Angle => "rad",
            Self::Time => "s",
            Self::Frequency => "Hz",
            Self::Mass => "t",
            Self::Density => "t/mm³",
            Self::Force => "N",
            Self::Moment => "N mm",
            Self::Energy => "mJ",
            Self::Stress => "MPa",
            Self::StiffnessNPerMm => "N/mm",
            Self::RotationalStiffness => "N mm/rad",
            Self::StressPerLength => "MPa/mm",
            Self::Speed => "mm/s",
            Self::Hounsfield => "HU",
        }
    }

    /// Symbols a person may write for this dimension, the usual one first; empty for a pure number.
    pub fn symbols(self) -> Vec<&'static str> {
        UNITS.iter().filter(|u| u.dimension == self).map(|u| u.symbol).collect()
    }

    /// Whether a number without a unit is complete.
    const fn may_be_bare(self) -> bool {
        matches!(self, Self::Dimensionless | Self::Percent)
    }
}

/// Why a text is not a quantity of the expected dimension.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum UnitError {
    /// The text does not begin with a finite number.
    #[error("`{text}` does not begin with a number{}", hint_of_number(text))]
    NotANumber {
        /// What was written.
        text: String,
    },
    /// A number without its unit.
    #[error("`{text}` has no unit; expected {} {}", expected.described(), such_as(*expected))]
    Missing {
        /// What was written.
        text: String,
        /// What it should be.
        expected: Dimension,
    },
    /// No unit has this symbol.
    #[error("unknown unit `{unit}`; {}expected {} {}", did_you_mean(*nearest), expected.described(), such_as(*expected))]
    Unknown {
        /// Symbol found.
        unit: String,
        /// What it should be.
        expected: Dimension,
        /// Known symbol of the expected dimension that looks alike.
        nearest: Option<&'static str>,
    },
    /// The unit exists but measures something else.
    #[error("`{unit}` is {}; expected {}{}", found.described(), expected.described(), with_space(&such_as(*expected)))]
    Mismatch {
        /// Symbol found.
        unit: String,
        /// What that unit measures.
        found: Dimension,
        /// What it should be.
        expected: Dimension,
    },
}

/// Value of `text` in the internal unit of `expected` (mm, N, s, t, MPa, rad).
///
/// Accepts a decimal number, optional white space and a unit: `1.67 mm`, `730µm`, `1.5 N m`, `256 mg/cm3`,
/// `70 %`. A bare number is accepted only for [`Dimension::Dimensionless`] and [`Dimension::Percent`].
///
/// # Errors
/// [`UnitError`], which names what was found and what is possible.
pub fn parse(text: &str, expected: Dimension) -> Result<f64, UnitError> {
    let trimmed = text.trim();
    let not_a_number = || UnitError::NotANumber { text: trimmed.to_owned() };
    let end = number_end(trimmed).ok_or_else(not_a_number)?;
    let (digits, rest) = trimmed.split_at(end);
    let number: f64 = digits.parse().map_err(|_| not_a_number())?;
    if !number.is_finite() || rest.starts_with(',') {
        return Err(not_a_number());
    }
    let written = rest.trim();
    if written.is_empty() {
        return if expected.may_be_bare() {
            Ok(number)
        } else {
            Err(UnitError::Missing { text: trimmed.to_owned(), expected })
        };
    }
    let key = plain(written);
    let percent_of_number = expected == Dimension::Dimensionless && key == "%";
    let fits = |u: &&Unit| u.dimension == expected || percent_of_number;
    let matching = UNITS.iter().filter(|u| u.is_written(&key));
    if let Some(unit) = matching.clone().find(fits) {
        return Ok(unit.to_internal(number));
    }
    if let Some(unit) = matching.clone().next() {
        return Err(UnitError::Mismatch { unit: written.to_owned(), found: unit.dimension, expected });
    }
    let symbols = expected.symbols();
    let same_letters = symbols.iter().copied().find(|s| plain(s).eq_ignore_ascii_case(&key));
    let nearest = same_letters.or_else(|| nearest(written, symbols.iter().copied()));
    Err(UnitError::Unknown { unit: written.to_owned(), expected, nearest })
}

/// `value` (internal unit) as a person reads it: up to four significant digits and a fitting unit.
///
/// The text parses back to the same value within its printed digits.
pub fn format(value: f64, dimension: Dimension) -> String {
    let symbol = display_symbol(value, dimension);
    if symbol.is_empty() {
        return significant(value, 4);
    }
    let unit = UNITS
        .iter()
        .find(|u| u.dimension == dimension && u.symbol == symbol)
        .expect("display_symbol returns symbols of the table");
    std::format!("{} {symbol}", significant(unit.to_written(value), 4))
}

/// `value` with at most `digits` significant digits and no trailing zeros.
///
/// Plain decimals between 1e-4 and 1e7, scientific notation elsewhere.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let scientific = std::format!("{value:.*e}", digits.max(1) - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("LowerExp writes an exponent");
    let exponent: i32 = exponent.parse().expect("LowerExp writes an integer exponent");
    if !(-4..7).contains(&exponent) {
        return std::format!("{}e{exponent}", without_trailing_zeros(mantissa));
    }
    let rounded: f64 = scientific.parse().expect("LowerExp writes a number");
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    without_trailing_zeros(&std::format!("{rounded:.decimals$}")).to_owned()
}

/// One unit: what is written times `factor` is internal.
struct Unit {
    dimension: Dimension,
    symbol: &'static str,
    factor: f64,
    /// Other spellings, already plain.
    aliases: &'static [&'static str],
}

impl Unit {
    fn is_written(&self, key: &str) -> bool {
        plain(self.symbol) == key || self.aliases.contains(&key)
    }

    /// Division by the whole inverse where there is one, so that `730 um` is 0.73 to the last bit.
    fn to_internal(&self, written: f64) -> f64 {
        let inverse = (1.0 / self.factor).round();
        if self.factor < 1.0 && (inverse * self.factor - 1.0).abs() < 1e-12 {
            written / inverse
        } else {
            written * self.factor
        }
    }

    fn to_written(&self, internal: f64) -> f64 {
        internal / self.factor
    }
}

const DEGREE: f64 = std::f64::consts::PI / 180.0;

const fn unit(
    dimension: Dimension,
    symbol: &'static str,
    factor: f64,
    aliases: &'static [&'static str],
) -> Unit {
    Unit { dimension, symbol, factor, aliases }
}

/// All units, grouped by dimension, the usual one first. Factors are exact powers of ten except degrees.
static UNITS: &[Unit] = &[
    unit(Dimension::Percent, "%", 1e-2, &["percent"]),
    unit(Dimension::Length, "mm", 1.0, &[]),
    unit(Dimension::Length, "µm", 1e-3, &["um", "micron", "microns"]),
    unit(Dimension::Length, "cm", 10.0, &[]),
    unit(Dimension::Length, "m", 1e3, &[]),
    unit(Dimension::Area, "mm²", 1.0, &[]),
    unit(Dimension::Area, "cm²", 1e2, &[]),
    unit(Dimension::Area, "m²", 1e6, &[]),
    unit(Dimension::Volume, "mm³", 1.0, &[]),
    unit(Dimension::Volume, "cm³", 1e3, &["ml", "mL"]),
    unit(Dimension::Volume, "m³", 1e9, &[]),
    unit(Dimension::Angle, "deg", DEGREE, &["°", "degree", "degrees"]),
    unit(Dimension::Angle, "rad", 1.0, &[]),
    unit(Dimension::Time, "s", 1.0, &[]),
    unit(Dimension::Time, "ms", 1e-3, &[]),
    unit(Dimension::Time, "min", 60.0, &[]),
    unit(Dimension::Time, "h", 3600.0, &[]),
    unit(Dimension::Time, "day", 86400.0, &["d", "days"]),
    unit(Dimension::Frequency, "Hz", 1.0, &["1/s"]),
    unit(Dimension::Frequency, "kHz", 1e3, &[]),
    unit(Dimension::Mass, "kg", 1e-3, &[]),
    unit(Dimension::Mass, "g", 1e-6, &[]),
    unit(Dimension::Mass, "mg", 1e-9, &[]),
    unit(Dimension::Mass, "t", 1.0, &[]),
    unit(Dimension::Density, "g/cm³", 1e-9, &["g/ml", "g/cc"]),
    unit(Dimension::Density, "mg/cm³", 1e-12, &["mg/ml", "mg/cc"]),
    unit(Dimension::Density, "kg/m³", 1e-12, &[]),
    unit(Dimension::Density, "t/mm³", 1.0, &[]),
    unit(Dimension::Force, "N", 1.0, &[]),
    unit(Dimension::Force, "kN", 1e3, &[]),
    unit(Dimension::Force, "mN", 1e-3, &[]),
    unit(Dimension::Moment, "N m", 1e3, &["N-m"]),
    unit(Dimension::Moment, "N mm", 1.0, &["N-mm"]),
    unit(Dimension::Moment, "N cm", 10.0, &["N-cm"]),
    unit(Dimension::Moment, "kN m", 1e6, &["kN-m"]),
    unit(Dimension::Energy, "mJ", 1.0, &["Nmm"]),
    unit(Dimension::Energy, "J", 1e3, &["Nm"]),
    unit(Dimension::Stress, "MPa", 1.0, &["N/mm2"]),
    unit(Dimension::Stress, "GPa", 1e3, &["kN/mm2"]),
    unit(Dimension::Stress, "kPa", 1e-3, &["kN/m2"]),
    unit(Dimension::Stress, "Pa", 1e-6, &["N/m2"]),
    unit(Dimension::StiffnessNPerMm, "N/mm", 1.0, &["kN/m"]),
    unit(Dimension::StiffnessNPerMm, "kN/mm", 1e3, &[]),
    unit(Dimension::StiffnessNPerMm, "N/m", 1e-3, &[]),
    unit(Dimension::RotationalStiffness, "N m/deg", 1e3 / DEGREE, &["Nm/°"]),
    unit(Dimension::RotationalStiffness, "N m/rad", 1e3, &[]),
    unit(Dimension::RotationalStiffness, "N mm/deg", 1.0 / DEGREE, &["Nmm/°"]),
    unit(Dimension::RotationalStiffness, "N mm/rad", 1.0, &[]),
    unit(Dimension::StressPerLength, "MPa/mm", 1.0, &["N/mm3"]),
    unit(Dimension::StressPerLength, "GPa/mm", 1e3, &[]),
    unit(Dimension::StressPerLength, "GPa/m", 1.0, &[]),
    unit(Dimension::Speed, "mm/s", 1.0, &[]),
    unit(Dimension::Speed, "mm/min", 1.0 / 60.0, &[]),
    unit(Dimension::Speed, "m/s", 1e3, &[]),
    unit(Dimension::Hounsfield, "HU", 1.0, &[]),
];

/// Unit in which `format` prints `value`; the thresholds keep one to four digits before the point.
fn display_symbol(value: f64, dimension: Dimension) -> &'static str {
    let size = value.abs();
    let small = |below: f64| size > 0.0 && size < below;
    match dimension {
        Dimension::Dimensionless => "",
        Dimension::Percent => "%",
        Dimension::Length if small(0.1) => "µm",
        Dimension::Length => "mm",
        Dimension::Area => "mm²",
        Dimension::Volume if size >= 1e4 => "cm³",
        Dimension::Volume => "mm³",
        Dimension::Angle => "deg",
        Dimension::Time if small(0.1) => "ms",
        Dimension::Time => "s",
        Dimension::Frequency => "Hz",
        Dimension::Mass if size >= 1e-3 => "kg",
        Dimension::Mass => "g",
        Dimension::Density if size >= 1e-9 => "g/cm³",
        Dimension::Density => "mg/cm³",
        Dimension::Force if size >= 1e4 => "kN",
        Dimension::Force => "N",
        Dimension::Moment if size >= 1e2 => "N m",
        Dimension::Moment => "N mm",
        Dimension::Energy if size >= 1e3 => "J",
        Dimension::Energy => "mJ",
        Dimension::Stress if size >= 1e3 => "GPa",
        Dimension::Stress if small(0.1) => "kPa",
        Dimension::Stress => "MPa",
        Dimension::StiffnessNPerMm if size >= 1e4 => "kN/mm",
        Dimension::StiffnessNPerMm => "N/mm",
        Dimension::RotationalStiffness => "N m/deg",
        Dimension::StressPerLength => "MPa/mm",
        Dimension::Speed => "mm/s",
        Dimension::Hounsfield => "HU",
    }
}

/// Length in bytes of the decimal number `text` begins with.
fn number_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits_from = |start: usize| bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits_from(end);
    end += whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits_from(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let start = (end + 1 + sign).min(bytes.len());
        let exponent = digits_from(start);
        if exponent > 0 {
            end = start + exponent;
        }
    }
    Some(end)
}

/// Symbol without spaces and signs that do not count, with one spelling of µ and of powers.
fn plain(symbol: &str) -> String {
    symbol
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '·' | '⋅' | '*' | '^'))
        .map(|c| match c {
            'µ' | 'μ' => 'u',
            '²' => '2',
            '³' => '3',
            other => other,
        })
        .collect()
}

fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

fn hint_of_number(text: &str) -> &'static str {
    if text.contains(',') { "; write a decimal point, not a comma" } else { "" }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |s| std::format!("did you mean `{s}`? "))
}

fn such_as(expected: Dimension) -> String {
    match expected.symbols().as_slice() {
        [] => String::new(),
        [only] => std::format!("such as {only}"),
        [first @ .., last] => std::format!("such as {} or {last}", first.join(", ")),
    }
}

fn with_space(text: &str) -> String {
    if text.is_empty() { String::new() } else { std::format!(" {text}") }
}

#[cfg(test)]
mod tests;
