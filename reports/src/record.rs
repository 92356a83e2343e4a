//! The record of a run: every number of the report, with unit.
//!
//! A [`Record`] holds only what the inputs determine, so the same inputs give the same bytes on any machine
//! with any number of threads; what varies (seconds, memory, host) stands in a [`Manifest`](crate::manifest::Manifest).

pub use crate::quantity::{Outcome, Quantity, Relation};

use crate::table::{Cell, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Version of the layout of a record.
pub const SCHEMA: &str = "dens-record/1";

/// All results of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Layout of this record, [`SCHEMA`].
    pub schema: String,
    /// Program that made it.
    pub program: String,
    /// Version of that program.
    pub version: String,
    /// Name of the case.
    pub case: String,
    /// Title of the report.
    pub title: String,
    /// Number of the chosen design in `history`.
    pub design_iteration: u32,
    /// What the run says about the design.
    pub verdict: Judgement,
    /// Every value of the case with its source.
    pub inputs: Vec<Input>,
    /// SHA-256 of each input file, by name.
    pub input_hashes: BTreeMap<String, String>,
    /// Settings of the program, by name.
    pub settings: BTreeMap<String, String>,
    /// Figures of the assessment; those with a criterion make the verdict table.
    pub criteria: Vec<Quantity>,
    /// Body of the report.
    pub sections: Vec<Section>,
    /// One row per evaluated design.
    pub history: Table,
    /// What went differently than asked, or may mislead.
    pub warnings: Vec<String>,
    /// What the results must not be used for.
    pub limits: Vec<String>,
}

/// Outcome of a run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every criterion is met.
    Pass,
    /// Every criterion is met, but named gaps remain in the evidence.
    PassWithGaps,
    /// At least one criterion is not met.
    Fail,
    /// The run was not meant or not able to judge.
    NoVerdict,
}

impl Verdict {
    /// The verdict in capitals, as printed.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::PassWithGaps => "PASS WITH GAPS",
            Self::Fail => "FAIL",
            Self::NoVerdict => "NO VERDICT",
        }
    }
}

/// Verdict with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Outcome.
    pub outcome: Verdict,
    /// One sentence that says why.
    pub sentence: String,
    /// Gaps in the evidence, each one sentence.
    pub gaps: Vec<String>,
}

/// Value of the case as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Dotted path in the case file.
    pub key: String,
    /// Value with its unit, as text.
    pub value: String,
    /// Where the value comes from.
    pub source: String,
}

/// Chapter of the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// Name, unique in the record, lower case with dashes.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Depth: 1 for a chapter, 2 for a section of the chapter before it.
    pub level: u8,
    /// Content in reading order.
    pub blocks: Vec<Block>,
}

/// Piece of a section.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Running text.
    Paragraph(String),
    /// List of short statements.
    List(Vec<String>),
    /// Numbers.
    Table(Table),
    /// Name of a figure that is handed to the writer of the report.
    Figure(String),
}

impl Section {
    /// Empty chapter.
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_string(), title: title.to_string(), level: 1, blocks: Vec::new() }
    }

    /// Empty section below the chapter before it.
    pub fn below(id: &str, title: &str) -> Self {
        Self { level: 2, ..Self::new(id, title) }
    }

    /// The same with a paragraph more.
    pub fn paragraph(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Paragraph(text.into()));
        self
    }

    /// The same with a list more.
    pub fn list(mut self, items: impl IntoIterator<Item = String>) -> Self {
        self.blocks.push(Block::List(items.into_iter().collect()));
        self
    }

    /// The same with a table more.
    pub fn table(mut self, table: Table) -> Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// The same with the figure `id` more.
    pub fn figure(mut self, id: impl Into<String>) -> Self {
        self.blocks.push(Block::Figure(id.into()));
        self
    }
}

