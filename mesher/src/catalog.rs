//! How an interchangeable thing declares its name, source and parameters.
//!
//! A folder of interchangeable things is a catalogue: each file holds one `ENTRY`, the folder's `mod.rs`
//! lists them. From an entry follow the check of a case file, unit conversion, the printed explanation and
//! the parameter table of a report.
//!
//! ```
//! use dens_mesher::catalog::{Entry, Param, Range, find};
//!
//! trait Law { fn slope(&self) -> f64; }
//! struct Linear(f64);
//! impl Law for Linear { fn slope(&self) -> f64 { self.0 } }
//!
//! static ENTRY: Entry<dyn Law> = Entry {
//!     name: "linear",
//!     source: "Hooke (1678), De Potentia Restitutiva",
//!     params: &[Param::stress("youngs_modulus", Range::Above(0.0), "slope")],
//!     example: &[1000.0],
//!     build: |p| Box::new(Linear(p[0])),
//! };
//! let law = find(&[&ENTRY], "linear").unwrap().build_checked(&[200.0]).unwrap();
//! assert_eq!(law.slope(), 200.0);
//! assert_eq!(find(&[&ENTRY], "liner").unwrap_err().nearest, Some("linear"));
//! ```

use std::fmt;

use thiserror::Error;

use crate::units::{self, Dimension, UnitError};

/// One interchangeable thing: a material law, a lattice cell, a criterion.
pub struct Entry<T: ?Sized> {
    /// Name in case files, lower case with hyphens.
    pub name: &'static str,
    /// Where its formulas come from.
    pub source: &'static str,
    /// Parameters in the order `build` takes them.
    pub params: &'static [Param],
    /// Values that build a sensible instance, internal units; used by the conformance tests.
    pub example: &'static [f64],
    /// Builds the thing from values in internal units that fulfil the ranges.
    pub build: fn(&[f64]) -> Box<T>,
}

impl<T: ?Sized> Entry<T> {
    /// The thing built from `values` (internal units, order of `params`), after checking every range.
    ///
    /// # Errors
    /// All faults at once, in the order of `params`; a wrong count is one fault.
    pub fn build_checked(&self, values: &[f64]) -> Result<Box<T>, Vec<ParamError>> {
        if values.len() != self.params.len() {
            let (entry, expected, found) = (self.name, self.params.len(), values.len());
            return Err(vec![ParamError::Count { entry, expected, found }]);
        }
        let faults: Vec<_> =
            self.params.iter().zip(values).filter_map(|(param, &value)| param.check(value).err()).collect();
        if faults.is_empty() { Ok((self.build)(values)) } else { Err(faults) }
    }

    /// The thing built from named texts as in a case file, for instance `("youngs_modulus", "110 GPa")`.
    ///
    /// # Errors
    /// All faults at once: names not known, given twice or missing without a default, units, ranges.
    pub fn build_named(&self, given: &[(&str, &str)]) -> Result<Box<T>, Vec<ParamError>> {
        let mut faults = Vec::new();
        for (at, (name, _)) in given.iter().enumerate() {
            if !self.params.iter().any(|p| p.name == *name) {
                let names = self.params.iter().map(|p| p.name);
                let nearest = nearest(name, names);
                faults.push(ParamError::UnknownName { entry: self.name, name: (*name).to_owned(), nearest });
            } else if given[..at].iter().any(|(earlier, _)| earlier == name) {
                faults.push(ParamError::Twice { entry: self.name, name: (*name).to_owned() });
            }
        }
        let mut values = Vec::with_capacity(self.params.len());
        for param in self.params {
            let text = given.iter().find(|(name, _)| *name == param.name).map(|(_, text)| *text);
            let value = match (text, param.default) {
                (Some(text), _) => param.parse(text),
                (None, Some(default)) => Ok(default),
                (None, None) => Err(ParamError::Missing { entry: self.name, name: param.name }),
            };
            match value {
                Ok(value) => values.push(value),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok((self.build)(&values)) } else { Err(faults) }
    }
}

impl<T: ?Sized> fmt::Debug for Entry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("name", &self.name)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

/// One parameter of an entry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Name in case files, snake case.
    pub name: &'static str,
    /// Kind of quantity; decides the units that are accepted and printed.
    pub dimension: Dimension,
    /// Values that make sense, internal unit.
    pub range: Range,
    /// What it is, for explanations and tables.
    pub label: &'static str,
    /// Value taken when a case file gives none, internal unit.
    pub default: Option<f64>,
}

