//! Requests and answers of `dens-tetgen`, as text.
//!
//! A request; blanks and line ends separate words, the counts must match:
//!
//! ```text
//! dens-tetgen 1
//! switches pq1.4Aa
//! points 4                  count, then x y z of each
//! 0 0 0
//! …
//! triangles 4               count, then three point numbers from 0 and a marker of each
//! 0 2 1 5
//! …
//! regions 1                 count, then seed x y z, attribute and largest volume of each
//! 0.1 0.1 0.1 1 -1
//! end
//! ```
//! An answer has the same shape:
//!
//! ```text
//! dens-tetgen 1
//! points 5                  x y z
//! cells 12                  four point numbers from 0, attribute
//! faces 8                   three point numbers from 0, marker; faces on the triangles of the request
//! end
//! ```
//! Numbers are written so that reading them gives the same bits.

use super::{Cells, Complex};
use std::fmt::Write;
use std::str::{FromStr, SplitWhitespace};

/// Reads a request: the complex and the switches.
///
/// # Errors
/// What was expected and what was found.
pub fn read_request(text: &str) -> Result<(Complex, String), String> {
    let mut words = text.split_whitespace();
    expect(&mut words, "dens-tetgen")?;
    expect(&mut words, "1")?;
    expect(&mut words, "switches")?;
    let switches = words.next().ok_or("switches are missing")?.to_string();
    let mut complex = Complex::default();
    for _ in 0..count(&mut words, "points")? {
        complex.points.push(numbers(&mut words)?);
    }
    for _ in 0..count(&mut words, "triangles")? {
        complex.triangles.push(numbers(&mut words)?);
        complex.markers.push(number(&mut words)?);
    }
    for _ in 0..count(&mut words, "regions")? {
        complex.regions.push(numbers(&mut words)?);
    }
    expect(&mut words, "end")?;
    Ok((complex, switches))
}

/// Writes an answer.
pub fn write_answer(cells: &Cells) -> String {
    let mut out = String::from("dens-tetgen 1\n");
    section(&mut out, "points", cells.points.iter().map(|[x, y, z]| format!("{x} {y} {z}")));
    let with = cells.cells.iter().zip(&cells.attributes);
    section(&mut out, "cells", with.map(|([a, b, c, d], r)| format!("{a} {b} {c} {d} {r}")));
    let with = cells.faces.iter().zip(&cells.markers);
    section(&mut out, "faces", with.map(|([a, b, c], m)| format!("{a} {b} {c} {m}")));
    out.push_str("end\n");
    out
}

fn section(out: &mut String, name: &str, lines: impl ExactSizeIterator<Item = String>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{name} {}", lines.len());
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
}

fn expect(words: &mut SplitWhitespace<'_>, word: &str) -> Result<(), String> {
    match words.next() {
        Some(found) if found == word => Ok(()),
        found => Err(format!("expected `{word}`, found `{}`", found.unwrap_or("the end"))),
    }
}

fn count(words: &mut SplitWhitespace<'_>, name: &str) -> Result<usize, String> {
    expect(words, name)?;
    number(words)
}

fn number<T: FromStr>(words: &mut SplitWhitespace<'_>) -> Result<T, String> {
    let word = words.next().ok_or("the request ends too early")?;
    word.parse().map_err(|_| format!("`{word}` is not a number that fits here"))
}

fn numbers<T: FromStr + Copy + Default, const N: usize>(
    words: &mut SplitWhitespace<'_>,
) -> Result<[T; N], String> {
    let mut found = [T::default(); N];
    for x in &mut found {
        *x = number(words)?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_read_to_the_last_bit_and_bad_ones_say_where() {
        let good = "dens-tetgen 1\nswitches pq1.4\npoints 3\n0.1 -1e-17 3\n1 0 0\n0 1 0\ntriangles 1\n0 1 2 -4\nregions 1\n0 0 0 2 -1\nend\n";
        let (complex, switches) = read_request(good).expect("a good request");
        assert_eq!(
            (complex.points[0], complex.markers[0], switches.as_str()),
            ([0.1, -1e-17, 3.0], -4, "pq1.4")
        );
        for (broken, word) in [
            (good.replace("triangles 1", "triangles 2"), "regions"),
            (good.replace("-1e-17", "x"), "`x`"),
            (good.replace("end", ""), "`end`"),
            (good.replace("dens-tetgen 1", "dens-tetgen 2"), "`2`"),
        ] {
            let error = read_request(&broken).expect_err(word);
            assert!(error.contains(word), "{error}");
        }
    }
}
