//! Text flow: pages as lists of marks, line breaking, the writing position.

use crate::font::{Weight, covers, text_width};
use crate::palette::Rgb;

/// Points per millimeter.
pub(super) const MM: f64 = 72.0 / 25.4;

/// A4, pt.
pub(super) const PAGE: [f64; 2] = [210.0 * MM, 297.0 * MM];

/// Left edge of the text, pt: the widest figure, 175 mm, is centered on the page.
pub(super) const LEFT: f64 = 17.5 * MM;

/// Width of the text, pt.
pub(super) const WIDTH: f64 = 175.0 * MM;

/// Top and bottom edge of the text, pt.
pub(super) const TOP: f64 = 24.0 * MM;
pub(super) const BOTTOM: f64 = 275.0 * MM;

/// Font, size (pt) and color of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) color: Rgb,
}

impl Type {
    pub(super) fn width(&self, text: &str) -> f64 {
        text_width(text, self.size, self.weight)
    }

    /// Distance of baselines, pt.
    pub(super) fn leading(&self) -> f64 {
        (1.38 * self.size).round_to(0.25)
    }
}

trait RoundTo {
    fn round_to(self, step: f64) -> f64;
}

impl RoundTo for f64 {
    fn round_to(self, step: f64) -> f64 {
        (self / step).round() * step
    }
}

/// Thing on a page; coordinates in pt from the top left corner.
#[derive(Debug)]
pub(super) enum Mark {
    /// Line of text from its baseline's left end; `tabular` gives all digits one width.
    Text { at: [f64; 2], text: String, face: Type, tabular: bool },
    /// Filled rectangle: corner and size.
    Rect { at: [f64; 2], size: [f64; 2], color: Rgb },
    /// Figure by its number in the set: corner and size.
    Figure { at: [f64; 2], size: [f64; 2], index: usize },
}

impl Mark {
    fn shift(&mut self, dy: f64) {
        match self {
            Self::Text { at, .. } | Self::Rect { at, .. } | Self::Figure { at, .. } => at[1] += dy,
        }
    }
}

/// Entry of the outline.
#[derive(Debug)]
pub(super) struct Bookmark {
    pub(super) text: String,
    pub(super) level: u8,
    pub(super) page: usize,
    pub(super) y: f64,
}

/// Place in the flow, to which a heading can be traced back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    marks: usize,
    bookmarks: usize,
    y: f64,
}

/// Pages in the making.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pub(super) pages: Vec<Vec<Mark>>,
    pub(super) bookmarks: Vec<Bookmark>,
    /// Distance of the writing position from the top of the page, pt.
    pub(super) y: f64,
    /// Start and end of a heading that nothing follows yet.
    held: Option<(Place, usize)>,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self { pages: vec![Vec::new()], bookmarks: Vec::new(), y: TOP, held: None }
    }

    /// The writing position.
    pub(super) fn place(&self) -> Place {
        let place = Place { marks: self.last().len(), bookmarks: self.bookmarks.len(), y: self.y };
        // Headings in a row stay together.
        match self.held {
            Some((start, end)) if end == place.marks => start,
            _ => place,
        }
    }

    /// Keeps what was written since `start` with what follows: it moves along if the page breaks right here.
    pub(super) fn hold(&mut self, start: Place) {
        self.held = Some((start, self.last().len()));
    }

    /// Starts a page.
    pub(super) fn break_page(&mut self) {
        let mut moved = Vec::new();
        let mut height = 0.0;
        if let Some((start, end)) = self.held.take() {
            let page = self.pages.last_mut().expect("there is always a page");
            // A heading at the top of its page has no better place to go.
            if end == page.len() && TOP < start.y {
                moved = page.split_off(start.marks);
                height = self.y - start.y;
                for mark in &mut moved {
                    mark.shift(TOP - start.y);
                }
                for b in &mut self.bookmarks[start.bookmarks..] {
                    b.page += 1;
                    b.y += TOP - start.y;
                }
            }
        }
        self.pages.push(moved);
        self.y = TOP + height;
    }

    fn last(&self) -> &Vec<Mark> {
        self.pages.last().expect("there is always a page")
    }

    /// Starts a page unless `height` pt are left on this one.
    pub(super) fn need(&mut self, height: f64) {
        if BOTTOM < self.y + height && TOP < self.y {
            self.break_page();
        }
    }

    /// Leaves `height` pt blank, except at the top of a page.
    pub(super) fn skip(&mut self, height: f64) {
        if TOP < self.y {
            self.y += height;
        }
    }

    pub(super) fn mark(&mut self, mark: Mark) {
        self.pages.last_mut().expect("there is always a page").push(mark);
    }

    /// Line of text with its baseline `down` pt below the writing position.
    pub(super) fn text(&mut self, x: f64, down: f64, text: &str, face: Type) {
        let mark =
            Mark::Text { at: [x, self.y + down], text: printable(text, face.weight), face, tabular: false };
        self.mark(mark);
    }

    pub(super) fn rect(&mut self, x: f64, down: f64, size: [f64; 2], color: Rgb) {
        let at = [x, self.y + down];
        self.mark(Mark::Rect { at, size, color });
    }

    /// Paragraph from `x`, `width` pt wide.
    pub(super) fn paragraph(&mut self, x: f64, width: f64, text: &str, face: Type) {
        for line in wrap(text, width, face) {
            self.need(face.leading());
            self.text(x, face.size, &line, face);
            self.y += face.leading();
        }
    }

    pub(super) fn bookmark(&mut self, text: &str, level: u8) {
        let page = self.pages.len() - 1;
        self.bookmarks.push(Bookmark { text: text.to_string(), level, page, y: self.y });
    }
}

