//! Parts of the report: title page, verdict, chapters, figures, annexes.

use super::flow::{BOTTOM, Flow, LEFT, MM, Mark, Type, WIDTH, wrap};
use super::grid::{Grid, Print, caption, caption_height};
use super::{BODY, PdfError, bold, case_and_design, colored};
use crate::figure::FigureSet;
use crate::font::Weight;
use crate::palette::{GRAY, HAIR, INK, Rgb, WHITE};
use crate::record::{Block, Outcome, Quantity, Record, Relation, Section, Verdict};
use crate::svg::{parse, size_mm};
use crate::table::{NO_UNIT, Table, significant};

const GREEN: Rgb = [0x1b, 0x6e, 0x3c];
const AMBER: Rgb = [0x8a, 0x5a, 0x00];
const RED: Rgb = [0xa6, 0x1c, 0x1c];
const SLATE: Rgb = [0x4a, 0x54, 0x60];

/// Writer of a record with the numbers given out so far.
pub(super) struct Writer<'a> {
    record: &'a Record,
    figures: &'a FigureSet,
    pub(super) flow: Flow,
    n_tables: usize,
    n_figures: usize,
    /// Chapter and section.
    number: [usize; 2],
}

impl<'a> Writer<'a> {
    pub(super) fn new(record: &'a Record, figures: &'a FigureSet) -> Self {
        Self { record, figures, flow: Flow::new(), n_tables: 0, n_figures: 0, number: [0, 0] }
    }

    /// Lays out the whole report.
    pub(super) fn write(&mut self) -> Result<(), PdfError> {
        self.title();
        self.verdict_box();
        self.verdict_table();
        self.warnings();
        for section in &self.record.sections {
            self.section(section)?;
        }
        if !self.record.limits.is_empty() {
            self.heading("Limits", 1);
            self.list(&self.record.limits);
        }
        self.annexes();
        Ok(())
    }

    fn title(&mut self) {
        let r = self.record;
        self.flow.bookmark("Verdict", 1);
        self.flow.paragraph(LEFT, WIDTH, &r.title, Type { size: 19.0, ..bold(BODY) });
        self.flow.y += 2.0;
        let facts = format!("Case {}  ·  {} {}  ·  {}", case_and_design(r), r.program, r.version, r.schema);
        self.flow.paragraph(LEFT, WIDTH, &facts, colored(BODY, GRAY));
        self.flow.y += 8.0;
    }

    /// Box in the color of the outcome with the outcome in words, its reason and the gaps.
    fn verdict_box(&mut self) {
        let v = &self.record.verdict;
        let color = match v.outcome {
            Verdict::Pass => GREEN,
            Verdict::PassWithGaps => AMBER,
            Verdict::Fail => RED,
            Verdict::NoVerdict => SLATE,
        };
        let head = Type { size: 15.0, color: WHITE, ..bold(BODY) };
        let text = Type { size: 10.0, ..colored(BODY, WHITE) };
        let inner = WIDTH - 24.0;
        let reason = wrap(&v.sentence, inner, text);
        let gaps: Vec<Vec<String>> = v.gaps.iter().map(|g| wrap(g, inner - 12.0, text)).collect();
        let n_lines = reason.len() + gaps.iter().map(Vec::len).sum::<usize>();
        let height = 12.0 + head.leading() + n_lines as f64 * text.leading() + 10.0;
        self.flow.need(height);
        self.flow.rect(LEFT, 0.0, [WIDTH, height], color);
        let mut down = 10.0 + head.size;
        self.flow.text(LEFT + 12.0, down, v.outcome.words(), head);
        down += 0.4 * head.size;
        for line in &reason {
            down += text.leading();
            self.flow.text(LEFT + 12.0, down, line, text);
        }
        for gap in &gaps {
            for (i, line) in gap.iter().enumerate() {
                down += text.leading();
                if i == 0 {
                    self.flow.text(LEFT + 12.0, down, "–", text);
                }
                self.flow.text(LEFT + 24.0, down, line, text);
            }
        }
        self.flow.y += height + 10.0;
    }

    /// Every quantity with a criterion, then those without.
    fn verdict_table(&mut self) {
        let judged: Vec<&Quantity> =
            self.record.criteria.iter().filter(|q| q.verdict != Outcome::Informative).collect();
        let known: Vec<&Quantity> =
            self.record.criteria.iter().filter(|q| q.verdict == Outcome::Informative).collect();
        if !judged.is_empty() {
            let headings =
                ["Quantity", "Region", "Load", "Value", "Limit", "Margin", "Verdict", "Criterion, source"];
            let right = vec![false, false, false, true, true, true, false, false];
            let rows = judged.iter().map(|q| judged_row(q)).collect();
            let number = self.table_number();
            let grid = Grid { headings: headings.map(str::to_string).to_vec(), right, rows };
            let title = "Verdict by criterion. Margin = limit / value − 1 (value / limit − 1 for a lower limit); \
                         negative fails.";
            grid.write(&mut self.flow, &number, title);
        }
        if !known.is_empty() {
            let headings = ["Quantity", "Region", "Load", "Value"];
            let rows = known
                .iter()
                .map(|q| {
                    let value = with_unit(q.value, &q.unit);
                    [&q.label, &q.region, &q.load, &value].map(|t| Print::plain(t.clone())).to_vec()
                })
                .collect();
            let number = self.table_number();
            let right = vec![false, false, false, true];
            let grid = Grid { headings: headings.map(str::to_string).to_vec(), right, rows };
            grid.write(&mut self.flow, &number, "Quantities without a criterion.");
        }
    }

