//! Reads typed values out of a document and collects every problem on the way.

use crate::diagnostic::Problem;
use crate::document::{Document, Entry, Value};
use dens_mesher::catalog::{Range, nearest};
use dens_mesher::units::{self, Dimension};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Reader over a document; what is asked for is known, what is left over is a problem.
pub struct Reader<'d> {
    document: &'d Document,
    problems: RefCell<Vec<Problem>>,
    asked: RefCell<BTreeSet<String>>,
    sourced: RefCell<BTreeSet<String>>,
}

impl<'d> Reader<'d> {
    /// Reader at the start of `document`.
    pub fn new(document: &'d Document) -> Self {
        Self {
            document,
            problems: RefCell::default(),
            asked: RefCell::default(),
            sourced: RefCell::default(),
        }
    }

    /// Notes a problem at the value of `path`, or at its table, or in the whole file.
    pub fn problem(&self, path: &str, message: String, hint: &str) {
        let span =
            self.document.entries.get(path).and_then(|e| e.place.clone()).or_else(|| self.table_place(path));
        let p = Problem::at(span, message);
        self.problems.borrow_mut().push(if hint.is_empty() { p } else { p.hint(hint) });
    }

    fn table_place(&self, path: &str) -> Option<std::ops::Range<usize>> {
        let (table, _) = path.rsplit_once('.')?;
        self.document.tables.get(table).cloned()
    }

