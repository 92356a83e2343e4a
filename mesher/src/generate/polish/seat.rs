//! Vertices put back on the surfaces they are bound to.

use super::super::body::Body;
use super::super::project::{bits, onto};
use crate::geometry::Field;
use rayon::prelude::*;

/// A vertex farther than this from its surface, in edge lengths, is off it.
const OFF: f64 = 1e-8;

/// How far a vertex may go, in edge lengths: the middle of an edge across a concave crease is half an edge off.
const REACH: f64 = 0.6;

/// Moves vertices that are off their surfaces onto them, unless a cell gets worse than before and than `floor`.
///
/// Cutting and polishing leave none; splitting an edge in its middle does, and so does TetGen.
pub(super) fn seat(body: &mut Body, fields: &[&dyn Field], h: f64, floor: f64) {
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
        let (old, on) = (body.points[v as usize], body.on[v as usize]);
        let Some(seat) = onto(fields, on, old, REACH * h) else { continue };
        // Half or a quarter of the way is better than none, without leaving the surfaces it is on already.
        let exact = bits(on).filter(|&s| fields[s].value(old).abs() <= OFF * h).fold(0, |m, s| m | 1 << s);
        let part = |share: f64| match (share, exact) {
            (1.0, _) => Some(seat),
            (_, 0) => Some(old + (seat - old) * share),
            _ => onto(fields, exact, old + (seat - old) * share, 0.1 * h),
        };
        let before = worst(body, v);
        for place in [1.0, 0.5, 0.25].into_iter().filter_map(part) {
            body.points[v as usize] = place;
            if before.min(floor) <= worst(body, v) {
                break;
            }
            body.points[v as usize] = old;
        }
    }
}