    fn warnings(&mut self) {
        if self.record.warnings.is_empty() {
            return;
        }
        self.flow.skip(4.0);
        self.flow.need(40.0);
        self.flow.paragraph(LEFT, WIDTH, "Warnings", Type { size: 11.0, ..bold(BODY) });
        self.flow.y += 2.0;
        self.list(&self.record.warnings);
    }

    fn section(&mut self, section: &Section) -> Result<(), PdfError> {
        self.heading(&section.title, section.level);
        let mut blocks = section.blocks.iter().peekable();
        while let Some(block) = blocks.next() {
            match block {
                Block::Paragraph(text) => {
                    let (start, page) = (self.flow.place(), self.flow.pages.len());
                    self.flow.paragraph(LEFT, WIDTH, text, BODY);
                    self.flow.y += 5.0;
                    // One line above a table or figure introduces it and moves along, its heading too.
                    let introduces = matches!(blocks.peek(), Some(Block::Table(_) | Block::Figure(_)));
                    if introduces && page == self.flow.pages.len() && wrap(text, WIDTH, BODY).len() == 1 {
                        self.flow.hold(start);
                    }
                }
                Block::List(items) => self.list(items),
                Block::Table(table) => self.table(table),
                Block::Figure(id) => {
                    // Two figures of one column in a row stand side by side.
                    let [width, _] = self.figure_size(id)?;
                    let partner = match blocks.peek() {
                        Some(Block::Figure(next)) if 2.0 * width <= WIDTH => {
                            let [other, _] = self.figure_size(next)?;
                            (width + other + 5.0 * MM - 0.1 <= WIDTH).then_some(next)
                        }
                        _ => None,
                    };
                    match partner {
                        Some(next) => {
                            self.figure_row(&[id, next])?;
                            blocks.next();
                        }
                        None => self.figure_row(&[id])?,
                    }
                }
            }
        }
        Ok(())
    }

    fn heading(&mut self, title: &str, level: u8) {
        let text = if level <= 1 {
            self.number = [self.number[0] + 1, 0];
            format!("{}  {title}", self.number[0])
        } else {
            self.number[1] += 1;
            format!("{}.{}  {title}", self.number[0], self.number[1])
        };
        self.numbered_heading(&text, level);
    }

    fn numbered_heading(&mut self, text: &str, level: u8) {
        let (size, above) = if level <= 1 { (14.0, 16.0) } else { (11.0, 10.0) };
        self.flow.skip(above);
        // A heading keeps company: at least three lines follow on its page.
        self.flow.need(size * 1.4 + 3.0 * BODY.leading() + 6.0);
        let start = self.flow.place();
        self.flow.bookmark(text, level);
        self.flow.paragraph(LEFT, WIDTH, text, Type { size, ..bold(BODY) });
        if level <= 1 {
            self.flow.rect(LEFT, 1.0, [WIDTH, 0.6], HAIR);
            self.flow.y += 3.0;
        }
        self.flow.y += 3.0;
        self.flow.hold(start);
    }

    fn list(&mut self, items: &[String]) {
        for item in items {
            for (i, line) in wrap(item, WIDTH - 12.0, BODY).iter().enumerate() {
                self.flow.need(BODY.leading());
                if i == 0 {
                    self.flow.text(LEFT, BODY.size, "–", BODY);
                }
                self.flow.text(LEFT + 12.0, BODY.size, line, BODY);
                self.flow.y += BODY.leading();
            }
            self.flow.y += 1.5;
        }
        self.flow.y += 4.0;
    }

    fn table(&mut self, table: &Table) {
        let number = self.table_number();
        Grid::from(table).write(&mut self.flow, &number, &table.title);
    }

    fn table_number(&mut self) -> String {
        self.n_tables += 1;
        format!("Table {}", self.n_tables)
    }

    /// Size of a figure on the page, pt: as drawn, or smaller where it is too large for a page.
    fn figure_size(&self, id: &str) -> Result<[f64; 2], PdfError> {
        let figure = self.figures.get(id).ok_or_else(|| PdfError::NoFigure { id: id.to_string() })?;
        let fault = |error| PdfError::Svg { id: id.to_string(), error };
        let elements = parse(&figure.svg).map_err(fault)?;
        let root = elements.first().ok_or_else(|| PdfError::NoFigure { id: id.to_string() })?;
        let [w, h] = size_mm(root).map_err(fault)?.map(|v| v * MM);
        let scale = (WIDTH / w).min(200.0 * MM / h).min(1.0);
        Ok([w * scale, h * scale])
    }

