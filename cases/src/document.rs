//! The case file as written: entries by path, each knowing its place in the text.

use crate::diagnostic::Problem;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Value as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Quoted text, among it quantities with units.
    Text(String),
    /// Bare number.
    Number(f64),
    /// `true` or `false`.
    Bool(bool),
    /// List of values.
    List(Vec<Value>),
}

impl Value {
    /// What a reader of the message calls this.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "text",
            Value::Number(_) => "a bare number",
            Value::Bool(_) => "true/false",
            Value::List(_) => "a list",
        }
    }
}

/// One entry of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What was written.
    pub value: Value,
    /// Place of the key; `None` for an entry given by `--set`.
    pub key: Option<Range<usize>>,
    /// Place of the value.
    pub place: Option<Range<usize>>,
}

/// A case file: its text and its entries by path (`implant.height`, `load.3.axial`).
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// The text of the file.
    pub text: String,
    /// Entries by path; tables and list-of-table positions are path segments.
    pub entries: BTreeMap<String, Entry>,
    /// Places of the table headers by path.
    pub tables: BTreeMap<String, Range<usize>>,
}

impl Document {
    /// Parses the text of a case file.
    ///
    /// # Errors
    /// Every place where the text is not TOML.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors
                .iter()
                .map(|e| Problem::at(e.span(), format!("not valid TOML: {}", e.message())))
                .collect());
        }
        let mut document = Self { text: text.to_string(), ..Self::default() };
        document.enter(table.get_ref(), "");
        Ok(document)
    }

    fn enter(&mut self, table: &DeTable<'_>, prefix: &str) {
        for (key, value) in table.iter() {
            let path = if prefix.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{prefix}.{}", key.get_ref())
            };
            match value.get_ref() {
                DeValue::Table(inner) => {
                    self.tables.insert(path.clone(), key.span());
                    self.enter(inner, &path);
                }
                DeValue::Array(items) if items.iter().any(|v| v.get_ref().is_table()) => {
                    for (i, item) in items.iter().enumerate() {
                        if let DeValue::Table(inner) = item.get_ref() {
                            let numbered = format!("{path}.{i}");
                            self.tables.insert(numbered.clone(), item.span());
                            self.enter(inner, &numbered);
                        }
                    }
                }
                _ => {
                    let entry =
                        Entry { value: convert(value), key: Some(key.span()), place: Some(value.span()) };
                    self.entries.insert(path, entry);
                }
            }
        }
    }

    /// Replaces or adds one entry, as `--set path=value` does; the value may be TOML or plain text.
    ///
    /// # Errors
    /// When there is no `=` or the path names no entry of this document (the nearest one is told).
    pub fn set(&mut self, assignment: &str) -> Result<(), Problem> {
        let Some((path, text)) = assignment.split_once('=') else {
            return Err(Problem::at(None, format!("`--set {assignment}` has no `=`"))
                .hint("write `--set path=value`, for instance `--set implant.height=\"29 mm\"`"));
        };
        let (path, text) = (path.trim(), text.trim());
        let value = match DeValue::parse(text) {
            Ok(v) if !v.get_ref().is_table() => convert(&v),
            _ => Value::Text(text.trim_matches('"').to_string()),
        };
        match self.entries.get_mut(path) {
            Some(entry) => {
                *entry = Entry { value, key: None, place: None };
                Ok(())
            }
            None => {
                let near = dens_mesher::catalog::nearest(path, self.entries.keys().map(String::as_str));
                let problem = Problem::at(None, format!("`--set`: the case has no entry `{path}`"));
                Err(match near {
                    Some(n) => problem.hint(format!("did you mean `{n}`?")),
                    None => problem.hint("`dens new DIR` writes a case that shows all entries"),
                })
            }
        }
    }

    /// Numbers of the tables of the list `name`, ascending.
    pub fn numbered(&self, name: &str) -> Vec<usize> {
        let start = format!("{name}.");
        let mut found: Vec<usize> = self
            .tables
            .keys()
            .filter_map(|k| k.strip_prefix(&start))
            .filter_map(|rest| rest.parse().ok())
            .collect();
        found.sort_unstable();
        found
    }
}

fn convert(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::Integer(i) => {
            let digits = i.as_str().replace('_', "");
            i64::from_str_radix(&digits, i.radix())
                .map_or_else(|_| Value::Text(digits.clone()), |v| Value::Number(v as f64))
        }
        DeValue::Float(f) => f
            .as_str()
            .replace('_', "")
            .parse()
            .map_or_else(|_| Value::Text(f.as_str().to_string()), Value::Number),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Array(items) => Value::List(items.iter().map(convert).collect()),
        DeValue::String(s) => Value::Text(s.to_string()),
        DeValue::Datetime(d) => Value::Text(d.to_string()),
        DeValue::Table(_) => Value::Text(String::from("{table}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_know_their_path_and_place() {
        let text = "a = 1\n[implant]\nheight = \"28 mm\"\n[[load]]\nid = \"A\"\n[[load]]\nid = \"B\"\n";
        let d = Document::parse(text).expect("valid TOML");
        let e = &d.entries["implant.height"];
        assert_eq!(e.value, Value::Text("28 mm".into()));
        assert_eq!(&text[e.place.clone().expect("from a file")], "\"28 mm\"");
        assert_eq!(d.entries["load.1.id"].value, Value::Text("B".into()));
        assert_eq!(d.numbered("load"), vec![0, 1]);
    }

    #[test]
    fn an_override_takes_toml_or_plain_text_and_refuses_unknown_paths() {
        let mut d = Document::parse("[implant]\nheight = \"28 mm\"\n").expect("valid TOML");
        d.set("implant.height=29 mm").expect("known path");
        assert_eq!(d.entries["implant.height"].value, Value::Text("29 mm".into()));
        let p = d.set("implant.heigth=1").expect_err("unknown path");
        assert!(p.hint.expect("a hint").contains("implant.height"));
    }

    #[test]
    fn text_that_is_not_toml_is_told_with_its_place() {
        let problems = Document::parse("a = \n[b\n").expect_err("broken");
        assert!(problems.iter().all(|p| p.span.is_some()));
    }
}
