//! The syntax of a deck: keyword lines with parameters, their data lines, comments, included files.

use super::fields::{name, trim};
use super::source::{Findings, Place, Source};
use crate::diagnostic::Problem;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Files may include files this deep.
const DEEPEST: usize = 32;

/// Parameter of a keyword line.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Upper case, without blanks.
    pub name: String,
    /// What follows the equals sign, as written, without quotes.
    pub value: Option<String>,
    /// Where.
    pub place: Place,
}

/// Keyword with its parameters and data lines.
#[derive(Debug, Clone)]
pub struct Block {
    /// Upper case, without the star and without blanks: `NODEPRINT`.
    pub keyword: String,
    /// For messages: `*NODE PRINT`.
    pub shown: String,
    /// Where the keyword stands.
    pub place: Place,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
    segments: Vec<Segment>,
}

/// Run of data lines in one file.
#[derive(Debug, Clone)]
struct Segment {
    file: u32,
    line: u32,
    range: Range<usize>,
}

/// Data line.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// Content without end of line.
    pub bytes: &'a [u8],
    /// The whole line as a place.
    pub place: Place,
}

/// Field of a data line.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Content without outer blanks.
    pub bytes: &'a [u8],
    /// Where.
    pub place: Place,
}

impl Block {
    /// Parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// Value of a parameter, if it is given and not empty.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameter(name)?.value.as_deref().filter(|v| !v.is_empty())
    }

    /// Value of a parameter in upper case without blanks, for words from a fixed list.
    pub fn word(&self, name: &str) -> Option<String> {
        self.value(name).map(compact)
    }

    /// Data lines in order, without comments and empty lines.
    pub fn lines<'a>(&'a self, sources: &'a [Source]) -> impl Iterator<Item = Line<'a>> {
        self.segments.iter().flat_map(|s| {
            lines(&sources[s.file as usize].bytes, s.range.clone(), s.file, s.line)
                .filter(|l| !l.bytes.is_empty() && !l.bytes.starts_with(b"**"))
        })
    }
}

impl<'a> Line<'a> {
    /// Fields between the commas, also empty ones; a comma at the end opens no field.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let (bytes, place) = (self.bytes, self.place);
        let mut at = 0;
        std::iter::from_fn(move || {
            if bytes.len() <= at {
                return None;
            }
            let rest = &bytes[at..];
            let mut quoted = false;
            let end = rest
                .iter()
                .position(|&b| {
                    quoted ^= b == b'"';
                    b == b',' && !quoted
                })
                .unwrap_or(rest.len());
            let inner = trim(&rest[..end]);
            let lead = rest[..end].len() - rest[..end].trim_ascii_start().len();
            let field = Field {
                bytes: inner,
                place: Place { at: place.at + at + lead, len: inner.len() as u32, ..place },
            };
            at += end + 1;
            Some(field)
        })
    }

    /// Whether the line ends with a comma.
    pub fn continues(&self) -> bool {
        self.bytes.last() == Some(&b',')
    }
}

/// The blocks of a deck, files included in place.
///
/// Problems of syntax go to `findings`, which also keeps the texts.
pub fn blocks(path: &Path, findings: &mut Findings) -> Vec<Block> {
    let mut lexer = Lexer { blocks: Vec::new(), stack: Vec::new(), findings };
    match load(path) {
        Ok(bytes) => {
            lexer.file(path.display().to_string(), path.to_path_buf(), bytes, Place::NOWHERE);
        }
        Err(reason) => {
            let message = format!("cannot read the deck `{}`: {reason}", path.display());
            lexer.findings.wrong(Place::NOWHERE, message);
        }
    }
    lexer.blocks
}

fn load(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("it is not a file".to_string());
    }
    std::fs::read(path).map_err(|e| e.to_string())
}

struct Lexer<'f> {
    blocks: Vec<Block>,
    stack: Vec<PathBuf>,
    findings: &'f mut Findings,
}