impl Param {
    /// Parameter of any dimension, without default.
    pub const fn of(dimension: Dimension, name: &'static str, range: Range, label: &'static str) -> Self {
        Self { name, dimension, range, label, default: None }
    }

    /// Pure number.
    pub const fn number(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Dimensionless, name, range, label)
    }

    /// Fraction, read and printed in per cent.
    pub const fn percent(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Percent, name, range, label)
    }

    /// Length, mm.
    pub const fn length(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Length, name, range, label)
    }

    /// Area, mm².
    pub const fn area(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Area, name, range, label)
    }

    /// Angle, rad.
    pub const fn angle(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Angle, name, range, label)
    }

    /// Stress or modulus, MPa.
    pub const fn stress(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Stress, name, range, label)
    }

    /// Force, N.
    pub const fn force(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Force, name, range, label)
    }

    /// Moment, N mm.
    pub const fn moment(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Moment, name, range, label)
    }

    /// Density, t/mm³.
    pub const fn density(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Density, name, range, label)
    }

    /// Stiffness, N/mm.
    pub const fn stiffness(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::StiffnessNPerMm, name, range, label)
    }

    /// Time, s.
    pub const fn time(name: &'static str, range: Range, label: &'static str) -> Self {
        Self::of(Dimension::Time, name, range, label)
    }

    /// This parameter with a value (internal unit) for files that do not give one.
    pub const fn or(self, default: f64) -> Self {
        Self { default: Some(default), ..self }
    }

    /// Value of `text` in the internal unit, inside the range.
    ///
    /// # Errors
    /// [`ParamError::Unit`] or [`ParamError::Outside`].
    pub fn parse(&self, text: &str) -> Result<f64, ParamError> {
        let value = units::parse(text, self.dimension)
            .map_err(|source| ParamError::Unit { name: self.name, source })?;
        self.check(value)
    }

    /// `value` (internal unit) when it lies in the range.
    ///
    /// # Errors
    /// [`ParamError::Outside`]; NaN lies outside every range.
    pub fn check(&self, value: f64) -> Result<f64, ParamError> {
        if self.range.contains(value) { Ok(value) } else { Err(ParamError::Outside { param: *self, value }) }
    }
}

/// Set of values a parameter may take, internal unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Range {
    /// Any finite number.
    Any,
    /// `min < value`.
    Above(f64),
    /// `min ≤ value`.
    AtLeast(f64),
    /// `value < max`.
    Below(f64),
    /// `value ≤ max`.
    AtMost(f64),
    /// `min < value < max`.
    Between(f64, f64),
    /// `min ≤ value ≤ max`.
    Within(f64, f64),
}

impl Range {
    /// Whether `value` is finite and inside.
    pub fn contains(&self, value: f64) -> bool {
        value.is_finite()
            && match *self {
                Self::Any => true,
                Self::Above(min) => min < value,
                Self::AtLeast(min) => min <= value,
                Self::Below(max) => value < max,
                Self::AtMost(max) => value <= max,
                Self::Between(min, max) => min < value && value < max,
                Self::Within(min, max) => min <= value && value <= max,
            }
    }

    /// Words for messages and tables, for instance `above 0 MPa`.
    pub fn described(&self, dimension: Dimension) -> String {
        let print = |value: f64| units::format(value, dimension);
        match *self {
            Self::Any => "any finite value".to_owned(),
            Self::Above(min) => format!("above {}", print(min)),
            Self::AtLeast(min) => format!("at least {}", print(min)),
            Self::Below(max) => format!("below {}", print(max)),
            Self::AtMost(max) => format!("at most {}", print(max)),
            Self::Between(min, max) => format!("between {} and {}, both excluded", print(min), print(max)),
            Self::Within(min, max) => format!("between {} and {}", print(min), print(max)),
        }
    }
}