    fn entry(&self, path: &str) -> Option<&'d Entry> {
        self.asked.borrow_mut().insert(path.to_string());
        self.document.entries.get(path)
    }

    fn required(&self, path: &str, example: &str) -> Option<&'d Entry> {
        let found = self.entry(path);
        if found.is_none() {
            self.problem(path, format!("`{path}` is missing"), &format!("add it, for instance {example}"));
        }
        found
    }

    /// Whether the document has this entry.
    pub fn has(&self, path: &str) -> bool {
        self.entry(path).is_some()
    }

    /// Whether the document has this table.
    pub fn has_table(&self, path: &str) -> bool {
        self.document.tables.contains_key(path)
    }

    /// Whether the entry is exactly this word.
    pub fn is_word(&self, path: &str, word: &str) -> bool {
        matches!(self.entry(path).map(|e| &e.value), Some(Value::Text(t)) if t == word)
    }

    /// Quantity in mm, N, s, MPa, rad; NaN after a problem.
    pub fn quantity(&self, path: &str, dimension: Dimension, range: Range) -> f64 {
        if let Some((table, _)) = path.rsplit_once('.') {
            self.sourced.borrow_mut().insert(table.to_string());
        }
        let Some(entry) =
            self.required(path, &format!("`{} = \"…\"`", path.rsplit('.').next().unwrap_or(path)))
        else {
            return f64::NAN;
        };
        let value = match (&entry.value, dimension) {
            (Value::Number(v), Dimension::Dimensionless) => *v,
            (Value::Text(t), _) => match units::parse(t, dimension) {
                Ok(v) => v,
                Err(e) => {
                    self.problem(
                        path,
                        format!("`{path}`: {e}"),
                        "every quantity is written as \"number unit\"",
                    );
                    return f64::NAN;
                }
            },
            (other, _) => {
                self.problem(
                    path,
                    format!("`{path}` is {}, expected a quantity with its unit", other.kind()),
                    "write it in quotes with its unit, for instance \"1.67 mm\"",
                );
                return f64::NAN;
            }
        };
        if !range.contains(value) {
            let found = units::format(value, dimension);
            let wanted = range.described(dimension);
            self.problem(
                path,
                format!("`{path}` is {found}, expected {wanted}"),
                "check the unit and the value",
            );
            return f64::NAN;
        }
        value
    }

    /// Pure number.
    pub fn number(&self, path: &str, range: Range) -> f64 {
        self.quantity(path, Dimension::Dimensionless, range)
    }

    /// Whole number of at least `least`.
    pub fn count(&self, path: &str, least: usize) -> usize {
        match self.required(path, "a whole number").map(|e| &e.value) {
            Some(Value::Number(v)) if v.fract() == 0.0 && *v >= least as f64 && *v < 1e9 => *v as usize,
            Some(other) => {
                self.problem(
                    path,
                    format!("`{path}` is {}, expected a whole number of at least {least}", show(other)),
                    "",
                );
                least
            }
            None => least,
        }
    }

    /// Text.
    pub fn text(&self, path: &str) -> String {
        match self.required(path, "a text in quotes").map(|e| &e.value) {
            Some(Value::Text(t)) => t.clone(),
            Some(other) => {
                self.problem(
                    path,
                    format!("`{path}` is {}, expected a text", other.kind()),
                    "put it in quotes",
                );
                String::new()
            }
            None => String::new(),
        }
    }

    /// One of the words of `allowed`.
    pub fn choice(&self, path: &str, allowed: &[&str]) -> String {
        let word = self.text(path);
        if !word.is_empty() && !allowed.contains(&word.as_str()) {
            let hint = nearest(&word, allowed.iter().copied()).map_or_else(
                || format!("one of: {}", allowed.join(", ")),
                |n| format!("did you mean `{n}`? one of: {}", allowed.join(", ")),
            );
            self.problem(path, format!("`{path}` is `{word}`, which is not known"), &hint);
        }
        word
    }

    /// List of words of `allowed`, not empty.
    pub fn choices(&self, path: &str, allowed: &[&str]) -> Vec<String> {
        let words = self.words(path, allowed);
        if matches!(self.entry(path).map(|e| &e.value), Some(Value::List(items)) if items.is_empty()) {
            self.problem(path, format!("`{path}` is empty"), "name at least one");
        }
        words
    }

    /// List of words of `allowed`, which may be empty.
    pub fn words(&self, path: &str, allowed: &[&str]) -> Vec<String> {
        let Some(entry) = self.required(path, "a list of words") else { return Vec::new() };
        let Value::List(items) = &entry.value else {
            self.problem(path, format!("`{path}` is {}, expected a list of words", entry.value.kind()), "");
            return Vec::new();
        };
        let mut words = Vec::new();
        for item in items {
            match item {
                Value::Text(t) if allowed.contains(&t.as_str()) => words.push(t.clone()),
                other => {
                    let shown = show(other);
                    let near = nearest(&shown, allowed.iter().copied())
                        .map_or(String::new(), |n| format!("did you mean `{n}`? "));
                    self.problem(
                        path,
                        format!("`{path}` holds `{shown}`, which is not known"),
                        &format!("{near}one of: {}", allowed.join(", ")),
                    );
                }
            }
        }
        words
    }

    /// Any value; `None` after a problem.
    pub fn value(&self, path: &str) -> Option<Value> {
        self.required(path, "a value").map(|e| e.value.clone())
    }

    /// List of any values, not empty.
    pub fn values(&self, path: &str) -> Vec<Value> {
        match self.required(path, "a list of values").map(|e| &e.value) {
            Some(Value::List(items)) if !items.is_empty() => items.clone(),
            Some(other) => {
                self.problem(path, format!("`{path}` is {}, expected a list of values", other.kind()), "");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// True or false.
    pub fn flag(&self, path: &str) -> bool {
        match self.required(path, "`true` or `false`").map(|e| &e.value) {
            Some(Value::Bool(b)) => *b,
            Some(other) => {
                self.problem(path, format!("`{path}` is {}, expected true or false", other.kind()), "");
                false
            }
            None => false,
        }
    }

    /// List of three lengths in mm, for instance `["1 mm", "2 mm", "3 mm"]`.
    pub fn point(&self, path: &str) -> [f64; 3] {
        let Some(entry) = self.required(path, "[\"0 mm\", \"0 mm\", \"0 mm\"]") else { return [f64::NAN; 3] };
        if let Some(p) = point_of(&entry.value) {
            return p;
        }
        self.problem(
            path,
            format!("`{path}` is not a point"),
            "write three lengths: [\"0 mm\", \"10 mm\", \"-5 mm\"]",
        );
        [f64::NAN; 3]
    }

    /// List of points, at least one, each as in [`Reader::point`]; empty after a problem.
    pub fn points(&self, path: &str) -> Vec<[f64; 3]> {
        let Some(entry) = self.required(path, "[[\"0 mm\", \"0 mm\", \"0 mm\"]]") else { return Vec::new() };
        if let Value::List(items) = &entry.value
            && let Some(points) = items.iter().map(point_of).collect::<Option<Vec<_>>>()
            && !points.is_empty()
        {
            return points;
        }
        self.problem(
            path,
            format!("`{path}` is no list of points"),
            "write one point after another, three lengths each: [[\"0 mm\", \"10 mm\", \"-5 mm\"], [\"1 mm\", \"9 mm\", \"-8 mm\"]]",
        );
        Vec::new()
    }

    /// Numbers of the tables of the list `name`.
    pub fn tables(&self, name: &str) -> Vec<usize> {
        self.document.numbered(name)
    }

    /// Names of the tables in a table, in order.
    pub fn named(&self, table: &str) -> Vec<String> {
        let start = format!("{table}.");
        let inside = self.document.tables.keys().filter_map(|k| k.strip_prefix(&start));
        inside.filter(|rest| !rest.contains('.')).map(str::to_string).collect()
    }

    /// All problems, after checking that nothing was left unread and that every number has a source.
    pub fn finish(self) -> Vec<Problem> {
        for table in self.sourced.borrow().clone() {
            let path = format!("{table}.source");
            match self.entry(&path).map(|e| &e.value) {
                Some(Value::Text(t)) if !t.trim().is_empty() => {}
                _ => {
                    let span = self.document.tables.get(&table).cloned();
                    self.problems.borrow_mut().push(
                        Problem::at(span, format!("`[{table}]` holds numbers but no `source`"))
                            .hint("say where the numbers come from: source = \"publication, table\""),
                    );
                }
            }
        }
        let asked = self.asked.borrow();
        let tables: BTreeSet<&str> =
            asked.iter().filter_map(|p| p.rsplit_once('.')).map(|(t, _)| t).collect();
        let mut strange_tables = BTreeSet::new();
        for (path, entry) in &self.document.entries {
            if asked.contains(path) {
                continue;
            }
            let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
            if !table.is_empty() && !tables.contains(table) {
                if strange_tables.insert(table.to_string()) {
                    let known: Vec<&str> = tables.iter().copied().collect();
                    let near =
                        nearest(table, known).map_or(String::new(), |n| format!("did you mean `[{n}]`?"));
                    let span = self.document.tables.get(table).cloned().or(entry.key.clone());
                    self.problems
                        .borrow_mut()
                        .push(Problem::at(span, format!("unknown table `[{table}]`")).label(near));
                }
                continue;
            }
            let siblings: Vec<&str> = asked
                .iter()
                .filter_map(|p| {
                    let (t, n) = p.rsplit_once('.').unwrap_or(("", p));
                    (t == table).then_some(n)
                })
                .collect();
            let near = nearest(name, siblings).map_or(String::new(), |n| format!("did you mean `{n}`?"));
            let place = if table.is_empty() { String::new() } else { format!(" in `[{table}]`") };
            self.problems.borrow_mut().push(
                Problem::at(entry.key.clone(), format!("unknown entry `{name}`{place}"))
                    .label(near)
                    .hint("`dens new DIR` writes a case that shows all entries"),
            );
        }
        drop(asked);
        self.problems.into_inner()
    }
}

/// Three lengths, mm.
fn point_of(value: &Value) -> Option<[f64; 3]> {
    let Value::List(items) = value else { return None };
    let length = |v: &Value| match v {
        Value::Text(t) => units::parse(t, Dimension::Length).ok().filter(|v| v.is_finite()),
        _ => None,
    };
    items.iter().map(length).collect::<Option<Vec<f64>>>()?.try_into().ok()
}

fn show(value: &Value) -> String {
    match value {
        Value::Text(t) => t.clone(),
        Value::Number(n) => n.to_string(),
        other => other.kind().to_string(),
    }
}
