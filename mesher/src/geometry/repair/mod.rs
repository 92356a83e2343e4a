//! Broken surfaces made sound, with what moved in mm.
//!
//! ```text
//! sound ──────────────────────────────────────────────> as it is
//! faults that need no move: doubled, flipped, inverted ──> tidied, nothing moves
//! holes, crossings, tears ──> field from distance and winding number ──> extracted anew, measured both ways
//! ```
//! What would have to move farther than the limit is refused with the place. The new surface rounds edges over a
//! grid edge; where the old one was sound it follows it to a few hundredths of a grid edge.

#[cfg(test)]
pub(crate) mod broken;
mod deviation;
mod field;
mod tidy;
mod winding;

pub(crate) use deviation::samples;
pub use deviation::{Deviation, deviation};
pub(super) use tidy::{shells, volume};
pub use winding::Winding;

use super::bvh::BoxTree;
use super::check::{SurfaceFault, unsound};
use super::solid::{SolidError, level_set};
use super::surface::TriSurface;
use crate::Vec3;
use field::RepairField;
use std::f64::consts::PI;
use std::fmt;
use std::sync::atomic::AtomicBool;
use thiserror::Error;

/// How a surface may be repaired.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RepairParams {
    /// Edge of the grid a new surface is cut from, mm.
    pub grid_mm: f64,
    /// Farthest the new surface may be from the old one, and the old one from the new, mm.
    pub most_mm: f64,
}

/// What was done without moving anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Vertices in one place joined.
    Joined(usize),
    /// Triangles without three different corners, twice there, or with solid on both sides removed.
    Removed(usize),
    /// Triangles turned over so that neighbors agree and shells point outward.
    Turned(usize),
    /// Vertices where a surface touches itself doubled.
    Parted(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(n) => write!(f, "{n} vertices in the place of another joined"),
            Self::Removed(n) => write!(f, "{n} doubled, collapsed or enclosed triangles removed"),
            Self::Turned(n) => write!(f, "{n} triangles turned over"),
            Self::Parted(n) => write!(f, "{n} vertices doubled where the surface touched itself"),
        }
    }
}

/// What a new surface changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebuilt {
    /// Edge of the grid it was cut from, mm.
    pub grid_mm: f64,
    /// New surface against the old one: large where a hole was closed.
    pub added: Deviation,
    /// Old surface against the new one, but for what lies inside the new solid: large where a sheet was lost.
    pub lost: Deviation,
    /// Area of the old surface that lies inside the new solid, farther than a grid edge from its surface, mm².
    pub swallowed_mm2: f64,
}

/// Sound surface and how it came about.
#[derive(Debug, Clone)]
pub struct Repaired {
    /// Closed, manifold, outward, free of crossings.
    pub surface: TriSurface,
    /// Faults found, as read.
    pub faults: Vec<SurfaceFault>,
    /// What was done without moving anything.
    pub steps: Vec<Step>,
    /// What moved; `None` when nothing had to.
    pub rebuilt: Option<Rebuilt>,
}

impl Repaired {
    /// Whether the surface was sound as it came.
    pub fn untouched(&self) -> bool {
        self.steps.is_empty() && self.rebuilt.is_none()
    }
}

/// Why a surface was not repaired; places in mm.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum RepairError {
    /// No triangle, or a vertex without a place.
    #[error("the surface cannot be used: {0}")]
    Unusable(&'static str),
    /// It bounds nothing.
    #[error(
        "the surface encloses nothing: {triangles} triangles around ({:.1}, {:.1}, {:.1}) mm make an open sheet", place.x, place.y, place.z
    )]
    Sheet {
        /// Triangles it has.
        triangles: usize,
        /// Middle of its box.
        place: Vec3,
    },
    /// The repaired surface would be too far from the given one.
    #[error(
        "a repair would move the surface by {moved_mm:.2} mm near ({:.1}, {:.1}, {:.1}) mm, where {what}; the limit is {most_mm} mm", place.x, place.y, place.z
    )]
    TooFar {
        /// What is wrong there.
        what: &'static str,
        /// Distance, mm.
        moved_mm: f64,
        /// Limit, mm.
        most_mm: f64,
        /// Where.
        place: Vec3,
    },
    /// The grid for a new surface would be too large.
    #[error("the surface must be cut anew, but {0}")]
    Grid(SolidError),
    /// Still not sound; `first` is the first fault left.
    #[error("the repaired surface still has a fault: {0}")]
    Left(SurfaceFault),
}

