//! The texts of a deck and of the files it includes: places in them, and the problems found there.

use crate::diagnostic::{Problem, Severity, render_line};
use std::path::PathBuf;

/// Findings shown in full; the rest is counted. A broken export has the same mistake on every line.
const SHOWN: usize = 20;

/// One file of a deck.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name in messages: as the user or the `*INCLUDE` line wrote it.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Part of a line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index of the file, in the order of reading; [`Place::NOWHERE`] has none.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
    /// First byte in the file.
    pub at: usize,
    /// Bytes marked.
    pub len: u32,
}

impl Place {
    /// Place of things that come from no text.
    pub const NOWHERE: Self = Self { file: u32::MAX, line: 0, at: 0, len: 0 };
}

impl Default for Place {
    fn default() -> Self {
        Self::NOWHERE
    }
}

/// Problem or remark with its place.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    place: Place,
    problem: Problem,
}

/// What was noticed while a model was read: errors, warnings, and the texts they point into.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Files read.
    pub sources: Vec<Source>,
    errors: Vec<Finding>,
    warnings: Vec<Finding>,
    uncounted: usize,
}

impl Findings {
    /// Notes an error.
    pub fn error(&mut self, place: Place, problem: Problem) {
        // Ten times what is shown suffices to sort by place.
        if self.errors.len() < 10 * SHOWN {
            self.errors.push(Finding { place, problem });
        } else {
            self.uncounted += 1;
        }
    }

    /// Notes an error that needs no more than a message.
    pub fn wrong(&mut self, place: Place, message: impl Into<String>) {
        self.error(place, Problem::at(None, message));
    }

    /// Notes something that does not stop the work; the same words are kept once.
    pub fn warn(&mut self, place: Place, message: impl Into<String>) {
        let message = message.into();
        if self.warnings.iter().all(|w| w.problem.message != message) {
            self.warnings.push(Finding { place, problem: Problem::at(None, message) });
        }
    }

    /// Number of errors.
    pub fn n_errors(&self) -> usize {
        self.errors.len() + self.uncounted
    }

    /// The errors as text for the terminal, by file and line.
    pub fn errors(&self) -> String {
        let mut out = self.render(&self.errors, Severity::Error);
        let hidden = self.n_errors() - self.errors.len().min(SHOWN);
        if hidden > 0 {
            out.push_str(&format!("error: {hidden} more problems are not shown\n"));
        }
        out
    }

    /// The warnings, each with file and line in one line of text.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings
            .iter()
            .map(|w| match self.sources.get(w.place.file as usize) {
                Some(source) => format!("{}:{}: {}", source.name, w.place.line, w.problem.message),
                None => w.problem.message.clone(),
            })
            .collect()
    }

    /// `file:line` of a place, empty for none.
    pub fn describe(&self, place: Place) -> String {
        self.sources
            .get(place.file as usize)
            .map_or_else(String::new, |s| format!("{}:{}", s.name, place.line))
    }

    fn render(&self, findings: &[Finding], severity: Severity) -> String {
        let mut ordered: Vec<&Finding> = findings.iter().collect();
        ordered.sort_by_key(|f| f.place);
        let mut out = String::new();
        for finding in ordered.into_iter().take(SHOWN) {
            let place = finding.place;
            let Some(source) = self.sources.get(place.file as usize) else {
                out.push_str(&render_line(severity, "", 0, "", &finding.problem));
                continue;
            };
            let at = place.at.min(source.bytes.len());
            let start = source.bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
            let end =
                source.bytes[at..].iter().position(|&b| b == b'\n').map_or(source.bytes.len(), |i| at + i);
            // A line of a megabyte is shown around its mark only.
            let start = start.max(at.saturating_sub(120));
            let end = end.min(at + place.len as usize + 120).max(at);
            let before = String::from_utf8_lossy(&source.bytes[start..at]).into_owned();
            let marked_end = (at + place.len as usize).min(end);
            let marked = String::from_utf8_lossy(&source.bytes[at..marked_end]).into_owned();
            let after = String::from_utf8_lossy(&source.bytes[marked_end..end]).into_owned();
            let mut problem = finding.problem.clone();
            problem.span = Some(before.len()..before.len() + marked.len());
            let text = format!("{before}{marked}{}", after.trim_end());
            out.push_str(&render_line(severity, &source.name, place.line as usize, &text, &problem));
        }
        out
    }
}
