//! Letters on the anterior wall of an implant, raised or recessed: capitals, digits and a few marks, of round strokes.

use super::super::Field;
use super::super::implant::{FaceKind, Implant};
use crate::Vec3;
use thiserror::Error;

/// Heights of capitals that are tried, mm: below 2 mm strokes of the machine's least width run together.
const HEIGHTS: [f64; 4] = [3.2, 2.8, 2.4, 2.0];
/// Width of a stroke, mm: the least strut of the machine (`lattice.md` §3.1).
const STROKE_MM: f64 = 0.45;
/// Cells of a glyph: four wide, six high; two more to the next.
const WIDE: f64 = 4.0;
const HIGH: f64 = 6.0;
const NEXT: f64 = 6.0;
/// Room to bores, windows and the rims of the wall, mm.
const ROOM_MM: f64 = 0.6;
/// Least share of the wall's normal that looks to anterior: letters are projected along it.
const FACING: f64 = 0.5;
/// Step of the search for the wall and for a place, mm.
const MARCH_MM: f64 = 0.2;
const PLACE_MM: f64 = 0.5;

/// Strokes of a glyph: lines of points apart by spaces, each point two digits, x 0 to 4 and y 0 to 6.
const GLYPHS: [(char, &str); 42] = [
    ('A', "002640 1232"),
    ('B', "00063645443303 3342413000"),
    ('C', "4536160501103041"),
    ('D', "00062644422000"),
    ('E', "46060040 0333"),
    ('F', "460600 0333"),
    ('G', "45361605011030414323"),
    ('H', "0006 4046 0343"),
    ('I', "2026 1636 1030"),
    ('J', "4641301001"),
    ('K', "0006 460340"),
    ('L', "060040"),
    ('M', "0006234640"),
    ('N', "00064046"),
    ('O', "100105163645413010"),
    ('P', "00063645443303"),
    ('Q', "100105163645413010 2240"),
    ('R', "00063645443303 2340"),
    ('S', "453616050413334241301001"),
    ('T', "2026 0646"),
    ('U', "060110304146"),
    ('V', "062046"),
    ('W', "0610233046"),
    ('X', "0046 0640"),
    ('Y', "062346 2320"),
    ('Z', "06460040"),
    ('0', "100105163645413010 1135"),
    ('1', "152620 1030"),
    ('2', "05163645440040"),
    ('3', "05163645443313 334241301001"),
    ('4', "30360242"),
    ('5', "4606033342413000"),
    ('6', "36160501103041423303"),
    ('7', "064610"),
    ('8', "13040516364544331302011030414233"),
    ('9', "43130405163645413010"),
    ('-', "0343"),
    ('.', "2021"),
    ('/', "0046"),
    ('+', "0343 2125"),
    ('_', "0040"),
    (' ', ""),
];

/// Why there are no letters.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LettersError {
    /// A character without a glyph.
    #[error("`{0}` cannot be embossed; letters, digits, space and - . / + _ can")]
    Unknown(char),
    /// Nothing but spaces.
    #[error("there is no text to emboss")]
    Empty,
    /// No part of the anterior wall is wide and whole enough.
    #[error(
        "`{0}` finds no room on the anterior wall between windows and screw tracks, not even {least} mm high; use a shorter text", least = HEIGHTS[3]
    )]
    NoRoom(String),
}

/// Text on the anterior (−y) wall, read from anterior: the patient's right is left of the reader.
#[derive(Debug, Clone, PartialEq)]
pub struct Letters {
    /// Ends of strokes as x and z, mm.
    strokes: Vec<[[f64; 2]; 2]>,
    /// Least and largest x and z of the strokes, mm.
    frame: [[f64; 2]; 2],
    /// Only what lies before this y is the anterior wall, mm.
    front: f64,
    /// How far letters stand out, mm; negative: how deep they go in.
    pub relief_mm: f64,
    /// Height of capitals, mm.
    pub height_mm: f64,
}

