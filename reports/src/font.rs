//! The one typeface of reports, Inter (SIL Open Font License 1.1, `fonts/OFL.txt`), and the widths of its text.

use std::sync::OnceLock;
use ttf_parser::gsub::{SingleSubstitution, SubstitutionSubtable};
use ttf_parser::opentype_layout::Lookup;
use ttf_parser::{Face, GlyphId, Tag};

/// Name of the typeface as written into SVG files.
pub const FAMILY: &str = "Inter";

/// Height of a lower-case x over the font size, from the OS/2 table of the files.
pub(crate) const X_HEIGHT: f64 = 1536.0 / 2816.0;

/// Cut of the typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Running text.
    Regular,
    /// Headings.
    Bold,
    /// Captions and notes.
    Italic,
}

impl Weight {
    /// All cuts.
    pub(crate) const ALL: [Self; 3] = [Self::Regular, Self::Bold, Self::Italic];

    /// The font file.
    pub(crate) fn file(self) -> &'static [u8] {
        match self {
            Self::Regular => include_bytes!("../fonts/Inter-Regular.otf"),
            Self::Bold => include_bytes!("../fonts/Inter-Bold.otf"),
            Self::Italic => include_bytes!("../fonts/Inter-Italic.otf"),
        }
    }

    fn metrics(self) -> &'static Metrics {
        static METRICS: OnceLock<[Metrics; 3]> = OnceLock::new();
        let all = METRICS.get_or_init(|| {
            Self::ALL.map(|w| Metrics::read(w.file()).expect("the embedded fonts are whole and have digits"))
        });
        &all[self as usize]
    }
}

/// Glyph number and advance of a character; a character the font lacks takes the glyph 0.
pub(crate) fn glyph(c: char, weight: Weight) -> (u16, f64) {
    let m = weight.metrics();
    m.advance(m.face.glyph_index(c).unwrap_or_default())
}

/// The same with digits that all have one width, so that columns of numbers stand straight.
pub(crate) fn tabular_glyph(c: char, weight: Weight) -> (u16, f64) {
    let m = weight.metrics();
    match c.to_digit(10) {
        // The bold four of this font is a few units narrower than its fellows.
        Some(digit) => (m.tabular[digit as usize].0, m.advance(m.tabular[0]).1),
        None => glyph(c, weight),
    }
}

/// Whether the typeface has a glyph for every character of `text`.
pub(crate) fn covers(text: &str, weight: Weight) -> bool {
    text.chars().all(|c| c.is_control() || glyph(c, weight).0 != 0)
}

/// Width of `text` set in `weight` at `size`, in the unit of `size`; without kerning, so an upper estimate.
pub fn text_width(text: &str, size: f64, weight: Weight) -> f64 {
    size * text.chars().map(|c| glyph(c, weight).1).sum::<f64>()
}

/// Glyphs and advances of a font file.
struct Metrics {
    face: Face<'static>,
    /// The digits of one width, 0 to 9.
    tabular: [GlyphId; 10],
}

impl Metrics {
    fn read(file: &'static [u8]) -> Option<Self> {
        let face = Face::parse(file, 0).ok()?;
        let mut tabular = [GlyphId(0); 10];
        for (digit, own) in ('0'..='9').zip(&mut tabular) {
            *own = of_one_width(&face, face.glyph_index(digit)?);
        }
        Some(Self { face, tabular })
    }

    /// Number and advance, em, of a glyph.
    fn advance(&self, glyph: GlyphId) -> (u16, f64) {
        let advance = self.face.glyph_hor_advance(glyph).unwrap_or(0);
        (glyph.0, f64::from(advance) / f64::from(self.face.units_per_em()))
    }
}

/// What the feature `tnum` of the font puts in the place of a glyph.
fn of_one_width(face: &Face<'_>, glyph: GlyphId) -> GlyphId {
    let Some(table) = face.tables().gsub else { return glyph };
    let Some(feature) = table.features.find(Tag::from_bytes(b"tnum")) else { return glyph };
    let lookups = feature.lookup_indices.into_iter().filter_map(|i| table.lookups.get(i));
    let replaced = |lookup: Lookup<'_>| {
        lookup.subtables.into_iter::<SubstitutionSubtable<'_>>().find_map(|s| match s {
            SubstitutionSubtable::Single(SingleSubstitution::Format1 { coverage, delta }) => {
                coverage.get(glyph).map(|_| GlyphId(glyph.0.wrapping_add_signed(delta)))
            }
            SubstitutionSubtable::Single(SingleSubstitution::Format2 { coverage, substitutes }) => {
                coverage.get(glyph).and_then(|i| substitutes.get(i))
            }
            _ => None,
        })
    };
    lookups.map(replaced).find_map(|found| found).unwrap_or(glyph)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_covers_the_characters_of_a_report() {
        for weight in Weight::ALL {
            let text = "AZaz09 −×·≤≥²³⁻⁰¹µ°±–—…→≈√Δσεψ½Σλνρφμ[]()/%\u{a0}";
            assert!(covers(text, weight), "{weight:?}");
            assert!(!covers("漢", weight));
        }
    }

    #[test]
    fn digits_of_tables_have_one_width_and_are_drawn_for_it() {
        for weight in Weight::ALL {
            let all: Vec<(u16, f64)> = ('0'..='9').map(|c| tabular_glyph(c, weight)).collect();
            assert!(all.iter().all(|g| g.1 == all[0].1), "{weight:?}: {all:?}");
            // The one of running text is narrow.
            assert_ne!(all[1].0, glyph('1', weight).0);
            assert_eq!(tabular_glyph('a', weight), glyph('a', weight));
        }
    }

    #[test]
    fn bold_text_is_wider_and_width_scales_with_size() {
        let regular = text_width("Stress", 10.0, Weight::Regular);
        assert!(regular < text_width("Stress", 10.0, Weight::Bold));
        // Six letters of about half an em.
        assert!((25.0..40.0).contains(&regular), "{regular}");
        let twice = text_width("Stress", 20.0, Weight::Regular);
        // Round-off of six additions.
        assert!((twice - 2.0 * regular).abs() < 1e-12);
    }
}