impl Lexer<'_> {
    fn file(&mut self, shown: String, path: PathBuf, bytes: Vec<u8>, from: Place) {
        let whole = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if self.stack.contains(&whole) {
            self.findings.wrong(from, format!("`{shown}` includes itself"));
            return;
        }
        if DEEPEST <= self.stack.len() {
            self.findings.wrong(from, format!("files are included more than {DEEPEST} deep"));
            return;
        }
        self.stack.push(whole);
        let file = self.findings.sources.len() as u32;
        // The text is moved into its place at the end, so that it can be read while blocks are made.
        self.findings.sources.push(Source { name: shown, path, bytes: Vec::new() });
        self.scan(file, &bytes);
        self.findings.sources[file as usize].bytes = bytes;
        self.stack.pop();
    }

    fn scan(&mut self, file: u32, bytes: &[u8]) {
        let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let mut all = lines(bytes, start..bytes.len(), file, 1).peekable();
        let mut run: Option<Segment> = None;
        while let Some(line) = all.next() {
            if line.bytes.first() != Some(&b'*') {
                let end = line.place.at + line.bytes.len();
                match &mut run {
                    Some(segment) => segment.range.end = end,
                    None if line.bytes.is_empty() => {}
                    None => {
                        run = Some(Segment { file, line: line.place.line, range: line.place.at..end });
                    }
                }
                continue;
            }
            if line.bytes.get(1) == Some(&b'*') {
                continue;
            }
            self.close(run.take());
            let mut head = vec![line];
            while head.last().is_some_and(Line::continues)
                && let Some(next) = all.next_if(|l| l.bytes.first() != Some(&b'*') && !l.bytes.is_empty())
            {
                head.push(next);
            }
            self.keyword(&head);
        }
        self.close(run.take());
    }

    /// Gives a run of data lines to the keyword they follow.
    fn close(&mut self, run: Option<Segment>) {
        let Some(segment) = run else { return };
        match self.blocks.last_mut() {
            Some(block) => block.segments.push(segment),
            None => {
                let place = Place { file: segment.file, line: segment.line, at: segment.range.start, len: 1 };
                self.findings.error(
                    place,
                    Problem::at(None, "data before the first keyword")
                        .hint("a deck starts with a keyword line such as `*NODE` or `*HEADING`"),
                );
            }
        }
    }

    fn keyword(&mut self, head: &[Line<'_>]) {
        let mut fields = head.iter().flat_map(Line::fields);
        let Some(first) = fields.next() else { return };
        let Some(shown) = std::str::from_utf8(first.bytes).ok() else {
            self.findings.wrong(first.place, "the keyword is not UTF-8 text");
            return;
        };
        let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
        let keyword = compact(shown.trim_start_matches('*'));
        let mut parameters = Vec::new();
        for field in fields.filter(|f| !f.bytes.is_empty()) {
            let equals = field.bytes.iter().position(|&b| b == b'=');
            let (left, right) = match equals {
                Some(i) => (&field.bytes[..i], Some(&field.bytes[i + 1..])),
                None => (field.bytes, None),
            };
            match (name(left), right.map(name)) {
                (Some(parameter), None) => {
                    parameters.push(Parameter { name: compact(&parameter), value: None, place: field.place });
                }
                (Some(parameter), Some(Some(value))) => {
                    parameters.push(Parameter {
                        name: compact(&parameter),
                        value: Some(value),
                        place: field.place,
                    });
                }
                _ => self.findings.wrong(field.place, format!("a parameter of `{shown}` is not UTF-8 text")),
            }
        }
        let block = Block { keyword, shown, place: first.place, parameters, segments: Vec::new() };
        match block.value("INPUT").map(str::to_string) {
            _ if block.keyword == "INCLUDE" && block.value("INPUT").is_none() => {
                self.findings.wrong(block.place, "`*INCLUDE` does not say `INPUT=file`");
            }
            Some(input) => {
                let place = block.parameter("INPUT").map_or(block.place, |p| p.place);
                if block.keyword != "INCLUDE" {
                    self.blocks.push(block);
                }
                self.include(&input, place);
            }
            None => self.blocks.push(block),
        }
    }

    fn include(&mut self, input: &str, from: Place) {
        let here = self.findings.sources[from.file as usize].path.clone();
        let root = self.findings.sources[0].path.clone();
        let beside = |p: &Path| p.parent().map_or_else(|| PathBuf::from(input), |d| d.join(input));
        // Relative to the including file; Abaqus means the folder of the deck, so that is tried next.
        let path = [beside(&here), beside(&root)].into_iter().find(|p| p.exists());
        let path = path.unwrap_or_else(|| beside(&here));
        match load(&path) {
            Ok(bytes) => self.file(input.to_string(), path, bytes, from),
            Err(reason) => self.findings.wrong(from, format!("cannot read `{}`: {reason}", path.display())),
        }
    }
}

/// Upper case without blanks.
fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Lines of a range, outer blanks cut off; `line` is the number of the first.
fn lines(bytes: &[u8], range: Range<usize>, file: u32, line: u32) -> impl Iterator<Item = Line<'_>> {
    let (mut at, mut number) = (range.start, line);
    std::iter::from_fn(move || {
        if range.end <= at {
            return None;
        }
        let rest = &bytes[at..range.end];
        let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
        let lead = rest[..end].len() - rest[..end].trim_ascii_start().len();
        let inner = trim(&rest[..end]);
        let place = Place { file, line: number, at: at + lead, len: inner.len() as u32 };
        at += end + 1;
        number += 1;
        Some(Line { bytes: inner, place })
    })
}
