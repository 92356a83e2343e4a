//! Tables as text, CSV and PDF, and the way numbers are printed.

use serde::{Deserialize, Serialize};

/// Unit of a number without dimension; printed as an en dash.
pub const NO_UNIT: &str = "1";

/// Column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// What the column holds.
    pub name: String,
    /// Unit of its numbers; [`NO_UNIT`] for counts and ratios, empty only for a column of text.
    pub unit: String,
}

/// Entry of a [`Table`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// Whole number: nodes, iterations.
    Count(u64),
    /// Number in the unit of its column.
    Number(f64),
    /// Words.
    Text(String),
}

impl Cell {
    /// The cell as printed: four significant digits for numbers, all digits for counts.
    pub fn print(&self) -> String {
        match self {
            Self::Count(n) => count(*n),
            Self::Number(v) => significant(*v, 4),
            Self::Text(t) => t.clone(),
        }
    }

    /// Whether the cell is a number of either kind.
    pub fn is_number(&self) -> bool {
        !matches!(self, Self::Text(_))
    }
}

impl From<f64> for Cell {
    fn from(v: f64) -> Self {
        Self::Number(v)
    }
}

impl From<&str> for Cell {
    fn from(t: &str) -> Self {
        Self::Text(t.to_string())
    }
}

impl From<String> for Cell {
    fn from(t: String) -> Self {
        Self::Text(t)
    }
}

impl From<u64> for Cell {
    fn from(n: u64) -> Self {
        Self::Count(n)
    }
}

impl From<u32> for Cell {
    fn from(n: u32) -> Self {
        Self::Count(u64::from(n))
    }
}

impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Self::Count(n as u64)
    }
}

/// Rows of cells under named columns with units.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Name of the table within the record, lower case with dashes.
    pub id: String,
    /// Caption.
    pub title: String,
    /// Columns.
    pub columns: Vec<Column>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Table without rows; `columns` are pairs of name and unit (empty unit: a column of text).
    pub fn new(id: &str, title: &str, columns: &[(&str, &str)]) -> Self {
        let columns =
            columns.iter().map(|(n, u)| Column { name: n.to_string(), unit: u.to_string() }).collect();
        Self { id: id.to_string(), title: title.to_string(), columns, rows: Vec::new() }
    }

    /// Adds a row; its length is checked when the record is written.
    pub fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.rows.push(row.into_iter().collect());
    }

    /// The table as CSV: header `name [unit]`, numbers in shortest round-trip form.
    pub fn to_csv(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(Column::heading).collect();
        let rows = self.rows.iter().map(|r| {
            r.iter()
                .map(|c| match c {
                    Cell::Count(n) => n.to_string(),
                    Cell::Number(v) => v.to_string(),
                    Cell::Text(t) => t.clone(),
                })
                .collect()
        });
        csv_text(&header, rows)
    }
}

impl Column {
    /// `name [unit]`, or the name alone for text and numbers without dimension.
    pub fn heading(&self) -> String {
        if self.unit.is_empty() || self.unit == NO_UNIT {
            self.name.clone()
        } else {
            format!("{} [{}]", self.name, self.unit)
        }
    }
}

/// Row of cells from things that convert into cells: `row!["C3", 12.5, 7_usize]`.
#[macro_export]
macro_rules! row {
    ($($cell:expr),* $(,)?) => { [$($crate::table::Cell::from($cell)),*] };
}

/// CSV text of a header and rows, `\n` line ends, quotes only where needed.
pub(crate) fn csv_text(header: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    let fact = "a vector takes every write";
    writer.write_record(header).expect(fact);
    for row in rows {
        writer.write_record(&row).expect(fact);
    }
    let bytes = writer.into_inner().expect(fact);
    String::from_utf8(bytes).expect("fields were UTF-8")
}

/// Number with `digits` significant digits: plain from 10⁻³ to 10⁵, otherwise as `1.23 × 10⁻⁵`.
///
/// Trailing zeros are kept, for they tell the precision; an exact zero prints as `0`.
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    if !value.is_finite() {
        return "not a number".to_string();
    }
    // Rounding first decides the exponent: 9.9996 has one digit more before the point once printed.
    let scientific = format!("{:.*e}", digits.saturating_sub(1), value);
    let (mantissa, exponent) = scientific.split_once('e').expect("the `e` format always has an exponent");
    let exponent: i32 = exponent.parse().expect("the `e` format ends in an integer");
    if (-3..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        minus(&format!("{value:.decimals$}"))
    } else {
        format!("{} × 10{}", minus(mantissa), superscript(exponent))
    }
}

/// Whole number with a no-break space between groups of three digits from five digits on.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(c);
    }
    out
}

/// The text with hyphens of numbers replaced by the minus sign.
pub(crate) fn minus(text: &str) -> String {
    text.replace('-', "\u{2212}")
}

/// Integer in superscript digits.
pub(crate) fn superscript(n: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    n.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |d| DIGITS[d as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_four_significant_digits() {
        assert_eq!(significant(12.3456, 4), "12.35");
        assert_eq!(significant(9.99996, 4), "10.00");
        assert_eq!(significant(-0.0123456, 4), "\u{2212}0.01235");
        assert_eq!(significant(1.5e-9, 3), "1.50 × 10⁻⁹");
        assert_eq!(significant(113_800.0, 4), "113800");
        assert_eq!(significant(0.0, 4), "0");
    }

    #[test]
    fn counts_are_grouped_from_five_digits() {
        assert_eq!(count(9999), "9999");
        assert_eq!(count(1_234_567), "1\u{a0}234\u{a0}567");
    }

    #[test]
    fn csv_numbers_round_trip_and_text_is_quoted() {
        let mut t = Table::new("t", "T", &[("body", ""), ("stress", "MPa"), ("nodes", NO_UNIT)]);
        t.push(row!["a, b", 0.1 + 0.2, 7_usize]);
        assert_eq!(t.to_csv(), "body,stress [MPa],nodes\n\"a, b\",0.30000000000000004,7\n");
    }
}