/// The text with a box for each character the typeface lacks.
pub(super) fn printable(text: &str, weight: Weight) -> String {
    let flat = |c: char| if c.is_control() { ' ' } else { c };
    if covers(text, weight) {
        return text.chars().map(flat).collect();
    }
    let mut buffer = [0; 4];
    text.chars().map(|c| if covers(c.encode_utf8(&mut buffer), weight) { flat(c) } else { '□' }).collect()
}

/// Lines of at most `width` pt, broken at spaces; a word that is too long is broken after a separator, or
/// anywhere if it has none.
pub(super) fn wrap(text: &str, width: f64, face: Type) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    // Breakable white space only: a no-break space belongs to its word.
    let blank = |c: char| c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}';
    // A percent sign does not start a line.
    let text = text.replace(" %", "\u{a0}%");
    for word in text.split(blank).filter(|w| !w.is_empty()) {
        let joined = if line.is_empty() { word.to_string() } else { format!("{line} {word}") };
        if face.width(&joined) <= width {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = word.to_string();
        while width < face.width(&line) {
            let cut = cut_of(&line, width, face);
            let rest = line.split_off(cut);
            lines.push(std::mem::replace(&mut line, rest));
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Byte at which to cut a word so that its head fits; at least one character.
fn cut_of(word: &str, width: f64, face: Type) -> usize {
    let mut fits = word.chars().next().map_or(0, char::len_utf8);
    let mut after_separator = None;
    for (i, c) in word.char_indices() {
        let end = i + c.len_utf8();
        if width < face.width(&word[..end]) {
            break;
        }
        fits = fits.max(end);
        let between_digits = word[..i].ends_with(|c: char| c.is_ascii_digit())
            && word[end..].starts_with(|c: char| c.is_ascii_digit());
        if matches!(c, '.' | '_' | '/' | '-' | ',' | ':') && end < word.len() && !between_digits {
            after_separator = Some(end);
        }
    }
    after_separator.unwrap_or(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACE: Type = Type { size: 10.0, weight: Weight::Regular, color: [0; 3] };

    #[test]
    fn no_line_is_wider_than_asked_and_no_word_is_lost() {
        let text = "The implant of titanium stands on the endplate; its lattice carries the load.";
        let lines = wrap(text, 90.0, FACE);
        assert!(lines.iter().all(|l| FACE.width(l) <= 90.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn long_words_break_after_a_separator_or_anywhere() {
        assert_eq!(wrap("material.stem.youngs_modulus", 75.0, FACE)[0], "material.stem.");
        let hash = wrap(&"0123456789abcdef".repeat(4), 100.0, FACE);
        assert_eq!(hash.concat(), "0123456789abcdef".repeat(4));
        assert!(hash.iter().all(|l| FACE.width(l) <= 100.0));
        // Narrower than a character: one character a line, no endless loop.
        assert_eq!(wrap("abc", 0.1, FACE), ["a", "b", "c"]);
        assert_eq!(wrap("more than 95 %", 66.0, FACE), ["more than", "95\u{a0}%"]);
    }

    #[test]
    fn heading_moves_to_the_next_page_with_what_follows_it() {
        let mut flow = Flow::new();
        flow.paragraph(LEFT, WIDTH, "before", FACE);
        flow.y = BOTTOM - 60.0;
        let start = flow.place();
        flow.bookmark("Heading", 1);
        flow.paragraph(LEFT, WIDTH, "Heading", FACE);
        flow.hold(start);
        flow.need(200.0);
        flow.paragraph(LEFT, WIDTH, "after", FACE);
        let texts = |page: usize| -> Vec<&str> {
            flow.pages[page]
                .iter()
                .filter_map(|m| if let Mark::Text { text, .. } = m { Some(text.as_str()) } else { None })
                .collect()
        };
        assert_eq!(texts(0), ["before"]);
        assert_eq!(texts(1), ["Heading", "after"]);
        assert_eq!(flow.bookmarks[0].page, 1);
        // Round-off of moving it up the page.
        assert!((flow.bookmarks[0].y - TOP).abs() < 1e-9);
    }

    #[test]
    fn characters_without_glyph_become_a_box() {
        assert_eq!(printable("C2 漢\n", Weight::Regular), "C2 □ ");
    }

    #[test]
    fn a_number_is_not_cut_at_its_point() {
        let face = Type { size: 8.0, weight: Weight::Regular, color: [0; 3] };
        let lines = wrap("limit/0.08844\u{a0}mm", face.width("limit/0.0"), face);
        assert_eq!(lines[0], "limit/", "{lines:?}");
    }
}