/// Reason a record cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A number is missing: NaN or infinite.
    #[error("`{place}` is {value}, a record holds finite numbers only")]
    NotFinite {
        /// Path to the number.
        place: String,
        /// The number.
        value: f64,
    },
    /// A number has no unit.
    #[error("`{place}` has no unit; write `1` for a number without dimension")]
    NoUnit {
        /// Path to the number.
        place: String,
    },
    /// A row is longer or shorter than its header.
    #[error("row {row} of table `{table}` has {found} cells, its header has {expected}")]
    RowLength {
        /// Name of the table.
        table: String,
        /// Row, from 0.
        row: usize,
        /// Cells of the row.
        found: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// Two things share a name.
    #[error("the name `{id}` is used twice among the {kind}")]
    Twice {
        /// Kind of thing.
        kind: &'static str,
        /// Their name.
        id: String,
    },
    /// The layout is not ours.
    #[error("the record has layout `{found}`, expected `{SCHEMA}`")]
    Schema {
        /// Layout found.
        found: String,
    },
    /// Not the JSON of a record.
    #[error("not a record: {0}")]
    Json(#[from] serde_json::Error),
}

impl Record {
    /// Empty record of a case, made by `program` in `version`, without verdict.
    pub fn new(program: &str, version: &str, case: &str, title: &str) -> Self {
        Self {
            schema: SCHEMA.to_string(),
            program: program.to_string(),
            version: version.to_string(),
            case: case.to_string(),
            title: title.to_string(),
            design_iteration: 0,
            verdict: Judgement {
                outcome: Verdict::NoVerdict,
                sentence: "The run does not judge the design.".to_string(),
                gaps: Vec::new(),
            },
            inputs: Vec::new(),
            input_hashes: BTreeMap::new(),
            settings: BTreeMap::new(),
            criteria: Vec::new(),
            sections: Vec::new(),
            history: Table::new("history", "Evaluated designs", &[]),
            warnings: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Outcome that follows from the criteria and the gaps: fail if one is not met, pass with gaps if there
    /// are gaps, no verdict if nothing is judged.
    pub fn outcome_of(criteria: &[Quantity], gaps: &[String]) -> Verdict {
        if criteria.iter().any(|q| q.verdict == Outcome::NotMet) {
            Verdict::Fail
        } else if criteria.iter().all(|q| q.verdict == Outcome::Informative) {
            Verdict::NoVerdict
        } else if gaps.is_empty() {
            Verdict::Pass
        } else {
            Verdict::PassWithGaps
        }
    }

    /// Tables of the sections in reading order.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().flat_map(|s| &s.blocks).filter_map(|b| match b {
            Block::Table(t) => Some(t),
            _ => None,
        })
    }

    /// Names of the figures in reading order.
    pub fn figures(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().flat_map(|s| &s.blocks).filter_map(|b| match b {
            Block::Figure(id) => Some(id.as_str()),
            _ => None,
        })
    }

    /// The record as indented JSON in UTF-8, keys in the order of declaration, numbers in shortest
    /// round-trip form, ending in a line feed.
    ///
    /// # Errors
    /// [`RecordError`] when a number is not finite or has no unit, a row does not fit its header, or a name
    /// is used twice.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        self.check()?;
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The record that [`Record::to_json`] wrote.
    ///
    /// # Errors
    /// [`RecordError`] for anything else.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = serde_json::from_slice(bytes)?;
        if record.schema != SCHEMA {
            return Err(RecordError::Schema { found: record.schema });
        }
        record.check()?;
        Ok(record)
    }

    /// Whether every number is finite and has a unit, rows fit their headers and names are unique.
    ///
    /// # Errors
    /// The first [`RecordError`] found.
    pub fn check(&self) -> Result<(), RecordError> {
        for q in &self.criteria {
            let numbers = [("value", Some(q.value)), ("limit", q.limit), ("margin", q.margin)];
            for (name, value) in numbers {
                finite(value, || format!("criteria.{}.{name}", q.id))?;
            }
            if q.unit.is_empty() {
                return Err(RecordError::NoUnit { place: format!("criteria.{}", q.id) });
            }
        }
        unique("quantities", self.criteria.iter().map(|q| q.id.as_str()))?;
        unique("sections", self.sections.iter().map(|s| s.id.as_str()))?;
        unique("tables", self.tables().map(|t| t.id.as_str()))?;
        self.tables().chain([&self.history]).try_for_each(check_table)
    }
}

