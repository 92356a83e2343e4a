//! Ligaments, cartilage and guides of the neck as data: `library/neck.toml`.

use super::tissue::{Cartilage, Disc, Rods, Uncinate};
use crate::failure::Failure;
use dens_solver::spine::Curve;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The file that comes with the program.
const TEXT: &str = include_str!("../../library/neck.toml");

/// Where something is fixed: a landmark of a bone and a shift from it, mm; the left one of a pair.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `C0` to `C4`.
    pub bone: String,
    /// Landmark; `left` is understood for a pair.
    pub at: String,
    /// Shift, mm: left, posterior, cranial.
    #[serde(default)]
    pub shift: [f64; 3],
}

/// How a ligament pulls.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Pull {
    /// A measured curve of the file, shared between the cables.
    Curve {
        /// Its name.
        curve: String,
        /// Whether it was measured on one side of a pair; else on the whole ligament of one level.
        #[serde(default)]
        per_side: bool,
    },
    /// Toe and tangent modulus of the tissue over a cross-section.
    Tissue {
        /// Strain up to which the tissue bears nothing: crimped fibers.
        #[serde(default)]
        crimp_strain: f64,
        /// Further strain at the end of the toe.
        toe_strain: f64,
        /// Modulus beyond it, MPa.
        tangent: f64,
        /// Thickness, mm.
        thickness: f64,
        /// Width, all cables together, mm.
        width: f64,
    },
}

/// One ligament.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ligament {
    /// Name, as printed.
    pub name: String,
    /// Ends of its cables; each line of the lists is one cable.
    pub upper: Vec<Place>,
    /// Other ends.
    pub lower: Vec<Place>,
    /// Whether the same lies on the right.
    pub pair: bool,
    /// How it pulls.
    pub pull: Pull,
    /// Length beyond the distance of the ends, as a share of it; negative: taut.
    pub slack: f64,
    /// Where the numbers come from.
    pub source: String,
}

impl Ligament {
    /// Sides that share what is said of it.
    pub(super) fn sharing(&self) -> usize {
        let per_side = matches!(self.pull, Pull::Curve { per_side: true, .. });
        if self.pair && !per_side { 2 } else { 1 }
    }

    /// Elongation that a cable of this free length takes before it bears, mm.
    pub(super) fn play(&self, length: f64) -> f64 {
        match self.pull {
            Pull::Tissue { crimp_strain, .. } => crimp_strain * length,
            Pull::Curve { .. } => 0.0,
        }
    }

    /// Thickness, mm; none is known where force was measured on the whole ligament.
    pub(super) fn thickness(&self) -> f64 {
        match self.pull {
            Pull::Tissue { thickness, .. } => thickness,
            Pull::Curve { .. } => 0.0,
        }
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Version of the format.
    pub schema: String,
    /// Points of measured curves, mm and N.
    pub curves: BTreeMap<String, Vec<[f64; 2]>>,
    /// Cartilage.
    pub cartilage: Cartilage,
    /// Discs.
    pub disc: Disc,
    /// Uncovertebral joints.
    pub uncinate: Uncinate,
    /// Fixation of C1 to C2.
    pub rods: Rods,
    /// Landmarks of C0, mm from landmarks of C1 and C2.
    pub occiput: BTreeMap<String, Place>,
    /// Guides of the preload, cranial first.
    pub guides: Vec<Place>,
    /// Preload, N.
    pub preload: f64,
    /// Ligaments cut in the unstable condition.
    pub unstable: Vec<String>,
    /// Ligaments.
    pub ligament: Vec<Ligament>,
    /// Sources of the tables above.
    pub sources: BTreeMap<String, String>,
}

impl Book {
    /// The file that comes with the program.
    ///
    /// # Errors
    /// A file that is not sound: our bug.
    pub fn embedded() -> Result<Self, Failure> {
        Self::parse(TEXT).map_err(Failure::bug)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let book: Self = toml::from_str(text).map_err(|e| format!("neck.toml: {e}"))?;
        for l in &book.ligament {
            if l.upper.len() != l.lower.len() || l.upper.is_empty() {
                return Err(format!(
                    "neck.toml: `{}` has {} upper and {} lower ends",
                    l.name,
                    l.upper.len(),
                    l.lower.len()
                ));
            }
            book.curve(l, 10.0, 1.0)?;
        }
        match book.unstable.iter().find(|u| !book.ligament.iter().any(|l| &&l.name == u)) {
            Some(unknown) => Err(format!("neck.toml: `{unknown}` is cut but no ligament")),
            None => Ok(book),
        }
    }

    /// Force over elongation of one cable.
    ///
    /// - `length`: of the cable without force, mm
    /// - `share`: of the ligament that this cable stands for
    pub(super) fn curve(&self, ligament: &Ligament, length: f64, share: f64) -> Result<Curve, String> {
        match &ligament.pull {
            Pull::Tissue { toe_strain, tangent, thickness, width, .. } => Ok(Curve::Toe {
                toe: toe_strain * length,
                stiffness: tangent * thickness * width * share / length,
            }),
            Pull::Curve { curve, .. } => {
                let points = self.curves.get(curve).ok_or_else(|| format!("no curve is called `{curve}`"))?;
                let points: Vec<[f64; 2]> = points.iter().map(|[d, f]| [*d, f * share]).collect();
                Curve::table(&points).ok_or_else(|| format!("the curve `{curve}` does not rise from 0, 0"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_sound_and_every_ligament_has_a_source() {
        let book = Book::embedded().expect("sound");
        assert!(book.ligament.iter().all(|l| 20 < l.source.len()));
        assert!(2 < book.sources.len());
    }

    #[test]
    fn a_cut_ligament_that_does_not_exist_is_told() {
        let text = TEXT.replace("unstable = [", "unstable = [\"nonsense\", ");
        assert!(Book::parse(&text).expect_err("unknown").contains("nonsense"));
    }
}
