//! Tables on pages: column widths, wrapped cells, header on every page.

use super::flow::{BOTTOM, Flow, LEFT, Mark, Type, WIDTH, printable, wrap};
use super::{BODY, CAPTION, bold, colored};
use crate::font::{Weight, tabular_glyph};
use crate::palette::{GRAY, INK, Rgb};
use crate::table::{Cell, Table};

/// Space between the text of a cell and the edge of its column, pt.
const PAD: f64 = 4.0;

/// Space between the text of a cell and the edge of its row, pt.
const ROOM: f64 = 2.2;

/// Cell ready to print.
#[derive(Debug, Clone)]
pub(super) struct Print {
    pub(super) text: String,
    pub(super) color: Rgb,
    pub(super) weight: Weight,
}

impl Print {
    pub(super) fn plain(text: String) -> Self {
        Self { text, color: INK, weight: Weight::Regular }
    }
}

/// Table ready to print.
pub(super) struct Grid {
    pub(super) headings: Vec<String>,
    /// Whether a column is set to the right.
    pub(super) right: Vec<bool>,
    pub(super) rows: Vec<Vec<Print>>,
}

impl From<&Table> for Grid {
    fn from(table: &Table) -> Self {
        let rows: Vec<Vec<Print>> =
            table.rows.iter().map(|r| r.iter().map(|c| Print::plain(c.print())).collect()).collect();
        let right = (0..table.columns.len())
            .map(|k| table.rows.iter().any(|r| r.get(k).is_some_and(Cell::is_number)))
            .collect();
        Self { headings: table.columns.iter().map(|c| c.heading()).collect(), right, rows }
    }
}

impl Grid {
    /// Writes the table below its title, which is numbered by the caller.
    pub(super) fn write(&self, flow: &mut Flow, number: &str, title: &str) {
        let face = self.face();
        let head = bold(face);
        let widths = self.widths(face);
        let headings: Vec<Vec<String>> =
            self.headings.iter().zip(&widths).map(|(h, w)| wrap(h, w - 2.0 * PAD, head)).collect();
        let head_height = height_of(&headings, head);
        let rows: Vec<Vec<Vec<String>>> = self
            .rows
            .iter()
            .map(|r| {
                r.iter()
                    .zip(&widths)
                    .map(|(c, w)| wrap(&c.text, w - 2.0 * PAD, Type { weight: c.weight, ..face }))
                    .collect()
            })
            .collect();
        let first: f64 = rows.iter().take(2).map(|r| height_of(r, face)).sum();
        flow.skip(4.0);
        flow.need(2.0 * CAPTION.leading() + head_height + first);
        caption(flow, LEFT, WIDTH, number, title);
        flow.y += 2.0;
        self.heading(flow, &headings, &widths, head, head_height);
        let total: f64 = widths.iter().sum();
        for (i, lines) in rows.iter().enumerate() {
            let height = height_of(lines, face);
            if BOTTOM < flow.y + height {
                flow.rect(LEFT, 0.0, [total, 0.8], INK);
                flow.break_page();
                self.heading(flow, &headings, &widths, head, head_height);
            }
            if i % 2 == 1 {
                flow.rect(LEFT, 0.0, [total, height], [0xf4, 0xf5, 0xf7]);
            }
            let mut x = LEFT;
            for (k, (cell, width)) in lines.iter().zip(&widths).enumerate() {
                let print = &self.rows[i][k];
                let face = Type { color: print.color, weight: print.weight, ..face };
                self.cell(flow, x, *width, cell, (k, face));
                x += width;
            }
            flow.y += height;
        }
        flow.rect(LEFT, 0.0, [total, 0.8], INK);
        flow.y += 10.0;
    }

    /// 8 pt, and 7 pt for tables of many columns.
    fn face(&self) -> Type {
        let size = if 9 < self.headings.len() { 7.0 } else { 8.0 };
        Type { size, ..BODY }
    }

    fn heading(&self, flow: &mut Flow, lines: &[Vec<String>], widths: &[f64], face: Type, height: f64) {
        let total: f64 = widths.iter().sum();
        flow.rect(LEFT, 0.0, [total, 0.8], INK);
        let mut x = LEFT;
        for (k, (cell, width)) in lines.iter().zip(widths).enumerate() {
            self.cell(flow, x, *width, cell, (k, face));
            x += width;
        }
        flow.rect(LEFT, height, [total, 0.5], INK);
        flow.y += height + 0.5;
    }

    fn cell(&self, flow: &mut Flow, x: f64, width: f64, lines: &[String], (column, face): (usize, Type)) {
        for (i, line) in lines.iter().enumerate() {
            let text = printable(line, face.weight);
            let tabular = self.right[column];
            let shift = if tabular { width - 2.0 * PAD - tabular_width(&text, face) } else { 0.0 };
            let at = [x + PAD + shift, flow.y + ROOM + face.size + i as f64 * face.leading()];
            flow.mark(Mark::Text { at, text, face, tabular });
        }
    }