impl Letters {
    /// Finds a place for `text` on the anterior wall.
    ///
    /// - `relief`: how far letters stand out, mm; negative: how deep they go in
    ///
    /// # Errors
    /// [`LettersError`].
    pub fn place(implant: &Implant, text: &str, relief: f64) -> Result<Self, LettersError> {
        let text = text.trim().to_uppercase();
        let glyphs = glyphs(&text)?;
        let bounds = implant.bounds();
        let foot = implant.pads[0].patch.center;
        let top = 0.5 * (implant.pads[1].patch.center.z + implant.pads[2].patch.center.z);
        let wall = Wall::new(implant, relief);
        let n = ((top - foot.z) / PLACE_MM).floor().max(0.0) as i32;
        for height in HEIGHTS {
            // From the middle outward.
            let mut places: Vec<f64> = (0..=n).map(|k| foot.z + PLACE_MM * f64::from(k)).collect();
            let middle = 0.5 * (foot.z + top);
            places.sort_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()));
            for z in places {
                let letters = Self::at(&glyphs, [foot.x, z], height, bounds.center().y, relief);
                if letters.samples().all(|[x, z]| wall.holds(x, z)) {
                    return Ok(letters);
                }
            }
        }
        Err(LettersError::NoRoom(text))
    }

    /// Strokes about a middle.
    fn at(glyphs: &[Vec<[[f64; 2]; 2]>], middle: [f64; 2], height: f64, front: f64, relief: f64) -> Self {
        let unit = height / HIGH;
        let width = NEXT * glyphs.len() as f64 - (NEXT - WIDE);
        let place = |k: usize, [u, v]: [f64; 2]| {
            // From anterior the patient's left, +x, is right of the reader.
            [middle[0] + unit * (NEXT * k as f64 + u - 0.5 * width), middle[1] + unit * (v - 0.5 * HIGH)]
        };
        let strokes: Vec<[[f64; 2]; 2]> = glyphs
            .iter()
            .enumerate()
            .flat_map(|(k, g)| g.iter().map(move |s| s.map(|p| place(k, p))))
            .collect();
        let ends = || strokes.iter().flatten();
        let frame = [
            [0, 1].map(|i| ends().map(|p| p[i]).fold(f64::INFINITY, f64::min)),
            [0, 1].map(|i| ends().map(|p| p[i]).fold(f64::NEG_INFINITY, f64::max)),
        ];
        Self { strokes, frame, front, relief_mm: relief, height_mm: height }
    }

    /// Points along the strokes.
    fn samples(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.strokes
            .iter()
            .flat_map(|[a, b]| (0..4).map(move |k| [0, 1].map(|i| a[i] + (b[i] - a[i]) * f64::from(k) / 3.0)))
    }

    /// Distance to the strokes' rim seen from anterior, mm, negative in a stroke; at least right in sign beyond a
    /// stroke's width.
    fn flat(&self, [x, z]: [f64; 2]) -> f64 {
        let [low, high] = self.frame;
        let beyond = [(low[0] - x).max(x - high[0]), (low[1] - z).max(z - high[1])];
        let beyond = beyond[0].max(beyond[1]);
        if STROKE_MM < beyond {
            return beyond - 0.5 * STROKE_MM;
        }
        let nearest = self.strokes.iter().map(|[a, b]| {
            let d = [b[0] - a[0], b[1] - a[1]];
            let t = ((x - a[0]) * d[0] + (z - a[1]) * d[1]) / (d[0] * d[0] + d[1] * d[1]).max(1e-12);
            let t = t.clamp(0.0, 1.0);
            (x - a[0] - t * d[0]).hypot(z - a[1] - t * d[1])
        });
        nearest.fold(f64::INFINITY, f64::min) - 0.5 * STROKE_MM
    }

    /// Value of the metal with the letters, from its value without them and that of the side face at `p`, mm.
    pub(super) fn carved(&self, p: Vec3, side: f64, metal: f64) -> f64 {
        if self.front < p.y {
            return metal;
        }
        // A layer about the wall, as deep inward as outward.
        let letters = self.flat([p.x, p.z]).max(side.abs() - self.relief_mm.abs());
        if 0.0 < self.relief_mm { metal.min(letters) } else { metal.max(-letters) }
    }
}

fn glyphs(text: &str) -> Result<Vec<Vec<[[f64; 2]; 2]>>, LettersError> {
    let glyph = |c: char| {
        let (_, lines) = GLYPHS.iter().find(|(g, _)| *g == c).ok_or(LettersError::Unknown(c))?;
        Ok(lines
            .split_whitespace()
            .flat_map(|line| {
                let digit = |i: usize| f64::from(line.as_bytes()[i] - b'0');
                let point = move |k: usize| [digit(2 * k), digit(2 * k + 1)];
                (1..line.len() / 2).map(move |k| [point(k - 1), point(k)]).collect::<Vec<_>>()
            })
            .collect())
    };
    let found: Vec<Vec<[[f64; 2]; 2]>> = text.chars().map(glyph).collect::<Result<_, _>>()?;
    if found.iter().all(Vec::is_empty) { Err(LettersError::Empty) } else { Ok(found) }
}

