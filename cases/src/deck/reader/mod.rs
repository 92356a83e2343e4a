//! From the blocks of a deck to a model; all problems of the deck in one run.

mod constraints;
mod contact;
mod joints;
mod keywords;
mod materials;
mod mesh;
mod sets;
mod steps;
mod surfaces;
#[cfg(test)]
mod tests;

use super::fields::{self, NotANumber};
use super::lexer::{self, Block, Field, Line};
use super::model::{Deck, Sets, Target};
use super::source::{Findings, Place, Source};
use crate::diagnostic::Problem;
use crate::failure::Failure;
use dens_mesher::catalog::nearest;
use std::path::Path;

/// Reads a deck with the files it includes.
///
/// # Errors
/// All problems of the deck, each with file and line; exit 2.
pub fn read(path: &Path) -> Result<(Deck, Findings), Failure> {
    let mut findings = Findings::default();
    let blocks = lexer::blocks(path, &mut findings);
    let blocks = keywords::sift(blocks, &mut findings);
    // Problems are noted while lines of the texts are borrowed.
    let sources = std::mem::take(&mut findings.sources);
    let mut reader =
        Reader { sources: &sources, findings, deck: Deck::default(), specials: mesh::Specials::default() };
    let mut drafts = mesh::read(&mut reader, &blocks);
    sets::read(&mut reader, &blocks, &mut drafts);
    surfaces::read(&mut reader, &blocks);
    materials::read(&mut reader, &blocks);
    joints::read(&mut reader, &blocks);
    constraints::read(&mut reader, &blocks);
    contact::read(&mut reader, &blocks);
    steps::read(&mut reader, &blocks);
    let Reader { mut findings, deck, .. } = reader;
    findings.sources = sources;
    if findings.n_errors() > 0 {
        return Err(Failure::problems(findings.errors()));
    }
    Ok((deck, findings))
}

/// Model under construction.
struct Reader<'s> {
    sources: &'s [Source],
    findings: Findings,
    deck: Deck,
    /// Elements that are no solids.
    specials: mesh::Specials,
}

/// What a target may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Node,
    Element,
}

impl What {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Node => ("node", "*NSET"),
            Self::Element => ("element", "*ELSET"),
        }
    }
}

impl Reader<'_> {
    /// A finite number; an empty field is `default`, an error when there is none.
    fn number(&mut self, line: &Line<'_>, field: Option<Field<'_>>, what: &str, default: Option<f64>) -> f64 {
        match field.filter(|f| !f.bytes.is_empty()) {
            None => match default {
                Some(value) => value,
                None => {
                    self.findings.wrong(line.place, format!("{what} is missing"));
                    0.0
                }
            },
            Some(field) => fields::number(field.bytes).unwrap_or_else(|e| {
                let shown = String::from_utf8_lossy(field.bytes).into_owned();
                let reason = match e {
                    NotANumber::Malformed => format!("{what}: `{shown}` is not a number"),
                    NotANumber::TooLarge => format!("{what}: `{shown}` is too large for a number"),
                };
                self.findings.wrong(field.place, reason);
                0.0
            }),
        }
    }

    /// All numbers of a block in a row, over its lines; empty fields at the end of a line are passed over.
    fn numbers(&mut self, block: &Block, what: &str) -> Vec<f64> {
        let mut all = Vec::new();
        for line in block.lines(self.sources) {
            for field in line.fields() {
                all.push(self.number(&line, Some(field), what, Some(0.0)));
            }
        }
        all
    }

    /// Label of a line: an integer that fits.
    fn label(&mut self, field: Field<'_>, what: &str) -> Option<u32> {
        let label = fields::label(field.bytes);
        if label.is_none() {
            let shown = String::from_utf8_lossy(field.bytes).into_owned();
            self.findings.wrong(field.place, format!("{what}: `{shown}` is not a whole number below 2^32"));
        }
        label
    }

    /// Name in a field, as a key.
    fn key(&mut self, field: Field<'_>) -> Option<String> {
        let name = fields::name(field.bytes);
        if name.is_none() {
            self.findings.wrong(field.place, "the name is not UTF-8 text");
        }
        name.map(|n| fields::key(&n))
    }

    /// Node, element or set that a field names.
    fn target(&mut self, line: &Line<'_>, field: Option<Field<'_>>, what: What) -> Option<Target> {
        let (noun, keyword) = what.words();
        let Some(field) = field.filter(|f| !f.bytes.is_empty()) else {
            self.findings.wrong(line.place, format!("the {noun} or set is missing"));
            return None;
        };
        if fields::numeric(field.bytes) {
            let label = self.label(field, noun)?;
            let index = match what {
                What::Node => self.deck.nodes.index(label),
                What::Element => self.deck.elements.index(label),
            };
            if index.is_none() {
                self.findings.wrong(field.place, format!("there is no {noun} {label}"));
            }
            return index.map(Target::One);
        }
        let key = self.key(field)?;
        let sets = match what {
            What::Node => &self.deck.node_sets,
            What::Element => &self.deck.element_sets,
        };
        if sets.contains_key(&key) {
            return Some(Target::Set(key));
        }
        let problem = missing(&format!("{noun} set"), &key, sets);
        self.findings.error(field.place, problem.hint(format!("`{keyword}` defines a {noun} set")));
        None
    }

    /// Key of a set named by a parameter; an error when the parameter or the set is missing.
    fn set_parameter(&mut self, block: &Block, parameter: &str, what: What) -> Option<String> {
        let (noun, _) = what.words();
        let Some(name) = block.value(parameter) else {
            self.findings.wrong(block.place, format!("`{}` does not say `{parameter}=`", block.shown));
            return None;
        };
        let key = fields::key(name);
        let sets = match what {
            What::Node => &self.deck.node_sets,
            What::Element => &self.deck.element_sets,
        };
        if sets.contains_key(&key) {
            return Some(key);
        }
        let problem = missing(&format!("{noun} set"), &key, sets);
        self.findings.error(place_of(block, parameter), problem);
        None
    }

    /// Notes an error at the value of a parameter.
    fn refuse(&mut self, block: &Block, parameter: &str, message: String) {
        self.findings.wrong(place_of(block, parameter), message);
    }
}

/// Place of a parameter, or of the keyword without it.
fn place_of(block: &Block, parameter: &str) -> Place {
    block.parameter(parameter).map_or(block.place, |p| p.place)
}

/// Problem of a name that is not defined, with the nearest one that is.
fn missing(noun: &str, key: &str, sets: &Sets) -> Problem {
    unknown_name(noun, key, sets.keys().map(String::as_str))
}

/// The same for names of any kind.
fn unknown_name<'a>(noun: &str, key: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    // Comparing with more names than this would take longer than reading the deck.
    let near = nearest(key, known.take(1000)).map_or_else(String::new, |n| format!("did you mean `{n}`?"));
    Problem::at(None, format!("there is no {noun} `{key}`")).label(near)
}
