//! The solid part of the metal: rim along the outer walls, walls around the screw tracks, windows in the rim.

use super::super::spine::Patch;
use super::super::{Aabb, Field};
use super::body::{Body, Section};
use super::screws::ScrewTrack;
use crate::Vec3;
use std::sync::Arc;

/// Value where nothing but metal is near, mm.
const DEEP_MM: f64 = -10.0;

/// Solid metal inside the implant, negative inside.
///
/// ```text
/// solid = (within rim of the side ∖ windows) ∪ (within skin of the side) ∪ (within wall of a bore)
/// ```
pub(super) struct Solid {
    pub body: Arc<Body>,
    pub tracks: Vec<ScrewTrack>,
    /// Columns whose inside is left open; `axis` outward, `depth` half length.
    pub windows: Vec<Patch>,
    pub rim_mm: f64,
    /// Closed skin, over windows too; 0: none.
    pub skin_mm: f64,
    pub wall_mm: f64,
    /// Solid metal everywhere.
    pub throughout: bool,
}

impl Solid {
    pub(super) fn given_side(&self, p: Vec3, side: f64) -> f64 {
        if self.throughout {
            return DEEP_MM;
        }
        let window = self
            .windows
            .iter()
            .map(|w| w.column(p).max((p - w.center).dot(&w.axis).abs() - w.depth))
            .fold(f64::INFINITY, f64::min);
        let rim = (-side - self.rim_mm).max(-window);
        let rim = if 0.0 < self.skin_mm { rim.min(-side - self.skin_mm) } else { rim };
        self.tracks.iter().map(|t| t.value(p, self.wall_mm)).fold(rim, f64::min)
    }
}

impl Field for Solid {
    fn value(&self, p: Vec3) -> f64 {
        self.given_side(p, self.body.value(p))
    }

    fn bounds(&self) -> Aabb {
        self.body.bounds()
    }
}

/// One lateral and one anterior window per arm, in its upper half; the side toward the cord stays closed.
pub(super) fn windows(body: &Body) -> Vec<Patch> {
    let mut list = Vec::new();
    for arm in &body.arms {
        let along = (0.22 * arm.length()).min(6.5);
        // Place along the arm, share of the semi-axis across: tuned by eye so that posts of 3 mm or more stay
        // between the windows and toward both contact faces.
        for (t, width, lateral) in [(0.56, 0.55, true), (0.62, 0.50, false)] {
            let Section { center, normal, first, radii } = arm.section(t);
            let across = normal.cross(&first);
            // The lateral side of an arm is the one away from the mid-sagittal plane.
            let across = if 0.0 < across.x * center.x { across } else { -across };
            let (axis, reach, half) = if lateral {
                (across, radii[1], width * radii[0])
            } else {
                (-first, radii[0], width * radii[1])
            };
            let tangent = (normal - axis * normal.dot(&axis)).normalize();
            list.push(Patch {
                center: center + axis * reach,
                axis,
                first: tangent,
                radii: [0.72 * along, half],
                depth: 0.6 * reach,
            });
        }
    }
    list
}