/// Why values do not build an entry.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParamError {
    /// Not as many values as parameters.
    #[error("`{entry}` takes {expected} values, found {found}")]
    Count {
        /// Name of the entry.
        entry: &'static str,
        /// Number of parameters.
        expected: usize,
        /// Number of values.
        found: usize,
    },
    /// A name the entry does not have.
    #[error("unknown parameter `{name}` for `{entry}`{}", suggestion(*nearest))]
    UnknownName {
        /// Name of the entry.
        entry: &'static str,
        /// What was written.
        name: String,
        /// Parameter that looks alike.
        nearest: Option<&'static str>,
    },
    /// A parameter given more than once.
    #[error("parameter `{name}` of `{entry}` is given twice")]
    Twice {
        /// Name of the entry.
        entry: &'static str,
        /// Name of the parameter.
        name: String,
    },
    /// A parameter without default is not given.
    #[error("`{entry}` needs the parameter `{name}`")]
    Missing {
        /// Name of the entry.
        entry: &'static str,
        /// Name of the parameter.
        name: &'static str,
    },
    /// The text is no quantity of the right dimension.
    #[error("`{name}`: {source}")]
    Unit {
        /// Name of the parameter.
        name: &'static str,
        /// What is wrong with the text.
        source: UnitError,
    },
    /// The value does not lie in the range.
    #[error("`{}` is {}; must be {}", param.name, units::format(*value, param.dimension), param.range.described(param.dimension))]
    Outside {
        /// The parameter.
        param: Param,
        /// Value found, internal unit.
        value: f64,
    },
}

/// A name no entry of a catalogue has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown name `{name}`{}; known: {}", suggestion(*nearest), known.join(", "))]
pub struct UnknownName {
    /// What was written.
    pub name: String,
    /// Name that looks alike.
    pub nearest: Option<&'static str>,
    /// All names of the catalogue, in its order.
    pub known: Vec<&'static str>,
}

/// The entry called `name`.
///
/// # Errors
/// [`UnknownName`] with the nearest and all known names.
pub fn find<'a, T: ?Sized>(
    catalogue: &'a [&'static Entry<T>],
    name: &str,
) -> Result<&'a &'static Entry<T>, UnknownName> {
    catalogue.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let known: Vec<_> = catalogue.iter().map(|entry| entry.name).collect();
        UnknownName { name: name.to_owned(), nearest: nearest(name, known.iter().copied()), known }
    })
}

/// The candidate most like `name`, or none when nothing is near enough to be meant.
///
/// Distance: insertions, deletions, substitutions and swaps of neighbours; at most a third of the letters
/// (but always one) may differ. Tuned on typing slips in parameter names of 4 to 20 letters. The first of
/// equally near candidates is taken.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance (Damerau–Levenshtein without repeated edits of one substring).
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + change);
            if 1 < i && 1 < j && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Pair(f64, f64);

    static ENTRY: Entry<Pair> = Entry {
        name: "pair",
        source: "test",
        params: &[
            Param::stress("youngs_modulus", Range::Above(0.0), "modulus"),
            Param::number("poissons_ratio", Range::Between(-1.0, 0.5), "ratio").or(0.3),
        ],
        example: &[1000.0, 0.3],
        build: |p| Box::new(Pair(p[0], p[1])),
    };

    #[test]
    fn texts_become_internal_values_and_defaults_fill_in() {
        let pair = ENTRY.build_named(&[("youngs_modulus", "110 GPa")]).expect("valid");
        assert_eq!((pair.0, pair.1), (110_000.0, 0.3));
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let given = [("youngs_moduls", "110 GPa"), ("poissons_ratio", "0.5"), ("poissons_ratio", "0.3")];
        let faults = ENTRY.build_named(&given).expect_err("three faults and a missing modulus");
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "unknown parameter `youngs_moduls` for `pair`; did you mean `youngs_modulus`?",
                "parameter `poissons_ratio` of `pair` is given twice",
                "`pair` needs the parameter `youngs_modulus`",
                "`poissons_ratio` is 0.5; must be between -1 and 0.5, both excluded",
            ]
        );
    }

    #[test]
    fn ranges_exclude_nan_and_honor_their_ends() {
        assert!(!Range::Any.contains(f64::NAN));
        assert!(Range::AtLeast(0.0).contains(0.0) && !Range::Above(0.0).contains(0.0));
        assert!(Range::Within(0.0, 1.0).contains(1.0) && !Range::Between(0.0, 1.0).contains(1.0));
        assert!(Range::AtMost(2.0).contains(2.0) && !Range::Below(2.0).contains(2.0));
        let fault = ENTRY.build_checked(&[-5.0, 0.3]).expect_err("negative modulus");
        assert_eq!(fault[0].to_string(), "`youngs_modulus` is -5 MPa; must be above 0 MPa");
    }

    #[test]
    fn suggestions_are_near_or_absent() {
        let names = ["gyroid-sheet", "gyroid-network", "bcc", "fcc"];
        assert_eq!(nearest("gyriod-sheet", names), Some("gyroid-sheet"));
        assert_eq!(nearest("bc", names), Some("bcc"));
        assert_eq!(nearest("voronoi", names), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3); // the textbook example
        assert_eq!(edit_distance("ab", "ba"), 1);
    }
}
