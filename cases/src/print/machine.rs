//! Machine profiles: what can be built, as a file that a user can edit.

use crate::diagnostic::{Problem, render};
use crate::document::Document;
use crate::failure::Failure;
use crate::reader::Reader;
use dens_mesher::Vec3;
use dens_mesher::catalog::Range;
use dens_mesher::units::Dimension;
use std::path::Path;

/// The profile that comes with the program.
pub const DEFAULT: &str = include_str!("../../machines/q10plus.toml");

/// Directions in which a part can be built, as written.
pub const DIRECTIONS: [&str; 6] = ["+x", "-x", "+y", "-y", "+z", "-z"];

/// A machine profile, checked; lengths in mm, angles in rad, density in t/mm³.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of the profile, which documents them")]
pub struct Machine {
    pub name: String,
    pub material: String,
    pub envelope: [f64; 3],
    pub layer: f64,
    /// As in [`DIRECTIONS`].
    pub build_direction: String,
    pub density: f64,
    pub strut_min: f64,
    pub wall_min: f64,
    pub hole_min: f64,
    pub pore: [f64; 2],
    pub escape: f64,
    pub angle: f64,
    pub fine_angle: f64,
    pub span_max: f64,
    /// Sources of envelope, process, limits and overhang.
    pub sources: [String; 4],
}

impl Machine {
    /// The profile of a file, or the one that comes with the program.
    ///
    /// # Errors
    /// A file that cannot be read, or all its problems with their places; exit 2.
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Self::parse("the embedded machine profile", DEFAULT) };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::input(format!("cannot read the machine profile `{shown}`: {e}")))?;
        Self::parse(&shown, &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        let fail = |problems: Vec<Problem>| Failure::problems(render(name, text, &problems));
        let document = Document::parse(text).map_err(fail)?;
        let r = Reader::new(&document);
        let schema = r.text("schema");
        if !schema.is_empty() && schema != "dens-machine/1" {
            r.problem(
                "schema",
                format!("schema `{schema}` is not known"),
                "this version reads `dens-machine/1`",
            );
        }
        let length = |path: &str, least: f64, most: f64| {
            r.quantity(path, Dimension::Length, Range::Within(least, most))
        };
        let angle = |path: &str| r.quantity(path, Dimension::Angle, Range::Within(0.0, 1.571));
        let machine = Self {
            name: r.text("name"),
            material: r.text("material"),
            envelope: ["x", "y", "z"].map(|a| length(&format!("envelope.{a}"), 10.0, 2000.0)),
            layer: length("process.layer", 0.01, 1.0),
            build_direction: r.choice("process.build_direction", &DIRECTIONS),
            density: r.quantity("process.density", Dimension::Density, Range::Within(1e-9, 2e-8)),
            strut_min: length("limits.strut_min", 0.01, 5.0),
            wall_min: length("limits.wall_min", 0.01, 5.0),
            hole_min: length("limits.hole_min", 0.0, 5.0),
            pore: [length("limits.pore_min", 0.0, 5.0), length("limits.pore_max", 0.01, 10.0)],
            escape: length("limits.escape", 0.1, 5.0),
            angle: angle("overhang.angle"),
            fine_angle: angle("overhang.fine_angle"),
            span_max: length("overhang.span_max", 0.05, 100.0),
            sources: ["envelope", "process", "limits", "overhang"].map(|t| r.text(&format!("{t}.source"))),
        };
        if machine.pore[0] > machine.pore[1] {
            r.problem("limits.pore_min", "`limits.pore_min` exceeds the maximum".into(), "swap them");
        }
        let problems = r.finish();
        if problems.is_empty() { Ok(machine) } else { Err(fail(problems)) }
    }

    /// Unit vector of the plan that points up in the machine.
    pub fn up(&self) -> Vec3 {
        direction(&self.build_direction)
    }
}

/// Unit vector of one of the [`DIRECTIONS`]; +z for another text.
pub fn direction(text: &str) -> Vec3 {
    let axis = match text.chars().last() {
        Some('x') => Vec3::x(),
        Some('y') => Vec3::y(),
        _ => Vec3::z(),
    };
    if text.starts_with('-') { -axis } else { axis }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_profile_holds_the_limits_of_the_evidence() {
        let m = Machine::load(None).expect("the embedded profile is sound");
        assert_eq!((m.strut_min, m.pore, m.escape, m.layer), (0.45, [0.5, 0.8], 0.5, 0.05));
        assert_eq!((m.up(), m.envelope), (Vec3::z(), [200.0, 200.0, 180.0]));
    }

    #[test]
    fn all_problems_of_an_edited_profile_are_told_at_once() {
        let text =
            DEFAULT.replace("\"0.45 mm\"", "\"0.45\"").replace("pore_max", "pore_mx").replace("+z\"", "up\"");
        let failure = Machine::parse("mine.toml", &text).expect_err("three problems");
        for word in ["limits.strut_min", "pore_mx", "build_direction"] {
            assert!(failure.message.contains(word), "{word} in {}", failure.message);
        }
    }
}