/// The anterior wall as letters need it.
struct Wall<'a> {
    implant: &'a Implant,
    depth: f64,
    start: f64,
    steps: usize,
}

impl<'a> Wall<'a> {
    fn new(implant: &'a Implant, relief: f64) -> Self {
        let bounds = implant.bounds();
        let steps = ((bounds.center().y - bounds.min.y) / MARCH_MM).max(0.0) as usize + 5;
        Self { implant, depth: relief.min(0.0).abs(), start: bounds.min.y - 1.0, steps }
    }

    fn value(&self, kind: FaceKind, p: Vec3) -> f64 {
        let faces = self.implant.faces().iter().filter(|f| f.kind == kind);
        faces.map(|f| f.field.value(p)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether solid wall that looks to anterior lies behind x, z, away from its rims and from tracks.
    fn holds(&self, x: f64, z: f64) -> bool {
        let at = |k: usize| Vec3::new(x, self.start + MARCH_MM * k as f64, z);
        let side = |p: Vec3| self.value(FaceKind::Side, p);
        let Some(k) = (1..self.steps).find(|k| side(at(*k)) < 0.0) else { return false };
        let (mut outer, mut inner) = (at(k - 1), at(k));
        for _ in 0..12 {
            let middle = 0.5 * (outer + inner);
            if side(middle) < 0.0 { inner = middle } else { outer = middle }
        }
        let h = 0.05;
        let slope =
            Vec3::from_fn(|i, _| (side(inner + Vec3::ith(i, h)) - side(inner - Vec3::ith(i, h))) / (2.0 * h));
        let facing = -slope.y / slope.norm().max(1e-9);
        let behind = inner + Vec3::y() * (self.depth + 0.3);
        let solid = self.implant.solid_given_side(behind, side(behind));
        let rims = self.value(FaceKind::Upper, inner).max(self.value(FaceKind::Lower, inner));
        let bores = self.implant.tracks.iter().map(|t| t.value(inner, 0.0)).fold(f64::INFINITY, f64::min);
        FACING < facing && solid < 0.0 && rims < -ROOM_MM && ROOM_MM < bores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_glyph_lies_in_its_box_and_differs_from_the_others() {
        for (i, (c, lines)) in GLYPHS.iter().enumerate() {
            for line in lines.split_whitespace() {
                assert!(line.len().is_multiple_of(2) && 4 <= line.len(), "{c}: {line}");
                for (k, d) in line.bytes().enumerate() {
                    let most = if k % 2 == 0 { b'4' } else { b'6' };
                    assert!((b'0'..=most).contains(&d), "{c}: {line}");
                }
            }
            assert!(GLYPHS[..i].iter().all(|(d, other)| d != c && other != lines), "{c}");
        }
    }

    #[test]
    fn letters_stand_out_or_go_in_where_their_strokes_are() {
        // A wall at y = 0, metal behind it.
        let glyphs = glyphs("I").expect("known");
        let letters = |relief| Letters::at(&glyphs, [0.0, 0.0], 3.0, 5.0, relief);
        let value = |l: &Letters, p: Vec3| l.carved(p, -p.y, -p.y);
        let (up, down) = (letters(0.3), letters(-0.3));
        let (before, behind) = (Vec3::new(0.0, -0.2, 0.0), Vec3::new(0.0, 0.2, 0.0));
        assert!(value(&up, before) < 0.0 && value(&up, behind) < 0.0);
        assert!(0.0 < value(&down, before) && 0.0 < value(&down, behind));
        // Beside the stem, between the bars, nothing changes.
        let beside = Vec3::new(0.6, 0.2, 0.3);
        assert_eq!((value(&up, beside), value(&down, beside)), (-0.2, -0.2));
        let far = Vec3::new(0.0, -0.4, 0.0);
        assert!(0.0 < value(&up, far));
    }

    #[test]
    fn text_that_cannot_be_written_is_refused() {
        assert_eq!(glyphs("Ä"), Err(LettersError::Unknown('Ä')));
        assert_eq!(glyphs("  "), Err(LettersError::Empty));
    }
}
