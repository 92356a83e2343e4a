//! Common Layer Interface 2.0: contours of layers, as text or binary.
//!
//! ```text
//! header (always text) · per layer: 127 z · per contour: 130 id direction n x y x y …      little endian, mm
//! ```
//! Coordinates are f32 (the long form) in mm; z is the top of the layer. Direction 1 is an outer contour,
//! counter-clockwise, 0 an inner one, clockwise; the first point is repeated at the end. The header carries no
//! date, so the same layers give the same bytes.
//!
//! Source: Common Layer Interface (CLI), version 2.0, 1994-02 (EU project Brite EuRam).

mod reader;

pub use reader::{CliError, Sliced, read};

use dens_mesher::geometry::solid::Contour;
use std::io::{self, Write};

/// Number of the one part in a file.
const PART: i32 = 1;

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Decimal digits.
    Ascii,
    /// IEEE 754 single precision.
    Binary,
}

/// What the header says.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Name of the part.
    pub label: String,
    /// Further lines of text for people, each a name and a value.
    pub remarks: Vec<(String, String)>,
    /// Smallest and largest corner, mm.
    pub bounds: [[f64; 3]; 2],
    /// Number of layers.
    pub layers: usize,
}

/// Writer of one file, layer after layer.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    form: Form,
    left: usize,
    height: f64,
}

/// Text on one line of the header, without what would end it.
fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
        .collect::<String>()
        .replace("//", "/ /")
}

