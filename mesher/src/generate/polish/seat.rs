//! Vertices put back on the surfaces they are bound to.

use super::super::body::Body;
use super::super::project::{bits, onto};
use crate::geometry::Field;
use rayon::prelude::*;

/// A vertex farther than this from its surface, in edge lengths, is off it.
const OFF: f64 = 1e-8;

/// How far a vertex may go, in edge lengths: the middle of an edge across a concave crease is half an edge off.
const REACH: f64 = 0.6;

/// A vertex goes to its surface unless a cell gets worse than this and than before.
const MIN_QUALITY: f64 = 0.05;

/// Moves vertices that are off their surfaces onto them, where the cells around allow it.
///
/// Cutting and polishing leave none; splitting an edge in its middle does, and so does TetGen.
pub(super) fn seat(body: &mut Body, fields: &[&dyn Field], h: f64) {
    let off: Vec<u32> = (0..body.points.len() as u32)
        .into_par_iter()
        .filter(|&v| {
            let p = body.points[v as usize];
            bits(body.on[v as usize]).any(|s| OFF * h < fields[s].value(p).abs())
        })
        .collect();
    if off.is_empty() {
        return;
    }
    let stars = body.stars();
    let worst = |body: &Body, v: u32| {
        let star = stars.of(v).iter();
        star.map(|&c| body.quality(&body.cells[c as usize].v)).fold(1.0, f64::min)
    };
    for v in off {
        let old = body.points[v as usize];
        let Some(p) = onto(fields, body.on[v as usize], old, REACH * h) else { continue };
        let before = worst(body, v);
        body.points[v as usize] = p;
        if worst(body, v) < before.min(MIN_QUALITY) {
            body.points[v as usize] = old;
        }
    }
}