    /// Widths of the columns, pt: as wide as the text wants if the page allows, else they
    /// give way toward their longest word.
    fn widths(&self, face: Type) -> Vec<f64> {
        let n = self.headings.len();
        let (mut wanted, mut least) = (vec![0.0_f64; n], vec![0.0_f64; n]);
        let longest_word =
            |text: &str, face: Type| text.split(' ').map(|w| face.width(w)).fold(0.0, f64::max);
        for k in 0..n {
            let (heading, head) = (self.headings[k].as_str(), bold(face));
            // A long heading over numbers may take two lines.
            let share = if self.right[k] { 0.55 } else { 1.0 };
            let heading_word = longest_word(heading, head);
            let (mut whole, mut word) = ((share * head.width(heading)).max(heading_word), heading_word);
            for cell in self.rows.iter().filter_map(|r| r.get(k)) {
                let face = Type { weight: cell.weight, ..face };
                if self.right[k] {
                    // A number is never broken.
                    let width = tabular_width(&cell.text, face);
                    (whole, word) = (whole.max(width), word.max(width));
                } else {
                    whole = whole.max(face.width(&cell.text));
                    word = word.max(longest_word(&cell.text, face));
                }
            }
            wanted[k] = whole + 2.0 * PAD + 0.1;
            // A word longer than a third of the page may be broken.
            least[k] = (word + 2.0 * PAD + 0.1).min(WIDTH / 3.0);
        }
        let total: f64 = wanted.iter().sum();
        if total <= WIDTH {
            // A table that nearly fills the page fills it; a small one is not torn apart.
            let target = if 0.75 * WIDTH < total { WIDTH } else { (1.2 * total).max(0.55 * WIDTH) };
            return wanted.iter().map(|w| w * target / total.max(1.0)).collect();
        }
        give_way(&mut wanted, &least);
        wanted
    }
}

/// Widths between least and wanted that fill the page: what each column would like beyond its least is granted in
/// proportion; if even the least widths do not fit, all shrink alike.
fn give_way(widths: &mut [f64], least: &[f64]) {
    let floor: f64 = least.iter().sum();
    let spare: f64 = widths.iter().zip(least).map(|(w, l)| w - l).sum();
    let share = ((WIDTH - floor) / spare.max(1e-9)).max(0.0);
    let shrink = (WIDTH / floor).min(1.0);
    for (w, l) in widths.iter_mut().zip(least) {
        *w = (l + share * (*w - l)) * shrink;
    }
}

/// Numbered title of a table or figure: number in bold, then the text.
pub(super) fn caption(flow: &mut Flow, x: f64, width: f64, number: &str, text: &str) {
    let strong = bold(CAPTION);
    let indent = strong.width(number) + CAPTION.width(" ") * 1.5;
    // The first line starts after the number; spaces in front of the text keep its place free.
    let blank = "\u{a0}".repeat((indent / CAPTION.width("\u{a0}")).ceil() as usize);
    let lines = wrap(&format!("{blank}{text}"), width, colored(CAPTION, GRAY));
    for (i, line) in lines.iter().enumerate() {
        flow.need(CAPTION.leading());
        if i == 0 {
            flow.text(x, CAPTION.size, number, strong);
        }
        let start = if i == 0 { x + indent } else { x };
        flow.text(start, CAPTION.size, line.trim_start_matches('\u{a0}'), CAPTION);
        flow.y += CAPTION.leading();
    }
}

/// Height of a caption, pt.
pub(super) fn caption_height(width: f64, number: &str, text: &str) -> f64 {
    let mut flow = Flow::new();
    let start = flow.y;
    caption(&mut flow, 0.0, width, number, text);
    flow.y - start
}

fn height_of(cells: &[Vec<String>], face: Type) -> f64 {
    let lines = cells.iter().map(Vec::len).max().unwrap_or(1) as f64;
    lines * face.leading() + 2.0 * ROOM - (face.leading() - face.size) * 0.4
}

/// Width with digits of one width.
pub(super) fn tabular_width(text: &str, face: Type) -> f64 {
    face.size * text.chars().map(|c| tabular_glyph(c, face.weight).1).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_page_and_none_is_narrower_than_its_least() {
        let least = [20.0, 50.0, 20.0, 50.0];
        let mut widths = vec![40.0, 900.0, 20.0, 500.0];
        give_way(&mut widths, &least);
        // Round-off of a handful of operations.
        assert!((widths.iter().sum::<f64>() - WIDTH).abs() < 1e-9, "{widths:?}");
        assert!(widths.iter().zip(least).all(|(w, l)| l <= *w), "{widths:?}");
        let mut narrow = vec![400.0, 400.0];
        give_way(&mut narrow, &[400.0, 400.0]);
        assert!((narrow[0] - 0.5 * WIDTH).abs() < 1e-9);
    }

    #[test]
    fn long_table_repeats_its_header_on_every_page() {
        let mut table = Table::new("t", "T", &[("region", ""), ("stress", "MPa")]);
        for i in 0..200 {
            table.push(crate::row![format!("row {i}"), f64::from(i)]);
        }
        let mut flow = Flow::new();
        Grid::from(&table).write(&mut flow, "Table 1", "T");
        assert!(2 < flow.pages.len());
        for page in &flow.pages {
            let heads =
                page.iter().filter(|m| matches!(m, Mark::Text { text, .. } if text == "stress [MPa]"));
            assert_eq!(heads.count(), 1);
            for mark in page {
                if let Mark::Text { at, .. } = mark {
                    assert!(at[1] <= BOTTOM);
                }
            }
        }
    }
}