impl<W: Write> Writer<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(mut out: W, form: Form, header: &Header) -> io::Result<Self> {
        let word = match form {
            Form::Ascii => "$$ASCII",
            Form::Binary => "$$BINARY",
        };
        writeln!(out, "$$HEADERSTART\n{word}\n$$UNITS/1.0\n$$VERSION/200")?;
        writeln!(out, "$$LABEL/{PART},{}", clean(&header.label))?;
        for (name, value) in &header.remarks {
            writeln!(out, "// {}: {} //", clean(name), clean(value))?;
        }
        let [low, high] = header.bounds;
        let numbers: Vec<String> = low.iter().chain(&high).map(|x| (*x as f32 + 0.0).to_string()).collect();
        writeln!(out, "$$DIMENSION/{}\n$$LAYERS/{}", numbers.join(","), header.layers)?;
        write!(out, "$$HEADEREND")?;
        if form == Form::Ascii {
            writeln!(out, "\n$$GEOMETRYSTART")?;
        }
        Ok(Self { out, form, left: header.layers, height: f64::NEG_INFINITY })
    }

    /// Writes the next layer, empty ones too.
    ///
    /// # Errors
    /// Those of `out`; a layer that does not lie above the one before, or one more than announced.
    pub fn layer(&mut self, top: f64, contours: &[Contour]) -> io::Result<()> {
        // Rounded to f32 two tops may meet.
        if self.left == 0 || (top as f32) <= self.height as f32 {
            return Err(io::Error::other("layers out of order"));
        }
        (self.left, self.height) = (self.left - 1, top);
        match self.form {
            Form::Ascii => {
                writeln!(self.out, "$$LAYER/{}", top as f32)?;
                for c in contours {
                    let direction = i32::from(0.0 < c.area());
                    write!(self.out, "$$POLYLINE/{PART},{direction},{}", c.points.len() + 1)?;
                    for [x, y] in c.points.iter().chain(c.points.first()) {
                        write!(self.out, ",{},{}", *x as f32 + 0.0, *y as f32 + 0.0)?;
                    }
                    writeln!(self.out)?;
                }
            }
            Form::Binary => {
                self.out.write_all(&127_u16.to_le_bytes())?;
                self.out.write_all(&(top as f32).to_le_bytes())?;
                for c in contours {
                    let count = i32::try_from(c.points.len() + 1).map_err(io::Error::other)?;
                    self.out.write_all(&130_u16.to_le_bytes())?;
                    for word in [PART, i32::from(0.0 < c.area()), count] {
                        self.out.write_all(&word.to_le_bytes())?;
                    }
                    for x in c.points.iter().chain(c.points.first()).flatten() {
                        self.out.write_all(&(*x as f32 + 0.0).to_le_bytes())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the file and gives `out` back.
    ///
    /// # Errors
    /// Those of `out`; fewer layers than announced.
    pub fn finish(mut self) -> io::Result<W> {
        if self.left != 0 {
            return Err(io::Error::other("layers are missing"));
        }
        if self.form == Form::Ascii {
            writeln!(self.out, "$$GEOMETRYEND")?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(half: f64, hole: bool) -> Contour {
        let mut points = vec![[-half, -half], [half, -half], [half, half], [-half, half]];
        if hole {
            points.reverse();
        }
        Contour { points }
    }

    fn header(layers: usize) -> Header {
        Header {
            label: "implant 28 mm".into(),
            remarks: vec![("layer".into(), "0.05 mm, z is its top\n$$END".into())],
            bounds: [[-1.0, -1.0, 0.0], [1.0, 1.0, 0.1]],
            layers,
        }
    }

    fn written(form: Form) -> Vec<u8> {
        let mut out = Writer::new(Vec::new(), form, &header(2)).expect("memory");
        out.layer(0.05, &[square(1.0, false), square(0.5, true)]).expect("memory");
        out.layer(0.1, &[]).expect("memory");
        out.finish().expect("memory")
    }

    #[test]
    fn a_square_with_a_hole_has_the_text_of_the_format() {
        let text = String::from_utf8(written(Form::Ascii)).expect("ASCII");
        let expected = "$$HEADERSTART\n$$ASCII\n$$UNITS/1.0\n$$VERSION/200\n$$LABEL/1,implant 28 mm\n\
            // layer: 0.05 mm, z is its top?$$END //\n$$DIMENSION/-1,-1,0,1,1,0.1\n$$LAYERS/2\n$$HEADEREND\n\
            $$GEOMETRYSTART\n$$LAYER/0.05\n$$POLYLINE/1,1,5,-1,-1,1,-1,1,1,-1,1,-1,-1\n\
            $$POLYLINE/1,0,5,-0.5,0.5,0.5,0.5,0.5,-0.5,-0.5,-0.5,-0.5,0.5\n$$LAYER/0.1\n$$GEOMETRYEND\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn binary_starts_right_behind_the_header_with_little_endian_words() {
        let bytes = written(Form::Binary);
        let mark = b"$$HEADEREND";
        let at = bytes.windows(mark.len()).position(|w| w == mark).expect("a header") + mark.len();
        // 127, 0.05 in IEEE 754; 130, part 1, outer, 5 points, −1.
        let expected =
            [127, 0, 0xcd, 0xcc, 0x4c, 0x3d, 130, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0x80, 0xbf];
        assert_eq!(bytes[at..at + expected.len()], expected);
        // Two contours of 14 + 40 bytes, two layers of 6.
        assert_eq!(bytes.len() - at, 2 * (14 + 40) + 2 * 6);
    }

    #[test]
    fn both_forms_say_the_same() {
        let [a, b] =
            [Form::Ascii, Form::Binary].map(|f| read(&mut written(f).as_slice()).expect("our own file"));
        assert_eq!(a, b);
        assert_eq!(a.layers.len(), 2);
        assert_eq!(a.layers[0].1, [square(1.0, false), square(0.5, true)]);
        assert!((a.volume() - 3.0 * f64::from(0.05_f32)).abs() < 1e-12, "{}", a.volume());
    }

    #[test]
    fn layers_out_of_order_missing_or_too_many_are_refused() {
        let mut out = Writer::new(Vec::new(), Form::Binary, &header(2)).expect("memory");
        out.layer(0.05, &[]).expect("the first");
        assert!(out.layer(0.05, &[]).is_err());
        assert!(out.finish().is_err());
        let mut one = Writer::new(Vec::new(), Form::Ascii, &header(0)).expect("memory");
        assert!(one.layer(0.05, &[]).is_err());
    }

    #[test]
    fn files_against_the_rules_are_refused() {
        let refused = |from: &str, to: &str| {
            let text = String::from_utf8(written(Form::Ascii)).expect("ASCII");
            assert!(text.contains(from), "{from}");
            read(&mut text.replacen(from, to, 1).as_bytes()).expect_err(to).to_string()
        };
        assert!(refused("$$POLYLINE/1,1", "$$POLYLINE/1,0").contains("turns"));
        assert!(refused("1,-1,-1\n", "1,-1,-2\n").contains("closed"));
        assert!(refused("$$LAYER/0.1", "$$LAYER/0.04").contains("above"));
        assert!(refused("$$LAYERS/2", "$$LAYERS/3").contains("layers"));
        assert!(refused("$$UNITS/1.0", "$$UNITS/0.005").contains("unit"));
        assert!(refused("-0.5,0.5,0.5", "-0.5,NaN,0.5").contains("number"));
        assert!(refused("$$GEOMETRYEND\n", "").contains("ends"));
        let good = written(Form::Binary);
        assert!(read(&mut &good[..good.len() - 1]).is_err());
    }
}
