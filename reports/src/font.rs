//! The one typeface of reports, Inter (SIL Open Font License 1.1, `fonts/OFL.txt`), and the widths of its text.

use std::sync::OnceLock;

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
            Self::ALL.map(|w| Metrics::read(w.file()).expect("the embedded fonts have cmap 12 and hmtx"))
        });
        &all[self as usize]
    }
}

/// Glyph number and advance of a character; a character the font lacks takes the glyph 0.
pub(crate) fn glyph(c: char, weight: Weight) -> (u16, f64) {
    let m = weight.metrics();
    let id = m.glyph(c as u32);
    let advance = m.advances.get(id as usize).or(m.advances.last()).copied().unwrap_or(0);
    (id, f64::from(advance) / m.units_per_em)
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
    units_per_em: f64,
    advances: Vec<u16>,
    /// First character, last character, glyph of the first.
    groups: Vec<[u32; 3]>,
}

impl Metrics {
    /// Reads `head`, `hhea`, `hmtx` and a format-12 subtable of `cmap`.
    fn read(file: &[u8]) -> Option<Self> {
        let table = |tag: &[u8; 4]| -> Option<&[u8]> {
            let n = u16_at(file, 4)? as usize;
            let at = (0..n).map(|i| 12 + 16 * i).find(|&at| file.get(at..at + 4) == Some(tag))?;
            let (start, len) = (u32_at(file, at + 8)? as usize, u32_at(file, at + 12)? as usize);
            file.get(start..start + len)
        };
        let units_per_em = f64::from(u16_at(table(b"head")?, 18)?);
        let n_metrics = u16_at(table(b"hhea")?, 34)? as usize;
        let hmtx = table(b"hmtx")?;
        let advances = (0..n_metrics).map(|i| u16_at(hmtx, 4 * i)).collect::<Option<_>>()?;
        let cmap = table(b"cmap")?;
        let subtable = (0..u16_at(cmap, 2)? as usize)
            .filter_map(|i| cmap.get(u32_at(cmap, 8 + 8 * i)? as usize..))
            .find(|s| u16_at(s, 0) == Some(12))?;
        let groups = (0..u32_at(subtable, 12)? as usize)
            .map(|i| {
                let at = 16 + 12 * i;
                Some([u32_at(subtable, at)?, u32_at(subtable, at + 4)?, u32_at(subtable, at + 8)?])
            })
            .collect::<Option<_>>()?;
        Some(Self { units_per_em, advances, groups })
    }

    fn glyph(&self, c: u32) -> u16 {
        let i = self.groups.partition_point(|g| g[1] < c);
        match self.groups.get(i) {
            Some(&[first, _, glyph]) if first <= c => (glyph + c - first) as u16,
            _ => 0,
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
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