impl RepairError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "export the surface again",
            Self::Sheet { .. } => {
                "close the surface in the segmentation tool, or give the one that bounds the solid"
            }
            Self::TooFar { .. } => {
                "mend the place in the segmentation tool, or allow more with a larger limit"
            }
            Self::Grid(_) => {
                "remove stray triangles far from the body, check that the unit is millimeters, or coarsen the edge"
            }
            Self::Left(_) => "refine the edge, or mend the place in the segmentation tool",
        }
    }
}

/// A sound surface in the place of `surface`.
///
/// # Errors
/// [`RepairError`] when it bounds nothing, or would have to move farther than the limit.
pub fn repair(surface: &TriSurface, params: &RepairParams) -> Result<Repaired, RepairError> {
    if surface.triangles.is_empty() {
        return Err(RepairError::Unusable("it has no triangle"));
    }
    if !surface.points.iter().all(|p| p.iter().all(|x| x.is_finite())) {
        return Err(RepairError::Unusable("a coordinate is not a finite number"));
    }
    if surface.triangles.iter().flatten().any(|&v| surface.points.len() <= v as usize) {
        return Err(RepairError::Unusable("a triangle names a vertex that is not there"));
    }
    let faults = unsound(surface);
    let mut tidied = surface.clone();
    let steps = if faults.is_empty() { tidy::outward(&mut tidied) } else { tidy::tidy(&mut tidied) };
    if tidied.triangles.is_empty() {
        return Err(sheet(surface));
    }
    let left = if steps.is_empty() { faults.clone() } else { unsound(&tidied) };
    if left.is_empty() {
        return Ok(Repaired { surface: tidied, faults, steps, rebuilt: None });
    }
    let (surface, rebuilt) = rebuild(&tidied, &left, params)?;
    Ok(Repaired { surface, faults, steps, rebuilt: Some(rebuilt) })
}

fn sheet(surface: &TriSurface) -> RepairError {
    RepairError::Sheet { triangles: surface.triangles.len(), place: surface.bounds().center() }
}

/// Surface of the solid that distance and winding number make.
fn rebuild(
    old: &TriSurface,
    faults: &[SurfaceFault],
    params: &RepairParams,
) -> Result<(TriSurface, Rebuilt), RepairError> {
    let tree = BoxTree::new(old);
    let field = RepairField::new(old, &tree, params.grid_mm).map_err(RepairError::Grid)?;
    let stop = AtomicBool::new(false);
    let cut = |clean| level_set(old.bounds(), params.grid_mm, &|p| field.value(p), clean, &stop);
    let mut surface = match cut(true) {
        Ok(surface) => surface,
        Err(SolidError::Empty { .. }) => return Err(sheet(old)),
        Err(e) => return Err(RepairError::Grid(e)),
    };
    // As cut it never crosses itself; with short edges collapsed it hardly ever does.
    if !unsound(&surface).is_empty() {
        surface = cut(false).map_err(RepairError::Grid)?;
        if let Some(fault) = unsound(&surface).first() {
            return Err(RepairError::Left(fault.clone()));
        }
    }
    let spacing = 2.0 * params.grid_mm;
    let added = deviation(&surface, old, spacing, |_| true);
    let solid = super::bvh::SurfaceSolid::new(surface);
    let mut swallowed_mm2 = 0.0;
    let mut outside = Vec::new();
    for (p, area) in samples(old, spacing) {
        if solid.distance(p, u32::MAX).1 < -params.grid_mm {
            swallowed_mm2 += area;
        } else {
            outside.push((p, area));
        }
    }
    let lost = deviation::of_samples(&outside, solid.surface());
    let rebuilt = Rebuilt { grid_mm: params.grid_mm, added, lost, swallowed_mm2 };
    // A ball has a volume of area^1.5 / 6√π; what has a hundredth of that is a sheet with crumbs on it.
    let thin = solid.surface().volume() < 0.01 * old.area().powf(1.5) / (6.0 * PI.sqrt());
    if params.most_mm < rebuilt.lost.max_mm && thin {
        return Err(sheet(old));
    }
    let open = faults.iter().any(|f| matches!(f, SurfaceFault::Open { .. }));
    let too_far = |d: &Deviation, what| RepairError::TooFar {
        what,
        moved_mm: d.max_mm,
        most_mm: params.most_mm,
        place: d.place,
    };
    if params.most_mm < rebuilt.added.max_mm {
        let what = if open { "a hole had to be closed" } else { "crossing parts had to be joined" };
        return Err(too_far(&rebuilt.added, what));
    }
    if params.most_mm < rebuilt.lost.max_mm {
        return Err(too_far(&rebuilt.lost, "triangles bound nothing and would be lost"));
    }
    Ok((solid.surface().clone(), rebuilt))
}

#[cfg(test)]
mod tests;
