//! Uncertain inputs of a case: what they are called, what they change, how they spread.

use super::distribution::{Distribution, Shape};
use crate::diagnostic::{Problem, render};
use crate::document::{Document, Value};
use crate::failure::Failure;
use crate::reader::Reader;
use dens_mesher::units::{self, Dimension};

/// Distributions that are taken where a case has none of its own.
pub static DEFAULTS: &str = include_str!("../../library/uncertainty.toml");

/// Whether a spread is one of nature or of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Differs between patients and implants; more knowledge does not lessen it.
    Aleatory,
    /// Not known better.
    Epistemic,
}

/// What an input changes in the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Entry of this path.
    Entry(String),
    /// Size of the load at which criteria are judged.
    JudgedLoad,
    /// Strut as printed less strut as drawn; the relative density follows.
    StrutBias,
}

/// An input that spreads.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name in the case file.
    pub name: String,
    /// Name for readers.
    pub title: String,
    /// What it changes.
    pub target: Target,
    /// Nature of its spread.
    pub kind: Kind,
    /// Spread.
    pub distribution: Distribution,
    /// Where the spread comes from.
    pub source: String,
}

struct Known {
    name: &'static str,
    title: &'static str,
    /// Path; empty for the two that are no entry.
    path: &'static str,
    /// Of the number; `None` for words.
    dimension: Option<Dimension>,
}

static KNOWN: [Known; 11] = [
    known("density", "density of cancellous bone", "bone.cancellous_density", Some(Dimension::Density)),
    known("density-law", "density law", "bone.cancellous_law", None),
    known("load", "load", "", Some(Dimension::Force)),
    known("load-sagittal", "load, forward tilt", "load_direction.sagittal", Some(Dimension::Angle)),
    known("load-lateral", "load, lateral tilt", "load_direction.lateral", Some(Dimension::Angle)),
    known("friction", "friction", "contact.friction", Some(Dimension::Dimensionless)),
    known("seat-height", "seat, height error", "implant.size_error", Some(Dimension::Length)),
    known("seat-tilt", "seat, tilt", "implant.lower_tilt", Some(Dimension::Angle)),
    known("strut-bias", "strut bias", "", Some(Dimension::Length)),
    known("endplate-thickness", "endplate thickness", "bone.endplate_thickness", Some(Dimension::Length)),
    known("titanium-modulus", "modulus of titanium", "titanium.modulus", Some(Dimension::Stress)),
];

const fn known(
    name: &'static str,
    title: &'static str,
    path: &'static str,
    dimension: Option<Dimension>,
) -> Known {
    Known { name, title, path, dimension }
}

/// What a known input of this name changes, written with dashes or underscores.
pub fn target_of(name: &str) -> Option<Target> {
    let found = KNOWN.iter().find(|k| k.name == name.replace('_', "-"))?;
    Some(match found.name {
        "load" => Target::JudgedLoad,
        "strut-bias" => Target::StrutBias,
        _ => Target::Entry(found.path.into()),
    })
}

/// The inputs under `[uncertainty.*]`; none where there is no such table. Problems go to the reader.
pub fn read(r: &Reader<'_>) -> Vec<Input> {
    let inputs: Vec<Input> = r.named("uncertainty").iter().filter_map(|name| read_one(r, name)).collect();
    for (i, input) in inputs.iter().enumerate() {
        if let Some(other) = inputs[..i].iter().find(|o| path(&o.target) == path(&input.target)) {
            r.problem(
                &format!("uncertainty.{}.path", input.name),
                format!("`{}` and `{}` change the same entry", other.name, input.name),
                "drop one of them",
            );
        }
    }
    inputs
}

/// Entry that a target ends in.
fn path(target: &Target) -> &str {
    match target {
        Target::Entry(path) => path,
        Target::JudgedLoad => "load",
        Target::StrutBias => "lattice.relative_density",
    }
}