    fn figure_row(&mut self, ids: &[&String]) -> Result<(), PdfError> {
        let gap = 5.0 * MM;
        let mut placed = Vec::new();
        for id in ids {
            let [w, h] = self.figure_size(id)?;
            self.n_figures += 1;
            let number = format!("Figure {}", self.n_figures);
            let index =
                self.figures.figures.iter().position(|f| f.id == **id).expect("its size was just read");
            placed.push(([w, h], number, index));
        }
        let alone = placed.len() == 1;
        let caption_width = |w: f64| if alone { WIDTH } else { w };
        let text = |index: usize| self.figures.figures[index].caption.as_str();
        let tall = placed.iter().map(|p| p.0[1]).fold(0.0, f64::max);
        let words = placed
            .iter()
            .map(|(size, number, index)| caption_height(caption_width(size[0]), number, text(*index)))
            .fold(0.0, f64::max);
        self.flow.skip(5.0);
        self.flow.need((tall + words + 4.0).min(BOTTOM));
        let top = self.flow.y;
        // Side by side, figures stand on one line, whatever their legends take above.
        let mut x = if alone { LEFT + 0.5 * (WIDTH - placed[0].0[0]) } else { LEFT };
        for (size, number, index) in &placed {
            self.flow.mark(Mark::Figure { at: [x, top + tall - size[1]], size: *size, index: *index });
            self.flow.y = top + tall + 4.0;
            let left = if alone { LEFT } else { x };
            caption(&mut self.flow, left, caption_width(size[0]), number, text(*index));
            x += size[0] + gap;
        }
        self.flow.y = top + tall + 4.0 + words + 10.0;
        Ok(())
    }

    fn annexes(&mut self) {
        let r = self.record;
        let mut letters = 'A'..='Z';
        let mut annex = |writer: &mut Self, title: &str| {
            let letter = letters.next().expect("there are three annexes");
            writer.numbered_heading(&format!("Annex {letter}  {title}"), 1);
        };
        if !r.inputs.is_empty() {
            annex(self, "Inputs");
            let mut table = Table::new(
                "inputs",
                "Every value of the case with its source.",
                &[("Entry", ""), ("Value", ""), ("Source", "")],
            );
            for i in &r.inputs {
                table.push(crate::row![i.key.as_str(), i.value.as_str(), i.source.as_str()]);
            }
            self.table(&table);
        }
        if !r.history.rows.is_empty() {
            annex(self, "Evaluated designs");
            self.table(&r.history);
        }
        if !r.settings.is_empty() || !r.input_hashes.is_empty() {
            annex(self, "Provenance");
            let mut table = Table::new(
                "provenance",
                "Settings of the program and SHA-256 of its inputs.",
                &[("Item", ""), ("Value", "")],
            );
            table.push(crate::row!["program", format!("{} {}", r.program, r.version)]);
            for (key, value) in r.settings.iter().chain(&r.input_hashes) {
                table.push(crate::row![key.as_str(), value.as_str()]);
            }
            self.table(&table);
        }
    }
}

fn judged_row(q: &Quantity) -> Vec<Print> {
    let (word, color) = match q.verdict {
        Outcome::Met => ("met", GREEN),
        Outcome::NotMet => ("not\u{a0}met", RED),
        Outcome::Informative => ("–", INK),
    };
    let relation = match q.relation {
        Some(Relation::AtMost) => "≤ ",
        Some(Relation::AtLeast) => "≥ ",
        None => "",
    };
    let limit = q.limit.map_or("–".to_string(), |l| format!("{relation}{}", limit_with_unit(l, &q.unit)));
    let margin = q.margin.map_or("–".to_string(), |m| {
        let sign = if m < 0.0 { "\u{2212}" } else { "+" };
        format!("{sign}{}", significant(m.abs(), 3))
    });
    let why = match (q.criterion.is_empty(), q.source.is_empty()) {
        (false, false) => format!("{}; {}", q.criterion, q.source),
        _ => format!("{}{}", q.criterion, q.source),
    };
    let mut row: Vec<Print> =
        [q.label.clone(), q.region.clone(), q.load.clone(), with_unit(q.value, &q.unit)]
            .into_iter()
            .chain([limit, margin])
            .map(Print::plain)
            .collect();
    row.push(Print { text: word.to_string(), color, weight: Weight::Bold });
    row.push(Print::plain(why));
    row
}

/// Limit with its unit; trailing zeros would claim a precision it does not have.
fn limit_with_unit(limit: f64, unit: &str) -> String {
    let text = with_unit(limit, unit);
    let (number, rest) =
        text.split_once('\u{a0}').map_or((text.as_str(), ""), |(n, _)| (n, &text[n.len()..]));
    if number.contains('.') && !number.contains('×') {
        format!("{}{rest}", number.trim_end_matches('0').trim_end_matches('.'))
    } else {
        text
    }
}

/// Number with its unit, held together by a no-break space.
fn with_unit(value: f64, unit: &str) -> String {
    let number = significant(value, 4);
    if unit == NO_UNIT { number } else { format!("{number}\u{a0}{unit}") }
}