fn check_table(table: &Table) -> Result<(), RecordError> {
    for (row, cells) in table.rows.iter().enumerate() {
        if cells.len() != table.columns.len() {
            return Err(RecordError::RowLength {
                table: table.id.clone(),
                row,
                found: cells.len(),
                expected: table.columns.len(),
            });
        }
        for (cell, column) in cells.iter().zip(&table.columns) {
            let place = || format!("{}.{}[{row}]", table.id, column.name);
            if let Cell::Number(v) = cell {
                finite(Some(*v), place)?;
            }
            if cell.is_number() && column.unit.is_empty() {
                return Err(RecordError::NoUnit { place: place() });
            }
        }
    }
    Ok(())
}

fn finite(value: Option<f64>, place: impl Fn() -> String) -> Result<(), RecordError> {
    match value {
        Some(value) if !value.is_finite() => Err(RecordError::NotFinite { place: place(), value }),
        _ => Ok(()),
    }
}

fn unique<'a>(kind: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), RecordError> {
    let mut seen = BTreeSet::new();
    for id in names {
        if !seen.insert(id) {
            return Err(RecordError::Twice { kind, id: id.to_string() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    fn small() -> Record {
        let mut record = Record::new("dens", "0.1.0", "tiny", "A case");
        let q = Quantity::new("peak-stress", "Peak stress", 50.0, "MPa");
        record.criteria = vec![q.judged("below yield", Relation::AtMost, 75.0, "a book")];
        let mut table = Table::new("loads", "Loads", &[("load", ""), ("force", "N")]);
        table.push(row!["A", 0.1 + 0.2]);
        record.sections = vec![Section::new("loads", "Loads").paragraph("Axial.").table(table)];
        record
    }

    #[test]
    fn record_survives_json_bit_for_bit() {
        let bytes = small().to_json().expect("the record is whole");
        let back = Record::from_json(&bytes).expect("it was just written");
        assert_eq!(back, small());
        assert_eq!(back.to_json().expect("still whole"), bytes);
        assert!(String::from_utf8_lossy(&bytes).contains("0.30000000000000004"));
    }

    #[test]
    fn missing_number_is_an_error_with_its_place() {
        let mut record = small();
        record.criteria[0].value = f64::NAN;
        let message = record.to_json().expect_err("NaN is no number").to_string();
        assert!(message.contains("criteria.peak-stress.value"), "{message}");
        let mut record = small();
        let Block::Table(table) = &mut record.sections[0].blocks[1] else {
            panic!("second block is a table")
        };
        table.rows[0][1] = Cell::Number(f64::INFINITY);
        let message = record.to_json().expect_err("infinity is no number").to_string();
        assert!(message.contains("loads.force[0]"), "{message}");
    }

    #[test]
    fn number_without_unit_is_refused() {
        let mut record = small();
        record.criteria[0].unit.clear();
        assert!(matches!(record.to_json(), Err(RecordError::NoUnit { .. })));
    }

    #[test]
    fn outcome_follows_criteria_and_gaps() {
        let met = Quantity::new("a", "A", 1.0, "MPa").judged("c", Relation::AtMost, 2.0, "s");
        let failed = Quantity::new("b", "B", 3.0, "MPa").judged("c", Relation::AtMost, 2.0, "s");
        let gap = ["mesh study missing".to_string()];
        assert_eq!(Record::outcome_of(std::slice::from_ref(&met), &[]), Verdict::Pass);
        assert_eq!(Record::outcome_of(std::slice::from_ref(&met), &gap), Verdict::PassWithGaps);
        assert_eq!(Record::outcome_of(&[met, failed], &gap), Verdict::Fail);
        assert_eq!(Record::outcome_of(&[], &[]), Verdict::NoVerdict);
    }
}
