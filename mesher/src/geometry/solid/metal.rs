//! The metal of an implant as a field, whole or by its parts.

use super::super::implant::{FaceKind, Implant};
use super::super::{Aabb, Field};
use super::letters::Letters;
use super::sampled::Sampled;
use crate::Vec3;

/// Depth to which the struts of the lattice part reach into the solid part, mm, so that the two fuse when they
/// are melted as separate objects. Unsourced choice: two layers of 50 µm.
pub const WELD_MM: f64 = 0.1;

/// What of the metal is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Everything.
    Whole,
    /// Rim and screw walls.
    Solid,
    /// Struts or walls of the lattice; they reach [`WELD_MM`] into the solid part.
    Lattice,
    /// Where lattice goes, pores and all, grown by [`WELD_MM`] into the solid part: what clips beams.
    Zone,
}

/// Implant filled with a lattice, as a field.
pub struct Metal<'a> {
    pub(super) implant: &'a Implant,
    lattice: &'a (dyn Fn(Vec3) -> f64 + Sync),
    pub(super) outline: Outline<'a>,
    letters: Option<Letters>,
}

impl<'a> Metal<'a> {
    /// Metal of `implant` filled with `lattice` (signed value in mm, negative in metal); side and bones are
    /// sampled every `sample_mm`.
    pub fn new(implant: &'a Implant, lattice: &'a (dyn Fn(Vec3) -> f64 + Sync), sample_mm: f64) -> Self {
        Self { implant, lattice, outline: Outline::new(implant, sample_mm), letters: None }
    }

    /// The same with letters on it.
    pub fn embossed(self, letters: Letters) -> Self {
        Self { letters: Some(letters), ..self }
    }

    /// Box that contains the metal.
    pub fn bounds(&self) -> Aabb {
        self.outline.bounds.grown(self.relief())
    }

    /// How far letters stand out, mm.
    fn relief(&self) -> f64 {
        self.letters.as_ref().map_or(0.0, |l| l.relief_mm.max(0.0))
    }

    /// Whether `p` lies where the metal is solid or where lattice goes, pores and all; none outside. Without letters.
    pub fn filled(&self, p: Vec3) -> Option<Part> {
        let out = self.outline.near(p, 0.0).filter(|out| out.value < 0.0)?;
        let solid = self.implant.solid_given_side(p, out.side) <= 0.0;
        Some(if solid { Part::Solid } else { Part::Lattice })
    }

    /// Signed value at `p`, mm, negative in the part; exact within `near` mm of its surface, `None` where the
    /// outline is farther than four times that.
    pub fn value(&self, p: Vec3, part: Part, near: f64) -> Option<f64> {
        let out = self.outline.near(p, 4.0 * near + self.relief())?;
        let bare = self.without_letters(&out, p, part, near);
        Some(match &self.letters {
            Some(letters) if matches!(part, Part::Whole | Part::Solid) => letters.carved(p, out.side, bare),
            _ => bare,
        })
    }

    fn without_letters(&self, out: &Near, p: Vec3, part: Part, near: f64) -> f64 {
        if near < out.value {
            return out.value;
        }
        let solid = self.implant.solid_given_side(p, out.side);
        // Deep in the solid part the lattice cannot matter.
        let deep = solid < -2.0 * near;
        let core = match part {
            Part::Whole if deep => solid,
            Part::Whole => solid.min((self.lattice)(p)),
            Part::Solid => solid,
            Part::Lattice if deep => -solid,
            Part::Lattice => (-solid - WELD_MM).max((self.lattice)(p)),
            Part::Zone => -solid - WELD_MM,
        };
        out.value.max(core)
    }
}

/// Outline of the implant with its costly fields sampled.
pub(super) struct Outline<'a> {
    implant: &'a Implant,
    /// Side, upper trim, lower trim.
    sampled: Sampled<3>,
    pub(super) bounds: Aabb,
}

/// Values at one point.
pub(super) struct Near {
    pub(super) side: f64,
    pub(super) value: f64,
}

impl<'a> Outline<'a> {
    pub(super) fn new(implant: &'a Implant, step: f64) -> Self {
        let of = |kind| {
            let face = implant.faces().iter().find(|f| f.kind == kind);
            &face.expect("an implant has one side, one upper and one lower face").field
        };
        let [side, upper, lower] = [FaceKind::Side, FaceKind::Upper, FaceKind::Lower].map(of);
        let bounds = implant.bounds();
        let sampled = Sampled::new(bounds, step, |p| {
            if let Some(floor) = implant.clear_of_side(p, 4.0 * step) {
                return [floor; 3];
            }
            let s = side.value(p);
            // Beyond the reach of every stencil that touches the implant the bones do not matter.
            if 4.0 * step < s { [s, s, s] } else { [s, upper.value(p), lower.value(p)] }
        });
        Self { implant, sampled, bounds }
    }

    /// Values at `p`, or `None` where the outline is farther than `reach`.
    pub(super) fn near(&self, p: Vec3, reach: f64) -> Option<Near> {
        if reach < self.sampled.floor(p) {
            return None;
        }
        let [side, upper, lower] = self.sampled.at(p);
        let bare = side.max(upper).max(lower).max(self.implant.lumen_given_side(p, side));
        let value = self.implant.tracks.iter().map(|t| -t.value(p, 0.0)).fold(bare, f64::max);
        Some(Near { side, value })
    }
}