fn read_one(r: &Reader<'_>, name: &str) -> Option<Input> {
    let at = |key: &str| format!("uncertainty.{name}.{key}");
    let found = KNOWN.iter().find(|k| k.name == name);
    let kind = match r.choice(&at("kind"), &["aleatory", "epistemic"]).as_str() {
        "epistemic" => Kind::Epistemic,
        _ => Kind::Aleatory,
    };
    let distribution = Distribution::read(r, &format!("uncertainty.{name}"));
    let (title, target) = match found {
        Some(k) => (k.title.to_string(), target_of(k.name)?),
        None if r.has(&at("path")) => (name.replace('-', " "), Target::Entry(r.text(&at("path")))),
        None => {
            let names = KNOWN.iter().map(|k| k.name);
            let near = dens_mesher::catalog::nearest(name, names.clone())
                .map_or_else(String::new, |n| format!("did you mean `{n}`? "));
            r.problem(
                &at("distribution"),
                format!("`[uncertainty.{name}]` is no input that is known"),
                &format!(
                    "{near}one of: {}; or give the `path` of another entry of the case",
                    names.collect::<Vec<_>>().join(", ")
                ),
            );
            return None;
        }
    };
    let distribution = distribution?;
    if let Some(problem) = found.and_then(|k| mismatch(k, &distribution)) {
        r.problem(&at("distribution"), problem, "check unit and kind of the values");
        return None;
    }
    Some(Input { name: name.into(), title, target, kind, distribution, source: r.text(&at("source")) })
}

/// What is wrong with values of this form for a known input.
fn mismatch(known: &Known, d: &Distribution) -> Option<String> {
    let name = known.name;
    let is_words = matches!(d.shape, Shape::Discrete(..));
    match (known.dimension, d.value(0.5)) {
        (None, _) if !is_words => Some(format!("`{name}` takes words; its distribution is discrete")),
        (None, _) => None,
        (Some(Dimension::Dimensionless), Value::Number(_)) => None,
        (Some(dimension), Value::Text(t)) => {
            units::parse(&t, dimension).err().map(|e| format!("`{name}`: {e}"))
        }
        (Some(_), _) => Some(format!("`{name}` takes numbers with a unit")),
    }
}

/// The inputs of a case: its own, or the default ones.
///
/// # Errors
/// Defaults that are not sound: our bug.
pub fn of(own: &[Input]) -> Result<Vec<Input>, Failure> {
    if !own.is_empty() {
        return Ok(own.to_vec());
    }
    let fail = |p: Vec<Problem>| Failure::bug(render("the default distributions", DEFAULTS, &p));
    let document = Document::parse(DEFAULTS).map_err(fail)?;
    let r = Reader::new(&document);
    let inputs = read(&r);
    let problems = r.finish();
    if problems.is_empty() { Ok(inputs) } else { Err(fail(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let document = Document::parse(text).expect("TOML");
        let r = Reader::new(&document);
        read(&r);
        r.finish().iter().map(|p| format!("{} {}; ", p.message, p.hint.clone().unwrap_or_default())).collect()
    }

    #[test]
    fn the_defaults_are_sound_and_name_what_the_issue_asks_for() {
        let inputs = of(&[]).expect("sound");
        let names: Vec<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
        for wanted in [
            "density",
            "density-law",
            "load",
            "load-sagittal",
            "friction",
            "seat-tilt",
            "strut-bias",
            "endplate-thickness",
        ] {
            assert!(names.contains(&wanted), "{wanted}");
        }
        let law = inputs.iter().find(|i| i.name == "density-law").expect("there");
        assert_eq!(law.kind, Kind::Epistemic);
        assert!(inputs.iter().all(|i| !i.source.is_empty()));
    }

    #[test]
    fn mistakes_are_told_with_what_was_meant() {
        let of = |name: &str, body: &str| {
            problems(&format!("[uncertainty.{name}]\nkind = \"aleatory\"\nsource = \"s\"\n{body}\n"))
        };
        let uniform = "distribution = \"uniform\"\nlow = 0.3\nhigh = 0.9";
        assert_eq!(of("friction", uniform), "");
        assert!(of("fricton", uniform).contains("did you mean `friction`"));
        assert!(of("density", uniform).contains("takes numbers with a unit"));
        assert!(of("density-law", uniform).contains("takes words"));
        assert!(of("friction", &format!("{uniform}\nwidth = 1.0")).contains("unknown entry `width`"));
        assert!(of("other", &format!("{uniform}\npath = \"contact.friction\"")).is_empty());
        let two = format!(
            "[uncertainty.a]\nkind = \"aleatory\"\nsource = \"s\"\npath = \"x.y\"\n{uniform}\n[uncertainty.b]\nkind = \"aleatory\"\nsource = \"s\"\npath = \"x.y\"\n{uniform}\n"
        );
        assert!(problems(&two).contains("change the same entry"));
        assert!(
            problems("[uncertainty.friction]\ndistribution = \"uniform\"\nlow = 0.3\nhigh = 0.9\n")
                .contains("source")
        );
    }
}
